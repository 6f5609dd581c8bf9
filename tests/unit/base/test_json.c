#include "check.h"
#include "base/json.h"
#include <stdlib.h>
#include <string.h>

#define S(lit) SPAN_LIT(lit)

struct row {
	struct span in;
	enum err want;
	const char *what;
};

static const struct row rows[] = {
	{S("{}"), ERR_OK, "empty object"},
	{S(" [1,2] \n"), ERR_OK, "white space around"},
	{S("{\"a\":\"证\",\"b\":[null,true,-5]}"), ERR_OK, "values"},
	{S("{\"a\":9223372036854775807}"), ERR_OK, "largest integer"},
	{S("{\"a\":\"\\ud842\\udfb7\"}"), ERR_OK, "escaped pair"},
	{S("{\"a\":9223372036854775808}"), ERR_SYNTAX, "integer too large"},
	{S(""), ERR_SYNTAX, "nothing"},
	{S("1"), ERR_SYNTAX, "bare number"},
	{S("\"x\""), ERR_SYNTAX, "bare string"},
	{S("null"), ERR_SYNTAX, "bare null"},
	{S("{\"a\":1,\"a\":2}"), ERR_SYNTAX, "duplicate member"},
	{S("{\"x\":{\"a\":1,\"\\u0061\":2}}"), ERR_SYNTAX, "duplicate by escape, nested"},
	{S("{\"a\":1.0}"), ERR_SYNTAX, "real"},
	{S("{\"a\":[{\"b\":1e3}]}"), ERR_SYNTAX, "exponent, nested"},
	{S("{\"a\":-0.5}"), ERR_SYNTAX, "fraction"},
	{S("{\"a\":1e999}"), ERR_SYNTAX, "real too large"},
	{S("{} {}"), ERR_SYNTAX, "two values"},
	{S("{}x"), ERR_SYNTAX, "rubbish after"},
	{S("{\"a\":1,}"), ERR_SYNTAX, "trailing comma"},
	{S("{'a':1}"), ERR_SYNTAX, "single quotes"},
	{S("{\"a\":01}"), ERR_SYNTAX, "leading zero"},
	{S("{\"a\":NaN}"), ERR_SYNTAX, "NaN"},
	{S("{\"a\":\"x\ny\"}"), ERR_SYNTAX, "raw line feed in a string"},
	{S("{\"a\":\"\\u0000\"}"), ERR_SYNTAX, "escaped NUL"},
	{S("{\"\\u0000\":1}"), ERR_SYNTAX, "escaped NUL in a name"},
	{S("{\"a\":\"\\ud800\"}"), ERR_SYNTAX, "lone surrogate"},
	{S("{\"a\":\"\0\"}"), ERR_UTF8, "raw NUL"},
	{S("{}\0"), ERR_UTF8, "NUL after"},
	{S("{\"a\":\"\xC0\xAF\"}"), ERR_UTF8, "overlong"},
	{S("{\"a\":\"\xFF\"}"), ERR_UTF8, "not UTF-8"},
	{S("\xEF\xBB\xBF{}"), ERR_SYNTAX, "BOM"},
	{S("/**/{}"), ERR_SYNTAX, "comment"},
};

static void parse_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_JSON v = NULL;
		assert_err(json_parse(rows[i].in, &v), rows[i].want, "%s", rows[i].what);
		assert_int_equal(v != NULL, rows[i].want == ERR_OK);
	}
	err_clear();
}

static enum err parse_nested(size_t depth, char open, char close)
{
	AUTO_BUF(text, JSON_TEXT_MAX);
	AUTO_JSON v = NULL;

	for (size_t i = 0; i < depth; i++)
		buf_u8(&text, (uint8_t)open);
	for (size_t i = 0; i < depth; i++)
		buf_u8(&text, (uint8_t)close);
	return json_parse(buf_span(&text), &v);
}

static void depth_and_size(void **state)
{
	char *big = malloc(JSON_TEXT_MAX + 1);
	AUTO_JSON v = NULL;

	(void)state;
	assert_ok(parse_nested(32, '[', ']'));
	assert_err(parse_nested(33, '[', ']'), ERR_LIMIT, "depth 33");
	assert_err(parse_nested(100000, '[', ']'), ERR_LIMIT, "depth 100000");
	assert_non_null(big);
	memset(big, ' ', JSON_TEXT_MAX + 1);
	memcpy(big, "{}", 2);
	assert_err(json_parse(span_of(big, JSON_TEXT_MAX + 1), &v), ERR_LIMIT, "over a mebibyte");
	assert_ok(json_parse(span_of(big, JSON_TEXT_MAX), &v));
	free(big);
	err_clear();
}

static void members(void **state)
{
	AUTO_JSON v = NULL;
	const char *text = "untouched";
	int64_t n = 4242;

	(void)state;
	assert_ok(json_parse(S("{\"s\":\"x\",\"n\":-3,\"z\":null}"), &v));
	assert_err(json_str(v, "n", &text), ERR_SYNTAX, "number as string");
	assert_err(json_str(v, "absent", &text), ERR_SYNTAX, "absent");
	assert_err(json_int(v, "s", &n), ERR_SYNTAX, "string as number");
	assert_err(json_int(v, "z", &n), ERR_SYNTAX, "null as number");
	assert_string_equal(text, "untouched");
	assert_true(n == 4242);
	assert_ok(json_str(v, "s", &text));
	assert_ok(json_int(v, "n", &n));
	assert_string_equal(text, "x");
	assert_true(n == -3);
	assert_string_equal(json_str_or(v, "absent", "other"), "other");
	assert_true(json_int_or(v, "s", 5) == 5 && json_int_or(v, "n", 5) == -3);
	err_clear();
}

static void prints_sorted(void **state)
{
	AUTO_JSON v = json_object();
	AUTO_BUF(out, 256);
	AUTO_BUF(small, 4);

	(void)state;
	assert_ok(json_put_str(v, "b", S("x\"证")));
	assert_ok(json_put_int(v, "c", 1));
	assert_ok(json_put_bool(v, "a", true));
	assert_ok(json_put(v, "d", json_array()));
	assert_err(json_put_str(v, "e", S("\xFF")), ERR_UTF8, "not UTF-8");
	assert_err(json_put(v, "e", NULL), ERR_NOMEM, "NULL value");
	assert_ok(json_print(v, &out));
	assert_string_equal(buf_cstr(&out), "{\"a\":true,\"b\":\"x\\\"证\",\"c\":1,\"d\":[]}");
	assert_err(json_print(v, &small), ERR_LIMIT, "buffer too small");
	assert_int_equal(small.len, 0);
	err_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_table),
		cmocka_unit_test(depth_and_size),
		cmocka_unit_test(members),
		cmocka_unit_test(prints_sorted),
	};

	return cmocka_run_group_tests_name("base/json", tests, NULL, NULL);
}
