/* The whole site in process: every address of the contract, the login over HTTP, the desk's pages in every state of a
 * case, forms with bad input. Requests are SCGI octets, answers what the edge would get. */
#include "../certsrv/office.h"
#include "evidence/log_check.h"
#include "server/portal/log_turn.h"
#include "server/portal/login.h"

#define ORIGIN "http://localhost:8600"

struct site {
	struct office o;
	struct portal app;
	struct views *views;
	struct web_config web;
	struct buf answer;
	char session[80], pre[80], csrf[80]; /* cookies and token of the one browser */
	int status;
};

/* --- a browser of few words --- */

static void var(struct buf *b, const char *name, const char *value)
{
	buf_put(b, span_of(name, strlen(name) + 1));
	buf_put(b, span_of(value, strlen(value) + 1));
}

static const char *head_value(struct site *s, const char *name)
{
	static char value[512];
	const char *at = strstr(buf_cstr(&s->answer), name), *end = strstr(buf_cstr(&s->answer), "\r\n\r\n");
	if (at == NULL || end == NULL || at > end)
		return "";
	at += strlen(name);
	(void)snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
	return value;
}

static void keep_cookie(struct site *s, const char *name, char *ret, size_t cap)
{
	char needle[64];
	(void)snprintf(needle, sizeof needle, "Set-Cookie: %s=", name);
	const char *at = strstr(buf_cstr(&s->answer), needle);
	if (at != NULL)
		(void)snprintf(ret, cap, "%.*s", (int)strcspn(at + strlen(needle), ";"), at + strlen(needle));
}

static const char *body(struct site *s)
{
	const char *at = strstr(buf_cstr(&s->answer), "\r\n\r\n");
	return at != NULL ? at + 4 : "";
}

static int ask(struct site *s, const char *method, const char *uri, const char *type, const char *text, const char *accept)
{
	char cookies[256], number[24];
	AUTO_BUF(vars, 16384);
	AUTO_BUF(scgi, 2 << 20);
	(void)snprintf(number, sizeof number, "%zu", strlen(text));
	(void)snprintf(cookies, sizeof cookies, "%s%s%s%s%s", s->session[0] ? "yx_session=" : "", s->session,
		       s->session[0] && s->pre[0] ? "; " : "", s->pre[0] ? "yx_pre=" : "", s->pre);
	var(&vars, "CONTENT_LENGTH", number);
	var(&vars, "SCGI", "1");
	var(&vars, "REQUEST_METHOD", method);
	var(&vars, "REQUEST_URI", uri);
	var(&vars, "CONTENT_TYPE", type);
	var(&vars, "REMOTE_ADDR", "127.0.0.1");
	var(&vars, "HTTP_ACCEPT", accept);
	var(&vars, "HTTP_ORIGIN", method[0] == 'P' ? ORIGIN : "");
	if (cookies[0] != 0)
		var(&vars, "HTTP_COOKIE", cookies);
	buf_printf(&scgi, "%zu:", vars.len);
	buf_put(&scgi, buf_span(&vars));
	buf_str(&scgi, ",");
	buf_str(&scgi, text);
	buf_clear(&s->answer);
	OK(web_handle(&s->web, buf_span(&scgi), &s->answer));
	keep_cookie(s, "yx_session", s->session, sizeof s->session);
	keep_cookie(s, "yx_pre", s->pre, sizeof s->pre);
	s->status = (int)strtol(head_value(s, "Status: "), NULL, 10);
	return s->status;
}

static int get(struct site *s, const char *uri)
{
	int status = ask(s, "GET", uri, "", "", "text/html");
	const char *at = strstr(body(s), "name=\"yx-csrf\" content=\"");
	if (at != NULL)
		(void)snprintf(s->csrf, sizeof s->csrf, "%.64s", at + strlen("name=\"yx-csrf\" content=\""));
	return status;
}

static int get_json(struct site *s, const char *uri)
{
	return ask(s, "GET", uri, "", "", "application/json");
}

