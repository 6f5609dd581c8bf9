/* Owned bytes with a maximum given at birth and sticky failure: append freely, test once with buf_err().
 * After a failed append the content is unchanged by it and all later appends are ignored. */
#pragma once
#include "base/err.h"
#include "base/span.h"

struct buf {
	uint8_t *ptr;
	size_t len, cap, max;
	enum err failed;
};

#define AUTO_BUF(name, max_bytes) __attribute__((cleanup(buf_done))) struct buf name = buf_make(max_bytes)

struct buf buf_make(size_t max_bytes);
void buf_init(struct buf *b, size_t max_bytes);
void buf_done(struct buf *b);                     /* wipes, frees; usable again with max 0 */
void buf_clear(struct buf *b);                    /* length 0, failure forgotten, memory kept */
enum err buf_err(const struct buf *b) MUST_CHECK; /* ERR_OK, ERR_LIMIT, ERR_NOMEM */
struct span buf_span(const struct buf *b);
const char *buf_cstr(struct buf *b); /* NUL after the content; "" after failure */
char *buf_steal_str(struct buf *b);  /* NUL-terminated, free(); NULL after failure */

void buf_put(struct buf *b, struct span s);
void buf_str(struct buf *b, const char *s);
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v); /* big-endian, as all of these */
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
uint8_t *buf_room(struct buf *b, size_t len); /* len new bytes to fill in, NULL after failure */
void buf_cut(struct buf *b, size_t len);      /* shorten to len */
