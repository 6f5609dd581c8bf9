#include "client/agent/skf_proto.h"
#include "pki/csr.h"
#include "pki/envelope.h"

/* clang-format off */
#define SLOT {TAG_SLOT, 1, SLOT_NAME_MAX, true, false}
#define SERIAL {TAG_SERIAL, 1, KEY_SERIAL_MAX, true, false}
#define CERT(tag) {tag, 1, CERT_DER_MAX, true, false}
/* clang-format on */

static const struct ipc_field trust[] = {CERT(TAG_ROOT), CERT(TAG_CA), {0}};
static const struct ipc_field none[] = {{0}};
static const struct ipc_field status[] = {SLOT, {0}};
static const struct ipc_field login[] = {SLOT, SERIAL, {0}};
static const struct ipc_field sign[] = {SLOT, SERIAL, {TAG_DIGEST, 32, 32, true, false}, {0}};
static const struct ipc_field fresh[] = {
	SLOT, SERIAL, {TAG_NAME, 1, CERT_TEXT_MAX, true, false}, {TAG_APPROVAL, 32, 32, true, false}, {0}};
static const struct ipc_field install[] = {
	SLOT, SERIAL, CERT(TAG_CERT), CERT(TAG_ENC_CERT), {TAG_ENVELOPED, 1, ENVELOPED_KEY_MAX, true, false}, {0}};

const struct ipc_type skf_requests[SKF_TYPES] = {
	{SKF_TRUST, "trust", trust, false},       {SKF_LIST, "list", none, false},
	{SKF_STATUS, "status", status, false},    {SKF_LOGIN, "login", login, true},
	{SKF_SIGN, "sign", sign, true},           {SKF_NEW, "new", fresh, true},
	{SKF_INSTALL, "install", install, false}, {SKF_DISCARD, "discard", login, false},
};

static const struct ipc_field answer[] = {
	{TAG_CODE, 1, 8, true, false},
	{TAG_DETAIL, 0, 256, false, false},
	{TAG_TRIES, 8, 8, false, false},
	{TAG_SLOT, 1, SLOT_NAME_MAX, false, true},
	{TAG_SERIAL, 1, KEY_SERIAL_MAX, false, false},
	{TAG_STATE, 8, 8, false, false},
	{TAG_PIN_SET, 8, 8, false, false},
	{TAG_CERT, 1, CERT_DER_MAX, false, false},
	{TAG_PUB, SM2_PUB_LEN, SM2_PUB_LEN, false, false},
	{TAG_OPEN, 8, 8, false, false},
	{TAG_SIG, SM2_SIG_LEN, SM2_SIG_LEN, false, false},
	{TAG_ATTEST, ATTEST_LEN, ATTEST_LEN, false, false},
	{TAG_CSR, 1, CSR_DER_MAX, false, false},
	{TAG_EXTENDED, 8, 8, false, false},
	{TAG_DOUBTFUL, 8, 8, false, false},
	{0},
};
const struct ipc_type skf_answer = {IPC_ANSWER_OK, "answer", answer, false};
