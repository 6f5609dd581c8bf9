/* Tables whose rows lie under the log, each one constant: its subject declares it, the program hands the list of all
 * over at its start (server/covered), and the statements that read it are made from it when the program is built
 * (tools/rows_sql.c writes share/sql/rows.sql). Nothing here knows any of them. */
#pragma once
#include "store/store.h"

enum { LOG_COLUMNS_MAX = 32 };
enum log_column_is {
	LOG_DIGESTED = 1, /* SM3 of the value stands for it: it is long and hashed once, for row and mark */
	LOG_SEALED = 2,   /* kept encrypted, bound to "TABLE.NAME" without "_sealed" and to the row's key */
};
struct log_column {
	const char *name;
	enum sql_kind kind;
	unsigned is; /* of enum log_column_is */
};
/* Marks and digest of a row are over its columns in this order: never changed once rows were written. */
struct log_table {
	const char *name, *get, *all; /* statements: the key as text ("NO/3"), then the columns; one row; all by key */
	const char *get_many;         /* of LOG_MANY keys, one after the other */
	const char *key;              /* kinds of its parts, which are the first columns: t text, i integer */
	bool newest;                  /* number 0 as last part of the key stands for the highest one: */
	const char *get_newest;       /* that row, by the parts before it */
	struct log_column columns[LOG_COLUMNS_MAX]; /* end with a NULL name */
};
enum { LOG_MANY = 16 };

/* Lists of tables, each ending with a NULL name, themselves ending with NULL. Once, before any thread; borrowed. */
void log_tables_use(const struct log_table *const *lists);
const struct log_table *log_table_find(const char *name); /* NULL when none */
const struct log_table *log_table_at(size_t i);           /* from 0, in their order; NULL past the last */

/* --- for the constants --- */
#define LOG_TABLE(table, parts)                                                              \
	.name = table, .get = "cover_" table "_get", .get_many = "cover_" table "_get_many", \
	.get_newest = "cover_" table "_newest", .all = "cover_" table "_all", .key = parts
#define LOG_INT(column)            \
	{                          \
		column, SQL_INT, 0 \
	}
#define LOG_TEXT(column)            \
	{                           \
		column, SQL_TEXT, 0 \
	}
#define LOG_BLOB(column)            \
	{                           \
		column, SQL_BLOB, 0 \
	}
