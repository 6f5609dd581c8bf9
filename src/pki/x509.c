#include "pki/x509.h"
#include "base/text.h"
#include "pki/oid.h"
#include <string.h>

enum { RDN_MAX = 16, SIG_DER_MAX = 72, KEYID_MAX = 64 };

/* --- signed shell --- */
void x509_alg_put(struct buf *out)
{
	size_t mark = der_open(out, DER_SEQ);
	der_put_oid(out, OID_SM2_SIGN_SM3);
	der_close(out, mark);
}

enum err x509_alg_take(struct span *in, struct span *ret_tlv)
{
	struct span rest = *in, seq, oid, null;
	TRY(der_take(&rest, DER_SEQ, &seq));
	TRY(der_take_oid(&seq, &oid));
	if (!der_oid_is(oid, OID_SM2_SIGN_SM3))
		return ERR(DER, "GB/T 20518-2018, annex E: signature algorithm is not SM2 with SM3");
	if (seq.len > 0) {
		TRY(der_take(&seq, DER_NULL, &null));
		TRY(der_end(null, "NULL"));
		TRY(der_end(seq, "signature algorithm"));
	}
	*ret_tlv = span_sub(*in, 0, in->len - rest.len);
	*in = rest;
	return ERR_OK;
}

enum err x509_signed_parse(struct span der, struct x509_signed *ret_s)
{
	struct x509_signed s;
	struct span seq, bits;
	TRY(der_take(&der, DER_SEQ, &seq));
	TRY(der_end(der, "signed object"));
	TRY(der_take_whole(&seq, DER_SEQ, &s.tbs));
	TRY(x509_alg_take(&seq, &s.alg));
	TRY(der_take_bits(&seq, &bits));
	TRY(der_end(seq, "signed object"));
	TRY(sm2_sig_from_der(bits, &s.sig));
	*ret_s = s;
	return ERR_OK;
}

enum err x509_signed_put(struct span tbs, const struct sm2_sig *sig, struct buf *out)
{
	AUTO_BUF(der, SIG_DER_MAX);
	TRY(sm2_sig_der(sig, &der));
	size_t mark = der_open(out, DER_SEQ);
	buf_put(out, tbs);
	x509_alg_put(out);
	der_put_bits(out, buf_span(&der));
	der_close(out, mark);
	return buf_err(out);
}

/* --- public key --- */
void x509_spki_put(struct buf *out, const struct sm2_pub *p)
{
	size_t mark = der_open(out, DER_SEQ), alg = der_open(out, DER_SEQ);
	der_put_oid(out, OID_EC_PUBLIC_KEY);
	der_put_oid(out, OID_SM2_CURVE);
	der_close(out, alg);
	der_put_bits(out, SPAN_ARR(p->b));
	der_close(out, mark);
}

enum err x509_spki_take(struct span *in, struct sm2_pub *ret_p)
{
	struct span seq, alg, key, curve, point;
	struct sm2_pub p;
	TRY(der_take(in, DER_SEQ, &seq));
	TRY(der_take(&seq, DER_SEQ, &alg));
	TRY(der_take_bits(&seq, &point));
	TRY(der_end(seq, "public key"));
	TRY(der_take_oid(&alg, &key));
	TRY(der_take_oid(&alg, &curve));
	TRY(der_end(alg, "public key algorithm"));
	if (!der_oid_is(key, OID_EC_PUBLIC_KEY) || !der_oid_is(curve, OID_SM2_CURVE))
		return ERR(DER, "GB/T 20518-2018, annex E: public key is not on the named curve SM2");
	if (sm2_pub_parse(point, &p) != ERR_OK)
		return ERR(DER, "GB/T 32918.1-2016, 6.2: public key is not a point of the curve");
	*ret_p = p;
	return ERR_OK;
}

/* --- names --- */
bool x509_printable_ok(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!alnum && (c == '\0' || strchr(" '()+,-./:=?", c) == NULL))
			return false;
	}
	return true;
}

static bool ascii_ok(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e)
			return false;
	}
	return true;
}

bool x509_text_ok(const char *s)
{
	struct span v = span_str(s);
	return v.len > 0 && v.len <= CERT_TEXT_MAX && text_line_check(v) == ERR_OK;
}

void x509_attr_put(struct buf *out, const char *oid, int tag, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	size_t set = der_open(out, DER_SET), seq = der_open(out, DER_SEQ);
	der_put_oid(out, oid);
	der_put(out, tag, span_str(text));
	der_close(out, seq);
	der_close(out, set);
}

/* Our own strings only: the rare forms (T61String, BMPString) have no place in GB/T 20518-2018 names. */
static enum err attr_text(struct span *in, struct span *ret_text)
{
	int tag;
	struct span v;
	TRY(der_take_any(in, &tag, &v));
	TRY(der_end(*in, "name attribute"));
	if (v.len == 0 || v.len > CERT_TEXT_MAX)
		return ERR(DER, "name attribute of %zu octets", v.len);
	bool ok = tag == DER_UTF8 ? text_line_check(v) == ERR_OK
	                          : (tag == DER_PRINTABLE && x509_printable_ok(v)) || (tag == DER_IA5 && ascii_ok(v));
	if (!ok)
		return ERR(DER, "name attribute is not of permitted text");
	*ret_text = v;
	return ERR_OK;
}

