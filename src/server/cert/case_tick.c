/* Terms of a case by the definition's days: when it should be done, and 自动作废 of what nobody finished. A draft's
 * term runs from its last saving, a returned case's from its return: both are cert_case.changed, so that nothing is
 * stored for them. */
#include "server/cert/case_i.h"
#include <stdlib.h>

enum { AT_ONCE = 100, DAY = 86400 };

static int64_t expiry(const struct case_rules *r, const struct cert_case *c)
{
	enum case_state to;
	if (!case_next(c->state, CACT_EXPIRE, &to))
		return 0;
	return r->term_end(r->ctx, c->changed, c->state == CASE_RETURNED ? r->return_days : r->draft_days);
}

enum err case_due(const struct desk *d, const struct cert_case *c, struct case_due *ret_d)
{
	const struct case_rules *r;
	struct case_due due = {.sure = true};
	int64_t since = c->state == CASE_ACCEPTED ? c->accepted : c->approved, last;
	TRY(case_rules_of(d, &r));
	due.expires = expiry(r, c);
	last = due.expires;
	if (c->accepted > 0 && c->state >= CASE_ACCEPTED && c->state <= CASE_ISSUED) {
		due.step = case_step_of(r, c->state == CASE_ACCEPTED ? "approve" : "make");
		due.due = r->work_end(r->ctx, c->accepted, r->promise_days);
		due.step_due = r->work_end(r->ctx, since, due.step->days);
		last = due.due > due.step_due ? due.due : due.step_due;
	}
	if (last > 0)
		due.sure = r->sure(r->ctx, c->accepted > 0 ? c->accepted : c->changed, last - 1);
	*ret_d = due;
	return ERR_OK;
}

/* --- 自动作废 --- */

struct overdue {
	struct cert_case v[AT_ONCE];
	size_t n;
	enum case_state state;
	int64_t before;
};

static enum err overdue_row(const struct row *row, void *ctx)
{
	struct overdue *w = ctx;
	INVARIANT(w->n < AT_ONCE);
	w->v[w->n] = (struct cert_case){0};
	return case_row_read(row, &w->v[w->n++]);
}

static enum err overdue_fn(struct tx *tx, void *arg)
{
	struct overdue *w = arg;
	w->n = 0;
	return tx_query(tx, "case_overdue", SQL_ARGS(A_INT(w->state), A_INT(w->before)), overdue_row, w);
}

/* Somebody may have been quicker: then it is no longer overdue. One that was edited in the database is counted and does
 * not hold up the others. */
static enum err expire(const struct desk *d, const struct cert_case *c, size_t *done, size_t *damaged)
{
	bool returned = c->state == CASE_RETURNED;
	enum err e = case_move_now(d, c, CACT_EXPIRE, NULL, returned ? "void-not-corrected" : "void-draft-too-old",
	                           returned ? "逾期未补正，按规则自动作废" : "草稿逾期未受理，按规则自动作废");
	if (e == ERR_CONFLICT || e == ERR_LOG_DAMAGED) {
		err_clear();
		*damaged += e == ERR_LOG_DAMAGED;
		return ERR_OK;
	}
	TRY(e);
	(*done)++;
	return ERR_OK;
}

/* The oldest come first, and an older one never ends later: what is not over yet ends the search. */
static enum err expire_state(const struct desk *d, const struct case_rules *r, struct overdue *w, enum case_state state,
                             int64_t now, size_t *done, size_t *damaged)
{
	int days = state == CASE_RETURNED ? r->return_days : r->draft_days;
	w->state = state;
	w->before = now - (int64_t)(days - 1) * DAY;
	TRY(store_read(d->store, overdue_fn, w));
	for (size_t i = 0; i < w->n && *done < AT_ONCE && expiry(r, &w->v[i]) <= now; i++)
		TRY(expire(d, &w->v[i], done, damaged));
	return ERR_OK;
}

enum err case_tick(const struct desk *d, size_t *ret_done)
{
	const struct case_rules *r;
	size_t done = 0, damaged = 0;
	TRY(case_rules_of(d, &r));
	struct overdue *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return ERR(NOMEM, "overdue cases");
	int64_t now = clock_now(d->clock);
	enum err e = expire_state(d, r, w, CASE_RETURNED, now, &done, &damaged);
	if (e == ERR_OK)
		e = expire_state(d, r, w, CASE_DRAFT, now, &done, &damaged);
	free(w);
	TRY(e);
	*ret_done = done;
	return damaged == 0 ? ERR_OK : ERR(LOG_DAMAGED, "%zu cases whose time has come", damaged);
}
