/* Answers that are given again: while the journal stands still, their time lasts, and for these very octets. */
#include "server/portal/ocsp_cache.h"
#include "base/clock.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1000000, SEQ = 7 };

static const struct ocsp_kept kept = {.times = {NOW - 10, NOW + 50}, .tag = {0xAB}};

static enum err get(struct ocsp_cache *c, const char *request, uint64_t seq, int64_t now)
{
	struct ocsp_kept k;
	AUTO_BUF(out, 64);
	enum err e = ocsp_cache_get(c, span_str(request), seq, now, &out, &k);
	if (e == ERR_OK) {
		assert_true(span_eq_str(buf_span(&out), "answer"));
		assert_int_equal(k.tag[0], 0xAB);
		assert_int_equal(k.times.next_update, NOW + 50);
	}
	err_clear();
	return e;
}

static void test_when(void **state)
{
	(void)state;
	static const struct {
		const char *request;
		uint64_t seq;
		int64_t now;
		enum err want;
	} rows[] = {
		{"request", SEQ, NOW, ERR_OK},
		{"request", SEQ, NOW + 50 - OCSP_CACHE_LEFT_SEC, ERR_OK},
		{"request", SEQ, NOW + 51 - OCSP_CACHE_LEFT_SEC, ERR_ABSENT},
		{"request", SEQ, NOW - 11, ERR_ABSENT}, /* the clock was moved back */
		{"request", SEQ + 1, NOW, ERR_ABSENT},  /* something was revoked, suspended or issued */
		{"request", SEQ - 1, NOW, ERR_ABSENT},
		{"requesT", SEQ, NOW, ERR_ABSENT},
		{"reques", SEQ, NOW, ERR_ABSENT},
		{"", SEQ, NOW, ERR_ABSENT},
	};
	struct ocsp_cache *c = NULL;
	assert_int_equal(ocsp_cache_new(&c), ERR_OK);
	assert_int_equal(get(c, "request", SEQ, NOW), ERR_ABSENT);
	ocsp_cache_put(c, SPAN_LIT("request"), SEQ, SPAN_LIT("answer"), &kept);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (get(c, rows[i].request, rows[i].seq, rows[i].now) != rows[i].want)
			fail_msg("row %zu", i);
	ocsp_cache_put(c, SPAN_LIT(""), SEQ, SPAN_LIT("answer"), &kept);
	assert_int_equal(get(c, "", SEQ, NOW), ERR_ABSENT);
	ocsp_cache_free(c);
}

/* More answers than places: one pushes another out, none is mistaken for another. */
static void test_full(void **state)
{
	(void)state;
	struct ocsp_cache *c = NULL;
	char text[32];
	size_t found = 0;
	assert_int_equal(ocsp_cache_new(&c), ERR_OK);
	for (int i = 0; i < 2 * OCSP_CACHE_SLOTS; i++) {
		(void)snprintf(text, sizeof(text), "request %d", i);
		ocsp_cache_put(c, span_str(text), SEQ, SPAN_LIT("answer"), &kept);
		assert_int_equal(get(c, text, SEQ, NOW), ERR_OK);
	}
	for (int i = 0; i < 2 * OCSP_CACHE_SLOTS; i++) {
		(void)snprintf(text, sizeof(text), "request %d", i);
		found += get(c, text, SEQ, NOW) == ERR_OK;
	}
	assert_in_range(found, OCSP_CACHE_SLOTS / 2, OCSP_CACHE_SLOTS);
	ocsp_cache_free(c);
}

/* A notary that does not say how far the journal has come: nothing is given. */
static void test_no_notary(void **state)
{
	(void)state;
	struct ocsp_cache *c = NULL;
	struct notary_client *n = NULL;
	uint64_t seq = 0;
	assert_int_equal(ocsp_cache_new(&c), ERR_OK);
	assert_int_equal(notary_client_new("/nonexistent/notary.sock", &n), ERR_OK);
	assert_int_equal(ocsp_cache_seq(c, n, &seq), ERR_UNAVAILABLE);
	assert_int_equal(ocsp_cache_seq(c, n, &seq), ERR_UNAVAILABLE);
	err_clear();
	notary_client_free(n);
	ocsp_cache_free(c);
}

struct waiting {
	struct ocsp_cache *c;
	struct notary_client *n;
	pthread_t thread;
	enum err e;
};

static void *wait_for_seq(void *arg)
{
	struct waiting *w = arg;
	uint64_t seq = 0;
	w->e = ocsp_cache_seq(w->c, w->n, &seq);
	return NULL;
}

/* A notary that hangs costs one wait of a second, not one for each worker; whoever comes soon after is told at once. */
static void test_hanging_notary(void **state)
{
	(void)state;
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/tmp/yx-hanging-XXXXXX"};
	struct waiting w[4] = {{.e = ERR_OK}};
	struct ocsp_cache *c = NULL;
	struct notary_client *n = NULL;
	uint64_t seq = 0;
	assert_int_not_equal(close(mkstemp(at.sun_path)), -1);
	assert_int_equal(unlink(at.sun_path), 0);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(ocsp_cache_new(&c), ERR_OK);
	assert_int_equal(notary_client_new(at.sun_path, &n), ERR_OK);
	int64_t began = clock_mono_ms();
	for (size_t i = 0; i < COUNT_OF(w); i++) {
		w[i].c = c;
		w[i].n = n;
		assert_int_equal(pthread_create(&w[i].thread, NULL, wait_for_seq, &w[i]), 0);
	}
	for (size_t i = 0; i < COUNT_OF(w); i++) {
		assert_int_equal(pthread_join(w[i].thread, NULL), 0);
		assert_int_not_equal(w[i].e, ERR_OK);
	}
	assert_int_equal(ocsp_cache_seq(c, n, &seq), ERR_UNAVAILABLE);
	assert_in_range(clock_mono_ms() - began, NOTARY_ALIVE_MS - 50, NOTARY_ALIVE_MS + 900);
	err_clear();
	notary_client_free(n);
	ocsp_cache_free(c);
	(void)close(fd);
	(void)unlink(at.sun_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_when), cmocka_unit_test(test_full),
	                                   cmocka_unit_test(test_no_notary), cmocka_unit_test(test_hanging_notary)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
