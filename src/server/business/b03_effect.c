#include "server/business/b03_effect.h"
#include "base/json.h"
#include "server/business/b03_i.h"
#include <stdio.h>
#include <stdlib.h>

enum { DETAIL_MAX = 8192 };

struct b03_effect {
	const struct desk *desk;
	const struct tables *tables;
	struct change *change;
	char unit_no[UNIT_NO_LEN + 1];
	const struct b03_lookup *base;
};

enum err b03_effect_new(const struct desk *d, const struct tables *t, const char *unit_no, struct change *c,
                        struct b03_effect **ret_e)
{
	AUTO(change) change = c;
	struct b03_effect *e = calloc(1, sizeof(*e));
	if (e == NULL)
		return ERR(NOMEM, "effect of B03");
	(void)snprintf(e->unit_no, sizeof(e->unit_no), "%s", unit_no);
	e->desk = d;
	e->tables = t;
	e->change = STEAL(change);
	*ret_e = e;
	return ERR_OK;
}

void b03_effect_free(struct b03_effect *e)
{
	if (e == NULL)
		return;
	change_free(e->change);
	free(e);
}

struct change *b03_effect_take(struct b03_effect *e)
{
	struct change *c = e->change;
	e->change = NULL;
	return c;
}

/* --- a row in the words of the registers --- */

static enum err want_person(struct b03_effect *e, struct change_person *p, const struct b03 *b)
{
	uint8_t digest[32];
	struct change_key *k;
	TRY(field_digest(e->desk->keys, PERSON_ID_COLUMN, span_str(b->id_number), digest));
	const struct sql_arg v[] = {A_TEXT(b->name), A_TEXT(b->id_number), A_BLOB(SPAN_ARR(digest)), A_TEXT(b->mobile),
	                            A_INT(clock_now(e->desk->clock))};
	TRY(change_key(e->change, p, &register_person, NULL, &k));
	return change_say(e->change, k, v);
}

static enum err detail_text(const struct b03 *b, struct buf *out)
{
	AUTO_JSON v = json_object();
	const struct {
		const char *key, *value;
	} texts[] = {{"id_type", b->id_type},       {"gender", b->gender},         {"ethnic", b->ethnic},
	             {"hukou_type", b->hukou_type}, {"hukou_addr", b->hukou_addr}, {"live_addr", b->live_addr},
	             {"remark", b->remark}};
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		TRY(json_put_str(v, texts[i].key, span_str(texts[i].value)));
	TRY(json_put_int(v, "birth", b->birth));
	return json_print(v, out);
}

static bool stands_by_others(const struct change_key *k)
{
	for (const struct change_row *r = change_rows(k); r != NULL; r = r->next)
		if (r->to == 0 && !r->ours)
			return true;
	return false;
}

static enum err want_detail(struct b03_effect *e, struct change_person *p, const struct b03 *b)
{
	AUTO_BUF(text, DETAIL_MAX);
	struct change_key *k;
	TRY(change_key(e->change, p, &register_detail, NULL, &k));
	if (stands_by_others(k)) {
		change_keep(k);
		return ERR_OK;
	}
	TRY(detail_text(b, &text));
	change_replaces(k, NULL);
	return change_say(e->change, k, &A_BLOB(buf_span(&text)));
}

static enum err want_job(struct b03_effect *e, struct change_person *p, const struct b03 *b)
{
	struct change_key *k;
	const struct sql_arg job[] = {A_INT(b->hire_date),     A_TEXT(b->employ_form), A_TEXT(b->contract_type),
	                              A_INT(b->contract_from), A_INT(b->contract_to),  A_TEXT(b->post),
	                              A_INT(b->retire_class),  A_INT(b->special_job)};
	TRY(change_key(e->change, p, &register_employment, NULL, &k));
	change_replaces(k, NULL);
	TRY(change_say(e->change, k, job));
	TRY(change_key(e->change, p, &register_wage, &A_INT(b->start_month), &k));
	return change_say(e->change, k, &A_INT(b->wage_fen));
}

enum { ENROLLED = 1, PAUSED = 2 };
enum { STATUS, FROM, TO, TYPE }; /* of an enrolment */

static enum err say_enrolment(struct b03_effect *e, struct change_key *k, int64_t status, int64_t from, int64_t to,
                              struct sql_arg type)
{
	const struct sql_arg v[] = {A_INT(status), A_INT(from), A_INT(to), type};
	return change_say(e->change, k, v);
}

static enum err want_enrolment(struct b03_effect *e, struct change_person *p, const struct b03 *b, const char *ins)
{
	struct change_key *k;
	TRY(change_key(e->change, p, &register_enrolment, &A_TEXT(ins), &k));
	for (const struct change_row *r = change_rows(k); r != NULL; r = r->next) {
		if (!r->before || r->value[TO].i != 0)
			continue;
		change_replaces(k, r);
		if (r->value[STATUS].i == ENROLLED)
			change_taken(k);
		else if (r->value[FROM].i < b->start_month)
			TRY(say_enrolment(e, k, r->value[STATUS].i, r->value[FROM].i, month_add(b->start_month, -1),
			                  r->value[TYPE]));
	}
	return say_enrolment(e, k, ENROLLED, b->start_month, 0, A_TEXT(b->enrol_type));
}

static enum err want_row(struct b03_effect *e, struct change_person *p, const struct b03 *b)
{
	if (b->person_no[0] == 0)
		TRY(want_person(e, p, b));
	TRY(want_detail(e, p, b));
	TRY(want_job(e, p, b));
	for (size_t i = 0; i < e->tables->n_ins; i++)
		if (b->ins & 1u << i)
			TRY(want_enrolment(e, p, b, e->tables->ins[i].code));
	return ERR_OK;
}

