/* The arc of object identifiers under which a bureau's policies and the extension of its certificates stand
 * (docs/protocol/certificates.md, "The bureau's arc"): that of its IANA enterprise number (PEN), 1.3.6.1.4.1.PEN.20518,
 * or in the demonstration that of examples, 2.999.20518. Numbers stay under 2^32: GmSSL, GnuTLS and Botan refuse a
 * certificate whose extension has a larger one. The arc under 2.25 that certificates bore until then is read for ever
 * and written no more. */
#pragma once
#include "base/buf.h"

enum { ARC_MAX = 64 };
enum arc_leaf {
	ARC_ATTESTED = 1, /* policy: key attested by a stocked card */
	ARC_PLAIN = 2,    /* policy: key without attestation */
	ARC_PROFILE = 3,  /* extension, UTF8String: profile name, non-critical */
	ARC_STAMP = 4     /* policy of our time stamps */
};
#define ARC_EXAMPLE "2.999.20518"
#define ARC_OLD     "2.25.221193735541470713841366452119853042145"
#define ARC_PEN_MAX UINT32_MAX

/* 0: of examples; ERR_FIELD_VALUE over ARC_PEN_MAX */
enum err arc_of_pen(uint64_t pen, char ret_arc[ARC_MAX]) MUST_CHECK;
/* The content of an OID value is this leaf of an arc of one of the three forms; which one. */
bool arc_has(struct span oid, enum arc_leaf leaf, char ret_arc[ARC_MAX]);
/* Where new objects stand whose issuer stands under this one ("" or NULL: under none): itself, but never the old one.
 */
const char *arc_of_new(const char *arc);
void arc_put(struct buf *out, const char *arc, enum arc_leaf leaf); /* OBJECT IDENTIFIER */
