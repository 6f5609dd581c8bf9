/* A card's statement about a key: fixed form, every field bounded, every flipped bit refused. */
#include "pki_test.h"
#include "pki/attest.h"
#include <string.h>

static void make(const struct attest *a, uint8_t out[ATTEST_LEN])
{
	struct sm2_sig sig;
	assert_int_equal(attest_tbs(a, out), ERR_OK);
	assert_int_equal(gm_sign(b.card_key, span_of(out, ATTEST_TBS_LEN), &sig), ERR_OK);
	memcpy(out + ATTEST_TBS_LEN, sig.b, SM2_SIG_LEN);
}

static struct attest sample(void)
{
	struct attest a = {.serial = "YX00000001",
	                   .pub = *sm2_key_pub(b.sign_key),
	                   .approval = {1, 2, 3},
	                   .pin_by = ATTEST_PIN_HOLDER,
	                   .counter = 0x0102030405060708};
	return a;
}

static void round_trip(void **state)
{
	static const char *const serials[] = {"YX01", "YX00000001", "ABCDEFGHIJKLMN16"};
	uint8_t bytes[ATTEST_LEN];
	(void)state;
	for (size_t i = 0; i < COUNT_OF(serials); i++) {
		struct attest a = sample(), got;
		memset(a.serial, 0, sizeof(a.serial));
		memcpy(a.serial, serials[i], strlen(serials[i]));
		make(&a, bytes);
		assert_int_equal(attest_verify(SPAN_ARR(bytes), sm2_key_pub(b.card_key), &got), ERR_OK);
		assert_string_equal(got.serial, serials[i]);
		assert_memory_equal(got.pub.b, a.pub.b, SM2_PUB_LEN);
		assert_memory_equal(got.approval, a.approval, 32);
		assert_true(got.counter == a.counter && got.pin_by == a.pin_by);
		assert_int_equal(attest_verify(SPAN_ARR(bytes), sm2_key_pub(b.sign_key), &got), ERR_ATTEST);
	}
}

/* Offsets of docs/protocol/u1.md. */
static void layout(void **state)
{
	uint8_t bytes[ATTEST_LEN];
	struct attest a = sample();
	(void)state;
	make(&a, bytes);
	assert_memory_equal(bytes, "YXATT1\x01YX00000001\0\0\0\0\0\0\x04", 24);
	assert_memory_equal(bytes + 23, a.pub.b, 65);
	assert_memory_equal(bytes + 88, a.approval, 32);
	assert_memory_equal(bytes + 120, "\0\x01\x02\x03\x04\x05\x06\x07\x08", 9);
}

static void changed(void **state)
{
	uint8_t bytes[ATTEST_LEN + 1] = {0};
	struct attest a = sample(), got;
	(void)state;
	make(&a, bytes);
	for (size_t len = 0; len <= ATTEST_LEN + 1; len++) {
		if (len != ATTEST_LEN)
			assert_int_equal(attest_verify(span_of(bytes, len), sm2_key_pub(b.card_key), &got), ERR_ATTEST);
	}
	for (size_t bit = 0; bit < ATTEST_LEN * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(attest_verify(span_of(bytes, ATTEST_LEN), sm2_key_pub(b.card_key), &got), ERR_ATTEST);
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
}

/* Rightly signed, wrongly filled. */
static void bad_fields(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
	} row[] = {
		{"magic", 5, '2'},      {"pin 0", 6, 0},
		{"pin 3", 6, 3},        {"lower case serial", 7, 'y'},
		{"serial empty", 7, 0}, {"octet after NULs", 22, 'A'},
		{"point form", 23, 6},  {"point off the curve", 87, 1},
		{"reserved", 120, 1},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		uint8_t bytes[ATTEST_LEN];
		struct attest a = sample(), got;
		struct sm2_sig sig;
		make(&a, bytes);
		bytes[row[i].at] =
			strcmp(row[i].what, "point off the curve") == 0 ? bytes[row[i].at] ^ 1 : row[i].value;
		assert_int_equal(gm_sign(b.card_key, span_of(bytes, ATTEST_TBS_LEN), &sig), ERR_OK);
		memcpy(bytes + ATTEST_TBS_LEN, sig.b, SM2_SIG_LEN);
		if (attest_parse(SPAN_ARR(bytes), &got) != ERR_DER)
			fail_msg("%s is accepted", row[i].what);
	}
}

static void bad_struct(void **state)
{
	uint8_t tbs[ATTEST_TBS_LEN];
	struct attest a = sample();
	(void)state;
	a.pin_by = (enum attest_pin)0;
	assert_int_equal(attest_tbs(&a, tbs), ERR_DER);
	a = sample();
	memcpy(a.serial, "ab", 3);
	assert_int_equal(attest_tbs(&a, tbs), ERR_DER);
	memset(a.serial, 'A', sizeof(a.serial)); /* no end */
	assert_int_equal(attest_tbs(&a, tbs), ERR_DER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip), cmocka_unit_test(layout),     cmocka_unit_test(changed),
		cmocka_unit_test(bad_fields), cmocka_unit_test(bad_struct),
	};
	return cmocka_run_group_tests_name("pki/attest", tests, bureau_up, bureau_down);
}
