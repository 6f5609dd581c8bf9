/* Receipts made by somebody who wants to deceive, out of parts that are genuine: each refused, with the first fault
 * named; and those that look bad but are good (certificates that ended later), which say so. What single octets do is
 * in test_receipt.c. */
#include "hall.h"
#include "evidence/receipt_make.h"
#include "evidence/standing.h"
#include "evidence/verify.h"
#include "base/text.h"
#include "gm/sm3.h"

struct seen {
	char last[2600], all[16384];
};

static void step(const struct verify_step *s, void *ctx)
{
	struct seen *x = ctx;
	size_t n = strlen(x->all);

	(void)snprintf(x->last, sizeof(x->last), "%s: %s", s->title, s->text);
	(void)snprintf(x->all + n, sizeof(x->all) - n, "%s\n", x->last);
}

static enum err verify_at(const struct hall *h, struct span file, int64_t now, struct seen *ret_s)
{
	uint8_t root[32];

	memset(ret_s, 0, sizeof(*ret_s));
	OK(cert_sm3(h->root.cert, root));
	const struct verify_plan p = {.root_sm3 = root, .now = now, .step = step, .ctx = ret_s};
	enum err e = verify_receipt(file, &p);
	err_clear();
	return e;
}

/* Written and verified; what no parser takes counts as a fault of form. */
static enum err judge(const struct hall *h, const struct receipt *r, struct seen *ret_s)
{
	AUTO_BUF(file, RECEIPT_MAX);

	enum err e = receipt_encode(r, &file);
	if (e == ERR_OK)
		return verify_at(h, buf_span(&file), clock_now(h->clock), ret_s);
	err_clear();
	memset(ret_s, 0, sizeof(*ret_s));
	(void)snprintf(ret_s->last, sizeof(ret_s->last), "格式");
	return e;
}

#define REFUSED(h, r, want, named)                                                                              \
	do {                                                                                                    \
		struct seen s_;                                                                                 \
		enum err e_ = judge(h, r, &s_);                                                                 \
		if (e_ != (want) || !strstr(s_.last, named))                                                    \
			fail_msg("line %d: %s instead of %s; last: %s", __LINE__, err_code(e_), err_code(want), \
			         s_.last);                                                                      \
	} while (0)

static void make(struct hall *h, const char *no, struct buf *out, struct receipt **ret_r)
{
	const struct receipt_of what = {no, h->keys, cert_der(h->root.cert), cert_der(h->ca.cert),
	                                cert_der(h->log.cert)};

	OK(receipt_make(h->store, &what, out));
	OK(receipt_parse(buf_span(out), ret_r));
}

/* A case as the desk does it: accepted, a timer, approved, made, lost; the later acts name the earlier ones. Three
 * heads. */
enum { ACCEPTED, TIMED, APPROVED, MADE, LOST, ACTS };
static void story(struct hall *h, const char *no)
{
	static const char key[] = "04"
				  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
				  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	char accept[65], approve[65];
	AUTO_BUF(text, STATEMENT_MAX);
	const struct statement_kv kv[] = {{"accept", accept},
	                                  {"case", no},
	                                  {"kind", "issue"},
	                                  {"profile", "unit"},
	                                  {"unit-no", "43010024"},
	                                  {"unit-name", "长沙测试一号科技有限公司"},
	                                  {"uscc", "91430100MAYYYY016Y"},
	                                  {"person-id", "U0000001"},
	                                  {"holder", "测试经办人"},
	                                  {"days", "365"},
	                                  {"medium", "attested"},
	                                  {"letter", "委托书"},
	                                  {"officer", "P000003"}};
	const struct statement_kv made[] = {
		{"approve", approve}, {"case", no}, {"card", "YX26000001"}, {"key", key}, {"officer", "P000003"}};

	hall_statement(h, &h->clerk, no, "CERT-ACCEPT", kv + 1, COUNT_OF(kv) - 1, &text);
	OK(sm3_hex(buf_span(&text), accept));
	hall_rule(h, "CASE-TIMER", no, "timer:case-days");
	(void)hall_sequence(h);
	buf_clear(&text);
	hall_statement(h, &h->reviewer, no, "CERT-APPROVE", kv, COUNT_OF(kv), &text);
	OK(sm3_hex(buf_span(&text), approve));
	hall_statement(h, &h->clerk, no, "CERT-MAKE", made, COUNT_OF(made), NULL);
	(void)hall_sequence(h);
	hall_act(h, &h->clerk, no, NULL);
	(void)hall_sequence(h);
}

