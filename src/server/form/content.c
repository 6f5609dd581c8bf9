#include "server/form/content.h"
#include "base/text.h"
#include "base/text_fold.h"
#include "evidence/statement.h"
#include "server/form/valid.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULT_TEXT_MAX = 1024 };

enum err fault_put(struct fault_sink *s, const struct fault *f)
{
	s->count++;
	return s->fn != NULL ? s->fn(f, s->ctx) : ERR_OK;
}

enum err content_new(json_t **ret_c)
{
	AUTO_JSON c = json_object();
	TRY(json_put(c, "form", json_object()));
	TRY(json_put(c, "rows", json_array()));
	*ret_c = STEAL(c);
	return ERR_OK;
}

enum err content_parse(struct span text, json_t **ret_c)
{
	AUTO_JSON c = NULL;
	TRY(json_parse(text, &c));
	if (!json_is_object(json_object_get(c, "form")) || !json_is_array(json_object_get(c, "rows")))
		return ERR(SYNTAX, "content has no form and rows");
	*ret_c = STEAL(c);
	return ERR_OK;
}

enum err content_print(const json_t *content, struct buf *out)
{
	return json_print(content, out);
}

/* --- taking --- */

/* Spaces at the ends are slips of the keyboard. */
static struct span trim(struct span s)
{
	while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = span_sub(s, 1, s.len);
	while (s.len > 0 && strchr(" \t\r\n", s.ptr[s.len - 1]) != NULL && s.ptr[s.len - 1] != 0)
		s.len--;
	return s;
}

/* "110,210" from "210, 110"-like input: in the list's order, each once. Left as it is when a code is unknown. */
static bool sort_codes(const struct service_list *l, struct span in, char *ret, size_t cap)
{
	bool seen[SERVICE_CODES_SET_MAX] = {false};
	struct span rest = in, part;
	size_t n = 0;
	for (bool more = true; more;) {
		more = span_take_until(&rest, ',', &part);
		part = trim(more ? part : rest);
		size_t i = 0;
		while (i < l->n && !span_eq_str(part, l->v[i].code))
			i++;
		if (i == l->n || i >= SERVICE_CODES_SET_MAX || seen[i])
			return false;
		seen[i] = true;
	}
	for (size_t i = 0; i < l->n && i < SERVICE_CODES_SET_MAX; i++)
		if (seen[i])
			n += (size_t)snprintf(ret + n, n < cap ? cap - n : 0, "%s%s", n > 0 ? "," : "", l->v[i].code);
	return n < cap;
}

/* What the validator makes of it; as given when it is not accepted: the check will name the fault. */
static bool normalise(const struct service_field *f, struct span in, int64_t now, char ret[SERVICE_VALUE_MAX + 1])
{
	bool done = false;
	if (in.len > 0 && f->type == FIELD_CODES)
		done = sort_codes(f->list, in, ret, SERVICE_VALUE_MAX + 1);
	else if (in.len > 0 && f->type != FIELD_CODE && f->validator != NULL)
		done = f->validator->check(in, now, ret, SERVICE_VALUE_MAX + 1) == ERR_OK;
	if (done)
		return true;
	err_clear();
	if (in.len > 0)
		memcpy(ret, in.ptr, in.len);
	ret[in.len] = 0;
	return false;
}

/* Separators in a number and the form of a date are nobody's concern; what cannot be seen, and what was replaced, is.
 */
static enum err note_typed(const struct service_field *f, struct span in, json_t *row)
{
	AUTO_BUF(folded, 2 * SERVICE_VALUE_MAX);
	unsigned what = 0;
	json_t *all = json_object_get(row, CONTENT_TYPED);
	if (f->type != FIELD_TEXT || f->validator == NULL)
		return ERR_OK;
	TRY(text_fold(f->validator->folds, in, &folded, &what));
	if (f->validator->folds == FOLD_NUMBER)
		what &= ~(unsigned)(FOLD_BLANK | FOLD_WIDTH);
	if (what == 0)
		return ERR_OK;
	AUTO_JSON note = json_object();
	if (note == NULL || (all == NULL && json_object_set_new(row, CONTENT_TYPED, json_object()) != 0))
		return ERR(NOMEM, "row");
	if (!f->secret)
		TRY(json_put_str(note, "from", in));
	TRY(json_put_int(note, "what", what));
	return json_put(json_object_get(row, CONTENT_TYPED), f->name, STEAL(note));
}

