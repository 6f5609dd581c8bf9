/* One frame leaving by a socket, in as many pieces as the peer takes it. Used by ipc_send() with a wait in between, and
 * by serve_run(), which must not wait for a peer that does not read. Owns the encoded octets and a descriptor of the
 * secret. */
#pragma once
#include "ipc/msg.h"

struct writer {
	struct buf frame;
	size_t at; /* octets that are out */
	int memfd; /* goes with the first octet; -1: none, or gone */
};

void writer_init(struct writer *w); /* nothing to send */
void writer_done(struct writer *w); /* closes, wipes; usable again after writer_init() */
bool writer_has_rest(const struct writer *w);
/* Takes a copy of the message; w must have no rest. ERR_LIMIT, ERR_NOMEM, ERR_IO. */
enum err writer_load(struct writer *w, const struct ipc_msg *m) MUST_CHECK;
/* Sends what goes without waiting. *ret_done: the frame is out. ERR_UNAVAILABLE: connection lost. */
enum err writer_step(struct writer *w, int fd, bool *ret_done) MUST_CHECK;
