/* Stocking, rosters, renewal and the life of a certificate: what two officers may do, and what they may not. */
#include "base/text.h"
#include "gm/sm3.h"
#include "pki/crl.h"
#include "pki/csr.h"
#include "pki/envelope.h"
#include "world.h"
#include <stdio.h>

static struct world w;

/* One statement, signed by one or two officers (N_OFFICERS: by none). */
static enum err act(uint16_t request, const char *type, int64_t age_sec, const struct statement_kv *kv, size_t n,
                    enum who a, enum who b, struct ipc_msg **ret_a)
{
	AUTO(statement) s = statement_of(&w, type, NULL, NULL, age_sec, kv, n);
	AUTO(ipc_msg) m = NULL;
	OK(ipc_msg_new(request, &m));
	put_officer(m, ST_ACT, s, &w.officers[a]);
	if (b != N_OFFICERS)
		put_officer(m, ST_ACT2, s, &w.officers[b]);
	return as_portal(&w, m, ret_a);
}

static void unchanged(enum err got, enum err want, uint64_t before, const char *what)
{
	if (got != want)
		fail_msg("%s: %s, wanted %s (%s)", what, err_name(got), err_name(want), err_detail());
	assert_int_equal(journal_count(&w), before);
	err_clear();
}

/* A certificate to work on. */
static void issue_days(struct issue *r, const char *days, struct ipc_msg **ret_a, char ret_serial[41])
{
	AUTO(cert) c = NULL;
	issue_init(&w, r);
	r->days = days;
	AUTO(ipc_msg) m = issue_build(&w, r);
	OK(as_portal(&w, m, ret_a));
	OK(cert_parse(ipc_get(*ret_a, ST_SIGN_CERT), &c));
	memcpy(ret_serial, cert_serial(c), strlen(cert_serial(c)) + 1);
}

static void issue_one(struct issue *r, struct ipc_msg **ret_a, char ret_serial[41])
{
	issue_days(r, "365", ret_a, ret_serial);
}

/* --- status --- */

static enum err change(const char *type, const char *serial, int64_t age_sec, enum who a, enum who b,
                       struct ipc_msg **ret_a)
{
	const struct statement_kv kv[] = {{"case", "X1"}, {"serial", serial}, {"reason", "密钥泄露"}};
	uint16_t request = strcmp(type, "CERT-REVOKE") == 0    ? SIGNER_REVOKE
	                   : strcmp(type, "CERT-SUSPEND") == 0 ? SIGNER_SUSPEND
	                                                       : SIGNER_RELEASE;
	return act(request, type, age_sec, kv, request == SIGNER_RELEASE ? 2 : 3, a, b, ret_a);
}

/* Every CRL is signed, newer than the last, and lists the serial or not. */
static uint64_t crl_says(const struct ipc_msg *a, const char *serial, bool listed, enum crl_reason reason)
{
	struct crl_entry e;
	AUTO(crl) crl = NULL;
	OK(crl_parse(ipc_get(a, ST_CRL), &crl));
	OK(crl_verify(crl, w.ca));
	assert_int_equal(crl_find(crl, serial, &e), listed);
	if (listed)
		assert_int_equal(e.reason, reason);
	assert_true(crl_next_update(crl) - crl_this_update(crl) == 7 * 86400);
	return crl_number(crl);
}