/* --- the rules' view: before the chain --- */

static enum err look_unit(void *ctx, const char *unit_no, int month, struct b03_unit *ret_u)
{
	const struct b03_effect *e = ctx;
	return e->base->unit(e->base->ctx, unit_no, month, ret_u);
}

static void look_row(const struct b03_effect *e, const struct change_key *k, const struct change_row *r,
                     struct b03_person *p)
{
	bool here = span_eq(change_key_part(k, 1)->s, span_str(e->unit_no)), open = r->value[TO].i == 0;
	char code[16];
	(void)snprintf(code, sizeof(code), "%.*s", (int)change_key_part(k, 2)->s.len,
	               (const char *)change_key_part(k, 2)->s.ptr);
	int ins = tables_ins(e->tables, code);
	p->history = p->history || (r->to == 0 && !r->ours) || (here && r->before);
	if (!here || !r->before || !open || ins < 0)
		return;
	if (r->value[STATUS].i == ENROLLED)
		p->here |= 1u << ins;
	p->paused_here = p->paused_here || r->value[STATUS].i == PAUSED;
}

static enum err look_person(void *ctx, const char *unit_no, const char *id_number, struct b03_person *ret_p)
{
	const struct b03_effect *e = ctx;
	TRY(e->base->person(e->base->ctx, unit_no, id_number, ret_p));
	const struct change_person *p = ret_p->person_no[0] != 0 ? change_person(e->change, ret_p->person_no) : NULL;
	if (p == NULL)
		return ERR_OK;
	ret_p->history = ret_p->paused_here = false;
	ret_p->here = 0;
	for (const struct change_key *k = change_next_key(p, NULL); k != NULL; k = change_next_key(p, k))
		for (const struct change_row *r = change_rows(k); r != NULL; r = r->next)
			if (change_key_register(k) == &register_enrolment)
				look_row(e, k, r, ret_p);
	return ERR_OK;
}

static int64_t look_earlier(void *ctx, const char *id_number, int64_t row)
{
	const struct b03_effect *e = ctx;
	return e->base->earlier(e->base->ctx, id_number, row);
}

static int look_police(void *ctx, const char *id_number, const char *name)
{
	const struct b03_effect *e = ctx;
	return e->base->police(e->base->ctx, id_number, name);
}

void b03_effect_look(struct b03_effect *e, const struct b03_lookup *base, struct b03_lookup *ret_look)
{
	e->base = base;
	*ret_look = (struct b03_lookup){e, look_unit, look_person, base->earlier != NULL ? look_earlier : NULL,
	                                base->police != NULL ? look_police : NULL};
}

/* --- judging --- */

static void put_faults(const struct change_verdict *v, int64_t row, const char *name, struct b03_faults *f)
{
	if (v->later)
		fault_add(f, row, B03_NAME, B03_CORRECT_LATER, "%s", name);
	if (v->closed)
		fault_add(f, row, B03_START_MONTH, B03_CORRECT_BILL, "%s%s%d年%d月起", name,
		          name[0] != 0 ? "，自" : "自", v->month / 100, v->month % 100);
}

enum err b03_effect_row(struct b03_effect *e, const struct b03 *b, bool *ret_same, struct b03_faults *f)
{
	struct change_verdict v;
	struct change_person *p = b->person_no[0] != 0 ? change_person(e->change, b->person_no) : NULL;
	if (p == NULL && b->person_no[0] != 0)
		return ERR(INTERNAL, "person %s is not in the scope", b->person_no);
	if (p == NULL)
		TRY(change_person_new(e->change, &p));
	change_forget(p);
	TRY(want_row(e, p, b));
	TRY(change_judge(e->change, p, &v));
	*ret_same = !v.any;
	put_faults(&v, b->no, "", f);
	return ERR_OK;
}

/* Rows are judged with their unit; taking somebody out needs it too. */
static enum err judge_unit(const struct b03_effect *e, struct b03_faults *f)
{
	struct unit unit;
	TRY(unit_get(e->desk, e->unit_no, &unit));
	if (unit.frozen)
		fault_add(f, 0, B03_UNIT_NO, B03_UNIT_STATE, "%s", "");
	return ERR_OK;
}

/* By somebody else, or as it was before the chain. */
static bool stays_enrolled(const struct change_person *p)
{
	for (const struct change_key *k = change_next_key(p, NULL); k != NULL; k = change_next_key(p, k))
		for (const struct change_row *r = change_rows(k); r != NULL; r = r->next)
			if (change_key_register(k) == &register_enrolment && ((r->to == 0 && !r->ours) || r->before))
				return true;
	return false;
}

static enum err judge_dropped(struct b03_effect *e, struct change_person *p, bool *dropped, struct b03_faults *f)
{
	struct change_verdict v;
	struct change_key *k;
	struct person person = {.name = ""};
	if (stays_enrolled(p)) {
		TRY(change_key(e->change, p, &register_detail, NULL, &k));
		change_keep(k);
	}
	TRY(change_judge(e->change, p, &v));
	if (v.later || v.closed)
		TRY(person_get(e->desk, change_person_no(p), &person));
	put_faults(&v, 0, person.name, f);
	*dropped = *dropped || v.any;
	wipe(&person, sizeof(person));
	return ERR_OK;
}

enum err b03_effect_rest(struct b03_effect *e, struct b03_faults *f)
{
	bool dropped = false;
	struct change_person *p = NULL;
	while ((p = change_next_of_chain(e->change, p)) != NULL)
		if (!change_named(p))
			TRY(judge_dropped(e, p, &dropped, f));
	return dropped ? judge_unit(e, f) : ERR_OK;
}
