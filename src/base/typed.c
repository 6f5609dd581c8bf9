#include "base/typed.h"
#include "base/text.h"
#include "base/text_fold.h"
#include <stdio.h>
#include <string.h>

enum { TYPED_MAX = 64, PARTS = 3, YEAR_MIN = 1900, YEAR_MAX = 9999 };

struct part {
	int value;
	size_t digits;
};

/* Folded, with one octet for each separator: "2026-3-1-". False for a character that no date has. */
static bool folded(struct span in, char ret[TYPED_MAX])
{
	static const struct {
		const char *zh;
		char c;
	} marks[] = {{"年", '-'}, {"月", '-'}, {"日", '-'}, {"号", '-'}, {"份", '-'}};
	AUTO_BUF(out, TYPED_MAX * 4);
	size_t n = 0;
	if (text_fold(FOLD_DATE, in, &out, NULL) != ERR_OK) {
		err_clear();
		return false;
	}
	for (struct span s = buf_span(&out); s.len > 0;) {
		size_t len = 1;
		char c = (char)s.ptr[0];
		for (size_t i = 0; i < COUNT_OF(marks); i++)
			if (span_starts(s, span_str(marks[i].zh))) {
				c = marks[i].c;
				len = strlen(marks[i].zh);
			}
		if (strchr("0123456789-/. :TZ", c) == NULL || c == 0 || n + 1 >= TYPED_MAX)
			return false;
		ret[n++] = c;
		s = span_sub(s, len, s.len);
	}
	ret[n] = 0;
	return n > 0;
}

static void skip_blanks(const char **s)
{
	while (**s == ' ')
		(*s)++;
}

/* Numbers with separators between, perhaps one after the last ("月份" makes two); *s is left at what follows. */
static size_t take_parts(const char **s, struct part v[PARTS], char *ret_sep)
{
	size_t n = 0;
	while (n < PARTS) {
		struct part p = {0, strspn(*s, "0123456789")};
		if (p.digits == 0 || p.digits > 8)
			break;
		for (size_t i = 0; i < p.digits; i++)
			p.value = p.value * 10 + ((*s)[i] - '0');
		v[n++] = p;
		*s += p.digits;
		const char *at = *s;
		skip_blanks(&at);
		if (*at == 0 || strchr("-/.", *at) == NULL)
			break;
		if (n == 1)
			*ret_sep = *at;
		while (*at != 0 && strchr("-/.", *at) != NULL && n >= PARTS - 1)
			at++;
		if (n < PARTS - 1)
			at++;
		skip_blanks(&at);
		*s = at;
	}
	return n;
}

/* "T00:00:00.000Z", " 0:00": digits and what stands between them. Nothing is midnight too. */
static enum err take_time(const char *s)
{
	size_t colons = 0, digits = 0;
	bool zero = true;
	skip_blanks(&s);
	if (*s == 0)
		return ERR_OK;
	s += *s == 'T';
	for (; *s != 0; s++) {
		colons += *s == ':';
		digits += *s >= '0' && *s <= '9';
		zero = zero && !(*s >= '1' && *s <= '9');
		if (strchr("0123456789:.Z", *s) == NULL || (*s == 'Z' && s[1] != 0))
			return ERR(FIELD_VALUE, "not a time of day");
	}
	if (colons < 1 || colons > 2 || digits < 3 || digits > 15)
		return ERR(FIELD_VALUE, "not a time of day");
	return zero ? ERR_OK : ERR(UNSURE, "day with a time of day");
}

static bool year_fits(int year)
{
	return year >= YEAR_MIN && year <= YEAR_MAX;
}

static enum err make_day(int year, int month, int day, int64_t *ret_t)
{
	char text[40];
	int64_t t = 0;
	(void)snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, day);
	if (!year_fits(year) || text_date(span_str(text), &t) != ERR_OK) {
		err_clear();
		return ERR(FIELD_VALUE, "no such day");
	}
	*ret_t = t;
	return ERR_OK;
}

enum err typed_day(struct span in, int64_t *ret_midnight_cn)
{
	char text[TYPED_MAX], sep = 0;
	struct part v[PARTS];
	int64_t t = 0;
	if (!folded(in, text))
		return ERR(FIELD_VALUE, "not a day");
	const char *s = text;
	size_t n = take_parts(&s, v, &sep);
	if (n == 3 && v[0].digits <= 2 && v[1].digits <= 2 && (v[2].digits <= 2 || v[2].digits == 4))
		return ERR(UNSURE, "day whose year is not first");
	if (n == 1 && v[0].digits == 8 && sep == 0)
		TRY(make_day(v[0].value / 10000, v[0].value / 100 % 100, v[0].value % 100, &t));
	else if (n == 3 && v[0].digits == 4 && v[1].digits <= 2 && v[2].digits <= 2)
		TRY(make_day(v[0].value, v[1].value, v[2].value, &t));
	else
		return ERR(FIELD_VALUE, "not a day");
	TRY(take_time(s));
	*ret_midnight_cn = t;
	return ERR_OK;
}

enum err typed_month(struct span in, int *ret_month)
{
	char text[TYPED_MAX], sep = 0;
	struct part v[PARTS];
	int year = 0, month = 0;
	if (!folded(in, text))
		return ERR(FIELD_VALUE, "not a month");
	const char *s = text;
	size_t n = take_parts(&s, v, &sep);
	if (n == 1 && v[0].digits == 6 && sep == 0) {
		year = v[0].value / 100;
		month = v[0].value % 100;
	} else if (n == 2 && v[0].digits == 4 && v[1].digits <= 2) {
		year = v[0].value;
		month = v[1].value;
	}
	if (*s != 0 || !year_fits(year) || month < 1 || month > 12)
		return ERR(FIELD_VALUE, "not a month");
	if (sep == '.' && v[1].digits == 1 && month == 1)
		return ERR(UNSURE, "a decimal number that may have lost a digit");
	*ret_month = year * 100 + month;
	return ERR_OK;
}
