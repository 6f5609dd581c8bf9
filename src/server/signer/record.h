/* The records of the signer's journal (docs/protocol/signer.md, "Journal"): one typed frame each, in the encoding and
 * under the schema rules of ipc/frame.h, inside the chain of evidence/chain.h. A record holds everything that its act
 * rested on. */
#pragma once
#include "server/signer/proto.h"

enum record_kind {
	REC_BEGIN = 1,   /* ROOT CA TIME: the ceremony began */
	REC_CARD = 2,    /* TIME CARD_CERT: a staff card in the ceremony */
	REC_PERSON = 3,  /* TIME CSR ATTEST SIGN_CERT ENC_CERT ENVELOPED: an officer in the ceremony */
	REC_CLOSE = 4,   /* TIME ACT.. ACT2.. M N DIGEST (SM3 of all shares): roster 0, the ceremony is over for ever */
	REC_ISSUE = 5,   /* TIME ACCEPT.. APPROVE.. MAKE.. CSR ATTEST SIGN_CERT ENC_CERT ENVELOPED */
	REC_RENEW = 6,   /* TIME ACT.. CSR ATTEST SIGN_CERT ENC_CERT ENVELOPED */
	REC_STATUS = 7,  /* SERIAL STATUS TIME ACT.. [ACT2..] REASON */
	REC_STOCK = 8,   /* TIME ACT.. ACT2.. CARD_CERT* */
	REC_ROSTER = 9,  /* TIME ACT.. ACT2.. */
	REC_CRL = 10,    /* TIME CRL_NO DIGEST (SM3 of the CRL) */
	REC_NOTARY = 11, /* TIME CSR SIGN_CERT: one of the notary's certificates, in the ceremony */
};
enum record_tag { RT_CRL_NO = 160, RT_DIGEST, RT_REASON };
enum { RECORD_MAX = IPC_BODY_MAX - 64 };

/* A record of this kind with its time. */
enum err record_new(enum record_kind kind, int64_t now, struct ipc_msg **ret_m) MUST_CHECK;
/* Copies an act's three fields (tag, tag + 1, tag + 2) from a request. */
void record_copy(struct ipc_msg *to, const struct ipc_msg *from, uint16_t tag, size_t n_tags);
enum err record_parse(struct span bytes, struct ipc_msg **ret_m) MUST_CHECK;
