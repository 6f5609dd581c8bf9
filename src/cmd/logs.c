#include "cmd/logs.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 8 * 1024, GATHER_MS = 10, PIECES_MAX = 16 };

struct log_file {
	char path[BUREAU_PATH_MAX];
	int in, writers, out; /* the pipe's two ends, the file */
	int64_t size;
	bool inside; /* the last piece ended within a line */
};

struct logs {
	struct log_file files[LOGS_MAX];
	size_t n;
	int64_t max_bytes;
	int end; /* told when to drain and stop */
	pthread_t thread;
	bool runs;
};

static enum err limit_from_env(int64_t *ret_bytes)
{
	const char *text = getenv("YINXIN_LOG_KIB");
	int64_t kib = LOGS_KIB;
	if (text != NULL && *text && text_i64(span_str(text), LOGS_KIB_MIN, LOGS_KIB_MAX, &kib) != ERR_OK)
		return ERR(CONFIG, "YINXIN_LOG_KIB must be a number %d..%d", LOGS_KIB_MIN, LOGS_KIB_MAX);
	*ret_bytes = kib * 1024;
	return ERR_OK;
}

/* --- one file --- */

static enum err open_file(struct log_file *f)
{
	struct stat st;
	f->out = open(f->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->out < 0 || fstat(f->out, &st) != 0)
		return ERR(IO, "%s: %s", f->path, strerror(errno));
	f->size = st.st_size;
	return ERR_OK;
}

static void numbered(const struct log_file *f, int number, char ret[BUREAU_PATH_MAX + 8])
{
	snprintf(ret, BUREAU_PATH_MAX + 8, number ? "%s.%d" : "%s", f->path, number);
}

/* A rename that fails leaves a file that is appended to further: nothing is lost by it. */
static void rotate(struct log_file *f)
{
	char from[BUREAU_PATH_MAX + 8], to[BUREAU_PATH_MAX + 8];
	for (int i = LOGS_KEPT; i > 0; i--) {
		numbered(f, i - 1, from);
		numbered(f, i, to);
		(void)rename(from, to);
	}
	close(f->out);
	f->out = -1;
	f->size = 0;
}

/* While it cannot be opened its lines are lost, and the older files stay where they are. */
static bool is_open(struct log_file *f)
{
	if (f->out < 0 && open_file(f) != ERR_OK)
		err_clear();
	return f->out >= 0;
}

static void append(struct log_file *f, const char *text, size_t len)
{
	while (len > 0 && is_open(f)) {
		ssize_t n = write(f->out, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		f->size += n;
		text += n;
		len -= (size_t)n;
	}
}

static void append_part(struct log_file *f, const char *text, size_t len)
{
	append(f, text, len);
	if (len > 0)
		f->inside = text[len - 1] != '\n';
}

/* Octets of text that belong to a line begun in an earlier piece. */
static size_t line_rest(const struct log_file *f, const char *text, size_t len)
{
	const char *end = f->inside ? memchr(text, '\n', len) : NULL;
	return !f->inside ? 0 : end != NULL ? (size_t)(end - text) + 1 : len;
}

static void put(const struct logs *l, struct log_file *f, const char *text, size_t len)
{
	if (f->size > 0 && f->size + (int64_t)len > l->max_bytes) {
		size_t rest = line_rest(f, text, len);
		append_part(f, text, rest);
		text += rest;
		len -= rest;
		if (len > 0)
			rotate(f);
	}
	append_part(f, text, len);
}

static bool take(const struct logs *l, struct log_file *f)
{
	char piece[PIECE_BYTES];
	ssize_t n = read(f->in, piece, sizeof(piece));
	if (n <= 0)
		return n < 0 && errno == EINTR;
	put(l, f, piece, (size_t)n);
	return true;
}

/* --- the thread --- */

/* Lines of a moment are written together: a wake-up for each would take the processor from who writes them. */
static bool told_to_end(const struct logs *l, int within_ms)
{
	struct pollfd end = {.fd = l->end, .events = POLLIN};
	return poll(&end, 1, within_ms) > 0;
}

static void *work(void *arg)
{
	struct logs *l = arg;
	struct pollfd fds[LOGS_MAX + 1];
	for (size_t i = 0; i < l->n; i++)
		fds[i] = (struct pollfd){.fd = l->files[i].in, .events = POLLIN};
	fds[l->n] = (struct pollfd){.fd = l->end, .events = POLLIN};
	while (poll(fds, l->n + 1, -1) >= 0 || errno == EINTR) {
		for (size_t i = 0; i < l->n; i++)
			for (int n = 0; fds[i].revents && n < PIECES_MAX && take(l, &l->files[i]); n++)
				;
		if (told_to_end(l, GATHER_MS))
			break;
	}
	for (size_t i = 0; i < l->n; i++)
		while (take(l, &l->files[i])) /* the pipes do not block */
			;
	return NULL;
}

/* Signals are for the thread that watches the parts. */
static enum err begin(struct logs *l)
{
	sigset_t all, mask;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	l->runs = pthread_create(&l->thread, NULL, work, l) == 0;
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return l->runs ? ERR_OK : ERR(NOMEM, "thread of the logs");
}

/* --- life --- */

static enum err open_log(struct logs *l, const struct bureau *b, const char *name)
{
	struct log_file *f = &l->files[l->n];
	char file[64];
	int ends[2];
	*f = (struct log_file){.in = -1, .writers = -1, .out = -1};
	l->n++;
	snprintf(file, sizeof(file), "log/%s.log", name);
	TRY(bureau_path(b, file, f->path, sizeof(f->path)));
	TRY(open_file(f));
	if (pipe2(ends, O_CLOEXEC) != 0)
		return ERR(IO, "pipe: %s", strerror(errno));
	f->in = ends[0];
	f->writers = ends[1];
	if (fcntl(f->in, F_SETFL, O_NONBLOCK) != 0)
		return ERR(IO, "pipe: %s", strerror(errno));
	return ERR_OK;
}

enum err logs_new(const struct bureau *b, const char *const *names, size_t n, struct logs **ret_l)
{
	AUTO(logs) l = calloc(1, sizeof(*l));
	if (l == NULL)
		return ERR(NOMEM, "logs");
	INVARIANT(n <= LOGS_MAX);
	l->end = eventfd(0, EFD_CLOEXEC);
	if (l->end < 0)
		return ERR(IO, "eventfd: %s", strerror(errno));
	TRY(limit_from_env(&l->max_bytes));
	for (size_t i = 0; i < n; i++)
		TRY(open_log(l, b, names[i]));
	TRY(begin(l));
	*ret_l = STEAL(l);
	return ERR_OK;
}

int logs_fd(const struct logs *l, size_t i)
{
	return l->files[i].writers;
}

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

void logs_free(struct logs *l)
{
	if (l == NULL)
		return;
	if (l->runs) {
		(void)eventfd_write(l->end, 1);
		pthread_join(l->thread, NULL);
	}
	for (size_t i = 0; i < l->n; i++) {
		close_if(l->files[i].in);
		close_if(l->files[i].writers);
		close_if(l->files[i].out);
	}
	close_if(l->end);
	free(l);
}
