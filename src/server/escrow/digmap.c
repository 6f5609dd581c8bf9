#include "server/escrow/digmap.h"
#include <stdlib.h>
#include <string.h>

enum { ROOM_LEAST = 64 };

struct digmap_slot {
	uint64_t seq; /* 0: free */
	uint8_t key[DIGMAP_KEY_LEN];
};

void digmap_done(struct digmap *x)
{
	free(x->slots);
	*x = (struct digmap){0};
}

/* The slot that holds the key, or the free one where it belongs. */
static struct digmap_slot *slot_of(const struct digmap *x, const uint8_t key[DIGMAP_KEY_LEN])
{
	uint64_t hash = 0;

	memcpy(&hash, key, sizeof(hash));
	for (size_t i = hash & (x->room - 1);; i = (i + 1) & (x->room - 1)) {
		struct digmap_slot *s = &x->slots[i];
		if (s->seq == 0 || memcmp(s->key, key, DIGMAP_KEY_LEN) == 0)
			return s;
	}
}

bool digmap_find(const struct digmap *x, const uint8_t key[DIGMAP_KEY_LEN], uint64_t *ret_seq)
{
	if (x->room == 0)
		return false;
	const struct digmap_slot *s = slot_of(x, key);
	if (s->seq == 0)
		return false;
	*ret_seq = s->seq;
	return true;
}

enum err digmap_reserve(struct digmap *x)
{
	struct digmap grown = {.room = x->room ? x->room * 2 : ROOM_LEAST, .count = x->count};

	if ((x->count + 1) * 4 <= x->room * 3)
		return ERR_OK;
	grown.slots = calloc(grown.room, sizeof(*grown.slots));
	if (grown.slots == NULL)
		return ERR(NOMEM, "index of %zu entries", grown.room);
	for (size_t i = 0; i < x->room; i++)
		if (x->slots[i].seq != 0)
			*slot_of(&grown, x->slots[i].key) = x->slots[i];
	free(x->slots);
	*x = grown;
	return ERR_OK;
}

void digmap_add(struct digmap *x, const uint8_t key[DIGMAP_KEY_LEN], uint64_t seq)
{
	INVARIANT(seq > 0 && x->count < x->room);
	struct digmap_slot *s = slot_of(x, key);
	INVARIANT(s->seq == 0);
	s->seq = seq;
	memcpy(s->key, key, DIGMAP_KEY_LEN);
	x->count++;
}
