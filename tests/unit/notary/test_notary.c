/* What the notary believes and what it signs: feeds, statuses, heads, seals, memory across restarts. */
#include "bench.h"
#include "base/text.h"
#include "gm/sm3.h"
#include "pki/ocsp.h"
#include "pki/tsp.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct cert *own(uint16_t tag)
{
	AUTO(ipc_msg) a = NULL;
	struct cert *c = NULL;
	OK(asked(NOTARY_HELLO, request(NOTARY_HELLO), &a));
	OK(cert_parse(ipc_get(a, tag), &c));
	return c;
}

/* --- the ceremony is over --- */

static void closed(void **state)
{
	AUTO(ipc_msg) a = NULL;
	(void)state;
	assert_int_equal(asked(NOTARY_SETUP, request(NOTARY_SETUP), &a), ERR_STATE);
	struct serve s;
	notary_serve(b.notary, &s);
	for (size_t i = 0; i < s.n_rows; i++) {
		bool ceremony = s.rows[i].request->type == NOTARY_SETUP || s.rows[i].request->type == NOTARY_INSTALL;
		assert_int_equal(s.rows[i].peers, ceremony ? NOTARY_PEER_ADMIN : 0);
	}
}

/* --- OCSP --- */

/* The request through the whole way; what the answer says of this certificate. */
static enum err ask_about(const struct cert *c, struct ocsp_status *ret_s, int64_t *ret_produced)
{
	AUTO(ipc_msg) a = NULL;
	AUTO_BUF(der, OCSP_REQUEST_MAX);
	const char *serial = cert_serial(c);
	struct ipc_msg *m = request(NOTARY_OCSP);
	OK(ocsp_request_build(b.ca, OCSP_SM3, &serial, 1, SPAN_LIT("nonce"), &der));
	ipc_put(m, NT_REQUEST, buf_span(&der));
	OK(asked(NOTARY_OCSP, m, &a));
	return ocsp_check(ipc_get(a, NT_RESPONSE), b.ca, c, ret_s, ret_produced);
}

/* The same without a nonce; the answer's octets. */
static void ask_plain(const struct cert *c, struct buf *ret_answer)
{
	AUTO(ipc_msg) a = NULL;
	AUTO_BUF(der, OCSP_REQUEST_MAX);
	const char *serial = cert_serial(c);
	struct ipc_msg *m = request(NOTARY_OCSP);
	OK(ocsp_request_build(b.ca, OCSP_SM3, &serial, 1, SPAN_EMPTY, &der));
	ipc_put(m, NT_REQUEST, buf_span(&der));
	OK(asked(NOTARY_OCSP, m, &a));
	buf_clear(ret_answer);
	buf_put(ret_answer, ipc_get(a, NT_RESPONSE));
	OK(buf_err(ret_answer));
}

static void says(const struct cert *c, struct span answer, enum ocsp_state want)
{
	struct ocsp_status s;
	OK(ocsp_check(answer, b.ca, c, &s, NULL));
	assert_int_equal(s.state, want);
}

/* Signed once, in the turn before anybody asks; a change of the status, its age and a clock moved back end it. */
static void signed_before(void **state)
{
	AUTO_BUF(first, OCSP_DER_MAX);
	AUTO_BUF(again, OCSP_DER_MAX);
	const struct cert *c = b.leaf[1];
	struct serve s;
	struct ocsp_status good = {OCSP_GOOD, 0, CRL_UNSPECIFIED};
	(void)state;
	notary_serve(b.notary, &s);
	feed_all();
	assert_false(presign_has(b.notary->presign, cert_serial(c), &good, bench_now(), 0));
	b.notary->presigned_ms = 0;
	s.tick(b.notary);
	assert_true(presign_has(b.notary->presign, cert_serial(c), &good, bench_now(), PRESIGN_LEFT_SEC));
	ask_plain(c, &first);
	ask_plain(c, &again);
	assert_true(span_eq(buf_span(&first), buf_span(&again))); /* an SM2 signature made anew is another one */
	says(c, buf_span(&first), OCSP_GOOD);
	journal_status(c, 2, CRL_HOLD, bench_now());
	feed_all();
	ask_plain(c, &again);
	says(c, buf_span(&again), OCSP_REVOKED);
	journal_status(c, 0, 0, bench_now());
	feed_all();
	ask_plain(c, &first);
	bench_shift(FOLLOW_MAX_AGE_SEC - PRESIGN_LEFT_SEC + 1);
	feed_all();
	ask_plain(c, &again);
	assert_false(span_eq(buf_span(&first), buf_span(&again)));
	bench_shift(0);
	assert_false(presign_has(b.notary->presign, cert_serial(c), &good, bench_now(), 0));
}

