/* Between the files of the notary process: its handlers. */
#pragma once
#include "server/notary/notary.h"

typedef enum err notary_handler(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out);
notary_handler on_ocsp, on_status, on_stamp; /* answer.c */
notary_handler on_head, on_seal;             /* heads.c */
/* Signs what is not yet, or no longer, kept of the newest certificates' answers; a few at a time. answer.c */
void presign_turn(struct serve_ctx *s);
/* A stamp of now over this digest, as a token with certificate. */
enum err stamp_digest(struct serve_ctx *s, const uint8_t sm3[32], struct buf *ret_token) MUST_CHECK;
static inline int64_t notary_now(const struct serve_ctx *s)
{
	return clock_now(s->plan.clock);
}