static int post_json(struct site *s, const char *uri, json_t *take)
{
	AUTO_BUF(text, 1 << 20);
	if (json_object_get(take, "csrf") == NULL)
		OK(json_put_str(take, "csrf", span_str(s->csrf)));
	OK(json_print(take, &text));
	json_decref(take);
	return ask(s, "POST", uri, "application/json", buf_cstr(&text), "application/json");
}

static int post_form(struct site *s, const char *uri, const char *fields)
{
	AUTO_BUF(text, 65536);
	buf_printf(&text, "csrf=%s%s%s", s->csrf, fields[0] != 0 ? "&" : "", fields);
	return ask(s, "POST", uri, "application/x-www-form-urlencoded", buf_cstr(&text), "text/html");
}

static bool says(struct site *s, const char *needle)
{
	return strstr(body(s), needle) != NULL;
}

static json_t *answer_json(struct site *s)
{
	json_t *v = NULL;
	OK(json_parse(span_str(body(s)), &v));
	return v;
}

static const char *error_code(struct site *s)
{
	static char code[16];
	AUTO_JSON v = answer_json(s);
	(void)snprintf(code, sizeof code, "%s", json_str_or(json_object_get(v, "error"), "code", ""));
	return code;
}

/* --- the site --- */

static enum err common(struct web_req *rq, json_t *model)
{
	return page_common(rq, model);
}

static void trust_of(struct site *s)
{
	struct cert *root = NULL, *ca = NULL;
	AUTO(crl) crl = NULL;
	int64_t now = clock_now(s->o.clock);
	OK(cert_parse(cert_der(s->o.root), &root));
	OK(cert_parse(cert_der(s->o.ca), &ca));
	OK(trust_new(root, ca, s->o.desk.bureau, now, &s->app.trust));
	OK(crl_build(s->o.ca, s->o.ca_key, 1, now - 60, now + 7 * DAY, NULL, 0, &crl));
	OK(trust_set_crl(s->app.trust, crl_der(crl)));
}

static int setup(void **state)
{
	static struct site s;
	memset(&s, 0, sizeof s);
	office_open(&s.o);
	office_unit(&s.o);
	buf_init(&s.answer, 8 << 20);
	OK(signer_client_new("/nonexistent/signer.sock", &s.app.signer));
	s.o.desk.signer = s.app.signer;
	s.app.desk = s.o.desk;
	s.app.origin = ORIGIN;
	s.app.agent_origin = "http://127.0.0.1:8610";
	s.app.bureau_name = "长沙市人力资源和社会保障局(测试)";
	s.app.idle_sec = 1800;
	trust_of(&s);
	OK(model_tables_load(SHARE_DIR "/tables", &s.app.tables));
	OK(views_load(SHARE_DIR "/templates", &s.views));
	OK(sessions_new(s.o.store, s.o.clock, 1800, 43200, &s.app.sessions));
	s.web = (struct web_config){.origin = ORIGIN, .agent_origin = s.app.agent_origin, .bureau_name = s.app.bureau_name,
		.workers = 1, .routes = portal_routes, .common = common, .sessions = s.app.sessions, .views = s.views,
		.app = &s.app, .clock = s.o.clock};
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	struct site *s = *state;
	sessions_free(s->app.sessions);
	views_free(s->views);
	json_decref(s->app.tables);
	trust_free(s->app.trust);
	signer_client_free(s->app.signer);
	buf_done(&s->answer);
	office_close(&s->o);
	return 0;
}

/* --- logging in as a page would --- */

static int answer_login(struct site *s, const struct desk_person *p, const char *uri, const char *more_key, const char *more)
{
	AUTO(statement) st = NULL;
	AUTO_BUF(time, 32);
	AUTO_BUF(sig64, 256);
	AUTO_BUF(cert64, 16384);
	struct sm2_sig sig;
	json_t *in = json_object();
	assert_int_equal(post_json(s, "/login/challenge", json_object()), 200);
	AUTO_JSON challenge = answer_json(s);
	text_time(&time, clock_now(s->o.clock));
	const struct statement_kv kv[] = {{"bureau", json_str_or(challenge, "bureau", "")},
		{"nonce", json_str_or(challenge, "nonce", "")}, {"time", buf_cstr(&time)}, {"origin", ORIGIN}};
	OK(statement_build("LOGIN", kv, COUNT_OF(kv), &st));
	OK(gm_sign(p->key, statement_text(st), &sig));
	text_b64(&sig64, SPAN_ARR(sig.b));
	text_b64(&cert64, cert_der(p->cert));
	OK(json_put_str(in, "statement", statement_text(st)));
	OK(json_put_str(in, "signature", buf_span(&sig64)));
	OK(json_put_str(in, "cert", buf_span(&cert64)));
	if (more_key != NULL)
		OK(json_put_str(in, more_key, span_str(more)));
	return post_json(s, uri, in);
}

