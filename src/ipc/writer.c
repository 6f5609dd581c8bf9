#include "ipc/writer.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void writer_init(struct writer *w)
{
	*w = (struct writer){.memfd = -1};
	buf_init(&w->frame, IPC_HEAD_LEN + IPC_BODY_MAX);
}

static void close_memfd(struct writer *w)
{
	if (w->memfd >= 0)
		close(w->memfd);
	w->memfd = -1;
}

void writer_done(struct writer *w)
{
	close_memfd(w);
	buf_done(&w->frame);
	w->at = 0;
}

bool writer_has_rest(const struct writer *w)
{
	return w->at < w->frame.len;
}

enum err writer_load(struct writer *w, const struct ipc_msg *m)
{
	INVARIANT(!writer_has_rest(w) && w->memfd < 0);
	buf_clear(&w->frame);
	w->at = 0;
	TRY(ipc_encode(m, &w->frame));
	if (m->memfd < 0)
		return ERR_OK;
	w->memfd = fcntl(m->memfd, F_DUPFD_CLOEXEC, 0);
	if (w->memfd < 0) {
		buf_clear(&w->frame);
		return ERR(IO, "memfd: %s", strerror(errno));
	}
	return ERR_OK;
}

/* The descriptor goes with the first octet and only once. */
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

enum err writer_step(struct writer *w, int fd, bool *ret_done)
{
	while (writer_has_rest(w)) {
		ssize_t n = send_some(fd, span_sub(buf_span(&w->frame), w->at, w->frame.len), w->memfd);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			*ret_done = false;
			return ERR_OK;
		}
		if (n < 0)
			return ERR(UNAVAILABLE, "sending: %s", strerror(errno));
		close_memfd(w);
		w->at += (size_t)n;
	}
	*ret_done = true;
	return ERR_OK;
}
