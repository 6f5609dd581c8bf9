/* Many persons by spreadsheet, without sockets: cells to values, the mark of a spoilt cell, lines for spreadsheets,
 * progress. */
#include "server/portal/filing_sheet.h"
#include "server/portal/run/progress.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../insurance/b03_rows.h"

static struct tables *tables;
static struct b03_rows b03;

static int start(void **state)
{
	(void)state;
	return tables_load(SHARE_DIR "/tables", &tables) == ERR_OK && b03_rows_open(&b03, tables) == ERR_OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	b03_rows_close(&b03);
	tables_free(tables);
	return 0;
}

/* --- cells to values --- */

static const struct {
	int f;
	const char *in, *want;
} values[] = {
	{B03_NAME, "  张三\xe3\x80\x80", "  张三\xe3\x80\x80"}, /* texts are folded by the draft that takes them */
	{B03_NAME, "", ""},
	{B03_ID_TYPE, "", "01"},
	{B03_ID_TYPE, "居民身份证", "01"},
	{B03_ID_TYPE, "护照?", "护照?"},
	{B03_GENDER, "女", "2"},
	{B03_GENDER, "2", "2"},
	{B03_GENDER, "\xef\xbb\xbf女\xe2\x80\x8b", "2"},
	{B03_GENDER, "不详", "不详"},
	{B03_ETHNIC, "汉族", "01"},
	{B03_ENROL_TYPE, "", "A"},
	{B03_ENROL_TYPE, "首次参保", "A"},
	{B03_INS, "", "110,210,410"},
	{B03_INS, "养老、失业、工伤", "110,210,410"},
	{B03_INS, "410+110", "110,410"},
	{B03_INS, "养老,意外", "养老,意外"},
	{B03_START_MONTH, "2026-11", "202611"},
	{B03_START_MONTH, "2026年11月", "202611"},
	{B03_START_MONTH, "2026-11-01", "202611"},
	{B03_START_MONTH, "2026-11-02", "2026-11-02"},
	{B03_START_MONTH, "202613", "202613"},
	{B03_START_MONTH, "2026.11", "202611"},
	{B03_START_MONTH, "2026.2", "202602"},
	{B03_START_MONTH, "2026.1",
         "\x1a"
         "B03-27 单元格 J7，写的是“2026.1”"},
	{B03_HIRE_DATE, "2026年11月1日", "2026-11-01"},
	{B03_HIRE_DATE, "2026/11/1", "2026-11-01"},
	{B03_HIRE_DATE, "11/01/26",
         "\x1a"
         "B03-27 单元格 K7，写的是“11/01/26”"},
	{B03_HIRE_DATE, "2026-11-30 00:00:00", "2026-11-30"},
	{B03_HIRE_DATE, "2026/11/30 0:00:00", "2026-11-30"},
	{B03_HIRE_DATE, "2026-11-30T00:00:00", "2026-11-30"},
	{B03_HIRE_DATE, "2026-11-29T16:00:00.000Z",
         "\x1a"
         "B03-27 单元格 K7，写的是“2026-11-29T16:00:00.000Z”"},
	{B03_HIRE_DATE, "2026-02-30", "2026-02-30"},
	{B03_CONTRACT_FROM, "", "2026-11-20"}, /* the day of hire below */
	{B03_CONTRACT_TYPE, "固定期限", "1"},
	{B03_CONTRACT_TYPE, "", ""},
	{B03_EMPLOY_FORM, "", "01"},
	{B03_WAGE, "8,765.4", "8765.40"},
	{B03_WAGE, "¥3500元", "3500.00"},
	{B03_WAGE, "-1", "-1"},
	{B03_WAGE, "三千五百", "三千五百"},
	{B03_SPECIAL_JOB, "否", "0"},
	{B03_REMARK, "=1+1", "=1+1"},
};

/* One row of cells as the sheet brings it; "" where there is no value. */
struct row_cells {
	struct cell v[B03_CELLS];
};

static void put(struct row_cells *c, int f, enum cell_kind kind, const char *text)
{
	c->v[f] = (struct cell){kind, span_str(text)};
}

static void value(const struct row_cells *c, int64_t no, int f, char ret[SERVICE_VALUE_MAX + 1])
{
	json_t *row = NULL;
	assert_int_equal(b03_rows_json(&b03, "43010024", clock_now(NULL), no, c->v, &row), ERR_OK);
	(void)snprintf(ret, SERVICE_VALUE_MAX + 1, "%s", json_str_or(row, b03_field(b03.s, f)->name, ""));
	json_decref(row);
}

static void value_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		struct row_cells row = {.v = {{CELL_EMPTY, {NULL, 0}}}};
		char got[SERVICE_VALUE_MAX + 1] = "?";
		put(&row, B03_HIRE_DATE, CELL_TEXT, "2026-11-20");
		put(&row, values[i].f, CELL_TEXT, values[i].in);
		value(&row, 7, values[i].f, got);
		if (strcmp(got, values[i].want) != 0)
			fail_msg("row %zu %s \"%s\": \"%s\", not \"%s\"", i, business_b03.binds[values[i].f].name,
			         values[i].in, got, values[i].want);
	}
}

