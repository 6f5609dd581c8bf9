#include "server/filing/b03_service.h"
#include <stdlib.h>
#include <string.h>

/* --- rows --- */

static void row_of(const json_t *row, size_t number, struct b03_row *ret_r)
{
	*ret_r = (struct b03_row){.no = (int64_t)number};
	for (enum b03_field f = 0; f < B03_FIELD_COUNT; f++)
		ret_r->text[f] = span_str(json_str_or(row, b03_field_key(f), ""));
}

/* Judges all rows in their order. */
typedef enum err judged_fn(const struct b03 *b, const struct b03_faults *f, void *ctx);

static enum err judge(const struct b03_service *s, const struct filing_view *v, judged_fn *fn, void *ctx)
{
	const json_t *rows = json_object_get(v->content, "rows");
	AUTO(b03_seen) seen = NULL;
	struct register_look look;
	TRY(b03_seen_new(json_array_size(rows) + 1, &seen));
	register_look_init(&look, s->desk, s->tables, seen);
	const struct b03_rules rules = {s->tables, &look.look, v->filing->unit_no, v->now};
	for (size_t i = 0; i < json_array_size(rows); i++) {
		struct b03_row row;
		struct b03 b = {0};
		struct b03_faults faults = {.n = 0};
		row_of(json_array_get(rows, i), i + 1, &row);
		TRY(b03_check(&rules, &row, &b, &faults));
		TRY(fn(&b, &faults, ctx));
	}
	return ERR_OK;
}

/* --- precondition --- */

struct reporting {
	struct fault_sink *sink;
	size_t row;
};

static enum err report(const struct b03 *b, const struct b03_faults *f, void *ctx)
{
	struct reporting *w = ctx;
	(void)b;
	w->row++;
	for (size_t i = 0; i < f->n; i++) {
		const struct b03_fault *x = &f->v[i];
		AUTO_BUF(text, 1024);
		if (b03_code_is_warning(x->code))
			continue;
		buf_printf(&text, "%s%s%s", b03_code_zh(x->code), x->detail[0] != 0 ? ":" : "", x->detail);
		TRY(buf_err(&text));
		const struct fault t = {w->row, b03_field_key(x->field), b03_code_name(x->code), buf_cstr(&text), b03_code_remedy(x->code)};
		TRY(fault_put(w->sink, &t));
	}
	return ERR_OK;
}

static enum err precondition(void *ctx, const struct filing_view *v, struct fault_sink *faults)
{
	struct reporting w = {faults, 0};
	return judge(ctx, v, report, &w);
}

/* --- condition --- */

static enum err wants(const struct b03 *b, const struct b03_faults *f, void *ctx)
{
	bool *review2 = ctx;
	*review2 |= b->review2;
	for (size_t i = 0; i < f->n; i++)
		*review2 |= b03_code_wants_review2(f->v[i].code);
	return ERR_OK;
}

/* What cannot be judged is looked at twice. */
static bool review2(void *ctx, const struct filing_view *v)
{
	bool yes = false;
	if (judge(ctx, v, wants, &yes) == ERR_OK)
		return yes;
	err_clear();
	return true;
}

/* --- effect --- */

struct gathering {
	struct b03 *v;
	size_t n, max;
};

static enum err gather(const struct b03 *b, const struct b03_faults *f, void *ctx)
{
	struct gathering *w = ctx;
	if (b03_refused(f))
		return ERR(CONFLICT, "row %zu no longer passes: %s", w->n + 1, b03_code_name(f->v[0].code));
	INVARIANT(w->n < w->max);
	w->v[w->n++] = *b;
	return ERR_OK;
}

static enum err effect_prepare(void *ctx, const struct filing_view *v, void **ret_job)
{
	const struct b03_service *s = ctx;
	size_t n = json_array_size(json_object_get(v->content, "rows"));
	struct gathering w = {calloc(n > 0 ? n : 1, sizeof *w.v), 0, n};
	struct b03_effect *job = NULL;
	enum err e = w.v != NULL ? judge(s, v, gather, &w) : ERR(NOMEM, "rows");
	if (e == ERR_OK)
		e = b03_prepare(s->desk, s->tables, v->filing->unit_no, v->filing->no, w.v, w.n, &job);
	free(w.v);
	TRY(e);
	*ret_job = job;
	return ERR_OK;
}

static enum err effect_apply(struct tx *tx, void *job)
{
	return b03_apply_tx(tx, job);
}

static void effect_done(void *job)
{
	b03_effect_free(job);
}

void b03_service_init(struct b03_service *s, const struct desk *desk, const struct tables *tables)
{
	*s = (struct b03_service){.desk = desk, .tables = tables};
	s->preconditions[0] = (struct service_precondition){"b03", precondition, s};
	s->conditions[0] = (struct service_condition){"b03-review2", review2, s};
	s->effects[0] = (struct service_effect){"b03", effect_prepare, effect_apply, effect_done, s};
	s->registry = (struct service_registry){NULL, s->preconditions, s->conditions, s->effects};
}
