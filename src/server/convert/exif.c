/* The one thing of a picture's metadata that is used: which way is up (Exif 2.3: APP1, TIFF header, IFD0, tag 0x0112).
 */
#include "server/convert/render.h"

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY_LEN = 12 };

static unsigned u16_at(struct span t, size_t at, bool little)
{
	if (at + 2 > t.len)
		return 0;
	return little ? (unsigned)(t.ptr[at] | t.ptr[at + 1] << 8) : (unsigned)(t.ptr[at] << 8 | t.ptr[at + 1]);
}

static size_t u32_at(struct span t, size_t at, bool little)
{
	unsigned a = u16_at(t, at, little), b = u16_at(t, at + 2, little);
	return little ? (size_t)b << 16 | a : (size_t)a << 16 | b;
}

unsigned exif_orientation(struct span s)
{
	struct span head;
	if (!span_starts(s, SPAN_LIT("Exif\0\0")) || !span_take(&s, 6, &head) || s.len < 8)
		return 1;
	bool little = span_starts(s, SPAN_LIT("II*\0"));
	if (!little && !span_starts(s, SPAN_LIT("MM\0*")))
		return 1;
	size_t at = u32_at(s, 4, little);
	if (at > s.len)
		return 1;
	unsigned n = u16_at(s, at, little);
	for (unsigned i = 0; i < n; i++) {
		size_t entry = at + 2 + (size_t)i * ENTRY_LEN;
		if (entry + ENTRY_LEN > s.len)
			return 1;
		if (u16_at(s, entry, little) != TAG_ORIENTATION || u16_at(s, entry + 2, little) != TYPE_SHORT)
			continue;
		unsigned v = u16_at(s, entry + 8, little);
		return v >= 1 && v <= 8 ? v : 1;
	}
	return 1;
}
