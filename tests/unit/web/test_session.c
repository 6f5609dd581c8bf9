/* Sessions, locks, login nonces and attempt limits against a clock that the test moves. */
#include "app_test.h"
#include <pthread.h>
#include <stdatomic.h>

static int get_closed(const char *cookie)
{
	return app_status("GET", "/closed", cookie);
}

static int post_json(const char *uri, const char *cookie, const char *more)
{
	AUTO_ANSWER(a);
	char body[300];

	snprintf(body, sizeof(body), "{\"csrf\":\"%s\"%s}", app_token(cookie), more);
	app_ask(&(struct test_request){"POST", uri, JSON, body, cookie}, &a);
	return a.status;
}

static const char *refusal(const char *cookie)
{
	AUTO_ANSWER(a);

	app_ask(&(struct test_request){"GET", "/closed", .cookie = cookie, .accept = JSON}, &a);
	return a.status == 200                   ? ""
	       : strstr(a.body, "L-107") != NULL ? "L-107"
	       : strstr(a.body, "L-108") != NULL ? "L-108"
	       : strstr(a.body, "L-109") != NULL ? "L-109"
	                                         : "?";
}

static void a_session_is_its_cookie(void **state)
{
	const char *me = app_log_in("1", NULL);
	char wrong[256];

	(void)state;
	assert_int_equal(get_closed(me), 200);
	assert_int_equal(strlen(me), strlen(SESSION_COOKIE "_8600") + 1 + 64);
	snprintf(wrong, sizeof(wrong), "%s", me);
	wrong[20] = wrong[20] == '0' ? '1' : '0';
	assert_int_equal(get_closed(wrong), 303);
	snprintf(wrong, sizeof(wrong), "%s; %s", me, me);
	assert_int_equal(get_closed(wrong), 303);
	assert_int_equal(get_closed(SESSION_COOKIE "_8600="), 303);
	assert_int_equal(get_closed(SESSION_COOKIE "_8600=' OR 1=1"), 303);
	assert_int_equal(get_closed(NULL), 303);
}

/* A browser sends the cookies of localhost to every port there. */
static void two_bureaus_do_not_mix(void **state)
{
	const char *here = app_log_in("1", NULL);
	char *both = malloc(1024), there[256];
	const char *const names[][2] = {{"http://localhost:9600", "a_9600"},
	                                {"https://bureau.example", "a"},
	                                {"https://[::1]:443", "a_443"},
	                                {"https://[::1]", "a"}};

	(void)state;
	app_conf.origin = "http://localhost:9600";
	assert_int_equal(get_closed(here), 303);
	{
		AUTO_ANSWER(a);
		app_ask(&(struct test_request){"POST", "/login/in", JSON, "{\"roles\":\"1\"}", .cookie = here}, &a);
		snprintf(there, sizeof(there), "%s", app_cookie(&a, SESSION_COOKIE "_9600"));
	}
	snprintf(both, 1024, "%s; %s", here, there);
	assert_int_equal(get_closed(both), 200);
	app_conf.origin = "http://localhost:8600";
	assert_int_equal(get_closed(both), 200); /* a login there did not end this one */
	assert_int_equal(get_closed(there), 303);
	free(both);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		AUTO_BUF(out, 64);
		web_cookie_name(names[i][0], "a", &out);
		assert_string_equal(buf_cstr(&out), names[i][1]);
	}
}

static enum err found_as_sent(struct tx *tx, void *arg)
{
	const char *hex = arg;

	return tx_one(tx, "session.get", SQL_ARGS(A_BLOB(span_str(hex))), NULL, NULL);
}

static void the_table_holds_no_cookie(void **state)
{
	const char *me = app_log_in("1", NULL), *value = strchr(me, '=') + 1;
	AUTO_BUF(file, 64 << 20);

	(void)state;
	assert_int_equal(store_read(app_store, found_as_sent, (void *)(uintptr_t)value), ERR_ABSENT);
	assert_int_equal(file_read(test_path("x.db-wal"), &file), ERR_OK);
	assert_null(memmem(file.ptr, file.len, value, 64));
}

static void the_idle_limit(void **state)
{
	const char *me = app_log_in("1", NULL);

	(void)state;
	for (int i = 0; i < 5; i++) {
		app_forward(1500);
		assert_int_equal(get_closed(me), 200);
	}
	app_forward(1801);
	assert_string_equal(refusal(me), "L-108");
	assert_string_equal(refusal(me), "L-107"); /* gone for good */
	app_forward(-1801);
	assert_string_equal(refusal(me), "L-107");
	app_forward(1801);
}