static enum err take_value(const struct service_field *f, const json_t *v, int64_t now, json_t *row)
{
	char text[SERVICE_VALUE_MAX + 1];
	if (v != NULL && !json_is_string(v))
		return ERR(FIELD_VALUE, "%s is not a string", f->name);
	struct span in = v != NULL ? trim(span_of(json_string_value(v), json_string_length(v))) : SPAN_EMPTY;
	if (in.len > SERVICE_VALUE_MAX)
		return ERR(LIMIT, "%s is longer than %d octets", f->name, SERVICE_VALUE_MAX);
	if (!text_is_utf8(in))
		return ERR(UTF8, "%s", f->name);
	if (normalise(f, in, now, text))
		TRY(note_typed(f, in, row));
	return text[0] != 0 ? json_put_str(row, f->name, span_str(text)) : ERR_OK;
}

enum err content_take(const struct service_fields *fields, const json_t *in, int64_t now, json_t **ret_row)
{
	AUTO_JSON row = json_object();
	const char *key;
	json_t *v;
	if (!json_is_object(in))
		return ERR(SYNTAX, "not an object of fields");
	json_object_foreach((json_t *)(uintptr_t)in, key, v)
		if (strcmp(key, CONTENT_TYPED) != 0 && service_field_find(fields, key) == NULL)
			return ERR(FIELD_UNKNOWN, "field is not in the definition");
	if (row == NULL)
		return ERR(NOMEM, "row");
	for (size_t i = 0; i < fields->n; i++)
		TRY(take_value(&fields->v[i], json_object_get(in, fields->v[i].name), now, row));
	*ret_row = STEAL(row);
	return ERR_OK;
}

unsigned content_typed(const json_t *row, const char *field, const char **ret_from)
{
	const json_t *note = json_object_get(json_object_get(row, CONTENT_TYPED), field);
	*ret_from = json_str_or(note, "from", "");
	return (unsigned)json_int_or(note, "what", 0);
}

static enum err retake_row(const struct service_fields *fields, const json_t *row, int64_t now, json_t **ret_row)
{
	AUTO_JSON known = json_object();
	if (known == NULL)
		return ERR(NOMEM, "row");
	for (size_t i = 0; i < fields->n; i++) {
		json_t *v = json_object_get(row, fields->v[i].name);
		if (v != NULL)
			TRY(json_put(known, fields->v[i].name, json_incref(v)));
	}
	return content_take(fields, known, now, ret_row);
}

static enum err retake_rows(const struct service *s, const json_t *rows, int64_t now, json_t **ret_rows)
{
	AUTO_JSON out = json_array();
	for (size_t i = 0; i < json_array_size(rows); i++) {
		json_t *row = NULL;
		TRY(retake_row(&s->row_fields, json_array_get(rows, i), now, &row));
		if (json_array_append_new(out, row) != 0)
			return ERR(NOMEM, "rows");
	}
	*ret_rows = STEAL(out);
	return ERR_OK;
}

enum err content_retake(const struct service *s, const json_t *content, int64_t now, json_t **ret_content)
{
	AUTO_JSON out = NULL;
	json_t *form = NULL, *rows = NULL;
	TRY(content_new(&out));
	TRY(retake_row(&s->fields, json_object_get(content, "form"), now, &form));
	TRY(json_put(out, "form", form));
	TRY(retake_rows(s, json_object_get(content, "rows"), now, &rows));
	TRY(json_put(out, "rows", rows));
	*ret_content = STEAL(out);
	return ERR_OK;
}

/* --- checking one value --- */

struct check {
	struct fault_sink *faults;
	int64_t now;
	size_t row;
	const struct service_fields *fields;
	bool bad[SERVICE_FIELDS_MAX]; /* of this row: rules that depend on them say nothing more */
};

static enum err put_fault(struct check *c, const struct service_field *f, const char *code, const char *why,
                          const char *remedy)
{
	AUTO_BUF(text, FAULT_TEXT_MAX);
	buf_printf(&text, "%s%s", f->label, why);
	TRY(buf_err(&text));
	const struct fault t = {c->row, f->name, code, buf_cstr(&text), remedy};
	c->bad[f - c->fields->v] = true;
	return fault_put(c->faults, &t);
}

