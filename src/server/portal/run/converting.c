#include "server/portal/run/converting.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct converting {
	struct convert *convert;
	pthread_mutex_t lock;
	pthread_cond_t free;
	unsigned busy, busy_max, waiting, waiting_max;
};

enum err converting_new(struct convert *convert, unsigned workers, struct converting **ret_c)
{
	pthread_condattr_t attr;
	struct converting *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return ERR(NOMEM, "turns of conversions");
	c->convert = convert;
	c->busy_max = workers > 1 ? workers / 2 : 1;
	c->waiting_max = workers > c->busy_max ? (workers - c->busy_max) / 2 : 0;
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&c->free, &attr);
	(void)pthread_condattr_destroy(&attr);
	*ret_c = c;
	return ERR_OK;
}

void converting_free(struct converting *c)
{
	if (c == NULL)
		return;
	(void)pthread_cond_destroy(&c->free);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}

enum err converting_check(const struct converting *c)
{
	return convert_check(c->convert);
}

/* --- the turn --- */

static struct timespec after_ms(int ms)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* Locked. */
static bool wait_turn(struct converting *c, int wait_ms)
{
	struct timespec until = after_ms(wait_ms);
	if (c->busy < c->busy_max)
		return true;
	if (c->waiting >= c->waiting_max)
		return false;
	c->waiting++;
	while (c->busy >= c->busy_max && pthread_cond_timedwait(&c->free, &c->lock, &until) == 0)
		;
	c->waiting--;
	return c->busy < c->busy_max;
}

enum err converting_begin(struct converting *c, int wait_ms)
{
	(void)pthread_mutex_lock(&c->lock);
	bool mine = wait_turn(c, wait_ms);
	c->busy += mine;
	(void)pthread_mutex_unlock(&c->lock);
	return mine ? ERR_OK : ERR(CONVERT_BUSY, "%u conversions run", c->busy_max);
}

void converting_end(struct converting *c)
{
	(void)pthread_mutex_lock(&c->lock);
	INVARIANT(c->busy > 0);
	c->busy--;
	(void)pthread_cond_signal(&c->free);
	(void)pthread_mutex_unlock(&c->lock);
}

/* --- the file --- */

/* Anonymous memory, because the reader takes a descriptor and no path. */
static enum err memory_file(struct span s, int *ret_fd)
{
	int fd = memfd_create("upload", MFD_CLOEXEC);
	if (fd < 0)
		return ERR(BUSY, "memory file: %s", strerror(errno));
	while (s.len > 0) {
		ssize_t n = write(fd, s.ptr, s.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			enum err e = ERR(BUSY, "memory file: %s", strerror(errno));
			(void)close(fd);
			return e;
		}
		s = span_sub(s, (size_t)n, s.len);
	}
	if (lseek(fd, 0, SEEK_SET) != 0) {
		(void)close(fd);
		return ERR(BUSY, "memory file");
	}
	*ret_fd = fd;
	return ERR_OK;
}

static enum err begin(struct converting *c, struct span file, int *ret_fd)
{
	if (c == NULL)
		return ERR(UNAVAILABLE, "no reader for files");
	TRY(converting_begin(c, CONVERTING_WAIT_MS));
	enum err e = memory_file(file, ret_fd);
	if (e != ERR_OK)
		converting_end(c);
	return e;
}

static enum err end(struct converting *c, int fd, enum err e)
{
	(void)close(fd);
	converting_end(c);
	if (e != ERR_TIMEOUT)
		return e;
	err_clear();
	return ERR(CONVERT, "conversion took too long");
}

enum err converting_xlsx(struct converting *c, struct span file, const struct convert_limits *limits,
                         const struct xlsx_sink *sink, struct xlsx_summary *ret_s)
{
	int fd;
	TRY(begin(c, file, &fd));
	return end(c, fd, convert_xlsx(c->convert, fd, limits, sink, ret_s));
}

enum err converting_render(struct converting *c, bool pdf, struct span file, const struct convert_limits *limits,
                           struct rendering *ret_r)
{
	int fd;
	TRY(begin(c, file, &fd));
	return end(c, fd, convert_render(c->convert, pdf, fd, limits, ret_r));
}