/* The identifier is echoed as it came: for another form of it there is none. */
static void signed_for_this(void **state)
{
	AUTO_BUF(plain, OCSP_DER_MAX);
	AUTO_BUF(der, OCSP_REQUEST_MAX);
	AUTO_BUF(out, OCSP_DER_MAX);
	const char *serial = cert_serial(b.leaf[1]);
	const struct ocsp_status good = {OCSP_GOOD, 0, CRL_UNSPECIFIED};
	struct ocsp_request r;
	(void)state;
	feed_all();
	ask_plain(b.leaf[1], &plain);
	OK(ocsp_request_build(b.ca, OCSP_SM3, &serial, 1, SPAN_EMPTY, &der));
	OK(ocsp_request_parse(buf_span(&der), &r));
	struct presign_times t;
	OK(presign_get(b.notary->presign, &r.ids[0], &good, bench_now(), &out, &t));
	assert_int_equal(t.next_update, t.this_update + FOLLOW_MAX_AGE_SEC);
	assert_true(span_eq(buf_span(&plain), buf_span(&out)));
	uint8_t alg[PRESIGN_ALG_MAX] = {0};
	memcpy(alg, r.ids[0].alg.ptr, r.ids[0].alg.len);
	alg[r.ids[0].alg.len - 1] ^= 1;
	r.ids[0].alg = span_of(alg, r.ids[0].alg.len);
	assert_int_equal(presign_get(b.notary->presign, &r.ids[0], &good, bench_now(), &out, &t), ERR_ABSENT);
}

static void statuses(void **state)
{
	const struct {
		uint64_t status, reason;
		enum ocsp_state want;
		enum crl_reason want_reason;
	} steps[] = {
		{2, CRL_HOLD, OCSP_REVOKED, CRL_HOLD},
		{0, 0, OCSP_GOOD, CRL_UNSPECIFIED},
		{1, CRL_KEY_COMPROMISE, OCSP_REVOKED, CRL_KEY_COMPROMISE},
	};
	struct ocsp_status s;
	int64_t produced = 0, t = bench_now() - 1000;
	(void)state;
	/* Before the first feed nothing is said, not even "unknown". */
	assert_int_equal(ask_about(b.leaf[0], &s, &produced), ERR_STATE);
	journal_card(b.leaf[0], t);
	journal_card(b.leaf[1], t);
	feed_all();
	OK(ask_about(b.leaf[0], &s, &produced));
	assert_int_equal(s.state, OCSP_GOOD);
	assert_true(produced == bench_now() || produced == bench_now() - 1);
	OK(ask_about(b.leaf[3], &s, NULL));
	assert_int_equal(s.state, OCSP_UNKNOWN);
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		journal_status(b.leaf[0], steps[i].status, steps[i].reason, t + (int64_t)i);
		feed_all();
		OK(ask_about(b.leaf[0], &s, NULL));
		assert_int_equal(s.state, steps[i].want);
		assert_int_equal(s.reason, steps[i].want_reason);
		assert_true(s.state == OCSP_GOOD || s.revoked_at == t + (int64_t)i);
		OK(ask_about(b.leaf[1], &s, NULL));
		assert_int_equal(s.state, OCSP_GOOD);
	}
}

/* What is asked for as evidence must come from the signer at this moment, and there is none here. */
static void evidence_needs_the_signer(void **state)
{
	AUTO(ipc_msg) a = NULL;
	struct ipc_msg *m = request(NOTARY_STATUS);
	(void)state;
	feed_all();
	ipc_put_str(m, NT_SERIAL, cert_serial(b.leaf[0]));
	assert_int_equal(asked(NOTARY_STATUS, m, &a), ERR_UNAVAILABLE);
}

