/* Typed reading of a definition's members, each failure with file and path. */
#include "server/form/service_i.h"
#include "base/arena.h"
#include "base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PATH_ROOM = 256, TEXT_MAX = 600 };

static void put_path(struct buf *out, const struct where *at)
{
	if (at == NULL)
		return;
	put_path(out, at->up);
	if (at->member != NULL)
		buf_printf(out, "%s%s", out->len > 0 ? "." : "", at->member);
	else
		buf_printf(out, "[%zu]", at->index);
}

enum err read_bad(const struct reading *r, const struct where *at, const char *member, const char *fmt, ...)
{
	AUTO_BUF(path, PATH_ROOM);
	char why[PATH_ROOM];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	put_path(&path, at);
	if (member != NULL)
		buf_printf(&path, "%s%s", path.len > 0 ? "." : "", member);
	return ERR(CONFIG, "%s: %s: %s", r->file, path.len > 0 ? buf_cstr(&path) : "top", why);
}

enum err read_members(const struct reading *r, const struct where *at, const json_t *obj, const char *const *known)
{
	const char *key;
	json_t *v;
	if (!json_is_object(obj))
		return read_bad(r, at, NULL, "not an object");
	json_object_foreach((json_t *)(uintptr_t)obj, key, v) {
		size_t i = 0;
		while (known[i] != NULL && strcmp(known[i], key) != 0)
			i++;
		if (known[i] == NULL)
			return read_bad(r, at, key, "unknown member");
	}
	return ERR_OK;
}

static enum err get_string(const struct reading *r, const struct where *at, const json_t *obj, const char *member,
                           bool required, const char **ret_s)
{
	const json_t *v = json_object_get(obj, member);
	if (v == NULL && !required) {
		*ret_s = "";
		return ERR_OK;
	}
	if (v == NULL)
		return read_bad(r, at, member, "missing");
	if (!json_is_string(v))
		return read_bad(r, at, member, "not a string");
	const char *s = json_string_value(v);
	if (s[0] == 0)
		return read_bad(r, at, member, "empty");
	if (strlen(s) != json_string_length(v) || strlen(s) > TEXT_MAX)
		return read_bad(r, at, member, "longer than %d octets", TEXT_MAX);
	*ret_s = s;
	return ERR_OK;
}

enum err read_text(const struct reading *r, const struct where *at, const json_t *obj, const char *member,
                   bool required, const char **ret_s)
{
	const char *s;
	TRY(get_string(r, at, obj, member, required, &s));
	if (text_line_check(span_str(s)) != ERR_OK) {
		err_clear();
		return read_bad(r, at, member, "not one line of plain text in NFC");
	}
	if (strpbrk(s, ";=") != NULL)
		return read_bad(r, at, member, "\";\" and \"=\" are the marks of statements");
	*ret_s = s;
	return ERR_OK;
}

enum err read_name(const struct reading *r, const struct where *at, const json_t *obj, const char *member,
                   bool required, const char **ret_s)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	const char *s;
	TRY(get_string(r, at, obj, member, required, &s));
	if (strspn(s, ok) != strlen(s) || strlen(s) > SERVICE_NAME_MAX)
		return read_bad(r, at, member, "not a name (a-z 0-9 _ -, at most %d)", SERVICE_NAME_MAX);
	*ret_s = s;
	return ERR_OK;
}

enum err read_int(const struct reading *r, const struct where *at, const json_t *obj, const char *member, bool required,
                  int64_t min, int64_t max, int64_t otherwise, int64_t *ret_v)
{
	const json_t *v = json_object_get(obj, member);
	if (v == NULL && !required) {
		*ret_v = otherwise;
		return ERR_OK;
	}
	if (v == NULL)
		return read_bad(r, at, member, "missing");
	if (!json_is_integer(v))
		return read_bad(r, at, member, "not a whole number");
	int64_t n = json_integer_value(v);
	if (n < min || n > max)
		return read_bad(r, at, member, "%lld is not within %lld to %lld", (long long)n, (long long)min,
		                (long long)max);
	*ret_v = n;
	return ERR_OK;
}

enum err read_bool(const struct reading *r, const struct where *at, const json_t *obj, const char *member, bool *ret_v)
{
	const json_t *v = json_object_get(obj, member);
	if (v != NULL && !json_is_boolean(v))
		return read_bad(r, at, member, "neither true nor false");
	*ret_v = json_is_true(v);
	return ERR_OK;
}

enum err read_array(const struct reading *r, const struct where *at, const json_t *obj, const char *member, size_t max,
                    const json_t **ret_a)
{
	const json_t *v = json_object_get(obj, member);
	if (v != NULL && !json_is_array(v))
		return read_bad(r, at, member, "not a list");
	if (json_array_size(v) > max)
		return read_bad(r, at, member, "more than %zu", max);
	*ret_a = v;
	return ERR_OK;
}

void *read_room(const struct reading *r, size_t n, size_t size)
{
	return arena_alloc(r->arena, (n > 0 ? n : 1) * size);
}
