/* A map from 32-octet digests to record numbers: open addressing, grows by doubling, never shrinks.
 * The digests are SM3 values, so their first octets serve as hash. */
#pragma once
#include "base/err.h"
#include "base/span.h"

enum { DIGMAP_KEY_LEN = 32 };
struct digmap {
	struct digmap_slot *slots;
	size_t room, count; /* room 0 or a power of two */
};
void digmap_done(struct digmap *x);
bool digmap_find(const struct digmap *x, const uint8_t key[DIGMAP_KEY_LEN], uint64_t *ret_seq);
enum err digmap_reserve(struct digmap *x) MUST_CHECK; /* makes sure that one digmap_add cannot fail */
/* new key, seq > 0, after digmap_reserve */
void digmap_add(struct digmap *x, const uint8_t key[DIGMAP_KEY_LEN], uint64_t seq);
