/* The shape of a JPEG (ITU-T T.81, annex B) that our own encoder wrote. */
#include "server/convert/render.h"

enum {
	M_SOF0 = 0xc0,
	M_DHT = 0xc4,
	M_RST0 = 0xd0,
	M_RST7 = 0xd7,
	M_SOI = 0xd8,
	M_EOI = 0xd9,
	M_SOS = 0xda,
	M_DQT = 0xdb,
	M_APP0 = 0xe0
};

struct shape {
	unsigned w, h;
	bool jfif, frame;
};

static bool frame_ok(struct span body, const struct shape *s)
{
	uint8_t bits, parts;
	uint16_t h, w;
	return span_take_u8(&body, &bits) && span_take_u16(&body, &h) && span_take_u16(&body, &w) &&
	       span_take_u8(&body, &parts) && bits == 8 && h == s->h && w == s->w && parts == 3 && body.len == 9;
}

static bool segment_ok(uint8_t marker, struct span body, struct shape *s)
{
	switch (marker) {
	case M_APP0: /* JFIF without a thumbnail */
		if (s->jfif || body.len != 14 || !span_starts(body, SPAN_LIT("JFIF\0")) || body.ptr[12] != 0 ||
		    body.ptr[13] != 0)
			return false;
		return s->jfif = true;
	case M_DQT:
		return body.len == 65;
	case M_DHT:
		return body.len >= 17 && body.len <= 273;
	case M_SOF0:
		if (s->frame || !frame_ok(body, s))
			return false;
		return s->frame = true;
	default:
		return false;
	}
}

/* Entropy-coded data holds no marker; the end of image is the end of the octets. */
static bool scan_ok(struct span s)
{
	for (size_t i = 0; i + 1 < s.len; i++) {
		if (s.ptr[i] != 0xff)
			continue;
		if (s.ptr[i + 1] == M_EOI)
			return i + 2 == s.len;
		if (s.ptr[i + 1] != 0)
			return false;
		i++;
	}
	return false;
}

bool jpeg_check(struct span s, unsigned width, unsigned height)
{
	struct shape shape = {width, height, false, false};
	uint8_t ff, marker;
	uint16_t len;
	struct span body;
	if (!span_take_u8(&s, &ff) || !span_take_u8(&s, &marker) || ff != 0xff || marker != M_SOI)
		return false;
	for (;;) {
		if (!span_take_u8(&s, &ff) || !span_take_u8(&s, &marker) || ff != 0xff || !span_take_u16(&s, &len) ||
		    len < 2 || !span_take(&s, (size_t)len - 2, &body))
			return false;
		if (marker == M_SOS)
			return shape.jfif && shape.frame && body.len == 10 && body.ptr[0] == 3 && scan_ok(s);
		if (!segment_ok(marker, body, &shape))
			return false;
	}
}
