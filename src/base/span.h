/* Borrowed bytes, by value. A span never owns; the owner outlives it. Reading moves the front. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const uint8_t *ptr;
	size_t len;
};

#define SPAN_EMPTY  ((struct span){NULL, 0})
#define SPAN_LIT(s) ((struct span){(const uint8_t *)("" s), sizeof(s) - 1})
#define SPAN_ARR(a) ((struct span){(const uint8_t *)(a), sizeof(a)}) /* whole array */

struct span span_of(const void *ptr, size_t len);
struct span span_str(const char *s);        /* NULL is empty; without the NUL */
bool span_eq(struct span a, struct span b); /* not for secrets: secret.h ct_equal */
bool span_eq_str(struct span a, const char *s);
bool span_starts(struct span s, struct span prefix);
/* Without the characters of blanks, a C string, at either end. */
struct span span_trim(struct span s, const char *blanks);
struct span span_sub(struct span s, size_t from, size_t len); /* clipped to s */
int span_cmp(struct span a, struct span b);                   /* as memcmp, shorter first */
bool span_find(struct span s, uint8_t byte, size_t *ret_at);

/* Taking from the front, big-endian; false and unchanged when too short. */
bool span_take(struct span *s, size_t len, struct span *ret_part);
bool span_take_u8(struct span *s, uint8_t *ret);
bool span_take_u16(struct span *s, uint16_t *ret);
bool span_take_u32(struct span *s, uint32_t *ret);
bool span_take_u64(struct span *s, uint64_t *ret);
/* Up to the separator, which is taken too; false when there is none. */
bool span_take_until(struct span *s, uint8_t sep, struct span *ret_part);
