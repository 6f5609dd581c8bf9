/* What a page handler sees: a request whose inputs were declared and checked, and a model to fill.
 *
 * The route table declares method, pattern, access, fields (or a function that gives those of the request) and view.
 * What is not declared does not exist: an undeclared, repeated or malformed field is answered before the handler runs
 * (F-003, F-004, F-002). The handler fills one JSON model; the view renders it, or the model itself is the answer for
 * "Accept: application/json". Errors too: an error becomes a page (or JSON {"error":{"code","text","remedy","rid"}})
 * with code, cause and remedy. */
#pragma once
#include "base/arena.h"
#include "base/json.h"

struct web_req;

/* --- declared inputs --- */
typedef enum err web_check(struct span value); /* NULL: any valid one-line text */
struct web_field {
	const char *name;
	const char *label; /* Chinese, for messages */
	size_t max_len;    /* octets; 0: only named for the view, refused when it holds anything */
	bool required;
	bool multiline;
	web_check *check;
	/* as people type and paste: what nobody sees in a line is let through, the handler folds it (base/text_fold.h)
	 */
	bool typed;
	bool is_file; /* of a WEB_MULTIPART route: a file of at most max_len octets; web_file() */
};

/* --- routes --- */
/* else a mask of the application's role bits: any of them */
enum web_access { WEB_PUBLIC = 0, WEB_ANY_LOGIN = 1u << 31 };
/* A session that has passed the certificate but not yet the password holds this role bit alone: only routes that name
 * the bit admit it, WEB_ANY_LOGIN does not. */
enum { WEB_HALF_LOGIN = 1 << 30 };
enum web_body {
	WEB_FORM,
	WEB_JSON,
	WEB_RAW,
	WEB_MULTIPART
}; /* a JSON body is one flat object of strings, numbers not permitted; same field rules.
    * WEB_RAW, POST only, WEB_PUBLIC only: octets of one content type for machines, without fields and token. Such a
    * handler must not act for a session: it is not protected against posts from other sites. WEB_MULTIPART, POST only:
    * multipart/form-data (RFC 7578) with the same field rules for its text parts, token and Origin as for a form, files
    * only in fields with is_file, raw_max octets for the whole body. */
/* The fields of this one request, where what its address names decides them: an array in web_arena() that ends with a
 * NULL name. Asked once, after access and token and before an input is looked at: web_param() holds, web_value() must
 * not be called. Its error is the answer. */
typedef enum err web_declare(struct web_req *rq, const struct web_field **ret_fields);
struct web_route {
	const char *method;  /* "GET", "POST"; HEAD follows GET */
	const char *pattern; /* "/desk/cases/:no" */
	unsigned access;
	enum web_body body;
	const struct web_field *fields; /* query of a GET, body of a POST; ends with NULL name; NULL: none */
	enum err (*handler)(struct web_req *rq);
	const char *view; /* template name, NULL: the handler answers by itself */
	/* false: a missing or invalid field is answered by the error view (422) and the handler does not run.
	 * true: it runs with web_field_errors() set, must change nothing then, and its view shows them. */
	bool shows_errors;
	const char *raw_type; /* of WEB_RAW: the one content type */
	size_t raw_max; /* the most octets of the body; 0: FORM_BODY_MAX; of WEB_RAW and WEB_MULTIPART always given */
	bool quiet;     /* a script's look: does not count as use of the session */
	web_declare *declare; /* in the place of fields */
};
/* A pattern that ends in "/+" takes every longer path of a GET as it was sent, web_path(), slashes included: for
 * protocols that put base64 into the address (RFC 6960, A.1). The handler decodes and checks it. */
/* POST needs the CSRF token (field "csrf", added by the layer, or header-less JSON: "csrf" member) and an Origin that
 * is ours when the browser sends one. Exempt from the token: WEB_JSON routes under "/login/", whose nonce is bound to
 * the pre-login cookie. A WEB_FORM route takes the same fields as application/json too. */

