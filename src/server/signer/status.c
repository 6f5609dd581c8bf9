/* Status of certificates: good <-> suspended -> revoked, revoked is final; each change is followed by a new CRL. */
#include "base/text.h"
#include "gm/sm3.h"
#include "server/signer/signer_i.h"
#include <stdlib.h>
#include <string.h>

/* One more CRL after the end of the certificate's life (RFC 5280 3.3), then the entry may go. */
enum { CRL_KEEP_SEC = 8 * 86400, ACT_TAGS = 3 };

/* --- CRL --- */

static enum err entry_of(const struct jcert *c, struct crl_entry *ret_e)
{
	AUTO_BUF(serial, sizeof(ret_e->serial));
	TRY(text_unhex(span_str(c->serial), &serial));
	*ret_e = (struct crl_entry){.serial_len = serial.len, .time = c->changed, .reason = c->reason};
	memcpy(ret_e->serial, serial.ptr, serial.len);
	return ERR_OK;
}

static enum err collect(const struct journal *j, int64_t now, struct crl_entry *list, size_t *ret_n)
{
	size_t n = 0;
	for (size_t i = 0; i < journal_cert_count(j); i++) {
		const struct jcert *c = journal_cert_at(j, i);
		if (c->status != STATUS_GOOD && c->not_after + CRL_KEEP_SEC > now)
			TRY(entry_of(c, &list[n++]));
	}
	*ret_n = n;
	return ERR_OK;
}

/* The CRL's number and digest are in the journal before it leaves the process. */
static enum err crl_record(struct serve_ctx *s, const struct crl *crl, int64_t now)
{
	uint8_t sm3[SM3_LEN];
	AUTO(ipc_msg) m = NULL;
	TRY(sm3_digest(crl_der(crl), sm3));
	TRY(record_new(REC_CRL, now, &m));
	ipc_put_u64(m, RT_CRL_NO, crl_number(crl));
	ipc_put(m, RT_DIGEST, SPAN_ARR(sm3));
	return journal_append(s->journal, m);
}

/* A list that no answer can carry gets neither number nor record. */
static enum err crl_fits(const struct serve_ctx *s, const struct crl *crl, size_t n)
{
	size_t max = s->plan.crl_max_bytes != 0 ? s->plan.crl_max_bytes : SIGNER_CRL_MAX;
	if (crl_der(crl).len > max)
		return ERR(LIMIT, "CRL of %zu entries has %zu octets, an answer carries %zu", n, crl_der(crl).len, max);
	return ERR_OK;
}

enum err crl_renew(struct serve_ctx *s, int64_t now)
{
	size_t n = 0;
	AUTO(crl) crl = NULL;
	struct crl_entry *list = calloc(journal_cert_count(s->journal) + 1, sizeof(*list));
	if (list == NULL)
		return ERR(NOMEM, "CRL");
	enum err e = collect(s->journal, now, list, &n);
	if (e == ERR_OK)
		e = ca_crl(s->ca, journal_crl_number(s->journal) + 1, now, list, n, &crl);
	free(list);
	TRY(e);
	TRY(crl_fits(s, crl, n));
	TRY(crl_record(s, crl, now));
	crl_free(s->crl);
	s->crl = STEAL(crl);
	return ERR_OK;
}

/* --- change --- */

struct change {
	const char *type;
	enum cert_status to;
	unsigned from; /* bit mask of 1 << enum cert_status */
};
static const struct change to_revoked = {"CERT-REVOKE", STATUS_REVOKED, 1u << STATUS_GOOD | 1u << STATUS_SUSPENDED};
static const struct change suspend = {"CERT-SUSPEND", STATUS_SUSPENDED, 1u << STATUS_GOOD};
static const struct change release = {"CERT-RELEASE", STATUS_GOOD, 1u << STATUS_SUSPENDED};

/* The reasons that the window's form offers, as RFC 5280 5.3.1 names them; any other text is unspecified. */
static enum crl_reason reason_of(const struct change *c, const struct statement *s)
{
	static const struct {
		const char *text;
		enum crl_reason reason;
	} known[] = {
		{"密钥泄露", CRL_KEY_COMPROMISE}, {"介质遗失", CRL_KEY_COMPROMISE}, {"信息变更", CRL_AFFILIATION},
		{"人员变动", CRL_AFFILIATION},    {"已换发", CRL_SUPERSEDED},       {"停止使用", CRL_CESSATION},
	};
	if (c->to != STATUS_REVOKED)
		return c->to == STATUS_SUSPENDED ? CRL_HOLD : CRL_UNSPECIFIED;
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(statement_get(s, "reason"), known[i].text) == 0)
			return known[i].reason;
	return CRL_UNSPECIFIED;
}

