#include "cmd/up.h"
#include "base/clock.h"
#include "base/file.h"
#include "cmd/demo.h"
#include "cmd/logs.h"
#include "cmd/running.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PARTS = 8,
	READY_MS = 20000,
	STOP_MS = 3500,
	RESTART_PAUSE_MS = 300,
	RESTARTS_MAX = 20,
	STEADY_MS = 60000,
	KEYS_LOOK_MS = 1000
};

struct part {
	const char *name, *program, *conf; /* conf relative to DATA */
	const char *socket;                /* answers when ready: relative to DATA, or NULL for the port below */
	const char *verb;                  /* first argument, or NULL */
	bool edge;                         /* nginx has its own command line */
	unsigned port;
	pid_t pid;
	int restarts; /* since it last ran steadily */
	int64_t started_ms;
};

struct up {
	const struct bureau *b;
	struct part parts[PARTS];
	struct logs *logs;
	int keys_watch;      /* something changed in DATA/keys; -1: not to be had */
	int64_t keys_due_ms; /* 0: nothing to look at */
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

/* The edge's log of an older bureau lay elsewhere and grew without end; it becomes the first of those that are dropped
 * in turn. */
static enum err open_logs(struct up *u)
{
	const char *names[PARTS];
	char old[BUREAU_PATH_MAX], now[BUREAU_PATH_MAX];
	TRY(bureau_path(u->b, "edge/error.log", old, sizeof(old)));
	TRY(bureau_path(u->b, "log/nginx.log.1", now, sizeof(now)));
	(void)rename(old, now);
	for (size_t i = 0; i < PARTS; i++)
		names[i] = u->parts[i].name;
	return logs_new(u->b, names, PARTS, &u->logs);
}

enum err up_new(const struct bureau *b, struct up **ret_u)
{
	AUTO(up) u = calloc(1, sizeof(*u));
	if (u == NULL)
		return ERR(NOMEM, "supervisor");
	u->b = b;
	u->lock = u->keys_watch = -1;
	TRY(running_take(b, &u->lock));
	TRY(running_port_free(b->port, "YINXIN_PORT"));
	TRY(running_port_free(b->agent_port, "YINXIN_AGENT_PORT"));
	const struct part parts[PARTS] = {
		{.name = "escrow",
	         .program = "yinxin-escrow",
	         .conf = "conf/escrow.conf",
	         .socket = "run/escrow/escrow.sock"},
		{.name = "signer",
	         .program = "yinxin-signer",
	         .conf = "conf/signer.conf",
	         .socket = "run/signer/signer.sock"},
		{.name = "notary",
	         .program = "yinxin-notary",
	         .conf = "conf/notary.conf",
	         .socket = "run/notary/notary.sock"},
		{.name = "convert",
	         .program = "yinxin-convert",
	         .conf = "conf/convert.conf",
	         .socket = "run/convert/convert.sock",
	         .verb = "serve"},
		{.name = "portal",
	         .program = "yinxin-portal",
	         .conf = "conf/portal.conf",
	         .socket = "run/portal/portal.sock"},
		{.name = "nginx", .program = "nginx", .conf = "edge/nginx.conf", .port = b->port, .edge = true},
		{.name = "yxcard", .program = "yxcard", .conf = "conf/yxcard.conf", .socket = "slots/control.sock"},
		{.name = "agent", .program = "yinxin-agent", .conf = "conf/agent.conf", .port = b->agent_port},
	};
	memcpy(u->parts, parts, sizeof(parts));
	TRY(open_logs(u));
	catch_signals();
	*ret_u = STEAL(u);
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

static _Noreturn void child_exec(const struct bureau *b, const struct part *p, bool again, int out)
{
	char program[BUREAU_PATH_MAX * 2], conf[BUREAU_PATH_MAX * 2], prefix[BUREAU_PATH_MAX * 2];
	snprintf(program, sizeof(program), "%s/%s", b->bin, p->program);
	snprintf(conf, sizeof(conf), "%s/%s", b->data, p->conf);
	snprintf(prefix, sizeof(prefix), "%s/edge", b->data);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(1);
	if (p->edge)
		execl("/usr/sbin/nginx", "nginx", "-p", prefix, "-e", "stderr", "-c", conf, (char *)NULL);
	else if (again && strcmp(p->name, "yxcard") == 0)
		execl(program, p->program, "-c", conf, "-o", "restore=yes", (char *)NULL);
	else if (p->verb != NULL)
		execl(program, p->program, p->verb, "-c", conf, (char *)NULL);
	else
		execl(program, p->program, "-c", conf, (char *)NULL);
	_exit(127);
}

/* A group of its own: an INT typed at the terminal reaches the supervisor, which ends the parts in order. */
static _Noreturn void child(const struct up *u, const struct part *p, bool again, pid_t parent, const sigset_t *mask)
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
	child_exec(u->b, p, again, logs_fd(u->logs, (size_t)(p - u->parts)));
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
		child(u, p, again, parent, &mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (pid < 0)
		return ERR(IO, "fork: %s", strerror(why));
	setpgid(pid, pid); /* here too: whoever comes first, a group to be killed is there */
	p->pid = pid;
	p->started_ms = clock_mono_ms();
	return ERR_OK;
}

/* --- ready? --- */

static bool answers(const struct up *u, const struct part *p)
{
	char path[BUREAU_PATH_MAX * 2];
	if (p->socket == NULL)
		return running_port_answers(p->port);
	snprintf(path, sizeof(path), "%s/%s", u->b->data, p->socket);
	return running_socket_answers(path);
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
			return ERR(STATE, "%s 启动后随即退出,原因见 %s/log/%s.log", p->program, u->b->data, p->name);
		}
		if (answers(u, p))
			return ERR_OK;
		if (stop_asked)
			return ERR(CANCELLED, "stopped by a signal");
	}
	return ERR(STATE, "%s 没有应答,原因见 %s/log/%s.log", p->program, u->b->data, p->name);
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
	if (u == NULL)
		return;
	stop_all(u);
	logs_free(u->logs);
	if (u->keys_watch >= 0)
		close(u->keys_watch);
	if (u->lock >= 0)
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

/* A part that ended by itself, or by INT or TERM from outside, ends the bureau; one that was killed or crashed returns.
 */
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
		return ERR(STATE, "%s 反复异常退出,原因见 %s/log/%s.log", p->program, u->b->data, p->name);
	fprintf(stderr, "%s 意外退出,正在重新启动\n", p->program);
	if (p->restarts > 1)
		pause_ms(RESTART_PAUSE_MS);
	return spawn(u, p, true);
}

