#include "base/secret.h"
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { SECRET_MAX = 65536 };

/* Each secret has pages of its own: munlock() works on pages, and two secrets on one page would unlock each other. */
struct secret {
	size_t len, mapped;
	uint8_t bytes[];
};

enum err secret_new(size_t len, struct secret **ret_s)
{
	if (len < 1 || len > SECRET_MAX)
		return ERR(LIMIT, "secret of %zu bytes", len);
	size_t mapped = sizeof(struct secret) + len;
	struct secret *s = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return ERR(NOMEM, "secret of %zu bytes", len);
	/* Best effort: RLIMIT_MEMLOCK may be small, and an unlocked secret is better than no service. */
	(void)mlock(s, mapped);
	(void)madvise(s, mapped, MADV_DONTDUMP);
	s->len = len;
	s->mapped = mapped;
	*ret_s = s;
	return ERR_OK;
}

enum err secret_from(struct span s, struct secret **ret_s)
{
	struct secret *made;

	TRY(secret_new(s.len, &made));
	memcpy(made->bytes, s.ptr, s.len);
	*ret_s = made;
	return ERR_OK;
}

void secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	size_t mapped = s->mapped;
	wipe(s, mapped);
	(void)munlock(s, mapped);
	(void)munmap(s, mapped);
}

uint8_t *secret_ptr(struct secret *s)
{
	return s->bytes;
}

size_t secret_len(const struct secret *s)
{
	return s->len;
}

struct span secret_span(const struct secret *s)
{
	return span_of(s->bytes, s->len);
}

void secret_cut(struct secret *s, size_t len)
{
	if (len >= s->len)
		return;
	wipe(s->bytes + len, s->len - len);
	s->len = len;
}

bool ct_equal(struct span a, struct span b)
{
	uint8_t diff = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		diff |= (uint8_t)(((const volatile uint8_t *)a.ptr)[i] ^ ((const volatile uint8_t *)b.ptr)[i]);
	return diff == 0;
}

void wipe(void *ptr, size_t len)
{
	if (len > 0)
		explicit_bzero(ptr, len);
}

void secret_process_harden(void)
{
	const struct rlimit none = {0, 0};

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
}
