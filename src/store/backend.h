/* What a database engine is to the store: one table of functions. store_backends lists them; the first that takes an
 * address is used for it. sqlite.c is one; no other file knows its driver.
 *
 * A connection is used by one thread at a time. One run of a named statement is a struct row on its caller's stack:
 * prepare, bind, step until no row is there, finish. finish follows every prepare that succeeded, and borrowed values
 * last until the next step or finish. Arguments are borrowed from bind to finish. Every engine tells by the same
 * errors: ERR_EXISTS a unique violation, ERR_STATE any other constraint, ERR_BUSY another's lock, ERR_IO disk or
 * server, ERR_INTERNAL what no caller can cause. */
#pragma once
#include "store/stmts.h"
#include "store/store.h"

enum conn_mode { CONN_WRITER, CONN_READER };
struct store_backend;
struct conn { /* an engine's own connection begins with it */
	const struct store_backend *backend;
	const struct stmts *texts;
	enum conn_mode mode;
};
struct row {
	struct conn *conn;
	size_t at;   /* which of the texts */
	void *run;   /* the engine's prepared statement */
	bool own;    /* asked for, or set by prepare as the statement runs further up: a copy for this run alone */
	bool writes; /* set by prepare, so is: */
	size_t parameters; /* ?1 and on */
	int64_t before;    /* the engine's */
	int64_t changed;   /* rows, once step has come to the end */
};
typedef enum err version_fn(int64_t version, void *ctx);

struct store_backend {
	bool (*takes)(const char *address);
	enum err (*open)(const char *address, const struct stmts *texts, enum conn_mode mode, struct conn **ret_c);
	void (*close)(struct conn *c);

	/* Transactions: conn.h has what each promises. */
	enum err (*begin)(struct conn *c, bool write);
	enum err (*commit)(struct conn *c);
	void (*rollback)(struct conn *c);
	bool (*in_tx)(const struct conn *c);
	enum err (*savepoint)(struct conn *c);
	enum err (*release)(struct conn *c);
	enum err (*undo)(struct conn *c);

	/* Migrations. */
	enum err (*script)(struct conn *c, const char *sql);
	enum err (*versions)(struct conn *c, version_fn *fn, void *ctx);
	enum err (*version_add)(struct conn *c, int64_t version, const char *name);

	/* Named statements. */
	enum err (*prepare)(struct row *r);
	enum err (*bind)(struct row *r, const struct sql_arg *args, size_t n);
	enum err (*step)(struct row *r, bool *ret_there);
	void (*finish)(struct row *r);
	int64_t (*column_int)(const struct row *r, int col);
	const char *(*column_text)(const struct row *r, int col); /* "" for NULL */
	struct span (*column_blob)(const struct row *r, int col);
	bool (*column_null)(const struct row *r, int col);
};
extern const struct store_backend sqlite_backend;
extern const struct store_backend *const store_backends[]; /* ends with NULL */
