#include "server/business/staff_look.h"
#include "server/insurance/bill_read.h"
#include "server/insurance/joined.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct approved_job {
	const char *unit_no;
	int *ret_month;
};

static enum err approved_tx(struct tx *tx, void *arg)
{
	const struct approved_job *j = arg;
	return bill_last_approved(tx, j->unit_no, j->ret_month);
}

enum err staff_look_unit(void *look, int month, struct staff_unit *ret_u)
{
	struct staff_look *l = look;
	struct unit u;
	struct unit_joined joined;
	int approved = 0;
	if (l->month != month) {
		TRY(unit_get(l->desk, l->unit_no, &u));
		TRY(unit_joined_at(l->desk, l->tables, l->unit_no, month, &joined));
		struct approved_job job = {l->unit_no, &approved};
		TRY(store_read(l->desk->store, approved_tx, &job));
		l->unit = (struct staff_unit){!u.frozen, joined.ins, approved};
		l->month = month;
	}
	*ret_u = l->unit;
	return ERR_OK;
}

/* --- persons, sixteen at a time --- */

enum { LOOK_MANY = 16 };

struct person_job {
	const struct tables *t;
	const char *unit_no;
	struct look_known *v;
	size_t n, at; /* of them the sixteen from `at` on */
};

static size_t here_of(const struct person_job *j)
{
	return j->n - j->at < LOOK_MANY ? j->n - j->at : LOOK_MANY;
}

static enum err person_row(const struct row *row, void *ctx)
{
	const struct person_job *j = ctx;
	for (size_t i = j->at; i < j->at + here_of(j); i++) {
		struct staff_person *p = &j->v[i].p;
		if (!span_eq(row_blob(row, 0), SPAN_ARR(j->v[i].digest)))
			continue;
		(void)snprintf(p->person_no, sizeof(p->person_no), "%s", row_text(row, 1));
		(void)snprintf(p->name, sizeof(p->name), "%s", row_text(row, 2));
		p->history = row_int(row, 3) > 0;
		p->retired = row_int(row, 4) != 0;
	}
	return ERR_OK;
}

static enum err open_row(const struct row *row, void *ctx)
{
	const struct person_job *j = ctx;
	int ins = tables_ins(j->t, row_text(row, 2));
	bool here = strcmp(row_text(row, 1), j->unit_no) == 0;
	for (size_t i = j->at; ins >= 0 && i < j->at + here_of(j); i++) {
		struct staff_person *p = &j->v[i].p;
		if (strcmp(p->person_no, row_text(row, 0)) != 0)
			continue;
		if (row_int(row, 3) == 1)
			*(here ? &p->here : &p->elsewhere) |= 1u << ins;
		if (row_int(row, 3) == 1 && here)
			p->from[ins] = (int)row_int(row, 4);
		else if (row_int(row, 3) == 2 && here)
			p->paused_here = true;
	}
	return ERR_OK;
}

static enum err some_persons(struct tx *tx, struct person_job *j)
{
	struct sql_arg digest[LOOK_MANY], no[LOOK_MANY];
	size_t n = here_of(j), known = 0;
	for (size_t i = 0; i < LOOK_MANY; i++)
		digest[i] = A_BLOB(SPAN_ARR(j->v[j->at + (i < n ? i : n - 1)].digest));
	TRY(tx_query(tx, "persons_known", digest, LOOK_MANY, person_row, j));
	for (size_t i = j->at; i < j->at + n; i++)
		if (j->v[i].p.person_no[0] != 0)
			no[known++] = A_TEXT(j->v[i].p.person_no);
	for (size_t i = known; known > 0 && i < LOOK_MANY; i++)
		no[i] = no[0];
	return known > 0 ? tx_query(tx, "enrolments_open", no, LOOK_MANY, open_row, j) : ERR_OK;
}

static enum err person_tx(struct tx *tx, void *arg)
{
	struct person_job *j = arg;
	for (j->at = 0; j->at < j->n; j->at += LOOK_MANY)
		TRY(some_persons(tx, j));
	return ERR_OK;
}

static int by_digest(const void *a, const void *b)
{
	return memcmp(((const struct look_known *)a)->digest, ((const struct look_known *)b)->digest,
	              sizeof(((const struct look_known *)a)->digest));
}

enum err staff_look_load(struct staff_look *l, const char (*ids)[ID_NUMBER_LEN + 1], size_t n)
{
	struct person_job j = {.t = l->tables, .unit_no = l->unit_no, .n = n};
	l->known = j.v = calloc(n + 1, sizeof(*j.v));
	if (j.v == NULL)
		return ERR(NOMEM, "persons of a batch");
	for (size_t i = 0; i < n; i++)
		TRY(field_digest(l->desk->keys, PERSON_ID_COLUMN, span_str(ids[i]), j.v[i].digest));
	TRY(store_read(l->desk->store, person_tx, &j));
	qsort(j.v, n, sizeof(*j.v), by_digest);
	l->n = n;
	return ERR_OK;
}

void staff_look_done(struct staff_look *l)
{
	free(l->known);
}

enum err staff_look_person(const struct staff_look *l, const char *id_number, struct staff_person *ret_p)
{
	struct look_known one = {.p = {.person_no = ""}}, *hit = NULL;
	struct person_job j = {.t = l->tables, .unit_no = l->unit_no, .v = &one, .n = 1};
	TRY(field_digest(l->desk->keys, PERSON_ID_COLUMN, span_str(id_number), one.digest));
	if (l->n > 0)
		hit = bsearch(&one, l->known, l->n, sizeof(one), by_digest);
	if (hit == NULL)
		TRY(store_read(l->desk->store, person_tx, &j));
	*ret_p = hit != NULL ? hit->p : one.p;
	return ERR_OK;
}
