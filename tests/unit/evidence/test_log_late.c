/* The signer of heads is away for longer than a status answer is good for: the receipts are good all the same. What was
 * placed under no head is ordered anew; what a head covers stays where it is. The clock of the test is moved, nobody
 * waits. */
#include "hall.h"
#include "evidence/log_check.h"
#include "evidence/receipt_make.h"
#include "evidence/verify.h"
#include "gm/der.h"

/* --- looking --- */

static void fault(const struct log_fault *f, void *ctx)
{
	(void)ctx;
	print_error("%s %s %s: %s\n", f->table, f->row, f->column != NULL ? f->column : "-", f->what);
}

struct check_job {
	struct log_check c;
	struct log_sum sum;
};

static enum err check_fn(struct tx *tx, void *arg)
{
	struct check_job *j = arg;

	return log_check(tx, &j->c, &j->sum);
}

static struct log_sum whole(struct hall *h)
{
	struct check_job j = {
		.c = {.bureau = h->bureau, .log = h->log.cert, .ca = h->ca.cert, .signed_heads = true, .fault = fault}};

	OK(store_read(h->store, check_fn, &j));
	return j.sum;
}

static enum err judge(struct hall *h, const char *no)
{
	const struct receipt_of what = {no, h->keys, cert_der(h->root.cert), cert_der(h->ca.cert),
	                                cert_der(h->log.cert)};
	uint8_t root[32];
	AUTO_BUF(file, RECEIPT_MAX);

	enum err e = receipt_make(h->store, &what, &file);
	if (e == ERR_OK) {
		OK(cert_sm3(h->root.cert, root));
		const struct verify_plan p = {.root_sm3 = root, .now = clock_now(h->clock)};
		e = verify_receipt(buf_span(&file), &p);
	}
	err_clear();
	return e;
}

static enum err sequence(struct hall *h, bool asks, struct log_done *ret_d)
{
	h->asks_ready = asks;
	struct log_service v = hall_service(h);
	enum err e = log_sequence(h->store, &v, ret_d);
	err_clear();
	return e;
}

/* Placed with status, and then no head: the signer went away between the two. */
static void placed_under_no_head(struct hall *h)
{
	struct log_done d;

	hall_open(h);
	hall_act(h, &h->clerk, "before", NULL);
	(void)hall_sequence(h);
	hall_rule(h, "TICK", "case-1", "timer:test");
	hall_act(h, &h->clerk, "case-1", NULL);
	hall_act(h, &h->reviewer, "case-1", NULL);
	h->sign_fails = ERR_UNAVAILABLE;
	assert_int_equal(sequence(h, false, &d), ERR_UNAVAILABLE);
	assert_int_equal(d.entries, 3);
	assert_false(d.head);
	h->sign_fails = ERR_OK;
}

/* --- tests --- */

/* The signer is away when there is something to order: it is not ordered, however long that takes. */
static void away(void **state)
{
	struct hall h;
	struct log_done d;

	(void)state;
	hall_open(&h);
	hall_act(&h, &h.clerk, "case-1", NULL);
	h.sign_fails = ERR_UNAVAILABLE;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(sequence(&h, true, &d), ERR_UNAVAILABLE);
		assert_int_equal(d.entries, 0);
		hall_later(&h, 200);
	}
	assert_int_equal(judge(&h, "case-1"), ERR_RECEIPT_WAITS);
	h.sign_fails = ERR_OK;
	OK(sequence(&h, true, &d));
	assert_int_equal(d.entries, 1);
	assert_int_equal(judge(&h, "case-1"), ERR_OK);
	(void)whole(&h);
	hall_close(&h);
}

/* Nothing to do: nobody is asked. */
static void idle(void **state)
{
	struct hall h;
	struct log_done d;

	(void)state;
	hall_open(&h);
	h.sign_fails = ERR_UNAVAILABLE;
	OK(sequence(&h, true, &d));
	h.sign_fails = ERR_OK;
	hall_act(&h, &h.clerk, "case-1", NULL);
	(void)hall_sequence(&h);
	h.sign_fails = ERR_UNAVAILABLE;
	OK(sequence(&h, true, &d));
	hall_close(&h);
}

static void between(void **state)
{
	static const struct {
		bool asks;
		int64_t away_sec;
		uint64_t again;
		enum err e;
	} rows[] = {
		{false, 600, 0, ERR_STALE}, /* as it would be without taking places back */
		{true, 600, 3, ERR_OK},     {true, 100000, 3, ERR_OK}, {true, 250, 3, ERR_OK}, {true, 100, 0, ERR_OK},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct hall h;
		struct log_done d;
		placed_under_no_head(&h);
		hall_later(&h, rows[i].away_sec);
		OK(sequence(&h, rows[i].asks, &d));
		assert_true(d.head);
		assert_int_equal(d.entries, rows[i].again);
		if (judge(&h, "case-1") != rows[i].e)
			fail_msg("row %zu", i);
		assert_int_equal(judge(&h, "before"), ERR_OK);
		assert_int_equal(whole(&h).entries, 4);
		hall_close(&h);
	}
}

