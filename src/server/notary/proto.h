/* Wire of the notary (docs/protocol/notary.md): frame types, tags, schemas. Shared by the notary and its clients: the
 * ceremony (SETUP, INSTALL) and the portal (all else). */
#pragma once
#include "ipc/frame.h"

enum notary_request {
	/* -> STATE, EPOCH, SIZE, ROOT_HASH of the last head, JOURNAL_SEQ, FEED_TIME; when open the certificates */
	NOTARY_HELLO = 1,
	NOTARY_SETUP = 2,   /* -> CSR_OCSP CSR_TSA CSR_LOG; again before INSTALL: the same keys */
	NOTARY_INSTALL = 3, /* ROOT CA CERT_OCSP CERT_TSA CERT_LOG -> ; once */
	NOTARY_OCSP = 16,   /* REQUEST (RFC 6960 DER) -> RESPONSE; a failure response too is an answer */
	/* SERIAL* -> RESPONSE: good, revoked or unknown as of now, with SM3 identifiers; ERR_UNAVAILABLE when stale */
	NOTARY_STATUS = 17,
	NOTARY_STAMP = 18, /* REQUEST (RFC 3161 DER) -> RESPONSE; a refusal too is an answer */
	NOTARY_HEAD = 19,  /* EPOCH SIZE ROOT_HASH PROOF* JOURNAL_SEQ -> TEXT SIG TOKEN (stamp over SM3 of TEXT) */
	NOTARY_SEAL = 20,  /* DIGEST LEAF PROOF* EPOCH SIZE ROOT_HASH (of the last head) -> TEXT SIG */
};
enum notary_state { NOTARY_EMPTY = 1, NOTARY_OPEN = 2 };
enum notary_tag {
	NT_STATE = 16,
	NT_EPOCH,
	NT_SIZE,
	NT_ROOT_HASH,
	NT_JOURNAL_SEQ,
	NT_FEED_TIME,
	NT_ROOT,
	NT_CA,
	NT_CSR_OCSP,
	NT_CSR_TSA,
	NT_CSR_LOG,
	NT_CERT_OCSP,
	NT_CERT_TSA,
	NT_CERT_LOG,
	NT_REQUEST,
	NT_RESPONSE,
	NT_SERIAL,
	NT_PROOF,
	NT_TEXT,
	NT_SIG,
	NT_TOKEN,
	NT_DIGEST,
	NT_LEAF,
	NT_THIS_UPDATE,
	NT_NEXT_UPDATE,
};
/* Places in serve.uids, in this order, and their bits in the rows' masks. */
enum notary_peer { NOTARY_PEER_ADMIN = 1, NOTARY_PEER_PORTAL = 2 };

extern const struct ipc_type notary_requests[]; /* ends with type 0 */
extern const struct ipc_type notary_answers[];  /* answer schema of the request with the same index */
size_t notary_requests_count(void);
/* Schema of a request and of its answer; NULL when unknown. */
const struct ipc_type *notary_request_of(uint16_t request);
const struct ipc_type *notary_answer_of(uint16_t request);
