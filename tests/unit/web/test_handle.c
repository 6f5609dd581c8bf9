/* One request through the whole layer: routes, access, inputs, tokens, headers, errors. */
#include "app_test.h"

/* --- paths --- */

static const struct {
	const char *method, *uri;
	int status;
	const char *text; /* in the body, NULL any */
} paths[] = {
	{"GET", "/", 200, "<p>hello &lt;b&gt;</p>"},
	{"HEAD", "/", 200, NULL},
	{"GET", "/absent", 404, "S-008"},
	{"GET", "/p", 404, "S-008"},
	{"GET", "/p/", 404, "S-008"},
	{"GET", "//", 404, "S-008"},
	{"GET", "/p/1/", 404, "S-008"},
	{"GET", "/p//1", 404, "S-008"},
	{"GET", "/p/7", 200, "<p>7</p>"},
	{"GET", "/p/new", 200, "hello"},
	{"GET", "/p/ne%77", 200, "hello"},
	{"GET", "/p/%E9%95%BF", 200, "<p>长</p>"},
	{"GET", "/p/%3Cb%3E", 200, "<p>&lt;b&gt;</p>"},
	{"GET", "/p/7/x/8", 200, "<p>7</p>"},
	{"GET", "/p/7/x", 404, NULL},
	{"GET", "/p/..", 404, NULL},
	{"GET", "/p/%2e%2e", 404, NULL},
	{"GET", "/p/a%2Fb", 404, NULL},
	{"GET", "/p/%00", 400, "F-002"},
	{"GET", "/p/%FF", 400, "F-002"},
	{"GET", "/p/%0A", 400, "F-001"},
	{"GET", "/p/%E2%80%AE", 400, "F-001"},
	{"GET", "/p/%", 400, "F-001"},
	{"GET", "/p/a b", 400, "F-001"},
	{"GET", "/p/1/1/1/1/1/1/1/1/1/1/1/1/1/1", 404, NULL},
	{"GET", "", 400, "F-001"},
	{"GET", "http://evil/", 400, "F-001"},
	{"GET", "*", 400, "F-001"},
	{"PUT", "/", 405, "S-015"},
	{"DELETE", "/f", 405, "S-015"},
	{"get", "/", 405, "S-015"},
	{"", "/", 405, "S-015"},
	{"POST", "/", 405, "S-015"},
	{"GET", "/g", 405, "S-015"},
	{"OPTIONS", "/absent", 404, "S-008"},
};

static void path_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		AUTO_ANSWER(a);
		app_ask(&(struct test_request){paths[i].method, paths[i].uri}, &a);
		if (a.status != paths[i].status || (paths[i].text != NULL && strstr(a.body, paths[i].text) == NULL))
			fail_msg("row %zu %s: %d %s", i, paths[i].uri, a.status, a.body);
	}
	char longest[1100] = "/p/";
	memset(longest + 3, 'a', sizeof(longest) - 4);
	assert_int_equal(app_status("GET", longest, NULL), 414);
}

static void allow_names_the_methods(void **state)
{
	AUTO_ANSWER(a);

	(void)state;
	app_ask(&(struct test_request){"PUT", "/f"}, &a);
	assert_string_equal(test_header(&a, "Allow: "), "GET, HEAD, POST");
	app_ask(&(struct test_request){"GET", "/g"}, &a);
	assert_string_equal(test_header(&a, "Allow: "), "POST");
	app_ask(&(struct test_request){"GET", "/"}, &a);
	assert_string_equal(test_header(&a, "Allow: "), "");
}

static void head_is_get_without_body(void **state)
{
	AUTO_ANSWER(get);
	AUTO_ANSWER(head);

	(void)state;
	app_ask(&(struct test_request){"GET", "/bytes"}, &get);
	app_ask(&(struct test_request){"HEAD", "/bytes"}, &head);
	assert_string_equal(test_header(&head, "Content-Length: "), "4");
	assert_string_equal(test_header(&head, "Content-Type: "), "application/pkix-crl");
	assert_int_equal(strlen(head.body), 0);
	assert_memory_equal(get.body, "\x30\x00\x0d\x0a", 4);
	assert_string_equal(app_done.method, "HEAD");
}

