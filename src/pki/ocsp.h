/* Certificate status on request (RFC 6960) with SM2 and SM3: requests both ways, answers by a delegated responder.
 *
 * Identifiers by SM3 are ours; SHA-256 and SHA-1 are read and answered in kind, for foreign clients.
 * The responder is named byName, its certificate (EKU OCSPSigning, digitalSignature, ocsp-nocheck) lies in the answer.
 * certificateHold is revoked with reason 6. Signed requests, request lists beyond OCSP_ITEMS_MAX, unknown critical
 * extensions and everything that is not strict DER are refused. Spans of parsed forms borrow from the octets given. */
#pragma once
#include "pki/crl.h"
#include "pki/known.h"

enum { OCSP_REQUEST_MAX = 8192, OCSP_DER_MAX = 32768, OCSP_ITEMS_MAX = 16, OCSP_NONCE_MAX = 128, OCSP_SERIAL_MAX = 20 };
enum ocsp_hash { OCSP_SM3, OCSP_SHA256, OCSP_SHA1 };
/* CertID. name_hash and key_hash are of the issuer's subject and of its public key's octets. */
struct ocsp_id {
	enum ocsp_hash hash;
	struct span alg, name_hash, key_hash, serial; /* alg: whole AlgorithmIdentifier, echoed as it came */
};

/* --- request --- */
struct ocsp_request {
	struct ocsp_id ids[OCSP_ITEMS_MAX];
	size_t n;
	struct span nonce; /* content of the extension's OCTET STRING, 1..OCSP_NONCE_MAX octets; empty: none */
};
/* ERR_DER, ERR_LIMIT; ERR_NOT_SUPPORTED for a hash that is none of the three. */
enum err ocsp_request_parse(struct span der, struct ocsp_request *ret_r) MUST_CHECK;
/* For certificates of this CA; serials as cert_serial writes them. nonce may be empty. */
enum err ocsp_request_build(const struct cert *ca, enum ocsp_hash hash, const char *const *serials, size_t n,
                            struct span nonce, struct buf *out) MUST_CHECK;
/* Whether the identifier means a certificate by this CA. */
enum err ocsp_id_check(const struct ocsp_id *id, const struct cert *ca, bool *ret_is_of) MUST_CHECK;
enum { OCSP_SERIAL_HEX = 2 * OCSP_SERIAL_MAX + 1 };
void ocsp_id_serial(const struct ocsp_id *id, char ret_hex[OCSP_SERIAL_HEX]); /* upper case, as cert_serial */

/* --- answer --- */
enum ocsp_state { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };
struct ocsp_status {
	enum ocsp_state state;
	int64_t revoked_at;     /* of OCSP_REVOKED */
	enum crl_reason reason; /* CRL_HOLD: suspended */
};
struct ocsp_item {
	struct ocsp_id id;
	struct ocsp_status status;
	int64_t this_update, next_update; /* next_update 0: none */
};
/* responseStatus of RFC 6960, 4.2.1. */
enum ocsp_result {
	OCSP_SUCCESSFUL = 0,
	OCSP_MALFORMED = 1,
	OCSP_INTERNAL = 2,
	OCSP_TRY_LATER = 3,
	OCSP_UNAUTHORIZED = 6
};
struct ocsp_spec {
	const struct cert *signer; /* of profile ocsp; the key is its */
	const struct sm2_key *key;
	int64_t produced;
	struct span nonce; /* echoed; empty: none */
	const struct ocsp_item *items;
	size_t n; /* 1..OCSP_ITEMS_MAX */
};
/* ERR_CERT_USAGE: not a responder's */
enum err ocsp_response_build(const struct ocsp_spec *spec, struct buf *out) MUST_CHECK;
void ocsp_failure_put(struct buf *out, enum ocsp_result result); /* not OCSP_SUCCESSFUL; unsigned, as the RFC has it */

struct ocsp_response {
	enum ocsp_result result;
	struct span tbs, nonce;
	struct sm2_sig sig;
	struct cert *signer; /* as embedded, not checked yet */
	int64_t produced;
	struct ocsp_item items[OCSP_ITEMS_MAX];
	size_t n;
};
/* ERR_DER, ERR_LIMIT. A failure response parses, with n 0 and no signer. */
enum err ocsp_response_parse(struct span der, struct ocsp_response *ret_r) MUST_CHECK;
void ocsp_response_done(struct ocsp_response *r);
/* The embedded signer is a responder delegated by this CA at the time of production (ERR_CERT_CHAIN, ERR_CERT_USAGE,
 * ERR_CERT_NOT_YET, ERR_CERT_EXPIRED) and signed this (ERR_SIG). ERR_STATE for a failure response. */
enum err ocsp_response_verify(const struct ocsp_response *r, const struct cert *ca) MUST_CHECK;
/* All that an answer says of one certificate; known may be NULL. ERR_ABSENT when it says nothing. */
struct ocsp_said {
	struct ocsp_status status;
	int64_t this_update, produced;
};
enum err ocsp_said_of(struct span der, const struct cert *ca, const struct cert *about, struct known_leaf *known,
                      struct ocsp_said *ret_s) MUST_CHECK;
/* Parse, verify, and the item about this certificate of the CA; ERR_ABSENT when there is none. ret_produced may be
 * NULL. */
enum err ocsp_check(struct span der, const struct cert *ca, const struct cert *about, struct ocsp_status *ret_s,
                    int64_t *ret_produced) MUST_CHECK;
