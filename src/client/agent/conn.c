/* One connection: read a request, check who asks, route, answer, close. */
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "evidence/limits.h"
#include "client/agent/agent.h"
#include "gm/rand.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READ_MS = 8000,
	SEND_MS = 8000,
	LINGER_MS = 500,
	BODY_MAX = 512 << 10,
	LINGER_MAX = 2 * LIMIT_POST,
	ANSWER_MAX = 2 << 20
};

/* --- bytes --- */

static enum err wait_for(int fd, short events, int64_t until_ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	int64_t left = until_ms - clock_mono_ms();
	int n = poll(&p, 1, left > 0 ? (int)left : 0);

	if (n > 0 || (n < 0 && errno == EINTR))
		return ERR_OK;
	return n == 0 ? ERR(TIMEOUT, "peer is too slow") : ERR(IO, "poll: %s", strerror(errno));
}

static enum err read_some(int fd, struct buf *in, size_t most, int64_t until_ms)
{
	uint8_t chunk[4096];

	TRY(wait_for(fd, POLLIN, until_ms));
	ssize_t n = recv(fd, chunk, most < sizeof(chunk) ? most : sizeof(chunk), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return ERR_OK;
	if (n <= 0)
		return ERR(SYNTAX, "peer closed within a request");
	buf_put(in, span_of(chunk, (size_t)n));
	/* It may have held a PIN. */
	wipe(chunk, sizeof(chunk));
	return buf_err(in);
}

/* A statement may be long, nothing else is. */
static size_t body_most(const struct conn *c)
{
	return span_eq_str(c->head.path, "/v1/sign") ? LIMIT_POST : BODY_MAX;
}

static enum err read_request(struct conn *c, struct buf *in)
{
	int64_t until = clock_mono_ms() + READ_MS;
	size_t head_len = 0;

