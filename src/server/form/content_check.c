/* Every fault of a content: of each field, of the rules over several, of the rows among each other. */
#include "base/text.h"
#include "evidence/statement.h"
#include "server/form/content.h"
#include "server/form/row.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULT_TEXT_MAX = 1024 };

enum err fault_put(struct fault_sink *s, const struct fault *f)
{
	s->count++;
	return s->fn != NULL ? s->fn(f, s->ctx) : ERR_OK;
}

/* --- checking one value --- */

struct check {
	struct fault_sink *faults;
	int64_t now;
	size_t number;                /* of the row, 0: the form */
	struct row_values row;        /* what is looked at */
	bool bad[SERVICE_FIELDS_MAX]; /* of this row: rules that depend on them say nothing more */
};

static enum err put_fault(struct check *c, const struct service_field *f, const char *code, const char *why,
                          const char *remedy)
{
	AUTO_BUF(text, FAULT_TEXT_MAX);
	buf_printf(&text, "%s%s", f->label, why);
	TRY(buf_err(&text));
	const struct fault t = {c->number, f->name, code, buf_cstr(&text), remedy};
	c->bad[f - c->row.fields->v] = true;
	return fault_put(c->faults, &t);
}

static enum err put_why(struct check *c, const struct service_field *f, enum err e)
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
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (codes[i].e == e)
			code = codes[i].code;
	(void)snprintf(why, sizeof(why), "：%s", err_zh(e));
	bool own = e == ERR_PRIVATE_USE || e == ERR_UNSURE || f->hint[0] == 0;
	return put_fault(c, f, code, why, own ? err_remedy(e) : f->hint);
}

/* A number can only be judged as one of some document: of a type that nobody can read, the type is the fault. */
static bool type_unread(const struct check *c, const struct field_value *v)
{
	const struct service_field *type = service_field_find(c->row.fields, "id_type");
	return v->state == FIELD_REFUSED && v->why == ERR_ID_NUMBER && type != NULL && c->bad[type - c->row.fields->v];
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
		buf_str(&remedy, c->number > 0 ? "等，全部见表格模板第二页“填写说明”" : "等，请按代码表选择");
	TRY(buf_err(&remedy));
	return put_fault(c, f, "E-25", "不在代码表内", buf_cstr(&remedy));
}

static enum err put_long(struct check *c, const struct service_field *f, const struct field_value *v)
{
	char why[FAULT_TEXT_MAX] = "超过规定的长度";
	if (f->max_chars > 0)
		(void)snprintf(why, sizeof(why), "共 %zu 字，最多 %zu 字", text_chars(v->text), f->max_chars);
	return put_fault(c, f, "E-24", why, "请缩短后再提交");
}

static enum err check_value(struct check *c, size_t i)
{
	const struct service_field *f = &c->row.fields->v[i];
	const struct field_value *v = &c->row.v[i];
	switch (v->state) {
	case FIELD_GOOD:
		return ERR_OK;
	case FIELD_EMPTY:
		return f->required ? put_fault(c, f, "E-20", "不能为空", "请补填该项") : ERR_OK;
	case FIELD_LONG:
		return put_long(c, f, v);
	case FIELD_UNLISTED:
		return put_unlisted(c, f);
	case FIELD_STACKED:
		return put_fault(c, f, "E-34", "有一个字附加了过多的符号", "请删去多余的附加符号，照证件重新输入");
	case FIELD_UNFOLDED: /* a draft of an older version */
		return put_fault(c, f, "E-30", "的写法没有整理", "请返回填报页保存一次；多人的申报请重新上传表格");
	case FIELD_RANGE:
		return put_fault(c, f, "E-27", "超出允许的范围", "请核对金额或数目");
	case FIELD_CHARS:
	case FIELD_REFUSED:
		break;
	}
	if (f->type == FIELD_PERSON)
		return put_fault(c, f, "E-36", "没有找到唯一对应的本单位在职人员",
		                 "请按姓名或人员编号查找，并从结果中选择");
	if (!type_unread(c, v))
		return put_why(c, f, v->why);
	c->bad[i] = true;
	return ERR_OK;
}

/* --- rules over several fields --- */

static const struct field_value *value_of(const struct check *c, const char *name, const struct service_field **ret_f)
{
	*ret_f = service_field_find(c->row.fields, name);
	return *ret_f != NULL ? &c->row.v[*ret_f - c->row.fields->v] : NULL;
}

