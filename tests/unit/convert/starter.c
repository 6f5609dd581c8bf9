#include "starter.h"
#include "base/clock.h"
#include "base/file.h"
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_MS = 20000 };
extern char **environ;

/* As root it drops to a user who has nothing to do with it, and hears root, which is the test. */
int starter_start(struct starter *s)
{
	char socket[96];
	struct convert *c = NULL;
	int64_t until = clock_mono_ms() + READY_MS;
	(void)snprintf(socket, sizeof(socket), "socket=%s", s->socket);
	char *argv[] = {(char *)(uintptr_t)CONVERT,
	                (char *)(uintptr_t) "serve",
	                (char *)(uintptr_t) "-o",
	                socket,
	                (char *)(uintptr_t) "-o",
	                (char *)(uintptr_t) "user=nobody",
	                (char *)(uintptr_t) "-o",
	                (char *)(uintptr_t) "portal_user=root",
	                NULL};
	if (posix_spawn(&s->pid, CONVERT, NULL, NULL, argv, environ) != 0 || convert_new(s->socket, &c) != ERR_OK)
		return -1;
	enum err e = convert_check(c);
	while (e != ERR_OK && clock_mono_ms() < until && waitpid(s->pid, NULL, WNOHANG) == 0) {
		(void)poll(NULL, 0, 10);
		e = convert_check(c);
	}
	convert_free(c);
	err_clear();
	return e == ERR_OK ? 0 : -1;
}

int starter_open(struct starter *s)
{
	memset(s, 0, sizeof(*s));
	(void)snprintf(s->dir, sizeof(s->dir), "/tmp/yx-starter-XXXXXX");
	if (mkdtemp(s->dir) == NULL)
		return -1;
	(void)snprintf(s->socket, sizeof(s->socket), "%s/c.sock", s->dir);
	return starter_start(s);
}

void starter_kill(struct starter *s)
{
	if (s->pid == 0)
		return;
	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

void starter_close(struct starter *s)
{
	starter_kill(s);
	(void)unlink(s->socket);
	(void)rmdir(s->dir);
}
