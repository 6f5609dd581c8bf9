/* Times and dates of text.h. Proleptic Gregorian, no leap seconds; Beijing is UTC+8 without summer time (the years
 * 1986-1991, when China had it, are written in standard time like all others). */
#include "base/text.h"

enum { DAY_SEC = 86400, CN_SEC = 8 * 3600, YEAR_MIN = 1, YEAR_MAX = 9999 };

struct civil {
	int64_t year;
	unsigned month, day, hour, minute, second;
};

/* Days since 1970-01-01. The year is counted from March, so that the leap day is its last. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t in_era = y - era * 400;
	int64_t in_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + (int64_t)day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static struct civil civil_of(int64_t t)
{
	int64_t days = t / DAY_SEC - (t % DAY_SEC < 0 ? 1 : 0);
	unsigned sec = (unsigned)(t - days * DAY_SEC);
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	unsigned month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);

	return (struct civil){
		.year = yoe + era * 400 + (month <= 2 ? 1 : 0),
		.month = month,
		.day = (unsigned)(doy - (153 * mp + 2) / 5 + 1),
		.hour = sec / 3600,
		.minute = sec / 60 % 60,
		.second = sec % 60,
	};
}

static unsigned month_days(int64_t year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* False and a failed buffer for what four digits of a year cannot show. */
static bool in_range(struct buf *out, int64_t t)
{
	bool ok = t >= days_of(YEAR_MIN, 1, 1) * DAY_SEC + CN_SEC && t < days_of(YEAR_MAX + 1, 1, 1) * DAY_SEC - CN_SEC;

	if (!ok && out->failed == ERR_OK)
		out->failed = ERR_LIMIT;
	return ok;
}

static void put_date(struct buf *out, const struct civil *c)
{
	buf_printf(out, "%04d-%02u-%02u", (int)c->year, c->month, c->day);
}

static void put_clock(struct buf *out, const struct civil *c)
{
	buf_printf(out, "%02u:%02u:%02u", c->hour, c->minute, c->second);
}

void text_time(struct buf *out, int64_t t)
{
	if (!in_range(out, t))
		return;
	struct civil c = civil_of(t);
	put_date(out, &c);
	buf_str(out, "T");
	put_clock(out, &c);
	buf_str(out, "Z");
}

void text_time_cn(struct buf *out, int64_t t)
{
	if (!in_range(out, t))
		return;
	struct civil c = civil_of(t + CN_SEC);
	put_date(out, &c);
	buf_str(out, " ");
	put_clock(out, &c);
}

void text_date_cn(struct buf *out, int64_t t)
{
	if (!in_range(out, t))
		return;
	struct civil c = civil_of(t + CN_SEC);
	put_date(out, &c);
}

void text_last_day_cn(struct buf *out, int64_t not_after)
{
	text_date_cn(out, not_after > INT64_MIN ? not_after - 1 : not_after);
}

/* Exactly len digits of a number in min to max, followed by the character after (0: none). */
static bool take_number(struct span *s, size_t len, unsigned min, unsigned max, char after, unsigned *ret_v)
{
	struct span part;
	uint8_t c;
	unsigned v = 0;

	if (!span_take(s, len, &part))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (part.ptr[i] < '0' || part.ptr[i] > '9')
			return false;
		v = v * 10 + (part.ptr[i] - '0');
	}
	if (v < min || v > max || (after && (!span_take_u8(s, &c) || c != after)))
		return false;
	*ret_v = v;
	return true;
}

static bool take_date(struct span *s, char after, struct civil *c)
{
	unsigned year;

	if (!take_number(s, 4, YEAR_MIN, YEAR_MAX, '-', &year) || !take_number(s, 2, 1, 12, '-', &c->month) ||
	    !take_number(s, 2, 1, 31, after, &c->day))
		return false;
	c->year = year;
	return c->day <= month_days(c->year, c->month);
}

enum err text_untime(struct span s, int64_t *ret_t)
{
	struct civil c;

	if (!take_date(&s, 'T', &c) || !take_number(&s, 2, 0, 23, ':', &c.hour) ||
	    !take_number(&s, 2, 0, 59, ':', &c.minute) || !take_number(&s, 2, 0, 59, 'Z', &c.second) || s.len != 0)
		return ERR(SYNTAX, "not a time of the form 2026-11-22T03:04:05Z");
	*ret_t = days_of(c.year, c.month, c.day) * DAY_SEC + (int64_t)(c.hour * 3600 + c.minute * 60 + c.second);
	return ERR_OK;
}

enum err text_date(struct span s, int64_t *ret_midnight_cn)
{
	struct civil c;

	if (!take_date(&s, '\0', &c) || s.len != 0)
		return ERR(SYNTAX, "not a date of the form 2026-11-22");
	*ret_midnight_cn = days_of(c.year, c.month, c.day) * DAY_SEC - CN_SEC;
	return ERR_OK;
}