/* --- page or JSON --- */

static const struct {
	const char *accept;
	bool json, json_of_json; /* the second: when the body is JSON */
} accepts[] = {
	{NULL, false, true},
	{"", false, true},
	{"*/*", false, true},
	{"text/html", false, false},
	{"TEXT/HTML", false, false},
	{"application/json", true, true},
	{"Application/JSON", true, true},
	{"application/jsonp", false, true},
	{"x-application/json", false, true},
	{"text/html,application/json", false, false},
	{"application/json,text/html", false, false},
	{"application/json;q=0.1,text/html", false, false},
	{"text/html;q=0.1, application/json", true, true},
	{"text/html;q=0.9, application/json;q=0.91", true, true},
	{"text/html; q=0.91 , application/json ;q=0.9", false, false},
	{"application/json;q=0", false, false},
	{"application/json;q=0.000, */*", false, false},
	{"text/html;q=0, */*", true, true},
	{"*/*;q=0.1, application/json;q=0.05", false, false},
	{"application/json, text/plain, */*", true, true},
	{"*/*, application/json", true, true},
	{"application/*, text/html;q=0.5", true, true},
	{"application/*;q=0.5, text/*", false, false},
	{"application/json;charset=utf-8;q=0.2, text/html;q=0.1", true, true},
	{"application/json;q=1.0, text/html;q=1", false, false},
	{"application/json;q=0.2, text/html;q=bad", false, false},
	{"image/png", false, true},
	{",,;,", false, true},
	{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", false, false},
};

static void accept_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(accepts); i++) {
		AUTO_ANSWER(a);
		app_ask(&(struct test_request){"GET", "/", .accept = accepts[i].accept}, &a);
		bool json = strcmp(test_header(&a, "Content-Type: "), "application/json") == 0;
		app_ask(&(struct test_request){"GET", "/", .accept = accepts[i].accept, .type = JSON}, &a);
		bool of_json = strcmp(test_header(&a, "Content-Type: "), "application/json") == 0;
		if (json != accepts[i].json || of_json != accepts[i].json_of_json)
			fail_msg("%s: %d %d", accepts[i].accept, json, of_json);
	}
}

static void control_characters_are_answered(void **state)
{
	static const struct test_request rows[] = {
		{"GET", "/p/\n"},
		{"GET", "/\x01"},
		{"GET", "/", .cookie = "a=\t"},
		{"GET", "/", .accept = "\x7f"},
		{"G\x02T", "/"},
		{"GET", "/", .origin = "\x1f"},
		{"GET", "/", .type = "\b"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_ANSWER(a);
		app_ask(&rows[i], &a);
		if (a.status != 400 || strstr(a.body, "F-001") == NULL)
			fail_msg("row %zu: %d", i, a.status);
	}
}

/* --- inputs of a GET --- */

static const struct {
	const char *query;
	int status;
	const char *text;
} queries[] = {
	{"", 200, "<p></p>"},
	{"?", 200, "<p></p>"},
	{"?q=1", 200, "<p>1</p>"},
	{"?q=%20+x%E3%80%80", 200, "<p>x</p>"},
	{"?n=123&q=a", 200, "<p>a</p>"},
	{"?q=", 200, "<p></p>"},
	{"?x=1", 400, "F-003"},
	{"?csrf=1", 400, "F-003"},
	{"?Q=1", 400, "F-003"},
	{"?q=1&q=2", 400, "F-004"},
	{"?q=%FF", 400, "F-002"},
	{"?q=%zz", 400, "F-001"},
	{"?q", 400, "F-001"},
	{"?q=123456789012345678901", 422, "S-003"},
	{"?q=%0A", 422, "F-013"},
	{"?q=a%E2%80%8Bb", 422, "F-013"},
	{"?q=e%CC%81", 422, "F-013"}, /* not NFC */
	{"?n=12a", 422, "F-011"},
};

static void query_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(queries); i++) {
		AUTO_ANSWER(a);
		char uri[200];
		snprintf(uri, sizeof(uri), "/q%s", queries[i].query);
		app_ask(&(struct test_request){"GET", uri}, &a);
		if (a.status != queries[i].status || strstr(a.body, queries[i].text) == NULL)
			fail_msg("row %zu %s: %d %s", i, uri, a.status, a.body);
		if (a.status != 200)
			assert_int_equal(app_ran, 0);
	}
}