static int left_of(const char *cookie)
{
	AUTO_ANSWER(a);
	int left = -1;

	app_ask(&(struct test_request){"GET", "/session", .cookie = cookie, .accept = JSON}, &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(sscanf(a.body, "{\"left\":%d}", &left), 1);
	return left;
}

static void near(int got, int want)
{
	assert_in_range(got, want - 3, want);
}

/* A page may ask how long is left, as often as it likes: only the person's click prolongs, and is written at once. */
static void asking_prolongs_nothing(void **state)
{
	const char *me = app_log_in("1", NULL);

	(void)state;
	near(left_of(me), 1800);
	app_forward(1700);
	near(left_of(me), 100);
	app_forward(90);
	near(left_of(me), 10);
	assert_int_equal(post_json("/session/keep", me, ""), 200);
	near(left_of(me), 1800);
	app_forward(10); /* less than what a page's use is written after */
	assert_int_equal(post_json("/session/keep", me, ""), 200);
	near(left_of(me), 1800);
	app_forward(1795);
	near(left_of(me), 5);
	app_forward(10);
	assert_int_equal(left_of(me), 0);
	assert_string_equal(refusal(me), "L-107");
}

/* What the server says is left is what it goes by, the minute's grain included. */
static void what_is_left_is_true(void **state)
{
	const char *me = app_log_in("1", NULL);

	(void)state;
	app_forward(50);
	assert_int_equal(get_closed(me), 200); /* used, not written */
	near(left_of(me), 1750);
	app_forward(1753);
	assert_string_equal(refusal(me), "L-108");
}

static void nothing_outlives_the_absolute_limit(void **state)
{
	const char *me = app_log_in("1", NULL);

	(void)state;
	for (int i = 0; i < 20; i++) {
		app_forward(1400);
		assert_int_equal(post_json("/session/keep", me, ""), 200);
	}
	near(left_of(me), 8 * 3600 - 20 * 1400);
}

static void the_absolute_limit(void **state)
{
	const char *me = app_log_in("1", NULL);
	int64_t used = 0;

	(void)state;
	for (; used + 1700 <= 8 * 3600; used += 1700) {
		assert_int_equal(get_closed(me), 200);
		app_forward(1700);
	}
	assert_int_equal(get_closed(me), 200); /* not idle */
	app_forward(1700);
	assert_string_equal(refusal(me), "L-108");
}

/* A session that is not over by the corrected clock was used now at the latest; else nobody's idleness would count
 * until the clock has caught up. */
static void a_clock_set_back_a_little(void **state)
{
	const char *me = app_log_in("1", NULL);

	(void)state;
	app_forward(-900);
	assert_int_equal(get_closed(me), 200);
	near(left_of(me), 1800);
	app_forward(1801);
	assert_string_equal(refusal(me), "L-108");
	app_forward(-901);
}

static void a_clock_set_back_far(void **state)
{
	const char *me = app_log_in("1", NULL);

	(void)state;
	app_forward(-1801);
	assert_string_equal(refusal(me), "L-108");
	app_forward(1801);
	assert_string_equal(refusal(me), "L-107");
}

static void a_new_login_ends_the_old_session_of_the_browser(void **state)
{
	const char *first = app_log_in("1", NULL), *other = app_log_in("1", NULL), *second = app_log_in("2", first);

	(void)state;
	assert_string_not_equal(first, second);
	assert_int_equal(get_closed(first), 303);
	assert_int_equal(get_closed(second), 200);
	assert_int_equal(get_closed(other), 200);
}

static void logging_out(void **state)
{
	const char *me = app_log_in("1", NULL), *other = app_log_in("1", NULL);
	char body[128];
	AUTO_ANSWER(a);

	(void)state;
	app_ask(&(struct test_request){"POST", "/logout", FORM, "", me}, &a);
	assert_int_equal(a.status, 403); /* no token: another site cannot log him out */
	snprintf(body, sizeof(body), "csrf=%s", app_token(me));
	app_ask(&(struct test_request){"POST", "/logout", FORM, body, me}, &a);
	assert_int_equal(a.status, 303);
	assert_non_null(strstr(test_header(&a, "Set-Cookie: yx_session_8600="), "Max-Age=0"));
	assert_int_equal(get_closed(me), 303);
	assert_int_equal(get_closed(other), 200);
}

static void locked_pages(void **state)
{
	const char *me = app_log_in("1", NULL);

	(void)state;
	assert_int_equal(post_json("/session/lock", me, ""), 200);
	assert_string_equal(refusal(me), "L-109");
	assert_int_equal(app_status("GET", "/closed", me), 401);
	assert_int_equal(app_status("GET", "/a", me), 401);
	assert_int_equal(app_status("GET", "/", me), 200);
	assert_int_equal(post_json("/session/lock", me, ""), 200);
	assert_int_equal(post_json("/session/resume", me, ""), 200);
	assert_string_equal(refusal(me), "");
	assert_int_equal(post_json("/session/lock", me, ""), 200);
	assert_int_equal(post_json("/logout", me, ""), 303);
	assert_string_equal(refusal(me), "L-107");
}

static enum err word_away(void *app, const struct web_session *who)
{
	(void)app, (void)who;
	return ERR(STATUS_AWAY, "signer is away");
}

/* Nobody says whether the certificate is good: pages wait, but the key that was pulled out locks, and one can leave. */
static void locked_without_a_word(void **state)
{
	const char *me = app_log_in("1", NULL);

	(void)state;
	app_conf.may_go_on = word_away;
	int page = app_status("GET", "/closed", me), lock = post_json("/session/lock", me, ""),
	    locked = app_status("GET", "/closed", me);
	app_conf.may_go_on = NULL;
	assert_int_equal(page, 503);
	assert_int_equal(lock, 200);
	assert_int_equal(locked, 503);
	assert_string_equal(refusal(me), "L-109");
	app_conf.may_go_on = word_away;
	int out = post_json("/logout", me, "");
	app_conf.may_go_on = NULL;
	assert_int_equal(out, 303);
	assert_string_equal(refusal(me), "L-107");
}

static void a_revoked_certificate_ends_its_sessions(void **state)
{
	const char *a = app_log_in("1", NULL), *b = app_log_in("1", NULL);

	(void)state;
	assert_int_equal(session_end_cert(app_sessions, "AB02"), ERR_OK);
	assert_int_equal(get_closed(a), 200);
	assert_int_equal(session_end_cert(app_sessions, "AB01"), ERR_OK);
	assert_int_equal(get_closed(a), 303);
	assert_int_equal(get_closed(b), 303);
}

/* --- nonces --- */

struct challenge {
	char cookie[128], nonce[65];
};

static struct challenge ask_nonce(const char *cookie)
{
	struct challenge c = {"", ""};
	AUTO_ANSWER(a);

	app_ask(&(struct test_request){"POST", "/login/nonce", JSON, "{}", cookie}, &a);
	assert_int_equal(a.status, 200);
	snprintf(c.cookie, sizeof(c.cookie), "%s", cookie != NULL ? cookie : app_cookie(&a, PRELOGIN_COOKIE "_8600"));
	const char *at = strstr(a.body, "\"nonce\":\"");
	assert_non_null(at);
	snprintf(c.nonce, sizeof(c.nonce), "%s", at + 9);
	return c;
}

static int take_nonce(const char *cookie, const char *nonce)
{
	AUTO_ANSWER(a);
	char body[300];

	snprintf(body, sizeof(body), "{\"nonce\":\"%s\"}", nonce);
	app_ask(&(struct test_request){"POST", "/login/take", JSON, body, cookie}, &a);
	if (a.status != 200)
		assert_non_null(strstr(a.body, "L-001"));
	return a.status;
}

static void nonces_are_single_use_and_bound(void **state)
{
	struct challenge mine = ask_nonce(NULL), other = ask_nonce(NULL), again = ask_nonce(mine.cookie);
	char upper[65];

	(void)state;
	assert_string_not_equal(mine.nonce, again.nonce);
	assert_int_equal(take_nonce(mine.cookie, mine.nonce), 200);
	assert_int_equal(take_nonce(mine.cookie, mine.nonce), 409);
	assert_int_equal(take_nonce(mine.cookie, again.nonce), 200); /* a second tab */
	/* Of another browser: refused, and used up. */
	assert_int_equal(take_nonce(mine.cookie, other.nonce), 409);
	assert_int_equal(take_nonce(other.cookie, other.nonce), 409);
	struct challenge c = ask_nonce(NULL);
	assert_int_equal(take_nonce(NULL, c.nonce), 409);
	assert_int_equal(take_nonce(c.cookie, c.nonce), 409);
	c = ask_nonce(c.cookie);
	for (size_t i = 0; i < sizeof(upper); i++)
		upper[i] = (char)toupper((unsigned char)c.nonce[i]);
	if (strcmp(upper, c.nonce) != 0)
		assert_int_equal(take_nonce(c.cookie, upper), 409);
	assert_int_equal(take_nonce(c.cookie, "0000"), 409);
	assert_int_equal(take_nonce(c.cookie, ""), 409);
	assert_int_equal(take_nonce(c.cookie, c.nonce), 200);
}

static void nonces_live_two_minutes(void **state)
{
	struct challenge c = ask_nonce(NULL), d = ask_nonce(c.cookie);

	(void)state;
	app_forward(119);
	assert_int_equal(take_nonce(c.cookie, c.nonce), 200);
	app_forward(3);
	assert_int_equal(take_nonce(c.cookie, d.nonce), 409);
}

static void eight_nonces_per_browser(void **state)
{
	struct challenge first = ask_nonce(NULL), c[9];

	(void)state;
	app_forward(1);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = ask_nonce(first.cookie);
	assert_int_equal(take_nonce(first.cookie, first.nonce), 409);
	unsigned good = 0;
	for (size_t i = 0; i < COUNT_OF(c); i++)
		good += take_nonce(first.cookie, c[i].nonce) == 200;
	assert_int_equal(good, 8);
}

/* --- attempts --- */

static void attempts_have_a_limit(void **state)
{
	(void)state;
	app_forward(600 - clock_now(app_clock) % 600);
	for (int i = 0; i < 5; i++)
		assert_int_equal(rate_hit(app_store, app_clock, "password", "a1", 5, 600), ERR_OK);
	assert_int_equal(rate_hit(app_store, app_clock, "password", "a1", 5, 600), ERR_L_RATE);
	assert_int_equal(rate_hit(app_store, app_clock, "password", "a2", 5, 600), ERR_OK);
	assert_int_equal(rate_hit(app_store, app_clock, "passworda", "1", 5, 600), ERR_OK);
	app_forward(600);
	assert_int_equal(rate_hit(app_store, app_clock, "password", "a1", 5, 600), ERR_OK);
	assert_int_equal(rate_hit(app_store, app_clock, "password", "a1", 1, 600), ERR_L_RATE);
	assert_int_equal(rate_clear(app_store, "password", "a1"), ERR_OK);
	assert_int_equal(rate_hit(app_store, app_clock, "password", "a1", 1, 600), ERR_OK);
}

/* --- the same nonce from many threads --- */

struct race {
	const struct challenge *c;
	atomic_uint *good;
};

static void *race_one(void *arg)
{
	struct race *r = arg;
	AUTO_BUF(in, 4096);
	AUTO_BUF(out, 1 << 20);
	char body[200];

	snprintf(body, sizeof(body), "{\"nonce\":\"%s\"}", r->c->nonce);
	test_scgi(&(struct test_request){"POST", "/login/take", JSON, body, r->c->cookie}, &in);
	struct web_config quiet = app_conf;
	quiet.done = NULL;
	if (web_handle(&quiet, buf_span(&in), &out) == ERR_OK && strncmp(buf_cstr(&out), "Status: 200", 11) == 0)
		atomic_fetch_add(r->good, 1);
	return NULL;
}

static void posted_by_many_threads_a_nonce_is_taken_once(void **state)
{
	struct challenge c = ask_nonce(NULL);
	pthread_t t[16];
	atomic_uint good = 0;
	struct race r = {&c, &good};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, race_one, &r), 0);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		pthread_join(t[i], NULL);
	assert_int_equal(good, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_is_its_cookie),
		cmocka_unit_test(two_bureaus_do_not_mix),
		cmocka_unit_test(the_table_holds_no_cookie),
		cmocka_unit_test(the_idle_limit),
		cmocka_unit_test(asking_prolongs_nothing),
		cmocka_unit_test(what_is_left_is_true),
		cmocka_unit_test(nothing_outlives_the_absolute_limit),
		cmocka_unit_test(the_absolute_limit),
		cmocka_unit_test(a_clock_set_back_a_little),
		cmocka_unit_test(a_clock_set_back_far),
		cmocka_unit_test(a_new_login_ends_the_old_session_of_the_browser),
		cmocka_unit_test(logging_out),
		cmocka_unit_test(locked_pages),
		cmocka_unit_test(locked_without_a_word),
		cmocka_unit_test(a_revoked_certificate_ends_its_sessions),
		cmocka_unit_test(nonces_are_single_use_and_bound),
		cmocka_unit_test(nonces_live_two_minutes),
		cmocka_unit_test(eight_nonces_per_browser),
		cmocka_unit_test(posted_by_many_threads_a_nonce_is_taken_once),
		cmocka_unit_test(attempts_have_a_limit),
	};

	return cmocka_run_group_tests_name("web-session", tests, app_start, app_stop);
}
