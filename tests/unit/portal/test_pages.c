/* Every address of the contract, the frame of every page, elder mode. */
#include "site.h"
#include "server/notary/client.h"
#include "server/portal/run/log_turn.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct asker {
	struct site *s;
	struct buf answer;
	pthread_t thread;
	enum err e;
};

static void test_contract(void **state)
{
	struct site *s = *state;
	static const char *const open_to_all[] = {"/",
	                                          "/guide",
	                                          "/downloads",
	                                          "/faq",
	                                          "/windows",
	                                          "/verify",
	                                          "/jobs",
	                                          "/cert",
	                                          "/login",
	                                          "/crl/ca.crl",
	                                          "/ca/root.cer",
	                                          "/ca/ca.cer",
	                                          "/livez",
	                                          "/metrics",
	                                          "/login/messages",
	                                          "/login/password/reset",
	                                          "/faq?q=%E5%AF%86%E7%A0%81",
	                                          "/faq?q=zzzz",
	                                          "/log/head"};
	static const char *const closed[] = {"/unit",     "/person",       "/inbox",        "/filings",
	                                     "/desk",     "/review",       "/audit",        "/admin",
	                                     "/desk/new", "/desk/cases/1", "/unit/account", "/login/password"};
	for (size_t i = 0; i < COUNT_OF(open_to_all); i++)
		assert_int_equal(browser_get(&s->b, open_to_all[i]), 200);
	for (size_t i = 0; i < COUNT_OF(closed); i++) {
		assert_int_equal(browser_get(&s->b, closed[i]), 303);
		assert_int_equal(strncmp(browser_head(&s->b, "Location: "), "/login?next=/", 13), 0);
		assert_int_equal(browser_get_json(&s->b, closed[i]), 401);
		assert_string_equal(browser_error(&s->b), "L-107");
	}
	assert_int_equal(browser_get(&s->b, "/nosuch"), 404);
	assert_true(browser_says(&s->b, "S-008"));
	assert_int_equal(browser_get(&s->b, "/crl/other.crl"), 404);
	assert_int_equal(browser_get(&s->b, "/ca/../root.cer"), 404);
}

static void *ask_health(void *arg)
{
	static const char head[] = "CONTENT_LENGTH\0000\0SCGI\0001\0REQUEST_METHOD\0GET\0REQUEST_URI\0/healthz";
	struct asker *a = arg;
	AUTO_BUF(frame, 256);
	buf_printf(&frame, "%zu:", sizeof(head));
	buf_put(&frame, span_of(head, sizeof(head)));
	buf_str(&frame, ",");
	a->e = web_handle(&a->s->web, buf_span(&frame), &a->answer);
	return NULL;
}

/* Who asks while the first look is under way waits for it: nothing is ready before anybody has looked. The signer
 * hangs. */
static void test_health_before_any_look(void **state)
{
	struct site *s = *state;
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/tmp/yx-health-XXXXXX"};
	struct asker a[2] = {{.s = s, .answer = buf_make(1 << 20)}, {.s = s, .answer = buf_make(1 << 20)}};
	struct signer_client *own = s->app.signer;
	assert_int_not_equal(close(mkstemp(at.sun_path)), -1);
	assert_int_equal(unlink(at.sun_path), 0);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 8), 0);
	OK(signer_client_new(at.sun_path, &s->app.signer));
	for (size_t i = 0; i < COUNT_OF(a); i++) {
		assert_int_equal(pthread_create(&a[i].thread, NULL, ask_health, &a[i]), 0);
		(void)usleep(100 * 1000);
	}
	for (size_t i = 0; i < COUNT_OF(a); i++) {
		assert_int_equal(pthread_join(a[i].thread, NULL), 0);
		OK(a[i].e);
		assert_non_null(strstr(buf_cstr(&a[i].answer), "{\"missing\":[\"signer\"]}"));
		buf_done(&a[i].answer);
	}
	signer_client_free(s->app.signer);
	s->app.signer = own;
	(void)close(fd);
	(void)unlink(at.sun_path);
}

