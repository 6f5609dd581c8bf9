/* One request from SCGI octets to CGI answer: route, session, access, inputs, handler, view. */
#include "web/req.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "gm/rand.h"
#include <stdlib.h>
#include <string.h>

enum { BODY_FIRST = 16384 };

static void req_done(struct web_req *rq)
{
	json_decref(rq->model);
	if (rq->body_kept != NULL)
		*rq->body_kept = rq->body;
	else
		buf_done(&rq->body);
	wipe(rq->token, sizeof(rq->token));
	wipe(rq->pre_token, sizeof(rq->pre_token));
	arena_free(rq->arena);
	free(rq);
}

static void web_req_auto_(struct web_req **p)
{
	if (*p != NULL)
		req_done(*p);
}

static void take_body(struct web_req *rq, struct buf *kept)
{
	rq->body_kept = kept;
	if (kept != NULL)
		rq->body = *kept;
	else
		buf_init(&rq->body, answer_max(rq->conf));
	if (buf_room(&rq->body, BODY_FIRST) != NULL) /* most pages fit: no growing, no copies */
		buf_clear(&rq->body);
}

static enum err req_new(const struct web_config *conf, size_t octets, struct buf *body, struct web_req **ret_rq)
{
	struct web_req *rq = calloc(1, sizeof(*rq));

	if (rq == NULL)
		return ERR(NOMEM, "request");
	rq->conf = conf;
	rq->arena = arena_new(REQ_MEMORY_MAX + octets);
	rq->model = json_object();
	take_body(rq, body);
	rq->path = rq->query = "";
	rq->status = 200;
	rq->content_type = "text/plain; charset=utf-8";
	if (rq->arena == NULL || rq->model == NULL) {
		req_done(rq);
		return ERR(NOMEM, "request");
	}
	*ret_rq = rq;
	return ERR_OK;
}

/* nginx gives one id to a request in all logs; anything else that claims to be one is replaced. */
static enum err take_rid(struct web_req *rq)
{
	const char *given = scgi_get(&rq->in, "HTTP_X_REQUEST_ID");
	uint8_t raw[16];

	if (strlen(given) == 32 && strspn(given, "0123456789abcdef") == 32) {
		memcpy(rq->rid, given, sizeof(rq->rid));
		return ERR_OK;
	}
	TRY(rand_bytes(raw, sizeof(raw)));
	text_hex_str(SPAN_ARR(raw), rq->rid);
	return ERR_OK;
}

static void take_head(struct web_req *rq)
{
	bool body_json = strncmp(scgi_get(&rq->in, "CONTENT_TYPE"), "application/json", 16) == 0;

	rq->method = scgi_get(&rq->in, "REQUEST_METHOD");
	rq->head = strcmp(rq->method, "HEAD") == 0;
	if (rq->head)
		rq->method = "GET";
	rq->wants_json = accept_json(scgi_get(&rq->in, "HTTP_ACCEPT"), body_json);
}

static enum err take_cookies(struct web_req *rq)
{
	TRY(cookies_parse(span_str(scgi_get(&rq->in, "HTTP_COOKIE")), rq->arena, &rq->cookies));
	const char *pre = web_cookie(rq, PRELOGIN_COOKIE);
	if (token_is(pre))
		memcpy(rq->pre_token, pre, sizeof(rq->pre_token));
	return rq->conf->sessions != NULL ? session_load(rq->conf->sessions, rq) : ERR_OK;
}

/* --- access --- */

static bool is_page(const struct web_config *conf, struct span pattern)
{
	for (const struct web_route *r = conf->routes; r->method != NULL; r++)
		if (strcmp(r->method, "GET") == 0 && r->view != NULL && span_eq_str(pattern, r->pattern))
			return true;
	return false;
}

static struct span parent(struct span path)
{
	while (path.len > 0 && path.ptr[path.len - 1] != '/')
		path.len--;
	path.len -= path.len > 0;
	return path;
}

/* Where the form of this post stands: the page of the same address, or the nearest above it. */
static struct span page_of_post(const struct web_req *rq)
{
	struct span pattern = span_str(rq->route->pattern), path = span_str(rq->path);

	while (path.len > 0 && !is_page(rq->conf, pattern)) {
		pattern = parent(pattern);
		path = parent(path);
	}
	return path.len > 0 ? path : SPAN_LIT("/");
}

static enum err to_login(struct web_req *rq)
{
	AUTO_BUF(to, 8192);

	if (rq->wants_json || rq->json_body)
		return rq->session_err == ERR_L_IDLE ? ERR(L_IDLE, "session ended") : ERR(L_SESSION, "no session");
	buf_str(&to, "/login?next=");
	if (strcmp(rq->method, "GET") == 0) {
		percent_encode(&to, span_str(rq->path));
		if (rq->query[0] != '\0') {
			buf_str(&to, "%3F");
			percent_encode(&to, span_str(rq->query));
		}
	} else {
		percent_encode(&to, page_of_post(rq));
	}
	if (buf_err(&to) != ERR_OK || to.len > PATH_MAX_BYTES) {
		buf_clear(&to);
		buf_str(&to, "/login");
	}
	return web_redirect(rq, buf_cstr(&to));
}

