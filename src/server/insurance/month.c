#include "server/insurance/month.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

enum { CN_SEC = 8 * 3600, PARTS = 3 };

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
	(void)snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
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

/* --- as people write it --- */

/* One character folded: digits, '-' for any separator, ' ' to be dropped, 0 for anything else. */
static char fold(uint32_t cp)
{
	if (cp >= 0xff01 && cp <= 0xff5e)
		cp = cp - 0xff01 + 0x21;
	if (cp >= '0' && cp <= '9')
		return (char)cp;
	if (cp == '-' || cp == '/' || cp == '.' || cp == 0x5e74 || cp == 0x6708 || cp == 0x65e5) /* 年 月 日 */
		return '-';
	return cp == ' ' || cp == 0x3000 ? ' ' : 0;
}

/* "2026年3月1日" to "2026-3-1-"; false for a character that no date has. */
static bool fold_all(struct span in, char *ret, size_t cap)
{
	size_t n = 0;
	while (in.len > 0) {
		uint32_t cp = 0;
		size_t len = text_decode(in, &cp);
		char c = len == 0 ? 0 : fold(cp);
		if (c == 0 || n + 1 >= cap)
			return false;
		in = span_sub(in, len, in.len - len);
		if (c != ' ')
			ret[n++] = c;
	}
	if (n > 0 && ret[n - 1] == '-')
		n--;
	ret[n] = 0;
	return true;
}

/* Splits at '-'; returns the number of parts, 0 when one is empty, too long, or there are too many. */
static int split(const char *s, int ret_v[PARTS], size_t ret_len[PARTS])
{
	int n = 0;
	for (;;) {
		size_t len = strspn(s, "0123456789");
		if (n == PARTS || len == 0 || len > 8)
			return 0;
		ret_v[n] = 0;
		for (size_t i = 0; i < len; i++)
			ret_v[n] = ret_v[n] * 10 + (s[i] - '0');
		ret_len[n++] = len;
		s += len;
		if (*s == 0)
			return n;
		if (*s++ != '-')
			return 0;
	}
}

enum err month_parse(struct span in, int *ret_month)
{
	char s[24];
	int v[PARTS];
	size_t len[PARTS];
	int n = fold_all(in, s, sizeof s) ? split(s, v, len) : 0;
	int month = 0;
	if (n == 1 && len[0] == 6)
		month = v[0];
	else if (n == 2 && len[0] == 4 && len[1] <= 2 && v[1] >= 1 && v[1] <= 12)
		month = v[0] * 100 + v[1];
	if (!month_is(month))
		return ERR(FIELD_VALUE, "not a month");
	*ret_month = month;
	return ERR_OK;
}

enum err day_parse(struct span in, int64_t *ret_midnight)
{
	char s[24];
	int v[PARTS];
	size_t len[PARTS];
	int64_t t = 0;
	int n = fold_all(in, s, sizeof s) ? split(s, v, len) : 0;
	enum err e = ERR_FIELD_VALUE;
	if (n == 1 && len[0] == 8)
		e = day_make(v[0] / 10000, v[0] / 100 % 100, v[0] % 100, &t);
	else if (n == 3 && len[0] == 4 && len[1] <= 2 && len[2] <= 2)
		e = day_make(v[0], v[1], v[2], &t);
	if (e == ERR_OK && t < month_first(MONTH_MIN))
		e = ERR_FIELD_VALUE;
	if (e != ERR_OK) {
		err_clear();
		return ERR(FIELD_VALUE, "not a day");
	}
	*ret_midnight = t;
	return ERR_OK;
}
