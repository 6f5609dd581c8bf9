#include "gm/der.h"
#include "gm/sm2_inner.h"
#include <string.h>

enum { CIPHER_DER_MAX = SM2_PLAIN_MAX + 128, ENCRYPT_TRIES = 32 };

/* C2 of a DER SM2Cipher (GM/T 0009-2012, 7.2); checks form and that C1 is a point of the curve. */
static enum err cipher_parse(struct span der, struct span *ret_c2)
{
	struct span seq, x, y, hash, c2;
	struct sm2_pub c1 = {.b = {0x04}}, checked;
	TRY(der_take(&der, DER_SEQ, &seq));
	TRY(der_end(der, "SM2Cipher"));
	TRY(der_take_uint(&seq, 32, &x));
	TRY(der_take_uint(&seq, 32, &y));
	TRY(der_take(&seq, DER_OCTETS, &hash));
	TRY(der_take(&seq, DER_OCTETS, &c2));
	TRY(der_end(seq, "SM2Cipher"));
	if (hash.len != 32 || c2.len == 0 || c2.len > SM2_PLAIN_MAX)
		return ERR(DER, "GM/T 0009-2012, 7.2: hash or text length");
	memcpy(c1.b + 33 - x.len, x.ptr, x.len);
	memcpy(c1.b + 65 - y.len, y.ptr, y.len);
	TRY(sm2_pub_parse(SPAN_ARR(c1.b), &checked));
	*ret_c2 = c2;
	return ERR_OK;
}

static bool encrypt_once(EVP_PKEY *key, struct span plain, uint8_t *out, size_t *len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool ok = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 &&
	          EVP_PKEY_encrypt(ctx, out, len, plain.ptr, plain.len) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* GB/T 32918.4-2016, 6.1 A5: an all-zero key stream, likely for very short texts, starts again. */
static enum err encrypt_with(EVP_PKEY *key, struct span plain, struct buf *out)
{
	uint8_t der[CIPHER_DER_MAX];
	for (int i = 0; i < ENCRYPT_TRIES; i++) {
		struct span c2;
		size_t len = sizeof(der);
		if (!encrypt_once(key, plain, der, &len))
			return OSSL_FAIL(INTERNAL, "cannot encrypt");
		TRY(cipher_parse(span_of(der, len), &c2));
		if (c2.len == plain.len && ct_equal(c2, plain))
			continue;
		buf_put(out, span_of(der, len));
		return buf_err(out);
	}
	return ERR(INTERNAL, "key stream is always zero");
}

enum err sm2_encrypt(const struct sm2_pub *p, struct span plain, struct buf *out)
{
	EVP_PKEY *key;
	if (plain.len == 0 || plain.len > SM2_PLAIN_MAX)
		return ERR(LIMIT, "%zu octets to encrypt", plain.len);
	TRY(sm2_pkey(p, &key));
	enum err e = encrypt_with(key, plain, out);
	EVP_PKEY_free(key);
	return e;
}

static bool decrypt_once(EVP_PKEY *key, struct span cipher, uint8_t *out, size_t *len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool ok = ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 &&
	          EVP_PKEY_decrypt(ctx, out, len, cipher.ptr, cipher.len) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

enum err sm2_decrypt(const struct sm2_key *k, struct span cipher, struct buf *out)
{
	struct span c2;
	uint8_t plain[CIPHER_DER_MAX];
	size_t len = sizeof(plain);
	if (cipher.len > CIPHER_DER_MAX || cipher_parse(cipher, &c2) != ERR_OK)
		return ERR(SIG, "not an SM2Cipher");
	/* GB/T 32918.4-2016, 7.1 B4: an all-zero key stream is refused. */
	bool ok = decrypt_once(k->pkey, cipher, plain, &len) && len == c2.len && !ct_equal(c2, span_of(plain, len));
	if (ok)
		buf_put(out, span_of(plain, len));
	wipe(plain, sizeof(plain));
	if (!ok)
		return OSSL_FAIL(SIG, "SM2 ciphertext does not open with this key");
	return buf_err(out);
}
