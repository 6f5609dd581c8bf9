/* One frame arriving on a socket, in as many pieces as the peer likes. Used by ipc_recv() with a wait in between, and
 * by serve_run(), which must not wait for one slow peer. Owns the buffer and any file descriptors that came along. */
#pragma once
#include "ipc/msg.h"

enum { READER_FDS = 2 };

struct reader {
	struct buf frame;
	size_t want;         /* bytes of the frame, as far as known: head first, then head and body */
	int fds[READER_FDS]; /* received beside the frame */
	size_t n_fds;
	bool stray;  /* more, or others, than one frame may bring */
	bool no_fds; /* no type takes a secret: descriptors do not come into our table, whatever is sent */
};

void reader_init(struct reader *r, const struct ipc_type *types, size_t n);
void reader_done(struct reader *r); /* closes, wipes; usable again after reader_init() */
bool reader_has_begun(const struct reader *r);
/* Reads what is there without waiting. *ret_done: the frame is whole. ERR_ABSENT: the peer closed before it began;
 * ERR_SYNTAX: closed within it; ERR_LIMIT; ERR_UNAVAILABLE: connection lost. */
enum err reader_step(struct reader *r, int fd, bool *ret_done) MUST_CHECK;
/* The whole frame as a message, its secret copied and the descriptors closed. */
enum err reader_finish(struct reader *r, const struct ipc_type *types, size_t n, struct ipc_msg **ret_m) MUST_CHECK;
/* The request id of a frame whose head has arrived, for an answer to a refused one; "" otherwise. */
void reader_rid(const struct reader *r, char ret_hex[IPC_RID_HEX + 1]);
