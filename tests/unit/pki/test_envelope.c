/* SM2EnvelopedKey: both ways, both lengths, parts of the blob, every flipped bit. */
#include "pki_test.h"
#include "gm/rand.h"
#include "gm/sm4.h"
#include "pki/envelope.h"
#include "pki/oid.h"
#include <string.h>

static void close_open(void **state)
{
	AUTO_BUF(der, ENVELOPED_KEY_MAX);
	AUTO(sm2_key) got = NULL;
	(void)state;
	assert_int_equal(enveloped_key_close(sm2_key_pub(b.sign_key), b.enc_key, &der), ERR_OK);
	assert_int_equal(enveloped_key_open(buf_span(&der), b.sign_key, &got), ERR_OK);
	assert_true(ct_equal(sm2_key_scalar(got), sm2_key_scalar(b.enc_key)));
	sm2_key_free(STEAL(got));
	assert_int_equal(enveloped_key_open(buf_span(&der), b.enc_key, &got), ERR_SIG);
	assert_null(got);
}

static void changed(void **state)
{
	AUTO_BUF(der, ENVELOPED_KEY_MAX);
	AUTO(sm2_key) got = NULL;
	(void)state;
	assert_int_equal(enveloped_key_close(sm2_key_pub(b.sign_key), b.enc_key, &der), ERR_OK);
	for (size_t len = 0; len < der.len; len++)
		assert_int_equal(enveloped_key_open(span_of(der.ptr, len), b.sign_key, &got), ERR_DER);
	for (size_t bit = 0; bit < der.len * 8; bit++) {
		der.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
		enum err e = enveloped_key_open(buf_span(&der), b.sign_key, &got);
		if (e != ERR_DER && e != ERR_SIG)
			fail_msg("bit %zu: %s", bit, err_name(e));
		der.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	buf_u8(&der, 0);
	assert_int_equal(enveloped_key_open(buf_span(&der), b.sign_key, &got), ERR_DER);
	while (der.len < ENVELOPED_KEY_MAX)
		buf_u8(&der, 0);
	assert_null(got);
}

struct form {
	const char *oid;
	bool null;
	size_t plain_len;
	uint8_t first; /* of the plain text */
	size_t sym_len;
	enum err want;
};

/* By hand, as other key management centres write it. */
static void forge(const struct form *f, struct buf *out)
{
	uint8_t sym[32], plain[64] = {f->first};
	AUTO_BUF(cipher, 512);
	AUTO_BUF(enc, 64);
	assert_int_equal(rand_bytes(sym, sizeof(sym)), ERR_OK);
	memcpy(plain + f->plain_len - 32, sm2_key_scalar(b.enc_key).ptr, 32);
	assert_int_equal(sm2_encrypt(sm2_key_pub(b.sign_key), span_of(sym, f->sym_len), &cipher), ERR_OK);
	assert_int_equal(sm4_ecb(span_of(sym, 16), true, span_of(plain, f->plain_len), &enc), ERR_OK);
	size_t seq = der_open(out, DER_SEQ), alg = der_open(out, DER_SEQ);
	der_put_oid(out, f->oid);
	if (f->null)
		der_put(out, DER_NULL, SPAN_EMPTY);
	der_close(out, alg);
	buf_put(out, buf_span(&cipher));
	der_put_bits(out, SPAN_ARR(sm2_key_pub(b.enc_key)->b));
	der_put_bits(out, buf_span(&enc));
	der_close(out, seq);
}

static void forms(void **state)
{
	static const struct form row[] = {
		{OID_SM4_ECB, true, 32, 0, 16, ERR_OK},  {OID_SM4_ECB, false, 32, 0, 16, ERR_OK},
		{OID_SM4, true, 32, 0, 16, ERR_OK},      {OID_SM4, false, 64, 0, 16, ERR_OK},
		{OID_SM4_ECB, true, 64, 0, 16, ERR_OK},  {OID_SM4_ECB, true, 64, 1, 16, ERR_SIG}, /* not zeros */
		{OID_SM4_CBC, true, 32, 0, 16, ERR_DER}, {"1.2.156.10197.1.102", true, 32, 0, 16, ERR_DER}, /* SM1 */
		{OID_SM4_ECB, true, 48, 0, 16, ERR_DER}, {OID_SM4_ECB, true, 32, 0, 32, ERR_SIG},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		AUTO_BUF(der, ENVELOPED_KEY_MAX);
		AUTO(sm2_key) got = NULL;
		forge(&row[i], &der);
		enum err e = enveloped_key_open(buf_span(&der), b.sign_key, &got);
		if (e != row[i].want)
			fail_msg("row %zu: %s, %s", i, err_name(e), err_detail());
		err_clear();
	}
}

static void parts(void **state)
{
	static const struct form longer = {OID_SM4_ECB, true, 64, 0, 16, ERR_OK};
	(void)state;
	for (int i = 0; i < 40; i++) {
		AUTO_BUF(der, ENVELOPED_KEY_MAX);
		AUTO_BUF(again, ENVELOPED_KEY_MAX);
		struct enveloped_parts p;
		if (i % 2 == 0)
			assert_int_equal(enveloped_key_close(sm2_key_pub(b.sign_key), b.enc_key, &der), ERR_OK);
		else
			forge(&longer, &der);
		assert_int_equal(enveloped_key_split(buf_span(&der), &p), ERR_OK);
		assert_int_equal(p.enc_key_len, i % 2 == 0 ? 32 : 64);
		assert_int_equal(p.sym_cipher_len, 16);
		assert_int_equal(enveloped_key_join(&p, &again), ERR_OK);
		assert_true(span_eq(buf_span(&der), buf_span(&again)));
	}
}

static void bad_parts(void **state)
{
	AUTO_BUF(der, ENVELOPED_KEY_MAX);
	struct enveloped_parts p, bad;
	(void)state;
	assert_int_equal(enveloped_key_close(sm2_key_pub(b.sign_key), b.enc_key, &der), ERR_OK);
	assert_int_equal(enveloped_key_split(buf_span(&der), &p), ERR_OK);
	bad = p;
	bad.enc_key_len = 33;
	assert_int_equal(enveloped_key_join(&bad, &der), ERR_DER);
	bad = p;
	bad.sym_cipher_len = 65;
	assert_int_equal(enveloped_key_join(&bad, &der), ERR_DER);
	bad = p;
	bad.pub.b[40] ^= 1;
	assert_int_equal(enveloped_key_join(&bad, &der), ERR_DER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(close_open), cmocka_unit_test(changed),   cmocka_unit_test(forms),
		cmocka_unit_test(parts),      cmocka_unit_test(bad_parts),
	};
	return cmocka_run_group_tests_name("pki/envelope", tests, bureau_up, bureau_down);
}
