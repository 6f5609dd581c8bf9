/* Inside of the web layer: the request as its files share it. Everything it points to lives in its arena or in the
 * SCGI octets, and dies with it. */
#pragma once
#include "web/multipart.h"
#include "web/scgi.h"
#include "web/server.h"

enum {
	REQ_MEMORY_MAX = 8 << 20, /* and the inputs themselves */
	ANSWER_MAX = 6 << 20,
	FORM_BODY_MAX = 2 << 20,
	PATH_MAX_BYTES = 1024,
	PATH_SEGMENTS_MAX = 12,
	ANSWER_HEADERS_MAX = 32,
	FIELD_ERRORS_MAX = 64,
	COOKIE_NAME_MAX = 64,
	TOKEN_HEX = 64
};
struct pair {
	const char *name, *value;
};
struct field_error {
	const char *field, *label, *text;
	enum err e;
};
struct web_req {
	const struct web_config *conf;
	struct arena *arena;
	struct scgi in;
	char rid[33];

	const char *method; /* HEAD reads as GET here */
	bool head, wants_json, json_body;
	const char *path, *query; /* as sent */
	const struct web_route *route;
	const struct web_field *fields; /* of the route, or what its declare gave; NULL: none */
	const char *allow;              /* of a 405 */
	struct pair params[PATH_SEGMENTS_MAX];
	size_t n_params;
	struct inputs inputs, cookies;
	struct multipart parts; /* of a WEB_MULTIPART post; its fields are in inputs */

	bool has_session;
	struct web_session session;
	int64_t session_seen, session_created;
	enum err session_err;          /* why a session cookie was not accepted: ERR_L_IDLE or ERR_OK */
	char token[TOKEN_HEX + 1];     /* of the session, "" none */
	char pre_token[TOKEN_HEX + 1]; /* of the pre-login cookie, "" none */

	json_t *model;
	int status;
	bool answered, broken; /* broken: a header or cookie could not be set as asked */
	const char *view, *content_type, *error_detail;
	struct pair headers[ANSWER_HEADERS_MAX];
	size_t n_headers;
	struct pair set_cookies[ANSWER_HEADERS_MAX];
	size_t n_set_cookies;
	bool is_shared; /* web_cache() was called */
	int64_t fresh_sec, last_modified;
	char etag[2 * 32 + 3];
	struct field_error errors[FIELD_ERRORS_MAX];
	size_t n_errors;
	struct buf body, *body_kept; /* body_kept: lent by the worker, given back; NULL: none */

	enum err failed; /* what was answered, for the log */
	const char *failed_detail, *failed_where;
};
static inline size_t answer_max(const struct web_config *c)
{
	return c->answer_max > 0 ? c->answer_max : ANSWER_MAX;
}
static inline size_t body_max(const struct web_route *r)
{
	return r->raw_max > 0 ? r->raw_max : FORM_BODY_MAX;
}
/* accept.c: RFC 9110, 12.5.1; json_first decides where the header does not */
bool accept_json(const char *header, bool json_first);
/* route.c */
enum err route_find(struct web_req *rq) MUST_CHECK; /* SYNTAX, ABSENT, METHOD */
/* input.c: takes the declared fields from query or body, records errors of single fields */
enum err input_take(struct web_req *rq) MUST_CHECK;
const struct web_field *input_declared(const struct web_req *rq, const char *name); /* NULL: it is not */
/* csrf.c */
enum err csrf_check(struct web_req *rq) MUST_CHECK;     /* also the Origin; takes the field out of the inputs */
enum err csrf_pre_token(struct web_req *rq) MUST_CHECK; /* makes the pre-login cookie when there is none */
enum err token_new(char ret_hex[TOKEN_HEX + 1]) MUST_CHECK;
bool token_is(const char *s);
/* session.c */
enum err session_load(struct sessions *s, struct web_req *rq) MUST_CHECK;
/* by this request, written at most once a minute */
enum err session_used(struct sessions *s, struct web_req *rq) MUST_CHECK;
/* view.c */
enum err view_answer(struct web_req *rq) MUST_CHECK; /* renders the view, or the model as JSON */
void view_error(struct web_req *rq, enum err e);     /* always leaves an answer */
/* answer.c */
enum err answer_write(struct web_req *rq, struct buf *out) MUST_CHECK;
/* cache.c: of an answer for which web_cache() was called */
enum err cache_judge(struct web_req *rq) MUST_CHECK; /* makes its tag; status 304 when the asker has it */
void cache_put(const struct web_req *rq, struct buf *out);
/* handle.c: web_handle() that gives the answer away before it logs and cleans up. body: memory for a page, given back
 * with it */
typedef void send_fn(void *ctx, struct span answer);
enum err handle_and_send(const struct web_config *conf, struct span scgi, struct buf *answer, struct buf *body,
                         send_fn *send, void *ctx) MUST_CHECK;
/* metrics.c */
void metrics_count(int status, int64_t msec);
void metrics_bad_frame(void);
