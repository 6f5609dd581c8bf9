/* The SQLite back end. WAL with synchronous=FULL: a commit is on the disk when it returns. */
#include "store/backend.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lite {
	struct conn head;
	sqlite3 *db;
	sqlite3_stmt **prepared; /* one slot per text, filled at first use */
};

/* head is its first member. */
static struct lite *lite_of(struct conn *c)
{
	return (struct lite *)c;
}

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

static enum err exec(struct lite *c, const char *sql, const char *what)
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

static enum err harden(struct lite *c)
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

static enum err set_up(struct lite *c)
{
	static const char common[] = "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA synchronous=FULL;";
	static const char writer[] = "PRAGMA journal_mode=WAL; PRAGMA cache_size=-8192;";
	static const char reader[] =
		"PRAGMA cache_size=-2048; PRAGMA mmap_size=134217728; PRAGMA query_only=ON;"
		"SELECT count(*) FROM sqlite_master;"; /* opens -wal and -shm now, before privileges go */

	sqlite3_extended_result_codes(c->db, 1);
	sqlite3_busy_timeout(c->db, 5000);
	TRY(harden(c));
	TRY(exec(c, common, "database settings"));
	TRY(exec(c, c->head.mode == CONN_WRITER ? writer : reader, "database settings"));
	/* The writer waits by itself: SQLite's own waiting would hold up the whole group without an end. */
	if (c->head.mode == CONN_WRITER)
		sqlite3_busy_timeout(c->db, 0);
	return ERR_OK;
}

static void lite_close(struct conn *conn)
{
	struct lite *c = lite_of(conn);

	for (size_t i = 0; c->prepared != NULL && i < conn->texts->n; i++)
		sqlite3_finalize(c->prepared[i]);
	free(c->prepared);
	sqlite3_close(c->db);
	free(c);
}

static enum err open_file(struct lite *c, const char *path)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_PRIVATECACHE;

	if (c->head.mode == CONN_WRITER)
		TRY(create_file(path));
	int rc = sqlite3_open_v2(path, &c->db, flags, NULL);
	if (rc != SQLITE_OK)
		return map(c->db, rc, path);
	return set_up(c);
}

static enum err lite_open(const char *path, const struct stmts *texts, enum conn_mode mode, struct conn **ret_c)
{
	struct lite *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return ERR(NOMEM, "connection");
	c->head = (struct conn){&sqlite_backend, texts, mode};
	c->prepared = calloc(texts->n + 1, sizeof(*c->prepared));
	enum err e = c->prepared != NULL ? open_file(c, path) : ERR(NOMEM, "connection");
	if (e != ERR_OK) {
		lite_close(&c->head);
		return e;
	}
	*ret_c = &c->head;
	return ERR_OK;
}

static bool lite_takes(const char *address)
{
	return address[0] != '\0';
}

/* --- transactions --- */

static bool lite_in_tx(const struct conn *c)
{
	return sqlite3_get_autocommit(((const struct lite *)c)->db) == 0;
}

static void lite_rollback(struct conn *c)
{
	if (lite_in_tx(c))
		(void)sqlite3_exec(lite_of(c)->db, "ROLLBACK", NULL, NULL, NULL);
}

/* A rollback needs memory too: one that failed for want of it is made up for here. */
static enum err lite_begin(struct conn *c, bool write)
{
	lite_rollback(c);
	return exec(lite_of(c), write ? "BEGIN IMMEDIATE" : "BEGIN", "begin");
}

static enum err lite_commit(struct conn *c)
{
	enum err e = exec(lite_of(c), "COMMIT", "commit");

	if (e != ERR_OK)
		lite_rollback(c);
	return e;
}

static enum err lite_savepoint(struct conn *c)
{
	return exec(lite_of(c), "SAVEPOINT yx", "savepoint");
}

static enum err lite_release(struct conn *c)
{
	return exec(lite_of(c), "RELEASE yx", "savepoint");
}

static enum err lite_undo(struct conn *c)
{
	return exec(lite_of(c), "ROLLBACK TO yx; RELEASE yx", "savepoint");
}

/* --- migrations --- */

/* A migration that ended the transaction would leave half of itself after a failure. */
static int no_transactions(void *ctx, int action, const char *a, const char *b, const char *d, const char *trigger)
{
	(void)ctx, (void)a, (void)b, (void)d, (void)trigger;
	return action == SQLITE_TRANSACTION || action == SQLITE_SAVEPOINT || action == SQLITE_ATTACH ? SQLITE_DENY
	                                                                                             : SQLITE_OK;
}

