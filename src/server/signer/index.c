#include "server/signer/index.h"
#include "gm/sm3.h"
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 256 };

struct slot {
	uint8_t name[SM3_LEN];
	size_t value;
	bool used;
};
struct index {
	struct slot *slots;
	size_t n_slots; /* a power of two */
	size_t count;
};

enum err index_new(struct index **ret_x)
{
	struct index *x = calloc(1, sizeof(*x));
	if (x == NULL || (x->slots = calloc(FIRST_SLOTS, sizeof(*x->slots))) == NULL) {
		free(x);
		return ERR(NOMEM, "index");
	}
	x->n_slots = FIRST_SLOTS;
	*ret_x = x;
	return ERR_OK;
}

void index_free(struct index *x)
{
	if (x == NULL)
		return;
	free(x->slots);
	free(x);
}

/* The slot of this name, or the free one where it belongs; there is always a free one. */
static struct slot *slot_of(struct slot *slots, size_t n_slots, const uint8_t name[SM3_LEN])
{
	uint64_t at;
	memcpy(&at, name, sizeof(at));
	for (;; at++) {
		struct slot *s = &slots[at & (n_slots - 1)];
		if (!s->used || span_eq(span_of(s->name, SM3_LEN), span_of(name, SM3_LEN)))
			return s;
	}
}

static enum err grow(struct index *x)
{
	size_t n = x->n_slots * 2;
	struct slot *fresh = calloc(n, sizeof(*fresh));
	if (fresh == NULL)
		return ERR(NOMEM, "index of %zu", n);
	for (size_t i = 0; i < x->n_slots; i++)
		if (x->slots[i].used)
			*slot_of(fresh, n, x->slots[i].name) = x->slots[i];
	free(x->slots);
	x->slots = fresh;
	x->n_slots = n;
	return ERR_OK;
}

enum err index_put(struct index *x, struct span name, size_t value)
{
	struct slot s = {.value = value, .used = true};
	TRY(sm3_digest(name, s.name));
	if (x->count >= x->n_slots / 2)
		TRY(grow(x));
	struct slot *at = slot_of(x->slots, x->n_slots, s.name);
	if (at->used)
		return ERR(EXISTS, "name is in the index");
	*at = s;
	x->count++;
	return ERR_OK;
}

enum err index_get(const struct index *x, struct span name, size_t *ret_value)
{
	uint8_t digest[SM3_LEN];
	TRY(sm3_digest(name, digest));
	const struct slot *at = slot_of(x->slots, x->n_slots, digest);
	if (!at->used)
		return ERR_ABSENT;
	*ret_value = at->value;
	return ERR_OK;
}

size_t index_count(const struct index *x)
{
	return x->count;
}
