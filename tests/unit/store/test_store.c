/* One store: migrations, statements, errors, transactions. */
#include "store_test.h"
#include <sys/stat.h>

static struct store *open_new(const char *db, const char *dir)
{
	struct store *s = NULL;

	test_sql(dir);
	assert_int_equal(store_open(test_path(db), test_path(dir), 2, &s), ERR_OK);
	return s;
}

/* --- values --- */

static enum err check_row(const struct row *row, void *ctx)
{
	const struct test_item *it = ctx;

	assert_int_equal(row_int(row, 0), it->id);
	assert_string_equal(row_text(row, 1), it->name);
	assert_true(span_eq(row_blob(row, 2), it->data));
	assert_false(row_null(row, 2));
	assert_int_equal(row_int(row, 3), it->n);
	return ERR_OK;
}

static enum err get_tx(struct tx *tx, void *arg)
{
	const struct test_item *it = arg;

	return tx_one(tx, "item.get", SQL_ARGS(A_INT(it->id)), check_row, arg);
}

static void values_come_back_as_they_went(void **state)
{
	static const uint8_t odd[] = {0, 0xff, 0, 1};
	struct test_item items[] = {
		{1, "长沙测试一号科技有限公司", {odd, sizeof(odd)}, INT64_MAX},
		{INT64_MAX, "", SPAN_EMPTY, 0},
		{-5, "'; DROP TABLE item; --", SPAN_LIT("x"), 7},
	};
	AUTO(store) s = open_new("values.db", "values");
	struct stat st;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(items); i++) {
		assert_int_equal(store_write(s, test_add_tx, &items[i]), ERR_OK);
		assert_int_equal(store_read(s, get_tx, &items[i]), ERR_OK);
	}
	assert_int_equal(test_count(s), 3);
	assert_int_equal(stat(test_path("values.db"), &st), 0);
	assert_int_equal(st.st_mode & 07, 0);
}

static enum err nulls_tx(struct tx *tx, void *arg)
{
	int64_t changed = -1;

	(void)arg;
	TRY(tx_exec(tx, "item.add", SQL_ARGS(A_INT(1), A_NULL, A_NULL, A_NULL), &changed));
	assert_int_equal(changed, 1);
	TRY(tx_exec(tx, "item.bump", SQL_ARGS(A_INT(99)), &changed));
	assert_int_equal(changed, 0);
	return ERR_OK;
}

static enum err check_nulls(const struct row *row, void *ctx)
{
	(void)ctx;
	assert_true(row_null(row, 1) && row_null(row, 2) && row_null(row, 3));
	assert_string_equal(row_text(row, 1), "");
	assert_int_equal(row_blob(row, 2).len, 0);
	assert_int_equal(row_int(row, 3), 0);
	return ERR_OK;
}

static enum err read_nulls_tx(struct tx *tx, void *arg)
{
	return tx_one(tx, "item.get", SQL_ARGS(A_INT(1)), check_nulls, arg);
}

static void nulls_and_changed_rows(void **state)
{
	AUTO(store) s = open_new("nulls.db", "nulls");

	(void)state;
	assert_int_equal(store_write(s, nulls_tx, NULL), ERR_OK);
	assert_int_equal(store_read(s, read_nulls_tx, NULL), ERR_OK);
}

/* --- errors --- */

static enum err bad_text_tx(struct tx *tx, void *arg)
{
	(void)arg;
	return tx_exec(tx, "item.add", SQL_ARGS(A_INT(9), A_TEXT("\xc3("), A_NULL, A_INT(0)), NULL);
}

static enum err part_tx(struct tx *tx, void *arg)
{
	return tx_exec(tx, arg, SQL_ARGS(A_INT(777)), NULL);
}

static enum err own_error_tx(struct tx *tx, void *arg)
{
	TRY(test_add_tx(tx, arg));
	return ERR(CASE_ABSENT, "case %d", 42);
}

