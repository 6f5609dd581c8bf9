/* Rows of other tables under the log: what a transaction left in them, by digest, with a mark for each column. */
#include "evidence/log_i.h"
#include "gm/sm3.h"
#include "store/many.h"
#include <stdio.h>
#include <string.h>

/* --- marks and digest --- */

enum { HEADER_MAX = 1 + 8 };

/* Kind and number, or kind and length: with the octets behind it no two rows have one encoding. */
static struct span value_header(const struct log_value *v, uint8_t ret_bytes[HEADER_MAX])
{
	uint64_t number = v->kind == SQL_INT ? (uint64_t)v->i : v->s.len;

	ret_bytes[0] = (uint8_t)v->kind;
	for (int i = 0; i < 8; i++)
		ret_bytes[1 + i] = (uint8_t)(number >> (56 - 8 * i));
	return span_of(ret_bytes, HEADER_MAX);
}

static enum err mark_of(struct span salt, const struct log_value *v, uint8_t ret_mark[LOG_MARK_LEN])
{
	uint8_t digest[SM3_LEN], header[HEADER_MAX];

	TRY(sm3_digest_n((const struct span[]){salt, span_of(v->name, strlen(v->name) + 1), value_header(v, header),
	                                       v->s},
	                 4, digest));
	memcpy(ret_mark, digest, LOG_MARK_LEN);
	return ERR_OK;
}

enum err log_marks(struct span salt, const struct log_value *v, size_t n, struct buf *out)
{
	uint8_t mark[LOG_MARK_LEN];

	for (size_t i = 0; i < n; i++) {
		TRY(mark_of(salt, &v[i], mark));
		buf_put(out, SPAN_ARR(mark));
	}
	return buf_err(out);
}

enum err log_marks_wrong(struct span salt, const struct log_value *v, size_t n, struct span marks, uint32_t *ret_wrong)
{
	uint8_t mark[LOG_MARK_LEN];
	uint32_t wrong = 0;

	for (size_t i = 0; i < n; i++) {
		TRY(mark_of(salt, &v[i], mark));
		if (!span_eq(span_sub(marks, i * LOG_MARK_LEN, LOG_MARK_LEN), SPAN_ARR(mark)))
			wrong |= UINT32_C(1) << i;
	}
	*ret_wrong = wrong;
	return ERR_OK;
}

enum err log_marks_name(struct span salt, const struct log_value *v, size_t n, struct span marks,
                        const char **ret_column)
{
	uint32_t wrong;
	size_t first = 0;

	TRY(log_marks_wrong(salt, v, n, marks, &wrong));
	while (first < n && !(wrong >> first & 1))
		first++;
	/* With another salt, or other marks, every column would seem changed. */
	bool all = marks.len != n * LOG_MARK_LEN || (size_t)__builtin_popcount(wrong) == n;
	*ret_column = all ? "marks" : first < n ? v[first].name : NULL;
	return ERR_OK;
}

enum err log_row_sm3(const char *table, const struct log_value *v, size_t n, uint8_t ret_digest[32])
{
	AUTO(sm3) h = NULL;
	uint8_t header[HEADER_MAX];

	TRY(sm3_new(&h));
	TRY(sm3_update(h, span_of(table, strlen(table) + 1)));
	for (size_t i = 0; i < n; i++) {
		TRY(sm3_update(h, value_header(&v[i], header)));
		TRY(sm3_update(h, v[i].s));
	}
	return sm3_final(h, ret_digest);
}

/* --- writing --- */

const struct log_column log_cover_columns[] = {
	{"seq", SQL_INT},    {"n", SQL_INT}, {"tbl", SQL_TEXT}, {"key", SQL_TEXT}, {"row_sm3", SQL_BLOB},
	{"marks", SQL_BLOB}, {NULL},
};

/* What a row of log_cover says, kept until it is written with others. */
struct covered {
	char key[LOG_KEY_MAX];
	uint8_t digest[SM3_LEN], own[LOG_COVER_COLUMNS * LOG_MARK_LEN];
	struct buf marks;
};
struct covering {
	struct tx *tx;
	const struct log_act *act;
	const struct log_cover *what;
	uint64_t seq;
	int64_t n;   /* rows covered so far */
	size_t kept; /* of them not written yet */
	struct covered row[MANY_ROWS];
	struct many many;
	struct buf own;
};

