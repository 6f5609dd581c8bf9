#include "web/scgi.h"
#include "base/text.h"
#include <string.h>

enum { LENGTH_DIGITS = 5 };

/* The netstring's head: "70:". ret_at is where the content begins; 0 while the colon has not come. */
static enum err head(struct span in, size_t *ret_at, size_t *ret_len)
{
	size_t at;
	int64_t len;

	if (!span_find(span_sub(in, 0, LENGTH_DIGITS + 1), ':', &at)) {
		if (in.len > LENGTH_DIGITS)
			return ERR(SYNTAX, "SCGI: no netstring length");
		*ret_at = 0;
		return ERR_OK;
	}
	if (text_i64(span_sub(in, 0, at), 1, SCGI_HEADERS_MAX, &len) != ERR_OK)
		return ERR(SYNTAX, "SCGI: netstring length");
	*ret_at = at + 1;
	*ret_len = (size_t)len;
	return ERR_OK;
}

static bool take_cstr(struct span *s, const char **ret)
{
	size_t at;

	if (!span_find(*s, '\0', &at))
		return false;
	*ret = (const char *)s->ptr;
	*s = span_sub(*s, at + 1, s->len);
	return true;
}

static bool is_name(const char *s)
{
	return s[0] != '\0' && s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

static bool is_value(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7F)
			return false;
	return true;
}

/* SCGI, "Request Format": CONTENT_LENGTH is the first and always there, even when 0. */
static enum err content_length(struct span vars, size_t *ret_len)
{
	const char *name, *value;
	int64_t len;

	if (!take_cstr(&vars, &name) || strcmp(name, "CONTENT_LENGTH") != 0 || !take_cstr(&vars, &value))
		return ERR(SYNTAX, "SCGI: CONTENT_LENGTH is not first");
	if (text_i64(span_str(value), 0, INT64_MAX, &len) != ERR_OK)
		return ERR(SYNTAX, "SCGI: CONTENT_LENGTH");
	if (len > SCGI_BODY_MAX)
		return ERR(LIMIT, "body of %lld octets", (long long)len);
	*ret_len = (size_t)len;
	return ERR_OK;
}

enum err scgi_need(struct span got, size_t *ret_total)
{
	size_t at, len = 0, body;

	TRY(head(got, &at, &len));
	if (at == 0 || got.len < at + len + 1) {
		*ret_total = at == 0 ? got.len + 1 : at + len + 1;
		return ERR_OK;
	}
	if (got.ptr[at + len] != ',')
		return ERR(SYNTAX, "SCGI: netstring has no comma");
	TRY(content_length(span_sub(got, at, len), &body));
	if (got.len > at + len + 1 + body)
		return ERR(SYNTAX, "SCGI: octets after the body");
	*ret_total = at + len + 1 + body;
	return ERR_OK;
}

static enum err add_var(struct scgi *s, const char *name, const char *value)
{
	if (!is_name(name))
		return ERR(SYNTAX, "SCGI: variable %zu", s->n);
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].name, name) == 0)
			return ERR(SYNTAX, "SCGI: %s is there twice", name);
	if (s->n == SCGI_VARS_MAX)
		return ERR(LIMIT, "SCGI: more than %d variables", SCGI_VARS_MAX);
	s->unclean = s->unclean || !is_value(value);
	s->v[s->n++] = (struct scgi_var){name, value};
	return ERR_OK;
}

enum err scgi_parse(struct span in, struct scgi *ret_req)
{
	struct scgi s = {.n = 0};
	size_t at, len = 0, total;
	const char *name, *value;

	TRY(scgi_need(in, &total));
	if (total != in.len)
		return ERR(SYNTAX, "SCGI: truncated");
	TRY(head(in, &at, &len));
	struct span vars = span_sub(in, at, len);
	while (vars.len > 0) {
		if (!take_cstr(&vars, &name) || !take_cstr(&vars, &value))
			return ERR(SYNTAX, "SCGI: variable without NUL");
		TRY(add_var(&s, name, value));
	}
	if (strcmp(scgi_get(&s, "SCGI"), "1") != 0)
		return ERR(SYNTAX, "SCGI: not version 1");
	s.body = span_sub(in, at + len + 1, in.len);
	*ret_req = s;
	return ERR_OK;
}

const char *scgi_get(const struct scgi *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].name, name) == 0)
			return s->v[i].value;
	return "";
}
