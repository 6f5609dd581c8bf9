#include "server/business/b03_sheet.h"
#include "base/text.h"
#include "base/text_fold.h"
#include "server/business/b03_i.h"
#include "server/insurance/money.h"
#include <stdio.h>
#include <string.h>

enum { HEADING_MAX = 8192 };

/* "姓名*", "姓名(必填)", "姓\n名" and "姓名" are the same heading, so are 月工资(元) and 月工资: FOLD_NUMBER makes
 * brackets narrow and drops line breaks, blanks and invisible marks. */
static struct span bare(struct span s)
{
	/* A note of another kind may make another column of it: 手机号码(紧急联系人). */
	static const char *const tails[] = {"*", "(必填)", "(选填)", "(元)", "(元/月)", "(单位:元)", "(人民币元)"};
	for (size_t i = 0; i < COUNT_OF(tails); i++) {
		struct span tail = span_str(tails[i]);
		if (s.len > tail.len && span_eq(span_sub(s, s.len - tail.len, tail.len), tail))
			return bare(span_sub(s, 0, s.len - tail.len));
		if (s.len > tail.len && i == 0 && span_starts(s, tail))
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
	buf_str(why, why->len > 0 ? "；" : "");
	buf_str(why, what);
	buf_put(why, span_sub(heading, 0, 60));
}

static enum err take_heading(struct b03_sheet *s, size_t i, const struct cell *c, bool have[B03_FIELD_COUNT],
                             struct buf *why)
{
	AUTO_BUF(folded, HEADING_MAX);
	s->field[i] = -1;
	if (c->kind == CELL_EMPTY)
		return ERR_OK;
	TRY(text_fold(FOLD_NUMBER, c->text, &folded, NULL));
	struct span heading = bare(buf_span(&folded));
	int f = field_of(heading);
	if (f < 0)
		complain(why, "模板中没有的列：", heading);
	else if (have[f])
		complain(why, "重复的列：", heading);
	else
		have[f] = true;
	s->field[i] = f;
	return ERR_OK;
}

enum err b03_sheet_head(struct b03_sheet *s, const struct cell *cells, size_t n, struct buf *ret_why)
{
	struct b03_sheet out = {.n = n < B03_SHEET_COLS ? n : B03_SHEET_COLS};
	bool have[B03_FIELD_COUNT] = {false};
	size_t before = ret_why->len;
	for (size_t i = 0; i < out.n; i++)
		TRY(take_heading(&out, i, &cells[i], have, ret_why));
	for (int f = 0; f < B03_FIELD_COUNT; f++) {
		bool must = b03_field_required((enum b03_field)f) || f == B03_WAGE || f == B03_CONTRACT_TYPE;
		if (must && !have[f])
			complain(ret_why, "缺少的列：", span_str(b03_field_zh((enum b03_field)f)));
	}
	if (ret_why->len != before)
		return ERR(XLSX_HEAD, "headings do not fit B03");
	*s = out;
	return ERR_OK;
}

static bool spoilt(enum cell_kind k, enum b03_code *ret_code)
{
	switch (k) {
	case CELL_EMPTY:
	case CELL_TEXT:
	case CELL_NUMBER:
	case CELL_DATE:
	case CELL_BOOL:
		return false;
	case CELL_FORMULA:
		*ret_code = B03_FORMULA;
		return true;
	case CELL_MERGED:
		*ret_code = B03_MERGED;
		return true;
	case CELL_TIMED:
		*ret_code = B03_TIMED;
		return true;
	case CELL_INEXACT:
		*ret_code = B03_INEXACT;
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
		/* Nobody types our mark; an escape of the file may hold it. */
		if (!r.has_bad[f] && cells[i].text.len > 0 && cells[i].text.ptr[0] == (uint8_t)B03_SPOILT) {
			r.has_bad[f] = true;
			r.bad[f] = B03_CELL;
		}
		bool shown = !r.has_bad[f] || cells[i].kind == CELL_TIMED;
		r.text[f] = shown && cells[i].kind != CELL_EMPTY ? cells[i].text : SPAN_EMPTY;
	}
	*ret_row = r;
}

/* --- values for the definition --- */

enum taking { TAKE_TEXT, TAKE_CODE, TAKE_DAY, TAKE_MONTH, TAKE_MONEY, TAKE_INS };
static const struct {
	enum taking how;
	const char *list, *otherwise;
} taking[B03_FIELD_COUNT] = {
	[B03_ID_TYPE] = {TAKE_CODE, "id_type", "01"},
	[B03_GENDER] = {TAKE_CODE, "gender"},
	[B03_BIRTH] = {TAKE_DAY},
	[B03_ETHNIC] = {TAKE_CODE, "ethnic"},
	[B03_ENROL_TYPE] = {TAKE_CODE, "enrol_type", "A"},
	[B03_INS] = {TAKE_INS},
	[B03_START_MONTH] = {TAKE_MONTH},
	[B03_HIRE_DATE] = {TAKE_DAY},
	[B03_CONTRACT_TYPE] = {TAKE_CODE, "contract_type"},
	[B03_CONTRACT_FROM] = {TAKE_DAY},
	[B03_CONTRACT_TO] = {TAKE_DAY},
	[B03_EMPLOY_FORM] = {TAKE_CODE, "employ_form", "01"},
	[B03_POST_CLASS] = {TAKE_CODE, "post_class"},
	[B03_SPECIAL_JOB] = {TAKE_CODE, "yes_no"},
	[B03_WAGE] = {TAKE_MONEY},
	[B03_HUKOU_TYPE] = {TAKE_CODE, "hukou_type"},
};

/* "S12" as the spreadsheet writes it; at most 64 columns. */
static void spoil(const struct b03_sheet_rules *r, const struct b03_row *row, enum b03_field f, enum b03_code c,
                  const char *detail, char ret[B03_TEXT_BYTES + 1])
{
	size_t i = 0;
	while (i < r->sheet->n && r->sheet->field[i] != (int)f)
		i++;
	char column[3] = {(char)(i < 26 ? 'A' + i : 'A' + i / 26 - 1), (char)(i < 26 ? 0 : 'A' + i % 26), 0};
	(void)snprintf(ret, B03_TEXT_BYTES + 1, "%c%s 单元格 %s%lld%s%s", B03_SPOILT, b03_code_name(c), column,
	               (long long)row->no, detail[0] != 0 ? "，" : "", detail);
}

static enum err put_day(struct span s, struct buf *out)
{
	int64_t day = 0;
	TRY(day_parse(s, &day));
	text_date_cn(out, day);
	return ERR_OK;
}

/* A cell formatted as a date shows a month and holds its first day. */
static enum err put_month(struct span s, struct buf *out)
{
	int month = 0;
	int64_t day = 0;
	enum err e = month_parse(s, &month);
	if (e == ERR_FIELD_VALUE) {
		err_clear();
		TRY(day_parse(s, &day));
		e = month_day(day) == 1 ? ERR_OK : ERR(FIELD_VALUE, "a day, not a month");
		month = month_of(day);
	}
	if (e == ERR_OK)
		buf_printf(out, "%d", month);
	return e;
}

static bool put_money(struct span s, struct buf *out)
{
	int64_t fen = 0;
	if (money_parse(s, &fen) != ERR_OK)
		return false;
	money_plain(out, fen);
	return true;
}

static bool put_ins(const struct tables *t, unsigned mask, struct buf *out)
{
	for (size_t i = 0; i < t->n_ins; i++)
		if (mask & 1u << i)
			buf_printf(out, "%s%s", out->len > 0 ? "," : "", t->ins[i].code);
	return mask != 0;
}

static enum err found(bool yes)
{
	return yes ? ERR_OK : ERR(FIELD_VALUE, "not in the list");
}

static enum err put_taken(const struct b03_sheet_rules *r, enum b03_field f, struct span s, struct buf *out)
{
	const struct code_row *c;
	struct span bad;
	switch (taking[f].how) {
	case TAKE_CODE:
		c = tables_code_any(r->tables, taking[f].list, s, r->period);
		buf_str(out, c != NULL ? c->code : "");
		return found(c != NULL);
	case TAKE_DAY:
		return put_day(s, out);
	case TAKE_MONTH:
		return put_month(s, out);
	case TAKE_MONEY:
		return found(put_money(s, out));
	case TAKE_INS:
		return found(put_ins(r->tables, b03_ins_parse(r->tables, s, &bad), out));
	case TAKE_TEXT:
		break;
	}
	return ERR(FIELD_VALUE, "text: taken as it is typed");
}

/* Texts are folded when the draft takes them, and the page can say what was changed; the others are read here. */
static enum err take_cell(const struct b03_sheet_rules *r, const struct b03_row *row, enum b03_field f, struct span s,
                          char ret[B03_TEXT_BYTES + 1])
{
	AUTO_BUF(folded, 2 * B03_TEXT_BYTES);
	AUTO_BUF(out, B03_TEXT_BYTES);
	AUTO_BUF(typed, B03_DETAIL_MAX);
	if (taking[f].how != TAKE_TEXT)
		TRY(text_fold(FOLD_TEXT, s, &folded, NULL));
	enum err e = put_taken(r, f, buf_span(&folded), &out);
	if (e == ERR_OK)
		TRY(buf_err(&out));
	if (e == ERR_UNSURE) {
		buf_str(&typed, "写的是“");
		buf_put(&typed, span_sub(buf_span(&folded), 0, B03_DETAIL_MAX / 2));
		buf_str(&typed, "”");
		spoil(r, row, f, B03_UNSURE, text_is_utf8(buf_span(&typed)) ? buf_cstr(&typed) : "", ret);
		return ERR_OK;
	}
	struct span v = e == ERR_OK ? buf_span(&out) : s;
	memcpy(ret, v.ptr, v.len);
	ret[v.len] = 0;
	return ERR_OK;
}

/* The contract begins with the day of hire. When that is at fault the one fault is there. */
static void put_hired(const struct b03_sheet_rules *r, const struct b03_row *row, char ret[B03_TEXT_BYTES + 1])
{
	int64_t day = 0;
	b03_sheet_value(r, row, B03_HIRE_DATE, ret);
	if (day_parse(span_str(ret), &day) != ERR_OK)
		spoil(r, row, B03_CONTRACT_FROM, B03_FOLLOWS, "", ret);
	err_clear();
}

static void put_default(const struct b03_sheet_rules *r, const struct b03_row *row, enum b03_field f,
                        char ret[B03_TEXT_BYTES + 1])
{
	AUTO_BUF(ins, B03_TEXT_BYTES);
	ret[0] = 0;
	if (f == B03_INS && put_ins(r->tables, r->ins, &ins))
		(void)snprintf(ret, B03_TEXT_BYTES + 1, "%s", buf_cstr(&ins));
	else if (f == B03_CONTRACT_FROM)
		put_hired(r, row, ret);
	else if (taking[f].otherwise != NULL)
		(void)snprintf(ret, B03_TEXT_BYTES + 1, "%s", taking[f].otherwise);
}

void b03_sheet_value(const struct b03_sheet_rules *r, const struct b03_row *row, enum b03_field f,
                     char ret[B03_TEXT_BYTES + 1])
{
	AUTO_BUF(unit, B03_TEXT_BYTES);
	struct span s = row->text[f];
	enum err e = text_fold(FOLD_NUMBER, span_sub(row->text[B03_UNIT_NO], 0, B03_TEXT_BYTES / 4), &unit, NULL);
	char timed[B03_DETAIL_MAX];
	if (f == B03_REMARK && row->has_bad[B03_UNIT_NO]) {
		spoil(r, row, B03_UNIT_NO, row->bad[B03_UNIT_NO], "单位编号", ret);
	} else if (f == B03_REMARK && (e != ERR_OK || (unit.len > 0 && !span_eq_str(buf_span(&unit), r->unit_no)))) {
		spoil(r, row, B03_UNIT_NO, B03_OTHER_UNIT, "单位编号不是本单位", ret);
	} else if (row->has_bad[f]) {
		(void)snprintf(timed, sizeof(timed), "%.*s", (int)s.len, s.len > 0 ? (const char *)s.ptr : "");
		spoil(r, row, f, row->bad[f], timed, ret);
	} else if (s.len > B03_TEXT_BYTES) {
		spoil(r, row, f, B03_VALUE, "文字过长", ret);
	} else if (s.len == 0) {
		put_default(r, row, f, ret);
	} else if (take_cell(r, row, f, s, ret) != ERR_OK) {
		spoil(r, row, f, B03_CELL, "", ret);
	}
	err_clear();
}

bool b03_sheet_spoilt(const char *value, enum b03_code *ret_code, const char **ret_detail)
{
	if (value[0] != B03_SPOILT)
		return false;
	size_t len = strcspn(value + 1, " ");
	enum b03_code code = B03_CELL;
	for (enum b03_code c = 0; c < B03_CODE_COUNT; c++)
		if (span_eq_str(span_of(value + 1, len), b03_code_name(c)))
			code = c;
	*ret_code = code;
	*ret_detail = value[1 + len] == ' ' ? value + 2 + len : "";
	return true;
}
