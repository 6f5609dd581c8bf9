#include "server/signer/client.h"
#include "ipc/peer.h"
#include "pki/crl.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONNECT_MS = 2000 };

struct signer_client {
	char *path;
};

enum err signer_client_new(const char *socket_path, struct signer_client **ret_c)
{
	struct signer_client *c = calloc(1, sizeof(*c));
	if (c == NULL || (c->path = strdup(socket_path)) == NULL) {
		free(c);
		return ERR(NOMEM, "signer client");
	}
	*ret_c = c;
	return ERR_OK;
}

void signer_client_free(struct signer_client *c)
{
	if (c == NULL)
		return;
	free(c->path);
	free(c);
}

static enum err call_within(struct signer_client *c, const struct ipc_msg *request, int connect_ms, int answer_ms,
                            struct ipc_msg **ret_answer)
{
	int fd = -1;
	const struct ipc_type *answer = signer_answer_of(ipc_type_of(request));
	INVARIANT(answer != NULL);
	TRY(peer_connect(c->path, connect_ms, &fd));
	enum err e = ipc_call(fd, request, answer, answer_ms, ret_answer);
	(void)close(fd);
	return e;
}

enum err signer_call(struct signer_client *c, const struct ipc_msg *request, struct ipc_msg **ret_answer)
{
	return call_within(c, request, CONNECT_MS, IPC_TIMEOUT_MS, ret_answer);
}

static enum err ask(struct signer_client *c, uint16_t type, struct ipc_msg **ret_answer)
{
	AUTO(ipc_msg) m = NULL;
	TRY(ipc_msg_new(type, &m));
	return signer_call(c, m, ret_answer);
}

/* --- what is so --- */

void signer_hello_done(struct signer_hello *h)
{
	cert_free(h->root);
	cert_free(h->ca);
	crl_free(h->root_crl);
	h->root = h->ca = NULL;
	h->root_crl = NULL;
}

static enum err hello_read(const struct ipc_msg *a, struct signer_hello *h)
{
	uint64_t state = 0;
	struct span bureau = ipc_get(a, ST_BUREAU);
	TRY(ipc_get_u64(a, ST_STATE, &state));
	TRY(ipc_get_u64(a, ST_ROSTER_NO, &h->roster_no));
	TRY(ipc_get_u64(a, ST_JOURNAL_SEQ, &h->journal_seq));
	if (state != SIGNER_EMPTY && state != SIGNER_IN_CEREMONY && state != SIGNER_OPEN)
		return ERR(SYNTAX, "signer state %llu", (unsigned long long)state);
	h->state = (enum signer_state)state;
	if (bureau.len == sizeof(h->bureau) - 1)
		memcpy(h->bureau, bureau.ptr, bureau.len);
	if (ipc_has(a, ST_ROOT))
		TRY(cert_parse(ipc_get(a, ST_ROOT), &h->root));
	if (ipc_has(a, ST_CA))
		TRY(cert_parse(ipc_get(a, ST_CA), &h->ca));
	if (ipc_has(a, ST_ROOT_CRL))
		TRY(crl_parse(ipc_get(a, ST_ROOT_CRL), &h->root_crl));
	return ERR_OK;
}

enum err signer_hello(struct signer_client *c, struct signer_hello *ret_h)
{
	AUTO(ipc_msg) a = NULL;
	struct signer_hello h = {0};
	TRY(ask(c, SIGNER_HELLO, &a));
	enum err e = hello_read(a, &h);
	if (e != ERR_OK) {
		signer_hello_done(&h);
		return e;
	}
	*ret_h = h;
	return ERR_OK;
}

enum err signer_journal_seq(struct signer_client *c, int within_ms, uint64_t *ret_seq)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	TRY(ipc_msg_new(SIGNER_HELLO, &m));
	TRY(call_within(c, m, within_ms, within_ms, &a));
	return ipc_get_u64(a, ST_JOURNAL_SEQ, ret_seq);
}

enum err signer_status(struct signer_client *c, const char *serial, int within_ms, int *ret_status)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	uint64_t status = 0;
	TRY(ipc_msg_new(SIGNER_STATUS, &m));
	ipc_put_str(m, ST_SERIAL, serial);
	TRY(call_within(c, m, within_ms, within_ms, &a));
	TRY(ipc_get_u64(a, ST_STATUS, &status));
	if (status > 2)
		return ERR(SYNTAX, "status %llu", (unsigned long long)status);
	*ret_status = (int)status;
	return ERR_OK;
}

static enum err append(struct buf *out, struct span s)
{
	buf_put(out, s);
	return buf_err(out);
}

