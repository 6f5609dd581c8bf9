/* Inside of struct ipc_msg, shared by the files of this folder only. */
#pragma once
#include "ipc/frame.h"

enum { IPC_HEAD_LEN = 24, IPC_RID_HEX = 2 * IPC_RID_LEN, IPC_SECRET_MAX = 65536 };

/* Values lie one after another in data; fields are kept in ascending tag order, equal tags in the order of arrival. */
struct ipc_slot {
	uint16_t tag;
	size_t at, len;
};

struct ipc_msg {
	uint16_t type;
	char rid[IPC_RID_HEX + 1];
	struct ipc_slot slots[IPC_FIELD_MAX];
	size_t n;
	struct buf data;
	enum err failed;       /* of building; ERR_OK, ERR_LIMIT, ERR_NOMEM */
	int memfd;             /* to be sent; -1 when none */
	struct secret *secret; /* received; NULL when none or taken */
};

/* Takes one head of IPC_HEAD_LEN bytes apart. ERR_SYNTAX, ERR_LIMIT. */
enum err ipc_head_check(struct span head, uint32_t *ret_body_len) MUST_CHECK;
/* The answer to a request that failed, without its sending. */
enum err ipc_err_new(const char *rid, enum err e, struct ipc_msg **ret_m) MUST_CHECK;
/* Copies a received memfd into m->secret after checking seals and size. Closes nothing. */
enum err ipc_secret_from_fd(int fd, struct secret **ret_s) MUST_CHECK;
