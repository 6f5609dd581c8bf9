/* The rules between fields and against the registers. */
#include "server/business/b03_i.h"
#include "server/insurance/bill.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGE_MIN = 16 };

struct judging {
	const struct b03_rules *r;
	struct b03 *b;
	struct b03_faults *out;
	struct filing_window window;
	struct b03_unit unit;
	struct b03_person person;
};

static void fault(struct judging *j, enum b03_field f, enum b03_code c, const char *detail)
{
	fault_add(j->out, j->b->no, f, c, "%s", detail);
}

/* Names of the insurances in a mask, for a detail. */
static void names_of(const struct tables *t, unsigned mask, char *ret, size_t cap)
{
	size_t n = 0;
	ret[0] = 0;
	for (size_t i = 0; i < t->n_ins && n < cap; i++)
		if (mask & 1u << i)
			n += (size_t)snprintf(ret + n, cap - n, "%s%s", n > 0 ? "、" : "", t->ins[i].brief);
}

static void fault_ins(struct judging *j, enum b03_code c, unsigned mask)
{
	char names[100];
	names_of(j->r->tables, mask, names, sizeof(names));
	fault(j, B03_INS, c, names);
}

/* 08 退休返聘 and 09 见习(实习): work injury only. */
static bool injury_only(const struct b03 *b)
{
	return strcmp(b->employ_form, "08") == 0 || strcmp(b->employ_form, "09") == 0;
}

static unsigned bound_mask(const struct tables *t)
{
	unsigned mask = 0;
	for (size_t i = 0; i < t->n_ins; i++)
		mask |= t->ins[i].bound ? 1u << i : 0;
	return mask;
}

/* --- months and days --- */

static void judge_month(struct judging *j)
{
	struct b03 *b = j->b;
	const struct filing_rule *f = &j->r->tables->filing;
	if (!j->window.open)
		fault(j, B03_START_MONTH, B03_WINDOW, "");
	if (b->start_month == 0)
		return;
	if (b->start_month > j->window.period)
		fault(j, B03_START_MONTH, B03_MONTH, "晚于本期业务月份");
	else if (month_diff(j->window.period, b->start_month) > f->back_months)
		fault(j, B03_START_MONTH, B03_MONTH, "早于可以补缴的月份");
	else if (b->start_month < j->window.period)
		fault(j, B03_START_MONTH, B03_W_BACK, "");
	/* A day of hire that is too late has its own fault. */
	if (b->hire_date != 0 && month_of(b->hire_date) <= j->window.period && b->start_month < month_of(b->hire_date))
		fault(j, B03_START_MONTH, B03_MONTH, "早于入职月份");
}

static void judge_hire(struct judging *j)
{
	struct b03 *b = j->b;
	if (b->hire_date == 0)
		return;
	if (month_of(b->hire_date) > j->window.period)
		fault(j, B03_HIRE_DATE, B03_HIRE, "晚于本期业务月份");
	if (b->birth != 0 && b->hire_date < b->birth)
		fault(j, B03_HIRE_DATE, B03_HIRE, "早于出生日期");
	else if (b->birth != 0 && month_age(b->birth, b->hire_date) < AGE_MIN)
		fault(j, B03_ID_NUMBER, B03_YOUNG, "");
	if (j->r->now >= b->hire_date + (int64_t)(j->r->tables->filing.register_days + 1) * DAY_SEC)
		fault(j, B03_HIRE_DATE, B03_W_LATE, "");
}

static void judge_contract(struct judging *j)
{
	struct b03 *b = j->b;
	bool fixed = strcmp(b->contract_type, "1") == 0;
	if (fixed && b->contract_to == 0 && !fault_has(j->out, B03_CONTRACT_TO))
		fault(j, B03_CONTRACT_TO, B03_CONTRACT, "固定期限合同须有终止日期");
	if (b->contract_to != 0 && b->contract_from != 0 && b->contract_to <= b->contract_from)
		fault(j, B03_CONTRACT_TO, B03_CONTRACT, "终止日期不晚于开始日期");
}