static enum err put_own(struct covering *c, struct covered *r)
{
	const char *table = c->what->table->name;
	const struct log_value v[LOG_COVER_COLUMNS] = {{"seq", SQL_INT, (int64_t)c->seq, SPAN_EMPTY},
	                                               {"n", SQL_INT, c->n, SPAN_EMPTY},
	                                               {"tbl", SQL_TEXT, 0, span_str(table)},
	                                               {"key", SQL_TEXT, 0, span_str(r->key)},
	                                               {"row_sm3", SQL_BLOB, 0, SPAN_ARR(r->digest)},
	                                               {"marks", SQL_BLOB, 0, buf_span(&r->marks)}};

	buf_clear(&c->own);
	TRY(log_marks(SPAN_ARR(c->act->salt), v, LOG_COVER_COLUMNS, &c->own));
	INVARIANT(c->own.len == sizeof(r->own));
	memcpy(r->own, c->own.ptr, sizeof(r->own));
	return ERR_OK;
}

/* The row's marks are in row[kept] already. */
static enum err put(struct covering *c, const char *key, const uint8_t digest[32])
{
	struct covered *r = &c->row[c->kept++];
	bool full = false;

	(void)snprintf(r->key, sizeof(r->key), "%s", key);
	memcpy(r->digest, digest, sizeof(r->digest));
	TRY(put_own(c, r));
	const struct sql_arg row[] = {A_INT((int64_t)c->seq),       A_INT(c->n++),
	                              A_TEXT(c->what->table->name), A_TEXT(r->key),
	                              A_BLOB(SPAN_ARR(r->digest)),  A_BLOB(buf_span(&r->marks)),
	                              A_BLOB(SPAN_ARR(r->own))};
	TRY(many_put(&c->many, row, &full));
	if (full)
		c->kept = 0;
	return ERR_OK;
}

static enum err put_kept(struct covering *c)
{
	c->kept = 0;
	return many_end(&c->many);
}

/* A row that is gone has this digest. */
static const uint8_t none[SM3_LEN];

static enum err put_gone(struct covering *c, const char *key)
{
	buf_clear(&c->row[c->kept].marks);
	return put(c, key, none);
}

static enum err any_row(const struct row *row, void *ctx)
{
	(void)row;
	*(bool *)ctx = true;
	return ERR_OK;
}

static enum err put_row(const struct row *row, void *ctx)
{
	struct covering *c = ctx;
	struct log_value v[LOG_COLUMNS_MAX];
	uint8_t digest[SM3_LEN];
	bool known = false;
	const char *table = c->what->table->name;

	if (c->what->kind == LOG_COVER_NEW)
		TRY(tx_query(c->tx, "log_cover_newest", SQL_ARGS(A_TEXT(table), A_TEXT(row_text(row, 0))), any_row,
		             &known));
	if (known)
		return ERR_OK;
	size_t n = log_row_values(row, 1, c->what->table->columns, v);
	TRY(log_row_sm3(table, v, n, digest));
	buf_clear(&c->row[c->kept].marks);
	TRY(log_marks(SPAN_ARR(c->act->salt), v, n, &c->row[c->kept].marks));
	return put(c, row_text(row, 0), digest);
}

/* --- rows that are gone --- */

static enum err key_text(const struct sql_arg *key, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		buf_str(out, i > 0 ? "/" : "");
		if (key[i].kind == SQL_INT)
			buf_printf(out, "%lld", (long long)key[i].i);
		else
			buf_put(out, key[i].s);
	}
	return buf_err(out);
}

/* Rows of one table by their keys, so many at a time; short of them the last key is asked for again. */
struct batch {
	struct covering *c;
	const struct log_table *table;
	bool cover; /* what is there; else only what is gone */
	size_t n;
	char key[LOG_MANY][LOG_KEY_MAX];
	struct sql_arg part[LOG_MANY][LOG_KEY_PARTS];
	bool there[LOG_MANY];
};

static enum err batch_row(const struct row *row, void *ctx)
{
	struct batch *b = ctx;

	for (size_t i = 0; i < b->n; i++)
		b->there[i] = b->there[i] || strcmp(b->key[i], row_text(row, 0)) == 0;
	return b->cover ? put_row(row, b->c) : ERR_OK;
}

static enum err batch_ask(struct batch *b)
{
	const struct log_table *t = b->table;
	struct sql_arg args[LOG_MANY * LOG_KEY_PARTS];
	size_t parts = strlen(t->key);

