/* Path check of our fixed profile: leaf <- issuing CA <- root, nothing else. Own code; tested against BouncyCastle.
 *
 * Root, CA and list do not change between two checks, so what can be said of them without a clock is said once, when
 * they are taken in: a struct path_trust exists only when the root pins itself and signs the CA, and holds only a list
 * that the CA signed. A check of a leaf is one verification. Order of answers: DER/signature/names first (CERT_CHAIN),
 * then usage (CERT_USAGE), time (CERT_NOT_YET, CERT_EXPIRED), then revocation (CERT_REVOKED, CERT_SUSPENDED; CRL_STALE
 * when the list is outdated or dated ahead at `now`). */
#pragma once
#include "pki/crl.h"

struct path_trust;
/* Borrows both, which outlive it. ERR_CERT_CHAIN. Of time nothing is said: path_check() and path_check_ca() do. */
enum err path_trust_new(const struct cert *root, const struct cert *ca, struct path_trust **ret_t) MUST_CHECK;
void path_trust_free(struct path_trust *t);
DEFINE_AUTO(path_trust)
/* Takes the list over on success, in the place of the one before; NULL: revocation is checked elsewhere (the signer's
 * journal). ERR_CERT_CHAIN when it is not by the issuing CA. */
enum err path_trust_set_crl(struct path_trust *t, struct crl *crl) MUST_CHECK;
const struct crl *path_trust_crl(const struct path_trust *t);
/* ERR_CRL_STALE, also when there is none. */
enum err path_crl_is_current(const struct path_trust *t, int64_t now) MUST_CHECK;

/* With the list, when the trust holds one. */
enum err path_check(const struct path_trust *t, const struct cert *leaf, unsigned usage, int64_t now) MUST_CHECK;
enum err path_check_ca(const struct path_trust *t, int64_t now) MUST_CHECK; /* both in their time */
