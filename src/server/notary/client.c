#include "server/notary/client.h"
#include "evidence/head.h"
#include "ipc/peer.h"
#include "pki/csr.h"
#include "pki/ocsp.h"
#include "pki/tsp.h"
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONNECT_MS = 2000, IDLE_MAX = 4 };

const char *const notary_kinds[NOTARY_KEYS] = {"ocsp", "tsa", "log"};

/* Connections are kept: making one and being let in costs as much as an answer that was signed before. */
struct notary_client {
	char *path;
	pthread_mutex_t lock;
	int idle[IDLE_MAX];
	size_t n_idle;
};

enum err notary_client_new(const char *socket_path, struct notary_client **ret_c)
{
	struct notary_client *c = calloc(1, sizeof(*c));

	if (c == NULL || (c->path = strdup(socket_path)) == NULL) {
		free(c);
		return ERR(NOMEM, "notary client");
	}
	(void)pthread_mutex_init(&c->lock, NULL);
	*ret_c = c;
	return ERR_OK;
}

void notary_client_free(struct notary_client *c)
{
	if (c == NULL)
		return;
	while (c->n_idle > 0)
		(void)close(c->idle[--c->n_idle]);
	(void)pthread_mutex_destroy(&c->lock);
	free(c->path);
	free(c);
}

/* --- connections --- */

/* -1: none is kept. One that has something to read was closed, or is out of step. */
static int take_idle(struct notary_client *c)
{
	for (;;) {
		(void)pthread_mutex_lock(&c->lock);
		int fd = c->n_idle > 0 ? c->idle[--c->n_idle] : -1;
		(void)pthread_mutex_unlock(&c->lock);
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (fd < 0 || poll(&p, 1, 0) == 0)
			return fd;
		(void)close(fd);
	}
}

static void keep(struct notary_client *c, int fd)
{
	(void)pthread_mutex_lock(&c->lock);
	bool room = c->n_idle < IDLE_MAX;
	if (room)
		c->idle[c->n_idle++] = fd;
	(void)pthread_mutex_unlock(&c->lock);
	if (!room)
		(void)close(fd);
}

static enum err call_on(struct notary_client *c, int fd, const struct ipc_msg *request, int timeout_ms,
                        struct ipc_msg **ret_answer)
{
	enum err e = ipc_call(fd, request, notary_answer_of(ipc_type_of(request)), timeout_ms, ret_answer);

	if (e == ERR_OK)
		keep(c, fd);
	else
		(void)close(fd);
	return e;
}

static enum err call_new(struct notary_client *c, const struct ipc_msg *request, int timeout_ms,
                         struct ipc_msg **ret_answer)
{
	int fd = -1;

	TRY(peer_connect(c->path, timeout_ms < CONNECT_MS ? timeout_ms : CONNECT_MS, &fd));
	return call_on(c, fd, request, timeout_ms, ret_answer);
}

/* The notary may give up a silent connection at any moment: then once more on a new one. Every request may be asked
 * twice. */
static enum err call_within(struct notary_client *c, const struct ipc_msg *request, int timeout_ms,
                            struct ipc_msg **ret_answer)
{
	int fd = take_idle(c);

	INVARIANT(notary_answer_of(ipc_type_of(request)));
	if (fd >= 0) {
		enum err e = call_on(c, fd, request, timeout_ms, ret_answer);
		if (e != ERR_UNAVAILABLE)
			return e;
		err_clear();
	}
	return call_new(c, request, timeout_ms, ret_answer);
}

enum err notary_alive(struct notary_client *c)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;

	TRY(ipc_msg_new(NOTARY_HELLO, &m));
	return call_new(c, m, NOTARY_ALIVE_MS, &a);
}

static enum err call(struct notary_client *c, const struct ipc_msg *request, struct ipc_msg **ret_answer)
{
	return call_within(c, request, IPC_TIMEOUT_MS, ret_answer);
}

static enum err ask(struct notary_client *c, enum notary_request type, struct ipc_msg **ret_answer)
{
	AUTO(ipc_msg) m = NULL;

	TRY(ipc_msg_new((uint16_t)type, &m));
	return call(c, m, ret_answer);
}