struct pair {
	struct hall h;
	struct buf fa, fb;
	struct receipt *a, *b;
};

static void pair_open(struct pair *p)
{
	struct seen s;

	p->fa = buf_make(RECEIPT_MAX);
	p->fb = buf_make(RECEIPT_MAX);
	hall_open(&p->h);
	story(&p->h, "case-1");
	story(&p->h, "case-2");
	make(&p->h, "case-1", &p->fa, &p->a);
	make(&p->h, "case-2", &p->fb, &p->b);
	assert_int_equal(p->a->n_acts, ACTS);
	assert_int_equal(p->a->n_heads, 3);
	assert_int_equal(judge(&p->h, p->a, &s), ERR_OK);
	assert_int_equal(judge(&p->h, p->b, &s), ERR_OK);
	assert_non_null(strstr(s.all, "第1项 证书申请受理: P000003"));
	assert_non_null(strstr(s.all, "第2项 证书申请到期处理: 证书申请期限的规则于"));
}

static void pair_close(struct pair *p)
{
	receipt_free(p->a);
	receipt_free(p->b);
	buf_done(&p->fa);
	buf_done(&p->fb);
	hall_close(&p->h);
}

/* --- two receipts of one bureau --- */

/* Every choice of subject, three heads and five acts out of the two receipts: 512, of which two are good. */
static void every_mixture(void **state)
{
	struct pair p;
	size_t parsed = 0, good = 0;

	(void)state;
	pair_open(&p);
	for (unsigned bits = 0; bits < 1u << (1 + 3 + ACTS); bits++) {
		struct receipt_head heads[3];
		struct receipt_act acts[ACTS];
		struct receipt r = *p.a;
		struct seen s;
		r.subject = (bits & 1 ? p.b : p.a)->subject;
		r.heads = heads;
		r.acts = acts;
		for (size_t i = 0; i < 3; i++)
			heads[i] = (bits >> (1 + i) & 1 ? p.b : p.a)->heads[i];
		for (size_t i = 0; i < ACTS; i++)
			acts[i] = (bits >> (4 + i) & 1 ? p.b : p.a)->acts[i];
		enum err e = judge(&p.h, &r, &s);
		parsed += strcmp(s.last, "格式") != 0;
		good += e == ERR_OK;
		if (e == ERR_OK && bits != 0 && bits != (1u << (1 + 3 + ACTS)) - 1)
			fail_msg("mixture %x is accepted", bits);
	}
	printf("# %zu of 512 mixtures are in form\n", parsed);
	assert_int_equal(good, 2);
	assert_true(parsed > 60);
	pair_close(&p);
}

static void order_of_acts(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	for (size_t i = 0; i + 1 < ACTS; i++) {
		struct receipt_act x = p.a->acts[i], y = p.a->acts[i + 1];
		p.a->acts[i] = y;
		p.a->acts[i + 1] = x;
		REFUSED(&p.h, p.a, ERR_RECEIPT, "格式");
		/* renumbered, so that the form is kept */
		p.a->acts[i].head = x.head;
		p.a->acts[i].index = x.index;
		p.a->acts[i + 1].head = y.head;
		p.a->acts[i + 1].index = y.index;
		struct seen s;
		enum err e = judge(&p.h, p.a, &s);
		if (e == ERR_OK || strstr(s.last, i == 0 ? "第1项" : "第") == NULL)
			fail_msg("acts %zu and %zu exchanged: %s", i, i + 1, s.last);
		p.a->acts[i] = x;
		p.a->acts[i + 1] = y;
	}
	pair_close(&p);
}

static void take_out(struct receipt *r, size_t n)
{
	memmove(r->acts + n, r->acts + n + 1, (r->n_acts - n - 1) * sizeof(*r->acts));
	r->n_acts--;
}

