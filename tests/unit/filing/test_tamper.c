/* Every column of every table of register, filing, money, certificate and log, edited in turn in a database where each
 * of them has rows that the services themselves wrote: the check names it. Rows deleted, inserted and exchanged are
 * found too. Tables and columns are read from the database's own schema: what is new and under no entry fails here. */
#include "tamper.h"

/* --- what is not under the log, and why --- */

static const struct {
	const char *table, *column;
} apart[] = {
	{"schema_version", NULL}, /* of the store itself: tells which files of share/sql were applied */
	{"session", NULL},        /* ends within hours; an officer's login is an entry */
	{"prelogin", NULL},       /* login nonces of minutes */
	{"rate_limit", NULL},     /* counters of attempts */
	{"counter", NULL},        /* last numbers given: one that goes back is refused by the key it would give twice */
	{"case_shown", NULL},     /* what waits to be signed; the signed statement is an entry */
	{"filing_shown", NULL},   /* the same */
	{"filing_sheet", NULL},   /* which line of his spreadsheet a row came from: an aid while a draft is corrected */
	{"bill_turn", NULL},      /* what the timer saw when it last looked; the bill it made is under the log */
	{"account", "fails"},     /* wrong passwords in a row */
	{"account", "wait_until"},
};

static bool is_apart(const char *table, const char *column)
{
	for (size_t i = 0; i < COUNT_OF(apart); i++)
		if (strcmp(apart[i].table, table) == 0 &&
		    (apart[i].column == NULL || strcmp(apart[i].column, column) == 0))
			return true;
	return false;
}

/* --- the schema --- */

enum { NAMES_MAX = 64, NAME_ROOM = 40 };
struct names {
	char v[NAMES_MAX][NAME_ROOM];
	bool key[NAMES_MAX];
	size_t n;
};

