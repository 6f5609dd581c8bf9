/* yinxin-escrow from its binary, over its socket: states, answers, what is stored, malformed frames. */
#include "escrow_case.h"
#include "base/file.h"
#include "ipc/peer.h"
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- states --- */

static void test_empty(void **state)
{
	AUTO(secret) key = NULL;
	struct sm2_pub bad = *sm2_key_pub(desk);
	struct answer a;
	uint8_t u[32];

	(void)state;
	assert_int_equal(hello().state, ESCROW_EMPTY);
	assert_int_equal(hello().count, 0);
	assert_int_equal(ask("43010024-U1", holder, 1, &a), ERR_STATE);
	assert_int_equal(AS_SIGNER(escrow_data_key(r.client, &key)), ERR_STATE);
	assert_null(key);
	assert_int_equal(unlock("YX26000001", holder, u), ERR_STATE);
	bad.b[64] ^= 1;
	assert_int_equal(AS_SIGNER(escrow_setup(r.client, &bad, sm2_key_pub(legal))), ERR_SYNTAX);
	assert_int_equal(AS_SIGNER(escrow_setup(r.client, sm2_key_pub(desk), &bad)), ERR_SYNTAX);
	assert_int_equal(AS_SIGNER(escrow_setup(r.client, sm2_key_pub(desk), sm2_key_pub(desk))), ERR_SYNTAX);
	assert_int_equal(hello().state, ESCROW_EMPTY);
	assert_int_equal(hello().count, 0);
}

static void test_setup_once(void **state)
{
	char path[160];

	(void)state;
	assert_int_equal(AS_SIGNER(escrow_setup(r.client, sm2_key_pub(desk), sm2_key_pub(legal))), ERR_OK);
	assert_int_equal(hello().state, ESCROW_OPEN);
	assert_int_equal(hello().count, 1);
	assert_int_equal(AS_SIGNER(escrow_setup(r.client, sm2_key_pub(desk), sm2_key_pub(legal))), ERR_STATE);
	assert_int_equal(AS_SIGNER(escrow_setup(r.client, sm2_key_pub(holder), sm2_key_pub(other))), ERR_STATE);
	assert_int_equal(run_stop(&r), 0);
	run_start(&r);
	assert_int_equal(hello().state, ESCROW_OPEN);
	assert_int_equal(AS_SIGNER(escrow_setup(r.client, sm2_key_pub(holder), sm2_key_pub(other))), ERR_STATE);
	assert_int_equal(mode_of(r.dir), 0700);
	run_file(&r, "machine.key", path);
	assert_int_equal(mode_of(path), 0600);
	run_file(&r, "keys.bin", path);
	assert_int_equal(mode_of(path), 0600);
	run_file(&r, "vault.chain", path);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(mode_of(r.socket), 0600);
}

/* A ceremony that broke off after the key files and before its record: still empty, and set up anew. */
static void test_half_setup(void **state)
{
	char path[160];

	(void)state;
	run_start(&r);
	assert_int_equal(run_stop(&r), 0);
	run_file(&r, "keys.bin", path);
	assert_int_equal(file_replace(path, SPAN_LIT("left over"), 0600), ERR_OK);
	run_start(&r);
	assert_int_equal(hello().state, ESCROW_EMPTY);
	/* the file is now root's, as a crash would not leave it; the folder is escrow's own, so it can replace it */
	assert_int_equal(AS_SIGNER(escrow_setup(r.client, sm2_key_pub(desk), sm2_key_pub(legal))), ERR_OK);
	assert_int_equal(run_stop(&r), 0);
	run_start(&r);
	assert_int_equal(hello().state, ESCROW_OPEN);
}

/* --- answers --- */

static void test_keypair(void **state)
{
	struct answer a, b;

	(void)state;
	assert_int_equal(ask("43010024-U0000001", holder, 1, &a), ERR_OK);
	assert_opens(&a, holder);
	assert_int_equal(ask("43010024-U0000001", holder, 1, &b), ERR_OK);
	assert_same(&a, &b);
	assert_int_equal(hello().count, 2);
	assert_int_equal(ask("43010024-U0000002", holder, 1, &b), ERR_CONFLICT);
	assert_int_equal(ask("43010024-U0000001", other, 1, &b), ERR_CONFLICT);
	assert_int_equal(ask("43010024-U000000", holder, 1, &b), ERR_CONFLICT);
	assert_int_equal(hello().count, 2);
	assert_int_equal(ask("43010024-U0000001", holder, 2, &b), ERR_OK);
	assert_memory_not_equal(a.pub.b, b.pub.b, SM2_PUB_LEN);
	assert_opens(&b, holder);
	assert_int_equal(run_stop(&r), 0);
	run_start(&r);
	assert_int_equal(ask("43010024-U0000001", holder, 1, &b), ERR_OK);
	assert_same(&a, &b);
	assert_int_equal(ask("43010024-U0000002", holder, 1, &b), ERR_CONFLICT);
}

