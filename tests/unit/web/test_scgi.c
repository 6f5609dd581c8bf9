/* SCGI frames: what nginx sends is taken, all else refused. */
#include "web/scgi.h"
#include "web_test.h"

/* clang-format off */
#define F(s) {(const uint8_t *)("" s), sizeof(s) - 1}
/* clang-format on */

static const struct {
	struct span in;
	enum err want;
	size_t vars, body;
} frames[] = {
	{F("24:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0,"),
         ERR_OK, 2, 0},
	{F("24:CONTENT_LENGTH\0"
           "3\0SCGI\0"
           "1\0,abc"),
         ERR_OK, 2, 3},
	{F("29:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0A\0b\0\0,"),
         ERR_SYNTAX, 0, 0},
	{F("28:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0A\0b\0,"),
         ERR_OK, 3, 0},
	{F("27:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0A\0\0,"),
         ERR_OK, 3, 0},
	/* netstring */
	{F(""), ERR_SYNTAX, 0, 0},
	{F("24"), ERR_SYNTAX, 0, 0},
	{F(":"), ERR_SYNTAX, 0, 0},
	{F("0:,"), ERR_SYNTAX, 0, 0},
	{F("024:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0,"),
         ERR_SYNTAX, 0, 0},
	{F("+24:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0,"),
         ERR_SYNTAX, 0, 0},
	{F(" 24:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0,"),
         ERR_SYNTAX, 0, 0},
	{F("49153:CONTENT_LENGTH\0"), ERR_SYNTAX, 0, 0},
	{F("999999999999999999999:x"), ERR_SYNTAX, 0, 0},
	{F("-1:x"), ERR_SYNTAX, 0, 0},
	{F("24:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0;"),
         ERR_SYNTAX, 0, 0},
	{F("23:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0,"),
         ERR_SYNTAX, 0, 0},
	{F("25:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0,"),
         ERR_SYNTAX, 0, 0},
	/* body */
	{F("24:CONTENT_LENGTH\0"
           "3\0SCGI\0"
           "1\0,ab"),
         ERR_SYNTAX, 0, 0},
	{F("24:CONTENT_LENGTH\0"
           "3\0SCGI\0"
           "1\0,abcd"),
         ERR_SYNTAX, 0, 0},
	{F("31:CONTENT_LENGTH\0"
           "33554433\0SCGI\0"
           "1\0,"),
         ERR_LIMIT, 0, 0},
	{F("42:CONTENT_LENGTH\0"
           "9999999999999999999\0SCGI\0"
           "1\0,"),
         ERR_SYNTAX, 0, 0},
	{F("25:CONTENT_LENGTH\0"
           "-1\0SCGI\0"
           "1\0,"),
         ERR_SYNTAX, 0, 0},
	{F("25:CONTENT_LENGTH\0"
           "03\0SCGI\0"
           "1\0,abc"),
         ERR_SYNTAX, 0, 0},
	{F("23:CONTENT_LENGTH\0\0SCGI\0"
           "1\0,"),
         ERR_SYNTAX, 0, 0},
	/* variables */
	{F("7:SCGI\0"
           "1\0,"),
         ERR_SYNTAX, 0, 0},
	{F("24:SCGI\0"
           "1\0CONTENT_LENGTH\0"
           "0\0,"),
         ERR_SYNTAX, 0, 0},
	{F("17:CONTENT_LENGTH\0"
           "0\0,"),
         ERR_SYNTAX, 0, 0},
	{F("24:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "2\0,"),
         ERR_SYNTAX, 0, 0},
	{F("31:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0SCGI\0"
           "1\0,"),
         ERR_SYNTAX, 0, 0},
	{F("41:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0CONTENT_LENGTH\0"
           "0\0,"),
         ERR_SYNTAX, 0, 0},
	{F("23:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1,"),
         ERR_SYNTAX, 0, 0},
	{F("28:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0a\0b\0,"),
         ERR_SYNTAX, 0, 0},
	{F("28:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0A\0\n\0,"),
         ERR_OK, 3, 0}, /* told by `unclean` */
	{F("27:CONTENT_LENGTH\0"
           "0\0SCGI\0"
           "1\0\0b\0,"),
         ERR_SYNTAX, 0, 0},
};

static void frame_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(frames); i++) {
		struct scgi s = {.n = 0};
		enum err e = scgi_parse(frames[i].in, &s);
		if (e != frames[i].want)
			fail_msg("row %zu: %s %s", i, err_name(e), err_detail());
		assert_int_equal(s.n, frames[i].vars);
		assert_int_equal(s.body.len, frames[i].body);
	}
}

/* Octet by octet, scgi_need() never asks for more than there is to come and never stops early. */
static void needs_grow_to_the_whole(void **state)
{
	const struct span in = F("28:CONTENT_LENGTH\0"
	                         "3\0SCGI\0"
	                         "1\0A\0b\0,abc");
	size_t total;

	(void)state;
	for (size_t len = 0; len < in.len; len++) {
		assert_int_equal(scgi_need(span_sub(in, 0, len), &total), ERR_OK);
		assert_true(total > len && total <= in.len);
		struct scgi s;
		assert_int_equal(scgi_parse(span_sub(in, 0, len), &s), ERR_SYNTAX);
	}
	assert_int_equal(scgi_need(in, &total), ERR_OK);
	assert_int_equal(total, in.len);
}

static void too_many_variables(void **state)
{
	AUTO_BUF(vars, 65536);
	AUTO_BUF(in, 65536);
	struct scgi s;
	char name[16];

	(void)state;
	test_var(&vars, "CONTENT_LENGTH", "0");
	test_var(&vars, "SCGI", "1");
	for (int i = 2; i < SCGI_VARS_MAX + 1; i++) {
		snprintf(name, sizeof(name), "X%d", i);
		test_var(&vars, name, "");
		buf_clear(&in);
		buf_printf(&in, "%zu:", vars.len);
		buf_put(&in, buf_span(&vars));
		buf_str(&in, ",");
		assert_int_equal(scgi_parse(buf_span(&in), &s), i < SCGI_VARS_MAX ? ERR_OK : ERR_LIMIT);
	}
	assert_int_equal(buf_err(&in), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frame_table),
		cmocka_unit_test(needs_grow_to_the_whole),
		cmocka_unit_test(too_many_variables),
	};

	return cmocka_run_group_tests_name("web-scgi", tests, NULL, NULL);
}
