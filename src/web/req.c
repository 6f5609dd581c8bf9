/* What a handler reads of its request and leaves for its answer (web.h). */
#include "web/req.h"
#include "base/text.h"
#include <string.h>

struct arena *web_arena(struct web_req *rq)
{
	return rq->arena;
}

const char *web_path(const struct web_req *rq)
{
	return rq->path;
}

const char *web_param(const struct web_req *rq, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < rq->n_params; i++)
		if (strcspn(rq->params[i].name, "/") == len && strncmp(rq->params[i].name, name, len) == 0)
			return rq->params[i].value;
	return "";
}

/* A handler reads the fields that its route declares, as what they are. */
static void must_be_declared(const struct web_req *rq, const char *field, bool is_file)
{
	const struct web_field *f = input_declared(rq, field);

	INVARIANT(f && f->is_file == is_file);
}

const char *web_value(const struct web_req *rq, const char *field)
{
	const struct input *in = inputs_find(&rq->inputs, field);

	must_be_declared(rq, field, false);
	return in != NULL ? in->value : "";
}

bool web_has(const struct web_req *rq, const char *field)
{
	must_be_declared(rq, field, false);
	return inputs_find(&rq->inputs, field) != NULL;
}

const struct web_file *web_file(const struct web_req *rq, const char *field)
{
	const struct multipart_file *f = multipart_file_find(&rq->parts, field);

	must_be_declared(rq, field, true);
	return f != NULL && f->file.name != NULL ? &f->file : NULL;
}

struct span web_raw(const struct web_req *rq)
{
	INVARIANT(rq->route && rq->route->body == WEB_RAW);
	return rq->in.body;
}

/* "8600" of "http://localhost:8600"; "" when the origin names no port. */
static const char *port_of(const char *origin)
{
	const char *host = strstr(origin, "://"), *colon = host != NULL ? strrchr(host + 3, ':') : NULL;

	return colon != NULL && colon[1 + strspn(colon + 1, "0123456789")] == '\0' ? colon + 1 : "";
}

void web_cookie_name(const char *origin, const char *name, struct buf *out)
{
	const char *port = port_of(origin);

	buf_printf(out, "%s%s%s", name, port[0] ? "_" : "", port);
}

/* Given twice, one of them was planted from a neighbouring path or port: neither is believed. */
const char *web_cookie(const struct web_req *rq, const char *name)
{
	const char *found = NULL;
	AUTO_BUF(own, COOKIE_NAME_MAX);

	web_cookie_name(rq->conf->origin, name, &own);
	if (buf_err(&own) != ERR_OK) {
		err_clear();
		return "";
	}
	for (size_t i = 0; i < rq->cookies.n; i++) {
		if (strcmp(rq->cookies.v[i].name, buf_cstr(&own)) != 0)
			continue;
		if (found != NULL)
			return "";
		found = rq->cookies.v[i].value;
	}
	return found != NULL ? found : "";
}

const char *web_remote(const struct web_req *rq)
{
	return scgi_get(&rq->in, "REMOTE_ADDR");
}

bool web_wants_json(const struct web_req *rq)
{
	return rq->wants_json;
}

void *web_app(struct web_req *rq)
{
	return rq->conf->app;
}

const char *web_rid(const struct web_req *rq)
{
	return rq->rid;
}

const struct web_session *web_session_of(const struct web_req *rq)
{
	return rq->has_session ? &rq->session : NULL;
}

bool web_is_own_path(const char *path)
{
	size_t len = strlen(path);

	if (path[0] != '/' || path[1] == '/' || len > PATH_MAX_BYTES * 2)
		return false;
	for (size_t i = 0; i < len; i++)
		if (path[i] <= 0x20 || path[i] >= 0x7F || path[i] == '\\')
			return false;
	return true;
}

/* --- answer --- */

json_t *web_model(struct web_req *rq)
{
	return rq->model;
}

void web_status(struct web_req *rq, int status)
{
	INVARIANT(status >= 200 && status <= 599);
	rq->status = status;
}

