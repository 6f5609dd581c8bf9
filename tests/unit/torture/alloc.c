#include "alloc.h"
#include <link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

enum { LIVE_MAX = 1 << 16, PROBES = 64, RANGES_MAX = 8 };

static struct {
	uintptr_t from, to;
} ranges[RANGES_MAX]; /* code whose requests count; the first is ours */
static size_t n_ranges;
static _Atomic bool armed, tracks, crowded;
static _Atomic long asked, refuse_at, refused;
static _Atomic(void *) live[LIVE_MAX]; /* open addressing, never moved */

/* --- who asks --- */

static int range_of(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	(void)ctx;
	bool ours = info->dlpi_name[0] == '\0';
	if (!ours && strstr(info->dlpi_name, "libjansson") == NULL && strstr(info->dlpi_name, "libsqlite3") == NULL)
		return 0;
	for (int i = 0; i < info->dlpi_phnum && n_ranges < RANGES_MAX; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		if (p->p_type == PT_LOAD && (p->p_flags & PF_X) != 0) {
			ranges[n_ranges].from = info->dlpi_addr + p->p_vaddr;
			ranges[n_ranges++].to = info->dlpi_addr + p->p_vaddr + p->p_memsz;
		}
	}
	return 0;
}

static bool within(size_t i, const void *caller)
{
	return (uintptr_t)caller >= ranges[i].from && (uintptr_t)caller < ranges[i].to;
}

static bool refuses(const void *caller)
{
	bool counts = false;
	if (!armed)
		return false;
	for (size_t i = 0; i < n_ranges && !counts; i++)
		counts = within(i, caller);
	if (!counts || atomic_fetch_add(&asked, 1) + 1 != refuse_at)
		return false;
	refused++;
	return true;
}

/* --- what is alive --- */

static size_t slot_of(const void *p)
{
	return ((uintptr_t)p >> 4) * 2654435761u % LIVE_MAX;
}

static void *born(void *p, const void *caller)
{
	if (p == NULL || !tracks || !within(0, caller))
		return p;
	for (size_t i = slot_of(p), tried = 0; tried < PROBES; tried++, i = (i + 1) % LIVE_MAX) {
		void *free_slot = NULL;
		if (atomic_compare_exchange_strong(&live[i], &free_slot, p))
			return p;
	}
	crowded = true;
	return p;
}

static void gone(const void *p)
{
	if (p == NULL || !tracks)
		return;
	for (size_t i = slot_of(p), tried = 0; tried < PROBES; tried++, i = (i + 1) % LIVE_MAX) {
		if (live[i] == p) {
			live[i] = NULL;
			return;
		}
	}
}

/* --- in place of libc's --- */

void *malloc(size_t n)
{
	void *caller = __builtin_return_address(0);
	return refuses(caller) ? NULL : born(__libc_malloc(n), caller);
}

void *calloc(size_t n, size_t each)
{
	void *caller = __builtin_return_address(0);
	return refuses(caller) ? NULL : born(__libc_calloc(n, each), caller);
}

void *realloc(void *p, size_t n)
{
	void *caller = __builtin_return_address(0);
	if (refuses(caller))
		return NULL;
	gone(p);
	return born(__libc_realloc(p, n), caller);
}

void free(void *p)
{
	gone(p);
	__libc_free(p);
}

/* --- the run --- */

static size_t alive(void)
{
	size_t n = 0;
	for (size_t i = 0; i < LIVE_MAX; i++)
		n += live[i] != NULL;
	return n;
}

/* Gone entries leave holes that a later search passes over; between runs the table is empty again. */
static void forget(void)
{
	for (size_t i = 0; i < LIVE_MAX; i++)
		live[i] = NULL;
}

static bool run_one(const struct torture *t, long n)
{
	forget();
	asked = refused = 0;
	refuse_at = n;
	err_clear();
	tracks = armed = true;
	enum err e = t->op(t->ctx);
	armed = tracks = false;
	if (crowded)
		fail_msg("%s: more pieces than the table holds", t->name);
	if (refused == 0 && e != ERR_OK)
		fail_msg("%s: unhindered, and yet %s (%s)", t->name, err_detail(), err_where());
	if (!t->keeps && alive() > 0)
		fail_msg("%s: %zu pieces left when request %ld was refused", t->name, alive(), n);
	if (t->check != NULL)
		t->check(t->ctx, e);
	return refused > 0;
}

void torture(const struct torture *t)
{
	long n = 1;
	if (n_ranges == 0)
		dl_iterate_phdr(range_of, NULL);
	assert_int_equal(t->op(t->ctx), ERR_OK); /* what is made once for ever is made now */
	if (t->check != NULL)
		t->check(t->ctx, ERR_OK);
	while (run_one(t, n))
		n++;
	printf("# %s: %ld requests refused, one a run\n", t->name, n - 1);
}
