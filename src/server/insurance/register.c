#include "server/insurance/register.h"
#include "server/cert/entry.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what a unit joined --- */

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

/* --- lookups --- */

static enum err look_unit(void *ctx, const char *unit_no, int month, struct b03_unit *ret_u)
{
	struct register_look *l = ctx;
	struct unit u;
	struct unit_joined joined;
	if (l->month == month && strcmp(l->unit_no, unit_no) == 0) {
		*ret_u = l->unit;
		return ERR_OK;
	}
	enum err e = unit_get(l->desk, unit_no, &u);
	if (e == ERR_UNIT_ABSENT) {
		err_clear();
		*ret_u = (struct b03_unit){false, 0};
		return ERR_OK;
	}
	TRY(e);
	TRY(unit_joined_at(l->desk, l->tables, unit_no, month, &joined));
	l->unit = (struct b03_unit){!u.frozen, joined.ins};
	l->month = month;
	(void)snprintf(l->unit_no, sizeof(l->unit_no), "%s", unit_no);
	*ret_u = l->unit;
	return ERR_OK;
}

struct person_job {
	const struct tables *t;
	const char *unit_no;
	uint8_t digest[32];
	struct b03_person p;
};

static enum err person_row(const struct row *row, void *ctx)
{
	struct b03_person *p = &((struct person_job *)ctx)->p;
	(void)snprintf(p->person_no, sizeof(p->person_no), "%s", row_text(row, 0));
	(void)snprintf(p->name, sizeof(p->name), "%s", row_text(row, 1));
	p->history = row_int(row, 2) > 0;
	p->retired = row_int(row, 3) != 0;
	return ERR_OK;
}

static enum err open_row(const struct row *row, void *ctx)
{
	struct person_job *j = ctx;
	int ins = tables_ins(j->t, row_text(row, 1));
	bool here = strcmp(row_text(row, 0), j->unit_no) == 0;
	if (ins < 0)
		return ERR_OK;
	if (row_int(row, 2) == 1)
		*(here ? &j->p.here : &j->p.elsewhere) |= 1u << ins;
	else if (row_int(row, 2) == 2 && here)
		j->p.paused_here = true;
	return ERR_OK;
}

static enum err person_tx(struct tx *tx, void *arg)
{
	struct person_job *j = arg;
	memset(&j->p, 0, sizeof(j->p));
	TRY(tx_query(tx, "person_known", SQL_ARGS(A_BLOB(SPAN_ARR(j->digest))), person_row, j));
	if (j->p.person_no[0] == 0)
		return ERR_OK;
	return tx_query(tx, "enrolment_open", SQL_ARGS(A_TEXT(j->p.person_no)), open_row, j);
}

static enum err look_person(void *ctx, const char *unit_no, const char *id_number, struct b03_person *ret_p)
{
	const struct register_look *l = ctx;
	struct person_job j = {.t = l->tables, .unit_no = unit_no};
	TRY(field_digest(l->desk->keys, PERSON_ID_COLUMN, span_str(id_number), j.digest));
	TRY(store_read(l->desk->store, person_tx, &j));
	*ret_p = j.p;
	return ERR_OK;
}

static int64_t look_earlier(void *ctx, const char *id_number, int64_t row)
{
	const struct register_look *l = ctx;
	return b03_seen_add(l->seen, id_number, row);
}

void register_look_init(struct register_look *l, const struct desk *d, const struct tables *t, struct b03_seen *seen)
{
	memset(l, 0, sizeof(*l));
	l->desk = d;
	l->tables = t;
	l->seen = seen;
	l->look = (struct b03_lookup){l, look_unit, look_person, seen != NULL ? look_earlier : NULL, NULL};
}

/* --- persons --- */

struct detail_job {
	const struct desk *d;
	const char *person_no;
	struct buf *out;
};

static enum err detail_row(const struct row *row, void *ctx)
{
	const struct detail_job *j = ctx;
	return field_open(j->d->keys, "person_detail.detail", span_str(j->person_no), row_blob(row, 0), j->out);
}

static enum err detail_tx(struct tx *tx, void *arg)
{
	const struct detail_job *j = arg;
	return tx_one(tx, "person_detail_now", SQL_ARGS(A_TEXT(j->person_no)), detail_row, arg);
}

enum err person_detail_get(const struct desk *d, const char *person_no, struct buf *ret_json)
{
	struct detail_job j = {d, person_no, ret_json};
	return store_read(d->store, detail_tx, &j);
}

/* --- staff --- */

struct staff_job {
	const struct desk *d;
	const struct tables *t;
	const char *unit_no, *after;
	int limit;
	staff_fn *fn;
	void *ctx;
};

static enum err staff_row_read(const struct row *row, void *ctx)
{
	const struct staff_job *j = ctx;
	char id[ID_NUMBER_LEN + 1];
	AUTO_BUF(plain, 64);
	TRY(field_open(j->d->keys, PERSON_ID_COLUMN, span_str(row_text(row, 0)), row_blob(row, 2), &plain));
	ident_mask_id(buf_cstr(&plain), id);
	const struct staff_row r = {row_text(row, 0),     row_text(row, 1),    id,
	                            row_text(row, 4),     row_int(row, 3),     tables_ins(j->t, row_text(row, 5)),
	                            (int)row_int(row, 6), (int)row_int(row, 7)};
	return j->fn(&r, j->ctx);
}

static enum err staff_tx(struct tx *tx, void *arg)
{
	struct staff_job *j = arg;
	return tx_query(tx, "roster_at", SQL_ARGS(A_TEXT(j->unit_no), A_TEXT(j->after), A_INT(j->limit)),
	                staff_row_read, j);
}

enum err staff_list(const struct desk *d, const struct tables *t, const char *unit_no, const char *after, int limit,
                    staff_fn *fn, void *ctx)
{
	struct staff_job j = {d, t, unit_no, after, limit, fn, ctx};
	return store_read(d->store, staff_tx, &j);
}
