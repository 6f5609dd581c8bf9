#include "server/notary/notary_i.h"
#include "pki/csr.h"
#include <stdlib.h>

enum { EMPTY = NOTARY_EMPTY, OPEN = NOTARY_OPEN };

/* --- life --- */

static enum err begin_following(struct serve_ctx *s)
{
	const struct follow_plan plan = {.signer_socket = s->plan.signer_socket,
	                                 .bureau = state_bureau(s->state),
	                                 .ca = state_certs(s->state)->ca,
	                                 .clock = s->plan.clock,
	                                 .least_seq = state_last(s->state)->journal_seq};

	return follow_new(&plan, &s->follow);
}

enum err notary_open(const struct notary_plan *plan, struct serve_ctx **ret_s)
{
	struct serve_ctx *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return ERR(NOMEM, "notary");
	s->plan = *plan;
	enum err e = presign_new(&s->presign);
	if (e == ERR_OK)
		e = state_open(plan->dir, &s->state);
	if (e == ERR_OK && state_is_open(s->state))
		e = begin_following(s);
	if (e != ERR_OK) {
		notary_free(s);
		return e;
	}
	*ret_s = s;
	return ERR_OK;
}

void notary_free(struct serve_ctx *s)
{
	if (s == NULL)
		return;
	follow_free(s->follow);
	state_free(s->state);
	presign_free(s->presign);
	free(s);
}

static unsigned state_bit(const struct serve_ctx *s)
{
	return s->follow != NULL ? OPEN : EMPTY;
}

/* --- HELLO --- */

static enum err on_hello(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	static const uint16_t tags[TRIO_COUNT] = {NT_CERT_OCSP, NT_CERT_TSA, NT_CERT_LOG};
	const struct state_head *last = state_last(s->state);

	(void)in;
	ipc_put_u64(out, NT_STATE, state_bit(s));
	ipc_put_u64(out, NT_EPOCH, last->epoch);
	ipc_put_u64(out, NT_SIZE, last->size);
	ipc_put(out, NT_ROOT_HASH, SPAN_ARR(last->root));
	ipc_put_u64(out, NT_JOURNAL_SEQ, s->follow != NULL ? status_seq(follow_status(s->follow)) : 0);
	ipc_put_u64(out, NT_FEED_TIME, s->follow != NULL ? (uint64_t)follow_time(s->follow) : 0);
	if (s->follow == NULL)
		return ERR_OK;
	const struct state_certs *c = state_certs(s->state);
	ipc_put(out, NT_ROOT, cert_der(c->root));
	ipc_put(out, NT_CA, cert_der(c->ca));
	for (size_t i = 0; i < TRIO_COUNT; i++)
		ipc_put(out, tags[i], cert_der(c->own[i]));
	return ERR_OK;
}

/* --- the ceremony --- */

static enum err put_csr(const struct sm2_key *k, const char *name, uint16_t tag, struct ipc_msg *out)
{
	AUTO_BUF(tbs, CSR_DER_MAX);
	AUTO_BUF(der, CSR_DER_MAX);
	struct sm2_sig sig;

	TRY(csr_tbs(sm2_key_pub(k), name, &tbs));
	TRY(gm_sign(k, buf_span(&tbs), &sig));
	TRY(csr_assemble(buf_span(&tbs), &sig, &der));
	ipc_put(out, tag, buf_span(&der));
	return ERR_OK;
}

static enum err on_setup(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	static const uint16_t tags[TRIO_COUNT] = {NT_CSR_OCSP, NT_CSR_TSA, NT_CSR_LOG};
	const struct trio *t = NULL;

	(void)in;
	TRY(state_setup(s->state, &t));
	for (size_t i = 0; i < TRIO_COUNT; i++)
		TRY(put_csr(t->key[i], trio_profiles[i], tags[i], out));
	return ERR_OK;
}

static void certs_done(struct state_certs *c)
{
	cert_free(c->root);
	cert_free(c->ca);
	for (size_t i = 0; i < TRIO_COUNT; i++)
		cert_free(c->own[i]);
}

static enum err on_install(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	__attribute__((cleanup(certs_done))) struct state_certs c = {NULL};

	(void)out;
	TRY(cert_parse(ipc_get(in, NT_ROOT), &c.root));
	TRY(cert_parse(ipc_get(in, NT_CA), &c.ca));
	TRY(cert_parse(ipc_get(in, NT_CERT_OCSP), &c.own[TRIO_OCSP]));
	TRY(cert_parse(ipc_get(in, NT_CERT_TSA), &c.own[TRIO_TSA]));
	TRY(cert_parse(ipc_get(in, NT_CERT_LOG), &c.own[TRIO_LOG]));
	TRY(state_install(s->state, &c, notary_now(s)));
	return begin_following(s);
}

/* --- the table --- */

/* In the order of notary_requests. */
static const struct serve_row rows[] = {
	{&notary_requests[0], EMPTY | OPEN, on_hello, 0},
	{&notary_requests[1], EMPTY, on_setup, NOTARY_PEER_ADMIN},
	{&notary_requests[2], EMPTY, on_install, NOTARY_PEER_ADMIN},
	{&notary_requests[3], OPEN, on_ocsp, 0},
	{&notary_requests[4], OPEN, on_status, 0},
	{&notary_requests[5], OPEN, on_stamp, 0},
	{&notary_requests[6], OPEN, on_head, 0},
	{&notary_requests[7], OPEN, on_seal, 0},
};

enum { PRESIGN_EVERY_MS = 1000 };

/* What fails here is asked for again in a second, and seen by who asks for a status meanwhile. */
static void tick(struct serve_ctx *s)
{
	if (s->follow == NULL)
		return;
	if (follow_is_due(s->follow) && follow_now(s->follow, FOLLOW_BRISK_MS) != ERR_OK)
		err_clear();
	if (clock_mono_ms() - s->presigned_ms < PRESIGN_EVERY_MS)
		return;
	s->presigned_ms = clock_mono_ms();
	presign_turn(s);
}

void notary_serve(struct serve_ctx *s, struct serve *ret_serve)
{
	*ret_serve =
		(struct serve){.rows = rows, .n_rows = COUNT_OF(rows), .state_bit = state_bit, .ctx = s, .tick = tick};
}
