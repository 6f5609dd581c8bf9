#include "ipc/reader.h"
#include "base/text.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void reader_init(struct reader *r, const struct ipc_type *types, size_t n)
{
	*r = (struct reader){.want = IPC_HEAD_LEN, .no_fds = true};
	buf_init(&r->frame, IPC_HEAD_LEN + IPC_BODY_MAX);
	for (size_t i = 0; i < n; i++)
		if (types[i].takes_secret)
			r->no_fds = false;
}

static void close_fds(struct reader *r)
{
	for (size_t i = 0; i < r->n_fds; i++)
		close(r->fds[i]);
	r->n_fds = 0;
}

void reader_done(struct reader *r)
{
	close_fds(r);
	buf_done(&r->frame);
}

bool reader_has_begun(const struct reader *r)
{
	return r->frame.len > 0;
}

static void keep_fd(struct reader *r, int fd)
{
	if (r->n_fds < READER_FDS) {
		r->fds[r->n_fds++] = fd;
		return;
	}
	close(fd);
	r->stray = true;
}

/* Every descriptor that the kernel put into our table is kept for closing; what did not fit it dropped itself. */
static void take_control(struct reader *r, struct msghdr *h)
{
	if (h->msg_flags & MSG_CTRUNC)
		r->stray = true;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			keep_fd(r, fd);
		}
	}
}

static ssize_t receive(struct reader *r, int fd, uint8_t *room, size_t len)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(READER_FDS * sizeof(int))];
	} control;
	struct iovec iov = {.iov_base = room, .iov_len = len};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	/* Without room for them the kernel drops descriptors and says so. Closing one that we had taken could wait for
	 * whoever serves its file system. */
	if (!r->no_fds) {
		h.msg_control = control.bytes;
		h.msg_controllen = sizeof(control.bytes);
	}
	do {
		n = recvmsg(fd, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		take_control(r, &h);
	return n;
}

/* After the head the length is known; a length past the limit is refused before a byte of it is read. */
static enum err learn_length(struct reader *r)
{
	uint32_t len;

	if (r->want != IPC_HEAD_LEN || r->frame.len < IPC_HEAD_LEN)
		return ERR_OK;
	TRY(ipc_head_check(buf_span(&r->frame), &len));
	r->want += len;
	return ERR_OK;
}

static enum err on_end(const struct reader *r)
{
	if (!reader_has_begun(r))
		return ERR(ABSENT, "peer closed");
	return ERR(SYNTAX, "peer closed after %zu bytes of a frame", r->frame.len);
}

enum err reader_step(struct reader *r, int fd, bool *ret_done)
{
	uint8_t chunk[16384];

	while (r->frame.len < r->want) {
		size_t rest = r->want - r->frame.len;
		ssize_t n = receive(r, fd, chunk, rest < sizeof(chunk) ? rest : sizeof(chunk));
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			*ret_done = false;
			return ERR_OK;
		}
		if (n < 0)
			return ERR(UNAVAILABLE, "receiving: %s", strerror(errno));
		if (n == 0)
			return on_end(r);
		buf_put(&r->frame, span_of(chunk, (size_t)n));
		TRY(buf_err(&r->frame));
		TRY(learn_length(r));
	}
	*ret_done = true;
	return ERR_OK;
}

static bool takes_secret(const struct ipc_type *types, size_t n, uint16_t type)
{
	for (size_t i = 0; i < n; i++)
		if (types[i].type == type)
			return types[i].takes_secret;
	return false;
}

static enum err finish(struct reader *r, const struct ipc_type *types, size_t n, struct ipc_msg **ret_m)
{
	AUTO(ipc_msg) m = NULL;

	TRY(ipc_parse(buf_span(&r->frame), types, n, &m));
	if (r->stray || r->n_fds > 1 || (r->n_fds == 1 && !takes_secret(types, n, m->type)))
		return ERR(SYNTAX, "file descriptors beside a frame that takes none");
	if (r->n_fds == 1)
		TRY(ipc_secret_from_fd(r->fds[0], &m->secret));
	*ret_m = STEAL(m);
	return ERR_OK;
}

enum err reader_finish(struct reader *r, const struct ipc_type *types, size_t n, struct ipc_msg **ret_m)
{
	enum err e = finish(r, types, n, ret_m);

	close_fds(r);
	return e;
}

void reader_rid(const struct reader *r, char ret_hex[IPC_RID_HEX + 1])
{
	ret_hex[0] = '\0';
	if (r->frame.len >= IPC_HEAD_LEN)
		text_hex_str(span_sub(buf_span(&r->frame), IPC_HEAD_LEN - IPC_RID_LEN, IPC_RID_LEN), ret_hex);
}
