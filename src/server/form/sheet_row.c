/* Cells of one row to values as the draft takes them. */
#include "base/text.h"
#include "base/text_fold.h"
#include "base/typed.h"
#include "server/form/field.h"
#include "server/form/sheet_i.h"
#include <stdio.h>
#include <string.h>

struct row_job {
	const struct sheet_rules *r;
	int64_t no;
	const struct cell *cells;
	size_t n;
	json_t *row;
};

/* --- cells --- */

static bool spoils(const struct cell *c, enum sheet_fault *ret_f)
{
	switch (c->kind) {
	case CELL_EMPTY:
	case CELL_TEXT:
	case CELL_NUMBER:
	case CELL_DATE:
	case CELL_BOOL:
		/* Nobody types our mark; an escape of the file may hold it. */
		*ret_f = SHEET_CELL;
		return c->text.len > 0 && c->text.ptr[0] == (uint8_t)SHEET_SPOILT;
	case CELL_FORMULA:
		*ret_f = SHEET_FORMULA;
		return true;
	case CELL_MERGED:
		*ret_f = SHEET_MERGED;
		return true;
	case CELL_TIMED:
		*ret_f = SHEET_TIMED;
		return true;
	case CELL_INEXACT:
		*ret_f = SHEET_INEXACT;
		return true;
	default:
		*ret_f = SHEET_CELL;
		return true;
	}
}

static int column(const struct row_job *j, int field)
{
	for (size_t i = 0; i < j->r->columns->n; i++)
		if (j->r->columns->field[i] == field)
			return (int)i;
	return -1;
}

static const struct cell *cell_of(const struct row_job *j, int field)
{
	static const struct cell none = {CELL_EMPTY, {NULL, 0}};
	int at = column(j, field);
	return at >= 0 && (size_t)at < j->n ? &j->cells[at] : &none;
}

/* "S12" as the spreadsheet writes it; at most 64 columns. */
static void spoil(const struct row_job *j, int field, enum sheet_fault f, const char *detail,
                  char ret[SERVICE_VALUE_MAX + 1])
{
	int i = column(j, field);
	char name[3] = {(char)(i < 26 ? 'A' + i : 'A' + i / 26 - 1), (char)(i < 26 ? 0 : 'A' + i % 26), 0};
	(void)snprintf(ret, SERVICE_VALUE_MAX + 1, "%c%s-%02d%s%s%.0lld%s%s", SHEET_SPOILT, j->r->service->code, (int)f,
	               i >= 0 ? " 单元格 " : " ", i >= 0 ? name : "", i >= 0 ? (long long)j->no : 0,
	               detail[0] != 0 && i >= 0 ? "，" : "", detail);
}

/* --- values --- */

/* The forms U+FF01 to U+FF5E stand for ASCII. */
static uint32_t narrow(uint32_t cp)
{
	return cp >= 0xFF01 && cp <= 0xFF5E ? cp - 0xFF01 + 0x21 : cp;
}

/* Cuts what both begin with off both: 劳动合同制（全日制）, as the pages show it, is 劳动合同制(全日制). */
static void cut_common(struct span *a, struct span *b)
{
	uint32_t x = 0, y = 0;
	for (;;) {
		size_t n = text_decode(*a, &x), m = text_decode(*b, &y);
		if (n == 0 || m == 0 || narrow(x) != narrow(y))
			return;
		*a = span_sub(*a, n, a->len);
		*b = span_sub(*b, m, b->len);
	}
}

/* Equal, or equal but for an ending that people leave away or add: 土家, 养老保险. Brackets of either width. */
static bool name_fits(const char *name, struct span typed)
{
	struct span own = span_str(name), rest = typed;
	cut_common(&own, &rest);
	if (typed.len == 0 || name[0] == 0)
		return false;
	return own.len == 0 ? rest.len == 0 || span_eq(rest, SPAN_LIT("保险"))
	                    : rest.len == 0 && span_eq(own, SPAN_LIT("族"));
}

static const struct service_code *code_named(const struct service_list *l, struct span typed)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct service_code *c = &l->v[i];
		if (span_eq_str(typed, c->code) || name_fits(c->text, typed) ||
		    (c->full != NULL && name_fits(c->full, typed)))
			return c;
	}
	return NULL;
}

static enum err put_code(const struct service_field *f, struct span s, struct buf *out)
{
	const struct service_code *c = code_named(f->list, s);
	if (c == NULL)
		return ERR(FIELD_VALUE, "not in the list");
	buf_str(out, c->code);
	return buf_err(out);
}

