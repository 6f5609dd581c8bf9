#include "evidence/statement_i.h"
#include "base/text.h"
#include "gm/sm3.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX_MAX = 64, ATTACH_MAX = 100, TYPE_NAME_MAX = 40 };
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
		size_t first, count; /* values */
		bool numbered;
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

/* Where a value stands: "key: ", "row.3: ", "form/2: ", "row.3/2: ". */
struct place {
	const struct statement_part *part;
	size_t number, piece; /* piece 0: the value is one line */
};

static struct span prefix_of(const struct place *p, char room[PREFIX_MAX])
{
	int n = snprintf(room, PREFIX_MAX, "%s", p->part->key);

	if (p->part->most > 0)
		n += snprintf(room + n, (size_t)(PREFIX_MAX - n), ".%zu", p->number);
	if (p->piece > 0)
		n += snprintf(room + n, (size_t)(PREFIX_MAX - n), "/%zu", p->piece);
	n += snprintf(room + n, (size_t)(PREFIX_MAX - n), ": ");
	INVARIANT(n < PREFIX_MAX);
	return span_of(room, (size_t)n);
}

static enum err check_value(const struct statement_part *part, struct span value)
{
	size_t most = part->wide ? STATEMENT_WIDE_VALUE_MAX : STATEMENT_VALUE_MAX;

	if (value.len == 0)
		return ERR(STATEMENT, "%s: empty; \"-\" stands for nothing", part->key);
	if (value.len > most)
		return ERR(STATEMENT, "%s: longer than %zu octets", part->key, most);
	enum err e = text_line_check(value);
	if (e == ERR_NOMEM)
		return e;
	if (e != ERR_OK)
		return ERR(STATEMENT, "%s: %s", part->key, err_detail());
	return part->check(value) ? ERR_OK : ERR(STATEMENT, "%s: not a value of this key", part->key);
}

static bool within_character(uint8_t octet)
{
	return (octet & 0xC0) == 0x80;
}

/* How much of a value its next line holds: as many whole characters as there is room for. */
static size_t piece_len(struct span rest)
{
	size_t n = rest.len < STATEMENT_LINE_MAX ? rest.len : STATEMENT_LINE_MAX;

	while (n > 0 && n < rest.len && within_character(rest.ptr[n]))
		n--;
	return n;
}

/* --- reading --- */

struct reader {
	struct span rest;
	struct statement *s;
	size_t lines_max;
};

/* The same octets where a line ends with NUL. */
static char *value_at(struct statement *s, struct span value)
{
	return s->values + (value.ptr - (const uint8_t *)s->text);
}

static bool next_is(const struct reader *r, const struct place *p)
{
	char room[PREFIX_MAX];

	return span_starts(r->rest, prefix_of(p, room));
}

static enum err take_line(struct reader *r, const struct place *p, struct span *ret_value)
{
	char room[PREFIX_MAX];
	struct span prefix = prefix_of(p, room), line;

	if (!span_starts(r->rest, prefix))
		return ERR(STATEMENT, "line \"%.*s\" is missing or not in its place", (int)prefix.len - 2,
		           (const char *)prefix.ptr);
	if (!span_take_until(&r->rest, '\n', &line))
		return ERR(STATEMENT, "%s: the line has no end", p->part->key);
	*ret_value = span_sub(line, prefix.len, line.len);
	return ERR_OK;
}

