#include "web/http1.h"
#include "base/text.h"
#include <string.h>

/* --- character classes --- */

/* RFC 9110 5.6.2: tchar. */
static bool is_tchar(uint8_t c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

/* RFC 9110 5.5: field-vchar, blank; obs-text is passed through as opaque octets. */
static bool is_value_char(uint8_t c)
{
	return c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* RFC 3986 3.3 and 3.4 without '#': what may stand in a path or a query. */
static bool is_target_char(uint8_t c)
{
	if (c <= 0x20 || c >= 0x7f)
		return false;
	return strchr("\"#<>\\^`{|}", c) == NULL;
}

static bool is_unreserved(uint8_t c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return c == '-' || c == '.' || c == '_' || c == '~';
}

static bool all(struct span s, bool (*is)(uint8_t c))
{
	for (size_t i = 0; i < s.len; i++)
		if (!is(s.ptr[i]))
			return false;
	return true;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool same_name(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

/* --- the head --- */

bool http1_head_end(struct span bytes, size_t *ret_len)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.ptr[i] != '\n')
			continue;
		bool bare = i == 0 || bytes.ptr[i - 1] != '\r';
		bool blank = i >= 3 && bytes.ptr[i - 2] == '\n' && bytes.ptr[i - 3] == '\r';
		if (bare || blank || i == 1) {
			*ret_len = i + 1;
			return true;
		}
	}
	return false;
}

/* RFC 9112 2.2: a line ends with CRLF; a lone CR or LF is refused. */
static enum err take_line(struct span *rest, struct span *ret_line)
{
	struct span line;

	if (!span_take_until(rest, '\n', &line) || line.len == 0 || line.ptr[line.len - 1] != '\r')
		return ERR(SYNTAX, "RFC 9112, 2.2: a line does not end with CRLF");
	line.len--;
	*ret_line = line;
	return ERR_OK;
}

/* RFC 9112 3.2.1: origin-form only; the other forms name hosts that we are not. */
static enum err parse_target(struct span target, struct http1 *h)
{
	if (target.len == 0 || target.len > HTTP1_TARGET_MAX)
		return ERR(SYNTAX, "request target of %zu bytes", target.len);
	if (target.ptr[0] != '/' || (target.len > 1 && target.ptr[1] == '/'))
		return ERR(SYNTAX, "RFC 9112, 3.2.1: target is not in origin form");
	if (!all(target, is_target_char))
		return ERR(SYNTAX, "request target holds a forbidden character");
	h->query = target;
	if (!span_take_until(&h->query, '?', &h->path)) {
		h->path = target;
		h->query = SPAN_EMPTY;
	}
	return ERR_OK;
}

static enum err parse_request_line(struct span line, struct http1 *h)
{
	struct span target;

	if (!span_take_until(&line, ' ', &h->method) || !span_take_until(&line, ' ', &target))
		return ERR(SYNTAX, "RFC 9112, 3: request line has not three parts");
	if (!span_eq_str(line, "HTTP/1.1"))
		return ERR(SYNTAX, "RFC 9112, 2.3: not HTTP/1.1");
	if (h->method.len == 0 || h->method.len > 16 || !all(h->method, is_tchar))
		return ERR(SYNTAX, "RFC 9110, 9.1: method is not a token");
	return parse_target(target, h);
}

/* RFC 9112 5: a name, a colon at once, a value. A folded line begins with a blank, which is no token character. */
static enum err parse_field(struct span line, struct http1 *h)
{
	struct span name;

	if (h->n_fields == HTTP1_FIELDS_MAX)
		return ERR(LIMIT, "more than %d fields", HTTP1_FIELDS_MAX);
	if (!span_take_until(&line, ':', &name) || name.len == 0 || !all(name, is_tchar))
		return ERR(SYNTAX, "RFC 9112, 5.1: field name is not a token before a colon");
	if (!all(line, is_value_char))
		return ERR(SYNTAX, "RFC 9110, 5.5: field value holds a control character");
	h->fields[h->n_fields++] = (struct http1_field){name, span_trim(line, " \t")};
	return ERR_OK;
}

static size_t count(const struct http1 *h, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_fields; i++)
		n += same_name(h->fields[i].name, span_str(name));
	return n;
}

