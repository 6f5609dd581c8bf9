#include "server/business/staff_rows.h"
#include "server/business/effect.h"
#include "server/business/staff_look.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NO_FIELD = -1 };

/* What stands for every business. */
static const struct business_code unit_state = {"-17", "单位状态不正常", "请联系办理窗口核实单位状态"},
				  not_open = {"-23", "申报窗口尚未开放", "请在开放日之后申报，草稿可以先保存"},
				  bill_closed = {"-24", "更正影响到缴费已核定的月份",
                                                 "已核定的缴费不能由更正改动，请到办理窗口办理补缴或退费"},
				  built_on = {"-25", "该人员的登记在原申报之后另有变更",
                                              "请先更正或撤销后来的那件业务，再更正本件"};

/* same: the registers hold just that already. whole: every field that the business counts with can be read. */
typedef enum err judged_fn(const struct rule_row *r, bool same, bool whole, void *ctx);

struct judging {
	const struct staff_business *s;
	const struct filing_view *v;
	const json_t *rows;
	struct staff_batch batch;
	struct staff_look look;
	struct change *change; /* NULL: the rows alone are judged */
	void *own;             /* what the business reads a row into */
	judged_fn *fn;
	void *ctx;
};

static bool corrects(const struct judging *j)
{
	return j->v->filing->corrects[0] != 0;
}

/* --- the rules' view of a correction: before the chain --- */

static void see_enrolment(const struct judging *j, const struct change_key *k, const struct change_row *r,
                          struct staff_person *p)
{
	bool here = span_eq(change_key_part(k, 1)->s, span_str(j->batch.unit_no));
	bool open = r->value[ENROLMENT_TO].i == 0;
	char code[16];
	(void)snprintf(code, sizeof(code), "%.*s", (int)change_key_part(k, 2)->s.len,
	               (const char *)change_key_part(k, 2)->s.ptr);
	int ins = tables_ins(j->batch.tables, code);
	p->history = p->history || (r->to == 0 && !r->ours) || (here && r->before);
	if (!here || !r->before || !open || ins < 0)
		return;
	if (r->value[ENROLMENT_STATUS].i == ENROL_PAID) {
		p->here |= 1u << ins;
		p->from[ins] = (int)r->value[ENROLMENT_FROM].i;
	}
	p->paused_here = p->paused_here || r->value[ENROLMENT_STATUS].i == ENROL_PAUSED;
}

static bool writes_enrolments(const struct business *b)
{
	bool yes = b->registers == NULL;
	for (size_t i = 0; !yes && b->registers[i] != NULL; i++)
		yes = b->registers[i] == &register_enrolment;
	return yes;
}

static void see_before(const struct judging *j, struct staff_person *p)
{
	const struct change_person *c = p->person_no[0] != 0 ? change_person(j->change, p->person_no) : NULL;
	if (c == NULL)
		return;
	p->history = p->paused_here = false;
	p->here = 0;
	for (const struct change_key *k = change_next_key(c, NULL); k != NULL; k = change_next_key(c, k))
		for (const struct change_row *r = change_rows(k); r != NULL; r = r->next)
			if (change_key_register(k) == &register_enrolment)
				see_enrolment(j, k, r, p);
}

/* --- a row --- */

static void put_verdict(struct rule_row *r, const struct change_verdict *v, const char *name)
{
	if (v->later)
		rule_fault(r, NO_FIELD, &built_on, "%s", name);
	if (v->closed)
		rule_fault(r, NO_FIELD, &bill_closed, "%s%s%d年%d月起", name, name[0] != 0 ? "，自" : "自",
		           v->month / 100, v->month % 100);
}

