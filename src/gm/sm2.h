/* SM2 (GB/T 32918, curve sm2p256v1). Signatures always with the id 1234567812345678 (GM/T 0009-2012 clause 10): the one
 * pair gm_sign/gm_verify of the project; no other function signs or verifies.
 * Public key: 65 octets 04||X||Y. Signature: 64 octets r||s; DER form by sm2_sig_der. Ciphertext: DER SM2Cipher, C1 C3
 * C2 (GM/T 0009-2012 7.2). Scalars are 32 octets in [1, n-2]. */
#pragma once
#include "base/buf.h"
#include "base/secret.h"

enum { SM2_PUB_LEN = 65, SM2_SIG_LEN = 64, SM2_SCALAR_LEN = 32, SM2_PLAIN_MAX = 1024 };
struct sm2_pub {
	uint8_t b[SM2_PUB_LEN];
};
struct sm2_sig {
	uint8_t b[SM2_SIG_LEN];
};
struct sm2_key; /* private key */

enum err sm2_key_new(struct sm2_key **ret_k) MUST_CHECK; /* random */
/* ERR_CERT_PROFILE: out of range -> ERR_SYNTAX */
enum err sm2_key_from(struct span scalar, struct sm2_key **ret_k) MUST_CHECK;
void sm2_key_free(struct sm2_key *k);
DEFINE_AUTO(sm2_key)
const struct sm2_pub *sm2_key_pub(const struct sm2_key *k);
struct span sm2_key_scalar(const struct sm2_key *k); /* borrow, secret */
/* checks the curve equation; ERR_SYNTAX */
enum err sm2_pub_parse(struct span point, struct sm2_pub *ret_p) MUST_CHECK;

enum err gm_sign(const struct sm2_key *k, struct span msg, struct sm2_sig *ret_s) MUST_CHECK;
enum err gm_verify(const struct sm2_pub *p, struct span msg, const struct sm2_sig *s) MUST_CHECK; /* ERR_SIG */
/* How often this process has verified a signature: for tests and measurements. */
uint64_t gm_verifications(void);
/* e = SM3(Z || msg): what a card signs (SKF_ECCSignData) when Z is computed outside. */
enum err sm2_digest(const struct sm2_pub *p, struct span msg, uint8_t ret_e[32]) MUST_CHECK;
enum err gm_sign_e(const struct sm2_key *k, const uint8_t e[32], struct sm2_sig *ret_s) MUST_CHECK;
enum err gm_verify_e(const struct sm2_pub *p, const uint8_t e[32], const struct sm2_sig *s) MUST_CHECK;
enum err sm2_sig_der(const struct sm2_sig *s, struct buf *out) MUST_CHECK;
enum err sm2_sig_from_der(struct span der, struct sm2_sig *ret_s) MUST_CHECK; /* strict DER; ERR_DER */

/* plain 1..SM2_PLAIN_MAX */
enum err sm2_encrypt(const struct sm2_pub *p, struct span plain, struct buf *out) MUST_CHECK;
enum err sm2_decrypt(const struct sm2_key *k, struct span cipher, struct buf *out) MUST_CHECK; /* ERR_SIG */
/* Raw Diffie-Hellman x coordinate for the card channel (not the SM2 key exchange of GB/T 32918.3). */
enum err sm2_ecdh(const struct sm2_key *k, const struct sm2_pub *peer, uint8_t ret_x[32]) MUST_CHECK;
