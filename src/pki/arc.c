#include "pki/arc.h"
#include "gm/der.h"
#include <stdio.h>
#include <string.h>

#define SUB_ARC "20518" /* of an enterprise's numbers: after GB/T 20518, the certificate format */
#define PEN_ARC "1.3.6.1.4.1"

enum { TEXT_MAX = ARC_MAX + 12 };

enum err arc_of_pen(uint64_t pen, char ret_arc[ARC_MAX])
{
	if (pen > ARC_PEN_MAX)
		return ERR(FIELD_VALUE, "enterprise number over %llu", (unsigned long long)ARC_PEN_MAX);
	if (pen == 0)
		(void)snprintf(ret_arc, ARC_MAX, "%s", ARC_EXAMPLE);
	else
		(void)snprintf(ret_arc, ARC_MAX, PEN_ARC ".%llu." SUB_ARC, (unsigned long long)pen);
	return ERR_OK;
}

/* X.690, 8.19: the number that follows the enterprises' arc in the content of an OID; 0: there is none. */
static uint64_t pen_in(struct span oid)
{
	static const uint8_t enterprises[] = {0x2b, 0x06, 0x01, 0x04, 0x01};
	uint64_t pen = 0;

	if (!span_starts(oid, SPAN_ARR(enterprises)))
		return 0;
	for (size_t i = sizeof(enterprises); i < oid.len && pen <= ARC_PEN_MAX; i++) {
		pen = pen << 7 | (oid.ptr[i] & 0x7f);
		if ((oid.ptr[i] & 0x80) == 0)
			return pen;
	}
	return 0;
}

static bool has(struct span oid, const char *arc, enum arc_leaf leaf)
{
	char text[TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%s.%d", arc, (int)leaf);
	return der_oid_is(oid, text);
}

bool arc_has(struct span oid, enum arc_leaf leaf, char ret_arc[ARC_MAX])
{
	static const char *const fixed[] = {ARC_EXAMPLE, ARC_OLD};
	char arc[ARC_MAX];
	uint64_t pen = pen_in(oid);

	for (size_t i = 0; i < COUNT_OF(fixed); i++) {
		if (has(oid, fixed[i], leaf)) {
			(void)snprintf(ret_arc, ARC_MAX, "%s", fixed[i]);
			return true;
		}
	}
	if (pen == 0 || pen > ARC_PEN_MAX)
		return false;
	(void)snprintf(arc, sizeof(arc), PEN_ARC ".%llu." SUB_ARC, (unsigned long long)pen);
	if (!has(oid, arc, leaf))
		return false;
	memcpy(ret_arc, arc, sizeof(arc));
	return true;
}

const char *arc_of_new(const char *arc)
{
	return arc == NULL || arc[0] == '\0' || strcmp(arc, ARC_OLD) == 0 ? ARC_EXAMPLE : arc;
}

void arc_put(struct buf *out, const char *arc, enum arc_leaf leaf)
{
	char text[TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%s.%d", arc, (int)leaf);
	der_put_oid(out, text);
}
