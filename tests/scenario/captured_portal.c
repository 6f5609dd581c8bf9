/* The portal is captured: its thief holds the socket and, as root, runs under the portal's own uid. He asks for
 * certificates with approvals that are missing, old, swapped, self-made, replayed or half; he gets nothing, and the
 * journal of the signer stays as it was. Real yinxin-signer and yinxin-escrow; officers' keys in software. */
#include "world.h"
#include "base/text.h"
#include "gm/sm3.h"
#include "pki/csr.h"
#include "pki/envelope.h"
#include "pki/path.h"
#include "pki/profile.h"
#include "server/signer/ca.h"
#include "server/signer/quota.h"
#include <stdio.h>

static struct world w;

static enum err ask(struct issue *r, struct ipc_msg **ret_a)
{
	AUTO(ipc_msg) m = issue_build(&w, r);
	return as_portal(&w, m, ret_a);
}

/* Refused with this error, and nothing was written. */
static void refused_msg(const char *name, const struct ipc_msg *m, enum err want)
{
	AUTO(ipc_msg) a = NULL;
	uint64_t before = journal_count(&w);
	enum err got = as_portal(&w, m, &a);
	if (got != want && !(want == ERR_COUNT && got != ERR_OK))
		fail_msg("%s: %s, wanted %s (%s)", name, err_name(got), err_name(want), err_detail());
	assert_null(a);
	assert_int_equal(journal_count(&w), before);
	err_clear();
}

static void refused(const char *name, struct issue *r, enum err want)
{
	AUTO(ipc_msg) m = issue_build(&w, r);
	refused_msg(name, m, want);
}

/* --- what an honest portal gets --- */

static void honest_request_is_served(void **state)
{
	struct issue r;
	AUTO(ipc_msg) a = NULL;
	AUTO(cert) sign = NULL;
	AUTO(cert) enc = NULL;
	AUTO(sm2_key) pair = NULL;
	AUTO(path_trust) trust = NULL;
	(void)state;
	issue_init(&w, &r);
	uint64_t before = journal_count(&w);
	enum err e = ask(&r, &a);
	if (e != ERR_OK)
		fail_msg("%s: %s", err_name(e), err_detail());
	assert_int_equal(journal_count(&w), before + 1);
	OK(cert_parse(ipc_get(a, ST_SIGN_CERT), &sign));
	OK(cert_parse(ipc_get(a, ST_ENC_CERT), &enc));
	OK(path_trust_new(w.root, w.ca, &trust));
	OK(path_check(trust, sign, KU_SIGN, procs_now(&w.procs)));
	OK(path_check(trust, enc, KU_ENC, procs_now(&w.procs)));
	assert_string_equal(cert_subject_id(sign), "43010024-U0000001");
	assert_string_equal(cert_org(sign), r.unit_name);
	assert_string_equal(cert_common_name(sign), r.holder);
	assert_string_equal(cert_uscc(sign), r.uscc);
	assert_string_equal(cert_profile(sign), "unit-sign");
	assert_true(span_eq(cert_subject_der(sign), cert_subject_der(enc)));
	assert_true(span_eq(SPAN_ARR(cert_pub(sign)->b), SPAN_ARR(sm2_key_pub(r.key)->b)));
	assert_string_not_equal(cert_serial(sign), cert_serial(enc));
	OK(enveloped_key_open(ipc_get(a, ST_ENVELOPED), r.key, &pair));
	assert_true(span_eq(SPAN_ARR(cert_pub(enc)->b), SPAN_ARR(sm2_key_pub(pair)->b)));
	assert_int_equal(status_of(&w, cert_serial(sign)), 0);
	issue_done(&r);
}

