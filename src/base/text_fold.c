#include "base/text_fold.h"
#include "base/text.h"
#include "base/secret.h"
#include "base/text_fold_i.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { MIDDLE_DOT = 0xB7, MARKS_STACKED_MAX = 4 };

/* Characters while they are folded. */
struct folding {
	enum fold_as as;
	uint32_t *v;
	size_t n;
	unsigned what;
};

/* --- one character --- */

static bool is_among(uint32_t cp, const uint32_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == cp)
			return true;
	return false;
}

static bool is_blank(uint32_t cp)
{
	static const uint32_t breaks[] = {'\t', '\n', '\v', '\f', '\r', 0x85, 0x2028, 0x2029};
	return is_among(cp, breaks, COUNT_OF(breaks)) ||
	       utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_ZS;
}

/* What text_line_check() calls invisible, but for controls, private use and what no text may hold. */
static bool is_mark(uint32_t cp)
{
	utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
	return c == UTF8PROC_CATEGORY_CF || (c != UTF8PROC_CATEGORY_CC && c != UTF8PROC_CATEGORY_CO &&
	                                     c != UTF8PROC_CATEGORY_CN && !text_cp_is_plain(cp));
}

/* Stands on the character before it. */
static bool is_combining(uint32_t cp)
{
	utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
	return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC || c == UTF8PROC_CATEGORY_ME;
}

static bool is_latin(uint32_t cp)
{
	return (cp | 0x20) >= 'a' && (cp | 0x20) <= 'z';
}

static bool is_latin_letter(uint32_t cp)
{
	utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
	bool beyond = (cp >= 0xC0 && cp <= 0x24F) || (cp >= 0x1E00 && cp <= 0x1EFF);
	return is_latin(cp) || (beyond && c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO);
}

static bool is_dot(uint32_t cp)
{
	static const uint32_t dots[] = {'.',    MIDDLE_DOT, 0x0387, 0x1427, 0x16EB, 0x2022, 0x2024,
	                                0x2027, 0x2219,     0x22C5, 0x25CF, 0x2E31, 0x2E33, 0x3002,
	                                0x30FB, 0x318D,     0xFE52, 0xFF0E, 0xFF61, 0xFF65, 0x10101};
	return is_among(cp, dots, COUNT_OF(dots));
}

static bool is_dash(uint32_t cp)
{
	static const uint32_t dashes[] = {0x2010, 0x2011, 0x2012, 0x2013, 0x2014,
	                                  0x2015, 0x2212, 0xFE58, 0xFE63, 0xFF0D};
	return is_among(cp, dashes, COUNT_OF(dashes));
}

/* U+FF01 to U+FF5E stand for ASCII 0x21 to 0x7E. Their punctuation is that of Chinese text: it stays there. */
static uint32_t narrow(uint32_t cp, enum fold_as as)
{
	uint32_t ascii = cp - 0xFF01 + 0x21;
	if (cp < 0xFF01 || cp > 0xFF5E)
		return cp;
	bool letter = is_latin(ascii) || (ascii >= '0' && ascii <= '9');
	return letter || as >= FOLD_DATE || (as == FOLD_NAME && (ascii == '\'' || ascii == '.')) ? ascii : cp;
}

/* Half-width kana, Kangxi radicals, compatibility ideographs: the one character that they stand for. */
static uint32_t plain_shape(uint32_t cp)
{
	bool has = (cp >= 0x2F00 && cp <= 0x2FD5) || (cp >= 0xFF61 && cp <= 0xFFDC) || (cp >= 0xF900 && cp <= 0xFAFF) ||
	           (cp >= 0x2F800 && cp <= 0x2FA1F);
	utf8proc_int32_t out[4];
	int boundary = 0;
	if (!has)
		return fold_radical(cp);
	utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)cp, out, COUNT_OF(out),
	                                             UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE, &boundary);
	return n == 1 ? (uint32_t)out[0] : cp;
}

static uint32_t replaced(struct folding *f, uint32_t to, uint32_t from, enum fold_what what)
{
	if (to != from)
		f->what |= what;
	return to;
}

static void take(struct folding *f, uint32_t cp)
{
	if (is_mark(cp)) {
		f->what |= FOLD_MARK;
		return;
	}
	cp = replaced(f, fold_private(cp), cp, FOLD_PRIVATE);
	cp = replaced(f, is_blank(cp) ? ' ' : cp, cp, FOLD_BLANK);
	if (f->as == FOLD_NAME)
		cp = replaced(f, cp == 0x2019 || cp == 0x2BC ? '\'' : cp, cp, FOLD_WIDTH);
	if (f->as != FOLD_TEXT)
		cp = replaced(f, is_dash(cp) ? '-' : cp, cp, FOLD_WIDTH);
	cp = replaced(f, narrow(cp, f->as), cp, FOLD_WIDTH);
	cp = replaced(f, plain_shape(cp), cp, FOLD_SHAPE);
	f->v[f->n++] = cp;
}