static void names_of(struct tamper *h, const char *sql, int key_column, struct names *ret_n)
{
	sqlite3_stmt *s = NULL;
	ret_n->n = 0;
	assert_int_equal(sqlite3_prepare_v2(h->db, sql, -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		assert_true(ret_n->n < NAMES_MAX);
		(void)snprintf(ret_n->v[ret_n->n], NAME_ROOM, "%s", (const char *)sqlite3_column_text(s, 0));
		ret_n->key[ret_n->n] = key_column > 0 && sqlite3_column_int(s, key_column) > 0;
		ret_n->n++;
	}
	(void)sqlite3_finalize(s);
}

static void tables_of(struct tamper *h, struct names *ret_n)
{
	names_of(h, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name", 0,
	         ret_n);
}

static void columns_of(struct tamper *h, const char *table, struct names *ret_n)
{
	char sql[160];
	(void)snprintf(sql, sizeof(sql), "SELECT name, pk FROM pragma_table_info('%s')", table);
	names_of(h, sql, 1, ret_n);
}

static int64_t count(struct tamper *h, const char *what)
{
	char sql[200];
	sqlite3_stmt *s = NULL;
	(void)snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM %s", what);
	assert_int_equal(sqlite3_prepare_v2(h->db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(s, 0);
	(void)sqlite3_finalize(s);
	return n;
}

/* --- editing --- */

static void keep(struct tamper *h, const char *table)
{
	char sql[200];
	(void)snprintf(sql, sizeof(sql), "CREATE TEMP TABLE keep AS SELECT * FROM main.%s", table);
	tamper_edit(h, sql);
}

static void restore(struct tamper *h, const char *table)
{
	char sql[300];
	(void)snprintf(sql, sizeof(sql), "BEGIN; DELETE FROM main.%s; INSERT INTO main.%s SELECT * FROM keep; COMMIT",
	               table, table);
	tamper_edit(h, sql);
}

static void drop(struct tamper *h)
{
	tamper_edit(h, "DROP TABLE keep");
	if (tamper_check(h) > 0)
		fail_msg("not restored: %s", h->found);
}

#define SECOND "(SELECT rowid FROM %s ORDER BY rowid LIMIT 1 OFFSET 1)"
#define CHANGED \
	"CASE typeof(%s) WHEN 'integer' THEN %s + 1000003 WHEN 'blob' THEN CAST(x'01' || %s AS BLOB) WHEN 'null' THEN '1' ELSE %s || '1' END"

static bool is_log(const char *table)
{
	return strncmp(table, "log_", 4) == 0;
}

/* A row of the log that stands elsewhere in it is named by its new place, or by its absence from the old one. */
static bool is_place(const char *table, const char *column)
{
	static const struct {
		const char *table, *column;
	} places[] = {{"log_node", "epoch"},  {"log_node", "level"}, {"log_node", "idx"},
	              {"log_cover", "seq"},   {"log_entry", "seq"},  {"log_entry", "idx"},
	              {"log_entry", "epoch"}, {"log_head", "size"},  {"log_head", "epoch"}};
	for (size_t i = 0; i < COUNT_OF(places); i++)
		if (strcmp(places[i].table, table) == 0 && strcmp(places[i].column, column) == 0)
			return true;
	return false;
}

/* Named are table and column. */
static bool named(const struct tamper *h, const char *table, const char *column)
{
	for (const char *line = h->found; *line != 0; line = strchr(line, '\n') + 1) {
		const char *bar = strchr(line, '|'), *end = strchr(line, '\n');
		const char *last = end;
		while (last > line && *last != '|')
			last--;
		bool same_table = (size_t)(bar - line) == strlen(table) && strncmp(line, table, strlen(table)) == 0;
		bool same_column =
			(size_t)(end - last - 1) == strlen(column) && strncmp(last + 1, column, strlen(column)) == 0;
		if ((same_table && same_column) || (is_place(table, column) && is_log(line)))
			return true;
	}
	return false;
}

static void edit_column(struct tamper *h, const char *table, const char *column)
{
	char sql[600];
	(void)snprintf(sql, sizeof(sql), "UPDATE %s SET %s = " CHANGED " WHERE rowid = " SECOND, table, column, column,
	               column, column, column, table);
	tamper_edit(h, sql);
	size_t n = tamper_check(h);
	if (is_apart(table, column)) {
		assert_int_equal(n, 0);
	} else if (n == 0 || !named(h, table, column)) {
		print_message("# %s.%s is not named, but: %s\n", table, column, h->found);
		fail_msg("%s.%s", table, column);
	}
	restore(h, table);
}

static void every_column(void **state)
{
	struct tamper *h = *state;
	struct names tables, columns;
	size_t edits = 0;
	tables_of(h, &tables);
	assert_true(tables.n > 20);
	for (size_t t = 0; t < tables.n; t++) {
		if (is_apart(tables.v[t], ""))
			continue;
		if (count(h, tables.v[t]) < 2)
			fail_msg("table %s has no rows here: let the fixture write some", tables.v[t]);
		keep(h, tables.v[t]);
		columns_of(h, tables.v[t], &columns);
		for (size_t c = 0; c < columns.n; c++, edits++)
			edit_column(h, tables.v[t], columns.v[c]);
		drop(h);
	}
	print_message("# %zu columns edited\n", edits);
}

/* --- rows --- */

static void expect_table(struct tamper *h, const char *table, const char *what)
{
	char begin[64];
	(void)snprintf(begin, sizeof(begin), "%s|", table);
	if (tamper_check(h) == 0 || (!is_log(table) && strncmp(h->found, begin, strlen(begin)) != 0))
		fail_msg("%s: row %s: %s", table, what, h->found);
}

/* All but the key of the first two rows change places. */
static void exchange(struct tamper *h, const char *table)
{
	struct names columns;
	AUTO_BUF(list, 2000);
	char sql[2600];
	columns_of(h, table, &columns);
	for (size_t i = 0; i < columns.n; i++)
		if (!columns.key[i] && !is_apart(table, columns.v[i]))
			buf_printf(&list, "%s%s", list.len > 0 ? ", " : "", columns.v[i]);
	(void)snprintf(sql, sizeof(sql),
	               "CREATE TEMP TABLE two AS SELECT rowid AS r, * FROM main.%s ORDER BY rowid LIMIT 2;"
	               "DELETE FROM main.%s WHERE rowid IN (SELECT r FROM two)",
	               table, table);
	tamper_edit(h, sql);
	AUTO_BUF(keys, 600);
	for (size_t i = 0; i < columns.n; i++)
		if (columns.key[i] || is_apart(table, columns.v[i]))
			buf_printf(&keys, "%sa.%s", keys.len > 0 ? ", " : "", columns.v[i]);
	AUTO_BUF(names, 2600);
	for (size_t i = 0; i < columns.n; i++)
		buf_printf(&names, "%s%s.%s", i > 0 ? ", " : "",
		           columns.key[i] || is_apart(table, columns.v[i]) ? "a" : "b", columns.v[i]);
	AUTO_BUF(insert, 4000);
	buf_printf(&insert, "INSERT INTO main.%s SELECT %s FROM two a JOIN two b ON a.r <> b.r; DROP TABLE two", table,
	           buf_cstr(&names));
	OK(buf_err(&insert));
	tamper_edit(h, buf_cstr(&insert));
	/* Two rows that say the same of two keys can change places as they like. */
	(void)snprintf(sql, sizeof(sql), "(SELECT * FROM main.%s EXCEPT SELECT * FROM keep)", table);
	if (count(h, sql) > 0)
		expect_table(h, table, "exchanged");
	restore(h, table);
}

static void every_row(void **state)
{
	struct tamper *h = *state;
	struct names tables, columns;
	char sql[900];
	tables_of(h, &tables);
	for (size_t t = 0; t < tables.n; t++) {
		const char *table = tables.v[t];
		if (is_apart(table, "") || is_log(table))
			continue;
		keep(h, table);
		(void)snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE rowid = " SECOND, table, table);
		tamper_edit(h, sql);
		expect_table(h, table, "deleted");
		restore(h, table);
		columns_of(h, table, &columns);
		exchange(h, table);
		/* A copy of the second row under other keys, put in as somebody would who knows the table. */
		(void)snprintf(sql, sizeof(sql), "CREATE TEMP TABLE one AS SELECT * FROM main.%s WHERE rowid = " SECOND,
		               table, table);
		tamper_edit(h, sql);
		for (size_t c = 0; c < columns.n; c++) {
			bool unique = columns.key[c] || strcmp(columns.v[c], "uscc") == 0 ||
			              strcmp(columns.v[c], "id_digest") == 0 || strcmp(columns.v[c], "subject") == 0 ||
			              strcmp(columns.v[c], "corrects") == 0;
			(void)snprintf(sql, sizeof(sql), "UPDATE one SET %s = " CHANGED, columns.v[c], columns.v[c],
			               columns.v[c], columns.v[c], columns.v[c]);
			if (unique)
				tamper_edit(h, sql);
		}
		(void)snprintf(sql, sizeof(sql), "INSERT INTO main.%s SELECT * FROM one; DROP TABLE one", table);
		tamper_edit(h, sql);
		expect_table(h, table, "inserted");
		restore(h, table);
		drop(h);
	}
}

/* --- an act on what was edited --- */

static enum err submitted(struct tamper *h, char no[FILING_NO_MAX + 1])
{
	struct world *w = &h->b->w;
	b03_world_draft(h->b, json_pack("[o]", b03_world_row(h->b, "430103198802283358", "测试职工丙", "1")), no);
	return world_submit(w, no, &w->operator);
}

/* The entry of the act would take the edit for good: so there is no act, and the edit is found as before. */
static void not_worked_on(void **state)
{
	struct tamper *h = *state;
	struct world *w = &h->b->w;
	char no[FILING_NO_MAX + 1], named[80];
	OK(submitted(h, no));
	keep(h, "filing");
	tamper_edit(h, "UPDATE filing SET filer = filer || '1' WHERE state = 2");
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->reviewer), ERR_LOG_DAMAGED);
	err_clear();
	assert_int_equal(world_get(w, no).state, FILING_SUBMITTED);
	(void)snprintf(named, sizeof(named), "filing|%s|filer\n", no);
	assert_int_equal(tamper_check(h), 1);
	assert_string_equal(h->found, named);
	restore(h, "filing");
	drop(h);
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(not_worked_on), cmocka_unit_test(every_column),
	                                   cmocka_unit_test(every_row)};
	return cmocka_run_group_tests(tests, tamper_open, tamper_close);
}