static void every_profile_is_served(void **state)
{
	static const struct {
		const char *profile, *unit_no, *unit_name, *uscc, *subject;
	} rows[] = {
		{"unit-member", "43010024", "长沙测试一号科技有限公司", "91430100MAYYYY016Y", "43010024-U0000001"},
		{"person", "-", "-", "-", "U0000001"},
		{"staff", "-", "-", "-", "U0000001"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct issue r;
		AUTO(ipc_msg) a = NULL;
		AUTO(cert) c = NULL;
		issue_init(&w, &r);
		r.profile = rows[i].profile;
		r.unit_no = rows[i].unit_no;
		r.unit_name = rows[i].unit_name;
		r.uscc = rows[i].uscc;
		if (strcmp(r.profile, "staff") == 0) {
			r.by[0] = &w.officers[SEC1];
			r.by[1] = &w.officers[SEC2];
		}
		OK(ask(&r, &a));
		OK(cert_parse(ipc_get(a, ST_SIGN_CERT), &c));
		assert_string_equal(cert_subject_id(c), rows[i].subject);
		issue_done(&r);
	}
}

/* --- one lie in each row --- */

static struct sm2_key *other_key;

#define LIE(name, ...)                    \
	static void name(struct issue *r) \
	{                                 \
		__VA_ARGS__;              \
	}
LIE(bad_sig_accept, r->broken_sig = 1)
LIE(bad_sig_approve, r->broken_sig = 2)
LIE(bad_sig_make, r->broken_sig = 4)
LIE(own_key_accept, r->foreign_sig = 1)
LIE(own_key_approve, r->foreign_sig = 2)
LIE(own_key_make, r->foreign_sig = 4)
LIE(swapped, r->as[0] = 2; r->as[1] = 1)
LIE(accept_twice, r->as[1] = 1)
LIE(approve_for_make, r->as[2] = 2)
LIE(auditor_accepts, r->by[0] = &w.officers[AUDITOR])
LIE(clerk_approves, r->by[1] = &w.officers[CLERK])
LIE(auditor_makes, r->by[2] = &w.officers[AUDITOR])
LIE(security_approves, r->by[1] = &w.officers[SEC1])
LIE(one_for_all, r->by[0] = r->by[1] = r->by[2] = &w.officers[ALLROUND])
LIE(acceptor_approves, r->by[0] = r->by[1] = &w.officers[ALLROUND])
LIE(reviewer_makes, r->by[1] = r->by[2] = &w.officers[ALLROUND])
LIE(acceptor_makes, r->by[0] = r->by[2] = &w.officers[ALLROUND])
LIE(acceptance_by_security, r->by[0] = &w.officers[SEC1])
LIE(security_for_a_unit, r->by[0] = &w.officers[SEC1]; r->by[1] = &w.officers[SEC2])

/* A staff certificate with the person id of a security administrator: whoever gets it signs rosters. */
static void for_staff(struct issue *r, enum who accept, enum who approve, enum who make)
{
	r->profile = "staff";
	r->unit_no = r->unit_name = r->uscc = "-";
	r->person = w.officers[SEC1].person;
	r->by[0] = &w.officers[accept];
	r->by[1] = &w.officers[approve];
	r->by[2] = &w.officers[make];
}
LIE(staff_by_the_window, for_staff(r, CLERK, REVIEWER, MAKER))
LIE(staff_accepted_by_clerk, for_staff(r, CLERK, SEC2, MAKER))
LIE(staff_approved_by_reviewer, for_staff(r, SEC1, REVIEWER, MAKER))
LIE(staff_by_one_security, for_staff(r, SEC1, SEC1, MAKER))
LIE(staff_made_by_security, for_staff(r, SEC1, SEC2, SEC1))
LIE(staff_accepted_as_person, for_staff(r, CLERK, REVIEWER, MAKER); r->profile = "person";
    r->approved_profile = "staff")
LIE(staff_approved_as_person, for_staff(r, CLERK, REVIEWER, MAKER); r->approved_profile = "person")
LIE(person_accepted_for_staff, for_staff(r, SEC1, SEC2, MAKER); r->profile = "person"; r->approved_profile = "staff")
LIE(other_name_accept, r->named[0] = "P000004")
LIE(other_name_approve, r->named[1] = "P000003")
LIE(other_name_make, r->named[2] = "P000003")
LIE(old_accept, r->age_sec[0] = 8 * 86400)
LIE(old_all, r->age_sec[0] = r->age_sec[1] = r->age_sec[2] = 8 * 86400)
LIE(ahead, r->age_sec[2] = -600)
LIE(out_of_order, r->age_sec[0] = 5; r->age_sec[1] = 50)
LIE(made_before_approval, r->age_sec[2] = 25)
LIE(other_bureau, r->bureau[0] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")
LIE(other_bureau_make, r->bureau[2] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")
LIE(approval_of_other_accept, r->approve_other_accept = true)
LIE(make_of_other_approval, r->make_other_approval = true)
LIE(other_case_made, r->made_case = "430100-20261122-9999")
LIE(other_holder, r->approved_holder = "测试另一人")
LIE(other_days, r->approved_days = "366")
LIE(kind_renew, r->kind = "renew")
LIE(one_nonce, r->one_nonce = true)
LIE(unknown_card, memcpy(r->card->serial, "YX99999999", 11))
LIE(other_card_made, r->made_card = w.cards[0].serial)
LIE(foreign_device, r->device = other_key)
LIE(attest_other_key, r->attest_key = other_key)
LIE(attest_other_approval, r->attest_other_approval = true)
LIE(attest_transport_pin, r->pin_by = ATTEST_PIN_TRANSPORT)
LIE(csr_other_key, r->csr_key = other_key)
LIE(made_other_key, r->made_key = other_key)
LIE(officers_key, sm2_key_free(r->key); OK(sm2_key_from(sm2_key_scalar(w.officers[CLERK].key), &r->key)))
LIE(cards_key, sm2_key_free(r->key); OK(sm2_key_from(sm2_key_scalar(w.cards[1].device), &r->key)))
LIE(too_long, r->days = "1827")
LIE(past_ca, r->days = "36500")
LIE(profile_ca, r->profile = "ca")
LIE(profile_root, r->profile = "root")
LIE(profile_card, r->profile = "card")
LIE(profile_suffix, r->profile = "staff-sign")
LIE(person_with_unit, r->profile = "person")
LIE(person_with_number, r->profile = "person"; r->unit_name = r->uscc = "-")
LIE(unit_without_number, r->unit_no = "-")
LIE(unit_without_code, r->uscc = "-")
LIE(person_with_dash, r->person = "U-0000001")

static const struct {
	const char *name;
	void (*spoil)(struct issue *r);
	enum err want;
} lies[] = {
	{"broken signature of acceptance", bad_sig_accept, ERR_SIG},
	{"broken signature of approval", bad_sig_approve, ERR_SIG},
	{"broken signature of making", bad_sig_make, ERR_SIG},
	{"own key under the clerk's certificate", own_key_accept, ERR_SIG},
	{"own key under the reviewer's certificate", own_key_approve, ERR_SIG},
	{"own key under the maker's certificate", own_key_make, ERR_SIG},
	{"acceptance and approval swapped", swapped, ERR_STATEMENT},
	{"acceptance in place of the approval", accept_twice, ERR_STATEMENT},
	{"approval in place of the making", approve_for_make, ERR_STATEMENT},
	{"auditor accepts", auditor_accepts, ERR_ROLE},
	{"clerk approves", clerk_approves, ERR_ROLE},
	{"auditor makes", auditor_makes, ERR_ROLE},
	{"security administrator approves", security_approves, ERR_ROLE},
	{"security administrator accepts", acceptance_by_security, ERR_ROLE},
	{"two security administrators for a unit", security_for_a_unit, ERR_ROLE},
	{"staff by clerk and reviewer", staff_by_the_window, ERR_ROLE},
	{"staff accepted by a clerk", staff_accepted_by_clerk, ERR_ROLE},
	{"staff approved by a reviewer", staff_approved_by_reviewer, ERR_ROLE},
	{"staff by one security administrator", staff_by_one_security, ERR_SAME_PERSON},
	{"staff made by a security administrator", staff_made_by_security, ERR_ROLE},
	{"staff accepted as a person by the window", staff_accepted_as_person, ERR_ROLE},
	{"staff approved as a person by the window", staff_approved_as_person, ERR_APPROVAL},
	{"staff accepted as a person by security", person_accepted_for_staff, ERR_APPROVAL},
	{"one person does all three", one_for_all, ERR_SAME_PERSON},
	{"acceptor approves", acceptor_approves, ERR_SAME_PERSON},
	{"reviewer makes", reviewer_makes, ERR_SAME_PERSON},
	{"acceptor makes", acceptor_makes, ERR_SAME_PERSON},
	{"acceptance in another's name", other_name_accept, ERR_APPROVAL},
	{"approval in another's name", other_name_approve, ERR_APPROVAL},
	{"making in another's name", other_name_make, ERR_APPROVAL},
	{"acceptance 8 days old", old_accept, ERR_STALE},
	{"all 8 days old", old_all, ERR_STALE},
	{"making 10 minutes ahead", ahead, ERR_STALE},
	{"approval before acceptance", out_of_order, ERR_STALE},
	{"making before approval", made_before_approval, ERR_STALE},
	{"acceptance for another bureau", other_bureau, ERR_BUREAU},
	{"making for another bureau", other_bureau_make, ERR_BUREAU},
	{"approval of another acceptance", approval_of_other_accept, ERR_APPROVAL},
	{"making of another approval", make_of_other_approval, ERR_APPROVAL},
	{"making of another case", other_case_made, ERR_APPROVAL},
	{"approval for another holder", other_holder, ERR_APPROVAL},
	{"approval for other days", other_days, ERR_APPROVAL},
	{"kind is not issue", kind_renew, ERR_APPROVAL},
	{"three statements of one number", one_nonce, ERR_REPLAY},
	{"card not in stock", unknown_card, ERR_STOCK},
	{"another card than the maker's", other_card_made, ERR_APPROVAL},
	{"attestation by a foreign device key", foreign_device, ERR_ATTEST},
	{"attestation of another key", attest_other_key, ERR_ATTEST},
	{"attestation of another approval", attest_other_approval, ERR_ATTEST},
	{"transport PIN", attest_transport_pin, ERR_ATTEST},
	{"request for another key", csr_other_key, ERR_ATTEST},
	{"maker signed another key", made_other_key, ERR_APPROVAL},
	{"an officer's key again", officers_key, ERR_KEY_REUSED},
	{"a card's device key as holder's key", cards_key, ERR_KEY_REUSED},
	{"five years and a day", too_long, ERR_CERT_PROFILE},
	{"a hundred years", past_ca, ERR_CERT_PROFILE},
	{"profile ca", profile_ca, ERR_CERT_PROFILE},
	{"profile root", profile_root, ERR_CERT_PROFILE},
	{"profile card", profile_card, ERR_CERT_PROFILE},
	{"profile with suffix", profile_suffix, ERR_CERT_PROFILE},
	{"person with a unit", person_with_unit, ERR_CERT_PROFILE},
	{"person with a unit number", person_with_number, ERR_CERT_PROFILE},
	{"unit without number", unit_without_number, ERR_CERT_PROFILE},
	{"unit without credit code", unit_without_code, ERR_CERT_PROFILE},
	{"person id with a dash", person_with_dash, ERR_CERT_PROFILE},
};

static void every_lie_is_refused(void **state)
{
	(void)state;
	OK(sm2_key_new(&other_key));
	for (size_t i = 0; i < COUNT_OF(lies); i++) {
		struct issue r;
		issue_init(&w, &r);
		lies[i].spoil(&r);
		refused(lies[i].name, &r, lies[i].want);
		issue_done(&r);
	}
	sm2_key_free(other_key);
	other_key = NULL;
}

/* Each of the eleven fields missing: the schema refuses before a handler sees it. */
static void half_requests_are_refused(void **state)
{
	static const uint16_t tags[] = {ST_ACCEPT,      ST_ACCEPT_SIG,   ST_ACCEPT_CERT, ST_APPROVE,
	                                ST_APPROVE_SIG, ST_APPROVE_CERT, ST_MAKE,        ST_MAKE_SIG,
	                                ST_MAKE_CERT,   ST_CSR,          ST_ATTEST};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(tags); i++) {
		struct issue r;
		issue_init(&w, &r);
		r.leave_out = tags[i];
		refused("half", &r, ERR_COUNT);
		issue_done(&r);
	}
}

/* --- certificates that are not ours, or of ours but not an officer's --- */

/* A CA with our names, and under it the clerk once more, even with his serial. */
static void forge(struct buf *out, struct sm2_key **ret_key)
{
	AUTO(sm2_key) root_key = NULL;
	AUTO(sm2_key) ca_key = NULL;
	AUTO(cert) root = NULL;
	AUTO(cert) ca = NULL;
	AUTO(cert) clerk = NULL;
	AUTO(cert) real = NULL;
	AUTO_BUF(serial, CERT_SERIAL_LEN);
	int64_t now = procs_now(&w.procs);
	OK(sm2_key_new(&root_key));
	OK(sm2_key_new(&ca_key));
	OK(sm2_key_new(ret_key));
	OK(ca_root_make(root_key, NULL, now, &root));
	OK(ca_cert_make(root_key, root, sm2_key_pub(ca_key), NULL, now, &ca));
	OK(cert_parse(buf_span(&w.officers[CLERK].cert), &real));
	OK(text_unhex(span_str(cert_serial(real)), &serial));
	struct cert_spec spec = {.profile = "staff-sign",
	                         .issuer = ca,
	                         .pub = sm2_key_pub(*ret_key),
	                         .common_name = cert_common_name(real),
	                         .subject_id = cert_subject_id(real),
	                         .not_before = cert_not_before(real),
	                         .not_after = cert_not_before(real) + 86400};
	memcpy(spec.serial, serial.ptr, CERT_SERIAL_LEN);
	OK(cert_build(&spec, ca_key, &clerk));
	buf_put(out, cert_der(clerk));
	OK(buf_err(out));
}

static void forged_officer_is_refused(void **state)
{
	struct issue r;
	struct officer forged = w.officers[CLERK];
	AUTO_BUF(der, CERT_DER_MAX);
	AUTO(sm2_key) key = NULL;
	(void)state;
	forge(&der, &key);
	forged.key = key;
	forged.cert = der;
	issue_init(&w, &r);
	r.by[0] = &forged;
	refused("forged clerk with the real serial", &r, ERR_CERT_CHAIN);
	issue_done(&r);
}

static void unit_holder_is_no_officer(void **state)
{
	struct issue r, s;
	AUTO(ipc_msg) a = NULL;
	struct officer holder = {.person = "P000003"};
	(void)state;
	issue_init(&w, &r);
	r.person = "P000003"; /* a unit's operator of the clerk's person id */
	OK(ask(&r, &a));
	holder.key = r.key;
	buf_init(&holder.cert, CERT_DER_MAX);
	buf_put(&holder.cert, ipc_get(a, ST_SIGN_CERT));
	issue_init(&w, &s);
	s.by[0] = &holder;
	refused("a unit's certificate as the clerk's", &s, ERR_ROLE);
	s.cert[0] = ipc_get(a, ST_ENC_CERT);
	refused("an encryption certificate", &s, ERR_SIG);
	issue_done(&s);
	issue_done(&r);
	buf_done(&holder.cert);
}

/* --- used once --- */

static void same_request_same_answer(void **state)
{
	struct issue r;
	AUTO(ipc_msg) a = NULL;
	AUTO(ipc_msg) b = NULL;
	(void)state;
	issue_init(&w, &r);
	AUTO(ipc_msg) m = issue_build(&w, &r);
	OK(as_portal(&w, m, &a));
	uint64_t before = journal_count(&w);
	OK(as_portal(&w, m, &b));
	assert_int_equal(journal_count(&w), before);
	for (uint16_t t = ST_SIGN_CERT; t <= ST_ENVELOPED; t++)
		assert_true(span_eq(ipc_get(a, t), ipc_get(b, t)));
	issue_done(&r);
}

/* Fields of one request put into another. */
static void mixed(const char *name, const struct ipc_msg *a, const struct ipc_msg *b, uint16_t from, uint16_t to,
                  enum err want)
{
	AUTO(ipc_msg) m = NULL;
	static const uint16_t tags[] = {ST_ACCEPT,      ST_ACCEPT_SIG,   ST_ACCEPT_CERT, ST_APPROVE,
	                                ST_APPROVE_SIG, ST_APPROVE_CERT, ST_MAKE,        ST_MAKE_SIG,
	                                ST_MAKE_CERT,   ST_CSR,          ST_ATTEST};
	OK(ipc_msg_new(SIGNER_ISSUE, &m));
	for (size_t i = 0; i < COUNT_OF(tags); i++)
		ipc_put(m, tags[i], ipc_get(tags[i] >= from && tags[i] <= to ? b : a, tags[i]));
	refused_msg(name, m, want);
}

static void used_parts_are_refused(void **state)
{
	struct issue r, s;
	AUTO(ipc_msg) done = NULL;
	(void)state;
	issue_init(&w, &r);
	AUTO(ipc_msg) used = issue_build(&w, &r);
	OK(as_portal(&w, used, &done));
	issue_init(&w, &s);
	AUTO(ipc_msg) fresh = issue_build(&w, &s);
	mixed("used approval, new key and card", fresh, used, ST_ACCEPT, ST_APPROVE_CERT, ERR_REPLAY);
	mixed("used approval, other request", used, fresh, ST_CSR, ST_ATTEST, ERR_REPLAY);
	mixed("used making", fresh, used, ST_MAKE, ST_MAKE_CERT, ERR_APPROVAL);
	mixed("used acceptance", fresh, used, ST_ACCEPT, ST_ACCEPT_CERT, ERR_APPROVAL);
	mixed("used approval alone", fresh, used, ST_APPROVE, ST_APPROVE_CERT, ERR_REPLAY);
	mixed("used key", fresh, used, ST_CSR, ST_ATTEST, ERR_ATTEST);
	issue_done(&s);
	s = r;
	s.by[0] = &w.officers[CLERK];
	refused("same key under a new approval", &s, ERR_KEY_REUSED);
	issue_done(&r);
}

/* --- every request in every state --- */

/* The smallest frame that the schema lets through: zeros of the least length. */
static struct ipc_msg *empty_request(const struct ipc_type *t)
{
	static const uint8_t zeros[256];
	struct ipc_msg *m = NULL;
	OK(ipc_msg_new(t->type, &m));
	for (const struct ipc_field *f = t->fields; f->tag != 0; f++)
		if (f->required)
			ipc_put(m, f->tag, span_of(zeros, f->min_len));
	return m;
}

static bool only_reads(uint16_t type)
{
	return type == SIGNER_HELLO || type == SIGNER_CRL || type == SIGNER_FEED || type == SIGNER_DATA_KEY ||
	       type == SIGNER_ROSTER_GET;
}

static void open_bureau_gives_nothing_for_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < signer_requests_count(); i++) {
		const struct ipc_type *t = &signer_requests[i];
		AUTO(ipc_msg) m = empty_request(t);
		if (!only_reads(t->type))
			refused_msg(t->name, m, t->type >= SIGNER_CEREMONY_BEGIN ? ERR_STATE : ERR_COUNT);
	}
}

