/* The database behind one interface; SQL by name only (share/sql). One writer thread with group commit, N readers.
 * SQLite: WAL, synchronous=FULL. A write function may run again (a conflict in its group), acts only through its
 * transaction, does no cryptography and no I/O; each runs in a savepoint, so that one failure does not undo its
 * neighbours; store_write returns only after the group is durable. */
#pragma once
#include "base/buf.h"

struct store;
struct tx;  /* within a function passed to store_read / store_write only */
struct row; /* within a row function only */

/* migrates to the newest */
enum err store_open(const char *path, const char *sql_dir, unsigned readers, struct store **ret_s) MUST_CHECK;
void store_close(struct store *s);
static inline void store_free(struct store *s)
{
	store_close(s);
}
DEFINE_AUTO(store)
typedef enum err store_fn(struct tx *tx, void *arg);
enum err store_read(struct store *s, store_fn *fn, void *arg) MUST_CHECK;
/* fn's error is returned and its changes are undone */
enum err store_write(struct store *s, store_fn *fn, void *arg) MUST_CHECK;
/* writes of one transaction, 1..WRITER_GROUP_MAX; 1: a commit each, to compare */
void store_group_max(struct store *s, size_t most);
uint64_t store_commits(const struct store *s); /* fsynced groups so far, for bench and metrics */

enum sql_kind { SQL_NULL, SQL_INT, SQL_TEXT, SQL_BLOB };
struct sql_arg {
	enum sql_kind kind;
	int64_t i;
	struct span s;
};
#define A_NULL    ((struct sql_arg){SQL_NULL, 0, {NULL, 0}})
#define A_INT(v)  ((struct sql_arg){SQL_INT, (v), {NULL, 0}})
#define A_TEXT(v) ((struct sql_arg){SQL_TEXT, 0, span_str(v)})
#define A_BLOB(v) ((struct sql_arg){SQL_BLOB, 0, (v)})
typedef enum err row_fn(const struct row *row, void *ctx); /* an error stops the query and is returned */
#define SQL_ARGS(...)                            \
	((const struct sql_arg[]){__VA_ARGS__}), \
		(sizeof((const struct sql_arg[]){__VA_ARGS__}) / sizeof(struct sql_arg))

/* name: a statement in share/sql/<subject>.sql, introduced by a line "-- name: <name>". Unknown name or wrong number of
 * arguments is a bug and aborts; a unique violation is ERR_EXISTS; a broken reference or check ERR_STATE. */
enum err tx_exec(struct tx *tx, const char *name, const struct sql_arg *args, size_t n,
                 int64_t *ret_changed_or_null) MUST_CHECK;
enum err tx_query(struct tx *tx, const char *name, const struct sql_arg *args, size_t n, row_fn *fn,
                  void *ctx) MUST_CHECK;
/* ERR_ABSENT */
enum err tx_one(struct tx *tx, const char *name, const struct sql_arg *args, size_t n, row_fn *fn,
                void *ctx) MUST_CHECK;
int64_t row_int(const struct row *row, int col);
const char *row_text(const struct row *row, int col); /* "" for NULL; valid until the next row */
struct span row_blob(const struct row *row, int col);
bool row_null(const struct row *row, int col);
