/* text.h: decoders accept only what the encoder writes; nothing reads out of bounds. */
#include "base/text.h"
#include "base/text_fold.h"
#include "base/typed.h"

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

/* Twice is once, and what comes out of UTF-8 is UTF-8 in normalization form C. */
static void folds(struct span in)
{
	for (enum fold_as as = FOLD_TEXT; as <= FOLD_NUMBER; as++) {
		AUTO_BUF(one, 1 << 20);
		AUTO_BUF(two, 1 << 20);
		unsigned what = 0;
		if (text_fold(as, in, &one, NULL) != ERR_OK)
			continue;
		INVARIANT(text_is_utf8(in) && text_is_utf8(buf_span(&one)));
		INVARIANT(text_fold(as, buf_span(&one), &two, &what) == ERR_OK);
		INVARIANT(span_eq(buf_span(&one), buf_span(&two)) && what == 0);
	}
}

static void typed(struct span in)
{
	int64_t t = 0;
	int month = 0;
	if (typed_day(in, &t) == ERR_OK) {
		AUTO_BUF(out, 64);
		int64_t again = 0;
		text_date_cn(&out, t);
		INVARIANT(typed_day(buf_span(&out), &again) == ERR_OK && again == t);
	}
	if (typed_month(in, &month) == ERR_OK)
		INVARIANT(month % 100 >= 1 && month % 100 <= 12);
	err_clear();
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
	folds(in);
	typed(in);
	return 0;
}