static enum err put_err(struct check *c, const struct service_field *f, enum err e)
{
	static const struct {
		enum err e;
		const char *code;
	} codes[] = {{ERR_ID_NUMBER, "E-21"},
	             {ERR_USCC, "E-22"},
	             {ERR_LINE_TEXT, "E-26"},
	             {ERR_PRIVATE_USE, "E-32"},
	             {ERR_UNSURE, "E-33"}};
	const char *code = "E-23";
	char why[FAULT_TEXT_MAX];
	if (err_class(e) == ERR_CLASS_RESOURCE)
		return e;
	err_clear();
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (codes[i].e == e)
			code = codes[i].code;
	(void)snprintf(why, sizeof(why), "：%s", err_zh(e));
	bool own = e == ERR_PRIVATE_USE || e == ERR_UNSURE || f->hint[0] == 0;
	return put_fault(c, f, code, why, own ? err_remedy(e) : f->hint);
}

static bool codes_known(const struct service_field *f, struct span v)
{
	char sorted[SERVICE_VALUE_MAX + 1];
	if (f->type == FIELD_CODE)
		return service_list_text(f->list, v) != NULL;
	return sort_codes(f->list, v, sorted, sizeof(sorted));
}

/* A number can only be judged as one of some document: of a type that nobody can read, the type is the fault. */
static bool type_unread(const struct check *c, enum err e)
{
	const struct service_field *type = service_field_find(c->fields, "id_type");
	return e == ERR_ID_NUMBER && type != NULL && c->bad[type - c->fields->v];
}

/* What may be written: a short list whole, of a long one the beginning. */
static enum err put_unlisted(struct check *c, const struct service_field *f)
{
	enum { LISTED_MAX = 12, LISTED_SOME = 4 };
	AUTO_BUF(remedy, FAULT_TEXT_MAX);
	const struct service_list *l = f->list;
	size_t n = l->n <= LISTED_MAX ? l->n : LISTED_SOME;
	for (size_t i = 0; i < n; i++)
		buf_printf(&remedy, "%s%s", i == 0 ? "请填写：" : "、", l->v[i].text);
	if (n < l->n)
		buf_str(&remedy, c->row > 0 ? "等，全部见表格模板第二页“填写说明”" : "等，请按代码表选择");
	TRY(buf_err(&remedy));
	return put_fault(c, f, "E-25", "不在代码表内", buf_cstr(&remedy));
}

static bool in_range(const struct service_field *f, const char *v)
{
	int64_t n = 0;
	enum err e =
		f->type == FIELD_MONEY ? valid_fen(span_str(v), &n) : text_i64(span_str(v), INT64_MIN, INT64_MAX, &n);
	if (e != ERR_OK)
		err_clear();
	return e == ERR_OK && n >= f->min && n <= f->max;
}

static enum err check_form_of(struct check *c, const struct service_field *f, struct span v)
{
	char text[SERVICE_VALUE_MAX + 1];
	enum err e = text_has_private(v) ? ERR(PRIVATE_USE, "%s", f->name) : text_line_check(v);
	if (e != ERR_OK)
		return put_err(c, f, e);
	if (f->list != NULL)
		return codes_known(f, v) ? ERR_OK : put_unlisted(c, f);
	if (f->validator->folds == FOLD_NAME && text_is_stacked(v))
		return put_fault(c, f, "E-34", "有一个字附加了过多的符号", "请删去多余的附加符号，照证件重新输入");
	e = f->validator->check(v, c->now, text, sizeof(text));
	if (type_unread(c, e)) {
		err_clear();
		c->bad[f - c->fields->v] = true;
		return ERR_OK;
	}
	if (e != ERR_OK)
		return put_err(c, f, e);
	if (!span_eq_str(v, text)) /* a draft of an older version */
		return put_fault(c, f, "E-30", "的写法没有整理", "请返回填报页保存一次；多人的申报请重新上传表格");
	if ((f->type == FIELD_MONEY || f->type == FIELD_INT) && !in_range(f, text))
		return put_fault(c, f, "E-27", "超出允许的范围", "请核对金额或数目");
	return ERR_OK;
}