/* In these states only the ceremony's holder is heard; where all is one uid, the state alone refuses. */
static void ask_all_before_open(struct world *v, enum signer_state at)
{
	for (size_t i = 0; i < signer_requests_count(); i++) {
		const struct ipc_type *t = &signer_requests[i];
		AUTO(ipc_msg) m = empty_request(t);
		AUTO(ipc_msg) a = NULL;
		bool wanted = t->type == SIGNER_HELLO || (t->type == SIGNER_CEREMONY_BEGIN && at == SIGNER_EMPTY);
		if (getuid() != 0 && wanted)
			continue;
		uint64_t before = journal_count(v);
		enum err e = as_portal(v, m, &a);
		if (getuid() == 0 ? e != ERR_DENIED : e == ERR_OK)
			fail_msg("%s in state %d: %s", t->name, (int)at, err_name(e));
		assert_int_equal(journal_count(v), before);
	}
	err_clear();
}

static void before_the_ceremony_there_is_nothing(void **state)
{
	struct world v;
	(void)state;
	world_start_empty(&v);
	ask_all_before_open(&v, SIGNER_EMPTY);
	world_begin(&v);
	ask_all_before_open(&v, SIGNER_IN_CEREMONY);
	world_stop(&v);
}

static void strangers_get_nothing(void **state)
{
	(void)state;
	if (getuid() != 0) {
		print_message("# one uid only: strangers cannot be tried\n");
		return;
	}
	for (size_t i = 0; i < signer_requests_count(); i++) {
		AUTO(ipc_msg) m = empty_request(&signer_requests[i]);
		AUTO(ipc_msg) a = NULL;
		procs_be_stranger();
		enum err e = signer_call(w.procs.client, m, &a);
		procs_be_admin();
		assert_int_equal(e, ERR_DENIED);
	}
	err_clear();
}

