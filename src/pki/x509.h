/* What certificates, requests and CRLs have in common: the signed shell, SM2 algorithm identifiers, names, extensions.
 * For the files of this folder only. All readers are strict DER (gm/der.h) and raise ERR_DER. */
#pragma once
#include "gm/der.h"
#include "pki/cert.h"

/* SEQUENCE { toBeSigned, AlgorithmIdentifier SM2-with-SM3, BIT STRING signature }, nothing after it. */
struct x509_signed {
	struct span tbs, alg; /* with tag and length */
	struct sm2_sig sig;
};
enum err x509_signed_parse(struct span der, struct x509_signed *ret_s) MUST_CHECK;
enum err x509_signed_put(struct span tbs, const struct sm2_sig *sig, struct buf *out) MUST_CHECK;

/* 1.2.156.10197.1.501, parameters absent (as we write) or NULL (as real authorities write). */
void x509_alg_put(struct buf *out);
enum err x509_alg_take(struct span *in, struct span *ret_tlv) MUST_CHECK;

void x509_spki_put(struct buf *out, const struct sm2_pub *p);
enum err x509_spki_take(struct span *in, struct sm2_pub *ret_p) MUST_CHECK;

/* Name: one attribute to an RDN; an attribute type that we read occurs once at most. */
struct x509_name {
	char org[CERT_TEXT_MAX + 1], common_name[CERT_TEXT_MAX + 1], serial_number[CERT_TEXT_MAX + 1];
};
/* ret_n may be NULL */
enum err x509_name_take(struct span *in, struct span *ret_tlv, struct x509_name *ret_n) MUST_CHECK;
void x509_attr_put(struct buf *out, const char *oid, int tag, const char *text); /* nothing for NULL or "" */
bool x509_text_ok(const char *s);      /* UTF-8 line of 1..CERT_TEXT_MAX octets */
bool x509_printable_ok(struct span s); /* characters of PrintableString */

/* Extensions. */
enum { X509_EXT_MAX = 32 };
struct x509_ext {
	struct span oid, value;
	bool critical;
};
struct x509_exts {
	struct x509_ext e[X509_EXT_MAX];
	size_t n;
};
enum err x509_exts_parse(struct span content, struct x509_exts *ret_x) MUST_CHECK; /* of the SEQUENCE; no type twice */
enum err x509_aki_parse(struct span value, struct span *ret_keyid) MUST_CHECK;
struct x509_ext_mark {
	size_t seq, octets;
};
struct x509_ext_mark x509_ext_open(struct buf *out, const char *oid, bool critical);
void x509_ext_close(struct buf *out, struct x509_ext_mark m);
void x509_aki_put(struct buf *out, struct span keyid);