static void a_get_has_no_body(void **state)
{
	AUTO_ANSWER(a);

	(void)state;
	app_ask(&(struct test_request){"GET", "/q", FORM, "q=1"}, &a);
	assert_int_equal(a.status, 400);
}

/* --- posts: token, origin, type --- */

static int post(const char *uri, const char *type, const char *body, const char *cookie, const char *origin,
                const char *site)
{
	AUTO_ANSWER(a);

	app_ask(&(struct test_request){"POST", uri, type, body, cookie, NULL, origin, site}, &a);
	return a.status;
}

static void posts_need_their_token(void **state)
{
	const char *me = app_browser(), *other = app_browser(), *session = app_log_in("1", NULL);
	char good[128], of_other[128], of_session[128];

	(void)state;
	snprintf(good, sizeof(good), "name=x&csrf=%s", app_token(me));
	snprintf(of_other, sizeof(of_other), "name=x&csrf=%s", app_token(other));
	snprintf(of_session, sizeof(of_session), "name=x&csrf=%s", app_token(session));
	assert_int_equal(post("/f", FORM, good, me, NULL, NULL), 200);
	assert_int_equal(post("/f", FORM, of_other, me, NULL, NULL), 403);
	assert_int_equal(post("/f", FORM, "name=x", me, NULL, NULL), 403);
	assert_int_equal(post("/f", FORM, "name=x&csrf=", me, NULL, NULL), 403);
	assert_int_equal(post("/f", FORM, good, NULL, NULL, NULL), 403);
	assert_int_equal(post("/f", FORM, good, "yx_pre_8600=short", NULL, NULL), 403);
	assert_int_equal(post("/f", FORM, good, session, NULL, NULL), 403);
	assert_int_equal(post("/f", FORM, of_session, session, NULL, NULL), 200);
	assert_int_equal(app_ran, 1);
	char twice[200];
	snprintf(twice, sizeof(twice), "%s; %s", me, other);
	assert_int_equal(post("/f", FORM, good, twice, NULL, NULL), 403);
}

/* What is not declared for this address does not exist, whatever is declared for another. */
static void fields_by_the_address(void **state)
{
	static const struct {
		const char *uri, *body;
		int status;
		const char *text;
	} rows[] = {
		{"/own/y", "y=1", 200, "<p>1</p>"},  {"/own/x", "x=12", 200, "<p>12</p>"},
		{"/own/y", "x=1", 400, "F-003"},     {"/own/x", "x=1&y=1", 400, "F-003"},
		{"/own/y", "", 422, "F-005"},        {"/own/y", "y=12", 422, "S-003"},
		{"/own/y", "y=1&y=1", 400, "F-004"}, {"/own/gone", "gone=1", 404, "S-008"},
	};
	const char *me = app_browser(), *token = app_token(me);
	char body[200];
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_ANSWER(a);
		snprintf(body, sizeof(body), "csrf=%s%s%s", token, rows[i].body[0] != 0 ? "&" : "", rows[i].body);
		app_ask(&(struct test_request){"POST", rows[i].uri, FORM, body, me}, &a);
		if (a.status != rows[i].status || strstr(a.body, rows[i].text) == NULL)
			fail_msg("row %zu %s: %d %s", i, rows[i].uri, a.status, a.body);
		assert_int_equal(app_ran, rows[i].status == 200);
	}
	assert_int_equal(post("/own/gone", FORM, "gone=1", me, NULL, NULL), 403); /* the token goes first */
}

