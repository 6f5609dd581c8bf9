/* The SCGI application server: worker threads of blocking accept, handle, close (docs/design, web.md). */
#pragma once
#include "web/web.h"
#include "web/session.h"
#include "web/template.h"

/* One finished request, for the program's log: libraries do not log. */
struct web_done {
	/* the route's pattern, "" when none matched: never the path, which may hold numbers */
	const char *method, *route;
	int status;
	enum err e; /* ERR_OK or what was answered; detail and where as err.h gives them */
	const char *detail, *where;
	int64_t msec;
};
struct web_config {
	const char *origin;       /* "http://localhost:8600": never from Host */
	const char *agent_origin; /* "http://127.0.0.1:8610", for connect-src */
	const char *bureau_name;
	unsigned workers;
	size_t answer_max;              /* octets of an answer; 0: ANSWER_MAX */
	const struct web_route *routes; /* ends with NULL method */
	/* Fills members every view needs (header, footer, session, csrf, mode); called before rendering. */
	enum err (*common)(struct web_req *rq, json_t *model);
	struct sessions *sessions;
	/* Whether the session may still go on, asked for every page that needs one; NULL: not asked. ERR_CERT_REVOKED,
	 * ERR_CERT_SUSPENDED and ERR_ROLE end it, another error only fails the request; ERR_STATUS_AWAY not that which
	 * locks the session or leaves it. */
	enum err (*may_go_on)(void *app, const struct web_session *s);
	struct views *views;
	void *app;
	const struct clock *clock;
	void (*done)(const struct web_done *d); /* NULL: nobody listens; called by the worker, log_rid is set */
};
struct web_metrics {
	uint64_t requests, status_class[6], msec_sum, bad_frames; /* status_class[2] counts 2xx */
};
void web_metrics(struct web_metrics *ret); /* of this process since its start */
struct web_server;
/* listen_fd is made blocking; the caller closes it after web_server_stop(). */
enum err web_server_start(int listen_fd, const struct web_config *conf, struct web_server **ret_s) MUST_CHECK;
void web_server_stop(struct web_server *s); /* finishes running requests, at most 3 s, frees; NULL is fine */
/* One request without sockets: SCGI bytes in, CGI answer out (tests, fuzzing, bench). */
enum err web_handle(const struct web_config *conf, struct span scgi, struct buf *answer) MUST_CHECK;
