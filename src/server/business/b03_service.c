#include "server/business/b03_service.h"
#include "server/business/effect.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- rows --- */

/* Judges all rows in their order. A correction's rows are judged as if what they correct had never been; those that it
 * leaves as they are come as `same`, without faults, for time may have passed them by. */
typedef enum err judged_fn(const struct b03 *b, const struct b03_faults *f, bool same, void *ctx);

struct judging {
	const struct b03_service *s;
	const struct filing_view *v;
	const json_t *rows;
	struct register_look look;
	struct b03_effect *effect; /* NULL: the rows alone are judged */
	struct b03_rules rules;
	judged_fn *fn;
	void *ctx;
};

static enum err judge_row(const struct judging *j, const json_t *json, size_t number)
{
	struct b03_row row = {.no = (int64_t)number};
	struct b03 b = {0};
	struct b03_faults faults = {.n = 0};
	bool same = false;
	TRY(row_read(&j->v->service->row_fields, json, j->v->now, &row.values));
	TRY(b03_check(&j->rules, &row, &b, &faults));
	if (j->effect != NULL)
		TRY(b03_effect_row(j->effect, &b, &same, &faults));
	if (same) {
		faults.n = 0;
		b.review2 = false;
	}
	return j->fn(&b, &faults, same, j->ctx);
}

/* Everybody of the batch is looked up together: by the number as it is signed, and as it is normalised. */
static enum err look_all(struct judging *j)
{
	size_t n = 0, rows = json_array_size(j->rows);
	char(*ids)[ID_NUMBER_LEN + 1] = calloc(2 * rows + 1, sizeof(*ids));
	if (ids == NULL)
		return ERR(NOMEM, "rows");
	for (size_t i = 0; i < rows; i++) {
		const char *id =
			json_str_or(json_array_get(j->rows, i), b03_field(j->v->service, B03_ID_NUMBER)->name, "");
		bool good = ident_id_number(span_str(id), j->v->now, ids[n]) == ERR_OK;
		bool other = strlen(id) <= ID_NUMBER_LEN && (!good || strcmp(ids[n], id) != 0);
		n += good;
		if (other)
			(void)snprintf(ids[n++], sizeof(*ids), "%s", id);
	}
	err_clear();
	enum err e = register_look_load(&j->look, j->v->filing->unit_no, ids, n);
	wipe(ids, (2 * rows + 1) * sizeof(*ids));
	free(ids);
	return e;
}

static enum err judge_rows(struct judging *j)
{
	struct b03_lookup before = j->look.look;
	bool corrects = j->v->filing->corrects[0] != 0;
	if (corrects && j->effect != NULL)
		b03_effect_look(j->effect, &j->look.look, &before);
	j->rules = (struct b03_rules){j->s->tables, j->v->service, &before, j->v->filing->unit_no, j->v->now};
	for (size_t i = 0; i < json_array_size(j->rows); i++)
		TRY(judge_row(j, json_array_get(j->rows, i), i + 1));
	return ERR_OK;
}

/* Of whom the rows of the registers are read: whoever of the batch is known. */
static enum err effect_new(const struct judging *j, struct b03_effect **ret_e)
{
	AUTO(change) change = NULL;
	size_t n = 0;
	const char **persons = calloc(j->look.n_known + 1, sizeof(*persons));
	if (persons == NULL)
		return ERR(NOMEM, "persons");
	for (size_t i = 0; i < j->look.n_known; i++)
		if (j->look.known[i].p.person_no[0] != 0)
			persons[n++] = j->look.known[i].p.person_no;
	enum err e = effect_change_new(j->s->desk, j->v, persons, n, &change);
	free(persons);
	TRY(e);
	return b03_effect_new(j->s->desk, j->s->tables, j->v->filing->unit_no, STEAL(change), ret_e);
}

/* ret_effect, when asked for, is the caller's; else one is made for a correction only. */
static enum err judge(const struct b03_service *s, const struct filing_view *v, judged_fn *fn, void *ctx,
                      struct b03_effect **ret_effect)
{
	AUTO(b03_effect) effect = NULL;
	AUTO(b03_seen) seen = NULL;
	struct judging j = {.s = s, .v = v, .rows = json_object_get(v->content, "rows"), .fn = fn, .ctx = ctx};
	TRY(b03_seen_new(json_array_size(j.rows) + 1, &seen));
	register_look_init(&j.look, s->desk, s->tables, seen);
	enum err e = look_all(&j);
	if (e == ERR_OK && (ret_effect != NULL || v->filing->corrects[0] != 0))
		e = effect_new(&j, &effect);
	j.effect = effect;
	if (e == ERR_OK)
		e = judge_rows(&j);
	register_look_done(&j.look);
	TRY(e);
	if (ret_effect != NULL)
		*ret_effect = STEAL(effect);
	return ERR_OK;
}

