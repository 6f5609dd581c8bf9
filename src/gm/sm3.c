#include "gm/sm3.h"
#include "base/secret.h"
#include "base/text.h"
#include "gm/ossl.h"
#include <stdlib.h>
#include <string.h>

enum { SM3_BLOCK = 64 };

struct sm3 {
	EVP_MD_CTX *ctx;
};

enum err sm3_new(struct sm3 **ret_h)
{
	AUTO(sm3) h = calloc(1, sizeof(*h));
	if (h == NULL || (h->ctx = EVP_MD_CTX_new()) == NULL)
		return OSSL_FAIL(NOMEM, "sm3");
	if (EVP_DigestInit_ex2(h->ctx, ossl()->sm3, NULL) != 1)
		return OSSL_FAIL(INTERNAL, "sm3 init");
	*ret_h = STEAL(h);
	return ERR_OK;
}

void sm3_free(struct sm3 *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

enum err sm3_update(struct sm3 *h, struct span s)
{
	if (s.len > 0 && EVP_DigestUpdate(h->ctx, s.ptr, s.len) != 1)
		return OSSL_FAIL(INTERNAL, "sm3 update");
	return ERR_OK;
}

enum err sm3_final(struct sm3 *h, uint8_t ret_digest[SM3_LEN])
{
	if (EVP_DigestFinal_ex(h->ctx, ret_digest, NULL) != 1)
		return OSSL_FAIL(INTERNAL, "sm3 final");
	return ERR_OK;
}

enum err sm3_digest(struct span s, uint8_t ret_digest[SM3_LEN])
{
	return sm3_digest_n(&s, 1, ret_digest);
}

enum err sm3_hex(struct span s, char ret_hex[SM3_HEX_LEN + 1])
{
	uint8_t digest[SM3_LEN];

	TRY(sm3_digest(s, digest));
	text_hex_str(SPAN_ARR(digest), ret_hex);
	return ERR_OK;
}

enum err sm3_digest_n(const struct span *parts, size_t n, uint8_t ret_digest[SM3_LEN])
{
	AUTO(sm3) h = NULL;
	TRY(sm3_new(&h));
	for (size_t i = 0; i < n; i++)
		TRY(sm3_update(h, parts[i]));
	return sm3_final(h, ret_digest);
}

/* One of the two nested digests of RFC 2104: SM3((key ^ pad) || parts). */
static enum err padded_digest(const uint8_t key[SM3_BLOCK], uint8_t pad, const struct span *parts, size_t n,
                              uint8_t ret_digest[SM3_LEN])
{
	AUTO(sm3) h = NULL;
	uint8_t block[SM3_BLOCK];
	TRY(sm3_new(&h));
	for (size_t i = 0; i < SM3_BLOCK; i++)
		block[i] = key[i] ^ pad;
	enum err e = sm3_update(h, SPAN_ARR(block));
	wipe(block, sizeof(block));
	TRY(e);
	for (size_t i = 0; i < n; i++)
		TRY(sm3_update(h, parts[i]));
	return sm3_final(h, ret_digest);
}

static enum err nested(const uint8_t key[SM3_BLOCK], const struct span *parts, size_t n, uint8_t ret_mac[SM3_LEN])
{
	uint8_t inner[SM3_LEN];
	TRY(padded_digest(key, 0x36, parts, n, inner));
	struct span s = SPAN_ARR(inner);
	return padded_digest(key, 0x5c, &s, 1, ret_mac);
}

enum err hmac_sm3(struct span key, const struct span *parts, size_t n, uint8_t ret_mac[SM3_LEN])
{
	uint8_t block[SM3_BLOCK] = {0};
	if (key.len > SM3_BLOCK)
		TRY(sm3_digest(key, block));
	else if (key.len > 0)
		memcpy(block, key.ptr, key.len);
	enum err e = nested(block, parts, n, ret_mac);
	wipe(block, sizeof(block));
	return e;
}
