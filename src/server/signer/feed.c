#include "server/signer/feed.h"
#include "base/text.h"

enum err feed_add(struct sm3 *records, struct span record)
{
	const uint8_t len[4] = {(uint8_t)(record.len >> 24), (uint8_t)(record.len >> 16), (uint8_t)(record.len >> 8),
	                        (uint8_t)record.len};
	TRY(sm3_update(records, SPAN_ARR(len)));
	return sm3_update(records, record);
}

static void put_hex(struct buf *out, const char *key, const uint8_t digest[32])
{
	buf_printf(out, "%s: ", key);
	text_hex(out, span_of(digest, 32));
	buf_str(out, "\n");
}

enum err feed_text(const struct feed *f, struct buf *out)
{
	buf_printf(out, FEED_LINE "bureau: %s\nfrom: %llu\ncount: %llu\n", f->bureau, (unsigned long long)f->from,
	           (unsigned long long)f->count);
	put_hex(out, "records", f->records);
	buf_printf(out, "last: %llu\n", (unsigned long long)f->last);
	put_hex(out, "head", f->head);
	buf_str(out, "time: ");
	text_time(out, f->time);
	buf_str(out, "\n");
	return buf_err(out);
}
