/* Writes share/sql/rows.sql: the statements that read the rows of all tables under the log and that write those of the
 * registers, made of the tables' constants and of share/sql/rows.in. Runs when the program is built.
 * usage: rows_sql ROWS.IN OUT.SQL */
#include "base/file.h"
#include "server/covered/covered.h"
#include "server/register/registers.h"
#include "store/many.h"
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

static void put_key_is(struct buf *out, const struct log_table *t, size_t parts)
{
	for (size_t i = 0; i < parts; i++)
		buf_printf(out, "%s %s = ?%zu", i == 0 ? "WHERE" : " AND", t->columns[i].name, i + 1);
}

static void put_get(struct buf *out, const struct log_table *t)
{
	put_select(out, t->get, t);
	put_key_is(out, t, strlen(t->key));
	buf_str(out, "\n");
}

static void put_newest(struct buf *out, const struct log_table *t)
{
	size_t before = strlen(t->key) - 1;

	if (!t->newest)
		return;
	put_select(out, t->get_newest, t);
	put_key_is(out, t, before);
	buf_printf(out, " ORDER BY %s.%s DESC LIMIT 1\n", t->name, t->columns[before].name);
}

/* Keys one after the other: (k1 = ?1 AND k2 = ?2) OR (k1 = ?3 …. */
static void put_keys(struct buf *out, const struct log_table *t, size_t parts, size_t first)
{
	for (size_t i = 0; i < LOG_MANY; i++)
		for (size_t k = 0; k < parts; k++)
			buf_printf(out, "%s%s = ?%zu%s", k > 0 ? " AND " : i == 0 ? "(" : " OR (", t->columns[k].name,
			           first + i * parts + k, k + 1 == parts ? ")" : "");
}

static void put_get_many(struct buf *out, const struct log_table *t)
{
	if (t->newest)
		return;
	put_select(out, t->get_many, t);
	buf_str(out, "WHERE ");
	put_keys(out, t, strlen(t->key), 1);
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

/* --- rows written together, and the registers (server/register/change.c) --- */

static void put_columns(struct buf *out, const struct log_column *c, size_t n, const char *before)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%s", i == 0 ? before : ", ", c[i].name);
}

static void put_insert(struct buf *out, const char *name, const char *table, const struct log_column *c, size_t n)
{
	static const size_t widths[] = {MANY_ROWS, MANY_FEW, 1};

	for (size_t w = 0; w < COUNT_OF(widths); w++) {
		buf_printf(out, "\n-- name: %s_%zu\nINSERT INTO %s ", name, widths[w], table);
		put_columns(out, c, n, "(");
		buf_str(out, ") VALUES");
		for (size_t row = 0; row < widths[w]; row++)
			for (size_t i = 0; i < n; i++)
				buf_printf(out, "%s?%zu%s", i > 0 ? ", " : row > 0 ? ",\n  (" : "\n  (", row * n + i + 1,
				           i + 1 == n ? ")" : "");
		buf_str(out, "\n");
	}
}

/* All versions of sixteen persons, at the unit where the register is of units. */
static void put_read(struct buf *out, const struct register_table *r)
{
	const struct log_column *c = r->rows->columns;
	size_t first = r->at_all_units ? 1 : 2;

	buf_printf(out, "\n-- name: %s\nSELECT ", r->read);
	put_columns(out, c, register_columns(r), "");
	buf_printf(out, "\nFROM %s WHERE ", r->rows->name);
	if (!r->at_all_units)
		buf_printf(out, "%s = ?1 AND ", c[r->unit].name);
	buf_printf(out, "%s IN (", c[r->person].name);
	for (size_t i = 0; i < LOG_MANY; i++)
		buf_printf(out, "%s?%zu", i > 0 ? ", " : "", first + i);
	buf_printf(out, ")\nORDER BY %s", c[r->person].name);
	for (size_t i = 0; i <= register_version(r); i++)
		if ((int)i != r->person)
			buf_printf(out, ", %s", c[i].name);
	buf_str(out, "\n");
}

static void put_written(struct buf *out, const struct register_table *r)
{
	const struct log_column *c = r->rows->columns;

	if (r->written != NULL)
		buf_printf(out, "\n-- name: %s\nSELECT DISTINCT %s FROM %s WHERE %s = ?1 AND %s = ?2\n", r->written,
		           c[r->person].name, r->rows->name, c[r->unit].name, c[register_writer(r)].name);
}

static void put_close(struct buf *out, const struct register_table *r)
{
	const struct log_column *c = r->rows->columns;
	size_t to = register_writer(r) + 2;

	if (!r->ends)
		return;
	buf_printf(out, "\n-- name: %s\nUPDATE %s SET %s = ?1, %s = ?2 WHERE %s = 0 AND (", r->close, r->rows->name,
	           c[to].name, c[to + 1].name, c[to].name);
	put_keys(out, r->rows, r->keys + 1, 3);
	buf_str(out, ")\n");
}

static void put_register(struct buf *out, const struct register_table *r)
{
	if (r->versions) {
		put_read(out, r);
		put_written(out, r);
		put_close(out, r);
	}
	put_insert(out, r->put, r->rows->name, r->rows->columns, register_columns(r));
}

static size_t columns_of(const struct log_table *t)
{
	size_t n = 0;

	while (t->columns[n].name != NULL)
		n++;
	return n;
}

/* "TABLE WHERE …": its rows of that kind; "TABLE" alone: rows written together. */
static enum err put_which(struct buf *out, const struct stmt_text *s)
{
	size_t at = 0;
	char table[64];
	struct span which = span_str(s->sql);

	if (!span_find(which, ' ', &at))
		at = which.len;
	if (at >= sizeof(table))
		return ERR(CONFIG, "%s: a table and which of its rows", s->name);
	(void)snprintf(table, sizeof(table), "%.*s", (int)at, s->sql);
	const struct log_table *t = log_table_find(table);
	if (t == NULL)
		return ERR(CONFIG, "%s: %s does not lie under the log", s->name, table);
	if (at == which.len) {
		put_insert(out, s->name, t->name, t->columns, columns_of(t));
		return ERR_OK;
	}
	put_select(out, s->name, t);
	buf_printf(out, "%s\n", s->sql + at + 1);
	return ERR_OK;
}

static const struct log_column cover[] = {LOG_INT("seq"),      LOG_INT("n"),      LOG_TEXT("tbl"), LOG_TEXT("key"),
                                          LOG_BLOB("row_sm3"), LOG_BLOB("marks"), LOG_BLOB("own")};

static enum err write_all(const char *in, const char *path)
{
	AUTO_BUF(text, STMT_FILE_MAX);
	AUTO_BUF(out, OUT_MAX);
	struct stmts which = {NULL, 0};

	TRY(file_read(in, &text));
	buf_str(&out,
	        "-- Made by tools/rows_sql.c of share/sql/rows.in, src/server/*/covered.c and register/registers.c: not to be edited.\n");
	for (size_t i = 0; log_table_at(i) != NULL; i++) {
		put_get(&out, log_table_at(i));
		put_newest(&out, log_table_at(i));
		put_get_many(&out, log_table_at(i));
		put_all(&out, log_table_at(i));
	}
	put_insert(&out, "log_cover_put", "log_cover", cover, COUNT_OF(cover));
	for (const struct register_table *const *r = registers_all; *r != NULL; r++)
		put_register(&out, *r);
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
