#include "server/signer/quota.h"

enum { ONE = 60000 };

void quota_init(struct quota *q, int64_t per_minute, int64_t now_ms)
{
	*q = (struct quota){.per_minute = per_minute, .left = per_minute * QUOTA_BURST_MINUTES * ONE, .at_ms = now_ms};
}

static void fill(struct quota *q, int64_t now_ms)
{
	int64_t full = q->per_minute * QUOTA_BURST_MINUTES * ONE, gone_ms = now_ms - q->at_ms;
	q->at_ms = now_ms;
	/* Longer than it takes to fill: the product need not be made, so it cannot overflow. */
	if (gone_ms >= (int64_t)QUOTA_BURST_MINUTES * ONE)
		q->left = full;
	else if (gone_ms > 0)
		q->left += gone_ms * q->per_minute;
	if (q->left > full)
		q->left = full;
}

bool quota_take(struct quota *q, int64_t now_ms)
{
	if (q->per_minute == 0)
		return true;
	fill(q, now_ms);
	if (q->left < ONE) {
		q->refused++;
		return false;
	}
	q->left -= ONE;
	return true;
}
