#include "base/arena.h"
#include "base/secret.h"
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 8192 };

struct chunk {
	struct chunk *next;
	size_t cap, used;
	alignas(max_align_t) uint8_t data[];
};

struct arena {
	struct chunk *chunks; /* the newest first; only it is filled further */
	size_t max, used;
};

struct arena *arena_new(size_t max_bytes)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (a != NULL)
		a->max = max_bytes;
	return a;
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	while (a->chunks != NULL) {
		struct chunk *c = a->chunks;
		a->chunks = c->next;
		/* A request's memory holds personal data. */
		wipe(c->data, c->used);
		free(c);
	}
	free(a);
}

static struct chunk *chunk_for(struct arena *a, size_t len)
{
	struct chunk *c = a->chunks;

	if (c != NULL && c->cap - c->used >= len)
		return c;
	size_t cap = len > CHUNK_BYTES ? len : CHUNK_BYTES;
	c = calloc(1, sizeof(*c) + cap);
	if (c == NULL)
		return NULL;
	c->cap = cap;
	c->next = a->chunks;
	a->chunks = c;
	return c;
}

void *arena_alloc(struct arena *a, size_t len)
{
	size_t unit = alignof(max_align_t);

	if (len > a->max - a->used)
		return NULL;
	size_t padded = len == 0 ? unit : (len + unit - 1) / unit * unit;
	struct chunk *c = padded >= len ? chunk_for(a, padded) : NULL;
	if (c == NULL)
		return NULL;
	void *ptr = c->data + c->used;
	c->used += padded;
	a->used = padded > a->max - a->used ? a->max : a->used + padded;
	return ptr;
}

char *arena_str(struct arena *a, struct span s)
{
	char *out = s.len < SIZE_MAX ? arena_alloc(a, s.len + 1) : NULL;

	if (out != NULL && s.len > 0)
		memcpy(out, s.ptr, s.len);
	return out;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *out = len >= 0 ? arena_alloc(a, (size_t)len + 1) : NULL;
	if (out != NULL)
		vsnprintf(out, (size_t)len + 1, fmt, again);
	va_end(again);
	return out;
}
