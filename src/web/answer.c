/* The CGI answer: status, the headers that every answer bears, the handler's own, cookies, body. */
#include "web/req.h"
#include <stdio.h>
#include <string.h>

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} table[] = {
		{200, "OK"},
		{204, "No Content"},
		{303, "See Other"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{409, "Conflict"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
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
	return "Other";
}

static bool has_header(const struct web_req *rq, const char *name)
{
	for (size_t i = 0; i < rq->n_headers; i++)
		if (strcasecmp(rq->headers[i].name, name) == 0)
			return true;
	return false;
}

/* No inline script or style, no frames, no plug-ins; the one foreign address is the agent's. Features of the browser
 * are left at their defaults but for sensors that no page here uses: the loopback permission must stay. */
static void put_security(const struct web_req *rq, struct buf *out)
{
	const char *agent = rq->conf->agent_origin != NULL ? rq->conf->agent_origin : "";

	if (rq->is_shared) { /* octets for programs: nothing that a page could do */
		buf_str(out, "X-Content-Type-Options: nosniff\r\n");
		cache_put(rq, out);
		return;
	}
	buf_printf(
		out,
		"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
		"font-src 'self'; connect-src 'self'%s%s; form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n",
		agent[0] ? " " : "", agent);
	buf_str(out, "X-Content-Type-Options: nosniff\r\n"
	             "X-Frame-Options: DENY\r\n"
	             "Referrer-Policy: same-origin\r\n"
	             "Cross-Origin-Opener-Policy: same-origin-allow-popups\r\n"
	             "Permissions-Policy: camera=(), microphone=(), geolocation=(), payment=()\r\n");
	if (strncmp(rq->conf->origin, "https://", 8) == 0)
		buf_str(out, "Strict-Transport-Security: max-age=31536000\r\n");
	/* A page behind the login is never kept, whatever its handler says. */
	if (rq->has_session || (rq->route != NULL && rq->route->access != WEB_PUBLIC) ||
	    !has_header(rq, "Cache-Control"))
		buf_str(out, "Cache-Control: no-store\r\n");
}

static bool is_ours(const struct web_req *rq, const char *name)
{
	static const char *const names[] = {"Content-Security-Policy",
	                                    "X-Content-Type-Options",
	                                    "X-Frame-Options",
	                                    "Referrer-Policy",
	                                    "Permissions-Policy",
	                                    "Cross-Origin-Opener-Policy",
	                                    "Strict-Transport-Security",
	                                    "Set-Cookie",
	                                    "Content-Type",
	                                    "Content-Length",
	                                    "X-Request-Id",
	                                    "Status"};
	static const char *const validators[] = {"Cache-Control", "ETag", "Last-Modified", "Expires"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcasecmp(names[i], name) == 0)
			return true;
	for (size_t i = 0; rq->is_shared && i < COUNT_OF(validators); i++)
		if (strcasecmp(validators[i], name) == 0)
			return true;
	return strcasecmp(name, "Cache-Control") == 0 &&
	       (rq->has_session || (rq->route != NULL && rq->route->access != WEB_PUBLIC));
}

enum err answer_write(struct web_req *rq, struct buf *out)
{
	TRY(buf_err(&rq->body));
	if (rq->is_shared)
		TRY(cache_judge(rq));
	bool whole = rq->status != 304;
	buf_printf(out, "Status: %d %s\r\n", rq->status, reason(rq->status));
	if (whole)
		buf_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", rq->content_type, rq->body.len);
	buf_printf(out, "X-Request-Id: %s\r\n%s", rq->rid, rq->is_shared ? "" : "Vary: Accept, Cookie\r\n");
	put_security(rq, out);
	for (size_t i = 0; i < rq->n_headers; i++)
		if (!is_ours(rq, rq->headers[i].name))
			buf_printf(out, "%s: %s\r\n", rq->headers[i].name, rq->headers[i].value);
	for (size_t i = 0; !rq->is_shared && i < rq->n_set_cookies; i++)
		buf_printf(out, "Set-Cookie: %s\r\n", rq->set_cookies[i].value);
	buf_str(out, "\r\n");
	if (whole && !rq->head)
		buf_put(out, buf_span(&rq->body));
	return buf_err(out);
}
