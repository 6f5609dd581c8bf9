/* Statements that were put before somebody to sign: whom, and when. */
#include "server/filing/filing_i.h"
#include <stdio.h>
#include <string.h>

struct shown {
	const char *sm3, *person;
	int64_t now;
};

static enum err put_tx(struct tx *tx, void *arg)
{
	const struct shown *w = arg;
	TRY(tx_exec(tx, "filing_shown_end_old", SQL_ARGS(A_INT(w->now - FILING_TEXT_VALID_SEC)), NULL));
	return tx_exec(tx, "filing_shown_put", SQL_ARGS(A_TEXT(w->sm3), A_TEXT(w->person), A_INT(w->now)), NULL);
}

enum err filing_shown_put(const struct filing_desk *d, const char *sm3, const struct filing_who *by, int64_t now)
{
	struct shown w = {sm3, by->person_id, now};
	return store_write(d->desk->store, put_tx, &w);
}

struct shown_row {
	const char *sm3;
	char person[32];
	int64_t time;
	bool known; /* signed and stored already */
};

static enum err shown_read(const struct row *row, void *ctx)
{
	struct shown_row *w = ctx;
	(void)snprintf(w->person, sizeof(w->person), "%s", row_text(row, 0));
	w->time = row_int(row, 1);
	return ERR_OK;
}

static enum err known_read(const struct row *row, void *ctx)
{
	struct shown_row *w = ctx;
	(void)snprintf(w->person, sizeof(w->person), "%s", row_text(row, 3));
	w->known = true;
	return ERR_OK;
}

static enum err shown_tx(struct tx *tx, void *arg)
{
	struct shown_row *w = arg;
	TRY(tx_query(tx, "filing_statement_get", SQL_ARGS(A_TEXT(w->sm3)), known_read, w));
	return w->known ? ERR_OK : tx_query(tx, "filing_shown_get", SQL_ARGS(A_TEXT(w->sm3)), shown_read, w);
}

enum err filing_shown_check(const struct filing_desk *d, const char *sm3, const struct filing_who *by)
{
	struct shown_row w = {.sm3 = sm3};
	TRY(store_read(d->desk->store, shown_tx, &w));
	if (strcmp(w.person, by->person_id) != 0)
		return ERR(CONFLICT, "statement was not shown to this person");
	int64_t age = clock_now(d->desk->clock) - w.time;
	return w.known || (age >= 0 && age <= FILING_TEXT_VALID_SEC) ? ERR_OK
	                                                             : ERR(CONFLICT, "shown statement is too old");
}
