/* Calls to escrow, one connection per call. Used by the signer alone: escrow refuses every other uid.
 * ERR_UNAVAILABLE when escrow is down, ERR_STATE when a request is not permitted in its state. */
#pragma once
#include "base/secret.h"
#include "gm/sm2.h"
#include "server/escrow/proto.h"

struct escrow_client; /* holds the socket path; thread safe */
enum err escrow_client_new(const char *socket_path, struct escrow_client **ret_c) MUST_CHECK;
void escrow_client_free(struct escrow_client *c);
DEFINE_AUTO(escrow_client)

struct escrow_hello {
	enum escrow_state state;
	uint64_t count;   /* records in the vault */
	uint8_t head[32]; /* of its chain */
};
enum err escrow_hello(struct escrow_client *c, struct escrow_hello *ret_h) MUST_CHECK;
/* The ceremony's: public halves of the two recovery keys. Once only: ERR_STATE afterwards. */
enum err escrow_setup(struct escrow_client *c, const struct sm2_pub *desk, const struct sm2_pub *legal) MUST_CHECK;
/* A new encryption pair for the owner of this signing key. evidence: SM3 of the approval, and the request's id: the
 * same three again give the same answer, the same evidence with another owner or key is ERR_CONFLICT. ret_enveloped is
 * appended to: SM2EnvelopedKey (pki/envelope.h), at most ENVELOPED_KEY_MAX octets. */
enum err escrow_keypair(struct escrow_client *c, const char *owner, const struct sm2_pub *signing,
                        const uint8_t evidence[32], struct sm2_pub *ret_pub, struct buf *ret_enveloped) MUST_CHECK;
enum err escrow_data_key(struct escrow_client *c, struct secret **ret_key) MUST_CHECK; /* 32 octets */
/* The card's unlock key (32 octets), SM2-encrypted to its device key; appended to ret_cipher. */
enum err escrow_unlock_key(struct escrow_client *c, const char *card_serial, const struct sm2_pub *device,
                           struct buf *ret_cipher) MUST_CHECK;
