/* A row's fields for the rules of a business, and its faults. */
#include "server/business/business.h"
#include "server/insurance/bill.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct field_value *value_of(const struct rule_row *r, int field)
{
	return &r->values.v[r->batch->service->bound[field]];
}

const struct service_field *rule_field(const struct rule_row *r, int field)
{
	return &r->batch->service->row_fields.v[r->batch->service->bound[field]];
}

const struct field_value *rule_form(const struct rule_row *r, const char *name)
{
	const struct row_values *form = r->batch->form;
	const struct service_field *f = form != NULL ? service_field_find(form->fields, name) : NULL;
	const struct field_value *v = f != NULL ? &form->v[f - form->fields->v] : NULL;
	return v != NULL && v->state == FIELD_GOOD ? v : NULL;
}

const struct field_value *rule_good(const struct rule_row *r, int field)
{
	const struct field_value *v = value_of(r, field);
	return v->state == FIELD_GOOD ? v : NULL;
}

/* What an older version took unfolded, or with characters that are refused by now, is still what was signed. */
static bool is_signed_text(const struct rule_row *r, int field)
{
	const struct field_value *v = value_of(r, field);
	bool kept = v->state == FIELD_UNFOLDED || v->state == FIELD_STACKED ||
	            (v->state == FIELD_CHARS && v->why == ERR_PRIVATE_USE);
	return kept && rule_field(r, field)->type == FIELD_TEXT && field != r->batch->business->id_field;
}

bool rule_unread(const struct rule_row *r, int field)
{
	const struct field_value *v = value_of(r, field);
	if (v->state == FIELD_EMPTY)
		return rule_field(r, field)->required;
	return v->state != FIELD_GOOD && !is_signed_text(r, field);
}

void rule_text(const struct rule_row *r, int field, char *ret, size_t cap)
{
	const struct field_value *v = value_of(r, field);
	bool use = (v->state == FIELD_GOOD || is_signed_text(r, field)) && v->text.len < cap;
	(void)snprintf(ret, cap, "%.*s", use ? (int)v->text.len : 0, use ? (const char *)v->text.ptr : "");
}

void rule_code(const struct rule_row *r, int field, char *ret, size_t cap)
{
	const struct field_value *v = rule_good(r, field);
	(void)snprintf(ret, cap, "%s", v != NULL && strlen(v->code->code) < cap ? v->code->code : "");
}

int64_t rule_day(const struct rule_row *r, int field)
{
	const struct field_value *v = rule_good(r, field);
	return v != NULL ? v->day : 0;
}

int rule_month(const struct rule_row *r, int field)
{
	const struct field_value *v = rule_good(r, field);
	return v != NULL ? v->month : 0;
}

int64_t rule_money(const struct rule_row *r, int field)
{
	const struct field_value *v = rule_good(r, field);
	return v != NULL ? v->number : -1;
}

/* Bits of the definition's list as bits of the tables. */
unsigned rule_ins(const struct rule_row *r, int field)
{
	const struct field_value *v = rule_good(r, field);
	const struct service_list *l = rule_field(r, field)->list;
	unsigned mask = 0;
	for (size_t i = 0; v != NULL && i < l->n; i++) {
		int ins = (v->codes & UINT64_C(1) << i) != 0 ? tables_ins(r->batch->tables, l->v[i].code) : -1;
		mask |= ins >= 0 ? 1u << ins : 0;
	}
	return mask;
}

void rule_fault(struct rule_row *r, int field, const struct business_code *c, const char *fmt, ...)
{
	va_list ap;
	if (r->n_faults == ROW_FAULTS_MAX)
		return;
	struct row_fault *f = &r->faults[r->n_faults++];
	*f = (struct row_fault){field, c, ""};
	va_start(ap, fmt);
	(void)vsnprintf(f->detail, sizeof(f->detail), fmt, ap);
	va_end(ap);
}

void rule_fault_ins(struct rule_row *r, int field, const struct business_code *c, unsigned ins)
{
	const struct tables *t = r->batch->tables;
	char names[ROW_DETAIL_MAX] = "";
	size_t n = 0;
	for (size_t i = 0; i < t->n_ins && n < sizeof(names); i++)
		if (ins & 1u << i)
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n > 0 ? "、" : "", t->ins[i].brief);
	rule_fault(r, field, c, "%s", names);
}

void rule_name(struct rule_row *r, int field, const struct business_code *c)
{
	char name[NAME_MAX_BYTES + 1];
	rule_text(r, field, name, sizeof(name));
	if (name[0] != 0 && r->person.person_no[0] != 0 && !person_name_is(r->person.name, name))
		rule_fault(r, field, c, "与社保登记不一致");
}

static const struct business_code low_wage = {"-32", "月工资低于最低工资标准", "请核实；非全日制等情形可以继续",
                                              CODE_WARNS},
				  clipped = {"-35", "缴费基数按上下限取值", "无需处理", CODE_WARNS};

enum err rule_wage(struct rule_row *r, int field, int month)
{
	const struct tables *t = r->batch->tables;
	const struct base_limit *limit = NULL;
	int64_t wage = rule_money(r, field), base = 0;
	if (wage < 0 || month == 0)
		return ERR_OK;
	if (tables_base(t, month, &limit) != ERR_OK) { /* the month has a fault of its own */
		err_clear();
		return ERR_OK;
	}
	TRY(base_of(t, month, wage, &base));
	if (wage < limit->min_wage_fen)
		rule_fault(r, field, &low_wage, "%s", "");
	if (base != wage)
		rule_fault(r, field, &clipped, base > wage ? "按下限" : "按上限");
	return ERR_OK;
}
