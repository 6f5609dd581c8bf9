#include "server/filing/valid.h"
#include "base/text.h"
#include "server/cert/ident.h"
#include <stdio.h>
#include <string.h>

enum { CLEAN_MAX = 64, NAME_CHARS_MIN = 2, NAME_CHARS_MAX = 50, YUAN_DIGITS_MAX = 9, YEAR_MIN = 1900, YEAR_MAX = 2200 };

/* Full-width forms U+FF01..U+FF5E stand for ASCII 0x21..0x7E; the ideographic space is a space. ASCII only, no spaces. */
static enum err clean(struct span in, char ret[CLEAN_MAX])
{
	size_t n = 0;
	while (in.len > 0) {
		uint32_t cp = 0;
		size_t len = text_decode(in, &cp);
		if (len == 0)
			return ERR(UTF8, "value");
		in = span_sub(in, len, in.len);
		if (cp >= 0xff01 && cp <= 0xff5e)
			cp = cp - 0xff01 + 0x21;
		if (cp == 0x3000 || cp == ' ')
			continue;
		if (cp > 0x7e || n + 1 >= CLEAN_MAX)
			return ERR(FIELD_VALUE, "character or length");
		ret[n++] = (char)cp;
	}
	ret[n] = 0;
	return n > 0 ? ERR_OK : ERR(FIELD_MISSING, "value");
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

static enum err valid_text(struct span in, int64_t now, char *ret, size_t cap)
{
	(void)now;
	TRY(text_line_check(in));
	if (in.len >= cap)
		return ERR(LIMIT, "value of %zu octets", in.len);
	memcpy(ret, in.ptr, in.len);
	ret[in.len] = 0;
	return ERR_OK;
}

/* Letters, the middle dot of transcribed names, spaces within; no digits and no signs. */
static enum err valid_name(struct span in, int64_t now, char *ret, size_t cap)
{
	size_t chars = text_chars(in);
	if (chars < NAME_CHARS_MIN || chars > NAME_CHARS_MAX)
		return ERR(FIELD_VALUE, "name of %zu characters", chars);
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (c < 0x80 && !letter && !strchr(" .-'", c))
			return ERR(FIELD_VALUE, "character in a name");
	}
	return valid_text(in, now, ret, cap);
}

/* --- numbers that name things: server/cert/ident.h --- */

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
	char s[UNIT_NO_LEN + 1];
	bool legacy;
	(void)now;
	TRY(ident_unit_no(in, s, &legacy));
	return give(s, ret, cap);
}

static enum err valid_person_no(struct span in, int64_t now, char *ret, size_t cap)
{
	char s[PERSON_NO_LEN + 1];
	(void)now;
	TRY(ident_person_no(in, s));
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

static bool year_fits(const char *s)
{
	int year = (s[0] - '0') * 1000 + (s[1] - '0') * 100 + (s[2] - '0') * 10 + (s[3] - '0');
	return year >= YEAR_MIN && year <= YEAR_MAX;
}

/* 20261122, 2026-11-22, 2026/11/22, 2026.11.22 */
static enum err valid_date(struct span in, int64_t now, char *ret, size_t cap)
{
	char s[CLEAN_MAX], out[16];
	int64_t t;
	(void)now;
	TRY(clean(in, s));
	size_t n = strlen(s);
	bool marked = n == 10 && strchr("-/.", s[4]) != NULL && s[7] == s[4];
	if (!marked && n != 8)
		return ERR(FIELD_VALUE, "not a date");
	size_t step = marked ? 1 : 0;
	if (!digits(s, 4) || !digits(s + 4 + step, 2) || !digits(s + 6 + 2 * step, 2))
		return ERR(FIELD_VALUE, "not a date");
	(void)snprintf(out, sizeof out, "%.4s-%.2s-%.2s", s, s + 4 + step, s + 6 + 2 * step);
	if (text_date(span_str(out), &t) != ERR_OK || !year_fits(out)) {
		err_clear();
		return ERR(FIELD_VALUE, "no such day");
	}
	return give(out, ret, cap);
}

/* 202611, 2026-11, 2026/11, 2026.11 */
static enum err valid_month(struct span in, int64_t now, char *ret, size_t cap)
{
	char s[CLEAN_MAX], out[8];
	(void)now;
	TRY(clean(in, s));
	size_t n = strlen(s), step = n == 7 && strchr("-/.", s[4]) != NULL ? 1 : 0;
	if (n != 6 + step || !digits(s, 4) || !digits(s + 4 + step, 2) || !year_fits(s))
		return ERR(FIELD_VALUE, "not a month");
	(void)snprintf(out, sizeof out, "%.4s%.2s", s, s + 4 + step);
	int month = (out[4] - '0') * 10 + (out[5] - '0');
	return month >= 1 && month <= 12 ? give(out, ret, cap) : ERR(FIELD_VALUE, "no such month");
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
	(void)snprintf(out, sizeof out, "%.*s.%c%c", (int)whole, s, part > 0 ? s[whole + 1] : '0', part > 1 ? s[whole + 2] : '0');
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
	{"text", valid_text}, {"name", valid_name}, {"id_number", valid_id_number}, {"uscc", valid_uscc},
	{"unit_no", valid_unit_no}, {"person_no", valid_person_no}, {"mobile", valid_mobile}, {"date", valid_date},
	{"month", valid_month}, {"money", valid_money}, {"int", valid_int}, {"region", valid_region},
};

const struct service_validator *service_validator_builtin(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(builtin); i++)
		if (strcmp(builtin[i].name, name) == 0)
			return &builtin[i];
	return NULL;
}
