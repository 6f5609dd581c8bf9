/* Real files through the real process: what is refused, what is told per cell, and what it costs. */
#include "base/clock.h"
#include "sheets.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TEXT_MAX = 1 << 22 };
static struct sheets sheets;

static int open_all(void **state)
{
	(void)state;
	return sheets_open(&sheets);
}

static int close_all(void **state)
{
	(void)state;
	sheets_close(&sheets);
	return 0;
}

/* All cells as text, a line a row. */
static enum err note(void *ctx, int64_t row, const struct cell *cells, size_t n)
{
	struct buf *out = ctx;
	buf_printf(out, "%d", (int)row);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "|%s:%.*s", cell_kind_name(cells[i].kind), (int)cells[i].text.len,
		           (const char *)cells[i].text.ptr);
	buf_str(out, "\n");
	return ERR_OK;
}

static enum err run(const char *const *args, const struct convert_limits *limits, struct buf *out,
                    struct xlsx_summary *s)
{
	const struct xlsx_sink sink = {note, note, out};
	int fd = sheets_make(&sheets, args);
	assert_true(fd >= 0);
	enum err e = convert_xlsx(sheets.convert, fd, limits, &sink, s);
	(void)close(fd);
	return e;
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *file;
		enum err want;
	} rows[] = {
		{"bomb", ERR_XLSX_BOMB},
		{"encrypted", ERR_XLSX_ENCRYPTED},
		{"xls", ERR_XLSX_OLD},
		{"entity", ERR_XLSX_ENTITY},
		{"wrong-type", ERR_XLSX_NOT},
		{"external-link", ERR_XLSX_LINK},
		{"macro", ERR_XLSX_MACRO},
		{"truncated", ERR_XLSX_DAMAGED},
		{"merged-head", ERR_XLSX_HEAD},
		{"hidden", ERR_XLSX_HEAD},
		{"no-head", ERR_XLSX_HEAD},
		{"many-rows", ERR_XLSX_LIMIT},
		{"not-zip", ERR_XLSX_NOT},
		{"zip-password", ERR_XLSX_ENCRYPTED},
		{"deep", ERR_XLSX_DAMAGED},
		{"twice", ERR_XLSX_DAMAGED},
		{"out-of-order", ERR_XLSX_DAMAGED},
		{"strings", ERR_XLSX_LIMIT},
		{"bad-string-index", ERR_XLSX_DAMAGED},
		{"wide", ERR_XLSX_LIMIT},
	};
	const struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(out, TEXT_MAX);
		struct xlsx_summary s = {.rows = -1};
		int64_t from = clock_mono_ms();
		enum err e = run((const char *[]){"-n", "5", "--file", rows[i].file, NULL}, &limits, &out, &s);
		print_message("# %-16s %-14s %4d ms  %s\n", rows[i].file, err_name(e), (int)(clock_mono_ms() - from),
		              err_detail());
		assert_int_equal(e, rows[i].want);
		assert_int_equal(s.rows, -1);
		err_clear();
	}
}

/* The 1904 epoch and inline strings say the same as the plain file of the same seed. */
static void test_same(void **state)
{
	(void)state;
	/* From "phonetic" on: ECMA-376 part 1, 18.4.6 and 22.9.2.19; part 2, names and types of parts; what SheetJS
	 * writes; 18.8.30. */
	static const char *const odd[] = {"epoch-1904",   "inline",       "empty-million", "phonetic", "part-case",
	                                  "default-type", "backslash",    "strict",        "relative", "escapes",
	                                  "date-43s",     "date-formats", "column-style"};
	size_t wrong = 0;
	const struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	AUTO_BUF(plain, TEXT_MAX);
	struct xlsx_summary s;
	assert_int_equal(run((const char *[]){"-n", "20", NULL}, &limits, &plain, &s), ERR_OK);
	assert_int_equal(s.rows, 20);
	assert_false(s.date1904);
	assert_non_null(strstr(buf_cstr(&plain), "|date:20"));
	for (size_t i = 0; i < COUNT_OF(odd); i++) {
		AUTO_BUF(out, TEXT_MAX);
		int64_t from = clock_mono_ms();
		enum err e = run((const char *[]){"-n", "20", "--file", odd[i], NULL}, &limits, &out, &s);
		bool same = e == ERR_OK && strcmp(buf_cstr(&out), buf_cstr(&plain)) == 0;
		print_message("# %s: %s, %d ms with the generator, %lld empty rows\n", odd[i],
		              same          ? "the same"
		              : e != ERR_OK ? err_detail()
		                            : "other cells",
		              (int)(clock_mono_ms() - from), (long long)s.empty_rows);
		err_clear();
		wrong += !same;
		if (!same)
			continue;
		assert_int_equal(s.date1904, i == 0);
		assert_int_equal(s.empty_rows, i == 2 ? 1000000 - 21 : 0);
	}
	assert_int_equal(wrong, 0);
}