/* --- request --- */
struct arena *web_arena(struct web_req *rq);
const char *web_path(const struct web_req *rq);
const char *web_param(const struct web_req *rq, const char *name);  /* ":no" part, decoded; "" if none */
const char *web_value(const struct web_req *rq, const char *field); /* "" when absent */
bool web_has(const struct web_req *rq, const char *field);
/* the body of a WEB_RAW route, 1..raw_max octets */
struct span web_raw(const struct web_req *rq);
struct web_file {
	/* as the browser gave it: last part of a path, UTF-8, one line, at most 255 octets; never a path to use */
	const char *name;
	const char *type; /* what the browser says it is; not to be believed */
	struct span body; /* in the request's octets */
};
const struct web_file *web_file(const struct web_req *rq, const char *field); /* NULL when no file came in that field */
/* A browser sends the cookies of a host to all its ports: each name gets the port of this bureau's origin,
 * "yx_mode_8600". Callers leave it away, here and at web_set_cookie(). "" when absent or twice. */
const char *web_cookie(const struct web_req *rq, const char *name);
const char *web_remote(const struct web_req *rq);
bool web_wants_json(const struct web_req *rq);
void *web_app(struct web_req *rq);             /* the application's own state */
const char *web_rid(const struct web_req *rq); /* 32 hex digits */
/* The token for forms of this page; makes the pre-login cookie when the browser has neither that nor a session. */
enum err web_csrf(struct web_req *rq, const char **ret_token) MUST_CHECK;
bool web_is_own_path(const char *path); /* "/..." of this site, safe to redirect to */

/* --- session of this request (session.h keeps them) --- */
struct web_session {
	int64_t id;
	char subject[64]; /* account id */
	char person_id[32];
	char unit_no[16]; /* "" for persons and staff */
	char holder[128];
	char cert_serial[48];
	unsigned roles;
	bool locked;
	int64_t ends; /* when it is over without further use; set by session.c */
};
const struct web_session *web_session_of(const struct web_req *rq); /* NULL when not logged in */

/* --- answer --- */
json_t *web_model(struct web_req *rq); /* object, borrowed */
void web_status(struct web_req *rq, int status);
void web_header(struct web_req *rq, const char *name, const char *value); /* value without CR, LF */
/* Path=/; SameSite=Lax; Secure when the origin is https; max_age 0 session, -1 delete */
void web_set_cookie(struct web_req *rq, const char *name, const char *value, int max_age_sec, bool http_only);
enum err web_redirect(struct web_req *rq, const char *path) MUST_CHECK; /* 303, own paths only */
enum err web_bytes(struct web_req *rq, const char *content_type, struct span bytes) MUST_CHECK; /* instead of a view */
/* The answer of a WEB_PUBLIC GET that is the same for everybody: neither who asks nor Accept changes it, no cookie goes
 * with it. Caches may keep it for `seconds` (0: ask each time); its tag is SM3 of the octets, and whoever has them gets
 * 304. An error instead of the answer is never kept. */
void web_cache(struct web_req *rq, int64_t seconds, int64_t last_modified);
/* after it: SM3 of the octets, of one who has it already */
void web_cache_tag(struct web_req *rq, const uint8_t sm3[32]);
enum err web_view(struct web_req *rq, const char *view) MUST_CHECK; /* another view than the route's */
/* A Chinese sentence that the error page shows beside cause and remedy (member "detail"). */
void web_error_detail(struct web_req *rq, const char *detail_zh);
/* A field's error, shown at the top and at the field; the page is rendered again with status 422 by the route's view
 * when the handler returns ERR_OK after adding any. */
void web_field_error(struct web_req *rq, const char *field, enum err e, const char *detail_zh);
bool web_field_errors(const struct web_req *rq);
/* Every HTML model also gets, from the layer: "form" {FIELD: {"value","error"}} for the declared fields of the route,
 * "errors" [{"field","label","code","text","remedy"}] and "has_errors". The view "error" gets code, text, remedy, rid,
 * detail
 * ("" when none), status and these. */
