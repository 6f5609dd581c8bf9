#include "server/insurance/tables_i.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_STEP = 64, MESSAGE_MAX = 400 };

/* --- where a row stands --- */

struct scan {
	struct span s;
	size_t i;
	int line, depth;
};

/* Past the string whose opening quote was just taken; returns what is between the quotes. */
static struct span scan_string(struct scan *c)
{
	size_t from = c->i;
	while (c->i < c->s.len && c->s.ptr[c->i] != '"')
		c->i += c->s.ptr[c->i] == '\\' ? 2 : 1;
	struct span out = span_sub(c->s, from, c->i - from);
	c->i++;
	return out;
}

/* The whole file has been parsed before: only brackets and strings matter here. */
int table_line(struct span text, const char *array, size_t at)
{
	struct scan c = {text, 0, 1, 0};
	bool inside = false;
	size_t seen = 0;
	struct span key = SPAN_EMPTY;
	while (c.i < c.s.len) {
		char ch = (char)c.s.ptr[c.i++];
		if (ch == '"') {
			struct span s = scan_string(&c);
			key = c.depth == 1 ? s : key;
		} else if (ch == '\n') {
			c.line++;
		} else if (ch == '{' || ch == '[') {
			c.depth++;
			inside = c.depth == 2 ? span_eq_str(key, array) : inside;
			if (inside && c.depth == 3 && seen++ == at)
				return c.line;
		} else if (ch == '}' || ch == ']') {
			c.depth--;
		}
	}
	return 1;
}

enum err row_fault(const struct table_row *r, const char *fmt, ...)
{
	char what[MESSAGE_MAX];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return ERR(CONFIG, "%s:%d: %s", r->file, table_line(r->text, r->array, r->at), what);
}

/* --- members --- */

enum err row_keys(const struct table_row *r, const char *const *allowed)
{
	const char *key;
	json_t *value;
	/* jansson iterates over a non-const object, but changes nothing. */
	json_object_foreach((json_t *)(uintptr_t)r->row, key, value) {
		size_t i = 0;
		while (allowed[i] != NULL && strcmp(allowed[i], key) != 0)
			i++;
		if (allowed[i] == NULL)
			return row_fault(r, "member \"%s\" is not known here", key);
	}
	return ERR_OK;
}

enum err row_str_or(const struct table_row *r, const char *key, char *ret, size_t cap)
{
	const json_t *v = json_object_get(r->row, key);
	const char *s = v == NULL ? "" : json_string_value(v);
	if (s == NULL)
		return row_fault(r, "\"%s\" is not a string", key);
	if (strlen(s) >= cap)
		return row_fault(r, "\"%s\" is longer than %zu bytes", key, cap - 1);
	(void)snprintf(ret, cap, "%s", s);
	return ERR_OK;
}

enum err row_str(const struct table_row *r, const char *key, char *ret, size_t cap)
{
	if (json_object_get(r->row, key) == NULL)
		return row_fault(r, "\"%s\" is missing", key);
	TRY(row_str_or(r, key, ret, cap));
	return ret[0] != 0 ? ERR_OK : row_fault(r, "\"%s\" is empty", key);
}

enum err row_num(const struct table_row *r, const char *key, int64_t min, int64_t max, int64_t *ret_v)
{
	const json_t *v = json_object_get(r->row, key);
	if (!json_is_integer(v))
		return row_fault(r, "\"%s\" is not an integer", key);
	int64_t n = json_integer_value(v);
	if (n < min || n > max)
		return row_fault(r, "\"%s\" is %lld, outside %lld to %lld", key, (long long)n, (long long)min,
		                 (long long)max);
	*ret_v = n;
	return ERR_OK;
}

enum err row_flag(const struct table_row *r, const char *key, bool *ret_v)
{
	const json_t *v = json_object_get(r->row, key);
	if (!json_is_boolean(v))
		return row_fault(r, "\"%s\" is not true or false", key);
	*ret_v = json_is_true(v);
	return ERR_OK;
}

enum err row_choice(const struct table_row *r, const char *key, const char *const *names, int *ret_at)
{
	char s[32];
	TRY(row_str(r, key, s, sizeof(s)));
	for (int i = 0; names[i] != NULL; i++) {
		if (strcmp(names[i], s) == 0) {
			*ret_at = i;
			return ERR_OK;
		}
	}
	return row_fault(r, "\"%s\" cannot be \"%s\"", key, s);
}

enum err row_day(const struct table_row *r, const char *key, int64_t *ret_midnight)
{
	char s[16];
	TRY(row_str(r, key, s, sizeof(s)));
	if (day_parse(span_str(s), ret_midnight) != ERR_OK) {
		err_clear();
		return row_fault(r, "\"%s\" is not a day: %s", key, s);
	}
	return ERR_OK;
}

enum err row_span(const struct table_row *r, int *ret_from, int *ret_to)
{
	int64_t from = 0, to = 0;
	TRY(row_num(r, "from", MONTH_MIN, MONTH_MAX, &from));
	TRY(row_num(r, "to", 0, MONTH_MAX, &to));
	if (!month_is(from) || (to != 0 && !month_is(to)))
		return row_fault(r, "\"from\" and \"to\" are months yyyymm, \"to\" may be 0 for open");
	if (to != 0 && to < from)
		return row_fault(r, "\"to\" lies before \"from\"");
	*ret_from = (int)from;
	*ret_to = (int)to;
	return ERR_OK;
}

/* --- arrays --- */

enum err table_each(struct tables *t, const struct table_file *f, const char *array, table_fn *fn)
{
	const json_t *rows = json_object_get(f->root, array);
	if (!json_is_array(rows) || json_array_size(rows) == 0)
		return ERR(CONFIG, "%s:1: array \"%s\" is missing or empty", f->name, array);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		struct table_row r = {f->name, array, f->text, json_array_get(rows, i), i};
		if (!json_is_object(r.row))
			return row_fault(&r, "not an object");
		TRY(fn(t, &r));
	}
	return ERR_OK;
}

enum err table_room(void **items, size_t n, size_t size)
{
	if (n % ROOM_STEP != 0)
		return ERR_OK;
	void *more = realloc(*items, (n + ROOM_STEP) * size);
	if (more == NULL)
		return ERR(NOMEM, "table rows");
	*items = more;
	return ERR_OK;
}
