#include "web/req.h"
#include "base/secret.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	WORKERS_MAX = 64,
	READ_TOTAL_MS = 10000,
	READ_STEP_SEC = 5,
	STOP_MS = 3000,
	DRAIN_MAX = 20 << 20,
	ANSWER_OVERHEAD = 65536,
	BUFFER_KEPT = 65536
};
struct worker {
	struct web_server *server;
	pthread_t thread;
	_Atomic int fd; /* being served, -1 none */
	struct buf in, body, out;
};
struct web_server {
	struct web_config conf;
	int listen_fd;
	_Atomic bool stop;
	unsigned n;
	struct worker w[WORKERS_MAX];
};

/* --- one connection --- */

/* A connection carries one request and nothing behind it: whatever is there is taken, a small request with one call. */
static enum err read_some(int fd, int64_t until, struct buf *in, size_t want)
{
	uint8_t chunk[16384];

	while (in->len < want) {
		ssize_t n = recv(fd, chunk, sizeof(chunk), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR(IO, "peer stopped sending");
		if (clock_mono_ms() > until)
			return ERR(TIMEOUT, "request took too long");
		buf_put(in, span_of(chunk, (size_t)n));
		TRY(buf_err(in));
	}
	return ERR_OK;
}

static enum err read_request(int fd, struct buf *in)
{
	int64_t until = clock_mono_ms() + READ_TOTAL_MS;
	size_t want;

	for (;;) {
		TRY(scgi_need(buf_span(in), &want));
		if (want == in->len)
			return ERR_OK;
		if (want > in->max)
			return ERR(LIMIT, "request of %zu octets", want);
		TRY(read_some(fd, until, in, want));
	}
}

static void write_all(int fd, struct span s)
{
	while (s.len > 0) {
		ssize_t n = send(fd, s.ptr, s.len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* the browser has gone */
		s = span_sub(s, (size_t)n, s.len);
	}
}

/* nginx sends all of a body before it reads: an answer to half of it would be lost in a reset connection. */
static void drain(int fd)
{
	uint8_t chunk[16384];
	int64_t until = clock_mono_ms() + 2000;
	size_t total = 0;

	while (total < DRAIN_MAX && clock_mono_ms() < until) {
		ssize_t n = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			nanosleep(&(struct timespec){0, 5000000}, NULL);
			continue;
		}
		if (n <= 0)
			return;
		total += (size_t)n;
	}
}

static void refuse(int fd, enum err e)
{
	AUTO_BUF(out, 1024);

	metrics_bad_frame();
	if (e == ERR_LIMIT) {
		buf_printf(&out,
		           "Status: 413 Content Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
		           "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n\r\n%s %s。%s。\n",
		           err_code(e), err_zh(e), err_remedy(e));
		write_all(fd, buf_span(&out));
		shutdown(fd, SHUT_WR);
		drain(fd);
	}
	err_clear();
}

/* nginx takes the end of the connection for the end of the answer. */
static void send_answer(void *ctx, struct span answer)
{
	const int *fd = ctx;

	write_all(*fd, answer);
	(void)shutdown(*fd, SHUT_WR);
}

/* A worker keeps its buffers: asking for them anew is a good part of a small page. What was in them is wiped. */
static void clean(struct buf *b)
{
	size_t max = b->max;

	if (b->cap > BUFFER_KEPT) {
		buf_done(b);
		buf_init(b, max);
	} else if (b->ptr != NULL) {
		wipe(b->ptr, b->len);
		buf_clear(b);
	}
}

static void serve(struct worker *w, int fd)
{
	const struct timeval limit = {.tv_sec = READ_STEP_SEC};

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	enum err e = read_request(fd, &w->in);
	if (e == ERR_OK)
		e = handle_and_send(&w->server->conf, buf_span(&w->in), &w->out, &w->body, send_answer, &fd);
	if (e != ERR_OK)
		refuse(fd, e);
	clean(&w->in);
	clean(&w->body);
	clean(&w->out);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct web_server *s = w->server;

	while (!s->stop) {
		/* Blocking: the kernel wakes one of those that wait, and nobody while nothing comes. */
		int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) {
			/* Out of descriptors or memory: the others need time to give theirs back. */
			if (errno != EINTR && errno != ECONNABORTED && !s->stop)
				nanosleep(&(struct timespec){0, 50 * 1000000}, NULL);
			continue;
		}
		w->fd = fd;
		serve(w, fd);
		w->fd = -1;
		close(fd);
	}
	buf_done(&w->in);
	buf_done(&w->body);
	buf_done(&w->out);
	return NULL;
}

