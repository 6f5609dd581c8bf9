#include "server/insurance/month_run.h"
#include "server/register/entry.h"
#include "store/many.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONTRIBUTION_COLUMNS = 10 };

/* One person of the month while his rows are gathered. */
struct pay {
	char person_no[PERSON_NO_LEN + 1];
	unsigned ins;
	int64_t wage_fen;
};
struct run {
	const struct tables *t;
	const char *unit_no;
	int month;
	int64_t now;
	struct unit_joined joined;
	struct pay *v;
	size_t n, cap;
	struct bill bill;
};

static enum err pay_room(struct run *r)
{
	if (r->n < r->cap)
		return ERR_OK;
	size_t cap = r->cap > 0 ? r->cap * 2 : 64;
	struct pay *v = realloc(r->v, cap * sizeof(*v));
	if (v == NULL)
		return ERR(NOMEM, "month's persons");
	r->v = v;
	r->cap = cap;
	return ERR_OK;
}

/* Rows come in the order of the person. */
static enum err enrolled_row(const struct row *row, void *ctx)
{
	struct run *r = ctx;
	const char *no = row_text(row, 0);
	int ins = tables_ins(r->t, row_text(row, 1));
	if (ins < 0 || row_null(row, 2))
		return ERR(CONFIG, "enrolment without %s", ins < 0 ? "a known insurance" : "a wage");
	if (r->n == 0 || strcmp(r->v[r->n - 1].person_no, no) != 0) {
		TRY(pay_room(r));
		r->v[r->n] = (struct pay){.wage_fen = row_int(row, 2)};
		(void)snprintf(r->v[r->n].person_no, sizeof(r->v[r->n].person_no), "%s", no);
		r->n++;
	}
	r->v[r->n - 1].ins |= 1u << ins;
	return ERR_OK;
}

static enum err state_row(const struct row *row, void *ctx)
{
	*(int64_t *)ctx = row_int(row, 0);
	return ERR_OK;
}

static enum err joined_row(const struct row *row, void *ctx)
{
	struct run *r = ctx;
	int ins = tables_ins(r->t, row_text(row, 0));
	if (ins >= 0 && r->t->ins[ins].by_class)
		r->joined = (struct unit_joined){0, (int)row_int(row, 1), row_int(row, 2)};
	return ERR_OK;
}

static enum err put_lines(struct many *m, const struct run *r, const struct pay *p, const struct contribution *c)
{
	for (size_t i = 0; i < r->t->n_ins; i++) {
		const struct share *s = &c->share[i];
		const struct sql_arg line[] = {A_TEXT(r->unit_no),        A_INT(r->month),      A_TEXT(p->person_no),
		                               A_TEXT(r->t->ins[i].code), A_INT(p->wage_fen),   A_INT(c->base_fen),
		                               A_INT(s->unit_ppm),        A_INT(s->person_ppm), A_INT(s->unit_fen),
		                               A_INT(s->person_fen)};
		if (p->ins & 1u << i)
			TRY(many_put(m, line, NULL));
	}
	return ERR_OK;
}

static enum err put_bill(struct tx *tx, const struct run *r)
{
	const struct bill *b = &r->bill;
	return tx_exec(tx, "bill_put",
	               SQL_ARGS(A_TEXT(r->unit_no), A_INT(r->month), A_INT(b->persons), A_INT(b->unit_fen),
	                        A_INT(b->person_fen), A_INT(b->verify), A_INT(bill_due(r->t, r->month)), A_INT(r->now)),
	               NULL);
}

static enum err gather(struct tx *tx, struct run *r)
{
	int64_t state = 0;
	r->n = 0;
	r->joined = (struct unit_joined){0, 0, PPM};
	bill_init(&r->bill, r->month);
	r->bill.verify = bill_unverified(r->t, r->month);
	TRY(tx_query(tx, "bill_state", SQL_ARGS(A_TEXT(r->unit_no), A_INT(r->month)), state_row, &state));
	if (state != 0)
		return ERR(STATE, "month %d is approved", r->month);
	TRY(tx_query(tx, "unit_insurance_at", SQL_ARGS(A_TEXT(r->unit_no), A_INT(r->month)), joined_row, r));
	return tx_query(tx, "enrolled_in_month", SQL_ARGS(A_TEXT(r->unit_no), A_INT(r->month)), enrolled_row, r);
}