/* This site has no signer at its socket. */
static void test_health(void **state)
{
	struct site *s = *state;
	assert_int_equal(browser_get(&s->b, "/healthz"), 503);
	assert_string_equal(browser_body(&s->b), "{\"missing\":[\"signer\"]}");
	assert_string_equal(browser_head(&s->b, "Retry-After: "), "2");
}

static void no_report(enum err e)
{
	(void)e;
}

/* A sequencer that gets no head is missing when that lasts; the portal is told by the thread itself. */
static void test_health_of_the_log(void **state)
{
	struct site *s = *state;
	struct log_runner *r = NULL;
	struct signer_client *own = s->app.signer;
	s->app.signer = NULL; /* no journal to take */
	OK(notary_client_new("/nonexistent/notary.sock", &s->app.notary));
	OK(log_runner_start(&s->app, no_report, &r));
	for (int i = 0; i < 100 && s->app.log_failing == 0; i++)
		(void)usleep(20 * 1000);
	log_runner_stop(r);
	notary_client_free(s->app.notary);
	s->app.notary = NULL;
	s->app.signer = own;
	assert_in_range(s->app.log_failing, clock_mono_ms() - 4000, clock_mono_ms());
	(void)usleep(600 * 1000);
	assert_int_equal(browser_get(&s->b, "/healthz"), 503);
	assert_string_equal(browser_body(&s->b), "{\"missing\":[\"signer\"]}");
	s->app.log_failing -= 6000;
	(void)usleep(600 * 1000);
	assert_int_equal(browser_get(&s->b, "/healthz"), 503);
	assert_string_equal(browser_body(&s->b), "{\"missing\":[\"signer\",\"log\"]}");
	s->app.signer = NULL;
	OK(log_runner_start(&s->app, no_report, &r));
	log_runner_stop(r);
	s->app.signer = own;
	assert_int_equal(s->app.log_failing, 0);
}

/* Every page names language, one heading of the first rank, the landmarks, and no script or style of its own. */
static void test_frame(void **state)
{
	struct site *s = *state;
	static const char *const pages[] = {"/", "/faq", "/login", "/cert", "/nosuch", "/jobs"};
	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		(void)browser_get(&s->b, pages[i]);
		assert_true(browser_says(&s->b, "<html lang=\"zh-CN\""));
		assert_true(browser_says(&s->b, "<main ") && browser_says(&s->b, "<header ") &&
		            browser_says(&s->b, "<footer ") && browser_says(&s->b, "<nav "));
		const char *h1 = strstr(browser_body(&s->b), "<h1");
		assert_non_null(h1);
		assert_null(strstr(h1 + 1, "<h1"));
		assert_false(browser_says(&s->b, "<style") || browser_says(&s->b, " style=") ||
		             browser_says(&s->b, " onclick=") || browser_says(&s->b, "<script>"));
		assert_true(browser_says(&s->b, "测试系统"));
	}
	assert_non_null(strstr(buf_cstr(&s->b.answer), "script-src 'self'"));
}

static void test_elder(void **state)
{
	struct site *s = *state;
	assert_int_equal(browser_get(&s->b, "/mode?set=elder&next=/faq"), 303);
	assert_string_equal(browser_head(&s->b, "Location: "), "/faq");
	assert_non_null(strstr(browser_head(&s->b, "Set-Cookie: "), "yx_mode_8600=elder"));
	assert_int_equal(browser_get(&s->b, "/mode?set=normal&next=//evil.test/"), 303);
	assert_string_equal(browser_head(&s->b, "Location: "), "/");
	assert_int_equal(browser_get(&s->b, "/mode"), 422);
}

static bool has_header(struct browser *b, const char *line)
{
	return strstr(buf_cstr(&b->answer), line) != NULL;
}

