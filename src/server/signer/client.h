/* Calls to the signer, one connection per call. Used by portal, ceremony and tests. */
#pragma once
#include "server/signer/proto.h"
#include "evidence/act.h"

struct signer_client; /* holds the socket path; thread safe */
enum err signer_client_new(const char *socket_path, struct signer_client **ret_c) MUST_CHECK;
void signer_client_free(struct signer_client *c);
DEFINE_AUTO(signer_client)
/* Connects, sends, waits, closes. ERR_UNAVAILABLE when the signer is down (a retry may help). */
enum err signer_call(struct signer_client *c, const struct ipc_msg *request, struct ipc_msg **ret_answer) MUST_CHECK;

struct signer_hello {
	enum signer_state state;
	char bureau[65]; /* lower-case hex */
	struct cert *root, *ca;
	struct crl *root_crl; /* NULL: the bureau has none */
	uint64_t roster_no, journal_seq;
};
void signer_hello_done(struct signer_hello *h);
enum err signer_hello(struct signer_client *c, struct signer_hello *ret_h) MUST_CHECK;
enum { SIGNER_ALIVE_MS = 1000 };
enum err signer_alive(struct signer_client *c) MUST_CHECK; /* it answers, within SIGNER_ALIVE_MS */
/* The number of its last record, and a certificate's status: 0 good, 1 revoked, 2 suspended (ERR_SERIAL_UNKNOWN). Both
 * wait for the signer at most within_ms. */
enum err signer_journal_seq(struct signer_client *c, int within_ms, uint64_t *ret_seq) MUST_CHECK;
enum err signer_status(struct signer_client *c, const char *serial, int within_ms, int *ret_status) MUST_CHECK;
enum err signer_crl(struct signer_client *c, struct buf *ret_der) MUST_CHECK; /* ERR_LIMIT when over SIGNER_CRL_MAX */
enum err signer_data_key(struct signer_client *c, struct secret **ret_key) MUST_CHECK;

/* Raw parts of an act as they arrived from a page. */
struct act_parts {
	struct span statement, sig, cert;
};
/* Puts the three fields of an act under tag, tag + 1, tag + 2. */
void signer_put_act(struct ipc_msg *m, uint16_t tag, const struct act_parts *p);
struct issued {
	struct buf sign_cert, enc_cert, enveloped;
};
void issued_done(struct issued *i);
enum err signer_issue(struct signer_client *c, const struct act_parts *accept, const struct act_parts *approve,
                      const struct act_parts *make, struct span csr, struct span attest,
                      struct issued *ret_i) MUST_CHECK;
/* By the holder's own still valid certificate (CERT-RENEW). */
enum err signer_renew(struct signer_client *c, const struct act_parts *act, struct span csr, struct span attest,
                      struct issued *ret_i) MUST_CHECK;
/* The change is made and durable when these return ERR_OK; ret_crl stays empty when the CRL is over SIGNER_CRL_MAX. */
enum err signer_revoke(struct signer_client *c, const struct act_parts *a, const struct act_parts *b,
                       struct buf *ret_crl) MUST_CHECK;
enum err signer_suspend(struct signer_client *c, const struct act_parts *a, struct buf *ret_crl) MUST_CHECK;
enum err signer_release(struct signer_client *c, const struct act_parts *a, const struct act_parts *b,
                        struct buf *ret_crl) MUST_CHECK;
/* Person's roles by the roster in force: comma list "clerk,reviewer", "" when absent; district or "". */
enum err signer_roster_text(struct signer_client *c, struct buf *ret_statement) MUST_CHECK;
/* the same, waiting that long at most */
enum err signer_roster_within(struct signer_client *c, int within_ms, struct buf *ret_statement) MUST_CHECK;
