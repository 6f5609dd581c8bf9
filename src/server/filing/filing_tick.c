/* 自动作废: what nobody finished in its time. */
#include "server/filing/attach_i.h"
#include <stdlib.h>

enum { AT_ONCE = 100 };

struct expired {
	struct filing v[AT_ONCE];
	size_t n;
	int64_t now;
};

static enum err expired_row(const struct row *row, void *ctx)
{
	struct expired *w = ctx;
	INVARIANT(w->n < AT_ONCE);
	return filing_row_read(row, &w->v[w->n++]);
}

static enum err expired_fn(struct tx *tx, void *arg)
{
	struct expired *w = arg;
	w->n = 0;
	return tx_query(tx, "filing_expired", SQL_ARGS(A_INT(w->now)), expired_row, w);
}

struct move_job {
	const struct filing_desk *d;
	struct filing_move m;
};

static enum err move_fn(struct tx *tx, void *arg)
{
	const struct move_job *j = arg;
	TRY(attach_void_tx(tx, j->m.act.filing));
	return filing_move_tx(j->d, tx, &j->m);
}

/* Somebody may have been quicker: then it is no longer expired. */
static enum err expire(const struct filing_desk *d, const struct filing *f, int64_t now, size_t *done)
{
	enum filing_by by;
	struct move_job j = {d,
	                     {.act = {.filing = f,
	                              .kind = FACT_EXPIRE,
	                              .from = f->state,
	                              .time = now,
	                              .rule = f->state == FILING_RETURNED ? "void-not-corrected" : "void-draft-too-old",
	                              .statement_sm3 = ""},
	                      .version = f->version}};
	if (!filing_next(f->state, FACT_EXPIRE, 0, &j.m.act.to, &by))
		return ERR(INTERNAL, "timer on a filing that is %s", filing_state_name(f->state));
	enum err e = filing_log_begin(d, &j.m.act);
	if (e == ERR_OK)
		e = store_write(d->desk->store, move_fn, &j);
	filing_log_end(d, &j.m.act);
	if (e == ERR_CONFLICT) {
		err_clear();
		return ERR_OK;
	}
	TRY(e);
	(*done)++;
	return ERR_OK;
}

enum err filing_tick(const struct filing_desk *d, size_t *ret_done)
{
	struct expired *w = calloc(1, sizeof(*w));
	size_t done = 0;
	if (w == NULL)
		return ERR(NOMEM, "expired filings");
	w->now = clock_now(d->desk->clock);
	enum err e = store_read(d->desk->store, expired_fn, w);
	/* One that was edited in the database (filing_log.c) does not hold up the others. */
	size_t damaged = 0;
	for (size_t i = 0; i < w->n && e == ERR_OK; i++) {
		e = expire(d, &w->v[i], w->now, &done);
		if (e != ERR_LOG_DAMAGED)
			continue;
		err_clear();
		e = ERR_OK;
		damaged++;
	}
	free(w);
	TRY(e);
	*ret_done = done;
	return damaged == 0 ? ERR_OK : ERR(LOG_DAMAGED, "%zu filings whose time has come", damaged);
}