static void stale(void **state)
{
	static const struct {
		int64_t shift;
		enum err want;
	} rows[] = {{0, ERR_OK}, {55, ERR_OK}, {65, ERR_STATE}, {-30, ERR_STATE}, {86400, ERR_STATE}};
	struct ocsp_status s;
	(void)state;
	feed_all();
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		bench_shift(rows[i].shift);
		assert_int_equal(ask_about(b.leaf[1], &s, NULL), rows[i].want);
	}
	bench_shift(0);
}

/* --- feeds that are not believed --- */

static void feeds(void **state)
{
	static const char other[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	const struct {
		const char *what;
		struct fed f;
		enum err want;
	} rows[] = {
		{"by another key", {.key = b.leaf_key}, ERR_SIG},
		{"of another bureau", {.bureau = other}, ERR_SIG},
		{"an older part again", {.from = 1, .count = 1}, ERR_SIG},
		{"record left out", {.drop = true}, ERR_SIG},
		{"record changed", {.change = true}, ERR_SIG},
		{"dated ahead", {.shift_sec = 60}, ERR_STALE},
	};
	bool done;
	(void)state;
	journal_card(b.leaf[2], bench_now());
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint64_t before = status_seq(follow_status(b.notary->follow));
		if (feed(&rows[i].f, &done) != rows[i].want)
			fail_msg("%s: %s", rows[i].what, err_detail());
		assert_int_equal(status_seq(follow_status(b.notary->follow)), before);
	}
	feed_all();
}

/* A journal that went back, or another one of the same length, ends all answers until the process starts anew. */
static void another_journal(void **state)
{
	bool done;
	struct ocsp_status s;
	const struct fed honest = {0}, shorter = {.last = b.n_records - 1, .count = 0};
	(void)state;
	feed_all();
	b.head[0] ^= 1;
	assert_int_equal(feed(&honest, &done), ERR_JOURNAL);
	b.head[0] ^= 1;
	assert_int_equal(feed(&honest, &done), ERR_JOURNAL);
	assert_int_equal(ask_about(b.leaf[1], &s, NULL), ERR_STATE);
	bench_reopen();
	feed_all();
	OK(ask_about(b.leaf[1], &s, NULL));
	assert_int_equal(feed(&shorter, &done), ERR_JOURNAL);
	bench_reopen();
	feed_all();
}

/* --- stamps --- */

static void stamps(void **state)
{
	static const uint8_t digest[32] = {9};
	AUTO(ipc_msg) a = NULL;
	AUTO_BUF(der, TSP_REQUEST_MAX);
	struct ipc_msg *m = request(NOTARY_STAMP);
	struct tsp_info i;
	struct span token;
	(void)state;
	OK(tsp_request_build(digest, SPAN_LIT("abc"), true, &der));
	ipc_put(m, NT_REQUEST, buf_span(&der));
	OK(asked(NOTARY_STAMP, m, &a));
	OK(tsp_response_token(ipc_get(a, NT_RESPONSE), &token));
	const struct tsp_want want = {b.ca, NULL, digest, SPAN_LIT("abc")};
	OK(tsp_token_verify(token, &want, &i));
	assert_true(bench_now() - i.time <= 1);
}

/* --- heads --- */

static uint8_t leaves[LEAVES_MAX][32];

static enum err node(void *ctx, unsigned level, uint64_t index, uint8_t ret_hash[32])
{
	size_t n = (size_t)1 << level;
	(void)ctx;
	assert_true((index + 1) * n <= LEAVES_MAX);
	return tree_root((const uint8_t(*)[32]) & leaves[index * n], n, ret_hash);
}
static const struct tree_source source = {node, NULL};

struct want_head {
	uint64_t epoch, size, old, journal_seq;
	bool other_tree, bad_proof;
};

