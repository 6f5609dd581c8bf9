#include "server/form/valid.h"
#include "base/text.h"
#include "base/text_fold.h"
#include "base/typed.h"
#include "server/register/ident.h"
#include <stdio.h>
#include <string.h>

enum {
	CLEAN_MAX = 64,
	FOLDED_MAX = 2 * LIMIT_FIELD + 4096,
	NAME_CHARS_MIN = 2,
	NAME_CHARS_MAX = 50,
	YUAN_DIGITS_MAX = 9,
	MONTH_LAST = 220012
};
#define YEAR_LAST "2200-12-31"

/* Folded, ASCII only, no spaces. */
static enum err clean(struct span in, char ret[CLEAN_MAX])
{
	AUTO_BUF(folded, FOLDED_MAX);
	TRY(text_fold(FOLD_NUMBER, in, &folded, NULL));
	if (folded.len == 0)
		return ERR(FIELD_MISSING, "value");
	for (size_t i = 0; i < folded.len; i++)
		if (i + 1 >= CLEAN_MAX || folded.ptr[i] > 0x7e)
			return ERR(FIELD_VALUE, "character or length");
	memcpy(ret, folded.ptr, folded.len);
	ret[folded.len] = 0;
	return ERR_OK;
}

static enum err give(const char *s, char *ret, size_t cap)
{
	size_t n = strlen(s);
	if (n >= cap)
		return ERR(LIMIT, "value of %zu octets", n);
	memcpy(ret, s, n + 1);
	return ERR_OK;
}

/* --- text --- */

static enum err take_folded(enum fold_as as, struct span in, struct buf *out)
{
	TRY(text_fold(as, in, out, NULL));
	if (text_has_private(buf_span(out)))
		return ERR(PRIVATE_USE, "private-use character");
	return text_line_check(buf_span(out));
}

static enum err valid_text(struct span in, int64_t now, char *ret, size_t cap)
{
	AUTO_BUF(folded, FOLDED_MAX);
	(void)now;
	TRY(take_folded(FOLD_TEXT, in, &folded));
	return folded.len > 0 ? give(buf_cstr(&folded), ret, cap) : ERR(FIELD_MISSING, "value");
}

static enum err valid_name(struct span in, int64_t now, char *ret, size_t cap)
{
	AUTO_BUF(folded, FOLDED_MAX);
	uint32_t cp = 0;
	(void)now;
	TRY(take_folded(FOLD_NAME, in, &folded));
	size_t chars = text_chars(buf_span(&folded));
	if (chars < NAME_CHARS_MIN || chars > NAME_CHARS_MAX)
		return ERR(FIELD_VALUE, "name of %zu characters", chars);
	if (text_is_stacked(buf_span(&folded)))
		return ERR(FIELD_VALUE, "marks in a name");
	for (struct span s = buf_span(&folded); s.len > 0;) {
		size_t n = text_decode(s, &cp);
		if (!text_cp_in_name(cp))
			return ERR(FIELD_VALUE, "character in a name");
		s = span_sub(s, n, s.len);
	}
	return give(buf_cstr(&folded), ret, cap);
}

/* --- numbers that name things: server/register/ident.h --- */

static enum err valid_id_number(struct span in, int64_t now, char *ret, size_t cap)
{
	char s[ID_NUMBER_LEN + 1];
	TRY(ident_id_number(in, now, s));
	return give(s, ret, cap);
}

static enum err valid_uscc(struct span in, int64_t now, char *ret, size_t cap)
{
	char s[USCC_LEN + 1];
	bool inner;
	(void)now;
	TRY(ident_uscc(in, s, &inner));
	return give(s, ret, cap);
}

static enum err valid_unit_no(struct span in, int64_t now, char *ret, size_t cap)
{
	char s[UNIT_NO_LEN + 1], plain[CLEAN_MAX];
	bool legacy;
	(void)now;
	TRY(clean(in, plain));
	TRY(ident_unit_no(span_str(plain), s, &legacy));
	return give(s, ret, cap);
}

static enum err valid_person_no(struct span in, int64_t now, char *ret, size_t cap)
{
	char s[PERSON_NO_LEN + 1], plain[CLEAN_MAX];
	(void)now;
	TRY(clean(in, plain));
	TRY(ident_person_no(span_str(plain), s));
	return give(s, ret, cap);
}

static enum err valid_mobile(struct span in, int64_t now, char *ret, size_t cap)
{
	char s[MOBILE_LEN + 1];
	(void)now;
	TRY(ident_mobile(in, s));
	return give(s, ret, cap);
}

/* --- dates, months --- */

static bool digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

static enum err valid_date(struct span in, int64_t now, char *ret, size_t cap)
{
	AUTO_BUF(out, 32);
	int64_t t = 0;
	(void)now;
	TRY(typed_day(in, &t));
	text_date_cn(&out, t);
	TRY(buf_err(&out));
	return strcmp(buf_cstr(&out), YEAR_LAST) <= 0 ? give(buf_cstr(&out), ret, cap)
	                                              : ERR(FIELD_VALUE, "no such year");
}

