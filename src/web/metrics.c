#include "web/req.h"
#include <stdatomic.h>

static _Atomic uint64_t requests, by_class[6], msec_sum, bad_frames;

void metrics_count(int status, int64_t msec)
{
	atomic_fetch_add(&requests, 1);
	atomic_fetch_add(&by_class[status >= 100 && status <= 599 ? status / 100 : 0], 1);
	atomic_fetch_add(&msec_sum, (uint64_t)(msec > 0 ? msec : 0));
}

void metrics_bad_frame(void)
{
	atomic_fetch_add(&bad_frames, 1);
}

void web_metrics(struct web_metrics *ret)
{
	struct web_metrics m = {.requests = requests, .msec_sum = msec_sum, .bad_frames = bad_frames};

	for (size_t i = 0; i < COUNT_OF(by_class); i++)
		m.status_class[i] = by_class[i];
	*ret = m;
}
