/* Strict DER (GB/T 16263.1, X.690), reader and writer. The reader accepts exactly one encoding of a value: definite
 * minimal lengths, single-octet tags, minimal integers, so nothing that it accepts re-encodes to other octets.
 * Reading moves the front of the span; all failures are ERR_DER and leave outputs untouched.
 * Writing goes to a buf: der_open .. der_close around the content, test buf_err once. */
#pragma once
#include "base/buf.h"

enum der_tag {
	DER_BOOL = 0x01,
	DER_INT = 0x02,
	DER_BITS = 0x03,
	DER_OCTETS = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_ENUM = 0x0a,
	DER_UTF8 = 0x0c,
	DER_PRINTABLE = 0x13,
	DER_IA5 = 0x16,
	DER_UTC = 0x17,
	DER_GENERAL = 0x18,
	DER_SEQ = 0x30,
	DER_SET = 0x31
};
#define DER_CONTEXT(n)  (0x80 | (n)) /* IMPLICIT, primitive */
#define DER_EXPLICIT(n) (0xa0 | (n)) /* constructed */

/* --- read --- */
enum err der_take(struct span *in, int tag, struct span *ret_content) MUST_CHECK;
enum err der_take_any(struct span *in, int *ret_tag, struct span *ret_content) MUST_CHECK;
enum err der_take_whole(struct span *in, int tag, struct span *ret_tlv) MUST_CHECK; /* with tag and length */
bool der_next_is(struct span in, int tag);
enum err der_end(struct span in, const char *what) MUST_CHECK; /* nothing left */
/* Non-negative INTEGER as big-endian octets without the sign octet; 0 is one zero octet. */
enum err der_take_uint(struct span *in, size_t max_octets, struct span *ret_v) MUST_CHECK;
enum err der_take_u64(struct span *in, uint64_t *ret_v) MUST_CHECK;
enum err der_take_true(struct span *in, bool *ret_v) MUST_CHECK;             /* BOOLEAN DEFAULT FALSE: absent or TRUE */
enum err der_take_bits(struct span *in, struct span *ret_octets) MUST_CHECK; /* BIT STRING of whole octets */
enum err der_take_oid(struct span *in, struct span *ret_content) MUST_CHECK;
enum err der_take_time(struct span *in, int64_t *ret_t) MUST_CHECK; /* RFC 5280 4.1.2.5: UTCTime up to 2049 */
/* Any well-formed values up to the end of in, nested at most a few levels. */
enum err der_check(struct span in) MUST_CHECK;

/* --- write --- */
size_t der_open(struct buf *out, int tag); /* returns the mark for der_close */
void der_close(struct buf *out, size_t mark);
void der_put(struct buf *out, int tag, struct span content);
void der_put_uint(struct buf *out, struct span big_endian);
void der_put_u64(struct buf *out, uint64_t v);
void der_put_bits(struct buf *out, struct span octets);
void der_put_oid(struct buf *out, const char *dotted); /* our own tables only: aborts on malformed text */
void der_put_time(struct buf *out, int64_t t);
bool der_oid_ok(const char *dotted);
/* True when the content of an OID value is this one. */
bool der_oid_is(struct span content, const char *dotted);
