/* ISSUE: clerk, reviewer and maker have signed, the card has spoken. RENEW: the holder's own key asks. */
#include "gm/sm3.h"
#include "base/text.h"
#include "server/signer/signer_i.h"
#include <stdio.h>
#include <string.h>

enum {
	SUBJECT_ID_MAX = 64,
	ISSUE_TAGS = ST_MAKE_CERT - ST_ACCEPT + 1,
	ACT_TAGS = 3,
	KEY_TAGS = ST_ATTEST - ST_CSR + 1,
	PAIR_TAGS = ST_ENVELOPED - ST_SIGN_CERT + 1,
	DAY_SEC = 86400
};

/* --- the same request again --- */

static bool same_fields(const struct ipc_msg *a, const struct ipc_msg *b, uint16_t tag, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!span_eq(ipc_get(a, (uint16_t)(tag + i)), ipc_get(b, (uint16_t)(tag + i))))
			return false;
	return true;
}

/* A lost answer is given again from the journal, octet by octet; the approval with anything else is a replay.
 * *ret_done stays false when this approval has never been used. */
static enum err again(const struct serve_ctx *s, const struct ipc_msg *in, uint16_t approval_tag, uint16_t first_tag,
                      size_t n_tags, struct ipc_msg *out, bool *ret_done)
{
	uint64_t seq = 0;
	uint8_t sm3[SM3_LEN];
	AUTO_BUF(bytes, IPC_BODY_MAX);
	AUTO(ipc_msg) record = NULL;
	TRY(sm3_digest(ipc_get(in, approval_tag), sm3));
	enum err e = journal_approval(s->journal, sm3, &seq);
	if (e == ERR_ABSENT)
		return ERR_OK;
	TRY(e);
	TRY(journal_read(s->journal, seq, &bytes));
	TRY(record_parse(buf_span(&bytes), &record));
	if (!same_fields(in, record, first_tag, n_tags) || !same_fields(in, record, ST_CSR, KEY_TAGS))
		return ERR(REPLAY, "the approval has been used in record %llu", (unsigned long long)seq);
	record_copy(out, record, ST_SIGN_CERT, PAIR_TAGS);
	*ret_done = true;
	return ERR_OK;
}

/* --- ISSUE: the three acts --- */

struct approval {
	struct act accept, approve, make;
	uint8_t accept_sm3[SM3_LEN], approve_sm3[SM3_LEN];
};

static void approval_done(struct approval *a)
{
	act_done(&a->accept);
	act_done(&a->approve);
	act_done(&a->make);
}

static enum err approval_take(const struct serve_ctx *s, const struct ipc_msg *in, struct approval *a)
{
	TRY(act_take(s, in, ST_ACCEPT, "CERT-ACCEPT", &a->accept));
	TRY(act_take(s, in, ST_APPROVE, "CERT-APPROVE", &a->approve));
	TRY(act_take(s, in, ST_MAKE, "CERT-MAKE", &a->make));
	TRY(statement_sm3(a->accept.statement, a->accept_sm3));
	return statement_sm3(a->approve.statement, a->approve_sm3);
}

/* He signs in his own name. */
static enum err officer_is(const struct act *a)
{
	if (strcmp(statement_get(a->statement, "officer"), cert_person_id(a->cert)) != 0)
		return ERR(APPROVAL, "%s names another officer than its signer", statement_type(a->statement));
	return ERR_OK;
}

/* Who gets a staff certificate with a security administrator's person id signs rosters in his stead. So two of those
 * who keep the roster accept and approve it: clerk, reviewer and maker together must not get hold of the roster. The
 * approval's profile decides, for it is the one that the subject is made of. */
static bool is_for_staff(const struct approval *a)
{
	return strcmp(act_value(&a->approve, "profile"), "staff") == 0;
}

static enum err officers(const struct serve_ctx *s, const struct approval *a, int64_t now)
{
	const struct roster *r = journal_roster(s->journal);
	bool staff = is_for_staff(a);
	TRY(act_by_officer(s, &a->accept, r, staff ? ROLE_SECURITY : ROLE_CLERK, now));
	TRY(act_by_officer(s, &a->approve, r, staff ? ROLE_SECURITY : ROLE_REVIEWER, now));
	TRY(act_by_officer(s, &a->make, r, ROLE_MAKER, now));
	TRY(officer_is(&a->accept));
	TRY(officer_is(&a->approve));
	TRY(officer_is(&a->make));
	if (act_same_person(&a->accept, &a->approve) || act_same_person(&a->approve, &a->make))
		return ERR(SAME_PERSON, "the reviewer did another step too");
	if (act_same_person(&a->accept, &a->make) && !s->plan.maker_may_accept)
		return ERR(SAME_PERSON, "the acceptor is the maker");
	return ERR_OK;
}

