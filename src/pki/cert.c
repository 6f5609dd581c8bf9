#include "pki/cert.h"
#include "base/text.h"
#include "gm/sm3.h"
#include "pki/arc.h"
#include "pki/oid.h"
#include "pki/x509.h"
#include <stdlib.h>
#include <string.h>

enum { SERIAL_MAX = 20, KEYID_MAX = 64, PATHLEN_MAX = 16, EKU_MAX = 16 };

struct cert {
	struct span tbs, issuer, subject, ski, aki, eku; /* all in der */
	struct x509_name name;
	struct sm2_sig sig;
	struct sm2_pub pub;
	int64_t not_before, not_after;
	unsigned usage;
	int pathlen;
	bool ca, eku_critical, nocheck;
	char serial[2 * SERIAL_MAX + 1], uscc[33], profile[32], arc[ARC_MAX], unit_no[17], person_id[33];
	size_t len;
	uint8_t der[];
};

/* --- extensions that we act upon --- */

/* RFC 5280, 4.2.1.9. CA certificates only; an empty one, as other software writes for end entities, is read. */
static enum err ext_basic(struct cert *c, struct x509_ext e)
{
	struct span seq;
	uint64_t len;
	TRY(der_take(&e.value, DER_SEQ, &seq));
	TRY(der_end(e.value, "basicConstraints"));
	TRY(der_take_true(&seq, &c->ca));
	if (c->ca && seq.len > 0) {
		TRY(der_take_u64(&seq, &len));
		if (len > PATHLEN_MAX)
			return ERR(DER, "RFC 5280, 4.2.1.9: path length too large");
		c->pathlen = (int)len;
	}
	if (c->ca && !e.critical)
		return ERR(DER, "RFC 5280, 4.2.1.9: basicConstraints of a CA is not critical");
	return der_end(seq, "basicConstraints");
}

/* Named bits (X.690, 11.2.2): no trailing zero bits. */
static enum err ext_usage(struct cert *c, struct x509_ext e)
{
	struct span bits;
	TRY(der_take(&e.value, DER_BITS, &bits));
	TRY(der_end(e.value, "keyUsage"));
	if (bits.len < 2 || bits.len > 3 || bits.ptr[0] > 7)
		return ERR(DER, "RFC 5280, 4.2.1.3: keyUsage is empty or too long");
	unsigned last = bits.ptr[bits.len - 1], unused = bits.ptr[0], first = bits.ptr[1];
	if ((last & ((2U << unused) - 1)) != 1U << unused)
		return ERR(DER, "X.690, 11.2.2: keyUsage has trailing zero bits");
	if (!e.critical)
		return ERR(DER, "GB/T 20518-2018, 5.2.4: keyUsage is not critical");
	c->usage = ((first & 0xc0) == 0xc0 ? KU_SIGN : 0U) | ((first & 0x38) == 0x38 ? KU_ENC : 0U) |
	           ((first & 0x06) == 0x06 ? KU_CA : 0U) | ((first & 0xc0) == 0x80 ? KU_DIGITAL : 0U);
	return ERR_OK;
}

static enum err ext_ski(struct cert *c, struct x509_ext e)
{
	TRY(der_take(&e.value, DER_OCTETS, &c->ski));
	if (c->ski.len == 0 || c->ski.len > KEYID_MAX)
		return ERR(DER, "key identifier of %zu octets", c->ski.len);
	return der_end(e.value, "subjectKeyIdentifier");
}

static enum err ext_aki(struct cert *c, struct x509_ext e)
{
	return x509_aki_parse(e.value, &c->aki);
}

static enum err ext_eku(struct cert *c, struct x509_ext e)
{
	struct span list, oid;
	TRY(der_take(&e.value, DER_SEQ, &list));
	TRY(der_end(e.value, "extKeyUsage"));
	c->eku = list;
	c->eku_critical = e.critical;
	size_t n = 0;
	do {
		TRY(der_take_oid(&list, &oid));
	} while (list.len > 0 && ++n < EKU_MAX);
	return der_end(list, "extKeyUsage");
}

/* RFC 6960, 4.2.2.2.1: NULL. */
static enum err ext_nocheck(struct cert *c, struct x509_ext e)
{
	struct span null;
	TRY(der_take(&e.value, DER_NULL, &null));
	TRY(der_end(null, "ocsp-nocheck"));
	c->nocheck = true;
	return der_end(e.value, "ocsp-nocheck");
}

static enum err keep_text(struct span v, char *slot, size_t size)
{
	if (v.len == 0 || v.len >= size || !x509_printable_ok(v))
		return ERR(DER, "extension text of %zu octets", v.len);
	memcpy(slot, v.ptr, v.len);
	slot[v.len] = '\0';
	return ERR_OK;
}

static enum err ext_uscc(struct cert *c, struct x509_ext e)
{
	struct span v;
	TRY(der_take(&e.value, DER_PRINTABLE, &v));
	TRY(der_end(e.value, "organisation code"));
	return keep_text(v, c->uscc, sizeof(c->uscc));
}

