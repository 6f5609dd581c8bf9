#include "web/form.h"
#include "base/json.h"
#include "base/text.h"
#include <string.h>

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Printable ASCII, without what no browser leaves unescaped. */
static bool is_raw(uint8_t c)
{
	return c > 0x20 && c < 0x7F && c != '"' && c != '<' && c != '>' && c != '#' && c != '\\';
}

enum err percent_decode(struct span s, bool plus, struct arena *a, const char **ret_text)
{
	uint8_t *to = arena_alloc(a, s.len + 1);
	size_t n = 0;

	if (to == NULL)
		return ERR(LIMIT, "request memory");
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if (c == '%') {
			int hi = i + 2 < s.len ? hex_digit(s.ptr[i + 1]) : -1;
			int lo = i + 2 < s.len ? hex_digit(s.ptr[i + 2]) : -1;
			if (hi < 0 || lo < 0)
				return ERR(SYNTAX, "percent escape at %zu", i);
			to[n++] = (uint8_t)(hi << 4 | lo);
			i += 2;
		} else if (is_raw(c)) {
			to[n++] = plus && c == '+' ? ' ' : c;
		} else {
			return ERR(SYNTAX, "octet 0x%02x at %zu", c, i);
		}
	}
	if (!text_is_utf8(span_of(to, n)))
		return ERR(UTF8, "after percent decoding");
	*ret_text = (const char *)to;
	return ERR_OK;
}

void percent_encode(struct buf *out, struct span s)
{
	static const char keep[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

	for (size_t i = 0; i < s.len; i++) {
		if (memchr(keep, s.ptr[i], sizeof(keep) - 1) != NULL)
			buf_u8(out, s.ptr[i]);
		else
			buf_printf(out, "%%%02X", s.ptr[i]);
	}
}

const struct input *inputs_find(const struct inputs *in, const char *name)
{
	for (size_t i = 0; i < in->n; i++)
		if (strcmp(in->v[i].name, name) == 0)
			return &in->v[i];
	return NULL;
}

enum err inputs_new(struct arena *a, size_t max, struct inputs *ret_in)
{
	struct input *v = arena_alloc(a, max * sizeof(*v));

	if (v == NULL)
		return ERR(LIMIT, "request memory");
	*ret_in = (struct inputs){v, 0, max};
	return ERR_OK;
}

enum err inputs_add(struct inputs *in, const char *name, const char *value)
{
	size_t len = strlen(name);

	if (len == 0 || len > FORM_NAME_MAX)
		return ERR(SYNTAX, "field name of %zu octets", len);
	if (inputs_find(in, name) != NULL)
		return ERR(FIELD_TWICE, "field %zu", in->n);
	if (in->n == in->max)
		return ERR(LIMIT, "more than %zu fields", in->max);
	in->v[in->n++] = (struct input){name, value};
	return ERR_OK;
}

static struct span take_part(struct span *s, uint8_t sep)
{
	size_t at;
	struct span part = *s;

	if (span_find(*s, sep, &at)) {
		part = span_sub(*s, 0, at);
		*s = span_sub(*s, at + 1, s->len);
	} else {
		*s = SPAN_EMPTY;
	}
	return part;
}

enum err form_parse(struct span text, struct arena *a, struct inputs *ret_in)
{
	struct inputs in;
	const char *name, *value;
	size_t at;

	TRY(inputs_new(a, FORM_FIELDS_MAX, &in));
	if (text.len > 0 && text.ptr[text.len - 1] == '&')
		return ERR(SYNTAX, "form ends with '&'");
	while (text.len > 0) {
		struct span pair = take_part(&text, '&');
		if (!span_find(pair, '=', &at))
			return ERR(SYNTAX, "field without '='");
		TRY(percent_decode(span_sub(pair, 0, at), true, a, &name));
		TRY(percent_decode(span_sub(pair, at + 1, pair.len), true, a, &value));
		TRY(inputs_add(&in, name, value));
	}
	*ret_in = in;
	return ERR_OK;
}

enum err form_parse_json(struct span text, struct arena *a, struct inputs *ret_in)
{
	struct inputs in;
	const char *key;
	json_t *member, *v = NULL;

	TRY(inputs_new(a, FORM_FIELDS_MAX, &in));
	TRY(json_parse_long(text, text.len, &v)); /* its length is the route's */
	AUTO_JSON own = v;
	if (!json_is_object(own))
		return ERR(SYNTAX, "body is not an object");
	json_object_foreach(own, key, member) {
		if (!json_is_string(member))
			return ERR(SYNTAX, "member %zu is not a string", in.n);
		char *name = arena_str(a, span_str(key));
		char *value = arena_str(a, span_of(json_string_value(member), json_string_length(member)));
		if (name == NULL || value == NULL)
			return ERR(LIMIT, "request memory");
		TRY(inputs_add(&in, name, value));
	}
	*ret_in = in;
	return ERR_OK;
}

/* RFC 6265 4.1.1: cookie-octet, and token for the name. */
static bool is_cookie_text(struct span s, bool name)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if (c <= 0x20 || c >= 0x7F || c == '"' || c == ',' || c == ';' || c == '\\')
			return false;
		if (name && strchr("()<>@:/[]?={}", c) != NULL)
			return false;
	}
	return true;
}

enum err cookies_parse(struct span header, struct arena *a, struct inputs *ret_in)
{
	struct inputs in;
	size_t at;

	TRY(inputs_new(a, COOKIES_MAX, &in));
	while (header.len > 0 && in.n < COOKIES_MAX) {
		struct span pair = take_part(&header, ';');
		while (pair.len > 0 && pair.ptr[0] == ' ')
			pair = span_sub(pair, 1, pair.len);
		if (!span_find(pair, '=', &at) || at == 0 || at > FORM_NAME_MAX)
			continue;
		struct span name = span_sub(pair, 0, at), value = span_sub(pair, at + 1, pair.len);
		if (!is_cookie_text(name, true) || !is_cookie_text(value, false))
			continue;
		in.v[in.n] = (struct input){arena_str(a, name), arena_str(a, value)};
		if (in.v[in.n].name == NULL || in.v[in.n].value == NULL)
			return ERR(LIMIT, "request memory");
		in.n++;
	}
	*ret_in = in;
	return ERR_OK;
}