/* What nobody refers to can be left out: receipt.md, 4 says so. */
static void left_out(void **state)
{
	static const struct {
		size_t act;
		enum err e;
		const char *named;
	} rows[] = {
		{ACCEPTED, ERR_STATEMENT, "第2项 前后衔接"},
		{APPROVED, ERR_STATEMENT, "第3项 前后衔接"},
		{LOST, ERR_RECEIPT, "格式"},
		{TIMED, ERR_OK, "第4项 证书冻结"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pair p;
		pair_open(&p);
		take_out(p.a, rows[i].act);
		REFUSED(&p.h, p.a, rows[i].e, rows[i].named);
		pair_close(&p);
	}
}

static void status_exchanged(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	struct receipt_act *a = p.a->acts;
	struct span first = a[ACCEPTED].ocsp, made = a[MADE].ocsp;
	a[ACCEPTED].ocsp = a[APPROVED].ocsp; /* about the reviewer */
	REFUSED(&p.h, p.a, ERR_ABSENT, "第1项 证书状态");
	a[ACCEPTED].ocsp = made; /* of another act of the same person */
	REFUSED(&p.h, p.a, ERR_PROOF, "第1项 日志证明");
	a[ACCEPTED].ocsp = first;
	/* On a slow machine a second has passed between the two acts, and then the answer is too old as well. */
	int64_t produced = 0;
	OK(standing_produced(first, &produced));
	a[MADE].ocsp = first;
	if (produced < a[MADE].time)
		REFUSED(&p.h, p.a, ERR_STALE, "第4项 证书状态");
	else
		REFUSED(&p.h, p.a, ERR_PROOF, "第4项 日志证明");
	pair_close(&p);
}

static void stamp_of_another_head(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 6; j++) {
			const struct receipt *from = j < 3 ? p.a : p.b;
			if (j == i)
				continue;
			char named[64];
			struct span keep = p.a->heads[i].stamp;
			(void)snprintf(named, sizeof(named), "第%zu个日志头 时间戳", i + 1);
			p.a->heads[i].stamp = from->heads[j % 3].stamp;
			REFUSED(&p.h, p.a, ERR_SIG, named);
			p.a->heads[i].stamp = keep;
		}
	pair_close(&p);
}

/* --- two bureaus of the same names --- */

static void other_bureau(void **state)
{
	struct pair p;
	struct hall other;
	struct seen s;
	AUTO_BUF(file, RECEIPT_MAX);
	AUTO(receipt) r = NULL;

	(void)state;
	pair_open(&p);
	hall_open(&other);
	story(&other, "case-1");
	make(&other, "case-1", &file, &r);
	assert_int_equal(judge(&other, r, &s), ERR_OK);
	assert_string_equal(cert_common_name(other.clerk.cert), cert_common_name(p.h.clerk.cert));
	REFUSED(&p.h, r, ERR_CERT_CHAIN, "根证书");
	/* Our root, CA and log certificate put in front of the others' acts, in every choice: only ours together are a
	 * chain. */
	const struct receipt theirs = *r;
	for (unsigned bits = 1; bits < 8; bits++) {
		*r = theirs;
		r->root = bits & 1 ? p.a->root : theirs.root;
		r->ca = bits & 2 ? p.a->ca : theirs.ca;
		r->log = bits & 4 ? p.a->log : theirs.log;
		enum err e = judge(&p.h, r, &s);
		if (e == ERR_OK || strstr(s.last, !(bits & 1) ? "根证书"
		                                  : bits == 7 ? "第1个日志头 签名"
		                                              : "证书链") == NULL)
			fail_msg("certificates %x: %s", bits, s.last);
	}
	/* Our heads as well: their acts are not in them. */
	r->heads = p.a->heads;
	r->n_heads = p.a->n_heads;
	REFUSED(&p.h, r, ERR_BUREAU, "第1项 签名");
	*r = theirs;
	hall_close(&other);
	pair_close(&p);
}

/* --- entries that the bureau itself wrote wrongly --- */

