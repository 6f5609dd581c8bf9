/* The starter: a program of its own beside the portal, with nothing of the portal's memory. It starts one
 * yinxin-convert a job, a connection each. The program is known by a descriptor: its folder may be one that the
 * starter's user cannot enter. */
#include "server/convert/start_i.h"
#include "base/clock.h"
#include "ipc/peer.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NUMBER_TEXT = 24, FIRST_FREE_FD = 3, SPARE_FD = 10, SILENT_SEC = 2 };
#define PROGRAM "yinxin-convert"

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * JOB_FDS)];
};

enum err job_send(int sock, const struct job *j, const int fds[JOB_FDS])
{
	union control c = {0};
	struct iovec iov = {(void *)(uintptr_t)j, sizeof(*j)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = c.bytes, .msg_controllen = sizeof(c.bytes)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int) * JOB_FDS);
	memcpy(CMSG_DATA(h), fds, sizeof(int) * JOB_FDS);
	ssize_t n;
	do
		n = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*j) ? ERR_OK : ERR(UNAVAILABLE, "conversion starter: %s", strerror(errno));
}

/* What comes with one call: more octets than a job has are no job. fds: what came along, whatever the message is; the
 * rest -1. */
static bool job_take(int sock, struct job *ret_j, int fds[JOB_FDS], bool *ret_asks)
{
	struct {
		struct job j;
		char more;
	} in;
	union control c = {0};
	struct iovec iov = {&in, sizeof(in)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = c.bytes, .msg_controllen = sizeof(c.bytes)};
	ssize_t n;
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	struct cmsghdr *h = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	*ret_asks = h == NULL && n == 1 && *(const char *)&in == STARTER_ASK;
	if (h == NULL || h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS || h->cmsg_len < CMSG_LEN(0))
		return false;
	size_t bytes = h->cmsg_len - CMSG_LEN(0), max = sizeof(int) * JOB_FDS;
	memcpy(fds, CMSG_DATA(h), bytes < max ? bytes : max);
	*ret_j = in.j;
	return n == (ssize_t)sizeof(in.j) && (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 && bytes == max &&
	       in.j.kind < CONVERT_KIND_COUNT;
}

static char *const *small_environment(void)
{
	static char *env[2];
	const char *no_filter = getenv("YINXIN_NO_SECCOMP");
	if (no_filter != NULL && strcmp(no_filter, "1") == 0)
		env[0] = (char *)(uintptr_t) "YINXIN_NO_SECCOMP=1";
	return env;
}

/* In the child of the starter: nothing but the two ends is left open, and it does not outlive the starter. */
static _Noreturn void become(const struct job *j, const int fds[JOB_FDS], int program_fd, pid_t starter)
{
	char text[JOB_NUMBERS][NUMBER_TEXT];
	char *argv[CONVERT_ARGC + 1] = {(char *)(uintptr_t)PROGRAM,
	                                (char *)(uintptr_t)convert_kind_name((enum convert_kind)j->kind)};
	for (int i = 0; i < JOB_NUMBERS; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "%" PRIu64, j->number[i]);
		argv[2 + i] = text[i];
	}
	sigset_t none;
	(void)sigemptyset(&none);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != starter)
		_exit(127);
	int in = fcntl(fds[0], F_DUPFD, SPARE_FD), out = fcntl(fds[1], F_DUPFD, SPARE_FD);
	int program = fcntl(program_fd, F_DUPFD_CLOEXEC, SPARE_FD);
	if (in < 0 || out < 0 || program < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	if (close_range(FIRST_FREE_FD, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
		_exit(127);
	(void)execveat(program, "", argv, (char **)(uintptr_t)small_environment(), AT_EMPTY_PATH);
	_exit(127);
}

static void one_connection(int conn, int program_fd, pid_t self, uint64_t name)
{
	const struct timeval silent = {.tv_sec = SILENT_SEC};
	int fds[JOB_FDS] = {-1, -1};
	struct job j;
	bool started = false, asks = false;
	(void)setsockopt(conn, SOL_SOCKET, SO_RCVTIMEO, &silent, sizeof(silent));
	if (job_take(conn, &j, fds, &asks)) {
		pid_t pid = fork();
		if (pid == 0)
			become(&j, fds, program_fd, self);
		started = pid > 0;
	}
	if (started || asks)
		(void)send(conn, &name, sizeof(name), MSG_NOSIGNAL | MSG_DONTWAIT);
	for (int i = 0; i < JOB_FDS; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

enum err convert_serve(int listener, int program_fd, const uid_t *uids, size_t n)
{
	const pid_t self = getpid();
	const uint64_t name = (uint64_t)self << 40 ^ (uint64_t)clock_mono_ms();
	int flags = fcntl(listener, F_GETFL);
	if (flags < 0 || fcntl(listener, F_SETFL, flags & ~O_NONBLOCK) != 0)
		return ERR(IO, "listening socket: %s", strerror(errno));
	(void)prctl(PR_SET_NAME, "convert-starter");
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)signal(SIGCHLD, SIG_IGN); /* children need no waiting for */
	for (;;) {
		int conn = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (conn < 0 && errno != EINTR && errno != ECONNABORTED)
			return ERR(IO, "accept: %s", strerror(errno));
		if (conn < 0)
			continue;
		if (peer_check_uid(conn, uids, n) == ERR_OK)
			one_connection(conn, program_fd, self, name);
		err_clear();
		(void)close(conn);
	}
}

enum err convert_new(const char *socket_path, struct convert **ret_c)
{
	struct convert *c = calloc(1, sizeof(*c));
	if (c == NULL || (c->path = strdup(socket_path)) == NULL) {
		free(c);
		return ERR(NOMEM, "conversion");
	}
	*ret_c = c;
	return ERR_OK;
}

void convert_free(struct convert *c)
{
	if (c == NULL)
		return;
	free(c->path);
	free(c);
}
