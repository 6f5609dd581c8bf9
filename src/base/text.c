#include "base/text.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { LINE_MAX_BYTES = 1 << 20 };

/* --- UTF-8: RFC 3629 3, with NUL refused too --- */

size_t text_decode(struct span s, uint32_t *ret_cp)
{
	static const uint32_t least[5] = {0, 1, 0x80, 0x800, 0x10000};
	uint8_t lead = s.len > 0 ? s.ptr[0] : 0;
	size_t len = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;

	if (lead == 0 || len == 0 || len > s.len)
		return 0;
	uint32_t cp = len == 1 ? lead : lead & (0x7Fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s.ptr[i] & 0xC0) != 0x80)
			return 0;
		cp = cp << 6 | (s.ptr[i] & 0x3Fu);
	}
	if (cp < least[len] || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
		return 0;
	*ret_cp = cp;
	return len;
}

bool text_is_utf8(struct span s)
{
	uint32_t cp;

	while (s.len > 0) {
		size_t n = text_decode(s, &cp);
		if (n == 0)
			return false;
		s = span_sub(s, n, s.len);
	}
	return true;
}

size_t text_chars(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += (s.ptr[i] & 0xC0) != 0x80;
	return n;
}

/* --- what may stand in a line --- */

/* Invisible characters that are not of Unicode's category Cf: joiners, fillers, variation selectors. Two lines that
 * look the same to the person who signs must be the same bytes. */
static bool is_invisible(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x034F, 0x034F}, {0x115F, 0x1160}, {0x17B4, 0x17B5},   {0x180B, 0x180F},
		{0x2028, 0x2029}, {0x2060, 0x206F}, {0x3164, 0x3164},   {0xFE00, 0xFE0F},
		{0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0xE0000, 0xE0FFF},
	};

	for (size_t i = 0; i < COUNT_OF(ranges); i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return true;
	return false;
}

static bool is_noncharacter(uint32_t cp)
{
	return (cp >= 0xFDD0 && cp <= 0xFDEF) || (cp & 0xFFFE) == 0xFFFE;
}

bool text_cp_is_plain(uint32_t cp)
{
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_CC: /* C0, DEL, C1 */
	case UTF8PROC_CATEGORY_CF: /* bidi marks, zero width, soft hyphen, tags */
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CO: /* private use: looks different on every machine */
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return false;
	default:
		return cp <= 0x10FFFF && !is_invisible(cp) && !is_noncharacter(cp);
	}
}

static bool is_space(uint32_t cp)
{
	return utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_ZS;
}

/* Characters that normalization leaves alone, whatever stands beside them (UAX 15: NFC_Quick_Check is yes, combining
 * class 0): of nearly all texts the only ones. */
static bool is_inert(uint32_t cp)
{
	return cp < 0x300 || (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0x3001 && cp <= 0x3020) ||
	       (cp >= 0xFF01 && cp <= 0xFF60);
}

static enum err check_nfc(struct span s)
{
	utf8proc_uint8_t *nfc = NULL;
	utf8proc_ssize_t n = utf8proc_map(s.ptr, (utf8proc_ssize_t)s.len, &nfc, UTF8PROC_STABLE | UTF8PROC_COMPOSE);

	if (n == UTF8PROC_ERROR_NOMEM)
		return ERR(NOMEM, "normalizing %zu bytes", s.len);
	if (n < 0)
		return ERR(UTF8, "text cannot be normalized");
	bool same = span_eq(s, span_of(nfc, (size_t)n));
	free(nfc);
	return same ? ERR_OK : ERR(LINE_TEXT, "text is not in normalization form C");
}

enum err text_line_check(struct span s)
{
	struct span rest = s;
	uint32_t cp = 0, first = 0;
	bool inert = true;

	if (s.len > LINE_MAX_BYTES)
		return ERR(LIMIT, "line of %zu bytes", s.len);
	while (rest.len > 0) {
		size_t n = text_decode(rest, &cp);
		if (n == 0)
			return ERR(UTF8, "not UTF-8 at byte %zu", s.len - rest.len);
		if (!text_cp_is_plain(cp))
			return ERR(LINE_TEXT, "U+%04X at byte %zu", (unsigned)cp, s.len - rest.len);
		if (rest.ptr == s.ptr)
			first = cp;
		inert = inert && is_inert(cp);
		rest = span_sub(rest, n, rest.len);
	}
	if (s.len > 0 && (is_space(first) || is_space(cp)))
		return ERR(LINE_TEXT, "text begins or ends with a space");
	return inert ? ERR_OK : check_nfc(s);
}

/* --- hex --- */

static const char hex_digits[] = "0123456789abcdef";

