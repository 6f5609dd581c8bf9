/* yinxin-escrow from its binary, over its socket: states, answers, bad input, strangers, deaths, damage. */
#include "escrow_run.h"
#include "base/file.h"
#include "base/secret.h"
#include "evidence/chain.h"
#include "ipc/peer.h"
#include "pki/envelope.h"
#include "server/escrow/deposit.h"
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct run r;
static struct sm2_key *desk, *legal, *holder, *other;

static int make_keys(void **state)
{
	(void)state;
	return sm2_key_new(&desk) == ERR_OK && sm2_key_new(&legal) == ERR_OK && sm2_key_new(&holder) == ERR_OK &&
	       sm2_key_new(&other) == ERR_OK ? 0 : -1;
}

static int drop_keys(void **state)
{
	(void)state;
	if (r.client) /* a setup failed half-way */
		run_drop(&r);
	sm2_key_free(desk);
	sm2_key_free(legal);
	sm2_key_free(holder);
	sm2_key_free(other);
	return 0;
}

static int make(void **state)
{
	(void)state;
	run_make(&r);
	return 0;
}

static int start(void **state)
{
	make(state);
	run_start(&r);
	return 0;
}

static int open_vault(void **state)
{
	start(state);
	return AS_SIGNER(escrow_setup(r.client, sm2_key_pub(desk), sm2_key_pub(legal))) == ERR_OK ? 0 : -1;
}

static int drop(void **state)
{
	(void)state;
	run_drop(&r);
	return 0;
}

/* --- helpers --- */

static struct escrow_hello hello(void)
{
	struct escrow_hello h;

	assert_int_equal(AS_SIGNER(escrow_hello(r.client, &h)), ERR_OK);
	return h;
}

static void evidence_of(unsigned n, uint8_t ret[32])
{
	memset(ret, 0xE0, 32);
	ret[30] = (uint8_t)(n >> 8);
	ret[31] = (uint8_t)n;
}

struct answer {
	struct sm2_pub pub;
	uint8_t enveloped[ENVELOPED_KEY_MAX];
	size_t len;
};

static enum err ask(const char *owner, const struct sm2_key *key, unsigned n, struct answer *ret_a)
{
	AUTO_BUF(out, ENVELOPED_KEY_MAX);
	struct sm2_pub pub;
	uint8_t evidence[32];

	evidence_of(n, evidence);
	enum err e = AS_SIGNER(escrow_keypair(r.client, owner, sm2_key_pub(key), evidence, &pub, &out));
	if (e != ERR_OK)
		return e;
	ret_a->pub = pub;
	ret_a->len = out.len;
	memcpy(ret_a->enveloped, out.ptr, out.len);
	return ERR_OK;
}

static void assert_same(const struct answer *a, const struct answer *b)
{
	assert_memory_equal(a->pub.b, b->pub.b, SM2_PUB_LEN);
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->enveloped, b->enveloped, a->len);
}

static void assert_opens(const struct answer *a, const struct sm2_key *by)
{
	AUTO(sm2_key) pair = NULL;

	assert_int_equal(enveloped_key_open(span_of(a->enveloped, a->len), by, &pair), ERR_OK);
	assert_memory_equal(sm2_key_pub(pair)->b, a->pub.b, SM2_PUB_LEN);
}

static bool file_holds(const char *name, struct span needle)
{
	AUTO_BUF(content, 1 << 22);
	char path[160];

	run_file(&r, name, path);
	assert_int_equal(file_read(path, &content), ERR_OK);
	return memmem(content.ptr, content.len, needle.ptr, needle.len) != NULL;
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static enum err unlock(const char *serial, const struct sm2_key *device, uint8_t ret_key[32])
{
	AUTO_BUF(cipher, ESCROW_CIPHER_MAX);
	AUTO_BUF(plain, 64);

	enum err e = AS_SIGNER(escrow_unlock_key(r.client, serial, sm2_key_pub(device), &cipher));
	if (e != ERR_OK)
		return e;
	assert_int_equal(sm2_decrypt(device, buf_span(&cipher), &plain), ERR_OK);
	assert_int_equal(plain.len, 32);
	memcpy(ret_key, plain.ptr, 32);
	return ERR_OK;
}

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
	static const char *const owners[] = {"a b", "a\nb", "单位", "a/b", "a\x7F" "b", "../x"};
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

struct found {
	struct deposit_pair pair;
	uint8_t room[DEPOSIT_MAX];
	unsigned n;
};

static enum err find_pair(uint64_t seq, struct span record, void *ctx)
{
	struct found *f = ctx;

	if (seq == 1)
		return ERR_OK;
	memcpy(f->room, record.ptr, record.len);
	f->n++;
	return deposit_pair_parse(span_of(f->room, record.len), &f->pair);
}

static void assert_recovers(struct span cipher, const struct sm2_key *by, const struct sm2_key *not_by, struct span enc_pub)
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
		struct { uint16_t tag; uint32_t len; } fields[4];
	} rows[] = {
		{999, 0, {{0}}},                                          /* no such request */
		{0x8000, 0, {{0}}},                                       /* an answer */
		{ESCROW_HELLO, 0xFFFFFFFF, {{0}}},                        /* over the maximum */
		{ESCROW_HELLO, 10, {{0}}},                                /* cut short */
		{ESCROW_HELLO, 7, {{ET_OWNER, 1}}},                       /* a field it does not have */
		{ESCROW_KEYPAIR, 0, {{0}}},                               /* none of its fields */
		{ESCROW_KEYPAIR, 7 + 71, {{ET_OWNER, 1}, {ET_SIGN_PUB, 65}}}, /* one missing */
		{ESCROW_KEYPAIR, 7 + 71 + 39, {{ET_OWNER, 1}, {ET_SIGN_PUB, 65}, {ET_EVIDENCE, 33}}},
		{ESCROW_KEYPAIR, 7 + 70 + 38, {{ET_OWNER, 1}, {ET_SIGN_PUB, 64}, {ET_EVIDENCE, 32}}},
		{ESCROW_KEYPAIR, 7 + 71 + 38 + 38, {{ET_OWNER, 1}, {ET_SIGN_PUB, 65}, {ET_EVIDENCE, 32}, {ET_EVIDENCE, 32}}},
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
	if (!run_is_root())
		skip();
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
	if (!off)
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

/* kill -9 as soon as the record has appeared, so mostly between append and answer; after a restart the same request gets
 * exactly what had been stored, and no second pair is made. */
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
	static const struct { const char *name; off_t at; } rows[] = {
		{"vault.chain", 0}, {"vault.chain", 7}, {"vault.chain", 60}, {"vault.chain", 300}, {"vault.chain", 900},
		{"keys.bin", 0}, {"keys.bin", 40}, {"machine.key", 0}, {"machine.key", 31},
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

#define CASE(test, setup) cmocka_unit_test_setup_teardown(test, setup, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_empty, start), CASE(test_setup_once, start), CASE(test_half_setup, make),
		CASE(test_keypair, open_vault), CASE(test_keypair_refused, open_vault), CASE(test_many, open_vault),
		CASE(test_data_key, open_vault), CASE(test_unlock_key, open_vault), CASE(test_recovery, open_vault),
		CASE(test_bad_frames, open_vault), CASE(test_wrong_uid, open_vault), CASE(test_confined, open_vault),
		CASE(test_kill_before_answer, open_vault), CASE(test_kill_any_time, open_vault), CASE(test_stop, open_vault),
		CASE(test_damage, open_vault), CASE(test_key_file_gone, open_vault), CASE(test_torn_tail, open_vault),
		CASE(test_second_process, open_vault),
	};

	return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
