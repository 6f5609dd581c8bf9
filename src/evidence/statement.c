#include "evidence/statement_i.h"
#include "base/text.h"
#include "gm/sm3.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX_MAX = 64, ATTACH_MAX = 100, LINES_MAX = STATEMENT_KEYS_MAX + STATEMENT_REPEAT_MAX + ATTACH_MAX };
#define MAGIC "YINXIN-1 "

struct statement {
	const struct statement_type *type;
	int64_t time;
	char *text;   /* as signed */
	char *values; /* the same, each LF a NUL: the values below point into it */
	size_t len;
	size_t n_keys;
	struct group {
		const char *key;
		size_t first, count; /* lines */
	} groups[STATEMENT_KEYS_MAX];
	size_t n_lines;
	const char *lines[];
};

void statement_free(struct statement *s)
{
	if (s == NULL)
		return;
	free(s->text);
	free(s->values);
	free(s);
}

/* --- one line --- */

/* "key: " or, where repeats, "key.3: " */
static struct span line_prefix(const struct statement_part *part, size_t number, char room[PREFIX_MAX])
{
	int n = part->repeats ? snprintf(room, PREFIX_MAX, "%s.%zu: ", part->key, number)
	                      : snprintf(room, PREFIX_MAX, "%s: ", part->key);

	INVARIANT(n > 0 && n < PREFIX_MAX);
	return span_of(room, (size_t)n);
}

static enum err check_value(const struct statement_part *part, struct span value)
{
	if (value.len == 0)
		return ERR(STATEMENT, "%s: empty; \"-\" stands for nothing", part->key);
	if (value.len > STATEMENT_VALUE_MAX)
		return ERR(STATEMENT, "%s: longer than %d octets", part->key, STATEMENT_VALUE_MAX);
	enum err e = text_line_check(value);
	if (e == ERR_NOMEM)
		return e;
	if (e != ERR_OK)
		return ERR(STATEMENT, "%s: %s", part->key, err_detail());
	return part->check(value) ? ERR_OK : ERR(STATEMENT, "%s: not a value of this key", part->key);
}

/* --- reading --- */

struct reader {
	struct span rest;
	struct statement *s;
};

static bool next_is(const struct reader *r, const struct statement_part *part, size_t number)
{
	char room[PREFIX_MAX];

	return span_starts(r->rest, line_prefix(part, number, room));
}

static enum err read_line(struct reader *r, const struct statement_part *part, size_t number)
{
	char room[PREFIX_MAX];
	struct span prefix = line_prefix(part, number, room), line;
	struct statement *s = r->s;

	if (!span_starts(r->rest, prefix))
		return ERR(STATEMENT, "line \"%.*s\" is missing or not in its place", (int)prefix.len - 2,
		           (const char *)prefix.ptr);
	if (!span_take_until(&r->rest, '\n', &line))
		return ERR(STATEMENT, "%s: the line has no end", part->key);
	struct span value = span_sub(line, prefix.len, line.len);
	TRY(check_value(part, value));
	if (s->n_lines == LINES_MAX)
		return ERR(STATEMENT, "more than %d lines", LINES_MAX);
	s->lines[s->n_lines++] = s->values + (value.ptr - (const uint8_t *)s->text);
	return ERR_OK;
}

static enum err read_group(struct reader *r, const struct statement_part *part)
{
	struct statement *s = r->s;
	size_t first = s->n_lines, count = 1;

	INVARIANT(s->n_keys < STATEMENT_KEYS_MAX);
	TRY(read_line(r, part, 1));
	while (part->repeats && next_is(r, part, count + 1)) {
		if (count == STATEMENT_REPEAT_MAX)
			return ERR(STATEMENT, "%s: more than %d times", part->key, STATEMENT_REPEAT_MAX);
		TRY(read_line(r, part, ++count));
	}
	s->groups[s->n_keys++] = (struct group){part->key, first, count};
	return ERR_OK;
}

static enum err read_groups(struct reader *r, const struct statement_part *parts)
{
	for (; parts->key != NULL; parts++)
		TRY(read_group(r, parts));
	return ERR_OK;
}

static enum err read_type(struct reader *r)
{
	struct span line;

	if (!span_take_until(&r->rest, '\n', &line) || !span_starts(line, SPAN_LIT(MAGIC)))
		return ERR(STATEMENT, "does not begin with \"%s\"", MAGIC);
	r->s->type = statement_type_find(span_sub(line, strlen(MAGIC), line.len));
	return r->s->type != NULL ? ERR_OK : ERR(STATEMENT, "no such type of statement");
}

static size_t type_max(const struct statement_type *t)
{
	return t->max > 0 ? t->max : STATEMENT_MAX;
}