static void take_csrf(struct site *s)
{
	AUTO_JSON v = answer_json(s);
	(void)snprintf(s->csrf, sizeof s->csrf, "%s", json_str_or(v, "csrf", ""));
}

/* Staff need the roster, which needs a signer: the test makes the session that the login would make. */
struct as {
	const struct desk_person *p;
	unsigned roles;
};
static struct as next_staff;

static enum err open_session(struct web_req *rq)
{
	struct web_session w = {.roles = next_staff.roles};
	(void)snprintf(w.subject, sizeof w.subject, "%s", next_staff.p->id);
	(void)snprintf(w.person_id, sizeof w.person_id, "%s", next_staff.p->id);
	(void)snprintf(w.holder, sizeof w.holder, "%s", next_staff.p->name);
	(void)snprintf(w.cert_serial, sizeof w.cert_serial, "%s", cert_serial(next_staff.p->cert));
	TRY(session_start(portal_of(rq)->sessions, rq, &w));
	return web_bytes(rq, "text/plain; charset=utf-8", SPAN_LIT("in\n"));
}

static void log_in_staff(struct site *s, const struct desk_person *p, unsigned roles, const char *home)
{
	static const struct web_route door[] = {{"GET", "/door", WEB_PUBLIC, WEB_FORM, NULL, open_session, NULL}, {NULL}};
	next_staff = (struct as){p, roles};
	s->session[0] = 0;
	s->web.routes = door;
	assert_int_equal(ask(s, "GET", "/door", "", "", "text/html"), 200);
	s->web.routes = portal_routes;
	assert_int_equal(get(s, home), 200);
}

/* --- tests --- */

static void test_contract(void **state)
{
	struct site *s = *state;
	static const char *const open_to_all[] = {"/", "/guide", "/downloads", "/faq", "/windows", "/verify", "/jobs", "/cert",
		"/login", "/crl/ca.crl", "/ca/root.cer", "/ca/ca.cer", "/healthz", "/metrics", "/login/messages",
		"/login/password/reset", "/faq?q=%E5%AF%86%E7%A0%81", "/faq?q=zzzz", "/ocsp", "/tsa", "/log/head"};
	static const char *const closed[] = {"/unit", "/person", "/inbox", "/filings", "/desk", "/review", "/audit", "/admin",
		"/desk/new", "/desk/cases/1", "/unit/account", "/login/password"};
	for (size_t i = 0; i < COUNT_OF(open_to_all); i++)
		assert_int_equal(get(s, open_to_all[i]), 200);
	for (size_t i = 0; i < COUNT_OF(closed); i++) {
		assert_int_equal(get(s, closed[i]), 303);
		assert_int_equal(strncmp(head_value(s, "Location: "), "/login?next=/", 13), 0);
		assert_int_equal(get_json(s, closed[i]), 401);
		assert_string_equal(error_code(s), "L-107");
	}
	assert_int_equal(get(s, "/nosuch"), 404);
	assert_true(says(s, "S-008"));
	assert_int_equal(get(s, "/crl/other.crl"), 404);
	assert_int_equal(get(s, "/ca/../root.cer"), 404);
}