static enum err attr_keep(struct span text, char *slot)
{
	if (slot[0] != '\0')
		return ERR(DER, "name attribute given twice");
	memcpy(slot, text.ptr, text.len);
	slot[text.len] = '\0';
	return ERR_OK;
}

static enum err rdn_take(struct span *in, struct x509_name *n)
{
	struct span set, seq, oid, text;
	TRY(der_take(in, DER_SET, &set));
	TRY(der_take(&set, DER_SEQ, &seq));
	TRY(der_end(set, "RDN, which has one attribute here"));
	TRY(der_take_oid(&seq, &oid));
	TRY(attr_text(&seq, &text));
	if (der_oid_is(oid, OID_CN))
		return attr_keep(text, n->common_name);
	if (der_oid_is(oid, OID_ORG))
		return attr_keep(text, n->org);
	if (der_oid_is(oid, OID_SERIAL_NUMBER))
		return attr_keep(text, n->serial_number);
	return ERR_OK;
}

enum err x509_name_take(struct span *in, struct span *ret_tlv, struct x509_name *ret_n)
{
	struct span rest = *in, seq;
	struct x509_name n = {"", "", ""};
	size_t count = 0;
	TRY(der_take(&rest, DER_SEQ, &seq));
	while (seq.len > 0) {
		if (++count > RDN_MAX)
			return ERR(DER, "name of more than %d parts", RDN_MAX);
		TRY(rdn_take(&seq, &n));
	}
	if (ret_n != NULL)
		*ret_n = n;
	*ret_tlv = span_sub(*in, 0, in->len - rest.len);
	*in = rest;
	return ERR_OK;
}

/* --- extensions --- */
static enum err ext_take(struct span *in, struct x509_ext *ret_e)
{
	struct span seq;
	TRY(der_take(in, DER_SEQ, &seq));
	TRY(der_take_oid(&seq, &ret_e->oid));
	TRY(der_take_true(&seq, &ret_e->critical));
	TRY(der_take(&seq, DER_OCTETS, &ret_e->value));
	return der_end(seq, "extension");
}

enum err x509_exts_parse(struct span content, struct x509_exts *ret_x)
{
	ret_x->n = 0;
	if (content.len == 0)
		return ERR(DER, "RFC 5280, 4.1: no extension in the list");
	while (content.len > 0) {
		struct x509_ext e;
		if (ret_x->n == X509_EXT_MAX)
			return ERR(DER, "more than %d extensions", X509_EXT_MAX);
		TRY(ext_take(&content, &e));
		for (size_t i = 0; i < ret_x->n; i++) {
			if (span_eq(ret_x->e[i].oid, e.oid))
				return ERR(DER, "RFC 5280, 4.2: extension given twice");
		}
		ret_x->e[ret_x->n++] = e;
	}
	return ERR_OK;
}

/* RFC 5280, 4.2.1.1. Issuer and serial may stand beside the key identifier; only that is compared. */
enum err x509_aki_parse(struct span value, struct span *ret_keyid)
{
	struct span seq, id = SPAN_EMPTY, other;
	TRY(der_take(&value, DER_SEQ, &seq));
	TRY(der_end(value, "authority key identifier"));
	if (der_next_is(seq, DER_CONTEXT(0)))
		TRY(der_take(&seq, DER_CONTEXT(0), &id));
	if (der_next_is(seq, DER_EXPLICIT(1))) {
		TRY(der_take(&seq, DER_EXPLICIT(1), &other));
		TRY(der_check(other));
		TRY(der_take(&seq, DER_CONTEXT(2), &other));
	}
	TRY(der_end(seq, "authority key identifier"));
	if (id.len > KEYID_MAX)
		return ERR(DER, "key identifier of %zu octets", id.len);
	*ret_keyid = id;
	return ERR_OK;
}

struct x509_ext_mark x509_ext_open(struct buf *out, const char *oid, bool critical)
{
	static const uint8_t yes[] = {0xff};
	struct x509_ext_mark m = {.seq = der_open(out, DER_SEQ)};
	der_put_oid(out, oid);
	if (critical)
		der_put(out, DER_BOOL, SPAN_ARR(yes));
	m.octets = der_open(out, DER_OCTETS);
	return m;
}

void x509_ext_close(struct buf *out, struct x509_ext_mark m)
{
	der_close(out, m.octets);
	der_close(out, m.seq);
}

void x509_aki_put(struct buf *out, struct span keyid)
{
	struct x509_ext_mark m = x509_ext_open(out, OID_AKI, false);
	size_t seq = der_open(out, DER_SEQ);
	der_put(out, DER_CONTEXT(0), keyid);
	der_close(out, seq);
	x509_ext_close(out, m);
}