static enum err append(struct buf *out, struct span s)
{
	buf_put(out, s);
	return buf_err(out);
}

/* --- HELLO --- */

void notary_hello_done(struct notary_hello *h)
{
	cert_free(h->ocsp);
	cert_free(h->tsa);
	cert_free(h->log);
	h->ocsp = h->tsa = h->log = NULL;
}

static enum err hello_read(const struct ipc_msg *a, struct notary_hello *h)
{
	uint64_t state = 0, time = 0;

	TRY(ipc_get_u64(a, NT_STATE, &state));
	TRY(ipc_get_u64(a, NT_EPOCH, &h->epoch));
	TRY(ipc_get_u64(a, NT_SIZE, &h->size));
	TRY(ipc_get_u64(a, NT_JOURNAL_SEQ, &h->journal_seq));
	TRY(ipc_get_u64(a, NT_FEED_TIME, &time));
	if (state != NOTARY_EMPTY && state != NOTARY_OPEN)
		return ERR(SYNTAX, "notary state %llu", (unsigned long long)state);
	h->state = (enum notary_state)state;
	h->feed_time = (int64_t)time;
	memcpy(h->root, ipc_get(a, NT_ROOT_HASH).ptr, sizeof(h->root));
	if (state == NOTARY_EMPTY)
		return ERR_OK;
	TRY(cert_parse(ipc_get(a, NT_CERT_OCSP), &h->ocsp));
	TRY(cert_parse(ipc_get(a, NT_CERT_TSA), &h->tsa));
	return cert_parse(ipc_get(a, NT_CERT_LOG), &h->log);
}

enum err notary_hello(struct notary_client *c, struct notary_hello *ret_h)
{
	AUTO(ipc_msg) a = NULL;
	struct notary_hello h;

	memset(&h, 0, sizeof(h));
	TRY(ask(c, NOTARY_HELLO, &a));
	enum err e = hello_read(a, &h);
	if (e != ERR_OK) {
		notary_hello_done(&h);
		return e;
	}
	*ret_h = h;
	return ERR_OK;
}

enum err notary_seq(struct notary_client *c, uint64_t *ret_seq)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;

	TRY(ipc_msg_new(NOTARY_HELLO, &m));
	TRY(call_within(c, m, NOTARY_ALIVE_MS, &a));
	return ipc_get_u64(a, NT_JOURNAL_SEQ, ret_seq);
}

/* --- the ceremony --- */

void notary_csrs_done(struct notary_csrs *r)
{
	for (size_t i = 0; i < NOTARY_KEYS; i++)
		buf_done(&r->der[i]);
}

enum err notary_setup(struct notary_client *c, struct notary_csrs *ret_r)
{
	static const uint16_t tags[NOTARY_KEYS] = {NT_CSR_OCSP, NT_CSR_TSA, NT_CSR_LOG};
	AUTO(ipc_msg) a = NULL;
	struct notary_csrs r;
	enum err e = ERR_OK;

	TRY(ask(c, NOTARY_SETUP, &a));
	for (size_t i = 0; i < NOTARY_KEYS; i++) {
		buf_init(&r.der[i], CSR_DER_MAX);
		buf_put(&r.der[i], ipc_get(a, tags[i]));
	}
	for (size_t i = 0; i < NOTARY_KEYS && e == ERR_OK; i++)
		e = buf_err(&r.der[i]);
	if (e != ERR_OK)
		notary_csrs_done(&r);
	else
		*ret_r = r;
	return e;
}

enum err notary_install(struct notary_client *c, struct span root, struct span ca, const struct span certs[NOTARY_KEYS])
{
	static const uint16_t tags[NOTARY_KEYS] = {NT_CERT_OCSP, NT_CERT_TSA, NT_CERT_LOG};
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;

	TRY(ipc_msg_new(NOTARY_INSTALL, &m));
	ipc_put(m, NT_ROOT, root);
	ipc_put(m, NT_CA, ca);
	for (size_t i = 0; i < NOTARY_KEYS; i++)
		ipc_put(m, tags[i], certs[i]);
	return call(c, m, &a);
}

/* --- answers and stamps --- */