static void posts_come_from_our_origin(void **state)
{
	static const struct {
		const char *origin, *site;
		int status;
	} rows[] = {
		{"http://localhost:8600", NULL, 200},
		{"http://localhost:8600", "same-origin", 200},
		{NULL, "none", 200},
		{"http://localhost:8601", NULL, 403},
		{"https://localhost:8600", NULL, 403},
		{"null", NULL, 403},
		{"http://localhost:8600/", NULL, 403},
		{"http://evil.example", NULL, 403},
		{NULL, "cross-site", 403},
		{NULL, "same-site", 403},
		{"http://localhost:8600", "cross-site", 403},
	};
	const char *me = app_browser();
	char good[128];

	(void)state;
	snprintf(good, sizeof(good), "name=x&csrf=%s", app_token(me));
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (post("/f", FORM, good, me, rows[i].origin, rows[i].site) != rows[i].status)
			fail_msg("row %zu", i);
	/* The exemption from the token is none from the origin. */
	assert_int_equal(post("/login/nonce", JSON, "{}", NULL, "http://evil.example", NULL), 403);
	assert_int_equal(post("/login/nonce", JSON, "{}", NULL, "http://localhost:8600", NULL), 200);
	assert_int_equal(post("/login/form", FORM, "", NULL, NULL, NULL), 403);
}

static void bodies_have_their_type(void **state)
{
	const char *me = app_browser(), *token = app_token(me);
	char form[200], json[200];

	(void)state;
	snprintf(form, sizeof(form), "name=x&csrf=%s", token);
	snprintf(json, sizeof(json), "{\"name\":\"x\",\"csrf\":\"%s\"}", token);
	assert_int_equal(post("/f", JSON, json, me, NULL, NULL), 200);
	assert_int_equal(post("/f", "application/json; charset=utf-8", json, me, NULL, NULL), 200);
	assert_int_equal(post("/j", JSON, json, me, NULL, NULL), 200);
	assert_int_equal(post("/j", FORM, form, me, NULL, NULL), 400);
	assert_int_equal(post("/j", "text/plain", json, me, NULL, NULL), 400);
	assert_int_equal(post("/f", "text/plain", form, me, NULL, NULL), 400);
	assert_int_equal(post("/f", "multipart/form-data; boundary=x", form, me, NULL, NULL), 400);
	assert_int_equal(post("/f", NULL, form, me, NULL, NULL), 400);
	assert_int_equal(post("/f", JSON, form, me, NULL, NULL), 400);
	assert_int_equal(post("/f?name=x", FORM, form, me, NULL, NULL), 400);
	snprintf(json, sizeof(json), "{\"name\":\"x\",\"csrf\":\"%s\",\"more\":\"1\"}", token);
	assert_int_equal(post("/j", JSON, json, me, NULL, NULL), 400);
	snprintf(json, sizeof(json), "{\"name\":7,\"csrf\":\"%s\"}", token);
	assert_int_equal(post("/j", JSON, json, me, NULL, NULL), 400);
}

/* --- field errors --- */

static void field_errors_are_shown_at_the_field(void **state)
{
	const char *me = app_browser(), *token = app_token(me);
	char body[300];
	AUTO_ANSWER(a);

	(void)state;
	snprintf(body, sizeof(body), "name=&unit=12x&csrf=%s", token);
	app_ask(&(struct test_request){"POST", "/f", FORM, body, me}, &a);
	assert_int_equal(a.status, 422);
	assert_non_null(strstr(a.body, "<li>name 名称 F-005"));
	assert_non_null(strstr(a.body, "<li>unit 单位编号 F-011"));
	assert_int_equal(app_ran, 1);
	/* Without shows_errors the handler does not run. */
	app_ask(&(struct test_request){"POST", "/g", FORM, body, me}, &a);
	assert_int_equal(a.status, 422);
	assert_int_equal(app_ran, 0);
	assert_non_null(strstr(a.body, "(name F-005) (unit F-011)"));
	/* The handler's own. */
	snprintf(body, sizeof(body), "name=taken&csrf=%s", token);
	app_ask(&(struct test_request){"POST", "/f", FORM, body, me}, &a);
	assert_int_equal(a.status, 422);
	assert_non_null(strstr(a.body, "value=\"taken\"><em>该名称已被使用</em>"));
	/* As JSON. */
	app_ask(&(struct test_request){"POST", "/f", FORM, body, me, JSON}, &a);
	assert_int_equal(a.status, 422);
	json_t *v = NULL;
	assert_int_equal(json_parse(span_str(a.body), &v), ERR_OK);
	AUTO_JSON own = v;
	const json_t *field = json_array_get(json_object_get(json_object_get(own, "error"), "fields"), 0);
	assert_string_equal(json_str_or(field, "field", ""), "name");
	assert_string_equal(json_str_or(field, "text", ""), "该名称已被使用");
}

