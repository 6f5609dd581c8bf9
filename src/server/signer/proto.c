#include "server/signer/proto.h"
#include "evidence/act.h"
#include "pki/attest.h"
#include "pki/crl.h"
#include "pki/csr.h"
#include "pki/envelope.h"

/* Statements of one certificate are short; rosters and stock lists may be long. */
enum { SHORT_TEXT_MAX = 16 * 1024, SHARE_CIPHER_MAX = 512, RECORD_WIRE_MAX = IPC_BODY_MAX - 64 };

/* clang-format off */
#define ACT_FIELDS(tag, text_max) \
	{tag, 1, text_max, true, false}, \
	{(tag) + 1, ACT_SIG_LEN, ACT_SIG_LEN, true, false}, \
	{(tag) + 2, 1, CERT_DER_MAX, true, false}
#define KEY_FIELDS \
	{ST_CSR, 1, CSR_DER_MAX, true, false}, \
	{ST_ATTEST, ATTEST_LEN, ATTEST_LEN, true, false}
#define PAIR_FIELDS \
	{ST_SIGN_CERT, 1, CERT_DER_MAX, true, false}, \
	{ST_ENC_CERT, 1, CERT_DER_MAX, true, false}, \
	{ST_ENVELOPED, 1, ENVELOPED_KEY_MAX, true, false}
/* clang-format on */

static const struct ipc_field none[] = {{0}};
static const struct ipc_field begin_in[] = {{ST_PEN, 8, 8, false, false}, {0}};
static const struct ipc_field status_in[] = {{ST_SERIAL, 2, 40, true, false}, {0}};
static const struct ipc_field feed_in[] = {{ST_SEQ, 8, 8, true, false}, {0}};
static const struct ipc_field issue_in[] = {ACT_FIELDS(ST_ACCEPT, SHORT_TEXT_MAX),
                                            ACT_FIELDS(ST_APPROVE, SHORT_TEXT_MAX),
                                            ACT_FIELDS(ST_MAKE, SHORT_TEXT_MAX),
                                            KEY_FIELDS,
                                            {0}};
static const struct ipc_field renew_in[] = {ACT_FIELDS(ST_ACT, SHORT_TEXT_MAX), KEY_FIELDS, {0}};
static const struct ipc_field one_act[] = {ACT_FIELDS(ST_ACT, SHORT_TEXT_MAX), {0}};
static const struct ipc_field two_acts[] = {ACT_FIELDS(ST_ACT, SHORT_TEXT_MAX),
                                            ACT_FIELDS(ST_ACT2, SHORT_TEXT_MAX),
                                            {0}};
static const struct ipc_field two_long_acts[] = {ACT_FIELDS(ST_ACT, STATEMENT_MAX),
                                                 ACT_FIELDS(ST_ACT2, STATEMENT_MAX),
                                                 {0}};
static const struct ipc_field card_in[] = {{ST_CARD_SERIAL, 4, CARD_SERIAL_MAX, true, false},
                                           {ST_PUB, SM2_PUB_LEN, SM2_PUB_LEN, true, false},
                                           {0}};
static const struct ipc_field person_in[] = {KEY_FIELDS,
                                             {ST_PERSON_ID, 4, 20, true, false},
                                             {ST_NAME, 1, 96, true, false},
                                             {0}};
static const struct ipc_field notary_in[] = {{ST_CSR, 1, CSR_DER_MAX, true, false}, {ST_KIND, 3, 4, true, false}, {0}};
static const struct ipc_field close_in[] = {ACT_FIELDS(ST_ACT, STATEMENT_MAX),
                                            ACT_FIELDS(ST_ACT2, STATEMENT_MAX),
                                            {ST_M, 8, 8, true, false},
                                            {ST_N, 8, 8, true, false},
                                            {0}};

const struct ipc_type signer_requests[] = {
	{SIGNER_HELLO, "hello", none, false},
	{SIGNER_CRL, "crl", none, false},
	{SIGNER_STATUS, "status", status_in, false},
	{SIGNER_FEED, "feed", feed_in, false},
	{SIGNER_DATA_KEY, "data-key", none, false},
	{SIGNER_ROSTER_GET, "roster-get", none, false},
	{SIGNER_ISSUE, "issue", issue_in, false},
	{SIGNER_RENEW, "renew", renew_in, false},
	{SIGNER_REVOKE, "revoke", two_acts, false},
	{SIGNER_SUSPEND, "suspend", one_act, false},
	{SIGNER_RELEASE, "release", two_acts, false},
	{SIGNER_STOCK, "stock", two_long_acts, false},
	{SIGNER_ROSTER, "roster", two_long_acts, false},
	{SIGNER_CEREMONY_BEGIN, "ceremony-begin", begin_in, false},
	{SIGNER_CEREMONY_CARD, "ceremony-card", card_in, false},
	{SIGNER_CEREMONY_PERSON, "ceremony-person", person_in, false},
	{SIGNER_CEREMONY_CLOSE, "ceremony-close", close_in, false},
	{SIGNER_CEREMONY_NOTARY, "ceremony-notary", notary_in, false},
	{0},
};

