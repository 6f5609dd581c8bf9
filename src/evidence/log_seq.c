/* The sequencer's one step: status answers, places in the tree, nodes, head. Everything is made outside of the
 * transaction; in it an entry is placed only while it is still pending, and a node only where none stands: a second
 * sequencer loses. */
#include "evidence/log_i.h"
#include "base/clock.h"
#include "gm/sm3.h"
#include <stdlib.h>
#include <string.h>

/* --- what is placed --- */

struct placed {
	uint64_t seq, index;
	struct buf ocsp, marks;
	uint8_t leaf[32];
};
struct node {
	unsigned level;
	uint64_t index;
	uint8_t hash[32];
};
enum { NODES_MAX = 2 * LOG_BATCH + TREE_LEVELS, HEAD_WITHIN_SEC = 60 };
struct batch {
	const struct log_service *service;
	uint64_t epoch;
	struct tree_front front;
	struct placed *entry;
	size_t n;
	struct node *node;
	size_t nodes;
	enum err stop; /* why fewer were taken than there are */
	struct tx *tx; /* while reading */
};

static void batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; b->entry != NULL && i < b->n; i++) {
		buf_done(&b->entry[i].ocsp);
		buf_done(&b->entry[i].marks);
	}
	free(b->entry);
	free(b->node);
	free(b);
}
DEFINE_AUTO(batch)

static enum err batch_new(const struct log_service *v, struct batch **ret_b)
{
	AUTO(batch) b = calloc(1, sizeof(*b));

	if (b == NULL)
		return ERR(NOMEM, "log batch");
	b->service = v;
	b->entry = calloc(LOG_BATCH, sizeof(*b->entry));
	b->node = calloc(NODES_MAX, sizeof(*b->node));
	if (b->entry == NULL || b->node == NULL)
		return ERR(NOMEM, "log batch");
	*ret_b = STEAL(b);
	return ERR_OK;
}

/* --- pending entries --- */

struct waiting {
	struct buf cert, came; /* came: the status answer that came with the act, or empty */
	uint64_t seq;
};
struct queue {
	struct waiting *v;
	size_t n;
	struct tx *tx;
};

static enum err queue_entry(const struct log_entry *e, void *ctx)
{
	struct queue *q = ctx;
	struct waiting *w = &q->v[q->n];

	*w = (struct waiting){buf_make(CERT_DER_MAX), buf_make(LOG_OCSP_MAX), e->seq};
	q->n++;
	buf_put(&w->came, e->ocsp);
	TRY(buf_err(&w->came));
	return e->cert_sm3.len > 0 ? log_cert(q->tx, e->cert_sm3, &w->cert) : ERR_OK;
}

static enum err queue_row(const struct row *row, void *ctx)
{
	struct log_entry e;

	TRY(log_entry_read(row, &e));
	return queue_entry(&e, ctx);
}

static enum err queue_read(struct tx *tx, void *arg)
{
	struct queue *q = arg;

	q->tx = tx;
	return tx_query(tx, "log_pending", SQL_ARGS(A_INT(0), A_INT(LOG_BATCH)), queue_row, q);
}

/* What came with the act serves as long as it will be young enough under the stamp; after that a second answer goes
 * beside it, and the first still says how it was when the act arrived. */
static enum err status_of(const struct batch *b, const struct waiting *w, struct placed *p)
{
	const struct log_service *v = b->service;
	int64_t produced = 0, now = clock_now(v->clock);

	buf_put(&p->ocsp, buf_span(&w->came));
	if (w->cert.len == 0 || v->status == NULL)
		return buf_err(&p->ocsp);
	if (w->came.len > 0)
		TRY(standing_produced(buf_span(&w->came), &produced));
	if (w->came.len == 0 || produced > now || now - produced > LOG_ANSWER_OLD_SEC)
		TRY(v->status(v->ctx, buf_span(&w->cert), &p->ocsp));
	return buf_err(&p->ocsp);
}

/* Status answers come from another process: asked for while no transaction is open. The first that fails ends the
 * batch, and so does the minute after which a head is due: from a slow signer the first answer would be too old before
 * the last one is there. */
static enum err ask_status(struct batch *b, const struct queue *q)
{
	int64_t began = clock_now(b->service->clock);

	for (size_t i = 0; i < q->n && clock_now(b->service->clock) - began <= HEAD_WITHIN_SEC; i++) {
		struct placed *p = &b->entry[i];
		*p = (struct placed){.seq = q->v[i].seq,
		                     .ocsp = buf_make(LOG_OCSP_MAX),
		                     .marks = buf_make(LOG_MARKS_MAX)};
		b->n++;
		enum err e = status_of(b, &q->v[i], p);
		if (e != ERR_OK) {
			b->n--;
			buf_done(&p->ocsp);
			b->stop = e;
			break;
		}
	}
	return ERR_OK;
}