static void test_keypair_refused(void **state)
{
	static const char *const owners[] = {"a b",
	                                     "a\nb",
	                                     "单位",
	                                     "a/b",
	                                     ("a\x7F"
	                                      "b"),
	                                     "../x"};
	struct sm2_pub bad = *sm2_key_pub(holder);
	AUTO_BUF(out, ENVELOPED_KEY_MAX);
	struct answer a;
	struct sm2_pub pub;
	uint8_t evidence[32];
	char longest[ESCROW_OWNER_MAX + 2];

	(void)state;
	evidence_of(1, evidence);
	for (size_t i = 0; i < COUNT_OF(owners); i++)
		assert_int_equal(ask(owners[i], holder, 1, &a), ERR_SYNTAX);
	bad.b[40] ^= 1;
	assert_int_equal(AS_SIGNER(escrow_keypair(r.client, "P1", &bad, evidence, &pub, &out)), ERR_SYNTAX);
	assert_int_equal(out.len, 0);
	memset(longest, 'x', sizeof(longest));
	longest[ESCROW_OWNER_MAX + 1] = '\0';
	assert_int_not_equal(ask(longest, holder, 1, &a), ERR_OK);
	assert_int_not_equal(ask("", holder, 1, &a), ERR_OK);
	assert_int_equal(hello().count, 1);
	longest[ESCROW_OWNER_MAX] = '\0';
	assert_int_equal(ask(longest, holder, 1, &a), ERR_OK);
}

/* Past several doublings of the map in memory; every tenth is asked for again after a restart. */
static void test_many(void **state)
{
	enum { MANY = 120 };
	static struct answer all[MANY];
	struct answer again;

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(ask("P000001", holder, i, &all[i]), ERR_OK);
	assert_int_equal(run_stop(&r), 0);
	run_start(&r);
	assert_int_equal(hello().count, MANY + 1);
	for (unsigned i = 0; i < MANY; i += 10) {
		assert_int_equal(ask("P000001", holder, i, &again), ERR_OK);
		assert_same(&all[i], &again);
	}
	assert_int_equal(hello().count, MANY + 1);
}

static void test_data_key(void **state)
{
	static const uint8_t zero[32];
	AUTO(secret) a = NULL;
	AUTO(secret) b = NULL;
	static const char *const names[] = {"keys.bin", "machine.key", "vault.chain"};

	(void)state;
	assert_int_equal(AS_SIGNER(escrow_data_key(r.client, &a)), ERR_OK);
	assert_int_equal(secret_len(a), 32);
	assert_false(ct_equal(secret_span(a), SPAN_ARR(zero)));
	assert_int_equal(run_stop(&r), 0);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_false(file_holds(names[i], secret_span(a)));
	run_start(&r);
	assert_int_equal(AS_SIGNER(escrow_data_key(r.client, &b)), ERR_OK);
	assert_true(ct_equal(secret_span(a), secret_span(b)));
}

static void test_unlock_key(void **state)
{
	uint8_t a[32], b[32];
	AUTO(secret) data = NULL;

	(void)state;
	assert_int_equal(unlock("YX26000001", holder, a), ERR_OK);
	assert_int_equal(unlock("YX26000001", other, b), ERR_OK);
	assert_memory_equal(a, b, 32);
	assert_int_equal(unlock("YX26000002", holder, b), ERR_OK);
	assert_memory_not_equal(a, b, 32);
	assert_int_equal(AS_SIGNER(escrow_data_key(r.client, &data)), ERR_OK);
	assert_false(ct_equal(secret_span(data), SPAN_ARR(a)));
	assert_int_equal(unlock("YX 1", holder, b), ERR_SYNTAX);
	assert_int_equal(run_stop(&r), 0);
	run_start(&r);
	assert_int_equal(unlock("YX26000001", holder, b), ERR_OK);
	assert_memory_equal(a, b, 32);
}

/* --- recovery: what the file holds, read without the process --- */

static void assert_recovers(struct span cipher, const struct sm2_key *by, const struct sm2_key *not_by,
                            struct span enc_pub)
{
	AUTO_BUF(plain, 64);
	AUTO(sm2_key) pair = NULL;

	assert_int_equal(sm2_decrypt(by, cipher, &plain), ERR_OK);
	assert_int_equal(plain.len, SM2_SCALAR_LEN);
	assert_int_equal(sm2_key_from(buf_span(&plain), &pair), ERR_OK);
	assert_memory_equal(sm2_key_pub(pair)->b, enc_pub.ptr, SM2_PUB_LEN);
	assert_false(file_holds("vault.chain", buf_span(&plain)));
	assert_false(file_holds("keys.bin", buf_span(&plain)));
	buf_clear(&plain);
	assert_int_not_equal(sm2_decrypt(not_by, cipher, &plain), ERR_OK);
	assert_int_equal(plain.len, 0);
}

