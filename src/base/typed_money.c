#include "base/text.h"
#include "base/text_fold.h"
#include "base/typed.h"
#include <string.h>

enum { FOLDED_MAX = 1024, YUAN_MAX = 999999999 };

/* ASCII of one character; 0: cannot be in an amount. */
static char ascii_of(uint32_t cp)
{
	if (cp == 0xa5 || cp == 0xffe5)
		return 'Y'; /* ¥ */
	if (cp == 0x5143)
		return 'u'; /* 元 */
	return (cp >= '0' && cp <= '9') || cp == '.' || cp == ',' ? (char)cp : 0;
}

static bool fold_all(struct span typed, char *ret, size_t cap)
{
	AUTO_BUF(folded, FOLDED_MAX);
	size_t n = 0;
	if (text_fold(FOLD_NUMBER, typed, &folded, NULL) != ERR_OK) {
		err_clear();
		return false;
	}
	struct span in = buf_span(&folded);
	while (in.len > 0) {
		uint32_t cp = 0;
		size_t len = text_decode(in, &cp);
		char c = len == 0 ? 0 : ascii_of(cp);
		if (c == 0 || n + 1 >= cap)
			return false;
		in = span_sub(in, len, in.len - len);
		if (c == 'Y' && n == 0)
			continue;
		ret[n++] = c;
	}
	if (n > 0 && ret[n - 1] == 'u')
		n--;
	ret[n] = 0;
	return true;
}

/* Digits before the point; commas only where groups of three end. NULL when malformed or too large. */
static const char *take_yuan(const char *s, int64_t *ret_yuan)
{
	const char *end = s + strspn(s, "0123456789,");
	bool grouped = memchr(s, ',', (size_t)(end - s)) != NULL;
	int64_t v = 0;
	if (end == s || *s == ',' || end[-1] == ',')
		return NULL;
	for (const char *p = s; p < end; p++) {
		bool place = (end - p) % 4 == 0;
		if (grouped && (*p == ',') != place)
			return NULL;
		if (*p == ',')
			continue;
		v = v * 10 + (*p - '0');
		if (v > YUAN_MAX)
			return NULL;
	}
	*ret_yuan = v;
	return end;
}

/* ".43", ".4", ".430"; more than two places only when they are zeros. */
static bool take_fen(const char *s, int64_t *ret_fen)
{
	if (*s == 0) {
		*ret_fen = 0;
		return true;
	}
	size_t n = *s == '.' ? strspn(s + 1, "0123456789") : 0;
	if (n == 0 || s[1 + n] != 0)
		return false;
	if (n > 2 && strspn(s + 3, "0") != n - 2)
		return false;
	*ret_fen = (s[1] - '0') * 10 + (n > 1 ? s[2] - '0' : 0);
	return true;
}

enum err typed_money(struct span in, int64_t *ret_fen)
{
	char s[40];
	int64_t yuan = 0, fen = 0;
	const char *rest = fold_all(in, s, sizeof(s)) ? take_yuan(s, &yuan) : NULL;
	if (rest == NULL || !take_fen(rest, &fen))
		return ERR(FIELD_VALUE, "not an amount of money");
	*ret_fen = yuan * 100 + fen;
	return ERR_OK;
}
