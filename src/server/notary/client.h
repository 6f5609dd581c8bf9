/* Calls to the notary; a few connections are kept between calls. Used by the ceremony, the portal and tests.
 * ERR_UNAVAILABLE when the notary is down or knows nothing new from the signer (a retry may help). */
#pragma once
#include "pki/cert.h"
#include "server/notary/proto.h"

struct notary_client; /* holds the socket path; thread safe */
enum err notary_client_new(const char *socket_path, struct notary_client **ret_c) MUST_CHECK;
void notary_client_free(struct notary_client *c);
DEFINE_AUTO(notary_client)

struct notary_hello {
	enum notary_state state;
	uint64_t epoch, size, journal_seq; /* of the last head; of the newest feed */
	uint8_t root[32];
	int64_t feed_time;
	struct cert *ocsp, *tsa, *log; /* NULL before INSTALL */
};
enum err notary_hello(struct notary_client *c, struct notary_hello *ret_h) MUST_CHECK;
void notary_hello_done(struct notary_hello *h);
enum { NOTARY_ALIVE_MS = 1000 };
/* the journal's number alone, within NOTARY_ALIVE_MS */
enum err notary_seq(struct notary_client *c, uint64_t *ret_seq) MUST_CHECK;
enum err notary_alive(struct notary_client *c) MUST_CHECK; /* it answers, within NOTARY_ALIVE_MS */

/* The ceremony. Three requests out; the five certificates in. */
enum { NOTARY_KEYS = 3 }; /* in the order "ocsp", "tsa", "log" */
extern const char *const notary_kinds[NOTARY_KEYS];
struct notary_csrs {
	struct buf der[NOTARY_KEYS];
};
void notary_csrs_done(struct notary_csrs *r);
enum err notary_setup(struct notary_client *c, struct notary_csrs *ret_r) MUST_CHECK;
enum err notary_install(struct notary_client *c, struct span root, struct span ca,
                        const struct span certs[NOTARY_KEYS]) MUST_CHECK;

/* DER in, DER out (appended): failures of the protocols too are answers. */
/* The times of an answer about one certificate without a nonce, which others may be given too; 0, 0 of all others. */
struct notary_times {
	int64_t this_update, next_update;
};
enum err notary_ocsp(struct notary_client *c, struct span request, struct buf *ret_response,
                     struct notary_times *ret_t) MUST_CHECK;
enum err notary_stamp(struct notary_client *c, struct span request, struct buf *ret_response) MUST_CHECK;
/* The status of these certificates as of now, as an OCSP response to keep; ERR_UNAVAILABLE when nothing fresh is known.
 * The second waits for at most within_ms. */
enum err notary_status(struct notary_client *c, const char *const *serials, size_t n,
                       struct buf *ret_response) MUST_CHECK;
enum err notary_status_within(struct notary_client *c, const char *const *serials, size_t n, int within_ms,
                              struct buf *ret_response) MUST_CHECK;

struct notary_head_ask {
	uint64_t epoch, size, journal_seq; /* journal_seq: the signer's journal is in the log up to here */
	const uint8_t *root;               /* 32 octets */
	/* of consistency with the last head (notary_hello: size, root); none from size 0 */
	const uint8_t (*proof)[32];
	size_t n_proof;
};
struct notary_signed {
	struct buf text, sig, token; /* token: RFC 3161 over SM3 of text; empty for a seal */
};
void notary_signed_done(struct notary_signed *s);
/* ERR_STATE, ERR_PROOF: not an extension of the last head; ERR_STALE: an older entry of the signer's journal is
 * missing. */
enum err notary_head(struct notary_client *c, const struct notary_head_ask *a, struct notary_signed *ret_s) MUST_CHECK;
/* digest: the leaf's hash; a holds the last head and the proof of inclusion. ERR_PROOF: not in the log. */
enum err notary_seal(struct notary_client *c, const uint8_t digest[32], uint64_t leaf, const struct notary_head_ask *a,
                     struct notary_signed *ret_s) MUST_CHECK;
