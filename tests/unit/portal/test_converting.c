/* Turns of conversions: half of the workers read, half of the others wait for a while, the rest is refused at once. */
#include "server/portal/run/converting.h"
#include "base/clock.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { SHORT_MS = 60, LONG_MS = 10000 };
struct waiter {
	pthread_t thread;
	struct converting *c;
	int wait_ms;
	enum err e;
};

static void *wait_turn(void *arg)
{
	struct waiter *w = arg;
	w->e = converting_begin(w->c, w->wait_ms);
	err_clear();
	return NULL;
}

static void start(struct waiter *w, struct converting *c, int wait_ms)
{
	*w = (struct waiter){.c = c, .wait_ms = wait_ms, .e = ERR_INTERNAL};
	assert_int_equal(pthread_create(&w->thread, NULL, wait_turn, w), 0);
	(void)nanosleep(&(struct timespec){0, 100 * 1000000}, NULL);
}

static enum err join(struct waiter *w)
{
	assert_int_equal(pthread_join(w->thread, NULL), 0);
	return w->e;
}

static void test_numbers(void **state)
{
	(void)state;
	static const struct {
		unsigned workers, at_once;
	} rows[] = {{1, 1}, {2, 1}, {3, 1}, {4, 2}, {8, 4}, {64, 32}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct converting *c = NULL;
		assert_int_equal(converting_new(NULL, rows[i].workers, &c), ERR_OK);
		for (unsigned k = 0; k < rows[i].at_once; k++)
			assert_int_equal(converting_begin(c, 0), ERR_OK);
		assert_int_equal(converting_begin(c, 0), ERR_CONVERT_BUSY);
		converting_end(c);
		assert_int_equal(converting_begin(c, 0), ERR_OK);
		converting_free(c);
		err_clear();
	}
}

static void test_waiting(void **state)
{
	(void)state;
	struct converting *c = NULL;
	struct waiter first, second;
	assert_int_equal(converting_new(NULL, 8, &c), ERR_OK);
	for (unsigned k = 0; k < 4; k++)
		assert_int_equal(converting_begin(c, 0), ERR_OK);
	int64_t from = clock_mono_ms();
	assert_int_equal(converting_begin(c, SHORT_MS), ERR_CONVERT_BUSY);
	assert_true(clock_mono_ms() - from >= SHORT_MS);
	start(&first, c, LONG_MS);
	start(&second, c, LONG_MS);
	/* Two wait: the third is not let wait, and two workers of the eight stay free. */
	from = clock_mono_ms();
	assert_int_equal(converting_begin(c, LONG_MS), ERR_CONVERT_BUSY);
	assert_true(clock_mono_ms() - from < LONG_MS / 2);
	converting_end(c);
	converting_end(c);
	assert_int_equal(join(&first), ERR_OK);
	assert_int_equal(join(&second), ERR_OK);
	assert_int_equal(converting_begin(c, 0), ERR_CONVERT_BUSY);
	converting_free(c);
	err_clear();
}

/* A file that finds no turn is refused before it is handed to anybody; one without a reader is no crash. */
static void test_refused(void **state)
{
	(void)state;
	struct converting *c = NULL;
	struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	struct rendering drawn;
	struct xlsx_summary summary;
	assert_int_equal(converting_new(NULL, 1, &c), ERR_OK);
	assert_int_equal(converting_begin(c, 0), ERR_OK);
	assert_int_equal(converting_render(c, true, SPAN_LIT("%PDF-1.4"), &limits, &drawn), ERR_CONVERT_BUSY);
	assert_int_equal(converting_xlsx(c, SPAN_LIT("PK"), &limits, NULL, &summary), ERR_CONVERT_BUSY);
	assert_int_equal(err_http(ERR_CONVERT_BUSY), 503);
	assert_int_equal(converting_render(NULL, false, SPAN_LIT("x"), &limits, &drawn), ERR_UNAVAILABLE);
	converting_free(c);
	err_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests_name("portal-converting", tests, NULL, NULL);
}