/* --- the person --- */

/* There is a month, but it cannot be read: nothing that depends on it is said. */
static bool month_unread(const struct judging *j)
{
	return j->b->start_month == 0 && fault_has(j->out, B03_START_MONTH);
}

static void judge_retired(struct judging *j)
{
	const struct b03 *b = j->b;
	bool unknown = fault_has(j->out, B03_EMPLOY_FORM) || fault_has(j->out, B03_POST_CLASS) || b->gender[0] == 0 ||
	               month_unread(j);
	if (strcmp(b->employ_form, "08") == 0 || b->birth == 0 || unknown)
		return;
	int month = b->start_month != 0 ? b->start_month : j->window.period;
	if (j->person.retired || retire_of(b->retire_class, month_of(b->birth)).month <= month)
		fault(j, B03_ID_NUMBER, B03_RETIRED, "");
}

static void judge_name(struct judging *j)
{
	const struct b03 *b = j->b;
	const struct b03_lookup *look = j->r->look;
	if (b->name[0] == 0 || b->id_number[0] == 0)
		return;
	bool other = j->person.person_no[0] != 0 && !person_name_is(j->person.name, b->name);
	bool police = look->police != NULL && look->police(look->ctx, b->id_number, b->name) == 0;
	if (other || police)
		fault(j, B03_NAME, B03_NAME_OTHER, other ? "与社保登记不一致" : "与公安登记不一致");
}

static void judge_history(struct judging *j)
{
	struct b03 *b = j->b;
	const struct b03_person *p = &j->person;
	/* 险种增加 comes under any type but the first; who comes from outside may be unknown here. */
	bool first = b->enrol_type[0] == 'A';
	if (first && p->history)
		fault(j, B03_ENROL_TYPE, B03_HISTORY, "已有参保记录");
	if (b->enrol_type[0] == 'B' && !p->paused_here && p->here == 0)
		fault(j, B03_ENROL_TYPE, B03_HISTORY, "本单位没有其参保记录");
	if (b->enrol_type[0] == 'D' && !p->history)
		fault(j, B03_ENROL_TYPE, B03_HISTORY, "本统筹区没有其参保记录");
}

static enum err judge_person(struct judging *j)
{
	const struct b03_lookup *look = j->r->look;
	struct b03 *b = j->b;
	if (b->id_number[0] == 0)
		return ERR_OK;
	TRY(look->person(look->ctx, j->r->unit_no, b->id_number, &j->person));
	memcpy(b->person_no, j->person.person_no, sizeof(b->person_no));
	int64_t earlier = look->earlier != NULL ? look->earlier(look->ctx, b->id_number, b->no) : 0;
	if (earlier != 0)
		fault_add(j->out, b->no, B03_ID_NUMBER, B03_DUPLICATE, "与第%lld行相同", (long long)earlier);
	judge_name(j);
	judge_retired(j);
	judge_history(j);
	return ERR_OK;
}

/* --- insurances and money --- */

static void judge_ins(struct judging *j)
{
	struct b03 *b = j->b;
	const struct tables *t = j->r->tables;
	unsigned bound = bound_mask(t) & j->unit.ins;
	int injury = tables_ins(t, "410");
	if (fault_has(j->out, B03_INS))
		return;
	bool month = !month_unread(j); /* what the unit joined is asked for that month */
	if (month && (b->ins & ~j->unit.ins || j->unit.ins == 0))
		fault_ins(j, B03_UNIT_INS, b->ins & ~j->unit.ins);
	if (b->ins & j->person.here)
		fault_ins(j, B03_ALREADY, b->ins & j->person.here);
	if (b->ins & j->person.elsewhere)
		fault_ins(j, B03_ELSEWHERE, b->ins & j->person.elsewhere);
	unsigned all = b->ins | j->person.here;
	if (!month || fault_has(j->out, B03_EMPLOY_FORM))
		return;
	if (injury_only(b) && injury >= 0 && b->ins & ~(1u << injury))
		fault_ins(j, B03_BOUND, b->ins & ~(1u << injury));
	else if (!injury_only(b) && (all & bound) != bound)
		fault_ins(j, B03_BOUND, bound & ~all);
}

