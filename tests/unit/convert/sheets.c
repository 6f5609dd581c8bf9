#include "sheets.h"
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS_MAX = 24 };
extern char **environ;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

int sheets_open(struct sheets *s)
{
	memset(s, 0, sizeof(*s));
	(void)snprintf(s->dir, sizeof(s->dir), "/tmp/yx-sheets-XXXXXX");
	if (mkdtemp(s->dir) == NULL)
		return -1;
	if (starter_open(&s->starter) != 0)
		return -1;
	return convert_new(s->starter.socket, &s->convert) == ERR_OK ? 0 : -1;
}

void sheets_close(struct sheets *s)
{
	convert_free(s->convert);
	starter_close(&s->starter);
	(void)nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void sheets_path(const struct sheets *s, const char *name, char *ret, size_t cap)
{
	(void)snprintf(ret, cap, "%s/%s", s->dir, name);
}

int sheets_make(const struct sheets *s, const char *const *args)
{
	char out[128];
	char *argv[ARGS_MAX] = {(char *)(uintptr_t) "/usr/bin/python3", (char *)(uintptr_t) "-W",
	                        (char *)(uintptr_t) "ignore", (char *)(uintptr_t)GENERATOR};
	int n = 4, status = -1;
	pid_t pid;
	sheets_path(s, "file.xlsx", out, sizeof(out));
	while (*args != NULL && n < ARGS_MAX - 3)
		argv[n++] = (char *)(uintptr_t)*args++;
	argv[n++] = (char *)(uintptr_t) "-o";
	argv[n] = out;
	if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0 || waitpid(pid, &status, 0) != pid ||
	    status != 0)
		return -1;
	return open(out, O_RDONLY | O_CLOEXEC);
}
