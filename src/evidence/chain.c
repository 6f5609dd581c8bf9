#include "evidence/chain.h"
#include "base/secret.h"
#include "gm/sm3.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "YXC1"
enum {
	BOUND_LEN = 4 + 4 + 8 + CHAIN_HEAD_LEN,
	CHECK_LEN = 8,
	HEADER_LEN = BOUND_LEN + CHECK_LEN,
	FRAME_MAX = HEADER_LEN + CHAIN_RECORD_MAX + SM3_LEN,
	PATH_BYTES_MAX = 4096,
	ROOM_STEP = 256
};

struct chain {
	int fd;
	bool failed; /* a write failed: what is on disk is unknown until the file is read anew */
	uint64_t next;
	uint8_t head[CHAIN_HEAD_LEN];
	uint64_t end;      /* octets in whole frames */
	uint64_t *offsets; /* of frame i + 1 */
	size_t room;
};

static enum err io_err(const char *what)
{
	return ERR(IO, "chain file: %s: %s", what, strerror(errno));
}

void chain_free(struct chain *c)
{
	if (c == NULL)
		return;
	if (c->fd >= 0)
		close(c->fd); /* and with it the lock */
	free(c->offsets);
	free(c);
}

uint64_t chain_next(const struct chain *c)
{
	return c->next;
}

void chain_head(const struct chain *c, uint8_t ret_head[CHAIN_HEAD_LEN])
{
	memcpy(ret_head, c->head, CHAIN_HEAD_LEN);
}

/* --- frames --- */

/* magic, length, number and previous head of the frame that would follow, without the check */
static void put_bound(struct buf *out, uint32_t len, uint64_t seq, const uint8_t prev[CHAIN_HEAD_LEN])
{
	buf_put(out, SPAN_LIT(MAGIC));
	buf_u32(out, len);
	buf_u64(out, seq);
	buf_put(out, span_of(prev, CHAIN_HEAD_LEN));
}

/* Without a check of its own, a changed length in the last frame would look like a torn tail, and an acknowledged
 * record would be cut away in silence. */
static enum err header_check(struct span bound, uint8_t ret_check[CHECK_LEN])
{
	uint8_t digest[SM3_LEN];

	TRY(sm3_digest(bound, digest));
	memcpy(ret_check, digest, CHECK_LEN);
	return ERR_OK;
}

static enum err put_frame(struct buf *out, const struct chain *c, struct span record)
{
	uint8_t check[CHECK_LEN], digest[SM3_LEN];

	put_bound(out, (uint32_t)record.len, c->next, c->head);
	TRY(buf_err(out));
	TRY(header_check(buf_span(out), check));
	buf_put(out, SPAN_ARR(check));
	buf_put(out, record);
	TRY(buf_err(out));
	TRY(sm3_digest(buf_span(out), digest));
	buf_put(out, SPAN_ARR(digest));
	return buf_err(out);
}

static enum err read_at(int fd, uint64_t at, size_t len, struct buf *out)
{
	buf_clear(out);
	uint8_t *room = buf_room(out, len);
	size_t got = 0;

