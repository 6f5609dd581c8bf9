/* Frames between the agent and its SKF helper (ipc/frame.h), over a socket pair that only these two hold.
 *
 * Every answer is one schema: TAG_CODE says how the card's side went ("ok" or a code of err.def), with TAG_TRIES after
 * a PIN; so an error of ipc_call itself always means that the helper died, hung or spoke nonsense, never a card's word.
 */
#pragma once
#include "client/skf/skf.h"
#include "ipc/frame.h"
#include "pki/attest.h"
#include "pki/cert.h"

enum skf_request {
	SKF_TRUST = 0x0101, /* root, ca */
	SKF_LIST,           /* -> slots with a device in them */
	SKF_STATUS,         /* slot -> serial, state, ... */
	SKF_LOGIN,          /* slot, serial, PIN: keeps the device open, for install and discard */
	SKF_SIGN,           /* slot, serial, digest, PIN -> signature */
	SKF_NEW,            /* slot, serial, approval, name, new PIN -> key, csr, attestation; keeps the device open */
	SKF_INSTALL,        /* slot, serial, certificates, enveloped key; needs a device kept open */
	SKF_DISCARD,        /* slot, serial; likewise */
};
enum skf_tag {
	TAG_CODE = 1,
	TAG_DETAIL,
	TAG_TRIES,
	TAG_SLOT,
	TAG_SERIAL,
	TAG_STATE, /* enum key_state */
	TAG_PIN_SET,
	TAG_CERT,
	TAG_PUB,
	TAG_OPEN, /* 1: logged in and kept open */
	TAG_DIGEST,
	TAG_SIG,
	TAG_NAME,
	TAG_APPROVAL,
	TAG_ATTEST,
	TAG_CSR,
	TAG_ENC_CERT,
	TAG_ENVELOPED,
	TAG_ROOT,
	TAG_CA,
	TAG_EXTENDED, /* 1: a card with the project's extension functions */
	TAG_DOUBTFUL, /* 1: not shown to be genuine, so that the driver would send it no PIN */
};
enum key_state { KEY_BLANK = 0, KEY_AWAITING = 1, KEY_READY = 2, KEY_UNUSABLE = 3 };
enum { SLOT_NAME_MAX = 64, KEY_SERIAL_MAX = 32, SLOTS_MAX = 16, HELPER_FD = 3, SKF_TYPES = 8 };
extern const struct ipc_type skf_requests[SKF_TYPES];
extern const struct ipc_type skf_answer;
