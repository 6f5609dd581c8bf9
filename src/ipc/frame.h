/* Typed frames between our own processes, over SOCK_STREAM unix sockets (docs/protocol/ipc.md).
 *
 * Frame: magic "YX" | u16 type | u32 body length | 16 bytes request id | body; big-endian; body <= IPC_BODY_MAX.
 * Body: fields {u16 tag, u32 length, bytes} in ascending tag order; only repeatable tags may occur twice.
 * A schema lists, for each frame type, the tags it may hold with their limits; what is not in the schema is refused
 * before any handler sees it. A secret travels as one sealed memfd beside the frame (SCM_RIGHTS), never as a field. */
#pragma once
#include "base/buf.h"
#include "base/secret.h"
#include <sys/types.h>

enum { IPC_BODY_MAX = 1 << 20, IPC_FIELD_MAX = 256, IPC_RID_LEN = 16, IPC_TIMEOUT_MS = 15000 };

/* --- schema --- */
struct ipc_field {
	uint16_t tag;
	uint32_t min_len, max_len;
	bool required, repeats;
};
struct ipc_type {
	uint16_t type;
	const char *name;
	const struct ipc_field *fields; /* ascending tags; ends with tag 0 */
	/* a memfd may come beside the frame: ipc_take_secret() tells; else it is refused */
	bool takes_secret;
};

/* --- a message: builder and parsed form --- */
struct ipc_msg;
enum err ipc_msg_new(uint16_t type, struct ipc_msg **ret_m) MUST_CHECK;
void ipc_msg_free(struct ipc_msg *m);
DEFINE_AUTO(ipc_msg)
/* Fields may be put in any order; sorted when sent. Sticky failure, seen at ipc_send/ipc_call. */
void ipc_put(struct ipc_msg *m, uint16_t tag, struct span v);
void ipc_put_str(struct ipc_msg *m, uint16_t tag, const char *s);
void ipc_put_u64(struct ipc_msg *m, uint16_t tag, uint64_t v);
enum err ipc_attach_secret(struct ipc_msg *m, const struct secret *s) MUST_CHECK; /* copies into a sealed memfd */

uint16_t ipc_type_of(const struct ipc_msg *m);
bool ipc_has(const struct ipc_msg *m, uint16_t tag);
struct span ipc_get(const struct ipc_msg *m, uint16_t tag);             /* first; empty when absent */
struct span ipc_get_n(const struct ipc_msg *m, uint16_t tag, size_t n); /* n-th of a repeatable tag */
size_t ipc_count(const struct ipc_msg *m, uint16_t tag);
enum err ipc_get_u64(const struct ipc_msg *m, uint16_t tag, uint64_t *ret_v) MUST_CHECK;
enum err ipc_take_secret(struct ipc_msg *m, struct secret **ret_s) MUST_CHECK; /* ERR_ABSENT when none */
void ipc_rid_set(struct ipc_msg *m, const char *hex); /* request id; by default the thread's log_rid */
const char *ipc_rid(const struct ipc_msg *m);         /* 32 hex digits or "" */

/* --- wire --- */
/* Reads one frame and checks it against the schema table (n types). ERR_SYNTAX, ERR_LIMIT, ERR_TIMEOUT,
 * ERR_CARD_GONE never; ERR_ABSENT when the peer closed before a frame began. */
enum err ipc_recv(int fd, const struct ipc_type *types, size_t n, int timeout_ms, struct ipc_msg **ret_m) MUST_CHECK;
enum err ipc_send(int fd, const struct ipc_msg *m) MUST_CHECK;
/* Parse and encode without a socket (tests, fuzzing). */
enum err ipc_parse(struct span frame, const struct ipc_type *types, size_t n, struct ipc_msg **ret_m) MUST_CHECK;
enum err ipc_encode(const struct ipc_msg *m, struct buf *out) MUST_CHECK;

/* Every answer is type IPC_ANSWER_OK with the fields of the request's answer schema, or IPC_ANSWER_ERR with the error's
 * code ("C-011") in tag 1 and detail in tag 2. */
enum { IPC_ANSWER_OK = 0x8000, IPC_ANSWER_ERR = 0x8001, IPC_TAG_ERR_CODE = 1, IPC_TAG_ERR_DETAIL = 2 };
/* Sends m, waits for the answer. An error answer becomes that enum err with its detail on the trail. The answer's
 * type is IPC_ANSWER_OK whatever answer->type says; answer NULL is one without fields. After ERR_SYNTAX, ERR_LIMIT,
 * ERR_TIMEOUT or ERR_UNAVAILABLE of the transport itself the connection is out of step: close it. */
enum err ipc_call(int fd, const struct ipc_msg *m, const struct ipc_type *answer, int timeout_ms,
                  struct ipc_msg **ret_answer) MUST_CHECK;
