#include "gm/start.h"
#include "gm/ossl.h"
#include "gm/rand.h"
#include "gm/sm2.h"
#include "gm/sm3.h"
#include "gm/sm4.h"
#include <pthread.h>
#include <string.h>

static struct ossl state;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static BIGNUM *order_less_2(const EC_GROUP *group)
{
	BIGNUM *n = group == NULL ? NULL : BN_dup(EC_GROUP_get0_order(group));
	if (n != NULL && BN_sub_word(n, 2) != 1) {
		BN_free(n);
		return NULL;
	}
	return n;
}

static void load(void)
{
	state.sm3 = EVP_MD_fetch(NULL, "SM3", NULL);
	state.sm4_cbc = EVP_CIPHER_fetch(NULL, "SM4-CBC", NULL);
	state.sm4_ctr = EVP_CIPHER_fetch(NULL, "SM4-CTR", NULL);
	state.sm4_ecb = EVP_CIPHER_fetch(NULL, "SM4-ECB", NULL);
	state.group = EC_GROUP_new_by_curve_name(NID_sm2);
	state.order_less_2 = order_less_2(state.group);
	INVARIANT(state.sm3 != NULL && state.sm4_cbc != NULL && state.sm4_ctr != NULL && state.sm4_ecb != NULL);
	INVARIANT(state.group != NULL && state.order_less_2 != NULL);
}

const struct ossl *ossl(void)
{
	INVARIANT(pthread_once(&once, load) == 0);
	return &state;
}

/* GB/T 32905-2016, A.1: digest of "abc". */
static enum err check_sm3(void)
{
	static const uint8_t want[SM3_LEN] = {
		0x66, 0xc7, 0xf0, 0xf4, 0x62, 0xee, 0xed, 0xd9, 0xd1, 0xf2, 0xd4, 0x6b, 0xdc, 0x10, 0xe4, 0xe2,
		0x41, 0x67, 0xc4, 0x87, 0x5c, 0xf2, 0xf7, 0xa2, 0x29, 0x7d, 0xa0, 0x2b, 0x8f, 0x4b, 0xa8, 0xe0,
	};
	uint8_t got[SM3_LEN];
	TRY(sm3_digest(SPAN_LIT("abc"), got));
	if (memcmp(got, want, SM3_LEN) != 0)
		return ERR(INTERNAL, "SM3 known answer differs");
	return ERR_OK;
}

/* GB/T 32907-2016, A.1: key and plain text are the same 16 octets. */
static enum err check_sm4(void)
{
	static const uint8_t key[SM4_KEY_LEN] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
	                                         0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};
	static const uint8_t want[SM4_BLOCK] = {0x68, 0x1e, 0xdf, 0x34, 0xd2, 0x06, 0x96, 0x5e,
	                                        0x86, 0xb3, 0xe9, 0x4f, 0x53, 0x6e, 0x42, 0x46};
	AUTO_BUF(out, SM4_BLOCK);
	TRY(sm4_ecb(SPAN_ARR(key), true, SPAN_ARR(key), &out));
	if (!span_eq(buf_span(&out), SPAN_ARR(want)))
		return ERR(INTERNAL, "SM4 known answer differs");
	return ERR_OK;
}

/* SM2 signatures are randomised: pairwise consistency, and a changed message must fail. */
static enum err check_sm2(void)
{
	AUTO(sm2_key) k = NULL;
	struct sm2_sig sig;
	TRY(sm2_key_new(&k));
	TRY(gm_sign(k, SPAN_LIT("abc"), &sig));
	TRY(gm_verify(sm2_key_pub(k), SPAN_LIT("abc"), &sig));
	if (gm_verify(sm2_key_pub(k), SPAN_LIT("abd"), &sig) != ERR_SIG)
		return ERR(INTERNAL, "SM2 verifies a changed message");
	err_clear();
	return ERR_OK;
}

enum err gm_start(void)
{
	uint8_t byte;
	(void)ossl();
	TRY(rand_bytes(&byte, 1));
	TRY(check_sm3());
	TRY(check_sm4());
	return check_sm2();
}
