/* The head over what is placed: asked of the signer, compared with what was asked, written. */
#include "evidence/log_i.h"
#include "base/clock.h"
#include <string.h>

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
		{"epoch", SQL_INT, (int64_t)h->head.epoch, SPAN_EMPTY},
		{"size", SQL_INT, (int64_t)h->head.size, SPAN_EMPTY},
		{"root", SQL_BLOB, 0, SPAN_ARR(h->head.root)},
		{"time", SQL_INT, h->head.time, SPAN_EMPTY},
		{"text", SQL_BLOB, 0, buf_span(&h->text)},
		{"sig", h->sig.len > 0 ? SQL_BLOB : SQL_NULL, 0, buf_span(&h->sig)},
		{"stamp", h->stamp.len > 0 ? SQL_BLOB : SQL_NULL, 0, buf_span(&h->stamp)},
	};
	memcpy(ret_v, v, sizeof(v));
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
	               SQL_ARGS(A_INT((int64_t)h->head.epoch), A_INT((int64_t)h->head.size),
	                        A_BLOB(SPAN_ARR(h->head.root)), A_INT(h->head.time), A_BLOB(buf_span(&h->text)),
	                        h->sig.len > 0 ? A_BLOB(buf_span(&h->sig)) : A_NULL,
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

	if (v->sign != NULL) {
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

enum err log_head_make(struct store *s, const struct log_service *v, bool *ret_made)
{
	struct heading x = {.from = 0};

	log_head_init(&x.h);
	enum err e = make_head(s, v, &x, ret_made);
	log_head_done(&x.h);
	return e;
}
