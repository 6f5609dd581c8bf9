/* Whether an act counts: whose it is, whether he may, whether it is of now. */
#include "server/signer/signer_i.h"
#include <string.h>

const char *act_value(const struct act *a, const char *key)
{
	const char *v = statement_get(a->statement, key);
	return strcmp(v, "-") == 0 ? "" : v;
}

enum err act_take(const struct serve_ctx *s, const struct ipc_msg *in, uint16_t tag, const char *type,
                  struct act *ret_a)
{
	return act_open(ipc_get(in, tag), ipc_get(in, (uint16_t)(tag + 1)), ipc_get(in, (uint16_t)(tag + 2)), type,
	                s->bureau, ret_a);
}

/* Not the chain is asked but the journal: only what this signer issued, octet by octet, exists. */
static enum err issued_by_us(const struct serve_ctx *s, const struct cert *c, const struct jcert **ret_e)
{
	uint8_t sm3[32];
	const struct jcert *e = journal_cert(s->journal, cert_serial(c));
	if (e == NULL)
		return ERR(CERT_CHAIN, "the certificate is not in the journal");
	TRY(cert_sm3(c, sm3));
	if (!span_eq(SPAN_ARR(sm3), SPAN_ARR(e->sm3)))
		return ERR(CERT_CHAIN, "the journal has another certificate of this serial");
	*ret_e = e;
	return ERR_OK;
}

enum err act_cert_is_good(const struct serve_ctx *s, const struct act *a, int64_t now)
{
	const struct jcert *e = NULL;
	TRY(issued_by_us(s, a->cert, &e));
	if ((cert_usage(a->cert) & KU_SIGN) == 0 || cert_is_ca(a->cert))
		return ERR(CERT_USAGE, "not a signing certificate");
	if (now < cert_not_before(a->cert))
		return ERR(CERT_NOT_YET, "certificate %s", e->serial);
	if (now > cert_not_after(a->cert))
		return ERR(CERT_EXPIRED, "certificate %s", e->serial);
	if (e->status == STATUS_REVOKED)
		return ERR(CERT_REVOKED, "certificate %s", e->serial);
	if (e->status == STATUS_SUSPENDED)
		return ERR(CERT_SUSPENDED, "certificate %s", e->serial);
	return ERR_OK;
}

enum err act_by_officer(const struct serve_ctx *s, const struct act *a, const struct roster *r, unsigned roles,
                        int64_t now)
{
	TRY(act_cert_is_good(s, a, now));
	if (strcmp(cert_profile(a->cert), "staff-sign") != 0)
		return ERR(ROLE, "profile %s is not of the staff", cert_profile(a->cert));
	if (!roster_has(r, cert_person_id(a->cert), roles))
		return ERR(ROLE, "%s, for %s", cert_person_id(a->cert), statement_type(a->statement));
	return ERR_OK;
}

enum err act_is_fresh(const struct serve_ctx *s, const struct act *a, int64_t now)
{
	int64_t t = statement_time(a->statement);
	if (t < now - FRESH_SEC || t > now + AHEAD_SEC)
		return ERR(STALE, "%s is %lld s from now", statement_type(a->statement), (long long)(t - now));
	return journal_nonce_is_new(s->journal, a->statement);
}

bool act_same_person(const struct act *a, const struct act *b)
{
	return strcmp(cert_person_id(a->cert), cert_person_id(b->cert)) == 0;
}

/* --- two officers under one text --- */

void two_acts_done(struct two_acts *t)
{
	act_done(&t->a);
	act_done(&t->b);
}

enum err two_acts_take(const struct serve_ctx *s, const struct ipc_msg *in, const char *type, struct two_acts *t)
{
	TRY(act_take(s, in, ST_ACT, type, &t->a));
	TRY(act_take(s, in, ST_ACT2, type, &t->b));
	if (!span_eq(statement_text(t->a.statement), statement_text(t->b.statement)))
		return ERR(APPROVAL, "the two officers signed different texts");
	return ERR_OK;
}

enum err two_acts_check(const struct serve_ctx *s, const struct two_acts *t, const struct roster *r, unsigned role_a,
                        unsigned role_b, int64_t now)
{
	TRY(act_by_officer(s, &t->a, r, role_a | role_b, now));
	TRY(act_by_officer(s, &t->b, r, role_a | role_b, now));
	if (act_same_person(&t->a, &t->b))
		return ERR(SAME_PERSON, "two signatures of %s", cert_person_id(t->a.cert));
	const char *a = cert_person_id(t->a.cert), *b = cert_person_id(t->b.cert);
	bool straight = roster_has(r, a, role_a) && roster_has(r, b, role_b);
	bool crossed = roster_has(r, a, role_b) && roster_has(r, b, role_a);
	if (!straight && !crossed)
		return ERR(ROLE, "the two signatures are of the same role");
	return act_is_fresh(s, &t->a, now);
}
