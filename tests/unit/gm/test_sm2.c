/* SM2: the examples of GB/T 32918.5-2017, both forms of a signature, bad keys, bad points, every flipped bit. */
#include "gm/der.h"
#include "gm/rand.h"
#include "gm/sm2.h"
#include "gm/sm3.h"
#include "gm_test.h"
#include <string.h>

#define D_HEX "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
#define P_HEX                                                                \
	"0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020" \
	"ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"

static struct sm2_key *standard_key(void)
{
	AUTO_BUF(d, 32);
	struct sm2_key *k = NULL;
	unhex(D_HEX, &d);
	assert_int_equal(sm2_key_from(buf_span(&d), &k), ERR_OK);
	return k;
}

static void standard_signature(void **state)
{
	AUTO(sm2_key) k = standard_key();
	AUTO_BUF(rs, 64);
	struct sm2_sig sig;
	uint8_t e[32];
	(void)state;
	assert_hex(SPAN_ARR(sm2_key_pub(k)->b), P_HEX);
	/* GB/T 32918.5-2017 A.2, message "message digest" */
	assert_int_equal(sm2_digest(sm2_key_pub(k), SPAN_LIT("message digest"), e), ERR_OK);
	assert_hex(SPAN_ARR(e), "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640");
	unhex("f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
	      "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
	      &rs);
	memcpy(sig.b, rs.ptr, 64);
	assert_int_equal(gm_verify(sm2_key_pub(k), SPAN_LIT("message digest"), &sig), ERR_OK);
	assert_int_equal(gm_verify_e(sm2_key_pub(k), e, &sig), ERR_OK);
}

/* GB/T 32918.5-2017 C.2: text "encryption standard". */
static void standard_cipher(void **state)
{
	AUTO(sm2_key) k = standard_key();
	AUTO_BUF(cipher, 256);
	AUTO_BUF(plain, 64);
	(void)state;
	unhex("307c022004ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
	      "022100e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
	      "042059983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"
	      "041321886ca989ca9c7d58087307ca93092d651efa",
	      &cipher);
	assert_int_equal(cipher.len, 126);
	assert_int_equal(sm2_decrypt(k, buf_span(&cipher), &plain), ERR_OK);
	assert_true(span_eq_str(buf_span(&plain), "encryption standard"));
}

static void sign_paths_agree(void **state)
{
	AUTO(sm2_key) k = NULL;
	(void)state;
	assert_int_equal(sm2_key_new(&k), ERR_OK);
	for (int i = 0; i < 20; i++) {
		uint8_t e[32];
		struct sm2_sig a, b;
		struct span msg = span_of(&i, sizeof(i));
		assert_int_equal(sm2_digest(sm2_key_pub(k), msg, e), ERR_OK);
		assert_int_equal(gm_sign(k, msg, &a), ERR_OK);
		assert_int_equal(gm_sign_e(k, e, &b), ERR_OK);
		assert_memory_not_equal(a.b, b.b, 64);
		assert_int_equal(gm_verify_e(sm2_key_pub(k), e, &a), ERR_OK);
		assert_int_equal(gm_verify(sm2_key_pub(k), msg, &b), ERR_OK);
	}
}