static enum err gather(struct store *s, struct batch *b)
{
	struct queue q = {.v = calloc(LOG_BATCH, sizeof(struct waiting))};

	if (q.v == NULL)
		return ERR(NOMEM, "log batch");
	enum err e = store_read(s, queue_read, &q);
	if (e == ERR_OK)
		e = ask_status(b, &q);
	for (size_t i = 0; i < q.n; i++) {
		buf_done(&q.v[i].cert);
		buf_done(&q.v[i].came);
	}
	free(q.v);
	return e;
}

/* --- leaves and nodes --- */

static enum err take_node(void *ctx, unsigned level, uint64_t index, const uint8_t hash[32])
{
	struct batch *b = ctx;
	struct node *n = &b->node[b->nodes];

	INVARIANT(b->nodes < NODES_MAX);
	n->level = level;
	n->index = index;
	memcpy(n->hash, hash, sizeof(n->hash));
	b->nodes++;
	return ERR_OK;
}

/* What was acknowledged must be what is ordered. */
static enum err unchanged(const struct log_entry *e)
{
	struct log_value v[LOG_ENTRY_COLUMNS];
	const char *column = NULL;

	log_entry_values(e, v);
	TRY(log_marks_name(e->salt, v, LOG_ENTRY_COLUMNS, e->marks, &column));
	return column != NULL ? ERR(LOG_DAMAGED, "log_entry %llu, column %s", (unsigned long long)e->seq, column)
	                      : ERR_OK;
}

struct placing {
	struct batch *b;
	struct placed *p;
};

static enum err place(const struct log_entry *pending, void *ctx)
{
	struct placing *x = ctx;
	struct batch *b = x->b;
	struct leaf l;
	struct log_value v[LOG_ENTRY_COLUMNS];
	struct log_entry e = *pending;

	TRY(unchanged(pending));
	if (!pending->pending)
		return ERR(EXISTS, "log entry is placed already");
	e.pending = false;
	e.epoch = b->epoch;
	e.index = x->p->index = b->front.size;
	e.ocsp = buf_span(&x->p->ocsp);
	TRY(log_leaf_of(b->tx, &e, &l));
	TRY(leaf_hash(&l, x->p->leaf));
	e.leaf = SPAN_ARR(x->p->leaf);
	log_entry_values(&e, v);
	TRY(log_marks(e.salt, v, LOG_ENTRY_COLUMNS, &x->p->marks));
	return tree_append(&b->front, x->p->leaf, take_node, b);
}

static enum err node_row(const struct row *row, void *ctx)
{
	struct span s = row_blob(row, 0);

	if (s.len != TREE_HASH_LEN)
		return ERR(LOG_DAMAGED, "log_node: hash of %zu octets", s.len);
	memcpy(ctx, s.ptr, TREE_HASH_LEN);
	return ERR_OK;
}

struct stored {
	struct tx *tx;
	uint64_t epoch;
};

static enum err stored_node(void *ctx, unsigned level, uint64_t index, uint8_t ret_hash[32])
{
	const struct stored *s = ctx;
	enum err e =
		tx_one(s->tx, "log_node_get", SQL_ARGS(A_INT((int64_t)s->epoch), A_INT(level), A_INT((int64_t)index)),
	               node_row, ret_hash);

	if (e == ERR_ABSENT)
		return ERR(LOG_DAMAGED, "log_node %u/%llu is missing", level, (unsigned long long)index);
	return e;
}

static enum err build_read(struct tx *tx, void *arg)
{
	struct batch *b = arg;
	struct stored at = {tx, 0};
	uint64_t size;

	b->tx = tx;
	TRY(log_size(tx, &b->epoch, &size));
	at.epoch = b->epoch;
	TRY(tree_front_load(&(struct tree_source){stored_node, &at}, size, &b->front));
	for (size_t i = 0; i < b->n; i++)
		TRY(log_entry_get(tx, b->entry[i].seq, place, &(struct placing){b, &b->entry[i]}));
	return ERR_OK;
}

/* --- into the database --- */

static enum err place_tx(struct tx *tx, const struct batch *b, const struct placed *p)
{
	int64_t changed = 0;

	TRY(tx_exec(tx, "log_sequence",
	            SQL_ARGS(A_INT((int64_t)p->seq), A_INT((int64_t)b->epoch), A_INT((int64_t)p->index),
	                     p->ocsp.len > 0 ? A_BLOB(buf_span(&p->ocsp)) : A_NULL, A_BLOB(SPAN_ARR(p->leaf)),
	                     A_BLOB(buf_span(&p->marks))),
	            &changed));
	return changed == 1 ? ERR_OK : ERR(EXISTS, "log entry is placed already");
}

static enum err batch_tx(struct tx *tx, void *arg)
{
	const struct batch *b = arg;

