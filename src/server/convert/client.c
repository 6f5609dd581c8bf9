#include "server/convert/start_i.h"
#include "base/clock.h"
#include "ipc/peer.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* A starter that died is back within a second (yinxin up). */
enum { READ_BYTES = 1 << 16, AWAY_MS = 3000, AGAIN_MS = 20 };

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
		TRY(job_read(r->fd, r->deadline_ms, bytes, sizeof bytes, &n));
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
		return (struct job){kind, {x->rows, x->cols, x->cell_bytes, x->strings, x->sheets, x->inflated, l->cpu_sec, l->memory_mb}};
	return (struct job){kind, {r->pixels, r->side, r->large, r->preview, r->pages, r->input_bytes, l->cpu_sec, l->memory_mb}};
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

enum err job_start(const struct convert *c, int fd, enum convert_kind kind, const struct convert_limits *l, int *ret_out)
{
	int ends[2], sock;
	const struct job j = job_of(kind, l);
	TRY(reach(c, &sock));
	if (pipe2(ends, O_CLOEXEC) != 0) {
		(void)close(sock);
		return ERR(BUSY, "pipe: %s", strerror(errno));
	}
	const int fds[JOB_FDS] = {fd, ends[1]};
	enum err e = job_send(sock, &j, fds);
	(void)close(sock);
	(void)close(ends[1]);
	if (e != ERR_OK) {
		(void)close(ends[0]);
		return e;
	}
	*ret_out = ends[0];
	return ERR_OK;
}

enum err convert_xlsx(struct convert *c, int fd, const struct convert_limits *limits, const struct xlsx_sink *sink,
		      struct xlsx_summary *ret_s)
{
	struct reading r = {.deadline_ms = clock_mono_ms() + limits->wait_ms, .line = buf_make(CONVERT_LINE_MAX),
		.wire = {.limits = &limits->xlsx}, .sink = sink};
	TRY(job_start(c, fd, CONVERT_XLSX, limits, &r.fd));
	enum err e = read_all(&r);
	(void)close(r.fd);
	buf_done(&r.line);
	TRY(e);
	*ret_s = r.summary;
	return ERR_OK;
}