static enum err take_all(struct folding *f, struct span in)
{
	while (in.len > 0) {
		uint32_t cp = 0;
		size_t n = text_decode(in, &cp);
		if (n == 0)
			return ERR(UTF8, "not UTF-8");
		take(f, cp);
		in = span_sub(in, n, in.len);
	}
	return ERR_OK;
}

/* --- blanks --- */

static void cut(struct folding *f, size_t from, size_t to, enum fold_what what)
{
	if (to <= from)
		return;
	memmove(f->v + from, f->v + to, (f->n - to) * sizeof(*f->v));
	f->n -= to - from;
	f->what |= what;
}

/* One where there were several; none at the ends. Those at the ends are slips of the keyboard, not worth a word. */
static void join_blanks(struct folding *f)
{
	unsigned before = f->what;
	size_t n = 0;
	while (f->n > 0 && f->v[0] == ' ')
		cut(f, 0, 1, 0);
	while (f->n > 0 && f->v[f->n - 1] == ' ')
		f->n--;
	f->what = before;
	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i] == ' ' && n > 0 && f->v[n - 1] == ' ')
			f->what |= FOLD_BLANK;
		else
			f->v[n++] = f->v[i];
	}
	f->n = n;
}

static void drop_blanks(struct folding *f)
{
	size_t n = 0;
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i] != ' ')
			f->v[n++] = f->v[i];
	if (n != f->n)
		f->what |= FOLD_BLANK;
	f->n = n;
}

/* --- names --- */

static bool has(const struct folding *f, bool (*is)(uint32_t cp))
{
	for (size_t i = 0; i < f->n; i++)
		if (is(f->v[i]))
			return true;
	return false;
}

/* A full stop after a Latin letter is an abbreviation: "J. Test". */
static void set_dots(struct folding *f)
{
	for (size_t i = 0; i < f->n; i++) {
		bool stop = f->v[i] == '.' && i > 0 && is_latin_letter(f->v[i - 1]);
		if (is_dot(f->v[i]) && !stop)
			f->v[i] = replaced(f, MIDDLE_DOT, f->v[i], FOLD_DOT);
	}
}

/* No blank beside a dot, one dot for several, none at the ends. */
static void join_dots(struct folding *f)
{
	for (size_t i = 0; i < f->n;) {
		bool dot = f->v[i] == MIDDLE_DOT, after = i > 0 && f->v[i - 1] == MIDDLE_DOT;
		if (dot && (i == 0 || i + 1 == f->n || after))
			cut(f, i, i + 1, FOLD_DOT);
		else if (f->v[i] == ' ' && (i == 0 || after || i + 1 == f->n || f->v[i + 1] == MIDDLE_DOT))
			cut(f, i, i + 1, FOLD_BLANK);
		else {
			i++;
			continue;
		}
		i = i > 0 ? i - 1 : 0;
	}
}

static uint32_t opening_of(uint32_t closing)
{
	static const uint32_t pairs[][2] = {{'(', ')'},       {'[', ']'},       {'{', '}'},       {'<', '>'},
	                                    {0xFF08, 0xFF09}, {0xFF3B, 0xFF3D}, {0xFF5B, 0xFF5D}, {0xFF1C, 0xFF1E},
	                                    {0x3008, 0x3009}, {0x300A, 0x300B}, {0x300C, 0x300D}, {0x300E, 0x300F},
	                                    {0x3010, 0x3011}, {0x3014, 0x3015}, {0x3016, 0x3017}, {0x2039, 0x203A},
	                                    {0x27E8, 0x27E9}, {0xFE59, 0xFE5A}};
	for (size_t i = 0; i < COUNT_OF(pairs); i++)
		if (pairs[i][1] == closing)
			return pairs[i][0];
	return 0;
}

/* "测试甲（小）": who keeps the list tells two apart; the document says 测试甲. Brackets inside belong to the note. */
static bool drop_note(struct folding *f)
{
	uint32_t closing = f->n > 0 ? f->v[f->n - 1] : 0, opening = opening_of(closing);
	size_t depth = 0;
	for (size_t i = f->n; opening != 0 && i > 1; i--) {
		depth += f->v[i - 1] == closing;
		depth -= f->v[i - 1] == opening;
		if (depth > 0)
			continue;
		cut(f, i - 1, f->n, FOLD_NOTE);
		return true;
	}
	return false;
}

