/* Writing an act's entry, and reading entries. */
#include "evidence/log_i.h"
#include "gm/rand.h"
#include "gm/sm3.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN "log_entry.statement"

/* --- before the transaction --- */

static enum err signer_part(struct log_act *a, const struct log_what *w)
{
	AUTO(cert) c = NULL;

	if ((w->sig.len == 0) != (w->cert.len == 0))
		return ERR(STATE, "signature and certificate belong together");
	if (w->cert.len == 0)
		return a->rule[0] ? ERR_OK : ERR(STATE, "entry is neither signed nor by a rule");
	if (w->sig.len != SM2_SIG_LEN || w->statement.len == 0)
		return ERR(STATE, "signature of %zu octets over %zu", w->sig.len, w->statement.len);
	TRY(cert_parse(w->cert, &c));
	(void)snprintf(a->serial, sizeof(a->serial), "%s", cert_serial(c));
	a->sig = w->sig;
	a->cert = w->cert;
	a->status = w->status;
	return sm3_digest(w->cert, a->cert_sm3);
}

static enum err statement_part(struct log_act *a, const struct field_keys *keys, struct span statement)
{
	if (statement.len > LOG_STATEMENT_MAX)
		return ERR(LIMIT, "statement of %zu octets", statement.len);
	a->has_statement = statement.len > 0;
	if (!a->has_statement)
		return ERR_OK;
	TRY(sm3_digest(statement, a->statement_sm3));
	/* The salt is unique to the entry, whose number is not known yet. */
	return field_seal(keys, COLUMN, SPAN_ARR(a->salt), statement, &a->sealed);
}

enum err log_act_init(struct log_act *a, const struct field_keys *keys, const struct log_what *w)
{
	const char *rule = w->rule != NULL ? w->rule : "";

	*a = (struct log_act){.time = w->time, .sealed = buf_make(LOG_STATEMENT_MAX + LIMIT_SEAL)};
	TRY(leaf_texts_check(w->kind, w->subject, rule));
	(void)snprintf(a->kind, sizeof(a->kind), "%s", w->kind);
	(void)snprintf(a->subject, sizeof(a->subject), "%s", w->subject);
	(void)snprintf(a->rule, sizeof(a->rule), "%s", rule);
	TRY(rand_bytes(a->salt, sizeof(a->salt)));
	TRY(signer_part(a, w));
	return statement_part(a, keys, w->statement);
}

void log_act_done(struct log_act *a)
{
	buf_done(&a->sealed);
	free(a->cover);
	*a = (struct log_act){0};
}

static bool cover_room(struct log_act *a)
{
	if (a->covers < a->room)
		return true;
	size_t room = a->room > 0 ? a->room * 2 : 16;
	struct log_cover *v = reallocarray(a->cover, room, sizeof(*v));
	if (v == NULL) {
		a->no_memory = true;
		return false;
	}
	a->cover = v;
	a->room = room;
	return true;
}

void log_act_cover_by(struct log_act *a, enum log_cover_kind kind, const char *table, const char *statement,
                      const struct sql_arg *args, size_t n)
{
	const struct log_table *t = log_table_find(table);

	INVARIANT(t != NULL && n <= LOG_KEY_PARTS && (kind != LOG_COVER_ROW || n == strlen(t->key)));
	if (!cover_room(a))
		return;
	struct log_cover *c = &a->cover[a->covers++];
	*c = (struct log_cover){.table = t,
	                        .kind = kind,
	                        .statement = kind == LOG_COVER_ROW ? t->get : statement,
	                        .n = n};
	if (n > 0)
		memcpy(c->arg, args, n * sizeof(*args));
}

void log_act_cover(struct log_act *a, const char *table, const char *key, int64_t number)
{
	const struct log_table *t = log_table_find(table);

	INVARIANT(t != NULL && (strcmp(t->key, "t") == 0 || strcmp(t->key, "ti") == 0));
	log_act_cover_by(a, LOG_COVER_ROW, table, NULL, (const struct sql_arg[]){A_TEXT(key), A_INT(number)},
	                 strlen(t->key));
}

