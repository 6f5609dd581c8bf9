/* Amounts: rounding half up, reading as people write, printing, capital words. */
#include "server/insurance/money.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_share(void **state)
{
	(void)state;
	static const struct {
		int64_t fen, ppm, want;
	} rows[] = {
		{430800, 160000, 68928},
		{876543, 160000, 140247},
		{876543, 80000, 70123},
		{430800, 7000, 3016},
		{876543, 7000, 6136},
		{430800, 3000, 1292},
		{876543, 3000, 2630},
		{430800, 4000, 1723},
		{876543, 20000, 17531},
		{1, 500000, 1},
		{1, 499999, 0},
		{3, 500000, 2},
		{0, 160000, 0},
		{100, 0, 0},
		{MONEY_MAX, PPM, MONEY_MAX},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(money_share(rows[i].fen, rows[i].ppm), rows[i].want);
}

static void test_print(void **state)
{
	(void)state;
	static const struct {
		int64_t fen;
		const char *grouped, *plain;
	} rows[] = {
		{0, "0.00", "0.00"},
		{5, "0.05", "0.05"},
		{99999, "999.99", "999.99"},
		{100000, "1,000.00", "1000.00"},
		{879181, "8,791.81", "8791.81"},
		{1249545, "12,495.45", "12495.45"},
		{-123456789, "-1,234,567.89", "-1234567.89"},
		{MONEY_SUM_MAX, "1,000,000,000,000,000.00", "1000000000000000.00"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(a, 64);
		AUTO_BUF(b, 64);
		money_print(&a, rows[i].fen);
		money_plain(&b, rows[i].fen);
		assert_string_equal(buf_cstr(&a), rows[i].grouped);
		assert_string_equal(buf_cstr(&b), rows[i].plain);
	}
}

static void test_words(void **state)
{
	(void)state;
	static const struct {
		int64_t fen;
		const char *want;
	} rows[] = {
		{879181, "捌仟柒佰玖拾壹元捌角壹分"},
		{1249545, "壹万贰仟肆佰玖拾伍元肆角伍分"},
		{0, "零元整"},
		{1, "壹分"},
		{10, "壹角整"},
		{15, "壹角伍分"},
		{100, "壹元整"},
		{101, "壹元零壹分"},
		{110, "壹元壹角整"},
		{1000, "壹拾元整"},
		{32504, "叁佰贰拾伍元零肆分"},
		{600714, "陆仟零柒元壹角肆分"},
		{140950, "壹仟肆佰零玖元伍角整"},
		{1640902, "壹万陆仟肆佰零玖元零贰分"},
		{168032, "壹仟陆佰捌拾元叁角贰分"},
		{10700053, "壹拾万柒仟元伍角叁分"},
		{1000000, "壹万元整"},
		{1000100, "壹万零壹元整"},
		{100000000, "壹佰万元整"},
		{10000000000LL, "壹亿元整"},
		{10000000100LL, "壹亿零壹元整"},
		{10001000000LL, "壹亿零壹万元整"},
		{10000100000LL, "壹亿零壹仟元整"},
		{100000000000000LL, "壹万亿元整"},
		{100000000000100LL, "壹万亿零壹元整"},
		{10010010010010LL, "壹仟零壹亿零壹拾万零壹佰元壹角整"},
		{-150, "负壹元伍角整"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(out, 256);
		money_words(&out, rows[i].fen);
		assert_string_equal(buf_cstr(&out), rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_share), cmocka_unit_test(test_print),
	                                   cmocka_unit_test(test_words)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
