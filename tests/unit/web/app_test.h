/* A small application on the real layer: store, sessions and templates in the test's folder, a clock that the test
 * moves. */
#pragma once
#include "web/rate.h"
#include "web_test.h"
#include <ctype.h>

enum { ROLE_A = 1, ROLE_B = 2 };
static struct store *app_store;
static struct sessions *app_sessions;
static struct views *app_views;
static struct clock *app_clock;
static int64_t app_offset;
static struct web_done app_done;
static char app_done_detail[256], app_done_route[64];
static _Atomic unsigned app_ran;

static inline void app_forward(int64_t sec)
{
	app_offset += sec;
	assert_int_equal(clock_set_offset(test_path("clock"), app_offset), ERR_OK);
}

/* --- handlers --- */

static enum err show(struct web_req *rq)
{
	app_ran++;
	return json_put_str(web_model(rq), "text", span_str("hello <b>"));
}

static enum err show_param(struct web_req *rq)
{
	TRY(show(rq));
	return json_put_str(web_model(rq), "text", span_str(web_param(rq, "no")));
}

static enum err echo_q(struct web_req *rq)
{
	TRY(show(rq));
	TRY(json_put_bool(web_model(rq), "has", web_has(rq, "q")));
	return json_put_str(web_model(rq), "text", span_str(web_value(rq, "q")));
}

static enum err echo_form(struct web_req *rq)
{
	app_ran++;
	TRY(json_put_str(web_model(rq), "name", span_str(web_value(rq, "name"))));
	TRY(json_put_str(web_model(rq), "text", span_str(web_value(rq, "memo"))));
	if (strcmp(web_value(rq, "name"), "taken") == 0)
		web_field_error(rq, "name", ERR_EXISTS, "该名称已被使用");
	return ERR_OK;
}

static enum err give_up(struct web_req *rq)
{
	web_header(rq, "X-Lost", "1");
	web_set_cookie(rq, "kept", "1", 60, false);
	TRY(json_put_str(web_model(rq), "secret_half", span_str("x")));
	web_error_detail(rq, "证书有效期至2026-01-01");
	return ERR(CERT_EXPIRED, "not after 0");
}

static bool app_has_none; /* /shared has nothing to give */

static enum err send_bytes(struct web_req *rq)
{
	web_header(rq, "Cache-Control", "max-age=60");
	return web_bytes(rq, "application/pkix-crl", SPAN_LIT("\x30\x00\x0d\x0a"));
}

/* For everybody, since the example's time of RFC 9110, 5.6.7. */
static enum err send_shared(struct web_req *rq)
{
	web_set_cookie(rq, "kept", "1", 60, false);
	web_cache(rq, 600, 784111777);
	return app_has_none ? ERR(UNAVAILABLE, "no list yet") : web_bytes(rq, "application/pkix-crl", SPAN_LIT("abc"));
}

static enum err echo_file(struct web_req *rq)
{
	const struct web_file *f = web_file(rq, "file"), *more = web_file(rq, "more");

	app_ran++;
	if (web_field_errors(rq))
		return ERR_OK;
	TRY(json_put_str(web_model(rq), "name", span_str(f->name)));
	TRY(json_put_str(web_model(rq), "type", span_str(f->type)));
	TRY(json_put_int(web_model(rq), "len", (int64_t)f->body.len));
	TRY(json_put_bool(web_model(rq), "more", more != NULL));
	return json_put_str(web_model(rq), "text", span_str(web_value(rq, "memo")));
}

static enum err go(struct web_req *rq)
{
	return web_redirect(rq, web_value(rq, "to"));
}

static enum err bad_header(struct web_req *rq)
{
	web_header(rq, "X-A", "a\r\nSet-Cookie: evil=1");
	return show(rq);
}

static enum err log_in(struct web_req *rq)
{
	struct web_session who = {
		.subject = "a1", .person_id = "p1", .unit_no = "12345678", .holder = "张三", .cert_serial = "AB01"};

	who.roles = (unsigned)strtoul(web_value(rq, "roles"), NULL, 10);
	return session_start(app_sessions, rq, &who);
}

