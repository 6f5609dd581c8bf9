#include "web/multipart.h"
#include "base/text.h"
#include <string.h>

struct part {
	struct span name, file_name, type, body; /* as sent, inside the quotes */
	bool is_file, has_disposition, has_type;
};

/* --- the content type --- */

/* RFC 2046 5.1.1: bchars; of them only those of a token may stand without quotes (RFC 2045 5.1). */
static bool is_boundary_char(uint8_t c, bool quoted)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return c != '\0' && strchr(quoted ? "'()+_,-./:=? " : "'+_-.", c) != NULL;
}

static bool is_word_front(struct span s, const char *word)
{
	return s.len >= strlen(word) && strncasecmp((const char *)s.ptr, word, strlen(word)) == 0;
}

enum err multipart_boundary(const char *content_type, struct span *ret_boundary)
{
	struct span s = span_str(content_type);
	static const char type[] = "multipart/form-data;", key[] = "boundary=";

	if (!is_word_front(s, type))
		return ERR(SYNTAX, "content type is not multipart/form-data");
	s = span_sub(s, sizeof(type) - 1, s.len);
	while (s.len > 0 && s.ptr[0] == ' ')
		s = span_sub(s, 1, s.len);
	if (!is_word_front(s, key))
		return ERR(SYNTAX, "RFC 2046, 5.1.1: no boundary");
	s = span_sub(s, sizeof(key) - 1, s.len);
	bool quoted = s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"';
	if (quoted)
		s = span_sub(s, 1, s.len - 2);
	if (s.len == 0 || s.len > MULTIPART_BOUNDARY_MAX || s.ptr[s.len - 1] == ' ')
		return ERR(SYNTAX, "RFC 2046, 5.1.1: boundary of %zu octets", s.len);
	for (size_t i = 0; i < s.len; i++)
		if (!is_boundary_char(s.ptr[i], quoted))
			return ERR(SYNTAX, "RFC 2046, 5.1.1: boundary octet 0x%02x", s.ptr[i]);
	*ret_boundary = s;
	return ERR_OK;
}

/* --- heads --- */

/* A parameter: ; name="value". Browsers write the value in quotes, always. */
static enum err take_param(struct span *s, struct span *ret_key, struct span *ret_value)
{
	struct span key, value, rest = *s;

	if (rest.len < 2 || rest.ptr[0] != ';' || rest.ptr[1] != ' ')
		return ERR(SYNTAX, "RFC 7578, 4.2: parameter without \"; \"");
	rest = span_sub(rest, 2, rest.len);
	if (!span_take_until(&rest, '=', &key) || rest.len == 0 || rest.ptr[0] != '"')
		return ERR(SYNTAX, "RFC 7578, 4.2: parameter without a quoted value");
	rest = span_sub(rest, 1, rest.len);
	if (!span_take_until(&rest, '"', &value))
		return ERR(SYNTAX, "RFC 7578, 4.2: quote is not closed");
	*s = rest;
	*ret_key = key;
	*ret_value = value;
	return ERR_OK;
}

/* RFC 7578 4.2: one name, at most one filename; filename* is forbidden there, others do not exist. */
static enum err take_disposition(struct span value, struct part *p)
{
	static const char kind[] = "form-data";
	struct span key, text;
	bool named = false;

	if (p->has_disposition || !is_word_front(value, kind))
		return ERR(SYNTAX, "RFC 7578, 4.2: not one Content-Disposition: form-data");
	p->has_disposition = true;
	value = span_sub(value, sizeof(kind) - 1, value.len);
	while (value.len > 0) {
		TRY(take_param(&value, &key, &text));
		if (span_eq_str(key, "name") && !named) {
			p->name = text;
			named = true;
		} else if (span_eq_str(key, "filename") && !p->is_file) {
			p->file_name = text;
			p->is_file = true;
		} else {
			return ERR(SYNTAX, "RFC 7578, 4.2: parameter unknown or twice");
		}
	}
	return named ? ERR_OK : ERR(SYNTAX, "RFC 7578, 4.2: part without a name");
}

static enum err take_type(struct span value, struct part *p)
{
	if (p->has_type || value.len == 0 || value.len > MULTIPART_TYPE_MAX)
		return ERR(SYNTAX, "RFC 7578, 4.4: Content-Type of a part");
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] < 0x20 || value.ptr[i] >= 0x7F)
			return ERR(SYNTAX, "RFC 7578, 4.4: Content-Type of a part");
	p->has_type = true;
	p->type = value;
	return ERR_OK;
}

/* Anything else (Content-Transfer-Encoding, RFC 7578 4.7) would change what the octets mean. */
static enum err take_header(struct span line, struct part *p)
{
	struct span name;