static const struct ipc_field hello_out[] = {{ST_STATE, 8, 8, true, false},
                                             {ST_BUREAU, 64, 64, false, false},
                                             {ST_ROOT, 1, CERT_DER_MAX, false, false},
                                             {ST_CA, 1, CERT_DER_MAX, false, false},
                                             {ST_ROSTER_NO, 8, 8, true, false},
                                             {ST_JOURNAL_SEQ, 8, 8, true, false},
                                             {ST_ROOT_CRL, 1, ROOT_CRL_MAX, false, false},
                                             {0}};
static const struct ipc_field crl_out[] = {{ST_CRL, 1, SIGNER_CRL_MAX, true, false}, {0}};
static const struct ipc_field change_out[] = {{ST_CRL, 1, SIGNER_CRL_MAX, false, false}, {0}};
static const struct ipc_field status_out[] = {{ST_STATUS, 8, 8, true, false}, {ST_TIME, 8, 8, true, false}, {0}};
static const struct ipc_field feed_out[] = {{ST_JOURNAL_SEQ, 8, 8, true, false},
                                            {ST_TIME, 8, 8, true, false},
                                            {ST_RECORD, 1, RECORD_WIRE_MAX, false, true},
                                            {ST_FEED_HEAD, 32, 32, true, false},
                                            {ST_FEED_SIG, SM2_SIG_LEN, SM2_SIG_LEN, true, false},
                                            {0}};
static const struct ipc_field roster_get_out[] = {{ST_ROSTER_NO, 8, 8, true, false},
                                                  {ST_ROSTER, 1, STATEMENT_MAX, true, false},
                                                  {0}};
static const struct ipc_field pair_out[] = {PAIR_FIELDS, {0}};
static const struct ipc_field stock_out[] = {{ST_CARD_CERT, 1, CERT_DER_MAX, true, true}, {0}};
static const struct ipc_field roster_out[] = {{ST_ROSTER_NO, 8, 8, true, false}, {0}};
static const struct ipc_field begin_out[] = {{ST_BUREAU, 64, 64, true, false},
                                             {ST_ROOT, 1, CERT_DER_MAX, true, false},
                                             {ST_CA, 1, CERT_DER_MAX, true, false},
                                             {ST_ROOT_CRL, 1, ROOT_CRL_MAX, true, false},
                                             {0}};
static const struct ipc_field card_out[] = {{ST_CARD_CERT, 1, CERT_DER_MAX, true, false}, {0}};
static const struct ipc_field notary_out[] = {{ST_SIGN_CERT, 1, CERT_DER_MAX, true, false}, {0}};
static const struct ipc_field close_out[] = {{ST_ROOT_SHARE, 1, SHARE_CIPHER_MAX, true, true},
                                             {ST_DESK_SHARE, 1, SHARE_CIPHER_MAX, true, true},
                                             {ST_LEGAL_SHARE, 1, SHARE_CIPHER_MAX, true, true},
                                             {0}};

const struct ipc_type signer_answers[] = {
	{IPC_ANSWER_OK, "hello", hello_out, false},
	{IPC_ANSWER_OK, "crl", crl_out, false},
	{IPC_ANSWER_OK, "status", status_out, false},
	{IPC_ANSWER_OK, "feed", feed_out, false},
	{IPC_ANSWER_OK, "data-key", none, true},
	{IPC_ANSWER_OK, "roster-get", roster_get_out, false},
	{IPC_ANSWER_OK, "issue", pair_out, false},
	{IPC_ANSWER_OK, "renew", pair_out, false},
	{IPC_ANSWER_OK, "revoke", change_out, false},
	{IPC_ANSWER_OK, "suspend", change_out, false},
	{IPC_ANSWER_OK, "release", change_out, false},
	{IPC_ANSWER_OK, "stock", stock_out, false},
	{IPC_ANSWER_OK, "roster", roster_out, false},
	{IPC_ANSWER_OK, "ceremony-begin", begin_out, false},
	{IPC_ANSWER_OK, "ceremony-card", card_out, false},
	{IPC_ANSWER_OK, "ceremony-person", pair_out, false},
	{IPC_ANSWER_OK, "ceremony-close", close_out, false},
	{IPC_ANSWER_OK, "ceremony-notary", notary_out, false},
	{0},
};
_Static_assert(COUNT_OF(signer_requests) == COUNT_OF(signer_answers), "an answer schema for each request");

size_t signer_requests_count(void)
{
	return COUNT_OF(signer_requests) - 1;
}

static const struct ipc_type *of(const struct ipc_type *table, uint16_t request)
{
	for (size_t i = 0; i < signer_requests_count(); i++)
		if (signer_requests[i].type == request)
			return &table[i];
	return NULL;
}

const struct ipc_type *signer_request_of(uint16_t request)
{
	return of(signer_requests, request);
}

const struct ipc_type *signer_answer_of(uint16_t request)
{
	return of(signer_answers, request);
}
