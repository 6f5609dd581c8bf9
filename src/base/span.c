#include "base/span.h"
#include <string.h>

struct span span_of(const void *ptr, size_t len)
{
	return (struct span){ptr, len};
}

struct span span_str(const char *s)
{
	return s != NULL ? span_of(s, strlen(s)) : SPAN_EMPTY;
}

bool span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool span_eq_str(struct span a, const char *s)
{
	return span_eq(a, span_str(s));
}

bool span_starts(struct span s, struct span prefix)
{
	return s.len >= prefix.len && span_eq(span_sub(s, 0, prefix.len), prefix);
}

struct span span_sub(struct span s, size_t from, size_t len)
{
	if (from >= s.len)
		return SPAN_EMPTY;
	return span_of(s.ptr + from, len < s.len - from ? len : s.len - from);
}

int span_cmp(struct span a, struct span b)
{
	size_t least = a.len < b.len ? a.len : b.len;
	int diff = least > 0 ? memcmp(a.ptr, b.ptr, least) : 0;

	if (diff != 0)
		return diff;
	return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

static bool is_one_of(uint8_t c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

struct span span_trim(struct span s, const char *blanks)
{
	while (s.len > 0 && is_one_of(s.ptr[0], blanks))
		s = span_sub(s, 1, s.len);
	while (s.len > 0 && is_one_of(s.ptr[s.len - 1], blanks))
		s.len--;
	return s;
}

bool span_find(struct span s, uint8_t byte, size_t *ret_at)
{
	const uint8_t *hit = s.len > 0 ? memchr(s.ptr, byte, s.len) : NULL;

	if (hit == NULL)
		return false;
	*ret_at = (size_t)(hit - s.ptr);
	return true;
}

bool span_take(struct span *s, size_t len, struct span *ret_part)
{
	if (len > s->len)
		return false;
	*ret_part = span_of(s->ptr, len);
	/* No arithmetic on a null pointer for an empty span. */
	if (len > 0)
		*s = span_of(s->ptr + len, s->len - len);
	return true;
}

static bool take_be(struct span *s, size_t len, uint64_t *ret)
{
	struct span part;
	uint64_t v = 0;

	if (!span_take(s, len, &part))
		return false;
	for (size_t i = 0; i < len; i++)
		v = v << 8 | part.ptr[i];
	*ret = v;
	return true;
}

bool span_take_u8(struct span *s, uint8_t *ret)
{
	uint64_t v;

	if (!take_be(s, 1, &v))
		return false;
	*ret = (uint8_t)v;
	return true;
}

bool span_take_u16(struct span *s, uint16_t *ret)
{
	uint64_t v;

	if (!take_be(s, 2, &v))
		return false;
	*ret = (uint16_t)v;
	return true;
}

bool span_take_u32(struct span *s, uint32_t *ret)
{
	uint64_t v;

	if (!take_be(s, 4, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

bool span_take_u64(struct span *s, uint64_t *ret)
{
	return take_be(s, 8, ret);
}

bool span_take_until(struct span *s, uint8_t sep, struct span *ret_part)
{
	size_t at;

	if (!span_find(*s, sep, &at))
		return false;
	*ret_part = span_of(s->ptr, at);
	*s = span_of(s->ptr + at + 1, s->len - at - 1);
	return true;
}
