/* filing: a draft saved, a filing submitted and approved; refused for want of memory it is as before, and the log
 * agrees. */
#include "../filing/world.h"
#include "alloc.h"
#include "server/filing/filing_log.h"
#include <string.h>

static struct world *w;
static char no[FILING_NO_MAX + 1];
static struct filing before;

static bool unchanged(const struct filing *a, const struct filing *b)
{
	return a->state == b->state && a->version == b->version && a->rows == b->rows &&
	       strcmp(a->submit_sm3, b->submit_sm3) == 0;
}

static void whole(void *ctx, enum err e)
{
	(void)ctx;
	const struct filing now = world_get(w, no);
	if (e != ERR_OK)
		assert_true(unchanged(&before, &now));
	before = now;
}

static enum err do_check(void *ctx)
{
	size_t faults = 0;
	(void)ctx;
	return filing_check(&w->d, no, &w->operator.who, NULL, NULL, &faults);
}

static enum err do_text(void *ctx)
{
	AUTO_BUF(text, 1 << 20);
	(void)ctx;
	return filing_submit_text(&w->d, no, &w->operator.who, &text);
}

/* The next act of its filer, prepared when nothing is refused: submit, withdraw, submit, … */
static struct buf text;
static struct sm2_sig sig;

static void prepare(void)
{
	buf_clear(&text);
	if (before.state == FILING_SUBMITTED)
		OK(filing_withdraw_text(&w->d, no, &w->operator.who, "填错月份", &text));
	else
		OK(filing_submit_text(&w->d, no, &w->operator.who, &text));
	OK(gm_sign(w->operator.key, buf_span(&text), &sig));
}

static enum err do_sign(void *ctx)
{
	(void)ctx;
	const struct act_parts parts = {buf_span(&text), SPAN_ARR(sig.b), cert_der(w->operator.cert)};
	return filing_sign(&w->d, &w->operator.who, &parts, NULL, NULL);
}

static int64_t events;

static enum err count_event(const struct filing_event *e, void *ctx)
{
	(void)e;
	++*(int64_t *)ctx;
	return ERR_OK;
}

static void all_or_nothing(void *ctx, enum err e)
{
	const enum filing_state was = before.state;
	int64_t now = 0;
	whole(ctx, e);
	OK(filing_events(&w->d, &before, count_event, &now));
	assert_int_equal(now, events + (e == ERR_OK));
	events = now;
	if (e == ERR_OK) {
		assert_int_not_equal(was, before.state);
		prepare();
	}
}

static int set_up(void **state)
{
	if (world_setup(state) != 0)
		return -1;
	w = the_world;
	filing_log_connect(&w->d); /* the real one, not the test's that counts */
	world_draft(w, "Q01", 3, no);
	before = world_get(w, no);
	text = buf_make(STATEMENT_LONG_MAX);
	prepare();
	OK(filing_events(&w->d, &before, count_event, &events));
	return 0;
}

static void test_all(void **state)
{
	(void)state;
	const struct torture all[] = {
		{.name = "draft checked", .op = do_check, .check = whole, .keeps = true},
		{.name = "statement shown", .op = do_text, .check = whole, .keeps = true},
		{.name = "signed act of a filing", .op = do_sign, .check = all_or_nothing, .keeps = true},
	};
	for (size_t i = 0; i < COUNT_OF(all); i++)
		torture(&all[i]);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
	return cmocka_run_group_tests(tests, set_up, world_teardown);
}