static size_t separator_at(struct span s)
{
	static const char *const seps[] = {
		" ", "\t", "\n", "\r", "\xe3\x80\x80", "\xc2\xa0", ",", "\xef\xbc\x8c", "、", ";", "；", "/", "+", "|"};
	for (size_t i = 0; i < COUNT_OF(seps); i++)
		if (span_starts(s, span_str(seps[i])))
			return strlen(seps[i]);
	return 0;
}

static enum err put_codes(const struct service_field *f, struct span typed, struct buf *out)
{
	uint64_t bits = 0;
	for (struct span s = typed; s.len > 0;) {
		size_t n = 0;
		while (n < s.len && separator_at(span_sub(s, n, s.len)) == 0)
			n++;
		struct span word = span_sub(s, 0, n);
		s = span_sub(s, n + separator_at(span_sub(s, n, s.len)), s.len);
		const struct service_code *c = word.len > 0 ? code_named(f->list, word) : NULL;
		if (word.len > 0 && c == NULL)
			return ERR(FIELD_VALUE, "not in the list");
		bits |= c != NULL ? UINT64_C(1) << (c - f->list->v) : 0;
	}
	return bits != 0 ? field_codes_put(f->list, bits, out) : ERR(FIELD_VALUE, "none of the list");
}

static enum err put_day(struct span s, struct buf *out)
{
	int64_t day = 0;
	TRY(typed_day(s, &day));
	text_date_cn(out, day);
	return buf_err(out);
}

/* A cell formatted as a date shows a month and holds its first day. */
static enum err put_month(struct span s, struct buf *out)
{
	AUTO_BUF(day, 32);
	int month = 0;
	enum err e = typed_month(s, &month);
	if (e == ERR_OK) {
		buf_printf(out, "%d", month);
		return buf_err(out);
	}
	if (e != ERR_FIELD_VALUE)
		return e;
	err_clear();
	TRY(put_day(s, &day));
	if (day.len != 10 || strcmp(buf_cstr(&day) + 7, "-01") != 0)
		return ERR(FIELD_VALUE, "a day, not a month");
	buf_printf(out, "%.4s%.2s", buf_cstr(&day), buf_cstr(&day) + 5);
	return buf_err(out);
}

static enum err put_money(struct span s, struct buf *out)
{
	int64_t fen = 0;
	TRY(typed_money(s, &fen));
	buf_printf(out, "%lld.%02d", (long long)(fen / 100), (int)(fen % 100));
	return buf_err(out);
}

static enum err put_moment(const struct service_field *f, struct span s, struct buf *out)
{
	char text[32];
	TRY(f->validator->check(s, 0, text, sizeof(text)));
	buf_str(out, text);
	return buf_err(out);
}

static enum err put_value(const struct service_field *f, struct span s, struct buf *out)
{
	switch (f->type) {
	case FIELD_CODE:
		return put_code(f, s, out);
	case FIELD_CODES:
		return put_codes(f, s, out);
	case FIELD_DATE:
		return put_day(s, out);
	case FIELD_MONTH:
		return put_month(s, out);
	case FIELD_MONEY:
		return put_money(s, out);
	case FIELD_DATETIME:
		return put_moment(f, s, out);
	case FIELD_INT:
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_PERSON:
		break;
	}
	return ERR(FIELD_VALUE, "taken as it is typed");
}

static bool left_as_typed(const struct service_field *f)
{
	return f->type == FIELD_TEXT || f->type == FIELD_INT || f->type == FIELD_LONG_TEXT || f->type == FIELD_PERSON;
}

static void unsure(const struct row_job *j, int field, struct span folded, char ret[SERVICE_VALUE_MAX + 1])
{
	AUTO_BUF(typed, SHEET_DETAIL_MAX);
	buf_str(&typed, "写的是“");
	buf_put(&typed, span_sub(folded, 0, SHEET_DETAIL_MAX / 2));
	buf_str(&typed, "”");
	spoil(j, field, SHEET_UNSURE, text_is_utf8(buf_span(&typed)) ? buf_cstr(&typed) : "", ret);
}

/* Texts are folded when the draft takes them, and the page can say what was changed; the others are read here. */
static enum err take_cell(const struct row_job *j, int field, struct span s, char ret[SERVICE_VALUE_MAX + 1])
{
	const struct service_field *f = &j->r->service->row_fields.v[field];
	AUTO_BUF(folded, 2 * SERVICE_VALUE_MAX);
	AUTO_BUF(out, SERVICE_VALUE_MAX);
	struct span v = s;
	if (!left_as_typed(f)) {
		TRY(text_fold(FOLD_TEXT, s, &folded, NULL));
		enum err e = put_value(f, buf_span(&folded), &out);
		err_clear();
		if (e == ERR_UNSURE) {
			unsure(j, field, buf_span(&folded), ret);
			return ERR_OK;
		}
		v = e == ERR_OK ? buf_span(&out) : s;
	}
	memcpy(ret, v.ptr, v.len);
	ret[v.len] = 0;
	return ERR_OK;
}