static enum err nonce(struct web_req *rq)
{
	char hex[65];

	TRY(session_nonce_new(app_sessions, rq, hex));
	return json_put_str(web_model(rq), "nonce", span_str(hex));
}

static enum err take(struct web_req *rq)
{
	return session_nonce_take(app_sessions, rq, web_value(rq, "nonce"));
}

static enum err log_out(struct web_req *rq)
{
	TRY(session_end(app_sessions, rq));
	return web_redirect(rq, "/");
}

static enum err lock(struct web_req *rq)
{
	return session_lock(app_sessions, rq);
}

/* When the session is over, counted from now; 0 without one. */
static enum err ends(struct web_req *rq)
{
	const struct web_session *s = web_session_of(rq);

	return json_put_int(web_model(rq), "left", s != NULL ? s->ends - clock_now(app_clock) : 0);
}

static enum err keep(struct web_req *rq)
{
	TRY(session_keep(app_sessions, rq));
	return ends(rq);
}

static enum err unlock(struct web_req *rq)
{
	return session_unlock(app_sessions, rq);
}

static enum err digits(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isdigit(s.ptr[i]))
			return ERR(UNIT_NO, "not digits");
	return ERR_OK;
}

/* --- the table --- */

static const struct web_field q_fields[] = {{"q", "查询", 20}, {"n", "编号", 8, .check = digits}, {NULL}};
static const struct web_field form_fields[] = {{"name", "名称", 12, .required = true},
                                               {"unit", "单位编号", 8, .check = digits},
                                               {"memo", "说明", 100, .multiline = true},
                                               {NULL}};
static const struct web_field file_fields[] = {{"file", "文件", 40, .required = true, .is_file = true},
                                               {"more", "另一文件", 40, .is_file = true},
                                               {"memo", "说明", 20, .multiline = true},
                                               {NULL}};
/* The fields that the address names: one of its name, of as many octets as "a" is before "z". */
static enum err fields_of_path(struct web_req *rq, const struct web_field **ret_fields)
{
	struct web_field *f = arena_alloc(web_arena(rq), 2 * sizeof(*f));
	const char *no = web_param(rq, "no");
	if (strcmp(no, "gone") == 0)
		return ERR(ABSENT, "nothing is declared for it");
	if (f == NULL)
		return ERR(NOMEM, "fields");
	memset(f, 0, 2 * sizeof(*f));
	f[0] = (struct web_field){no, "名称", (size_t)('z' - no[0]), .required = true};
	*ret_fields = f;
	return ERR_OK;
}

static enum err echo_own(struct web_req *rq)
{
	app_ran++;
	return json_put_str(web_model(rq), "text", span_str(web_value(rq, web_param(rq, "no"))));
}

static const struct web_field to_fields[] = {{"to", "去向", 2000}, {NULL}};
static const struct web_field role_fields[] = {{"roles", "角色", 12}, {NULL}};
static const struct web_field nonce_fields[] = {{"nonce", "随机数", 100}, {NULL}};

