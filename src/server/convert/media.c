#include "server/convert/render.h"

const char *media_type(enum media m)
{
	switch (m) {
	case MEDIA_JPEG:
		return "image/jpeg";
	case MEDIA_PNG:
		return "image/png";
	case MEDIA_PDF:
		return "application/pdf";
	}
	return "application/octet-stream";
}

bool media_of(struct span file, enum media *ret_m)
{
	static const struct {
		struct span magic;
		enum media m;
	} kinds[] = {
		{{(const uint8_t *)"\xff\xd8\xff", 3}, MEDIA_JPEG},
		{{(const uint8_t *)"\x89PNG\r\n\x1a\n", 8}, MEDIA_PNG},
		{{(const uint8_t *)"%PDF-1.", 7}, MEDIA_PDF},
		{{(const uint8_t *)"%PDF-2.", 7}, MEDIA_PDF},
	};
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (span_starts(file, kinds[i].magic)) {
			*ret_m = kinds[i].m;
			return true;
		}
	return false;
}
