#include "gm/der.h"
#include <string.h>
#include <time.h>

size_t der_open(struct buf *out, int tag)
{
	buf_u8(out, (uint8_t)tag);
	buf_u8(out, 0); /* the length, until der_close knows it */
	return out->len;
}

void der_close(struct buf *out, size_t mark)
{
	if (buf_err(out) != ERR_OK)
		return;
	size_t len = out->len - mark, extra = len < 0x80 ? 0 : len < 0x100 ? 1 : len < 0x10000 ? 2 : 3;
	INVARIANT(len < 1U << 24);
	if (extra > 0) {
		if (buf_room(out, extra) == NULL)
			return;
		memmove(out->ptr + mark + extra, out->ptr + mark, len);
	}
	out->ptr[mark - 1] = (uint8_t)(extra == 0 ? len : 0x80 | extra);
	for (size_t i = 0; i < extra; i++)
		out->ptr[mark + i] = (uint8_t)(len >> (8 * (extra - 1 - i)));
}

void der_put(struct buf *out, int tag, struct span content)
{
	size_t mark = der_open(out, tag);
	buf_put(out, content);
	der_close(out, mark);
}

void der_put_uint(struct buf *out, struct span v)
{
	while (v.len > 1 && v.ptr[0] == 0)
		v = span_sub(v, 1, v.len - 1);
	size_t mark = der_open(out, DER_INT);
	if (v.len == 0 || (v.ptr[0] & 0x80) != 0)
		buf_u8(out, 0);
	buf_put(out, v);
	der_close(out, mark);
}

void der_put_u64(struct buf *out, uint64_t v)
{
	uint8_t b[8];
	for (int i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> (56 - 8 * i));
	der_put_uint(out, SPAN_ARR(b));
}

void der_put_bits(struct buf *out, struct span octets)
{
	size_t mark = der_open(out, DER_BITS);
	buf_u8(out, 0);
	buf_put(out, octets);
	der_close(out, mark);
}

/* --- object identifiers, arcs of any size (2.25 has 128 bits, ITU-T X.667) --- */
enum { ARC_DIGITS_MAX = 40, OID_LEN_MAX = 64 };

struct oid {
	uint8_t b[OID_LEN_MAX];
	size_t len;
};

/* Divides the decimal digits by 128 in place and returns the remainder. */
static unsigned divide_128(uint8_t *digits, size_t n)
{
	unsigned rest = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned v = rest * 10 + digits[i];
		digits[i] = (uint8_t)(v / 128);
		rest = v % 128;
	}
	return rest;
}

static bool all_zero(const uint8_t *digits, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (digits[i] != 0)
			return false;
	}
	return true;
}

static bool put_arc(struct oid *o, uint8_t *digits, size_t n)
{
	uint8_t reversed[ARC_DIGITS_MAX];
	size_t len = 0;
	do {
		reversed[len] = (uint8_t)(divide_128(digits, n) | (len == 0 ? 0 : 0x80));
		len++;
	} while (!all_zero(digits, n));
	if (o->len + len > OID_LEN_MAX)
		return false;
	while (len > 0)
		o->b[o->len++] = reversed[--len];
	return true;
}

/* Decimal arc up to '.' or the end, as digits 0..9 with one leading zero to spare; moves the text. */
static bool take_arc(const char **text, uint8_t digits[ARC_DIGITS_MAX], size_t *ret_n)
{
	const char *p = *text;
	size_t n = 1;
	digits[0] = 0;
	while (*p >= '0' && *p <= '9' && n < ARC_DIGITS_MAX)
		digits[n++] = (uint8_t)(*p++ - '0');
	if (n == 1 || (n > 2 && digits[1] == 0) || (*p != '\0' && *p != '.'))
		return false;
	*text = *p == '.' ? p + 1 : p;
	if (*p == '.' && p[1] == '\0')
		return false;
	*ret_n = n;
	return true;
}

/* The first two arcs share a number: 40 * first + second. Adding at most 80 to the digits of the second. */
static bool join_first(unsigned first, uint8_t *digits, size_t n)
{
	if (first > 2 || (first < 2 && (n > 3 || digits[n - 2] >= 4)))
		return false;
	unsigned carry = first * 40;
	for (size_t i = n; i > 0 && carry > 0; i--) {
		unsigned v = digits[i - 1] + carry;
		digits[i - 1] = (uint8_t)(v % 10);
		carry = v / 10;
	}
	return carry == 0;
}

static bool oid_parse(const char *text, struct oid *ret_o)
{
	uint8_t digits[ARC_DIGITS_MAX];
	struct oid o = {.len = 0};
	size_t n;
	if (!take_arc(&text, digits, &n) || n != 2 || *text == '\0')
		return false;
	unsigned first = digits[1];
	if (!take_arc(&text, digits, &n) || !join_first(first, digits, n) || !put_arc(&o, digits, n))
		return false;
	while (*text != '\0') {
		if (!take_arc(&text, digits, &n) || !put_arc(&o, digits, n))
			return false;
	}
	*ret_o = o;
	return true;
}

bool der_oid_ok(const char *dotted)
{
	struct oid o;
	return oid_parse(dotted, &o);
}

void der_put_oid(struct buf *out, const char *dotted)
{
	struct oid o;
	INVARIANT(oid_parse(dotted, &o));
	der_put(out, DER_OID, span_of(o.b, o.len));
}

bool der_oid_is(struct span content, const char *dotted)
{
	struct oid o;
	INVARIANT(oid_parse(dotted, &o));
	return span_eq(content, span_of(o.b, o.len));
}

/* RFC 5280, 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050; years 1950 to 9999. */
void der_put_time(struct buf *out, int64_t t)
{
	struct tm tm;
	time_t v = (time_t)t;
	INVARIANT(gmtime_r(&v, &tm) != NULL && tm.tm_year >= 50 && tm.tm_year < 9999 - 1900);
	bool utc = tm.tm_year < 150;
	size_t mark = der_open(out, utc ? DER_UTC : DER_GENERAL);
	if (utc)
		buf_printf(out, "%02d", tm.tm_year % 100);
	else
		buf_printf(out, "%04d", tm.tm_year + 1900);
	buf_printf(out, "%02d%02d%02d%02d%02dZ", tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	der_close(out, mark);
}