static const struct web_route app_routes[] = {
	{"GET", "/", WEB_PUBLIC, .handler = show, .view = "page"},
	{"GET", "/q", WEB_PUBLIC, .fields = q_fields, .handler = echo_q, .view = "page"},
	{"GET", "/f", WEB_PUBLIC, .handler = show, .view = "page"},
	{"POST", "/f", WEB_PUBLIC, .fields = form_fields, .handler = echo_form, .view = "form", .shows_errors = true},
	{"POST", "/g", WEB_PUBLIC, .fields = form_fields, .handler = echo_form, .view = "page"},
	{"POST", "/m", WEB_PUBLIC, WEB_MULTIPART, .fields = file_fields, .handler = echo_file, .view = "file",
         .shows_errors = true, .raw_max = 1000},
	{"POST", "/j", WEB_PUBLIC, WEB_JSON, .fields = form_fields, .handler = echo_form},
	{"POST", "/own/:no", WEB_PUBLIC, .handler = echo_own, .view = "page", .declare = fields_of_path},
	{"GET", "/p/:no", WEB_PUBLIC, .handler = show_param, .view = "page"},
	{"GET", "/p/new", WEB_PUBLIC, .handler = show, .view = "page"},
	{"GET", "/p/:no/x/:other", WEB_PUBLIC, .handler = show_param, .view = "page"},
	{"GET", "/fail", WEB_PUBLIC, .handler = give_up, .view = "page"},
	{"GET", "/broken", WEB_PUBLIC, .handler = show, .view = "broken"},
	{"GET", "/header", WEB_PUBLIC, .handler = bad_header, .view = "page"},
	{"GET", "/bytes", WEB_PUBLIC, .handler = send_bytes},
	{"GET", "/shared", WEB_PUBLIC, .handler = send_shared},
	{"GET", "/closed-bytes", WEB_ANY_LOGIN, .handler = send_bytes},
	{"GET", "/go", WEB_PUBLIC, .fields = to_fields, .handler = go},
	{"GET", "/closed", WEB_ANY_LOGIN, .fields = q_fields, .handler = echo_q, .view = "page"},
	{"POST", "/closed", WEB_ANY_LOGIN, .handler = show, .view = "page"},
	{"GET", "/closed/file/:id", WEB_ANY_LOGIN, .handler = send_bytes},
	{"POST", "/closed/file/:id/remove", WEB_ANY_LOGIN, .handler = show, .view = "page"},
	{"GET", "/a", ROLE_A, .handler = show, .view = "page"},
	{"GET", "/ab", ROLE_A | ROLE_B, .handler = show, .view = "page"},
	{"GET", "/half", WEB_HALF_LOGIN, .handler = show, .view = "page"},
	{"POST", "/login/in", WEB_PUBLIC, WEB_JSON, .fields = role_fields, .handler = log_in},
	{"POST", "/login/nonce", WEB_PUBLIC, WEB_JSON, .handler = nonce},
	{"POST", "/login/take", WEB_PUBLIC, WEB_JSON, .fields = nonce_fields, .handler = take},
	{"POST", "/login/form", WEB_PUBLIC, .handler = show, .view = "page"},
	{"POST", "/logout", WEB_ANY_LOGIN, .handler = log_out},
	{"POST", "/session/lock", WEB_ANY_LOGIN, WEB_JSON, .handler = lock},
	{"POST", "/session/keep", WEB_ANY_LOGIN, WEB_JSON, .handler = keep},
	{"GET", "/session", WEB_PUBLIC, .handler = ends, .quiet = true},
	{"POST", "/session/resume", WEB_ANY_LOGIN, WEB_JSON, .handler = unlock},
	{NULL},
};

static enum err app_common(struct web_req *rq, json_t *model)
{
	const struct web_session *who = web_session_of(rq);
	const char *token;

	TRY(web_csrf(rq, &token));
	TRY(json_put_str(model, "csrf", span_str(token)));
	return json_put_str(model, "holder", span_str(who != NULL ? who->holder : ""));
}

static void app_on_done(const struct web_done *d)
{
	app_done = *d;
	snprintf(app_done_detail, sizeof(app_done_detail), "%s", d->detail);
	snprintf(app_done_route, sizeof(app_done_route), "%s", d->route);
}

static struct web_config app_conf = {
	.origin = "http://localhost:8600",
	.agent_origin = "http://127.0.0.1:8610",
	.bureau_name = "测试",
	.workers = 4,
	.routes = app_routes,
	.common = app_common,
	.done = app_on_done,
};

/* --- life --- */

