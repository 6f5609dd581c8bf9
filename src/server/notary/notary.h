/* The notary (docs/protocol/notary.md): answers what the status of a certificate is, stamps times, signs heads of the
 * log that extend its last one, and seals digests that are in the log. Status comes from the signer's signed feed,
 * never from SQL or from who asks. One thread, no SQL, no network. src/cmd/notary.c adds configuration, sockets and
 * sandbox. */
#pragma once
#include "base/clock.h"
#include "ipc/serve.h"
#include "server/notary/follow.h"
#include "server/notary/presign.h"
#include "server/notary/proto.h"
#include "server/notary/state.h"

struct notary_plan {
	const char *dir; /* 0700, of the notary's user: notary.chain, keys.bin, machine.key */
	const char *signer_socket;
	const struct clock *clock; /* outlives the notary */
};
struct serve_ctx {
	struct notary_plan plan;
	struct state *state;
	struct follow *follow; /* NULL before INSTALL */
	struct presign *presign;
	int64_t presigned_ms; /* of the last turn */
};
enum { NOTARY_LAG_SEC = 60 }; /* a head must cover the signer's journal but for its last minute */

enum err notary_open(const struct notary_plan *plan, struct serve_ctx **ret_s) MUST_CHECK; /* ERR_JOURNAL, ERR_BUSY */
void notary_free(struct serve_ctx *s);
/* Fills in rows, state, context and the tick that follows the journal; the caller adds uids (in the order of enum
 * notary_peer), the stop flag and, if he likes, a report. */
void notary_serve(struct serve_ctx *s, struct serve *ret_serve);
