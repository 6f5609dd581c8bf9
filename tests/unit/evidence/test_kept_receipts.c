/* What was issued once verifies for ever: a receipt of each kind, in the form that it had before statements became wide
 * and since (tests/vectors/receipts). And the widest receipt of today, at its limits. */
#include "hall.h"
#include "base/file.h"
#include "base/text.h"
#include "evidence/receipt_make.h"
#include "evidence/verify.h"
#include "gm/sm3.h"
#include <sys/resource.h>

struct told {
	size_t acts;
	char type[40];
};

static void take_act(const struct verify_act *a, void *ctx)
{
	struct told *t = ctx;

	if (t->acts++ == 0 && a->statement != NULL)
		(void)snprintf(t->type, sizeof(t->type), "%s", statement_type(a->statement));
}

static enum err verify(struct span file, const uint8_t root[32], int64_t now, struct told *ret_t)
{
	*ret_t = (struct told){.acts = 0};
	const struct verify_plan p = {.root_sm3 = root, .now = now, .act = take_act, .ctx = ret_t};
	enum err e = verify_receipt(file, &p);
	err_clear();
	return e;
}

/* --- of before --- */

static void load(const char *folder, const char *name, struct buf *out)
{
	char path[600];

	(void)snprintf(path, sizeof(path), "%s/receipts/%s/%s", VECTORS, folder, name);
	buf_clear(out);
	OK(file_read(path, out));
}

static void root_and_time(const char *folder, uint8_t ret_root[32], int64_t *ret_now)
{
	AUTO_BUF(text, 128);
	AUTO_BUF(root, 32);

	load(folder, "root.sm3", &text);
	OK(text_unhex(buf_span(&text), &root));
	memcpy(ret_root, root.ptr, 32);
	load(folder, "now", &text);
	OK(text_i64(span_of(text.ptr, text.len - 1), 1, INT64_MAX, ret_now));
}

static void kept(void **state)
{
	static const struct {
		const char *folder, *name, *type;
		size_t acts;
	} rows[] = {
		{"narrow", "certificate.yxr", "CERT-ACCEPT", 2},
		{"narrow", "filing.yxr", "FILING-SUBMIT", 3},
		{"narrow", "correction.yxr", "FILING-CORRECT", 3},
		{"wide", "certificate.yxr", "CERT-ACCEPT", 2},
		{"wide", "filing.yxr", "FILING-SUBMIT", 3},
		{"wide", "correction.yxr", "FILING-CORRECT", 3},
		{"wide", "filing-wide.yxr", "FILING-SUBMIT-WIDE", 3},
		{"wide", "correction-wide.yxr", "FILING-CORRECT-WIDE", 3},
	};
	AUTO_BUF(file, RECEIPT_MAX);
	uint8_t root[32];
	int64_t now;
	struct told t;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		root_and_time(rows[i].folder, root, &now);
		load(rows[i].folder, rows[i].name, &file);
		if (verify(buf_span(&file), root, now, &t) != ERR_OK)
			fail_msg("%s/%s", rows[i].folder, rows[i].name);
		assert_string_equal(t.type, rows[i].type);
		assert_int_equal(t.acts, rows[i].acts);
		file.ptr[file.len / 3] ^= 1;
		assert_int_not_equal(verify(buf_span(&file), root, now, &t), ERR_OK);
	}
}

/* --- the widest of today --- */

static long peak_mib(void)
{
	struct rusage u;
	assert_int_equal(getrusage(RUSAGE_SELF, &u), 0);
	return u.ru_maxrss / 1024;
}

/* Octets of the last row of n letters as it is written. */
static size_t written(size_t n)
{
	size_t all = 0;

	for (size_t piece = 1; n > 0; piece++) {
		size_t part = n < STATEMENT_LINE_MAX ? n : STATEMENT_LINE_MAX;
		all += part + strlen("row.10000/1: \n") + (piece >= 10);
		n -= part;
	}
	return all;
}

