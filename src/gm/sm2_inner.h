/* Between sm2.c (keys), sm2_sign.c and sm2_crypt.c only. */
#pragma once
#include "gm/ossl.h"
#include "gm/sm2.h"

struct sm2_key {
	struct secret *scalar;
	struct sm2_pub pub;
	EVP_PKEY *pkey;
};
/* Public half only; caller frees. The point was checked by sm2_pub_parse or is checked by libcrypto here: ERR_SYNTAX.
 */
enum err sm2_pkey(const struct sm2_pub *p, EVP_PKEY **ret_pkey) MUST_CHECK;