/* Taken back, and the signer is away again before the new head: again and again. */
static void again_and_again(void **state)
{
	struct hall h;
	struct log_done d;

	(void)state;
	placed_under_no_head(&h);
	for (int i = 0; i < 3; i++) {
		hall_later(&h, 1000);
		h.status_fails = ERR_UNAVAILABLE;
		assert_int_equal(sequence(&h, true, &d), ERR_UNAVAILABLE);
		assert_int_equal(d.entries, i == 0 ? 1 : 0); /* the rule, which needs no status */
		h.status_fails = ERR_OK;
		(void)whole(&h);
	}
	hall_act(&h, &h.clerk, "case-2", NULL);
	OK(sequence(&h, true, &d));
	assert_int_equal(judge(&h, "case-1"), ERR_OK);
	assert_int_equal(judge(&h, "case-2"), ERR_OK);
	assert_int_equal(whole(&h).entries, 5);
	hall_close(&h);
}

/* What a head covers stays: one that the signer remembers although its answer was lost, and an unsigned one here. */
static void under_a_head(void **state)
{
	struct hall h;
	struct log_done d;

	(void)state;
	placed_under_no_head(&h);
	h.sign_lost = true;
	assert_int_equal(sequence(&h, true, &d), ERR_UNAVAILABLE);
	h.sign_lost = false;
	hall_later(&h, 600);
	OK(sequence(&h, true, &d));
	assert_int_equal(d.entries, 0);
	assert_int_equal(judge(&h, "case-1"), ERR_STALE); /* the one gap that is left: log.md, 2 */
	(void)whole(&h);
	hall_close(&h);

	placed_under_no_head(&h);
	struct log_service v = hall_service(&h);
	v.ready = NULL;
	v.sign = NULL;
	OK(log_sequence(h.store, &v, &d));
	assert_true(d.head);
	hall_rule(&h, "TICK", "case-1", "timer:test");
	hall_later(&h, 600);
	OK(sequence(&h, true, &d));
	assert_int_equal(d.entries, 1);
	hall_close(&h);
}

/* The signer answers, but slowly: a head is made before the first answer of a long queue is too old for it. */
static void slow(void **state)
{
	enum { CASES = 9 };
	struct hall h;
	struct log_done d;
	char no[16];
	uint64_t entries = 0;

	(void)state;
	hall_open(&h);
	for (int i = 0; i < CASES; i++) {
		(void)snprintf(no, sizeof(no), "case-%d", i);
		hall_act(&h, &h.clerk, no, NULL);
	}
	h.status_takes_sec = 50;
	for (int i = 0; i < CASES && entries < CASES; i++) {
		OK(sequence(&h, true, &d));
		assert_true(d.head);
		entries += d.entries;
	}
	assert_int_equal(entries, CASES);
	for (int i = 0; i < CASES; i++) {
		(void)snprintf(no, sizeof(no), "case-%d", i);
		assert_int_equal(judge(&h, no), ERR_OK);
	}
	(void)whole(&h);
	hall_close(&h);
}

/* An entry that was changed meanwhile does not get good marks by being taken back. */
static void changed(void **state)
{
	struct hall h;
	struct log_done d;

	(void)state;
	placed_under_no_head(&h);
	hall_sql(&h, "UPDATE log_entry SET kind = 'CERT-RELEASE' WHERE seq = 3");
	hall_later(&h, 600);
	assert_int_equal(sequence(&h, true, &d), ERR_LOG_DAMAGED);
	assert_int_equal(d.entries, 0);
	hall_sql(&h, "UPDATE log_entry SET kind = 'CERT-SUSPEND' WHERE seq = 3");
	assert_int_equal(judge(&h, "case-1"), ERR_RECEIPT_WAITS);
	OK(sequence(&h, true, &d));
	assert_int_equal(judge(&h, "case-1"), ERR_OK);
	hall_close(&h);
}

/* --- acts that were let in by a status answer of their arrival --- */

struct counting {
	const char *no;
	uint64_t answers;
};

static enum err count_entry(const struct log_entry *e, void *ctx)
{
	struct counting *c = ctx;
	struct span s = e->ocsp, one;

	for (c->answers = 0; s.len > 0; c->answers++)
		OK(der_take_whole(&s, DER_SEQ, &one));
	return ERR_OK;
}