static void life_of_a_certificate(void **state)
{
	static const struct {
		const char *type;
		enum who a, b;
		uint64_t status;
		enum crl_reason reason;
	} steps[] = {
		{"CERT-SUSPEND", CLERK, N_OFFICERS, 2, CRL_HOLD},
		{"CERT-RELEASE", REVIEWER, CLERK, 0, CRL_UNSPECIFIED},
		{"CERT-SUSPEND", SEC2, N_OFFICERS, 2, CRL_HOLD},
		{"CERT-REVOKE", CLERK, REVIEWER, 1, CRL_KEY_COMPROMISE},
	};
	struct issue r;
	char serial[41], pair[41];
	uint64_t last = 0;
	AUTO(ipc_msg) issued = NULL;
	AUTO(cert) enc = NULL;
	(void)state;
	issue_one(&r, &issued, serial);
	OK(cert_parse(ipc_get(issued, ST_ENC_CERT), &enc));
	memcpy(pair, cert_serial(enc), strlen(cert_serial(enc)) + 1);
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		AUTO(ipc_msg) a = NULL;
		OK(change(steps[i].type, serial, 0, steps[i].a, steps[i].b, &a));
		assert_int_equal(status_of(&w, serial), steps[i].status);
		assert_int_equal(status_of(&w, pair), steps[i].status);
		uint64_t number = crl_says(a, serial, steps[i].status != 0, steps[i].reason);
		assert_true(number > last);
		last = number;
	}
	AUTO(ipc_msg) a = NULL;
	uint64_t before = journal_count(&w);
	unchanged(change("CERT-RELEASE", serial, 5, CLERK, REVIEWER, &a), ERR_CERT_REVOKED, before,
	          "release of a revoked one");
	unchanged(change("CERT-REVOKE", serial, 5, CLERK, REVIEWER, &a), ERR_CERT_REVOKED, before, "second revocation");
	unchanged(change("CERT-SUSPEND", serial, 5, CLERK, N_OFFICERS, &a), ERR_CERT_REVOKED, before,
	          "suspension of a revoked one");
	issue_done(&r);
}

static void status_needs_its_officers(void **state)
{
	static const struct {
		const char *type;
		enum who a, b;
		int64_t age_sec;
		enum err want;
	} rows[] = {
		{"CERT-REVOKE", CLERK, CLERK, 5, ERR_SAME_PERSON},
		{"CERT-REVOKE", ALLROUND, ALLROUND, 5, ERR_SAME_PERSON},
		{"CERT-REVOKE", CLERK, MAKER, 5, ERR_ROLE},
		{"CERT-REVOKE", CLERK, CLERK2, 5, ERR_ROLE},
		{"CERT-REVOKE", SEC1, SEC2, 5, ERR_ROLE},
		{"CERT-REVOKE", CLERK, REVIEWER, 8 * 86400, ERR_STALE},
		{"CERT-REVOKE", CLERK, REVIEWER, -400, ERR_STALE},
		{"CERT-RELEASE", CLERK, REVIEWER, 5, ERR_STATE},
		{"CERT-SUSPEND", MAKER, N_OFFICERS, 5, ERR_ROLE},
		{"CERT-SUSPEND", AUDITOR, N_OFFICERS, 5, ERR_ROLE},
	};
	struct issue r;
	char serial[41];
	AUTO(ipc_msg) issued = NULL;
	(void)state;
	issue_one(&r, &issued, serial);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(ipc_msg) a = NULL;
		uint64_t before = journal_count(&w);
		unchanged(change(rows[i].type, serial, rows[i].age_sec, rows[i].a, rows[i].b, &a), rows[i].want, before,
		          rows[i].type);
	}
	AUTO(ipc_msg) a = NULL;
	uint64_t before = journal_count(&w);
	unchanged(change("CERT-REVOKE", "0102030405060708090A0B0C0D0E0F10", 5, CLERK, REVIEWER, &a), ERR_SERIAL_UNKNOWN,
	          before, "unknown serial");
	char root[64];
	(void)snprintf(root, sizeof(root), "%s", cert_serial(w.root));
	unchanged(change("CERT-REVOKE", root, 5, CLERK, REVIEWER, &a), ERR_SERIAL_UNKNOWN, before, "the root");
	issue_done(&r);
}

/* Certificates of officers and of the notary: the circle of security administrators alone, one to suspend, two to
 * revoke and to release. */
