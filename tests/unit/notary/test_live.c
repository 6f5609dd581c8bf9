/* The notary beside a real signer: certificates from the ceremony, the feed over the socket, who may ask the signer
 * what. */
#include "world.h"
#include "pki/csr.h"
#include "pki/ocsp.h"
#include "server/notary/notary.h"
#include <ftw.h>
#include <stdio.h>

static struct world w;
static char dir[64];
static struct serve_ctx *notary;

static const struct sm2_key *key_of(size_t i)
{
	const struct trio *t = NULL;
	OK(state_setup(notary->state, &t));
	return t->key[i];
}

static enum err certify(const char *kind, const struct sm2_key *key, struct ipc_msg **ret_a)
{
	AUTO(ipc_msg) m = NULL;
	AUTO_BUF(csr, CSR_DER_MAX);
	soft_csr(key, &csr);
	OK(ipc_msg_new(SIGNER_CEREMONY_NOTARY, &m));
	ipc_put_str(m, ST_KIND, kind);
	ipc_put(m, ST_CSR, buf_span(&csr));
	return signer_call(w.procs.client, m, ret_a);
}

static void ceremony(void)
{
	struct state_certs c = {.root = w.root, .ca = w.ca};
	AUTO(sm2_key) other = NULL;
	AUTO(ipc_msg) no = NULL;
	OK(sm2_key_new(&other));
	assert_int_equal(certify("root", other, &no), ERR_SYNTAX);
	for (size_t i = 0; i < TRIO_COUNT; i++) {
		AUTO(ipc_msg) a = NULL;
		OK(certify(trio_profiles[i], key_of(i), &a));
		OK(cert_parse(ipc_get(a, ST_SIGN_CERT), &c.own[i]));
		assert_int_equal(certify(trio_profiles[i], other, &no), ERR_EXISTS);
	}
	assert_int_equal(certify("ocsp", key_of(1), &no), ERR_EXISTS);
	OK(state_install(notary->state, &c, procs_now(&w.procs)));
	for (size_t i = 0; i < TRIO_COUNT; i++)
		cert_free(c.own[i]);
}

static void open_notary(void)
{
	const struct notary_plan plan = {.dir = dir, .signer_socket = w.procs.signer_socket, .clock = w.procs.clock};
	notary_free(notary);
	notary = NULL;
	OK(notary_open(&plan, &notary));
}

static int up(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/yx-notary-XXXXXX");
	assert_non_null(mkdtemp(dir));
	world_start_empty(&w);
	open_notary();
	world_begin(&w);
	ceremony();
	world_close(&w);
	world_stock(&w);
	open_notary();
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int down(void **state)
{
	(void)state;
	procs_be_admin();
	notary_free(notary);
	world_stop(&w);
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static enum err evidence(const char *serial, const struct cert *about, struct ocsp_status *ret_s)
{
	struct serve s;
	AUTO(ipc_msg) in = NULL;
	AUTO(ipc_msg) out = NULL;
	notary_serve(notary, &s);
	OK(ipc_msg_new(NOTARY_STATUS, &in));
	OK(ipc_msg_new(IPC_ANSWER_OK, &out));
	ipc_put_str(in, NT_SERIAL, serial);
	for (size_t i = 0; i < s.n_rows; i++)
		if (s.rows[i].request->type == NOTARY_STATUS)
			TRY(s.rows[i].handler(notary, in, out));
	return ocsp_check(ipc_get(out, NT_RESPONSE), w.ca, about, ret_s, NULL);
}

struct pair {
	struct cert *sign, *enc;
};

static struct pair issue_one(void)
{
	struct issue r;
	struct pair p = {NULL, NULL};
	AUTO(ipc_msg) a = NULL;
	issue_init(&w, &r);
	AUTO(ipc_msg) m = issue_build(&w, &r);
	OK(as_portal(&w, m, &a));
	OK(cert_parse(ipc_get(a, ST_SIGN_CERT), &p.sign));
	OK(cert_parse(ipc_get(a, ST_ENC_CERT), &p.enc));
	issue_done(&r);
	return p;
}

static void suspend(const char *serial)
{
	const struct statement_kv kv[] = {{"case", "X1"}, {"serial", serial}, {"reason", "介质遗失"}};
	char nonce[65];
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	fresh_nonce(nonce);
	AUTO(statement) s = statement_of(&w, "CERT-SUSPEND", w.bureau, nonce, 5, kv, COUNT_OF(kv));
	OK(ipc_msg_new(SIGNER_SUSPEND, &m));
	put_officer(m, ST_ACT, s, &w.officers[CLERK]);
	OK(as_portal(&w, m, &a));
}

static void both_are(const struct pair *p, enum ocsp_state state, enum crl_reason reason)
{
	const struct cert *const both[] = {p->sign, p->enc};
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		struct ocsp_status s;
		OK(evidence(cert_serial(both[i]), both[i], &s));
		assert_int_equal(s.state, state);
		assert_int_equal(s.reason, reason);
	}
}

/* Seen in the same second, for both of the holder's certificates: the evidence of an act never rests on an older word.
 */
static void follows_at_once(void **state)
{
	struct pair p = issue_one(), q = issue_one();
	(void)state;
	both_are(&p, OCSP_GOOD, CRL_UNSPECIFIED);
	suspend(cert_serial(p.sign));
	both_are(&p, OCSP_REVOKED, CRL_HOLD);
	suspend(cert_serial(q.enc));
	both_are(&q, OCSP_REVOKED, CRL_HOLD);
	open_notary();
	both_are(&p, OCSP_REVOKED, CRL_HOLD);
	cert_free(p.sign);
	cert_free(p.enc);
	cert_free(q.sign);
	cert_free(q.enc);
}

/* The ceremony is closed for the notary's keys too. */
static void no_second_notary(void **state)
{
	AUTO(sm2_key) k = NULL;
	AUTO(ipc_msg) a = NULL;
	(void)state;
	OK(sm2_key_new(&k));
	assert_int_equal(certify("ocsp", k, &a), ERR_STATE);
}

/* Every request of the signer, asked as the notary's user: three are answered, the others denied before any handler. */
static void rights_of_the_notary(void **state)
{
	size_t denied = 0;
	(void)state;
	if (geteuid() != 0) {
		print_message("# other users need root\n");
		return;
	}
	for (size_t i = 0; i < signer_requests_count(); i++) {
		AUTO(ipc_msg) m = NULL;
		AUTO(ipc_msg) a = NULL;
		uint16_t type = signer_requests[i].type;
		if (signer_requests[i].fields[0].required && type != SIGNER_FEED)
			continue; /* refused by the schema already, without its fields */
		OK(ipc_msg_new(type, &m));
		if (type == SIGNER_FEED)
			ipc_put_u64(m, ST_SEQ, 1);
		procs_be_notary();
		enum err e = signer_call(w.procs.client, m, &a);
		procs_be_admin();
		bool may = type == SIGNER_HELLO || type == SIGNER_FEED;
		if (e != (may ? ERR_OK : ERR_DENIED))
			fail_msg("%s: %s", signer_requests[i].name, err_name(e));
		denied += !may;
	}
	assert_true(denied >= 4);
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	OK(ipc_msg_new(SIGNER_HELLO, &m));
	procs_be_stranger();
	enum err e = signer_call(w.procs.client, m, &a);
	procs_be_admin();
	assert_int_equal(e, ERR_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_at_once),
		cmocka_unit_test(no_second_notary),
		cmocka_unit_test(rights_of_the_notary),
	};
	return cmocka_run_group_tests_name("notary/live", tests, up, down);
}