static enum err may_change(const struct serve_ctx *s, const struct change *c, const struct statement *st)
{
	const struct jcert *cert = journal_cert(s->journal, statement_get(st, "serial"));
	if (cert == NULL)
		return ERR(SERIAL_UNKNOWN, "%s", statement_get(st, "serial"));
	if (cert->status == STATUS_REVOKED)
		return ERR(CERT_REVOKED, "revocation is final");
	if ((c->from & 1u << cert->status) == 0)
		return ERR(STATE, "%s of a certificate of status %d", c->type, (int)cert->status);
	/* A release that was kept back must not lift a suspension which its officers could not know of. */
	if (c->to == STATUS_GOOD && statement_time(st) < cert->changed)
		return ERR(STALE, "signed %lld s before the suspension",
		           (long long)(cert->changed - statement_time(st)));
	return ERR_OK;
}

static enum err make_change(struct serve_ctx *s, const struct change *c, const struct ipc_msg *in,
                            const struct statement *st, int64_t now, struct ipc_msg *out)
{
	AUTO(ipc_msg) record = NULL;
	TRY(may_change(s, c, st));
	TRY(record_new(REC_STATUS, now, &record));
	ipc_put_str(record, ST_SERIAL, statement_get(st, "serial"));
	ipc_put_u64(record, ST_STATUS, c->to);
	ipc_put_u64(record, RT_REASON, reason_of(c, st));
	record_copy(record, in, ST_ACT, ipc_has(in, ST_ACT2) ? 2 * ACT_TAGS : ACT_TAGS);
	TRY(journal_append(s->journal, record));
	crl_free(STEAL(s->crl)); /* it lacks this change: whatever comes now, nobody gets it any more */
	enum err e = crl_renew(s, now);
	if (e == ERR_OK)
		ipc_put(out, ST_CRL, crl_der(s->crl));
	else if (e == ERR_LIMIT) /* the change stands all the same; who asks for the CRL is told */
		err_clear();
	return e == ERR_LIMIT ? ERR_OK : e;
}

/* Whether the certificate is an officer's or one of the bureau's own. Whoever could suspend security administrators
 * would stop the roster with it, and whoever could suspend the notary's would stop receipts, OCSP and log heads; so the
 * circle of security administrators decides over all of these. One that is not in the journal is refused by
 * may_change(). */
static bool is_for_circle(const struct serve_ctx *s, const struct statement *st)
{
	const struct jcert *c = journal_cert(s->journal, statement_get(st, "serial"));
	return c != NULL && !c->of_holder;
}

static enum err by_two(struct serve_ctx *s, const struct change *c, const struct ipc_msg *in, struct ipc_msg *out)
{
	int64_t now = signer_now(s);
	AUTO_TWO_ACTS(t);
	TRY(two_acts_take(s, in, c->type, &t));
	bool circle = is_for_circle(s, t.a.statement);
	TRY(two_acts_check(s, &t, journal_roster(s->journal), circle ? ROLE_SECURITY : ROLE_CLERK,
	                   circle ? ROLE_SECURITY : ROLE_REVIEWER, now));
	return make_change(s, c, in, t.a.statement, now, out);
}

enum err on_revoke(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	return by_two(s, &to_revoked, in, out);
}

enum err on_release(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	return by_two(s, &release, in, out);
}

/* One officer is enough to stop harm. */
enum err on_suspend(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	int64_t now = signer_now(s);
	AUTO_ACT(a);
	TRY(act_take(s, in, ST_ACT, suspend.type, &a));
	unsigned roles = is_for_circle(s, a.statement) ? ROLE_SECURITY : ROLE_CLERK | ROLE_REVIEWER | ROLE_SECURITY;
	TRY(act_by_officer(s, &a, journal_roster(s->journal), roles, now));
	TRY(act_is_fresh(s, &a, now));
	return make_change(s, &suspend, in, a.statement, now, out);
}
