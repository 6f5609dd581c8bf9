/* Writes share/sql/log_cover.sql: the statements that read the rows of all tables under the log, made of the tables
 * themselves and of share/sql/log_cover.in. Runs when the program is built.   usage: cover_sql LOG_COVER.IN OUT.SQL */
#include "base/file.h"
#include "server/covered/covered.h"
#include "store/stmts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_MAX = 1 << 18 };

/* The key as one text, its parts separated by slashes. */
static void put_key(struct buf *out, const struct log_table *t)
{
	size_t parts = strlen(t->key);

	if (parts == 1 && t->key[0] == 'i')
		buf_printf(out, "CAST(%s AS TEXT)", t->columns[0].name);
	else
		for (size_t i = 0; i < parts; i++)
			buf_printf(out, "%s%s", i > 0 ? " || '/' || " : "", t->columns[i].name);
}

static void put_select(struct buf *out, const char *name, const struct log_table *t)
{
	buf_printf(out, "\n-- name: %s\nSELECT ", name);
	put_key(out, t);
	for (size_t i = 0; t->columns[i].name != NULL; i++)
		buf_printf(out, ", %s", t->columns[i].name);
	buf_printf(out, "\nFROM %s ", t->name);
}

static void put_get(struct buf *out, const struct log_table *t)
{
	size_t parts = strlen(t->key), last = parts - 1;

	put_select(out, t->get, t);
	for (size_t i = 0; i < parts; i++) {
		const char *column = t->columns[i].name;
		buf_printf(out, "%s %s = ", i == 0 ? "WHERE" : " AND", column);
		if (i < last || !t->newest)
			buf_printf(out, "?%zu", i + 1);
		else
			buf_printf(out, "CASE WHEN ?%zu > 0 THEN ?%zu ELSE (SELECT MAX(%s) FROM %s WHERE %s = ?1) END",
			           i + 1, i + 1, column, t->name, t->columns[0].name);
	}
	buf_str(out, "\n");
}

/* With the table's name before it: the key as text may bear a column's name too. */
static void put_all(struct buf *out, const struct log_table *t)
{
	put_select(out, t->all, t);
	for (size_t i = 0; i < strlen(t->key); i++)
		buf_printf(out, "%s%s.%s", i == 0 ? "ORDER BY " : ", ", t->name, t->columns[i].name);
	buf_str(out, "\n");
}

static enum err put_which(struct buf *out, const struct stmt_text *s)
{
	size_t at = 0;
	char table[64];
	struct span which = span_str(s->sql);

	if (!span_find(which, ' ', &at) || at >= sizeof(table))
		return ERR(CONFIG, "%s: a table and which of its rows", s->name);
	(void)snprintf(table, sizeof(table), "%.*s", (int)at, s->sql);
	const struct log_table *t = log_table_find(table);
	if (t == NULL)
		return ERR(CONFIG, "%s: %s does not lie under the log", s->name, table);
	put_select(out, s->name, t);
	buf_printf(out, "%s\n", s->sql + at + 1);
	return ERR_OK;
}

static enum err write_all(const char *in, const char *path)
{
	AUTO_BUF(text, STMT_FILE_MAX);
	AUTO_BUF(out, OUT_MAX);
	struct stmts which = {NULL, 0};

	TRY(file_read(in, &text));
	buf_str(&out,
	        "-- Made by tools/cover_sql.c of share/sql/log_cover.in and src/server/*/covered.c: not to be edited.\n");
	for (size_t i = 0; log_table_at(i) != NULL; i++) {
		put_get(&out, log_table_at(i));
		put_all(&out, log_table_at(i));
	}
	enum err e = stmts_parse(&which, buf_span(&text));
	for (size_t i = 0; i < which.n && e == ERR_OK; i++)
		e = put_which(&out, &which.v[i]);
	for (size_t i = 0; i < which.n; i++) {
		free(which.v[i].name);
		free(which.v[i].sql);
	}
	free(which.v);
	TRY(e);
	TRY(buf_err(&out));
	return file_replace(path, buf_span(&out), 0644);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	log_tables_use(covered_tables);
	if (write_all(argv[1], argv[2]) == ERR_OK)
		return 0;
	fprintf(stderr, "%s\n", err_detail());
	return 1;
}
