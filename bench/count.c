#include "count.h"
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Atomic uint64_t fsyncs, statements;
int sqlite3_clear_bindings(void *st);

int fsync(int fd)
{
	atomic_fetch_add(&fsyncs, 1);
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	atomic_fetch_add(&fsyncs, 1);
	return (int)syscall(SYS_fdatasync, fd);
}

/* The store calls it once for each statement that it has run. */
int sqlite3_clear_bindings(void *st)
{
	static int (*real)(void *);
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "sqlite3_clear_bindings");
	atomic_fetch_add(&statements, 1);
	return real(st);
}

uint64_t count_fsyncs(void)
{
	return fsyncs;
}

uint64_t count_statements(void)
{
	return statements;
}

double bench_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void bench_line(const char *name, double value, const char *unit)
{
	printf("%-46s %10.2f %s\n", name, value, unit);
	fflush(stdout);
}
