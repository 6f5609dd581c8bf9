#include "evidence/act.h"
#include <string.h>

void act_done(struct act *a)
{
	statement_free(a->statement);
	cert_free(a->cert);
	*a = (struct act){0};
}

enum err act_open(struct span statement, struct span sig, struct span cert_der, const char *type, const char *bureau,
                  struct act *ret_a)
{
	AUTO(statement) s = NULL;
	AUTO(cert) c = NULL;
	struct sm2_sig raw;

	TRY(statement_parse(statement, &s));
	if (type != NULL && strcmp(statement_type(s), type) != 0)
		return ERR(STATEMENT, "a %s where a %s belongs", statement_type(s), type);
	if (bureau == NULL || strcmp(statement_get(s, "bureau"), bureau) != 0)
		return ERR(BUREAU, "%s names another bureau", statement_type(s));
	if (sig.len != ACT_SIG_LEN)
		return ERR(SIG, "signature of %zu octets", sig.len);
	memcpy(raw.b, sig.ptr, ACT_SIG_LEN);
	TRY(cert_parse(cert_der, &c));
	/* Over the octets as parsed: one statement has one encoding. */
	TRY(gm_verify(cert_pub(c), statement_text(s), &raw));
	*ret_a = (struct act){.statement = STEAL(s), .sig = raw, .cert = STEAL(c)};
	return ERR_OK;
}
