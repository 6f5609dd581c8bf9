#include "ipc/peer.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { RETRY_MS = 10 };

static enum err address(const char *path, struct sockaddr_un *ret_a)
{
	size_t len = strlen(path);
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (len == 0 || len >= sizeof(a.sun_path))
		return ERR(LIMIT, "socket path of %zu bytes", len);
	memcpy(a.sun_path, path, len);
	*ret_a = a;
	return ERR_OK;
}

/* Only a socket is ever removed: a wrong path in the configuration must not cost a file. */
static enum err clear_path(const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? ERR_OK : ERR(IO, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return ERR(EXISTS, "%s: exists and is not a socket", path);
	return unlink(path) == 0 ? ERR_OK : ERR(IO, "%s: %s", path, strerror(errno));
}

/* Before listen() every connect is refused, so owner and mode are in force before the first peer. */
static enum err bind_listen(int fd, const char *path, const struct sockaddr_un *a, uid_t owner, mode_t mode,
                            int backlog)
{
	/* Not lchown() to nobody: in most sandboxes the call itself is forbidden. */
	if (bind(fd, (const struct sockaddr *)a, sizeof(*a)) != 0 || chmod(path, mode) != 0 ||
	    (owner != (uid_t)-1 && lchown(path, owner, (gid_t)-1) != 0) || listen(fd, backlog) != 0)
		return ERR(IO, "%s: %s", path, strerror(errno));
	return ERR_OK;
}

enum err peer_listen(const char *path, mode_t mode, int backlog, int *ret_fd)
{
	return peer_listen_for(path, (uid_t)-1, mode, backlog, ret_fd);
}

enum err peer_listen_for(const char *path, uid_t owner, mode_t mode, int backlog, int *ret_fd)
{
	struct sockaddr_un a;

	TRY(address(path, &a));
	TRY(clear_path(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ERR(IO, "socket: %s", strerror(errno));
	enum err e = bind_listen(fd, path, &a, owner, mode, backlog);
	if (e != ERR_OK) {
		close(fd);
		return e;
	}
	*ret_fd = fd;
	return ERR_OK;
}

/* A unix socket whose backlog is full answers EAGAIN; there is nothing to poll for, so it is asked again. */
static enum err connect_until(int fd, const char *path, const struct sockaddr_un *a, int64_t deadline_ms)
{
	for (bool first = true;; first = false) {
		if (connect(fd, (const struct sockaddr *)a, sizeof(*a)) == 0)
			return ERR_OK;
		/* A peer that is just starting has bound its socket and not yet given it its mode: asked once more. */
		bool denied = errno == EACCES || errno == EPERM;
		if (denied && (!first || clock_mono_ms() >= deadline_ms))
			return ERR(DENIED, "%s: %s", path, strerror(errno));
		if (!denied && errno != EAGAIN && errno != EINTR)
			return ERR(UNAVAILABLE, "%s: %s", path, strerror(errno));
		if (clock_mono_ms() >= deadline_ms)
			return ERR(TIMEOUT, "%s: nobody accepts", path);
		(void)poll(NULL, 0, RETRY_MS);
	}
}

enum err peer_connect(const char *path, int timeout_ms, int *ret_fd)
{
	struct sockaddr_un a;
	int64_t deadline = clock_mono_ms() + timeout_ms;

	TRY(address(path, &a));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ERR(IO, "socket: %s", strerror(errno));
	enum err e = connect_until(fd, path, &a, deadline);
	if (e == ERR_OK && fcntl(fd, F_SETFL, 0) != 0)
		e = ERR(IO, "socket: %s", strerror(errno));
	if (e != ERR_OK) {
		close(fd);
		return e;
	}
	*ret_fd = fd;
	return ERR_OK;
}

enum err peer_uid(int fd, uid_t *ret_uid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 || len != sizeof(cred))
		return ERR(IO, "peer credentials: %s", strerror(errno));
	*ret_uid = cred.uid;
	return ERR_OK;
}

enum err peer_check_uid(int fd, const uid_t *uids, size_t n)
{
	uid_t uid;

	TRY(peer_uid(fd, &uid));
	for (size_t i = 0; i < n; i++)
		if (uids[i] == uid)
			return ERR_OK;
	return ERR(DENIED, "peer uid %u is not permitted", (unsigned)uid);
}