	if (!span_take_until(&line, ':', &name) || line.len < 2 || line.ptr[0] != ' ')
		return ERR(SYNTAX, "RFC 7578, 4.8: header of a part");
	line = span_sub(line, 1, line.len);
	if (name.len == 19 && is_word_front(name, "Content-Disposition"))
		return take_disposition(line, p);
	if (name.len == 12 && is_word_front(name, "Content-Type"))
		return take_type(line, p);
	return ERR(SYNTAX, "RFC 7578, 4.8: unexpected header of a part");
}

/* Ends with CRLF, which is taken; the line holds no CR, LF or NUL of its own. */
static enum err take_line(struct span *s, struct span *ret_line)
{
	struct span head = span_sub(*s, 0, MULTIPART_HEAD_MAX), line;

	if (!span_take_until(&head, '\n', &line) || line.len == 0 || line.ptr[line.len - 1] != '\r')
		return ERR(SYNTAX, "RFC 2046, 5.1: line without CRLF, or of more than %d octets", MULTIPART_HEAD_MAX);
	*s = span_sub(*s, line.len + 1, s->len);
	line.len--;
	if (line.len > 0 && (memchr(line.ptr, '\r', line.len) != NULL || memchr(line.ptr, '\0', line.len) != NULL))
		return ERR(SYNTAX, "RFC 2046, 5.1: bare CR or NUL in a head");
	*ret_line = line;
	return ERR_OK;
}

/* --- parts --- */

struct cut {
	struct span rest;
	char delimiter[4 + MULTIPART_BOUNDARY_MAX + 1]; /* CRLF "--" boundary */
	size_t delimiter_len;
	bool last;
};

/* After a delimiter: CRLF and a part, or "--" and the end. RFC 2046 5.1.1 would permit blanks and an epilogue. */
static enum err take_delimiter_end(struct cut *c)
{
	if (span_starts(c->rest, SPAN_LIT("\r\n"))) {
		c->rest = span_sub(c->rest, 2, c->rest.len);
		return ERR_OK;
	}
	if (!span_eq_str(c->rest, "--") && !span_eq_str(c->rest, "--\r\n"))
		return ERR(SYNTAX, "RFC 2046, 5.1.1: octets after a delimiter");
	c->rest = SPAN_EMPTY;
	c->last = true;
	return ERR_OK;
}

static enum err cut_begin(const char *content_type, struct span body, struct cut *ret_c)
{
	struct span boundary;
	struct cut c = {.rest = body};

	TRY(multipart_boundary(content_type, &boundary));
	memcpy(c.delimiter, "\r\n--", 4);
	memcpy(c.delimiter + 4, boundary.ptr, boundary.len);
	c.delimiter_len = 4 + boundary.len;
	if (!span_starts(body, span_of(c.delimiter + 2, c.delimiter_len - 2)))
		return ERR(SYNTAX, "RFC 2046, 5.1.1: body does not begin with its boundary");
	c.rest = span_sub(body, c.delimiter_len - 2, body.len);
	TRY(take_delimiter_end(&c));
	*ret_c = c;
	return ERR_OK;
}

static enum err take_part(struct cut *c, struct part *ret_p)
{
	struct part p = {.is_file = false};
	struct span line;
	const size_t before = c->rest.len;

	for (;;) {
		TRY(take_line(&c->rest, &line));
		if (line.len == 0)
			break;
		TRY(take_header(line, &p));
		if (before - c->rest.len > MULTIPART_HEAD_MAX)
			return ERR(LIMIT, "head of a part over %d octets", MULTIPART_HEAD_MAX);
	}
	if (!p.has_disposition)
		return ERR(SYNTAX, "RFC 7578, 4.2: part without Content-Disposition");
	const uint8_t *end = c->rest.len > 0 ? memmem(c->rest.ptr, c->rest.len, c->delimiter, c->delimiter_len) : NULL;
	if (end == NULL)
		return ERR(SYNTAX, "RFC 2046, 5.1.1: body is truncated");
	p.body = span_of(c->rest.ptr, (size_t)(end - c->rest.ptr));
	c->rest = span_sub(c->rest, p.body.len + c->delimiter_len, c->rest.len);
	TRY(take_delimiter_end(c));
	*ret_p = p;
	return ERR_OK;
}

/* --- what they hold --- */

/* What browsers write for octets that would break the line (HTML, "multipart/form-data encoding algorithm"). */
static enum err unescape(struct span s, struct arena *a, char **ret_text)
{
	static const struct {
		char from[4], to;
	} table[] = {{"%22", '"'}, {"%0D", '\r'}, {"%0A", '\n'}};
	char *to = arena_alloc(a, s.len + 1);
	size_t n = 0;