/* --- start --- */

static enum err check_body(const struct web_route *r)
{
	if (r->body == WEB_MULTIPART && (strcmp(r->method, "POST") != 0 || r->raw_max == 0))
		return ERR(CONFIG, "route %s: multipart without its maximum, or not a POST", r->pattern);
	if (r->raw_max > SCGI_BODY_MAX)
		return ERR(CONFIG, "route %s: body of %zu octets", r->pattern, r->raw_max);
	for (const struct web_field *f = r->fields; f != NULL && f->name != NULL; f++)
		if (f->is_file && r->body != WEB_MULTIPART)
			return ERR(CONFIG, "route %s: file field %s", r->pattern, f->name);
	return ERR_OK;
}

static enum err check_route(const struct web_config *c, const struct web_route *r)
{
	bool get = strcmp(r->method, "GET") == 0;

	if ((!get && strcmp(r->method, "POST") != 0) || r->pattern[0] != '/' || r->handler == NULL)
		return ERR(CONFIG, "route %s %s", r->method, r->pattern);
	if (r->view != NULL && c->views != NULL && !views_has(c->views, r->view))
		return ERR(CONFIG, "route %s: no template %s", r->pattern, r->view);
	if (r->declare != NULL && (r->fields != NULL || r->body == WEB_RAW))
		return ERR(CONFIG, "route %s: fields of two kinds", r->pattern);
	for (const struct web_field *f = r->fields; f != NULL && f->name != NULL; f++)
		if (strlen(f->name) > FORM_NAME_MAX || strcmp(f->name, "csrf") == 0)
			return ERR(CONFIG, "route %s: field %s", r->pattern, f->name);
	return check_body(r);
}

static enum err check_conf(const struct web_config *c)
{
	if (c->workers == 0 || c->workers > WORKERS_MAX)
		return ERR(CONFIG, "%u workers, at most %d", c->workers, WORKERS_MAX);
	if (c->views != NULL && !views_has(c->views, "error"))
		return ERR(CONFIG, "no template error");
	for (const struct web_route *r = c->routes; r->method != NULL; r++)
		TRY(check_route(c, r));
	return ERR_OK;
}

/* Of the longest body that one of the routes takes. */
static size_t request_max(const struct web_config *c)
{
	size_t most = FORM_BODY_MAX;

	for (const struct web_route *r = c->routes; r->method != NULL; r++)
		most = body_max(r) > most ? body_max(r) : most;
	return 8 + SCGI_HEADERS_MAX + most;
}

/* Whoever made it may have wanted to poll it. */
static enum err make_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0)
		return ERR(IO, "listening socket: %s", strerror(errno));
	return ERR_OK;
}

enum err web_server_start(int listen_fd, const struct web_config *conf, struct web_server **ret_s)
{
	TRY(check_conf(conf));
	TRY(make_blocking(listen_fd));
	struct web_server *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ERR(NOMEM, "web server");
	s->conf = *conf;
	s->listen_fd = listen_fd;
	for (; s->n < conf->workers; s->n++) {
		struct worker *w = &s->w[s->n];
		w->server = s;
		w->fd = -1;
		buf_init(&w->in, request_max(conf));
		buf_init(&w->body, answer_max(conf));
		buf_init(&w->out, answer_max(conf) + ANSWER_OVERHEAD);
		if (pthread_create(&w->thread, NULL, work, w) != 0) {
			web_server_stop(s);
			return ERR(NOMEM, "worker thread %u", s->n);
		}
	}
	*ret_s = s;
	return ERR_OK;
}

static struct timespec after_ms(int64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t); /* what pthread_timedjoin_np counts by */
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

void web_server_stop(struct web_server *s)
{
	struct timespec soon = after_ms(STOP_MS * 3 / 4), last = after_ms(STOP_MS);
	unsigned left = 0;

	if (s == NULL)
		return;
	s->stop = true;
	/* Wakes all that wait in accept(). */
	(void)shutdown(s->listen_fd, SHUT_RDWR);
	for (unsigned i = 0; i < s->n; i++) {
		if (pthread_timedjoin_np(s->w[i].thread, NULL, &soon) == 0)
			continue;
		int fd = s->w[i].fd;
		if (fd >= 0)
			(void)shutdown(fd, SHUT_RDWR);
		if (pthread_timedjoin_np(s->w[i].thread, NULL, &last) != 0)
			left++;
	}
	if (left == 0) /* a worker that hangs in its handler still uses it; the process is about to end */
		free(s);
}
