#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The largest shift that a demonstration needs; more is a damaged file and would overflow sums elsewhere. */
static const int64_t OFFSET_MAX_SEC = (int64_t)200 * 366 * 86400;

struct clock {
	const int64_t *offset;
};

static enum err map_offset(int fd, int prot, const char *path, int64_t **ret_p)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return ERR(IO, "%s: %s", path, strerror(errno));
	if (st.st_size != (off_t)sizeof(int64_t))
		return ERR(CONFIG, "%s: clock file is not %zu bytes long", path, sizeof(int64_t));
	void *p = mmap(NULL, sizeof(int64_t), prot, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return ERR(IO, "%s: %s", path, strerror(errno));
	*ret_p = p;
	return ERR_OK;
}

enum err clock_open(const char *path, struct clock **ret_c)
{
	int64_t *offset = NULL;
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;

	if (path != NULL && fd < 0 && errno != ENOENT)
		return ERR(IO, "%s: %s", path, strerror(errno));
	if (fd >= 0) {
		enum err e = map_offset(fd, PROT_READ, path, &offset);
		close(fd);
		TRY(e);
	}
	struct clock *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		if (offset != NULL)
			munmap(offset, sizeof(int64_t));
		return ERR(NOMEM, "clock");
	}
	c->offset = offset;
	*ret_c = c;
	return ERR_OK;
}

void clock_free(struct clock *c)
{
	if (c == NULL)
		return;
	if (c->offset != NULL)
		munmap((void *)(uintptr_t)c->offset, sizeof(int64_t));
	free(c);
}

int64_t clock_now(const struct clock *c)
{
	struct timespec ts;
	int64_t offset = c != NULL && c->offset != NULL ? __atomic_load_n(c->offset, __ATOMIC_RELAXED) : 0;

	INVARIANT(clock_gettime(CLOCK_REALTIME, &ts) == 0);
	if (offset > OFFSET_MAX_SEC || offset < -OFFSET_MAX_SEC)
		offset = 0;
	return (int64_t)ts.tv_sec + offset;
}

int64_t clock_mono_ms(void)
{
	struct timespec ts;

	INVARIANT(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* In place, never by rename: running processes hold the mapping. */
static enum err store_offset(int fd, const char *path, int64_t offset_sec)
{
	int64_t *p;

	if (ftruncate(fd, (off_t)sizeof(int64_t)) != 0 || fchmod(fd, 0644) != 0)
		return ERR(IO, "%s: %s", path, strerror(errno));
	TRY(map_offset(fd, PROT_READ | PROT_WRITE, path, &p));
	__atomic_store_n(p, offset_sec, __ATOMIC_RELAXED);
	munmap(p, sizeof(int64_t));
	return ERR_OK;
}

enum err clock_set_offset(const char *path, int64_t offset_sec)
{
	if (offset_sec > OFFSET_MAX_SEC || offset_sec < -OFFSET_MAX_SEC)
		return ERR(LIMIT, "clock offset %lld", (long long)offset_sec);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
	if (fd < 0)
		return ERR(IO, "%s: %s", path, strerror(errno));
	enum err e = store_offset(fd, path, offset_sec);
	close(fd);
	return e;
}
