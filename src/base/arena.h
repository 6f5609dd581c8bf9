/* Memory that dies together: one per request. Never freed piecewise. */
#pragma once
#include "base/err.h"
#include "base/span.h"

struct arena;
struct arena *arena_new(size_t max_bytes); /* NULL when out of memory */
void arena_free(struct arena *a);          /* NULL is fine */
DEFINE_AUTO(arena)
void *arena_alloc(struct arena *a, size_t len);  /* zeroed, aligned for anything; NULL past the maximum */
char *arena_str(struct arena *a, struct span s); /* copy with NUL */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
