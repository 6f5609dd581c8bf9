/* The only door to libcrypto. Its headers have a type named ERR_STATE, which our error table uses as a constant:
 * the type is renamed while they are read. Only src/gm includes this. */
#pragma once
#define ERR_STATE ossl_err_state_type
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#undef ERR_STATE
#include "base/err.h"

/* Algorithms fetched once for the process; aborts when libcrypto lacks them, see gm_start. */
struct ossl {
	EVP_MD *sm3;
	EVP_CIPHER *sm4_cbc, *sm4_ctr, *sm4_ecb;
	EC_GROUP *group;
	BIGNUM *order_less_2; /* n - 2 */
};
const struct ossl *ossl(void);
/* Empties libcrypto's own error queue, so that it cannot grow, and raises ours. */
#define OSSL_FAIL(name, ...) (ERR_clear_error(), ERR(name, __VA_ARGS__))