/* --- in it: SM3 of small rows only --- */

static enum err seq_row(const struct row *row, void *ctx)
{
	*(int64_t *)ctx = row_int(row, 0);
	return ERR_OK;
}

static void pending_of(const struct log_act *a, uint64_t seq, struct log_entry *ret_e)
{
	struct log_entry e = {.seq = seq,
	                      .pending = true,
	                      .time = a->time,
	                      .salt = SPAN_ARR(a->salt),
	                      .sig = a->sig,
	                      .ocsp = a->status,
	                      .has_statement = a->has_statement};

	(void)snprintf(e.kind, sizeof(e.kind), "%s", a->kind);
	(void)snprintf(e.subject, sizeof(e.subject), "%s", a->subject);
	(void)snprintf(e.rule, sizeof(e.rule), "%s", a->rule);
	(void)snprintf(e.serial, sizeof(e.serial), "%s", a->serial);
	if (a->has_statement) {
		e.sealed = buf_span(&a->sealed);
		e.statement_sm3 = SPAN_ARR(a->statement_sm3);
	}
	if (a->cert.len > 0)
		e.cert_sm3 = SPAN_ARR(a->cert_sm3);
	*ret_e = e;
}

static struct sql_arg blob_or_null(struct span s)
{
	return s.len > 0 ? A_BLOB(s) : A_NULL;
}

static enum err entry_put(struct tx *tx, const struct log_entry *e)
{
	struct log_value v[LOG_ENTRY_COLUMNS];
	AUTO_BUF(marks, LOG_MARKS_MAX);

	log_entry_values(e, v);
	TRY(log_marks(e->salt, v, LOG_ENTRY_COLUMNS, &marks));
	return tx_exec(tx, "log_entry_put",
	               SQL_ARGS(A_INT((int64_t)e->seq), A_INT(e->time), A_TEXT(e->kind), A_TEXT(e->subject),
	                        A_TEXT(e->rule), blob_or_null(e->sealed), blob_or_null(e->statement_sm3),
	                        blob_or_null(e->sig), blob_or_null(e->cert_sm3), A_TEXT(e->serial), A_BLOB(e->salt),
	                        A_BLOB(buf_span(&marks)), blob_or_null(e->ocsp)),
	               NULL);
}

enum err log_append(struct tx *tx, const struct log_act *a)
{
	struct log_entry e;
	int64_t seq = 0;

	if (a->no_memory)
		return ERR(NOMEM, "rows of an entry");
	TRY(tx_one(tx, "log_next_seq", NULL, 0, seq_row, &seq));
	pending_of(a, (uint64_t)seq, &e);
	TRY(entry_put(tx, &e));
	if (a->cert.len > 0)
		TRY(tx_exec(tx, "log_cert_put",
		            SQL_ARGS(A_BLOB(SPAN_ARR(a->cert_sm3)), A_TEXT(a->serial), A_BLOB(a->cert)), NULL));
	return log_covers_put(tx, a, (uint64_t)seq);
}

/* --- what was there before --- */

static enum err adopted_row(const struct row *row, void *ctx)
{
	(void)row;
	*(bool *)ctx = true;
	return ERR_OK;
}

static enum err adopt_tx(struct tx *tx, void *arg)
{
	bool done = false;

	TRY(tx_query(tx, "log_adopted", SQL_ARGS(A_TEXT(LOG_ADOPTED)), adopted_row, &done));
	return done ? ERR_OK : log_append(tx, arg);
}

enum err log_adopt(struct store *s, const struct clock *clock)
{
	AUTO_LOG_ACT(a);
	const struct log_what w = {.kind = LOG_ADOPT_KIND,
	                           .subject = LOG_ADOPTED,
	                           .rule = "migration:" LOG_ADOPTED,
	                           .time = clock_now(clock)};

	TRY(log_act_init(&a, NULL, &w)); /* nothing is sealed */
	for (size_t i = 0; log_table_at(i) != NULL; i++)
		log_act_cover_by(&a, LOG_COVER_NEW, log_table_at(i)->name, log_table_at(i)->all, NULL, 0);
	return store_write(s, adopt_tx, &a);
}