static enum err judge_change(const struct judging *j, struct rule_row *r, bool *ret_same)
{
	struct change_verdict v;
	const char *no = r->person.person_no;
	struct change_person *p = no[0] != 0 ? change_person(j->change, no) : NULL;
	if (p == NULL && no[0] != 0)
		return ERR(INTERNAL, "person %s is not in the scope", no);
	if (p == NULL)
		TRY(change_person_new(j->change, &p));
	change_forget(p);
	const struct staff_wants w = {j->s->desk, j->s->tables, j->batch.unit_no, j->change, p};
	TRY(j->s->is->want(&w, &r->person, j->own));
	TRY(change_judge(j->change, p, &v));
	*ret_same = !v.any;
	put_verdict(r, &v, "");
	return ERR_OK;
}

static bool is_whole(const struct rule_row *r)
{
	for (int i = 0; r->batch->business->binds[i].name != NULL; i++)
		if (rule_unread(r, i))
			return false;
	return true;
}

static enum err judge_row(const struct judging *j, const json_t *json, size_t number)
{
	struct rule_row r = {.batch = &j->batch, .no = (int64_t)number};
	bool same = false;
	TRY(row_read(&j->v->service->row_fields, json, j->v->now, &r.values));
	rule_text(&r, j->s->is->id_field, r.id_number, sizeof(r.id_number));
	if (r.id_number[0] != 0)
		TRY(staff_look_person(&j->look, r.id_number, &r.person));
	if (corrects(j) && j->change != NULL && writes_enrolments(j->s->is))
		see_before(j, &r.person);
	memset(j->own, 0, j->s->is->row_size);
	TRY(j->s->is->judge(&r, j->own));
	bool whole = is_whole(&r);
	if (j->change != NULL && whole)
		TRY(judge_change(j, &r, &same));
	if (same)
		r.n_faults = 0;
	return j->fn(&r, same, whole, j->ctx);
}

/* --- all rows --- */

/* Everybody of the batch is looked up together. */
static enum err look_all(struct judging *j)
{
	size_t n = 0, rows = json_array_size(j->rows);
	const char *field = j->v->service->row_fields.v[j->v->service->bound[j->s->is->id_field]].name;
	char(*ids)[ID_NUMBER_LEN + 1] = calloc(rows + 1, sizeof(*ids));
	if (ids == NULL)
		return ERR(NOMEM, "rows");
	for (size_t i = 0; i < rows; i++) {
		const char *id = json_str_or(json_array_get(j->rows, i), field, "");
		if (id[0] != 0 && strlen(id) <= ID_NUMBER_LEN)
			(void)snprintf(ids[n++], sizeof(*ids), "%s", id);
	}
	enum err e = staff_look_load(&j->look, (const char(*)[ID_NUMBER_LEN + 1]) ids, n);
	wipe(ids, (rows + 1) * sizeof(*ids));
	free(ids);
	return e;
}

/* Of whom the rows of the registers are read: whoever of the batch is known. */
static enum err make_change(struct judging *j)
{
	size_t n = 0;
	const char **persons = calloc(j->look.n + 1, sizeof(*persons));
	if (persons == NULL)
		return ERR(NOMEM, "persons");
	for (size_t i = 0; i < j->look.n; i++)
		if (j->look.known[i].p.person_no[0] != 0)
			persons[n++] = j->look.known[i].p.person_no;
	enum err e =
		effect_change_new(j->s->desk, j->v, j->s->is->registers != NULL ? j->s->is->registers : registers_all,
	                          persons, n, &j->change);
	free(persons);
	return e;
}

static enum err judge_form(const struct judging *j)
{
	struct rule_row r = {.batch = &j->batch};
	if (j->s->is->judge_form == NULL)
		return ERR_OK;
	TRY(j->s->is->judge_form(&r));
	return j->fn(&r, false, true, j->ctx);
}

static enum err judge_rows(struct judging *j, bool with_change)
{
	TRY(judge_form(j));
	TRY(look_all(j));
	if (with_change)
		TRY(make_change(j));
	for (size_t i = 0; i < json_array_size(j->rows); i++)
		TRY(judge_row(j, json_array_get(j->rows, i), i + 1));
	return ERR_OK;
}