static void test_recovery(void **state)
{
	AUTO(chain) c = NULL;
	static struct found f;
	struct answer a;
	char path[160];

	(void)state;
	assert_int_equal(ask("P000001", holder, 7, &a), ERR_OK);
	assert_int_equal(run_stop(&r), 0);
	f = (struct found){0};
	run_file(&r, "vault.chain", path);
	assert_int_equal(chain_open(path, find_pair, &f, &c), ERR_OK);
	assert_int_equal(f.n, 1);
	assert_true(span_eq_str(f.pair.owner, "P000001"));
	assert_memory_equal(f.pair.enc_pub.ptr, a.pub.b, SM2_PUB_LEN);
	assert_memory_equal(f.pair.sign_pub.ptr, sm2_key_pub(holder)->b, SM2_PUB_LEN);
	assert_true(span_eq(f.pair.enveloped, span_of(a.enveloped, a.len)));
	assert_recovers(f.pair.desk, desk, legal, f.pair.enc_pub);
	assert_recovers(f.pair.legal, legal, desk, f.pair.enc_pub);
}

/* --- bad frames --- */

static void put_head(struct buf *b, uint16_t type, uint32_t len)
{
	buf_str(b, "YX");
	buf_u16(b, type);
	buf_u32(b, len);
	for (unsigned i = 0; i < 16; i++)
		buf_u8(b, 0);
}

static void put_field(struct buf *b, uint16_t tag, uint32_t len, char fill)
{
	buf_u16(b, tag);
	buf_u32(b, len);
	for (uint32_t i = 0; i < len; i++)
		buf_u8(b, (uint8_t)fill);
}

/* Sends octets, reads until the end. True when an error answer came or the peer just closed. */
static bool is_refused(struct span bytes)
{
	uint8_t in[512] = {0};
	size_t got = 0;
	int fd = -1;

	assert_int_equal(AS_SIGNER(peer_connect(r.socket, 2000, &fd)), ERR_OK);
	(void)send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_WR);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	while (got < sizeof(in) && poll(&p, 1, 4000) > 0) {
		ssize_t n = read(fd, in + got, sizeof(in) - got);
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	close(fd);
	return got == 0 || (got >= 24 && in[2] == 0x80 && in[3] == 0x01);
}

static void test_bad_frames(void **state)
{
	AUTO_BUF(b, 4096);
	struct escrow_hello before = hello();

	(void)state;
	assert_true(is_refused(SPAN_LIT("")));
	assert_true(is_refused(SPAN_LIT("GET / HTTP/1.1\r\nHost: escrow\r\n\r\n")));
	assert_true(is_refused(SPAN_LIT("YX")));
	const struct {
		uint16_t type;
		uint32_t len;
		struct {
			uint16_t tag;
			uint32_t len;
		} fields[4];
	} rows[] = {
		{999, 0, {{0}}},                                              /* no such request */
		{0x8000, 0, {{0}}},                                           /* an answer */
		{ESCROW_HELLO, 0xFFFFFFFF, {{0}}},                            /* over the maximum */
		{ESCROW_HELLO, 10, {{0}}},                                    /* cut short */
		{ESCROW_HELLO, 7, {{ET_OWNER, 1}}},                           /* a field it does not have */
		{ESCROW_KEYPAIR, 0, {{0}}},                                   /* none of its fields */
		{ESCROW_KEYPAIR, 7 + 71, {{ET_OWNER, 1}, {ET_SIGN_PUB, 65}}}, /* one missing */
		{ESCROW_KEYPAIR, 7 + 71 + 39, {{ET_OWNER, 1}, {ET_SIGN_PUB, 65}, {ET_EVIDENCE, 33}}},
		{ESCROW_KEYPAIR, 7 + 70 + 38, {{ET_OWNER, 1}, {ET_SIGN_PUB, 64}, {ET_EVIDENCE, 32}}},
		{ESCROW_KEYPAIR,
	         7 + 71 + 38 + 38,
	         {{ET_OWNER, 1}, {ET_SIGN_PUB, 65}, {ET_EVIDENCE, 32}, {ET_EVIDENCE, 32}}},
		{ESCROW_KEYPAIR, 71 + 7 + 38, {{ET_SIGN_PUB, 65}, {ET_OWNER, 1}, {ET_EVIDENCE, 32}}}, /* order */
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&b);
		put_head(&b, rows[i].type, rows[i].len);
		for (size_t k = 0; k < 4 && rows[i].fields[k].tag; k++)
			put_field(&b, rows[i].fields[k].tag, rows[i].fields[k].len, 'x');
		if (!is_refused(buf_span(&b)))
			fail_msg("frame %zu was not refused", i);
	}
	struct escrow_hello after = hello();
	assert_int_equal(before.count, after.count);
	assert_memory_equal(before.head, after.head, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_empty, start),
		CASE(test_setup_once, start),
		CASE(test_half_setup, make),
		CASE(test_keypair, open_vault),
		CASE(test_keypair_refused, open_vault),
		CASE(test_many, open_vault),
		CASE(test_data_key, open_vault),
		CASE(test_unlock_key, open_vault),
		CASE(test_recovery, open_vault),
		CASE(test_bad_frames, open_vault),
	};

	return cmocka_run_group_tests(tests, case_make_keys, case_drop_keys);
}