void text_hex_str(struct span s, char *ret_hex)
{
	for (size_t i = 0; i < s.len; i++) {
		ret_hex[2 * i] = hex_digits[s.ptr[i] >> 4];
		ret_hex[2 * i + 1] = hex_digits[s.ptr[i] & 15];
	}
	ret_hex[2 * s.len] = '\0';
}

void text_hex(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		buf_u8(out, (uint8_t)hex_digits[s.ptr[i] >> 4]);
		buf_u8(out, (uint8_t)hex_digits[s.ptr[i] & 15]);
	}
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* After a failed decode out holds what it held before. */
static enum err undo(struct buf *out, size_t before, enum err e)
{
	if (e != ERR_OK)
		buf_cut(out, before);
	return e;
}

enum err text_unhex(struct span s, struct buf *out)
{
	size_t before = out->len;

	if (s.len % 2 != 0)
		return ERR(SYNTAX, "hex of odd length %zu", s.len);
	for (size_t i = 0; i < s.len; i += 2) {
		int high = hex_value(s.ptr[i]), low = hex_value(s.ptr[i + 1]);
		if (high < 0 || low < 0)
			return undo(out, before, ERR(SYNTAX, "not a hex digit at %zu", i));
		buf_u8(out, (uint8_t)(high << 4 | low));
	}
	return undo(out, before, buf_err(out));
}

/* --- base64: RFC 4648 4 and 5 --- */

static const char b64_plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char b64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void b64_put(struct buf *out, struct span s, const char *digits, bool pad)
{
	for (size_t i = 0; i < s.len; i += 3) {
		size_t n = s.len - i < 3 ? s.len - i : 3;
		uint32_t v = (uint32_t)s.ptr[i] << 16;
		v |= n > 1 ? (uint32_t)s.ptr[i + 1] << 8 : 0;
		v |= n > 2 ? s.ptr[i + 2] : 0;
		for (size_t j = 0; j < 4; j++) {
			if (j <= n)
				buf_u8(out, (uint8_t)digits[v >> (18 - 6 * j) & 63]);
			else if (pad)
				buf_u8(out, '=');
		}
	}
}

void text_b64(struct buf *out, struct span s)
{
	b64_put(out, s, b64_plain, true);
}

void text_b64url(struct buf *out, struct span s)
{
	b64_put(out, s, b64_url, false);
}

/* digits without padding; RFC 4648 3.5: the unused bits are zero. */
static enum err b64_take(struct span s, const char *digits, struct buf *out)
{
	uint32_t acc = 0;
	unsigned bits = 0;

	if (s.len % 4 == 1)
		return ERR(SYNTAX, "base64 of %zu digits", s.len);
	for (size_t i = 0; i < s.len; i++) {
		const char *at = s.ptr[i] ? strchr(digits, s.ptr[i]) : NULL;
		if (at == NULL)
			return ERR(SYNTAX, "not a base64 digit at %zu", i);
		acc = acc << 6 | (uint32_t)(at - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_u8(out, (uint8_t)(acc >> bits));
			acc &= (1u << bits) - 1;
		}
	}
	if (acc != 0)
		return ERR(SYNTAX, "base64 is not canonical: unused bits are set");
	return buf_err(out);
}

enum err text_unb64(struct span s, struct buf *out)
{
	size_t pad = 0, before = out->len;

	if (s.len % 4 != 0)
		return ERR(SYNTAX, "base64 of %zu characters", s.len);
	while (pad < 2 && pad < s.len && s.ptr[s.len - 1 - pad] == '=')
		pad++;
	enum err e = b64_take(span_sub(s, 0, s.len - pad), b64_plain, out);
	return undo(out, before, e);
}

enum err text_unb64url(struct span s, struct buf *out)
{
	size_t before = out->len;
	enum err e = b64_take(s, b64_url, out);

	return undo(out, before, e);
}

/* --- integers --- */

enum err text_i64(struct span s, int64_t min, int64_t max, int64_t *ret_v)
{
	bool negative = s.len > 0 && s.ptr[0] == '-';
	struct span digits = span_sub(s, negative ? 1 : 0, s.len);
	int64_t v = 0;

	if (digits.len == 0 || (digits.ptr[0] == '0' && (digits.len > 1 || negative)))
		return ERR(SYNTAX, "not a decimal number");
	for (size_t i = 0; i < digits.len; i++)
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return ERR(SYNTAX, "not a decimal number");
	for (size_t i = 0; i < digits.len; i++) {
		int digit = digits.ptr[i] - '0';
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, negative ? -digit : digit, &v))
			return ERR(SYNTAX, "number is too large");
	}
	if (v < min || v > max)
		return ERR(SYNTAX, "number is not in %lld to %lld", (long long)min, (long long)max);
	*ret_v = v;
	return ERR_OK;
}
