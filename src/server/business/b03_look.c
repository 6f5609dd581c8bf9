#include "server/business/b03_look.h"
#include <stdio.h>
#include <string.h>

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