/* Every page names language, one heading of the first rank, the landmarks, and no script or style of its own. */
static void test_frame(void **state)
{
	struct site *s = *state;
	static const char *const pages[] = {"/", "/faq", "/login", "/cert", "/nosuch", "/jobs"};
	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		(void)get(s, pages[i]);
		assert_true(says(s, "<html lang=\"zh-CN\""));
		assert_true(says(s, "<main ") && says(s, "<header ") && says(s, "<footer ") && says(s, "<nav "));
		const char *h1 = strstr(body(s), "<h1");
		assert_non_null(h1);
		assert_null(strstr(h1 + 1, "<h1"));
		assert_false(says(s, "<style") || says(s, " style=") || says(s, " onclick=") || says(s, "<script>"));
		assert_true(says(s, "测试系统"));
	}
	assert_non_null(strstr(buf_cstr(&s->answer), "script-src 'self'"));
}

static void test_elder(void **state)
{
	struct site *s = *state;
	assert_int_equal(get(s, "/mode?set=elder&next=/faq"), 303);
	assert_string_equal(head_value(s, "Location: "), "/faq");
	assert_non_null(strstr(head_value(s, "Set-Cookie: "), "yx_mode=elder"));
	assert_int_equal(get(s, "/mode?set=normal&next=//evil.test/"), 303);
	assert_string_equal(head_value(s, "Location: "), "/");
	assert_int_equal(get(s, "/mode"), 422);
}

static void holder_in_register(struct site *s, struct desk_person *p)
{
	int64_t now = clock_now(s->o.clock);
	char no[PERSON_NO_LEN + 1], subject[32];
	OK(person_ensure(&s->o.desk, "测试经办人甲", "430102199003079914", "13000000001", no));
	(void)snprintf(subject, sizeof subject, "10000016-%s", no);
	*p = (struct desk_person){.name = "测试经办人甲"};
	OK(sm2_key_new(&p->key));
	p->cert = office_cert(&s->o, "unit-sign", sm2_key_pub(p->key), "长沙测试一号科技有限公司", "91430100MAYYYY016Y",
			      "测试经办人甲", subject, now - 60, now + 100 * DAY);
	struct account a = {.kind = "unit", .unit_no = "10000016", .holder = "测试经办人甲"};
	(void)snprintf(a.subject, sizeof a.subject, "%s", subject);
	(void)snprintf(a.person_no, sizeof a.person_no, "%s", no);
	OK(account_put(&s->o.desk, &a));
}

static void holder_done(struct desk_person *p)
{
	cert_free(p->cert);
	sm2_key_free(p->key);
}

static void test_login(void **state)
{
	struct site *s = *state;
	struct desk_person p;
	holder_in_register(s, &p);
	assert_int_equal(answer_login(s, &p, "/login/answer", NULL, NULL), 200);
	take_csrf(s);
	assert_true(says(s, "\"next\":\"/unit\""));
	assert_int_equal(get(s, "/unit"), 200);
	assert_true(says(s, "长沙测试一号科技有限公司") && says(s, "staff-empty"));
	assert_int_equal(get(s, "/desk"), 403);
	assert_int_equal(get(s, "/inbox"), 200);
	/* The key goes: all is closed but the way back, which only this key finds. */
	assert_int_equal(post_json(s, "/session/lock", json_object()), 200);
	assert_int_equal(get(s, "/unit"), 401);
	assert_int_equal(answer_login(s, &p, "/login/answer", "resume", "00FF"), 403);
	assert_string_equal(error_code(s), "L-110");
	assert_int_equal(get(s, "/unit"), 401);
	assert_int_equal(answer_login(s, &p, "/login/answer", "resume", cert_serial(p.cert)), 200);
	assert_int_equal(get(s, "/unit"), 200);
	assert_int_equal(post_form(s, "/logout", ""), 303);
	s->session[0] = 0;
	assert_int_equal(get(s, "/unit"), 303);
	holder_done(&p);
}