static void errors_are_told_apart_and_undo(void **state)
{
	AUTO(store) s = open_new("errors.db", "errors");
	struct test_item it = {1, "a", SPAN_EMPTY, 0}, same_name = {2, "a", SPAN_EMPTY, 0},
			 below = {3, "b", SPAN_EMPTY, -1};
	struct test_item absent = {55, "", SPAN_EMPTY, 0}, good = {4, "d", SPAN_EMPTY, 0};

	(void)state;
	assert_int_equal(store_write(s, test_add_tx, &it), ERR_OK);
	assert_int_equal(store_write(s, test_add_tx, &it), ERR_EXISTS);
	assert_int_equal(store_write(s, test_add_tx, &same_name), ERR_EXISTS);
	assert_int_equal(store_write(s, test_add_tx, &below), ERR_STATE);
	assert_int_equal(store_write(s, part_tx, (void *)(uintptr_t) "part.add_strict"), ERR_STATE);
	assert_int_equal(store_write(s, part_tx, (void *)(uintptr_t) "part.add"), ERR_STATE); /* fails at the commit */
	assert_int_equal(store_write(s, bad_text_tx, NULL), ERR_UTF8);
	assert_int_equal(store_read(s, get_tx, &absent), ERR_ABSENT);
	assert_int_equal(store_write(s, own_error_tx, &good), ERR_CASE_ABSENT);
	assert_non_null(strstr(err_detail(), "case 42")); /* the trail crosses threads */
	assert_int_equal(test_count(s), 1);
	assert_int_equal(store_write(s, test_add_tx, &good), ERR_OK);
}

/* --- queries --- */

static enum err bump_all_tx(struct tx *tx, void *arg)
{
	return tx_one(tx, "item.bump_all", NULL, 0, test_take_int, arg);
}

struct walk {
	struct tx *tx;
	unsigned rows, stop_at;
	bool nested;
};

static enum err walk_row(const struct row *row, void *ctx)
{
	struct walk *w = ctx;
	struct walk inner = {w->tx, 0, 0, false};

	(void)row;
	w->rows++;
	if (w->nested) {
		TRY(tx_query(w->tx, "item.all", NULL, 0, walk_row, &inner));
		assert_int_equal(inner.rows, 5);
	}
	return w->stop_at == w->rows ? ERR(CANCELLED, "enough") : ERR_OK;
}

static enum err walk_tx(struct tx *tx, void *arg)
{
	struct walk *w = arg;

	w->tx = tx;
	return tx_query(tx, "item.all", NULL, 0, walk_row, w);
}

static enum err sum_row(const struct row *row, void *ctx)
{
	*(int64_t *)ctx += row_int(row, 3);
	return ERR_OK;
}

static enum err sum_tx(struct tx *tx, void *arg)
{
	return tx_query(tx, "item.all", NULL, 0, sum_row, arg);
}

static void queries_nest_stop_and_return_rows_of_writes(void **state)
{
	AUTO(store) s = open_new("query.db", "query");
	char names[5][2] = {"a", "b", "c", "d", "e"};
	int64_t first = 0, sum = 0;
	struct walk all = {.nested = true}, two = {.stop_at = 2};

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct test_item it = {i + 1, names[i], SPAN_EMPTY, 0};
		assert_int_equal(store_write(s, test_add_tx, &it), ERR_OK);
	}
	assert_int_equal(store_read(s, walk_tx, &all), ERR_OK);
	assert_int_equal(all.rows, 5);
	assert_int_equal(store_read(s, walk_tx, &two), ERR_CANCELLED);
	assert_int_equal(two.rows, 2);
	/* Only the first row is looked at, all rows are changed. */
	assert_int_equal(store_write(s, bump_all_tx, &first), ERR_OK);
	assert_int_equal(first, 1);
	assert_int_equal(store_read(s, sum_tx, &sum), ERR_OK);
	assert_int_equal(sum, 5);
}

/* --- migrations --- */

static void migrations_from_empty_and_from_the_version_before(void **state)
{
	struct store *s = open_new("mig.db", "mig");
	struct test_item it = {1, "kept", SPAN_EMPTY, 0};

	(void)state;
	assert_int_equal(store_write(s, test_add_tx, &it), ERR_OK);
	store_close(s);
	assert_int_equal(store_open(test_path("mig.db"), test_path("mig"), 1, &s), ERR_OK);
	store_close(s);
	test_file("mig/002_more.sql", "ALTER TABLE item ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';");
	test_file("mig/colour.sql", "-- name: item.colour\nSELECT length(colour) FROM item WHERE id = 1\n");
	assert_int_equal(store_open(test_path("mig.db"), test_path("mig"), 1, &s), ERR_OK);
	assert_int_equal(test_count(s), 1);
	store_close(s);
	/* The program of before meets the database of after. */
	assert_int_equal(unlink(test_path("mig/002_more.sql")), 0);
	assert_int_equal(unlink(test_path("mig/colour.sql")), 0);
	s = NULL;
	assert_int_equal(store_open(test_path("mig.db"), test_path("mig"), 1, &s), ERR_CONFIG);
	assert_non_null(strstr(err_detail(), "newer"));
	assert_null(s);
}