static void many_lines(void **state)
{
	static const struct {
		const char *sent;
		int status;
		const char *seen;
	} rows[] = {
		{"a%0D%0Ab", 200, "a\nb"},     {"a%0Ab%0A", 200, "a\nb\n"}, {"++a+", 200, "  a "},
		{"a%0D%0A++b", 200, "a\n  b"}, {"a%0Db", 422, NULL},        {"a%09b", 422, NULL},
		{"a%0A%E2%80%AEb", 422, NULL}, {"a%0Ae%CC%81", 422, NULL},
	};
	const char *me = app_browser(), *token = app_token(me);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_ANSWER(a);
		char body[300];
		json_t *v = NULL;
		snprintf(body, sizeof(body), "name=x&memo=%s&csrf=%s", rows[i].sent, token);
		app_ask(&(struct test_request){"POST", "/f", FORM, body, me, JSON}, &a);
		if (a.status != rows[i].status)
			fail_msg("row %zu: %d %s", i, a.status, a.body);
		assert_int_equal(json_parse(span_str(a.body), &v), ERR_OK);
		AUTO_JSON own = v;
		if (rows[i].seen != NULL)
			assert_string_equal(json_str_or(own, "text", ""), rows[i].seen);
	}
}

/* --- access --- */

static void closed_pages_lead_to_the_login(void **state)
{
	AUTO_ANSWER(a);

	(void)state;
	app_ask(&(struct test_request){"GET", "/closed"}, &a);
	assert_int_equal(a.status, 303);
	assert_string_equal(test_header(&a, "Location: "), "/login?next=/closed");
	app_ask(&(struct test_request){"GET", "/closed?q=a%26b&n=1"}, &a);
	assert_string_equal(test_header(&a, "Location: "), "/login?next=/closed%3Fq%3Da%2526b%26n%3D1");
	app_ask(&(struct test_request){"POST", "/closed", FORM, ""}, &a);
	/* To the page of that address, or to the nearest above it: where the form stands that was sent too late. */
	assert_string_equal(test_header(&a, "Location: "), "/login?next=/closed");
	app_ask(&(struct test_request){"POST", "/closed/file/7/remove", FORM, ""}, &a);
	assert_string_equal(test_header(&a, "Location: "), "/login?next=/closed");
	app_ask(&(struct test_request){"POST", "/logout", FORM, ""}, &a);
	assert_string_equal(test_header(&a, "Location: "), "/login?next=/");
	app_ask(&(struct test_request){"GET", "/closed", .accept = JSON}, &a);
	assert_int_equal(a.status, 401);
	assert_non_null(strstr(a.body, "\"L-107\""));
	app_ask(&(struct test_request){"GET", "/closed", .accept = "text/html,application/json;q=0.1"}, &a);
	assert_int_equal(a.status, 303);
	assert_int_equal(app_ran, 0);
}

