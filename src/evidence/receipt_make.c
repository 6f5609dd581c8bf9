#include "evidence/receipt_make.h"
#include <stdlib.h>
#include <string.h>

/* Copies of what lies in rows: freed together. */
struct kept {
	struct log_head head; /* when it is one */
	struct buf parts[7];
	struct tree_proof proof;
};
enum { K_KIND, K_RULE, K_STATEMENT, K_SIG, K_CERT, K_OCSP, K_SALT };
struct making {
	const struct receipt_of *what;
	struct tx *tx;
	struct receipt *r;
	struct kept *heads, *acts;
	size_t n_heads, n_acts;
	size_t octets; /* of the statements kept so far */
};

static void kept_init(struct kept *k)
{
	log_head_init(&k->head);
	for (size_t i = 0; i < COUNT_OF(k->parts); i++)
		k->parts[i] = buf_make(LOG_STATEMENT_MAX);
}

static void kept_done(struct kept *k)
{
	log_head_done(&k->head);
	for (size_t i = 0; i < COUNT_OF(k->parts); i++)
		buf_done(&k->parts[i]);
}

static void making_done(struct making *m)
{
	for (size_t i = 0; m->heads != NULL && i < m->n_heads; i++)
		kept_done(&m->heads[i]);
	for (size_t i = 0; m->acts != NULL && i < m->n_acts; i++)
		kept_done(&m->acts[i]);
	free(m->heads);
	free(m->acts);
	receipt_free(m->r);
}

/* The first head that holds the leaf; the same as the act's before when that holds it too. */
static enum err head_for(struct making *m, const struct log_entry *e, uint16_t *ret_n)
{
	if (m->n_heads > 0 && m->heads[m->n_heads - 1].head.head.size > e->index) {
		*ret_n = (uint16_t)(m->n_heads - 1);
		return ERR_OK;
	}
	if (m->n_heads == RECEIPT_HEADS_MAX)
		return ERR(LIMIT, "heads of one receipt");
	struct kept *k = &m->heads[m->n_heads++];
	kept_init(k);
	enum err x = log_head_over(m->tx, e->epoch, e->index, &k->head);
	if (x == ERR_ABSENT || (x == ERR_OK && (k->head.sig.len == 0 || k->head.stamp.len == 0)))
		return ERR(RECEIPT_WAITS, "entry %llu is under no signed head", (unsigned long long)e->seq);
	TRY(x);
	*ret_n = (uint16_t)(m->n_heads - 1);
	return ERR_OK;
}

static enum err keep_parts(struct making *m, const struct log_entry *e, struct kept *k)
{
	buf_str(&k->parts[K_KIND], e->kind);
	buf_str(&k->parts[K_RULE], e->rule);
	buf_put(&k->parts[K_SIG], e->sig);
	buf_put(&k->parts[K_OCSP], e->ocsp);
	for (int i = K_KIND; i <= K_OCSP; i++)
		TRY(buf_err(&k->parts[i]));
	if (e->has_statement)
		TRY(log_statement(m->what->keys, e, &k->parts[K_STATEMENT]));
	m->octets += k->parts[K_STATEMENT].len;
	if (m->octets > RECEIPT_MAX)
		return ERR(LIMIT, "statements of one receipt");
	return e->cert_sm3.len > 0 ? log_cert(m->tx, e->cert_sm3, &k->parts[K_CERT]) : ERR_OK;
}

static enum err add_act(struct making *m, const struct log_entry *e, struct kept *k)
{
	struct receipt_act a = {.index = e->index, .seq = e->seq, .time = e->time};
	struct leaf l;

	TRY(head_for(m, e, &a.head));
	TRY(keep_parts(m, e, k));
	TRY(log_leaf_of(m->tx, e, &l));
	memcpy(a.covers, l.covers, sizeof(a.covers));
	memcpy(a.stored, l.stored, sizeof(a.stored));
	memcpy(a.salt, l.salt, sizeof(a.salt));
	TRY(log_inclusion(m->tx, e->epoch, e->index, m->heads[a.head].head.head.size, &k->proof));
	a.kind = buf_span(&k->parts[K_KIND]);
	a.rule = buf_span(&k->parts[K_RULE]);
	a.statement = buf_span(&k->parts[K_STATEMENT]);
	a.sig = buf_span(&k->parts[K_SIG]);
	a.cert = buf_span(&k->parts[K_CERT]);
	a.ocsp = buf_span(&k->parts[K_OCSP]);
	a.path = span_of(k->proof.hash, k->proof.n * TREE_HASH_LEN);
	if (a.sig.len > 0 && a.ocsp.len == 0)
		return ERR(NOT_YET, "entry %llu has no status answer", (unsigned long long)e->seq);
	return receipt_add_act(m->r, &a);
}

/* A draft is no act of the case: what counts is what was signed, and a filer may save as often as he likes. */
#define DRAFT_KIND "FILING-SAVE"

static enum err each_entry(const struct log_entry *e, void *ctx)
{
	struct making *m = ctx;

	if (strcmp(e->kind, DRAFT_KIND) == 0)
		return ERR_OK;
	if (e->pending)
		return ERR(RECEIPT_WAITS, "entry %llu is pending", (unsigned long long)e->seq);
	if (m->n_acts == RECEIPT_ACTS_MAX)
		return ERR(LIMIT, "acts of one receipt");
	struct kept *k = &m->acts[m->n_acts++];
	kept_init(k);
	return add_act(m, e, k);
}

static enum err add_heads(struct making *m)
{
	const struct head *last = &m->heads[m->n_heads - 1].head.head;

	for (size_t i = 0; i < m->n_heads; i++) {
		struct kept *k = &m->heads[i];
		TRY(log_consistency(m->tx, last->epoch, k->head.head.size, last->size, &k->proof));
		TRY(receipt_add_head(m->r, &(struct receipt_head){buf_span(&k->head.text), buf_span(&k->head.sig),
		                                                  buf_span(&k->head.stamp),
		                                                  span_of(k->proof.hash, k->proof.n * TREE_HASH_LEN)}));
	}
	return ERR_OK;
}

static enum err make_fn(struct tx *tx, void *arg)
{
	struct making *m = arg;

	m->tx = tx;
	TRY(log_entries_of(tx, m->what->subject, each_entry, m));
	if (m->n_acts == 0)
		return ERR(ABSENT, "no entry about %s", m->what->subject);
	return add_heads(m);
}

enum err receipt_make(struct store *s, const struct receipt_of *what, struct buf *out)
{
	struct making m = {.what = what,
	                   .heads = calloc(RECEIPT_HEADS_MAX, sizeof(struct kept)),
	                   .acts = calloc(RECEIPT_ACTS_MAX, sizeof(struct kept))};
	enum err e = m.heads != NULL && m.acts != NULL ? receipt_new(&m.r) : ERR(NOMEM, "receipt");

	if (e == ERR_OK)
		e = store_read(s, make_fn, &m);
	if (e == ERR_OK) {
		m.r->root = what->root;
		m.r->ca = what->ca;
		m.r->log = what->log;
		m.r->subject = span_str(what->subject);
		e = receipt_encode(m.r, out);
	}
	making_done(&m);
	return e;
}