static void statement_of_another_case(void **state)
{
	struct hall h;
	struct sm2_sig sig;
	AUTO_BUF(text, STATEMENT_MAX);
	AUTO_BUF(file, RECEIPT_MAX);
	AUTO(receipt) r = NULL;

	(void)state;
	hall_open(&h);
	hall_act(&h, &h.clerk, "case-2", &text);
	OK(gm_sign(h.clerk.key, buf_span(&text), &sig));
	hall_append(&h, &(struct log_what){.kind = "CERT-SUSPEND",
	                                   .subject = "case-1",
	                                   .time = clock_now(h.clock),
	                                   .statement = buf_span(&text),
	                                   .sig = SPAN_ARR(sig.b),
	                                   .cert = cert_der(h.clerk.cert)});
	(void)hall_sequence(&h);
	make(&h, "case-1", &file, &r);
	REFUSED(&h, r, ERR_STATEMENT, "第1项 签名");
	hall_close(&h);
}

static void act_dated_ahead(void **state)
{
	static const struct {
		bool person;
		int64_t ahead;
		enum err e;
		const char *named;
	} rows[] = {
		{false, 60, ERR_STALE, "第1项 日志证明"},
		{true, 60, ERR_STALE, "第1项 证书状态"},
		{true, 7200, ERR_STALE, "第1项 签名"},
		{true, -7200, ERR_STALE, "第1项 签名"},
		{true, 0, ERR_OK, "第1项"},
		{false, 0, ERR_OK, "第1项"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct hall h;
		struct sm2_sig sig;
		AUTO_BUF(text, STATEMENT_MAX);
		AUTO_BUF(file, RECEIPT_MAX);
		AUTO(receipt) r = NULL;
		hall_open(&h);
		hall_act(&h, &h.clerk, "case-1", &text);
		OK(gm_sign(h.clerk.key, buf_span(&text), &sig));
		hall_sql(&h, "DELETE FROM log_entry"); /* the text is needed, not its entry */
		struct log_what w = {.kind = "CERT-SUSPEND",
		                     .subject = "case-1",
		                     .time = clock_now(h.clock) + rows[i].ahead,
		                     .statement = buf_span(&text),
		                     .sig = SPAN_ARR(sig.b),
		                     .cert = cert_der(h.clerk.cert)};
		if (!rows[i].person)
			w = (struct log_what){.kind = "CASE-TIMER",
			                      .subject = "case-1",
			                      .time = w.time,
			                      .rule = "timer:case-days"};
		hall_append(&h, &w);
		(void)hall_sequence(&h);
		make(&h, "case-1", &file, &r);
		REFUSED(&h, r, rows[i].e, rows[i].named);
		hall_close(&h);
	}
}

/* The last head made anew by the right keys, as changed; texts live in the buffers. */
struct forged {
	struct buf text, stamp;
	struct sm2_sig sig;
};

static void forge_head(struct pair *p, const struct head *head, int64_t stamped, struct forged *f)
{
	struct receipt_head *last = &p->a->heads[2];

	buf_init(&f->text, HEAD_TEXT_MAX);
	buf_init(&f->stamp, LOG_STAMP_MAX);
	OK(head_build(head, &f->text));
	OK(gm_sign(p->h.log.key, buf_span(&f->text), &f->sig));
	hall_stamp(&p->h, buf_span(&f->text), stamped, &f->stamp);
	last->text = buf_span(&f->text);
	last->sig = SPAN_ARR(f->sig.b);
	last->stamp = buf_span(&f->stamp);
}

static void forged_done(struct forged *f)
{
	buf_done(&f->text);
	buf_done(&f->stamp);
}

/* Over the right tree, at times that are not. */
static void head_dated_ahead(void **state)
{
	static const struct {
		int64_t head, stamp;
		enum err e;
		const char *named;
	} rows[] = {
		{0, 0, ERR_OK, "第5项"},
		{4000, 4000, ERR_STALE, "第3个日志头 时间戳"},
		{0, 4000, ERR_STALE, "第3个日志头 时间戳"},
		{100, 0, ERR_STALE, "第3个日志头 时间戳"},
		{-4000, 0, ERR_STALE, "第3个日志头 时间戳"},
		{-4000, -4000, ERR_STALE, "第5项 证书状态"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pair p;
		struct head head;
		struct forged f;
		pair_open(&p);
		OK(head_parse(p.a->heads[2].text, &head));
		int64_t at = head.time;
		head.time = at + rows[i].head;
		forge_head(&p, &head, at + rows[i].stamp, &f);
		REFUSED(&p.h, p.a, rows[i].e, rows[i].named);
		forged_done(&f);
		pair_close(&p);
	}
}

/* What the log's key would have to have signed wrongly. A tree of one leaf more has proofs of consistency of the same
 * form: there the act's own proof is what does not fit. */
static void head_of_another_log(void **state)
{
	static const struct {
		int what;
		enum err e;
		const char *named;
	} rows[] = {
		{0, ERR_BUREAU, "第3个日志头 签名"},  {1, ERR_RECEIPT, "第3个日志头 签名"},
		{2, ERR_PROOF, "第5项 日志证明"},     {3, ERR_PROOF, "第1个日志头 一致性"},
		{4, ERR_RECEIPT, "第3个日志头 签名"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pair p;
		struct head head;
		struct forged f;
		pair_open(&p);
		OK(head_parse(p.a->heads[2].text, &head));
		switch (rows[i].what) {
		case 0:
			head.bureau[0] = head.bureau[0] == '0' ? '1' : '0';
			break;
		case 1:
			head.epoch++;
			break;
		case 2:
			head.size++;
			break;
		case 3:
			head.root[31] ^= 1;
			break;
		default:
			head.size = 1;
			break;
		}
		forge_head(&p, &head, head.time, &f);
		REFUSED(&p.h, p.a, rows[i].e, rows[i].named);
		forged_done(&f);
		pair_close(&p);
	}
}

/* --- certificates that ended --- */

static void ended(void **state)
{
	static const struct {
		bool suspended;
		int64_t before_sec;
		enum err e;
		const char *says;
	} rows[] = {
		{false, 100, ERR_CERT_REVOKED, "第1项 证书状态"},
		{true, 100, ERR_CERT_SUSPENDED, "第1项 证书状态"},
		{false, 0, ERR_CERT_REVOKED, "第1项 证书状态"},
		{true, 0, ERR_CERT_SUSPENDED, "第1项 证书状态"},
		{false, -20, ERR_OK, "吊销，在签名之后，不影响本项"},
		{true, -20, ERR_OK, "冻结，在签名之后，不影响本项"},
		{false, -4000, ERR_OK, "当时有效；日志第 0 项"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct hall h;
		AUTO_BUF(file, RECEIPT_MAX);
		AUTO(receipt) r = NULL;
		hall_open(&h);
		h.revoked = h.clerk.cert;
		h.suspended = rows[i].suspended;
		h.revoked_at = clock_now(h.clock) - rows[i].before_sec;
		hall_act(&h, &h.clerk, "case-1", NULL);
		hall_later(&h, 60); /* ordered a minute later: the answer knows what happened after the act */
		(void)hall_sequence(&h);
		make(&h, "case-1", &file, &r);
		REFUSED(&h, r, rows[i].e, rows[i].says);
		hall_close(&h);
	}
}

/* Years later: everything was in its time then, and the text names what has ended since. */
static void read_years_later(void **state)
{
	struct pair p;
	struct seen s;

	(void)state;
	pair_open(&p);
	OK(verify_at(&p.h, buf_span(&p.fa), clock_now(p.h.clock) + 400LL * DAY, &s));
	assert_null(strstr(s.all, "到期,"));
	OK(verify_at(&p.h, buf_span(&p.fa), clock_now(p.h.clock) + 2950LL * DAY, &s));
	assert_non_null(strstr(s.all, "签发机构证书已于 "));
	assert_non_null(strstr(s.all, "日志签名证书已于 "));
	assert_null(strstr(s.all, "根证书已于 "));
	OK(verify_at(&p.h, buf_span(&p.fa), clock_now(p.h.clock) + 30000LL * DAY, &s));
	assert_non_null(strstr(s.all, "根证书已于 "));
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mixture),
		cmocka_unit_test(order_of_acts),
		cmocka_unit_test(left_out),
		cmocka_unit_test(status_exchanged),
		cmocka_unit_test(stamp_of_another_head),
		cmocka_unit_test(other_bureau),
		cmocka_unit_test(statement_of_another_case),
		cmocka_unit_test(act_dated_ahead),
		cmocka_unit_test(head_dated_ahead),
		cmocka_unit_test(head_of_another_log),
		cmocka_unit_test(ended),
		cmocka_unit_test(read_years_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