/* Revoked while logged in: the session ends with the next list. */
static void test_sweep(void **state)
{
	struct site *s = *state;
	struct desk_person p;
	struct crl_entry e = {.reason = CRL_KEY_COMPROMISE};
	AUTO(crl) crl = NULL;
	AUTO_BUF(raw, 20);
	int64_t now = clock_now(s->o.clock);
	holder_in_register(s, &p);
	assert_int_equal(answer_login(s, &p, "/login/answer", NULL, NULL), 200);
	OK(portal_sweep(&s->app));
	assert_int_equal(get(s, "/unit"), 200);
	OK(text_unhex(span_str(cert_serial(p.cert)), &raw));
	memcpy(e.serial, raw.ptr, raw.len);
	e.serial_len = raw.len;
	e.time = now;
	OK(crl_build(s->o.ca, s->o.ca_key, 2, now - 60, now + 7 * DAY, &e, 1, &crl));
	OK(trust_set_crl(s->app.trust, crl_der(crl)));
	OK(portal_sweep(&s->app));
	assert_int_equal(get(s, "/unit"), 303);
	assert_int_equal(get(s, "/login?next=/unit"), 200);
	assert_true(says(s, "L-108"));
	assert_int_equal(get(s, "/login"), 200);
	assert_false(says(s, "L-108"));
	assert_int_equal(answer_login(s, &p, "/login/answer", NULL, NULL), 403);
	assert_string_equal(error_code(s), "C-006");
	holder_done(&p);
}

static void test_nonce(void **state)
{
	struct site *s = *state;
	struct desk_person p;
	holder_in_register(s, &p);
	assert_int_equal(answer_login(s, &p, "/login/answer", NULL, NULL), 200);
	/* Replay: the same octets again need a nonce that is gone. */
	AUTO(statement) st = NULL;
	AUTO_BUF(time, 32);
	text_time(&time, clock_now(s->o.clock));
	const struct statement_kv kv[] = {{"bureau", s->o.desk.bureau},
		{"nonce", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}, {"time", buf_cstr(&time)},
		{"origin", ORIGIN}};
	OK(statement_build("LOGIN", kv, COUNT_OF(kv), &st));
	json_t *in = json_object();
	OK(json_put_str(in, "statement", statement_text(st)));
	OK(json_put_str(in, "signature", SPAN_LIT("AAAA")));
	OK(json_put_str(in, "cert", SPAN_LIT("AAAA")));
	assert_int_equal(post_json(s, "/login/answer", in), 409);
	assert_string_equal(error_code(s), "L-001");
	/* Another browser's nonce. */
	assert_int_equal(post_json(s, "/login/challenge", json_object()), 200);
	s->pre[0] = s->pre[0] == '0' ? '1' : '0';
	AUTO_JSON challenge = answer_json(s);
	AUTO(statement) stolen = NULL;
	const struct statement_kv kv2[] = {{"bureau", s->o.desk.bureau}, {"nonce", json_str_or(challenge, "nonce", "")},
		{"time", buf_cstr(&time)}, {"origin", ORIGIN}};
	OK(statement_build("LOGIN", kv2, COUNT_OF(kv2), &stolen));
	in = json_object();
	OK(json_put_str(in, "statement", statement_text(stolen)));
	OK(json_put_str(in, "signature", SPAN_LIT("AAAA")));
	OK(json_put_str(in, "cert", SPAN_LIT("AAAA")));
	assert_int_equal(post_json(s, "/login/answer", in), 409);
	holder_done(&p);
}

static void test_password(void **state)
{
	struct site *s = *state;
	struct desk_person p;
	holder_in_register(s, &p);
	assert_int_equal(answer_login(s, &p, "/login/answer", NULL, NULL), 200);
	assert_int_equal(get(s, "/unit/account"), 200);
	assert_int_equal(get(s, "/unit/account?password=x"), 422);
	assert_int_equal(post_form(s, "/unit/account", "action=set&password=short&again=short"), 422);
	assert_int_equal(post_form(s, "/unit/account", "action=set&password=Right-2026&again=Right-2027"), 422);
	assert_int_equal(post_form(s, "/unit/account", "action=set&password=Right-2026&again=Right-2026"), 200);
	assert_int_equal(answer_login(s, &p, "/login/answer", NULL, NULL), 200);
	assert_true(says(s, "/login/password"));
	assert_int_equal(get(s, "/unit"), 303); /* half a session opens nothing else */
	assert_int_equal(get(s, "/login/password"), 200);
	assert_int_equal(post_form(s, "/login/password", "password=Wrong-2026"), 422);
	assert_true(says(s, "L-105"));
	assert_int_equal(post_form(s, "/login/password", "password=Right-2026"), 303);
	assert_int_equal(get(s, "/unit"), 200);
	/* Forgotten: a fresh signature sets a new one. */
	assert_int_equal(answer_login(s, &p, "/login/reset", "password", "Other-2026"), 200);
	assert_int_equal(answer_login(s, &p, "/login/answer", NULL, NULL), 200);
	assert_int_equal(get(s, "/login/password"), 200);
	assert_int_equal(post_form(s, "/login/password", "password=Other-2026"), 303);
	holder_done(&p);
}

