/* A set of names with a number each, in memory only: the journal's index of serials, keys, approvals, cards and nonces.
 * A name is any octets; it is stored as its SM3, so that nobody can choose colliding ones. Grows; never shrinks. */
#pragma once
#include "base/err.h"
#include "base/span.h"

struct index;
enum err index_new(struct index **ret_x) MUST_CHECK;
void index_free(struct index *x);
DEFINE_AUTO(index)
/* ERR_EXISTS when the name is there already. */
enum err index_put(struct index *x, struct span name, size_t value) MUST_CHECK;
/* ERR_ABSENT without a line on the trail; ERR_INTERNAL when SM3 fails. */
enum err index_get(const struct index *x, struct span name, size_t *ret_value) MUST_CHECK;
size_t index_count(const struct index *x);
