#include "base/text.h"
#include "pki/cms_i.h"
#include "pki/oid.h"
#include <string.h>

enum { GENERAL_LEN = 15, ISO_LEN = 20 };

/* "20261122030405Z" out of "2026-11-22T03:04:05Z": the signs in between fall away. */
void cms_time_put(struct buf *out, int64_t t)
{
	AUTO_BUF(iso, 32);
	size_t mark = der_open(out, DER_GENERAL);

	text_time(&iso, t);
	if (buf_err(&iso) != ERR_OK && out->failed == ERR_OK)
		out->failed = ERR_LIMIT;
	for (size_t i = 0; i < iso.len; i++)
		if (iso.ptr[i] != '-' && iso.ptr[i] != ':' && iso.ptr[i] != 'T')
			buf_u8(out, iso.ptr[i]);
	der_close(out, mark);
}

enum err cms_time_take(struct span *in, int64_t *ret_t)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
	struct span rest = *in, v;
	uint8_t iso[ISO_LEN];

	TRY(der_take(&rest, DER_GENERAL, &v));
	if (v.len != GENERAL_LEN)
		return ERR(DER, "RFC 6960, 4.2.2.1: time is not in UTC to the second");
	for (size_t i = 0, at = 0; i < ISO_LEN; i++)
		iso[i] = shape[i] == 'd' || shape[i] == 'Z' ? v.ptr[at++] : (uint8_t)shape[i];
	if (text_untime(SPAN_ARR(iso), ret_t) != ERR_OK)
		return ERR(DER, "GeneralizedTime: no such date or time");
	*in = rest;
	return ERR_OK;
}

enum err cms_alg_take(struct span *in, struct span *ret_oid, struct span *ret_tlv)
{
	struct span rest = *in, seq, oid, null;

	TRY(der_take(&rest, DER_SEQ, &seq));
	TRY(der_take_oid(&seq, &oid));
	if (seq.len > 0) {
		TRY(der_take(&seq, DER_NULL, &null));
		TRY(der_end(null, "NULL"));
		TRY(der_end(seq, "algorithm identifier"));
	}
	if (ret_tlv != NULL)
		*ret_tlv = span_sub(*in, 0, in->len - rest.len);
	*ret_oid = oid;
	*in = rest;
	return ERR_OK;
}

void cms_sm3_put(struct buf *out)
{
	size_t seq = der_open(out, DER_SEQ);

	der_put_oid(out, OID_SM3);
	der_close(out, seq);
}

void cms_alg_null_put(struct buf *out, const char *oid)
{
	size_t seq = der_open(out, DER_SEQ);

	der_put_oid(out, oid);
	der_put(out, DER_NULL, SPAN_EMPTY);
	der_close(out, seq);
}

static enum err leaf_verify(const struct cert *leaf, const struct cert *ca, struct known_leaf *known)
{
	if (known != NULL && known->ca == ca && span_eq(cert_der(leaf), buf_span(&known->der)))
		return ERR_OK;
	if (cert_verify(leaf, cert_pub(ca)) != ERR_OK)
		return ERR(CERT_CHAIN, "signature of the signer's certificate does not verify");
	if (known == NULL)
		return ERR_OK;
	known->ca = NULL;
	buf_clear(&known->der);
	buf_put(&known->der, cert_der(leaf));
	TRY(buf_err(&known->der));
	known->ca = ca;
	return ERR_OK;
}

enum err cms_leaf_check(const struct cert *leaf, const struct cert *ca, int64_t at, struct known_leaf *known)
{
	if (!cert_is_ca(ca) || cert_is_ca(leaf) || !span_eq(cert_issuer_der(leaf), cert_subject_der(ca)) ||
	    !span_eq(cert_aki(leaf), cert_ski(ca)))
		return ERR(CERT_CHAIN, "signer's certificate is by another issuer");
	TRY(leaf_verify(leaf, ca, known));
	if (at < cert_not_before(leaf))
		return ERR(CERT_NOT_YET, "signer's certificate");
	if (at > cert_not_after(leaf))
		return ERR(CERT_EXPIRED, "signer's certificate");
	return ERR_OK;
}
