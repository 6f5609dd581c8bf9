#include "server/form/sheet_template.h"
#include "server/form/field.h"
#include "server/form/sheet_i.h"
#include <stdio.h>
#include <string.h>
#include <xlsxwriter.h>

enum {
	HINT_CHARS_MAX = 200, /* of a message at a cell: the format holds 255 characters */
	COLUMN_WIDTH = 16,
	LINE_MAX = 4000
};

/* --- words --- */

static bool says_required(struct span part)
{
	for (size_t i = 0; i + 6 <= part.len; i++)
		if (span_starts(span_sub(part, i, part.len), SPAN_LIT("必填")))
			return true;
	return false;
}

/* A field that is required of some: the part of its hint that says of whom. */
static struct span required_of(const char *hint)
{
	static const char *const marks[] = {"；", "，"};
	struct span rest = span_str(hint);
	while (rest.len > 0) {
		size_t n = 0;
		while (n < rest.len && !span_starts(span_sub(rest, n, rest.len), span_str(marks[0])) &&
		       !span_starts(span_sub(rest, n, rest.len), span_str(marks[1])))
			n++;
		if (says_required(span_sub(rest, 0, n)))
			return span_sub(rest, 0, n);
		rest = span_sub(rest, n < rest.len ? n + 3 : n, rest.len);
	}
	return SPAN_LIT("选填");
}

enum err sheet_demand(const struct service *s, const struct service_field *f, struct buf *out)
{
	const struct service_field *from = service_field_find(&s->row_fields, f->blank_from);
	if (f->blank[0] != 0)
		buf_printf(out, "可不填，空白按“%s”办理", service_list_text(f->list, span_str(f->blank)));
	else if (from != NULL)
		buf_printf(out, "可不填，空白与“%s”相同", from->label);
	else if (f->blank_by[0] != 0)
		buf_str(out, "可不填，空白为本单位已参加、一般应参加的各项");
	else if (f->required)
		buf_str(out, "必填");
	else
		buf_put(out, required_of(f->hint));
	return buf_err(out);
}

/* Required of the example row: by itself, or by a rule that the row's first code meets. */
static bool is_shown(const struct service *s, const struct service_field *f)
{
	for (size_t i = 0; i < s->row_rules.n; i++) {
		const struct service_rule *r = &s->row_rules.v[i];
		const struct service_field *other = service_field_find(&s->row_fields, r->other);
		if (r->kind == RULE_REQUIRED_IF && strcmp(r->field, f->name) == 0 && other->list != NULL &&
		    service_rule_means(r, span_str(other->list->v[0].code)))
			return true;
	}
	return f->required || f->list != NULL;
}

static bool comes_later(const struct service *s, const struct service_field *f)
{
	for (size_t i = 0; i < s->row_rules.n; i++)
		if (s->row_rules.v[i].kind == RULE_NOT_BEFORE && strcmp(s->row_rules.v[i].field, f->name) == 0)
			return true;
	return false;
}

const char *sheet_example(const struct service *s, const struct service_field *f)
{
	static const struct {
		const char *validator, *text, *later;
	} texts[] = {{"id_number", "430102199003079914", ""},
	             {"name", "测试职工", ""},
	             {"mobile", "13000000001", ""},
	             {"date", "2026-11-01", "2029-10-31"},
	             {"month", "202611", "202910"},
	             {"money", "8000.00", ""},
	             {"int", "1", ""}};
	if (!is_shown(s, f))
		return "";
	if (f->list != NULL)
		return f->list->v[0].text;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (strcmp(f->validator->name, texts[i].validator) == 0)
			return texts[i].later[0] != 0 && comes_later(s, f) ? texts[i].later : texts[i].text;
	return "测试";
}

/* --- writing --- */

struct writing {
	const struct service *s;
	lxw_workbook *book;
	lxw_worksheet *rows, *guide, *codes;
	lxw_format *head, *must, *wrap, *text, *date, *month, *money;
	lxw_col_t code_columns;
	lxw_error e; /* the first */
};

static void note(struct writing *w, lxw_error e)
{
	if (w->e == LXW_NO_ERROR)
		w->e = e;
}

