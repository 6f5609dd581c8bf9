#include "server/insurance/money.h"
#include "base/text.h"
#include "base/text_fold.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int64_t money_share(int64_t fen, int64_t ppm)
{
	INVARIANT(fen >= 0 && ppm >= 0 && ppm <= PPM && fen <= INT64_MAX / (PPM + 1) - PPM);
	return (fen * ppm + PPM / 2) / PPM;
}

/* --- writing --- */

void money_plain(struct buf *out, int64_t fen)
{
	INVARIANT(fen >= -MONEY_SUM_MAX && fen <= MONEY_SUM_MAX);
	if (fen < 0)
		buf_str(out, "-");
	int64_t v = fen < 0 ? -fen : fen;
	buf_printf(out, "%" PRId64 ".%02d", v / 100, (int)(v % 100));
}

void money_print(struct buf *out, int64_t fen)
{
	char digits[32];
	INVARIANT(fen >= -MONEY_SUM_MAX && fen <= MONEY_SUM_MAX);
	if (fen < 0)
		buf_str(out, "-");
	int64_t v = fen < 0 ? -fen : fen;
	int n = snprintf(digits, sizeof(digits), "%" PRId64, v / 100);
	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			buf_str(out, ",");
		buf_u8(out, (uint8_t)digits[i]);
	}
	buf_printf(out, ".%02d", (int)(v % 100));
}

static const char *const digit_zh[] = {"零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"};

/* One group of four digits without its 万 or 亿; zeros inside become one 零, at the end none. */
static void put_group(struct buf *out, int v, bool lead_zero)
{
	static const char *const place[] = {"仟", "佰", "拾", ""};
	static const int weight[] = {1000, 100, 10, 1};
	bool zero = lead_zero;
	for (int i = 0; i < 4; i++) {
		int d = v / weight[i] % 10;
		if (d == 0) {
			zero = zero || v / weight[i] != 0;
			continue;
		}
		if (zero)
			buf_str(out, "零");
		zero = false;
		buf_str(out, digit_zh[d]);
		buf_str(out, place[i]);
	}
}

/* Groups of 亿亿, 万亿, 亿, 万 and one; a group below 1000 after a higher one begins with 零, and so does what follows
 * a group of nothing but zeros. */
static void put_yuan(struct buf *out, int64_t yuan)
{
	static const char *const unit[] = {"万", "亿", "万", ""};
	static const int64_t weight[] = {1000000000000LL, 100000000LL, 10000LL, 1};
	bool begun = false, gap = false;
	for (int i = 0; i < 4; i++) {
		int v = (int)(yuan / weight[i] % 10000);
		if (v == 0) {
			gap = begun;
			/* 万亿: the 亿 must be said although its own group is empty. */
			if (i == 1 && begun)
				buf_str(out, unit[i]);
			continue;
		}
		put_group(out, v, begun && (gap || v < 1000));
		buf_str(out, unit[i]);
		begun = true;
		gap = false;
	}
	buf_str(out, "元");
}

void money_words(struct buf *out, int64_t fen)
{
	INVARIANT(fen >= -MONEY_SUM_MAX && fen <= MONEY_SUM_MAX);
	if (fen < 0)
		buf_str(out, "负");
	int64_t v = fen < 0 ? -fen : fen, yuan = v / 100;
	int jiao = (int)(v / 10 % 10), cent = (int)(v % 10);
	if (v == 0)
		buf_str(out, "零元");
	if (yuan > 0)
		put_yuan(out, yuan);
	if (jiao > 0)
		buf_printf(out, "%s角", digit_zh[jiao]);
	else if (cent > 0 && yuan > 0)
		buf_str(out, "零");
	if (cent > 0)
		buf_printf(out, "%s分", digit_zh[cent]);
	else
		buf_str(out, "整");
}
