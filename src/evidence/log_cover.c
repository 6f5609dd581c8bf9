/* Rows of other tables under the log: what a transaction left in them, by digest, with a mark for each column. */
#include "evidence/log_i.h"
#include "base/text.h"
#include "gm/sm3.h"
#include <stdio.h>
#include <string.h>

#define I(name) {name, SQL_INT}
#define T(name) {name, SQL_TEXT}
#define B(name) {name, SQL_BLOB}

/* A new table is a row here and two statements in share/sql/log.sql. */
const struct log_table log_tables[] = {
	{"cert", "cover_cert_get", "cover_cert_all", 1,
		{T("serial"), T("subject"), T("usage"), T("case_no"), T("card"), I("not_before"), I("not_after"), I("status"), B("der"),
			I("created"), {NULL}}},
	{"cert_case", "cover_cert_case_get", "cover_cert_case_all", 1,
		{T("case_no"), I("version"), I("state"), T("profile"), T("subject"), T("unit_no"), T("unit_name"), T("uscc"),
			T("person_no"), T("holder"), T("letter_no"), I("letter_from"), I("letter_to"), I("days"), T("clerk"),
			T("reviewer"), T("maker"), T("card"), T("key_hex"), B("csr"), B("attest"), I("make_signed"),
			T("cert_serial"), T("enc_serial"), B("enveloped"), I("created"), I("changed"), {NULL}}},
	{"case_act", "cover_case_act_get", "cover_case_act_all", 2,
		{T("case_no"), I("step"), B("statement_sealed"), B("sig"), B("cert"), T("officer"), I("time"), {NULL}}},
	{"case_event", "cover_case_event_get", "cover_case_event_all", 2,
		{T("case_no"), I("seq"), I("time"), I("from_state"), I("to_state"), T("officer"), T("name"), T("role"), T("serial"),
			B("opinion_sealed"), {NULL}}},
	{NULL},
};

const struct log_table *log_table_find(const char *name)
{
	for (const struct log_table *t = log_tables; t->name; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

size_t log_table_columns(const struct log_table *t)
{
	size_t n = 0;

	while (t->columns[n].name)
		n++;
	return n;
}

size_t log_row_values(const struct row *row, int first, const struct log_column *c, struct log_value *ret_v)
{
	size_t n = 0;

	for (; c[n].name; n++) {
		int at = first + (int)n;
		ret_v[n] = (struct log_value){.name = c[n].name, .kind = row_null(row, at) ? SQL_NULL : c[n].kind};
		if (ret_v[n].kind == SQL_INT)
			ret_v[n].i = row_int(row, at);
		else if (ret_v[n].kind != SQL_NULL)
			ret_v[n].s = row_blob(row, at); /* a text's octets too */
	}
	return n;
}

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

	TRY(sm3_digest_n((const struct span[]){salt, span_of(v->name, strlen(v->name) + 1), value_header(v, header), v->s}, 4,
			 digest));
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

enum err log_marks_name(struct span salt, const struct log_value *v, size_t n, struct span marks, const char **ret_column)
{
	uint8_t mark[LOG_MARK_LEN];
	size_t wrong = 0;
	const char *first = NULL;

	for (size_t i = 0; i < n && marks.len == n * LOG_MARK_LEN; i++) {
		TRY(mark_of(salt, &v[i], mark));
		if (span_eq(span_sub(marks, i * LOG_MARK_LEN, LOG_MARK_LEN), SPAN_ARR(mark)))
			continue;
		wrong++;
		first = first ? first : v[i].name;
	}
	/* With another salt, or other marks, every column would seem changed. */
	bool all = marks.len != n * LOG_MARK_LEN || wrong == n;
	*ret_column = all ? "marks" : first;
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

/* --- by key --- */

static enum err get_parts(struct tx *tx, const struct log_table *t, const char *key, int64_t number, row_fn *fn, void *ctx)
{
	if (t->args == 1)
		return tx_one(tx, t->get, SQL_ARGS(A_TEXT(key)), fn, ctx);
	return tx_one(tx, t->get, SQL_ARGS(A_TEXT(key), A_INT(number)), fn, ctx);
}

enum err log_table_get(struct tx *tx, const struct log_table *t, const char *key, row_fn *fn, void *ctx)
{
	char first[128];
	const char *slash = t->args == 2 ? strrchr(key, '/') : NULL;
	int64_t number = 0;

	if (t->args == 1)
		return get_parts(tx, t, key, 0, fn, ctx);
	if (!slash || (size_t)(slash - key) >= sizeof first || text_i64(span_str(slash + 1), 1, INT64_MAX, &number) != ERR_OK)
		return ERR(ABSENT, "no row of key %s", key);
	memcpy(first, key, (size_t)(slash - key));
	first[slash - key] = '\0';
	return get_parts(tx, t, first, number, fn, ctx);
}

/* --- writing --- */

struct covered {
	const struct log_table *table;
	struct span salt;
	char key[160];
	uint8_t digest[32];
	struct buf marks;
};

static enum err cover_row(const struct row *row, void *ctx)
{
	struct covered *c = ctx;
	struct log_value v[LOG_COLUMNS_MAX];
	size_t n = log_row_values(row, 1, c->table->columns, v);

	(void)snprintf(c->key, sizeof c->key, "%s", row_text(row, 0));
	TRY(log_row_sm3(c->table->name, v, n, c->digest));
	return log_marks(c->salt, v, n, &c->marks);
}

/* The row is gone: its key as the row would have shown it, and zeros. */
static void cover_gone(struct covered *c, const struct log_cover *what)
{
	buf_clear(&c->marks);
	memset(c->digest, 0, sizeof c->digest);
	if (c->table->args == 1)
		(void)snprintf(c->key, sizeof c->key, "%s", what->key);
	else
		(void)snprintf(c->key, sizeof c->key, "%s/%lld", what->key, (long long)what->number);
}

static enum err cover_put(struct tx *tx, const struct log_act *a, uint64_t seq, size_t n)
{
	const struct log_cover *what = &a->cover[n];
	AUTO_BUF(marks, LOG_MARKS_MAX);
	struct covered c = {.table = log_table_find(what->table), .salt = SPAN_ARR(a->salt), .marks = marks};

	INVARIANT(c.table != NULL);
	enum err e = get_parts(tx, c.table, what->key, what->number, cover_row, &c);
	if (e == ERR_ABSENT) {
		err_clear();
		cover_gone(&c, what);
		e = ERR_OK;
	}
	marks = c.marks; /* so that it is freed */
	TRY(e);
	return tx_exec(tx, "log_cover_put",
		       SQL_ARGS(A_INT((int64_t)seq), A_INT((int64_t)n), A_TEXT(c.table->name), A_TEXT(c.key),
				A_BLOB(SPAN_ARR(c.digest)), A_BLOB(buf_span(&c.marks))),
		       NULL);
}

enum err log_covers_put(struct tx *tx, const struct log_act *a, uint64_t seq)
{
	for (size_t i = 0; i < a->covers; i++)
		TRY(cover_put(tx, a, seq, i));
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
	static const struct log_column columns[] = {I("n"), T("tbl"), T("key"), B("row_sm3"), B("marks"), {NULL}};
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