static bool rule_broken(const struct check *c, const struct service_rule *r)
{
	const struct service_field *fv, *fo;
	const struct field_value *v = value_of(c, r->field, &fv), *o = value_of(c, r->other, &fo);
	bool given = v->text.len > 0, both = given && o != NULL && o->text.len > 0;
	switch (r->kind) {
	case RULE_REQUIRED_IF:
		return !given && service_rule_means(r, o->text);
	case RULE_FORBIDDEN_IF:
		return given && service_rule_means(r, o->text);
	case RULE_NOT_BEFORE:
		return both && field_order(fv, v, fo, o) < 0;
	case RULE_NOT_AFTER:
		return both && field_order(fv, v, fo, o) > 0;
	case RULE_DIFFERENT:
		return both && span_eq(v->text, o->text);
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
	const struct service_field *f = service_field_find(c->row.fields, field);
	return f != NULL && c->bad[f - c->row.fields->v];
}

static enum err check_one(struct check *c, const struct service_fields *fields, const struct service_rules *rules,
                          const json_t *row)
{
	memset(c->bad, 0, sizeof(c->bad));
	TRY(row_read(fields, row, c->now, &c->row));
	for (size_t i = 0; i < fields->n; i++)
		TRY(check_value(c, i));
	for (size_t i = 0; i < rules->n; i++)
		if (!is_bad(c, rules->v[i].field) && !is_bad(c, rules->v[i].other) && rule_broken(c, &rules->v[i]))
			TRY(put_rule(c->faults, &rules->v[i], c->number));
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
static enum err readable(const struct service_field *f, const char *value, int64_t now, bool *ret_yes)
{
	struct field_value v;
	TRY(field_read(f, span_str(value), now, &v));
	*ret_yes = v.state == FIELD_GOOD || v.state == FIELD_UNFOLDED;
	return ERR_OK;
}

/* The second and every further row with the same value; sorted, so that a thousand rows cost no million comparisons. */
static enum err check_unique(const struct service_field *f, const struct service_rule *r, const json_t *rows,
                             int64_t now, struct fault_sink *faults)
{
	size_t n = json_array_size(rows);
	struct keyed *all = calloc(n > 0 ? n : 1, sizeof(*all));
	enum err e = all != NULL ? ERR_OK : ERR(NOMEM, "rows");
	for (size_t i = 0; i < n && e == ERR_OK; i++)
		all[i] = (struct keyed){json_str_or(json_array_get(rows, i), r->field, ""), i + 1};
	if (e == ERR_OK)
		qsort(all, n, sizeof(*all), by_value);
	for (size_t i = 1; i < n && e == ERR_OK; i++) {
		bool same = all[i].value[0] != 0 && strcmp(all[i - 1].value, all[i].value) == 0;
		if (same)
			e = readable(f, all[i].value, now, &same);
		if (same && e == ERR_OK)
			e = put_rule(faults, r, all[i].row);
	}
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

/* Adds what its lines take in the statement: the text, and before each piece of it "row.10000/63: " and a line end. */
static enum err check_length(const struct service *s, const json_t *row, size_t no, struct fault_sink *faults,
                             size_t *signed_octets)
{
	enum { LINE_AROUND = 16 };
	AUTO_BUF(text, STATEMENT_WIDE_VALUE_MAX);
	const struct service_fields *fields = no > 0 ? &s->row_fields : &s->fields;
	enum err e = content_row_text(fields, row, &text);
	*signed_octets += text.len + LINE_AROUND * (2 + text.len / (STATEMENT_LINE_MAX - 3));
	if (e != ERR_LIMIT)
		return e;
	err_clear();
	const struct fault t = {no, "", "E-28", "本行内容合计过长，无法签名", "请缩短地址、备注等文字"};
	return fault_put(faults, &t);
}

static enum err check_whole(size_t signed_octets, struct fault_sink *faults)
{
	static const struct fault t = {0, "", "E-35", "申报内容合计过长，超过一次签名的上限（8 MiB）", "请分次申报"};
	return signed_octets > CONTENT_SIGNED_MAX ? fault_put(faults, &t) : ERR_OK;
}

enum err content_check(const struct service *s, const json_t *content, int64_t now, struct fault_sink *faults)
{
	const json_t *form = json_object_get(content, "form"), *rows = json_object_get(content, "rows");
	struct check c = {.faults = faults, .now = now};
	size_t signed_octets = 0;
	TRY(check_one(&c, &s->fields, &s->rules, form));
	TRY(check_length(s, form, 0, faults, &signed_octets));
	TRY(check_count(s, json_array_size(rows), faults));
	for (size_t i = 0; i < json_array_size(rows); i++) {
		c.number = i + 1;
		TRY(check_one(&c, &s->row_fields, &s->row_rules, json_array_get(rows, i)));
		TRY(check_length(s, json_array_get(rows, i), i + 1, faults, &signed_octets));
	}
	TRY(check_whole(signed_octets, faults));
	for (size_t i = 0; i < s->row_rules.n; i++)
		if (s->row_rules.v[i].kind == RULE_UNIQUE)
			TRY(check_unique(service_field_find(&s->row_fields, s->row_rules.v[i].field),
			                 &s->row_rules.v[i], rows, now, faults));
	return ERR_OK;
}
