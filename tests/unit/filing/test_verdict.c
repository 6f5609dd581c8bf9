/* What is decided at submission holds: the month that a filing counts for, whether two review it, on whatever day it is
 * approved; a month waits for what came in time; what comes later is a supplement. */
#include "b03_world.h"
#include "evidence/log_check.h"
#include "server/insurance/month_turn.h"

#define JIA "430102199003079914", "测试经办人甲", "1"
#define YI  "430104198506159922", "测试职工乙", "2"

/* The n-th of the business month, at ten; of the next one from 32 on. */
static void move_to(struct b03_world *b, int day)
{
	int64_t to = month_first(b->period) + (int64_t)(day - 1) * DAY + 36000;
	office_move_clock(&b->w.o, to - clock_now(NULL));
}

static void file_one(struct b03_world *b, const char *id, const char *name, const char *sex, char no[FILING_NO_MAX + 1])
{
	b03_world_draft(b, json_pack("[o]", b03_world_row(b, id, name, sex)), no);
	OK(world_submit(&b->w, no, &b->w.operator));
}

static void turn(struct b03_world *b)
{
	OK(month_turn_unit(&b->w.o.desk, b->tables, "10000016"));
}

static void expect_sql(struct b03_world *b, const char *sql, const char *want)
{
	AUTO_BUF(got, 400);
	b03_world_sql(b, sql, &got);
	assert_string_equal(buf_cstr(&got), want);
}

static void expect_bill(struct b03_world *b, const char *want)
{
	char sql[160];
	(void)snprintf(sql, sizeof(sql), "SELECT state || ' ' || persons FROM bill WHERE month = %d", b->period);
	expect_sql(b, sql, want);
}

/* Filed on the 20th, decided after the window has closed: no back payment, no second review. */
static void test_judged_when_filed(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1], sql[100], want[20];
	move_to(b, 20);
	file_one(b, JIA, no);
	(void)snprintf(sql, sizeof(sql),
	               "SELECT month || ' ' || back_dated || ' ' || second_review FROM filing_verdict");
	(void)snprintf(want, sizeof(want), "%d 0 0", b->period);
	expect_sql(b, sql, want);
	move_to(b, 27);
	OK(world_bulk(&b->w, FACT_APPROVE, no, &b->w.reviewer));
	assert_int_equal(world_get(&b->w, no).state, FILING_DONE);
}

/* What reaches back is reviewed twice, and as far as it might on its day, whenever it is decided. */
static void test_back_dated(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1], month[8];
	AUTO_BUF(day, 16);
	int earlier = month_add(b->period, -b->tables->filing.back_months);
	move_to(b, 20);
	(void)snprintf(month, sizeof(month), "%d", earlier);
	text_date_cn(&day, month_first(earlier));
	json_t *row = b03_world_with(b03_world_row(b, JIA), "start_month", month);
	row = b03_world_with(b03_world_with(row, "hire_date", buf_cstr(&day)), "contract_from", buf_cstr(&day));
	b03_world_draft(b, json_pack("[o]", row), no);
	OK(world_submit(&b->w, no, &b->w.operator));
	expect_sql(b, "SELECT back_dated || ' ' || second_review FROM filing_verdict", "1 1");
	move_to(b, 27);
	OK(world_bulk(&b->w, FACT_APPROVE, no, &b->w.reviewer));
	assert_int_equal(world_get(&b->w, no).state, FILING_REVIEW2);
	assert_int_equal(world_bulk(&b->w, FACT_APPROVE, no, &b->w.reviewer), ERR_SAME_PERSON);
	OK(world_bulk(&b->w, FACT_APPROVE, no, &b->w.reviewer2));
	expect_sql(b, "SELECT COUNT(*) FROM supplement", "0"); /* no bill is approved yet */
}

static void begin(struct b03_world *b, char second[FILING_NO_MAX + 1])
{
	char first[FILING_NO_MAX + 1];
	move_to(b, 20);
	file_one(b, JIA, first);
	OK(world_bulk(&b->w, FACT_APPROVE, first, &b->w.reviewer));
	file_one(b, YI, second);
	move_to(b, 26);
	turn(b);
}

static void test_waits(void **state)
{
	struct b03_world *b = *state;
	char second[FILING_NO_MAX + 1];
	begin(b, second);
	expect_bill(b, "0 1");
	OK(world_bulk(&b->w, FACT_APPROVE, second, &b->w.reviewer));
	turn(b);
	expect_bill(b, "1 2");
	expect_sql(b, "SELECT COUNT(*) FROM supplement", "0");
}

static void ignore(const struct log_fault *f, void *ctx)
{
	(void)ctx;
	print_message("# %s %s %s\n", f->table, f->row, f->column);
}

static enum err check_tx(struct tx *tx, void *arg)
{
	struct log_sum sum;
	const struct b03_world *b = arg;
	const struct log_check c = {.bureau = b->w.o.desk.bureau, .fault = ignore};
	return log_check(tx, &c, &sum);
}

/* On the last day it is approved without; the person is enrolled all the same, and the month recorded. */
static void test_supplement(void **state)
{
	struct b03_world *b = *state;
	char second[FILING_NO_MAX + 1], want[80];
	begin(b, second);
	move_to(b, b->tables->filing.close_day + b->tables->filing.decide_days);
	turn(b);
	expect_bill(b, "0 1");
	move_to(b, b->tables->filing.close_day + b->tables->filing.decide_days + 1);
	turn(b);
	expect_bill(b, "1 1");
	OK(world_bulk(&b->w, FACT_APPROVE, second, &b->w.reviewer));
	assert_int_equal(world_get(&b->w, second).state, FILING_DONE);
	(void)snprintf(want, sizeof(want), "%s %d %d", second, b->period, b->period);
	expect_sql(b, "SELECT filing_no || ' ' || from_month || ' ' || to_month FROM supplement", want);
	turn(b);
	expect_bill(b, "1 1");
	OK(store_read(b->w.o.store, check_tx, b));
}

/* A row is judged once on its page, once when it is signed, once when it is approved. */
static void test_judged_once(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	size_t faults;
	AUTO_BUF(text, STATEMENT_LONG_MAX);
	world_draft(w, "Q02", 2, no);
	w->judged = 0;
	OK(filing_check(&w->d, no, &w->operator.who, NULL, NULL, &faults));
	assert_int_equal(w->judged, 1);
	OK(filing_submit_text(&w->d, no, &w->operator.who, &text));
	assert_int_equal(w->judged, 1);
	OK(world_text_sign(w, &w->operator, & text));
	assert_int_equal(w->judged, 2);
	OK(world_bulk(w, FACT_ACCEPT, no, &w->reviewer));
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	assert_int_equal(world_get(w, no).state, FILING_REVIEW2); /* by what was decided, asking nobody again */
	assert_int_equal(w->judged, 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, b03_world_open, b03_world_close)
	const struct CMUnitTest tests[] = {T(test_judged_when_filed), T(test_back_dated), T(test_waits),
	                                   T(test_supplement),
	                                   cmocka_unit_test_setup_teardown(test_judged_once, world_setup,
	                                                                   world_teardown)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