	if (room == NULL && len > 0)
		return buf_err(out);
	while (got < len) {
		ssize_t n = pread(fd, room + got, len - got, (off_t)(at + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return io_err("read");
		if (n == 0)
			return ERR(IO, "chain file: shorter than a moment ago");
		got += (size_t)n;
	}
	return ERR_OK;
}

enum found { FOUND_FRAME, FOUND_TORN, FOUND_DAMAGE };

/* The beginning of a header that a crash cut short: everything that can be known beforehand must fit. */
static bool is_torn_header(const struct chain *c, struct span part)
{
	AUTO_BUF(want, BOUND_LEN);

	put_bound(&want, 0, c->next, c->head);
	if (buf_err(&want) != ERR_OK)
		return false;
	for (size_t i = 0; i < part.len && i < BOUND_LEN; i++)
		if ((i < 4 || i >= 8) && part.ptr[i] != want.ptr[i])
			return false;
	return true;
}

static enum err header_fits(const struct chain *c, struct span header, bool *ret_fits, uint32_t *ret_len)
{
	uint8_t check[CHECK_LEN];
	struct span rest = span_sub(header, 4, header.len);
	uint32_t len = 0;

	TRY(header_check(span_sub(header, 0, BOUND_LEN), check));
	*ret_fits = is_torn_header(c, span_sub(header, 0, BOUND_LEN)) && span_take_u32(&rest, &len) &&
	            len <= CHAIN_RECORD_MAX && span_eq(span_sub(header, BOUND_LEN, CHECK_LEN), SPAN_ARR(check));
	*ret_len = len;
	return ERR_OK;
}

/* Looks at what follows c->end; left > 0 octets are there. A whole frame is left in frame. */
static enum err look(const struct chain *c, uint64_t left, struct buf *frame, enum found *ret_found)
{
	uint8_t digest[SM3_LEN];
	bool fits;
	uint32_t len;

	TRY(read_at(c->fd, c->end, left < HEADER_LEN ? (size_t)left : HEADER_LEN, frame));
	if (left < HEADER_LEN) {
		*ret_found = is_torn_header(c, buf_span(frame)) ? FOUND_TORN : FOUND_DAMAGE;
		return ERR_OK;
	}
	TRY(header_fits(c, buf_span(frame), &fits, &len));
	uint64_t total = (uint64_t)HEADER_LEN + len + SM3_LEN;
	if (!fits || left < total) {
		*ret_found = fits ? FOUND_TORN : FOUND_DAMAGE;
		return ERR_OK;
	}
	TRY(read_at(c->fd, c->end, (size_t)total, frame));
	TRY(sm3_digest(span_sub(buf_span(frame), 0, HEADER_LEN + len), digest));
	*ret_found = span_eq(span_sub(buf_span(frame), HEADER_LEN + len, SM3_LEN), SPAN_ARR(digest)) ? FOUND_FRAME
	                                                                                             : FOUND_DAMAGE;
	return ERR_OK;
}

static struct span record_of(struct span frame)
{
	return span_sub(frame, HEADER_LEN, frame.len - HEADER_LEN - SM3_LEN);
}

/* Memory for one more offset, got before anything is written, so that accepting a frame cannot fail. */
static enum err make_room(struct chain *c)
{
	if (c->next - 1 < c->room)
		return ERR_OK;
	size_t room = c->room < ROOM_STEP ? ROOM_STEP : c->room * 2;
	uint64_t *grown = reallocarray(c->offsets, room, sizeof(*grown));
	if (grown == NULL)
		return ERR(NOMEM, "chain file of %llu records", (unsigned long long)c->next);
	c->offsets = grown;
	c->room = room;
	return ERR_OK;
}

static void accept_frame(struct chain *c, struct span frame)
{
	memcpy(c->head, frame.ptr + frame.len - SM3_LEN, CHAIN_HEAD_LEN);
	c->offsets[c->next - 1] = c->end;
	c->end += frame.len;
	c->next++;
}

/* --- opening --- */

static enum err file_size(int fd, uint64_t *ret_size)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return io_err("stat");
	if (!S_ISREG(st.st_mode))
		return ERR(IO, "chain file: not a regular file");
	*ret_size = (uint64_t)st.st_size;
	return ERR_OK;
}

/* Walks the frames from the start; stops at the end of the file or at the first that is not whole and good. */
static enum err walk(struct chain *c, chain_fn *fn, void *ctx, uint64_t size, enum found *ret_found)
{
	AUTO_BUF(frame, FRAME_MAX);
	enum found found = FOUND_FRAME;

	while (c->end < size && found == FOUND_FRAME) {
		TRY(look(c, size - c->end, &frame, &found));
		if (found != FOUND_FRAME)
			break;
		if (fn != NULL)
			TRY(fn(c->next, record_of(buf_span(&frame)), ctx));
		TRY(make_room(c));
		accept_frame(c, buf_span(&frame));
	}
	*ret_found = found;
	return ERR_OK;
}

static enum err open_fd(const char *path, int flags, int *ret_fd)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);

	if (fd < 0)
		return errno == ENOENT ? ERR(ABSENT, "%s: %s", path, strerror(errno))
		                       : ERR(IO, "%s: %s", path, strerror(errno));
	*ret_fd = fd;
	return ERR_OK;
}

static enum err chain_new(struct chain **ret_c)
{
	struct chain *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return ERR(NOMEM, "chain file");
	c->fd = -1;
	c->next = 1;
	*ret_c = c;
	return ERR_OK;
}

/* A new file is there after a power loss only when its folder says so. */
static enum err sync_folder(const char *path)
{
	char folder[PATH_BYTES_MAX];
	const char *slash = strrchr(path, '/');
	int n = snprintf(folder, sizeof(folder), "%.*s", slash != NULL ? (int)(slash - path) : 1,
	                 slash != NULL ? path : ".");

