/* OCSP answers that this process may give again: about one certificate, without a nonce, as the notary gave them.
 *
 * One is good as long as the signer's journal, as the notary knows it, has not grown and its own validity lasts. How
 * far the journal has come is asked every OCSP_CACHE_LOOK_MS while answers are wanted; when the notary does not say,
 * nothing is given, and nobody asks for OCSP_CACHE_RETRY_MS: a notary that hangs costs one wait, not one for each
 * worker. So a suspension shows as soon as the notary has it and that time has passed. */
#pragma once
#include "gm/sm3.h"
#include "server/notary/client.h"

enum { OCSP_CACHE_SLOTS = 16384, OCSP_CACHE_LOOK_MS = 200, OCSP_CACHE_RETRY_MS = 300, OCSP_CACHE_LEFT_SEC = 5 };
struct ocsp_cache;
struct ocsp_kept {
	struct notary_times times;
	uint8_t tag[SM3_LEN]; /* SM3 of the answer */
};
enum err ocsp_cache_new(struct ocsp_cache **ret_c) MUST_CHECK;
void ocsp_cache_free(struct ocsp_cache *c);
/* How far the journal has come, asked anew when it is time; ERR_UNAVAILABLE. For get and put. */
enum err ocsp_cache_seq(struct ocsp_cache *c, struct notary_client *n, uint64_t *ret_seq) MUST_CHECK;
/* Appends the kept answer to these octets; ERR_ABSENT. now: the bureau's clock. */
enum err ocsp_cache_get(struct ocsp_cache *c, struct span request, uint64_t seq, int64_t now, struct buf *out,
                        struct ocsp_kept *ret_k) MUST_CHECK;
/* Keeps a copy; seq is from before the answer was asked for. */
void ocsp_cache_put(struct ocsp_cache *c, struct span request, uint64_t seq, struct span response,
                    const struct ocsp_kept *k);
