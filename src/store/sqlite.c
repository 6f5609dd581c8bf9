/* The SQLite back end. WAL with synchronous=FULL: a commit is on the disk when it returns. */
#include "store/conn.h"
#include "base/text.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct conn {
	sqlite3 *db;
	const struct stmts *texts;
	sqlite3_stmt **prepared; /* one slot per text, filled at first use */
	enum conn_mode mode;
};
struct row {
	sqlite3_stmt *st;
};

static enum err map(sqlite3 *db, int rc, const char *what)
{
	const char *why = db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc);

	if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY || rc == SQLITE_CONSTRAINT_ROWID)
		return ERR(EXISTS, "%s: %s", what, why);
	switch (rc & 0xFF) {
	case SQLITE_CONSTRAINT:
		return ERR(STATE, "%s: %s", what, why);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR(BUSY, "%s: %s", what, why);
	case SQLITE_NOMEM:
		return ERR(NOMEM, "%s: %s", what, why);
	case SQLITE_TOOBIG:
		return ERR(LIMIT, "%s: %s", what, why);
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERR(IO, "%s: %s (%d)", what, why, rc);
	default:
		return ERR(INTERNAL, "%s: %s (%d)", what, why, rc);
	}
}

/* --- life --- */

static enum err script(struct conn *c, const char *sql, const char *what)
{
	int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? ERR_OK : map(c->db, rc, what);
}

/* The file must not be readable by others, whatever the umask; its -wal and -shm take over its mode. */
static enum err create_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0)
		return ERR(IO, "cannot open database %s: %m", path);
	close(fd);
	return ERR_OK;
}

static enum err harden(struct conn *c)
{
	static const struct {
		int what, on;
	} opts[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_DQS_DML, 0},
		{SQLITE_DBCONFIG_DQS_DDL, 0},
		{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
	};

	for (size_t i = 0; i < COUNT_OF(opts); i++) {
		int rc = sqlite3_db_config(c->db, opts[i].what, opts[i].on, NULL);
		if (rc != SQLITE_OK)
			return map(c->db, rc, "options");
	}
	return ERR_OK;
}

static enum err set_up(struct conn *c)
{
	static const char common[] = "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA synchronous=FULL;";
	static const char writer[] = "PRAGMA journal_mode=WAL; PRAGMA cache_size=-8192;";
	static const char reader[] =
		"PRAGMA cache_size=-2048; PRAGMA mmap_size=134217728; PRAGMA query_only=ON;"
		"SELECT count(*) FROM sqlite_master;"; /* opens -wal and -shm now, before privileges go */

	sqlite3_extended_result_codes(c->db, 1);
	sqlite3_busy_timeout(c->db, 5000);
	TRY(harden(c));
	TRY(script(c, common, "database settings"));
	TRY(script(c, c->mode == CONN_WRITER ? writer : reader, "database settings"));
	/* The writer waits by itself: SQLite's own waiting would hold up the whole group without an end. */
	if (c->mode == CONN_WRITER)
		sqlite3_busy_timeout(c->db, 0);
	return ERR_OK;
}

enum err conn_open(const char *path, const struct stmts *stmts, enum conn_mode mode, struct conn **ret_c)
{
	AUTO(conn) c = calloc(1, sizeof(*c));
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_PRIVATECACHE;

	if (c == NULL)
		return ERR(NOMEM, "connection");
	c->prepared = calloc(stmts->n + 1, sizeof(*c->prepared));
	if (c->prepared == NULL)
		return ERR(NOMEM, "connection");
	c->texts = stmts;
	c->mode = mode;
	if (mode == CONN_WRITER)
		TRY(create_file(path));
	int rc = sqlite3_open_v2(path, &c->db, flags, NULL);
	if (rc != SQLITE_OK)
		return map(c->db, rc, path);
	TRY(set_up(c));
	*ret_c = STEAL(c);
	return ERR_OK;
}

void conn_close(struct conn *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; c->prepared != NULL && i < c->texts->n; i++)
		sqlite3_finalize(c->prepared[i]);
	free(c->prepared);
	sqlite3_close(c->db);
	free(c);
}

/* --- transactions --- */

/* A rollback needs memory too: one that failed for want of it is made up for here. */
enum err conn_begin(struct conn *c, bool write)
{
	conn_rollback(c);
	return script(c, write ? "BEGIN IMMEDIATE" : "BEGIN", "begin");
}

enum err conn_commit(struct conn *c)
{
	enum err e = script(c, "COMMIT", "commit");

