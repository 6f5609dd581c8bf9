/* The Mustache subset: what is rendered, what refuses to load, what refuses to render. */
#include "web/template_i.h"
#include "web_test.h"

static const struct {
	const char *text, *model, *want; /* want NULL: ERR_INTERNAL */
} cases[] = {
	/* values */
	{"plain", "{}", "plain"},
	{"", "{}", ""},
	{"{{a}}", "{\"a\":\"x\"}", "x"},
	{"{{ a }}|{{\ta\n}}", "{\"a\":\"x\"}", "x|x"},
	{"{{a}}", "{\"a\":42}", "42"},
	{"{{a}}", "{\"a\":-9007199254740993}", "-9007199254740993"},
	{"[{{a}}]", "{\"a\":null}", "[]"},
	{"{{a}}{{b}}", "{\"a\":true,\"b\":false}", "truefalse"},
	{"{{a}}", "{\"a\":\"& < > \\\" '\"}", "&amp; &lt; &gt; &quot; &#39;"},
	{"<p title='{{a}}'>", "{\"a\":\"' onclick='x\"}", "<p title='&#39; onclick=&#39;x'>"},
	{"{{a}}", "{\"a\":\"{{b}}\",\"b\":\"no\"}", "{{b}}"},
	{"{ {a} } }}", "{}", "{ {a} } }}"},
	{"{{a.b.c}}", "{\"a\":{\"b\":{\"c\":\"deep\"}}}", "deep"},
	{"{{长}}", "{}", "load"},
	/* missing and unfit */
	{"{{a}}", "{}", NULL},
	{"{{a.b}}", "{\"a\":{}}", NULL},
	{"{{a.b}}", "{\"a\":\"text\"}", NULL},
	{"{{a}}", "{\"a\":{}}", NULL},
	{"{{a}}", "{\"a\":[]}", NULL},
	{"{{#a}}x{{/a}}", "{}", NULL},
	{"{{^a}}x{{/a}}", "{}", NULL},
	/* sections */
	{"{{#a}}x{{/a}}", "{\"a\":true}", "x"},
	{"{{#a}}x{{/a}}", "{\"a\":false}", ""},
	{"{{#a}}x{{/a}}", "{\"a\":null}", ""},
	{"{{#a}}x{{/a}}", "{\"a\":\"\"}", ""},
	{"{{#a}}x{{/a}}", "{\"a\":0}", ""},
	{"{{#a}}x{{/a}}", "{\"a\":[]}", ""},
	{"{{#a}}x{{/a}}", "{\"a\":{}}", "x"},
	{"{{#a}}{{.}}{{/a}}", "{\"a\":\"<\"}", "&lt;"},
	{"{{#a}}{{.}},{{/a}}", "{\"a\":[1,2,3]}", "1,2,3,"},
	{"{{#a}}{{n}},{{/a}}", "{\"a\":[{\"n\":1},{\"n\":2}]}", "1,2,"},
	{"{{#a}}{{#.}}{{.}}{{/.}};{{/a}}", "{\"a\":[[1,2],[3]]}", "12;3;"},
	{"{{#a}}{{b}}{{/a}}", "{\"a\":{\"b\":\"in\"},\"b\":\"out\"}", "in"},
	{"{{#a}}{{b}}{{/a}}", "{\"a\":{},\"b\":\"out\"}", "out"},
	/* no way back outwards within a name */
	{"{{#a}}{{b.c}}{{/a}}", "{\"a\":{\"b\":{}},\"b\":{\"c\":\"out\"}}", NULL},
	{"{{#a.b}}x{{/a.b}}", "{\"a\":{\"b\":true}}", "x"},
	{"{{#a}}1{{#b}}2{{/b}}3{{/a}}", "{\"a\":true,\"b\":false}", "13"},
	{"{{#a}}{{#a}}x{{/a}}{{/a}}", "{\"a\":true}", "x"},
	{"{{^a}}x{{/a}}", "{\"a\":false}", "x"},
	{"{{^a}}x{{/a}}", "{\"a\":[]}", "x"},
	{"{{^a}}x{{/a}}", "{\"a\":[0]}", ""},
	{"{{#a}}y{{/a}}{{^a}}n{{/a}}", "{\"a\":\"0\"}", "y"},
	/* comments, lines of their own */
	{"a{{! what }}b", "{}", "ab"},
	{"a{{!\nlong\n}}b", "{}", "ab"},
	{"1\n  {{! c }}  \n2\n", "{}", "1\n2\n"},
	{"1\n{{#a}}\n2\n{{/a}}\n3", "{\"a\":true}", "1\n2\n3"},
	{"1\r\n{{#a}}\r\n2\r\n{{/a}}\r\n3", "{\"a\":true}", "1\r\n2\r\n3"},
	{"  {{#a}}x{{/a}}\n", "{\"a\":true}", "  x\n"},
	{" {{a}} \n", "{\"a\":1}", " 1 \n"},
	{"{{#a}}\nx\n{{/a}}", "{\"a\":true}", "x\n"},
	/* partials */
	{"[{{>other}}]", "{\"a\":1}", "[other 1]"},
	{"{{#l}}{{>other}};{{/l}}", "{\"l\":[{\"a\":1},{\"a\":2}]}", "other 1;other 2;"},
	{" {{>other}}\nx", "{\"a\":1}", "other 1x"},
	/* refused at the load */
	{"{{a", "{}", "load"},
	{"{{}}", "{}", "load"},
	{"{{#a}}x", "{}", "load"},
	{"x{{/a}}", "{}", "load"},
	{"{{#a}}{{#b}}{{/a}}{{/b}}", "{}", "load"},
	{"{{#a}}{{/b}}", "{}", "load"},
	{"{{{a}}}", "{}", "load"},
	{"{{&a}}", "{}", "load"},
	{"{{=<% %>=}}", "{}", "load"},
	{"{{a b}}", "{}", "load"},
	{"{{.a}}", "{}", "load"},
	{"{{a.}}", "{}", "load"},
	{"{{a..b}}", "{}", "load"},
	{"{{>absent}}", "{}", "load"},
	{"{{>main}}", "{}", "load"},
	{"{{>round}}", "{}", "load"},
	{"\xff", "{}", "load"},
};