	for (size_t i = 0; i < b->n; i++)
		TRY(place_tx(tx, b, &b->entry[i]));
	for (size_t i = 0; i < b->nodes; i++)
		TRY(tx_exec(tx, "log_node_put",
		            SQL_ARGS(A_INT((int64_t)b->epoch), A_INT(b->node[i].level),
		                     A_INT((int64_t)b->node[i].index), A_BLOB(SPAN_ARR(b->node[i].hash))),
		            NULL));
	return ERR_OK;
}

static enum err order(struct store *s, const struct log_service *v, uint64_t *ret_n, enum err *ret_stop)
{
	AUTO(batch) b = NULL;

	TRY(batch_new(v, &b));
	TRY(gather(s, b));
	*ret_stop = b->stop;
	*ret_n = 0;
	if (b->n == 0)
		return ERR_OK;
	TRY(store_read(s, build_read, b));
	TRY(store_write(s, batch_tx, b));
	*ret_n = b->n;
	return ERR_OK;
}

/* --- in turns --- */

/* A status answer must not wait for its stamp until a long queue is done. The signer may refuse a head for what is
 * still in the queue (the journal's newest records): then the next batch is tried with it. */
static enum err head_between(struct store *s, const struct log_service *v, int64_t *began, struct log_done *d)
{
	if (clock_now(v->clock) - *began <= HEAD_WITHIN_SEC)
		return ERR_OK;
	enum err e = log_head_make(s, v, &d->head);
	if (e == ERR_STALE) {
		err_clear();
		return ERR_OK;
	}
	*began = clock_now(v->clock);
	return e;
}

static enum err order_all(struct store *s, const struct log_service *v, enum err *ret_stop, struct log_done *d)
{
	int64_t began = clock_now(v->clock);
	uint64_t n = 0;

	for (;;) {
		TRY(order(s, v, &n, ret_stop));
		d->entries += n;
		if (*ret_stop != ERR_OK || n < LOG_BATCH)
			return ERR_OK;
		TRY(head_between(s, v, &began, d));
	}
}

static enum err get_ready(struct store *s, const struct log_service *v)
{
	uint64_t epoch = 0, size = 0;
	bool work = false;

	if (v->ready == NULL)
		return ERR_OK;
	TRY(log_has_work(s, &work));
	if (!work)
		return ERR_OK;
	TRY(v->ready(v->ctx, &epoch, &size));
	return log_recall(s, v->clock, epoch, size);
}

enum err log_sequence(struct store *s, const struct log_service *v, struct log_done *ret_d)
{
	enum err stop = ERR_OK;

	*ret_d = (struct log_done){0};
	INVARIANT(strlen(v->bureau) == 64);
	TRY(get_ready(s, v));
	TRY(order_all(s, v, &stop, ret_d));
	/* What was ordered gets its head even when a later entry waits. */
	TRY(log_head_make(s, v, &ret_d->head));
	return stop == ERR_OK ? ERR_OK : err_note(stop, "status of a certificate; its act stays pending");
}

/* --- reading the tree --- */

struct epoch_size {
	int64_t epoch, size;
};

static enum err int_row(const struct row *row, void *ctx)
{
	*(int64_t *)ctx = row_int(row, 0);
	return ERR_OK;
}

enum err log_size(struct tx *tx, uint64_t *ret_epoch, uint64_t *ret_size)
{
	struct epoch_size x = {0};

	TRY(tx_one(tx, "log_epoch", NULL, 0, int_row, &x.epoch));
	TRY(tx_one(tx, "log_size", SQL_ARGS(A_INT(x.epoch)), int_row, &x.size));
	if (x.epoch < 1 || x.size < 0 || x.size > HEAD_SIZE_MAX)
		return ERR(LOG_DAMAGED, "log_node: numbers");
	*ret_epoch = (uint64_t)x.epoch;
	*ret_size = (uint64_t)x.size;
	return ERR_OK;
}

enum err log_root(struct tx *tx, uint64_t epoch, uint64_t size, uint8_t ret_root[32])
{
	struct stored at = {tx, epoch};

	return tree_root_at(&(struct tree_source){stored_node, &at}, size, ret_root);
}

enum err log_leaf_hash(struct tx *tx, uint64_t epoch, uint64_t index, uint8_t ret_hash[32])
{
	struct stored at = {tx, epoch};

	return stored_node(&at, 0, index, ret_hash);
}

enum err log_inclusion(struct tx *tx, uint64_t epoch, uint64_t index, uint64_t size, struct tree_proof *ret_p)
{
	struct stored at = {tx, epoch};

	return tree_inclusion(&(struct tree_source){stored_node, &at}, index, size, ret_p);
}

enum err log_consistency(struct tx *tx, uint64_t epoch, uint64_t from, uint64_t to, struct tree_proof *ret_p)
{
	struct stored at = {tx, epoch};

	return tree_consistency(&(struct tree_source){stored_node, &at}, from, to, ret_p);
}
