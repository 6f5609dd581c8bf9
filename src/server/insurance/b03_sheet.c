#include "server/insurance/b03_sheet.h"
#include <string.h>

/* "姓名*", "姓名(必填)" and "姓名" are the same heading. */
static struct span bare(struct span s)
{
	static const char *const tails[] = {"*", " ", "\xe3\x80\x80", "(必填)", "\xef\xbc\x88必填\xef\xbc\x89", "(选填)", "\xef\xbc\x88选填\xef\xbc\x89"};
	for (size_t i = 0; i < COUNT_OF(tails); i++) {
		struct span tail = span_str(tails[i]);
		if (s.len > tail.len && span_eq(span_sub(s, s.len - tail.len, tail.len), tail))
			return bare(span_sub(s, 0, s.len - tail.len));
		if (s.len > tail.len && i < 3 && span_starts(s, tail))
			return bare(span_sub(s, tail.len, s.len));
	}
	return s;
}

static int field_of(struct span heading)
{
	for (int f = 0; f < B03_FIELD_COUNT; f++)
		if (span_eq_str(heading, b03_field_zh((enum b03_field)f)))
			return f;
	return -1;
}

static void complain(struct buf *why, const char *what, struct span heading)
{
	buf_str(why, why->len > 0 ? ";" : "");
	buf_str(why, what);
	buf_put(why, span_sub(heading, 0, 60));
}

enum err b03_sheet_head(struct b03_sheet *s, const struct cell *cells, size_t n, struct buf *ret_why)
{
	struct b03_sheet out = {.n = n < B03_SHEET_COLS ? n : B03_SHEET_COLS};
	bool have[B03_FIELD_COUNT] = {false};
	size_t before = ret_why->len;
	for (size_t i = 0; i < out.n; i++) {
		struct span heading = bare(cells[i].text);
		out.field[i] = cells[i].kind == CELL_EMPTY ? -1 : field_of(heading);
		if (cells[i].kind != CELL_EMPTY && out.field[i] < 0)
			complain(ret_why, "模板中没有的列:", heading);
		else if (out.field[i] >= 0 && have[out.field[i]])
			complain(ret_why, "重复的列:", heading);
		else if (out.field[i] >= 0)
			have[out.field[i]] = true;
	}
	for (int f = 0; f < B03_FIELD_COUNT; f++) {
		bool must = b03_field_required((enum b03_field)f) || f == B03_WAGE || f == B03_CONTRACT_TYPE;
		if (must && !have[f])
			complain(ret_why, "缺少的列:", span_str(b03_field_zh((enum b03_field)f)));
	}
	if (ret_why->len != before)
		return ERR(XLSX_HEAD, "headings do not fit B03");
	*s = out;
	return ERR_OK;
}

static bool spoilt(enum cell_kind k, enum b03_code *ret_code)
{
	switch (k) {
	case CELL_EMPTY: case CELL_TEXT: case CELL_NUMBER: case CELL_DATE: case CELL_BOOL:
		return false;
	case CELL_FORMULA:
		*ret_code = B03_FORMULA;
		return true;
	case CELL_MERGED:
		*ret_code = B03_MERGED;
		return true;
	default:
		*ret_code = B03_CELL;
		return true;
	}
}

void b03_sheet_row(const struct b03_sheet *s, int64_t no, const struct cell *cells, size_t n, struct b03_row *ret_row)
{
	struct b03_row r = {.no = no};
	for (size_t i = 0; i < n && i < s->n; i++) {
		int f = s->field[i];
		if (f < 0)
			continue;
		r.has_bad[f] = spoilt(cells[i].kind, &r.bad[f]);
		r.text[f] = r.has_bad[f] || cells[i].kind == CELL_EMPTY ? SPAN_EMPTY : cells[i].text;
	}
	*ret_row = r;
}