static enum err judge_wage(struct judging *j)
{
	struct b03 *b = j->b;
	const struct base_limit *limit = NULL;
	if (b->wage_fen < 0 || b->start_month == 0 || fault_has(j->out, B03_START_MONTH))
		return ERR_OK;
	TRY(tables_base(j->r->tables, b->start_month, &limit));
	TRY(base_of(j->r->tables, b->start_month, b->wage_fen, &b->base_fen));
	if (b->wage_fen < limit->min_wage_fen)
		fault(j, B03_WAGE, B03_W_LOW_WAGE, "");
	if (b->base_fen != b->wage_fen)
		fault(j, B03_WAGE, B03_W_BASE, b->base_fen > b->wage_fen ? "按下限" : "按上限");
	return ERR_OK;
}

static void judge_review(struct judging *j)
{
	if (j->b->special_job)
		fault(j, B03_SPECIAL_JOB, B03_W_SPECIAL, "");
	for (size_t i = 0; i < j->out->n; i++)
		j->b->review2 = j->b->review2 || b03_code_wants_review2(j->out->v[i].code);
}

enum err b03_check(const struct b03_rules *r, const struct b03_row *row, struct b03 *ret_b, struct b03_faults *out)
{
	struct b03 b = {0};
	struct b03_faults faults = {.n = 0};
	struct judging j = {.r = r, .b = &b, .out = &faults, .window = calendar_window(&r->tables->filing, r->now)};
	b03_read(r, row, &b, &faults);
	TRY(r->look->unit(r->look->ctx, r->unit_no, b.start_month != 0 ? b.start_month : j.window.period, &j.unit));
	if (!j.unit.active)
		fault(&j, B03_UNIT_NO, B03_UNIT_STATE, "");
	judge_month(&j);
	judge_hire(&j);
	judge_contract(&j);
	TRY(judge_person(&j));
	judge_ins(&j);
	TRY(judge_wage(&j));
	judge_review(&j);
	*ret_b = b;
	*out = faults;
	return ERR_OK;
}

/* --- numbers seen in a batch: open addressing, at most half full --- */

struct b03_seen {
	struct seen_slot {
		char id[ID_NUMBER_LEN + 1];
		int64_t row;
	} * v;
	size_t cap, n;
};

enum err b03_seen_new(size_t most, struct b03_seen **ret_s)
{
	size_t cap = 64;
	while (cap < most * 2)
		cap *= 2;
	struct b03_seen *s = calloc(1, sizeof(*s));
	struct seen_slot *v = calloc(cap, sizeof(*v));
	if (s == NULL || v == NULL) {
		free(s);
		free(v);
		return ERR(NOMEM, "batch of %zu", most);
	}
	s->v = v;
	s->cap = cap;
	*ret_s = s;
	return ERR_OK;
}

void b03_seen_free(struct b03_seen *s)
{
	if (s == NULL)
		return;
	wipe(s->v, s->cap * sizeof(*s->v));
	free(s->v);
	free(s);
}

int64_t b03_seen_add(struct b03_seen *s, const char *id_number, int64_t row)
{
	uint64_t h = 14695981039346656037ull; /* FNV-1a; the batch is bounded, so a poor spread costs little */
	for (const char *c = id_number; *c; c++)
		h = (h ^ (uint8_t)*c) * 1099511628211ull;
	for (size_t i = 0; i < s->cap; i++) {
		struct seen_slot *slot = &s->v[(h + i) & (s->cap - 1)];
		if (strcmp(slot->id, id_number) == 0)
			return slot->row;
		if (slot->id[0] != 0)
			continue;
		if (s->n * 2 < s->cap) {
			(void)snprintf(slot->id, sizeof(slot->id), "%s", id_number);
			slot->row = row;
			s->n++;
		}
		return 0;
	}
	return 0;
}
