/* The loop of a key-holding process: one table of {request, states in which it is permitted, handler}, one connection
 * served at a time per thread of control, anything outside the table refused and the connection closed. */
#pragma once
#include "ipc/frame.h"

struct serve_ctx; /* the process's own state */
struct serve_row {
	const struct ipc_type *request;
	unsigned states; /* bit mask of states in which the request is permitted; else ERR_STATE */
	enum err (*handler)(struct serve_ctx *ctx, struct ipc_msg *in, struct ipc_msg *out);
	/* bit i: the peer with serve.uids[i] may ask this, else ERR_DENIED; 0: every permitted peer */
	unsigned peers;
};
struct serve {
	const struct serve_row *rows;
	size_t n_rows;
	unsigned (*state_bit)(const struct serve_ctx *ctx);
	struct serve_ctx *ctx;
	const uid_t *uids;  /* permitted peers; one that stands there twice has the rights of both places */
	size_t n_uids;      /* at most 32 */
	volatile int *stop; /* set by a signal handler */
	/* May be NULL. Asked before each handler; what it returns but ERR_OK is the answer. peers: as in the rows'
	 * masks. */
	enum err (*admit)(struct serve_ctx *ctx, const struct ipc_type *request, unsigned peers);
	/* May be NULL. After each answer, for the program's log: e as answered (ERR_OK too) with its trail; request is
	 * NULL for what was refused before a handler saw it. The request id is the thread's log_rid. */
	void (*report)(struct serve_ctx *ctx, const struct ipc_type *request, enum err e);
	/* May be NULL. Called between requests, at least four times a second while nothing else runs. */
	void (*tick)(struct serve_ctx *ctx);
};
/* poll()s the listener and up to 32 connections in one thread; a handler runs to its end before the next frame is read;
 * a peer that is slow with a frame or with reading its answer (IPC_TIMEOUT_MS) is dropped, and one that is silent gives
 * way when all places are taken (docs/protocol/ipc.md 1); returns ERR_OK when *stop is set, answers on their way sent.
 */
enum err serve_run(int listen_fd, const struct serve *s) MUST_CHECK;
