/* Wire of escrow (docs/protocol/escrow.md): frame types, tags, schemas. Shared by escrow and its one client, the
 * signer. */
#pragma once
#include "ipc/frame.h"

enum escrow_request {
	ESCROW_HELLO = 1,      /* -> STATE, COUNT, HEAD */
	ESCROW_SETUP = 2,      /* DESK_PUB LEGAL_PUB -> ; once */
	ESCROW_KEYPAIR = 3,    /* OWNER SIGN_PUB EVIDENCE -> ENC_PUB ENVELOPED; same again: same answer */
	ESCROW_DATA_KEY = 4,   /* -> sealed memfd of 32 octets */
	ESCROW_UNLOCK_KEY = 5, /* CARD_SERIAL DEVICE_PUB -> CIPHER */
};
enum escrow_state { ESCROW_EMPTY = 1, ESCROW_OPEN = 2 };
enum escrow_tag {
	ET_STATE = 16,
	ET_COUNT,
	ET_HEAD,
	ET_DESK_PUB,
	ET_LEGAL_PUB,
	ET_OWNER,
	ET_SIGN_PUB,
	ET_EVIDENCE,
	ET_ENC_PUB,
	ET_ENVELOPED,
	ET_CARD_SERIAL,
	ET_DEVICE_PUB,
	ET_CIPHER,
};
enum {
	ESCROW_OWNER_MAX = 64,
	ESCROW_CARD_SERIAL_MAX = 32,
	ESCROW_DATA_KEY_LEN = 32,
	ESCROW_UNLOCK_KEY_LEN = 32,
	ESCROW_CIPHER_MAX = 256
};

extern const struct ipc_type escrow_requests[]; /* ends with type 0 */
extern const struct ipc_type escrow_answers[];  /* answer schema of the request with the same index */
size_t escrow_requests_count(void);
/* Schema of a request and of its answer; NULL when unknown. */
const struct ipc_type *escrow_request_of(uint16_t request);
const struct ipc_type *escrow_answer_of(uint16_t request);