static bool is_han(uint32_t cp)
{
	return (cp >= 0x3400 && cp <= 0x9FFF) || (cp >= 0xF900 && cp <= 0xFAFF) || (cp >= 0x20000 && cp <= 0x3FFFF) ||
	       cp == 0x3007;
}

static void tidy_name(struct folding *f)
{
	do {
		join_blanks(f);
		set_dots(f);
		if (has(f, is_han) && !has(f, is_latin_letter))
			drop_blanks(f);
		join_dots(f);
	} while (drop_note(f));
}

/* --- out --- */

static enum err put_utf8(const struct folding *f, struct buf *out)
{
	for (size_t i = 0; i < f->n; i++) {
		utf8proc_uint8_t c[4];
		utf8proc_ssize_t n = utf8proc_encode_char((utf8proc_int32_t)f->v[i], c);
		buf_put(out, span_of(c, (size_t)n));
	}
	return buf_err(out);
}

static enum err put_joined(struct folding *f, struct buf *out)
{
	utf8proc_uint8_t *nfc = NULL;
	AUTO_BUF(plain, f->n * 4 + 1);
	TRY(put_utf8(f, &plain));
	utf8proc_ssize_t n =
		utf8proc_map(plain.ptr, (utf8proc_ssize_t)plain.len, &nfc, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n < 0)
		return n == UTF8PROC_ERROR_NOMEM ? ERR(NOMEM, "text") : ERR(UTF8, "text cannot be normalized");
	struct span joined = span_of(nfc, (size_t)n);
	if (!span_eq(joined, buf_span(&plain)))
		f->what |= FOLD_JOIN;
	buf_put(out, joined);
	free(nfc);
	return buf_err(out);
}

static void tidy(struct folding *f)
{
	if (f->as == FOLD_NAME)
		tidy_name(f);
	else if (f->as == FOLD_NUMBER)
		drop_blanks(f);
	else
		join_blanks(f);
}

/* A mark with nothing to stand on would join what is written before the text: "=" before U+0338 is one character,
 * U+2260. */
static bool drop_loose(struct folding *f)
{
	size_t n = 0;
	while (n < f->n && is_combining(f->v[n]))
		n++;
	cut(f, 0, n, FOLD_LOOSE);
	return n > 0;
}

static enum err fold(struct folding *f, struct span in, struct buf *out)
{
	TRY(take_all(f, in));
	do
		tidy(f);
	while (drop_loose(f));
	return f->n > 0 ? put_joined(f, out) : buf_err(out);
}

enum err text_fold(enum fold_as as, struct span in, struct buf *out, unsigned *ret_what)
{
	struct folding f = {.as = as, .v = malloc((in.len + 1) * sizeof(*f.v))};
	enum err e = f.v != NULL ? fold(&f, in, out) : ERR(NOMEM, "text");
	if (f.v != NULL)
		wipe(f.v, (in.len + 1) * sizeof(*f.v));
	free(f.v);
	if (e == ERR_OK && ret_what != NULL)
		*ret_what = f.what;
	return e;
}

bool text_cp_in_name(uint32_t cp)
{
	static const uint32_t others[] = {MIDDLE_DOT, ' ', '.', '-', '\'', 0x3007};
	utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
	bool letter = (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO) || c == UTF8PROC_CATEGORY_MN ||
	              c == UTF8PROC_CATEGORY_MC;
	/* Not assigned as far as the library knows: a newer extension of the ideographs. */
	bool newer = c == UTF8PROC_CATEGORY_CN && cp >= 0x20000 && cp <= 0x3FFFD;
	return letter || newer || is_among(cp, others, COUNT_OF(others));
}

bool text_is_stacked(struct span s)
{
	uint32_t cp = 0;
	size_t marks = 0;
	for (size_t n = text_decode(s, &cp); n > 0; n = text_decode(s, &cp)) {
		marks = is_combining(cp) ? marks + 1 : 0;
		if (marks > MARKS_STACKED_MAX)
			return true;
		s = span_sub(s, n, s.len);
	}
	return false;
}

bool text_has_private(struct span s)
{
	uint32_t cp = 0;
	for (size_t n = text_decode(s, &cp); n > 0; n = text_decode(s, &cp)) {
		if (utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_CO)
			return true;
		s = span_sub(s, n, s.len);
	}
	return false;
}

void text_fold_show(struct span s, struct buf *out)
{
	uint32_t cp = 0;
	for (size_t n = text_decode(s, &cp); n > 0; n = text_decode(s, &cp)) {
		if (text_cp_is_plain(cp) && (cp == ' ' || !is_blank(cp)))
			buf_put(out, span_sub(s, 0, n));
		else if (is_blank(cp))
			buf_str(out, "␣");
		else
			buf_printf(out, "<U+%04X>", (unsigned)cp);
		s = span_sub(s, n, s.len);
	}
}
