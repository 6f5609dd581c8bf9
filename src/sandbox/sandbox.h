/* What a process gives up once it has what it needs: privileges, system calls, file system, limits.
 * Order in a daemon: open everything -> sandbox_user -> sandbox_limits -> sandbox_syscalls -> threads and work. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <sys/types.h>

/* Drops to the named system user with its own group and no others; ERR_OK and nothing done when the caller is not root.
 * Verifies afterwards that it cannot come back. */
enum err sandbox_user(const char *name) MUST_CHECK;
enum err sandbox_uid_of(const char *name, uid_t *ret_uid) MUST_CHECK; /* not root: own uid; absent user: ERR_ABSENT */
enum err sandbox_limits(unsigned files, unsigned long memory_bytes) MUST_CHECK; /* 0 leaves alone; no core dumps */

enum sandbox_set {
	/* files and unix sockets already open or under the own folder; no internet, no exec, no ptrace */
	SANDBOX_KEYHOLDER,
	SANDBOX_PORTAL,  /* as above, with threads and SQLite's calls */
	SANDBOX_CARD,    /* yxcard */
	SANDBOX_CONVERT, /* read, write and memory: nothing can be opened, no socket, no thread */
	/* the same, but who asks for a file is refused (EACCES) and lives: libraries look for fonts */
	SANDBOX_RENDER,
};
/* seccomp filter, default action: kill the process (SIGSYS), logged. ERR_OK and a note on stderr by the caller when
 * YINXIN_NO_SECCOMP=1 (sanitizer and valgrind builds only). *ret_on tells whether the filter is in force. */
enum err sandbox_syscalls(enum sandbox_set set, bool *ret_on) MUST_CHECK;
/* landlock (kernel permitting): read under ro[], read and write under rw[]; *ret_on false where the kernel has none. */
enum err sandbox_paths(const char *const *ro, const char *const *rw, bool *ret_on) MUST_CHECK;