/* --- reading --- */

const struct log_column log_entry_columns[] = {
	{"seq", SQL_INT},
	{"state", SQL_INT},
	{"epoch", SQL_INT},
	{"idx", SQL_INT},
	{"time", SQL_INT},
	{"kind", SQL_TEXT},
	{"subject", SQL_TEXT},
	{"rule", SQL_TEXT},
	{"statement", SQL_BLOB},
	{"statement_sm3", SQL_BLOB},
	{"sig", SQL_BLOB},
	{"cert_sm3", SQL_BLOB},
	{"cert_serial", SQL_TEXT},
	{"ocsp", SQL_BLOB},
	{"salt", SQL_BLOB},
	{"leaf", SQL_BLOB},
	{NULL},
};

static struct log_value value_int(const char *name, bool null, int64_t i)
{
	return (struct log_value){.name = name, .kind = null ? SQL_NULL : SQL_INT, .i = null ? 0 : i};
}

static struct log_value value_text(const char *name, const char *s)
{
	return (struct log_value){.name = name, .kind = SQL_TEXT, .s = span_str(s)};
}

static struct log_value value_blob(const char *name, struct span s)
{
	return (struct log_value){.name = name, .kind = s.len > 0 ? SQL_BLOB : SQL_NULL, .s = s};
}

void log_entry_values(const struct log_entry *e, struct log_value ret_v[LOG_ENTRY_COLUMNS])
{
	const struct log_value v[LOG_ENTRY_COLUMNS] = {
		value_int("seq", false, (int64_t)e->seq),
		value_int("state", false, e->pending ? 0 : 1),
		value_int("epoch", e->pending, (int64_t)e->epoch),
		value_int("idx", e->pending, (int64_t)e->index),
		value_int("time", false, e->time),
		value_text("kind", e->kind),
		value_text("subject", e->subject),
		value_text("rule", e->rule),
		value_blob("statement", e->sealed),
		value_blob("statement_sm3", e->statement_sm3),
		value_blob("sig", e->sig),
		value_blob("cert_sm3", e->cert_sm3),
		value_text("cert_serial", e->serial),
		value_blob("ocsp", e->ocsp),
		value_blob("salt", e->salt),
		value_blob("leaf", e->leaf),
	};
	memcpy(ret_v, v, sizeof(v));
}

static enum err read_text(const struct row *row, int col, char *ret, size_t size)
{
	struct span s = row_blob(row, col);

	if (s.len >= size || memchr(s.ptr != NULL ? s.ptr : (const uint8_t *)"", 0, s.len) != NULL)
		return ERR(LOG_DAMAGED, "log_entry %lld: text of column %d", (long long)row_int(row, 0), col);
	(void)snprintf(ret, size, "%.*s", (int)s.len, s.len > 0 ? (const char *)s.ptr : "");
	return ERR_OK;
}

enum err log_entry_read(const struct row *row, struct log_entry *ret_e)
{
	struct log_entry e = {.seq = (uint64_t)row_int(row, 0),
	                      .pending = row_int(row, 1) == 0,
	                      .epoch = (uint64_t)row_int(row, 2),
	                      .index = (uint64_t)row_int(row, 3),
	                      .time = row_int(row, 4),
	                      .sealed = row_blob(row, 8),
	                      .statement_sm3 = row_blob(row, 9),
	                      .sig = row_blob(row, 10),
	                      .cert_sm3 = row_blob(row, 11),
	                      .ocsp = row_blob(row, 13),
	                      .salt = row_blob(row, 14),
	                      .leaf = row_blob(row, 15),
	                      .marks = row_blob(row, 16),
	                      .has_statement = !row_null(row, 8)};