static enum err check_value(struct check *c, const struct service_field *f, const json_t *row)
{
	const json_t *v = json_object_get(row, f->name);
	struct span s = v != NULL ? span_of(json_string_value(v), json_string_length(v)) : SPAN_EMPTY;
	if (s.len == 0)
		return f->required ? put_fault(c, f, "E-20", "不能为空", "请补填该项") : ERR_OK;
	if (s.len > f->max_len)
		return put_fault(c, f, "E-24", "超过规定的长度", "请缩短后再提交");
	return check_form_of(c, f, s);
}

/* --- rules over several fields --- */

static const char *value_of(const json_t *row, const char *name)
{
	return json_str_or(row, name, "");
}

static bool rule_broken(const struct service_rule *r, const json_t *row)
{
	const char *v = value_of(row, r->field), *o = value_of(row, r->other);
	bool both = v[0] != 0 && o[0] != 0;
	switch (r->kind) {
	case RULE_REQUIRED_IF:
		return v[0] == 0 && strcmp(o, r->value) == 0;
	case RULE_FORBIDDEN_IF:
		return v[0] != 0 && strcmp(o, r->value) == 0;
	/* A month and a date compare by the month. Only values that have their form are compared: others are faults
	 * already. */
	case RULE_NOT_BEFORE:
	case RULE_NOT_AFTER: {
		char a[16] = "", b[16] = "";
		size_t n = 0, m = 0;
		for (size_t i = 0; v[i] != 0 && n < 8; i++)
			if (v[i] != '-')
				a[n++] = v[i];
		for (size_t i = 0; o[i] != 0 && m < 8; i++)
			if (o[i] != '-')
				b[m++] = o[i];
		size_t len = n < m ? n : m;
		int order = strncmp(a, b, len);
		return both && (r->kind == RULE_NOT_BEFORE ? order < 0 : order > 0);
	}
	case RULE_DIFFERENT:
		return both && strcmp(v, o) == 0;
	case RULE_UNIQUE:
		return false;
	}
	return false;
}

static enum err put_rule(struct fault_sink *faults, const struct service_rule *r, size_t row)
{
	const struct fault t = {row, r->field, r->code, r->text, r->remedy};
	return fault_put(faults, &t);
}

/* A field that cannot be read says nothing about its neighbours. */
static bool is_bad(const struct check *c, const char *field)
{
	const struct service_field *f = service_field_find(c->fields, field);
	return f != NULL && c->bad[f - c->fields->v];
}

static enum err check_one(struct check *c, const struct service_fields *fields, const struct service_rules *rules,
                          const json_t *row)
{
	c->fields = fields;
	memset(c->bad, 0, sizeof(c->bad));
	for (size_t i = 0; i < fields->n; i++)
		TRY(check_value(c, &fields->v[i], row));
	for (size_t i = 0; i < rules->n; i++)
		if (!is_bad(c, rules->v[i].field) && !is_bad(c, rules->v[i].other) && rule_broken(&rules->v[i], row))
			TRY(put_rule(c->faults, &rules->v[i], c->row));
	return ERR_OK;
}

struct keyed {
	const char *value;
	size_t row;
};

static int by_value(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int order = strcmp(x->value, y->value);
	return order != 0 ? order : x->row < y->row ? -1 : x->row > y->row;
}

/* Two rows that hold the same rubbish do not name one person. */
static bool readable(const struct service_field *f, const char *value, int64_t now)
{
	char text[SERVICE_VALUE_MAX + 1];
	bool ok = f == NULL || f->validator == NULL ||
	          f->validator->check(span_str(value), now, text, sizeof(text)) == ERR_OK;
	err_clear();
	return ok;
}

/* The second and every further row with the same value; sorted, so that a thousand rows cost no million comparisons. */
static enum err check_unique(const struct service_field *f, const struct service_rule *r, const json_t *rows,
                             int64_t now, struct fault_sink *faults)
{
	size_t n = json_array_size(rows);
	struct keyed *all = calloc(n > 0 ? n : 1, sizeof(*all));
	enum err e = all != NULL ? ERR_OK : ERR(NOMEM, "rows");
	for (size_t i = 0; i < n && e == ERR_OK; i++)
		all[i] = (struct keyed){value_of(json_array_get(rows, i), r->field), i + 1};
	if (e == ERR_OK)
		qsort(all, n, sizeof(*all), by_value);
	for (size_t i = 1; i < n && e == ERR_OK; i++)
		if (all[i].value[0] != 0 && strcmp(all[i - 1].value, all[i].value) == 0 &&
		    readable(f, all[i].value, now))
			e = put_rule(faults, r, all[i].row);
	free(all);
	return e;
}

