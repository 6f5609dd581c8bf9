/* The starter: yinxin-convert itself, begun before the portal is confined and with nothing of the portal's memory. It starts
 * one yinxin-convert a job and ends with the portal. The program is known by a descriptor: its folder may be one that the
 * portal's user cannot enter. */
#include "server/convert/start_i.h"
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

enum { NUMBER_TEXT = 24, SOCKET_FD = 3, PROGRAM_FD = 4, FIRST_FREE_FD = 3, SPARE_FD = 10 };
#define PROGRAM "yinxin-convert"

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * JOB_FDS)];
};

enum err job_send(int sock, const struct job *j, const int fds[JOB_FDS])
{
	union control c = {0};
	struct iovec iov = {(void *)(uintptr_t)j, sizeof *j};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = c.bytes, .msg_controllen = sizeof c.bytes};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int) * JOB_FDS);
	memcpy(CMSG_DATA(h), fds, sizeof(int) * JOB_FDS);
	ssize_t n;
	do
		n = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof *j ? ERR_OK : ERR(UNAVAILABLE, "conversion starter: %s", strerror(errno));
}

/* 1: a job; 0: the portal is gone; -1: a message that is none. fds: what came along, whatever the message is; the rest -1. */
static int job_take(int sock, struct job *j, int fds[JOB_FDS])
{
	union control c = {0};
	struct iovec iov = {j, sizeof *j};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = c.bytes, .msg_controllen = sizeof c.bytes};
	ssize_t n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	if (n <= 0)
		return n < 0 && errno == EINTR ? -1 : 0;
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	if (h == NULL || h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS || h->cmsg_len < CMSG_LEN(0))
		return -1;
	size_t bytes = h->cmsg_len - CMSG_LEN(0), max = sizeof(int) * JOB_FDS;
	memcpy(fds, CMSG_DATA(h), bytes < max ? bytes : max);
	bool whole = n == (ssize_t)sizeof *j && (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
	return whole && bytes == max && j->kind < CONVERT_KIND_COUNT ? 1 : -1;
}

static char *const *small_environment(void)
{
	static char *env[2];
	const char *no_filter = getenv("YINXIN_NO_SECCOMP");
	if (no_filter != NULL && strcmp(no_filter, "1") == 0)
		env[0] = (char *)(uintptr_t)"YINXIN_NO_SECCOMP=1";
	return env;
}

/* In the child of the starter: nothing but the two ends is left open, and it does not outlive the starter. */
static _Noreturn void become(const struct job *j, const int fds[JOB_FDS], pid_t starter)
{
	char text[JOB_NUMBERS][NUMBER_TEXT];
	char *argv[CONVERT_ARGC + 1] = {(char *)(uintptr_t)PROGRAM,
		(char *)(uintptr_t)convert_kind_name((enum convert_kind)j->kind)};
	for (int i = 0; i < JOB_NUMBERS; i++) {
		(void)snprintf(text[i], sizeof text[i], "%" PRIu64, j->number[i]);
		argv[2 + i] = text[i];
	}
	sigset_t none;
	(void)sigemptyset(&none);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* the portal's, which holds its own back */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != starter)
		_exit(127);
	int in = fcntl(fds[0], F_DUPFD, SPARE_FD), out = fcntl(fds[1], F_DUPFD, SPARE_FD);
	int program = fcntl(PROGRAM_FD, F_DUPFD_CLOEXEC, SPARE_FD);
	if (in < 0 || out < 0 || program < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	if (close_range(FIRST_FREE_FD, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
		_exit(127);
	(void)execveat(program, "", argv, (char **)(uintptr_t)small_environment(), AT_EMPTY_PATH);
	_exit(127);
}

int convert_serve(void)
{
	struct job j;
	const pid_t self = getpid();
	if (fcntl(SOCKET_FD, F_GETFD) < 0 || fcntl(PROGRAM_FD, F_GETFD) < 0)
		return 2;
	(void)prctl(PR_SET_NAME, "convert-starter");
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* Signals are for the portal; the end of its socket ends the starter. Children need no waiting for. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fds[JOB_FDS] = {-1, -1};
		int got = job_take(SOCKET_FD, &j, fds);
		if (got == 0)
			return 0;
		if (got > 0 && fork() == 0)
			become(&j, fds, self);
		for (int i = 0; i < JOB_FDS; i++)
			if (fds[i] >= 0)
				(void)close(fds[i]);
	}
}

/* In the child of the portal. */
static _Noreturn void become_starter(int sock, int program)
{
	char *argv[] = {(char *)(uintptr_t)PROGRAM, (char *)(uintptr_t)"serve", NULL};
	int s = fcntl(sock, F_DUPFD, SPARE_FD), p = fcntl(program, F_DUPFD, SPARE_FD);
	if (s < 0 || p < 0 || dup2(s, SOCKET_FD) < 0 || dup2(p, PROGRAM_FD) < 0)
		_exit(127);
	if (close_range(PROGRAM_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
		_exit(127);
	(void)execveat(PROGRAM_FD, "", argv, (char **)(uintptr_t)small_environment(), AT_EMPTY_PATH);
	_exit(127);
}

enum err convert_open(const char *program, int *ret_fd)
{
	int fd = open(program, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return ERR(UNAVAILABLE, "%s: %s", program, strerror(errno));
	*ret_fd = fd;
	return ERR_OK;
}

enum err convert_start(int program_fd, struct convert **ret_c)
{
	int pair[2];
	struct convert *c = calloc(1, sizeof *c);
	if (c == NULL)
		return ERR(NOMEM, "conversion");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		free(c);
		return ERR(IO, "socket pair: %s", strerror(errno));
	}
	pid_t pid = fork();
	if (pid == 0)
		become_starter(pair[1], program_fd);
	(void)close(pair[1]);
	c->sock = pair[0];
	if (pid < 0) {
		convert_stop(c);
		return ERR(BUSY, "fork: %s", strerror(errno));
	}
	*ret_c = c;
	return ERR_OK;
}

void convert_stop(struct convert *c)
{
	if (c == NULL)
		return;
	(void)close(c->sock);
	free(c);
}
