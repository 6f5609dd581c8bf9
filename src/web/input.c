/* Declared inputs: what is not declared does not exist, what is declared was checked. */
#include "web/req.h"
#include "base/text.h"
#include <string.h>

static bool is_json_type(const char *type)
{
	return strcmp(type, "application/json") == 0 || strcasecmp(type, "application/json; charset=utf-8") == 0 ||
	       strcasecmp(type, "application/json;charset=utf-8") == 0;
}

static bool is_form_type(const char *type)
{
	return strcmp(type, "application/x-www-form-urlencoded") == 0 ||
	       strcasecmp(type, "application/x-www-form-urlencoded; charset=utf-8") == 0 ||
	       strcasecmp(type, "application/x-www-form-urlencoded;charset=utf-8") == 0;
}

static enum err take_parts(struct web_req *rq)
{
	if (rq->in.body.len > body_max(rq->route))
		return ERR(LIMIT, "body of %zu octets", rq->in.body.len);
	enum err e = multipart_parse(scgi_get(&rq->in, "CONTENT_TYPE"), rq->in.body, rq->arena, &rq->parts);
	if (e == ERR_LINE_TEXT)
		web_error_detail(rq, "文件名中有看不见的字符，请把文件改成简单的名称（例如“合同.pdf”）后重新上传");
	TRY(e);
	rq->inputs = rq->parts.fields;
	return ERR_OK;
}

static enum err take_raw(struct web_req *rq)
{
	const char *type = scgi_get(&rq->in, "CONTENT_TYPE");

	if (strcmp(rq->method, "POST") != 0) {
		if (rq->in.body.len > 0)
			return ERR(SYNTAX, "%s with a body", rq->method);
		return form_parse(span_str(rq->query), rq->arena, &rq->inputs);
	}
	if (rq->query[0] != '\0')
		return ERR(FIELD_UNKNOWN, "POST with a query");
	if (rq->route->body == WEB_MULTIPART)
		return take_parts(rq);
	if (rq->in.body.len > body_max(rq->route))
		return ERR(LIMIT, "body of %zu octets", rq->in.body.len);
	if (is_json_type(type)) {
		rq->json_body = true;
		return form_parse_json(rq->in.body, rq->arena, &rq->inputs);
	}
	if (rq->route->body == WEB_JSON)
		return ERR(SYNTAX, "content type is not application/json");
	if (!is_form_type(type) && rq->in.body.len > 0)
		return ERR(SYNTAX, "content type is not a form's");
	return form_parse(rq->in.body, rq->arena, &rq->inputs);
}

