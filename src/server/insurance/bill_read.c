#include "server/insurance/bill_read.h"
#include <stdio.h>
#include <string.h>

/* --- heads --- */

static struct bill_head head_of(const struct row *row)
{
	struct bill_head h = {.month = (int)row_int(row, 0),
	                      .approved = row_int(row, 1) == 1,
	                      .persons = row_int(row, 2),
	                      .unit_fen = row_int(row, 3),
	                      .person_fen = row_int(row, 4),
	                      .verify = row_int(row, 5) != 0,
	                      .due_day = row_int(row, 6),
	                      .computed = row_int(row, 7)};
	h.approved_at = h.approved ? h.computed : 0;
	h.total_fen = h.unit_fen + h.person_fen;
	return h;
}

struct list_job {
	const char *unit_no;
	int limit, offset;
	bill_head_fn *fn;
	void *ctx;
};

static enum err list_row(const struct row *row, void *ctx)
{
	const struct list_job *j = ctx;
	const struct bill_head h = head_of(row);
	return j->fn(&h, j->ctx);
}

static enum err list_tx(struct tx *tx, void *arg)
{
	struct list_job *j = arg;
	return tx_query(tx, "bill_heads", SQL_ARGS(A_TEXT(j->unit_no), A_INT(j->limit), A_INT(j->offset)), list_row, j);
}

enum err bill_list(const struct desk *d, const char *unit_no, int limit, int offset, bill_head_fn *fn, void *ctx)
{
	struct list_job j = {unit_no, limit, offset, fn, ctx};
	return store_read(d->store, list_tx, &j);
}

/* --- one bill --- */

struct read_job {
	const struct desk *d;
	const struct tables *t;
	const struct bill_ask *ask;
	struct bill_head head;
	/* The person whose rows are being gathered. */
	char no[PERSON_NO_LEN + 1], name[NAME_MAX_BYTES + 1], id[ID_NUMBER_LEN + 1];
	struct bill_person person;
};

static enum err head_row(const struct row *row, void *ctx)
{
	((struct read_job *)ctx)->head = head_of(row);
	return ERR_OK;
}

static enum err moves_row(const struct row *row, void *ctx)
{
	struct bill_head *h = &((struct read_job *)ctx)->head;
	h->plus = row_int(row, 0);
	h->minus = row_int(row, 1);
	h->missing = h->approved ? row_int(row, 2) : 0;
	return ERR_OK;
}

static enum err sum_row(const struct row *row, void *ctx)
{
	const struct read_job *j = ctx;
	const struct bill_sum s = {tables_ins(j->t, row_text(row, 0)),
	                           row_int(row, 1),
	                           row_int(row, 2),
	                           row_int(row, 3),
	                           row_int(row, 4),
	                           row_int(row, 5),
	                           row_int(row, 6)};
	return j->ask->sum(&s, j->ask->ctx);
}

static enum err give_person(struct read_job *j)
{
	if (j->no[0] == 0)
		return ERR_OK;
	j->person.person_no = j->no;
	j->person.name = j->name;
	j->person.id_masked = j->id;
	return j->ask->person(&j->person, j->ask->ctx);
}

static enum err next_person(struct read_job *j, const struct row *row)
{
	AUTO_BUF(plain, 64);
	TRY(give_person(j));
	(void)snprintf(j->no, sizeof(j->no), "%s", row_text(row, 0));
	(void)snprintf(j->name, sizeof(j->name), "%s", row_text(row, 1));
	TRY(field_open(j->d->keys, PERSON_ID_COLUMN, span_str(j->no), row_blob(row, 2), &plain));
	ident_mask_id(buf_cstr(&plain), j->id);
	j->person = (struct bill_person){.wage_fen = row_int(row, 4), .base_fen = row_int(row, 5)};
	return ERR_OK;
}

static enum err person_row(const struct row *row, void *ctx)
{
	struct read_job *j = ctx;
	int ins = tables_ins(j->t, row_text(row, 3));
	if (ins < 0)
		return ERR(CONFIG, "insurance %s of a bill is not in the tables", row_text(row, 3));
	if (strcmp(j->no, row_text(row, 0)) != 0)
		TRY(next_person(j, row));
	j->person.ins |= 1u << ins;
	j->person.unit_fen[ins] = row_int(row, 6);
	j->person.person_fen[ins] = row_int(row, 7);
	j->person.total_fen += row_int(row, 6) + row_int(row, 7);
	return ERR_OK;
}

static enum err read_tx(struct tx *tx, void *arg)
{
	struct read_job *j = arg;
	const struct bill_ask *a = j->ask;
	TRY(tx_one(tx, "bill_head", SQL_ARGS(A_TEXT(a->unit_no), A_INT(a->month)), head_row, j));
	TRY(tx_one(tx, "bill_moves", SQL_ARGS(A_TEXT(a->unit_no), A_INT(a->month), A_INT(month_add(a->month, -1))),
	           moves_row, j));
	if (a->head != NULL)
		TRY(a->head(&j->head, a->ctx));
	if (a->sum != NULL)
		TRY(tx_query(tx, "bill_sums", SQL_ARGS(A_TEXT(a->unit_no), A_INT(a->month)), sum_row, j));
	if (a->person == NULL)
		return ERR_OK;
	TRY(tx_query(tx, "bill_persons",
	             SQL_ARGS(A_TEXT(a->unit_no), A_INT(a->month), A_INT(a->limit), A_INT(a->offset)), person_row, j));
	return give_person(j);
}

enum err bill_read(const struct desk *d, const struct tables *t, const struct bill_ask *ask)
{
	struct read_job j = {.d = d, .t = t, .ask = ask};
	return store_read(d->store, read_tx, &j);
}

/* --- staff --- */

struct count_job {
	const char *unit_no;
	int64_t n;
};

static enum err count_row(const struct row *row, void *ctx)
{
	((struct count_job *)ctx)->n = row_int(row, 0);
	return ERR_OK;
}

static enum err count_tx(struct tx *tx, void *arg)
{
	struct count_job *j = arg;
	return tx_one(tx, "staff_count", SQL_ARGS(A_TEXT(j->unit_no)), count_row, j);
}

enum err staff_count(const struct desk *d, const char *unit_no, int64_t *ret_n)
{
	struct count_job j = {unit_no, 0};
	TRY(store_read(d->store, count_tx, &j));
	*ret_n = j.n;
	return ERR_OK;
}

/* --- what is closed --- */

static enum err month_row(const struct row *row, void *ctx)
{
	*(int *)ctx = (int)row_int(row, 0);
	return ERR_OK;
}

enum err bill_last_approved(struct tx *tx, const char *unit_no, int *ret_month)
{
	return tx_one(tx, "bill_last_approved", SQL_ARGS(A_TEXT(unit_no)), month_row, ret_month);
}
