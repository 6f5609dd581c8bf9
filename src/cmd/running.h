/* Whether the bureau of a folder runs, and who holds a port. DATA/.lock is locked as long as the supervisor lives and
 * then holds its process id and ports in one line. */
#pragma once
#include "cmd/bureau.h"

struct running {
	pid_t pid; /* 0: does not run */
	unsigned port, agent_port;
};
/* Takes the lock and writes the line. ERR_STATE, with process and address on the trail, when the bureau runs already.
 */
enum err running_take(const struct bureau *b, int *ret_fd) MUST_CHECK;
/* ERR_STATE when the file belongs to somebody else. */
enum err running_find(const struct bureau *b, struct running *ret_r) MUST_CHECK;
/* ERR_STATE, naming process and remedy, when something on loopback listens there. variable: what moves the port. */
enum err running_port_free(unsigned port, const char *variable) MUST_CHECK;
bool running_port_answers(unsigned port);
bool running_socket_answers(const char *path);

/* yinxin status: what runs, where. yinxin stop: ends it, waits until it is gone. Both return the exit status. */
int running_status(void);
int running_stop(void);
