#include "store/conn.h"
#include "base/text.h"

const struct store_backend *const store_backends[] = {&sqlite_backend, NULL};

/* --- life and transactions: the engine's --- */

enum err conn_open(const char *address, const struct stmts *texts, enum conn_mode mode, struct conn **ret_c)
{
	for (const struct store_backend *const *b = store_backends; *b != NULL; b++)
		if ((*b)->takes(address))
			return (*b)->open(address, texts, mode, ret_c);
	return ERR(CONFIG, "no database is at \"%s\"", address);
}

void conn_close(struct conn *c)
{
	if (c != NULL)
		c->backend->close(c);
}

enum err conn_begin(struct conn *c, bool write)
{
	return c->backend->begin(c, write);
}

enum err conn_commit(struct conn *c)
{
	return c->backend->commit(c);
}

void conn_rollback(struct conn *c)
{
	c->backend->rollback(c);
}

bool conn_in_tx(const struct conn *c)
{
	return c->backend->in_tx(c);
}

enum err conn_savepoint(struct conn *c)
{
	return c->backend->savepoint(c);
}

enum err conn_release(struct conn *c)
{
	return c->backend->release(c);
}

enum err conn_undo(struct conn *c)
{
	return c->backend->undo(c);
}

enum err conn_script(struct conn *c, const char *sql)
{
	return c->backend->script(c, sql);
}

enum err conn_versions(struct conn *c, version_fn *fn, void *ctx)
{
	return c->backend->versions(c, fn, ctx);
}

enum err conn_version_add(struct conn *c, int64_t version, const char *name)
{
	return c->backend->version_add(c, version, name);
}

/* --- named statements --- */

enum err conn_check_stmts(struct conn *c)
{
	for (size_t i = 0; i < c->texts->n; i++) {
		struct row r = {.conn = c, .at = i, .own = true};
		enum err e = c->backend->prepare(&r);
		if (e == ERR_INTERNAL)
			return err_note(ERR_CONFIG, "statement %s", c->texts->v[i].name);
		TRY(e);
		c->backend->finish(&r);
	}
	return ERR_OK;
}

static enum err bind(struct row *r, const char *name, const struct sql_arg *args, size_t n)
{
	INVARIANT(r->parameters == n);
	for (size_t i = 0; i < n; i++)
		if (args[i].kind == SQL_TEXT && !text_is_utf8(args[i].s))
			return ERR(UTF8, "%s ?%zu", name, i + 1);
	return r->conn->backend->bind(r, args, n);
}

struct query {
	row_fn *fn; /* NULL: rows are let go */
	void *ctx;
	size_t limit, rows; /* limit 0: all rows */
};

/* A statement that writes and returns rows is always run to its end. */
static enum err steps(struct row *r, struct query *q)
{
	bool there = false;

	for (;;) {
		TRY(r->conn->backend->step(r, &there));
		if (!there)
			return ERR_OK;
		q->rows++;
		if (q->fn != NULL && (q->limit == 0 || q->rows <= q->limit))
			TRY(q->fn(r, q->ctx));
		if (q->limit > 0 && q->rows == q->limit && !r->writes)
			return ERR_OK;
	}
}

static enum err run(struct tx *tx, const char *name, const struct sql_arg *args, size_t n, struct query *q,
                    int64_t *ret_changed_or_null)
{
	struct row r = {.conn = tx->conn};

	INVARIANT(stmts_find(tx->conn->texts, name, &r.at));
	TRY(tx->conn->backend->prepare(&r));
	INVARIANT(tx->may_write || !r.writes);
	enum err e = bind(&r, name, args, n);
	if (e == ERR_OK)
		e = steps(&r, q);
	tx->conn->backend->finish(&r);
	TRY(e);
	if (ret_changed_or_null != NULL)
		*ret_changed_or_null = r.changed;
	return ERR_OK;
}

enum err tx_exec(struct tx *tx, const char *name, const struct sql_arg *args, size_t n, int64_t *ret_changed_or_null)
{
	struct query q = {.fn = NULL};

	return run(tx, name, args, n, &q, ret_changed_or_null);
}

enum err tx_query(struct tx *tx, const char *name, const struct sql_arg *args, size_t n, row_fn *fn, void *ctx)
{
	struct query q = {.fn = fn, .ctx = ctx};

	return run(tx, name, args, n, &q, NULL);
}

enum err tx_one(struct tx *tx, const char *name, const struct sql_arg *args, size_t n, row_fn *fn, void *ctx)
{
	struct query q = {.fn = fn, .ctx = ctx, .limit = 1};

	TRY(run(tx, name, args, n, &q, NULL));
	return q.rows > 0 ? ERR_OK : ERR(ABSENT, "%s", name);
}

int64_t row_int(const struct row *row, int col)
{
	return row->conn->backend->column_int(row, col);
}

const char *row_text(const struct row *row, int col)
{
	return row->conn->backend->column_text(row, col);
}

struct span row_blob(const struct row *row, int col)
{
	return row->conn->backend->column_blob(row, col);
}

bool row_null(const struct row *row, int col)
{
	return row->conn->backend->column_null(row, col);
}