/* A key writes its card file at each use: looked at once a second at most, and at what was written last. */
static void keys_changed(struct up *u)
{
	char events[4096];
	while (read(u->keys_watch, events, sizeof(events)) > 0)
		;
	u->keys_due_ms = clock_mono_ms() + KEYS_LOOK_MS;
}

static void look_after_keys(struct up *u)
{
	if (u->keys_due_ms == 0 || clock_mono_ms() < u->keys_due_ms)
		return;
	u->keys_due_ms = 0;
	demo_refresh(u->b);
}

/* Signals are held back between the look and the wait, so that none is lost; children are spawned with the mask as it
 * was. */
static void wait_for_event(struct up *u)
{
	sigset_t all, mask;
	siginfo_t ended_one = {0};
	struct pollfd keys = {.fd = u->keys_due_ms == 0 ? u->keys_watch : -1, .events = POLLIN};
	int64_t left = u->keys_due_ms - clock_mono_ms();
	const struct timespec t = {left > 0 ? left / 1000 : 0, left > 0 ? (long)(left % 1000) * 1000000 : 0};
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &mask);
	bool none = waitid(P_ALL, 0, &ended_one, WEXITED | WNOHANG | WNOWAIT) != 0 || ended_one.si_pid == 0;
	if (none && !stop_asked)
		(void)ppoll(&keys, 1, u->keys_due_ms != 0 ? &t : NULL, &mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if ((keys.revents & POLLIN) != 0)
		keys_changed(u);
}

enum err up_watch(struct up *u)
{
	u->keys_watch = demo_watch(u->b);
	while (!stop_asked) {
		for (size_t i = 0; i < PARTS && !stop_asked; i++) {
			int status;
			if (u->parts[i].pid && ended(&u->parts[i], &status))
				TRY(after_end(u, &u->parts[i], status));
		}
		look_after_keys(u);
		if (!stop_asked)
			wait_for_event(u);
	}
	return ERR_OK;
}