#define GOOD_CASE "profile=unit&unit_no=10000016&uscc=91430100MAYYYY016Y&holder=%E6%B5%8B%E8%AF%95%E7%94%B2" \
	"&id_number=430102199003079914&mobile=13000000001&letter_no=W-1&years=1"

static void dates(struct site *s, char *ret, size_t cap)
{
	AUTO_BUF(from, 16);
	AUTO_BUF(to, 16);
	int64_t now = clock_now(s->o.clock);
	text_date_cn(&from, now - DAY);
	text_date_cn(&to, now + 100 * DAY);
	(void)snprintf(ret, cap, "&letter_from=%s&letter_to=%s", buf_cstr(&from), buf_cstr(&to));
}

static void test_form_errors(void **state)
{
	struct site *s = *state;
	log_in_staff(s, &s->o.clerk, ROLE_CLERK, "/desk");
	assert_int_equal(get(s, "/desk/new"), 200);
	assert_int_equal(get(s, "/desk/new?id_number=430102199003079914"), 422);
	assert_int_equal(post_form(s, "/desk/new", "profile=unit&unit_no=1&uscc=2&holder=&id_number=3&mobile=4&years=1"), 422);
	/* All at once, each with its code, and nothing typed is lost. */
	assert_true(says(s, "F-011") && says(s, "F-010") && says(s, "F-005") && says(s, "F-009") && says(s, "F-012"));
	assert_true(says(s, "govuk-error-summary") && says(s, "value=\"4\""));
	assert_int_equal(post_form(s, "/desk/new", "profile=unit&nosuch=1"), 400);
	assert_int_equal(post_form(s, "/desk/new", "years=1&years=2"), 400);
	assert_int_equal(post_form(s, "/desk/new", "holder=%FF"), 400);
	(void)snprintf(s->csrf, sizeof s->csrf, "0000");
	assert_int_equal(post_form(s, "/desk/new", GOOD_CASE), 403);
	assert_true(says(s, "F-007"));
}

static void open_case(struct site *s, char ret_path[80])
{
	char form[600] = GOOD_CASE;
	dates(s, form + strlen(form), sizeof form - strlen(form));
	log_in_staff(s, &s->o.clerk, ROLE_CLERK, "/desk");
	assert_int_equal(post_form(s, "/desk/new", form), 303);
	(void)snprintf(ret_path, 80, "%s", head_value(s, "Location: "));
}

static int act(struct site *s, const char *path, const struct desk_person *p, const char *step)
{
	char uri[120];
	struct sm2_sig sig;
	AUTO_BUF(sig64, 256);
	AUTO_BUF(cert64, 16384);
	json_t *ask_text = json_object(), *in = json_object();
	(void)snprintf(uri, sizeof uri, "%s/text", path);
	OK(json_put_str(ask_text, "step", span_str(step)));
	int status = post_json(s, uri, ask_text);
	if (status != 200) {
		json_decref(in);
		return status;
	}
	AUTO_JSON v = answer_json(s);
	const char *text = json_str_or(v, "statement", "");
	OK(gm_sign(p->key, span_str(text), &sig));
	text_b64(&sig64, SPAN_ARR(sig.b));
	text_b64(&cert64, cert_der(p->cert));
	OK(json_put_str(in, "step", span_str(step)));
	OK(json_put_str(in, "statement", span_str(text)));
	OK(json_put_str(in, "signature", buf_span(&sig64)));
	OK(json_put_str(in, "cert", buf_span(&cert64)));
	(void)snprintf(uri, sizeof uri, "%s/act", path);
	return post_json(s, uri, in);
}