static void roles_open_their_pages(void **state)
{
	static const struct {
		const char *roles, *uri;
		int status;
	} rows[] = {
		{"1", "/closed", 200},
		{"1", "/a", 200},
		{"1", "/ab", 200},
		{"1", "/half", 403},
		{"2", "/closed", 200},
		{"2", "/a", 403},
		{"2", "/ab", 200},
		{"0", "/closed", 200},
		{"0", "/ab", 403},
		{"1073741824", "/half", 200},
		{"1073741824", "/closed", 303},
		{"1073741824", "/a", 303},
		{"1073741825", "/a", 303},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (app_status("GET", rows[i].uri, app_log_in(rows[i].roles, NULL)) != rows[i].status)
			fail_msg("row %zu", i);
}

/* --- answers --- */

static void every_answer_bears_the_headers(void **state)
{
	static const char *const uris[] = {"/",      "/absent", "/fail",        "/broken",
	                                   "/bytes", "/closed", "/go?to=/desk", "/q?x=1"};
	static const char csp[] =
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
		"connect-src 'self' http://127.0.0.1:8610; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

	(void)state;
	for (size_t i = 0; i < COUNT_OF(uris); i++) {
		AUTO_ANSWER(a);
		app_ask(&(struct test_request){"GET", uris[i]}, &a);
		assert_string_equal(test_header(&a, "Content-Security-Policy: "), csp);
		assert_string_equal(test_header(&a, "X-Content-Type-Options: "), "nosniff");
		assert_string_equal(test_header(&a, "Referrer-Policy: "), "same-origin");
		assert_string_not_equal(test_header(&a, "Permissions-Policy: "), "");
		assert_string_equal(test_header(&a, "Cache-Control: "),
		                    strcmp(uris[i], "/bytes") == 0 ? "max-age=60" : "no-store");
		assert_int_equal(strlen(test_header(&a, "X-Request-Id: ")), 32);
		assert_null(strstr(a.raw.ptr ? (char *)a.raw.ptr : "", "Strict-Transport"));
	}
	AUTO_ANSWER(closed);
	app_ask(&(struct test_request){"GET", "/closed-bytes", .cookie = app_log_in("1", NULL)}, &closed);
	assert_int_equal(closed.status, 200);
	assert_string_equal(test_header(&closed, "Cache-Control: "), "no-store");
}

/* GB/T 32905, A.1: SM3 of "abc". */
#define ABC_TAG "\"66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0\""

static const struct {
	const char *none_match, *since;
	int status;
} conditions[] = {
	{NULL, NULL, 200},
	{"", "", 200},
	{ABC_TAG, NULL, 304},
	{"W/" ABC_TAG, NULL, 304},
	{"\"1\", " ABC_TAG ", \"2\"", NULL, 304},
	{"*", NULL, 304},
	{"\"66c7f0f4\"", NULL, 200},
	{"66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", NULL, 200},
	{"\"1\"", "Sun, 06 Nov 1994 08:49:37 GMT", 200}, /* the tag alone counts where there is one */
	{NULL, "Sun, 06 Nov 1994 08:49:37 GMT", 304},
	{NULL, "Sun, 06 Nov 1994 08:49:36 GMT", 200},
	{NULL, "Thu, 29 Feb 2024 00:00:00 GMT", 304},
	{NULL, "Wed, 29 Feb 2023 00:00:00 GMT", 200},
	{NULL, "Sun, 06 Nov 1994 08:49:37 CET", 200},
	{NULL, "Sun, 06 Nox 1994 08:49:37 GMT", 200},
	{NULL, "Sunday, 06-Nov-94 08:49:37 GMT", 200},
	{NULL, "1994-11-06T08:49:37Z", 200},
};

static void conditional_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(conditions); i++) {
		AUTO_ANSWER(a);
		app_ask(&(struct test_request){"GET", "/shared", .none_match = conditions[i].none_match,
		                               .since = conditions[i].since},
		        &a);
		if (a.status != conditions[i].status)
			fail_msg("row %zu: %d", i, a.status);
		assert_string_equal(a.body, a.status == 304 ? "" : "abc");
		assert_string_equal(test_header(&a, "Content-Length: "), a.status == 304 ? "" : "3");
		assert_string_equal(test_header(&a, "ETag: "), ABC_TAG);
	}
}

