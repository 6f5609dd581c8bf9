/* How many requests that write one kind of peer may make: a bucket that fills steadily and is emptied by one for each
 * request, so that a captured portal cannot fill journal and disk with what it holds signatures for, nor keep the
 * signer verifying. Refused requests count too, for a bucket of junk is no better. Pure: time comes from the caller. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { QUOTA_BURST_MINUTES = 10 }; /* so many minutes' worth may come at once */

struct quota {
	int64_t per_minute; /* 0: no limit */
	int64_t left;       /* in 1/60000 of a request: one millisecond fills per_minute of them */
	int64_t at_ms;      /* when it was looked at last */
	uint64_t refused;   /* since the start */
};
/* Full. per_minute is at most 1000000. */
void quota_init(struct quota *q, int64_t per_minute, int64_t now_ms);
/* Takes one; false, and counted in `refused`, when there is none. */
bool quota_take(struct quota *q, int64_t now_ms);
