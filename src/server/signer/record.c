#include "server/signer/record.h"
#include "evidence/act.h"
#include "pki/attest.h"
#include "pki/csr.h"
#include "pki/envelope.h"

/* clang-format off */
#define TIME_FIELD {ST_TIME, 8, 8, true, false}
#define ACT_FIELDS(tag, required) \
	{tag, 1, STATEMENT_MAX, required, false}, \
	{(tag) + 1, ACT_SIG_LEN, ACT_SIG_LEN, required, false}, \
	{(tag) + 2, 1, CERT_DER_MAX, required, false}
#define PAIR_FIELDS \
	{ST_CSR, 1, CSR_DER_MAX, true, false}, \
	{ST_ATTEST, ATTEST_LEN, ATTEST_LEN, true, false}, \
	{ST_SIGN_CERT, 1, CERT_DER_MAX, true, false}, \
	{ST_ENC_CERT, 1, CERT_DER_MAX, true, false}, \
	{ST_ENVELOPED, 1, ENVELOPED_KEY_MAX, true, false}
/* clang-format on */

static const struct ipc_field begin[] = {{ST_ROOT, 1, CERT_DER_MAX, true, false},
                                         {ST_CA, 1, CERT_DER_MAX, true, false},
                                         /* bureaus before 2026-12 have no list of the root */
                                         TIME_FIELD,
                                         {ST_ROOT_CRL, 1, ROOT_CRL_MAX, false, false},
                                         {0}};
static const struct ipc_field card[] = {TIME_FIELD, {ST_CARD_CERT, 1, CERT_DER_MAX, true, false}, {0}};
static const struct ipc_field person[] = {TIME_FIELD, PAIR_FIELDS, {0}};
static const struct ipc_field closing[] = {TIME_FIELD,
                                           ACT_FIELDS(ST_ACT, true),
                                           ACT_FIELDS(ST_ACT2, true),
                                           {ST_M, 8, 8, true, false},
                                           {ST_N, 8, 8, true, false},
                                           {RT_DIGEST, 32, 32, true, false},
                                           {0}};
static const struct ipc_field issue[] = {
	TIME_FIELD, ACT_FIELDS(ST_ACCEPT, true), ACT_FIELDS(ST_APPROVE, true), ACT_FIELDS(ST_MAKE, true), PAIR_FIELDS,
	{0}};
static const struct ipc_field renew[] = {TIME_FIELD, ACT_FIELDS(ST_ACT, true), PAIR_FIELDS, {0}};
static const struct ipc_field status[] = {
	{ST_SERIAL, 2, 40, true, false}, {ST_STATUS, 8, 8, true, false}, TIME_FIELD, ACT_FIELDS(ST_ACT, true),
	ACT_FIELDS(ST_ACT2, false),      {RT_REASON, 8, 8, true, false}, {0}};
static const struct ipc_field stock[] = {TIME_FIELD,
                                         ACT_FIELDS(ST_ACT, true),
                                         ACT_FIELDS(ST_ACT2, true),
                                         {ST_CARD_CERT, 1, CERT_DER_MAX, true, true},
                                         {0}};
static const struct ipc_field roster[] = {TIME_FIELD, ACT_FIELDS(ST_ACT, true), ACT_FIELDS(ST_ACT2, true), {0}};
static const struct ipc_field crl[] = {TIME_FIELD,
                                       {RT_CRL_NO, 8, 8, true, false},
                                       {RT_DIGEST, 32, 32, true, false},
                                       {0}};

static const struct ipc_field notary[] = {TIME_FIELD,
                                          {ST_CSR, 1, CSR_DER_MAX, true, false},
                                          {ST_SIGN_CERT, 1, CERT_DER_MAX, true, false},
                                          {0}};

static const struct ipc_type kinds[] = {
	{REC_BEGIN, "begin", begin, false},    {REC_CARD, "card", card, false},
	{REC_PERSON, "person", person, false}, {REC_CLOSE, "close", closing, false},
	{REC_ISSUE, "issue", issue, false},    {REC_RENEW, "renew", renew, false},
	{REC_STATUS, "status", status, false}, {REC_STOCK, "stock", stock, false},
	{REC_ROSTER, "roster", roster, false}, {REC_CRL, "crl", crl, false},
	{REC_NOTARY, "notary", notary, false},
};

enum err record_new(enum record_kind kind, int64_t now, struct ipc_msg **ret_m)
{
	AUTO(ipc_msg) m = NULL;
	TRY(ipc_msg_new((uint16_t)kind, &m));
	ipc_put_u64(m, ST_TIME, (uint64_t)now);
	*ret_m = STEAL(m);
	return ERR_OK;
}

void record_copy(struct ipc_msg *to, const struct ipc_msg *from, uint16_t tag, size_t n_tags)
{
	for (size_t i = 0; i < n_tags; i++)
		ipc_put(to, (uint16_t)(tag + i), ipc_get(from, (uint16_t)(tag + i)));
}

enum err record_parse(struct span bytes, struct ipc_msg **ret_m)
{
	return ipc_parse(bytes, kinds, COUNT_OF(kinds), ret_m);
}