	if (e != ERR_OK)
		conn_rollback(c);
	return e;
}

void conn_rollback(struct conn *c)
{
	if (conn_in_tx(c))
		(void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
}

bool conn_in_tx(const struct conn *c)
{
	return sqlite3_get_autocommit(c->db) == 0;
}

enum err conn_savepoint(struct conn *c)
{
	return script(c, "SAVEPOINT yx", "savepoint");
}

enum err conn_release(struct conn *c)
{
	return script(c, "RELEASE yx", "savepoint");
}

enum err conn_undo(struct conn *c)
{
	return script(c, "ROLLBACK TO yx; RELEASE yx", "savepoint");
}

/* --- migrations --- */

/* A migration that ended the transaction would leave half of itself after a failure. */
static int no_transactions(void *ctx, int action, const char *a, const char *b, const char *d, const char *trigger)
{
	(void)ctx, (void)a, (void)b, (void)d, (void)trigger;
	return action == SQLITE_TRANSACTION || action == SQLITE_SAVEPOINT || action == SQLITE_ATTACH ? SQLITE_DENY
	                                                                                             : SQLITE_OK;
}

enum err conn_script(struct conn *c, const char *sql)
{
	sqlite3_set_authorizer(c->db, no_transactions, NULL);
	enum err e = script(c, sql, "migration");
	sqlite3_set_authorizer(c->db, NULL, NULL);
	return e;
}

static enum err has_versions(struct conn *c, bool *ret_has)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(c->db, "SELECT 1 FROM sqlite_master WHERE type='table' AND name='schema_version'",
	                            -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	sqlite3_finalize(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return map(c->db, rc, "schema_version");
	*ret_has = rc == SQLITE_ROW;
	return ERR_OK;
}

enum err conn_versions(struct conn *c, enum err (*fn)(int64_t version, void *ctx), void *ctx)
{
	sqlite3_stmt *st = NULL;
	bool has = false;
	enum err e = ERR_OK;

	TRY(has_versions(c, &has));
	if (!has)
		return ERR_OK;
	int rc = sqlite3_prepare_v2(c->db, "SELECT version FROM schema_version ORDER BY version", -1, &st, NULL);
	while (rc == SQLITE_OK && e == ERR_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		e = fn(sqlite3_column_int64(st, 0), ctx);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(st);
	if (e == ERR_OK && rc != SQLITE_DONE)
		return map(c->db, rc, "schema_version");
	return e;
}

enum err conn_version_add(struct conn *c, int64_t version, const char *name)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(c->db, "INSERT INTO schema_version (version, name) VALUES (?1, ?2)", -1, &st, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, version);
		sqlite3_bind_text(st, 2, name, -1, SQLITE_STATIC);
		rc = sqlite3_step(st);
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? ERR_OK : map(c->db, rc, "schema_version");
}

/* --- named statements --- */

static enum err prepare(struct conn *c, size_t at, unsigned flags, sqlite3_stmt **ret_st)
{
	const struct stmt_text *t = &c->texts->v[at];
	const char *rest = "";
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v3(c->db, t->sql, -1, flags, &st, &rest);

	if (rc != SQLITE_OK)
		return map(c->db, rc, t->name);
	if (st == NULL || rest[strspn(rest, " \t\r\n")] != '\0') {
		sqlite3_finalize(st);
		return ERR(CONFIG, "%s is not exactly one statement", t->name);
	}
	*ret_st = st;
	return ERR_OK;
}

enum err conn_check_stmts(struct conn *c)
{
	for (size_t i = 0; i < c->texts->n; i++) {
		sqlite3_stmt *st;
		enum err e = prepare(c, i, 0, &st);
		if (e == ERR_INTERNAL)
			return err_note(ERR_CONFIG, "statement %s", c->texts->v[i].name);
		TRY(e);
		sqlite3_finalize(st);
	}
	return ERR_OK;
}

/* *ret_own: the statement is in use further up (a row function that asks the same again), this is another copy. */
static enum err get(struct conn *c, const char *name, sqlite3_stmt **ret_st, bool *ret_own)
{
	size_t at = 0;

	INVARIANT(stmts_find(c->texts, name, &at));
	if (c->prepared[at] != NULL && sqlite3_stmt_busy(c->prepared[at])) {
		*ret_own = true;
		return prepare(c, at, 0, ret_st);
	}
	if (c->prepared[at] == NULL)
		TRY(prepare(c, at, SQLITE_PREPARE_PERSISTENT, &c->prepared[at]));
	*ret_own = false;
	*ret_st = c->prepared[at];
	return ERR_OK;
}

static int bind_one(sqlite3_stmt *st, int at, const struct sql_arg *a)
{
	const char *text = a->s.len > 0 ? (const char *)a->s.ptr : "";

	switch (a->kind) {
	case SQL_INT:
		return sqlite3_bind_int64(st, at, a->i);
	case SQL_TEXT:
		return sqlite3_bind_text64(st, at, text, a->s.len, SQLITE_STATIC, SQLITE_UTF8);
	case SQL_BLOB: /* a NULL pointer would bind NULL */
		return sqlite3_bind_blob64(st, at, text, a->s.len, SQLITE_STATIC);
	default:
		return sqlite3_bind_null(st, at);
	}
}

static enum err bind(struct conn *c, sqlite3_stmt *st, const char *name, const struct sql_arg *args, size_t n)
{
	INVARIANT(sqlite3_bind_parameter_count(st) == (int)n);
	for (size_t i = 0; i < n; i++) {
		if (args[i].kind == SQL_TEXT && !text_is_utf8(args[i].s))
			return ERR(UTF8, "%s ?%zu", name, i + 1);
		int rc = bind_one(st, (int)i + 1, &args[i]);
		if (rc != SQLITE_OK)
			return map(c->db, rc, name);
	}
	return ERR_OK;
}

static void put_back(sqlite3_stmt *st, bool own)
{
	if (own) {
		sqlite3_finalize(st);
		return;
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

/* limit 0: all rows. */
static enum err run(struct tx *tx, const char *name, const struct sql_arg *args, size_t n, row_fn *fn, void *ctx,
                    size_t limit, size_t *ret_rows)
{
	sqlite3_stmt *st = NULL;
	bool own = false;
	size_t rows = 0;
	int rc = SQLITE_ROW;

	TRY(get(tx->conn, name, &st, &own));
	INVARIANT(tx->may_write || sqlite3_stmt_readonly(st));
	enum err e = bind(tx->conn, st, name, args, n);
	while (e == ERR_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		rows++;
		if (fn != NULL && (limit == 0 || rows <= limit))
			e = fn(&(struct row){st}, ctx);
		/* A statement that writes and returns rows is always run to its end. */
		if (limit > 0 && rows == limit && sqlite3_stmt_readonly(st))
			break;
	}
	if (e == ERR_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
		e = map(tx->conn->db, rc, name);
	put_back(st, own);
	TRY(e);
	*ret_rows = rows;
	return ERR_OK;
}

enum err tx_exec(struct tx *tx, const char *name, const struct sql_arg *args, size_t n, int64_t *ret_changed_or_null)
{
	size_t rows;
	int64_t before = sqlite3_total_changes64(tx->conn->db);

	TRY(run(tx, name, args, n, NULL, NULL, 0, &rows));
	/* sqlite3_changes() keeps the number of the statement before when this one was no INSERT, UPDATE or DELETE. */
	if (ret_changed_or_null != NULL)
		*ret_changed_or_null =
			sqlite3_total_changes64(tx->conn->db) == before ? 0 : sqlite3_changes64(tx->conn->db);
	return ERR_OK;
}

enum err tx_query(struct tx *tx, const char *name, const struct sql_arg *args, size_t n, row_fn *fn, void *ctx)
{
	size_t rows;

	return run(tx, name, args, n, fn, ctx, 0, &rows);
}

enum err tx_one(struct tx *tx, const char *name, const struct sql_arg *args, size_t n, row_fn *fn, void *ctx)
{
	size_t rows = 0;

	TRY(run(tx, name, args, n, fn, ctx, 1, &rows));
	if (rows == 0)
		return ERR(ABSENT, "%s", name);
	return ERR_OK;
}

int64_t row_int(const struct row *row, int col)
{
	return sqlite3_column_int64(row->st, col);
}

const char *row_text(const struct row *row, int col)
{
	const char *s = (const char *)sqlite3_column_text(row->st, col);

	return s != NULL ? s : "";
}

struct span row_blob(const struct row *row, int col)
{
	const void *p = sqlite3_column_blob(row->st, col);

	return span_of(p, (size_t)sqlite3_column_bytes(row->st, col));
}

bool row_null(const struct row *row, int col)
{
	return sqlite3_column_type(row->st, col) == SQLITE_NULL;
}
