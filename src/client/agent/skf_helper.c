/* The helper process: the only place where an SKF library is loaded. It reads frames from the agent, touches the card,
 * answers, and ends when the agent's end of the socket closes. PINs reach it as sealed memory and are wiped here. */
#include "base/clock.h"
#include "client/agent/skf_lib.h"
#include "pki/csr.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

enum { HOLD_MS = 600 * 1000 }; /* a card waits this long, logged in, for its certificates */

struct helper {
	const char *path;
	struct buf root, ca;
	struct skf_lib *lib;
	struct skf_dev *held;
	int64_t held_until_ms;
	bool has_tries;
	unsigned tries;
};

static void let_go(struct helper *h)
{
	skf_dev_free(h->held);
	h->held = NULL;
}

static void hold(struct helper *h, struct skf_dev *take)
{
	let_go(h);
	h->held = take;
	h->held_until_ms = clock_mono_ms() + HOLD_MS;
}

/* The driver may be installed while we run: a missing library is tried again at every request. Before anything else it
 * learns whom to trust. */
static enum err need_lib(struct helper *h)
{
	AUTO(skf_lib) l = NULL;

	if (h->lib != NULL)
		return ERR_OK;
	TRY(skf_lib_open(h->path, &l));
	if (h->root.len > 0)
		TRY(skf_lib_trust(l, buf_span(&h->root), buf_span(&h->ca)));
	h->lib = STEAL(l);
	return ERR_OK;
}

static enum err keep_trust(struct helper *h, const struct ipc_msg *in)
{
	buf_clear(&h->root);
	buf_clear(&h->ca);
	buf_put(&h->root, ipc_get(in, TAG_ROOT));
	buf_put(&h->ca, ipc_get(in, TAG_CA));
	TRY(buf_err(&h->root));
	return buf_err(&h->ca);
}

static void slot_of(const struct ipc_msg *in, char ret_slot[SLOT_NAME_MAX + 1])
{
	struct span s = ipc_get(in, TAG_SLOT);

	memset(ret_slot, 0, SLOT_NAME_MAX + 1);
	memcpy(ret_slot, s.ptr, s.len);
}

static bool is_held(const struct helper *h, const char *slot)
{
	return h->held != NULL && strcmp(skf_dev_slot(h->held), slot) == 0;
}

/* A freshly connected device, which must be the one that the user chose. */
static enum err connect_chosen(struct helper *h, const struct ipc_msg *in, struct skf_dev **ret_d)
{
	AUTO(skf_dev) d = NULL;
	char slot[SLOT_NAME_MAX + 1];

	slot_of(in, slot);
	if (is_held(h, slot))
		let_go(h);
	TRY(skf_dev_open(h->lib, slot, &d));
	if (!span_eq_str(ipc_get(in, TAG_SERIAL), skf_dev_serial(d)))
		return ERR(CARD_WRONG, "slot %s holds %s", slot, skf_dev_serial(d));
	*ret_d = STEAL(d);
	return ERR_OK;
}

static enum err held_chosen(struct helper *h, const struct ipc_msg *in)
{
	char slot[SLOT_NAME_MAX + 1];

	slot_of(in, slot);
	if (!is_held(h, slot))
		return ERR(NOT_LOGGED_IN, "device is not kept open");
	if (!span_eq_str(ipc_get(in, TAG_SERIAL), skf_dev_serial(h->held)))
		return ERR(CARD_WRONG, "kept open: %s", skf_dev_serial(h->held));
	return ERR_OK;
}

/* --- requests --- */

static enum err do_trust(struct helper *h, struct ipc_msg *in, struct ipc_msg *out)
{
	(void)out;
	return skf_lib_trust(h->lib, ipc_get(in, TAG_ROOT), ipc_get(in, TAG_CA));
}

static enum err do_list(struct helper *h, struct ipc_msg *in, struct ipc_msg *out)
{
	char names[SLOTS_MAX][SLOT_NAME_MAX + 1];
	size_t n = 0;

	(void)in;
	if (h->held != NULL && (clock_mono_ms() >= h->held_until_ms || !skf_lib_present(h->lib, skf_dev_slot(h->held))))
		let_go(h);
	TRY(skf_lib_list(h->lib, names, &n));
	for (size_t i = 0; i < n; i++)
		ipc_put_str(out, TAG_SLOT, names[i]);
	return ERR_OK;
}

