/* A receipt proves what it says; any change of it is refused: every octet flipped, with and without a new check at its
 * end, cut at every place, mixed from two, signed by another key, dated ahead, with a certificate revoked before or
 * after. */
#include "hall.h"
#include "evidence/receipt_make.h"
#include "evidence/verify.h"
#include "gm/sm3.h"

enum { CHECK_LEN = 5 + SM3_LEN, RECHECK_EVERY = 8 };
struct seen {
	char last[1500];
	size_t n;
};

static void step(const struct verify_step *s, void *ctx)
{
	struct seen *x = ctx;

	x->n++;
	(void)snprintf(x->last, sizeof(x->last), "%s: %s", s->title, s->text);
}

static enum err verify(const struct hall *h, struct span file, struct seen *ret_s)
{
	uint8_t root[32];
	struct seen s = {.n = 0};

	OK(cert_sm3(h->root.cert, root));
	const struct verify_plan p = {.root_sm3 = root, .now = clock_now(h->clock), .step = step, .ctx = &s};
	enum err e = verify_receipt(file, &p);
	err_clear();
	if (ret_s != NULL)
		*ret_s = s;
	return e;
}

static void make(struct hall *h, const char *no, struct buf *out)
{
	const struct receipt_of what = {no, h->keys, cert_der(h->root.cert), cert_der(h->ca.cert),
	                                cert_der(h->log.cert)};

	OK(receipt_make(h->store, &what, out));
}

/* Three acts and a rule under three heads. */
static void fill(struct hall *h, const char *no)
{
	hall_act(h, &h->clerk, no, NULL);
	(void)hall_sequence(h);
	hall_act(h, &h->reviewer, "other", NULL);
	hall_rule(h, "CASE-TIMER", no, "timer:case-days");
	hall_act(h, &h->reviewer, no, NULL);
	(void)hall_sequence(h);
	hall_act(h, &h->clerk, no, NULL);
	(void)hall_sequence(h);
}

/* What does not change within a receipt is verified once: root, CA, log's certificate, the notary's two others. Then
 * two for each head (signature, stamp) and three for each person's act (signature, certificate, status answer). */
static void verifications(void **state)
{
	struct hall h;
	AUTO_BUF(file, RECEIPT_MAX);

	(void)state;
	hall_open(&h);
	fill(&h, "case-1");
	make(&h, "case-1", &file);
	uint64_t before = gm_verifications();
	assert_int_equal(verify(&h, buf_span(&file), NULL), ERR_OK);
	assert_int_equal(gm_verifications() - before, 5 + 3 * 2 + 3 * 3);
	hall_close(&h);
}

static void good(void **state)
{
	struct hall h;
	struct seen s;
	AUTO_BUF(file, RECEIPT_MAX);
	AUTO(receipt) r = NULL;

	(void)state;
	hall_open(&h);
	fill(&h, "case-1");
	make(&h, "case-1", &file);
	OK(receipt_parse(buf_span(&file), &r));
	assert_int_equal(r->n_acts, 4);
	assert_int_equal(r->n_heads, 3);
	assert_int_equal(verify(&h, buf_span(&file), &s), ERR_OK);
	assert_int_equal(s.n, 11);
	assert_non_null(strstr(s.last, "第4项 证书冻结"));
	/* not pinned: everything else is still looked at */
	s.n = 0;
	const struct verify_plan p = {.step = step, .ctx = &s};
	assert_int_equal(verify_receipt(buf_span(&file), &p), ERR_ROOT_UNKNOWN);
	assert_int_equal(s.n, 11);
	const uint8_t other[32] = {1};
	const struct verify_plan q = {.root_sm3 = other, .step = step, .ctx = &s};
	assert_int_equal(verify_receipt(buf_span(&file), &q), ERR_CERT_CHAIN);
	hall_close(&h);
}

static void not_yet(void **state)
{
	struct hall h;
	AUTO_BUF(file, RECEIPT_MAX);

	(void)state;
	hall_open(&h);
	const struct receipt_of what = {"case-1", h.keys, cert_der(h.root.cert), cert_der(h.ca.cert),
	                                cert_der(h.log.cert)};
	assert_int_equal(receipt_make(h.store, &what, &file), ERR_ABSENT);
	hall_act(&h, &h.clerk, "case-1", NULL);
	assert_int_equal(receipt_make(h.store, &what, &file), ERR_RECEIPT_WAITS);
	struct log_service v = hall_service(&h);
	struct log_done d;
	v.sign = NULL;
	OK(log_sequence(h.store, &v, &d));
	assert_int_equal(receipt_make(h.store, &what, &file), ERR_RECEIPT_WAITS);
	hall_close(&h);
}

