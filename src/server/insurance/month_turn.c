#include "server/insurance/month_turn.h"
#include "server/insurance/calendar.h"
#include <stdio.h>
#include <string.h>

enum { UNITS_AT_ONCE = 64 };

struct turn {
	const struct desk *d;
	const struct tables *t;
	const char *unit_no;
	int64_t now, rev;
	int period, first;
};

/* --- what a month hangs on besides the registers --- */

static uint64_t mix(uint64_t h, int64_t v)
{
	for (int i = 0; i < 8; i++)
		h = (h ^ ((uint64_t)v >> 8 * i & 0xff)) * 0x100000001b3ULL;
	return h;
}

/* A fingerprint (FNV-1a) of the month's rates, floor, cap and due day: it tells corrected tables, it protects nothing.
 */
static int64_t tables_mark(const struct tables *t, int month)
{
	uint64_t h = 0xcbf29ce484222325ULL;
	for (size_t i = 0; i < t->n_rates; i++) {
		const struct rate *r = &t->rates[i];
		if (month < r->from || (r->to != 0 && month > r->to))
			continue;
		h = mix(mix(mix(h, r->ins), r->risk_class), r->ppm);
		h = mix(h, r->verify);
	}
	for (size_t i = 0; i < t->n_bases; i++) {
		const struct base_limit *b = &t->bases[i];
		if (month >= b->from && (b->to == 0 || month <= b->to))
			h = mix(mix(mix(h, b->floor_fen), b->cap_fen), b->verify);
	}
	return (int64_t)(mix(h, bill_due(t, month)) >> 1);
}

/* --- one month --- */

struct look {
	const struct turn *u;
	int month;
	int64_t state, rev, mark; /* state -1: no bill; rev -1: never computed */
	bool staff, waits;        /* waits: a filing that came in time is not decided */
};

static enum err look_row(const struct row *row, void *ctx)
{
	struct look *l = ctx;
	l->state = row_int(row, 0);
	l->rev = row_int(row, 1);
	l->mark = row_int(row, 2);
	l->staff = row_int(row, 3) > 0;
	l->waits = row_int(row, 4) > 0;
	return ERR_OK;
}

static enum err look_tx(struct tx *tx, void *arg)
{
	struct look *l = arg;
	return tx_one(tx, "bill_turn_look", SQL_ARGS(A_TEXT(l->u->unit_no), A_INT(l->month)), look_row, l);
}

static enum err seen_tx(struct tx *tx, void *arg)
{
	const struct look *l = arg;
	return tx_exec(tx, "bill_turn_put",
	               SQL_ARGS(A_TEXT(l->u->unit_no), A_INT(l->month), A_INT(l->u->rev), A_INT(l->mark),
	                        A_INT(l->u->now)),
	               NULL);
}

/* Somebody else's turn may have approved it meanwhile: then it is done. Or a filing came between the run and the
 * approval: then the next turn computes with it. */
static enum err unless_approved(enum err e)
{
	if (e != ERR_STATE)
		return e;
	err_clear();
	return ERR_OK;
}

/* The revision was read before the run: a change in between makes the next turn compute once more, and none is missed.
 */
static enum err compute(struct look *l)
{
	const struct turn *u = l->u;
	struct bill b;
	if (l->staff || l->state == 0) {
		TRY(unless_approved(month_run(u->d, u->t, u->unit_no, l->month, &b)));
		l->state = 0;
	}
	return store_write(u->d->store, seen_tx, l);
}

static enum err turn_month(const struct turn *u, int month)
{
	struct look l = {.u = u, .month = month};
	int64_t mark = tables_mark(u->t, month);
	TRY(store_read(u->d->store, look_tx, &l));
	if (l.state == 1)
		return ERR_OK;
	bool stale = l.rev != u->rev || l.mark != mark, closed = month < u->period;
	l.mark = mark;
	if (stale || (closed && l.state == 0))
		TRY(compute(&l));
	if (l.waits && u->now < calendar_decided(&u->t->filing, month))
		return ERR_OK;
	return closed && l.state == 0 ? unless_approved(month_approve(u->d, u->unit_no, month, u->rev)) : ERR_OK;
}

