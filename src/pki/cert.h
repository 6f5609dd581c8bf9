/* X.509 v3 certificates on SM2 (GB/T 20518-2018; docs/protocol/certificates.md): parse strictly, build, show.
 *
 * Subject of ours: C=CN, ST, L, O=<unit name>, CN=<holder>, serialNumber=<subject id>; the subject id binds:
 *   unit, unit-member   "<unit_no>-<person_id>"     person, staff   "<person_id>"     card   "<card serial>"
 * The profile's name is in a non-critical extension of the bureau's arc (arc.h); text of names binds nothing.
 * The identity number of a person is in no certificate. Only libcrypto's DER codec is used; signing is gm_sign. */
#pragma once
#include "gm/sm2.h"

enum { CERT_DER_MAX = 8192, CERT_SERIAL_LEN = 16, CERT_TEXT_MAX = 400 /* octets of UTF-8: 100 characters */ };
enum cert_ku {
	KU_SIGN = 1,
	KU_ENC = 2,
	KU_CA = 4,
	KU_DIGITAL = 8
}; /* digitalSignature+nonRepudiation |
keyEnc+dataEnc+keyAgreement | certSign+crlSign | digitalSignature alone (OCSP responder) */

/* --- life, read --- */
struct cert;
/* one certificate, no trailing byte; ERR_DER, ERR_LIMIT */
enum err cert_parse(struct span der, struct cert **ret_c) MUST_CHECK;
void cert_free(struct cert *c);
DEFINE_AUTO(cert)
/* All borrowed from c; "" where absent. */
struct span cert_der(const struct cert *c);
const char *cert_serial(const struct cert *c); /* upper-case hex, 2..40 digits */
const char *cert_subject_id(const struct cert *c);
const char *cert_common_name(const struct cert *c);
const char *cert_org(const struct cert *c);
const char *cert_uscc(const struct cert *c);
const char *cert_profile(const struct cert *c);
const char *cert_arc(const struct cert *c);     /* under which its profile is named, dotted */
const char *cert_unit_no(const struct cert *c); /* from the subject id; "" for persons */
const char *cert_person_id(const struct cert *c);
struct span cert_subject_der(const struct cert *c);
struct span cert_issuer_der(const struct cert *c);
const struct sm2_pub *cert_pub(const struct cert *c);
int64_t cert_not_before(const struct cert *c);
int64_t cert_not_after(const struct cert *c);
unsigned cert_usage(const struct cert *c); /* enum cert_ku bits */
bool cert_is_ca(const struct cert *c);
int cert_pathlen(const struct cert *c);                   /* -1: none */
bool cert_has_eku(const struct cert *c, const char *oid); /* dotted; false when the extension is absent */
/* The one purpose, critical: what RFC 3161, 2.3 demands of a time-stamping certificate. */
bool cert_has_only_critical_eku(const struct cert *c, const char *oid);
bool cert_has_nocheck(const struct cert *c); /* id-pkix-ocsp-nocheck, RFC 6960, 4.2.2.2.1 */
struct span cert_ski(const struct cert *c);  /* subject key identifier, empty when absent */
struct span cert_aki(const struct cert *c);  /* issuer's key identifier, empty when absent */
enum err cert_sm3(const struct cert *c, uint8_t ret_digest[32]) MUST_CHECK; /* of the DER */
enum err cert_sm3_hex(const struct cert *c, char ret_hex[65]) MUST_CHECK;
/* Signature by this key over the TBS octets as parsed; ERR_SIG. */
enum err cert_verify(const struct cert *c, const struct sm2_pub *issuer) MUST_CHECK;
enum err cert_pem(const struct cert *c, struct buf *out) MUST_CHECK;

/* --- build --- */
struct cert_spec {
	const char *profile;             /* a row of profile.h */
	uint8_t serial[CERT_SERIAL_LEN]; /* first octet 0x01..0x7f */
	const struct cert *issuer;       /* NULL: self-signed root */
	/* the root's, arc.h; NULL: of examples. All others stand under their issuer's */
	const char *arc;
	const struct sm2_pub *pub;
	const char *org, *common_name, *subject_id, *uscc; /* NULL or "" where the profile has none */
	const char *state, *locality;                      /* NULL: profile's */
	int64_t not_before, not_after;
	const char *crl_url, *ca_url, *ocsp_url; /* NULL: left out */
};
enum err cert_build(const struct cert_spec *spec, const struct sm2_key *issuer_key, struct cert **ret_c) MUST_CHECK;