static enum err check_count(const struct service *s, size_t n, struct fault_sink *faults)
{
	char text[120];
	if (n >= s->rows_min && n <= s->rows_max)
		return ERR_OK;
	(void)snprintf(text, sizeof(text), "人员共 %zu 行，一次申报应为 %zu 至 %zu 行", n, s->rows_min, s->rows_max);
	const struct fault t = {0, "", "E-29", text, "请增减人员，或分次申报"};
	return fault_put(faults, &t);
}

static enum err check_length(const struct service *s, const json_t *row, size_t no, struct fault_sink *faults)
{
	AUTO_BUF(text, STATEMENT_VALUE_MAX);
	const struct service_fields *fields = no > 0 ? &s->row_fields : &s->fields;
	enum err e = content_row_text(fields, row, &text);
	if (e != ERR_LIMIT)
		return e;
	err_clear();
	const struct fault t = {no, "", "E-28", "本行内容合计过长，无法签名", "请缩短地址、备注等文字"};
	return fault_put(faults, &t);
}

enum err content_check(const struct service *s, const json_t *content, int64_t now, struct fault_sink *faults)
{
	const json_t *form = json_object_get(content, "form"), *rows = json_object_get(content, "rows");
	struct check c = {.faults = faults, .now = now};
	TRY(check_one(&c, &s->fields, &s->rules, form));
	TRY(check_length(s, form, 0, faults));
	TRY(check_count(s, json_array_size(rows), faults));
	for (size_t i = 0; i < json_array_size(rows); i++) {
		c.row = i + 1;
		TRY(check_one(&c, &s->row_fields, &s->row_rules, json_array_get(rows, i)));
		TRY(check_length(s, json_array_get(rows, i), i + 1, faults));
	}
	for (size_t i = 0; i < s->row_rules.n; i++)
		if (s->row_rules.v[i].kind == RULE_UNIQUE)
			TRY(check_unique(service_field_find(&s->row_fields, s->row_rules.v[i].field),
			                 &s->row_rules.v[i], rows, now, faults));
	return ERR_OK;
}

/* --- text --- */

static enum err value_text(const struct service_field *f, const char *value, bool with_code, struct buf *out)
{
	struct span rest = span_str(value), part;
	if (f->list == NULL) {
		buf_put(out, rest);
		return buf_err(out);
	}
	for (bool more = true, first = true; more; first = false) {
		more = f->type == FIELD_CODES && span_take_until(&rest, ',', &part);
		part = more ? part : rest;
		const char *text = service_list_text(f->list, part);
		buf_str(out, first ? "" : "、");
		if (with_code || text == NULL)
			buf_put(out, part);
		if (text != NULL)
			buf_printf(out, "%s%s", with_code ? " " : "", text);
	}
	return buf_err(out);
}

enum err content_value_text(const struct service_field *f, const char *value, struct buf *out)
{
	return value_text(f, value, true, out);
}

enum err content_value_words(const struct service_field *f, const char *value, struct buf *out)
{
	return value_text(f, value, false, out);
}

static enum err put_escaped(struct span s, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == ';' || s.ptr[i] == '\\')
			buf_u8(out, '\\');
		buf_u8(out, s.ptr[i]);
	}
	return buf_err(out);
}

enum err content_row_text(const struct service_fields *fields, const json_t *row, struct buf *out)
{
	size_t before = out->len;
	for (size_t i = 0; i < fields->n; i++) {
		AUTO_BUF(value, 4 * SERVICE_VALUE_MAX);
		const char *v = value_of(row, fields->v[i].name);
		if (v[0] == 0)
			continue;
		TRY(content_value_text(&fields->v[i], v, &value));
		buf_printf(out, "%s%s=", out->len > before ? ";" : "", fields->v[i].label);
		TRY(put_escaped(buf_span(&value), out));
	}
	if (out->len == before && buf_err(out) == ERR_OK)
		buf_u8(out, '-');
	TRY(buf_err(out));
	return out->len - before <= STATEMENT_VALUE_MAX ? ERR_OK : ERR(LIMIT, "row text");
}
