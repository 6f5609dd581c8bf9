#include "server/escrow/proto.h"
#include "gm/sm2.h"
#include "pki/envelope.h"

static const struct ipc_field none[] = {{0}};
static const struct ipc_field hello_answer[] = {
	{ET_STATE, 8, 8, true},
	{ET_COUNT, 8, 8, true},
	{ET_HEAD, 32, 32, true},
	{0},
};
static const struct ipc_field setup[] = {
	{ET_DESK_PUB, SM2_PUB_LEN, SM2_PUB_LEN, true},
	{ET_LEGAL_PUB, SM2_PUB_LEN, SM2_PUB_LEN, true},
	{0},
};
static const struct ipc_field keypair[] = {
	{ET_OWNER, 1, ESCROW_OWNER_MAX, true},
	{ET_SIGN_PUB, SM2_PUB_LEN, SM2_PUB_LEN, true},
	{ET_EVIDENCE, 32, 32, true},
	{0},
};
static const struct ipc_field keypair_answer[] = {
	{ET_ENC_PUB, SM2_PUB_LEN, SM2_PUB_LEN, true},
	{ET_ENVELOPED, 1, ENVELOPED_KEY_MAX, true},
	{0},
};
static const struct ipc_field unlock_key[] = {
	{ET_CARD_SERIAL, 1, ESCROW_CARD_SERIAL_MAX, true},
	{ET_DEVICE_PUB, SM2_PUB_LEN, SM2_PUB_LEN, true},
	{0},
};
static const struct ipc_field unlock_key_answer[] = {{ET_CIPHER, 1, ESCROW_CIPHER_MAX, true}, {0}};

const struct ipc_type escrow_requests[] = {
	{ESCROW_HELLO, "hello", none, false},
	{ESCROW_SETUP, "setup", setup, false},
	{ESCROW_KEYPAIR, "keypair", keypair, false},
	{ESCROW_DATA_KEY, "data-key", none, false},
	{ESCROW_UNLOCK_KEY, "unlock-key", unlock_key, false},
	{0},
};
const struct ipc_type escrow_answers[] = {
	{IPC_ANSWER_OK, "hello answer", hello_answer, false},           {IPC_ANSWER_OK, "setup answer", none, false},
	{IPC_ANSWER_OK, "keypair answer", keypair_answer, false},       {IPC_ANSWER_OK, "data-key answer", none, true},
	{IPC_ANSWER_OK, "unlock-key answer", unlock_key_answer, false}, {0},
};

size_t escrow_requests_count(void)
{
	return COUNT_OF(escrow_requests) - 1;
}

const struct ipc_type *escrow_request_of(uint16_t request)
{
	for (size_t i = 0; i < escrow_requests_count(); i++)
		if (escrow_requests[i].type == request)
			return &escrow_requests[i];
	return NULL;
}

const struct ipc_type *escrow_answer_of(uint16_t request)
{
	const struct ipc_type *r = escrow_request_of(request);

	return r != NULL ? &escrow_answers[r - escrow_requests] : NULL;
}
