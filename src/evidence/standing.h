/* How a person's act proves that its certificate was good when it arrived (docs/design/05-status-of-an-act.md): by one
 * status answer, or by two, one after the other in the same value.
 *
 * One: produced after the arrival; good, or revoked or suspended only after the arrival.
 * Two: the first produced at the arrival and good; the second produced later, good or no longer so, but by a change
 * that the first did not know yet. The first says how it was, the second that the act was fixed in time. The last one
 * is at most five minutes older than the stamp over the act's head. */
#pragma once
#include "pki/ocsp.h"

enum { STANDING_FRESH_SEC = 300, STANDING_MAX = 8192 };
struct standing_ask {
	struct span answers; /* DER, one or two */
	const struct cert *ca, *about;
	int64_t arrived, stamped; /* stamped 0: under no head yet */
	struct known_leaf *known; /* of the responder; may be NULL */
};
struct standing {
	struct ocsp_status status; /* as the last answer has it */
	int64_t time;              /* when that was produced */
};
/* ERR_STALE (times), ERR_SERIAL_UNKNOWN, ERR_CERT_SUSPENDED and ERR_CERT_REVOKED when the act arrived, ERR_DER for
 * anything that is not one answer or two; ocsp.h's. */
enum err standing_check(const struct standing_ask *ask, struct standing *ret_s) MUST_CHECK;
/* At the door: one answer, from the arrival and good, so that a later one may go beside it. A change since the arrival
 * would be forgiven by that answer alone and by no second one. Errors as above. */
enum err standing_lets_in(const struct standing_ask *ask) MUST_CHECK;

/* --- for the sequencer; who made the answers is not asked --- */
/* When the last one was produced. */
enum err standing_produced(struct span answers, int64_t *ret_time) MUST_CHECK;
/* The answer that stays with the act when it is ordered anew: the first, when it is one from the arrival that says
 * good; or empty. */
enum err standing_kept(struct span answers, int64_t arrived, struct span *ret_first) MUST_CHECK;