static void circle_alone_stops(const char *serial)
{
	static const struct {
		const char *type;
		enum who a, b;
		enum err want;
	} rows[] = {
		{"CERT-SUSPEND", CLERK, N_OFFICERS, ERR_ROLE}, {"CERT-SUSPEND", REVIEWER, N_OFFICERS, ERR_ROLE},
		{"CERT-REVOKE", CLERK, REVIEWER, ERR_ROLE},    {"CERT-REVOKE", SEC1, REVIEWER, ERR_ROLE},
		{"CERT-REVOKE", SEC2, SEC2, ERR_SAME_PERSON},  {"CERT-SUSPEND", SEC2, N_OFFICERS, ERR_OK},
		{"CERT-RELEASE", CLERK, REVIEWER, ERR_ROLE},   {"CERT-RELEASE", SEC1, CLERK, ERR_ROLE},
		{"CERT-RELEASE", SEC1, SEC1, ERR_SAME_PERSON}, {"CERT-RELEASE", SEC1, SEC2, ERR_OK},
		{"CERT-SUSPEND", SEC1, N_OFFICERS, ERR_OK},    {"CERT-REVOKE", SEC2, SEC1, ERR_OK},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(ipc_msg) a = NULL;
		uint64_t before = journal_count(&w), status = status_of(&w, serial);
		enum err e = change(rows[i].type, serial, 0, rows[i].a, rows[i].b, &a);
		if (e != rows[i].want)
			fail_msg("row %zu: %s, wanted %s (%s)", i, err_name(e), err_name(rows[i].want), err_detail());
		if (e != ERR_OK) {
			assert_int_equal(journal_count(&w), before);
			assert_int_equal(status_of(&w, serial), status);
		}
	}
	assert_int_equal(status_of(&w, serial), 1);
	err_clear();
}

static void officers_fall_to_their_own_circle(void **state)
{
	(void)state;
	circle_alone_stops(w.officers[AUDITOR].serial);
}

static void notary_falls_to_that_circle_too(void **state)
{
	(void)state;
	circle_alone_stops(w.notary_serial);
}

static void two_texts_are_not_one(void **state)
{
	struct issue r;
	char serial[41];
	AUTO(ipc_msg) issued = NULL;
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	(void)state;
	issue_one(&r, &issued, serial);
	const struct statement_kv kv[] = {{"case", "X1"}, {"serial", serial}, {"reason", "-"}};
	AUTO(statement) one = statement_of(&w, "CERT-REVOKE", NULL, NULL, 5, kv, 3);
	AUTO(statement) two = statement_of(&w, "CERT-REVOKE", NULL, NULL, 5, kv, 3);
	OK(ipc_msg_new(SIGNER_REVOKE, &m));
	put_officer(m, ST_ACT, one, &w.officers[CLERK]);
	put_officer(m, ST_ACT2, two, &w.officers[REVIEWER]);
	uint64_t before = journal_count(&w);
	unchanged(as_portal(&w, m, &a), ERR_APPROVAL, before, "two texts");
	issue_done(&r);
}

static void an_act_counts_once(void **state)
{
	struct issue r;
	char serial[41];
	AUTO(ipc_msg) issued = NULL;
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	AUTO(ipc_msg) b = NULL;
	AUTO(ipc_msg) c = NULL;
	(void)state;
	issue_one(&r, &issued, serial);
	const struct statement_kv kv[] = {{"case", "X1"}, {"serial", serial}, {"reason", "-"}};
	AUTO(statement) s = statement_of(&w, "CERT-SUSPEND", NULL, NULL, 5, kv, 3);
	OK(ipc_msg_new(SIGNER_SUSPEND, &m));
	put_officer(m, ST_ACT, s, &w.officers[CLERK]);
	OK(as_portal(&w, m, &a));
	OK(change("CERT-RELEASE", serial, 0, CLERK, REVIEWER, &b));
	uint64_t before = journal_count(&w);
	unchanged(as_portal(&w, m, &c), ERR_REPLAY, before, "the old suspension again");
	assert_int_equal(status_of(&w, serial), 0);
	issue_done(&r);
}

