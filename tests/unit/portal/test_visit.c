/* A holder's visit over HTTP: login, lock and resume, revocation while logged in, nonces, the account's password. */
#include "site.h"

static void test_login(void **state)
{
	struct site *s = *state;
	struct desk_person p;
	site_holder(s, &p);
	assert_int_equal(site_answer_login(s, &p, "/login/answer", NULL, NULL), 200);
	site_take_csrf(s);
	assert_true(browser_says(&s->b, "\"next\":\"/unit\""));
	assert_int_equal(browser_get(&s->b, "/unit"), 200);
	assert_true(browser_says(&s->b, "长沙测试一号科技有限公司") && browser_says(&s->b, "staff-empty"));
	assert_int_equal(browser_get(&s->b, "/desk"), 403);
	assert_int_equal(browser_get(&s->b, "/inbox"), 200);
	/* The key goes: all is closed but the way back, which only this key finds. */
	assert_int_equal(browser_post_json(&s->b, "/session/lock", json_object()), 200);
	assert_int_equal(browser_get(&s->b, "/unit"), 401);
	assert_int_equal(site_answer_login(s, &p, "/login/answer", "resume", "00FF"), 403);
	assert_string_equal(browser_error(&s->b), "L-110");
	assert_int_equal(browser_get(&s->b, "/unit"), 401);
	assert_int_equal(site_answer_login(s, &p, "/login/answer", "resume", cert_serial(p.cert)), 200);
	assert_int_equal(browser_get(&s->b, "/unit"), 200);
	assert_int_equal(browser_post_form(&s->b, "/logout", ""), 303);
	s->b.session[0] = 0;
	assert_int_equal(browser_get(&s->b, "/unit"), 303);
	site_holder_done(&p);
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
	site_holder(s, &p);
	assert_int_equal(site_answer_login(s, &p, "/login/answer", NULL, NULL), 200);
	OK(portal_sweep(&s->app));
	assert_int_equal(browser_get(&s->b, "/unit"), 200);
	OK(text_unhex(span_str(cert_serial(p.cert)), &raw));
	memcpy(e.serial, raw.ptr, raw.len);
	e.serial_len = raw.len;
	e.time = now;
	OK(crl_build(s->o.ca, s->o.ca_key, 2, now - 60, now + 7 * DAY, &e, 1, &crl));
	OK(trust_set_crl(s->app.trust, crl_der(crl)));
	OK(portal_sweep(&s->app));
	assert_int_equal(browser_get(&s->b, "/unit"), 303);
	assert_int_equal(browser_get(&s->b, "/login?next=/unit"), 200);
	assert_true(browser_says(&s->b, "L-108"));
	assert_int_equal(browser_get(&s->b, "/login"), 200);
	assert_false(browser_says(&s->b, "L-108"));
	assert_int_equal(site_answer_login(s, &p, "/login/answer", NULL, NULL), 403);
	assert_string_equal(browser_error(&s->b), "C-006");
	site_holder_done(&p);
}

static void test_nonce(void **state)
{
	struct site *s = *state;
	struct desk_person p;
	site_holder(s, &p);
	assert_int_equal(site_answer_login(s, &p, "/login/answer", NULL, NULL), 200);
	/* Replay: the same octets again need a nonce that is gone. */
	AUTO(statement) st = NULL;
	AUTO_BUF(time, 32);
	text_time(&time, clock_now(s->o.clock));
	const struct statement_kv kv[] = {{"bureau", s->o.desk.bureau},
	                                  {"nonce", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},
	                                  {"time", buf_cstr(&time)},
	                                  {"origin", ORIGIN}};
	OK(statement_build("LOGIN", kv, COUNT_OF(kv), &st));
	json_t *in = json_object();
	OK(json_put_str(in, "statement", statement_text(st)));
	OK(json_put_str(in, "signature", SPAN_LIT("AAAA")));
	OK(json_put_str(in, "cert", SPAN_LIT("AAAA")));
	assert_int_equal(browser_post_json(&s->b, "/login/answer", in), 409);
	assert_string_equal(browser_error(&s->b), "L-001");
	/* Another browser's nonce. */
	assert_int_equal(browser_post_json(&s->b, "/login/challenge", json_object()), 200);
	s->b.pre[0] = s->b.pre[0] == '0' ? '1' : '0';
	AUTO_JSON challenge = browser_json(&s->b);
	AUTO(statement) stolen = NULL;
	const struct statement_kv kv2[] = {{"bureau", s->o.desk.bureau},
	                                   {"nonce", json_str_or(challenge, "nonce", "")},
	                                   {"time", buf_cstr(&time)},
	                                   {"origin", ORIGIN}};
	OK(statement_build("LOGIN", kv2, COUNT_OF(kv2), &stolen));
	in = json_object();
	OK(json_put_str(in, "statement", statement_text(stolen)));
	OK(json_put_str(in, "signature", SPAN_LIT("AAAA")));
	OK(json_put_str(in, "cert", SPAN_LIT("AAAA")));
	assert_int_equal(browser_post_json(&s->b, "/login/answer", in), 409);
	site_holder_done(&p);
}

static void test_password(void **state)
{
	struct site *s = *state;
	struct desk_person p;
	site_holder(s, &p);
	assert_int_equal(site_answer_login(s, &p, "/login/answer", NULL, NULL), 200);
	assert_int_equal(browser_get(&s->b, "/unit/account"), 200);
	assert_int_equal(browser_get(&s->b, "/unit/account?password=x"), 422);
	assert_int_equal(browser_post_form(&s->b, "/unit/account", "action=set&password=short&again=short"), 422);
	assert_int_equal(browser_post_form(&s->b, "/unit/account", "action=set&password=Right-2026&again=Right-2027"),
	                 422);
	assert_int_equal(browser_post_form(&s->b, "/unit/account", "action=set&password=Right-2026&again=Right-2026"),
	                 200);
	assert_int_equal(site_answer_login(s, &p, "/login/answer", NULL, NULL), 200);
	assert_true(browser_says(&s->b, "/login/password"));
	assert_int_equal(browser_get(&s->b, "/unit"), 303); /* half a session opens nothing else */
	assert_int_equal(browser_get(&s->b, "/login/password"), 200);
	assert_int_equal(browser_post_form(&s->b, "/login/password", "password=Wrong-2026"), 422);
	assert_true(browser_says(&s->b, "L-105"));
	assert_int_equal(browser_post_form(&s->b, "/login/password", "password=Right-2026"), 303);
	assert_int_equal(browser_get(&s->b, "/unit"), 200);
	/* Forgotten: a fresh signature sets a new one. */
	assert_int_equal(site_answer_login(s, &p, "/login/reset", "password", "Other-2026"), 200);
	assert_int_equal(site_answer_login(s, &p, "/login/answer", NULL, NULL), 200);
	assert_int_equal(browser_get(&s->b, "/login/password"), 200);
	assert_int_equal(browser_post_form(&s->b, "/login/password", "password=Other-2026"), 303);
	site_holder_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SITE(test_login),
		WITH_SITE(test_sweep),
		WITH_SITE(test_nonce),
		WITH_SITE(test_password),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
