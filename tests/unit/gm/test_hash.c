/* SM3, HMAC-SM3, key derivation, SM4 and the sealed form against published vectors and properties. */
#include "gm/kdf.h"
#include "gm/rand.h"
#include "gm/sm3.h"
#include "gm/sm4.h"
#include "gm/start.h"
#include "gm_test.h"

static void sm3_vectors(void **state)
{
	static const struct {
		const char *text, *want, *clause;
	} row[] = {
		{"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", "GB/T 32905-2016 A.1"},
		{"abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd",
	         "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732", "GB/T 32905-2016 A.2"},
		{"", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b", "empty message"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		uint8_t got[SM3_LEN];
		assert_int_equal(sm3_digest(span_str(row[i].text), got), ERR_OK);
		assert_hex(SPAN_ARR(got), row[i].want);
	}
}

static void sm3_in_pieces(void **state)
{
	uint8_t data[300], whole[SM3_LEN], pieces[SM3_LEN];
	(void)state;
	assert_int_equal(rand_bytes(data, sizeof(data)), ERR_OK);
	assert_int_equal(sm3_digest(SPAN_ARR(data), whole), ERR_OK);
	for (size_t step = 1; step < 130; step++) {
		AUTO(sm3) h = NULL;
		assert_int_equal(sm3_new(&h), ERR_OK);
		for (size_t at = 0; at < sizeof(data); at += step)
			assert_int_equal(sm3_update(h, span_sub(SPAN_ARR(data), at, step)), ERR_OK);
		assert_int_equal(sm3_final(h, pieces), ERR_OK);
		assert_memory_equal(whole, pieces, SM3_LEN);
	}
}

/* Values of the openssl command line, which tests/interop compares again. */
static void hmac_vectors(void **state)
{
	static const struct {
		const char *key_hex, *text, *want;
	} row[] = {
		{"0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
	         "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
	         "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	         "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		AUTO_BUF(key, 128);
		uint8_t got[SM3_LEN];
		struct span text = span_str(row[i].text);
		unhex(row[i].key_hex, &key);
		assert_int_equal(hmac_sm3(buf_span(&key), &text, 1, got), ERR_OK);
		assert_hex(SPAN_ARR(got), row[i].want);
	}
}

/* RFC 2104: a key longer than a block is its digest; a shorter one is padded with zeros. */
static void hmac_key_lengths(void **state)
{
	uint8_t key[100] = {7}, digest[SM3_LEN], a[SM3_LEN], b[SM3_LEN];
	struct span text = SPAN_LIT("text");
	(void)state;
	assert_int_equal(sm3_digest(SPAN_ARR(key), digest), ERR_OK);
	assert_int_equal(hmac_sm3(SPAN_ARR(key), &text, 1, a), ERR_OK);
	assert_int_equal(hmac_sm3(SPAN_ARR(digest), &text, 1, b), ERR_OK);
	assert_memory_equal(a, b, SM3_LEN);
	assert_int_equal(hmac_sm3(span_of(key, 1), &text, 1, a), ERR_OK);
	assert_int_equal(hmac_sm3(span_of(key, 64), &text, 1, b), ERR_OK);
	assert_memory_equal(a, b, SM3_LEN);
}

static void kdf_blocks(void **state)
{
	uint8_t key[16] = {1, 2, 3}, out[80], want[SM3_LEN];
	static const uint8_t tail[] = {0, 'c', 't', 'x', 0, 0, 2, 0x80}, one[] = {0, 0, 0, 1}, three[] = {0, 0, 0, 3};
	struct span parts[] = {SPAN_ARR(one), SPAN_LIT("label"), SPAN_ARR(tail)};
	(void)state;
	assert_int_equal(kdf_sm3(SPAN_ARR(key), "label", SPAN_LIT("ctx"), out, sizeof(out)), ERR_OK);
	assert_int_equal(hmac_sm3(SPAN_ARR(key), parts, 3, want), ERR_OK);
	assert_memory_equal(out, want, SM3_LEN);
	parts[0] = SPAN_ARR(three);
	assert_int_equal(hmac_sm3(SPAN_ARR(key), parts, 3, want), ERR_OK);
	assert_memory_equal(out + 64, want, 16);
	assert_int_equal(kdf_sm3(SPAN_ARR(key), "label", SPAN_LIT("ctx"), out, 0), ERR_LIMIT);
	assert_int_equal(kdf_sm3(SPAN_ARR(key), "label", SPAN_LIT("ctx"), out, 1025), ERR_LIMIT);
}

/* One round is one HMAC over salt || 00000001 (RFC 8018, 5.2). */
static void pbkdf2_one_round(void **state)
{
	static const uint8_t one[] = {0, 0, 0, 1};
	const struct span parts[] = {SPAN_LIT("salt-salt"), SPAN_ARR(one)};
	uint8_t got[SM3_LEN], want[SM3_LEN];
	(void)state;
	assert_int_equal(kdf_pin(SPAN_LIT("123456"), SPAN_LIT("salt-salt"), 1, got, sizeof(got)), ERR_OK);
	assert_int_equal(hmac_sm3(SPAN_LIT("123456"), parts, 2, want), ERR_OK);
	assert_memory_equal(got, want, SM3_LEN);
	assert_int_equal(kdf_pin(SPAN_LIT("123456"), SPAN_LIT("salt-salt"), 2, got, sizeof(got)), ERR_OK);
	assert_memory_not_equal(got, want, SM3_LEN);
	assert_int_equal(kdf_pin(SPAN_LIT("1"), SPAN_LIT("s"), 0, got, sizeof(got)), ERR_LIMIT);
}

#define KEY_HEX "0123456789abcdeffedcba9876543210"

static void sm4_vectors(void **state)
{
	AUTO_BUF(key, 16);
	AUTO_BUF(enc, 16);
	AUTO_BUF(dec, 16);
	(void)state;
	unhex(KEY_HEX, &key);
	assert_int_equal(sm4_ecb(buf_span(&key), true, buf_span(&key), &enc), ERR_OK);
	assert_hex(buf_span(&enc), "681edf34d206965e86b3e94f536e4246"); /* GB/T 32907-2016 A.1 */
	assert_int_equal(sm4_ecb(buf_span(&key), false, buf_span(&enc), &dec), ERR_OK);
	assert_hex(buf_span(&dec), KEY_HEX);
}

static void sm4_round_trips(void **state)
{
	uint8_t key[16], iv[16], data[70];
	(void)state;
	assert_int_equal(rand_bytes(key, 16), ERR_OK);
	assert_int_equal(rand_bytes(iv, 16), ERR_OK);
	assert_int_equal(rand_bytes(data, sizeof(data)), ERR_OK);
	for (size_t len = 0; len <= sizeof(data); len++) {
		AUTO_BUF(cbc, 96);
		AUTO_BUF(ctr, 70);
		AUTO_BUF(back, 96);
		struct span plain = span_of(data, len);
		assert_int_equal(sm4_cbc_encrypt(SPAN_ARR(key), SPAN_ARR(iv), plain, &cbc), ERR_OK);
		assert_int_equal(cbc.len, len / 16 * 16 + 16);
		assert_int_equal(sm4_cbc_decrypt(SPAN_ARR(key), SPAN_ARR(iv), buf_span(&cbc), &back), ERR_OK);
		assert_true(span_eq(buf_span(&back), plain));
		buf_clear(&back);
		assert_int_equal(sm4_ctr(SPAN_ARR(key), SPAN_ARR(iv), plain, &ctr), ERR_OK);
		assert_int_equal(ctr.len, len);
		assert_int_equal(sm4_ctr(SPAN_ARR(key), SPAN_ARR(iv), buf_span(&ctr), &back), ERR_OK);
		assert_true(span_eq(buf_span(&back), plain));
	}
}

static void sm4_bad_input(void **state)
{
	uint8_t key[16] = {0}, iv[16] = {0}, block[32] = {0};
	AUTO_BUF(out, 64);
	(void)state;
	buf_u8(&out, 'x');
	assert_int_equal(sm4_cbc_encrypt(span_of(key, 15), SPAN_ARR(iv), SPAN_LIT("a"), &out), ERR_LIMIT);
	assert_int_equal(sm4_cbc_encrypt(SPAN_ARR(key), span_of(iv, 15), SPAN_LIT("a"), &out), ERR_LIMIT);
	assert_int_equal(sm4_cbc_decrypt(SPAN_ARR(key), SPAN_ARR(iv), SPAN_EMPTY, &out), ERR_SYNTAX);
	assert_int_equal(sm4_cbc_decrypt(SPAN_ARR(key), SPAN_ARR(iv), span_of(block, 17), &out), ERR_SYNTAX);
	assert_int_equal(sm4_cbc_decrypt(SPAN_ARR(key), SPAN_ARR(iv), SPAN_ARR(block), &out), ERR_SYNTAX); /* padding */
	assert_int_equal(sm4_ecb(SPAN_ARR(key), true, span_of(block, 15), &out), ERR_SYNTAX);
	assert_true(span_eq_str(buf_span(&out), "x")); /* untouched on failure */
}

static void seal_changes(void **state)
{
	uint8_t key[SEAL_KEY_LEN];
	AUTO_BUF(sealed, 256);
	AUTO_BUF(plain, 256);
	(void)state;
	assert_int_equal(rand_bytes(key, sizeof(key)), ERR_OK);
	assert_int_equal(seal_close(SPAN_ARR(key), SPAN_LIT("row 1"), SPAN_LIT("13800000000"), &sealed), ERR_OK);
	assert_int_equal(sealed.len, 11 + SEAL_OVERHEAD);
	assert_int_equal(seal_open(SPAN_ARR(key), SPAN_LIT("row 1"), buf_span(&sealed), &plain), ERR_OK);
	assert_true(span_eq_str(buf_span(&plain), "13800000000"));
	assert_int_equal(seal_open(SPAN_ARR(key), SPAN_LIT("row 2"), buf_span(&sealed), &plain), ERR_SIG);
	for (size_t bit = 0; bit < sealed.len * 8; bit++) {
		sealed.ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(seal_open(SPAN_ARR(key), SPAN_LIT("row 1"), buf_span(&sealed), &plain), ERR_SIG);
		sealed.ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < sealed.len; len++)
		assert_int_equal(seal_open(SPAN_ARR(key), SPAN_LIT("row 1"), span_of(sealed.ptr, len), &plain),
		                 ERR_SIG);
	key[0] ^= 1;
	assert_int_equal(seal_open(SPAN_ARR(key), SPAN_LIT("row 1"), buf_span(&sealed), &plain), ERR_SIG);
	assert_int_equal(seal_open(span_of(key, 16), SPAN_LIT("row 1"), buf_span(&sealed), &plain), ERR_LIMIT);
	assert_true(span_eq_str(buf_span(&plain), "13800000000"));
}

static void self_test(void **state)
{
	(void)state;
	assert_int_equal(gm_start(), ERR_OK);
	assert_int_equal(gm_start(), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(self_test),        cmocka_unit_test(sm3_vectors),
		cmocka_unit_test(sm3_in_pieces),    cmocka_unit_test(hmac_vectors),
		cmocka_unit_test(hmac_key_lengths), cmocka_unit_test(kdf_blocks),
		cmocka_unit_test(pbkdf2_one_round), cmocka_unit_test(sm4_vectors),
		cmocka_unit_test(sm4_round_trips),  cmocka_unit_test(sm4_bad_input),
		cmocka_unit_test(seal_changes),
	};
	return cmocka_run_group_tests_name("gm/hash", tests, NULL, NULL);
}