/* Two releases were signed, one was sent. The other, kept back, must not lift a later suspension. */
static void a_release_kept_back_lifts_nothing(void **state)
{
	struct issue r;
	char serial[41];
	AUTO(ipc_msg) issued = NULL;
	AUTO(ipc_msg) a = NULL;
	AUTO(ipc_msg) b = NULL;
	AUTO(ipc_msg) c = NULL;
	AUTO(ipc_msg) kept = NULL;
	(void)state;
	issue_one(&r, &issued, serial);
	OK(change("CERT-SUSPEND", serial, 0, CLERK, N_OFFICERS, &a));
	const struct statement_kv kv[] = {{"case", "X1"}, {"serial", serial}};
	AUTO(statement) s = statement_of(&w, "CERT-RELEASE", NULL, NULL, 0, kv, 2);
	OK(ipc_msg_new(SIGNER_RELEASE, &kept));
	put_officer(kept, ST_ACT, s, &w.officers[CLERK]);
	put_officer(kept, ST_ACT2, s, &w.officers[REVIEWER]);
	OK(change("CERT-RELEASE", serial, 0, CLERK, REVIEWER, &b));
	usleep(1100000); /* statements count whole seconds */
	ipc_msg_free(STEAL(a));
	OK(change("CERT-SUSPEND", serial, 0, CLERK2, N_OFFICERS, &a));
	uint64_t before = journal_count(&w);
	unchanged(as_portal(&w, kept, &c), ERR_STALE, before, "the release that was kept back");
	assert_int_equal(status_of(&w, serial), 2);
	OK(change("CERT-RELEASE", serial, 0, CLERK, REVIEWER, &c));
	assert_int_equal(status_of(&w, serial), 0);
	issue_done(&r);
}

/* --- stocking --- */

static void stock_needs_maker_and_reviewer(void **state)
{
	static const struct {
		enum who a, b;
		enum err want;
	} rows[] = {
		{MAKER, MAKER, ERR_SAME_PERSON},
		{MAKER, CLERK, ERR_ROLE},
		{REVIEWER, SEC1, ERR_ROLE},
		{ALLROUND, ALLROUND, ERR_SAME_PERSON},
	};
	AUTO(sm2_key) device = NULL;
	char line[200], hex[131];
	(void)state;
	OK(sm2_key_new(&device));
	hex_of(SPAN_ARR(sm2_key_pub(device)->b), hex, sizeof(hex));
	(void)snprintf(line, sizeof(line), "YX27000001 %s", hex);
	const struct statement_kv kv[] = {{"card", line}};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(ipc_msg) a = NULL;
		uint64_t before = journal_count(&w);
		unchanged(act(SIGNER_STOCK, "STOCK", 5, kv, 1, rows[i].a, rows[i].b, &a), rows[i].want, before,
		          "stock");
	}
	AUTO(ipc_msg) a = NULL;
	AUTO(ipc_msg) b = NULL;
	OK(act(SIGNER_STOCK, "STOCK", 5, kv, 1, ALLROUND, REVIEWER, &a));
	uint64_t before = journal_count(&w);
	unchanged(act(SIGNER_STOCK, "STOCK", 5, kv, 1, MAKER, REVIEWER, &b), ERR_EXISTS, before, "stocked already");
}