/* Whoever asks: browsers with a session too; nothing of his goes with it into a cache that others use. */
static void shared_answers_are_the_same_for_everybody(void **state)
{
	const char *who[] = {NULL, app_log_in("1", NULL), "yx_session_8600=0"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(who); i++) {
		AUTO_ANSWER(a);
		app_ask(&(struct test_request){"GET", "/shared", .cookie = who[i]}, &a);
		assert_string_equal(test_header(&a, "Cache-Control: "),
		                    "max-age=600, public, no-transform, must-revalidate");
		assert_string_equal(test_header(&a, "Last-Modified: "), "Sun, 06 Nov 1994 08:49:37 GMT");
		assert_int_equal(strlen(test_header(&a, "Expires: ")), 29);
		/* nginx reads both in their order; an Expires in the past, read first, forbids what max-age allows. */
		assert_true(strstr((char *)a.raw.ptr, "Cache-Control: ") < strstr((char *)a.raw.ptr, "Expires: "));
		assert_string_equal(test_header(&a, "Vary: "), "");
		assert_null(strstr((char *)a.raw.ptr, "Set-Cookie"));
	}
	AUTO_ANSWER(head);
	app_ask(&(struct test_request){"HEAD", "/shared"}, &head);
	assert_string_equal(test_header(&head, "ETag: "), ABC_TAG);
	assert_string_equal(test_header(&head, "Content-Length: "), "3");
	app_has_none = true;
	AUTO_ANSWER(none);
	app_ask(&(struct test_request){"GET", "/shared", .none_match = "*"}, &none);
	app_has_none = false;
	assert_int_equal(none.status, 503);
	assert_string_equal(test_header(&none, "Cache-Control: "), "no-store");
	assert_string_equal(test_header(&none, "ETag: "), "");
}

