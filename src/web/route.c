#include "web/req.h"
#include "base/text.h"
#include <string.h>

struct segments {
	const char *v[PATH_SEGMENTS_MAX];
	size_t n;
};

/* One segment, decoded: no empty, dot or slash-bearing ones, so that a path has one spelling only. */
static enum err take_segment(struct web_req *rq, struct span raw, struct segments *s)
{
	const char *text;

	if (s->n == PATH_SEGMENTS_MAX)
		return ERR(ABSENT, "path has too many parts");
	TRY(percent_decode(raw, false, rq->arena, &text));
	if (text[0] == '\0' || strchr(text, '/') != NULL || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return ERR(ABSENT, "path part %zu", s->n);
	if (text_line_check(span_str(text)) != ERR_OK)
		return ERR(SYNTAX, "path part %zu", s->n);
	s->v[s->n++] = text;
	return ERR_OK;
}

static enum err split(struct web_req *rq, struct segments *ret_s)
{
	struct segments s = {.n = 0};
	struct span rest = span_str(rq->path + 1);
	size_t at;

	if (rest.len == 0) {
		*ret_s = s;
		return ERR_OK;
	}
	while (span_find(rest, '/', &at)) {
		TRY(take_segment(rq, span_sub(rest, 0, at), &s));
		rest = span_sub(rest, at + 1, rest.len);
	}
	TRY(take_segment(rq, rest, &s));
	*ret_s = s;
	return ERR_OK;
}

/* Cuts REQUEST_URI into path and query. The raw text is used, not nginx's normalised one, so that what was checked
 * is what was sent. */
static enum err take_uri(struct web_req *rq)
{
	struct span uri = span_str(scgi_get(&rq->in, "REQUEST_URI")), query = SPAN_EMPTY;
	size_t at;

	if (span_find(uri, '?', &at)) {
		query = span_sub(uri, at + 1, uri.len);
		uri = span_sub(uri, 0, at);
	}
	if (uri.len == 0 || uri.ptr[0] != '/')
		return ERR(SYNTAX, "REQUEST_URI is no path");
	if (uri.len > PATH_MAX_BYTES)
		return ERR(ADDRESS_LONG, "path of %zu octets", uri.len);
	const char *path = arena_str(rq->arena, uri), *text = arena_str(rq->arena, query);
	if (path == NULL || text == NULL)
		return ERR(LIMIT, "request memory");
	rq->path = path;
	rq->query = text;
	return ERR_OK;
}

/* Number of parameters, -1 when the pattern does not fit. */
static int match(const char *pattern, const struct segments *s, struct pair *params)
{
	int n = 0;
	size_t i = 0;

	for (const char *p = pattern + 1; *p; i++) {
		size_t len = strcspn(p, "/");
		if (i == s->n)
			return -1;
		if (p[0] == ':')
			params[n++] = (struct pair){p + 1, s->v[i]};
		else if (strlen(s->v[i]) != len || strncmp(p, s->v[i], len) != 0)
			return -1;
		p += len + (p[len] == '/');
	}
	return i == s->n ? n : -1;
}

static void allow_add(struct web_req *rq, const char *method)
{
	const char *more = strcmp(method, "GET") == 0 ? "GET, HEAD" : method;

	rq->allow = rq->allow != NULL ? arena_printf(rq->arena, "%s, %s", rq->allow, more) : more;
}

/* A pattern "/name/+" and a path that goes on after its last slash. */
static bool find_rest(struct web_req *rq)
{
	for (const struct web_route *r = rq->conf->routes; r->method != NULL; r++) {
		size_t n = strlen(r->pattern);
		if (n < 2 || strcmp(r->pattern + n - 2, "/+") != 0 || strcmp(r->method, rq->method) != 0)
			continue;
		if (strncmp(rq->path, r->pattern, n - 1) == 0 && rq->path[n - 1] != '\0') {
			rq->route = r;
			rq->fields = r->fields;
			return true;
		}
	}
	return false;
}

enum err route_find(struct web_req *rq)
{
	struct segments s;
	struct pair params[PATH_SEGMENTS_MAX];
	int best = -1;

	TRY(take_uri(rq));
	if (find_rest(rq))
		return ERR_OK;
	TRY(split(rq, &s));
	for (const struct web_route *r = rq->conf->routes; r->method != NULL; r++) {
		int n = match(r->pattern, &s, params);
		if (n < 0)
			continue;
		if (strcmp(r->method, rq->method) != 0) {
			allow_add(rq, r->method);
		} else if (best < 0 || n < best) { /* "/desk/cases/new" goes before "/desk/cases/:no" */
			best = n;
			rq->route = r;
			rq->fields = r->fields;
			rq->n_params = (size_t)n;
			memcpy(rq->params, params, sizeof(params));
		}
	}
	if (rq->route != NULL)
		return ERR_OK;
	return rq->allow != NULL ? ERR(METHOD, "only %s", rq->allow) : ERR(ABSENT, "no such page");
}