static void stock_lines_are_checked(void **state)
{
	AUTO(sm2_key) device = NULL;
	char good[200], hex[131], same_key[200], low[200], off_curve[200];
	(void)state;
	OK(sm2_key_new(&device));
	hex_of(SPAN_ARR(sm2_key_pub(device)->b), hex, sizeof(hex));
	(void)snprintf(good, sizeof(good), "YX27000002 %s", hex);
	(void)snprintf(same_key, sizeof(same_key), "YX27000003 %s", hex);
	(void)snprintf(low, sizeof(low), "yx27000004 %s", hex);
	memset(hex + 2, '1', 128);
	(void)snprintf(off_curve, sizeof(off_curve), "YX27000005 %s", hex);
	char officers_key[200], officers_hex[131];
	hex_of(SPAN_ARR(sm2_key_pub(w.officers[CLERK].key)->b), officers_hex, sizeof(officers_hex));
	(void)snprintf(officers_key, sizeof(officers_key), "YX27000006 %s", officers_hex);
	const struct {
		const char *name;
		struct statement_kv kv[2];
		size_t n;
		enum err want;
	} rows[] = {
		{"twice", {{"card", good}, {"card", good}}, 2, ERR_EXISTS},
		{"one key, two cards", {{"card", good}, {"card", same_key}}, 2, ERR_EXISTS},
		{"lower case", {{"card", low}}, 1, ERR_SYNTAX},
		{"not on the curve", {{"card", off_curve}}, 1, ERR_SYNTAX},
		{"a certified key", {{"card", officers_key}}, 1, ERR_KEY_REUSED},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(ipc_msg) a = NULL;
		uint64_t before = journal_count(&w);
		unchanged(act(SIGNER_STOCK, "STOCK", 5, rows[i].kv, rows[i].n, MAKER, REVIEWER, &a), rows[i].want,
		          before, rows[i].name);
	}
}

/* A withdrawn card makes no keys any more. */
static void withdrawn_card_is_out(void **state)
{
	struct issue r;
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	AUTO(ipc_msg) b = NULL;
	AUTO(ipc_msg) feed = NULL;
	(void)state;
	issue_init(&w, &r);
	/* Its certificate's serial: from the answer to a stocking of our own. */
	AUTO(sm2_key) device = NULL;
	struct soft_card card = {.serial = "YX27000009"};
	char line[200], hex[131];
	OK(sm2_key_new(&device));
	card.device = device;
	hex_of(SPAN_ARR(sm2_key_pub(device)->b), hex, sizeof(hex));
	(void)snprintf(line, sizeof(line), "%s %s", card.serial, hex);
	const struct statement_kv kv[] = {{"card", line}};
	OK(act(SIGNER_STOCK, "STOCK", 5, kv, 1, MAKER, REVIEWER, &a));
	AUTO(cert) c = NULL;
	OK(cert_parse(ipc_get(a, ST_CARD_CERT), &c));
	OK(change("CERT-REVOKE", cert_serial(c), 5, CLERK, REVIEWER, &b));
	r.card = &card;
	m = issue_build(&w, &r);
	uint64_t before = journal_count(&w);
	unchanged(as_portal(&w, m, &feed), ERR_STOCK, before, "withdrawn card");
	issue_done(&r);
}

/* --- roster --- */

static enum err roster(const char *number, const char *previous, const char *const *entries, size_t n, enum who a,
                       enum who b, struct ipc_msg **ret_a)
{
	struct statement_kv kv[12] = {{"number", number}, {"previous", previous}};
	for (size_t i = 0; i < n; i++)
		kv[2 + i] = (struct statement_kv){"entry", entries[i]};
	return act(SIGNER_ROSTER, "ROSTER", 5, kv, 2 + n, a, b, ret_a);
}

static const char *const good_roster[] = {"P000001 security 430100", "P000002 security 430100",
                                          "P000003 clerk 430100",    "P000004 reviewer 430100",
                                          "P000005 maker 430100",    "P000006 clerk,reviewer,maker 430100",
                                          "P000008 clerk 430102"};