static size_t character_len(uint8_t first)
{
	return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* A line goes on only where the one before has no room for one more character: there is one way to split a value. */
static enum err check_piece(const struct place *p, size_t before, struct span piece)
{
	const char *key = p->part->key;

	if (piece.len == 0 || piece.len > STATEMENT_LINE_MAX)
		return ERR(STATEMENT, "%s/%zu: %zu octets; 1 to %d are permitted", key, p->piece, piece.len,
		           STATEMENT_LINE_MAX);
	if (p->piece > 1 && within_character(piece.ptr[0]))
		return ERR(STATEMENT, "%s/%zu: begins within a character", key, p->piece);
	if (p->piece > 1 && before + character_len(piece.ptr[0]) <= STATEMENT_LINE_MAX)
		return ERR(STATEMENT, "%s/%zu: the line before has room for more", key, p->piece);
	return ERR_OK;
}

/* Puts the lines together where the first one stands: they take less room without their keys. */
static enum err take_pieces(struct reader *r, struct place p, struct span *ret_value)
{
	char *to = NULL;
	size_t len = 0;
	struct span piece = SPAN_EMPTY;

	for (; next_is(r, &p); p.piece++) {
		size_t before = piece.len;
		TRY(take_line(r, &p, &piece));
		TRY(check_piece(&p, before, piece));
		if (to == NULL)
			to = value_at(r->s, piece);
		memmove(to + len, piece.ptr, piece.len);
		len += piece.len;
	}
	if (p.piece == 2)
		return ERR(STATEMENT, "%s/1: one line alone is not numbered", p.part->key);
	to[len] = '\0';
	*ret_value = span_of(to, len);
	return ERR_OK;
}

static enum err read_value(struct reader *r, const struct statement_part *part, size_t number)
{
	struct place p = {part, number, 1};
	struct statement *s = r->s;
	struct span value;

	if (part->wide && next_is(r, &p)) {
		TRY(take_pieces(r, p, &value));
	} else {
		p.piece = 0;
		TRY(take_line(r, &p, &value));
		if (value.len > STATEMENT_LINE_MAX)
			return ERR(STATEMENT, "%s: line longer than %d octets", part->key, STATEMENT_LINE_MAX);
	}
	TRY(check_value(part, value));
	if (s->n_lines == r->lines_max)
		return ERR(STATEMENT, "more than %zu lines", r->lines_max);
	s->lines[s->n_lines++] = p.piece == 0 ? value_at(s, value) : (const char *)value.ptr;
	return ERR_OK;
}

static bool has_another(const struct reader *r, const struct statement_part *part, size_t number)
{
	const struct place line = {part, number, 0}, first = {part, number, 1};

	return next_is(r, &line) || (part->wide && next_is(r, &first));
}

static enum err read_group(struct reader *r, const struct statement_part *part)
{
	struct statement *s = r->s;
	size_t first = s->n_lines, count = 1;

	INVARIANT(s->n_keys < STATEMENT_KEYS_MAX);
	TRY(read_value(r, part, 1));
	while (part->most > 0 && has_another(r, part, count + 1)) {
		if (count == part->most)
			return ERR(STATEMENT, "%s: more than %zu times", part->key, part->most);
		TRY(read_value(r, part, ++count));
	}
	s->groups[s->n_keys++] = (struct group){part->key, first, count, part->most > 0};
	return ERR_OK;
}

static enum err read_groups(struct reader *r, const struct statement_part *parts)
{
	for (; parts->key != NULL; parts++)
		TRY(read_group(r, parts));
	return ERR_OK;
}

/* "FILING-SUBMIT" could be a type, "login" never. */
static bool is_type_name(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') && s.ptr[i] != '-')
			return false;
	return s.len > 0 && s.len <= TYPE_NAME_MAX;
}

static enum err read_type(struct span text, const struct statement_type **ret_t)
{
	struct span line, name;

	if (!span_take_until(&text, '\n', &line) || !span_starts(line, SPAN_LIT(MAGIC)))
		return ERR(STATEMENT, "does not begin with \"%s\"", MAGIC);
	name = span_sub(line, strlen(MAGIC), line.len);
	*ret_t = statement_type_find(name);
	if (*ret_t != NULL)
		return ERR_OK;
	return is_type_name(name) ? ERR(STATEMENT_TYPE, "%.*s", (int)name.len, (const char *)name.ptr)
	                          : ERR(STATEMENT, "no type of statement");
}

static size_t type_max(const struct statement_type *t)
{
	return t->max > 0 ? t->max : STATEMENT_MAX;
}

/* --- life --- */

/* Values that a type can have, one full group and the attachments of another. */
static size_t lines_max(const struct statement_type *t)
{
	size_t most = STATEMENT_REPEAT_MAX;

	for (const struct statement_part *p = t->parts; p->key != NULL; p++)
		most = p->most > most ? p->most : most;
	return STATEMENT_KEYS_MAX + most + ATTACH_MAX;
}

static size_t count_lines(struct span text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.ptr[i] == '\n';
	return n;
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

static enum err read_statement(struct reader *r)
{
	struct span line;
	struct statement *s = r->s;

	if (!span_take_until(&r->rest, '\n', &line))
		return ERR(STATEMENT, "no lines");
	TRY(read_groups(r, statement_common));
	TRY(read_groups(r, s->type->parts));
	if (r->rest.len > 0)
		return ERR(STATEMENT, "%zu octets more than a %s has", r->rest.len, s->type->name);
	return text_untime(span_str(statement_get(s, "time")), &s->time);
}

enum err statement_parse(struct span text, struct statement **ret_s)
{
	const struct statement_type *t;

	if (text.len == 0 || text.len > STATEMENT_WIDE_MAX)
		return ERR(STATEMENT, "%zu octets; 1 to %d are permitted", text.len, STATEMENT_WIDE_MAX);
	TRY(read_type(text, &t));
	if (text.len > type_max(t))
		return ERR(STATEMENT, "%zu octets; a %s has at most %zu", text.len, t->name, type_max(t));
	size_t room = count_lines(text), most = lines_max(t);
	room = room < most ? room : most;
	AUTO(statement) s = calloc(1, sizeof(*s) + room * sizeof(s->lines[0]));
	if (s == NULL)
		return ERR(NOMEM, "statement");
	s->type = t;
	TRY(copy_text(s, text));
	struct reader r = {.rest = span_of(s->text, s->len), .s = s, .lines_max = room};
	TRY(read_statement(&r));
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

enum err statement_each(const struct statement *s, statement_value_fn *fn, void *ctx)
{
	for (const struct group *g = s->groups; g < s->groups + s->n_keys; g++)
		for (size_t i = 0; i < g->count; i++)
			TRY(fn(g->key, g->numbered ? i + 1 : 0, s->lines[g->first + i], ctx));
	return ERR_OK;
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

static void write_line(struct writer *w, const struct place *p, struct span value)
{
	char room[PREFIX_MAX];

	buf_put(w->out, prefix_of(p, room));
	buf_put(w->out, value);
	buf_u8(w->out, '\n');
}

static void write_value(struct writer *w, struct place p, struct span value)
{
	if (value.len <= STATEMENT_LINE_MAX) {
		write_line(w, &p, value);
		return;
	}
	while (value.len > 0) {
		size_t n = piece_len(value);
		p.piece++;
		write_line(w, &p, span_sub(value, 0, n));
		value = span_sub(value, n, value.len);
	}
}

/* The value is checked before it is written: a line end in it would be a line of the writer's choice. */
static enum err write_group(struct writer *w, const struct statement_part *part)
{
	struct place p = {.part = part};

	if (!kv_is(w, part))
		return ERR(STATEMENT, "%s: missing or not in its place", part->key);
	do {
		struct span value = span_str(w->kv[w->at].value);
		TRY(check_value(part, value));
		if (part->most > 0 && ++p.number > part->most)
			return ERR(STATEMENT, "%s: more than %zu times", part->key, part->most);
		write_value(w, p, value);
		w->at++;
	} while (part->most > 0 && kv_is(w, part));
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
