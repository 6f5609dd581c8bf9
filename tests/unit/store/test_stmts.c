/* The files of named statements: what is one, what is not. */
#include "store/stmts.h"
#include "store_test.h"

static const struct {
	const char *text;
	enum err want;
	size_t n;
} files[] = {
	{"", ERR_OK, 0},
	{"-- only a comment\n\n", ERR_OK, 0},
	{"-- name: a\nSELECT 1\n", ERR_OK, 1},
	{"-- name: a\r\nSELECT 1\r\n", ERR_OK, 1},
	{"-- name: a.b_2\nSELECT 1;\n-- name: c\nSELECT\n 2", ERR_OK, 2},
	{"-- name: a\n-- inner comment\nSELECT 1\n", ERR_OK, 1},
	{"SELECT 1\n", ERR_CONFIG, 0},
	{"-- name:\nSELECT 1\n", ERR_CONFIG, 0},
	{"-- name: A\nSELECT 1\n", ERR_CONFIG, 0},
	{"-- name: a b\nSELECT 1\n", ERR_CONFIG, 0},
	{"-- name: a;drop\nSELECT 1\n", ERR_CONFIG, 0},
	{"-- name: a\n", ERR_CONFIG, 0},
	{"-- name: a\n\n-- name: b\nSELECT 1\n", ERR_CONFIG, 0},
	{"-- name: a\nSELECT '\xff'\n", ERR_CONFIG, 0},
	{"-- name: aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg\nSELECT 1\n", ERR_CONFIG, 0},
};

static void parse_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		AUTO(stmts) s = calloc(1, sizeof(*s));
		enum err e = stmts_parse(s, span_str(files[i].text));
		if (e != files[i].want)
			fail_msg("row %zu: %s", i, err_name(e));
		if (e == ERR_OK)
			assert_int_equal(s->n, files[i].n);
	}
}

static void names_are_found_and_unique(void **state)
{
	AUTO(stmts) s = calloc(1, sizeof(*s));
	size_t at;

	(void)state;
	assert_false(stmts_find(s, "a", &at));
	assert_int_equal(stmts_parse(s, SPAN_LIT("-- name: b\nSELECT 2\n-- name: a\nSELECT 1\n")), ERR_OK);
	assert_int_equal(stmts_sort(s), ERR_OK);
	assert_true(stmts_find(s, "a", &at));
	assert_string_equal(s->v[at].sql, "SELECT 1");
	assert_false(stmts_find(s, "", &at));
	assert_int_equal(stmts_parse(s, SPAN_LIT("-- name: a\nSELECT 3\n")), ERR_OK);
	assert_int_equal(stmts_sort(s), ERR_CONFIG);
}

static void only_sql_files_that_begin_with_a_letter(void **state)
{
	AUTO(stmts) s = NULL;

	(void)state;
	assert_int_equal(file_mkdir(test_path("q"), 0755), ERR_OK);
	test_file("q/000_x.sql", "not statements");
	test_file("q/.hidden.sql", "not statements");
	test_file("q/notes.txt", "not statements");
	test_file("q/a.sql", "-- name: a\nSELECT 1\n");
	assert_int_equal(stmts_load(test_path("q"), &s), ERR_OK);
	assert_int_equal(s->n, 1);
	struct stmts *none = NULL;
	test_file("q/b.sql", "-- name: a\nSELECT 2\n");
	assert_int_equal(stmts_load(test_path("q"), &none), ERR_CONFIG);
	assert_int_equal(stmts_load(test_path("absent"), &none), ERR_CONFIG);
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_table),
		cmocka_unit_test(names_are_found_and_unique),
		cmocka_unit_test(only_sql_files_that_begin_with_a_letter),
	};

	return cmocka_run_group_tests_name("store-stmts", tests, test_dir_make, test_dir_remove);
}