/* --- one unit --- */

static enum err rev_row(const struct row *row, void *ctx)
{
	struct turn *u = ctx;
	u->rev = row_int(row, 0);
	u->first = (int)row_int(row, 1);
	return ERR_OK;
}

static enum err rev_tx(struct tx *tx, void *arg)
{
	struct turn *u = arg;
	return tx_one(tx, "register_rev", SQL_ARGS(A_TEXT(u->unit_no)), rev_row, u);
}

/* No further back than a filing may reach, nor than the tables do. */
static int first_month(const struct turn *u)
{
	int first = month_add(u->period, -u->t->filing.back_months);
	if (u->first > first)
		first = u->first;
	for (size_t i = 0; i < u->t->n_bases; i++)
		if (u->t->bases[i].from <= first)
			return first;
	return u->t->n_bases > 0 ? u->t->bases[0].from : u->period;
}

static void keep_first(enum err *first, enum err e)
{
	if (*first == ERR_OK)
		*first = e;
	else if (e != ERR_OK)
		err_clear();
}

enum err month_turn_unit(const struct desk *d, const struct tables *t, const char *unit_no)
{
	struct turn u = {.d = d, .t = t, .unit_no = unit_no, .now = clock_now(d->clock)};
	enum err first = ERR_OK;
	u.period = calendar_window(&t->filing, u.now).period;
	TRY(store_read(d->store, rev_tx, &u));
	if (u.first == 0)
		return ERR_OK;
	for (int m = first_month(&u); m <= u.period; m = month_add(m, 1))
		keep_first(&first, turn_month(&u, m));
	return first;
}

/* --- all units --- */

struct due_job {
	int period;
	int64_t mark;
	char after[UNIT_NO_LEN + 1];
	char unit[UNITS_AT_ONCE][UNIT_NO_LEN + 1];
	size_t n;
};

static enum err due_row(const struct row *row, void *ctx)
{
	struct due_job *j = ctx;
	INVARIANT(j->n < UNITS_AT_ONCE);
	(void)snprintf(j->unit[j->n++], sizeof(j->unit[0]), "%s", row_text(row, 0));
	return ERR_OK;
}

static enum err due_tx(struct tx *tx, void *arg)
{
	struct due_job *j = arg;
	j->n = 0;
	return tx_query(tx, "bill_turn_due",
	                SQL_ARGS(A_INT(j->period), A_INT(j->mark), A_TEXT(j->after), A_INT(UNITS_AT_ONCE)), due_row, j);
}

static bool has_enough(const struct month_turns *m)
{
	return m->enough != NULL && m->enough(m->ctx);
}

static enum err turn_batch(const struct desk *d, const struct tables *t, const struct due_job *j, struct month_turns *m,
                           size_t *done)
{
	enum err first = ERR_OK;
	for (size_t i = 0; i < j->n && !has_enough(m); i++) {
		enum err e = month_turn_unit(d, t, j->unit[i]);
		*done += e == ERR_OK;
		keep_first(&first, e);
		memcpy(m->after, j->unit[i], sizeof(m->after));
	}
	return first;
}

enum err month_turn(const struct desk *d, const struct tables *t, struct month_turns *m, size_t *ret_done)
{
	int period = calendar_window(&t->filing, clock_now(d->clock)).period;
	struct due_job j = {.period = period, .mark = tables_mark(t, period)};
	enum err first = ERR_OK;
	size_t done = 0;
	do {
		memcpy(j.after, m->after, sizeof(j.after));
		TRY(store_read(d->store, due_tx, &j));
		keep_first(&first, turn_batch(d, t, &j, m, &done));
	} while (j.n == UNITS_AT_ONCE && !has_enough(m));
	if (j.n < UNITS_AT_ONCE && !has_enough(m))
		m->after[0] = 0;
	*ret_done = done;
	return first;
}