static int app_start(void **state)
{
	static const char *const sql[] = {"000_core.sql", "web.sql"};

	if (test_dir_make(state) != 0 || mkdir(test_path("sql"), 0755) != 0 || mkdir(test_path("t"), 0755) != 0)
		return -1;
	for (size_t i = 0; i < COUNT_OF(sql); i++) {
		char from[512], to[64];
		snprintf(from, sizeof(from), "%s/sql/%s", SHARE_DIR, sql[i]);
		snprintf(to, sizeof(to), "sql/%s", sql[i]);
		if (symlink(from, test_path(to)) != 0)
			return -1;
	}
	test_file("t/page.mustache", "<p>{{text}}</p><i>{{holder}}</i><input value=\"{{csrf}}\">");
	test_file(
		"t/form.mustache",
		"{{#has_errors}}<ul>{{#errors}}<li>{{field}} {{label}} {{code}} {{text}}</li>{{/errors}}</ul>{{/has_errors}}"
		"<input name=name value=\"{{form.name.value}}\">{{#form.name.error}}<em>{{.}}</em>{{/form.name.error}}");
	test_file("t/file.mustache", "{{#errors}}<li>{{field}} {{label}} {{code}} {{text}}</li>{{/errors}}");
	test_file("t/broken.mustache", "{{no_such_member}}");
	test_file(
		"t/error.mustache",
		"E {{status}} {{code}} {{text}} {{remedy}} {{rid}} [{{detail}}]{{#errors}} ({{field}} {{code}}){{/errors}} {{csrf}}");
	app_forward(0);
	if (clock_open(test_path("clock"), &app_clock) != ERR_OK ||
	    store_open(test_path("x.db"), test_path("sql"), 4, &app_store) != ERR_OK ||
	    sessions_new(app_store, app_clock, 1800, 8 * 3600, &app_sessions) != ERR_OK ||
	    views_load(test_path("t"), &app_views) != ERR_OK) {
		fprintf(stderr, "# %s\n", err_detail());
		return -1;
	}
	app_conf.sessions = app_sessions;
	app_conf.views = app_views;
	app_conf.clock = app_clock;
	return 0;
}

static int app_stop(void **state)
{
	views_free(app_views);
	sessions_free(app_sessions);
	store_close(app_store);
	clock_free(app_clock);
	return test_dir_remove(state);
}

/* --- asking --- */

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"

static void app_ask(const struct test_request *q, struct test_answer *a)
{
	app_ran = 0;
	test_ask(&app_conf, q, a);
}

/* "name=value" of a cookie that the answer sets. */
static const char *app_cookie(struct test_answer *a, const char *name)
{
	static char pair[4][256];
	static unsigned n;
	char *p = pair[n++ % 4], prefix[64];

	snprintf(prefix, sizeof(prefix), "Set-Cookie: %s=", name);
	const char *v = test_header(a, prefix);
	snprintf(p, sizeof(pair[0]), "%s=%.*s", name, (int)strcspn(v, ";"), v);
	return p;
}

static inline const char *app_log_in(const char *roles, const char *old_cookie)
{
	AUTO_ANSWER(a);
	char body[64];

	snprintf(body, sizeof(body), "{\"roles\":\"%s\"}", roles);
	app_ask(&(struct test_request){"POST", "/login/in", JSON, body, .cookie = old_cookie}, &a);
	assert_int_equal(a.status, 200);
	return app_cookie(&a, SESSION_COOKIE "_8600");
}

/* The form token of a browser with these cookies. */
static inline const char *app_token(const char *cookie)
{
	static char token[4][65];
	static unsigned n;
	char *t = token[n++ % 4];
	AUTO_ANSWER(a);

	app_ask(&(struct test_request){"GET", "/", .cookie = cookie}, &a);
	const char *at = strstr(a.body, "value=\"");
	assert_non_null(at);
	snprintf(t, sizeof(token[0]), "%s", at + 7);
	assert_int_equal(strlen(t), 64);
	return t;
}

/* A browser that has seen a public page: its pre-login cookie. */
static inline const char *app_browser(void)
{
	AUTO_ANSWER(a);

	app_ask(&(struct test_request){"GET", "/"}, &a);
	return app_cookie(&a, PRELOGIN_COOKIE "_8600");
}

static inline int app_status(const char *method, const char *uri, const char *cookie)
{
	AUTO_ANSWER(a);

	app_ask(&(struct test_request){method, uri, .cookie = cookie}, &a);
	return a.status;
}
