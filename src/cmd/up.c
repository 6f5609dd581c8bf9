#include "cmd/up.h"
#include "base/clock.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PARTS = 8, READY_MS = 20000, STOP_MS = 3500, RESTART_PAUSE_MS = 300, RESTARTS_MAX = 20,
	STEADY_MS = 60000 };

struct part {
	const char *name, *program, *conf; /* conf relative to DATA */
	const char *socket;                /* answers when ready: relative to DATA, or NULL for the port below */
	const char *verb;                  /* first argument, or NULL */
	bool edge;                         /* nginx has its own command line */
	unsigned port;
	pid_t pid;
	int restarts;    /* since it last ran steadily */
	int64_t started_ms;
};

struct up {
	const struct bureau *b;
	struct part parts[PARTS];
	int lock; /* held as long as the bureau runs: two supervisors on one folder would take each other's sockets */
};

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
	(void)number;
	stop_asked = 1;
}

/* Only so that a wait ends. */
static void on_child(int number)
{
	(void)number;
}

static void catch_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};
	/* Also when a shell's background job inherits INT as ignored. */
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sa.sa_handler = on_child;
	sigaction(SIGCHLD, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static enum err take_lock(const struct bureau *b, int *ret_fd)
{
	char path[BUREAU_PATH_MAX];
	TRY(bureau_path(b, ".lock", path, sizeof path));
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return ERR(IO, "%s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return ERR(UNAVAILABLE, "the bureau in %s runs already", b->data);
	}
	*ret_fd = fd;
	return ERR_OK;
}

static enum err ports_free(const struct bureau *b);

enum err up_new(const struct bureau *b, struct up **ret_u)
{
	int lock = -1;
	TRY(ports_free(b));
	TRY(take_lock(b, &lock));
	struct up *u = calloc(1, sizeof *u);
	if (!u) {
		close(lock);
		return ERR(NOMEM, "supervisor");
	}
	u->b = b;
	u->lock = lock;
	const struct part parts[PARTS] = {
		{.name = "escrow", .program = "yinxin-escrow", .conf = "conf/escrow.conf", .socket = "run/escrow/escrow.sock"},
		{.name = "signer", .program = "yinxin-signer", .conf = "conf/signer.conf", .socket = "run/signer/signer.sock"},
		{.name = "notary", .program = "yinxin-notary", .conf = "conf/notary.conf", .socket = "run/notary/notary.sock"},
		{.name = "convert", .program = "yinxin-convert", .conf = "conf/convert.conf", .socket = "run/convert/convert.sock", .verb = "serve"},
		{.name = "portal", .program = "yinxin-portal", .conf = "conf/portal.conf", .socket = "run/portal/portal.sock"},
		{.name = "nginx", .program = "nginx", .conf = "edge/nginx.conf", .port = b->port, .edge = true},
		{.name = "yxcard", .program = "yxcard", .conf = "conf/yxcard.conf", .socket = "slots/control.sock"},
		{.name = "agent", .program = "yinxin-agent", .conf = "conf/agent.conf", .port = b->agent_port},
	};
	memcpy(u->parts, parts, sizeof parts);
	catch_signals();
	*ret_u = u;
	return ERR_OK;
}

static struct part *find_part(struct up *u, const char *name)
{
	for (size_t i = 0; i < PARTS; i++)
		if (strcmp(u->parts[i].name, name) == 0)
			return &u->parts[i];
	err_invariant("a part of the bureau", __FILE__, __LINE__);
}

/* --- a child --- */

static _Noreturn void child_exec(const struct bureau *b, const struct part *p, bool again)
{
	char program[BUREAU_PATH_MAX * 2], conf[BUREAU_PATH_MAX * 2], log[BUREAU_PATH_MAX * 2], prefix[BUREAU_PATH_MAX * 2];
	snprintf(program, sizeof program, "%s/%s", b->bin, p->program);
	snprintf(conf, sizeof conf, "%s/%s", b->data, p->conf);
	snprintf(log, sizeof log, "%s/log/%s.log", b->data, p->name);
	snprintf(prefix, sizeof prefix, "%s/edge", b->data);
	int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (out < 0 || null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(1);
	if (p->edge)
		execl("/usr/sbin/nginx", "nginx", "-p", prefix, "-e", "stderr", "-c", conf, (char *)NULL);
	else if (again && strcmp(p->name, "yxcard") == 0)
		execl(program, p->program, "-c", conf, "-o", "restore=yes", (char *)NULL);
	else if (p->verb)
		execl(program, p->program, p->verb, "-c", conf, (char *)NULL);
	else
		execl(program, p->program, "-c", conf, (char *)NULL);
	_exit(127);
}

/* A group of its own: an INT typed at the terminal reaches the supervisor, which ends the parts in order. */
static _Noreturn void child(const struct bureau *b, const struct part *p, bool again, pid_t parent, const sigset_t *mask)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) /* it ended before it was told to tell us */
		_exit(1);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	child_exec(b, p, again);
}

/* Signals wait meanwhile, so that a TERM never meets our handler in the child, where nobody would look at it. */
static enum err spawn(struct up *u, struct part *p, bool again)
{
	sigset_t all, mask;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &mask);
	pid_t parent = getpid(), pid = fork();
	int why = errno;
	if (pid == 0)
		child(u->b, p, again, parent, &mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (pid < 0)
		return ERR(IO, "fork: %s", strerror(why));
	setpgid(pid, pid); /* here too: whoever comes first, a group to be killed is there */
	p->pid = pid;
	p->started_ms = clock_mono_ms();
	return ERR_OK;
}

