#include "yxcard_run.h"
#include "base/clock.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READY_MS = 20000, STOP_MS = 20000 };

static void pause_ms(long ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	(void)nanosleep(&t, NULL);
}

void yxcard_prepare(struct yxcard *y)
{
	*y = (struct yxcard){.dir = "/tmp/yx-bay-XXXXXX"};
	assert_non_null(mkdtemp(y->dir));
	(void)snprintf(y->keys, sizeof(y->keys), "%s/keys", y->dir);
	(void)snprintf(y->slots, sizeof(y->slots), "%s/slots", y->dir);
	assert_int_equal(mkdir(y->keys, 0700), 0);
}

void yxcard_key(struct yxcard *y, const char *name, const char *serial)
{
	char path[192];
	AUTO(card_file) f = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s.card", y->keys, name);
	OK(card_file_make(path, serial, &f));
}

static _Noreturn void child(const struct yxcard *y, const char *extra)
{
	char keys[128], slots[128];
	const char *program = getenv("YXCARD");

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	int null = open("/dev/null", O_RDWR);
	(void)dup2(null, 2);
	(void)snprintf(keys, sizeof(keys), "keys=%s", y->keys);
	(void)snprintf(slots, sizeof(slots), "slots=%s", y->slots);
	execl(program, "yxcard", "-o", keys, "-o", slots, extra, (char *)NULL);
	_exit(127);
}

void yxcard_start(struct yxcard *y, const char *extra)
{
	struct bay_entry list[BAY_SLOTS_MAX];
	size_t n;
	int64_t until = clock_mono_ms() + READY_MS;

	y->pid = fork();
	assert_true(y->pid >= 0);
	if (y->pid == 0)
		child(y, extra);
	while (bay_call(y->slots, "LIST", list, &n) != ERR_OK) {
		assert_true(clock_mono_ms() < until);
		assert_int_equal(waitpid(y->pid, NULL, WNOHANG), 0);
		pause_ms(10);
	}
	err_clear();
}

int yxcard_stop(struct yxcard *y, int sig)
{
	int status = 0;
	int64_t until = clock_mono_ms() + STOP_MS;

	if (y->pid <= 0)
		return -1;
	assert_int_equal(kill(y->pid, sig), 0);
	while (waitpid(y->pid, &status, WNOHANG) == 0) {
		assert_true(clock_mono_ms() < until);
		pause_ms(5);
	}
	y->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void yxcard_done(struct yxcard *y)
{
	(void)yxcard_stop(y, SIGKILL);
	const char *const rm[] = {"/bin/rm", "-rf", y->dir, NULL};
	AUTO_BUF(out, 4096);
	assert_int_equal(run_program(rm, -1, &out), 0);
}

enum err yxcard_line(struct yxcard *y, const char *line)
{
	struct bay_entry list[BAY_SLOTS_MAX];
	size_t n;

	return bay_call(y->slots, line, list, &n);
}

size_t yxcard_list(struct yxcard *y, struct bay_entry list[BAY_SLOTS_MAX])
{
	size_t n = 0;

	OK(bay_call(y->slots, "LIST", list, &n));
	return n;
}

struct token *yxcard_token(struct yxcard *y, const char *slot, const struct token_trust *trust)
{
	struct reader *r = NULL;
	struct token *t = NULL;
	const struct token_trust none = {NULL, NULL};

	OK(reader_open(y->slots, slot, &r));
	OK(token_open(r, trust ? trust : &none, FIXTURE_NOW, &t));
	return t;
}

int run_program(const char *const argv[], int stdin_fd, struct buf *out)
{
	int fds[2], status = 0;
	uint8_t part[512];
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (stdin_fd >= 0)
			(void)dup2(stdin_fd, 0);
		(void)dup2(fds[1], 1);
		(void)dup2(fds[1], 2);
		close(fds[0]);
		close(fds[1]);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(fds[1]);
	while ((n = read(fds[0], part, sizeof(part))) > 0)
		buf_put(out, span_of(part, (size_t)n));
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
