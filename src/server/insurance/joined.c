#include "server/insurance/joined.h"
#include "server/register/entry.h"
#include <string.h>

struct put_job {
	const struct unit_insurance *u;
	const char *code;
	int64_t now;
};

static enum err put_tx(struct tx *tx, void *arg)
{
	const struct put_job *j = arg;
	const struct unit_insurance *u = j->u;
	TRY(tx_exec(tx, "unit_insurance_put",
	            SQL_ARGS(A_TEXT(u->unit_no), A_TEXT(j->code), A_INT(u->from_month), A_INT(u->risk_class),
	                     A_INT(u->float_ppm), A_INT(j->now)),
	            NULL));
	return tx_exec(tx, "register_touch", SQL_ARGS(A_TEXT(u->unit_no)), NULL);
}

static void put_cover(struct log_act *a, void *arg)
{
	const struct put_job *j = arg;
	log_act_cover_by(a, LOG_COVER_ROW, "unit_insurance", NULL,
	                 (const struct sql_arg[]){A_TEXT(j->u->unit_no), A_TEXT(j->code), A_INT(j->u->from_month)}, 3);
}

enum err unit_insurance_put(const struct desk *d, const struct tables *t, const struct unit_insurance *u)
{
	if (u->ins < 0 || (size_t)u->ins >= t->n_ins || !t->ins[u->ins].enabled)
		return ERR(FIELD_VALUE, "insurance is not open here");
	if (!month_is(u->from_month) || u->risk_class < 1 || u->risk_class > RISK_CLASS_MAX || u->float_ppm < PPM / 2 ||
	    u->float_ppm > PPM * 3 / 2)
		return ERR(FIELD_VALUE, "month, risk class or floating rate");
	struct put_job j = {u, t->ins[u->ins].code, clock_now(d->clock)};
	const struct entry entry = {"UNIT-INSURANCE", u->unit_no, "service:register", put_cover};
	return entry_write(d, &entry, put_tx, &j);
}

struct joined_job {
	const struct tables *t;
	const char *unit_no;
	int month;
	struct unit_joined out;
};

static enum err joined_row(const struct row *row, void *ctx)
{
	struct joined_job *j = ctx;
	int ins = tables_ins(j->t, row_text(row, 0));
	if (ins < 0)
		return ERR_OK;
	j->out.ins |= 1u << ins;
	if (j->t->ins[ins].by_class) {
		j->out.risk_class = (int)row_int(row, 1);
		j->out.float_ppm = row_int(row, 2);
	}
	return ERR_OK;
}

static enum err joined_tx(struct tx *tx, void *arg)
{
	struct joined_job *j = arg;
	j->out = (struct unit_joined){0, 0, PPM};
	return tx_query(tx, "unit_insurance_at", SQL_ARGS(A_TEXT(j->unit_no), A_INT(j->month)), joined_row, j);
}

enum err unit_joined_at(const struct desk *d, const struct tables *t, const char *unit_no, int month,
                        struct unit_joined *ret_j)
{
	struct joined_job j = {t, unit_no, month, {0, 0, 0}};
	TRY(store_read(d->store, joined_tx, &j));
	*ret_j = j.out;
	return ERR_OK;
}