static enum err check_single(const struct http1 *h)
{
	static const char *const single[] = {"Host",
	                                     "Origin",
	                                     "Content-Length",
	                                     "Content-Type",
	                                     "Sec-Fetch-Site",
	                                     "Access-Control-Request-Method",
	                                     "Access-Control-Request-Headers",
	                                     "Access-Control-Request-Private-Network"};

	for (size_t i = 0; i < COUNT_OF(single); i++)
		if (count(h, single[i]) > 1)
			return ERR(SYNTAX, "field %s given twice", single[i]);
	if (count(h, "Host") == 0)
		return ERR(SYNTAX, "RFC 9112, 3.2: no Host");
	if (count(h, "Transfer-Encoding") > 0)
		return ERR(SYNTAX, "transfer codings are not accepted");
	return ERR_OK;
}

static enum err parse_length(struct http1 *h)
{
	int64_t len = 0;

	if (!http1_has(h, "Content-Length"))
		return ERR_OK;
	if (text_i64(http1_get(h, "Content-Length"), 0, INT64_MAX, &len) != ERR_OK)
		return ERR(SYNTAX, "RFC 9110, 8.6: Content-Length is not a number");
	if (len > HTTP1_BODY_MAX)
		return ERR(LIMIT, "body of %lld bytes", (long long)len);
	h->body_len = (size_t)len;
	return ERR_OK;
}

enum err http1_parse(struct span head, struct http1 *ret_h)
{
	struct http1 h = {.n_fields = 0};
	struct span rest = head, line;

	if (head.len > HTTP1_HEAD_MAX)
		return ERR(LIMIT, "head of %zu bytes", head.len);
	TRY(take_line(&rest, &line));
	TRY(parse_request_line(line, &h));
	for (;;) {
		TRY(take_line(&rest, &line));
		if (line.len == 0)
			break;
		TRY(parse_field(line, &h));
	}
	if (rest.len > 0)
		return ERR(SYNTAX, "bytes after the head");
	TRY(check_single(&h));
	TRY(parse_length(&h));
	*ret_h = h;
	return ERR_OK;
}

struct span http1_get(const struct http1 *h, const char *name)
{
	for (size_t i = 0; i < h->n_fields; i++)
		if (same_name(h->fields[i].name, span_str(name)))
			return h->fields[i].value;
	return SPAN_EMPTY;
}

bool http1_has(const struct http1 *h, const char *name)
{
	return count(h, name) > 0;
}

enum err http1_query(const struct http1 *h, const char *name, struct span *ret_v)
{
	struct span rest = h->query, pair, key, value = SPAN_EMPTY;
	bool found = false;

	while (rest.len > 0) {
		if (!span_take_until(&rest, '&', &pair)) {
			pair = rest;
			rest = SPAN_EMPTY;
		}
		if (!span_take_until(&pair, '=', &key))
			return ERR(SYNTAX, "query part without \"=\"");
		if (!all(key, is_unreserved) || !all(pair, is_unreserved))
			return ERR(SYNTAX, "query holds other than unreserved characters");
		if (!span_eq_str(key, name))
			continue;
		if (found)
			return ERR(FIELD_TWICE, "query parameter %s", name);
		found = true;
		value = pair;
	}
	if (!found)
		return ERR(FIELD_MISSING, "query parameter %s", name);
	*ret_v = value;
	return ERR_OK;
}

/* --- answer --- */

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} table[] = {
		{200, "OK"},
		{204, "No Content"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{409, "Conflict"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{422, "Unprocessable Content"},
		{429, "Too Many Requests"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (table[i].status == status)
			return table[i].text;
	return "Status";
}

void http1_status(struct buf *out, int status)
{
	buf_printf(out, "HTTP/1.1 %d %s\r\nConnection: close\r\n", status, reason(status));
}

void http1_header(struct buf *out, const char *name, const char *value)
{
	/* A value that could end the head early never leaves; the answer fails as a whole. */
	if (!all(span_str(value), is_value_char) && out->failed == ERR_OK)
		out->failed = ERR_SYNTAX;
	buf_printf(out, "%s: %s\r\n", name, value);
}

void http1_body(struct buf *out, struct span body)
{
	buf_printf(out, "Content-Length: %zu\r\n\r\n", body.len);
	buf_put(out, body);
}