enum err signer_crl(struct signer_client *c, struct buf *ret_der)
{
	AUTO(ipc_msg) a = NULL;
	TRY(ask(c, SIGNER_CRL, &a));
	return append(ret_der, ipc_get(a, ST_CRL));
}

enum err signer_data_key(struct signer_client *c, struct secret **ret_key)
{
	AUTO(ipc_msg) a = NULL;
	TRY(ask(c, SIGNER_DATA_KEY, &a));
	return ipc_take_secret(a, ret_key);
}

enum err signer_roster_text(struct signer_client *c, struct buf *ret_statement)
{
	return signer_roster_within(c, IPC_TIMEOUT_MS, ret_statement);
}

enum err signer_roster_within(struct signer_client *c, int within_ms, struct buf *ret_statement)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	TRY(ipc_msg_new(SIGNER_ROSTER_GET, &m));
	TRY(call_within(c, m, within_ms < CONNECT_MS ? within_ms : CONNECT_MS, within_ms, &a));
	return append(ret_statement, ipc_get(a, ST_ROSTER));
}

/* --- acts --- */

void signer_put_act(struct ipc_msg *m, uint16_t tag, const struct act_parts *p)
{
	ipc_put(m, tag, p->statement);
	ipc_put(m, (uint16_t)(tag + 1), p->sig);
	ipc_put(m, (uint16_t)(tag + 2), p->cert);
}

void issued_done(struct issued *i)
{
	buf_done(&i->sign_cert);
	buf_done(&i->enc_cert);
	buf_done(&i->enveloped);
}

static enum err issued_read(const struct ipc_msg *a, struct issued *ret_i)
{
	struct issued i = {buf_make(CERT_DER_MAX), buf_make(CERT_DER_MAX), buf_make(CERT_DER_MAX)};
	enum err e = append(&i.sign_cert, ipc_get(a, ST_SIGN_CERT));
	if (e == ERR_OK)
		e = append(&i.enc_cert, ipc_get(a, ST_ENC_CERT));
	if (e == ERR_OK)
		e = append(&i.enveloped, ipc_get(a, ST_ENVELOPED));
	if (e != ERR_OK) {
		issued_done(&i);
		return e;
	}
	*ret_i = i;
	return ERR_OK;
}

enum err signer_issue(struct signer_client *c, const struct act_parts *accept, const struct act_parts *approve,
                      const struct act_parts *make, struct span csr, struct span attest, struct issued *ret_i)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	TRY(ipc_msg_new(SIGNER_ISSUE, &m));
	signer_put_act(m, ST_ACCEPT, accept);
	signer_put_act(m, ST_APPROVE, approve);
	signer_put_act(m, ST_MAKE, make);
	ipc_put(m, ST_CSR, csr);
	ipc_put(m, ST_ATTEST, attest);
	TRY(signer_call(c, m, &a));
	return issued_read(a, ret_i);
}

enum err signer_renew(struct signer_client *c, const struct act_parts *act, struct span csr, struct span attest,
                      struct issued *ret_i)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	TRY(ipc_msg_new(SIGNER_RENEW, &m));
	signer_put_act(m, ST_ACT, act);
	ipc_put(m, ST_CSR, csr);
	ipc_put(m, ST_ATTEST, attest);
	TRY(signer_call(c, m, &a));
	return issued_read(a, ret_i);
}

static enum err change(struct signer_client *c, uint16_t type, const struct act_parts *x, const struct act_parts *y,
                       struct buf *ret_crl)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	TRY(ipc_msg_new(type, &m));
	signer_put_act(m, ST_ACT, x);
	if (y != NULL)
		signer_put_act(m, ST_ACT2, y);
	TRY(signer_call(c, m, &a));
	return append(ret_crl, ipc_get(a, ST_CRL));
}

enum err signer_revoke(struct signer_client *c, const struct act_parts *a, const struct act_parts *b,
                       struct buf *ret_crl)
{
	return change(c, SIGNER_REVOKE, a, b, ret_crl);
}

enum err signer_suspend(struct signer_client *c, const struct act_parts *a, struct buf *ret_crl)
{
	return change(c, SIGNER_SUSPEND, a, NULL, ret_crl);
}

enum err signer_release(struct signer_client *c, const struct act_parts *a, const struct act_parts *b,
                        struct buf *ret_crl)
{
	return change(c, SIGNER_RELEASE, a, b, ret_crl);
}

enum err signer_alive(struct signer_client *c)
{
	uint64_t seq = 0;
	return signer_journal_seq(c, SIGNER_ALIVE_MS, &seq);
}