/* Judges all rows in their order. ret_change: the caller's when asked for; a correction is always judged by one. */
static enum err judge(const struct staff_business *s, const struct filing_view *v, judged_fn *fn, void *ctx,
                      struct change **ret_change)
{
	struct judging j = {.s = s, .v = v, .rows = json_object_get(v->content, "rows"), .fn = fn, .ctx = ctx};
	j.look = (struct staff_look){.desk = s->desk, .tables = s->tables, .unit_no = v->filing->unit_no};
	j.batch = (struct staff_batch){.business = s->is,
	                               .service = v->service,
	                               .tables = s->tables,
	                               .unit_no = v->filing->unit_no,
	                               .now = v->filed,
	                               .window = calendar_window(&s->tables->filing, v->filed),
	                               .unit_at = staff_look_unit,
	                               .ctx = &j.look};
	struct row_values form;
	TRY(row_read(&v->service->fields, json_object_get(v->content, "form"), v->now, &form));
	j.batch.form = &form;
	j.own = malloc(s->is->row_size);
	enum err e = j.own != NULL ? judge_rows(&j, ret_change != NULL) : ERR(NOMEM, "a row");
	if (j.own != NULL)
		wipe(j.own, s->is->row_size);
	free(j.own);
	staff_look_done(&j.look);
	AUTO(change) change = j.change;
	TRY(e);
	if (ret_change != NULL)
		*ret_change = STEAL(change);
	return ERR_OK;
}

/* --- who is no longer named by a correction --- */

/* By somebody else, or as it was before the chain. */
static bool stays_enrolled(const struct change_person *p)
{
	for (const struct change_key *k = change_next_key(p, NULL); k != NULL; k = change_next_key(p, k))
		for (const struct change_row *r = change_rows(k); r != NULL; r = r->next)
			if (change_key_register(k) == &register_enrolment && ((r->to == 0 && !r->ours) || r->before))
				return true;
	return false;
}

static enum err judge_dropped(const struct staff_business *s, struct change *c, struct change_person *p,
                              struct rule_row *ret_r, bool *dropped)
{
	struct change_verdict v;
	struct change_key *k;
	struct person person = {.name = ""};
	if (stays_enrolled(p)) {
		TRY(change_key(c, p, &register_detail, NULL, &k));
		change_keep(k);
	}
	TRY(change_judge(c, p, &v));
	if (v.later || v.closed)
		TRY(person_get(s->desk, change_person_no(p), &person));
	put_verdict(ret_r, &v, person.name);
	*dropped = *dropped || v.any;
	wipe(&person, sizeof(person));
	return ERR_OK;
}

/* After all rows, as row 0: those who are no longer named, and the unit, when anything is to be written for it. */
static enum err judge_rest(const struct staff_business *s, const struct filing_view *v, struct change *c, bool any,
                           struct rule_row *ret_r)
{
	struct change_person *p = NULL;
	struct unit unit;
	while (c != NULL && (p = change_next_of_chain(c, p)) != NULL)
		if (!change_named(p))
			TRY(judge_dropped(s, c, p, ret_r, &any));
	if (!any)
		return ERR_OK;
	if (!calendar_window(&s->tables->filing, v->filed).open)
		rule_fault(ret_r, NO_FIELD, &not_open, "%s", "");
	TRY(unit_get(s->desk, v->filing->unit_no, &unit));
	if (unit.frozen)
		rule_fault(ret_r, NO_FIELD, &unit_state, "%s", "");
	return ERR_OK;
}

/* --- precondition --- */

struct reporting {
	const struct service *service;
	struct fault_sink *sink;
	struct service_verdict verdict;
	bool any; /* a row that changes something */
};

