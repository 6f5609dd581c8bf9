/* What the portal trusts: the pinned root, the issuing CA, its newest CRL, exchanged while workers read, and the
 * signer's word.
 *
 * With a source (the signer) a certificate's status is what the source says now; the list is kept for others to fetch
 * and is fetched anew as soon as the clock finds it outdated or dated ahead. Without one (tests) the list decides. */
#pragma once
#include "pki/path.h"
#include "server/portal/run/word.h"
#include "server/signer/client.h"

struct trust;
/* Takes root and ca over, also on failure. The root must hash to the bureau's id; the pair must check at `now`. */
enum err trust_new(struct cert *root, struct cert *ca, const char *bureau, int64_t now,
                   struct trust **ret_t) MUST_CHECK;
void trust_free(struct trust *t);
DEFINE_AUTO(trust)

/* --- the source; set before the workers start --- */
struct trust_source {
	enum err (*list)(void *ctx, struct buf *ret_der);
	struct word_source word;
};
enum err trust_follow(struct trust *t, const struct trust_source *s) MUST_CHECK;
enum err trust_follow_signer(struct trust *t, struct signer_client *c) MUST_CHECK; /* borrows c */

/* --- the list --- */
/* A CRL that does not verify, or is older than the one held, is refused and the old one stays. */
enum err trust_set_crl(struct trust *t, struct span der) MUST_CHECK;
/* The root's own list, taken over, also on failure; NULL: this bureau has none. */
enum err trust_set_root_crl(struct trust *t, struct crl *c) MUST_CHECK;
const struct crl *trust_root_crl(const struct trust *t); /* NULL: none */
enum err trust_refresh(struct trust *t) MUST_CHECK;
/* Fetches at once when the one held is outdated or dated ahead at now: ERR_CRL_STALE when that does not help. */
enum err trust_keep_current(struct trust *t, int64_t now) MUST_CHECK;
int trust_listed(struct trust *t, const char *serial); /* 0 good, 1 revoked, 2 suspended, by the list held */
enum err trust_crl_der(struct trust *t, struct buf *out) MUST_CHECK; /* ERR_ABSENT before the first */
struct trust_crl_info {
	uint64_t number;
	int64_t this_update, next_update;
};
enum err trust_crl_info(struct trust *t, struct trust_crl_info *ret_i) MUST_CHECK;

/* --- certificates --- */
/* signing certificate; of its status nothing */
enum err trust_path(struct trust *t, const struct cert *leaf, int64_t now) MUST_CHECK;
/* path.h's errors; the status by the source now (ERR_STATUS_AWAY), or by the list (ERR_CRL_STALE). */
enum err trust_check(struct trust *t, const struct cert *leaf, int64_t now) MUST_CHECK;
/* ERR_CERT_REVOKED, ERR_CERT_SUSPENDED, ERR_STATUS_AWAY: of a certificate that passed trust_check(), by a word that is
 * at most WORD_MS old. */
enum err trust_still_good(struct trust *t, const char *serial) MUST_CHECK;
enum err trust_journal_seq(struct trust *t, uint64_t *ret_seq) MUST_CHECK; /* by the same word; 0 without a source */
int trust_status(struct trust *t, const char *serial); /* the newest word, or the list's while there is none */
const struct cert *trust_root(const struct trust *t);
const struct cert *trust_ca(const struct trust *t);
