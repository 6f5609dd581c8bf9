#include "gm/sm4.h"
#include "gm/kdf.h"
#include "gm/ossl.h"
#include "gm/rand.h"
#include "gm/sm3.h"
#include <string.h>

enum { SM4_DATA_MAX = 1 << 30 };

struct job {
	const EVP_CIPHER *cipher;
	struct span key, iv, in;
	int encrypt, pad;
	uint8_t *out;
	size_t len;
};

/* Writes at most in.len + one block to out and sets len. False on any failure, wrong padding among them. */
static bool crypt_with(EVP_CIPHER_CTX *ctx, struct job *j)
{
	int some = 0, rest = 0;
	if (EVP_CipherInit_ex2(ctx, j->cipher, j->key.ptr, j->iv.ptr, j->encrypt, NULL) != 1)
		return false;
	if (EVP_CIPHER_CTX_set_padding(ctx, j->pad) != 1)
		return false;
	if (j->in.len > 0 && EVP_CipherUpdate(ctx, j->out, &some, j->in.ptr, (int)j->in.len) != 1)
		return false;
	if (EVP_CipherFinal_ex(ctx, j->out + some, &rest) != 1)
		return false;
	j->len = (size_t)some + (size_t)rest;
	return true;
}

static enum err run(struct job *j, struct buf *out)
{
	size_t before = out->len;
	if (j->key.len != SM4_KEY_LEN || j->in.len > SM4_DATA_MAX)
		return ERR(LIMIT, "SM4 key or data length");
	/* Only padded encryption grows; the others are given no more room than they need, so exact maxima work. */
	j->out = buf_room(out, j->in.len + (j->pad == 1 && j->encrypt == 1 ? SM4_BLOCK - j->in.len % SM4_BLOCK : 0));
	TRY(buf_err(out));
	if (j->out == NULL)
		return ERR_OK;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool ok = ctx != NULL && crypt_with(ctx, j);
	EVP_CIPHER_CTX_free(ctx);
	if (!ok) {
		wipe(j->out, out->len - before);
		buf_cut(out, before);
		return OSSL_FAIL(SYNTAX, "SM4 data or padding");
	}
	buf_cut(out, before + j->len);
	return ERR_OK;
}

static enum err cbc(struct span key, struct span iv, struct span in, int encrypt, struct buf *out)
{
	struct job j = {.cipher = ossl()->sm4_cbc, .key = key, .iv = iv, .in = in, .encrypt = encrypt, .pad = 1};
	if (iv.len != SM4_BLOCK)
		return ERR(LIMIT, "SM4 iv length");
	return run(&j, out);
}

enum err sm4_cbc_encrypt(struct span key, struct span iv, struct span in, struct buf *out)
{
	return cbc(key, iv, in, 1, out);
}

enum err sm4_cbc_decrypt(struct span key, struct span iv, struct span in, struct buf *out)
{
	if (in.len == 0 || in.len % SM4_BLOCK != 0)
		return ERR(SYNTAX, "%zu octets are no SM4-CBC ciphertext", in.len);
	return cbc(key, iv, in, 0, out);
}

enum err sm4_ctr(struct span key, struct span iv, struct span in, struct buf *out)
{
	struct job j = {.cipher = ossl()->sm4_ctr, .key = key, .iv = iv, .in = in, .encrypt = 1};
	if (iv.len != SM4_BLOCK)
		return ERR(LIMIT, "SM4 iv length");
	return run(&j, out);
}

enum err sm4_ecb(struct span key, bool encrypt, struct span in, struct buf *out)
{
	struct job j = {.cipher = ossl()->sm4_ecb, .key = key, .in = in, .encrypt = encrypt};
	if (in.len % SM4_BLOCK != 0)
		return ERR(SYNTAX, "%zu octets are no whole SM4 blocks", in.len);
	return run(&j, out);
}

/* --- sealed form --- */
struct seal_keys {
	uint8_t cipher[SM4_KEY_LEN], mac[SM3_LEN];
};

static enum err seal_keys_make(struct span key, struct seal_keys *ret_k)
{
	if (key.len != SEAL_KEY_LEN)
		return ERR(LIMIT, "seal key of %zu octets", key.len);
	return kdf_sm3(key, "yinxin seal", SPAN_EMPTY, (uint8_t *)ret_k, sizeof(*ret_k));
}

static enum err seal_mac(const struct seal_keys *k, struct span aad, struct span iv_cipher, uint8_t ret_mac[SM3_LEN])
{
	uint8_t len[8];
	for (int i = 0; i < 8; i++)
		len[i] = (uint8_t)((uint64_t)aad.len >> (56 - 8 * i));
	const struct span parts[] = {SPAN_ARR(len), aad, iv_cipher};
	return hmac_sm3(SPAN_ARR(k->mac), parts, COUNT_OF(parts), ret_mac);
}

static enum err close_with(const struct seal_keys *k, struct span aad, struct span plain, struct buf *out)
{
	uint8_t iv[SM4_BLOCK], mac[SM3_LEN];
	size_t before = out->len;
	TRY(rand_bytes(iv, sizeof(iv)));
	buf_put(out, SPAN_ARR(iv));
	TRY(sm4_ctr(SPAN_ARR(k->cipher), SPAN_ARR(iv), plain, out));
	TRY(seal_mac(k, aad, span_sub(buf_span(out), before, out->len - before), mac));
	buf_put(out, SPAN_ARR(mac));
	return buf_err(out);
}

enum err seal_close(struct span key, struct span aad, struct span plain, struct buf *out)
{
	struct seal_keys k;
	size_t before = out->len;
	TRY(seal_keys_make(key, &k));
	enum err e = close_with(&k, aad, plain, out);
	if (e != ERR_OK)
		buf_cut(out, before);
	wipe(&k, sizeof(k));
	return e;
}

static enum err open_with(const struct seal_keys *k, struct span aad, struct span sealed, struct buf *out)
{
	uint8_t mac[SM3_LEN];
	size_t signed_len = sealed.len - SM3_LEN;
	TRY(seal_mac(k, aad, span_sub(sealed, 0, signed_len), mac));
	if (!ct_equal(SPAN_ARR(mac), span_sub(sealed, signed_len, SM3_LEN)))
		return ERR(SIG, "sealed octets were changed, or another key or context");
	return sm4_ctr(SPAN_ARR(k->cipher), span_sub(sealed, 0, SM4_BLOCK),
	               span_sub(sealed, SM4_BLOCK, signed_len - SM4_BLOCK), out);
}

enum err seal_open(struct span key, struct span aad, struct span sealed, struct buf *out)
{
	struct seal_keys k;
	if (sealed.len < SEAL_OVERHEAD)
		return ERR(SIG, "sealed octets too short");
	TRY(seal_keys_make(key, &k));
	enum err e = open_with(&k, aad, sealed, out);
	wipe(&k, sizeof(k));
	return e;
}
