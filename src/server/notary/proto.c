#include "server/notary/proto.h"
#include "evidence/head.h"
#include "evidence/tree.h"
#include "pki/csr.h"
#include "pki/ocsp.h"
#include "pki/tsp.h"

/* clang-format off */
#define CERT_FIELD(tag, required) {tag, 1, CERT_DER_MAX, required, false}
#define CSR_FIELD(tag) {tag, 1, CSR_DER_MAX, true, false}
#define NUMBER(tag) {tag, 8, 8, true, false}
#define HASH(tag) {tag, TREE_HASH_LEN, TREE_HASH_LEN, true, false}
#define PROOF {NT_PROOF, TREE_HASH_LEN, TREE_HASH_LEN, false, true}
#define RESPONSE(max) {NT_RESPONSE, 1, max, true, false}
/* clang-format on */

static const struct ipc_field none[] = {{0}};
static const struct ipc_field hello_out[] = {NUMBER(NT_STATE),
                                             NUMBER(NT_EPOCH),
                                             NUMBER(NT_SIZE),
                                             HASH(NT_ROOT_HASH),
                                             NUMBER(NT_JOURNAL_SEQ),
                                             NUMBER(NT_FEED_TIME),
                                             CERT_FIELD(NT_ROOT, false),
                                             CERT_FIELD(NT_CA, false),
                                             CERT_FIELD(NT_CERT_OCSP, false),
                                             CERT_FIELD(NT_CERT_TSA, false),
                                             CERT_FIELD(NT_CERT_LOG, false),
                                             {0}};
static const struct ipc_field setup_out[] = {CSR_FIELD(NT_CSR_OCSP), CSR_FIELD(NT_CSR_TSA), CSR_FIELD(NT_CSR_LOG), {0}};
static const struct ipc_field install_in[] = {CERT_FIELD(NT_ROOT, true),      CERT_FIELD(NT_CA, true),
                                              CERT_FIELD(NT_CERT_OCSP, true), CERT_FIELD(NT_CERT_TSA, true),
                                              CERT_FIELD(NT_CERT_LOG, true),  {0}};
static const struct ipc_field ocsp_in[] = {{NT_REQUEST, 1, OCSP_REQUEST_MAX, true, false}, {0}};
static const struct ipc_field ocsp_out[] = {RESPONSE(OCSP_DER_MAX),
                                            {NT_THIS_UPDATE, 8, 8, false, false},
                                            {NT_NEXT_UPDATE, 8, 8, false, false},
                                            {0}};
static const struct ipc_field status_out[] = {RESPONSE(OCSP_DER_MAX), {0}};
static const struct ipc_field status_in[] = {{NT_SERIAL, 2, 2 * OCSP_SERIAL_MAX, true, true}, {0}};
static const struct ipc_field stamp_in[] = {{NT_REQUEST, 1, TSP_REQUEST_MAX, true, false}, {0}};
static const struct ipc_field stamp_out[] = {RESPONSE(TSP_DER_MAX), {0}};
static const struct ipc_field head_in[] = {NUMBER(NT_EPOCH),       NUMBER(NT_SIZE), HASH(NT_ROOT_HASH),
                                           NUMBER(NT_JOURNAL_SEQ), PROOF,           {0}};
static const struct ipc_field head_out[] = {{NT_TEXT, 1, HEAD_TEXT_MAX, true, false},
                                            {NT_SIG, HEAD_SIG_LEN, HEAD_SIG_LEN, true, false},
                                            {NT_TOKEN, 1, TSP_DER_MAX, true, false},
                                            {0}};
static const struct ipc_field seal_in[] = {
	NUMBER(NT_EPOCH), NUMBER(NT_SIZE), HASH(NT_ROOT_HASH), PROOF, HASH(NT_DIGEST), NUMBER(NT_LEAF), {0}};
static const struct ipc_field seal_out[] = {{NT_TEXT, 1, HEAD_TEXT_MAX, true, false},
                                            {NT_SIG, HEAD_SIG_LEN, HEAD_SIG_LEN, true, false},
                                            {0}};

const struct ipc_type notary_requests[] = {
	{NOTARY_HELLO, "hello", none, false},
	{NOTARY_SETUP, "setup", none, false},
	{NOTARY_INSTALL, "install", install_in, false},
	{NOTARY_OCSP, "ocsp", ocsp_in, false},
	{NOTARY_STATUS, "status", status_in, false},
	{NOTARY_STAMP, "stamp", stamp_in, false},
	{NOTARY_HEAD, "head", head_in, false},
	{NOTARY_SEAL, "seal", seal_in, false},
	{0},
};
const struct ipc_type notary_answers[] = {
	{IPC_ANSWER_OK, "hello answer", hello_out, false},
	{IPC_ANSWER_OK, "setup answer", setup_out, false},
	{IPC_ANSWER_OK, "install answer", none, false},
	{IPC_ANSWER_OK, "ocsp answer", ocsp_out, false},
	{IPC_ANSWER_OK, "status answer", status_out, false},
	{IPC_ANSWER_OK, "stamp answer", stamp_out, false},
	{IPC_ANSWER_OK, "head answer", head_out, false},
	{IPC_ANSWER_OK, "seal answer", seal_out, false},
	{0},
};
_Static_assert(COUNT_OF(notary_requests) == COUNT_OF(notary_answers), "an answer schema for each request");

size_t notary_requests_count(void)
{
	return COUNT_OF(notary_requests) - 1;
}

const struct ipc_type *notary_request_of(uint16_t request)
{
	for (size_t i = 0; i < notary_requests_count(); i++)
		if (notary_requests[i].type == request)
			return &notary_requests[i];
	return NULL;
}

const struct ipc_type *notary_answer_of(uint16_t request)
{
	const struct ipc_type *r = notary_request_of(request);

	return r != NULL ? &notary_answers[r - notary_requests] : NULL;
}