/* --- changed octets --- */

static void recheck(struct buf *file)
{
	uint8_t digest[SM3_LEN];

	OK(sm3_digest(span_sub(buf_span(file), 0, file->len - CHECK_LEN), digest));
	memcpy(file->ptr + file->len - SM3_LEN, digest, SM3_LEN);
}

static void small(struct hall *h, struct buf *file)
{
	hall_open(h);
	hall_act(h, &h->clerk, "case-1", NULL);
	(void)hall_sequence(h);
	hall_rule(h, "CASE-TIMER", "case-1", "timer:case-days");
	(void)hall_sequence(h);
	make(h, "case-1", file);
	assert_int_equal(verify(h, buf_span(file), NULL), ERR_OK);
}

static void flipped(void **state)
{
	struct hall h;
	AUTO_BUF(file, RECEIPT_MAX);
	size_t tried = 0;

	(void)state;
	small(&h, &file);
	for (size_t i = 0; i < file.len; i++)
		for (int bit = i % 16 == 0 ? 0 : (int)(i % 8), n = i % 16 == 0 ? 8 : 1; n > 0; bit++, n--) {
			file.ptr[i] = (uint8_t)(file.ptr[i] ^ 1 << bit);
			if (verify(&h, buf_span(&file), NULL) == ERR_OK)
				fail_msg("octet %zu of %zu, bit %d: accepted", i, file.len, bit);
			file.ptr[i] = (uint8_t)(file.ptr[i] ^ 1 << bit);
			tried++;
		}
	printf("# %zu bits flipped\n", tried);
	hall_close(&h);
}

/* The check at the end made new each time: every octet must be held by something better. An attempt takes three
 * signatures or more, so that only some are tried unless YINXIN_LONG is set. */
static void flipped_and_rechecked(void **state)
{
	struct hall h;
	AUTO_BUF(file, RECEIPT_MAX);
	size_t slack = 0, every = getenv("YINXIN_LONG") != NULL ? 1 : RECHECK_EVERY;

	(void)state;
	small(&h, &file);
	size_t from = (size_t)file.ptr[file.len - 1] % every; /* another part of them in each run */
	printf("# octets %zu, %zu, ... of %zu\n", from, from + every, file.len);
	for (size_t i = from; i < file.len - SM3_LEN; i += every)
		for (int bit = i % 64 == 0 ? 0 : (int)(i % 8), n = i % 64 == 0 ? 8 : 1; n > 0; bit++, n--) {
			file.ptr[i] = (uint8_t)(file.ptr[i] ^ 1 << bit);
			recheck(&file);
			if (verify(&h, buf_span(&file), NULL) == ERR_OK) {
				slack++;
				print_error("octet %zu of %zu, bit %d: accepted\n", i, file.len, bit);
			}
			file.ptr[i] = (uint8_t)(file.ptr[i] ^ 1 << bit);
		}
	assert_int_equal(slack, 0);
	recheck(&file);
	assert_int_equal(verify(&h, buf_span(&file), NULL), ERR_OK);
	hall_close(&h);
}

static void cut(void **state)
{
	struct hall h;
	AUTO_BUF(file, RECEIPT_MAX);

	(void)state;
	small(&h, &file);
	for (size_t len = 0; len < file.len; len++)
		assert_int_equal(verify(&h, span_of(file.ptr, len), NULL), ERR_RECEIPT);
	buf_u8(&file, 0);
	assert_int_equal(verify(&h, buf_span(&file), NULL), ERR_RECEIPT);
	hall_close(&h);
}

/* --- parts exchanged: parsed, changed, written again --- */

struct two {
	struct hall h;
	struct buf a, b;
	struct receipt *ra, *rb;
};

static void two_open(struct two *t)
{
	t->a = buf_make(RECEIPT_MAX);
	t->b = buf_make(RECEIPT_MAX);
	hall_open(&t->h);
	fill(&t->h, "case-1");
	fill(&t->h, "case-2");
	make(&t->h, "case-1", &t->a);
	make(&t->h, "case-2", &t->b);
	OK(receipt_parse(buf_span(&t->a), &t->ra));
	OK(receipt_parse(buf_span(&t->b), &t->rb));
}