/* Integer arithmetic only: it may run in the writer, and again. The bill's row comes before the lines that refer to it.
 */
static enum err run_tx(struct tx *tx, void *arg)
{
	struct run *r = arg;
	struct many lines;
	many_begin(&lines, tx, "contribution_put", CONTRIBUTION_COLUMNS);
	TRY(gather(tx, r));
	TRY(tx_exec(tx, "contribution_clear", SQL_ARGS(A_TEXT(r->unit_no), A_INT(r->month)), NULL));
	TRY(put_bill(tx, r));
	for (size_t i = 0; i < r->n; i++) {
		struct contribution c;
		const struct payer p = {r->v[i].wage_fen, r->v[i].ins, r->joined.risk_class, r->joined.float_ppm};
		TRY(contribution_of(r->t, r->month, &p, &c));
		TRY(put_lines(&lines, r, &r->v[i], &c));
		bill_add(&r->bill, &c);
	}
	TRY(many_end(&lines));
	return put_bill(tx, r);
}

/* Who was in an earlier run and is not in this one is covered as gone. */
static void run_cover(struct log_act *a, void *arg)
{
	const struct run *r = arg;
	const struct sql_arg key[] = {A_TEXT(r->unit_no), A_INT(r->month)};
	log_act_cover(a, "bill", r->unit_no, r->month);
	log_act_cover_by(a, LOG_COVER_ROWS, "contribution", "cover_contribution_month", key, COUNT_OF(key));
	log_act_cover_by(a, LOG_COVER_GONE, "contribution", NULL, key, COUNT_OF(key));
}

enum err month_run(const struct desk *d, const struct tables *t, const char *unit_no, int month, struct bill *ret_b)
{
	struct run r = {.t = t, .unit_no = unit_no, .month = month, .now = clock_now(d->clock)};
	if (!month_is(month))
		return ERR(FIELD_VALUE, "month");
	const struct entry entry = {"BILL-RUN", unit_no, "timer:month-run", run_cover};
	enum err e = entry_write(d, &entry, run_tx, &r);
	free(r.v);
	TRY(e);
	*ret_b = r.bill;
	return ERR_OK;
}

struct approve_job {
	const char *unit_no;
	int month;
	int64_t rev;
};

static enum err approve_tx(struct tx *tx, void *arg)
{
	const struct approve_job *j = arg;
	int64_t changed = 0;
	const struct sql_arg args[] = {A_TEXT(j->unit_no), A_INT(j->month), A_INT(j->rev)};

	if (j->rev < 0)
		TRY(tx_exec(tx, "bill_approve", args, 2, &changed));
	else
		TRY(tx_exec(tx, "bill_approve_of", args, 3, &changed));
	return changed == 1 ? ERR_OK
	                    : ERR(STATE, "month %d is not computed, approved already or of older registers", j->month);
}

static void approve_cover(struct log_act *a, void *arg)
{
	const struct approve_job *j = arg;
	log_act_cover(a, "bill", j->unit_no, j->month);
}

enum err month_approve(const struct desk *d, const char *unit_no, int month, int64_t rev)
{
	struct approve_job j = {unit_no, month, rev};
	const struct entry entry = {"BILL-APPROVE", unit_no, "timer:month-run", approve_cover};
	return entry_write(d, &entry, approve_tx, &j);
}

struct list_job {
	const struct tables *t;
	const char *unit_no;
	int month;
	contribution_fn *fn;
	void *ctx;
};

static enum err line_row(const struct row *row, void *ctx)
{
	const struct list_job *j = ctx;
	const struct contribution_row r = {row_text(row, 0), row_text(row, 1), tables_ins(j->t, row_text(row, 2)),
	                                   row_int(row, 3),  row_int(row, 4),  row_int(row, 5),
	                                   row_int(row, 6),  row_int(row, 7),  row_int(row, 8)};
	return j->fn(&r, j->ctx);
}

static enum err list_tx(struct tx *tx, void *arg)
{
	struct list_job *j = arg;
	return tx_query(tx, "contribution_lines", SQL_ARGS(A_TEXT(j->unit_no), A_INT(j->month)), line_row, j);
}

enum err contribution_list(const struct desk *d, const struct tables *t, const char *unit_no, int month,
                           contribution_fn *fn, void *ctx)
{
	struct list_job j = {t, unit_no, month, fn, ctx};
	return store_read(d->store, list_tx, &j);
}
