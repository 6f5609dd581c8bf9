/* What the daemons' mains have in common: command line, signals, the own folder, confinement, how the end is told.
 *
 * A daemon is a table of options and a run(); daemon_main does what comes before and after. run() opens what needs
 * privileges, gives the folder to its user (daemon_own_dir), becomes that user (sandbox_user), opens its state,
 * confines itself (daemon_confine) and works until daemon_stop is set. */
#pragma once
#include "base/clock.h"
#include "base/conf.h"
#include "sandbox/sandbox.h"
#include <signal.h>

enum { DAEMON_STOPPED = 1 };
extern volatile sig_atomic_t daemon_stop; /* 0; DAEMON_STOPPED after SIGTERM or SIGINT; a program may set it itself */

/* SIGTERM and SIGINT set daemon_stop, SIGPIPE is ignored. daemon_main calls it. */
void daemon_signals(void);

struct daemon {
	const char *program, *purpose, *log; /* "yinxin-signer", Chinese, "signer" */
	const struct conf_opt *options;      /* with a key "clock" */
	/* With the log's clock set and the cryptography tested. */
	enum err (*run)(const struct conf *c, const struct clock *clock);
};
/* Returns the exit status: 0, 2 for a wrong command line, else 1. Logs "stopped", with the fault if run ends with one.
 */
int daemon_main(const struct daemon *d, int argc, char **argv) MUST_CHECK;

/* Makes the folder, mode 0700; as root gives it to uid. A link in its place is refused. */
enum err daemon_own_dir(const char *dir, uid_t uid) MUST_CHECK;

struct daemon_cell {
	unsigned files;
	int64_t memory_mb;   /* 0: no limit */
	const char *ro, *rw; /* folders; NULL: none */
	enum sandbox_set calls;
	bool warns; /* logs a line of its own when the system calls stay unfiltered */
};
/* Limits, file system, system calls; logs "confined" with what is in force. */
enum err daemon_confine(const struct daemon_cell *cell) MUST_CHECK;
