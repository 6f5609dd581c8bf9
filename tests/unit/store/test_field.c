/* Sealed columns: open after seal; any flipped bit, other column, other row or other key is refused. */
#include "store/field.h"
#include "gm/sm4.h"
#include "store_test.h"

static struct field_keys *keys_of(uint8_t first)
{
	AUTO(secret) s = NULL;
	struct field_keys *k = NULL;

	assert_int_equal(secret_new(32, &s), ERR_OK);
	secret_ptr(s)[0] = first;
	assert_int_equal(field_keys_new(s, &k), ERR_OK);
	return k;
}

static void wrong_key_lengths(void **state)
{
	static const size_t lengths[] = {1, 16, 31, 33, 64};
	struct field_keys *k = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		AUTO(secret) s = NULL;
		assert_int_equal(secret_new(lengths[i], &s), ERR_OK);
		assert_int_equal(field_keys_new(s, &k), ERR_CONFIG);
	}
	assert_null(k);
}

static void opens_what_it_sealed(void **state)
{
	static const char *const texts[] = {"", "1", "43010019900101123X", "中文内容"};
	AUTO(field_keys) k = keys_of(1);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		AUTO_BUF(sealed, 4096);
		AUTO_BUF(again, 4096);
		AUTO_BUF(plain, 4096);
		struct span text = span_str(texts[i]);
		assert_int_equal(field_seal(k, "person.id", SPAN_LIT("P1"), text, &sealed), ERR_OK);
		assert_int_equal(sealed.len, text.len + SEAL_OVERHEAD);
		assert_int_equal(field_seal(k, "person.id", SPAN_LIT("P1"), text, &again), ERR_OK);
		assert_false(span_eq(buf_span(&sealed), buf_span(&again)));
		assert_int_equal(field_open(k, "person.id", SPAN_LIT("P1"), buf_span(&sealed), &plain), ERR_OK);
		assert_true(span_eq(buf_span(&plain), text));
	}
}

static void every_flipped_bit_is_refused(void **state)
{
	AUTO(field_keys) k = keys_of(1);
	AUTO_BUF(sealed, 4096);
	AUTO_BUF(plain, 4096);

	(void)state;
	assert_int_equal(field_seal(k, "person.id", SPAN_LIT("P1"), SPAN_LIT("43010019900101123X"), &sealed), ERR_OK);
	for (size_t bit = 0; bit < sealed.len * 8; bit++) {
		sealed.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (field_open(k, "person.id", SPAN_LIT("P1"), buf_span(&sealed), &plain) != ERR_SIG)
			fail_msg("bit %zu", bit);
		assert_int_equal(plain.len, 0);
		sealed.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t len = 0; len < sealed.len; len++)
		assert_int_not_equal(field_open(k, "person.id", SPAN_LIT("P1"), span_of(sealed.ptr, len), &plain),
		                     ERR_OK);
	assert_int_equal(field_open(k, "person.id", SPAN_LIT("P1"), buf_span(&sealed), &plain), ERR_OK);
}

static void bound_to_column_row_and_key(void **state)
{
	AUTO(field_keys) k = keys_of(1);
	AUTO(field_keys) other = keys_of(2);
	AUTO_BUF(sealed, 4096);
	AUTO_BUF(plain, 4096);

	(void)state;
	assert_int_equal(field_seal(k, "a.bc", SPAN_LIT("d"), SPAN_LIT("x"), &sealed), ERR_OK);
	assert_int_equal(field_open(k, "a.b", SPAN_LIT("cd"), buf_span(&sealed), &plain), ERR_SIG);
	assert_int_equal(field_open(k, "a.bc", SPAN_LIT("e"), buf_span(&sealed), &plain), ERR_SIG);
	assert_int_equal(field_open(k, "a.bd", SPAN_LIT("d"), buf_span(&sealed), &plain), ERR_SIG);
	assert_int_equal(field_open(other, "a.bc", SPAN_LIT("d"), buf_span(&sealed), &plain), ERR_SIG);
	assert_int_equal(field_open(k, "a.bc", SPAN_EMPTY, buf_span(&sealed), &plain), ERR_LIMIT);
	assert_int_equal(field_open(k, "a.bc", SPAN_LIT("d"), buf_span(&sealed), &plain), ERR_OK);
}

static void digests_find_equal_values_only(void **state)
{
	AUTO(field_keys) k = keys_of(1);
	AUTO(field_keys) other = keys_of(2);
	uint8_t a[32], b[32];

	(void)state;
	assert_int_equal(field_digest(k, "person.id", SPAN_LIT("43010019900101123X"), a), ERR_OK);
	assert_int_equal(field_digest(k, "person.id", SPAN_LIT("43010019900101123X"), b), ERR_OK);
	assert_memory_equal(a, b, 32);
	assert_int_equal(field_digest(k, "person.id", SPAN_LIT("430100199001011231"), b), ERR_OK);
	assert_memory_not_equal(a, b, 32);
	assert_int_equal(field_digest(k, "person.i", SPAN_LIT("d43010019900101123X"), b), ERR_OK);
	assert_memory_not_equal(a, b, 32);
	assert_int_equal(field_digest(other, "person.id", SPAN_LIT("43010019900101123X"), b), ERR_OK);
	assert_memory_not_equal(a, b, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_key_lengths),
		cmocka_unit_test(opens_what_it_sealed),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(bound_to_column_row_and_key),
		cmocka_unit_test(digests_find_equal_values_only),
	};

	return cmocka_run_group_tests_name("store-field", tests, NULL, NULL);
}