static void put(struct writing *w, lxw_worksheet *sheet, size_t row, size_t col, const char *text, lxw_format *f)
{
	note(w, worksheet_write_string(sheet, (lxw_row_t)row, (lxw_col_t)col, text, f));
}

static lxw_format *format_of(const struct writing *w, const struct service_field *f)
{
	switch (f->type) {
	case FIELD_DATE:
		return w->date;
	case FIELD_MONEY:
		return w->money;
	case FIELD_MONTH:
	case FIELD_TEXT:
	case FIELD_CODE:
	case FIELD_CODES:
	case FIELD_INT:
	case FIELD_DATETIME:
	case FIELD_LONG_TEXT:
	case FIELD_PERSON:
		break;
	}
	return w->text;
}

/* --- lists --- */

static void put_code_column(struct writing *w, const struct service_field *f, char ret_range[64])
{
	size_t n = f->list->n;
	char column[8];
	put(w, w->codes, 0, w->code_columns, f->label, w->head);
	for (size_t i = 0; i < n; i++)
		put(w, w->codes, i + 1, w->code_columns, f->list->v[i].text, w->text);
	lxw_col_to_name(column, w->code_columns, 1);
	(void)snprintf(ret_range, 64, "=代码表!%s$2:%s$%zu", column, column, n + 1);
	w->code_columns++;
}

