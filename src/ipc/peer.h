/* Unix sockets with a checked peer. Paths are unlinked at start and created with the given mode. */
#pragma once
#include "base/err.h"
#include <sys/types.h>

enum err peer_listen(const char *path, mode_t mode, int backlog, int *ret_fd) MUST_CHECK;
/* The socket belongs to this user, which only root can bring about; (uid_t)-1: to the caller. */
enum err peer_listen_for(const char *path, uid_t owner, mode_t mode, int backlog, int *ret_fd) MUST_CHECK;
/* ERR_UNAVAILABLE when nobody listens */
enum err peer_connect(const char *path, int timeout_ms, int *ret_fd) MUST_CHECK;
/* Refuses a peer whose uid is not in the list: ERR_DENIED. */
enum err peer_check_uid(int fd, const uid_t *uids, size_t n) MUST_CHECK;
enum err peer_uid(int fd, uid_t *ret_uid) MUST_CHECK;