/* A day with a time of day is told, not cut: ExcelJS writes a local midnight of Shanghai as 16:00 of the day before.
 * Cells that say themselves that they are dates follow the same rule, and a time that is none spoils the cell, not the
 * file. */
static void test_days_with_time(void **state)
{
	(void)state;
	const struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	struct xlsx_summary s;
	AUTO_BUF(out, TEXT_MAX);
	AUTO_BUF(iso, TEXT_MAX);
	AUTO_BUF(blank, TEXT_MAX);
	assert_int_equal(run((const char *[]){"-n", "5", "--file", "date-8h", NULL}, &limits, &out, &s), ERR_OK);
	assert_null(strstr(buf_cstr(&out), "|date:"));
	assert_non_null(strstr(buf_cstr(&out), "|timed:2026-10-31 16:00|"));
	assert_int_equal(run((const char *[]){"-n", "5", "--file", "iso-dates", NULL}, &limits, &iso, &s), ERR_OK);
	assert_non_null(strstr(buf_cstr(&iso), "|date:2026-11-01|"));
	assert_non_null(strstr(buf_cstr(&iso), " 16:00|"));
	assert_non_null(strstr(buf_cstr(&iso), "|bad-date:|"));
	/* Cells of nothing that can be seen are empty, and so is their row. */
	assert_int_equal(run((const char *[]){"-n", "5", "--file", "blank-cells", NULL}, &limits, &blank, &s), ERR_OK);
	assert_int_equal(s.rows, 5);
	assert_int_equal(s.empty_rows, 1);
}

static void test_cells(void **state)
{
	(void)state;
	static const struct {
		const char *spoil, *says;
	} rows[] = {
		{"formula", "|formula:|"}, {"merged", "|merged:|"},           {"error", "|error:|"},
		{"long", "|long:|"},       {"number-id", "|inexact:|"},       {"us-date", "/26|"},
		{"text-date", "年"},       {"bad-date", "|text:2026-02-30|"}, {"control", "\xe2\x80\xae"},
	};
	const struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(out, TEXT_MAX);
		struct xlsx_summary s;
		assert_int_equal(run((const char *[]){"-n", "10", "--spoil", rows[i].spoil, NULL}, &limits, &out, &s),
		                 ERR_OK);
		if (strstr(buf_cstr(&out), rows[i].says) == NULL)
			print_message("# %s: %s\n", rows[i].spoil, buf_cstr(&out));
		assert_non_null(strstr(buf_cstr(&out), rows[i].says));
		assert_null(strstr(buf_cstr(&out), "6234.5")); /* a formula's cached value is nobody's word */
	}
}

static void test_thousand(void **state)
{
	(void)state;
	const struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	AUTO_BUF(out, TEXT_MAX);
	struct xlsx_summary s;
	const struct xlsx_sink sink = {note, note, &out};
	int fd = sheets_make(&sheets, (const char *[]){"-n", "1000", NULL});
	int64_t from = clock_mono_ms();
	assert_int_equal(convert_xlsx(sheets.convert, fd, &limits, &sink, &s), ERR_OK);
	print_message("# 1,000 rows converted in %d ms\n", (int)(clock_mono_ms() - from));
	(void)close(fd);
	assert_int_equal(s.rows, 1000);
}