/* --- precondition --- */

struct reporting {
	const struct service *service;
	struct fault_sink *sink;
	size_t row;
};

static enum err report_faults(const struct service *s, struct fault_sink *sink, size_t row, const struct b03_faults *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct b03_fault *x = &f->v[i];
		AUTO_BUF(text, 1024);
		if (b03_code_is_warning(x->code))
			continue;
		buf_printf(&text, "%s%s%s", b03_code_zh(x->code), x->detail[0] != 0 ? "：" : "", x->detail);
		TRY(buf_err(&text));
		const struct service_field *field = row > 0 ? b03_field(s, x->field) : NULL;
		const struct fault t = {row, field != NULL ? field->name : "", b03_code_name(x->code), buf_cstr(&text),
		                        b03_code_remedy(x->code)};
		TRY(fault_put(sink, &t));
	}
	return ERR_OK;
}

static enum err report(const struct b03 *b, const struct b03_faults *f, bool same, void *ctx)
{
	struct reporting *w = ctx;
	(void)b;
	(void)same;
	return report_faults(w->service, w->sink, ++w->row, f);
}

static enum err precondition(void *ctx, const struct filing_view *v, struct fault_sink *faults)
{
	struct reporting w = {v->service, faults, 0};
	struct b03_faults rest = {.n = 0};
	AUTO(b03_effect) effect = NULL;
	bool corrects = v->filing->corrects[0] != 0;
	TRY(judge(ctx, v, report, &w, corrects ? &effect : NULL));
	if (effect != NULL)
		TRY(b03_effect_rest(effect, &rest));
	return report_faults(v->service, faults, 0, &rest);
}

/* --- condition --- */

static enum err wants(const struct b03 *b, const struct b03_faults *f, bool same, void *ctx)
{
	bool *review2 = ctx;
	(void)same;
	*review2 |= b->review2;
	for (size_t i = 0; i < f->n; i++)
		*review2 |= b03_code_wants_review2(f->v[i].code);
	return ERR_OK;
}

/* What cannot be judged is looked at twice. */
static bool review2(void *ctx, const struct filing_view *v)
{
	bool yes = false;
	if (judge(ctx, v, wants, &yes, NULL) == ERR_OK)
		return yes;
	err_clear();
	return true;
}

/* --- effect --- */

static enum err still_passes(const struct b03 *b, const struct b03_faults *f, bool same, void *ctx)
{
	(void)ctx;
	return same || !b03_refused(f)
	               ? ERR_OK
	               : ERR(CONFLICT, "row %lld no longer passes: %s", (long long)b->no, b03_code_name(f->v[0].code));
}

static enum err effect_prepare(void *ctx, const struct filing_view *v, void **ret_job)
{
	struct b03_faults rest = {.n = 0};
	AUTO(b03_effect) effect = NULL;
	TRY(judge(ctx, v, still_passes, NULL, &effect));
	TRY(b03_effect_rest(effect, &rest));
	if (b03_refused(&rest))
		return ERR(CONFLICT, "somebody taken out no longer passes: %s", b03_code_name(rest.v[0].code));
	AUTO(change) change = b03_effect_take(effect);
	TRY(change_prepare(change));
	*ret_job = STEAL(change);
	return ERR_OK;
}

void b03_service_init(struct b03_service *s, const struct desk *desk, const struct tables *tables)
{
	*s = (struct b03_service){.desk = desk, .tables = tables};
	s->preconditions[0] = (struct service_precondition){"b03", precondition, s, b03_binds};
	s->conditions[0] = (struct service_condition){"b03-review2", review2, s};
	s->effects[0] = (struct service_effect){.name = "b03",
	                                        .prepare = effect_prepare,
	                                        .apply = effect_apply,
	                                        .cover = effect_cover,
	                                        .done = effect_done,
	                                        .ctx = s};
	s->registry = (struct service_registry){NULL, s->preconditions, s->conditions, s->effects};
}