	if (b->n == 1)
		return tx_query(b->c->tx, t->get, b->part[0], parts, batch_row, b);
	for (size_t i = 0; i < LOG_MANY; i++)
		memcpy(args + i * parts, b->part[i < b->n ? i : b->n - 1], parts * sizeof(*args));
	return tx_query(b->c->tx, t->get_many, args, LOG_MANY * parts, batch_row, b);
}

static enum err batch_put(struct batch *b)
{
	if (b->n > 0)
		TRY(batch_ask(b));
	for (size_t i = 0; i < b->n; i++)
		if (!b->there[i])
			TRY(put_gone(b->c, b->key[i]));
	b->n = 0;
	memset(b->there, 0, sizeof(b->there));
	return ERR_OK;
}

static enum err put_rows(struct covering *c, const struct log_cover *w, size_t n)
{
	struct batch b = {.c = c, .table = w->table, .cover = true};
	AUTO_BUF(key, LOG_KEY_MAX);

	for (; b.n < n; b.n++) {
		buf_clear(&key);
		TRY(key_text(w[b.n].arg, w[b.n].n, &key));
		(void)snprintf(b.key[b.n], LOG_KEY_MAX, "%s", buf_cstr(&key));
		memcpy(b.part[b.n], w[b.n].arg, sizeof(b.part[b.n]));
	}
	return batch_put(&b);
}

static enum err list_key(const struct row *row, void *ctx)
{
	struct buf *keys = ctx;

	buf_put(keys, row_blob(row, 0));
	buf_put(keys, SPAN_LIT("\n"));
	return buf_err(keys);
}

/* Keys under "A/" are those between it and "A0", for 0 is what comes after the slash. */
static enum err list_under(struct covering *c, struct buf *keys)
{
	const struct log_cover *w = c->what;
	AUTO_BUF(from, LOG_KEY_MAX);
	AUTO_BUF(to, LOG_KEY_MAX);

	TRY(key_text(w->arg, w->n, &from));
	buf_put(&to, buf_span(&from));
	buf_str(&from, "/");
	buf_str(&to, "0");
	TRY(buf_err(&from));
	TRY(buf_err(&to));
	return tx_query(c->tx, "log_cover_under",
	                SQL_ARGS(A_TEXT(w->table->name), A_TEXT(buf_cstr(&from)), A_TEXT(buf_cstr(&to)),
	                         A_BLOB(SPAN_ARR(none))),
	                list_key, keys);
}

static enum err list_keys(struct covering *c, struct buf *keys)
{
	const struct log_cover *w = c->what;
	struct sql_arg args[LOG_KEY_PARTS + 1];

	if (w->statement == NULL)
		return list_under(c, keys);
	memcpy(args, w->arg, sizeof(w->arg));
	args[w->n] = A_BLOB(SPAN_ARR(none));
	return tx_query(c->tx, w->statement, args, w->n + 1, list_key, keys);
}

/* The keys are listed first: the table that they come from is written to. */
static enum err gone_rows(struct covering *c)
{
	const struct log_cover *w = c->what;
	struct batch b = {.c = c, .table = w->table};
	AUTO_BUF(keys, LOG_GONE_MAX);
	struct span rest, line;

	TRY(list_keys(c, &keys));
	rest = buf_span(&keys);
	while (span_take_until(&rest, '\n', &line) && line.len > 0) {
		char *key = b.key[b.n];
		(void)snprintf(key, LOG_KEY_MAX, "%.*s", (int)line.len, (const char *)line.ptr);
		if (!log_table_parts(w->table, key, b.part[b.n]))
			TRY(put_gone(c, key));
		else if (++b.n == LOG_MANY)
			TRY(batch_put(&b));
	}
	return batch_put(&b);
}

static bool is_row_of(const struct log_cover *w, const struct log_table *t)
{
	return w->kind == LOG_COVER_ROW && w->table == t && !t->newest;
}

/* At least one; ret_n: how many. What is asked of the log itself is written before. */
static enum err cover_put(struct covering *c, size_t left, size_t *ret_n)
{
	const struct log_cover *w = c->what;

	*ret_n = 1;
	if (w->kind == LOG_COVER_ROW && w->table->newest) /* the key of the newest is not known before */
		return log_table_one(c->tx, w->table, w->arg, put_row, c);
	if (w->kind == LOG_COVER_ROW) {
		while (*ret_n < left && *ret_n < LOG_MANY && is_row_of(w + *ret_n, w->table))
			++*ret_n;
		return put_rows(c, w, *ret_n);
	}
	TRY(put_kept(c));
	if (w->kind == LOG_COVER_GONE)
		return gone_rows(c);
	return tx_query(c->tx, w->statement, w->arg, w->n, put_row, c);
}