static enum err valid_month(struct span in, int64_t now, char *ret, size_t cap)
{
	char out[24];
	int month = 0;
	(void)now;
	TRY(typed_month(in, &month));
	(void)snprintf(out, sizeof(out), "%d", month);
	return month <= MONTH_LAST ? give(out, ret, cap) : ERR(FIELD_VALUE, "no such year");
}

/* --- moments --- */

enum { MINUTE_SEC = 60, HOUR_SEC = 3600 };

/* What stands between day and time of day: blanks, or a T. */
static struct span cut_gap(struct span day, bool *ret_gap)
{
	size_t before = day.len;
	while (day.len > 0 && (day.ptr[day.len - 1] == ' ' || day.ptr[day.len - 1] == 'T'))
		day.len--;
	*ret_gap = day.len < before || (day.len >= 3 && memcmp(day.ptr + day.len - 3, "日", 3) == 0);
	return day;
}

static bool take_number(struct span *s, size_t least, int most, int *ret_n)
{
	size_t n = 0;
	*ret_n = 0;
	while (n < s->len && n < 2 && s->ptr[n] >= '0' && s->ptr[n] <= '9')
		*ret_n = *ret_n * 10 + (s->ptr[n++] - '0');
	*s = span_sub(*s, n, s->len);
	return n >= least && *ret_n <= most;
}

static bool take_any(struct span *s, const char *const *marks)
{
	for (; *marks != NULL; marks++)
		if (span_starts(*s, span_str(*marks))) {
			*s = span_sub(*s, strlen(*marks), s->len);
			return true;
		}
	return false;
}

/* "9:30", "09:30:00", "9时30分", "9点": nothing behind it, and no seconds. */
static bool time_of_day(struct span s, int64_t *ret_sec)
{
	static const char *const hour_marks[] = {":", "时", "点", NULL}, *const ends[] = {"分", ":00", "整", NULL};
	int hour, minute = 0;
	if (!take_number(&s, 1, 23, &hour))
		return false;
	bool colon = s.len > 0 && s.ptr[0] == ':';
	if (!take_any(&s, hour_marks) || (!take_number(&s, colon ? 2 : 0, 59, &minute)))
		return false;
	(void)take_any(&s, ends);
	*ret_sec = (int64_t)hour * HOUR_SEC + (int64_t)minute * MINUTE_SEC;
	return s.len == 0;
}

/* Where the hour begins: one or two digits before the first mark of an hour; 0: nowhere. */
static size_t hour_at(struct span s)
{
	static const char *const marks[] = {":", "时", "点"};
	size_t at = s.len;
	for (size_t i = 0; i < s.len && at == s.len; i++)
		for (size_t k = 0; k < COUNT_OF(marks); k++)
			if (span_starts(span_sub(s, i, s.len), span_str(marks[k])))
				at = i;
	for (size_t n = 0; at < s.len && at > 0 && n < 2 && s.ptr[at - 1] >= '0' && s.ptr[at - 1] <= '9'; n++)
		at--;
	return at < s.len ? at : 0;
}

static enum err read_moment(struct span s, int64_t *ret_time)
{
	int64_t day, sec;
	bool gap;
	size_t at = hour_at(s);
	struct span date = cut_gap(span_sub(s, 0, at), &gap);
	if (at == 0 || !gap || !time_of_day(span_sub(s, at, s.len), &sec))
		return ERR(FIELD_VALUE, "no time of day");
	TRY(typed_day(date, &day));
	*ret_time = day + sec;
	return ERR_OK;
}

static enum err valid_datetime(struct span in, int64_t now, char *ret, size_t cap)
{
	AUTO_BUF(folded, FOLDED_MAX);
	AUTO_BUF(out, 32);
	int64_t t = 0;
	(void)now;
	TRY(text_fold(FOLD_DATE, in, &folded, NULL));
	TRY(read_moment(buf_span(&folded), &t));
	text_time_cn(&out, t);
	buf_cut(&out, strlen("2026-11-22 09:30"));
	TRY(buf_err(&out));
	return strncmp(buf_cstr(&out), YEAR_LAST, 10) <= 0 ? give(buf_cstr(&out), ret, cap)
	                                                   : ERR(FIELD_VALUE, "no such year");
}

enum err valid_moment(struct span moment, int64_t *ret_time)
{
	return read_moment(moment, ret_time);
}

/* --- long texts --- */

