#include "check.h"
#include <pthread.h>
#include <string.h>
#include "base/text.h"

/* Every row is complete, and no code is given twice. */
static void table_is_sound(void **state)
{
	(void)state;
	for (unsigned i = 1; i < ERR_COUNT; i++) {
		enum err e = (enum err)i;
		assert_true(strlen(err_name(e)) > 0 && strlen(err_en(e)) > 0);
		assert_true(strlen(err_zh(e)) > 0 && strlen(err_remedy(e)) > 0);
		assert_true(text_is_utf8(span_str(err_zh(e))) && text_is_utf8(span_str(err_remedy(e))));
		assert_int_equal(strlen(err_code(e)), 5);
		assert_non_null(strchr("SFKCL", err_code(e)[0]));
		assert_true(err_http(e) >= 400 && err_http(e) < 600);
		assert_true(err_class(e) >= ERR_CLASS_INPUT && err_class(e) <= ERR_CLASS_BUG);
		assert_int_equal(err_from_code(err_code(e)), e);
	}
}

/* Who stands in a shell has no page to reload and rings nobody up about his own machine. */
static void a_shell_is_no_page(void **state)
{
	static const char *const pages[] = {"刷新页面", "返回首页", "从页面", "本页", "系统管理员"};

	(void)state;
	for (unsigned i = 1; i < ERR_COUNT; i++) {
		const char *said = err_remedy_shell((enum err)i);
		assert_non_null(said);
		assert_null(strstr(said, "12333"));
		for (size_t k = 0; err_code((enum err)i)[0] == 'S' && k < COUNT_OF(pages); k++)
			assert_null(strstr(said, pages[k]));
	}
	assert_string_equal(err_remedy_shell(ERR_CERT_EXPIRED), err_remedy(ERR_CERT_EXPIRED));
	assert_string_equal(err_remedy_shell((enum err)9999), err_remedy(ERR_INTERNAL));
}

static void unknown_values(void **state)
{
	(void)state;
	assert_string_equal(err_name((enum err)9999), "INTERNAL");
	assert_int_equal(err_from_code("Z-999"), ERR_INTERNAL);
	assert_int_equal(err_from_code(""), ERR_INTERNAL);
	assert_int_equal(err_from_code(NULL), ERR_INTERNAL);
	assert_int_equal(err_from_skf(0), ERR_OK);
	assert_int_equal(err_from_skf(0x12345678), ERR_INTERNAL);
	assert_int_equal(err_from_skf(0x0A000001), ERR_INTERNAL);
	assert_int_equal(err_from_skf(0x0A000024), ERR_PIN_WRONG);
	assert_int_equal(err_from_skf(0x0A00001B), ERR_KEY_ABSENT);
	assert_int_equal(err_from_skf(0x0A00000E), ERR_NOMEM);
}

static void trail_grows_and_clears(void **state)
{
	(void)state;
	err_clear();
	assert_string_equal(err_detail(), "");
	assert_int_equal(ERR(SYNTAX, "byte %d", 7), ERR_SYNTAX);
	assert_int_equal(err_note(ERR_SYNTAX, "in %s", "file"), ERR_SYNTAX);
	assert_string_equal(err_detail(), "byte 7; in file");
	assert_non_null(strstr(err_where(), "test_err.c:"));
	assert_int_equal(ERR(IO, "wrapped: %s", err_detail()), ERR_IO);
	assert_string_equal(err_detail(), "wrapped: byte 7; in file");
	err_clear();
	assert_string_equal(err_detail(), "");
	assert_string_equal(err_where(), "");
}

static void trail_is_cut_between_characters(void **state)
{
	char big[3001];

	(void)state;
	for (size_t pad = 0; pad < 3; pad++) {
		memset(big, 'a', sizeof(big));
		for (size_t i = pad; i + 3 < sizeof(big); i += 3)
			memcpy(big + i, "证", 3);
		big[3000] = '\0';
		(void)ERR(SYNTAX, "%s", big);
		assert_true(strlen(err_detail()) >= 1020 && strlen(err_detail()) < 1024);
		assert_true(text_is_utf8(span_str(err_detail())));
		(void)err_note(ERR_SYNTAX, "more");
		assert_true(text_is_utf8(span_str(err_detail())));
	}
	err_clear();
}

static void *raise_elsewhere(void *arg)
{
	(void)ERR(IO, "other thread");
	return arg;
}

static void trail_is_per_thread(void **state)
{
	pthread_t t;

	(void)state;
	(void)ERR(SYNTAX, "mine");
	assert_int_equal(pthread_create(&t, NULL, raise_elsewhere, NULL), 0);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_string_equal(err_detail(), "mine");
	err_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_sound),
		cmocka_unit_test(a_shell_is_no_page),
		cmocka_unit_test(unknown_values),
		cmocka_unit_test(trail_grows_and_clears),
		cmocka_unit_test(trail_is_cut_between_characters),
		cmocka_unit_test(trail_is_per_thread),
	};

	return cmocka_run_group_tests_name("base/err", tests, NULL, NULL);
}