static void bad_rosters_are_refused(void **state)
{
	static const char *const one_security[] = {"P000001 security 430100", "P000003 clerk 430100"};
	static const char *const twice[] = {"P000001 security 430100", "P000002 security 430100",
	                                    "P000001 clerk 430100"};
	static const char *const unknown[] = {"P000001 security 430100", "P000002 security 430100",
	                                      "P000003 king 430100"};
	static const char *const role_twice[] = {"P000001 security,security 430100", "P000002 security 430100"};
	static const char *const district[] = {"P000001 security 43010", "P000002 security 430100"};
	static const char *const person[] = {"p000001 security 430100", "P000002 security 430100",
	                                     "P000003 security 430100"};
	const struct {
		const char *name, *number, *previous;
		const char *const *entries;
		size_t n;
		enum who a, b;
		enum err want;
	} rows[] = {
		{"same person", "1", w.roster_sm3, good_roster, 7, SEC1, SEC1, ERR_SAME_PERSON},
		{"clerk signs", "1", w.roster_sm3, good_roster, 7, SEC1, CLERK, ERR_ROLE},
		{"number 0 again", "0", "-", good_roster, 7, SEC1, SEC2, ERR_ROSTER_OLD},
		{"number 2", "2", w.roster_sm3, good_roster, 7, SEC1, SEC2, ERR_ROSTER_OLD},
		{"another previous", "1", w.bureau, good_roster, 7, SEC1, SEC2, ERR_ROSTER_OLD},
		{"no previous", "1", "-", good_roster, 7, SEC1, SEC2, ERR_ROSTER_OLD},
		{"one security left", "1", w.roster_sm3, one_security, 2, SEC1, SEC2, ERR_ROLE},
		{"person twice", "1", w.roster_sm3, twice, 3, SEC1, SEC2, ERR_SYNTAX},
		{"unknown role", "1", w.roster_sm3, unknown, 3, SEC1, SEC2, ERR_SYNTAX},
		{"role twice", "1", w.roster_sm3, role_twice, 2, SEC1, SEC2, ERR_SYNTAX},
		{"short district", "1", w.roster_sm3, district, 2, SEC1, SEC2, ERR_SYNTAX},
		{"lower-case person", "1", w.roster_sm3, person, 3, SEC1, SEC2, ERR_SYNTAX},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(ipc_msg) a = NULL;
		uint64_t before = journal_count(&w);
		unchanged(roster(rows[i].number, rows[i].previous, rows[i].entries, rows[i].n, rows[i].a, rows[i].b,
		                 &a),
		          rows[i].want, before, rows[i].name);
	}
}

/* After it the auditor is gone, and so would be a clerk who is not listed. */
static void next_roster_is_in_force(void **state)
{
	struct issue r;
	uint64_t number = 0;
	AUTO(ipc_msg) a = NULL;
	AUTO(ipc_msg) b = NULL;
	AUTO_BUF(text, STATEMENT_MAX);
	static const char *const without_clerk[] = {"P000001 security 430100", "P000002 security 430100",
	                                            "P000004 reviewer 430100", "P000005 maker 430100",
	                                            "P000006 clerk,reviewer,maker 430100"};
	uint8_t sm3[SM3_LEN];
	char previous[65];
	(void)state;
	OK(roster("1", w.roster_sm3, good_roster, 7, SEC1, SEC2, &a));
	OK(ipc_get_u64(a, ST_ROSTER_NO, &number));
	assert_int_equal(number, 1);
	OK(signer_roster_text(w.procs.client, &text));
	OK(sm3_digest(buf_span(&text), sm3));
	hex_of(SPAN_ARR(sm3), previous, sizeof(previous));
	OK(roster("2", previous, without_clerk, 5, SEC2, SEC1, &b));
	issue_init(&w, &r);
	AUTO(ipc_msg) m = issue_build(&w, &r);
	AUTO(ipc_msg) c = NULL;
	uint64_t before = journal_count(&w);
	unchanged(as_portal(&w, m, &c), ERR_ROLE, before, "clerk who left");
	issue_done(&r);
}

/* --- renewal --- */

/* So many days before the end the holder may renew, signer.md: the default of renew_days. */
#define DUE "60"

struct renewal {
	const char *serial, *days;
	const struct sm2_key *signer;
	struct soft_card *card;
	struct sm2_key *key;
	bool with_approval;
};