static enum err stop_here(void *ctx, int64_t row, const struct cell *cells, size_t n)
{
	(void)ctx, (void)row, (void)cells, (void)n;
	return ERR(CANCELLED, "enough");
}

/* Memory, processor time, waiting and the caller's own wish each end a job with an answer; the next job works. */
static void test_limits(void **state)
{
	(void)state;
	struct xlsx_summary s;
	AUTO_BUF(out, TEXT_MAX);
	struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
#ifndef __SANITIZE_ADDRESS__ /* there the limit is left out (sandbox/user.c) */
	limits.memory_mb = 8;
	assert_int_equal(run((const char *[]){"-n", "5", "--file", "strings", NULL}, &limits, &out, &s), ERR_CONVERT);
	err_clear();
#endif
	limits = CONVERT_LIMITS_DEFAULT;
	limits.xlsx.inflated = 1ull << 32;
	limits.wait_ms = 50;
	assert_int_equal(run((const char *[]){"-n", "5", "--file", "bomb", NULL}, &limits, &out, &s), ERR_TIMEOUT);
	err_clear();
	limits = CONVERT_LIMITS_DEFAULT;
	const struct xlsx_sink sink = {stop_here, stop_here, NULL};
	int fd = sheets_make(&sheets, (const char *[]){"-n", "1000", NULL});
	assert_int_equal(convert_xlsx(sheets.convert, fd, &limits, &sink, &s), ERR_CANCELLED);
	err_clear();
	buf_clear(&out);
	const struct xlsx_sink good = {note, note, &out};
	/* the same file, from its beginning */
	assert_int_equal(convert_xlsx(sheets.convert, fd, &limits, &good, &s), ERR_OK);
	(void)close(fd);
}

/* What the other process says is checked: these lines it can only say when it is not ours any more. */
static void test_wire(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"x",
		"[]",
		"{}",
		"{\"k\":\"row\",\"n\":2,\"c\":[[\"text\",\"a\"]]}",
		"{\"k\":\"head\",\"n\":0,\"c\":[[\"text\",\"a\"]]}",
		"{\"k\":\"head\",\"n\":1,\"c\":[]}",
		"{\"k\":\"head\",\"n\":1,\"c\":[[\"text\"]]}",
		"{\"k\":\"head\",\"n\":1,\"c\":[[\"tex\",\"a\"]]}",
		"{\"k\":\"head\",\"n\":1,\"c\":[[\"formula\",\"a\"]]}",
		"{\"k\":\"head\",\"n\":1,\"c\":[[\"number\",\"1x\"]]}",
		"{\"k\":\"head\",\"n\":1,\"c\":[[\"date\",\"2026-02-30\"]]}",
		"{\"k\":\"head\",\"n\":1,\"c\":[[\"timed\",\"2026-02-28\"]]}",
		"{\"k\":\"head\",\"n\":1,\"c\":[[\"timed\",\"2026-02-30 16:00\"]]}",
		"{\"k\":\"head\",\"n\":1,\"c\":[[\"timed\",\"2026-02-28 16h00\"]]}",
		"{\"k\":\"refused\",\"code\":\"S-001\"}",
		"{\"k\":\"refused\"}",
		"{\"k\":\"end\",\"rows\":0,\"empty\":0,\"last\":0,\"sheets\":1}",
		"{\"k\":\"head\",\"n\":1,\"c\":[[\"text\",\"a\"]],\"k\":\"row\"}",
	};
	const struct xlsx_limits limits = XLSX_LIMITS_DEFAULT;
	const struct xlsx_sink sink = {stop_here, stop_here, NULL};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct wire_state w = {.limits = &limits};
		struct xlsx_summary s;
		bool end = false;
		assert_int_equal(wire_line(&w, span_str(bad[i]), &sink, &s, &end), ERR_CONVERT);
		assert_false(end);
		err_clear();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused), cmocka_unit_test(test_same),     cmocka_unit_test(test_days_with_time),
		cmocka_unit_test(test_cells),   cmocka_unit_test(test_thousand), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_wire)};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