static void two_close(struct two *t)
{
	receipt_free(t->ra);
	receipt_free(t->rb);
	buf_done(&t->a);
	buf_done(&t->b);
	hall_close(&t->h);
}

static enum err again(struct two *t, char *ret_last, size_t size)
{
	struct seen s;
	AUTO_BUF(file, RECEIPT_MAX);

	enum err e = receipt_encode(t->ra, &file);
	if (e == ERR_OK)
		e = verify(&t->h, buf_span(&file), &s);
	else
		(void)snprintf(s.last, sizeof(s.last), "格式");
	(void)snprintf(ret_last, size, "%s", s.last);
	err_clear();
	return e;
}

#define MIXED(field, want, named)                                      \
	do {                                                           \
		struct receipt_act keep_ = t.ra->acts[0];              \
		t.ra->acts[0].field = t.rb->acts[0].field;             \
		assert_int_equal(again(&t, last, sizeof(last)), want); \
		if (!strstr(last, named))                              \
			fail_msg("%s: %s", #field, last);              \
		t.ra->acts[0] = keep_;                                 \
	} while (0)

static void mixed(void **state)
{
	struct two t;
	char last[1500];

	(void)state;
	two_open(&t);
	OK(again(&t, last, sizeof(last)));
	MIXED(statement, ERR_SIG, "第1项 签名");
	MIXED(sig, ERR_SIG, "第1项 签名");
	MIXED(ocsp, ERR_PROOF, "第1项");
	MIXED(path, ERR_PROOF, "第1项 日志证明");
	{
		struct receipt_act keep = t.ra->acts[0], other = t.rb->acts[0];
		t.ra->acts[0].statement = other.statement;
		t.ra->acts[0].sig = other.sig;
		assert_int_equal(again(&t, last, sizeof(last)), ERR_STATEMENT); /* it names case-2 */
		t.ra->acts[0] = keep;
		t.ra->acts[0] = t.ra->acts[2];
		assert_int_equal(again(&t, last, sizeof(last)), ERR_RECEIPT);
		t.ra->acts[0] = keep;
		t.ra->acts[0].seq++;
		assert_int_equal(again(&t, last, sizeof(last)), ERR_PROOF);
		t.ra->acts[0] = keep;
		t.ra->acts[0].rule = SPAN_LIT("timer:x");
		assert_int_equal(again(&t, last, sizeof(last)), ERR_RECEIPT);
		t.ra->acts[0] = keep;
	}
	t.ra->subject = SPAN_LIT("case-2");
	assert_int_equal(again(&t, last, sizeof(last)), ERR_STATEMENT);
	t.ra->subject = SPAN_LIT("case-1");
	struct receipt_head keep = t.ra->heads[1];
	t.ra->heads[1].stamp = t.ra->heads[0].stamp;
	assert_int_equal(again(&t, last, sizeof(last)), ERR_SIG);
	t.ra->heads[1] = keep;
	t.ra->heads[1].sig = t.ra->heads[0].sig;
	assert_int_equal(again(&t, last, sizeof(last)), ERR_SIG);
	t.ra->heads[1] = keep;
	t.ra->heads[1].proof = t.ra->heads[0].proof;
	assert_int_equal(again(&t, last, sizeof(last)), ERR_PROOF);
	t.ra->heads[1] = keep;
	t.ra->heads[1] = t.rb->heads[1];
	assert_int_not_equal(again(&t, last, sizeof(last)), ERR_OK);
	t.ra->heads[1] = keep;
	t.ra->n_acts--; /* the last act, but not its head */
	assert_int_equal(again(&t, last, sizeof(last)), ERR_RECEIPT);
	t.ra->n_acts++;
	OK(again(&t, last, sizeof(last)));
	two_close(&t);
}

static void resigned(void **state)
{
	struct two t;
	char last[1500];
	struct sm2_sig sig;

	(void)state;
	two_open(&t);
	/* The reviewer signs the clerk's act, with his own good certificate: the leaf knows another. */
	struct receipt_act *a = &t.ra->acts[0], keep = *a;
	OK(gm_sign(t.h.reviewer.key, a->statement, &sig));
	a->sig = SPAN_ARR(sig.b);
	assert_int_equal(again(&t, last, sizeof(last)), ERR_SIG);
	a->cert = cert_der(t.h.reviewer.cert);
	assert_int_equal(again(&t, last, sizeof(last)), ERR_ABSENT); /* the status answer is about the clerk's */
	a->ocsp = t.ra->acts[2].ocsp;
	assert_int_not_equal(again(&t, last, sizeof(last)), ERR_OK);
	*a = keep;
	/* The same key signs again: another signature, and the leaf knows the first. */
	OK(gm_sign(t.h.clerk.key, a->statement, &sig));
	a->sig = SPAN_ARR(sig.b);
	assert_int_equal(again(&t, last, sizeof(last)), ERR_PROOF);
	*a = keep;
	/* A head by an officer's key. */
	struct receipt_head *h = &t.ra->heads[0], kept = *h;
	OK(gm_sign(t.h.clerk.key, h->text, &sig));
	h->sig = SPAN_ARR(sig.b);
	assert_int_equal(again(&t, last, sizeof(last)), ERR_SIG);
	t.ra->log = cert_der(t.h.clerk.cert);
	assert_int_equal(again(&t, last, sizeof(last)), ERR_CERT_USAGE);
	*h = kept;
	two_close(&t);
}

/* --- times and status --- */

static void timed(void **state)
{
	static const struct {
		int64_t stamp_late, status_early;
		enum err e;
	} rows[] = {
		{0, 0, ERR_OK},
		{VERIFY_FRESH_SEC - 1, 0, ERR_OK},
		{VERIFY_FRESH_SEC + 2, 0, ERR_STALE},
		{-2, 0, ERR_STALE},
		{0, 5, ERR_STALE},
		{1000000, 0, ERR_STALE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct hall h;
		AUTO_BUF(file, RECEIPT_MAX);
		hall_open(&h);
		h.stamp_late_sec = rows[i].stamp_late;
		h.status_early_sec = rows[i].status_early;
		hall_act(&h, &h.clerk, "case-1", NULL);
		(void)hall_sequence(&h);
		make(&h, "case-1", &file);
		if (verify(&h, buf_span(&file), NULL) != rows[i].e)
			fail_msg("row %zu", i);
		hall_close(&h);
	}
}

static void dated_ahead(void **state)
{
	struct hall h;
	uint8_t root[32];
	AUTO_BUF(file, RECEIPT_MAX);

	(void)state;
	small(&h, &file);
	OK(cert_sm3(h.root.cert, root));
	struct verify_plan p = {.root_sm3 = root, .now = clock_now(h.clock) - VERIFY_SKEW_SEC - 60};
	assert_int_equal(verify_receipt(buf_span(&file), &p), ERR_STALE);
	p.now = clock_now(h.clock) + 3650LL * DAY; /* long after: everything was good then */
	OK(verify_receipt(buf_span(&file), &p));
	hall_close(&h);
}

static void revoked(void **state)
{
	static const struct {
		int64_t before_sec;
		enum err e;
	} rows[] = {{100, ERR_CERT_REVOKED}, {0, ERR_CERT_REVOKED}, {-1000, ERR_OK}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct hall h;
		struct seen s;
		AUTO_BUF(file, RECEIPT_MAX);
		hall_open(&h);
		h.revoked = h.clerk.cert;
		hall_act(&h, &h.clerk, "case-1", NULL);
		h.revoked_at = clock_now(h.clock) - rows[i].before_sec - (rows[i].before_sec == 0 ? 1 : 0);
		(void)hall_sequence(&h);
		make(&h, "case-1", &file);
		assert_int_equal(verify(&h, buf_span(&file), &s), rows[i].e);
		if (rows[i].e != ERR_OK)
			assert_non_null(strstr(s.last, "第1项 证书状态"));
		hall_close(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(verifications),
		cmocka_unit_test(not_yet),
		cmocka_unit_test(flipped),
		cmocka_unit_test(flipped_and_rechecked),
		cmocka_unit_test(cut),
		cmocka_unit_test(mixed),
		cmocka_unit_test(resigned),
		cmocka_unit_test(timed),
		cmocka_unit_test(dated_ahead),
		cmocka_unit_test(revoked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