/* --- officers who are no longer --- */

static enum err suspend(enum who whom, enum who by, const char *type, enum who second)
{
	const struct statement_kv kv[] = {{"case", "X1"}, {"serial", w.officers[whom].serial}, {"reason", "介质遗失"}};
	bool release = strcmp(type, "CERT-RELEASE") == 0;
	AUTO(statement) s = statement_of(&w, type, NULL, NULL, 0, kv, release ? 2 : 3);
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	OK(ipc_msg_new(release ? SIGNER_RELEASE : SIGNER_SUSPEND, &m));
	put_officer(m, ST_ACT, s, &w.officers[by]);
	if (release)
		put_officer(m, ST_ACT2, s, &w.officers[second]);
	return as_portal(&w, m, &a);
}

static void suspended_officer_is_refused(void **state)
{
	struct issue r;
	AUTO(ipc_msg) a = NULL;
	(void)state;
	OK(suspend(CLERK, SEC1, "CERT-SUSPEND", SEC1));
	issue_init(&w, &r);
	refused("suspended clerk", &r, ERR_CERT_SUSPENDED);
	OK(suspend(CLERK, SEC2, "CERT-RELEASE", SEC1));
	OK(ask(&r, &a));
	issue_done(&r);
}

/* Whoever holds the desk's keys besides the portal still cannot take an officer out of office, nor put one back. */
static void desk_stops_no_officer(void **state)
{
	static const struct {
		const char *name;
		enum who whom, by;
		const char *type;
		enum who second;
		enum err want;
	} rows[] = {
		{"clerk suspends a security administrator", SEC1, CLERK, "CERT-SUSPEND", CLERK, ERR_ROLE},
		{"reviewer suspends a clerk", CLERK2, REVIEWER, "CERT-SUSPEND", REVIEWER, ERR_ROLE},
		{"clerk suspends himself", CLERK, CLERK, "CERT-SUSPEND", CLERK, ERR_ROLE},
		{"desk releases", AUDITOR, CLERK, "CERT-RELEASE", REVIEWER, ERR_ROLE},
		{"one of the circle and one of the desk", AUDITOR, SEC1, "CERT-RELEASE", REVIEWER, ERR_ROLE},
		{"one twice", AUDITOR, SEC1, "CERT-RELEASE", SEC1, ERR_SAME_PERSON},
	};
	(void)state;
	OK(suspend(AUDITOR, SEC2, "CERT-SUSPEND", SEC2));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint64_t before = journal_count(&w);
		enum err e = suspend(rows[i].whom, rows[i].by, rows[i].type, rows[i].second);
		if (e != rows[i].want)
			fail_msg("%s: %s, wanted %s", rows[i].name, err_name(e), err_name(rows[i].want));
		assert_int_equal(journal_count(&w), before);
	}
	OK(suspend(AUDITOR, SEC1, "CERT-RELEASE", SEC2));
	err_clear();
}

