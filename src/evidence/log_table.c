/* The tables whose rows lie under the log, and their rows by key. */
#include "evidence/log_i.h"
#include "base/text.h"
#include "gm/sm3.h"
#include <string.h>

enum { TABLES_MAX = 64 };
static const struct log_table *tables[TABLES_MAX];
static size_t n_tables;

void log_tables_use(const struct log_table *const *lists)
{
	n_tables = 0;
	for (; *lists != NULL; lists++)
		for (const struct log_table *t = *lists; t->name != NULL; t++) {
			INVARIANT(n_tables < TABLES_MAX);
			tables[n_tables++] = t;
		}
}

const struct log_table *log_table_at(size_t i)
{
	return i < n_tables ? tables[i] : NULL;
}

const struct log_table *log_table_find(const char *name)
{
	for (size_t i = 0; i < n_tables; i++)
		if (strcmp(tables[i]->name, name) == 0)
			return tables[i];
	return NULL;
}

size_t log_row_values(const struct row *row, int first, const struct log_column *c, struct log_value *ret_v)
{
	size_t n = 0;

	for (; c[n].name != NULL; n++) {
		int at = first + (int)n;
		ret_v[n] = (struct log_value){.name = c[n].name, .kind = row_null(row, at) ? SQL_NULL : c[n].kind};
		if (ret_v[n].kind == SQL_INT)
			ret_v[n].i = row_int(row, at);
		else if (ret_v[n].kind != SQL_NULL)
			ret_v[n].s = row_blob(row, at); /* a text's octets too */
		if ((c[n].is & LOG_DIGESTED) != 0 && ret_v[n].kind == SQL_BLOB) {
			INVARIANT(sm3_digest(ret_v[n].s, ret_v[n].own) == ERR_OK);
			ret_v[n].s = SPAN_ARR(ret_v[n].own);
		}
	}
	return n;
}

/* The last part takes what is left: a letter's number may hold a slash. */
static bool take_part(struct span *rest, char kind, bool last, struct sql_arg *ret_part)
{
	struct span s = *rest;
	size_t at;
	int64_t number;

	if (!last) {
		if (!span_find(*rest, '/', &at))
			return false;
		s = span_sub(*rest, 0, at);
		*rest = span_sub(*rest, at + 1, rest->len);
	}
	*ret_part = (struct sql_arg){SQL_TEXT, 0, s};
	if (kind == 't')
		return true;
	if (text_i64(s, INT64_MIN, INT64_MAX, &number) != ERR_OK) {
		err_clear();
		return false;
	}
	*ret_part = A_INT(number);
	return true;
}

bool log_table_parts(const struct log_table *t, const char *key, struct sql_arg ret_part[LOG_KEY_PARTS])
{
	struct span rest = span_str(key);
	size_t n = strlen(t->key);

	for (size_t i = 0; i < n; i++)
		if (!take_part(&rest, t->key[i], i + 1 == n, &ret_part[i]))
			return false;
	return true;
}

enum err log_table_one(struct tx *tx, const struct log_table *t, const struct sql_arg *key, row_fn *fn, void *ctx)
{
	size_t parts = strlen(t->key);

	if (t->newest && key[parts - 1].i == 0)
		return tx_one(tx, t->get_newest, key, parts - 1, fn, ctx);
	return tx_one(tx, t->get, key, parts, fn, ctx);
}

enum err log_table_get(struct tx *tx, const struct log_table *t, const char *key, row_fn *fn, void *ctx)
{
	struct sql_arg part[LOG_KEY_PARTS];

	if (!log_table_parts(t, key, part))
		return ERR(ABSENT, "no row of key %s", key);
	return tx_one(tx, t->get, part, strlen(t->key), fn, ctx);
}
