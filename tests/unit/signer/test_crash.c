/* kill -9 of signer and escrow at random moments of issuing; a cut ceremony; a damaged journal. Afterwards: the same
 * answer to the same request, no serial twice, no certificate in anybody's hands that the journal does not know. */
#include "base/clock.h"
#include "base/file.h"
#include "gm/rand.h"
#include "gm/sm3.h"
#include "pki/crl.h"
#include "server/signer/record.h"
#include "world.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

enum { ROUNDS = 40, RETRIES = 4, DELAY_US = 40000 };

static struct world w;
static uint64_t seed;
static unsigned interrupted; /* calls whose answer never came */

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* A child that waits and kills; it is reaped by the caller. */
static pid_t killer(pid_t victim, unsigned delay_us)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	usleep(delay_us);
	(void)kill(victim, SIGKILL);
	_exit(0);
}

static void restart(struct world *v, bool escrow)
{
	if (escrow) {
		procs_kill_escrow(&v->procs);
		procs_start_escrow(&v->procs);
	} else {
		procs_kill_signer(&v->procs);
		procs_start_signer(&v->procs);
	}
}

static void same_answer(const struct ipc_msg *a, const struct ipc_msg *b)
{
	for (uint16_t t = ST_SIGN_CERT; t <= ST_ENVELOPED; t++)
		assert_true(span_eq(ipc_get(a, t), ipc_get(b, t)));
}

/* One case through any number of deaths; returns the answer that finally came. */
static struct ipc_msg *issue_through_kills(bool escrow)
{
	struct issue r;
	struct ipc_msg *first = NULL;
	issue_init(&w, &r);
	AUTO(ipc_msg) m = issue_build(&w, &r);
	for (int i = 0; i < RETRIES; i++) {
		AUTO(ipc_msg) a = NULL;
		pid_t k = killer(escrow ? w.procs.escrow : w.procs.signer, (unsigned)(next_random() % DELAY_US));
		enum err e = as_portal(&w, m, &a);
		assert_int_equal(waitpid(k, NULL, 0), k);
		if (e == ERR_OK && first != NULL)
			same_answer(first, a);
		else if (e == ERR_OK)
			first = STEAL(a);
		else if (err_class(e) != ERR_CLASS_RESOURCE)
			fail_msg("%s: %s", err_name(e), err_detail());
		interrupted += e != ERR_OK;
		restart(&w, escrow);
	}
	AUTO(ipc_msg) a = NULL;
	enum err e = as_portal(&w, m, &a);
	if (e != ERR_OK)
		fail_msg("after the last restart %s: %s", err_name(e), err_detail());
	if (first != NULL)
		same_answer(first, a);
	ipc_msg_free(first);
	issue_done(&r);
	return STEAL(a);
}

struct seen {
	char serials[4 * ROUNDS + 400][41];
	size_t n;
};

static void see(struct seen *s, struct span der)
{
	AUTO(cert) c = NULL;
	OK(cert_parse(der, &c));
	for (size_t i = 0; i < s->n; i++)
		assert_string_not_equal(s->serials[i], cert_serial(c));
	assert_true(s->n < COUNT_OF(s->serials));
	memcpy(s->serials[s->n++], cert_serial(c), strlen(cert_serial(c)) + 1);
}

static bool known(const struct seen *s, struct span der)
{
	AUTO(cert) c = NULL;
	OK(cert_parse(der, &c));
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->serials[i], cert_serial(c)) == 0)
			return true;
	return false;
}

/* All certificates of all records, by the feed. */
static void see_journal(struct seen *s, size_t *ret_issues)
{
	uint64_t seq = 1;
	for (size_t got = 1; got > 0; seq += got) {
		AUTO(ipc_msg) m = NULL;
		AUTO(ipc_msg) a = NULL;
		OK(ipc_msg_new(SIGNER_FEED, &m));
		ipc_put_u64(m, ST_SEQ, seq);
		OK(as_portal(&w, m, &a));
		got = ipc_count(a, ST_RECORD);
		for (size_t i = 0; i < got; i++) {
			AUTO(ipc_msg) record = NULL;
			OK(record_parse(ipc_get_n(a, ST_RECORD, i), &record));
			*ret_issues += ipc_type_of(record) == REC_ISSUE;
			for (size_t k = 0; k < ipc_count(record, ST_CARD_CERT); k++)
				see(s, ipc_get_n(record, ST_CARD_CERT, k));
			if (ipc_has(record, ST_SIGN_CERT))
				see(s, ipc_get(record, ST_SIGN_CERT));
			if (ipc_has(record, ST_ENC_CERT))
				see(s, ipc_get(record, ST_ENC_CERT));
		}
	}
	assert_int_equal(seq - 1, journal_count(&w));
}