static enum err report_faults(const struct reporting *w, const struct rule_row *r)
{
	for (size_t i = 0; i < r->n_faults; i++) {
		const struct row_fault *x = &r->faults[i];
		char code[SERVICE_CODE_MAX + 8];
		AUTO_BUF(text, 1024);
		if ((x->code->is & CODE_WARNS) != 0)
			continue;
		(void)snprintf(code, sizeof(code), "%s%s", w->service->code, x->code->name);
		buf_printf(&text, "%s%s%s", x->code->text, x->detail[0] != 0 ? "：" : "", x->detail);
		TRY(buf_err(&text));
		const struct fault t = {(size_t)r->no, x->field >= 0 ? rule_field(r, x->field)->name : "", code,
		                        buf_cstr(&text), x->code->remedy};
		TRY(fault_put(w->sink, &t));
	}
	return ERR_OK;
}

static enum err report(const struct rule_row *r, bool same, bool whole, void *ctx)
{
	struct reporting *w = ctx;
	(void)whole;
	w->any = w->any || !same;
	for (size_t i = 0; i < r->n_faults; i++) {
		w->verdict.second_review |= (r->faults[i].code->is & CODE_SECOND_REVIEW) != 0;
		w->verdict.back_dated |= (r->faults[i].code->is & CODE_BACK_DATED) != 0;
	}
	return report_faults(w, r);
}

enum err staff_precondition(void *ctx, const struct filing_view *v, struct fault_sink *faults)
{
	const struct staff_business *s = ctx;
	AUTO(change) change = NULL;
	struct reporting w = {v->service,
	                      faults,
	                      {.month = calendar_window(&s->tables->filing, v->filed).period},
	                      false};
	struct rule_row rest = {.no = 0};
	TRY(judge(s, v, report, &w, v->filing->corrects[0] != 0 ? &change : NULL));
	TRY(judge_rest(s, v, change, w.any, &rest));
	TRY(report_faults(&w, &rest));
	if (v->verdict != NULL)
		*v->verdict = w.verdict;
	return ERR_OK;
}

/* --- effect --- */

static enum err passes(const struct rule_row *r, bool whole)
{
	if (!whole)
		return ERR(CONFLICT, "row %lld cannot be read", (long long)r->no);
	for (size_t i = 0; i < r->n_faults; i++)
		if ((r->faults[i].code->is & CODE_WARNS) == 0)
			return ERR(CONFLICT, "row %lld no longer passes: %s", (long long)r->no,
			           r->faults[i].code->name);
	return ERR_OK;
}

static enum err still_passes(const struct rule_row *r, bool same, bool whole, void *ctx)
{
	*(bool *)ctx |= !same;
	return same ? ERR_OK : passes(r, whole);
}

enum err staff_effect(void *ctx, const struct filing_view *v, void **ret_job)
{
	const struct staff_business *s = ctx;
	AUTO(change) change = NULL;
	struct rule_row rest = {.no = 0};
	bool any = false;
	TRY(judge(s, v, still_passes, &any, &change));
	TRY(judge_rest(s, v, change, any, &rest));
	TRY(passes(&rest, true));
	return effect_job_new(STEAL(change), ret_job);
}

/* --- the one table, for definitions --- */

void businesses_init(struct businesses *b, const struct desk *desk, const struct tables *tables)
{
	*b = (struct businesses){.v = {{NULL}}};
	for (size_t i = 0; businesses[i] != NULL; i++) {
		INVARIANT(i < BUSINESSES_MAX);
		b->v[i] = (struct staff_business){businesses[i], desk, tables};
		b->preconditions[i] = (struct service_precondition){businesses[i]->name, staff_precondition, &b->v[i],
		                                                    businesses[i]->binds};
		b->effects[i] = (struct service_effect){.name = businesses[i]->name,
		                                        .prepare = staff_effect,
		                                        .apply = effect_apply,
		                                        .cover = effect_cover,
		                                        .done = effect_done,
		                                        .ctx = &b->v[i]};
	}
	b->registry = (struct service_registry){.preconditions = b->preconditions, .effects = b->effects};
}