/* Once, under whichever arc: two could name two profiles. */
static enum err ext_profile(struct cert *c, struct x509_ext e, const char arc[ARC_MAX])
{
	struct span v;
	if (c->arc[0] != '\0')
		return ERR(DER, "profile name under two arcs");
	memcpy(c->arc, arc, ARC_MAX);
	TRY(der_take(&e.value, DER_UTF8, &v));
	TRY(der_end(e.value, "profile name"));
	return keep_text(v, c->profile, sizeof(c->profile));
}

static const struct {
	const char *oid;
	enum err (*read)(struct cert *c, struct x509_ext e);
} readers[] = {
	{OID_BASIC, ext_basic},
	{OID_KEY_USAGE, ext_usage},
	{OID_SKI, ext_ski},
	{OID_AKI, ext_aki},
	{OID_EKU, ext_eku},
	{OID_ID_USCC, ext_uscc},
	{OID_OCSP_NOCHECK, ext_nocheck},
};

static enum err ext_read(struct cert *c, struct x509_ext e)
{
	for (size_t i = 0; i < COUNT_OF(readers); i++) {
		if (der_oid_is(e.oid, readers[i].oid))
			return readers[i].read(c, e);
	}
	char arc[ARC_MAX] = "";
	if (arc_has(e.oid, ARC_PROFILE, arc))
		return ext_profile(c, e, arc);
	if (e.critical)
		return ERR(DER, "RFC 5280, 4.2: unknown critical extension");
	return ERR_OK;
}

static enum err exts_read(struct cert *c, struct span *tbs)
{
	struct span outer, seq;
	struct x509_exts x;
	if (tbs->len == 0)
		return ERR_OK;
	TRY(der_take(tbs, DER_EXPLICIT(3), &outer));
	TRY(der_take(&outer, DER_SEQ, &seq));
	TRY(der_end(outer, "extensions"));
	TRY(x509_exts_parse(seq, &x));
	for (size_t i = 0; i < x.n; i++)
		TRY(ext_read(c, x.e[i]));
	return ERR_OK;
}

/* --- body --- */
static enum err version_take(struct span *tbs)
{
	struct span v;
	uint64_t n;
	TRY(der_take(tbs, DER_EXPLICIT(0), &v));
	TRY(der_take_u64(&v, &n));
	TRY(der_end(v, "version"));
	if (n != 2)
		return ERR(DER, "GB/T 20518-2018, 5.2.3: certificate is not of version 3");
	return ERR_OK;
}

static enum err serial_take(struct cert *c, struct span *tbs)
{
	struct span v;
	TRY(der_take_uint(tbs, SERIAL_MAX, &v));
	if (v.len == 1 && v.ptr[0] == 0)
		return ERR(DER, "RFC 5280, 4.1.2.2: serial number is zero");
	for (size_t i = 0; i < v.len; i++) {
		c->serial[2 * i] = "0123456789ABCDEF"[v.ptr[i] >> 4];
		c->serial[2 * i + 1] = "0123456789ABCDEF"[v.ptr[i] & 15];
	}
	return ERR_OK;
}

static enum err validity_take(struct cert *c, struct span *tbs)
{
	struct span v;
	TRY(der_take(tbs, DER_SEQ, &v));
	TRY(der_take_time(&v, &c->not_before));
	TRY(der_take_time(&v, &c->not_after));
	if (c->not_after < c->not_before)
		return ERR(DER, "validity ends before it begins");
	return der_end(v, "validity");
}

static enum err body_read(struct cert *c, struct x509_signed *s)
{
	struct span whole = s->tbs, tbs, alg;
	TRY(der_take(&whole, DER_SEQ, &tbs));
	TRY(version_take(&tbs));
	TRY(serial_take(c, &tbs));
	TRY(x509_alg_take(&tbs, &alg));
	if (!span_eq(alg, s->alg))
		return ERR(DER, "RFC 5280, 4.1.1.2: the two signature algorithms differ");
	TRY(x509_name_take(&tbs, &c->issuer, NULL));
	TRY(validity_take(c, &tbs));
	TRY(x509_name_take(&tbs, &c->subject, &c->name));
	TRY(x509_spki_take(&tbs, &c->pub));
	TRY(exts_read(c, &tbs));
	return der_end(tbs, "certificate");
}

/* --- the binding: subject id of our own profiles --- */
static bool id_chars(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t b = s.ptr[i];
		if (!(b >= '0' && b <= '9') && !(b >= 'A' && b <= 'Z') && !(b >= 'a' && b <= 'z') && b != '-')
			return false;
	}
	return s.len > 0;
}

static void keep(struct span s, char *slot)
{
	if (s.len > 0)
		memcpy(slot, s.ptr, s.len);
	slot[s.len] = '\0';
}