static enum err names_digest(const struct act *a, const char *key, const uint8_t sm3[SM3_LEN])
{
	char hex[SM3_HEX_LEN + 1];
	text_hex_str(span_of(sm3, SM3_LEN), hex);
	if (strcmp(hex, statement_get(a->statement, key)) != 0)
		return ERR(APPROVAL, "%s names another %s", statement_type(a->statement), key);
	return ERR_OK;
}

/* The reviewer approved this acceptance, word for word; the maker made this approval. */
static enum err bound_together(const struct approval *a)
{
	static const char *const shared[] = {"case",      "kind",   "profile", "unit-no", "unit-name", "uscc",
	                                     "person-id", "holder", "days",    "medium",  "letter"};
	TRY(names_digest(&a->approve, "accept", a->accept_sm3));
	TRY(names_digest(&a->make, "approve", a->approve_sm3));
	for (size_t i = 0; i < COUNT_OF(shared); i++)
		if (strcmp(statement_get(a->accept.statement, shared[i]),
		           statement_get(a->approve.statement, shared[i])) != 0)
			return ERR(APPROVAL, "acceptance and approval differ in %s", shared[i]);
	if (strcmp(statement_get(a->make.statement, "case"), statement_get(a->approve.statement, "case")) != 0)
		return ERR(APPROVAL, "the maker's case is another");
	if (strcmp(statement_get(a->accept.statement, "kind"), "issue") != 0)
		return ERR(APPROVAL, "kind %s is not an issue", statement_get(a->accept.statement, "kind"));
	return ERR_OK;
}

static enum err in_time(const struct serve_ctx *s, const struct approval *a, int64_t now)
{
	const struct statement *st[] = {a->accept.statement, a->approve.statement, a->make.statement};
	TRY(act_is_fresh(s, &a->accept, now));
	TRY(act_is_fresh(s, &a->approve, now));
	TRY(act_is_fresh(s, &a->make, now));
	for (size_t i = 0; i + 1 < COUNT_OF(st); i++)
		if (statement_time(st[i]) > statement_time(st[i + 1]))
			return ERR(STALE, "%s is older than what it rests on", statement_type(st[i + 1]));
	for (size_t i = 0; i < COUNT_OF(st); i++)
		if (strcmp(statement_get(st[i], "nonce"), statement_get(st[(i + 1) % COUNT_OF(st)], "nonce")) == 0)
			return ERR(REPLAY, "two statements of one number");
	return ERR_OK;
}

/* --- ISSUE: the subject --- */

struct subject {
	char id[SUBJECT_ID_MAX + 1];
	struct pair_plan plan;
};

static enum err subject_id(const struct act *a, bool of_unit, char ret_id[SUBJECT_ID_MAX + 1])
{
	const char *unit = act_value(a, "unit-no"), *person = act_value(a, "person-id");
	if (!person_id_is_good(person))
		return ERR(CERT_PROFILE, "person id is not [A-Z0-9]{4,20}");
	if (of_unit != (*unit != '\0'))
		return ERR(CERT_PROFILE, "a unit number belongs to unit profiles and to no other");
	int n = snprintf(ret_id, SUBJECT_ID_MAX + 1, "%s%s%s", unit, of_unit ? "-" : "", person);
	return n > 0 && n <= SUBJECT_ID_MAX ? ERR_OK : ERR(CERT_PROFILE, "subject id is too long");
}

/* Subject from the approved statement and the profile alone. */
static enum err subject_of(const struct act *a, struct subject *ret_s)
{
	static const char *const bases[] = {"unit", "unit-member", "person", "staff"};
	const char *base = act_value(a, "profile");
	bool known = false, of_unit = strcmp(base, "unit") == 0 || strcmp(base, "unit-member") == 0;
	for (size_t i = 0; i < COUNT_OF(bases); i++)
		known = known || strcmp(base, bases[i]) == 0;
	if (!known)
		return ERR(CERT_PROFILE, "profile %s", base);
	if (!of_unit && (*act_value(a, "unit-name") != '\0' || *act_value(a, "uscc") != '\0'))
		return ERR(CERT_PROFILE, "profile %s has no unit", base);
	TRY(subject_id(a, of_unit, ret_s->id));
	ret_s->plan.base = base;
	ret_s->plan.subject = (struct ca_subject){.org = act_value(a, "unit-name"),
	                                          .common_name = act_value(a, "holder"),
	                                          .uscc = act_value(a, "uscc")};
	return text_i64(span_str(act_value(a, "days")), 1, INT32_MAX, &ret_s->plan.days);
}

/* --- ISSUE --- */

