/* span, buf, arena, secret */
#include "check.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/secret.h"
#include <stdlib.h>
#include <string.h>

static void span_takes(void **state)
{
	static const uint8_t raw[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	struct span s = SPAN_ARR(raw), part, before;
	uint8_t a;
	uint16_t b;
	uint32_t c;
	uint64_t d;

	(void)state;
	assert_true(span_take_u8(&s, &a) && a == 1);
	assert_true(span_take_u16(&s, &b) && b == 0x0203);
	assert_true(span_take_u32(&s, &c) && c == 0x04050607);
	assert_true(span_take_u64(&s, &d) && d == 0x08090a0b0c0d0e0fULL);
	assert_int_equal(s.len, 0);
	assert_false(span_take_u8(&s, &a));
	assert_true(span_take(&s, 0, &part) && part.len == 0);
	s = span_of(raw, 1);
	before = s;
	assert_false(span_take_u16(&s, &b) || span_take_u32(&s, &c) || span_take_u64(&s, &d));
	assert_false(span_take(&s, SIZE_MAX, &part));
	assert_true(s.ptr == before.ptr && s.len == before.len);
	s = SPAN_EMPTY;
	assert_true(span_take(&s, 0, &part) && !span_take_u8(&s, &a));
}

static void span_compares(void **state)
{
	struct span s = SPAN_LIT("a,b"), part;
	size_t at;

	(void)state;
	assert_true(span_eq(SPAN_EMPTY, span_str("")) && span_eq(span_str(NULL), SPAN_EMPTY));
	assert_true(span_cmp(SPAN_LIT("ab"), SPAN_LIT("abc")) < 0 && span_cmp(SPAN_LIT("b"), SPAN_LIT("abc")) > 0);
	assert_int_equal(span_cmp(SPAN_LIT("x"), SPAN_LIT("x")), 0);
	assert_true(span_starts(SPAN_LIT("abc"), SPAN_LIT("ab")) && !span_starts(SPAN_LIT("a"), SPAN_LIT("ab")));
	assert_true(span_eq_str(span_sub(SPAN_LIT("abcdef"), 2, 100), "cdef"));
	assert_int_equal(span_sub(SPAN_LIT("abc"), 4, 1).len, 0);
	assert_true(span_take_until(&s, ',', &part) && span_eq_str(part, "a") && span_eq_str(s, "b"));
	assert_false(span_take_until(&s, ',', &part));
	assert_true(span_eq_str(s, "b") && span_find(s, 'b', &at) && at == 0);
	assert_false(span_find(SPAN_EMPTY, 'b', &at));
}

static void buf_appends(void **state)
{
	AUTO_BUF(b, 64);

	(void)state;
	assert_string_equal(buf_cstr(&b), "");
	buf_u8(&b, 1);
	buf_u16(&b, 0x0203);
	buf_u32(&b, 0x04050607);
	buf_u64(&b, 0x08090a0b0c0d0e0fULL);
	assert_ok(buf_err(&b));
	assert_memory_equal(b.ptr, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 15);
	buf_clear(&b);
	buf_printf(&b, "%d-%s", 42, "证");
	assert_string_equal(buf_cstr(&b), "42-证");
	buf_cut(&b, 2);
	assert_string_equal(buf_cstr(&b), "42");
	buf_cut(&b, 99);
	assert_int_equal(b.len, 2);
}

static void buf_failure_is_sticky(void **state)
{
	AUTO_BUF(b, 4);

	(void)state;
	buf_str(&b, "abc");
	buf_str(&b, "de");
	assert_err(buf_err(&b), ERR_LIMIT, "over the maximum");
	assert_true(span_eq_str(buf_span(&b), "abc"));
	buf_str(&b, "d"); /* would fit, but comes after the failure */
	assert_int_equal(b.len, 3);
	assert_null(buf_room(&b, 0));
	assert_string_equal(buf_cstr(&b), "");
	assert_null(buf_steal_str(&b));
	buf_clear(&b);
	buf_printf(&b, "%s", "four");
	assert_ok(buf_err(&b));
	buf_printf(&b, "%s", "5");
	assert_err(buf_err(&b), ERR_LIMIT, "printf over the maximum");
	buf_clear(&b);
	assert_null(buf_room(&b, SIZE_MAX));
	assert_err(buf_err(&b), ERR_LIMIT, "absurd length");
	err_clear();
}

static void buf_steals_and_ends(void **state)
{
	AUTO_BUF(b, 1 << 20);

	(void)state;
	for (int i = 0; i < 50000; i++)
		buf_u8(&b, 'x');
	assert_ok(buf_err(&b));
	char *s = buf_steal_str(&b);
	assert_int_equal(strlen(s), 50000);
	free(s);
	s = buf_steal_str(&b);
	assert_string_equal(s, "");
	free(s);
	buf_done(&b);
	buf_u8(&b, 1);
	assert_err(buf_err(&b), ERR_LIMIT, "maximum is 0 after buf_done");
	err_clear();
}

static void arena_gives_and_limits(void **state)
{
	AUTO(arena) a = arena_new(100000);
	size_t total = 0;

	(void)state;
	assert_non_null(a);
	for (size_t len = 1; len < 200; len++) {
		uint8_t *p = arena_alloc(a, len);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xAA, len);
		total += len;
	}
	assert_non_null(arena_alloc(a, 50000));
	assert_null(arena_alloc(a, 100000 - total - 50000 + 1));
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_string_equal(arena_str(a, SPAN_LIT("abc")), "abc");
	assert_string_equal(arena_str(a, SPAN_EMPTY), "");
	assert_string_equal(arena_printf(a, "%d %s", 5, "六"), "5 六");
	arena_free(NULL);
}