static void birth(struct site *s, const char *path)
{
	char uri[120];
	struct born b;
	AUTO_BUF(csr64, 8192);
	AUTO_BUF(attest64, 512);
	json_t *in = json_object();
	office_birth(&s->o, strrchr(path, '/') + 1, &b);
	text_b64(&csr64, buf_span(&b.csr));
	text_b64(&attest64, buf_span(&b.attest));
	OK(json_put_str(in, "card", span_str(b.card)));
	OK(json_put_str(in, "key", span_str(b.key_hex)));
	OK(json_put_str(in, "csr", buf_span(&csr64)));
	OK(json_put_str(in, "attestation", buf_span(&attest64)));
	(void)snprintf(uri, sizeof uri, "%s/born", path);
	assert_int_equal(post_json(s, uri, in), 200);
	office_birth_done(&b);
}

/* The story's first half, and the page of the case in each state as each officer sees it. */
static void test_case_story(void **state)
{
	struct site *s = *state;
	char path[80], uri[120];
	open_case(s, path);
	assert_int_equal(get(s, path), 200);
	assert_true(says(s, "data-state=\"draft\"") && says(s, "id=\"sign\"") && says(s, "430102********9914"));
	assert_false(says(s, "430102199003079914"));
	(void)snprintf(uri, sizeof uri, "%s/edit", path);
	assert_int_equal(get(s, uri), 200);
	assert_true(says(s, "value=\"430102199003079914\""));
	assert_int_equal(act(s, path, &s->o.clerk, "approve"), 403); /* not his role */
	assert_string_equal(error_code(s), "C-013");
	assert_int_equal(act(s, path, &s->o.clerk, "accept"), 200);
	assert_int_equal(get(s, path), 200);
	assert_true(says(s, "data-state=\"accepted\""));
	assert_false(says(s, "id=\"sign\""));
	log_in_staff(s, &s->o.reviewer, ROLE_REVIEWER, "/review");
	assert_true(says(s, path));
	assert_int_equal(get(s, path), 200);
	assert_true(says(s, "id=\"sign\"") && says(s, "id=\"opinion\""));
	assert_int_equal(act(s, path, &s->o.reviewer, "approve"), 200);
	log_in_staff(s, &s->o.maker, ROLE_MAKER, "/desk");
	assert_int_equal(get(s, path), 200);
	assert_true(says(s, "id=\"make-born\""));
	birth(s, path);
	assert_int_equal(get(s, path), 200);
	assert_true(says(s, "data-state=\"making\"") && says(s, "id=\"sign\""));
	assert_int_equal(act(s, path, &s->o.maker, "make"), 503); /* the signer is away */
	assert_int_equal(get(s, path), 200);
	assert_true(says(s, "id=\"issue\""));
	(void)snprintf(uri, sizeof uri, "%s/issue", path);
	assert_int_equal(post_form(s, uri, ""), 503);
	(void)snprintf(uri, sizeof uri, "%s/slip", path);
	assert_int_equal(get(s, uri), 409);
	assert_int_equal(get(s, "/desk/cases/nosuch"), 404);
	assert_true(says(s, "C-024"));
	assert_int_equal(get(s, "/desk?state=making&page=1"), 200);
	assert_true(says(s, path));
	assert_int_equal(get_json(s, path), 200);
}

static void test_return(void **state)
{
	struct site *s = *state;
	char path[80], uri[120];
	open_case(s, path);
	assert_int_equal(act(s, path, &s->o.clerk, "accept"), 200);
	log_in_staff(s, &s->o.reviewer, ROLE_REVIEWER, "/review");
	(void)snprintf(uri, sizeof uri, "%s/return", path);
	assert_int_equal(post_form(s, uri, "opinion="), 422);
	assert_int_equal(post_form(s, uri, "opinion=%3Cb%3E%E7%BC%BA%E5%85%AC%E7%AB%A0"), 303);
	assert_int_equal(get(s, path), 200);
	assert_true(says(s, "&lt;b&gt;缺公章") && says(s, "退回补正"));
	log_in_staff(s, &s->o.clerk, ROLE_CLERK, "/desk");
	assert_int_equal(get(s, path), 200);
	assert_true(says(s, "id=\"edit\""));
	(void)snprintf(uri, sizeof uri, "%s/refuse", path);
	assert_int_equal(post_form(s, uri, "opinion=no"), 303);
	assert_int_equal(get(s, path), 200);
	assert_true(says(s, "不予受理"));
}