/* "<unit_no>-<person_id>" for unit profiles, "<person_id>" for person and staff. */
static enum err binding_read(struct cert *c)
{
	struct span id = span_str(c->name.serial_number), unit = SPAN_EMPTY;
	bool of_unit = strncmp(c->profile, "unit-", 5) == 0;
	if (!of_unit && strncmp(c->profile, "person-", 7) != 0 && strncmp(c->profile, "staff-", 6) != 0)
		return ERR_OK;
	if (of_unit && (!span_take_until(&id, '-', &unit) || unit.len >= sizeof(c->unit_no) || !id_chars(unit)))
		return ERR(DER, "subject id names no unit");
	if (!id_chars(id) || id.len >= sizeof(c->person_id))
		return ERR(DER, "subject id names no person");
	keep(unit, c->unit_no);
	keep(id, c->person_id);
	return ERR_OK;
}

/* --- life, read --- */
enum err cert_parse(struct span der, struct cert **ret_c)
{
	struct x509_signed s;
	if (der.len > CERT_DER_MAX)
		return ERR(LIMIT, "certificate of %zu octets", der.len);
	AUTO(cert) c = calloc(1, sizeof(*c) + der.len);
	if (c == NULL)
		return ERR(NOMEM, "certificate");
	c->pathlen = -1;
	c->len = der.len;
	if (der.len > 0)
		memcpy(c->der, der.ptr, der.len);
	TRY(x509_signed_parse(span_of(c->der, c->len), &s));
	TRY(body_read(c, &s));
	TRY(binding_read(c));
	c->tbs = s.tbs;
	c->sig = s.sig;
	*ret_c = STEAL(c);
	return ERR_OK;
}

void cert_free(struct cert *c)
{
	free(c);
}

struct span cert_der(const struct cert *c)
{
	return span_of(c->der, c->len);
}

const char *cert_serial(const struct cert *c)
{
	return c->serial;
}

const char *cert_subject_id(const struct cert *c)
{
	return c->name.serial_number;
}

const char *cert_common_name(const struct cert *c)
{
	return c->name.common_name;
}

const char *cert_org(const struct cert *c)
{
	return c->name.org;
}

const char *cert_uscc(const struct cert *c)
{
	return c->uscc;
}

const char *cert_profile(const struct cert *c)
{
	return c->profile;
}

const char *cert_arc(const struct cert *c)
{
	return c->arc;
}

const char *cert_unit_no(const struct cert *c)
{
	return c->unit_no;
}

const char *cert_person_id(const struct cert *c)
{
	return c->person_id;
}

struct span cert_subject_der(const struct cert *c)
{
	return c->subject;
}

struct span cert_issuer_der(const struct cert *c)
{
	return c->issuer;
}

const struct sm2_pub *cert_pub(const struct cert *c)
{
	return &c->pub;
}

int64_t cert_not_before(const struct cert *c)
{
	return c->not_before;
}

int64_t cert_not_after(const struct cert *c)
{
	return c->not_after;
}

unsigned cert_usage(const struct cert *c)
{
	return c->usage;
}

bool cert_is_ca(const struct cert *c)
{
	return c->ca;
}

int cert_pathlen(const struct cert *c)
{
	return c->pathlen;
}

struct span cert_ski(const struct cert *c)
{
	return c->ski;
}

struct span cert_aki(const struct cert *c)
{
	return c->aki;
}

bool cert_has_eku(const struct cert *c, const char *oid)
{
	struct span list = c->eku, one;
	while (list.len > 0 && der_take_oid(&list, &one) == ERR_OK) {
		if (der_oid_is(one, oid))
			return true;
	}
	return false;
}

bool cert_has_only_critical_eku(const struct cert *c, const char *oid)
{
	struct span list = c->eku, one;
	return c->eku_critical && der_take_oid(&list, &one) == ERR_OK && list.len == 0 && der_oid_is(one, oid);
}

bool cert_has_nocheck(const struct cert *c)
{
	return c->nocheck;
}

enum err cert_sm3(const struct cert *c, uint8_t ret_digest[32])
{
	return sm3_digest(cert_der(c), ret_digest);
}

enum err cert_sm3_hex(const struct cert *c, char ret_hex[65])
{
	return sm3_hex(cert_der(c), ret_hex);
}

enum err cert_verify(const struct cert *c, const struct sm2_pub *issuer)
{
	return gm_verify(issuer, c->tbs, &c->sig);
}

enum err cert_pem(const struct cert *c, struct buf *out)
{
	AUTO_BUF(b64, CERT_DER_MAX * 2);
	text_b64(&b64, cert_der(c));
	TRY(buf_err(&b64));
	buf_str(out, "-----BEGIN CERTIFICATE-----\n");
	for (size_t at = 0; at < b64.len; at += 64) {
		buf_put(out, span_sub(buf_span(&b64), at, 64));
		buf_u8(out, '\n');
	}
	buf_str(out, "-----END CERTIFICATE-----\n");
	return buf_err(out);
}