/* Lists and certificates may be kept by anybody: the list until the next is due, what the root signed for a day. */
static void test_shared(void **state)
{
	struct site *s = *state;
	assert_int_equal(browser_get(&s->b, "/crl/ca.crl"), 200);
	assert_true(has_header(&s->b, "Cache-Control: max-age=604800, public") ||
	            has_header(&s->b, "Cache-Control: max-age=604799, public"));
	assert_true(has_header(&s->b, "Last-Modified: ") && has_header(&s->b, "Expires: ") &&
	            has_header(&s->b, "ETag: \""));
	assert_false(has_header(&s->b, "no-store") || has_header(&s->b, "Vary: "));
	assert_int_equal(browser_get(&s->b, "/ca/ca.cer"), 200);
	assert_true(has_header(&s->b, "Cache-Control: max-age=86400, public"));
	assert_int_equal(browser_get(&s->b, "/crl/other.crl"), 404);
	assert_true(has_header(&s->b, "Cache-Control: no-store"));
}

/* A bureau whose ceremony signed no list of the root says so, on the page and at the address. */
static void test_root_list(void **state)
{
	struct site *s = *state;
	struct crl *list = NULL;
	AUTO(crl) foreign = NULL;
	int64_t now = clock_now(s->o.clock);
	assert_int_equal(browser_get(&s->b, "/crl/root.crl"), 404);
	assert_true(browser_says(&s->b, "C-034") && browser_says(&s->b, "核对根证书指纹"));
	assert_int_equal(browser_get(&s->b, "/cert"), 200);
	assert_true(browser_says(&s->b, "本机构没有：机构成立时尚未签发"));
	assert_false(browser_says(&s->b, "/crl/root.crl"));
	OK(crl_build(s->o.ca, s->o.ca_key, 1, now, now + DAY, NULL, 0, &foreign));
	assert_int_equal(trust_set_root_crl(s->app.trust, STEAL(foreign)), ERR_SIG);
	OK(crl_build(s->o.root, s->o.root_key, 1, now, cert_not_after(s->o.root), NULL, 0, &list));
	OK(trust_set_root_crl(s->app.trust, list));
	assert_int_equal(browser_get(&s->b, "/crl/root.crl"), 200);
	assert_true(has_header(&s->b, "Cache-Control: max-age=86400, public"));
	assert_int_equal(browser_get(&s->b, "/cert"), 200);
	assert_true(browser_says(&s->b, "href=\"/crl/root.crl\"") && browser_says(&s->b, "第 1 期"));
}

