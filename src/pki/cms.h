/* CMS SignedData (RFC 5652) in one fixed shape, as time stamps need it: RFC object identifiers, SM3, signature
 * algorithm 1.2.156.10197.1.501, one signer by issuer and serial, content inside, signed attributes contentType,
 * messageDigest, signingTime and signingCertificateV2 (RFC 5035, SM3), one signature in the project's one way (Z
 * included). The messages of GM/T 0010 have another shape and are not made here. Spans of a parsed form borrow from its
 * octets. */
#pragma once
#include "pki/cert.h"

enum { CMS_DER_MAX = 32768 };
struct cms_spec {
	const char *content_type; /* dotted */
	struct span content;      /* octets of the eContent */
	const struct cert *signer;
	const struct sm2_key *key; /* its */
	int64_t signing_time;
	bool with_cert; /* the certificate lies in the message */
};
enum err cms_sign(const struct cms_spec *spec, struct buf *out) MUST_CHECK;

struct cms {
	struct span content_type, content; /* OID content, eContent octets */
	struct span issuer, serial;        /* of the signer; serial without sign octet */
	struct span attrs;                 /* content of the signed attributes' SET */
	int64_t signing_time;
	uint8_t digest[32], cert_digest[32]; /* messageDigest; certHash of signingCertificateV2 */
	struct sm2_sig sig;
	struct cert *cert; /* as embedded, not checked; NULL: none */
};
enum err cms_parse(struct span der, struct cms *ret_c) MUST_CHECK; /* ERR_DER, ERR_LIMIT */
void cms_done(struct cms *c);
/* Digest of the content, the certificate's identity (issuer, serial, certHash) and the signature: ERR_SIG. Chain, usage
 * and time of the certificate are the caller's. */
enum err cms_verify(const struct cms *c, const struct cert *signer) MUST_CHECK;