/* Each line folded like a text of one line; blank lines at the ends dropped, several between made one. */
static enum err valid_long(struct span in, int64_t now, char *ret, size_t cap)
{
	AUTO_BUF(out, FOLDED_MAX);
	struct span line;
	size_t breaks = 0;
	(void)now;
	for (bool more = true; more;) {
		AUTO_BUF(folded, FOLDED_MAX);
		more = span_take_until(&in, '\n', &line);
		TRY(take_folded(FOLD_TEXT, more ? line : in, &folded));
		breaks++;
		if (folded.len == 0)
			continue;
		buf_put(&out, span_of("\n\n", out.len == 0 ? 0 : breaks > 1 ? 2 : 1));
		buf_put(&out, buf_span(&folded));
		breaks = 0;
	}
	TRY(buf_err(&out));
	return out.len > 0 ? give(buf_cstr(&out), ret, cap) : ERR(FIELD_MISSING, "value");
}

/* --- amounts --- */

/* Commas may separate thousands and nothing else. */
static bool drop_commas(char *s)
{
	size_t len = strcspn(s, "."), first = strcspn(s, ","), n = 0;
	if (s[first] == 0)
		return true;
	if (first == 0 || first > 3 || first > len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((s[i] == ',') != (i >= first && (i - first) % 4 == 0))
			return false;
	if ((len - first) % 4 != 0)
		return false;
	for (size_t i = 0; s[i] != 0; i++)
		if (s[i] != ',')
			s[n++] = s[i];
	s[n] = 0;
	return strchr(s, ',') == NULL;
}

/* Yuan with at most two decimals, no sign; stored as "8000.00". */
static enum err valid_money(struct span in, int64_t now, char *ret, size_t cap)
{
	char s[CLEAN_MAX], out[24];
	(void)now;
	TRY(clean(in, s));
	if (!drop_commas(s))
		return ERR(FIELD_VALUE, "commas of an amount");
	size_t whole = strcspn(s, "."), part = s[whole] == 0 ? 0 : strlen(s) - whole - 1;
	if (whole == 0 || whole > YUAN_DIGITS_MAX || !digits(s, whole) || (s[whole] != 0 && (part < 1 || part > 2)) ||
	    !digits(s + whole + (part > 0 ? 1 : 0), part) || (whole > 1 && s[0] == '0'))
		return ERR(FIELD_VALUE, "not an amount");
	(void)snprintf(out, sizeof(out), "%.*s.%c%c", (int)whole, s, part > 0 ? s[whole + 1] : '0',
	               part > 1 ? s[whole + 2] : '0');
	return give(out, ret, cap);
}

enum err valid_fen(struct span money, int64_t *ret_fen)
{
	size_t dot;
	int64_t yuan, fen;
	if (!span_find(money, '.', &dot) || money.len != dot + 3)
		return ERR(FIELD_VALUE, "not an amount in yuan");
	TRY(text_i64(span_sub(money, 0, dot), 0, 999999999, &yuan));
	struct span tail = span_sub(money, dot + 1, 2);
	if (!digits((const char *)tail.ptr, 2))
		return ERR(FIELD_VALUE, "not an amount in yuan");
	fen = (tail.ptr[0] - '0') * 10 + (tail.ptr[1] - '0');
	*ret_fen = yuan * 100 + fen;
	return ERR_OK;
}

static enum err valid_int(struct span in, int64_t now, char *ret, size_t cap)
{
	char s[CLEAN_MAX];
	int64_t v;
	(void)now;
	TRY(clean(in, s));
	if (text_i64(span_str(s), -999999999, 999999999, &v) != ERR_OK) {
		err_clear();
		return ERR(FIELD_VALUE, "not a whole number");
	}
	return give(s, ret, cap);
}

/* Six digits, GB/T 2260 or a local extension. */
static enum err valid_region(struct span in, int64_t now, char *ret, size_t cap)
{
	char s[CLEAN_MAX];
	(void)now;
	TRY(clean(in, s));
	if (strlen(s) != 6 || !digits(s, 6))
		return ERR(FIELD_VALUE, "not a region");
	return give(s, ret, cap);
}

static const struct service_validator builtin[] = {
	{"text", valid_text, FOLD_TEXT},
	{"name", valid_name, FOLD_NAME},
	{"id_number", valid_id_number, FOLD_NUMBER},
	{"uscc", valid_uscc, FOLD_NUMBER},
	{"unit_no", valid_unit_no, FOLD_NUMBER},
	{"person_no", valid_person_no, FOLD_NUMBER},
	{"mobile", valid_mobile, FOLD_NUMBER},
	{"date", valid_date, FOLD_DATE},
	{"month", valid_month, FOLD_DATE},
	{"money", valid_money, FOLD_NUMBER},
	{"int", valid_int, FOLD_NUMBER},
	{"region", valid_region, FOLD_NUMBER},
	{"datetime", valid_datetime, FOLD_DATE},
	{"long", valid_long, FOLD_TEXT},
};

const struct service_validator *service_validator_builtin(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(builtin); i++)
		if (strcmp(builtin[i].name, name) == 0)
			return &builtin[i];
	return NULL;
}
