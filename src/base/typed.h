/* Days, months and amounts as people type them.
 *
 * The year comes first and has four digits, so that nothing is guessed; separators are - / . 年 月 日 of any width, in
 * any mixture. A time of day behind a day may only be midnight. What can be read in two ways is told apart from what is
 * wrong: 2026.1        January, or October that lost its last digit in a number cell 26/11/30      which of them is the
 * year 2026-11-29 16:00   perhaps the 30th, written eight hours early Years 1900 to 9999. Pure; outputs are untouched
 * on failure. */
#pragma once
#include "base/err.h"
#include "base/span.h"

/* Beijing midnight; ERR_FIELD_VALUE, ERR_UNSURE */
enum err typed_day(struct span in, int64_t *ret_midnight_cn) MUST_CHECK;
enum err typed_month(struct span in, int *ret_month) MUST_CHECK; /* 202611; ERR_FIELD_VALUE, ERR_UNSURE */
/* Yuan in fen: "8765.43", "8,765.43", full width, leading ¥ or trailing 元; at most nine digits before the point and
 * two decimals behind it, or more when they are zeros. ERR_FIELD_VALUE for anything else, negative included. */
enum err typed_money(struct span in, int64_t *ret_fen) MUST_CHECK;