enum err log_covers_put(struct tx *tx, const struct log_act *a, uint64_t seq)
{
	struct covering c = {.tx = tx, .act = a, .seq = seq, .own = buf_make(LOG_MARKS_MAX)};
	enum err e = ERR_OK;
	size_t n = 0;

	many_begin(&c.many, tx, "log_cover_put", LOG_COVER_COLUMNS + 1);
	for (size_t i = 0; i < MANY_ROWS; i++)
		c.row[i].marks = buf_make(LOG_MARKS_MAX);
	for (size_t i = 0; i < a->covers && e == ERR_OK; i += n) {
		c.what = &a->cover[i];
		e = cover_put(&c, a->covers - i, &n);
	}
	if (e == ERR_OK)
		e = put_kept(&c);
	for (size_t i = 0; i < MANY_ROWS; i++)
		buf_done(&c.row[i].marks);
	buf_done(&c.own);
	return e;
}

/* --- before an act --- */

struct row_look {
	struct tx *tx;
	const struct log_table *table;
	uint8_t digest[32];
	bool good;
};

static enum err compare_newest(const struct row *row, void *ctx)
{
	struct row_look *w = ctx;

	w->good = span_eq(row_blob(row, 1), SPAN_ARR(w->digest));
	return ERR_OK;
}

static enum err look_at_row(const struct row *row, void *ctx)
{
	struct row_look *w = ctx;
	struct log_value v[LOG_COLUMNS_MAX];
	size_t n = log_row_values(row, 1, w->table->columns, v);

	TRY(log_row_sm3(w->table->name, v, n, w->digest));
	TRY(tx_query(w->tx, "log_cover_newest", SQL_ARGS(A_TEXT(w->table->name), A_TEXT(row_text(row, 0))),
	             compare_newest, w));
	return w->good ? ERR_OK : ERR(LOG_DAMAGED, "%s %s is not as the log has it", w->table->name, row_text(row, 0));
}

enum err log_row_check(struct tx *tx, const char *table, const struct sql_arg *key, size_t n)
{
	struct row_look w = {.tx = tx, .table = log_table_find(table)};

	INVARIANT(w.table != NULL && n == strlen(w.table->key));
	return log_table_one(tx, w.table, key, look_at_row, &w);
}

enum err log_act_check(struct tx *tx, const struct log_act *a)
{
	if (a->no_memory)
		return ERR(NOMEM, "rows of an entry");
	for (size_t i = 0; i < a->covers; i++) {
		const struct log_cover *c = &a->cover[i];
		enum err e = c->kind == LOG_COVER_ROW ? log_row_check(tx, c->table->name, c->arg, c->n) : ERR_OK;
		if (e != ERR_ABSENT)
			TRY(e);
		err_clear();
	}
	return ERR_OK;
}

/* --- the digest that the leaf commits to --- */

struct digesting {
	struct sm3 *h;
	size_t n;
};

static enum err digest_cover(const struct row *row, void *ctx)
{
	struct digesting *d = ctx;
	static const struct log_column columns[] = {{"n", SQL_INT},        {"tbl", SQL_TEXT},   {"key", SQL_TEXT},
	                                            {"row_sm3", SQL_BLOB}, {"marks", SQL_BLOB}, {NULL}};
	struct log_value v[COUNT_OF(columns)];
	uint8_t digest[SM3_LEN];
	size_t n = log_row_values(row, 0, columns, v);

	TRY(log_row_sm3("log_cover", v, n, digest));
	d->n++;
	return sm3_update(d->h, SPAN_ARR(digest));
}

enum err log_covers_sm3(struct tx *tx, uint64_t seq, uint8_t ret_digest[32])
{
	AUTO(sm3) h = NULL;

	TRY(sm3_new(&h));
	struct digesting d = {h, 0};
	TRY(tx_query(tx, "log_cover_of", SQL_ARGS(A_INT((int64_t)seq)), digest_cover, &d));
	if (d.n == 0) {
		memset(ret_digest, 0, SM3_LEN);
		return ERR_OK;
	}
	return sm3_final(h, ret_digest);
}