/* A submission with 10,000 rows of which the last makes it as long as a statement may be. */
static void submit(struct hall *h, const char *no, struct buf *text)
{
	enum { HEAD = 11, EACH = 822 };
	static char row[EACH + 1], last[LIMIT_VALUE + 1];
	static struct statement_kv kv[HEAD + LIMIT_ROWS];
	const struct statement_kv head[HEAD] = {
		{"business", "B03"},       {"matter", "x"},         {"filing", no},     {"version", "1"},
		{"definition", h->bureau}, {"unit-no", "43010024"}, {"unit-name", "x"}, {"person-id", "1"},
		{"holder", "x"},           {"form", "-"},           {"attach", "-"}};
	memset(row, 'x', EACH);
	memcpy(kv, head, sizeof(head));
	for (size_t i = 0; i < LIMIT_ROWS; i++)
		kv[HEAD + i] = (struct statement_kv){"row", i + 1 < LIMIT_ROWS ? row : last};
	last[0] = 'x';
	hall_statement(h, &h->clerk, "0", "FILING-SUBMIT-WIDE", kv, HEAD + LIMIT_ROWS, text);
	size_t n = LIMIT_VALUE, left = LIMIT_STATEMENT - text->len + strlen("row.10000: x\n");
	while (written(n) > left)
		n--;
	assert_int_equal(written(n), left);
	memset(last, 'x', n);
	buf_clear(text);
	hall_statement(h, &h->clerk, no, "FILING-SUBMIT-WIDE", kv, HEAD + LIMIT_ROWS, text);
}

static void widest(void **state)
{
	struct hall h;
	AUTO_BUF(text, STATEMENT_WIDE_MAX);
	AUTO_BUF(file, RECEIPT_MAX);
	uint8_t root[32];
	struct told t;

	(void)state;
	hall_open(&h);
	submit(&h, "W1", &text);
	assert_int_equal(text.len, LIMIT_STATEMENT);
	(void)hall_sequence(&h);
	const struct receipt_of what = {"W1", h.keys, cert_der(h.root.cert), cert_der(h.ca.cert), cert_der(h.log.cert)};
	OK(receipt_make(h.store, &what, &file));
	OK(cert_sm3(h.root.cert, root));
	assert_int_equal(verify(buf_span(&file), root, clock_now(h.clock), &t), ERR_OK);
	assert_string_equal(t.type, "FILING-SUBMIT-WIDE");
	/* what the portal issues for one widest submission, its page takes */
	assert_true(file.len <= LIMIT_RECEIPT_UPLOAD);
	print_message("# receipt of %zu octets, peak %ld MiB\n", file.len, peak_mib());
	/* one octet more in the log */
	struct log_act a = {0};
	AUTO_BUF(more, LIMIT_STATEMENT + 1);
	buf_put(&more, buf_span(&text));
	buf_str(&more, "x");
	assert_int_equal(log_act_init(&a, h.keys,
	                              &(struct log_what){.kind = "TICK",
	                                                 .subject = "W1",
	                                                 .rule = "timer:test",
	                                                 .time = 1,
	                                                 .statement = buf_span(&more)}),
	                 ERR_LIMIT);
	log_act_done(&a);
	err_clear();
	hall_close(&h);
}

static void put_act(struct receipt *r, const struct receipt *like, struct span statement)
{
	struct receipt_act a = like->acts[0];

	a.statement = statement;
	OK(receipt_add_act(r, &a));
}

/* The form of a file, whatever it proves: octets of a statement, and of the whole, at their limits. */
static void form_limits(void **state)
{
	AUTO_BUF(file, RECEIPT_MAX + 1);
	AUTO_BUF(out, RECEIPT_MAX);
	AUTO_BUF(big, LIMIT_STATEMENT + 1);
	AUTO(receipt) like = NULL;

	(void)state;
	load("narrow", "filing.yxr", &file);
	OK(receipt_parse(buf_span(&file), &like));
	while (big.len < LIMIT_STATEMENT)
		buf_u8(&big, 'x');
	for (size_t over = 0; over < 2; over++) {
		AUTO(receipt) r = NULL;
		OK(receipt_new(&r));
		r->root = like->root, r->ca = like->ca, r->log = like->log, r->subject = like->subject;
		OK(receipt_add_head(r, &like->heads[like->n_heads - 1]));
		r->heads[0].proof = SPAN_EMPTY;
		put_act(r, like, buf_span(&big));
		r->acts[0].head = 0;
		buf_clear(&out);
		assert_int_equal(receipt_encode(r, &out), over ? ERR_RECEIPT : ERR_OK);
		buf_u8(&big, 'x');
		err_clear();
	}
	/* a file of more than the maximum is not looked at */
	AUTO(receipt) none = NULL;
	buf_clear(&file);
	while (file.len < RECEIPT_MAX)
		buf_u8(&file, 'x');
	assert_int_equal(receipt_parse(buf_span(&file), &none), ERR_RECEIPT);
	assert_non_null(strstr(err_detail(), "not a receipt"));
	err_clear();
	buf_u8(&file, 'x');
	assert_int_equal(receipt_parse(buf_span(&file), &none), ERR_RECEIPT);
	assert_non_null(strstr(err_detail(), "longer than a receipt can be"));
	err_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(kept), cmocka_unit_test(widest),
	                                   cmocka_unit_test(form_limits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
