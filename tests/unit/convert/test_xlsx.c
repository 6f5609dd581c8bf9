/* Numbers, dates of both epochs, number formats, references: tables of ECMA-376 cases. */
#include "server/convert/xlsx_i.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
		enum cell_kind kind;
	} rows[] = {
		{"8765.43", "8765.43", CELL_NUMBER},
		{"8765.4300000000003", "8765.43", CELL_NUMBER},
		{"0.1", "0.1", CELL_NUMBER},
		{"0.30000000000000004", "0.3", CELL_NUMBER},
		{"202611", "202611", CELL_NUMBER},
		{"1E3", "1000", CELL_NUMBER},
		{"-1", "-1", CELL_NUMBER},
		{"0", "0", CELL_NUMBER},
		{"-0", "0", CELL_NUMBER},
		{"1e-20", "0", CELL_NUMBER},
		{"13000063944", "13000063944", CELL_NUMBER},
		{"999999999999999", "999999999999999", CELL_NUMBER},
		{"4.3010219900307994E+17", NULL, CELL_INEXACT},
		{"1000000000000000", NULL, CELL_INEXACT},
		{"1e308", NULL, CELL_INEXACT},
		{"1e309", NULL, CELL_ERROR},
		{"nan", NULL, CELL_ERROR},
		{"inf", NULL, CELL_ERROR},
		{"0x10", NULL, CELL_ERROR},
		{"", NULL, CELL_ERROR},
		{"1 2", NULL, CELL_ERROR},
		{"--1", NULL, CELL_ERROR},
		{"1,5", NULL, CELL_ERROR},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char got[64] = "";
		assert_int_equal(value_number(span_str(rows[i].in), got, sizeof(got)), rows[i].kind);
		if (rows[i].out != NULL)
			assert_string_equal(got, rows[i].out);
	}
}

static void test_dates(void **state)
{
	(void)state;
	static const struct {
		const char *in, *in1900, *in1904;
	} rows[] = {
		{"1", "1900-01-01", "1904-01-02"},
		{"59", "1900-02-28", "1904-02-29"},
		{"60", NULL, "1904-03-01"},
		{"61", "1900-03-01", "1904-03-02"},
		{"0", NULL, "1904-01-01"},
		{"46327", "2026-11-01", "2030-11-02"},
		{"44865", "2022-10-31", "2026-11-01"},
		{"46327.9995", "2026-11-02", "2030-11-03"},
		{"33055.000497685185", "1990-07-01", "1994-07-02"},
		{"-1", NULL, NULL},
		{"2958465", "9999-12-31", NULL},
		{"2958466", NULL, NULL},
		{"1e300", NULL, NULL},
		{"x", NULL, NULL},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char a[16] = "", b[16] = "";
		enum cell_kind ka = value_date(span_str(rows[i].in), false, a, sizeof(a));
		enum cell_kind kb = value_date(span_str(rows[i].in), true, b, sizeof(b));
		assert_int_equal(ka == CELL_DATE, rows[i].in1900 != NULL);
		assert_int_equal(kb == CELL_DATE, rows[i].in1904 != NULL);
		if (ka == CELL_DATE)
			assert_string_equal(a, rows[i].in1900);
		if (kb == CELL_DATE)
			assert_string_equal(b, rows[i].in1904);
	}
}