/* The mark tells code and cell, survives being read back, and nothing that a person types is one. */
static void spoilt_cells(void **state)
{
	struct row_cells row = {.v = {{CELL_EMPTY, {NULL, 0}}}};
	char got[SERVICE_VALUE_MAX + 1], text[SERVICE_VALUE_MAX + 2];
	struct sheet_spoil s = {.detail = ""};
	(void)state;
	put(&row, B03_WAGE, CELL_FORMULA, "");
	value(&row, 12, B03_WAGE, got);
	assert_true(sheet_spoilt(got, &s));
	assert_string_equal(s.code, "B03-19");
	assert_string_equal(s.zh, "单元格是公式");
	assert_string_equal(s.detail, "单元格 S12");
	put(&row, B03_HIRE_DATE, CELL_TIMED, "2026-10-31 16:00");
	value(&row, 12, B03_HIRE_DATE, got);
	assert_true(sheet_spoilt(got, &s));
	assert_int_equal(s.fault, SHEET_TIMED);
	assert_string_equal(s.detail, "单元格 K12，2026-10-31 16:00");
	value(&row, 12, B03_CONTRACT_FROM, got); /* taken from the day of hire: no second fault */
	assert_true(sheet_spoilt(got, &s));
	assert_int_equal(s.fault, SHEET_FOLLOWS);
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = 0;
	put(&row, B03_LIVE_ADDR, CELL_TEXT, text);
	value(&row, 12, B03_LIVE_ADDR, got);
	assert_true(sheet_spoilt(got, &s));
	assert_string_equal(s.code, "B03-12");
	put(&row, B03_UNIT_NO, CELL_TEXT, "10000016");
	value(&row, 12, B03_REMARK, got);
	assert_true(sheet_spoilt(got, &s));
	assert_int_equal(s.fault, SHEET_OTHER_UNIT);
	assert_non_null(strstr(s.detail, "单元格 X12"));
	put(&row, B03_UNIT_NO, CELL_TEXT, " 43010024 ");
	value(&row, 12, B03_REMARK, got);
	assert_string_equal(got, "");
	/* what an older version left in a draft */
	assert_true(sheet_spoilt("\x1a"
	                         "B03-28 单元格 C7",
	                         &s));
	assert_int_equal(s.fault, SHEET_INEXACT);
	assert_string_equal(s.detail, "单元格 C7");
	assert_false(sheet_spoilt("", &s));
	assert_false(sheet_spoilt("B03-19", &s));
	assert_true(sheet_spoilt("\x1a", &s));
	assert_int_equal(s.fault, SHEET_CELL);
}

static void shown_as_words(void **state)
{
	static const struct {
		const char *in, *want;
	} table[] = {{"张三", "张三"},
	             {"", ""},
	             {"\x1a"
	              "B03-19 单元格 S12",
	              "（单元格是公式）"},
	             {"张\xe2\x80\xae三", "张<U+202E>三"},
	             {"a\tb", "a␣b"},
	             {"张\xee\x80\x80", "张<U+E000>"}};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		AUTO_BUF(out, 1000);
		assert_int_equal(filing_shown(NULL, table[i].in, &out), ERR_OK);
		assert_string_equal(buf_cstr(&out), table[i].want);
	}
}

/* --- lines for spreadsheets --- */

static void csv_table(void **state)
{
	static const struct {
		const char *in, *want;
	} table[] = {{"", "\"\""},          {"a", "\"a\""},    {"a,b", "\"a,b\""}, {"a\"b", "\"a\"\"b\""},
	             {"=1+1", "\"'=1+1\""}, {"+1", "\"'+1\""}, {"-1", "\"'-1\""},  {"@x", "\"'@x\""},
	             {"\tx", "\"'\tx\""},   {"1=1", "\"1=1\""}};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		AUTO_BUF(out, 100);
		csv_quoted(&out, table[i].in);
		assert_string_equal(buf_cstr(&out), table[i].want);
	}
}

/* --- progress --- */

static void progress_is_ones_own(void **state)
{
	AUTO(progress) p = NULL;
	int64_t rows = -1;
	char no[32];
	(void)state;
	assert_int_equal(progress_new(&p), ERR_OK);
	assert_int_equal(progress_get(p, "F1", "P1", &rows), PROGRESS_NONE);
	assert_int_equal(rows, 0);
	progress_put(p, "F1", "P1", PROGRESS_READING, 40);
	assert_int_equal(progress_get(p, "F1", "P1", &rows), PROGRESS_READING);
	assert_int_equal(rows, 40);
	assert_int_equal(progress_get(p, "F1", "P2", &rows), PROGRESS_NONE);
	assert_int_equal(progress_get(p, "F2", "P1", &rows), PROGRESS_NONE);
	progress_put(p, "F1", "P1", PROGRESS_DONE, 41);
	assert_int_equal(progress_get(p, "F1", "P1", &rows), PROGRESS_DONE);
	for (int i = 0; i < 64; i++) {
		(void)snprintf(no, sizeof(no), "G%d", i);
		progress_put(p, no, "P1", PROGRESS_READING, i);
	}
	assert_int_equal(progress_get(p, "F1", "P1", &rows), PROGRESS_NONE); /* the oldest went */
	assert_int_equal(progress_get(p, "G63", "P1", &rows), PROGRESS_READING);
	progress_put(NULL, "F1", "P1", PROGRESS_READING, 1);
	assert_int_equal(progress_get(NULL, "F1", "P1", &rows), PROGRESS_NONE);
	assert_string_equal(progress_name(PROGRESS_SAVING), "saving");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(value_table), cmocka_unit_test(spoilt_cells),
	                                   cmocka_unit_test(shown_as_words), cmocka_unit_test(csv_table),
	                                   cmocka_unit_test(progress_is_ones_own)};
	return cmocka_run_group_tests_name("portal-sheet", tests, start, stop);
}