/* --- the log --- */

static void no_fault(const struct log_fault *f, void *ctx)
{
	(void)ctx;
	print_error("%s %s %s: %s\n", f->table, f->row, f->column, f->what);
}

static enum err log_is_whole(struct tx *tx, void *arg)
{
	const struct log_check c = {.bureau = arg, .fault = no_fault};
	struct log_sum sum;
	OK(log_check(tx, &c, &sum));
	assert_int_equal(sum.pending, 0);
	assert_int_equal(sum.entries, 2); /* opened, accepted */
	assert_int_equal(sum.rows, 4);    /* the case, two events, one act */
	return ERR_OK;
}

static void unhex32(const char *hex, uint8_t ret[32])
{
	AUTO_BUF(b, 32);
	OK(text_unhex(span_str(hex), &b));
	memcpy(ret, b.ptr, 32);
}

static void proof_of(struct site *s, const char *uri, const char *leaf_key, struct tree_proof *p, uint8_t ret_leaf[32], uint8_t ret_root[32])
{
	assert_int_equal(get(s, uri), 200);
	AUTO_JSON v = answer_json(s);
	const json_t *hash, *list = json_object_get(v, "proof");
	size_t i;
	p->n = json_array_size(list);
	json_array_foreach(list, i, hash)
		unhex32(json_string_value(hash), p->hash[i]);
	unhex32(json_str_or(v, leaf_key, ""), ret_leaf);
	unhex32(json_str_or(v, "root", ""), ret_root);
}

static void test_log(void **state)
{
	struct site *s = *state;
	static const struct { const char *query; int status; const char *code; } bad[] = {
		{"", 422, "F-005"}, {"?index=0&from=1", 422, "F-005"}, {"?index=x", 422, "F-006"}, {"?index=-1", 422, "F-006"},
		{"?index=2", 404, "S-008"}, {"?index=0&size=3", 404, "S-008"}, {"?from=2&to=1", 404, "S-008"}, {"?from=1&size=2", 422, "F-005"},
		{"?index=0&leaf=1", 400, "F-003"}, {"?index=0&index=1", 400, "F-004"}, {"?from=99999999999999999999", 422, NULL},
	};
	char path[80], uri[120];
	struct tree_proof p;
	uint8_t leaf[32], root[32], old[32];
	assert_int_equal(get(s, "/log/head"), 200);
	assert_true(says(s, "\"tree_size\":0"));
	open_case(s, path);
	assert_int_equal(act(s, path, &s->o.clerk, "accept"), 200);
	s->app.signer = NULL; /* no journal to take */
	OK(portal_log_turn(&s->app));
	s->app.signer = s->o.desk.signer;
	assert_int_equal(get(s, "/log/head"), 200);
	assert_true(says(s, "\"tree_size\":2") && says(s, "\"signed\":false") && says(s, "尚未由公证服务签名") && !says(s, "\"signature\""));
	proof_of(s, "/log/proof?index=1&size=2", "leaf", &p, leaf, root);
	OK(tree_verify_inclusion(leaf, 1, 2, root, p.hash, p.n));
	proof_of(s, "/log/proof?from=1", "from_root", &p, old, leaf);
	OK(tree_verify_consistency(1, old, 2, root, p.hash, p.n));
	assert_memory_equal(leaf, root, 32);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		(void)snprintf(uri, sizeof uri, "/log/proof%s", bad[i].query);
		assert_int_equal(get_json(s, uri), bad[i].status);
		if (bad[i].code != NULL && strcmp(error_code(s), bad[i].code) != 0)
			fail_msg("%s: %s", uri, error_code(s));
	}
	OK(store_read(s->o.store, log_is_whole, s->o.desk.bureau));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_contract), T(test_frame), T(test_elder), T(test_login), T(test_sweep), T(test_nonce),
		T(test_password), T(test_form_errors), T(test_case_story), T(test_return), T(test_log)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