static enum err head(const struct want_head *w, struct ipc_msg **ret_a)
{
	struct tree_proof p = {.n = 0};
	uint8_t root[32];
	struct ipc_msg *m = request(NOTARY_HEAD);
	OK(tree_root((const uint8_t(*)[32])leaves, w->size, root));
	if (w->old > 0 && w->old < w->size)
		OK(tree_consistency(&source, w->old, w->size, &p));
	root[3] ^= w->other_tree;
	if (w->bad_proof)
		p.hash[0][0] ^= 1;
	ipc_put_u64(m, NT_EPOCH, w->epoch);
	ipc_put_u64(m, NT_SIZE, w->size);
	ipc_put(m, NT_ROOT_HASH, SPAN_ARR(root));
	ipc_put_u64(m, NT_JOURNAL_SEQ, w->journal_seq);
	for (size_t i = 0; i < p.n; i++)
		ipc_put(m, NT_PROOF, SPAN_ARR(p.hash[i]));
	return asked(NOTARY_HEAD, m, ret_a);
}

static void head_is_good(const struct ipc_msg *a, uint64_t size)
{
	AUTO(cert) log = own(NT_CERT_LOG);
	AUTO(cert) tsa = own(NT_CERT_TSA);
	struct head h;
	struct tsp_info i;
	uint8_t sm3[32], root[32];
	OK(head_verify(ipc_get(a, NT_TEXT), ipc_get(a, NT_SIG), log, &h));
	assert_true(h.size == size && h.epoch == 1);
	OK(tree_root((const uint8_t(*)[32])leaves, size, root));
	assert_memory_equal(h.root, root, 32);
	OK(sm3_digest(ipc_get(a, NT_TEXT), sm3));
	const struct tsp_want want = {b.ca, NULL, sm3, SPAN_EMPTY};
	OK(tsp_token_verify(ipc_get(a, NT_TOKEN), &want, &i));
	assert_int_equal(head_verify(ipc_get(a, NT_TEXT), ipc_get(a, NT_SIG), tsa, &h), ERR_CERT_USAGE);
}

static void heads(void **state)
{
	const uint64_t seq = b.n_records;
	const struct {
		const char *what;
		struct want_head w;
		enum err want;
	} rows[] = {
		{"another epoch", {2, 5, 0, seq}, ERR_STATE},
		{"first", {1, 5, 0, seq}, ERR_OK},
		{"the same again", {1, 5, 5, seq}, ERR_OK},
		{"same size, another tree", {1, 5, 5, seq, .other_tree = true}, ERR_PROOF},
		{"smaller", {1, 4, 0, seq}, ERR_STATE},
		{"no proof", {1, 9, 0, seq}, ERR_PROOF},
		{"proof from an earlier size", {1, 9, 3, seq}, ERR_PROOF},
		{"proof changed", {1, 9, 5, seq, .bad_proof = true}, ERR_PROOF},
		{"another tree", {1, 9, 5, seq, .other_tree = true}, ERR_PROOF},
		{"journal entry that is not there yet", {1, 9, 5, seq + 1}, ERR_STALE},
		{"old journal entries are missing", {1, 9, 5, 1}, ERR_STALE},
		{"longer", {1, 9, 5, seq}, ERR_OK},
		{"back to the first", {1, 5, 5, seq}, ERR_STATE},
		{"longer again", {1, 64, 9, seq}, ERR_OK},
	};
	uint64_t size = 0;
	(void)state;
	for (size_t i = 0; i < LEAVES_MAX; i++)
		OK(tree_leaf(span_of(&i, sizeof(i)), leaves[i]));
	feed_all();
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(ipc_msg) a = NULL;
		enum err e = head(&rows[i].w, &a);
		if (e != rows[i].want)
			fail_msg("%s: %s %s", rows[i].what, err_name(e), err_detail());
		if (e == ERR_OK)
			head_is_good(a, size = rows[i].w.size);
		if (i % 5 == 2) { /* what it knows, it knows after a restart */
			bench_reopen();
			feed_all();
		}
		assert_int_equal(state_last(b.notary->state)->size, size);
	}
}

/* After the journal was in a head, one that is shorter is not believed by a notary that has just started. */
static void journal_behind_head(void **state)
{
	bool done;
	const struct fed part = {.count = b.n_records - 1, .last = b.n_records - 1};
	(void)state;
	bench_reopen();
	assert_int_equal(feed(&part, &done), ERR_JOURNAL);
	bench_reopen();
	feed_all();
}