	while (!http1_head_end(buf_span(in), &head_len)) {
		if (in->len >= HTTP1_HEAD_MAX)
			return ERR(LIMIT, "head over %d bytes", HTTP1_HEAD_MAX);
		TRY(read_some(c->fd, in, HTTP1_HEAD_MAX - in->len, until));
	}
	TRY(http1_parse(span_sub(buf_span(in), 0, head_len), &c->head));
	if (c->head.body_len > body_most(c))
		return ERR(LIMIT, "body of %zu bytes", c->head.body_len);
	size_t whole = head_len + c->head.body_len;
	if (in->len > whole)
		return ERR(SYNTAX, "bytes after the request");
	while (in->len < whole)
		TRY(read_some(c->fd, in, whole - in->len, until));
	/* The buffer may have moved: the spans are taken again. */
	TRY(http1_parse(span_sub(buf_span(in), 0, head_len), &c->head));
	c->body = span_sub(buf_span(in), head_len, c->head.body_len);
	return ERR_OK;
}

static void send_all(int fd, struct span s)
{
	int64_t until = clock_mono_ms() + SEND_MS;

	while (s.len > 0) {
		ssize_t n = send(fd, s.ptr, s.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			s = span_sub(s, (size_t)n, s.len);
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return;
		if (wait_for(fd, POLLOUT, until) != ERR_OK) {
			err_clear();
			return;
		}
	}
}

/* Unread bytes would turn the close into a reset that overtakes the answer: a little more is read and thrown away. */
static void linger(int fd)
{
	int64_t until = clock_mono_ms() + LINGER_MS;
	uint8_t chunk[16384];
	size_t left = LINGER_MAX;

	shutdown(fd, SHUT_WR);
	while (left > 0 && wait_for(fd, POLLIN, until) == ERR_OK) {
		ssize_t n = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			break;
		left -= n <= 0 ? 0 : (size_t)n < left ? (size_t)n : left;
	}
	wipe(chunk, sizeof(chunk));
	err_clear();
}

/* --- answers --- */

static void put_cors(struct conn *c, struct buf *out)
{
	http1_header(out, "Vary", "Origin");
	if (c->origin[0] == '\0')
		return;
	http1_header(out, "Access-Control-Allow-Origin", c->origin);
	if (!span_eq_str(c->head.method, "OPTIONS"))
		return;
	http1_header(out, "Access-Control-Allow-Methods", "GET, POST");
	http1_header(out, "Access-Control-Allow-Headers", "Content-Type");
	http1_header(out, "Access-Control-Max-Age", "600");
	/* Chromium 104 to 141 and the browsers made from it ask; later ones ask the person. */
	if (span_eq_str(http1_get(&c->head, "Access-Control-Request-Private-Network"), "true"))
		http1_header(out, "Access-Control-Allow-Private-Network", "true");
}

void conn_answer(struct conn *c, int status, const char *type, struct span body)
{
	AUTO_BUF(out, ANSWER_MAX);

	http1_status(&out, status);
	http1_header(&out, "Cache-Control", "no-store");
	http1_header(&out, "X-Content-Type-Options", "nosniff");
	http1_header(&out, "Referrer-Policy", "no-referrer");
	http1_header(&out, "X-Frame-Options", "DENY");
	http1_header(&out, "Content-Security-Policy",
	             "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
	             "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
	put_cors(c, &out);
	if (type != NULL)
		http1_header(&out, "Content-Type", type);
	http1_body(&out, body);
	if (buf_err(&out) == ERR_OK)
		send_all(c->fd, buf_span(&out));
}

enum err conn_json(struct conn *c, const json_t *v)
{
	AUTO_BUF(text, ANSWER_MAX);

	TRY(json_print(v, &text));
	TRY(buf_err(&text));
	conn_answer(c, 200, "application/json", buf_span(&text));
	return ERR_OK;
}

static enum err error_text(const struct conn *c, enum err e, struct buf *text)
{
	AUTO_JSON o = json_object();
	json_t *error = NULL;

	TRY(dialogue_error_json(e, c->tries, &error));
	if (c->error_extra != NULL)
		(void)json_object_update(error, c->error_extra);
	TRY(json_put(o, "error", error));
	return json_print(o, text);
}

static void answer_error(struct conn *c, enum err e)
{
	AUTO_BUF(text, 8192);
	char path[80], method[17];

	snprintf(path, sizeof(path), "%.*s", (int)(c->head.path.len < 79 ? c->head.path.len : 79),
	         c->head.path.ptr != NULL ? (const char *)c->head.path.ptr : "");
	snprintf(method, sizeof(method), "%.*s", (int)c->head.method.len,
	         c->head.method.ptr != NULL ? (const char *)c->head.method.ptr : "");
	const struct log_kv kv[] = {{"method", method},
	                            {"path", path},
	                            {"code", err_code(e)},
	                            {"detail", err_detail()}};
	/* A person who breaks off is nobody's fault. */
	log_line(e == ERR_CANCELLED ? LOG_INFO : LOG_WARN, "refused", kv, COUNT_OF(kv));
	err_clear();
	if (error_text(c, e, &text) == ERR_OK)
		conn_answer(c, err_http(e), "application/json", buf_span(&text));
	err_clear();
}

/* --- bodies --- */

static bool is_json_type(struct span v)
{
	return span_eq_str(v, "application/json") || span_eq_str(v, "application/json; charset=utf-8") ||
	       span_eq_str(v, "application/json;charset=utf-8") || span_eq_str(v, "application/json; charset=UTF-8") ||
	       span_eq_str(v, "application/json;charset=UTF-8");
}

/* Requiring this type makes a browser ask first (Fetch: not a simple request). */
enum err conn_body(const struct conn *c, json_t **ret_v)
{
	AUTO_JSON v = NULL;
	const char *key;
	json_t *member;

	if (!is_json_type(http1_get(&c->head, "Content-Type")))
		return ERR(SYNTAX, "body is not application/json");
	TRY(json_parse_long(c->body, c->body.len, &v));
	if (!json_is_object(v))
		return ERR(SYNTAX, "body is not an object");
	json_object_foreach(v, key, member)
		if (!json_is_string(member))
			return ERR(SYNTAX, "a member is not a string");
	*ret_v = STEAL(v);
	return ERR_OK;
}

/* --- who asks --- */

static enum err check_host(const struct conn *c)
{
	if (!host_is_own(http1_get(&c->head, "Host"), c->a->port))
		return ERR(DENIED, "Host is not this agent");
	return ERR_OK;
}

static enum err check_page(struct conn *c)
{
	struct span origin = http1_get(&c->head, "Origin");

	if (!origins_has(c->a->origins, origin))
		return ERR(ORIGIN, "%.*s", origin.len < 100 ? (int)origin.len : 100,
		           origin.len ? (const char *)origin.ptr : "no origin");
	memcpy(c->origin, origin.ptr, origin.len);
	c->origin[origin.len] = '\0';
	return ERR_OK;
}

static bool is_under(const struct conn *c, const char *prefix)
{
	return span_starts(c->head.path, span_str(prefix));
}

static enum err route(struct conn *c)
{
	TRY(check_host(c));
	if (is_under(c, "/v1/")) {
		TRY(check_page(c));
		return page_serve(c);
	}
	if (is_under(c, "/window"))
		return window_serve(c);
	return ERR(ABSENT, "no such path");
}

static void name_thread(void)
{
	uint8_t raw[16];
	char hex[2 * sizeof(raw) + 1];

	if (rand_bytes(raw, sizeof(raw)) != ERR_OK)
		return;
	text_hex_str(SPAN_ARR(raw), hex);
	log_rid(hex);
}

void conn_serve(struct agent *a, int fd)
{
	AUTO_BUF(in, HTTP1_HEAD_MAX + LIMIT_POST);
	struct conn c = {.a = a, .fd = fd, .tries = -1};

	name_thread();
	enum err e = read_request(&c, &in);
	/* Opened ahead and never used: an answer would lie there and be read as that of the request that comes next. */
	bool silent = e != ERR_OK && in.len == 0;
	if (e == ERR_OK)
		e = route(&c);
	if (silent)
		err_clear();
	else if (e != ERR_OK)
		answer_error(&c, e);
	json_decref(c.error_extra);
	linger(fd);
	close(fd);
	log_rid(NULL);
}