static void kills_change_nothing(void **state)
{
	static struct ipc_msg *answers[ROUNDS];
	static struct seen seen;
	size_t issues = 0;
	(void)state;
	print_message("# seed %llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < ROUNDS; i++)
		answers[i] = issue_through_kills(i % 3 == 2);
	print_message("# %u of %d calls were interrupted\n", interrupted, ROUNDS * RETRIES);
	see_journal(&seen, &issues);
	assert_int_equal(issues, ROUNDS);
	for (size_t i = 0; i < ROUNDS; i++) {
		assert_true(known(&seen, ipc_get(answers[i], ST_SIGN_CERT)));
		assert_true(known(&seen, ipc_get(answers[i], ST_ENC_CERT)));
		ipc_msg_free(answers[i]);
	}
}

/* Escrow is down: nothing is issued, and the same request goes through when it is back. */
static void escrow_down_is_no_answer(void **state)
{
	struct issue r;
	AUTO(ipc_msg) a = NULL;
	AUTO(ipc_msg) b = NULL;
	(void)state;
	issue_init(&w, &r);
	AUTO(ipc_msg) m = issue_build(&w, &r);
	uint64_t before = journal_count(&w);
	procs_kill_escrow(&w.procs);
	assert_int_equal(as_portal(&w, m, &a), ERR_UNAVAILABLE);
	assert_int_equal(journal_count(&w), before);
	procs_start_escrow(&w.procs);
	OK(as_portal(&w, m, &b));
	issue_done(&r);
	err_clear();
}

/* Status, roster and CRL number survive a restart. */
static void status_survives(void **state)
{
	const struct statement_kv kv[] = {{"case", "X1"}, {"serial", w.officers[AUDITOR].serial}, {"reason", "-"}};
	AUTO(statement) s = statement_of(&w, "CERT-SUSPEND", NULL, NULL, 5, kv, 3);
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	AUTO(ipc_msg) b = NULL;
	AUTO_BUF(crl, 65536);
	AUTO(crl) was = NULL;
	AUTO(crl) is = NULL;
	(void)state;
	OK(ipc_msg_new(SIGNER_SUSPEND, &m));
	put_officer(m, ST_ACT, s, &w.officers[SEC1]);
	OK(as_portal(&w, m, &a));
	OK(crl_parse(ipc_get(a, ST_CRL), &was));
	restart(&w, false);
	assert_int_equal(status_of(&w, w.officers[AUDITOR].serial), 2);
	assert_int_equal(as_portal(&w, m, &b), ERR_REPLAY);
	OK(signer_crl(w.procs.client, &crl));
	OK(crl_parse(buf_span(&crl), &is));
	assert_true(crl_number(is) > crl_number(was));
	assert_true(crl_find(is, w.officers[AUDITOR].serial, &(struct crl_entry){0}));
	err_clear();
}

static void crl_is_made_daily(void **state)
{
	uint64_t last = 0;
	static const int64_t offsets[] = {0, 3600, 90000, 200000, 0};
	static const bool renewed[] = {true, false, true, true, true};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(offsets); i++) {
		AUTO_BUF(der, 65536);
		AUTO(crl) crl = NULL;
		procs_shift_clock(&w.procs, offsets[i]);
		OK(signer_crl(w.procs.client, &der));
		OK(crl_parse(buf_span(&der), &crl));
		assert_int_equal(crl_number(crl) > last, renewed[i]);
		last = crl_number(crl);
	}
}

/* --- starts that must fail --- */

static void cut_ceremony_goes_no_further(void **state)
{
	struct world v;
	(void)state;
	world_start_empty(&v);
	world_begin(&v);
	procs_kill_signer(&v.procs);
	assert_int_equal(procs_run_signer(&v.procs), 1);
	assert_true(procs_log_says(&v.procs, "signer.log", "CEREMONY_CUT"));
	world_stop(&v);
}

