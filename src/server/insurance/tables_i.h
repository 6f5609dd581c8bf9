/* Between tables.c, table_row.c and calendar.c: reading one row of a table with the line it stands on.
 *
 * A table file is one JSON object of named arrays of flat objects. jansson keeps no positions, so a fault looks the
 * line up in the text again. */
#pragma once
#include "base/json.h"
#include "server/insurance/tables.h"

struct table_row {
	const char *file, *array;
	struct span text; /* of the whole file */
	const json_t *row;
	size_t at; /* index in the array */
};
/* ERR_CONFIG "file:line: …". */
enum err row_fault(const struct table_row *r, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_CHECK;
enum err row_keys(const struct table_row *r, const char *const *allowed) MUST_CHECK; /* NULL-terminated */
enum err row_str(const struct table_row *r, const char *key, char *ret, size_t cap) MUST_CHECK;
enum err row_str_or(const struct table_row *r, const char *key, char *ret, size_t cap) MUST_CHECK; /* absent: "" */
enum err row_num(const struct table_row *r, const char *key, int64_t min, int64_t max, int64_t *ret_v) MUST_CHECK;
enum err row_flag(const struct table_row *r, const char *key, bool *ret_v) MUST_CHECK;
enum err row_choice(const struct table_row *r, const char *key, const char *const *names, int *ret_at) MUST_CHECK;
enum err row_day(const struct table_row *r, const char *key, int64_t *ret_midnight) MUST_CHECK;
/* Members "from" and "to" as months; to 0 is open. */
enum err row_span(const struct table_row *r, int *ret_from, int *ret_to) MUST_CHECK;
/* Line on which element `at` of the named array begins, 1 when it cannot be found. */
int table_line(struct span text, const char *array, size_t at);

/* Calls fn for every row of an array of the file. */
typedef enum err table_fn(struct tables *t, const struct table_row *r);
struct table_file {
	const char *name;
	struct span text;
	const json_t *root;
};
enum err table_each(struct tables *t, const struct table_file *f, const char *array, table_fn *fn) MUST_CHECK;
enum err table_room(void **items, size_t n, size_t size) MUST_CHECK; /* grows in steps of 64 */

enum err calendar_year_add(struct tables *t, const struct table_row *r) MUST_CHECK;
void calendar_free(struct calendar *c);