/* As people ask: not letter by letter as a title has it, and as little as two characters. */
static void test_search(void **state)
{
	struct site *s = *state;
	static const struct {
		const char *query, *href;
	} rows[] = {
		{"%E5%BF%98%E8%AE%B0%E5%AF%86%E7%A0%81", "/faq#faq-9"},             /* 忘记密码 */
		{"%E5%AF%86%E7%A0%81", "/faq#faq-9"},                               /* 密码 */
		{"%E8%B4%A8%E4%BF%9D", "/faq#faq-4"},                               /* 质保 */
		{"%E4%B8%AA%E4%BA%BA%E8%AF%81%E4%B9%A6", "/guide#guide-2"},         /* 个人证书 */
		{"%E8%A1%A8%E6%A0%BC%E6%A8%A1%E6%9D%BF", "/downloads#downloads-2"}, /* 表格模板 */
		{"%E5%9C%B0%E7%82%B9", "/windows#windows-1"},                       /* 地点 */
		{"%E5%8F%82%E4%BF%9D", "/notices/2"},                               /* 参保 */
		{"l-206", "/faq#faq-16"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char uri[120], href[80];
		(void)snprintf(uri, sizeof(uri), "/search?q=%s", rows[i].query);
		(void)snprintf(href, sizeof(href), "href=\"%s\"", rows[i].href);
		assert_int_equal(browser_get(&s->b, uri), 200);
		if (!browser_says(&s->b, href))
			fail_msg("%s: %s", uri, rows[i].href);
	}
	assert_int_equal(browser_get(&s->b, "/search?q=zzzz"), 200);
	assert_true(browser_says(&s->b, "没有找到"));
	assert_int_equal(browser_get(&s->b, "/faq?q=%E5%BF%98%E8%AE%B0%E5%AF%86%E7%A0%81"), 200);
	assert_true(browser_says(&s->b, "忘记证书密码"));
	assert_int_equal(browser_get(&s->b, "/notices/1"), 200);
	assert_int_equal(browser_get(&s->b, "/notices/9"), 404);
	assert_int_equal(browser_get(&s->b, "/"), 200);
	assert_true(browser_says(&s->b, "href=\"/notices/1\""));
}

/* A refusal leads to one's own page, not to where a stranger begins. */
static void test_refused_leads_home(void **state)
{
	struct site *s = *state;
	site_log_in_staff(s, &s->o.clerk, ROLE_CLERK, "/desk");
	assert_int_equal(browser_get(&s->b, "/unit"), 403);
	assert_true(browser_says(&s->b, "href=\"/desk\" id=\"home\">返回我的页面"));
	site_session(s, &s->o.reviewer, ROLE_REVIEWER);
	assert_int_equal(browser_get(&s->b, "/admin"), 403);
	assert_true(browser_says(&s->b, "href=\"/review\" id=\"home\""));
	s->b.session[0] = 0;
	assert_int_equal(browser_get(&s->b, "/nowhere"), 404);
	assert_true(browser_says(&s->b, "href=\"/\" id=\"home\">返回首页"));
}

/* --- a receipt at the limits of what is taken --- */

#define BOUNDARY "yxboundary"
static int post_receipt(struct site *s, size_t file, size_t body)
{
	static const char end[] = "\r\n--" BOUNDARY "--\r\n";
	AUTO_BUF(text, LIMIT_RECEIPT_POST + 1);
	buf_printf(&text,
	           "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n%s\r\n--" BOUNDARY
	           "\r\nContent-Disposition: form-data; name=\"receipt\"; filename=\"a.yxr\"\r\n\r\n",
	           s->b.csrf);
	size_t head = text.len;
	while (text.len < head + file || text.len + sizeof(end) - 1 < body)
		buf_u8(&text, 'x');
	buf_str(&text, end);
	OK(buf_err(&text));
	return browser_ask(&s->b, "POST", "/verify", "multipart/form-data; boundary=" BOUNDARY, buf_cstr(&text),
	                   "application/json");
}

static void test_receipt_octets(void **state)
{
	struct site *s = *state;
	assert_int_equal(browser_get(&s->b, "/verify"), 200);
	assert_int_equal(post_receipt(s, LIMIT_RECEIPT_UPLOAD + 1, 0), 422);
	assert_string_equal(browser_error(&s->b), "S-003");
	assert_true(browser_says(&s->b, "文件过大"));
	assert_int_equal(post_receipt(s, 0, LIMIT_RECEIPT_POST + 1), 413);
	assert_string_equal(browser_error(&s->b), "S-003");
	/* of the longest file the octets decide, which are none of a receipt */
	assert_int_equal(post_receipt(s, LIMIT_RECEIPT_UPLOAD, 0), 200);
	assert_true(browser_says(&s->b, "C-042"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SITE(test_contract),       WITH_SITE(test_health_before_any_look),
		WITH_SITE(test_health),         WITH_SITE(test_health_of_the_log),
		WITH_SITE(test_frame),          WITH_SITE(test_elder),
		WITH_SITE(test_shared),         WITH_SITE(test_root_list),
		WITH_SITE(test_search),         WITH_SITE(test_refused_leads_home),
		WITH_SITE(test_receipt_octets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