/* The bucket of the portal's user runs dry; the ceremony's holder, another user, is served all the same. */
static void journal_is_not_filled(void **state)
{
	enum { PER_MINUTE = 1, BURST = PER_MINUTE * QUOTA_BURST_MINUTES };
	static struct world v;
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	(void)state;
	world_start(&v);
	procs_kill_signer(&v.procs);
	v.procs.signer_options[0] = "writes_per_minute=1";
	procs_start_signer(&v.procs);
	m = empty_request(signer_request_of(SIGNER_SUSPEND));
	for (int i = 0; i < BURST; i++)
		assert_int_not_equal(as_portal(&v, m, &a), ERR_RATE);
	uint64_t before = journal_count(&v);
	assert_int_equal(as_portal(&v, m, &a), ERR_RATE);
	assert_int_equal(status_of(&v, v.officers[CLERK].serial), 0); /* reading goes on */
	enum err e = signer_call(v.procs.client, m, &a);
	assert_true(getuid() == 0 ? e != ERR_RATE : e == ERR_RATE);
	assert_int_equal(journal_count(&v), before);
	world_stop(&v);
	err_clear();
}

static void time_runs_out(void **state)
{
	struct issue r;
	(void)state;
	issue_init(&w, &r);
	AUTO(ipc_msg) m = issue_build(&w, &r);
	procs_shift_clock(&w.procs, 8 * 86400);
	refused_msg("kept for 8 days", m, ERR_STALE);
	issue_done(&r);
	procs_shift_clock(&w.procs, INT64_C(3) * 365 * 86400);
	issue_init(&w, &r);
	refused("officers' certificates expired", &r, ERR_CERT_EXPIRED);
	procs_shift_clock(&w.procs, -86400);
	refused("before they began", &r, ERR_CERT_NOT_YET);
	procs_shift_clock(&w.procs, 0);
	issue_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_request_is_served),
		cmocka_unit_test(every_profile_is_served),
		cmocka_unit_test(every_lie_is_refused),
		cmocka_unit_test(half_requests_are_refused),
		cmocka_unit_test(forged_officer_is_refused),
		cmocka_unit_test(unit_holder_is_no_officer),
		cmocka_unit_test(same_request_same_answer),
		cmocka_unit_test(used_parts_are_refused),
		cmocka_unit_test(open_bureau_gives_nothing_for_nothing),
		cmocka_unit_test(before_the_ceremony_there_is_nothing),
		cmocka_unit_test(strangers_get_nothing),
		cmocka_unit_test(suspended_officer_is_refused),
		cmocka_unit_test(desk_stops_no_officer),
		cmocka_unit_test(journal_is_not_filled),
		cmocka_unit_test(time_runs_out),
	};
	return world_run("captured portal", &w, tests, COUNT_OF(tests));
}