/* The held card may have been swapped for another in the same slot since: then that one is opened. */
static enum err status_of(struct helper *h, const char *slot, struct skf_dev **ret_opened, struct skf_status *ret_s)
{
	if (is_held(h, slot)) {
		enum err e = skf_dev_status(h->held, ret_s);
		if (e != ERR_CARD_GONE)
			return e;
		err_clear();
		let_go(h);
	}
	TRY(skf_dev_open(h->lib, slot, ret_opened));
	return skf_dev_status(*ret_opened, ret_s);
}

static enum err do_status(struct helper *h, struct ipc_msg *in, struct ipc_msg *out)
{
	AUTO(skf_dev) opened = NULL;
	char slot[SLOT_NAME_MAX + 1];
	struct skf_status s;

	slot_of(in, slot);
	TRY(status_of(h, slot, &opened, &s));
	ipc_put_str(out, TAG_SERIAL, s.serial);
	ipc_put_u64(out, TAG_STATE, s.state);
	ipc_put_u64(out, TAG_PIN_SET, s.pin_set);
	ipc_put_u64(out, TAG_OPEN, opened == NULL);
	ipc_put_u64(out, TAG_EXTENDED, skf_lib_extended(h->lib));
	ipc_put_u64(out, TAG_DOUBTFUL, s.doubtful);
	if (s.cert_len > 0)
		ipc_put(out, TAG_CERT, span_of(s.cert, s.cert_len));
	if (s.has_pub)
		ipc_put(out, TAG_PUB, SPAN_ARR(s.pub.b));
	h->tries = s.tries;
	h->has_tries = true;
	return ERR_OK;
}

static enum err login(struct helper *h, struct ipc_msg *in, struct skf_dev *d)
{
	AUTO(secret) pin = NULL;

	TRY(ipc_take_secret(in, &pin));
	enum err e = skf_dev_login(d, pin, &h->tries);
	h->has_tries = e == ERR_PIN_WRONG || e == ERR_PIN_LOCKED;
	return e;
}

static enum err do_login(struct helper *h, struct ipc_msg *in, struct ipc_msg *out)
{
	AUTO(skf_dev) d = NULL;

	(void)out;
	TRY(connect_chosen(h, in, &d));
	TRY(login(h, in, d));
	hold(h, STEAL(d));
	return ERR_OK;
}

static enum err do_sign(struct helper *h, struct ipc_msg *in, struct ipc_msg *out)
{
	AUTO(skf_dev) d = NULL;
	struct sm2_sig sig;

	TRY(connect_chosen(h, in, &d));
	TRY(login(h, in, d));
	TRY(skf_dev_sign(d, ipc_get(in, TAG_DIGEST).ptr, &sig));
	ipc_put(out, TAG_SIG, SPAN_ARR(sig.b));
	return ERR_OK;
}

/* The card's login after generation is good for the one signature that the request needs (u1.md). */
static enum err make_csr(struct skf_dev *d, const struct sm2_pub *pub, const struct ipc_msg *in, struct ipc_msg *out)
{
	AUTO_BUF(tbs, CSR_DER_MAX);
	AUTO_BUF(der, CSR_DER_MAX);
	char name[CERT_TEXT_MAX + 1] = "";
	struct span given = ipc_get(in, TAG_NAME);
	uint8_t e[32];
	struct sm2_sig sig;

	memcpy(name, given.ptr, given.len);
	TRY(csr_tbs(pub, name, &tbs));
	TRY(sm2_digest(pub, buf_span(&tbs), e));
	TRY(skf_dev_sign(d, e, &sig));
	TRY(csr_assemble(buf_span(&tbs), &sig, &der));
	ipc_put(out, TAG_CSR, buf_span(&der));
	return ERR_OK;
}

static enum err do_new(struct helper *h, struct ipc_msg *in, struct ipc_msg *out)
{
	AUTO(skf_dev) d = NULL;
	AUTO(secret) pin = NULL;
	struct sm2_pub pub;
	uint8_t attest[ATTEST_LEN];

