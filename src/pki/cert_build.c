#include "gm/sm3.h"
#include "pki/arc.h"
#include "pki/attest.h"
#include "pki/cert.h"
#include "pki/oid.h"
#include "pki/profile.h"
#include "pki/x509.h"
#include <string.h>

enum { DAY_SEC = 86400, URL_MAX = 200, SKI_LEN = 20, PRC_ID_LEN = 18 };

static bool given(const char *s)
{
	return s != NULL && s[0] != '\0';
}

/* --- checks; every refusal is ERR_CERT_PROFILE --- */

/* GB 11643-1999: 17 digits and a check character. The identity number of a person is in no certificate. */
static bool is_id_number(const char *s)
{
	static const int weight[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	int sum = 0;
	for (size_t i = 0; i < COUNT_OF(weight); i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		sum += weight[i] * (s[i] - '0');
	}
	char last = s[PRC_ID_LEN - 1] == 'x' ? 'X' : s[PRC_ID_LEN - 1];
	return last == "10X98765432"[sum % 11];
}

static bool holds_id_number(const char *s)
{
	for (size_t len = s == NULL ? 0 : strlen(s); len >= PRC_ID_LEN; len--, s++) {
		if (is_id_number(s))
			return true;
	}
	return false;
}

static bool url_ok(const char *url)
{
	size_t len = given(url) ? strlen(url) : 0;
	for (size_t i = 0; i < len; i++) {
		if (url[i] <= 0x20 || url[i] > 0x7e)
			return false;
	}
	return len <= URL_MAX && (len == 0 || strncmp(url, "http", 4) == 0);
}

/* GB 32100-2015: 18 characters of its alphabet; the check character is the register's business. */
static bool uscc_ok(const char *s)
{
	return strlen(s) == 18 && strspn(s, "0123456789ABCDEFGHJKLMNPQRTUWXY") == 18;
}

static bool card_serial_ok(const char *s)
{
	size_t len = strlen(s);
	return len >= 4 && len <= CARD_SERIAL_MAX && strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
}

static enum err names_check(const struct cert_spec *s, const struct profile *p)
{
	if (!x509_text_ok(given(s->common_name) ? s->common_name : p->common_name))
		return ERR(CERT_PROFILE, "%s: common name is missing or not permitted text", p->name);
	if (given(s->org) ? !x509_text_ok(s->org) : p->needs_org && p->org[0] == '\0')
		return ERR(CERT_PROFILE, "%s: organisation is missing or not permitted text", p->name);
	if (p->org[0] != '\0' && given(s->org) && strcmp(p->org, s->org) != 0)
		return ERR(CERT_PROFILE, "%s: organisation is fixed by the profile", p->name);
	if ((given(s->state) && !x509_text_ok(s->state)) || (given(s->locality) && !x509_text_ok(s->locality)))
		return ERR(CERT_PROFILE, "%s: place is not permitted text", p->name);
	if (holds_id_number(s->common_name) || holds_id_number(s->subject_id))
		return ERR(CERT_PROFILE, "%s: an identity number in the name", p->name);
	return ERR_OK;
}

static enum err ids_check(const struct cert_spec *s, const struct profile *p)
{
	if (p->ca && given(s->subject_id))
		return ERR(CERT_PROFILE, "%s: a CA has no subject id", p->name);
	if (!p->ca &&
	    (!given(s->subject_id) || strlen(s->subject_id) > 64 || !x509_printable_ok(span_str(s->subject_id))))
		return ERR(CERT_PROFILE, "%s: subject id is missing or not permitted text", p->name);
	if (strcmp(p->name, "card") == 0 && !card_serial_ok(s->subject_id))
		return ERR(CERT_PROFILE, "%s: not a card serial", p->name);
	if (given(s->uscc) ? !p->needs_uscc || !uscc_ok(s->uscc) : p->needs_uscc)
		return ERR(CERT_PROFILE, "%s: unified social credit code", p->name);
	if (!url_ok(s->crl_url) || !url_ok(s->ca_url) || !url_ok(s->ocsp_url))
		return ERR(CERT_PROFILE, "%s: URL", p->name);
	return ERR_OK;
}

static enum err frame_check(const struct cert_spec *s, const struct profile *p)
{
	if (s->serial[0] < 0x01 || s->serial[0] > 0x7f)
		return ERR(CERT_PROFILE, "serial number does not have 16 octets or is negative");
	if (s->not_before < 0 || s->not_after <= s->not_before || s->not_after > INT64_C(250000000000) ||
	    s->not_after - s->not_before > (int64_t)p->days_max * DAY_SEC)
		return ERR(CERT_PROFILE, "%s: validity is over %d days or not in order", p->name, p->days_max);
	return ERR_OK;
}

static enum err issuer_check(const struct cert_spec *s, const struct profile *p, const struct sm2_key *key)
{
	const struct sm2_pub *by = s->issuer == NULL ? s->pub : cert_pub(s->issuer);
	if ((s->issuer == NULL) != (strcmp(p->name, "root") == 0))
		return ERR(CERT_PROFILE, "%s: the root and nothing else is self-signed", p->name);
	if (!span_eq(SPAN_ARR(by->b), SPAN_ARR(sm2_key_pub(key)->b)))
		return ERR(CERT_PROFILE, "%s: key is not the issuer's", p->name);
	if (s->issuer != NULL && (!cert_is_ca(s->issuer) || (p->ca && cert_pathlen(s->issuer) == 0)))
		return ERR(CERT_PROFILE, "%s: the issuer may not issue this", p->name);
	return ERR_OK;
}

/* --- parts --- */

/* C, ST, L, O, CN, serialNumber. The sign and the encryption certificate of one holder get the same octets. */
static void subject_put(struct buf *out, const struct cert_spec *s, const struct profile *p)
{
	size_t seq = der_open(out, DER_SEQ);
	x509_attr_put(out, OID_COUNTRY, DER_PRINTABLE, "CN");
	x509_attr_put(out, OID_STATE, DER_UTF8, given(s->state) ? s->state : p->state);
	x509_attr_put(out, OID_LOCALITY, DER_UTF8, given(s->locality) ? s->locality : p->locality);
	x509_attr_put(out, OID_ORG, DER_UTF8, p->org[0] != '\0' ? p->org : s->org);
	x509_attr_put(out, OID_CN, DER_UTF8, given(s->common_name) ? s->common_name : p->common_name);
	x509_attr_put(out, OID_SERIAL_NUMBER, DER_PRINTABLE, s->subject_id);
	der_close(out, seq);
}

/* Leftmost 160 bits of the digest of the point (the shape of RFC 7093, 2; SM3 in place of SHA-2). */
static enum err key_id(const struct sm2_pub *pub, uint8_t ret_id[SKI_LEN])
{
	uint8_t digest[SM3_LEN];
	TRY(sm3_digest(SPAN_ARR(pub->b), digest));
	memcpy(ret_id, digest, SKI_LEN);
	return ERR_OK;
}

static enum err key_ids_put(struct buf *out, const struct cert_spec *s)
{
	uint8_t own[SKI_LEN];
	TRY(key_id(s->pub, own));
	x509_aki_put(out, s->issuer == NULL ? SPAN_ARR(own) : cert_ski(s->issuer));
	struct x509_ext_mark m = x509_ext_open(out, OID_SKI, false);
	der_put(out, DER_OCTETS, SPAN_ARR(own));
	x509_ext_close(out, m);
	return ERR_OK;
}

/* GB/T 20518-2018, 5.2.4: critical. The four values of docs/protocol/certificates.md and nothing between. */
static void usage_put(struct buf *out, unsigned usage)
{
	static const uint8_t sign[] = {6, 0xc0}, enc[] = {3, 0x38}, ca[] = {1, 0x06}, digital[] = {7, 0x80};
	struct x509_ext_mark m = x509_ext_open(out, OID_KEY_USAGE, true);
	der_put(out, DER_BITS,
	        usage == KU_CA        ? SPAN_ARR(ca)
	        : usage == KU_ENC     ? SPAN_ARR(enc)
	        : usage == KU_DIGITAL ? SPAN_ARR(digital)
	                              : SPAN_ARR(sign));
	x509_ext_close(out, m);
}

/* Left out of end entities: an empty one is refused by other implementations. */
static void basic_put(struct buf *out, const struct profile *p)
{
	static const uint8_t yes[] = {0xff};
	if (!p->ca)
		return;
	struct x509_ext_mark m = x509_ext_open(out, OID_BASIC, true);
	size_t seq = der_open(out, DER_SEQ);
	der_put(out, DER_BOOL, SPAN_ARR(yes));
	if (p->pathlen >= 0)
		der_put_u64(out, (uint64_t)p->pathlen);
	der_close(out, seq);
	x509_ext_close(out, m);
}

static void policy_put(struct buf *out, const struct profile *p, const char *arc)
{
	if (p->policy[0] != '\0' || p->arc_leaf != 0) {
		struct x509_ext_mark m = x509_ext_open(out, OID_POLICIES, false);
		size_t seq = der_open(out, DER_SEQ), info = der_open(out, DER_SEQ);
		if (p->arc_leaf != 0)
			arc_put(out, arc, p->arc_leaf);
		else
			der_put_oid(out, p->policy);
		der_close(out, info);
		der_close(out, seq);
		x509_ext_close(out, m);
	}
	if (p->eku[0] != '\0') {
		/* RFC 3161, 2.3: of a time-stamping certificate it is critical. */
		struct x509_ext_mark m = x509_ext_open(out, OID_EKU, strcmp(p->eku, OID_EKU_TIMESTAMP) == 0);
		size_t seq = der_open(out, DER_SEQ);
		der_put_oid(out, p->eku);
		der_close(out, seq);
		x509_ext_close(out, m);
	}
}

/* RFC 6960, 4.2.2.2.1: nobody is to ask the responder about its own certificate. */
static void nocheck_put(struct buf *out, const struct profile *p)
{
	if (!p->nocheck)
		return;
	struct x509_ext_mark m = x509_ext_open(out, OID_OCSP_NOCHECK, false);
	der_put(out, DER_NULL, SPAN_EMPTY);
	x509_ext_close(out, m);
}

static void access_put(struct buf *out, const char *method, const char *url)
{
	if (!given(url))
		return;
	size_t seq = der_open(out, DER_SEQ);
	der_put_oid(out, method);
	der_put(out, DER_CONTEXT(6), span_str(url));
	der_close(out, seq);
}

static void urls_put(struct buf *out, const struct cert_spec *s)
{
	if (given(s->crl_url)) {
		struct x509_ext_mark m = x509_ext_open(out, OID_CRL_POINTS, false);
		size_t seq = der_open(out, DER_SEQ), point = der_open(out, DER_SEQ);
		size_t name = der_open(out, DER_EXPLICIT(0)), full = der_open(out, DER_EXPLICIT(0));
		der_put(out, DER_CONTEXT(6), span_str(s->crl_url));
		der_close(out, full);
		der_close(out, name);
		der_close(out, point);
		der_close(out, seq);
		x509_ext_close(out, m);
	}
	if (given(s->ocsp_url) || given(s->ca_url)) {
		struct x509_ext_mark m = x509_ext_open(out, OID_AIA, false);
		size_t seq = der_open(out, DER_SEQ);
		access_put(out, OID_AIA_OCSP, s->ocsp_url);
		access_put(out, OID_AIA_ISSUERS, s->ca_url);
		der_close(out, seq);
		x509_ext_close(out, m);
	}
}

static void text_ext_put(struct buf *out, const char *oid, int tag, const char *text)
{
	if (!given(text))
		return;
	struct x509_ext_mark m = x509_ext_open(out, oid, false);
	der_put(out, tag, span_str(text));
	x509_ext_close(out, m);
}

/* Under the bureau's arc: what kind of certificate this is. */
static void profile_put(struct buf *out, const struct profile *p, const char *arc)
{
	size_t seq = der_open(out, DER_SEQ);
	arc_put(out, arc, ARC_PROFILE);
	size_t octets = der_open(out, DER_OCTETS);
	der_put(out, DER_UTF8, span_str(p->name));
	der_close(out, octets);
	der_close(out, seq);
}

static enum err exts_put(struct buf *out, const struct cert_spec *s, const struct profile *p)
{
	const char *arc = arc_of_new(s->issuer == NULL ? s->arc : cert_arc(s->issuer));
	size_t outer = der_open(out, DER_EXPLICIT(3)), seq = der_open(out, DER_SEQ);
	TRY(key_ids_put(out, s));
	usage_put(out, p->usage);
	basic_put(out, p);
	policy_put(out, p, arc);
	nocheck_put(out, p);
	urls_put(out, s);
	text_ext_put(out, OID_ID_USCC, DER_PRINTABLE, s->uscc);
	profile_put(out, p, arc);
	der_close(out, seq);
	der_close(out, outer);
	return ERR_OK;
}

static void head_put(struct buf *out, const struct cert_spec *s, struct span subject)
{
	size_t version = der_open(out, DER_EXPLICIT(0));
	der_put_u64(out, 2);
	der_close(out, version);
	der_put_uint(out, SPAN_ARR(s->serial));
	x509_alg_put(out);
	/* The issuer's subject as it stands: names are compared octet by octet. */
	buf_put(out, s->issuer == NULL ? subject : cert_subject_der(s->issuer));
	size_t validity = der_open(out, DER_SEQ);
	der_put_time(out, s->not_before);
	der_put_time(out, s->not_after);
	der_close(out, validity);
	buf_put(out, subject);
}

static enum err tbs_put(struct buf *out, const struct cert_spec *s, const struct profile *p)
{
	AUTO_BUF(subject, CERT_DER_MAX);
	subject_put(&subject, s, p);
	TRY(buf_err(&subject));
	size_t seq = der_open(out, DER_SEQ);
	head_put(out, s, buf_span(&subject));
	x509_spki_put(out, s->pub);
	TRY(exts_put(out, s, p));
	der_close(out, seq);
	return buf_err(out);
}

enum err cert_build(const struct cert_spec *spec, const struct sm2_key *issuer_key, struct cert **ret_c)
{
	AUTO_BUF(tbs, CERT_DER_MAX);
	AUTO_BUF(der, CERT_DER_MAX);
	AUTO(cert) c = NULL;
	struct sm2_sig sig;
	const struct profile *p = profile_find(spec->profile);
	if (p == NULL)
		return ERR(CERT_PROFILE, "no profile of this name");
	TRY(names_check(spec, p));
	TRY(ids_check(spec, p));
	TRY(frame_check(spec, p));
	TRY(issuer_check(spec, p, issuer_key));
	TRY(tbs_put(&tbs, spec, p));
	TRY(gm_sign(issuer_key, buf_span(&tbs), &sig));
	TRY(x509_signed_put(buf_span(&tbs), &sig, &der));
	/* Our own reader has the last word: nothing leaves that it would refuse, a subject id without a person among
	 * it. */
	if (cert_parse(buf_span(&der), &c) != ERR_OK)
		return ERR(CERT_PROFILE, "%s: subject id does not fit", p->name);
	TRY(cert_verify(c, sm2_key_pub(issuer_key)));
	*ret_c = STEAL(c);
	return ERR_OK;
}
