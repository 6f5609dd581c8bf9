/* Business months (所属期) and days, as people and spreadsheets write them.
 *
 * A month is the integer yyyymm, a day is its Beijing midnight in UTC seconds. What is taken is written in
 * base/typed.h; what can be read in two ways is ERR_UNSURE. Pure functions. Outputs are untouched on failure. */
#pragma once
#include "base/err.h"
#include "base/span.h"

enum { MONTH_MIN = 190001, MONTH_MAX = 999911, DAY_SEC = 86400 };

bool month_is(int64_t month);      /* yyyymm with a month 01..12 within the range */
int month_add(int month, int n);   /* n may be negative; clipped to the range */
int month_diff(int a, int b);      /* months from b to a */
int month_of(int64_t t);           /* Beijing month of a time */
int month_day(int64_t t);          /* Beijing day of the month, 1..31 */
int64_t month_first(int month);    /* midnight of day 1 */
int64_t month_midnight(int64_t t); /* midnight of the Beijing day of t */
int month_weekday(int64_t t);      /* 0 Sunday .. 6 Saturday, Beijing */
/* Full years at the day `on` of someone born at the day `birth` (the birthday itself counts). */
int month_age(int64_t birth, int64_t on);

/* "202603" "2026-03" "2026/3" "2026年3月"; ERR_FIELD_VALUE, ERR_UNSURE */
enum err month_parse(struct span in, int *ret_month) MUST_CHECK;
/* "2026-03-01" "20260301" "2026/3/1"; ERR_FIELD_VALUE, ERR_UNSURE */
enum err day_parse(struct span in, int64_t *ret_midnight) MUST_CHECK;