/* The library borrows and does not write. */
static char *borrowed(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void choose(struct writing *w, const struct service_field *f, size_t col, lxw_data_validation *v)
{
	char range[64];
	put_code_column(w, f, range);
	v->validate = LXW_VALIDATION_TYPE_LIST_FORMULA;
	v->value_formula = range;
	/* codes are taken too, and so are names that people shorten */
	v->error_type = LXW_VALIDATION_ERROR_TYPE_INFORMATION;
	v->error_title = borrowed("不在列表中");
	v->error_message = borrowed("请从列表中选择，或填写代码");
	note(w,
	     worksheet_data_validation_range(w->rows, 1, (lxw_col_t)col, (lxw_row_t)w->s->rows_max, (lxw_col_t)col, v));
}

static enum err put_column(struct writing *w, size_t i)
{
	const struct service_field *f = &w->s->row_fields.v[i];
	lxw_data_validation v = {.validate = LXW_VALIDATION_TYPE_ANY};
	AUTO_BUF(head, LINE_MAX);
	AUTO_BUF(message, LINE_MAX);
	bool must = f->required && !sheet_has_blank(f);
	buf_printf(&head, "%s%s", f->label, must ? "*" : "");
	TRY(sheet_demand(w->s, f, &message));
	if (f->hint[0] != 0 && strlen(f->hint) + message.len < HINT_CHARS_MAX)
		buf_printf(&message, "。%s", f->hint);
	TRY(buf_err(&head));
	TRY(buf_err(&message));
	put(w, w->rows, 0, i, buf_cstr(&head), must ? w->must : w->head);
	note(w, worksheet_set_column(w->rows, (lxw_col_t)i, (lxw_col_t)i, COLUMN_WIDTH, format_of(w, f)));
	v.input_title = borrowed(f->label);
	v.input_message = borrowed(buf_cstr(&message));
	if (f->type == FIELD_CODE)
		choose(w, f, i, &v);
	else
		note(w, worksheet_data_validation_range(w->rows, 1, (lxw_col_t)i, (lxw_row_t)w->s->rows_max,
		                                        (lxw_col_t)i, &v));
	return ERR_OK;
}

static enum err put_rows(struct writing *w)
{
	const struct service *s = w->s;
	for (size_t i = 0; i < s->row_fields.n; i++)
		TRY(put_column(w, i));
	if (s->unit_column.n > 0) {
		put(w, w->rows, 0, s->row_fields.n, s->unit_column.v[0], w->head);
		note(w, worksheet_set_column(w->rows, (lxw_col_t)s->row_fields.n, (lxw_col_t)s->row_fields.n,
		                             COLUMN_WIDTH, w->text));
	}
	worksheet_freeze_panes(w->rows, 1, 0);
	return ERR_OK;
}

/* --- the page that explains --- */

static enum err put_explained(struct writing *w, size_t i)
{
	const struct service_field *f = &w->s->row_fields.v[i];
	AUTO_BUF(demand, LINE_MAX);
	AUTO_BUF(note_text, LINE_MAX);
	TRY(sheet_demand(w->s, f, &demand));
	buf_str(&note_text, f->hint);
	for (size_t k = 0; f->list != NULL && k < f->list->n; k++)
		buf_printf(&note_text, "%s%s",
		           k > 0               ? "、"
		           : note_text.len > 0 ? "；可填："
		                               : "可填：",
		           f->list->v[k].text);
	TRY(buf_err(&note_text));
	put(w, w->guide, i + 1, 0, f->label, w->wrap);
	put(w, w->guide, i + 1, 1, buf_cstr(&demand), w->wrap);
	put(w, w->guide, i + 1, 2, buf_cstr(&note_text), w->wrap);
	put(w, w->guide, i + 1, 3, sheet_example(w->s, f), w->wrap);
	return ERR_OK;
}

static enum err put_guide(struct writing *w)
{
	static const char *const head[] = {"项目", "要求", "说明", "示例（一名虚构的职工）"};
	static const double width[] = {16, 30, 80, 26};
	const struct service *s = w->s;
	size_t at = s->row_fields.n + 1;
	AUTO_BUF(line, LINE_MAX);
	for (size_t i = 0; i < COUNT_OF(head); i++) {
		put(w, w->guide, 0, i, head[i], w->head);
		note(w, worksheet_set_column(w->guide, (lxw_col_t)i, (lxw_col_t)i, width[i], NULL));
	}
	for (size_t i = 0; i < s->row_fields.n; i++)
		TRY(put_explained(w, i));
	if (s->unit_column.n > 0) {
		put(w, w->guide, at, 0, s->unit_column.v[0], w->wrap);
		put(w, w->guide, at, 1, "选填", w->wrap);
		put(w, w->guide, at++, 2, "如填写，须为本单位编号", w->wrap);
	}
	buf_printf(
		&line,
		"表头请勿改动、合并或隐藏，列的次序不限；每人一行，每个文件不超过 %zu 行；金额和日期直接填写，不用公式。"
		"标有 * 的列必须填写。",
		s->rows_max);
	TRY(buf_err(&line));
	put(w, w->guide, at, 0, "说明", w->wrap);
	put(w, w->guide, at, 2, buf_cstr(&line), w->wrap);
	worksheet_freeze_panes(w->guide, 1, 0);
	return ERR_OK;
}

/* --- the workbook --- */

static lxw_format *format(struct writing *w, const char *number)
{
	lxw_format *f = workbook_add_format(w->book);
	if (number != NULL)
		format_set_num_format(f, number);
	return f;
}

static void put_formats(struct writing *w)
{
	w->head = format(w, "@");
	w->must = format(w, "@");
	format_set_bold(w->head);
	format_set_bold(w->must);
	format_set_bg_color(w->head, 0xE8F0F8);
	format_set_bg_color(w->must, 0xFFF2CC);
	w->wrap = format(w, "@");
	format_set_text_wrap(w->wrap);
	format_set_align(w->wrap, LXW_ALIGN_VERTICAL_TOP);
	w->text = format(w, "@");
	w->date = format(w, "yyyy-mm-dd");
	w->money = format(w, "0.00");
}

static enum err fill(struct writing *w)
{
	lxw_doc_properties properties = {.created = 1767225600}; /* the same octets for the same definition */
	put_formats(w);
	w->rows = workbook_add_worksheet(w->book, "填报");
	w->guide = workbook_add_worksheet(w->book, "填写说明");
	w->codes = workbook_add_worksheet(w->book, "代码表");
	if (w->rows == NULL || w->guide == NULL || w->codes == NULL)
		return ERR(NOMEM, "worksheets");
	note(w, workbook_set_properties(w->book, &properties));
	TRY(put_rows(w));
	return put_guide(w);
}

enum err sheet_template(const struct service *s, const char *path)
{
	struct writing w = {.s = s, .book = workbook_new(path)};
	if (w.book == NULL)
		return ERR(NOMEM, "workbook");
	enum err e = fill(&w);
	note(&w, workbook_close(w.book));
	TRY(e);
	return w.e == LXW_NO_ERROR ? ERR_OK : ERR(IO, "%s: %s", path, lxw_strerror(w.e));
}
