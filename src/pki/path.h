/* Path check of our fixed profile: leaf <- issuing CA <- root, nothing else. Own code; tested against BouncyCastle.
 * Order of answers: DER/signature/names first (CERT_CHAIN), then usage (CERT_USAGE), time (CERT_NOT_YET, CERT_EXPIRED),
 * then revocation (CERT_REVOKED, CERT_SUSPENDED; CERT_CHAIN when the CRL is not by the issuer or is outdated at `now`). */
#pragma once
#include "pki/crl.h"

struct path_trust {
	const struct cert *root;   /* pinned */
	const struct cert *ca;
	const struct crl *crl;     /* of the issuing CA; NULL: revocation is checked elsewhere (the signer's journal) */
};
enum err path_check(const struct path_trust *trust, const struct cert *leaf, unsigned usage, int64_t now) MUST_CHECK;
/* Root pins itself and signs the CA; both are CA certificates in their time. */
enum err path_check_ca(const struct cert *root, const struct cert *ca, int64_t now) MUST_CHECK;
