/* Headings of a sheet, and the marks of its spoilt cells. */
#include "server/form/sheet.h"
#include "base/text.h"
#include "base/text_fold.h"
#include "server/form/sheet_i.h"
#include <stdio.h>
#include <string.h>

enum { HEADING_MAX = 8192, HEADING_SHOWN = 60 };

/* --- headings --- */

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

/* FOLD_NUMBER makes brackets narrow and drops line breaks, blanks and invisible marks. */
enum err sheet_heading(struct span typed, struct buf *out)
{
	AUTO_BUF(folded, HEADING_MAX);
	TRY(text_fold(FOLD_NUMBER, typed, &folded, NULL));
	buf_put(out, bare(buf_span(&folded)));
	return buf_err(out);
}

/* Codes of columns are written in either case. */
static bool is_heading(struct span heading, const char *label)
{
	AUTO_BUF(own, HEADING_MAX);
	bool same = sheet_heading(span_str(label), &own) == ERR_OK && own.len == heading.len &&
	            strncasecmp(buf_cstr(&own), (const char *)heading.ptr, own.len) == 0;
	err_clear();
	return same;
}

static bool is_field(struct span heading, const struct service_field *f)
{
	if (is_heading(heading, f->label))
		return true;
	for (size_t i = 0; i < f->aliases.n; i++)
		if (is_heading(heading, f->aliases.v[i]))
			return true;
	return false;
}

static int column_of(const struct service *s, struct span heading)
{
	for (size_t i = 0; i < s->row_fields.n; i++)
		if (is_field(heading, &s->row_fields.v[i]))
			return (int)i;
	for (size_t i = 0; i < s->unit_column.n; i++)
		if (is_heading(heading, s->unit_column.v[i]))
			return SHEET_UNIT;
	return SHEET_NONE;
}

static void complain(struct buf *why, const char *what, struct span heading)
{
	buf_str(why, why->len > 0 ? "；" : "");
	buf_str(why, what);
	buf_put(why, span_sub(heading, 0, HEADING_SHOWN));
}

struct heading {
	const struct service *s;
	struct sheet_columns c;
	bool have[SERVICE_FIELDS_MAX], have_unit;
	struct buf *why;
};

static enum err take_heading(struct heading *h, size_t i, const struct cell *cell)
{
	AUTO_BUF(text, HEADING_MAX);
	h->c.field[i] = SHEET_NONE;
	if (cell->kind == CELL_EMPTY)
		return ERR_OK;
	TRY(sheet_heading(cell->text, &text));
	int f = column_of(h->s, buf_span(&text));
	bool *have = f == SHEET_UNIT ? &h->have_unit : f >= 0 ? &h->have[f] : NULL;
	if (have == NULL)
		complain(h->why, "模板中没有的列：", buf_span(&text));
	else if (*have)
		complain(h->why, "重复的列：", buf_span(&text));
	else
		*have = true;
	h->c.field[i] = f;
	return ERR_OK;
}

bool sheet_has_blank(const struct service_field *f)
{
	return f->blank[0] != 0 || f->blank_from[0] != 0 || f->blank_by[0] != 0;
}

enum err sheet_head(const struct service *s, const struct cell *cells, size_t n, struct sheet_columns *ret_c,
                    struct buf *ret_why)
{
	struct heading h = {.s = s, .c = {.n = n < SHEET_COLS ? n : SHEET_COLS}, .why = ret_why};
	size_t before = ret_why->len;
	for (size_t i = 0; i < h.c.n; i++)
		TRY(take_heading(&h, i, &cells[i]));
	for (size_t i = 0; i < s->row_fields.n; i++) {
		const struct service_field *f = &s->row_fields.v[i];
		if (f->required && !sheet_has_blank(f) && !h.have[i])
			complain(ret_why, "缺少的列：", span_str(f->label));
	}
	if (ret_why->len != before)
		return ERR(XLSX_HEAD, "headings do not fit %s", s->code);
	*ret_c = h.c;
	return ERR_OK;
}

/* --- spoilt cells --- */

static const struct {
	enum sheet_fault fault;
	const char *zh, *remedy;
} spoils[] = {
	{SHEET_LONG, "填写的内容不符合要求", "请按模板“填写说明”列出的内容和格式填写"},
	{SHEET_FORMULA, "单元格是公式", "请用“选择性粘贴-数值”把公式换成数值"},
	{SHEET_MERGED, "单元格被合并", "请取消合并，每行分别填写"},
	{SHEET_CELL, "单元格内容无法读取", "请重新输入；长数字列请设为文本格式，日期请用2026-11-01的形式"},
	{SHEET_OTHER_UNIT, "该行属于其他单位", "只能申报本单位的职工，请删除该行"},
	{SHEET_TIMED, "日期带有时间，可能差一天", "请核对是哪一天，把单元格改为不带时间的日期，如2026-11-01，再上传"},
	{SHEET_UNSURE, "日期或年月有两种读法", "日期请写成2026-11-01，年月请写成6位数字，如202610，单元格设为文本格式"},
	{SHEET_INEXACT, "长号码以数字保存，末几位可能已经丢失", "请把该列设为文本格式，再照证件重新输入完整号码"},
	{SHEET_FOLLOWS, "随另一项填写，那一项有误", "请改正那一项"},
};

/* The number behind the dash of "B03-19"; what an escape of the file made of it is a cell that cannot be read. */
static size_t spoil_of(struct span number)
{
	size_t cell = 0;
	for (size_t i = 0; i < COUNT_OF(spoils); i++) {
		char own[8];
		(void)snprintf(own, sizeof(own), "%02d", (int)spoils[i].fault);
		if (span_eq_str(number, own))
			return i;
		cell = spoils[i].fault == SHEET_CELL ? i : cell;
	}
	return cell;
}

/* "B03-19 单元格 S12" behind the mark. */
bool sheet_spoilt(const char *value, struct sheet_spoil *ret_s)
{
	struct sheet_spoil s = {.detail = ""};
	struct span code, business = SPAN_EMPTY;
	if (value[0] != SHEET_SPOILT)
		return false;
	size_t len = strcspn(value + 1, " ");
	code = span_of(value + 1, len);
	size_t at = spoil_of(span_take_until(&code, '-', &business) ? code : SPAN_EMPTY);
	s.fault = spoils[at].fault;
	s.zh = spoils[at].zh;
	s.remedy = spoils[at].remedy;
	(void)snprintf(s.code, sizeof(s.code), "%.*s-%02d", (int)business.len, (const char *)business.ptr,
	               (int)s.fault);
	if (value[1 + len] == ' ')
		s.detail = value + 2 + len;
	*ret_s = s;
	return true;
}
