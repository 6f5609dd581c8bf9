/* yinxin-escrow among strangers, killed, and with damaged files. */
#include "escrow_case.h"
#include "base/file.h"
#include "ipc/peer.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- strangers --- */

static enum err hello_as(const char *user)
{
	struct escrow_hello h;

	run_as(user);
	enum err e = escrow_hello(r.client, &h);
	run_as_self();
	return e;
}

static void test_wrong_uid(void **state)
{
	static const char *const users[] = {"nobody", "daemon", "games", "root"};

	(void)state;
	if (!run_is_root()) { /* not skip(): cmocka 1.1 prints "not ok" for it */
		printf("# not root: peers of other users are not tried\n");
		return;
	}
	assert_int_equal(hello_as("bin"), ERR_OK);
	for (size_t i = 0; i + 1 < COUNT_OF(users); i++) /* root passes any mode */
		assert_int_not_equal(hello_as(users[i]), ERR_OK);
	/* even when the socket's mode would let them in */
	assert_int_equal(chmod(r.socket, 0666), 0);
	assert_false(run_log_has(&r, "err=DENIED"));
	for (size_t i = 0; i < COUNT_OF(users); i++)
		/* DENIED, or UNAVAILABLE when escrow has closed before the request was sent */
		assert_int_not_equal(hello_as(users[i]), ERR_OK);
	assert_true(run_log_gets(&r, "err=DENIED"));
	assert_int_equal(hello_as("bin"), ERR_OK);
}

/* --- confinement --- */

static void test_confined(void **state)
{
	AUTO_BUF(status, 8192);
	char path[64];
	const char *off = getenv("YINXIN_NO_SECCOMP");

	(void)state;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)r.pid);
	assert_int_equal(file_read(path, &status), ERR_OK);
	const char *text = buf_cstr(&status);
	if (off == NULL)
		assert_non_null(strstr(text, "\nSeccomp:\t2\n"));
	if (run_is_root()) {
		assert_null(strstr(text, "\nUid:\t0\t"));
		assert_non_null(strstr(text, "\nCapEff:\t0000000000000000\n"));
	}
	assert_true(run_log_has(&r, "ev=ready"));
}

/* --- deaths --- */

/* Asks, and is gone before the answer can come. */
static void ask_and_leave(unsigned n)
{
	AUTO(ipc_msg) m = NULL;
	uint8_t evidence[32];
	int fd = -1;

	evidence_of(n, evidence);
	assert_int_equal(ipc_msg_new(ESCROW_KEYPAIR, &m), ERR_OK);
	ipc_put_str(m, ET_OWNER, "P000001");
	ipc_put(m, ET_SIGN_PUB, SPAN_ARR(sm2_key_pub(holder)->b));
	ipc_put(m, ET_EVIDENCE, SPAN_ARR(evidence));
	assert_int_equal(AS_SIGNER(peer_connect(r.socket, 2000, &fd)), ERR_OK);
	assert_int_equal(ipc_send(fd, m), ERR_OK);
	close(fd);
}

static uint64_t records(struct found *f)
{
	struct chain *c = NULL;
	char path[160];

	*f = (struct found){0};
	run_file(&r, "vault.chain", path);
	assert_int_equal(chain_open(path, find_pair, f, &c), ERR_OK);
	uint64_t n = chain_next(c) - 1;
	chain_free(c);
	return n;
}

