#include "gm/der.h"
#include "gm/sm2_inner.h"
#include "gm/sm3.h"
#include <stdatomic.h>
#include <string.h>

enum { SIG_DER_MAX = 72 };
static _Atomic uint64_t verifications;

/* ENTL || ID || a || b || xG || yG (GB/T 32918.2-2016, 5.5; curve of GB/T 32918.5-2017). The id is set here and
 * nowhere else: libcrypto 3.0 would take the empty one. */
static const uint8_t z_prefix[] = {
	0x00, 0x80, '1',  '2',  '3',  '4',  '5',  '6',  '7',  '8',  '1',  '2',  '3',  '4',  '5',  '6',  '7',
	'8',  0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfc, 0x28,
	0xe9, 0xfa, 0x9e, 0x9d, 0x9f, 0x5e, 0x34, 0x4d, 0x5a, 0x9e, 0x4b, 0xcf, 0x65, 0x09, 0xa7, 0xf3, 0x97,
	0x89, 0xf5, 0x15, 0xab, 0x8f, 0x92, 0xdd, 0xbc, 0xbd, 0x41, 0x4d, 0x94, 0x0e, 0x93, 0x32, 0xc4, 0xae,
	0x2c, 0x1f, 0x19, 0x81, 0x19, 0x5f, 0x99, 0x04, 0x46, 0x6a, 0x39, 0xc9, 0x94, 0x8f, 0xe3, 0x0b, 0xbf,
	0xf2, 0x66, 0x0b, 0xe1, 0x71, 0x5a, 0x45, 0x89, 0x33, 0x4c, 0x74, 0xc7, 0xbc, 0x37, 0x36, 0xa2, 0xf4,
	0xf6, 0x77, 0x9c, 0x59, 0xbd, 0xce, 0xe3, 0x6b, 0x69, 0x21, 0x53, 0xd0, 0xa9, 0x87, 0x7c, 0xc6, 0x2a,
	0x47, 0x40, 0x02, 0xdf, 0x32, 0xe5, 0x21, 0x39, 0xf0, 0xa0,
};

enum err sm2_digest(const struct sm2_pub *p, struct span msg, uint8_t ret_e[32])
{
	uint8_t z[SM3_LEN];
	const struct span key[] = {SPAN_ARR(z_prefix), span_of(p->b + 1, 64)};
	TRY(sm3_digest_n(key, COUNT_OF(key), z));
	const struct span whole[] = {SPAN_ARR(z), msg};
	return sm3_digest_n(whole, COUNT_OF(whole), ret_e);
}

enum err gm_sign_e(const struct sm2_key *k, const uint8_t e[32], struct sm2_sig *ret_s)
{
	uint8_t der[SIG_DER_MAX + 8];
	size_t len = sizeof(der);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
	/* EVP_PKEY_sign takes e as it is; only EVP_DigestSign would put a Z before. */
	bool ok = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_sign(ctx, der, &len, e, 32) == 1;
	EVP_PKEY_CTX_free(ctx);
	if (!ok)
		return OSSL_FAIL(INTERNAL, "cannot sign");
	return sm2_sig_from_der(span_of(der, len), ret_s);
}

static bool verify_der(EVP_PKEY *key, const uint8_t e[32], struct span der)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool ok = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 && EVP_PKEY_verify(ctx, der.ptr, der.len, e, 32) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

uint64_t gm_verifications(void)
{
	return atomic_load_explicit(&verifications, memory_order_relaxed);
}

enum err gm_verify_e(const struct sm2_pub *p, const uint8_t e[32], const struct sm2_sig *s)
{
	AUTO_BUF(der, SIG_DER_MAX);
	EVP_PKEY *key;
	atomic_fetch_add_explicit(&verifications, 1, memory_order_relaxed);
	TRY(sm2_sig_der(s, &der));
	if (sm2_pkey(p, &key) != ERR_OK)
		return ERR(SIG, "no such public key");
	bool ok = verify_der(key, e, buf_span(&der));
	EVP_PKEY_free(key);
	if (!ok)
		return OSSL_FAIL(SIG, "SM2 signature does not verify");
	return ERR_OK;
}

enum err gm_sign(const struct sm2_key *k, struct span msg, struct sm2_sig *ret_s)
{
	uint8_t e[32];
	TRY(sm2_digest(sm2_key_pub(k), msg, e));
	return gm_sign_e(k, e, ret_s);
}

enum err gm_verify(const struct sm2_pub *p, struct span msg, const struct sm2_sig *s)
{
	uint8_t e[32];
	TRY(sm2_digest(p, msg, e));
	return gm_verify_e(p, e, s);
}

enum err sm2_sig_der(const struct sm2_sig *s, struct buf *out)
{
	size_t mark = der_open(out, DER_SEQ);
	der_put_uint(out, span_of(s->b, 32));
	der_put_uint(out, span_of(s->b + 32, 32));
	der_close(out, mark);
	return buf_err(out);
}

/* Right-aligned in 32 octets. */
static void put_right(uint8_t out[32], struct span v)
{
	memset(out, 0, 32);
	memcpy(out + 32 - v.len, v.ptr, v.len);
}

enum err sm2_sig_from_der(struct span der, struct sm2_sig *ret_s)
{
	struct span seq, r, s;
	TRY(der_take(&der, DER_SEQ, &seq));
	TRY(der_end(der, "signature"));
	TRY(der_take_uint(&seq, 32, &r));
	TRY(der_take_uint(&seq, 32, &s));
	TRY(der_end(seq, "signature"));
	put_right(ret_s->b, r);
	put_right(ret_s->b + 32, s);
	return ERR_OK;
}