const struct web_field *input_declared(const struct web_req *rq, const char *name)
{
	for (const struct web_field *f = rq->fields; f != NULL && f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static bool is_space_at(const char *s, size_t *ret_len)
{
	*ret_len = strncmp(s, "\xE3\x80\x80", 3) == 0 ? 3 : 1; /* U+3000, which an input method types */
	return *ret_len == 3 || *s == ' ' || *s == '\t';
}

/* People paste with spaces around. */
static const char *trim(char *s)
{
	size_t n, len = strlen(s);

	while (*s && is_space_at(s, &n)) {
		s += n;
		len -= n;
	}
	while (len > 0) {
		if (s[len - 1] == ' ' || s[len - 1] == '\t')
			len--;
		else if (len >= 3 && strcmp(s + len - 3, "\xE3\x80\x80") == 0)
			len -= 3;
		else
			break;
		s[len] = '\0';
	}
	return s;
}

static void crlf_to_lf(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (!(s[0] == '\r' && s[1] == '\n'))
			*to++ = *s;
	*to = '\0';
}

/* Each line by the rules of a line, but for the spaces around it. */
static enum err lines_check(struct span s)
{
	size_t at;

	for (;;) {
		bool more = span_find(s, '\n', &at);
		struct span line = more ? span_sub(s, 0, at) : s;
		while (line.len > 0 && line.ptr[0] == ' ')
			line = span_sub(line, 1, line.len);
		while (line.len > 0 && line.ptr[line.len - 1] == ' ')
			line.len--;
		TRY(text_line_check(line));
		if (!more)
			return ERR_OK;
		s = span_sub(s, at + 1, s.len);
	}
}

/* Other controls than the blanks among them are nobody's typing. */
static enum err typed_check(struct span s)
{
	if (!text_is_utf8(s))
		return ERR(UTF8, "not UTF-8");
	for (size_t i = 0; i < s.len; i++)
		if ((s.ptr[i] < ' ' && s.ptr[i] != '\t' && s.ptr[i] != '\n' && s.ptr[i] != '\r') || s.ptr[i] == 0x7F)
			return ERR(LINE_TEXT, "control U+%04X", s.ptr[i]);
	return ERR_OK;
}

static enum err check_value(const struct web_field *f, const char *value)
{
	struct span s = span_str(value);

	if (s.len == 0)
		return f->required ? ERR(FIELD_MISSING, "%s", f->name) : ERR_OK;
	if (s.len > f->max_len)
		return ERR(LIMIT, "%s of %zu octets", f->name, s.len);
	TRY(f->typed ? typed_check(s) : f->multiline ? lines_check(s) : text_line_check(s));
	return f->check != NULL ? f->check(s) : ERR_OK;
}

static enum err take_field(struct web_req *rq, const struct web_field *f)
{
	const struct input *in = inputs_find(&rq->inputs, f->name);

	if (in != NULL && (!f->multiline || !rq->json_body)) {
		char *own = arena_str(rq->arena, span_str(in->value));
		if (own == NULL)
			return ERR(LIMIT, "request memory");
		if (f->multiline)
			crlf_to_lf(own);
		rq->inputs.v[in - rq->inputs.v].value = f->multiline ? own : trim(own);
	}
	enum err e = check_value(f, in != NULL ? in->value : "");
	if (e != ERR_OK) {
		web_field_error(rq, f->name, e, NULL);
		err_clear();
	}
	return ERR_OK;
}

static enum err take_file(struct web_req *rq, const struct web_field *f)
{
	const struct web_file *file = web_file(rq, f->name);

	if (file == NULL && f->required)
		web_field_error(rq, f->name, ERR_FIELD_MISSING, "没有选择文件");
	else if (file != NULL && file->body.len > f->max_len)
		web_field_error(rq, f->name, ERR_LIMIT, "文件过大");
	return ERR_OK;
}

/* RFC 9110, 8.3: parameters may follow a media type; none has a meaning here. */
static enum err raw_check(const struct web_req *rq)
{
	const char *type = scgi_get(&rq->in, "CONTENT_TYPE"), *want = rq->route->raw_type;
	size_t n = strlen(want);

	INVARIANT(rq->route->access == WEB_PUBLIC);
	if (strncasecmp(type, want, n) != 0 || (type[n] != '\0' && type[n] != ';' && type[n] != ' '))
		return ERR(SYNTAX, "content type is not %s", want);
	if (rq->query[0] != '\0')
		return ERR(FIELD_UNKNOWN, "POST with a query");
	if (rq->in.body.len == 0)
		return ERR(SYNTAX, "empty body");
	if (rq->in.body.len > rq->route->raw_max)
		return ERR(LIMIT, "body of %zu octets", rq->in.body.len);
	return ERR_OK;
}

/* A file in a text field is as unknown as a text in a file's. */
static enum err check_declared(const struct web_req *rq)
{
	for (size_t i = 0; i < rq->inputs.n; i++) {
		const struct web_field *f = input_declared(rq, rq->inputs.v[i].name);
		if (f == NULL || f->is_file)
			return ERR(FIELD_UNKNOWN, "field %zu of %zu", i + 1, rq->inputs.n);
	}
	for (size_t i = 0; i < rq->parts.n_files; i++) {
		const struct web_field *f = input_declared(rq, rq->parts.files[i].field);
		if (f == NULL || !f->is_file)
			return ERR(FIELD_UNKNOWN, "file %zu of %zu", i + 1, rq->parts.n_files);
	}
	return ERR_OK;
}

enum err input_take(struct web_req *rq)
{
	if (rq->route->body == WEB_RAW)
		return raw_check(rq);

	TRY(take_raw(rq));
	if (strcmp(rq->method, "POST") == 0)
		TRY(csrf_check(rq));
	if (rq->route->declare != NULL)
		TRY(rq->route->declare(rq, &rq->fields));
	TRY(check_declared(rq));
	for (const struct web_field *f = rq->fields; f != NULL && f->name != NULL; f++)
		TRY(f->is_file ? take_file(rq, f) : take_field(rq, f));
	return ERR_OK;
}