static struct ipc_msg *renewal_build(const struct renewal *n, struct span cert)
{
	uint8_t approval[32] = {0};
	char hex[131];
	struct ipc_msg *m = NULL;
	AUTO_BUF(csr, CSR_DER_MAX);
	AUTO_BUF(attest, ATTEST_LEN);
	hex_of(SPAN_ARR(sm2_key_pub(n->key)->b), hex, sizeof(hex));
	const struct statement_kv kv[] = {{"serial", n->serial},
	                                  {"card", n->card->serial},
	                                  {"key", hex},
	                                  {"days", n->days}};
	AUTO(statement) s = statement_of(&w, "CERT-RENEW", NULL, NULL, 5, kv, 4);
	approval[3] = n->with_approval;
	soft_csr(n->key, &csr);
	soft_attest(n->card, n->card->device, sm2_key_pub(n->key), approval, ATTEST_PIN_HOLDER, &attest);
	OK(ipc_msg_new(SIGNER_RENEW, &m));
	put_act(m, ST_ACT, s, n->signer, cert);
	ipc_put(m, ST_CSR, buf_span(&csr));
	ipc_put(m, ST_ATTEST, buf_span(&attest));
	return m;
}

static void holder_renews(void **state)
{
	struct issue r;
	char serial[41];
	AUTO(ipc_msg) old = NULL;
	AUTO(ipc_msg) a = NULL;
	AUTO(ipc_msg) again = NULL;
	AUTO(cert) was = NULL;
	AUTO(cert) is = NULL;
	AUTO(sm2_key) key = NULL;
	AUTO(sm2_key) pair = NULL;
	(void)state;
	issue_days(&r, DUE, &old, serial);
	OK(sm2_key_new(&key));
	struct renewal n = {.serial = serial, .days = "365", .signer = r.key, .card = r.card, .key = key};
	AUTO(ipc_msg) m = renewal_build(&n, ipc_get(old, ST_SIGN_CERT));
	OK(as_portal(&w, m, &a));
	OK(as_portal(&w, m, &again));
	assert_true(span_eq(ipc_get(a, ST_SIGN_CERT), ipc_get(again, ST_SIGN_CERT)));
	OK(cert_parse(ipc_get(old, ST_SIGN_CERT), &was));
	OK(cert_parse(ipc_get(a, ST_SIGN_CERT), &is));
	assert_true(span_eq(cert_subject_der(was), cert_subject_der(is)));
	assert_string_equal(cert_profile(is), cert_profile(was));
	OK(enveloped_key_open(ipc_get(a, ST_ENVELOPED), key, &pair));
	assert_int_equal(status_of(&w, serial), 0);
	issue_done(&r);
}

static void bad_renewals_are_refused(void **state)
{
	struct issue r;
	char serial[41];
	AUTO(ipc_msg) old = NULL;
	AUTO(sm2_key) key = NULL;
	AUTO(sm2_key) stranger = NULL;
	struct soft_card foreign = {.serial = "YX99999998"};
	(void)state;
	issue_days(&r, DUE, &old, serial);
	OK(sm2_key_new(&key));
	OK(sm2_key_new(&stranger));
	foreign.device = stranger;
	const struct {
		const char *name;
		struct renewal n;
		enum err want;
	} rows[] = {
		{"another's certificate", {w.officers[CLERK].serial, "365", r.key, r.card, key, false}, ERR_APPROVAL},
		{"stranger's signature", {serial, "365", stranger, r.card, key, false}, ERR_SIG},
		{"unknown card", {serial, "365", r.key, &foreign, key, false}, ERR_STOCK},
		{"too long", {serial, "1827", r.key, r.card, key, false}, ERR_CERT_PROFILE},
		{"the old key", {serial, "365", r.key, r.card, r.key, false}, ERR_KEY_REUSED},
		{"attested for an approval", {serial, "365", r.key, r.card, key, true}, ERR_ATTEST},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(ipc_msg) a = NULL;
		AUTO(ipc_msg) m = renewal_build(&rows[i].n, ipc_get(old, ST_SIGN_CERT));
		uint64_t before = journal_count(&w);
		unchanged(as_portal(&w, m, &a), rows[i].want, before, rows[i].name);
	}
	AUTO(ipc_msg) gone = NULL;
	AUTO(ipc_msg) a = NULL;
	OK(change("CERT-REVOKE", serial, 5, CLERK, REVIEWER, &gone));
	struct renewal n = {serial, "365", r.key, r.card, key, false};
	AUTO(ipc_msg) m = renewal_build(&n, ipc_get(old, ST_SIGN_CERT));
	uint64_t before = journal_count(&w);
	unchanged(as_portal(&w, m, &a), ERR_CERT_REVOKED, before, "revoked");
	issue_done(&r);
}

