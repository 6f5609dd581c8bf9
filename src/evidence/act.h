/* An act: a statement with one signature of one certificate. Checks that need no state. */
#pragma once
#include "evidence/statement.h"
#include "pki/cert.h"

struct act {
	struct statement *statement;
	struct sm2_sig sig;
	struct cert *cert;
};
enum { ACT_SIG_LEN = SM2_SIG_LEN };
void act_done(struct act *a);
/* Parses the three, checks the signature over the statement's octets (ERR_SIG), the type when type is not NULL
 * (ERR_STATEMENT) and the bureau (64 hex; ERR_BUREAU). The certificate's chain, status and time are the caller's. */
enum err act_open(struct span statement, struct span sig, struct span cert_der, const char *type, const char *bureau,
                  struct act *ret_a) MUST_CHECK;
