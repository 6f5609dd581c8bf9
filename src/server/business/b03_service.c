#include "server/business/b03_service.h"
#include "server/business/b03_undo.h"
#include <stdlib.h>
#include <string.h>

/* --- rows --- */

/* Judges all rows in their order. A correction's rows are judged as if what they correct had never been; those that it
 * leaves as they are come as `same`, without faults, for time may have passed them by. */
typedef enum err judged_fn(const struct b03 *b, const struct b03_faults *f, bool same, void *ctx);

struct judging {
	const struct b03_service *s;
	const struct filing_view *v;
	struct b03_undo *undo; /* NULL: no correction */
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
	if (j->undo != NULL)
		TRY(b03_undo_row(j->undo, &b, &same, &faults));
	if (same) {
		faults.n = 0;
		b.review2 = false;
	}
	return j->fn(&b, &faults, same, j->ctx);
}

static enum err judge_rows(struct judging *j)
{
	const json_t *rows = json_object_get(j->v->content, "rows");
	AUTO(b03_seen) seen = NULL;
	struct register_look look;
	struct b03_lookup before;
	TRY(b03_seen_new(json_array_size(rows) + 1, &seen));
	register_look_init(&look, j->s->desk, j->s->tables, seen);
	if (j->undo != NULL)
		b03_undo_look(j->undo, &look.look, &before);
	j->rules = (struct b03_rules){j->s->tables, j->v->service, j->undo != NULL ? &before : &look.look,
	                              j->v->filing->unit_no, j->v->now};
	for (size_t i = 0; i < json_array_size(rows); i++)
		TRY(judge_row(j, json_array_get(rows, i), i + 1));
	return ERR_OK;
}

/* ret_undo, when asked for, is the caller's; NULL where nothing is corrected. */
static enum err judge(const struct b03_service *s, const struct filing_view *v, judged_fn *fn, void *ctx,
                      struct b03_undo **ret_undo)
{
	AUTO(b03_undo) undo = NULL;
	if (v->filing->corrects[0] != 0)
		TRY(b03_undo_new(s->desk, s->tables, v->filing->unit_no, v->filing->corrects, &undo));
	struct judging j = {.s = s, .v = v, .undo = undo, .fn = fn, .ctx = ctx};
	TRY(judge_rows(&j));
	if (ret_undo != NULL)
		*ret_undo = STEAL(undo);
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
	AUTO(b03_undo) undo = NULL;
	TRY(judge(ctx, v, report, &w, &undo));
	if (undo != NULL)
		TRY(b03_undo_rest(undo, &rest));
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

struct gathering {
	struct b03 *v;
	size_t n, max;
};

static enum err gather(const struct b03 *b, const struct b03_faults *f, bool same, void *ctx)
{
	struct gathering *w = ctx;
	if (same)
		return ERR_OK;
	if (b03_refused(f))
		return ERR(CONFLICT, "row %lld no longer passes: %s", (long long)b->no, b03_code_name(f->v[0].code));
	INVARIANT(w->n < w->max);
	w->v[w->n++] = *b;
	return ERR_OK;
}

/* One of the two: a first filing's rows, or what a correction changes. */
struct effect_job {
	struct b03_effect *effect;
	struct b03_correction *correction;
};

static void effect_done(void *job)
{
	struct effect_job *j = job;
	b03_effect_free(j->effect);
	b03_correction_free(j->correction);
	free(j);
}

static enum err prepare_correction(struct b03_undo *undo, const char *no, const struct gathering *w,
                                   struct effect_job *j)
{
	struct b03_faults rest = {.n = 0};
	enum err e = b03_undo_rest(undo, &rest);
	if (e == ERR_OK && b03_refused(&rest))
		e = ERR(CONFLICT, "somebody taken out no longer passes: %s", b03_code_name(rest.v[0].code));
	if (e != ERR_OK) {
		b03_undo_free(undo);
		return e;
	}
	return b03_correction_prepare(undo, no, w->v, w->n, &j->correction);
}

static enum err effect_prepare(void *ctx, const struct filing_view *v, void **ret_job)
{
	const struct b03_service *s = ctx;
	const struct filing *f = v->filing;
	size_t n = json_array_size(json_object_get(v->content, "rows"));
	struct gathering w = {calloc(n > 0 ? n : 1, sizeof(*w.v)), 0, n};
	struct effect_job *job = calloc(1, sizeof(*job));
	struct b03_undo *undo = NULL;
	enum err e = w.v != NULL && job != NULL ? judge(s, v, gather, &w, &undo) : ERR(NOMEM, "rows");
	if (e == ERR_OK && undo != NULL)
		e = prepare_correction(undo, f->no, &w, job);
	else if (e == ERR_OK)
		e = b03_prepare(s->desk, s->tables, f->unit_no, f->no, w.v, w.n, &job->effect);
	free(w.v);
	if (e != ERR_OK) {
		free(job);
		return e;
	}
	*ret_job = job;
	return ERR_OK;
}

static enum err effect_apply(struct tx *tx, void *job)
{
	const struct effect_job *j = job;
	return j->correction != NULL ? b03_correction_apply_tx(tx, j->correction) : b03_apply_tx(tx, j->effect);
}

void b03_service_init(struct b03_service *s, const struct desk *desk, const struct tables *tables)
{
	*s = (struct b03_service){.desk = desk, .tables = tables};
	s->preconditions[0] = (struct service_precondition){"b03", precondition, s, b03_binds};
	s->conditions[0] = (struct service_condition){"b03-review2", review2, s};
	s->effects[0] = (struct service_effect){"b03", effect_prepare, effect_apply, effect_done, s};
	s->registry = (struct service_registry){NULL, s->preconditions, s->conditions, s->effects};
}
