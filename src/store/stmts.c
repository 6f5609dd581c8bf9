#include "store/stmts.h"
#include "base/file.h"
#include "base/text.h"
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct stmt_text *)a)->name, ((const struct stmt_text *)b)->name);
}

static bool is_name(struct span s)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz0123456789_.";

	for (size_t i = 0; i < s.len; i++)
		if (memchr(ok, s.ptr[i], sizeof(ok) - 1) == NULL)
			return false;
	return s.len > 0 && s.len <= 64;
}

static struct span trim(struct span s)
{
	while (s.len > 0 && isspace(s.ptr[s.len - 1]))
		s.len--;
	while (s.len > 0 && isspace(s.ptr[0]))
		s = span_sub(s, 1, s.len);
	return s;
}

static char *copy(struct span s)
{
	return strndup(s.len > 0 ? (const char *)s.ptr : "", s.len);
}

static enum err add(struct stmts *s, struct span name, struct span sql)
{
	if (!is_name(name))
		return ERR(CONFIG, "statement %zu of the file has no proper name", s->n);
	if (sql.len == 0)
		return ERR(CONFIG, "statement %.*s is empty", (int)name.len, (const char *)name.ptr);
	if (s->n == STMTS_MAX)
		return ERR(LIMIT, "more than %d statements", STMTS_MAX);
	struct stmt_text *v = reallocarray(s->v, s->n + 1, sizeof(*v));
	if (v == NULL)
		return ERR(NOMEM, "statements");
	s->v = v;
	v[s->n] = (struct stmt_text){copy(name), copy(sql)};
	s->n++;
	if (v[s->n - 1].name == NULL || v[s->n - 1].sql == NULL)
		return ERR(NOMEM, "statements");
	return ERR_OK;
}

static struct span take_line(struct span *text)
{
	size_t at;
	struct span line = *text;

	if (span_find(*text, '\n', &at))
		line = span_sub(*text, 0, at + 1);
	*text = span_sub(*text, line.len, text->len);
	return line;
}

enum err stmts_parse(struct stmts *s, struct span text)
{
	const struct span mark = SPAN_LIT("-- name:");
	struct span name = SPAN_EMPTY, sql = SPAN_EMPTY;
	bool open = false;

	if (!text_is_utf8(text))
		return ERR(CONFIG, "not UTF-8");
	while (text.len > 0) {
		struct span line = take_line(&text);
		if (span_starts(line, mark)) {
			if (open)
				TRY(add(s, name, trim(sql)));
			open = true;
			name = trim(span_sub(line, mark.len, line.len));
			sql = span_of(line.ptr + line.len, 0);
		} else if (open) {
			sql.len += line.len;
		} else if (trim(line).len > 0 && !span_starts(line, SPAN_LIT("--"))) {
			return ERR(CONFIG, "text before the first \"-- name:\"");
		}
	}
	return open ? add(s, name, trim(sql)) : ERR_OK;
}

enum err stmts_sort(struct stmts *s)
{
	if (s->n > 0)
		qsort(s->v, s->n, sizeof(*s->v), by_name);
	for (size_t i = 1; i < s->n; i++)
		if (strcmp(s->v[i - 1].name, s->v[i].name) == 0)
			return ERR(CONFIG, "statement %s is there twice", s->v[i].name);
	return ERR_OK;
}

static int is_statement_file(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len > 4 && strcmp(d->d_name + len - 4, ".sql") == 0 && isalpha((unsigned char)d->d_name[0]);
}

static enum err load_file(struct stmts *s, const char *dir, const char *name)
{
	AUTO_BUF(path, 4096);
	AUTO_BUF(text, STMT_FILE_MAX);

	buf_printf(&path, "%s/%s", dir, name);
	TRY(buf_err(&path));
	TRY(file_read(buf_cstr(&path), &text));
	enum err e = stmts_parse(s, buf_span(&text));
	return e == ERR_OK ? e : err_note(e, "in %s", name);
}

enum err stmts_load(const char *dir, struct stmts **ret_s)
{
	AUTO(stmts) s = calloc(1, sizeof(*s));
	struct dirent **list;
	enum err e = ERR_OK;

	if (s == NULL)
		return ERR(NOMEM, "statements");
	int n = scandir(dir, &list, is_statement_file, alphasort);
	if (n < 0)
		return ERR(CONFIG, "cannot read folder %s", dir);
	for (int i = 0; i < n; i++) {
		if (e == ERR_OK)
			e = load_file(s, dir, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	TRY(e);
	TRY(stmts_sort(s));
	*ret_s = STEAL(s);
	return ERR_OK;
}

void stmts_free(struct stmts *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].name);
		free(s->v[i].sql);
	}
	free(s->v);
	free(s);
}

bool stmts_find(const struct stmts *s, const char *name, size_t *ret_at)
{
	struct stmt_text key = {.name = (char *)(uintptr_t)name};

	if (s->n == 0)
		return false;
	const struct stmt_text *hit = bsearch(&key, s->v, s->n, sizeof(*s->v), by_name);
	if (hit == NULL)
		return false;
	*ret_at = (size_t)(hit - s->v);
	return true;
}