/* In the window and not before it; after the end never again. */
static void renewal_has_its_window(void **state)
{
	static const struct {
		int64_t days_on;
		enum err want;
	} rows[] = {
		{0, ERR_RENEW_EARLY},
		{304, ERR_RENEW_EARLY},
		{366, ERR_CERT_EXPIRED},
		{305, ERR_OK},
	};
	struct issue r;
	char serial[41];
	AUTO(ipc_msg) old = NULL;
	AUTO(sm2_key) key = NULL;
	(void)state;
	issue_one(&r, &old, serial);
	OK(sm2_key_new(&key));
	const struct renewal n = {.serial = serial, .days = "365", .signer = r.key, .card = r.card, .key = key};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(ipc_msg) a = NULL;
		procs_shift_clock(&w.procs, rows[i].days_on * 86400);
		AUTO(ipc_msg) m = renewal_build(&n, ipc_get(old, ST_SIGN_CERT));
		uint64_t before = journal_count(&w);
		enum err e = as_portal(&w, m, &a);
		if (e != rows[i].want)
			fail_msg("day %lld: %s (%s)", (long long)rows[i].days_on, err_name(e), err_detail());
		assert_int_equal(journal_count(&w), before + (e == ERR_OK));
	}
	procs_shift_clock(&w.procs, 0);
	err_clear();
	issue_done(&r);
}

/* --- two-officer window --- */

static void policy_lets_the_acceptor_make(void **state)
{
	static const struct {
		enum who accept, approve, make;
		enum err want;
	} rows[] = {
		{ALLROUND, REVIEWER, ALLROUND, ERR_OK},
		{CLERK, ALLROUND, ALLROUND, ERR_SAME_PERSON},
		{ALLROUND, ALLROUND, MAKER, ERR_SAME_PERSON},
		{ALLROUND, ALLROUND, ALLROUND, ERR_SAME_PERSON},
	};
	static struct world v;
	(void)state;
	world_start_empty(&v);
	procs_kill_signer(&v.procs);
	v.procs.signer_options[0] = "maker_may_accept=yes";
	procs_start_signer(&v.procs);
	world_begin(&v);
	world_close(&v);
	world_stock(&v);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct issue r;
		AUTO(ipc_msg) a = NULL;
		issue_init(&v, &r);
		r.by[0] = &v.officers[rows[i].accept];
		r.by[1] = &v.officers[rows[i].approve];
		r.by[2] = &v.officers[rows[i].make];
		AUTO(ipc_msg) m = issue_build(&v, &r);
		assert_int_equal(as_portal(&v, m, &a), rows[i].want);
		issue_done(&r);
	}
	world_stop(&v);
	err_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(life_of_a_certificate),
		cmocka_unit_test(status_needs_its_officers),
		cmocka_unit_test(officers_fall_to_their_own_circle),
		cmocka_unit_test(notary_falls_to_that_circle_too),
		cmocka_unit_test(two_texts_are_not_one),
		cmocka_unit_test(an_act_counts_once),
		cmocka_unit_test(a_release_kept_back_lifts_nothing),
		cmocka_unit_test(stock_needs_maker_and_reviewer),
		cmocka_unit_test(stock_lines_are_checked),
		cmocka_unit_test(withdrawn_card_is_out),
		cmocka_unit_test(bad_rosters_are_refused),
		cmocka_unit_test(holder_renews),
		cmocka_unit_test(bad_renewals_are_refused),
		cmocka_unit_test(renewal_has_its_window),
		cmocka_unit_test(next_roster_is_in_force),
		cmocka_unit_test(policy_lets_the_acceptor_make),
	};
	return world_run("acts", &w, tests, COUNT_OF(tests));
}
