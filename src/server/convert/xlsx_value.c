#include "server/convert/xlsx_i.h"
#include "base/text.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 60, SIGNIFICANT = 15, DAY = 86400, NEAR_SEC = 60 };

bool value_int(struct span s, int64_t max, int64_t *ret_v)
{
	int64_t v = 0;
	if (s.len == 0 || s.len > 18)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		v = v * 10 + (s.ptr[i] - '0');
	}
	if (v > max)
		return false;
	*ret_v = v;
	return true;
}

bool value_ref(struct span ref, int64_t *ret_row, unsigned *ret_col)
{
	size_t i = 0;
	unsigned col = 0;
	int64_t row = 0;
	while (i < ref.len && i < 4 && ref.ptr[i] >= 'A' && ref.ptr[i] <= 'Z')
		col = col * 26 + (unsigned)(ref.ptr[i++] - 'A' + 1);
	if (i == 0 || i > 3 || col > XLSX_COL_LAST)
		return false;
	if (!value_int(span_sub(ref, i, ref.len - i), XLSX_ROW_LAST, &row) || row == 0)
		return false;
	*ret_row = row;
	*ret_col = col - 1;
	return true;
}

/* The file's text of a double, strictly: digits, point, exponent. The C locale is never changed, so strtod() reads a
 * point. */
static bool parse_double(struct span v, double *ret_d)
{
	char s[NUMBER_MAX + 1], *end = NULL;
	if (v.len == 0 || v.len > NUMBER_MAX)
		return false;
	memcpy(s, v.ptr, v.len);
	s[v.len] = 0;
	if (strspn(s, "0123456789.eE+-") != v.len)
		return false;
	errno = 0;
	double d = strtod(s, &end);
	if (*end != 0 || errno == ERANGE || !isfinite(d))
		return false;
	*ret_d = d;
	return true;
}

/* Spreadsheets hold doubles: 8765.43 is written 8765.4300000000003. Fifteen significant digits are what they show and
 * keep. */
enum cell_kind value_number(struct span v, char *ret, size_t cap)
{
	double d = 0;
	if (!parse_double(v, &d))
		return CELL_ERROR;
	if (fabs(d) >= 1e15)
		return CELL_INEXACT;
	int whole = fabs(d) < 1 ? 1 : (int)floor(log10(fabs(d))) + 1;
	int places = SIGNIFICANT - whole;
	int n = snprintf(ret, cap, "%.*f", places < 0 ? 0 : places, d);
	if (n < 0 || (size_t)n >= cap)
		return CELL_ERROR;
	if (strchr(ret, '.') != NULL) {
		while (n > 0 && ret[n - 1] == '0')
			ret[--n] = 0;
		if (n > 0 && ret[n - 1] == '.')
			ret[--n] = 0;
	}
	if (strcmp(ret, "-0") == 0)
		(void)snprintf(ret, cap, "0");
	return CELL_NUMBER;
}

static enum cell_kind put_day(int64_t days, int64_t minutes, char *ret, size_t cap)
{
	AUTO_BUF(text, 32);
	text_date_cn(&text, days * DAY);
	if (minutes != 0)
		buf_printf(&text, " %02d:%02d", (int)(minutes / 60), (int)(minutes % 60));
	if (buf_err(&text) != ERR_OK || text.len >= cap)
		return CELL_BAD_DATE;
	(void)snprintf(ret, cap, "%s", buf_cstr(&text));
	return minutes != 0 ? CELL_TIMED : CELL_DATE;
}

/* 1900 system: serial 1 is 1900-01-01 and 60 the 29 February 1900 that never was (18.17.4.1); 1904 system: 0 is
 * 1904-01-01. Within a minute of midnight it is that midnight: SheetJS writes 33055.000497685185, 43 seconds late. */
enum cell_kind value_date(struct span v, bool date1904, char *ret, size_t cap)
{
	double d = 0;
	if (!parse_double(v, &d))
		return CELL_ERROR;
	if (d < (date1904 ? 0 : 1) || d >= 2958466)
		return CELL_BAD_DATE;
	bool whole = fabs(d - round(d)) * DAY <= NEAR_SEC;
	int64_t serial = (int64_t)(whole ? round(d) : floor(d));
	int64_t minutes = whole ? 0 : (int64_t)round((d - floor(d)) * 1440);
	if ((!date1904 && serial == 60) || serial >= 2958466)
		return CELL_BAD_DATE;
	/* Days from 1970-01-01: 25569 is 1970-01-01 in the 1900 system, 24107 in the 1904 one. */
	return put_day(date1904 ? serial - 24107 : serial - 25569 + (serial < 60 ? 1 : 0), minutes, ret, cap);
}

static bool two_digits(struct span s, size_t at, int64_t max, int64_t *ret_v)
{
	return value_int(span_sub(s, at, 2), max, ret_v);
}

/* Minutes after midnight of "T16:00:00.000Z"; -1 when it is none. Seconds count as a minute: they are a time of day. */
static int64_t iso_minutes(struct span t)
{
	int64_t h = 0, m = 0, s = 0;
	bool more = t.len > 6;
	if (t.len == 0)
		return 0;
	if (t.len < 6 || t.ptr[0] != 'T' || t.ptr[3] != ':' || !two_digits(t, 1, 23, &h) || !two_digits(t, 4, 59, &m))
		return -1;
	if (more && t.ptr[6] == ':' && !two_digits(t, 7, 59, &s))
		return -1;
	return h * 60 + m + (s > 0 && h * 60 + m == 0 ? 1 : 0);
}

enum cell_kind value_iso(struct span v, char *ret, size_t cap)
{
	int64_t day = 0, minutes = iso_minutes(span_sub(v, 10, v.len));
	if (v.len < 10 || minutes < 0 || text_date(span_sub(v, 0, 10), &day) != ERR_OK) {
		err_clear();
		return CELL_BAD_DATE;
	}
	enum { CN_SEC = 8 * 3600 };
	return put_day((day + CN_SEC) / DAY, minutes, ret, cap); /* exact: it is a midnight */
}

/* --- escapes --- */

static bool escape_at(const uint8_t *s, size_t len, uint32_t *ret_unit)
{
	uint32_t v = 0;
	if (len < 7 || s[0] != '_' || s[1] != 'x' || s[6] != '_')
		return false;
	for (size_t i = 2; i < 6; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *at =
			s[i] == 0 ? NULL : strchr(digits, s[i] >= 'A' && s[i] <= 'F' ? s[i] + 'a' - 'A' : s[i]);
		if (at == NULL)
			return false;
		v = v * 16 + (uint32_t)(at - digits);
	}
	*ret_unit = v;
	return true;
}

static size_t put_utf8(uint32_t cp, uint8_t *out)
{
	size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
	for (size_t i = n; i > 1; i--, cp >>= 6)
		out[i - 1] = (uint8_t)(0x80 | (cp & 0x3F));
	out[0] = (uint8_t)(lead[n] | cp);
	return n;
}

size_t value_unescape(uint8_t *text, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len;) {
		uint32_t unit = 0, low = 0;
		size_t used = escape_at(text + i, len - i, &unit) && unit != 0 ? 7 : 0;
		bool high = used > 0 && unit >= 0xD800 && unit < 0xDC00;
		if (high && escape_at(text + i + 7, len - i - 7, &low) && low >= 0xDC00 && low < 0xE000) {
			unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
			used = 14;
		} else if (unit >= 0xD800 && unit < 0xE000) {
			used = 0;
		}
		if (used > 0)
			n += put_utf8(unit, text + n);
		else
			text[n++] = text[i];
		i += used > 0 ? used : 1;
	}
	return n;
}