static off_t vault_size(void)
{
	char path[160];
	struct stat st;

	run_file(&r, "vault.chain", path);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* kill -9 as soon as the record has appeared, so mostly between append and answer; after a restart the same request
 * gets exactly what had been stored, and no second pair is made. */
static void test_kill_before_answer(void **state)
{
	static struct found f;
	struct answer a;
	unsigned stored = 0;

	(void)state;
	for (unsigned n = 1; n <= 12; n++) {
		off_t size = vault_size();
		ask_and_leave(n);
		for (int i = 0; i < 200000 && vault_size() == size; i++)
			usleep(50);
		run_kill(&r);
		/* the size can be seen growing in the middle of the write: then there is a torn tail and no record */
		bool is_stored = records(&f) == n + 1;
		stored += is_stored;
		run_start(&r);
		assert_int_equal(hello().count, is_stored ? n + 1 : n);
		assert_int_equal(ask("P000001", holder, n, &a), ERR_OK);
		if (is_stored) {
			assert_true(span_eq(f.pair.enveloped, span_of(a.enveloped, a.len)));
			assert_memory_equal(f.pair.enc_pub.ptr, a.pub.b, SM2_PUB_LEN);
		}
		assert_opens(&a, holder);
		assert_int_equal(hello().count, n + 1);
	}
	printf("# %u of 12 deaths came after the record\n", stored);
	assert_true(stored > 0);
}

/* kill -9 at any moment of the request: no record or one, and afterwards one pair and one answer. */
static void test_kill_any_time(void **state)
{
	static struct found f;
	struct answer a, b;
	unsigned before = 0;

	(void)state;
	for (unsigned n = 1; n <= 16; n++) {
		ask_and_leave(n);
		usleep(n * 170);
		run_kill(&r);
		uint64_t count = records(&f);
		assert_true(count == n || count == n + 1);
		before += count == n;
		run_start(&r);
		assert_int_equal(ask("P000001", holder, n, &a), ERR_OK);
		assert_int_equal(ask("P000001", holder, n, &b), ERR_OK);
		assert_same(&a, &b);
		assert_int_equal(hello().count, n + 1);
		if (count == n + 1)
			assert_true(span_eq(f.pair.enveloped, span_of(a.enveloped, a.len)));
	}
	printf("# %u of 16 deaths came before the record\n", before);
}

static void test_stop(void **state)
{
	(void)state;
	assert_int_equal(run_stop(&r), 0);
	assert_true(run_log_has(&r, "ev=stopped"));
}

/* --- damage --- */

static void flip(const char *name, off_t at)
{
	char path[160];
	uint8_t byte;

	run_file(&r, name, path);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void test_damage(void **state)
{
	static const struct {
		const char *name;
		off_t at;
	} rows[] = {
		{"vault.chain", 0}, {"vault.chain", 7}, {"vault.chain", 60}, {"vault.chain", 300}, {"vault.chain", 900},
		{"keys.bin", 0},    {"keys.bin", 40},   {"machine.key", 0},  {"machine.key", 31},
	};
	struct answer a, b;

	(void)state;
	assert_int_equal(ask("P000001", holder, 1, &a), ERR_OK);
	assert_int_equal(run_stop(&r), 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		flip(rows[i].name, rows[i].at);
		assert_int_equal(run_try(&r), 1);
		flip(rows[i].name, rows[i].at);
	}
	assert_true(run_log_has(&r, "JOURNAL"));
	run_start(&r);
	assert_int_equal(ask("P000001", holder, 1, &b), ERR_OK);
	assert_same(&a, &b);
}

static void test_key_file_gone(void **state)
{
	static const char *const names[] = {"keys.bin", "machine.key"};
	char path[160], aside[170];

	(void)state;
	assert_int_equal(run_stop(&r), 0);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		run_file(&r, names[i], path);
		snprintf(aside, sizeof(aside), "%s.aside", path);
		assert_int_equal(rename(path, aside), 0);
		assert_int_equal(run_try(&r), 1);
		assert_int_equal(rename(aside, path), 0);
	}
	run_start(&r);
	assert_int_equal(hello().state, ESCROW_OPEN);
}

static void test_torn_tail(void **state)
{
	struct answer a, b;
	char path[160];

	(void)state;
	assert_int_equal(ask("P000001", holder, 1, &a), ERR_OK);
	assert_int_equal(ask("P000001", holder, 2, &b), ERR_OK);
	run_kill(&r);
	run_file(&r, "vault.chain", path);
	assert_int_equal(truncate(path, vault_size() - 5), 0);
	run_start(&r);
	assert_int_equal(hello().count, 2);
	assert_int_equal(ask("P000001", holder, 1, &b), ERR_OK);
	assert_same(&a, &b);
	assert_int_equal(ask("P000001", holder, 2, &b), ERR_OK);
	assert_opens(&b, holder);
}

/* Two processes on one vault would write two histories. */
static void test_second_process(void **state)
{
	struct run second = r;

	(void)state;
	snprintf(second.socket, sizeof(second.socket), "%s/second.sock", r.root);
	second.client = NULL;
	assert_int_equal(escrow_client_new(second.socket, &second.client), ERR_OK);
	assert_int_equal(run_try(&second), 1);
	escrow_client_free(second.client);
	assert_int_equal(hello().state, ESCROW_OPEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_wrong_uid, open_vault),
		CASE(test_confined, open_vault),
		CASE(test_kill_before_answer, open_vault),
		CASE(test_kill_any_time, open_vault),
		CASE(test_stop, open_vault),
		CASE(test_damage, open_vault),
		CASE(test_key_file_gone, open_vault),
		CASE(test_torn_tail, open_vault),
		CASE(test_second_process, open_vault),
	};

	return cmocka_run_group_tests(tests, case_make_keys, case_drop_keys);
}
