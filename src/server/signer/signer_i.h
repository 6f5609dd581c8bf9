/* Between the files of the signer process: its state and its handlers. */
#pragma once
#include "pki/attest.h"
#include "pki/csr.h"
#include "pki/envelope.h"
#include "evidence/act.h"
#include "server/escrow/client.h"
#include "server/signer/ca.h"
#include "server/signer/journal.h"
#include "server/signer/quota.h"
#include "server/signer/signer.h"

enum { FRESH_SEC = 7 * 86400, AHEAD_SEC = 300, CRL_FRESH_SEC = 86400, BUREAU_HEX = 64 };

struct ceremony; /* root and recovery keys, in memory only */
struct serve_ctx {
	struct signer_plan plan;
	struct ca_urls urls;
	struct escrow_client *escrow;
	struct journal *journal;
	struct ca *ca;             /* NULL before the ceremony */
	struct ceremony *ceremony; /* NULL outside of it */
	struct crl *crl;           /* the newest; NULL: none made yet in this life of the process */
	char bureau[BUREAU_HEX + 1];
	struct quota quotas[SIGNER_PEERS]; /* by place in serve.uids */
	volatile int *stop;
};
void ceremony_free(struct ceremony *c);
DEFINE_AUTO(ceremony)

#define AUTO_ACT(name) __attribute__((cleanup(act_done))) struct act name = {0}

/* --- acts (approve.c) --- */
enum err act_take(const struct serve_ctx *s, const struct ipc_msg *in, uint16_t tag, const char *type,
                  struct act *ret_a) MUST_CHECK;
/* The certificate is one of ours octet by octet, for signing, in its time, neither revoked nor suspended. */
enum err act_cert_is_good(const struct serve_ctx *s, const struct act *a, int64_t now) MUST_CHECK;
/* ... of the staff, and the roster gives its person one of these roles. */
enum err act_by_officer(const struct serve_ctx *s, const struct act *a, const struct roster *r, unsigned roles,
                        int64_t now) MUST_CHECK;
/* Not older than 7 days, not more than 5 minutes ahead, number not used yet. */
enum err act_is_fresh(const struct serve_ctx *s, const struct act *a, int64_t now) MUST_CHECK;
bool act_same_person(const struct act *a, const struct act *b);
/* Two acts over the same octets by two persons, one with each role. */
struct two_acts {
	struct act a, b;
};
void two_acts_done(struct two_acts *t);
#define AUTO_TWO_ACTS(name) __attribute__((cleanup(two_acts_done))) struct two_acts name = {0}
enum err two_acts_take(const struct serve_ctx *s, const struct ipc_msg *in, const char *type,
                       struct two_acts *t) MUST_CHECK;
enum err two_acts_check(const struct serve_ctx *s, const struct two_acts *t, const struct roster *r, unsigned role_a,
                        unsigned role_b, int64_t now) MUST_CHECK;
/* Value of a statement line, "" where it is "-". */
const char *act_value(const struct act *a, const char *key);

/* --- the new key and its two certificates (pair.c) --- */
struct birth { /* what proves a key: request and the card's word */
	struct csr *csr;
	struct attest attest;
};
void birth_done(struct birth *b);
#define AUTO_BIRTH(name) __attribute__((cleanup(birth_done))) struct birth name = {0}
/* CSR with possession, attestation by the device key of a stocked card over the same key and this approval, PIN by the
 * holder, key never certified: ERR_SIG, ERR_STOCK, ERR_ATTEST, ERR_KEY_REUSED. */
enum err birth_take(const struct serve_ctx *s, const struct ipc_msg *in, const uint8_t approval[32],
                    struct birth *ret_b) MUST_CHECK;
/* The key and card are those that a statement names: ERR_APPROVAL. */
enum err birth_is(const struct birth *b, const char *card, const char *key_hex) MUST_CHECK;
struct pair_plan {
	const char *base; /* "unit": profiles unit-sign and unit-enc */
	struct ca_subject subject;
	const struct sm2_pub *pub;
	const uint8_t *evidence; /* 32 octets, escrow's request id */
	int64_t days;
};
/* Encryption pair from escrow, both certificates, all three put into record and answer. */
enum err pair_make(const struct serve_ctx *s, const struct pair_plan *p, int64_t now, struct ipc_msg *record,
                   struct ipc_msg *out) MUST_CHECK;

enum err escrow_said(enum err e) MUST_CHECK; /* its answer as the signer's */

/* --- CRL (status.c) --- */
enum err crl_renew(struct serve_ctx *s, int64_t now) MUST_CHECK;

static inline int64_t signer_now(const struct serve_ctx *s)
{
	return clock_now(s->plan.clock);
}
enum err signer_bureau(struct serve_ctx *s) MUST_CHECK; /* from the root in the journal */

/* --- handlers --- */
typedef enum err signer_handler(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out);
signer_handler on_hello, on_crl, on_status, on_feed, on_data_key, on_roster_get; /* read.c */
signer_handler on_issue, on_renew;                                               /* issue.c */
signer_handler on_revoke, on_suspend, on_release;                                /* status.c */
signer_handler on_stock, on_roster;                                              /* stock.c */
signer_handler on_ceremony_begin, on_ceremony_card, on_ceremony_person, on_ceremony_notary,
	on_ceremony_close; /* ceremony.c */
