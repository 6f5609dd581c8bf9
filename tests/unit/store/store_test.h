/* A folder of its own for each test program, removed at the end; SQL folders made of literals. */
#pragma once
#include "base/file.h"
#include "store/store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ftw.h>
#include <unistd.h>

#include <cmocka.h>

static char test_dir[256];

static inline int test_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline int test_dir_make(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(test_dir, sizeof(test_dir), "%s/yx-store-XXXXXX", tmp != NULL ? tmp : "/tmp");
	return mkdtemp(test_dir) != NULL ? 0 : -1;
}

static inline int test_dir_remove(void **state)
{
	(void)state;
	return nftw(test_dir, test_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *test_path(const char *name)
{
	static char path[4][600];
	static unsigned n;
	char *p = path[n++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", test_dir, name);
	return p;
}

static inline void test_file(const char *name, const char *text)
{
	assert_int_equal(file_replace(test_path(name), span_str(text), 0644), ERR_OK);
}

#define TEST_CORE_SQL "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL);\n"

/* A folder with the core, a table of items, and statements for it. */
static inline void test_sql(const char *dir)
{
	char name[300];

	assert_int_equal(file_mkdir(test_path(dir), 0755), ERR_OK);
	snprintf(name, sizeof(name), "%s/000_core.sql", dir);
	test_file(name, TEST_CORE_SQL);
	snprintf(name, sizeof(name), "%s/001_item.sql", dir);
	test_file(name,
	          "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE, data BLOB, n INTEGER CHECK (n >= 0));\n"
	          "CREATE TABLE part (item INTEGER NOT NULL REFERENCES item(id) DEFERRABLE INITIALLY DEFERRED);\n"
	          "CREATE TABLE strict_part (item INTEGER NOT NULL REFERENCES item(id));\n");
	snprintf(name, sizeof(name), "%s/item.sql", dir);
	test_file(name,
	          "-- statements of the test\n"
	          "-- name: item.add\nINSERT INTO item (id, name, data, n) VALUES (?1, ?2, ?3, ?4)\n\n"
	          "-- name: item.get\nSELECT id, name, data, n FROM item WHERE id = ?1;\n"
	          "-- name: item.count\nSELECT count(*) FROM item\n"
	          "-- name: item.all\nSELECT id, name, data, n FROM item ORDER BY id\n"
	          "-- name: item.bump\nUPDATE item SET n = n + 1 WHERE id = ?1\n"
	          "-- name: item.bump_all\nUPDATE item SET n = n + 1 RETURNING id\n"
	          "-- name: item.fill\nWITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < ?1)\n"
	          "INSERT INTO item (name, data, n) SELECT 'fill' || i, zeroblob(4000), 0 FROM k\n"
	          "-- name: part.add\nINSERT INTO part (item) VALUES (?1)\n"
	          "-- name: part.add_strict\nINSERT INTO strict_part (item) VALUES (?1)\n");
}

static inline enum err test_take_int(const struct row *row, void *ctx)
{
	*(int64_t *)ctx = row_int(row, 0);
	return ERR_OK;
}

static inline enum err test_count_tx(struct tx *tx, void *arg)
{
	return tx_one(tx, "item.count", NULL, 0, test_take_int, arg);
}

static inline int64_t test_count(struct store *s)
{
	int64_t n = -1;

	assert_int_equal(store_read(s, test_count_tx, &n), ERR_OK);
	return n;
}

struct test_item {
	int64_t id;
	const char *name;
	struct span data;
	int64_t n;
};

static inline enum err test_add_tx(struct tx *tx, void *arg)
{
	const struct test_item *it = arg;

	return tx_exec(tx, "item.add", SQL_ARGS(A_INT(it->id), A_TEXT(it->name), A_BLOB(it->data), A_INT(it->n)), NULL);
}
