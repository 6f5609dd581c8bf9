/* The named statements of share/sql: every file there whose name does not begin with a digit holds blocks
 *     -- name: session.get
 *     SELECT ...;
 * one statement each. Names are [a-z0-9_.], unique over all files. Pure but for stmts_load, which reads the folder. */
#pragma once
#include "base/buf.h"

enum { STMTS_MAX = 2000, STMT_FILE_MAX = 1 << 18 };
struct stmt_text {
	char *name, *sql;
};
struct stmts {
	struct stmt_text *v; /* sorted by name once loaded */
	size_t n;
};
enum err stmts_load(const char *dir, struct stmts **ret_s) MUST_CHECK; /* ERR_CONFIG names file and fault */
enum err stmts_parse(struct stmts *s, struct span text) MUST_CHECK;    /* appends the blocks of one file */
enum err stmts_sort(struct stmts *s) MUST_CHECK;                       /* ERR_CONFIG when a name comes twice */
void stmts_free(struct stmts *s);
DEFINE_AUTO(stmts)
bool stmts_find(const struct stmts *s, const char *name, size_t *ret_at);
