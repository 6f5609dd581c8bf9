#include "cmd/daemon.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "gm/start.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

volatile sig_atomic_t daemon_stop;

static void on_signal(int number)
{
	(void)number;
	daemon_stop = DAEMON_STOPPED;
}

void daemon_signals(void)
{
	struct sigaction a = {.sa_handler = on_signal};

	(void)sigaction(SIGTERM, &a, NULL);
	(void)sigaction(SIGINT, &a, NULL);
	a.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &a, NULL);
}

static enum err start(const struct daemon *d, const struct conf *c, struct clock **ret_clock)
{
	const char *path = conf_str(c, "clock");

	log_open(d->log, LOG_INFO);
	secret_process_harden();
	daemon_signals();
	TRY(clock_open(path[0] != '\0' ? path : NULL, ret_clock));
	log_clock(*ret_clock);
	return gm_start();
}

int daemon_main(const struct daemon *d, int argc, char **argv)
{
	AUTO(conf) c = NULL;
	AUTO(clock) clock = NULL;
	enum err e = conf_main(argc, argv, d->program, d->purpose, d->options, &c);

	if (e != ERR_OK)
		return e == ERR_USAGE ? 2 : 1;
	e = start(d, c, &clock);
	if (e == ERR_OK)
		e = d->run(c, clock);
	if (e != ERR_OK)
		log_err("stopped", e);
	else
		LOG(INFO, "stopped");
	return e == ERR_OK ? 0 : 1;
}

/* Without following links, for a folder of that name may lie where others write. */
enum err daemon_own_dir(const char *dir, uid_t uid)
{
	TRY(file_mkdir(dir, 0700));
	if (geteuid() != 0)
		return ERR_OK;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return ERR(IO, "%s: %s", dir, strerror(errno));
	bool done = fchown(fd, uid, (gid_t)-1) == 0 && fchmod(fd, 0700) == 0;
	int why = errno;
	(void)close(fd);
	return done ? ERR_OK : ERR(IO, "%s: %s", dir, strerror(why));
}

enum err daemon_confine(const struct daemon_cell *cell)
{
	const char *const ro[] = {cell->ro, NULL}, *const rw[] = {cell->rw, NULL};
	bool paths = false, calls = false;

	TRY(sandbox_limits(cell->files, (unsigned long)cell->memory_mb << 20));
	TRY(sandbox_paths(ro, rw, &paths));
	TRY(sandbox_syscalls(cell->calls, &calls));
	if (!calls && cell->warns)
		LOG(WARN, "no_syscall_filter", {"why", "YINXIN_NO_SECCOMP is set"});
	LOG(INFO, "confined", {"landlock", paths ? "yes" : "no"}, {"seccomp", calls ? "yes" : "no"});
	return ERR_OK;
}