static enum err der_call(struct notary_client *c, enum notary_request type, struct span request,
                         struct buf *ret_response, struct ipc_msg **ret_a)
{
	AUTO(ipc_msg) m = NULL;

	TRY(ipc_msg_new((uint16_t)type, &m));
	ipc_put(m, NT_REQUEST, request);
	TRY(call(c, m, ret_a));
	return append(ret_response, ipc_get(*ret_a, NT_RESPONSE));
}

enum err notary_ocsp(struct notary_client *c, struct span request, struct buf *ret_response, struct notary_times *ret_t)
{
	AUTO(ipc_msg) a = NULL;
	uint64_t from = 0, to = 0;

	TRY(der_call(c, NOTARY_OCSP, request, ret_response, &a));
	if (ipc_has(a, NT_NEXT_UPDATE)) {
		TRY(ipc_get_u64(a, NT_THIS_UPDATE, &from));
		TRY(ipc_get_u64(a, NT_NEXT_UPDATE, &to));
	}
	*ret_t = (struct notary_times){(int64_t)from, (int64_t)to};
	return ERR_OK;
}

enum err notary_stamp(struct notary_client *c, struct span request, struct buf *ret_response)
{
	AUTO(ipc_msg) a = NULL;

	return der_call(c, NOTARY_STAMP, request, ret_response, &a);
}

enum err notary_status(struct notary_client *c, const char *const *serials, size_t n, struct buf *ret_response)
{
	return notary_status_within(c, serials, n, IPC_TIMEOUT_MS, ret_response);
}

enum err notary_status_within(struct notary_client *c, const char *const *serials, size_t n, int within_ms,
                              struct buf *ret_response)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;

	TRY(ipc_msg_new(NOTARY_STATUS, &m));
	for (size_t i = 0; i < n; i++)
		ipc_put_str(m, NT_SERIAL, serials[i]);
	TRY(call_within(c, m, within_ms, &a));
	return append(ret_response, ipc_get(a, NT_RESPONSE));
}

/* --- heads and seals --- */

void notary_signed_done(struct notary_signed *s)
{
	buf_done(&s->text);
	buf_done(&s->sig);
	buf_done(&s->token);
}

static void put_ask(struct ipc_msg *m, const struct notary_head_ask *a)
{
	ipc_put_u64(m, NT_EPOCH, a->epoch);
	ipc_put_u64(m, NT_SIZE, a->size);
	ipc_put(m, NT_ROOT_HASH, span_of(a->root, 32));
	for (size_t i = 0; i < a->n_proof; i++)
		ipc_put(m, NT_PROOF, SPAN_ARR(a->proof[i]));
}

static enum err signed_take(const struct ipc_msg *a, struct notary_signed *ret_s)
{
	struct notary_signed s = {buf_make(HEAD_TEXT_MAX), buf_make(HEAD_SIG_LEN), buf_make(TSP_DER_MAX)};
	enum err e = append(&s.text, ipc_get(a, NT_TEXT));

	if (e == ERR_OK)
		e = append(&s.sig, ipc_get(a, NT_SIG));
	if (e == ERR_OK)
		e = append(&s.token, ipc_get(a, NT_TOKEN));
	if (e != ERR_OK)
		notary_signed_done(&s);
	else
		*ret_s = s;
	return e;
}

enum err notary_head(struct notary_client *c, const struct notary_head_ask *ask_, struct notary_signed *ret_s)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;

	TRY(ipc_msg_new(NOTARY_HEAD, &m));
	put_ask(m, ask_);
	ipc_put_u64(m, NT_JOURNAL_SEQ, ask_->journal_seq);
	TRY(call(c, m, &a));
	return signed_take(a, ret_s);
}

enum err notary_seal(struct notary_client *c, const uint8_t digest[32], uint64_t leaf,
                     const struct notary_head_ask *ask_, struct notary_signed *ret_s)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;

	TRY(ipc_msg_new(NOTARY_SEAL, &m));
	put_ask(m, ask_);
	ipc_put(m, NT_DIGEST, span_of(digest, 32));
	ipc_put_u64(m, NT_LEAF, leaf);
	TRY(call(c, m, &a));
	return signed_take(a, ret_s);
}
