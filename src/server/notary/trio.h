/* The notary's three keys: OCSP answers, time stamps, heads and seals of the log. On disk in DIR/keys.bin, sealed
 * (gm/sm4.h) under the machine key in DIR/machine.key, both 0600, as escrow's (server/escrow/keys.h): it protects a
 * copied keys.bin, not a copied folder. */
#pragma once
#include "gm/sm2.h"

enum trio_key { TRIO_OCSP, TRIO_TSA, TRIO_LOG, TRIO_COUNT };
/* "ocsp", "tsa", "log": profile and SIGNER_CEREMONY_NOTARY's kind */
extern const char *const trio_profiles[TRIO_COUNT];
struct trio {
	struct sm2_key *key[TRIO_COUNT];
};
/* Random keys, written to both files, which are replaced. */
enum err trio_create(const char *dir, struct trio *ret_t) MUST_CHECK;
enum err trio_open(const char *dir, struct trio *ret_t) MUST_CHECK; /* ERR_ABSENT, ERR_JOURNAL */
void trio_done(struct trio *t);
