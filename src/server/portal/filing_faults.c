/* What is wrong with a draft, in the order of its rows and by the numbers of the sheet they came from. */
#include "server/portal/filing_sheet.h"
#include "base/text.h"
#include "base/text_fold.h"
#include "server/filing/filing_sheet.h"
#include "server/form/field.h"
#include "server/form/sheet.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- text --- */

enum err filing_shown(const struct service_field *field, const char *value, struct buf *out)
{
	struct sheet_spoil spoil;
	if (sheet_spoilt(value, &spoil)) {
		buf_printf(out, "（%s）", spoil.zh);
	} else if ((field != NULL ? field_chars_check(field, span_str(value)) : text_line_check(span_str(value))) !=
	           ERR_OK) {
		err_clear();
		text_fold_show(span_str(value), out);
	} else if (value[0] != 0 && field != NULL) {
		AUTO_BUF(words, 4 * SERVICE_VALUE_MAX);
		TRY(content_value_words(field, value, &words));
		if (field->list == NULL)
			buf_put(out, buf_span(&words));
		else
			words_put(out, buf_cstr(&words));
	} else {
		buf_str(out, value);
	}
	return buf_err(out);
}

/* --- gathering --- */

struct gathering {
	const struct fault_view *v;
	const json_t *rows;
	int64_t *numbers;
	json_t **of_row; /* lists, 0 the form's */
	size_t n_rows, n;
};

static const struct service_field *field_of(const struct gathering *g, const struct fault *f)
{
	return service_field_find(f->row > 0 ? &g->v->s->row_fields : &g->v->s->fields, f->field);
}

/* "月工资不能为空" under the heading 月工资 is "不能为空"; "性别或出生日期与证件号码不一致" is a sentence about more
 * than 性别. */
static const char *without_label(const char *text, const char *label)
{
	static const char *const joins[] = {"或", "与", "和", "、"};
	size_t n = strlen(label);
	if (n == 0 || strncmp(text, label, n) != 0 || text[n] == 0)
		return text;
	struct span rest = span_str(text + n), colon = SPAN_LIT("：");
	for (size_t i = 0; i < COUNT_OF(joins); i++)
		if (span_starts(rest, span_str(joins[i])))
			return text;
	return span_starts(rest, colon) ? text + n + colon.len : text + n;
}

/* A hint is made to stand beside its field; alone it needs a verb. */
static enum err put_remedy(struct mo *o, const struct service_field *field, const char *remedy)
{
	AUTO_BUF(text, 1024);
	bool hint = field != NULL && remedy[0] != 0 && strcmp(remedy, field->hint) == 0;
	buf_str(&text, hint ? "请按要求填写：" : "");
	words_put(&text, remedy);
	TRY(buf_err(&text));
	mo_str(o, "remedy", buf_cstr(&text));
	return mo_err(o);
}

static enum err put_words(struct mo *o, const struct gathering *g, const struct fault *f, bool *ret_again)
{
	const struct service_field *field = field_of(g, f);
	const json_t *row = json_array_get(g->rows, f->row > 0 ? f->row - 1 : 0);
	const char *value = f->row > 0 ? json_str_or(row, f->field, "") : "",
		   *label = field != NULL ? field->label : "";
	struct sheet_spoil spoil;
	*ret_again = sheet_spoilt(value, &spoil);
	if (!*ret_again) {
		mo_str(o, "label", label);
		mo_str(o, "code", f->code);
		mo_str(o, "text", f->text);
		mo_str(o, "reason", without_label(f->text, label));
		return put_remedy(o, field, f->remedy);
	}
	AUTO_BUF(text, 1024);
	if (spoil.fault == SHEET_OTHER_UNIT && g->v->s->unit_column.n > 0)
		label = g->v->s->unit_column.v[0];
	buf_printf(&text, "%s：%s（%s）", label, spoil.zh, spoil.detail);
	TRY(buf_err(&text));
	mo_str(o, "label", label);
	mo_str(o, "code", spoil.code);
	mo_str(o, "text", buf_cstr(&text));
	mo_str(o, "reason", buf_cstr(&text) + strlen(label) + strlen("："));
	mo_str(o, "remedy", spoil.remedy);
	return mo_err(o);
}

static enum err put_place(struct mo *o, const struct gathering *g, const struct fault *f)
{
	AUTO_BUF(name, 4 * SERVICE_VALUE_MAX);
	char row[48] = "";
	int64_t number = f->row > 0 && g->numbers[f->row - 1] > 0 ? g->numbers[f->row - 1] : (int64_t)f->row;
	if (f->row > 0) {
		(void)snprintf(row, sizeof(row), "第 %lld 行", (long long)number);
		TRY(filing_shown(NULL, json_str_or(json_array_get(g->rows, f->row - 1), "name", ""), &name));
	}
	mo_int(o, "at", (int64_t)f->row);
	mo_int(o, "number", number);
	mo_str(o, "row", row);
	mo_str(o, "name", buf_cstr(&name));
	/* The form shows its own fields, and those of the one row that did not come from a sheet of many. */
	mo_str(o, "field", f->row == 0 || g->n_rows == 1 ? f->field : "");
	return mo_err(o);
}

