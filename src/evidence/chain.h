/* An append-only file of records, each bound to all before it by SM3: journal of the signer, vault of escrow
 * (format and rules: docs/protocol/statement.md, "Chain files").
 *
 *   frame: "YXC1" | u32 length | u64 seq | 32 previous head | 8 check of these 48 | record | 32 SM3 of all before
 *
 * Numbers start at 1; the head is the last frame's SM3, zeros before the first. What chain_append acknowledged is on
 * disk. A crash can leave only a beginning of the last frame: chain_open cuts that off. Anything else that does not
 * fit, a whole last record with a wrong hash included, is damage: ERR_JOURNAL, nothing is changed. A file cut at a
 * border of two records cannot be told from an older one: who needs that keeps the head elsewhere. One process at a
 * time (locked; ERR_BUSY). File mode 0600. Not for two threads at once. */
#pragma once
#include "base/buf.h"

enum { CHAIN_RECORD_MAX = 1 << 20, CHAIN_HEAD_LEN = 32 };
struct chain;
/* The record is borrowed for the call. An error ends chain_open with that error. */
typedef enum err chain_fn(uint64_t seq, struct span record, void *ctx);

/* Makes the file when there is none; replays all records in order (fn may be NULL); cuts a torn tail; ERR_JOURNAL when
 * damaged, ERR_BUSY when open elsewhere. */
enum err chain_open(const char *path, chain_fn *fn, void *ctx, struct chain **ret_c) MUST_CHECK;
void chain_free(struct chain *c);
DEFINE_AUTO(chain)
/* Durable on return. After a failed write every further append is refused (ERR_IO) until the file is opened anew;
 * ERR_LIMIT for a record over CHAIN_RECORD_MAX changes nothing. */
enum err chain_append(struct chain *c, struct span record, uint64_t *ret_seq) MUST_CHECK;
/* One record again, its hash checked: ERR_ABSENT, ERR_JOURNAL. */
enum err chain_read(const struct chain *c, uint64_t seq, struct buf *out) MUST_CHECK;
uint64_t chain_next(const struct chain *c); /* the number the next record will bear */
void chain_head(const struct chain *c, uint8_t ret_head[CHAIN_HEAD_LEN]);

/* Reads without changing: *ret_count whole, good records from the start; *ret_bad_seq the first that does not verify,
 * 0 when there is none (an incomplete last frame is none). ERR_ABSENT, ERR_IO. */
enum err chain_verify(const char *path, uint64_t *ret_count, uint64_t *ret_bad_seq) MUST_CHECK;
