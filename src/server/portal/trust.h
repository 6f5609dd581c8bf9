/* What the portal trusts: the pinned root, the issuing CA and its newest CRL, exchanged while workers read. */
#pragma once
#include "pki/path.h"
#include "server/signer/client.h"

struct trust;
/* Takes root and ca over, also on failure. The root must hash to the bureau's id; the pair must check at `now`. */
enum err trust_new(struct cert *root, struct cert *ca, const char *bureau, int64_t now, struct trust **ret_t) MUST_CHECK;
void trust_free(struct trust *t);
DEFINE_AUTO(trust)
/* A CRL that does not verify, or is older than the one held, is refused and the old one stays. */
enum err trust_set_crl(struct trust *t, struct span der) MUST_CHECK;
/* The root's own list, taken over, also on failure; NULL: this bureau has none. */
enum err trust_set_root_crl(struct trust *t, struct crl *c) MUST_CHECK;
const struct crl *trust_root_crl(const struct trust *t); /* NULL: none */
enum err trust_refresh(struct trust *t, struct signer_client *c) MUST_CHECK;
enum err trust_check(struct trust *t, const struct cert *leaf, int64_t now) MUST_CHECK; /* signing certificate; path.h's errors */
int trust_status(struct trust *t, const char *serial); /* 0 good, 1 revoked, 2 suspended, by the list held */
const struct cert *trust_root(const struct trust *t);
const struct cert *trust_ca(const struct trust *t);
enum err trust_crl_der(struct trust *t, struct buf *out) MUST_CHECK; /* ERR_ABSENT before the first */
struct trust_crl_info {
	uint64_t number;
	int64_t this_update, next_update;
};
enum err trust_crl_info(struct trust *t, struct trust_crl_info *ret_i) MUST_CHECK;
