/* Between keys.c (the list and its threads) and keys_act.c (requests for one key). */
#pragma once
#include "client/agent/keys.h"
#include <pthread.h>

struct lane { /* one library */
	struct keys *keys;
	struct link *link;
	size_t index;
	pthread_t thread;
	bool running;
	/* guarded by keys->lock */
	struct key list[KEYS_MAX];
	size_t n;
	bool answers;
	int64_t read_ms;
};
struct keys {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop;
	int64_t generation;
	struct lane lanes[LINKS_MAX];
	size_t n_lanes;
};
enum err key_read(struct lane *lane, const char *slot, bool try_only, struct key *ret_key) MUST_CHECK;
enum err lane_update(struct lane *lane, bool reread, bool try_only) MUST_CHECK;