static bool is_one_line(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7F)
			return false;
	return true;
}

/* A later value for the same name replaces the earlier one. */
static void put_pair(struct web_req *rq, struct pair *v, size_t *n, const char *name, const char *value)
{
	size_t i = 0;
	const char *own_name = arena_str(rq->arena, span_str(name)), *own_value = arena_str(rq->arena, span_str(value));

	if (own_name == NULL || own_value == NULL || !is_one_line(name) || !is_one_line(value)) {
		rq->broken = true; /* the caller cannot fail: the answer does, as a whole */
		return;
	}
	while (i < *n && strcasecmp(v[i].name, name) != 0)
		i++;
	INVARIANT(i < ANSWER_HEADERS_MAX);
	v[i] = (struct pair){own_name, own_value};
	if (i == *n)
		(*n)++;
}

void web_header(struct web_req *rq, const char *name, const char *value)
{
	put_pair(rq, rq->headers, &rq->n_headers, name, value);
}

void web_set_cookie(struct web_req *rq, const char *name, const char *value, int max_age_sec, bool http_only)
{
	AUTO_BUF(b, 4096);
	AUTO_BUF(own, COOKIE_NAME_MAX);

	web_cookie_name(rq->conf->origin, name, &own);
	buf_printf(&b, "%s=%s; Path=/; SameSite=Lax", buf_cstr(&own), max_age_sec < 0 ? "" : value);
	if (max_age_sec != 0)
		buf_printf(&b, "; Max-Age=%d", max_age_sec < 0 ? 0 : max_age_sec);
	if (http_only)
		buf_str(&b, "; HttpOnly");
	if (strncmp(rq->conf->origin, "https://", 8) == 0)
		buf_str(&b, "; Secure");
	if (buf_err(&own) != ERR_OK || buf_err(&b) != ERR_OK || strpbrk(name, "=; ,") != NULL ||
	    strpbrk(value, "; ,\"\\") != NULL)
		rq->broken = true;
	else
		put_pair(rq, rq->set_cookies, &rq->n_set_cookies, name, buf_cstr(&b));
}

enum err web_redirect(struct web_req *rq, const char *path)
{
	if (!web_is_own_path(path))
		return ERR(INTERNAL, "redirect to a foreign address");
	web_header(rq, "Location", path);
	rq->status = 303;
	return web_bytes(rq, "text/plain; charset=utf-8", SPAN_EMPTY);
}

enum err web_bytes(struct web_req *rq, const char *content_type, struct span bytes)
{
	INVARIANT(is_one_line(content_type));
	rq->content_type = arena_str(rq->arena, span_str(content_type));
	if (rq->content_type == NULL)
		return ERR(LIMIT, "request memory");
	buf_clear(&rq->body);
	buf_put(&rq->body, bytes);
	TRY(buf_err(&rq->body));
	rq->answered = true;
	return ERR_OK;
}

enum err web_view(struct web_req *rq, const char *view)
{
	rq->view = arena_str(rq->arena, span_str(view));
	return rq->view != NULL ? ERR_OK : ERR(LIMIT, "request memory");
}

void web_error_detail(struct web_req *rq, const char *detail_zh)
{
	rq->error_detail = arena_str(rq->arena, span_str(detail_zh));
}

void web_field_error(struct web_req *rq, const char *field, enum err e, const char *detail_zh)
{
	const char *label = field;

	for (const struct web_field *f = rq->fields; f != NULL && f->name != NULL; f++)
		if (strcmp(f->name, field) == 0)
			label = f->label != NULL ? f->label : f->name;
	if (rq->n_errors == FIELD_ERRORS_MAX)
		return;
	const char *own = arena_str(rq->arena, span_str(field));
	const char *text = detail_zh != NULL ? arena_str(rq->arena, span_str(detail_zh)) : err_zh(e);
	rq->errors[rq->n_errors++] =
		(struct field_error){own != NULL ? own : "", label, text != NULL ? text : err_zh(e), e};
}

bool web_field_errors(const struct web_req *rq)
{
	return rq->n_errors > 0;
}
