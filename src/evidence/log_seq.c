/* The sequencer's one step: status answers, places in the tree, nodes, head. Everything is made outside of the transaction;
 * in it an entry is placed only while it is still pending, and a node only where none stands: a second sequencer loses. */
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
enum { NODES_MAX = 2 * LOG_BATCH + TREE_LEVELS };
struct batch {
	const struct log_service *service;
	uint64_t epoch;
	struct tree_front front;
	struct placed *entry;
	size_t n;
	struct node *node;
	size_t nodes;
	enum err stop;  /* why fewer were taken than there are */
	struct tx *tx;  /* while reading */
};

static void batch_free(struct batch *b)
{
	if (!b)
		return;
	for (size_t i = 0; b->entry && i < b->n; i++) {
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

	if (!b)
		return ERR(NOMEM, "log batch");
	b->service = v;
	b->entry = calloc(LOG_BATCH, sizeof(*b->entry));
	b->node = calloc(NODES_MAX, sizeof(*b->node));
	if (!b->entry || !b->node)
		return ERR(NOMEM, "log batch");
	*ret_b = STEAL(b);
	return ERR_OK;
}

/* --- pending entries --- */

struct waiting {
	struct buf cert;
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

	*w = (struct waiting){buf_make(CERT_DER_MAX), e->seq};
	q->n++;
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

/* Status answers come from another process: asked for while no transaction is open. The first that fails ends the batch. */
static enum err ask_status(struct batch *b, const struct queue *q)
{
	for (size_t i = 0; i < q->n; i++) {
		struct placed *p = &b->entry[i];
		*p = (struct placed){.seq = q->v[i].seq, .ocsp = buf_make(LOG_OCSP_MAX), .marks = buf_make(LOG_MARKS_MAX)};
		b->n++;
		if (!b->service->status || q->v[i].cert.len == 0)
			continue;
		enum err e = b->service->status(b->service->ctx, buf_span(&q->v[i].cert), &p->ocsp);
		if (e == ERR_OK)
			e = buf_err(&p->ocsp);
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

	if (!q.v)
		return ERR(NOMEM, "log batch");
	enum err e = store_read(s, queue_read, &q);
	if (e == ERR_OK)
		e = ask_status(b, &q);
	for (size_t i = 0; i < q.n; i++)
		buf_done(&q.v[i].cert);
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
	memcpy(n->hash, hash, sizeof n->hash);
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
	return column ? ERR(LOG_DAMAGED, "log_entry %llu, column %s", (unsigned long long)e->seq, column) : ERR_OK;
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
	enum err e = tx_one(s->tx, "log_node_get", SQL_ARGS(A_INT((int64_t)s->epoch), A_INT(level), A_INT((int64_t)index)), node_row,
			    ret_hash);

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
			    SQL_ARGS(A_INT((int64_t)b->epoch), A_INT(b->node[i].level), A_INT((int64_t)b->node[i].index),
				     A_BLOB(SPAN_ARR(b->node[i].hash))),
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

/* --- the head --- */

struct heading {
	struct log_head h;
	uint64_t from, last;
	bool grown;
	struct tree_proof proof;
};

static enum err heading_read(struct tx *tx, void *arg)
{
	struct heading *x = arg;
	struct log_head last;
	struct head *h = &x->h.head;

	log_head_init(&last);
	enum err e = log_head_last(tx, &last);
	uint64_t size = 0;
	if (e == ERR_OK)
		size = last.head.size;
	if (e == ERR_OK && last.sig.len == 0)
		e = log_head_last_signed(tx, &last);
	if (e == ERR_OK)
		x->from = last.head.size;
	log_head_done(&last);
	if (e == ERR_ABSENT)
		err_clear();
	else
		TRY(e);
	TRY(log_size(tx, &h->epoch, &h->size));
	x->grown = h->size > size;
	if (!x->grown)
		return ERR_OK;
	TRY(log_root(tx, h->epoch, h->size, h->root));
	return log_consistency(tx, h->epoch, x->from, h->size, &x->proof);
}

static void head_values(const struct log_head *h, struct log_value ret_v[LOG_HEAD_COLUMNS])
{
	const struct log_value v[LOG_HEAD_COLUMNS] = {
		{"epoch", SQL_INT, (int64_t)h->head.epoch, SPAN_EMPTY}, {"size", SQL_INT, (int64_t)h->head.size, SPAN_EMPTY},
		{"root", SQL_BLOB, 0, SPAN_ARR(h->head.root)}, {"time", SQL_INT, h->head.time, SPAN_EMPTY},
		{"text", SQL_BLOB, 0, buf_span(&h->text)}, {"sig", h->sig.len > 0 ? SQL_BLOB : SQL_NULL, 0, buf_span(&h->sig)},
		{"stamp", h->stamp.len > 0 ? SQL_BLOB : SQL_NULL, 0, buf_span(&h->stamp)},
	};
	memcpy(ret_v, v, sizeof v);
}

struct head_write {
	const struct log_head *h;
	struct span marks;
};

static enum err head_tx(struct tx *tx, void *arg)
{
	const struct head_write *w = arg;
	const struct log_head *h = w->h;

	return tx_exec(tx, "log_head_put",
		       SQL_ARGS(A_INT((int64_t)h->head.epoch), A_INT((int64_t)h->head.size), A_BLOB(SPAN_ARR(h->head.root)),
				A_INT(h->head.time), A_BLOB(buf_span(&h->text)), h->sig.len > 0 ? A_BLOB(buf_span(&h->sig)) : A_NULL,
				h->stamp.len > 0 ? A_BLOB(buf_span(&h->stamp)) : A_NULL, A_BLOB(w->marks)),
		       NULL);
}

/* The signer's answer must be about this tree. */
static enum err signed_head_fits(const struct log_head *h)
{
	struct head got;

	TRY(head_parse(buf_span(&h->text), &got));
	if (got.epoch != h->head.epoch || got.size != h->head.size || strcmp(got.bureau, h->head.bureau) != 0 ||
	    !span_eq(SPAN_ARR(got.root), SPAN_ARR(h->head.root)))
		return ERR(INTERNAL, "another head was signed than asked for");
	return ERR_OK;
}

static enum err sign_head(const struct log_service *v, struct heading *x)
{
	struct log_head *h = &x->h;
	struct head got;

	if (v->sign) {
		TRY(v->sign(v->ctx, h, x->from, &x->proof));
		TRY(signed_head_fits(h));
	} else {
		h->head.time = clock_now(v->clock);
		TRY(head_build(&h->head, &h->text));
	}
	TRY(head_parse(buf_span(&h->text), &got));
	h->head.time = got.time;
	return ERR_OK;
}

static enum err make_head(struct store *s, const struct log_service *v, struct heading *x, bool *ret_made)
{
	struct log_value values[LOG_HEAD_COLUMNS];
	AUTO_BUF(marks, LOG_MARKS_MAX);

	memcpy(x->h.head.bureau, v->bureau, 64);
	TRY(store_read(s, heading_read, x));
	if (!x->grown)
		return ERR_OK;
	TRY(sign_head(v, x));
	head_values(&x->h, values);
	TRY(log_marks(LOG_HEAD_SALT, values, LOG_HEAD_COLUMNS, &marks));
	TRY(store_write(s, head_tx, &(struct head_write){&x->h, buf_span(&marks)}));
	*ret_made = true;
	return ERR_OK;
}

enum err log_sequence(struct store *s, const struct log_service *v, struct log_done *ret_d)
{
	struct heading x = {.from = 0};
	enum err stop = ERR_OK, e;
	uint64_t n = 0;

	*ret_d = (struct log_done){0};
	INVARIANT(strlen(v->bureau) == 64);
	do {
		e = order(s, v, &n, &stop);
		ret_d->entries += e == ERR_OK ? n : 0;
	} while (e == ERR_OK && stop == ERR_OK && n == LOG_BATCH);
	TRY(e);
	/* What was ordered gets its head even when a later entry waits. */
	log_head_init(&x.h);
	e = make_head(s, v, &x, &ret_d->head);
	log_head_done(&x.h);
	TRY(e);
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
