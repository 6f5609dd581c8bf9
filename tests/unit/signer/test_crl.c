/* A revocation list that has grown over what an answer carries: said clearly, and no change of status is lost by it.
 * The signer runs as a process to get a bureau with a few revoked certificates, then in this process with a lower
 * maximum. */
#include "pki/crl.h"
#include "pki/profile.h"
#include "server/signer/ca.h"
#include "server/signer/signer_i.h"
#include "world.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct world w;

/* --- how many fit --- */

struct maker {
	struct sm2_key *root, *key;
	struct cert *root_cert, *cert;
};

static void maker_new(struct maker *m)
{
	OK(sm2_key_new(&m->root));
	OK(sm2_key_new(&m->key));
	OK(ca_root_make(m->root, NULL, 1763780000, &m->root_cert));
	OK(ca_cert_make(m->root, m->root_cert, sm2_key_pub(m->key), NULL, 1763780000, &m->cert));
}

static void maker_done(struct maker *m)
{
	sm2_key_free(m->root);
	sm2_key_free(m->key);
	cert_free(m->root_cert);
	cert_free(m->cert);
}

/* Serial numbers as the signer makes them, 16 octets, and a reason. */
static size_t crl_len(const struct maker *m, size_t n)
{
	struct crl_entry *list = calloc(n, sizeof(*list));
	AUTO(crl) crl = NULL;
	assert_non_null(list);
	for (size_t i = 0; i < n; i++) {
		list[i] = (struct crl_entry){.serial_len = CERT_SERIAL_LEN, .time = 1763780000, .reason = CRL_HOLD};
		memset(list[i].serial, 0x7f, CERT_SERIAL_LEN);
		for (size_t k = 0; k < 4; k++)
			list[i].serial[15 - k] = (uint8_t)(i >> (8 * k));
	}
	OK(crl_build(m->cert, m->key, 1, 1763780000, 1763790000, list, n, &crl));
	free(list);
	return crl_der(crl).len;
}

/* The figure of signer.md. */
static void so_many_entries_fit(void **state)
{
	struct maker m = {0};
	(void)state;
	maker_new(&m);
	size_t least = crl_len(&m, 1000), more = crl_len(&m, 2000);
	print_message("# %zu octets an entry\n", (more - least) / 1000);
	assert_true(crl_len(&m, 21000) <= SIGNER_CRL_MAX);
	assert_true(crl_len(&m, 25000) > SIGNER_CRL_MAX);
	maker_done(&m);
}

/* --- over the limit --- */

static struct serve_ctx *open_here(size_t crl_max_bytes)
{
	static char dir[NAME_LEN];
	struct serve_ctx *s = NULL;
	static volatile int stop;
	struct serve serve;
	procs_path(&w.procs, "signer", dir);
	const struct signer_plan plan = {.dir = dir,
	                                 .escrow_socket = w.procs.escrow_socket,
	                                 .crl_url = "",
	                                 .ca_url = "",
	                                 .crl_max_bytes = crl_max_bytes,
	                                 .clock = w.procs.clock};
	enum err e = signer_open(&plan, &s);
	if (e != ERR_OK)
		fail_msg("%s: %s", err_name(e), err_detail());
	signer_serve(s, &stop, &serve);
	return s;
}

static struct ipc_msg *new_msg(uint16_t type)
{
	struct ipc_msg *m = NULL;
	OK(ipc_msg_new(type, &m));
	return m;
}

static struct ipc_msg *revocation(enum who whom)
{
	const struct statement_kv kv[] = {{"case", "X1"}, {"serial", w.officers[whom].serial}, {"reason", "密钥泄露"}};
	AUTO(statement) s = statement_of(&w, "CERT-REVOKE", NULL, NULL, 0, kv, 3);
	struct ipc_msg *m = new_msg(SIGNER_REVOKE);
	put_officer(m, ST_ACT, s, &w.officers[SEC1]);
	put_officer(m, ST_ACT2, s, &w.officers[SEC2]);
	return m;
}

static uint64_t status_here(struct serve_ctx *s, const char *serial)
{
	uint64_t status = 99;
	AUTO(ipc_msg) in = new_msg(SIGNER_STATUS);
	AUTO(ipc_msg) out = new_msg(IPC_ANSWER_OK);
	ipc_put_str(in, ST_SERIAL, serial);
	OK(on_status(s, in, out));
	OK(ipc_get_u64(out, ST_STATUS, &status));
	return status;
}

