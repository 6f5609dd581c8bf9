/* Text rules: strict UTF-8, one-line values, hex, base64, integers, times. NFC by utf8proc. */
#pragma once
#include "base/buf.h"

bool text_is_utf8(struct span s); /* no overlong, surrogate, > U+10FFFF, NUL */
size_t text_chars(struct span s); /* code points of valid UTF-8 */
/* Length of the well-formed character at the front of s, 0 when it is malformed, NUL or s is empty. */
size_t text_decode(struct span s, uint32_t *ret_cp);
bool text_cp_is_plain(uint32_t cp); /* may stand in a line: see text_line_check() */
/* Value of a statement line: UTF-8, NFC, no control (C0, C1, DEL), bidi, zero-width, private-use, non-character,
 * no leading or trailing space. Empty is allowed. ERR_UTF8, ERR_LINE_TEXT. */
enum err text_line_check(struct span s) MUST_CHECK;

void text_hex_str(struct span s, char *ret_hex);                   /* 2 * s.len digits and a NUL */
void text_hex(struct buf *out, struct span s);                     /* lower case */
enum err text_unhex(struct span s, struct buf *out) MUST_CHECK;    /* lower or upper, even length; ERR_SYNTAX */
void text_b64(struct buf *out, struct span s);                     /* RFC 4648 4, padded */
enum err text_unb64(struct span s, struct buf *out) MUST_CHECK;    /* canonical only; ERR_SYNTAX */
void text_b64url(struct buf *out, struct span s);                  /* RFC 4648 5, not padded */
enum err text_unb64url(struct span s, struct buf *out) MUST_CHECK; /* canonical, not padded; ERR_SYNTAX */
/* decimal, no sign +, no leading 0 */
enum err text_i64(struct span s, int64_t min, int64_t max, int64_t *ret_v) MUST_CHECK;
/* Every decoder above appends to out and leaves it as it was when it fails. Times outside the years 1 to 9999 cannot be
 * written: the buffer fails with ERR_LIMIT. */
/* UTC "2026-11-22T03:04:05Z" both ways, strict; and Beijing wall time "2026-11-22 11:04:05", date "2026-11-22". */
void text_time(struct buf *out, int64_t t);
enum err text_untime(struct span s, int64_t *ret_t) MUST_CHECK;
void text_time_cn(struct buf *out, int64_t t);
void text_date_cn(struct buf *out, int64_t t);
/* The last day, by Beijing's calendar, on which something ending at not_after can be used: the one date of a
 * certificate that people are told, everywhere. Midnight belongs to the day that it ends. */
void text_last_day_cn(struct buf *out, int64_t not_after);
/* "2026-11-22", a real date; Beijing midnight as UTC */
enum err text_date(struct span s, int64_t *ret_midnight_cn) MUST_CHECK;