	if (to == NULL)
		return ERR(LIMIT, "request memory");
	for (size_t i = 0; i < s.len; i++, n++) {
		to[n] = (char)s.ptr[i];
		for (size_t k = 0; k < COUNT_OF(table); k++)
			if (s.len - i >= 3 && memcmp(s.ptr + i, table[k].from, 3) == 0) {
				to[n] = table[k].to;
				i += 2;
				break;
			}
	}
	if (!text_is_utf8(span_of(to, n)))
		return ERR(UTF8, "name in a part");
	*ret_text = to;
	return ERR_OK;
}

/* Old browsers send the whole path. */
static enum err file_name(struct span given, struct arena *a, const char **ret_name)
{
	char *name;

	TRY(unescape(given, a, &name));
	for (char *p = name; *p; p++)
		if (*p == '/' || *p == '\\')
			name = p + 1;
	if (strlen(name) > MULTIPART_FILE_NAME_MAX)
		return ERR(LIMIT, "file name of %zu octets", strlen(name));
	if (name[0] == '\0')
		return ERR(SYNTAX, "file without a name");
	TRY(text_line_check(span_str(name)));
	*ret_name = name;
	return ERR_OK;
}

static bool is_known(const struct multipart *m, const char *name)
{
	return inputs_find(&m->fields, name) != NULL || multipart_file_find(m, name) != NULL;
}

static enum err add_file(const struct part *p, const char *field, struct arena *a, struct multipart *m)
{
	struct multipart_file f = {field, {.body = p->body}};

	TRY(file_name(p->file_name, a, &f.file.name));
	f.file.type = arena_str(a, p->has_type ? p->type : SPAN_LIT("application/octet-stream"));
	if (f.file.type == NULL)
		return ERR(LIMIT, "request memory");
	m->files[m->n_files++] = f;
	return ERR_OK;
}

/* RFC 7578 4.4: text needs no type; a charset of its own would need a second decoder. */
static bool is_text_type(struct span s)
{
	static const char *const types[] = {"text/plain", "text/plain;charset=utf-8", "text/plain; charset=utf-8"};

	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (s.len == strlen(types[i]) && is_word_front(s, types[i]))
			return true;
	return false;
}

static enum err add_text(const struct part *p, const char *field, struct arena *a, struct multipart *m)
{
	if (p->has_type && !is_text_type(p->type))
		return ERR(SYNTAX, "RFC 7578, 4.4: type of a text part");
	if (!text_is_utf8(p->body))
		return ERR(UTF8, "value of part %zu", m->fields.n);
	const char *value = arena_str(a, p->body);
	if (value == NULL)
		return ERR(LIMIT, "request memory");
	return inputs_add(&m->fields, field, value);
}

static enum err add_part(const struct part *p, struct arena *a, struct multipart *m)
{
	char *name;

	TRY(unescape(p->name, a, &name));
	if (name[0] == '\0' || strlen(name) > FORM_NAME_MAX)
		return ERR(SYNTAX, "field name of %zu octets", strlen(name));
	if (is_known(m, name))
		return ERR(FIELD_TWICE, "part %zu", m->fields.n + m->n_files);
	if (!p->is_file)
		return add_text(p, name, a, m);
	if (p->file_name.len == 0 && p->body.len == 0) {
		/* A second part of that name is still refused: the list keeps it, without a file. */
		m->files[m->n_files++] = (struct multipart_file){.field = name};
		return ERR_OK;
	}
	return add_file(p, name, a, m);
}

enum err multipart_parse(const char *content_type, struct span body, struct arena *a, struct multipart *ret_m)
{
	struct cut c;
	struct part p;
	struct multipart m = {.n_files = 0};

	TRY(cut_begin(content_type, body, &c));
	TRY(inputs_new(a, MULTIPART_PARTS_MAX, &m.fields));
	m.files = arena_alloc(a, MULTIPART_PARTS_MAX * sizeof(*m.files));
	if (m.files == NULL)
		return ERR(LIMIT, "request memory");
	while (!c.last) {
		if (m.fields.n + m.n_files == MULTIPART_PARTS_MAX)
			return ERR(LIMIT, "more than %d parts", MULTIPART_PARTS_MAX);
		TRY(take_part(&c, &p));
		TRY(add_part(&p, a, &m));
	}
	*ret_m = m;
	return ERR_OK;
}

const struct multipart_file *multipart_file_find(const struct multipart *m, const char *field)
{
	for (size_t i = 0; i < m->n_files; i++)
		if (strcmp(m->files[i].field, field) == 0)
			return &m->files[i];
	return NULL;
}
