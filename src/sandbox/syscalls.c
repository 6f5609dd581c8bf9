/* The lists are by purpose, so that a reviewer sees what a line is for. A call that is in no list of the set kills the
 * process; never listed: execve, fork, ptrace, bpf, keyctl, process_vm_*, mount, set*id, kill, sockets but AF_UNIX. */
#include "sandbox/sandbox.h"
#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const memory_and_end[] = {
	"brk",     "munmap",     "mremap",       "madvise", "msync",      "mlock",           "mlock2",
	"munlock", "membarrier", "memfd_create", "exit",    "exit_group", "restart_syscall", NULL,
};

static const char *const files[] = {
	"open",      "openat",          "close",      "close_range", "dup",        "dup2",       "dup3",     "fcntl",
	"read",      "readv",           "pread64",    "preadv",      "write",      "writev",     "pwrite64", "pwritev",
	"lseek",     "fstat",           "newfstatat", "stat",        "lstat",      "statx",      "fstatfs",  "statfs",
	"access",    "faccessat",       "faccessat2", "readlink",    "readlinkat", "getdents64", "getcwd",   "fsync",
	"fdatasync", "sync_file_range", "ftruncate",  "fallocate",   "fadvise64",  "flock",      "unlink",   "unlinkat",
	"rename",    "renameat",        "renameat2",  "mkdir",       "mkdirat",    "rmdir",      "chmod",    "fchmod",
	"fchmodat",  "umask",           "utimensat",  "pipe",        "pipe2",      NULL,
};

static const char *const time_and_signals[] = {
	"clock_gettime",
	"clock_getres",
	"gettimeofday",
	"time",
	"nanosleep",
	"clock_nanosleep",
	"timerfd_create",
	"timerfd_settime",
	"timerfd_gettime",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigtimedwait",
	"rt_sigsuspend",
	"rt_sigpending",
	"sigaltstack",
	"signalfd4",
	"pause",
	NULL,
};

/* Sockets that exist, and unix sockets by path; making one is a rule of its own below. */
static const char *const sockets[] = {
	"connect",     "bind",         "listen",   "accept",     "accept4",       "sendto",      "recvfrom",
	"sendmsg",     "recvmsg",      "shutdown", "getsockopt", "setsockopt",    "getsockname", "getpeername",
	"poll",        "ppoll",        "select",   "pselect6",   "epoll_create1", "epoll_ctl",   "epoll_wait",
	"epoll_pwait", "epoll_pwait2", "eventfd2", NULL,
};

static const char *const about_itself[] = {
	"getpid",
	"gettid",
	"getppid",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getresuid",
	"getresgid",
	"getgroups",
	"getrandom",
	"getrusage",
	"sysinfo",
	"uname",
	"getcpu",
	"sched_yield",
	"sched_getaffinity",
	"futex",
	"rseq",
	"set_robust_list",
	"set_tid_address",
	"arch_prctl",
	NULL,
};

/* SQLite gives its side files the owner of the database when it runs as root; without the capability it is harmless. */
static const char *const sqlite_calls[] = {"fchown", "mincore", "sched_getparam", "sched_getscheduler", NULL};

/* One job from standard input to standard output. */
static const char *const convert_calls[] = {
	"read",         "write",           "writev",       "close",          "fstat",
	"newfstatat",   "lseek",           "brk",          "munmap",         "mremap",
	"madvise",      "clock_gettime",   "gettimeofday", "time",           "getrandom",
	"futex",        "getpid",          "gettid",       "rt_sigprocmask", "rt_sigaction",
	"rt_sigreturn", "restart_syscall", "exit",         "exit_group",     NULL,
};

/* Asked for by libraries that draw: refused, so that they do without. */
static const char *const render_refused[] = {
	"open",       "openat",   "stat",       "lstat",  "statx",  "access", "faccessat",
	"faccessat2", "readlink", "readlinkat", "getcwd", "socket", "ioctl",  "sched_getaffinity",
	"sysinfo",    "uname",    NULL,
};

static const int prctl_ok[] = {PR_SET_NAME,      PR_GET_NAME,      PR_SET_DUMPABLE,     PR_GET_DUMPABLE,
                               PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS};
static const unsigned long ioctl_ok[] = {TCGETS, FIONREAD, FIONBIO};

static enum err from_rc(int rc, const char *name)
{
	if (rc == 0)
		return ERR_OK;
	return ERR(INTERNAL, "filter rule %s: %s", name, strerror(-rc));
}

