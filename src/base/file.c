#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 16384, PATH_BYTES_MAX = 4096 };

static enum err from_errno(const char *path)
{
	if (errno == ENOENT || errno == ENOTDIR)
		return ERR(ABSENT, "%s: %s", path, strerror(errno));
	return ERR(IO, "%s: %s", path, strerror(errno));
}

static enum err open_read(const char *path, int *ret_fd)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return from_errno(path);
	*ret_fd = fd;
	return ERR_OK;
}

/* Reads until room is full or the file ends. */
static enum err read_full(int fd, const char *path, uint8_t *room, size_t len, size_t *ret_got)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = read(fd, room + got, len - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return from_errno(path);
		if (n == 0)
			break;
		got += (size_t)n;
	}
	*ret_got = got;
	return ERR_OK;
}

static enum err read_all(int fd, const char *path, struct buf *out)
{
	uint8_t chunk[CHUNK];
	size_t got = 0;
	enum err e;

	do {
		e = read_full(fd, path, chunk, sizeof(chunk), &got);
		if (e == ERR_OK) {
			buf_put(out, span_of(chunk, got));
			e = buf_err(out);
		}
	} while (e == ERR_OK && got == sizeof(chunk));
	wipe(chunk, sizeof(chunk));
	return e;
}

enum err file_read(const char *path, struct buf *out)
{
	size_t before = out->len;
	int fd = -1;

	TRY(open_read(path, &fd));
	enum err e = read_all(fd, path, out);
	close(fd);
	if (e != ERR_OK) {
		buf_cut(out, before);
		return err_note(e, "reading %s", path);
	}
	return ERR_OK;
}

static enum err read_secret(int fd, const char *path, size_t max, struct secret **ret_s)
{
	AUTO(secret) s = NULL;
	size_t got;
	uint8_t more;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return from_errno(path);
	if (S_ISREG(st.st_mode) && (st.st_size < 1 || (size_t)st.st_size > max))
		return ERR(LIMIT, "%s: not 1 to %zu bytes long", path, max);
	TRY(secret_new(max, &s));
	TRY(read_full(fd, path, secret_ptr(s), max, &got));
	if (got == max) {
		size_t extra;
		TRY(read_full(fd, path, &more, 1, &extra));
		wipe(&more, sizeof(more));
		if (extra > 0)
			return ERR(LIMIT, "%s: longer than %zu bytes", path, max);
	}
	if (got == 0)
		return ERR(LIMIT, "%s: empty", path);
	secret_cut(s, got);
	*ret_s = STEAL(s);
	return ERR_OK;
}

enum err file_read_secret(const char *path, size_t max, struct secret **ret_s)
{
	int fd = -1;

	TRY(open_read(path, &fd));
	enum err e = read_secret(fd, path, max, ret_s);
	close(fd);
	return e;
}

static enum err write_all(int fd, const char *path, struct span s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.ptr, s.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return from_errno(path);
		s = span_sub(s, (size_t)n, s.len);
	}
	return ERR_OK;
}

/* The rename is on disk only once the folder that holds the name is. */
static enum err sync_folder(const char *path)
{
	char folder[PATH_BYTES_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash != NULL ? (size_t)(slash - path) : 0;

	if (len >= sizeof(folder))
		return ERR(LIMIT, "path of %zu bytes", len);
	memcpy(folder, path, len);
	folder[len] = '\0';
	int fd = open(slash != NULL ? len > 0 ? folder : "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return from_errno(path);
	int rc = fsync(fd);
	close(fd);
	return rc == 0 ? ERR_OK : from_errno(path);
}

static enum err fill(int fd, const char *temp, struct span content, mode_t mode)
{
	if (fchmod(fd, mode) != 0)
		return from_errno(temp);
	TRY(write_all(fd, temp, content));
	return fsync(fd) == 0 ? ERR_OK : from_errno(temp);
}

enum err file_replace(const char *path, struct span content, mode_t mode)
{
	char temp[PATH_BYTES_MAX];

	if (snprintf(temp, sizeof(temp), "%s.new-XXXXXX", path) >= (int)sizeof(temp))
		return ERR(LIMIT, "path of %zu bytes", strlen(path));
	int fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return from_errno(path);
	enum err e = fill(fd, temp, content, mode);
	if (close(fd) != 0 && e == ERR_OK)
		e = from_errno(temp);
	if (e == ERR_OK && rename(temp, path) != 0)
		e = from_errno(path);
	if (e != ERR_OK) {
		(void)unlink(temp);
		return e;
	}
	return sync_folder(path);
}

static enum err mkdir_one(const char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0) /* the caller's mode, whatever the umask */
		return chmod(path, mode) == 0 ? ERR_OK : from_errno(path);
	if (errno != EEXIST)
		return from_errno(path);
	if (stat(path, &st) != 0)
		return from_errno(path);
	return S_ISDIR(st.st_mode) ? ERR_OK : ERR(IO, "%s: exists and is not a folder", path);
}

enum err file_mkdir(const char *path, mode_t mode)
{
	char part[PATH_BYTES_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part))
		return ERR(LIMIT, "path of %zu bytes", len);
	memcpy(part, path, len + 1);
	while (len > 1 && part[len - 1] == '/')
		part[--len] = '\0';
	for (char *p = part + 1; *p; p++) {
		if (*p != '/' || p[-1] == '/')
			continue;
		*p = '\0';
		TRY(mkdir_one(part, 0755));
		*p = '/';
	}
	return mkdir_one(part, mode);
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}