static void clock_before_head(void **state)
{
	AUTO(ipc_msg) a = NULL;
	const struct want_head w = {1, 64, 64, b.n_records};
	(void)state;
	bench_shift(-3);
	assert_int_equal(head(&w, &a), ERR_STATE);
	bench_shift(0);
	OK(head(&w, &a));
}

/* --- seals --- */

static enum err seal(uint64_t leaf, uint64_t proved, uint64_t size, struct ipc_msg **ret_a)
{
	struct tree_proof p;
	uint8_t root[32];
	struct ipc_msg *m = request(NOTARY_SEAL);
	OK(tree_inclusion(&source, proved, size, &p));
	OK(tree_root((const uint8_t(*)[32])leaves, size, root));
	ipc_put_u64(m, NT_EPOCH, 1);
	ipc_put_u64(m, NT_SIZE, size);
	ipc_put(m, NT_ROOT_HASH, SPAN_ARR(root));
	ipc_put(m, NT_DIGEST, SPAN_ARR(leaves[leaf]));
	ipc_put_u64(m, NT_LEAF, proved);
	for (size_t i = 0; i < p.n; i++)
		ipc_put(m, NT_PROOF, SPAN_ARR(p.hash[i]));
	return asked(NOTARY_SEAL, m, ret_a);
}

static void seals(void **state)
{
	AUTO(ipc_msg) a = NULL;
	AUTO(ipc_msg) no = NULL;
	AUTO(cert) log = own(NT_CERT_LOG);
	struct head_seal s;
	struct head h;
	(void)state;
	OK(seal(7, 7, 64, &a));
	OK(head_seal_verify(ipc_get(a, NT_TEXT), ipc_get(a, NT_SIG), log, &s));
	assert_true(s.leaf == 7 && s.head.size == 64);
	assert_memory_equal(s.digest, leaves[7], 32);
	/* A seal is no head, and neither is the other. */
	assert_int_equal(head_verify(ipc_get(a, NT_TEXT), ipc_get(a, NT_SIG), log, &h), ERR_SYNTAX);
	assert_int_equal(seal(8, 7, 64, &no), ERR_PROOF);
	assert_int_equal(seal(7, 7, 9, &no), ERR_STATE);
}

/* --- a signer that takes calls and hangs up --- */

static atomic_int calls;

static void *hang_up(void *arg)
{
	const int *listener = arg;
	for (int fd; (fd = accept(*listener, NULL, NULL)) >= 0; (void)close(fd))
		calls++;
	return NULL;
}

/* While the newest word is too old every question wants a newer one; the signer is asked once a second all the same,
 * and the others are answered tryLater at once. */
static void away(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	pthread_t thread;
	struct follow *mine = NULL, *own_one = b.notary->follow;
	AUTO_BUF(answer, OCSP_DER_MAX);
	(void)state;
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s/away.sock", b.dir);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(listener, 64), 0);
	assert_int_equal(pthread_create(&thread, NULL, hang_up, &listener), 0);
	const struct follow_plan plan = {.signer_socket = a.sun_path, .bureau = "", .ca = b.ca, .clock = b.clock};
	OK(follow_new(&plan, &mine));
	b.notary->follow = mine;
	int64_t began = clock_mono_ms();
	for (int i = 0; i < 20; i++)
		ask_plain(b.leaf[0], &answer);
	b.notary->follow = own_one;
	follow_free(mine);
	(void)shutdown(listener, SHUT_RDWR);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(listener);
	assert_in_range(calls, 1, 1 + (clock_mono_ms() - began) / FOLLOW_EVERY_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed),
		cmocka_unit_test(statuses),
		cmocka_unit_test(signed_before),
		cmocka_unit_test(signed_for_this),
		cmocka_unit_test(evidence_needs_the_signer),
		cmocka_unit_test(stale),
		cmocka_unit_test(feeds),
		cmocka_unit_test(another_journal),
		cmocka_unit_test(stamps),
		cmocka_unit_test(heads),
		cmocka_unit_test(journal_behind_head),
		cmocka_unit_test(clock_before_head),
		cmocka_unit_test(seals),
		cmocka_unit_test(away),
	};
	return cmocka_run_group_tests_name("notary", tests, bench_up, bench_down);
}