static void request_ids(void **state)
{
	static const struct {
		const char *given;
		bool kept;
	} rows[] = {
		{"0123456789abcdef0123456789abcdef", true},
		{"0123456789ABCDEF0123456789abcdef", false},
		{"", false},
		{"0123456789abcdef0123456789abcde", false},
		{"0123456789abcdef0123456789abcdef0", false},
		{"0123456789abcdef0123456789abcde\xff", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_ANSWER(a);
		app_ask(&(struct test_request){"GET", "/fail", .rid = rows[i].given}, &a);
		const char *rid = test_header(&a, "X-Request-Id: ");
		assert_int_equal(strlen(rid), 32);
		assert_int_equal(strcmp(rid, rows[i].given) == 0, rows[i].kept);
		assert_non_null(strstr(a.body, rid));
	}
}

static void secure_cookies_under_https(void **state)
{
	struct web_config c = app_conf;
	AUTO_ANSWER(a);

	(void)state;
	test_ask(&c, &(struct test_request){"GET", "/"}, &a);
	assert_string_equal(strchr(test_header(&a, "Set-Cookie: yx_pre_8600="), ';'),
	                    "; Path=/; SameSite=Lax; HttpOnly");
	c.origin = "https://rsj.example.cn";
	test_ask(&c, &(struct test_request){"GET", "/"}, &a);
	assert_string_equal(strchr(test_header(&a, "Set-Cookie: yx_pre="), ';'),
	                    "; Path=/; SameSite=Lax; HttpOnly; Secure");
	assert_string_not_equal(test_header(&a, "Strict-Transport-Security: "), "");
}

static void errors_as_page_and_as_json(void **state)
{
	AUTO_ANSWER(a);

	(void)state;
	app_ask(&(struct test_request){"GET", "/fail"}, &a);
	assert_int_equal(a.status, 403);
	assert_non_null(strstr(a.body, "E 403 C-004 证书已过期"));
	assert_non_null(strstr(a.body, "[证书有效期至2026-01-01]"));
	assert_null(strstr(a.body, "not after 0")); /* the trail is for logs */
	assert_string_equal(app_done_detail, "not after 0");
	assert_int_equal(app_done.e, ERR_CERT_EXPIRED);
	assert_string_equal(app_done_route, "/fail");
	assert_string_equal(test_header(&a, "X-Lost: "), "");
	assert_string_not_equal(test_header(&a, "Set-Cookie: kept_8600="), "");
	app_ask(&(struct test_request){"GET", "/fail", .accept = JSON}, &a);
	assert_int_equal(a.status, 403);
	assert_string_equal(test_header(&a, "Content-Type: "), JSON);
	json_t *v = NULL;
	assert_int_equal(json_parse(span_str(a.body), &v), ERR_OK);
	AUTO_JSON own = v;
	const json_t *e = json_object_get(own, "error");
	assert_int_equal(json_object_size(own), 1);
	assert_string_equal(json_str_or(e, "code", ""), "C-004");
	assert_string_equal(json_str_or(e, "remedy", ""), err_remedy(ERR_CERT_EXPIRED));
	assert_int_equal(strlen(json_str_or(e, "rid", "")), 32);
	assert_string_equal(json_str_or(e, "detail", ""), "证书有效期至2026-01-01");
}

static void json_is_the_handlers_model_alone(void **state)
{
	AUTO_ANSWER(a);

	(void)state;
	app_ask(&(struct test_request){"GET", "/", .accept = JSON}, &a);
	assert_string_equal(a.body, "{\"text\":\"hello <b>\"}");
	assert_string_equal(test_header(&a, "X-Csrf-Token: "), "");
	const char *me = app_browser();
	app_ask(&(struct test_request){"GET", "/", .cookie = me, .accept = JSON}, &a);
	assert_string_equal(test_header(&a, "X-Csrf-Token: "), app_token(me));
}

static void broken_views_and_headers_are_internal_errors(void **state)
{
	struct web_config c = app_conf;
	AUTO_ANSWER(a);

	(void)state;
	app_ask(&(struct test_request){"GET", "/broken"}, &a);
	assert_int_equal(a.status, 500);
	assert_non_null(strstr(a.body, "S-006"));
	assert_non_null(strstr(app_done_detail, "no_such_member"));
	app_ask(&(struct test_request){"GET", "/header"}, &a);
	assert_int_equal(a.status, 500);
	assert_string_equal(test_header(&a, "Set-Cookie: evil="), "");
	/* Even the error page is gone. */
	c.views = NULL;
	test_ask(&c, &(struct test_request){"GET", "/absent"}, &a);
	assert_int_equal(a.status, 404);
	assert_string_equal(test_header(&a, "Content-Type: "), "text/plain; charset=utf-8");
	assert_non_null(strstr(a.body, "S-008"));
}

static const struct {
	const char *path;
	bool own;
} own_paths[] = {
	{"/", true},
	{"/desk", true},
	{"/desk?x=1&y=%20", true},
	{"", false},
	{"desk", false},
	{"//evil.example", false},
	{"/\\evil.example", false},
	{"/a\\b", false},
	{"http://evil", false},
	{"/a b", false},
	{"/a\r\nX: y", false},
	{"/\xe9", false},
	{"/\t/evil", false},
	{"\\/evil", false},
};

static void own_path_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(own_paths); i++)
		if (web_is_own_path(own_paths[i].path) != own_paths[i].own)
			fail_msg("row %zu", i);
	assert_int_equal(app_status("GET", "/go?to=/desk%3Fx%3D1", NULL), 303);
	assert_int_equal(app_status("GET", "/go?to=//evil.example", NULL), 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_table),
		cmocka_unit_test(accept_table),
		cmocka_unit_test(control_characters_are_answered),
		cmocka_unit_test(allow_names_the_methods),
		cmocka_unit_test(head_is_get_without_body),
		cmocka_unit_test(query_table),
		cmocka_unit_test(a_get_has_no_body),
		cmocka_unit_test(posts_need_their_token),
		cmocka_unit_test(posts_come_from_our_origin),
		cmocka_unit_test(fields_by_the_address),
		cmocka_unit_test(bodies_have_their_type),
		cmocka_unit_test(field_errors_are_shown_at_the_field),
		cmocka_unit_test(many_lines),
		cmocka_unit_test(closed_pages_lead_to_the_login),
		cmocka_unit_test(roles_open_their_pages),
		cmocka_unit_test(every_answer_bears_the_headers),
		cmocka_unit_test(conditional_table),
		cmocka_unit_test(shared_answers_are_the_same_for_everybody),
		cmocka_unit_test(request_ids),
		cmocka_unit_test(secure_cookies_under_https),
		cmocka_unit_test(errors_as_page_and_as_json),
		cmocka_unit_test(json_is_the_handlers_model_alone),
		cmocka_unit_test(broken_views_and_headers_are_internal_errors),
		cmocka_unit_test(own_path_table),
	};

	return cmocka_run_group_tests_name("web-handle", tests, app_start, app_stop);
}