static void flipped_bits(void **state)
{
	AUTO(sm2_key) k = NULL;
	struct sm2_sig s;
	struct sm2_pub p;
	(void)state;
	assert_int_equal(sm2_key_new(&k), ERR_OK);
	assert_int_equal(gm_sign(k, SPAN_LIT("m"), &s), ERR_OK);
	for (size_t i = 0; i < 64 * 8; i++) {
		struct sm2_sig bad = s;
		bad.b[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(gm_verify(sm2_key_pub(k), SPAN_LIT("m"), &bad), ERR_SIG);
	}
	for (size_t i = 0; i < 65 * 8; i++) {
		struct sm2_pub bad = *sm2_key_pub(k);
		bad.b[i / 8] ^= (uint8_t)(1 << i % 8);
		/* A sign flip of Y is no single bit, so no such point is on the curve but by a rare chance. */
		if (sm2_pub_parse(SPAN_ARR(bad.b), &p) == ERR_OK)
			fail_msg("bit %zu of a point flipped and still on the curve", i);
		assert_int_equal(gm_verify(&bad, SPAN_LIT("m"), &s), ERR_SIG);
	}
	assert_int_equal(gm_verify(sm2_key_pub(k), SPAN_LIT("n"), &s), ERR_SIG);
	assert_int_equal(gm_verify(sm2_key_pub(k), SPAN_LIT("m"), &s), ERR_OK);
}

static void signature_range(void **state)
{
	AUTO(sm2_key) k = NULL;
	struct sm2_sig s, bad;
	(void)state;
	assert_int_equal(sm2_key_new(&k), ERR_OK);
	assert_int_equal(gm_sign(k, SPAN_LIT("m"), &s), ERR_OK);
	bad = s;
	memset(bad.b, 0, 32);
	assert_int_equal(gm_verify(sm2_key_pub(k), SPAN_LIT("m"), &bad), ERR_SIG);
	bad = s;
	memset(bad.b + 32, 0, 32);
	assert_int_equal(gm_verify(sm2_key_pub(k), SPAN_LIT("m"), &bad), ERR_SIG);
	bad = s;
	memset(bad.b + 32, 0xff, 32);
	assert_int_equal(gm_verify(sm2_key_pub(k), SPAN_LIT("m"), &bad), ERR_SIG);
}

static void scalar_range(void **state)
{
	static const struct {
		const char *hex;
		enum err want;
	} row[] = {
		{"0000000000000000000000000000000000000000000000000000000000000000", ERR_SYNTAX},
		{"0000000000000000000000000000000000000000000000000000000000000001", ERR_OK},
		{"fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54121", ERR_OK},     /* n-2 */
		{"fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122", ERR_SYNTAX}, /* n-1 */
		{"fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123", ERR_SYNTAX}, /* n */
		{"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", ERR_SYNTAX},
		{"01", ERR_SYNTAX},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		AUTO_BUF(d, 32);
		AUTO(sm2_key) k = NULL;
		unhex(row[i].hex, &d);
		assert_int_equal(sm2_key_from(buf_span(&d), &k), row[i].want);
		assert_true((k != NULL) == (row[i].want == ERR_OK));
	}
}

static void bad_points(void **state)
{
	AUTO_BUF(p, 65);
	struct sm2_pub got;
	(void)state;
	unhex(P_HEX, &p);
	assert_int_equal(sm2_pub_parse(buf_span(&p), &got), ERR_OK);
	for (size_t len = 0; len < 65; len++)
		assert_int_equal(sm2_pub_parse(span_of(p.ptr, len), &got), ERR_SYNTAX);
	p.ptr[0] = 0x06; /* hybrid form */
	assert_int_equal(sm2_pub_parse(buf_span(&p), &got), ERR_SYNTAX);
	p.ptr[0] = 0x02;
	assert_int_equal(sm2_pub_parse(span_of(p.ptr, 33), &got), ERR_SYNTAX);
	memset(p.ptr, 0, 65);
	assert_int_equal(sm2_pub_parse(buf_span(&p), &got), ERR_SYNTAX);
	assert_int_equal(sm2_pub_parse(span_of(p.ptr, 1), &got), ERR_SYNTAX); /* infinity */
}

static void signature_der(void **state)
{
	static const struct {
		const char *hex, *why;
		enum err want;
	} row[] = {
		{"3006020101020102", "small numbers", ERR_OK},
		{"300702020001020102", "not minimal", ERR_DER},
		{"3006020181020102", "negative", ERR_DER},
		{"300602010102010200", "trailing octet", ERR_DER},
		{"300702010102010200", "trailing octet inside", ERR_DER},
		{"308106020101020102", "long form of a short length", ERR_DER},
		{"3080020101020102"
	         "0000",
	         "indefinite", ERR_DER},
		{"3105020101020102", "set", ERR_DER},
		{"30050201010200", "empty integer", ERR_DER},
		{"3026022101000000000000000000000000000000000000000000000000000000000000000000020101", "33 octets",
	         ERR_DER},
		{"", "nothing", ERR_DER},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		AUTO_BUF(der, 128);
		AUTO_BUF(again, 128);
		struct sm2_sig s;
		unhex(row[i].hex, &der);
		if (sm2_sig_from_der(buf_span(&der), &s) != row[i].want)
			fail_msg("%s", row[i].why);
		if (row[i].want != ERR_OK)
			continue;
		assert_int_equal(sm2_sig_der(&s, &again), ERR_OK);
		assert_true(span_eq(buf_span(&der), buf_span(&again)));
	}
}

static void cipher_round_trip(void **state)
{
	AUTO(sm2_key) k = NULL;
	uint8_t data[SM2_PLAIN_MAX + 1];
	static const size_t lens[] = {1, 2, 16, 31, 32, 33, 100, SM2_PLAIN_MAX};
	(void)state;
	assert_int_equal(sm2_key_new(&k), ERR_OK);
	assert_int_equal(rand_bytes(data, sizeof(data)), ERR_OK);
	for (size_t i = 0; i < COUNT_OF(lens); i++) {
		AUTO_BUF(c, SM2_PLAIN_MAX + 128);
		AUTO_BUF(p, SM2_PLAIN_MAX);
		assert_int_equal(sm2_encrypt(sm2_key_pub(k), span_of(data, lens[i]), &c), ERR_OK);
		assert_int_equal(sm2_decrypt(k, buf_span(&c), &p), ERR_OK);
		assert_true(span_eq(buf_span(&p), span_of(data, lens[i])));
	}
	AUTO_BUF(c, SM2_PLAIN_MAX + 256);
	assert_int_equal(sm2_encrypt(sm2_key_pub(k), SPAN_EMPTY, &c), ERR_LIMIT);
	assert_int_equal(sm2_encrypt(sm2_key_pub(k), SPAN_ARR(data), &c), ERR_LIMIT);
}

/* GB/T 32918.4-2016 6.1 A5: with one octet the key stream is zero once in 256; such a cipher never leaves. */
static void short_texts_never_in_clear(void **state)
{
	AUTO(sm2_key) k = NULL;
	(void)state;
	assert_int_equal(sm2_key_new(&k), ERR_OK);
	for (int i = 0; i < 1500; i++) {
		AUTO_BUF(c, 256);
		assert_int_equal(sm2_encrypt(sm2_key_pub(k), SPAN_LIT("\x55"), &c), ERR_OK);
		assert_int_not_equal(c.ptr[c.len - 1], 0x55);
	}
}

/* GB/T 32918.4-2016 7.1 B4: a cipher whose key stream is zero is refused. With d = 1 the shared point is C1 itself, so
 * one with that property is found by trying. */
static void zero_stream_refused(void **state)
{
	static const uint8_t d[32] = {[31] = 1}, text[] = {0x55}, count[] = {0, 0, 0, 1};
	AUTO(sm2_key) one = NULL;
	AUTO_BUF(der, 256);
	AUTO_BUF(plain, 16);
	int zero = 0, other = 0;
	(void)state;
	assert_int_equal(sm2_key_from(SPAN_ARR(d), &one), ERR_OK);
	while (zero == 0 || other == 0) {
		AUTO(sm2_key) k = NULL;
		uint8_t stream[32], hash[32], c2[1];
		assert_int_equal(sm2_key_new(&k), ERR_OK);
		struct span x = span_of(sm2_key_pub(k)->b + 1, 32), y = span_of(sm2_key_pub(k)->b + 33, 32);
		const struct span kdf[] = {x, y, SPAN_ARR(count)}, mac[] = {x, SPAN_ARR(text), y};
		assert_int_equal(sm3_digest_n(kdf, 3, stream), ERR_OK);
		assert_int_equal(sm3_digest_n(mac, 3, hash), ERR_OK);
		c2[0] = text[0] ^ stream[0];
		buf_clear(&der);
		buf_clear(&plain);
		size_t mark = der_open(&der, DER_SEQ);
		der_put_uint(&der, x);
		der_put_uint(&der, y);
		der_put(&der, DER_OCTETS, SPAN_ARR(hash));
		der_put(&der, DER_OCTETS, SPAN_ARR(c2));
		der_close(&der, mark);
		assert_int_equal(sm2_decrypt(one, buf_span(&der), &plain), stream[0] == 0 ? ERR_SIG : ERR_OK);
		zero += stream[0] == 0;
		other += stream[0] != 0;
	}
}

static void cipher_flips(void **state)
{
	AUTO(sm2_key) k = NULL;
	AUTO_BUF(c, 256);
	AUTO_BUF(p, 64);
	(void)state;
	assert_int_equal(sm2_key_new(&k), ERR_OK);
	assert_int_equal(sm2_encrypt(sm2_key_pub(k), SPAN_LIT("sixteen octets.."), &c), ERR_OK);
	for (size_t i = 0; i < c.len * 8; i++) {
		c.ptr[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(sm2_decrypt(k, buf_span(&c), &p), ERR_SIG);
		c.ptr[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t len = 0; len < c.len; len++)
		assert_int_equal(sm2_decrypt(k, span_of(c.ptr, len), &p), ERR_SIG);
	assert_int_equal(p.len, 0);
	assert_int_equal(sm2_decrypt(k, buf_span(&c), &p), ERR_OK);
}

static void ecdh_agrees(void **state)
{
	AUTO(sm2_key) a = NULL;
	AUTO(sm2_key) b = NULL;
	uint8_t x[32], y[32];
	struct sm2_pub bad;
	(void)state;
	assert_int_equal(sm2_key_new(&a), ERR_OK);
	assert_int_equal(sm2_key_new(&b), ERR_OK);
	assert_int_equal(sm2_ecdh(a, sm2_key_pub(b), x), ERR_OK);
	assert_int_equal(sm2_ecdh(b, sm2_key_pub(a), y), ERR_OK);
	assert_memory_equal(x, y, 32);
	bad = *sm2_key_pub(b);
	bad.b[64] ^= 1;
	assert_int_equal(sm2_ecdh(a, &bad, x), ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(standard_signature),  cmocka_unit_test(standard_cipher),
		cmocka_unit_test(sign_paths_agree),    cmocka_unit_test(flipped_bits),
		cmocka_unit_test(signature_range),     cmocka_unit_test(scalar_range),
		cmocka_unit_test(bad_points),          cmocka_unit_test(signature_der),
		cmocka_unit_test(cipher_round_trip),   cmocka_unit_test(short_texts_never_in_clear),
		cmocka_unit_test(zero_stream_refused), cmocka_unit_test(cipher_flips),
		cmocka_unit_test(ecdh_agrees),
	};
	return cmocka_run_group_tests_name("gm/sm2", tests, NULL, NULL);
}
