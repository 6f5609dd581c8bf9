/* Following the signer's journal: fetches the signed feed, checks it, applies it to the table of statuses.
 *
 * Believed is only what the CA's key signed, for this bureau, from the very number asked for, not older than what is
 * known already, at a time not ahead of this clock. A feed that ends before the known end, or at it with another chain
 * head, is another journal: ERR_JOURNAL, and nothing is answered until the process is started anew. */
#pragma once
#include "base/clock.h"
#include "server/notary/status.h"

enum {
	FOLLOW_MAX_AGE_SEC = 60,
	FOLLOW_EVERY_MS = 1000,
	FOLLOW_RETRY_MS = 2000,
	FOLLOW_AHEAD_SEC = 5,
	FOLLOW_BRISK_MS = 600,
	FOLLOW_PATIENT_MS = 3000
};
struct follow_plan {
	const char *signer_socket;
	const char *bureau; /* 64 hex */
	const struct cert *ca;
	const struct clock *clock;
	uint64_t least_seq; /* the journal is known to have reached this; 0: nothing is known */
};
struct follow;
/* the plan's pointers outlive it */
enum err follow_new(const struct follow_plan *plan, struct follow **ret_f) MUST_CHECK;
void follow_free(struct follow *f);
DEFINE_AUTO(follow)
/* Fetches up to the end of the journal, waiting within_ms for each part: FOLLOW_BRISK_MS where the last word would do
 * for a minute, FOLLOW_PATIENT_MS where nothing else will. ERR_UNAVAILABLE, ERR_TIMEOUT, ERR_SIG, ERR_JOURNAL, ... */
enum err follow_now(struct follow *f, int within_ms) MUST_CHECK;
/* FOLLOW_EVERY_MS since the last try (FOLLOW_RETRY_MS when that failed), or the word of a try that went well has become
 * too old. */
bool follow_is_due(const struct follow *f);
/* ERR_UNAVAILABLE unless the newest verified feed is at most FOLLOW_MAX_AGE_SEC old. */
enum err follow_check_fresh(const struct follow *f) MUST_CHECK;
const struct status *follow_status(const struct follow *f);
int64_t follow_time(const struct follow *f); /* of the newest verified feed that was complete, 0: none */
/* The same check without a socket, for tests: applies one answer. *ret_done: it reached the journal's end. */
struct ipc_msg;
enum err follow_take(struct follow *f, const struct ipc_msg *answer, bool *ret_done) MUST_CHECK;