static void secret_holds_and_wipes(void **state)
{
	AUTO(secret) s = NULL;
	struct secret *none = NULL;

	(void)state;
	assert_err(secret_new(0, &none), ERR_LIMIT, "empty");
	assert_err(secret_new(65537, &none), ERR_LIMIT, "too long");
	assert_null(none);
	assert_ok(secret_from(SPAN_LIT("123456"), &s));
	assert_int_equal(secret_len(s), 6);
	assert_true(ct_equal(secret_span(s), SPAN_LIT("123456")));
	secret_cut(s, 4);
	assert_true(ct_equal(secret_span(s), SPAN_LIT("1234")));
	assert_int_equal(secret_ptr(s)[4], 0);
	secret_cut(s, 9);
	assert_int_equal(secret_len(s), 4);
	secret_free(NULL);
}

static void ct_equal_is_equality(void **state)
{
	uint8_t a[32], b[32];

	(void)state;
	memset(a, 0x5A, sizeof(a));
	memset(b, 0x5A, sizeof(b));
	assert_true(ct_equal(SPAN_ARR(a), SPAN_ARR(b)));
	for (size_t bit = 0; bit < 256; bit++) {
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(ct_equal(SPAN_ARR(a), SPAN_ARR(b)));
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_false(ct_equal(SPAN_ARR(a), span_of(b, 31)));
	assert_true(ct_equal(SPAN_EMPTY, SPAN_EMPTY));
	wipe(a, sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++)
		assert_int_equal(a[i], 0);
	wipe(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(span_takes),
		cmocka_unit_test(span_compares),
		cmocka_unit_test(buf_appends),
		cmocka_unit_test(buf_failure_is_sticky),
		cmocka_unit_test(buf_steals_and_ends),
		cmocka_unit_test(arena_gives_and_limits),
		cmocka_unit_test(secret_holds_and_wipes),
		cmocka_unit_test(ct_equal_is_equality),
	};

	return cmocka_run_group_tests_name("base/bytes", tests, NULL, NULL);
}