/* What follows another field's value has its fault there. */
static bool follows(const struct gathering *g, const struct fault *f)
{
	struct sheet_spoil spoil;
	const char *value = f->row > 0 ? json_str_or(json_array_get(g->rows, f->row - 1), f->field, "") : "";
	return sheet_spoilt(value, &spoil) && spoil.fault == SHEET_FOLLOWS;
}

/* A spoilt cell has one fault, whatever the checks make of its mark. */
static bool is_there(const json_t *list, const char *label)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_str_or(json_array_get(list, i), "label", ""), label) == 0)
			return true;
	return false;
}

static enum err take_fault(const struct fault *f, void *ctx)
{
	struct gathering *g = ctx;
	bool spoilt = false;
	AUTO_JSON line = json_object();
	struct mo o = mo_of(line);
	if (line == NULL)
		return ERR(NOMEM, "faults");
	if (follows(g, f))
		return ERR_OK;
	if (g->n >= FAULT_LINES_MAX || f->row > g->n_rows)
		return ERR(LIMIT, "more than %d faults", FAULT_LINES_MAX);
	TRY(put_place(&o, g, f));
	TRY(put_words(&o, g, f, &spoilt));
	json_t **list = &g->of_row[f->row];
	if (*list == NULL)
		*list = json_array();
	if (spoilt && is_there(*list, json_str_or(line, "label", "")))
		return ERR_OK;
	if (json_array_append(*list, line) != 0)
		return ERR(NOMEM, "faults");
	g->n++;
	return ERR_OK;
}

static enum err join(struct gathering *g, struct fault_lines *ret_l)
{
	AUTO_JSON all = json_array();
	size_t bad = 0;
	for (size_t i = 0; i <= g->n_rows; i++) {
		if (g->of_row[i] == NULL)
			continue;
		bad += i > 0;
		if (all == NULL || json_array_extend(all, g->of_row[i]) != 0)
			return ERR(NOMEM, "faults");
	}
	ret_l->list = STEAL(all);
	ret_l->bad_rows = bad;
	return ERR_OK;
}

static enum err gather(struct gathering *g, struct fault_lines *ret_l)
{
	const struct fault_view *v = g->v;
	size_t n;
	TRY(filing_sheet_numbers(v->d, v->f->no, g->rows, g->numbers));
	TRY(filing_check(v->d, v->f->no, v->by, take_fault, g, &n));
	return join(g, ret_l);
}

enum err filing_fault_lines(const struct fault_view *v, struct fault_lines *ret_l)
{
	struct gathering g = {.v = v, .rows = json_object_get(v->content, "rows")};
	g.n_rows = json_array_size(g.rows);
	g.numbers = calloc(g.n_rows + 1, sizeof(*g.numbers));
	g.of_row = calloc(g.n_rows + 1, sizeof(json_t *));
	enum err e = g.numbers != NULL && g.of_row != NULL ? gather(&g, ret_l) : ERR(NOMEM, "faults");
	for (size_t i = 0; g.of_row != NULL && i <= g.n_rows; i++)
		json_decref(g.of_row[i]);
	free(g.of_row);
	free(g.numbers);
	return e;
}

/* --- model --- */

static enum err put_list(struct mo *m, const json_t *lines)
{
	json_t *list = mo_list(m, "faults");
	TRY(mo_err(m));
	for (size_t i = 0; i < json_array_size(lines) && i < FAULTS_SHOWN; i++)
		if (json_array_append(list, json_array_get(lines, i)) != 0)
			return ERR(NOMEM, "faults");
	mo_bool(m, "has_faults", json_array_size(lines) > 0);
	mo_int(m, "fault_count", (int64_t)json_array_size(lines));
	mo_bool(m, "more_faults", json_array_size(lines) > FAULTS_SHOWN);
	mo_int(m, "faults_shown", FAULTS_SHOWN);
	return mo_err(m);
}

enum err filing_put_lines(struct mo *m, const struct fault_view *v, const json_t *lines)
{
	mo_bool(m, "table", json_array_size(json_object_get(v->content, "rows")) > 1);
	return put_list(m, lines);
}

enum err filing_put_no_faults(struct mo *m)
{
	mo_bool(m, "table", false);
	return put_list(m, NULL);
}