/* --- blanks --- */

static void value_of(const struct row_job *j, int field, char ret[SERVICE_VALUE_MAX + 1]);

/* When the other one is at fault the one fault is there. */
static void put_followed(const struct row_job *j, int field, const struct service_field *f,
                         char ret[SERVICE_VALUE_MAX + 1])
{
	const struct service_fields *all = &j->r->service->row_fields;
	const struct service_field *other = service_field_find(all, f->blank_from);
	struct field_value v;
	value_of(j, (int)(other - all->v), ret);
	if (ret[0] == 0 || field_read(other, span_str(ret), j->r->now, &v) != ERR_OK || v.state != FIELD_GOOD)
		spoil(j, field, SHEET_FOLLOWS, "", ret);
	err_clear();
}

static void put_blank(const struct row_job *j, int field, const struct service_field *f,
                      char ret[SERVICE_VALUE_MAX + 1])
{
	(void)snprintf(ret, SERVICE_VALUE_MAX + 1, "%s", f->blank);
	if (f->blank_from[0] != 0)
		put_followed(j, field, f, ret);
	for (const struct sheet_named *n = j->r->named; n != NULL && n->name != NULL; n++)
		if (strcmp(n->name, f->blank_by) == 0)
			(void)snprintf(ret, SERVICE_VALUE_MAX + 1, "%s", n->value);
}

static void value_of(const struct row_job *j, int field, char ret[SERVICE_VALUE_MAX + 1])
{
	const struct cell *c = cell_of(j, field);
	enum sheet_fault fault;
	char shown[SHEET_DETAIL_MAX] = "";
	const struct service_field *f = &j->r->service->row_fields.v[field];
	ret[0] = 0;
	if (spoils(c, &fault) && !(fault == SHEET_TIMED && f->type == FIELD_DATETIME)) {
		if (fault == SHEET_TIMED)
			(void)snprintf(shown, sizeof(shown), "%.*s", (int)c->text.len, (const char *)c->text.ptr);
		spoil(j, field, fault, shown, ret);
	} else if (c->kind == CELL_EMPTY || c->text.len == 0) {
		put_blank(j, field, f, ret);
	} else if (c->text.len > (f->type == FIELD_LONG_TEXT ? SERVICE_VALUE_MAX : SERVICE_LINE_MAX)) {
		spoil(j, field, SHEET_LONG, "文字过长", ret);
	} else if (take_cell(j, field, c->text, ret) != ERR_OK) {
		err_clear();
		spoil(j, field, SHEET_CELL, "", ret);
	}
}

/* --- the row --- */

/* Whether the column that names the unit names this one; else the mark. */
static bool of_unit(const struct row_job *j, char ret[SERVICE_VALUE_MAX + 1])
{
	const struct cell *c = cell_of(j, SHEET_UNIT);
	AUTO_BUF(unit, SERVICE_VALUE_MAX);
	enum sheet_fault fault;
	bool spoilt_cell = spoils(c, &fault);
	enum err e = text_fold(FOLD_NUMBER, span_sub(c->text, 0, SERVICE_VALUE_MAX / 4), &unit, NULL);
	err_clear();
	if (spoilt_cell)
		spoil(j, SHEET_UNIT, fault, j->r->service->unit_column.v[0], ret);
	else if (e != ERR_OK || (unit.len > 0 && !span_eq_str(buf_span(&unit), j->r->unit_no)))
		spoil(j, SHEET_UNIT, SHEET_OTHER_UNIT, "单位编号不是本单位", ret);
	else
		return true;
	return false;
}

static int last_text(const struct service_fields *f)
{
	int last = 0;
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].type == FIELD_TEXT)
			last = (int)i;
	return last;
}

enum err sheet_row(const struct sheet_rules *r, int64_t no, const struct cell *cells, size_t n, json_t **ret_row)
{
	const struct service_fields *fields = &r->service->row_fields;
	AUTO_JSON row = json_object();
	struct row_job j = {r, no, cells, n, row};
	char value[SERVICE_VALUE_MAX + 1], other[SERVICE_VALUE_MAX + 1];
	bool own = of_unit(&j, other);
	int last = last_text(fields);
	if (row == NULL)
		return ERR(NOMEM, "row");
	for (size_t i = 0; i < fields->n; i++) {
		value_of(&j, (int)i, value);
		const char *v = !own && (int)i == last ? other : value;
		if (v[0] != 0)
			TRY(json_put_str(row, fields->v[i].name, span_str(v)));
	}
	*ret_row = STEAL(row);
	return ERR_OK;
}
