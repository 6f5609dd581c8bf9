/* The signed feed of the signer's journal (docs/protocol/notary.md, "Feed"): what a feed answer says, as the one text
 * that the CA key signs beside certificates and CRLs. Built by the signer, built again and compared by the notary.
 *
 *   YINXIN-FEED-1 LF  bureau: LF  from: LF  count: LF  records: <64 hex> LF  last: LF  head: <64 hex> LF  time: <UTC>
 * LF
 *
 * records is SM3 over each record as u32 length || octets; last and head are number and chain head of the journal's
 * end. */
#pragma once
#include "gm/sm3.h"

#define FEED_LINE "YINXIN-FEED-1\n"
enum { FEED_TEXT_MAX = 512 };
struct feed {
	char bureau[65];
	uint64_t from, count, last;
	uint8_t records[32], head[32];
	int64_t time;
};
enum err feed_add(struct sm3 *records, struct span record) MUST_CHECK;
enum err feed_text(const struct feed *f, struct buf *out) MUST_CHECK;
