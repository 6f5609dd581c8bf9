#include "server/insurance/month.h"
#include "base/text.h"
#include "base/typed.h"
#include <stdio.h>
#include <string.h>

enum { CN_SEC = 8 * 3600 };

struct day {
	int year, month, day;
};

static struct day day_of(int64_t t)
{
	AUTO_BUF(text, 16);
	int64_t v = 0;
	text_date_cn(&text, t);
	struct span s = buf_span(&text);
	struct day d = {1900, 1, 1};
	if (s.len != 10)
		return d;
	if (text_i64(span_sub(s, 0, 4), 0, 9999, &v) == ERR_OK)
		d.year = (int)v;
	d.month = (s.ptr[5] - '0') * 10 + (s.ptr[6] - '0');
	d.day = (s.ptr[8] - '0') * 10 + (s.ptr[9] - '0');
	return d;
}

static enum err day_make(int year, int month, int day, int64_t *ret_midnight)
{
	char text[32];
	(void)snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, day);
	return text_date(span_str(text), ret_midnight);
}

bool month_is(int64_t month)
{
	return month >= MONTH_MIN && month <= MONTH_MAX && month % 100 >= 1 && month % 100 <= 12;
}

int month_add(int month, int n)
{
	int count = month / 100 * 12 + month % 100 - 1 + n;
	int out = count / 12 * 100 + count % 12 + 1;
	return out < MONTH_MIN ? MONTH_MIN : out > MONTH_MAX ? MONTH_MAX : out;
}

int month_diff(int a, int b)
{
	return (a / 100 - b / 100) * 12 + a % 100 - b % 100;
}

int month_of(int64_t t)
{
	struct day d = day_of(t);
	return d.year * 100 + d.month;
}

int month_day(int64_t t)
{
	return day_of(t).day;
}

int64_t month_first(int month)
{
	int64_t t = 0;
	enum err e = day_make(month / 100, month % 100, 1, &t);
	INVARIANT(e == ERR_OK);
	return t;
}

int64_t month_midnight(int64_t t)
{
	int64_t local = t + CN_SEC, rest = local % DAY_SEC;
	return t - (rest < 0 ? rest + DAY_SEC : rest);
}

/* 1970-01-01 was a Thursday. */
int month_weekday(int64_t t)
{
	int64_t days = (month_midnight(t) + CN_SEC) / DAY_SEC;
	return (int)(((days + 4) % 7 + 7) % 7);
}

int month_age(int64_t birth, int64_t on)
{
	struct day b = day_of(birth), d = day_of(on);
	int years = d.year - b.year;
	return d.month < b.month || (d.month == b.month && d.day < b.day) ? years - 1 : years;
}

/* --- as people write it: base/typed.h --- */

enum err month_parse(struct span in, int *ret_month)
{
	int month = 0;
	TRY(typed_month(in, &month));
	if (!month_is(month))
		return ERR(FIELD_VALUE, "not a month");
	*ret_month = month;
	return ERR_OK;
}

enum err day_parse(struct span in, int64_t *ret_midnight)
{
	return typed_day(in, ret_midnight);
}
