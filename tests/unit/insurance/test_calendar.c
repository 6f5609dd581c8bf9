/* Working days with shifted days, terms, the month's window, months and days as people write them. */
#include "server/insurance/calendar.h"
#include "server/insurance/tables.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int load(void **state)
{
	struct tables *t = NULL;
	if (tables_load(SHARE_DIR "/tables", &t) != ERR_OK) {
		print_error("%s\n", err_detail());
		return -1;
	}
	*state = t;
	return 0;
}

static int unload(void **state)
{
	tables_free(*state);
	return 0;
}

static int64_t day(const char *text)
{
	int64_t t = 0;
	assert_int_equal(day_parse(span_str(text), &t), ERR_OK);
	return t;
}

static void test_working_days(void **state)
{
	const struct calendar *c = ((struct tables *)*state)->calendar;
	static const struct {
		const char *day;
		bool works;
	} rows[] = {
		{"2026-01-01", false}, {"2026-01-04", true},  {"2026-01-05", true}, {"2026-01-10", false},
		{"2026-02-14", true},  {"2026-02-23", false}, {"2026-02-28", true}, {"2026-03-01", false},
		{"2026-11-21", false}, {"2026-11-23", true},  {"2030-01-01", true}, /* no data: a Tuesday */
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(calendar_works(c, day(rows[i].day)), rows[i].works);
	assert_true(calendar_knows(c, 2026));
	assert_false(calendar_knows(c, 2030));
}

static void test_terms(void **state)
{
	const struct calendar *c = ((struct tables *)*state)->calendar;
	static const struct {
		const char *from;
		int n;
		const char *end;
	} rows[] = {
		{"2026-11-20", 10, "2026-12-04"}, {"2026-11-21", 10, "2026-12-04"}, {"2026-02-13", 1, "2026-02-14"},
		{"2026-02-13", 2, "2026-02-24"},  {"2026-02-13", 5, "2026-02-27"},  {"2026-02-13", 6, "2026-02-28"},
		{"2026-09-30", 1, "2026-10-08"},  {"2026-12-31", 1, "2027-01-04"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(calendar_add(c, day(rows[i].from) + 3600 * 9, rows[i].n), day(rows[i].end));
	assert_int_equal(calendar_term(c, day("2026-01-22"), 30), day("2026-02-24")); /* ends in the Spring Festival */
	assert_int_equal(calendar_term(c, day("2026-11-01"), 15), day("2026-11-16"));
	assert_int_equal(calendar_roll(c, day("2026-10-10")), day("2026-10-10"));
}

static void test_window(void **state)
{
	const struct filing_rule *r = &((struct tables *)*state)->filing;
	static const struct {
		const char *day;
		int sec, period;
		bool next;
		int left;
	} rows[] = {
		{"2026-11-01", 0, 202611, false, 25},   {"2026-11-25", 86399, 202611, false, 0},
		{"2026-11-26", 0, 202612, true, 30},    {"2026-12-31", 3600, 202701, true, 25},
		{"2026-12-25", 3600, 202612, false, 0}, {"2027-01-01", 0, 202701, false, 25},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct filing_window w = calendar_window(r, day(rows[i].day) + rows[i].sec);
		assert_int_equal(w.period, rows[i].period);
		assert_int_equal(w.next, rows[i].next);
		assert_int_equal(w.days_left, rows[i].left);
		assert_true(w.open);
	}
	const struct filing_rule late = {5, 31, 24, 30, 31};
	assert_false(calendar_window(&late, day("2026-11-04")).open);
	assert_int_equal(calendar_window(&late, day("2026-11-30")).closes, day("2026-12-01"));
}

static void test_months(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		int want;
	} months[] = {
		{"202603", 202603},
		{"2026-03", 202603},
		{"2026/3", 202603},
		{"2026年3月", 202603},
		{"２０２６０３", 202603},
		{"2026.12", 202612},
		{"202613", 0},
		{"202600", 0},
		{"26-03", 0},
		{"2026-", 0},
		{"2026-3-1", 0},
		{"", 0},
		{"20263", 0},
		{"2026--3", 0},
		{"2026-003", 0},
		{"三月", 0},
		{"999999999", 0},
		{"189912", 0},
	};
	for (size_t i = 0; i < COUNT_OF(months); i++) {
		int got = 0;
		assert_int_equal(month_parse(span_str(months[i].in), &got), months[i].want ? ERR_OK : ERR_FIELD_VALUE);
		assert_int_equal(got, months[i].want);
	}
	static const struct {
		const char *in, *same;
		bool unsure;
	} days[] = {
		{"20260301", "2026-03-01"},
		{"2026/3/1", "2026-03-01"},
		{"2026年3月1日", "2026-03-01"},
		{"２０２６－０３－０１", "2026-03-01"},
		{"2028-02-29", "20280229"},
		{"2026-02-29", NULL},
		{"3/1/2026", NULL, true},
		{"2026-3", NULL},
		{"26-3-1", NULL, true},
		{"", NULL},
		{"2026-03-01 08:00", NULL, true},
		{"20260230", NULL},
		{"2026031", NULL},
		{"1899-12-31", NULL},
		{"44927", NULL},
	};
	for (size_t i = 0; i < COUNT_OF(days); i++) {
		int64_t got = 7;
		enum err e = day_parse(span_str(days[i].in), &got);
		assert_int_equal(e, days[i].same ? ERR_OK : days[i].unsure ? ERR_UNSURE : ERR_FIELD_VALUE);
		assert_int_equal(got, days[i].same ? day(days[i].same) : 7);
	}
	assert_int_equal(month_add(202611, 2), 202701);
	assert_int_equal(month_add(202601, -1), 202512);
	assert_int_equal(month_diff(202701, 202511), 14);
	assert_int_equal(month_of(day("2026-12-01") - 1), 202611);
	assert_int_equal(month_age(day("2008-02-29"), day("2024-02-28")), 15);
	assert_int_equal(month_age(day("2010-11-22"), day("2026-11-22")), 16);
	assert_int_equal(month_weekday(day("2026-11-22")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_working_days), cmocka_unit_test(test_terms),
	                                   cmocka_unit_test(test_window), cmocka_unit_test(test_months)};
	return cmocka_run_group_tests(tests, load, unload);
}