static enum err copy_text(struct statement *s, struct span text)
{
	s->text = malloc(text.len + 1);
	s->values = malloc(text.len + 1);
	if (s->text == NULL || s->values == NULL)
		return ERR(NOMEM, "statement of %zu octets", text.len);
	memcpy(s->text, text.ptr, text.len);
	for (size_t i = 0; i < text.len; i++)
		s->values[i] = text.ptr[i] == '\n' ? '\0' : (char)text.ptr[i];
	s->text[text.len] = s->values[text.len] = '\0';
	s->len = text.len;
	return ERR_OK;
}

enum err statement_parse(struct span text, struct statement **ret_s)
{
	if (text.len == 0 || text.len > STATEMENT_LONG_MAX)
		return ERR(STATEMENT, "%zu octets; 1 to %d are permitted", text.len, STATEMENT_LONG_MAX);
	AUTO(statement) s = calloc(1, sizeof(*s) + LINES_MAX * sizeof(s->lines[0]));
	if (s == NULL)
		return ERR(NOMEM, "statement");
	TRY(copy_text(s, text));
	struct reader r = {.rest = span_of(s->text, s->len), .s = s};
	TRY(read_type(&r));
	if (text.len > type_max(s->type))
		return ERR(STATEMENT, "%zu octets; a %s has at most %zu", text.len, s->type->name, type_max(s->type));
	TRY(read_groups(&r, statement_common));
	TRY(read_groups(&r, s->type->parts));
	if (r.rest.len > 0)
		return ERR(STATEMENT, "%zu octets more than a %s has", r.rest.len, s->type->name);
	TRY(text_untime(span_str(statement_get(s, "time")), &s->time));
	*ret_s = STEAL(s);
	return ERR_OK;
}

const char *statement_type(const struct statement *s)
{
	return s->type->name;
}

static const struct group *group_of(const struct statement *s, const char *key)
{
	for (size_t i = 0; i < s->n_keys; i++)
		if (strcmp(s->groups[i].key, key) == 0)
			return &s->groups[i];
	return NULL;
}

size_t statement_count(const struct statement *s, const char *key)
{
	const struct group *g = group_of(s, key);

	return g != NULL ? g->count : 0;
}

const char *statement_get_n(const struct statement *s, const char *key, size_t n)
{
	const struct group *g = group_of(s, key);

	return g != NULL && n < g->count ? s->lines[g->first + n] : "";
}

const char *statement_get(const struct statement *s, const char *key)
{
	return statement_get_n(s, key, 0);
}

struct span statement_text(const struct statement *s)
{
	return span_of(s->text, s->len);
}

int64_t statement_time(const struct statement *s)
{
	return s->time;
}

enum err statement_sm3(const struct statement *s, uint8_t ret_digest[32])
{
	return sm3_digest(statement_text(s), ret_digest);
}

/* --- building --- */

struct writer {
	const struct statement_kv *kv;
	size_t n, at;
	struct buf *out;
};

static bool kv_is(const struct writer *w, const struct statement_part *part)
{
	return w->at < w->n && w->kv[w->at].key != NULL && strcmp(w->kv[w->at].key, part->key) == 0;
}

/* The value is checked before it is written: a line end in it would be a line of the writer's choice. */
static enum err write_group(struct writer *w, const struct statement_part *part)
{
	char room[PREFIX_MAX];
	size_t number = 0;

	if (!kv_is(w, part))
		return ERR(STATEMENT, "%s: missing or not in its place", part->key);
	do {
		struct span value = span_str(w->kv[w->at].value);
		TRY(check_value(part, value));
		if (++number > STATEMENT_REPEAT_MAX)
			return ERR(STATEMENT, "%s: more than %d times", part->key, STATEMENT_REPEAT_MAX);
		buf_put(w->out, line_prefix(part, number, room));
		buf_put(w->out, value);
		buf_u8(w->out, '\n');
		w->at++;
	} while (part->repeats && kv_is(w, part));
	return ERR_OK;
}

static enum err write_groups(struct writer *w, const struct statement_part *parts)
{
	for (; parts->key != NULL; parts++)
		TRY(write_group(w, parts));
	return ERR_OK;
}

enum err statement_build(const char *type, const struct statement_kv *kv, size_t n, struct statement **ret_s)
{
	const struct statement_type *t = statement_type_find(span_str(type));
	AUTO_BUF(out, t ? type_max(t) : 0);
	struct writer w = {.kv = kv, .n = n, .out = &out};

	if (t == NULL)
		return ERR(STATEMENT, "no such type of statement");
	buf_printf(&out, "%s%s\n", MAGIC, t->name);
	TRY(write_groups(&w, statement_common));
	TRY(write_groups(&w, t->parts));
	if (w.at < n)
		return ERR(STATEMENT, "%s: too much or not in its place", kv[w.at].key ? kv[w.at].key : "(null)");
	if (buf_err(&out) == ERR_LIMIT)
		return ERR(STATEMENT, "longer than %zu octets", type_max(t));
	TRY(buf_err(&out));
	return statement_parse(buf_span(&out), ret_s);
}
