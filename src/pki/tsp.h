/* Time stamps (RFC 3161; GB/T 20520, GM/T 0033) over SM3 imprints: requests and answers both ways, tokens by cms.h.
 *
 * The authority's certificate has the one extended key usage timeStamping, critical (RFC 3161, 2.3). Imprints by
 * another hash are refused with badAlg, other policies with unacceptedPolicy. Accuracy is one second, ordering FALSE.
 * Spans of parsed forms borrow from the octets given. */
#pragma once
#include "pki/known.h"

enum { TSP_REQUEST_MAX = 4096, TSP_DER_MAX = 16384, TSP_NONCE_MAX = 32, TSP_SERIAL_LEN = 16 };

/* --- request --- */
/* PKIFailureInfo, RFC 3161, 2.4.2; TSP_GRANTED is none. */
enum tsp_fault {
	TSP_GRANTED = -1,
	TSP_BAD_ALG = 0,
	TSP_BAD_REQUEST = 2,
	TSP_BAD_FORMAT = 5,
	TSP_NO_TIME = 14,
	TSP_BAD_POLICY = 15,
	TSP_BAD_EXTENSION = 16,
	TSP_SYSTEM = 25
};
struct tsp_request {
	struct span imprint; /* MessageImprint, whole; echoed as it came */
	struct span nonce;   /* INTEGER without sign octet; empty: none */
	bool cert_req;
	struct span policy;   /* content of the OBJECT IDENTIFIER; empty: none is asked for */
	enum tsp_fault fault; /* why it is to be refused, though well-formed */
};
enum err tsp_request_parse(struct span der, struct tsp_request *ret_r) MUST_CHECK; /* ERR_DER, ERR_LIMIT */
enum err tsp_request_build(const uint8_t sm3[32], struct span nonce, bool cert_req, struct buf *out) MUST_CHECK;

/* --- answer --- */
struct tsp_spec {
	const struct cert *signer; /* of profile tsa; the key is its */
	const struct sm2_key *key;
	const struct tsp_request *request;
	uint8_t serial[TSP_SERIAL_LEN]; /* unique for ever, first octet 0x01..0x7f */
	int64_t time;
};
enum err tsp_response_build(const struct tsp_spec *spec, struct buf *out)
	MUST_CHECK; /* ERR_CERT_USAGE, ERR_STATE for a faulty request.
                     * A policy that is not of the signer's bureau is refused in the answer. */
void tsp_failure_put(struct buf *out, enum tsp_fault fault);

/* The token of a granted answer; ERR_DENIED for a refusal, ERR_DER. */
enum err tsp_response_token(struct span response, struct span *ret_token) MUST_CHECK;
struct tsp_info {
	int64_t time;
	char serial[2 * 20 + 1];
	bool has_cert; /* the token carries the authority's certificate */
};
struct tsp_want {
	const struct cert *ca;    /* that issued the authority's certificate */
	const struct cert *tsa;   /* for a token without certificate; NULL: it must have one */
	const uint8_t *sm3;       /* 32 octets, the imprint that is to be there */
	struct span nonce;        /* that is to be there; empty: none is asked for and any is accepted */
	struct known_leaf *known; /* NULL: the authority's certificate is verified each time */
};
/* ERR_DER; ERR_CERT_CHAIN, ERR_CERT_USAGE, ERR_CERT_NOT_YET, ERR_CERT_EXPIRED of the authority's certificate at the
 * stamped time; ERR_SIG for signature, imprint or nonce. */
enum err tsp_token_verify(struct span token, const struct tsp_want *want, struct tsp_info *ret_i) MUST_CHECK;
