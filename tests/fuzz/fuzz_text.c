/* text.h: decoders accept only what the encoder writes; nothing reads out of bounds. */
#include "base/text.h"

typedef enum err decode_fn(struct span s, struct buf *out);
typedef void encode_fn(struct buf *out, struct span s);

static void canonical(struct span in, decode_fn *decode, encode_fn *encode)
{
	AUTO_BUF(bytes, 1 << 20);
	AUTO_BUF(text, 1 << 20);

	if (decode(in, &bytes) != ERR_OK) {
		INVARIANT(bytes.len == 0);
		return;
	}
	encode(&text, buf_span(&bytes));
	INVARIANT(span_eq(in, buf_span(&text)));
}

static void times(struct span in)
{
	AUTO_BUF(out, 64);
	int64_t t;

	if (text_untime(in, &t) == ERR_OK) {
		text_time(&out, t);
		INVARIANT(buf_err(&out) != ERR_OK || span_eq(in, buf_span(&out)));
	}
	buf_clear(&out);
	if (text_date(in, &t) == ERR_OK) {
		text_date_cn(&out, t);
		INVARIANT(buf_err(&out) != ERR_OK || span_eq(in, buf_span(&out)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	AUTO_BUF(raw, 1 << 20);
	int64_t v;

	if (text_line_check(in) == ERR_OK) {
		INVARIANT(text_is_utf8(in));
		INVARIANT(text_chars(in) <= size);
	}
	(void)!text_unhex(in, &raw);
	canonical(in, text_unb64, text_b64);
	canonical(in, text_unb64url, text_b64url);
	if (text_i64(in, INT64_MIN, INT64_MAX, &v) == ERR_OK) {
		AUTO_BUF(out, 64);
		buf_printf(&out, "%lld", (long long)v);
		INVARIANT(span_eq(in, buf_span(&out)));
	}
	times(in);
	return 0;
}
