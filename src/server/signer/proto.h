/* Wire of the signer (docs/protocol/signer.md): frame types, tags, schemas. Shared by signer and its clients.
 * An act travels as three tags in one group: statement text, 64-octet signature, signing certificate DER. */
#pragma once
#include "ipc/frame.h"

enum signer_request {
	SIGNER_HELLO = 1,      /* -> STATE, BUREAU, ROOT, CA, ROOT_CRL?, ROSTER_NO, JOURNAL_SEQ */
	SIGNER_CRL = 2,        /* -> CRL */
	SIGNER_STATUS = 3,     /* SERIAL -> STATUS (u64: 0 good 1 revoked 2 suspended), TIME */
	SIGNER_FEED = 4,       /* SEQ -> RECORD* (journal records from SEQ on, at most 64) JOURNAL_SEQ TIME FEED_HEAD
	                          FEED_SIG:       signed by the CA key, see feed.h */
	SIGNER_DATA_KEY = 5,   /* -> sealed memfd of 32 octets; given to every caller that may ask */
	SIGNER_ROSTER_GET = 6, /* -> ROSTER (statement text in force), ROSTER_NO */
	/* ACCEPT.. APPROVE.. MAKE.. CSR ATTEST -> SIGN_CERT ENC_CERT ENVELOPED; same approval again: same answer */
	SIGNER_ISSUE = 16,
	SIGNER_RENEW = 17, /* ACT.. CSR ATTEST -> SIGN_CERT ENC_CERT ENVELOPED */
	/* ACT.. ACT2.. -> CRL?  (two officers sign the same statement; no CRL when it is too long) */
	SIGNER_REVOKE = 18,
	SIGNER_SUSPEND = 19, /* ACT.. -> CRL?         (one officer) */
	SIGNER_RELEASE = 20, /* ACT.. ACT2.. -> CRL? */
	/* ACT.. ACT2.. -> CARD_CERT* in the statement's order (two officers: maker and reviewer) */
	SIGNER_STOCK = 21,
	SIGNER_ROSTER = 22,          /* ACT.. ACT2.. -> ROSTER_NO (two security administrators) */
	SIGNER_CEREMONY_BEGIN = 32,  /* PEN? -> ROOT CA ROOT_CRL BUREAU */
	SIGNER_CEREMONY_CARD = 33,   /* CARD_SERIAL PUB -> CARD_CERT */
	SIGNER_CEREMONY_PERSON = 34, /* PERSON_ID NAME CSR ATTEST -> SIGN_CERT ENC_CERT ENVELOPED  (staff profile) */
	SIGNER_CEREMONY_CLOSE =
		35, /* ACT.. ACT2.. (roster 0) M N -> ROOT_SHARE* DESK_SHARE* LEGAL_SHARE* (each SM2-encrypted to
	               the encryption certificate of a security administrator or officer, in roster order) */
	SIGNER_CEREMONY_NOTARY = 36, /* KIND ("ocsp", "tsa", "log") CSR -> SIGN_CERT  (each kind once) */
};
enum signer_state { SIGNER_EMPTY = 1, SIGNER_IN_CEREMONY = 2, SIGNER_OPEN = 4 };
enum signer_tag {
	ST_STATE = 16,
	ST_BUREAU,
	ST_ROOT,
	ST_CA,
	ST_ROSTER_NO,
	ST_JOURNAL_SEQ,
	ST_CRL,
	ST_SERIAL,
	ST_STATUS,
	ST_TIME,
	ST_SEQ,
	ST_RECORD,
	ST_ROSTER,
	ST_ACT = 48,
	ST_ACT_SIG,
	ST_ACT_CERT,
	ST_ACT2,
	ST_ACT2_SIG,
	ST_ACT2_CERT,
	ST_ACCEPT,
	ST_ACCEPT_SIG,
	ST_ACCEPT_CERT,
	ST_APPROVE,
	ST_APPROVE_SIG,
	ST_APPROVE_CERT,
	ST_MAKE,
	ST_MAKE_SIG,
	ST_MAKE_CERT,
	ST_CSR = 80,
	ST_ATTEST,
	ST_SIGN_CERT,
	ST_ENC_CERT,
	ST_ENVELOPED,
	ST_CARD_CERT,
	ST_CARD_SERIAL,
	ST_PUB,
	ST_PERSON_ID,
	ST_NAME,
	ST_M,
	ST_N,
	ST_ROOT_SHARE,
	ST_DESK_SHARE,
	ST_LEGAL_SHARE,
	ST_FEED_HEAD,
	ST_FEED_SIG,
	ST_KIND,
	ST_PEN,
	ST_ROOT_CRL,
};
enum { SIGNER_CRL_MAX = IPC_BODY_MAX - 64 };    /* octets of the CRL that an answer carries */
enum { ROOT_CRL_MAX = 4096 };                   /* octets: it has no entry when the ceremony signs it */
extern const struct ipc_type signer_requests[]; /* ends with type 0 */
extern const struct ipc_type signer_answers[];  /* answer schema of the request with the same index */
size_t signer_requests_count(void);
/* The schema of a request type, and of its answer; NULL when unknown. */
const struct ipc_type *signer_request_of(uint16_t request);
const struct ipc_type *signer_answer_of(uint16_t request);