/* ExcelJS 4.4.0 in Shanghai for 1990-07-01; a minute is the limit. */
static void test_days_with_time(void **state)
{
	(void)state;
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"33054.625", "1990-06-30 15:00"}, {"33054.6666666667", "1990-06-30 16:00"},
		{"46327.5", "2026-11-01 12:00"},   {"46327.0008", "2026-11-01 00:01"},
		{"46327.999", "2026-11-01 23:59"}, {"61.25", "1900-03-01 06:00"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char got[32] = "";
		assert_int_equal(value_date(span_str(rows[i].in), false, got, sizeof(got)), CELL_TIMED);
		assert_string_equal(got, rows[i].want);
	}
	char got[32] = "";
	assert_int_equal(value_date(SPAN_LIT("60.5"), false, got, sizeof(got)), CELL_BAD_DATE);
	assert_int_equal(value_date(SPAN_LIT("0.5"), false, got, sizeof(got)), CELL_BAD_DATE);
	assert_int_equal(value_iso(SPAN_LIT("2026-11-30T00:00:01"), got, sizeof(got)), CELL_TIMED);
	assert_int_equal(value_iso(SPAN_LIT("2026-02-30"), got, sizeof(got)), CELL_BAD_DATE);
}

static void test_escapes(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"_x6D4B_试", "测试"},
		{"_x005F_x6D4B_", "_x6D4B_"},
		{"a_x000D__x000A_b", "a\r\nb"},
		{"_xD842__xDFB7_田", "𠮷田"},
		{"_xd842__xdfb7_", "𠮷"},
		{"_xD842_", "_xD842_"},
		{"_xDFB7_", "_xDFB7_"},
		{"_x0000_", "_x0000_"},
		{"_x6D4_", "_x6D4_"},
		{"_x6D4G_", "_x6D4G_"},
		{"_x6D4B", "_x6D4B"},
		{"", ""},
		{"_x6D4B_x8BD5_", "测x8BD5_"},
		/* A line break typed with the Enter key: as XlsxWriter writes it, and as SheetJS does. */
		{"一号楼_x000D_\n二单元", "一号楼\r\n二单元"},
		{"一号楼_x000d_\n二单元", "一号楼\r\n二单元"},
		{"_x005f_x000d_", "_x000d_"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[64];
		(void)snprintf(text, sizeof(text), "%s", rows[i].in);
		text[value_unescape((uint8_t *)text, strlen(text))] = 0;
		assert_string_equal(text, rows[i].out);
	}
}

static void test_formats(void **state)
{
	(void)state;
	static const struct {
		const char *code;
		bool date;
	} rows[] = {
		{"yyyy-mm-dd", true},
		{"yyyy\"年\"m\"月\"d\"日\"", true},
		{"[$-804]yyyy/m/d;@", true},
		{"h:mm:ss", true},
		{"[h]:mm", true},
		{"General", false},
		{"0.00", false},
		{"#,##0.00_);[Red]\\(#,##0.00\\)", false},
		{"@", false},
		{"\"day\"0", false},
		{"0\\d", false},
		{"[$¥-804]#,##0", false},
		{"0.00E+00", false},
		{"", false},
		{"General;yyyy", false},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (format_is_date(rows[i].code) != rows[i].date)
			print_message("# %s\n", rows[i].code);
		assert_int_equal(format_is_date(rows[i].code), rows[i].date);
	}
}

static void test_refs(void **state)
{
	(void)state;
	static const struct {
		const char *ref;
		int64_t row;
		unsigned col;
	} rows[] = {
		{"A1", 1, 0},   {"Z9", 9, 25},  {"AA10", 10, 26},   {"XFD1048576", 1048576, 16383},
		{"XFE1", 0, 0}, {"A0", 0, 0},   {"A1048577", 0, 0}, {"AAAA1", 0, 0},
		{"1", 0, 0},    {"A", 0, 0},    {"a1", 0, 0},       {"A-1", 0, 0},
		{"", 0, 0},     {"$A$1", 0, 0},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t row = 0;
		unsigned col = 0;
		assert_int_equal(value_ref(span_str(rows[i].ref), &row, &col), rows[i].row != 0);
		assert_int_equal(row, rows[i].row);
		assert_int_equal(col, rows[i].col);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers),        cmocka_unit_test(test_dates),
	                                   cmocka_unit_test(test_days_with_time), cmocka_unit_test(test_escapes),
	                                   cmocka_unit_test(test_formats),        cmocka_unit_test(test_refs)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
