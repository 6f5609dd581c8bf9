/* A status answer has to be under a stamp within five minutes (docs/protocol/receipt.md, 2). When entries were placed
 * and the signer then was away for longer, the places are taken back, and the entries are ordered again with fresh
 * answers. That is done only to places of which no head speaks, neither here nor in the signer's memory: a place under
 * a head is final. */
#include "evidence/log_i.h"
#include "base/clock.h"
#include <stdlib.h>
#include <string.h>

static enum err flags_row(const struct row *row, void *ctx)
{
	*(bool *)ctx = row_int(row, 0) != 0 || row_int(row, 1) != 0;
	return ERR_OK;
}

static enum err work_fn(struct tx *tx, void *arg)
{
	return tx_one(tx, "log_work", NULL, 0, flags_row, arg);
}

enum err log_has_work(struct store *s, bool *ret_work)
{
	return store_read(s, work_fn, ret_work);
}

/* --- whether an answer is too old --- */

struct looking {
	int64_t now;
	bool old;
};

static enum err look_row(const struct row *row, void *ctx)
{
	struct looking *x = ctx;
	struct log_entry e;
	int64_t produced = 0;

	TRY(log_entry_read(row, &e));
	if (x->old || e.ocsp.len == 0)
		return ERR_OK;
	TRY(standing_produced(e.ocsp, &produced));
	x->old = produced > x->now || x->now - produced > LOG_ANSWER_OLD_SEC;
	return ERR_OK;
}

/* --- back to pending --- */

static enum err pending_marks(const struct log_entry *placed, struct span kept, struct buf *marks)
{
	struct log_value v[LOG_ENTRY_COLUMNS];
	struct log_entry e = *placed;
	const char *column = NULL;

	/* What was changed since must not get good marks by this. */
	log_entry_values(&e, v);
	TRY(log_marks_name(e.salt, v, LOG_ENTRY_COLUMNS, e.marks, &column));
	if (column != NULL)
		return ERR(LOG_DAMAGED, "log_entry %llu, column %s", (unsigned long long)e.seq, column);
	e.pending = true;
	e.epoch = e.index = 0;
	e.ocsp = kept;
	e.leaf = SPAN_EMPTY;
	log_entry_values(&e, v);
	return log_marks(e.salt, v, LOG_ENTRY_COLUMNS, marks);
}

/* One answer, which may stay with the act. */
enum { RECALL_KEPT_MAX = LOG_OCSP_MAX / 2 };
struct recalled {
	uint64_t seq;
	uint8_t marks[LOG_MARKS_MAX], kept[RECALL_KEPT_MAX];
	size_t len, kept_len;
};
struct recall {
	const struct clock *clock;
	uint64_t epoch, from;
	struct recalled *v;
	size_t n, room;
};

static enum err recall_row(const struct row *row, void *ctx)
{
	struct recall *x = ctx;
	struct log_entry e;
	struct span kept;
	AUTO_BUF(marks, LOG_MARKS_MAX);

	if (x->n == x->room) {
		size_t room = x->room == 0 ? LOG_BATCH : x->room * 2;
		struct recalled *more = reallocarray(x->v, room, sizeof(*more));
		if (more == NULL)
			return ERR(NOMEM, "%zu entries to recall", room);
		x->v = more;
		x->room = room;
	}
	TRY(log_entry_read(row, &e));
	TRY(standing_kept(e.ocsp, e.time, &kept));
	if (kept.len > RECALL_KEPT_MAX)
		kept = SPAN_EMPTY;
	TRY(pending_marks(&e, kept, &marks));
	struct recalled *r = &x->v[x->n++];
	r->kept_len = kept.len;
	if (kept.len > 0)
		memcpy(r->kept, kept.ptr, kept.len);
	r->seq = e.seq;
	r->len = marks.len;
	memcpy(r->marks, marks.ptr, marks.len);
	return ERR_OK;
}

static enum err none_row(const struct row *row, void *ctx)
{
	(void)row, (void)ctx;
	return ERR_OK;
}

static enum err is_needed(struct tx *tx, const struct recall *x, bool *ret_needed)
{
	struct looking look = {.now = clock_now(x->clock)};
	uint64_t epoch, size;

	*ret_needed = false;
	TRY(log_size(tx, &epoch, &size));
	if (epoch != x->epoch || size <= x->from)
		return ERR_OK;
	enum err e =
		tx_one(tx, "log_head_beyond", SQL_ARGS(A_INT((int64_t)epoch), A_INT((int64_t)x->from)), none_row, NULL);
	if (e != ERR_ABSENT)
		return e;
	err_clear();
	TRY(tx_query(tx, "log_placed_from", SQL_ARGS(A_INT((int64_t)epoch), A_INT((int64_t)x->from)), look_row, &look));
	*ret_needed = look.old;
	return ERR_OK;
}

/* May run again: begins anew. */
static enum err recall_tx(struct tx *tx, void *arg)
{
	struct recall *x = arg;
	bool needed;

	x->n = 0;
	TRY(is_needed(tx, x, &needed));
	if (!needed)
		return ERR_OK;
	TRY(tx_query(tx, "log_placed_from", SQL_ARGS(A_INT((int64_t)x->epoch), A_INT((int64_t)x->from)), recall_row,
	             x));
	for (size_t i = 0; i < x->n; i++) {
		const struct recalled *r = &x->v[i];
		TRY(tx_exec(tx, "log_recall",
		            SQL_ARGS(A_INT((int64_t)r->seq), A_BLOB(span_of(r->marks, r->len)),
		                     r->kept_len > 0 ? A_BLOB(span_of(r->kept, r->kept_len)) : A_NULL),
		            NULL));
	}
	return tx_exec(tx, "log_node_recall", SQL_ARGS(A_INT((int64_t)x->epoch), A_INT((int64_t)x->from)), NULL);
}

static enum err needed_fn(struct tx *tx, void *arg)
{
	struct recall *x = arg;
	bool needed;

	TRY(is_needed(tx, x, &needed));
	x->n = needed;
	return ERR_OK;
}

enum err log_recall(struct store *s, const struct clock *clock, uint64_t epoch, uint64_t from)
{
	struct recall x = {.clock = clock, .epoch = epoch, .from = from};

	/* Seldom needed: the writer is not taken for the question. */
	TRY(store_read(s, needed_fn, &x));
	if (x.n == 0)
		return ERR_OK;
	enum err e = store_write(s, recall_tx, &x);
	free(x.v);
	return e;
}