	TRY(ipc_take_secret(in, &pin));
	TRY(connect_chosen(h, in, &d));
	TRY(skf_dev_generate(d, ipc_get(in, TAG_APPROVAL).ptr, pin, &pub, attest));
	TRY(make_csr(d, &pub, in, out));
	ipc_put(out, TAG_PUB, SPAN_ARR(pub.b));
	ipc_put(out, TAG_ATTEST, SPAN_ARR(attest));
	hold(h, STEAL(d));
	return ERR_OK;
}

static enum err do_install(struct helper *h, struct ipc_msg *in, struct ipc_msg *out)
{
	(void)out;
	TRY(held_chosen(h, in));
	TRY(skf_dev_install(h->held, ipc_get(in, TAG_CERT), ipc_get(in, TAG_ENC_CERT), ipc_get(in, TAG_ENVELOPED)));
	let_go(h);
	return ERR_OK;
}

static enum err do_discard(struct helper *h, struct ipc_msg *in, struct ipc_msg *out)
{
	(void)out;
	TRY(held_chosen(h, in));
	TRY(skf_dev_discard(h->held));
	let_go(h);
	return ERR_OK;
}

static const struct {
	uint16_t type;
	enum err (*run)(struct helper *h, struct ipc_msg *in, struct ipc_msg *out);
} table[] = {
	{SKF_TRUST, do_trust}, {SKF_LIST, do_list}, {SKF_STATUS, do_status},   {SKF_LOGIN, do_login},
	{SKF_SIGN, do_sign},   {SKF_NEW, do_new},   {SKF_INSTALL, do_install}, {SKF_DISCARD, do_discard},
};

static enum err run(struct helper *h, struct ipc_msg *in, struct ipc_msg *out)
{
	if (ipc_type_of(in) == SKF_TRUST)
		TRY(keep_trust(h, in));
	TRY(need_lib(h));
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (table[i].type == ipc_type_of(in))
			return table[i].run(h, in, out);
	return ERR(SYNTAX, "request 0x%04x", ipc_type_of(in));
}

/* --- the loop --- */

static enum err serve_one(struct helper *h)
{
	AUTO(ipc_msg) in = NULL;
	AUTO(ipc_msg) out = NULL;
	AUTO(ipc_msg) failed = NULL;
	char detail[201] = "";

	TRY(ipc_recv(HELPER_FD, skf_requests, SKF_TYPES, IPC_TIMEOUT_MS, &in));
	TRY(ipc_msg_new(IPC_ANSWER_OK, &out));
	TRY(ipc_msg_new(IPC_ANSWER_OK, &failed));
	h->has_tries = false;
	enum err e = run(h, in, out);
	struct ipc_msg *m = e == ERR_OK ? out : failed;
	ipc_rid_set(m, ipc_rid(in));
	ipc_put_str(m, TAG_CODE, e == ERR_OK ? "ok" : err_code(e));
	if (e != ERR_OK) {
		strncpy(detail, err_detail(), sizeof(detail) - 1);
		ipc_put_str(m, TAG_DETAIL, detail);
	}
	if (h->has_tries)
		ipc_put_u64(m, TAG_TRIES, h->tries);
	err_clear();
	return ipc_send(HELPER_FD, m);
}

static bool wait_for_request(void)
{
	struct pollfd p = {.fd = HELPER_FD, .events = POLLIN};
	int n;

	do
		n = poll(&p, 1, -1);
	while (n < 0 && errno == EINTR);
	return n == 1 && !(p.revents & (POLLERR | POLLNVAL));
}

int skf_helper_main(const char *library)
{
	struct helper h = {.path = library, .root = buf_make(CERT_DER_MAX), .ca = buf_make(CERT_DER_MAX)};
	enum err e = ERR_OK;

	/* A foreign library needs no more rights than its user has, and what it does to memory leaves no core file. */
	secret_process_harden();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return 1;
	signal(SIGINT, SIG_IGN); /* the terminal's interrupt is the agent's to handle */
	while (e == ERR_OK && wait_for_request())
		e = serve_one(&h);
	let_go(&h);
	skf_lib_free(h.lib);
	buf_done(&h.root);
	buf_done(&h.ca);
	return 0;
}
