/* SM2EnvelopedKey (GM/T 0009-2012 7.4, GB/T 35276-2017 7.4): an encryption key pair, wrapped by a fresh SM4 key (ECB,
 * no padding, 32 octets) that is SM2-encrypted to the recipient's signing public key. */
#pragma once
#include "gm/sm2.h"

enum { ENVELOPED_KEY_MAX = 1024 };
enum err enveloped_key_close(const struct sm2_pub *to, const struct sm2_key *pair, struct buf *out) MUST_CHECK;
/* Accepts algorithm 104 and 104.1 and plaintexts of 32 or 64 octets (leading zeros); checks d*G == public key: ERR_SIG.
 */
enum err enveloped_key_open(struct span der, const struct sm2_key *by, struct sm2_key **ret_pair) MUST_CHECK;
/* Parts for the SKF ENVELOPEDKEYBLOB (GM/T 0016-2012). */
struct enveloped_parts {
	uint8_t sym_cipher_x[32], sym_cipher_y[32], sym_hash[32], sym_cipher[64];
	size_t sym_cipher_len;
	struct sm2_pub pub;
	uint8_t enc_key[64];
	size_t enc_key_len; /* 32 or 64 */
};
enum err enveloped_key_split(struct span der, struct enveloped_parts *ret_p) MUST_CHECK;
enum err enveloped_key_join(const struct enveloped_parts *p, struct buf *out) MUST_CHECK;
