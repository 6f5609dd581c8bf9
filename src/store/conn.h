/* One connection, used by one thread at a time: what store.c, writer.c and migrate.c need of it. conn.c finds the
 * engine by the address and calls its table (backend.h), and runs named statements on it: tx_* and row_* of store.h. */
#pragma once
#include "store/backend.h"

struct tx {
	struct conn *conn;
	bool may_write;
};
/* ERR_CONFIG: no engine takes the address. */
enum err conn_open(const char *address, const struct stmts *texts, enum conn_mode mode, struct conn **ret_c) MUST_CHECK;
void conn_close(struct conn *c); /* NULL is fine */
static inline void conn_free(struct conn *c)
{
	conn_close(c);
}
DEFINE_AUTO(conn)
/* ERR_CONFIG naming the statement that the database does not understand. */
enum err conn_check_stmts(struct conn *c) MUST_CHECK;

/* Write transactions take the lock at once (ERR_BUSY when another process has it) and are never upgraded. */
enum err conn_begin(struct conn *c, bool write) MUST_CHECK;
enum err conn_commit(struct conn *c) MUST_CHECK; /* failed: rolled back */
void conn_rollback(struct conn *c);
bool conn_in_tx(const struct conn *c); /* a full disk or damage may end a transaction by itself */
enum err conn_savepoint(struct conn *c) MUST_CHECK;
enum err conn_release(struct conn *c) MUST_CHECK;
enum err conn_undo(struct conn *c) MUST_CHECK; /* back to the savepoint, which is gone then */

/* For migrations only: several statements of a file; and the table that records them. */
enum err conn_script(struct conn *c, const char *sql) MUST_CHECK;
/* none: no call */
enum err conn_versions(struct conn *c, version_fn *fn, void *ctx) MUST_CHECK;
enum err conn_version_add(struct conn *c, int64_t version, const char *name) MUST_CHECK;
