/* Rows of log_head. */
#include "evidence/log_i.h"
#include <string.h>

const struct log_column log_head_columns[] = {
	{"epoch", SQL_INT}, {"size", SQL_INT}, {"root", SQL_BLOB},  {"time", SQL_INT},
	{"text", SQL_BLOB}, {"sig", SQL_BLOB}, {"stamp", SQL_BLOB}, {NULL},
};

void log_head_init(struct log_head *h)
{
	*h = (struct log_head){.text = buf_make(HEAD_TEXT_MAX),
	                       .sig = buf_make(HEAD_SIG_LEN),
	                       .stamp = buf_make(LOG_STAMP_MAX)};
}

void log_head_done(struct log_head *h)
{
	buf_done(&h->text);
	buf_done(&h->sig);
	buf_done(&h->stamp);
}

/* The text is what was signed; the columns beside it must say the same. */
enum err log_head_read(const struct row *row, struct log_head *h)
{
	struct span root = row_blob(row, 2);

	buf_clear(&h->text);
	buf_clear(&h->sig);
	buf_clear(&h->stamp);
	buf_put(&h->text, row_blob(row, 4));
	buf_put(&h->sig, row_blob(row, 5));
	buf_put(&h->stamp, row_blob(row, 6));
	TRY(buf_err(&h->text));
	TRY(buf_err(&h->sig));
	TRY(buf_err(&h->stamp));
	if (head_parse(buf_span(&h->text), &h->head) != ERR_OK)
		return err_note(ERR_LOG_DAMAGED, "log_head %lld, column text", (long long)row_int(row, 1));
	if (h->head.epoch != (uint64_t)row_int(row, 0) || h->head.size != (uint64_t)row_int(row, 1) ||
	    h->head.time != row_int(row, 3) || !span_eq(root, SPAN_ARR(h->head.root)))
		return ERR(LOG_DAMAGED, "log_head %lld: text and columns disagree", (long long)row_int(row, 1));
	return ERR_OK;
}

static enum err head_row(const struct row *row, void *ctx)
{
	return log_head_read(row, ctx);
}

enum err log_head_last(struct tx *tx, struct log_head *h)
{
	return tx_one(tx, "log_head_last", NULL, 0, head_row, h);
}

enum err log_head_last_signed(struct tx *tx, struct log_head *h)
{
	return tx_one(tx, "log_head_last_signed", NULL, 0, head_row, h);
}

enum err log_head_over(struct tx *tx, uint64_t epoch, uint64_t size, struct log_head *h)
{
	return tx_one(tx, "log_head_over", SQL_ARGS(A_INT((int64_t)epoch), A_INT((int64_t)size)), head_row, h);
}