/* --- ready? --- */

static bool unix_answers(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof a.sun_path)
		return false;
	memcpy(a.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool port_answers(unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static enum err ports_free(const struct bureau *b)
{
	if (port_answers(b->port))
		return ERR(UNAVAILABLE, "port %u is taken by another program; set YINXIN_PORT", b->port);
	if (port_answers(b->agent_port))
		return ERR(UNAVAILABLE, "port %u is taken by another program; set YINXIN_AGENT_PORT", b->agent_port);
	return ERR_OK;
}

static bool answers(const struct up *u, const struct part *p)
{
	char path[BUREAU_PATH_MAX * 2];
	if (!p->socket)
		return port_answers(p->port);
	snprintf(path, sizeof path, "%s/%s", u->b->data, p->socket);
	return unix_answers(path);
}

static bool ended(struct part *p, int *ret_status)
{
	return waitpid(p->pid, ret_status, WNOHANG) == p->pid;
}

static void pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

enum err up_start(struct up *u, const char *program)
{
	struct part *p = find_part(u, program);
	TRY(spawn(u, p, false));
	for (int64_t until = clock_mono_ms() + READY_MS; clock_mono_ms() < until; pause_ms(20)) {
		int status;
		if (ended(p, &status)) {
			p->pid = 0;
			return ERR(UNAVAILABLE, "%s ended at once; see %s/log/%s.log", p->program, u->b->data, p->name);
		}
		if (answers(u, p))
			return ERR_OK;
		if (stop_asked)
			return ERR(CANCELLED, "stopped by a signal");
	}
	return ERR(UNAVAILABLE, "%s does not answer; see %s/log/%s.log", p->program, u->b->data, p->name);
}

/* --- the end --- */

static bool any_runs(const struct up *u)
{
	for (size_t i = 0; i < PARTS; i++)
		if (u->parts[i].pid)
			return true;
	return false;
}

static void reap(struct up *u)
{
	int status;
	for (size_t i = 0; i < PARTS; i++)
		if (u->parts[i].pid && ended(&u->parts[i], &status))
			u->parts[i].pid = 0;
}

static void signal_all(struct up *u, int number)
{
	for (size_t i = PARTS; i-- > 0;)
		if (u->parts[i].pid)
			kill(number == SIGKILL ? -u->parts[i].pid : u->parts[i].pid, number);
}

static void stop_all(struct up *u)
{
	signal_all(u, SIGTERM);
	for (int64_t until = clock_mono_ms() + STOP_MS; any_runs(u) && clock_mono_ms() < until; pause_ms(20))
		reap(u);
	signal_all(u, SIGKILL);
	while (any_runs(u)) {
		reap(u);
		pause_ms(5);
	}
}

void up_free(struct up *u)
{
	if (!u)
		return;
	stop_all(u);
	close(u->lock);
	free(u);
}

enum err up_stop(struct up *u, const char *program)
{
	struct part *p = find_part(u, program);
	int status;
	if (!p->pid)
		return ERR_OK;
	kill(p->pid, SIGTERM);
	for (int64_t until = clock_mono_ms() + STOP_MS; clock_mono_ms() < until; pause_ms(10))
		if (ended(p, &status)) {
			p->pid = 0;
			return ERR_OK;
		}
	return ERR(TIMEOUT, "%s does not end", p->program);
}

/* A part that ended by itself, or by INT or TERM from outside, ends the bureau; one that was killed or crashed returns. */
static enum err after_end(struct up *u, struct part *p, int status)
{
	/* What a killed master leaves behind would hold its port. */
	(void)kill(-p->pid, SIGKILL);
	p->pid = 0;
	bool asked = WIFEXITED(status) ? WEXITSTATUS(status) == 0
				       : (WTERMSIG(status) == SIGTERM || WTERMSIG(status) == SIGINT);
	if (asked) {
		stop_asked = 1;
		return ERR_OK;
	}
	if (clock_mono_ms() - p->started_ms > STEADY_MS)
		p->restarts = 0;
	if (++p->restarts > RESTARTS_MAX)
		return ERR(UNAVAILABLE, "%s dies again and again; see %s/log/%s.log", p->program, u->b->data, p->name);
	fprintf(stderr, "%s 意外退出,正在重新启动\n", p->program);
	if (p->restarts > 1)
		pause_ms(RESTART_PAUSE_MS);
	return spawn(u, p, true);
}

/* Signals are held back between the look and the wait, so that none is lost; children are spawned with the mask as it was. */
static void wait_for_event(void)
{
	sigset_t all, mask;
	siginfo_t ended_one = {0};
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &mask);
	bool none = waitid(P_ALL, 0, &ended_one, WEXITED | WNOHANG | WNOWAIT) != 0 || ended_one.si_pid == 0;
	if (none && !stop_asked)
		(void)ppoll(NULL, 0, NULL, &mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

enum err up_watch(struct up *u)
{
	while (!stop_asked) {
		for (size_t i = 0; i < PARTS && !stop_asked; i++) {
			int status;
			if (u->parts[i].pid && ended(&u->parts[i], &status))
				TRY(after_end(u, &u->parts[i], status));
		}
		if (!stop_asked)
			wait_for_event();
	}
	return ERR_OK;
}
