/* Frames over sockets: send, receive, call. */
#include "base/clock.h"
#include "base/text.h"
#include "ipc/reader.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const struct ipc_field error_fields[] = {
	{IPC_TAG_ERR_CODE, 1, 16, true, false},
	{IPC_TAG_ERR_DETAIL, 0, 1024, false, false},
	{0},
};

/* ERR_TIMEOUT once the deadline has passed. */
static enum err wait_for(int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		int64_t left = deadline_ms - clock_mono_ms();
		struct pollfd p = {.fd = fd, .events = events};
		int n = poll(&p, 1, left > 0 ? (int)(left < 60000 ? left : 60000) : 0);
		if (n > 0)
			return ERR_OK;
		if (n < 0 && errno != EINTR)
			return ERR(IO, "poll: %s", strerror(errno));
		if (clock_mono_ms() >= deadline_ms)
			return ERR(TIMEOUT, "peer did not %s in time", events == POLLIN ? "send" : "read");
	}
}

/* The descriptor goes with the first byte and only once. */
static ssize_t send_some(int fd, struct span s, int memfd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)s.ptr, .iov_len = s.len};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};

	if (memfd >= 0) {
		h.msg_control = control.bytes;
		h.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &memfd, sizeof(int));
	}
	return sendmsg(fd, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
}

enum err ipc_send(int fd, const struct ipc_msg *m)
{
	AUTO_BUF(frame, IPC_HEAD_LEN + IPC_BODY_MAX);
	int64_t deadline = clock_mono_ms() + IPC_TIMEOUT_MS;
	int memfd = m->memfd;

	TRY(ipc_encode(m, &frame));
	struct span rest = buf_span(&frame);
	while (rest.len > 0) {
		ssize_t n = send_some(fd, rest, memfd);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			TRY(wait_for(fd, POLLOUT, deadline));
			continue;
		}
		if (n < 0)
			return ERR(UNAVAILABLE, "sending: %s", strerror(errno));
		memfd = -1;
		rest = span_sub(rest, (size_t)n, rest.len);
	}
	return ERR_OK;
}

static enum err receive(struct reader *r, int fd, const struct ipc_type *types, size_t n, int64_t deadline_ms,
			struct ipc_msg **ret_m)
{
	bool done = false;

	for (;;) {
		TRY(reader_step(r, fd, &done));
		if (done)
			return reader_finish(r, types, n, ret_m);
		TRY(wait_for(fd, POLLIN, deadline_ms));
	}
}

enum err ipc_recv(int fd, const struct ipc_type *types, size_t n, int timeout_ms, struct ipc_msg **ret_m)
{
	struct reader r;

	reader_init(&r);
	enum err e = receive(&r, fd, types, n, clock_mono_ms() + timeout_ms, ret_m);
	reader_done(&r);
	return e;
}

enum err ipc_send_err(int fd, const char *rid, enum err e)
{
	AUTO(ipc_msg) m = NULL;
	/* A detail may quote bytes of an input; across the wire it is text or nothing. */
	const char *detail = text_is_utf8(span_str(err_detail())) ? err_detail() : "";

	TRY(ipc_msg_new(IPC_ANSWER_ERR, &m));
	ipc_rid_set(m, rid);
	ipc_put_str(m, IPC_TAG_ERR_CODE, err_code(e == ERR_OK ? ERR_INTERNAL : e));
	ipc_put_str(m, IPC_TAG_ERR_DETAIL, detail);
	return ipc_send(fd, m);
}

static enum err from_answer(const struct ipc_msg *m)
{
	char code[17];
	struct span raw = ipc_get(m, IPC_TAG_ERR_CODE), detail = ipc_get(m, IPC_TAG_ERR_DETAIL);

	memcpy(code, raw.ptr, raw.len);
	code[raw.len] = '\0';
	if (!text_is_utf8(detail))
		detail = SPAN_EMPTY;
	return err_raise(err_from_code(code), __FILE__, __LINE__, "%.*s", (int)detail.len,
			 detail.len > 0 ? (const char *)detail.ptr : "");
}

enum err ipc_call(int fd, const struct ipc_msg *m, const struct ipc_type *answer, int timeout_ms,
		  struct ipc_msg **ret_answer)
{
	const struct ipc_type types[] = {
		{IPC_ANSWER_OK, "answer", answer ? answer->fields : NULL, answer && answer->takes_secret},
		{IPC_ANSWER_ERR, "error", error_fields, false},
	};
	AUTO(ipc_msg) got = NULL;

	enum err sent = ipc_send(fd, m);
	/* A peer that refuses strangers may have answered and closed before the request was out. */
	if (sent != ERR_OK && sent != ERR_UNAVAILABLE)
		return sent;
	enum err e = ipc_recv(fd, types, COUNT_OF(types), sent == ERR_OK ? timeout_ms : 0, &got);
	/* Not ERR_ABSENT: a caller would take that for the handler's word. */
	if (e == ERR_ABSENT || (e != ERR_OK && sent != ERR_OK))
		return ERR(UNAVAILABLE, "peer closed without an answer");
	TRY(e);
	bool refused_unread = ipc_type_of(got) == IPC_ANSWER_ERR && ipc_rid(got)[0] == '\0';
	if (strcmp(ipc_rid(got), ipc_rid(m)) != 0 && !refused_unread)
		return ERR(SYNTAX, "answer to another request");
	if (ipc_type_of(got) == IPC_ANSWER_ERR)
		return from_answer(got);
	*ret_answer = STEAL(got);
	return ERR_OK;
}
