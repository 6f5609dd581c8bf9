#include "base/buf.h"
#include "base/secret.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 64 };

/* cap never counts the byte that is kept for buf_cstr()'s NUL. */

struct buf buf_make(size_t max_bytes)
{
	return (struct buf){.max = max_bytes};
}

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = buf_make(max_bytes);
}

static void release(struct buf *b)
{
	if (b->ptr != NULL) {
		wipe(b->ptr, b->cap + 1);
		free(b->ptr);
	}
	b->ptr = NULL;
	b->cap = 0;
}

void buf_done(struct buf *b)
{
	release(b);
	*b = buf_make(0);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = ERR_OK;
}

enum err buf_err(const struct buf *b)
{
	if (b->failed == ERR_LIMIT)
		return ERR(LIMIT, "buffer is limited to %zu bytes", b->max);
	if (b->failed != ERR_OK)
		return ERR(NOMEM, "buffer of %zu bytes cannot grow", b->len);
	return ERR_OK;
}

struct span buf_span(const struct buf *b)
{
	return span_of(b->ptr, b->len);
}

/* Not realloc(): the old copy would stay behind in the heap unwiped. */
static bool grow(struct buf *b, size_t need)
{
	size_t cap = b->cap > 0 ? b->cap : FIRST_CAP;

	while (cap < need)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	if (cap > b->max)
		cap = b->max;
	uint8_t *ptr = malloc(cap + 1);
	if (ptr == NULL) {
		b->failed = ERR_NOMEM;
		return false;
	}
	if (b->len > 0)
		memcpy(ptr, b->ptr, b->len);
	release(b);
	b->ptr = ptr;
	b->cap = cap;
	return true;
}

uint8_t *buf_room(struct buf *b, size_t len)
{
	if (b->failed != ERR_OK)
		return NULL;
	if (b->max == SIZE_MAX || len > b->max - b->len) {
		b->failed = ERR_LIMIT;
		return NULL;
	}
	if ((b->ptr == NULL || len > b->cap - b->len) && !grow(b, b->len + len))
		return NULL;
	b->len += len;
	return b->ptr + b->len - len;
}

const char *buf_cstr(struct buf *b)
{
	if (b->failed != ERR_OK || b->ptr == NULL)
		return "";
	b->ptr[b->len] = '\0';
	return (const char *)b->ptr;
}

char *buf_steal_str(struct buf *b)
{
	if (buf_room(b, 0) == NULL)
		return NULL;
	b->ptr[b->len] = '\0';
	char *out = (char *)b->ptr;
	*b = buf_make(b->max);
	return out;
}

void buf_put(struct buf *b, struct span s)
{
	uint8_t *room = s.len > 0 ? buf_room(b, s.len) : NULL;

	if (room != NULL)
		memcpy(room, s.ptr, s.len);
}

void buf_str(struct buf *b, const char *s)
{
	buf_put(b, span_str(s));
}

static void put_be(struct buf *b, uint64_t v, size_t len)
{
	uint8_t *room = buf_room(b, len);

	for (size_t i = 0; room != NULL && i < len; i++)
		room[i] = (uint8_t)(v >> (8 * (len - 1 - i)));
}

void buf_u8(struct buf *b, uint8_t v)
{
	put_be(b, v, 1);
}

void buf_u16(struct buf *b, uint16_t v)
{
	put_be(b, v, 2);
}

void buf_u32(struct buf *b, uint32_t v)
{
	put_be(b, v, 4);
}

void buf_u64(struct buf *b, uint64_t v)
{
	put_be(b, v, 8);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	/* The NUL that vsnprintf() writes falls into the spare byte behind cap. */
	uint8_t *room = len >= 0 ? buf_room(b, (size_t)len) : NULL;
	if (room != NULL)
		vsnprintf((char *)room, (size_t)len + 1, fmt, again);
	else if (b->failed == ERR_OK)
		b->failed = ERR_NOMEM;
	va_end(again);
}

void buf_cut(struct buf *b, size_t len)
{
	if (len < b->len) {
		wipe(b->ptr + len, b->len - len);
		b->len = len;
	}
}
