#include "escrow_run.h"
#include "base/buf.h"
#include "base/file.h"
#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_STEPS = 2500, STEP_USEC = 4000 };

bool run_is_root(void)
{
	return getuid() == 0;
}

void run_as(const char *user)
{
	if (!run_is_root())
		return;
	const struct passwd *p = getpwnam(user);
	assert_non_null(p);
	assert_int_equal(seteuid(p->pw_uid), 0);
}

void run_as_self(void)
{
	assert_int_equal(seteuid(getuid()), 0);
}

void run_file(const struct run *r, const char *name, char ret_path[160])
{
	snprintf(ret_path, 160, "%s/%s", r->dir, name);
}

void run_make(struct run *r)
{
	*r = (struct run){.root = "/tmp/yx-escrow-XXXXXX"};
	assert_non_null(mkdtemp(r->root));
	assert_int_equal(chmod(r->root, 0755), 0);
	snprintf(r->dir, sizeof(r->dir), "%s/vault", r->root);
	snprintf(r->socket, sizeof(r->socket), "%s/escrow.sock", r->root);
	snprintf(r->log, sizeof(r->log), "%s/log", r->root);
	assert_int_equal(escrow_client_new(r->socket, &r->client), ERR_OK);
}

static void exec_escrow(const struct run *r)
{
	const char *program = getenv("YX_ESCROW");
	char dir[128], path[128];
	int log = open(r->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	snprintf(dir, sizeof(dir), "dir=%s", r->dir);
	snprintf(path, sizeof(path), "socket=%s", r->socket);
	/* A test that breaks off leaves nothing behind. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		_exit(125);
	if (program == NULL || log < 0 || dup2(log, STDERR_FILENO) < 0)
		_exit(126);
	execl(program, program, "-o", dir, "-o", path, "-o", "user=daemon", "-o", "signer_user=bin", (char *)NULL);
	_exit(127);
}

static void spawn(struct run *r)
{
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid == 0)
		exec_escrow(r);
}

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run_try(struct run *r)
{
	struct escrow_hello h;
	int status;

	spawn(r);
	for (int i = 0; i < WAIT_STEPS; i++) {
		if (waitpid(r->pid, &status, WNOHANG) == r->pid) {
			r->pid = 0;
			return status_of(status);
		}
		if (AS_SIGNER(escrow_hello(r->client, &h)) == ERR_OK)
			return 255;
		err_clear();
		usleep(STEP_USEC);
	}
	fail_msg("escrow neither ends nor answers");
	return -1;
}

void run_start(struct run *r)
{
	int status = run_try(r);

	if (status != 255)
		fail_msg("escrow ended with %d; see %s", status, r->log);
}

static int end(struct run *r, int signal_number)
{
	int status;

	assert_true(r->pid > 0);
	assert_int_equal(kill(r->pid, signal_number), 0);
	for (int i = 0; i < WAIT_STEPS; i++) {
		if (waitpid(r->pid, &status, WNOHANG) == r->pid) {
			r->pid = 0;
			return status_of(status);
		}
		usleep(STEP_USEC);
	}
	fail_msg("escrow does not end");
	return -1;
}

int run_stop(struct run *r)
{
	return end(r, SIGTERM);
}

void run_kill(struct run *r)
{
	assert_int_equal(end(r, SIGKILL), 128 + SIGKILL);
}

static void remove_all(const char *folder)
{
	char path[400];
	DIR *d = opendir(folder);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlink(path);
	}
	if (d != NULL)
		closedir(d);
	(void)rmdir(folder);
}

void run_drop(struct run *r)
{
	if (r->pid > 0)
		(void)end(r, SIGKILL);
	escrow_client_free(r->client);
	r->client = NULL;
	remove_all(r->dir);
	remove_all(r->root);
}

bool run_log_has(const struct run *r, const char *text)
{
	AUTO_BUF(log, 1 << 20);

	assert_int_equal(file_read(r->log, &log), ERR_OK);
	return strstr(buf_cstr(&log), text) != NULL;
}

bool run_log_gets(const struct run *r, const char *text)
{
	for (int i = 0; i < WAIT_STEPS && !run_log_has(r, text); i++)
		usleep(STEP_USEC);
	return run_log_has(r, text);
}