static enum err allow_list(scmp_filter_ctx f, const char *const *names)
{
	for (; *names != NULL; names++) {
		int nr = seccomp_syscall_resolve_name(*names);
		/* Not every architecture has every old call. */
		if (nr == __NR_SCMP_ERROR || nr < 0)
			continue;
		TRY(from_rc(seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 0), *names));
	}
	return ERR_OK;
}

static enum err refuse_list(scmp_filter_ctx f, const char *const *names)
{
	for (; *names != NULL; names++) {
		int nr = seccomp_syscall_resolve_name(*names);
		if (nr == __NR_SCMP_ERROR || nr < 0)
			continue;
		TRY(from_rc(seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), nr, 0), *names));
	}
	return ERR_OK;
}

static enum err rule(scmp_filter_ctx f, uint32_t action, const char *name, struct scmp_arg_cmp cmp)
{
	return from_rc(seccomp_rule_add_array(f, action, seccomp_syscall_resolve_name(name), 1, &cmp), name);
}

/* Memory is writable or executable, not made executable later: no code is loaded any more, and a library that tries
 * (dlopen) gets an error instead of a dead process. */
static enum err no_new_code(scmp_filter_ctx f)
{
	TRY(rule(f, SCMP_ACT_ALLOW, "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
	TRY(rule(f, SCMP_ACT_ERRNO(EACCES), "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC)));
	TRY(rule(f, SCMP_ACT_ALLOW, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
	return rule(f, SCMP_ACT_ERRNO(EACCES), "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
}

static enum err narrow_calls(scmp_filter_ctx f)
{
	TRY(rule(f, SCMP_ACT_ALLOW, "socket", SCMP_A0(SCMP_CMP_EQ, AF_UNIX)));
	TRY(rule(f, SCMP_ACT_ALLOW, "socketpair", SCMP_A0(SCMP_CMP_EQ, AF_UNIX)));
	TRY(rule(f, SCMP_ACT_ALLOW, "prlimit64", SCMP_A2(SCMP_CMP_EQ, 0)));                   /* reading only */
	TRY(rule(f, SCMP_ACT_ALLOW, "tgkill", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()))); /* abort() */
	for (size_t i = 0; i < COUNT_OF(prctl_ok); i++)
		TRY(rule(f, SCMP_ACT_ALLOW, "prctl", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)prctl_ok[i])));
	for (size_t i = 0; i < COUNT_OF(ioctl_ok); i++)
		TRY(rule(f, SCMP_ACT_ALLOW, "ioctl", SCMP_A1(SCMP_CMP_EQ, ioctl_ok[i])));
	return no_new_code(f);
}

/* clone3 hides its flags behind a pointer, which a filter cannot read: glibc takes ENOSYS and uses clone. */
static enum err threads_only(scmp_filter_ctx f)
{
	TRY(rule(f, SCMP_ACT_ALLOW, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)));
	return from_rc(seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0), "clone3");
}

static enum err build(scmp_filter_ctx f, enum sandbox_set set)
{
	TRY(from_rc(seccomp_attr_set(f, SCMP_FLTATR_CTL_LOG, 1), "logging"));
	if (set == SANDBOX_CONVERT || set == SANDBOX_RENDER) {
		TRY(allow_list(f, convert_calls));
		if (set == SANDBOX_RENDER)
			TRY(refuse_list(f, render_refused));
		TRY(rule(f, SCMP_ACT_ALLOW, "tgkill", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()))); /* abort() */
		return no_new_code(f);
	}
	TRY(allow_list(f, memory_and_end));
	TRY(allow_list(f, files));
	TRY(allow_list(f, time_and_signals));
	TRY(allow_list(f, sockets));
	TRY(allow_list(f, about_itself));
	TRY(narrow_calls(f));
	if (set != SANDBOX_PORTAL)
		return ERR_OK;
	TRY(allow_list(f, sqlite_calls));
	return threads_only(f);
}

enum err sandbox_syscalls(enum sandbox_set set, bool *ret_on)
{
	const char *off = secure_getenv("YINXIN_NO_SECCOMP");

	if (off != NULL && strcmp(off, "1") == 0) {
		*ret_on = false;
		return ERR_OK;
	}
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (f == NULL)
		return ERR(NOMEM, "system-call filter");
	enum err e = build(f, set);
	int rc = e == ERR_OK ? seccomp_load(f) : 0;
	seccomp_release(f);
	TRY(e);
	if (rc != 0)
		return ERR(UNAVAILABLE, "system-call filter is refused by the kernel: %s", strerror(-rc));
	*ret_on = true;
	return ERR_OK;
}
