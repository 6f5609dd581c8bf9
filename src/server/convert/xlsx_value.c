#include "server/convert/xlsx_i.h"
#include "base/text.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 60, SIGNIFICANT = 15, DAY = 86400 };

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

/* The file's text of a double, strictly: digits, point, exponent. The C locale is never changed, so strtod() reads a point. */
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

/* Spreadsheets hold doubles: 8765.43 is written 8765.4300000000003. Fifteen significant digits are what they show and keep. */
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

/* 1900 system: serial 1 is 1900-01-01 and 60 the 29 February 1900 that never was (18.17.4.1); 1904 system: 0 is 1904-01-01.
 * A time of day is left off. */
enum cell_kind value_date(struct span v, bool date1904, char *ret, size_t cap)
{
	AUTO_BUF(text, 16);
	double d = 0;
	if (!parse_double(v, &d))
		return CELL_ERROR;
	if (d < (date1904 ? 0 : 1) || d >= 2958466)
		return CELL_BAD_DATE;
	int64_t serial = (int64_t)floor(d);
	if (!date1904 && serial == 60)
		return CELL_BAD_DATE;
	/* Days from 1970-01-01: 25569 is 1970-01-01 in the 1900 system, 24107 in the 1904 one. */
	int64_t days = date1904 ? serial - 24107 : serial - 25569 + (serial < 60 ? 1 : 0);
	text_date_cn(&text, days * DAY);
	const char *s = buf_cstr(&text);
	return snprintf(ret, cap, "%s", s) == 10 ? CELL_DATE : CELL_BAD_DATE;
}
