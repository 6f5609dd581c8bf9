/* The portal is captured, and its thief wants the signer to answer nobody: idle connections in all places, frames that
 * he begins and never ends, answers that he does not read, descriptors whose closing waits. The ceremony's holder,
 * another user, is answered within seconds all the same. */
#include "ipc/peer.h"
#include "world.h"
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { PLENTY = 70, CONNECT_MS = 50, PATIENCE_MS = 6000, LINGER_SEC = 1000 };

static struct world w;

static void admin_is_answered(const char *while_what)
{
	int64_t start_ms = clock_mono_ms();
	struct signer_hello h = {0};
	enum err e = signer_hello(w.procs.client, &h);
	int64_t took_ms = clock_mono_ms() - start_ms;
	if (e != ERR_OK || took_ms > PATIENCE_MS)
		fail_msg("%s: %s after %lld ms", while_what, err_name(e), (long long)took_ms);
	signer_hello_done(&h);
}

static int dial_as_portal(void)
{
	int fd = -1;
	procs_be_portal();
	enum err e = peer_connect(w.procs.signer_socket, CONNECT_MS, &fd);
	procs_be_admin();
	err_clear();
	return e == ERR_OK ? fd : -1;
}

/* As many connections as places and backlog take. */
static void crowd(struct span first_octets, const char *while_what)
{
	int fds[PLENTY];
	for (size_t i = 0; i < PLENTY; i++) {
		fds[i] = dial_as_portal();
		if (fds[i] >= 0 && first_octets.len > 0)
			(void)send(fds[i], first_octets.ptr, first_octets.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	admin_is_answered(while_what);
	for (size_t i = 0; i < PLENTY; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void idle_connections_stall_nobody(void **state)
{
	(void)state;
	crowd(SPAN_EMPTY, "idle connections");
}

static void begun_frames_stall_nobody(void **state)
{
	(void)state;
	crowd(SPAN_LIT("YX\0\1\0\0"), "begun frames");
}

/* Requests for the journal, as many as go; the answers fill the socket. */
static void unread_answers_stall_nobody(void **state)
{
	int fds[8];
	AUTO(ipc_msg) m = NULL;
	AUTO_BUF(frame, 1000);
	(void)state;
	OK(ipc_msg_new(SIGNER_FEED, &m));
	ipc_put_u64(m, ST_SEQ, 1);
	OK(ipc_encode(m, &frame));
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = dial_as_portal();
		assert_true(fds[i] >= 0);
		for (int n = 0; n < 200; n++)
			if (send(fds[i], frame.ptr, frame.len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)frame.len)
				break;
	}
	usleep(300000);
	for (int i = 0; i < 3; i++)
		admin_is_answered("unread answers");
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
}

/* --- descriptors --- */

static void linger(int fd, int seconds)
{
	const struct linger to = {.l_onoff = seconds > 0, .l_linger = seconds};
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &to, sizeof(to)), 0);
}

/* A connection with unsent octets that nobody will read. */
static int full_socket(int listener)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	static char octets[65536];
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, len), 0);
	while (send(fd, octets, sizeof(octets), MSG_DONTWAIT) > 0)
		;
	return fd;
}

static ssize_t pass(int fd, int passed)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	char octets[] = "YX";
	struct iovec iov = {.iov_base = octets, .iov_len = 2};
	struct msghdr h = {.msg_iov = &iov,
	                   .msg_iovlen = 1,
	                   .msg_control = control.bytes,
	                   .msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &passed, sizeof(int));
	return sendmsg(fd, &h, MSG_NOSIGNAL);
}

/* The kernel does not pass it (6.16 and later), or the signer's tick ends the wait. */
static void lingering_descriptors_stall_nobody(void **state)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	(void)state;
	assert_int_equal(listen(listener, 4), 0);
	for (int i = 0; i < 2; i++) {
		int fd = dial_as_portal(), passed = full_socket(listener);
		linger(passed, LINGER_SEC);
		ssize_t n = pass(fd, passed);
		if (n < 0) {
			assert_int_equal(errno, EPERM);
			linger(passed, 0);
		}
		print_message("# descriptor %s\n", n < 0 ? "refused by the kernel" : "passed");
		close(passed);
		if (i == 0)
			close(fd); /* unread, or read: both end in a close */
		admin_is_answered("lingering descriptor");
		if (i != 0)
			close(fd);
	}
	close(listener);
}

/* Who is neither does not even come to the socket, so that there is nothing to be closed. */
static void strangers_cannot_connect(void **state)
{
	int fd = -1;
	(void)state;
	if (getuid() != 0) {
		print_message("# one uid only: strangers cannot be tried\n");
		return;
	}
	procs_be_stranger();
	enum err e = peer_connect(w.procs.signer_socket, 1000, &fd);
	procs_be_admin();
	assert_int_equal(e, ERR_DENIED);
	err_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_connections_stall_nobody), cmocka_unit_test(begun_frames_stall_nobody),
		cmocka_unit_test(unread_answers_stall_nobody),   cmocka_unit_test(lingering_descriptors_stall_nobody),
		cmocka_unit_test(strangers_cannot_connect),
	};
	return world_run("stalled signer", &w, tests, COUNT_OF(tests));
}