	TRY(read_text(row, 5, e.kind, sizeof(e.kind)));
	TRY(read_text(row, 6, e.subject, sizeof(e.subject)));
	TRY(read_text(row, 7, e.rule, sizeof(e.rule)));
	TRY(read_text(row, 12, e.serial, sizeof(e.serial)));
	if (row_int(row, 0) < 1 ||
	    (!e.pending && (row_null(row, 2) || row_null(row, 3) || row_int(row, 2) < 1 || row_int(row, 3) < 0)))
		return ERR(LOG_DAMAGED, "log_entry %lld: numbers", (long long)row_int(row, 0));
	if (e.salt.len != LEAF_DIGEST_LEN || (e.statement_sm3.len != LEAF_DIGEST_LEN && e.statement_sm3.len != 0) ||
	    (e.cert_sm3.len != LEAF_DIGEST_LEN && e.cert_sm3.len != 0))
		return ERR(LOG_DAMAGED, "log_entry %lld: digests", (long long)row_int(row, 0));
	*ret_e = e;
	return ERR_OK;
}

struct each {
	log_entry_fn *fn;
	void *ctx;
};

static enum err each_entry(const struct row *row, void *ctx)
{
	const struct each *x = ctx;
	struct log_entry e;

	TRY(log_entry_read(row, &e));
	return x->fn(&e, x->ctx);
}

enum err log_entries_of(struct tx *tx, const char *subject, log_entry_fn *fn, void *ctx)
{
	return tx_query(tx, "log_entry_of", SQL_ARGS(A_TEXT(subject)), each_entry, &(struct each){fn, ctx});
}

enum err log_entry_get(struct tx *tx, uint64_t seq, log_entry_fn *fn, void *ctx)
{
	return tx_one(tx, "log_entry_get", SQL_ARGS(A_INT((int64_t)seq)), each_entry, &(struct each){fn, ctx});
}

enum err log_entries_after(struct tx *tx, uint64_t after, int64_t n, log_entry_fn *fn, void *ctx)
{
	return tx_query(tx, "log_entry_all", SQL_ARGS(A_INT((int64_t)after), A_INT(n)), each_entry,
	                &(struct each){fn, ctx});
}

static void copy_digest(struct span s, uint8_t ret_digest[32])
{
	memset(ret_digest, 0, LEAF_DIGEST_LEN);
	if (s.len == LEAF_DIGEST_LEN)
		memcpy(ret_digest, s.ptr, LEAF_DIGEST_LEN);
}

enum err log_leaf_of(struct tx *tx, const struct log_entry *e, struct leaf *ret_l)
{
	struct leaf l = {.epoch = e->epoch, .index = e->index, .seq = e->seq, .time = e->time};

	(void)snprintf(l.kind, sizeof(l.kind), "%s", e->kind);
	(void)snprintf(l.subject, sizeof(l.subject), "%s", e->subject);
	(void)snprintf(l.rule, sizeof(l.rule), "%s", e->rule);
	copy_digest(e->statement_sm3, l.statement);
	copy_digest(e->cert_sm3, l.cert);
	copy_digest(e->salt, l.salt);
	TRY(leaf_part(e->sig, l.sig));
	TRY(leaf_part(e->ocsp, l.ocsp));
	TRY(leaf_part(e->sealed, l.stored));
	TRY(log_covers_sm3(tx, e->seq, l.covers));
	*ret_l = l;
	return ERR_OK;
}

enum err log_statement(const struct field_keys *keys, const struct log_entry *e, struct buf *out)
{
	return e->has_statement ? field_open(keys, COLUMN, e->salt, e->sealed, out)
	                        : ERR(ABSENT, "entry without a statement");
}

static enum err cert_row(const struct row *row, void *ctx)
{
	struct buf *out = ctx;

	buf_put(out, row_blob(row, 2));
	return buf_err(out);
}

enum err log_cert(struct tx *tx, struct span sm3, struct buf *out)
{
	return tx_one(tx, "log_cert_get", SQL_ARGS(A_BLOB(sm3)), cert_row, out);
}

enum err log_journal_last(struct tx *tx, bool placed_only, uint64_t *ret_seq)
{
	int64_t n = 0;
	enum err e = tx_one(tx, placed_only ? "log_journal_placed" : "log_journal_last", NULL, 0, seq_row, &n);

	if (e == ERR_ABSENT)
		err_clear();
	else
		TRY(e);
	*ret_seq = n > 0 ? (uint64_t)n : 0;
	return ERR_OK;
}