static enum err count_fn(struct tx *tx, void *arg)
{
	struct counting *c = arg;

	return log_entries_of(tx, c->no, count_entry, c);
}

static uint64_t answers_of(struct hall *h, const char *no)
{
	struct counting c = {no, 0};

	OK(store_read(h->store, count_fn, &c));
	return c.answers;
}

/* The answer that let the act in is its evidence: nobody is asked again while it is young, also when the certificate is
 * suspended in the very second of the arrival. */
static void came_with_it(void **state)
{
	struct hall h;
	struct log_done d;

	(void)state;
	hall_open(&h);
	h.comes_with_status = true;
	hall_act(&h, &h.clerk, "case-1", NULL);
	h.revoked = h.clerk.cert;
	h.suspended = true;
	h.revoked_at = clock_now(h.clock);
	h.status_fails = ERR_UNAVAILABLE;
	OK(sequence(&h, true, &d));
	assert_int_equal(d.entries, 1);
	assert_int_equal(answers_of(&h, "case-1"), 1);
	assert_int_equal(judge(&h, "case-1"), ERR_OK);
	(void)whole(&h);
	hall_close(&h);
}

/* The head comes later than five minutes. What the certificate is by then is said beside what it was when the act
 * arrived; both together prove the act, whatever came between, also in the same second; and what was not good at the
 * arrival stays refused. */
static void came_and_late(void **state)
{
	static const struct {
		bool brings, suspended;
		int64_t changed;
		int64_t away;
		uint64_t answers;
		enum err e;
	} rows[] = {
		{true, false, 1 << 20, 1000, 2, ERR_OK}, /* good all the time */
		{true, true, 0, 1000, 2, ERR_OK},        /* suspended in the second of the arrival, after it */
		{true, true, 5, 1000, 2, ERR_OK},
		{true, false, 300, 1000, 2, ERR_OK},
		{true, true, 0, 100, 1, ERR_OK},               /* not late */
		{false, true, 0, 1000, 1, ERR_CERT_SUSPENDED}, /* as it was before: nobody can tell */
		{false, true, 5, 1000, 1, ERR_OK},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct hall h;
		struct log_done d;
		hall_open(&h);
		h.comes_with_status = rows[i].brings;
		hall_act(&h, &h.clerk, "case-1", NULL);
		h.revoked = h.clerk.cert;
		h.suspended = rows[i].suspended;
		h.revoked_at = clock_now(h.clock) + rows[i].changed;
		h.sign_fails = ERR_UNAVAILABLE;
		assert_int_equal(sequence(&h, true, &d), ERR_UNAVAILABLE);
		hall_later(&h, rows[i].away);
		h.sign_fails = ERR_OK;
		OK(sequence(&h, true, &d));
		assert_int_equal(answers_of(&h, "case-1"), rows[i].answers);
		if (judge(&h, "case-1") != rows[i].e)
			fail_msg("row %zu", i);
		(void)whole(&h);
		hall_close(&h);
	}
}

/* Placed, and taken back because no head came: the answer of the arrival stays with the act through all of it. */
static void came_and_recalled(void **state)
{
	struct hall h;
	struct log_done d;

	(void)state;
	hall_open(&h);
	h.comes_with_status = true;
	hall_act(&h, &h.clerk, "case-1", NULL);
	h.revoked = h.clerk.cert;
	h.suspended = true;
	h.revoked_at = clock_now(h.clock);
	h.sign_fails = ERR_UNAVAILABLE;
	assert_int_equal(sequence(&h, false, &d), ERR_UNAVAILABLE);
	assert_int_equal(d.entries, 1);
	for (int i = 0; i < 3; i++) {
		hall_later(&h, 1000);
		h.sign_fails = ERR_OK;
		h.status_fails = ERR_UNAVAILABLE;
		assert_int_equal(sequence(&h, true, &d), ERR_UNAVAILABLE);
		h.status_fails = ERR_OK;
		assert_int_equal(answers_of(&h, "case-1"), 1);
		(void)whole(&h);
	}
	OK(sequence(&h, true, &d));
	assert_int_equal(answers_of(&h, "case-1"), 2);
	assert_int_equal(judge(&h, "case-1"), ERR_OK);
	(void)whole(&h);
	hall_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(away),          cmocka_unit_test(idle),
		cmocka_unit_test(between),       cmocka_unit_test(again_and_again),
		cmocka_unit_test(under_a_head),  cmocka_unit_test(slow),
		cmocka_unit_test(changed),       cmocka_unit_test(came_with_it),
		cmocka_unit_test(came_and_late), cmocka_unit_test(came_and_recalled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