/* A journal that is missing looks like a machine before its ceremony. To hold one there must not cost the CA's key. */
static void lost_journal_costs_no_key(void **state)
{
	struct world v;
	char path[NAME_LEN], aside[NAME_LEN];
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	(void)state;
	world_start_empty(&v);
	world_begin(&v);
	world_close(&v);
	procs_kill_signer(&v.procs);
	procs_path(&v.procs, "signer/journal.chain", path);
	procs_path(&v.procs, "aside", aside);
	assert_int_equal(rename(path, aside), 0);
	procs_start_signer(&v.procs);
	OK(ipc_msg_new(SIGNER_CEREMONY_BEGIN, &m));
	assert_int_equal(signer_call(v.procs.client, m, &a), ERR_CEREMONY_CUT);
	err_clear();
	procs_kill_signer(&v.procs);
	assert_int_equal(rename(aside, path), 0);
	procs_start_signer(&v.procs);
	world_stop(&v);
}

/* A number that no identifier of ours can hold begins nothing: no key is stored, and the ceremony can be held with
 * another. What it then signs for the root comes back from the journal. */
static void wrong_number_begins_nothing(void **state)
{
	struct world v;
	char path[NAME_LEN];
	struct signer_hello h = {0};
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	(void)state;
	world_start_empty(&v);
	OK(ipc_msg_new(SIGNER_CEREMONY_BEGIN, &m));
	ipc_put_u64(m, ST_PEN, UINT64_C(4294967296));
	assert_int_equal(signer_call(v.procs.client, m, &a), ERR_FIELD_VALUE);
	err_clear();
	procs_path(&v.procs, "signer/keys.bin", path);
	assert_false(file_exists(path));
	world_begin(&v);
	world_close(&v);
	procs_kill_signer(&v.procs);
	procs_start_signer(&v.procs);
	OK(signer_hello(v.procs.client, &h));
	assert_non_null(h.root_crl);
	OK(crl_verify(h.root_crl, h.root));
	signer_hello_done(&h);
	world_stop(&v);
}

/* The same journal with one octet changed: the signer does not start. */
static void damaged_journal_stops_the_signer(void **state)
{
	struct world v;
	char path[NAME_LEN];
	uint8_t octet;
	(void)state;
	world_start_empty(&v);
	world_begin(&v);
	world_close(&v);
	procs_kill_signer(&v.procs);
	procs_path(&v.procs, "signer/journal.chain", path);
	int fd = open(path, O_RDWR);
	off_t end = lseek(fd, 0, SEEK_END);
	for (int i = 0; i < 12; i++) {
		off_t at = (off_t)(next_random() % (uint64_t)end);
		assert_int_equal(pread(fd, &octet, 1, at), 1);
		octet ^= 1;
		assert_int_equal(pwrite(fd, &octet, 1, at), 1);
		if (procs_run_signer(&v.procs) != 1)
			fail_msg("octet %lld of %lld changed, yet the signer ran", (long long)at, (long long)end);
		octet ^= 1;
		assert_int_equal(pwrite(fd, &octet, 1, at), 1);
	}
	(void)close(fd);
	procs_start_signer(&v.procs);
	world_stop(&v);
}

/* A key store from elsewhere is not this bureau's. */
static void foreign_key_store_stops_the_signer(void **state)
{
	struct world v;
	char path[NAME_LEN];
	static const uint8_t other[32] = {1};
	(void)state;
	world_start_empty(&v);
	world_begin(&v);
	world_close(&v);
	procs_kill_signer(&v.procs);
	procs_path(&v.procs, "signer/machine.key", path);
	OK(file_replace(path, SPAN_ARR(other), 0644));
	assert_int_equal(procs_run_signer(&v.procs), 1);
	world_stop(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kills_change_nothing),
		cmocka_unit_test(escrow_down_is_no_answer),
		cmocka_unit_test(status_survives),
		cmocka_unit_test(crl_is_made_daily),
		cmocka_unit_test(cut_ceremony_goes_no_further),
		cmocka_unit_test(lost_journal_costs_no_key),
		cmocka_unit_test(wrong_number_begins_nothing),
		cmocka_unit_test(damaged_journal_stops_the_signer),
		cmocka_unit_test(foreign_key_store_stops_the_signer),
	};
	return world_run("crash", &w, tests, COUNT_OF(tests));
}