static void check(size_t i)
{
	AUTO(views) v = NULL;
	AUTO_BUF(out, 65536);
	json_t *parsed = NULL;

	test_file("t/main.mustache", cases[i].text);
	test_file("t/other.mustache", "other {{a}}");
	test_file("t/round.mustache", strstr(cases[i].text, "round") != NULL ? "{{>main}}" : "");
	enum err e = views_load(test_path("t"), &v);
	if (cases[i].want != NULL && strcmp(cases[i].want, "load") == 0) {
		if (e != ERR_CONFIG)
			fail_msg("row %zu loads: %s", i, err_name(e));
		return;
	}
	if (e != ERR_OK)
		fail_msg("row %zu: %s", i, err_detail());
	assert_int_equal(json_parse(span_str(cases[i].model), &parsed), ERR_OK);
	AUTO_JSON model = parsed;
	e = views_render(v, "main", model, &out);
	if (cases[i].want == NULL ? e != ERR_INTERNAL : (e != ERR_OK || strcmp(buf_cstr(&out), cases[i].want) != 0))
		fail_msg("row %zu: %s \"%s\" %s", i, err_name(e), buf_cstr(&out), err_detail());
	if (e != ERR_OK)
		assert_int_equal(out.len, 0);
}

static void case_table(void **state)
{
	(void)state;
	assert_int_equal(file_mkdir(test_path("t"), 0755), ERR_OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check(i);
}

static void errors_name_template_and_name(void **state)
{
	AUTO(views) v = NULL;
	AUTO_JSON model = json_object();
	AUTO_BUF(out, 64);

	(void)state;
	assert_int_equal(file_mkdir(test_path("n"), 0755), ERR_OK);
	test_file("n/page.mustache", "{{>part}}");
	test_file("n/part.mustache", "{{holder}}");
	assert_int_equal(views_load(test_path("n"), &v), ERR_OK);
	assert_true(views_has(v, "page") && !views_has(v, "Page") && !views_has(v, ""));
	assert_int_equal(views_render(v, "page", model, &out), ERR_INTERNAL);
	assert_non_null(strstr(err_detail(), "part"));
	assert_non_null(strstr(err_detail(), "holder"));
	assert_int_equal(views_render(v, "absent", model, &out), ERR_INTERNAL);
	assert_int_equal(views_load(test_path("no-such"), &v), ERR_CONFIG);
}

static void output_has_a_maximum(void **state)
{
	AUTO(views) v = NULL;
	AUTO_BUF(out, 10);
	AUTO_JSON model = json_pack("{s:s}", "a", "0123456789");

	(void)state;
	assert_int_equal(file_mkdir(test_path("m"), 0755), ERR_OK);
	test_file("m/page.mustache", "{{a}}x");
	assert_int_equal(views_load(test_path("m"), &v), ERR_OK);
	assert_int_equal(views_render(v, "page", model, &out), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_table),
		cmocka_unit_test(errors_name_template_and_name),
		cmocka_unit_test(output_has_a_maximum),
	};

	return cmocka_run_group_tests_name("web-template", tests, test_dir_make, test_dir_remove);
}
