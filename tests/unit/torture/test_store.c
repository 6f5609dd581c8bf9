/* store and evidence: what is written is whole or not there at all; receipts are made and checked. */
#include "../evidence/hall.h"
#include "alloc.h"
#include "evidence/act.h"
#include "evidence/describe.h"
#include "evidence/log_check.h"
#include "evidence/receipt_make.h"
#include "evidence/verify.h"
#include <sqlite3.h>

static struct hall h;
static struct buf receipt, text;
static struct sm2_sig sig;

static int64_t rows(const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;
	assert_int_equal(sqlite3_open_v2(h.db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

/* --- one write of several rows --- */

static int64_t entries, nonces;

static enum err append_tx(struct tx *tx, void *arg)
{
	TRY(tx_exec(tx, "counter_next", SQL_ARGS(A_TEXT("torture")), NULL));
	return log_append(tx, arg);
}

static enum err do_append(void *ctx)
{
	struct log_act a;
	(void)ctx;
	const struct log_what w = {.kind = "TICK",
	                           .subject = "torture",
	                           .rule = "timer:test",
	                           .time = clock_now(h.clock),
	                           .statement = SPAN_LIT("一行")};
	enum err e = log_act_init(&a, h.keys, &w);
	if (e == ERR_OK)
		e = store_write(h.store, append_tx, &a);
	log_act_done(&a);
	return e;
}

static void both_or_none(void *ctx, enum err e)
{
	(void)ctx;
	int64_t now = rows("SELECT count(*) FROM log_entry WHERE subject = 'torture'");
	int64_t counted = rows("SELECT value FROM counter WHERE name = 'torture'");
	assert_int_equal(now, entries + (e == ERR_OK));
	assert_int_equal(counted, nonces + (e == ERR_OK));
	entries = now;
	nonces = counted;
}

/* --- order, head, receipt --- */

static enum err do_sequence(void *ctx)
{
	const struct log_service s = hall_service(ctx);
	struct log_done d;
	return log_sequence(h.store, &s, &d);
}

static enum err do_receipt(void *ctx)
{
	AUTO_BUF(out, RECEIPT_MAX);
	(void)ctx;
	const struct receipt_of what = {"case-1", h.keys, cert_der(h.root.cert), cert_der(h.ca.cert),
	                                cert_der(h.log.cert)};
	return receipt_make(h.store, &what, &out);
}

static enum err do_act(void *ctx)
{
	struct act a = {0};
	(void)ctx;
	TRY(act_open(buf_span(&text), SPAN_ARR(sig.b), cert_der(h.clerk.cert), NULL, h.bureau, &a));
	act_done(&a);
	return ERR_OK;
}

static enum err do_parse(void *ctx)
{
	AUTO(receipt) r = NULL;
	AUTO_BUF(out, RECEIPT_MAX);
	(void)ctx;
	TRY(receipt_parse(buf_span(&receipt), &r));
	return receipt_encode(r, &out);
}

static int set_up(void **state)
{
	(void)state;
	hall_open(&h);
	receipt = buf_make(RECEIPT_MAX);
	text = buf_make(STATEMENT_MAX);
	hall_act(&h, &h.clerk, "case-1", &text);
	OK(gm_sign(h.clerk.key, buf_span(&text), &sig));
	(void)hall_sequence(&h);
	const struct receipt_of what = {"case-1", h.keys, cert_der(h.root.cert), cert_der(h.ca.cert),
	                                cert_der(h.log.cert)};
	OK(receipt_make(h.store, &what, &receipt));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_done(&receipt);
	buf_done(&text);
	hall_close(&h);
	return 0;
}

static void test_all(void **state)
{
	(void)state;
	/* The writer's threads keep what they grew into. */
	const struct torture all[] = {
		{.name = "entry of the log", .op = do_append, .check = both_or_none, .keeps = true},
		{.name = "order and head", .op = do_sequence, .ctx = &h, .keeps = true},
		{.name = "receipt made", .op = do_receipt},
		{.name = "act opened", .op = do_act},
		{.name = "receipt read", .op = do_parse},
	};
	for (size_t i = 0; i < COUNT_OF(all); i++)
		torture(&all[i]);
	hall_reopen(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
