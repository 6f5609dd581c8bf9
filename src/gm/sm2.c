#include "gm/der.h"
#include "gm/rand.h"
#include "gm/sm2_inner.h"
#include <stdlib.h>
#include <string.h>

enum { NEW_TRIES = 64 };

/* Key type "SM2", never "EC": the latter would make ECDSA on this curve. scalar NULL: public half only. */
static EVP_PKEY *pkey_from(const struct sm2_pub *p, const BIGNUM *scalar)
{
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params = NULL;
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
	bool ok = b != NULL && ctx != NULL &&
	          OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0) == 1 &&
	          OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, p->b, SM2_PUB_LEN) == 1 &&
	          (scalar == NULL || OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1);
	if (ok && (params = OSSL_PARAM_BLD_to_param(b)) != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &key, scalar == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

enum err sm2_pkey(const struct sm2_pub *p, EVP_PKEY **ret_pkey)
{
	/* libcrypto would take the hybrid form 06/07 too. */
	EVP_PKEY *key = p->b[0] == 0x04 ? pkey_from(p, NULL) : NULL;
	if (key == NULL)
		return OSSL_FAIL(SYNTAX, "public key is not a point of the curve");
	*ret_pkey = key;
	return ERR_OK;
}

/* d*G; libcrypto takes the ladder with blinding for a single secret factor. */
static bool point_of(const BIGNUM *scalar, struct sm2_pub *ret_p)
{
	const EC_GROUP *g = ossl()->group;
	EC_POINT *q = EC_POINT_new(g);
	bool ok = q != NULL && EC_POINT_mul(g, q, scalar, NULL, NULL, NULL) == 1 &&
	          EC_POINT_point2oct(g, q, POINT_CONVERSION_UNCOMPRESSED, ret_p->b, SM2_PUB_LEN, NULL) == SM2_PUB_LEN;
	EC_POINT_clear_free(q);
	return ok;
}

/* GB/T 32918.1-2016, 6.1: d in [1, n-2]. */
static BIGNUM *scalar_bn(struct span scalar)
{
	BIGNUM *d = BN_secure_new();
	if (d == NULL || BN_bin2bn(scalar.ptr, SM2_SCALAR_LEN, d) == NULL || BN_is_zero(d) ||
	    BN_cmp(d, ossl()->order_less_2) > 0) {
		BN_clear_free(d);
		return NULL;
	}
	BN_set_flags(d, BN_FLG_CONSTTIME);
	return d;
}

enum err sm2_key_from(struct span scalar, struct sm2_key **ret_k)
{
	if (scalar.len != SM2_SCALAR_LEN)
		return ERR(SYNTAX, "private key of %zu octets", scalar.len);
	AUTO(sm2_key) k = calloc(1, sizeof(*k));
	if (k == NULL)
		return ERR(NOMEM, "sm2 key");
	TRY(secret_from(scalar, &k->scalar));
	BIGNUM *d = scalar_bn(scalar);
	if (d == NULL)
		return OSSL_FAIL(SYNTAX, "GB/T 32918.1-2016, 6.1: private key is out of range");
	bool ok = point_of(d, &k->pub) && (k->pkey = pkey_from(&k->pub, d)) != NULL;
	BN_clear_free(d);
	if (!ok)
		return OSSL_FAIL(INTERNAL, "cannot make the key pair");
	*ret_k = STEAL(k);
	return ERR_OK;
}

enum err sm2_key_new(struct sm2_key **ret_k)
{
	AUTO(secret) s = NULL;
	TRY(secret_new(SM2_SCALAR_LEN, &s));
	/* Out of range happens once in 2^32; more than a few in a row is a broken generator. */
	for (int i = 0; i < NEW_TRIES; i++) {
		TRY(rand_bytes(secret_ptr(s), SM2_SCALAR_LEN));
		enum err e = sm2_key_from(secret_span(s), ret_k);
		if (e != ERR_SYNTAX)
			return e;
		err_clear();
	}
	return ERR(INTERNAL, "random scalars are never in range");
}

void sm2_key_free(struct sm2_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	secret_free(k->scalar);
	free(k);
}

const struct sm2_pub *sm2_key_pub(const struct sm2_key *k)
{
	return &k->pub;
}

struct span sm2_key_scalar(const struct sm2_key *k)
{
	return secret_span(k->scalar);
}

static bool on_curve(struct span point, EC_POINT *ret_q)
{
	/* oct2point checks coordinates below p and the curve equation; the cofactor is 1. */
	return point.len == SM2_PUB_LEN && point.ptr[0] == 0x04 && ret_q != NULL &&
	       EC_POINT_oct2point(ossl()->group, ret_q, point.ptr, point.len, NULL) == 1;
}

enum err sm2_pub_parse(struct span point, struct sm2_pub *ret_p)
{
	EC_POINT *q = EC_POINT_new(ossl()->group);
	bool ok = on_curve(point, q);
	EC_POINT_free(q);
	if (!ok)
		return OSSL_FAIL(SYNTAX, "public key is not a point of the curve");
	memcpy(ret_p->b, point.ptr, SM2_PUB_LEN);
	return ERR_OK;
}

static bool shared_x(const BIGNUM *d, const struct sm2_pub *peer, uint8_t out[SM2_PUB_LEN])
{
	const EC_GROUP *g = ossl()->group;
	EC_POINT *q = EC_POINT_new(g), *r = EC_POINT_new(g);
	bool ok = r != NULL && on_curve(SPAN_ARR(peer->b), q) && EC_POINT_mul(g, r, NULL, q, d, NULL) == 1 &&
	          EC_POINT_is_at_infinity(g, r) == 0 &&
	          EC_POINT_point2oct(g, r, POINT_CONVERSION_UNCOMPRESSED, out, SM2_PUB_LEN, NULL) == SM2_PUB_LEN;
	EC_POINT_free(q);
	EC_POINT_clear_free(r);
	return ok;
}

enum err sm2_ecdh(const struct sm2_key *k, const struct sm2_pub *peer, uint8_t ret_x[32])
{
	uint8_t point[SM2_PUB_LEN];
	BIGNUM *d = scalar_bn(secret_span(k->scalar));
	bool ok = d != NULL && shared_x(d, peer, point);
	BN_clear_free(d);
	if (!ok)
		return OSSL_FAIL(SYNTAX, "peer key is not a point of the curve");
	memcpy(ret_x, point + 1, 32);
	wipe(point, sizeof(point));
	return ERR_OK;
}
