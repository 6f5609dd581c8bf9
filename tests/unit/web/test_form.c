/* Form bodies, JSON bodies, cookies: hostile spellings. */
#include "web/form.h"
#include "web_test.h"

/* clang-format off */
#define F(s) {(const uint8_t *)("" s), sizeof(s) - 1}
/* clang-format on */

static const struct {
	struct span in;
	enum err want;
	size_t n;
	const char *first; /* value of the first field */
} forms[] = {
	{F(""), ERR_OK, 0, NULL},
	{F("a="), ERR_OK, 1, ""},
	{F("a=1"), ERR_OK, 1, "1"},
	{F("a=1&b=2"), ERR_OK, 2, "1"},
	{F("a=%E9%95%BF%E6%B2%99"), ERR_OK, 1, "长沙"},
	{F("a=%e9%95%bf"), ERR_OK, 1, "长"},
	{F("a=x+y%20z%2B"), ERR_OK, 1, "x y z+"},
	{F("a=b=c"), ERR_OK, 1, "b=c"},
	{F("a=/desk?x"), ERR_OK, 1, "/desk?x"},
	{F("a=%0D%0A"), ERR_OK, 1, "\r\n"},
	{F("a"), ERR_SYNTAX, 0, NULL},
	{F("&"), ERR_SYNTAX, 0, NULL},
	{F("a=1&"), ERR_SYNTAX, 0, NULL},
	{F("&a=1"), ERR_SYNTAX, 0, NULL},
	{F("a=1&&b=2"), ERR_SYNTAX, 0, NULL},
	{F("=1"), ERR_SYNTAX, 0, NULL},
	{F("a=%"), ERR_SYNTAX, 0, NULL},
	{F("a=%4"), ERR_SYNTAX, 0, NULL},
	{F("a=%4G"), ERR_SYNTAX, 0, NULL},
	{F("a=%%41"), ERR_SYNTAX, 0, NULL},
	{F("a=%u4e00"), ERR_SYNTAX, 0, NULL},
	{F("a= "), ERR_SYNTAX, 0, NULL},
	{F("a=\n"), ERR_SYNTAX, 0, NULL},
	{F("a=\0"), ERR_SYNTAX, 0, NULL},
	{F("a=\xe9\x95\xbf"), ERR_SYNTAX, 0, NULL},
	{F("a=<b>"), ERR_SYNTAX, 0, NULL},
	{F("a=%00"), ERR_UTF8, 0, NULL},
	{F("a=%C0%AF"), ERR_UTF8, 0, NULL},
	{F("a=%FF"), ERR_UTF8, 0, NULL},
	{F("a=%ED%A0%80"), ERR_UTF8, 0, NULL},
	{F("a=%F4%90%80%80"), ERR_UTF8, 0, NULL},
	{F("a=%E9%95"), ERR_UTF8, 0, NULL},
	{F("%FF=1"), ERR_UTF8, 0, NULL},
	{F("a=1&a=1"), ERR_FIELD_TWICE, 0, NULL},
	{F("a=1&%61=2"), ERR_FIELD_TWICE, 0, NULL},
	{F("a=1&A=2"), ERR_OK, 2, "1"},
	{F("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1"), ERR_SYNTAX, 0, NULL},
};

static void form_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		AUTO(arena) a = arena_new(1 << 20);
		struct inputs in = {NULL, 0};
		enum err e = form_parse(forms[i].in, a, &in);
		if (e != forms[i].want || in.n != forms[i].n)
			fail_msg("row %zu: %s %s, %zu fields", i, err_name(e), err_detail(), in.n);
		if (forms[i].first != NULL)
			assert_string_equal(in.v[0].value, forms[i].first);
	}
}

static void two_hundred_fields(void **state)
{
	AUTO_BUF(b, 65536);

	(void)state;
	for (int i = 1; i <= FORM_FIELDS_MAX + 1; i++) {
		AUTO(arena) a = arena_new(1 << 20);
		struct inputs in;
		buf_printf(&b, "%sf%d=", i > 1 ? "&" : "", i);
		assert_int_equal(form_parse(buf_span(&b), a, &in), i <= FORM_FIELDS_MAX ? ERR_OK : ERR_LIMIT);
	}
}