	if (n < 0 || n >= (int)sizeof(folder))
		return ERR(LIMIT, "path of %zu octets", strlen(path));
	int fd = open(n > 0 ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return io_err("folder");
	int rc = fsync(fd);
	close(fd);
	return rc == 0 ? ERR_OK : io_err("sync of the folder");
}

static enum err lock(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return ERR_OK;
	return errno == EWOULDBLOCK ? ERR(BUSY, "chain file: another process holds it") : io_err("lock");
}

enum err chain_open(const char *path, chain_fn *fn, void *ctx, struct chain **ret_c)
{
	AUTO(chain) c = NULL;
	enum found found = FOUND_FRAME;
	uint64_t size;

	TRY(chain_new(&c));
	TRY(open_fd(path, O_RDWR | O_CREAT, &c->fd));
	TRY(lock(c->fd));
	TRY(file_size(c->fd, &size));
	TRY(walk(c, fn, ctx, size, &found));
	if (found == FOUND_DAMAGE)
		return ERR(JOURNAL, "%s: record %llu, octet %llu", path, (unsigned long long)c->next,
		           (unsigned long long)c->end);
	if (found == FOUND_TORN && ftruncate(c->fd, (off_t)c->end) != 0)
		return io_err("cutting the torn tail");
	/* What was replayed may have reached the page cache and no further when its writer died. */
	if (fsync(c->fd) != 0)
		return io_err("sync");
	TRY(sync_folder(path));
	*ret_c = STEAL(c);
	return ERR_OK;
}

enum err chain_verify(const char *path, uint64_t *ret_count, uint64_t *ret_bad_seq)
{
	AUTO(chain) c = NULL;
	enum found found = FOUND_FRAME;
	uint64_t size;

	TRY(chain_new(&c));
	TRY(open_fd(path, O_RDONLY, &c->fd));
	TRY(file_size(c->fd, &size));
	TRY(walk(c, NULL, NULL, size, &found));
	*ret_count = c->next - 1;
	*ret_bad_seq = found == FOUND_DAMAGE ? c->next : 0;
	return ERR_OK;
}

/* --- records --- */

static enum err write_at(int fd, uint64_t at, struct span s)
{
	while (s.len > 0) {
		ssize_t n = pwrite(fd, s.ptr, s.len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return io_err("write");
		at += (uint64_t)n;
		s = span_sub(s, (size_t)n, s.len);
	}
	return fsync(fd) == 0 ? ERR_OK : io_err("sync");
}

enum err chain_append(struct chain *c, struct span record, uint64_t *ret_seq)
{
	AUTO_BUF(frame, FRAME_MAX);

	if (c->failed)
		return ERR(IO, "chain file: an earlier write failed; it has to be opened anew");
	if (record.len > CHAIN_RECORD_MAX)
		return ERR(LIMIT, "record of %zu octets", record.len);
	TRY(make_room(c));
	TRY(put_frame(&frame, c, record));
	enum err e = write_at(c->fd, c->end, buf_span(&frame));
	if (e != ERR_OK) {
		c->failed = true;
		return e;
	}
	*ret_seq = c->next;
	accept_frame(c, buf_span(&frame));
	return ERR_OK;
}

/* The record alone is checked, by its own hash; that the chain holds together was checked at the opening. */
enum err chain_read(const struct chain *c, uint64_t seq, struct buf *out)
{
	AUTO_BUF(frame, FRAME_MAX);
	uint8_t digest[SM3_LEN];

	if (seq == 0 || seq >= c->next)
		return ERR(ABSENT, "no record %llu", (unsigned long long)seq);
	uint64_t at = c->offsets[seq - 1], end = seq == c->next - 1 ? c->end : c->offsets[seq];
	TRY(read_at(c->fd, at, (size_t)(end - at), &frame));
	struct span all = buf_span(&frame);
	TRY(sm3_digest(span_sub(all, 0, all.len - SM3_LEN), digest));
	if (!span_eq(span_sub(all, all.len - SM3_LEN, SM3_LEN), SPAN_ARR(digest)))
		return ERR(JOURNAL, "record %llu changed since the file was opened", (unsigned long long)seq);
	buf_put(out, record_of(all));
	return buf_err(out);
}
