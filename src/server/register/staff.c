#include "server/register/staff.h"
#include <string.h>

/* --- persons --- */

struct detail_job {
	const struct desk *d;
	const char *person_no;
	struct buf *out;
};

static enum err detail_row(const struct row *row, void *ctx)
{
	const struct detail_job *j = ctx;
	return field_open(j->d->keys, "person_detail.detail", span_str(j->person_no), row_blob(row, 0), j->out);
}

static enum err detail_tx(struct tx *tx, void *arg)
{
	const struct detail_job *j = arg;
	return tx_one(tx, "person_detail_now", SQL_ARGS(A_TEXT(j->person_no)), detail_row, arg);
}

enum err person_detail_get(const struct desk *d, const char *person_no, struct buf *ret_json)
{
	struct detail_job j = {d, person_no, ret_json};
	return store_read(d->store, detail_tx, &j);
}

/* --- staff --- */

struct staff_job {
	const struct desk *d;
	const char *unit_no, *after;
	int limit;
	staff_fn *fn;
	void *ctx;
};

static enum err staff_row_read(const struct row *row, void *ctx)
{
	const struct staff_job *j = ctx;
	char id[ID_NUMBER_LEN + 1];
	AUTO_BUF(plain, 64);
	TRY(field_open(j->d->keys, PERSON_ID_COLUMN, span_str(row_text(row, 0)), row_blob(row, 2), &plain));
	ident_mask_id(buf_cstr(&plain), id);
	const struct staff_row r = {row_text(row, 0),     row_text(row, 1),    id,
	                            row_text(row, 4),     row_int(row, 3),     row_text(row, 5),
	                            (int)row_int(row, 6), (int)row_int(row, 7)};
	return j->fn(&r, j->ctx);
}

static enum err staff_tx(struct tx *tx, void *arg)
{
	struct staff_job *j = arg;
	return tx_query(tx, "roster_at", SQL_ARGS(A_TEXT(j->unit_no), A_TEXT(j->after), A_INT(j->limit)),
	                staff_row_read, j);
}

enum err staff_list(const struct desk *d, const char *unit_no, const char *after, int limit, staff_fn *fn, void *ctx)
{
	struct staff_job j = {d, unit_no, after, limit, fn, ctx};
	return store_read(d->store, staff_tx, &j);
}

/* --- search --- */

struct find_job {
	struct staff_job j;
	const char *typed;
	struct buf like;
};

/* Marks of a pattern in what was typed mean themselves. */
static void put_like(const char *typed, struct buf *out)
{
	buf_u8(out, '%');
	for (const char *c = typed; *c != '\0'; c++) {
		if (*c == '%' || *c == '_' || *c == '~')
			buf_u8(out, '~');
		buf_u8(out, (uint8_t)*c);
	}
	buf_u8(out, '%');
}

static enum err found_row(const struct row *row, void *ctx)
{
	const struct find_job *w = ctx;
	char id[ID_NUMBER_LEN + 1];
	AUTO_BUF(plain, 64);
	TRY(field_open(w->j.d->keys, PERSON_ID_COLUMN, span_str(row_text(row, 0)), row_blob(row, 2), &plain));
	ident_mask_id(buf_cstr(&plain), id);
	const struct staff_row r = {
		.person_no = row_text(row, 0), .name = row_text(row, 1), .id_masked = id, .post = "", .ins = ""};
	return w->j.fn(&r, w->j.ctx);
}

static enum err find_tx(struct tx *tx, void *arg)
{
	struct find_job *w = arg;
	return tx_query(tx, "staff_find",
	                SQL_ARGS(A_TEXT(w->j.unit_no), A_TEXT(w->typed), A_TEXT(buf_cstr(&w->like)), A_INT(w->j.limit)),
	                found_row, w);
}

enum err staff_find(const struct desk *d, const char *unit_no, const char *typed, int limit, staff_fn *fn, void *ctx)
{
	struct find_job w = {{d, unit_no, "", limit, fn, ctx}, typed, buf_make(4 * NAME_MAX_BYTES)};
	put_like(typed, &w.like);
	enum err e = buf_err(&w.like);
	if (e == ERR_OK)
		e = store_read(d->store, find_tx, &w);
	buf_done(&w.like);
	return e;
}

struct name_job {
	const char *unit_no, *person_no;
	struct buf *out;
};

static enum err name_row(const struct row *row, void *ctx)
{
	struct name_job *w = ctx;
	buf_str(w->out, row_text(row, 0));
	return buf_err(w->out);
}

static enum err name_tx(struct tx *tx, void *arg)
{
	struct name_job *w = arg;
	return tx_one(tx, "staff_name", SQL_ARGS(A_TEXT(w->unit_no), A_TEXT(w->person_no)), name_row, w);
}

enum err staff_name(const struct desk *d, const char *unit_no, const char *person_no, struct buf *out)
{
	struct name_job w = {unit_no, person_no, out};
	return store_read(d->store, name_tx, &w);
}