/* What a locked page still needs: to log in anew, to leave, to resume. */
static bool is_open_when_locked(const struct web_route *r)
{
	return strncmp(r->pattern, "/login", 6) == 0 || strcmp(r->pattern, "/logout") == 0 ||
	       strncmp(r->pattern, "/session/", 9) == 0;
}

/* A certificate that acts no more takes its session with it, and so does an office that was left; the answer says why.
 * When nobody can say, pages wait; locking and leaving do not. */
static enum err may_go_on(struct web_req *rq)
{
	enum err e = rq->conf->may_go_on != NULL ? rq->conf->may_go_on(rq->conf->app, &rq->session) : ERR_OK;

	if (e == ERR_STATUS_AWAY && is_open_when_locked(rq->route)) {
		err_clear();
		return ERR_OK;
	}
	if (e != ERR_CERT_REVOKED && e != ERR_CERT_SUSPENDED && e != ERR_ROLE)
		return e;
	enum err ended = session_end(rq->conf->sessions, rq);
	return ended == ERR_OK ? err_note(e, "session ended") : ended;
}

/* Leaves an answer when the way in is the login page. */
static enum err check_access(struct web_req *rq)
{
	const unsigned need = rq->route->access, half = WEB_HALF_LOGIN;

	if (need == WEB_PUBLIC)
		return ERR_OK;
	if (!rq->has_session || ((rq->session.roles & half) != 0 && (need & half) == 0))
		return to_login(rq);
	TRY(may_go_on(rq));
	if (rq->session.locked && !is_open_when_locked(rq->route))
		return ERR(L_LOCKED, "key was removed");
	if ((need & WEB_ANY_LOGIN) != 0 || (rq->session.roles & need) != 0)
		return ERR_OK;
	return ERR(DENIED, "roles 0x%x, needs one of 0x%x", rq->session.roles, need);
}

/* --- the run --- */

static enum err run_handler(struct web_req *rq)
{
	TRY(input_take(rq));
	if (rq->n_errors > 0 && !rq->route->shows_errors)
		return err_raise(rq->errors[0].e, __FILE__, __LINE__, "%zu invalid fields, first %s", rq->n_errors,
		                 rq->errors[0].field);
	enum err e = rq->route->handler(rq);
	if (e != ERR_OK)
		return e;
	if (rq->broken)
		return ERR(INTERNAL, "a header or cookie could not be set");
	if (rq->answered)
		return ERR_OK;
	if (rq->n_errors > 0 && rq->wants_json)
		return err_raise(rq->errors[0].e, __FILE__, __LINE__, "field %s", rq->errors[0].field);
	if (rq->n_errors > 0)
		rq->status = 422;
	return view_answer(rq);
}

static enum err run(struct web_req *rq)
{
	TRY(take_rid(rq));
	log_rid(rq->rid);
	take_head(rq);
	if (rq->in.unclean)
		return ERR(SYNTAX, "a control character in a header or address");
	TRY(take_cookies(rq));
	TRY(route_find(rq));
	if (rq->conf->sessions != NULL && !rq->route->quiet)
		TRY(session_used(rq->conf->sessions, rq));
	if (rq->route->body == WEB_JSON && strcmp(rq->method, "POST") == 0)
		rq->wants_json = true;
	TRY(check_access(rq));
	return rq->answered ? ERR_OK : run_handler(rq);
}

static void report(const struct web_req *rq, int64_t msec)
{
	const struct web_done d = {rq->head             ? "HEAD"
	                           : rq->method != NULL ? rq->method
	                                                : "",
	                           rq->route != NULL ? rq->route->pattern : "",
	                           rq->status,
	                           rq->failed,
	                           rq->failed_detail != NULL ? rq->failed_detail : "",
	                           rq->failed_where != NULL ? rq->failed_where : "",
	                           msec};

	metrics_count(rq->status, msec);
	if (rq->conf->done != NULL)
		rq->conf->done(&d);
	log_rid(NULL);
}

enum err web_handle(const struct web_config *conf, struct span scgi, struct buf *answer)
{
	return handle_and_send(conf, scgi, answer, NULL, NULL, NULL);
}

enum err handle_and_send(const struct web_config *conf, struct span scgi, struct buf *answer, struct buf *body,
                         send_fn *send, void *ctx)
{
	int64_t start = clock_mono_ms();
	struct web_req *rq __attribute__((cleanup(web_req_auto_))) = NULL;

	err_clear();
	TRY(req_new(conf, scgi.len, body, &rq));
	TRY(scgi_parse(scgi, &rq->in));
	enum err e = run(rq);
	if (e != ERR_OK)
		view_error(rq, e);
	e = answer_write(rq, answer);
	if (e == ERR_OK && send != NULL)
		send(ctx, buf_span(answer)); /* the log and the wiping can wait, the browser need not */
	report(rq, clock_mono_ms() - start);
	return e;
}
