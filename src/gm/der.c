#include "gm/der.h"
#include <string.h>
#include <time.h>

enum { NEST_MAX = 16 };

/* --- read --- */

/* X.690 10.1: the shortest form; three length octets are more than any object here needs. */
static bool take_len(struct span *in, size_t *ret_len)
{
	uint8_t first;
	size_t len = 0;
	if (!span_take_u8(in, &first))
		return false;
	if (first < 0x80) {
		*ret_len = first;
		return true;
	}
	struct span octets;
	if (first < 0x81 || first > 0x83 || !span_take(in, first & 0x7f, &octets))
		return false;
	for (size_t i = 0; i < octets.len; i++)
		len = len << 8 | octets.ptr[i];
	if (octets.ptr[0] == 0 || len < 0x80)
		return false;
	*ret_len = len;
	return true;
}

enum err der_take_any(struct span *in, int *ret_tag, struct span *ret_content)
{
	struct span rest = *in, content;
	uint8_t tag;
	size_t len;
	if (!span_take_u8(&rest, &tag) || (tag & 0x1f) == 0x1f || tag == 0)
		return ERR(DER, "tag is missing or not supported");
	if (!take_len(&rest, &len))
		return ERR(DER, "length is missing, not definite or not minimal");
	if (!span_take(&rest, len, &content))
		return ERR(DER, "value is longer than its container");
	*in = rest;
	*ret_tag = tag;
	*ret_content = content;
	return ERR_OK;
}

enum err der_take(struct span *in, int tag, struct span *ret_content)
{
	struct span rest = *in, content;
	int got;
	TRY(der_take_any(&rest, &got, &content));
	if (got != tag)
		return ERR(DER, "tag %02x where %02x is due", (unsigned)got, (unsigned)tag);
	*in = rest;
	*ret_content = content;
	return ERR_OK;
}

enum err der_take_whole(struct span *in, int tag, struct span *ret_tlv)
{
	struct span before = *in, content;
	TRY(der_take(in, tag, &content));
	*ret_tlv = span_sub(before, 0, before.len - in->len);
	return ERR_OK;
}

bool der_next_is(struct span in, int tag)
{
	return in.len > 0 && in.ptr[0] == tag;
}

enum err der_end(struct span in, const char *what)
{
	if (in.len != 0)
		return ERR(DER, "%zu octets too many in %s", in.len, what);
	return ERR_OK;
}

enum err der_take_uint(struct span *in, size_t max_octets, struct span *ret_v)
{
	struct span rest = *in, v;
	TRY(der_take(&rest, DER_INT, &v));
	if (v.len == 0 || (v.ptr[0] & 0x80) != 0)
		return ERR(DER, "integer is empty or negative");
	if (v.len > 1 && v.ptr[0] == 0) {
		if ((v.ptr[1] & 0x80) == 0)
			return ERR(DER, "integer is not minimal");
		v = span_sub(v, 1, v.len - 1);
	}
	if (v.len > max_octets)
		return ERR(DER, "integer of %zu octets", v.len);
	*in = rest;
	*ret_v = v;
	return ERR_OK;
}

enum err der_take_u64(struct span *in, uint64_t *ret_v)
{
	struct span v;
	uint64_t n = 0;
	TRY(der_take_uint(in, 8, &v));
	for (size_t i = 0; i < v.len; i++)
		n = n << 8 | v.ptr[i];
	*ret_v = n;
	return ERR_OK;
}

enum err der_take_true(struct span *in, bool *ret_v)
{
	struct span v;
	if (!der_next_is(*in, DER_BOOL)) {
		*ret_v = false;
		return ERR_OK;
	}
	TRY(der_take(in, DER_BOOL, &v));
	if (v.len != 1 || v.ptr[0] != 0xff)
		return ERR(DER, "boolean is not TRUE or is an encoded default");
	*ret_v = true;
	return ERR_OK;
}

enum err der_take_bits(struct span *in, struct span *ret_octets)
{
	struct span rest = *in, v;
	TRY(der_take(&rest, DER_BITS, &v));
	if (v.len < 1 || v.ptr[0] != 0)
		return ERR(DER, "bit string is not of whole octets");
	*in = rest;
	*ret_octets = span_sub(v, 1, v.len - 1);
	return ERR_OK;
}

enum err der_take_oid(struct span *in, struct span *ret_content)
{
	struct span rest = *in, v;
	TRY(der_take(&rest, DER_OID, &v));
	if (v.len == 0 || v.len > 64 || (v.ptr[v.len - 1] & 0x80) != 0)
		return ERR(DER, "object identifier is empty, too long or cut");
	for (size_t i = 0; i < v.len; i++) {
		if (v.ptr[i] == 0x80 && (i == 0 || (v.ptr[i - 1] & 0x80) == 0))
			return ERR(DER, "object identifier is not minimal");
	}
	*in = rest;
	*ret_content = v;
	return ERR_OK;
}

static bool two_digits(const uint8_t *p, int *ret_v)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*ret_v = (p[0] - '0') * 10 + p[1] - '0';
	return true;
}

/* "MMDDhhmmssZ" after a year of two or four digits; timegm and back tells a date that does not exist. */
static bool time_parse(const uint8_t *p, int year, int64_t *ret_t)
{
	struct tm tm = {.tm_year = year - 1900}, again;
	if (!two_digits(p, &tm.tm_mon) || !two_digits(p + 2, &tm.tm_mday) || !two_digits(p + 4, &tm.tm_hour) ||
	    !two_digits(p + 6, &tm.tm_min) || !two_digits(p + 8, &tm.tm_sec) || p[10] != 'Z')
		return false;
	tm.tm_mon -= 1;
	struct tm want = tm;
	time_t t = timegm(&tm);
	if (gmtime_r(&t, &again) == NULL || again.tm_mon != want.tm_mon || again.tm_mday != want.tm_mday ||
	    again.tm_hour != want.tm_hour || again.tm_min != want.tm_min || again.tm_sec != want.tm_sec)
		return false;
	*ret_t = t;
	return true;
}

enum err der_take_time(struct span *in, int64_t *ret_t)
{
	struct span rest = *in, v;
	int tag, high = 0, low;
	TRY(der_take_any(&rest, &tag, &v));
	size_t year_len = tag == DER_UTC ? 2 : 4;
	if ((tag != DER_UTC && tag != DER_GENERAL) || v.len != year_len + 11)
		return ERR(DER, "RFC 5280, 4.1.2.5: not a time in UTC to the second");
	if ((tag == DER_GENERAL && !two_digits(v.ptr, &high)) || !two_digits(v.ptr + year_len - 2, &low))
		return ERR(DER, "RFC 5280, 4.1.2.5: year is not a number");
	int year = tag == DER_UTC ? (low < 50 ? 2000 : 1900) + low : high * 100 + low;
	if (tag == DER_GENERAL && year < 2050)
		return ERR(DER, "RFC 5280, 4.1.2.5: GeneralizedTime before 2050");
	if (!time_parse(v.ptr + year_len, year, ret_t))
		return ERR(DER, "RFC 5280, 4.1.2.5: no such date or time");
	*in = rest;
	return ERR_OK;
}

static enum err check_level(struct span in, int depth)
{
	while (in.len > 0) {
		int tag;
		struct span content;
		TRY(der_take_any(&in, &tag, &content));
		if ((tag & 0x20) == 0)
			continue;
		if (depth >= NEST_MAX)
			return ERR(DER, "nested too deep");
		TRY(check_level(content, depth + 1));
	}
	return ERR_OK;
}

enum err der_check(struct span in)
{
	return check_level(in, 0);
}