static const struct {
	const char *in;
	enum err want;
	size_t n;
} jsons[] = {
	{"{}", ERR_OK, 0},
	{"{\"a\":\"1\"}", ERR_OK, 1},
	{" {\"a\":\"1\",\"b\":\"\"} ", ERR_OK, 2},
	{"", ERR_SYNTAX, 0},
	{"[]", ERR_SYNTAX, 0},
	{"\"a\"", ERR_SYNTAX, 0},
	{"{\"a\":1}", ERR_SYNTAX, 0},
	{"{\"a\":null}", ERR_SYNTAX, 0},
	{"{\"a\":true}", ERR_SYNTAX, 0},
	{"{\"a\":{}}", ERR_SYNTAX, 0},
	{"{\"a\":[\"x\"]}", ERR_SYNTAX, 0},
	{"{\"a\":\"1\",\"a\":\"1\"}", ERR_SYNTAX, 0},
	{"{\"a\":\"1\"}x", ERR_SYNTAX, 0},
	{"{\"a\":\"1\",}", ERR_SYNTAX, 0},
	{"{\"a\":\"\\u0000\"}", ERR_SYNTAX, 0},
	{"{\"a\":\"\xff\"}", ERR_UTF8, 0},
	{"{\"\":\"1\"}", ERR_SYNTAX, 0},
};

static void json_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(jsons); i++) {
		AUTO(arena) a = arena_new(1 << 20);
		struct inputs in = {NULL, 0};
		enum err e = form_parse_json(span_str(jsons[i].in), a, &in);
		if (e != jsons[i].want || in.n != jsons[i].n)
			fail_msg("row %zu: %s %s, %zu fields", i, err_name(e), err_detail(), in.n);
	}
}

static const struct {
	const char *in;
	size_t n;
	const char *value; /* of "k" as first found, NULL none */
} cookies[] = {
	{"", 0, NULL},
	{"k=v", 1, "v"},
	{"k=v; x=y", 2, "v"},
	{"x=y;k=v", 2, "v"},
	{"k=", 1, ""},
	{"k=a=b", 1, "a=b"},
	{"k", 0, NULL},
	{"=v", 0, NULL},
	{"k=v w", 0, NULL},
	{"k=\"v\"", 0, NULL},
	{"k=a,b", 0, NULL},
	{"k=a\\b", 0, NULL},
	{"k =v", 0, NULL},
	{"k[0]=v", 0, NULL},
	{"k=\xe9\x95\xbf", 0, NULL},
	{"bad\"one=1; k=v; {}=2", 1, "v"},
	{";;; k=v;;", 1, "v"},
	{"K=v", 1, NULL},
};

static void cookie_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cookies); i++) {
		AUTO(arena) a = arena_new(1 << 20);
		struct inputs in;
		assert_int_equal(cookies_parse(span_str(cookies[i].in), a, &in), ERR_OK);
		const struct input *k = inputs_find(&in, "k");
		if (in.n != cookies[i].n || (k == NULL) != (cookies[i].value == NULL) ||
		    (k != NULL && strcmp(k->value, cookies[i].value) != 0))
			fail_msg("row %zu: %zu cookies, k=%s", i, in.n, k ? k->value : "(none)");
	}
}

static void encoding_and_back(void **state)
{
	const char *text = "/desk/cases?no=1&x=长 沙%+\"'<>";
	AUTO(arena) a = arena_new(1 << 16);
	AUTO_BUF(b, 1024);
	const char *back = NULL;

	(void)state;
	percent_encode(&b, span_str(text));
	assert_null(strpbrk(buf_cstr(&b), " &?\"'<>+"));
	assert_int_equal(percent_decode(buf_span(&b), true, a, &back), ERR_OK);
	assert_string_equal(back, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(form_table),   cmocka_unit_test(two_hundred_fields), cmocka_unit_test(json_table),
		cmocka_unit_test(cookie_table), cmocka_unit_test(encoding_and_back),
	};

	return cmocka_run_group_tests_name("web-form", tests, NULL, NULL);
}