static enum err issue_approved(struct serve_ctx *s, const struct ipc_msg *in, const struct approval *a, int64_t now,
                               struct ipc_msg *out)
{
	struct subject subject = {0};
	AUTO_BIRTH(b);
	AUTO(ipc_msg) record = NULL;
	TRY(birth_take(s, in, a->approve_sm3, &b));
	TRY(birth_is(&b, statement_get(a->make.statement, "card"), statement_get(a->make.statement, "key")));
	TRY(subject_of(&a->approve, &subject));
	subject.plan.subject.subject_id = subject.id;
	subject.plan.pub = csr_pub(b.csr);
	subject.plan.evidence = a->approve_sm3;
	TRY(record_new(REC_ISSUE, now, &record));
	record_copy(record, in, ST_ACCEPT, ISSUE_TAGS);
	record_copy(record, in, ST_CSR, KEY_TAGS);
	TRY(pair_make(s, &subject.plan, now, record, out));
	return journal_append(s->journal, record);
}

enum err on_issue(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	bool done = false;
	int64_t now = signer_now(s);
	__attribute__((cleanup(approval_done))) struct approval a = {0};
	TRY(again(s, in, ST_APPROVE, ST_ACCEPT, ISSUE_TAGS, out, &done));
	if (done)
		return ERR_OK;
	TRY(approval_take(s, in, &a));
	TRY(officers(s, &a, now));
	TRY(bound_together(&a));
	TRY(in_time(s, &a, now));
	return issue_approved(s, in, &a, now, out);
}

/* --- RENEW --- */

static enum err renew_plan(const struct act *a, char ret_base[32], struct pair_plan *p)
{
	struct span profile = span_str(cert_profile(a->cert));
	size_t suffix = strlen("-sign");
	if (profile.len <= suffix || profile.len - suffix >= 32 ||
	    !span_eq(span_sub(profile, profile.len - suffix, suffix), SPAN_LIT("-sign")))
		return ERR(CERT_USAGE, "profile %s is not renewed", cert_profile(a->cert));
	memcpy(ret_base, profile.ptr, profile.len - suffix);
	ret_base[profile.len - suffix] = '\0';
	p->base = ret_base;
	p->subject = (struct ca_subject){.org = cert_org(a->cert),
	                                 .common_name = cert_common_name(a->cert),
	                                 .subject_id = cert_subject_id(a->cert),
	                                 .uscc = cert_uscc(a->cert)};
	return text_i64(span_str(statement_get(a->statement, "days")), 1, INT32_MAX, &p->days);
}

static enum err renew_signed(struct serve_ctx *s, const struct ipc_msg *in, const struct act *a, int64_t now,
                             struct ipc_msg *out)
{
	static const uint8_t no_approval[SM3_LEN];
	char base[32];
	uint8_t sm3[SM3_LEN];
	struct pair_plan plan = {0};
	AUTO_BIRTH(b);
	AUTO(ipc_msg) record = NULL;
	TRY(birth_take(s, in, no_approval, &b));
	TRY(birth_is(&b, statement_get(a->statement, "card"), statement_get(a->statement, "key")));
	TRY(renew_plan(a, base, &plan));
	TRY(statement_sm3(a->statement, sm3));
	plan.pub = csr_pub(b.csr);
	plan.evidence = sm3;
	TRY(record_new(REC_RENEW, now, &record));
	record_copy(record, in, ST_ACT, ACT_TAGS);
	record_copy(record, in, ST_CSR, KEY_TAGS);
	TRY(pair_make(s, &plan, now, record, out));
	return journal_append(s->journal, record);
}

/* Early renewals would give one holder any number of certificates side by side. */
static enum err renewal_is_due(const struct serve_ctx *s, const struct cert *c, int64_t now)
{
	int64_t from = cert_not_after(c) - s->plan.renew_days * DAY_SEC;
	if (now < from)
		return ERR(RENEW_EARLY, "%lld days too early", (long long)((from - now) / DAY_SEC + 1));
	return ERR_OK;
}

/* The old certificate stays good until it ends: a failure on the way must not leave the holder without one. */
enum err on_renew(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	bool done = false;
	int64_t now = signer_now(s);
	AUTO_ACT(a);
	TRY(again(s, in, ST_ACT, ST_ACT, ACT_TAGS, out, &done));
	if (done)
		return ERR_OK;
	TRY(act_take(s, in, ST_ACT, "CERT-RENEW", &a));
	TRY(act_cert_is_good(s, &a, now));
	if (strcmp(statement_get(a.statement, "serial"), cert_serial(a.cert)) != 0)
		return ERR(APPROVAL, "the renewal names another certificate than its signer's");
	TRY(renewal_is_due(s, a.cert, now));
	TRY(act_is_fresh(s, &a, now));
	return renew_signed(s, in, &a, now, out);
}
