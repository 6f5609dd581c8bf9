#include "server/convert/start_i.h"
#include "base/clock.h"
#include "ipc/peer.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A starter that died is back within a second (yinxin up); one that lives may be kept two seconds by a silent peer. */
enum { READ_BYTES = 1 << 16, AWAY_MS = 3000, AGAIN_MS = 20, START_MS = 4000, ASK_MS = 1000 };

struct reading {
	int fd;
	int64_t deadline_ms;
	struct buf line;
	struct wire_state wire;
	const struct xlsx_sink *sink;
	struct xlsx_summary summary;
	bool ended;
};

static enum err feed(struct reading *r, struct span bytes)
{
	while (bytes.len > 0) {
		size_t at = 0;
		if (r->ended)
			return ERR(CONVERT, "lines after the end");
		if (!span_find(bytes, '\n', &at)) {
			buf_put(&r->line, bytes);
			break;
		}
		buf_put(&r->line, span_sub(bytes, 0, at));
		if (buf_err(&r->line) != ERR_OK)
			break;
		TRY(wire_line(&r->wire, buf_span(&r->line), r->sink, &r->summary, &r->ended));
		buf_clear(&r->line);
		bytes = span_sub(bytes, at + 1, bytes.len);
	}
	if (buf_err(&r->line) == ERR_OK)
		return ERR_OK;
	err_clear();
	return ERR(CONVERT, "line past the maximum");
}

/* 1: octets are there; 0: time is up. */
static int wait_for(int fd, int64_t deadline_ms)
{
	for (;;) {
		int64_t left = deadline_ms - clock_mono_ms();
		struct pollfd p = {fd, POLLIN, 0};
		int rc = left > 0 ? poll(&p, 1, (int)left) : 0;
		if (rc >= 0 || errno != EINTR)
			return rc > 0;
	}
}

enum err job_read(int fd, int64_t deadline_ms, uint8_t *bytes, size_t cap, size_t *ret_n)
{
	for (;;) {
		if (!wait_for(fd, deadline_ms))
			return ERR(TIMEOUT, "conversion");
		ssize_t n = read(fd, bytes, cap);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR(IO, "conversion: %s", strerror(errno));
		*ret_n = (size_t)n;
		return ERR_OK;
	}
}

static enum err read_all(struct reading *r)
{
	uint8_t bytes[READ_BYTES];
	for (;;) {
		size_t n;
		TRY(job_read(r->fd, r->deadline_ms, bytes, sizeof(bytes), &n));
		if (n == 0)
			return r->ended ? ERR_OK : ERR(CONVERT, "the process ended without an answer");
		TRY(feed(r, span_of(bytes, n)));
	}
}

static struct job job_of(enum convert_kind kind, const struct convert_limits *l)
{
	const struct xlsx_limits *x = &l->xlsx;
	const struct render_limits *r = &l->render;
	if (kind == CONVERT_XLSX)
		return (struct job){kind,
		                    {x->rows, x->cols, x->cell_bytes, x->strings, x->sheets, x->inflated, l->cpu_sec,
		                     l->memory_mb}};
	return (struct job){kind,
	                    {r->pixels, r->side, r->large, r->preview, r->pages, r->input_bytes, l->cpu_sec,
	                     l->memory_mb}};
}

static enum err reach(const struct convert *c, int *ret_sock)
{
	int64_t until = clock_mono_ms() + AWAY_MS;
	for (;;) {
		enum err e = peer_connect(c->path, AWAY_MS, ret_sock);
		if (e == ERR_OK || clock_mono_ms() >= until)
			return e;
		err_clear();
		(void)poll(NULL, 0, AGAIN_MS);
	}
}

/* The starter's answer to a job or to the question whether it is there. Silence is no answer. */
static enum err named(int sock, int wait_ms, uint64_t *ret_starter)
{
	uint8_t octets[sizeof(*ret_starter)];
	int64_t until = clock_mono_ms() + wait_ms;
	for (size_t have = 0, n; have < sizeof(octets); have += n) {
		enum err e = job_read(sock, until, octets + have, sizeof(octets) - have, &n);
		if (e != ERR_OK || n == 0) {
			err_clear();
			return ERR(UNAVAILABLE, "conversion starter: %s", e == ERR_OK ? "closed" : "no answer");
		}
	}
	memcpy(ret_starter, octets, sizeof(octets));
	return ERR_OK;
}

static enum err ask(const struct convert *c, uint64_t *ret_starter)
{
	int sock;
	char question = STARTER_ASK;
	struct iovec iov = {&question, 1};
	const struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	TRY(peer_connect(c->path, 0, &sock));
	enum err e = sendmsg(sock, &m, MSG_NOSIGNAL) == 1 ? ERR_OK
	                                                  : ERR(UNAVAILABLE, "conversion starter: %s", strerror(errno));
	if (e == ERR_OK)
		e = named(sock, ASK_MS, ret_starter);
	(void)close(sock);
	return e;
}

enum err convert_check(const struct convert *c)
{
	uint64_t starter;
	return ask(c, &starter);
}

static enum err try_start(const struct convert *c, const struct job *j, int fd, struct started *ret_s)
{
	int ends[2], sock;
	TRY(reach(c, &sock));
	if (pipe2(ends, O_CLOEXEC) != 0) {
		(void)close(sock);
		return ERR(BUSY, "pipe: %s", strerror(errno));
	}
	const int fds[JOB_FDS] = {fd, ends[1]};
	enum err e = job_send(sock, j, fds);
	(void)close(ends[1]);
	if (e == ERR_OK)
		e = named(sock, START_MS, &ret_s->starter);
	(void)close(sock);
	if (e != ERR_OK) {
		(void)close(ends[0]);
		return e;
	}
	ret_s->out = ends[0];
	return ERR_OK;
}

/* A starter that dies while it is asked is asked for again, as one that is away. */
enum err job_start(const struct convert *c, int fd, enum convert_kind kind, const struct convert_limits *l,
                   struct started *ret_s)
{
	const struct job j = job_of(kind, l);
	int64_t until = clock_mono_ms() + AWAY_MS;
	for (;;) {
		enum err e = try_start(c, &j, fd, ret_s);
		if (e != ERR_UNAVAILABLE || clock_mono_ms() >= until)
			return e;
		err_clear();
		(void)poll(NULL, 0, AGAIN_MS);
	}
}

enum err job_end(const struct convert *c, const struct started *s, enum err e)
{
	uint64_t starter = 0;
	(void)close(s->out);
	if (e != ERR_CONVERT && e != ERR_TIMEOUT)
		return e;
	if (ask(c, &starter) == ERR_OK && starter == s->starter)
		return e;
	err_clear();
	return ERR(UNAVAILABLE, "the conversion starter went away with the job");
}

enum err convert_xlsx(struct convert *c, int fd, const struct convert_limits *limits, const struct xlsx_sink *sink,
                      struct xlsx_summary *ret_s)
{
	struct reading r = {.deadline_ms = clock_mono_ms() + limits->wait_ms,
	                    .line = buf_make(CONVERT_LINE_MAX),
	                    .wire = {.limits = &limits->xlsx},
	                    .sink = sink};
	struct started job;
	TRY(job_start(c, fd, CONVERT_XLSX, limits, &job));
	r.fd = job.out;
	enum err e = job_end(c, &job, read_all(&r));
	buf_done(&r.line);
	TRY(e);
	*ret_s = r.summary;
	return ERR_OK;
}
