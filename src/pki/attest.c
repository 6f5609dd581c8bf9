#include "pki/attest.h"
#include <string.h>

static const struct span magic = {(const uint8_t *)"YXATT1", 6};

/* [A-Z0-9]{4,16} */
static bool serial_ok(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') && !(s.ptr[i] >= '0' && s.ptr[i] <= '9'))
			return false;
	}
	return s.len >= 4 && s.len <= CARD_SERIAL_MAX;
}

enum err attest_tbs(const struct attest *a, uint8_t ret_tbs[ATTEST_TBS_LEN])
{
	AUTO_BUF(out, ATTEST_TBS_LEN);
	char serial[CARD_SERIAL_MAX] = {0};
	size_t len = strnlen(a->serial, sizeof(a->serial));
	if (!serial_ok(span_of(a->serial, len)))
		return ERR(DER, "card serial");
	if (a->pin_by != ATTEST_PIN_HOLDER && a->pin_by != ATTEST_PIN_TRANSPORT)
		return ERR(DER, "who set the PIN");
	memcpy(serial, a->serial, len);
	buf_put(&out, magic);
	buf_u8(&out, (uint8_t)a->pin_by);
	buf_put(&out, SPAN_ARR(serial));
	buf_put(&out, SPAN_ARR(a->pub.b));
	buf_put(&out, SPAN_ARR(a->approval));
	buf_u8(&out, 0);
	buf_u64(&out, a->counter);
	TRY(buf_err(&out));
	INVARIANT(out.len == ATTEST_TBS_LEN);
	memcpy(ret_tbs, out.ptr, ATTEST_TBS_LEN);
	return ERR_OK;
}

/* Padded with NULs to the end and nothing after them. */
static enum err serial_read(struct span field, char *ret_serial)
{
	size_t len = strnlen((const char *)field.ptr, field.len);
	for (size_t i = len; i < field.len; i++) {
		if (field.ptr[i] != 0)
			return ERR(DER, "card serial is not padded with zeros");
	}
	if (!serial_ok(span_sub(field, 0, len)))
		return ERR(DER, "card serial");
	memcpy(ret_serial, field.ptr, len);
	ret_serial[len] = '\0';
	return ERR_OK;
}

static enum err fields_read(struct span in, struct attest *a)
{
	struct span serial, point, approval;
	uint8_t pin_by, reserved;
	if (!span_starts(in, magic) || in.len != ATTEST_LEN)
		return ERR(DER, "not an attestation");
	in = span_sub(in, magic.len, in.len - magic.len);
	if (!span_take_u8(&in, &pin_by) || !span_take(&in, CARD_SERIAL_MAX, &serial) ||
	    !span_take(&in, SM2_PUB_LEN, &point) || !span_take(&in, 32, &approval) || !span_take_u8(&in, &reserved) ||
	    !span_take_u64(&in, &a->counter))
		return ERR(DER, "attestation is too short");
	if ((pin_by != ATTEST_PIN_HOLDER && pin_by != ATTEST_PIN_TRANSPORT) || reserved != 0)
		return ERR(DER, "attestation has an unknown value");
	if (sm2_pub_parse(point, &a->pub) != ERR_OK)
		return ERR(DER, "attested key is not a point of the curve");
	a->pin_by = (enum attest_pin)pin_by;
	memcpy(a->approval, approval.ptr, 32);
	return serial_read(serial, a->serial);
}

enum err attest_parse(struct span bytes, struct attest *ret_a)
{
	struct attest a = {.counter = 0};
	TRY(fields_read(bytes, &a));
	*ret_a = a;
	return ERR_OK;
}

enum err attest_verify(struct span bytes, const struct sm2_pub *device, struct attest *ret_a)
{
	struct attest a;
	struct sm2_sig sig;
	if (attest_parse(bytes, &a) != ERR_OK)
		return ERR(ATTEST, "attestation is malformed");
	memcpy(sig.b, bytes.ptr + ATTEST_TBS_LEN, SM2_SIG_LEN);
	if (gm_verify(device, span_sub(bytes, 0, ATTEST_TBS_LEN), &sig) != ERR_OK)
		return ERR(ATTEST, "signature of the device key does not verify");
	*ret_a = a;
	return ERR_OK;
}
