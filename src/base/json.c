#include "base/json.h"
#include "base/text.h"

enum { DEPTH_MAX = 32 };

static enum err check_tree(json_t *v, int depth)
{
	const char *key;
	json_t *child;
	size_t i;

	if (depth > DEPTH_MAX)
		return ERR(LIMIT, "JSON nested deeper than %d", DEPTH_MAX);
	if (json_is_real(v))
		return ERR(SYNTAX, "JSON holds a number that is not an integer");
	if (json_is_object(v))
		json_object_foreach(v, key, child)
			TRY(check_tree(child, depth + 1));
	if (json_is_array(v))
		json_array_foreach(v, i, child)
			TRY(check_tree(child, depth + 1));
	return ERR_OK;
}

enum err json_parse(struct span s, json_t **ret_v)
{
	return json_parse_long(s, JSON_TEXT_MAX, ret_v);
}

enum err json_parse_long(struct span s, size_t max, json_t **ret_v)
{
	json_error_t why;

	if (s.len > max)
		return ERR(LIMIT, "JSON of %zu bytes", s.len);
	if (!text_is_utf8(s))
		return ERR(UTF8, "JSON is not valid UTF-8 or holds NUL");
	AUTO_JSON v = json_loadb(s.len > 0 ? (const char *)s.ptr : "", s.len, JSON_REJECT_DUPLICATES, &why);
	if (v == NULL && json_error_code(&why) == json_error_out_of_memory)
		return ERR(NOMEM, "JSON of %zu bytes", s.len);
	if (v == NULL && json_error_code(&why) == json_error_stack_overflow)
		return ERR(LIMIT, "JSON nested deeper than %d", DEPTH_MAX);
	/* The library's text quotes the input, which may be personal data: only the place is kept. */
	if (v == NULL)
		return ERR(SYNTAX, "JSON line %d column %d, reason %d", why.line, why.column,
		           (int)json_error_code(&why));
	TRY(check_tree(v, 1));
	*ret_v = STEAL(v);
	return ERR_OK;
}

static int put_text(const char *text, size_t len, void *out)
{
	buf_put(out, span_of(text, len));
	return 0;
}

enum err json_print(const json_t *v, struct buf *out)
{
	size_t before = out->len;

	if (json_dump_callback(v, put_text, out, JSON_COMPACT | JSON_SORT_KEYS) != 0) {
		buf_cut(out, before);
		return ERR(NOMEM, "JSON cannot be printed");
	}
	enum err e = buf_err(out);
	if (e != ERR_OK)
		buf_cut(out, before);
	return e;
}

enum err json_str(const json_t *obj, const char *key, const char **ret_v)
{
	const char *v = json_string_value(json_object_get(obj, key));

	if (v == NULL)
		return ERR(SYNTAX, "JSON member \"%s\" is not a string", key);
	*ret_v = v;
	return ERR_OK;
}

enum err json_int(const json_t *obj, const char *key, int64_t *ret_v)
{
	const json_t *v = json_object_get(obj, key);

	if (!json_is_integer(v))
		return ERR(SYNTAX, "JSON member \"%s\" is not an integer", key);
	*ret_v = (int64_t)json_integer_value(v);
	return ERR_OK;
}

const char *json_str_or(const json_t *obj, const char *key, const char *otherwise)
{
	const char *v = json_string_value(json_object_get(obj, key));

	return v != NULL ? v : otherwise;
}

int64_t json_int_or(const json_t *obj, const char *key, int64_t otherwise)
{
	const json_t *v = json_object_get(obj, key);

	return json_is_integer(v) ? (int64_t)json_integer_value(v) : otherwise;
}

enum err json_put_str(json_t *obj, const char *key, struct span v)
{
	if (!text_is_utf8(v))
		return ERR(UTF8, "JSON member \"%s\"", key);
	return json_put(obj, key, json_stringn(v.len > 0 ? (const char *)v.ptr : "", v.len));
}

enum err json_put_int(json_t *obj, const char *key, int64_t v)
{
	return json_put(obj, key, json_integer(v));
}

enum err json_put_bool(json_t *obj, const char *key, bool v)
{
	return json_put(obj, key, json_boolean(v));
}

enum err json_put(json_t *obj, const char *key, json_t *take)
{
	if (take == NULL || json_object_set_new(obj, key, take) != 0)
		return ERR(NOMEM, "JSON member \"%s\"", key);
	return ERR_OK;
}