static enum err lite_script(struct conn *conn, const char *sql)
{
	struct lite *c = lite_of(conn);

	sqlite3_set_authorizer(c->db, no_transactions, NULL);
	enum err e = exec(c, sql, "migration");
	sqlite3_set_authorizer(c->db, NULL, NULL);
	return e;
}

static enum err has_versions(struct lite *c, bool *ret_has)
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

static enum err lite_versions(struct conn *conn, version_fn *fn, void *ctx)
{
	struct lite *c = lite_of(conn);
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

static enum err lite_version_add(struct conn *conn, int64_t version, const char *name)
{
	struct lite *c = lite_of(conn);
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

static sqlite3_stmt *st_of(const struct row *r)
{
	return r->run;
}

static enum err compile(struct lite *c, size_t at, unsigned flags, sqlite3_stmt **ret_st)
{
	const struct stmt_text *t = &c->head.texts->v[at];
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

static enum err lite_prepare(struct row *r)
{
	struct lite *c = lite_of(r->conn);
	sqlite3_stmt **slot = &c->prepared[r->at], *st = NULL;

	if (*slot != NULL && sqlite3_stmt_busy(*slot))
		r->own = true;
	if (r->own)
		TRY(compile(c, r->at, 0, &st));
	else if (*slot == NULL)
		TRY(compile(c, r->at, SQLITE_PREPARE_PERSISTENT, slot));
	r->run = r->own ? st : *slot;
	r->writes = !sqlite3_stmt_readonly(st_of(r));
	r->parameters = (size_t)sqlite3_bind_parameter_count(st_of(r));
	r->before = sqlite3_total_changes64(c->db);
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

static enum err failed(const struct row *r, int rc)
{
	return map(lite_of(r->conn)->db, rc, r->conn->texts->v[r->at].name);
}

static enum err lite_bind(struct row *r, const struct sql_arg *args, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = bind_one(st_of(r), (int)i + 1, &args[i]);
		if (rc != SQLITE_OK)
			return failed(r, rc);
	}
	return ERR_OK;
}

static enum err lite_step(struct row *r, bool *ret_there)
{
	sqlite3 *db = lite_of(r->conn)->db;
	int rc = sqlite3_step(st_of(r));

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return failed(r, rc);
	/* sqlite3_changes() keeps the number of the statement before when this one was no INSERT, UPDATE or DELETE. */
	if (rc == SQLITE_DONE)
		r->changed = sqlite3_total_changes64(db) == r->before ? 0 : sqlite3_changes64(db);
	*ret_there = rc == SQLITE_ROW;
	return ERR_OK;
}

static void lite_finish(struct row *r)
{
	if (r->own) {
		sqlite3_finalize(st_of(r));
		return;
	}
	sqlite3_reset(st_of(r));
	sqlite3_clear_bindings(st_of(r));
}

static int64_t lite_int(const struct row *r, int col)
{
	return sqlite3_column_int64(st_of(r), col);
}

static const char *lite_text(const struct row *r, int col)
{
	const char *s = (const char *)sqlite3_column_text(st_of(r), col);

	return s != NULL ? s : "";
}

static struct span lite_blob(const struct row *r, int col)
{
	const void *p = sqlite3_column_blob(st_of(r), col);

	return span_of(p, (size_t)sqlite3_column_bytes(st_of(r), col));
}

static bool lite_null(const struct row *r, int col)
{
	return sqlite3_column_type(st_of(r), col) == SQLITE_NULL;
}

const struct store_backend sqlite_backend = {
	.takes = lite_takes,
	.open = lite_open,
	.close = lite_close,
	.begin = lite_begin,
	.commit = lite_commit,
	.rollback = lite_rollback,
	.in_tx = lite_in_tx,
	.savepoint = lite_savepoint,
	.release = lite_release,
	.undo = lite_undo,
	.script = lite_script,
	.versions = lite_versions,
	.version_add = lite_version_add,
	.prepare = lite_prepare,
	.bind = lite_bind,
	.step = lite_step,
	.finish = lite_finish,
	.column_int = lite_int,
	.column_text = lite_text,
	.column_blob = lite_blob,
	.column_null = lite_null,
};