static const struct {
	const char *file, *text;
} bad_folders[] = {
	{"002_x.sql", "CREATE TABLE half (a); CREATE BROKEN"},
	{"002_x.sql", "CREATE TABLE half (a); COMMIT; BEGIN"},
	{"002_x.sql", "INSERT INTO item (n) VALUES (-1);"},
	{"002_x.sql", "\xff"},
	{"2_x.sql", "CREATE TABLE x (a);"},
	{"0002_x.sql", "CREATE TABLE x (a);"},
	{"001_other.sql", "CREATE TABLE x (a);"},
	{"x.sql", "-- name: x\nSELECT 1 FROM no_such_table\n"},
	{"x.sql", "-- name: x\nSELECT 1; SELECT 2\n"},
	{"x.sql", "-- name: x\n;\n"},
};

static void bad_folders_refuse_to_start_and_leave_nothing(void **state)
{
	struct store *s = open_new("bad.db", "bad");

	(void)state;
	store_close(s);
	for (size_t i = 0; i < COUNT_OF(bad_folders); i++) {
		char name[300];
		snprintf(name, sizeof(name), "bad/%s", bad_folders[i].file);
		test_file(name, bad_folders[i].text);
		s = NULL;
		enum err e = store_open(test_path("bad.db"), test_path("bad"), 1, &s);
		if (e != ERR_CONFIG)
			fail_msg("row %zu: %s %s", i, err_name(e), err_detail());
		assert_null(s);
		assert_int_equal(unlink(test_path(name)), 0);
	}
	/* Half of a migration would stand in the way of the same one, mended. */
	test_file("bad/002_x.sql", "CREATE TABLE half (a);");
	assert_int_equal(store_open(test_path("bad.db"), test_path("bad"), 1, &s), ERR_OK);
	store_close(s);
	/* Forward only. */
	test_file("bad/004_x.sql", "CREATE TABLE four (a);");
	assert_int_equal(store_open(test_path("bad.db"), test_path("bad"), 1, &s), ERR_OK);
	store_close(s);
	test_file("bad/003_x.sql", "CREATE TABLE three (a);");
	assert_int_equal(store_open(test_path("bad.db"), test_path("bad"), 1, &s), ERR_CONFIG);
}

static void damaged_files_are_errors(void **state)
{
	struct store *s = NULL;

	(void)state;
	test_sql("dam");
	test_file(
		"dam.db",
		"this is not a database, and it is longer than a header of one, by far, is it not? It is, it is, it is.");
	assert_int_equal(store_open(test_path("dam.db"), test_path("dam"), 1, &s), ERR_IO);
	assert_int_equal(store_open(test_path("no/such/folder/x.db"), test_path("dam"), 1, &s), ERR_IO);
	assert_int_equal(symlink(test_path("dam.db"), test_path("link.db")), 0);
	assert_int_equal(store_open(test_path("link.db"), test_path("dam"), 1, &s), ERR_IO);
	assert_int_equal(store_open("", test_path("dam"), 1, &s), ERR_CONFIG);
	assert_null(s);
}

/* The product's own migrations and statements. */
static void the_core_files_load(void **state)
{
	static const char *const files[] = {"000_core.sql", "web.sql"};
	AUTO(store) s = NULL;

	(void)state;
	assert_int_equal(file_mkdir(test_path("core"), 0755), ERR_OK);
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		char from[512], to[300];
		snprintf(from, sizeof(from), "%s/sql/%s", SHARE_DIR, files[i]);
		snprintf(to, sizeof(to), "core/%s", files[i]);
		assert_int_equal(symlink(from, test_path(to)), 0);
	}
	assert_int_equal(store_open(test_path("core.db"), test_path("core"), 1, &s), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_back_as_they_went),
		cmocka_unit_test(nulls_and_changed_rows),
		cmocka_unit_test(errors_are_told_apart_and_undo),
		cmocka_unit_test(queries_nest_stop_and_return_rows_of_writes),
		cmocka_unit_test(migrations_from_empty_and_from_the_version_before),
		cmocka_unit_test(bad_folders_refuse_to_start_and_leave_nothing),
		cmocka_unit_test(damaged_files_are_errors),
		cmocka_unit_test(the_core_files_load),
	};

	return cmocka_run_group_tests_name("store", tests, test_dir_make, test_dir_remove);
}