/* The answer to a request for the CRL: its octets, 0 when it was refused as too long. */
static size_t crl_here(struct serve_ctx *s)
{
	AUTO(ipc_msg) in = new_msg(SIGNER_CRL);
	AUTO(ipc_msg) out = new_msg(IPC_ANSWER_OK);
	enum err e = on_crl(s, in, out);
	if (e == ERR_OK)
		return ipc_get(out, ST_CRL).len;
	assert_int_equal(e, ERR_LIMIT);
	assert_non_null(strstr(err_detail(), "an answer carries"));
	err_clear();
	return 0;
}

static bool lists(struct serve_ctx *s, const char *serial)
{
	return crl_find(s->crl, serial, &(struct crl_entry){0});
}

static void a_change_outlives_its_list(void **state)
{
	AUTO(ipc_msg) first = revocation(AUDITOR);
	AUTO(ipc_msg) second = revocation(CLERK2);
	AUTO(ipc_msg) a = new_msg(IPC_ANSWER_OK);
	AUTO(ipc_msg) b = new_msg(IPC_ANSWER_OK);
	(void)state;
	procs_kill_signer(&w.procs);
	struct serve_ctx *s = open_here(0);
	size_t empty = crl_here(s);
	assert_true(empty > 0);
	signer_free(s);

	/* The first revocation still fits, the second does not. */
	s = open_here(empty + 120);
	OK(on_revoke(s, first, a));
	assert_true(ipc_has(a, ST_CRL));
	assert_true(lists(s, w.officers[AUDITOR].serial));
	uint64_t number = journal_crl_number(s->journal), seq = journal_seq(s->journal);
	OK(on_revoke(s, second, b));
	assert_false(ipc_has(b, ST_CRL));
	assert_int_equal(journal_seq(s->journal), seq + 1); /* the status, and no list that nobody can have */
	assert_int_equal(journal_crl_number(s->journal), number);
	assert_int_equal(status_here(s, w.officers[CLERK2].serial), STATUS_REVOKED);
	assert_int_equal(crl_here(s), 0); /* not the older one, which lacks the second */
	assert_int_equal(crl_here(s), 0);
	signer_free(s);

	/* It starts in this state too, and the list comes when there is room. */
	s = open_here(empty + 120);
	assert_int_equal(crl_here(s), 0);
	assert_int_equal(status_here(s, w.officers[AUDITOR].serial), STATUS_REVOKED);
	signer_free(s);
	s = open_here(0);
	assert_true(crl_here(s) > empty);
	assert_true(lists(s, w.officers[AUDITOR].serial) && lists(s, w.officers[CLERK2].serial));
	assert_int_equal(crl_number(s->crl), number + 1);
	signer_free(s);
	procs_start_signer(&w.procs);
	assert_int_equal(status_of(&w, w.officers[CLERK2].serial), 1);
}

static off_t journal_size(void)
{
	char path[NAME_LEN];
	struct stat st;
	procs_path(&w.procs, "signer/journal.chain", path);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void limit_files(off_t max)
{
	const struct rlimit to = {.rlim_cur = max < 0 ? RLIM_INFINITY : (rlim_t)max, .rlim_max = RLIM_INFINITY};
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &to), 0);
}

/* The disk is full between a change of status and its list: the older list is not given out as if nothing had been. */
static void no_older_list_after_a_failure(void **state)
{
	AUTO(ipc_msg) first = revocation(ALLROUND);
	AUTO(ipc_msg) second = revocation(MAKER);
	AUTO(ipc_msg) ask = new_msg(SIGNER_CRL);
	AUTO(ipc_msg) a = new_msg(IPC_ANSWER_OK);
	AUTO(ipc_msg) b = new_msg(IPC_ANSWER_OK);
	AUTO(ipc_msg) c = new_msg(IPC_ANSWER_OK);
	(void)state;
	procs_kill_signer(&w.procs);
	struct serve_ctx *s = open_here(0);
	off_t at = journal_size();
	OK(crl_renew(s, signer_now(s)));
	off_t list = journal_size() - at;
	at = journal_size();
	OK(on_revoke(s, first, a));
	off_t change = journal_size() - at - list;
	assert_true(list > 0 && change > list);
	limit_files(journal_size() + change + list / 2);
	enum err e = on_revoke(s, second, b), asked = on_crl(s, ask, c);
	limit_files(-1);
	assert_int_equal(e, ERR_IO);
	assert_int_equal(status_here(s, w.officers[MAKER].serial), STATUS_REVOKED);
	assert_int_not_equal(asked, ERR_OK);
	signer_free(s);
	s = open_here(0);
	assert_true(lists(s, w.officers[ALLROUND].serial) && lists(s, w.officers[MAKER].serial));
	signer_free(s);
	procs_start_signer(&w.procs);
	err_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_entries_fit),
		cmocka_unit_test(a_change_outlives_its_list),
		cmocka_unit_test(no_older_list_after_a_failure),
	};
	return world_run("CRL", &w, tests, COUNT_OF(tests));
}
