/* The pages of filings in process: a draft by form, check page, signature, queue, return, approval; and who may not. */
#include "pages_site.h"
#include "enrol.h"
#include "server/business/effect.h"
#include "server/convert/convert.h"
#include "server/filing/attach.h"
#include "server/insurance/month_run.h"

/* --- tests --- */

#define GOOD "period=202611&id_no=430102199003079914&name=%E6%B5%8B%E8%AF%95%E8%81%8C%E5%B7%A5&wage=8%2C000"

/* A new draft by the buttons; its number. */
static void start(struct site *s, char no[FILING_NO_MAX + 1])
{
	assert_int_equal(browser_post_form(&s->b, "/filings/new", "business=Q01"), 303);
	const char *to = browser_head(&s->b, "Location: ");
	const char *at = strstr(to, "/filings/");
	assert_non_null(at);
	(void)snprintf(no, FILING_NO_MAX + 1, "%.*s", (int)strcspn(at + 9, "/"), at + 9);
}

static void test_by_form(void **state)
{
	struct site *s = *state;
	char no[FILING_NO_MAX + 1], uri[200], base[200], next[200], fields[500];
	log_in(s, &s->w.operator, "/filings");
	assert_true(browser_says(&s->b, "测试业务一"));
	assert_false(browser_says(&s->b, "测试业务三")); /* for persons */
	start(s, no);
	(void)snprintf(base, sizeof(base), "/filings/%s", no);
	(void)snprintf(uri, sizeof(uri), "/filings/%s/form", no);
	assert_int_equal(browser_get(&s->b, uri), 200);
	assert_true(browser_says(&s->b, "name=\"id_no\""));
	assert_false(browser_says(&s->b, "govuk-error-summary"));
	/* saved with a fault: nothing is lost, the field says why */
	assert_int_equal(
		browser_post_form(&s->b, uri,
	                          "version=1&period=202611&id_no=430102199003079915&name=%E7%94%B2&wage=&go=save"),
		303);
	assert_int_equal(browser_get(&s->b, uri), 200);
	assert_true(browser_says(&s->b, "430102199003079915"));
	assert_true(browser_says(&s->b, "E-21"));
	assert_true(browser_says(&s->b, "月工资不能为空"));
	(void)snprintf(uri, sizeof(uri), "/filings/%s/check", no);
	assert_int_equal(browser_get(&s->b, uri), 200);
	assert_false(browser_says(&s->b, "data-sign"));
	/* an old page */
	(void)snprintf(uri, sizeof(uri), "/filings/%s/form", no);
	assert_int_equal(browser_post_form(&s->b, uri, "version=1&" GOOD "&go=next"), 409);
	(void)snprintf(fields, sizeof(fields), "version=%lld&%s&go=next", (long long)world_get(&s->w, no).version,
	               GOOD);
	assert_int_equal(browser_post_form(&s->b, uri, fields), 303);
	(void)snprintf(uri, sizeof(uri), "/filings/%s/upload", no);
	assert_non_null(strstr(browser_head(&s->b, "Location: "), uri));
	assert_int_equal(browser_get(&s->b, uri), 200);
	(void)snprintf(uri, sizeof(uri), "/filings/%s/check", no);
	assert_int_equal(browser_get(&s->b, uri), 200);
	assert_true(browser_says(&s->b, "data-sign"));
	assert_true(browser_says(&s->b, "8000.00"));
	sign(s, &s->w.operator, base, json_pack("{s:s}", "step", "submit"), next);
	assert_string_equal(next, base);
	assert_int_equal(browser_get(&s->b, next), 200);
	assert_true(browser_says(&s->b, "申报成功"));
	assert_true(browser_says(&s->b, "data-state=\"submitted\""));
	/* back button: there is nothing to edit any more */
	assert_int_equal(browser_get(&s->b, uri), 303);
	assert_int_equal(browser_get(&s->b, "/filings"), 200);
	assert_true(browser_says(&s->b, no));
	sign(s, &s->w.operator, base, json_pack("{s:s, s:s}", "step", "withdraw", "reason", "填错"), next);
	assert_int_equal(world_get(&s->w, no).state, FILING_WITHDRAWN);
	assert_int_equal(browser_get(&s->b, base), 200);
	assert_true(browser_says(&s->b, "填错"));
}

/* What is pasted with marks that nobody sees and dots of another kind is taken; the check page says what became of it,
 * and what the statement holds is what it shows. */
static void test_folded(void **state)
{
	struct site *s = *state;
	char no[FILING_NO_MAX + 1], uri[200], base[200], next[200];
	log_in(s, &s->w.operator, "/filings");
	start(s, no);
	(void)snprintf(base, sizeof(base), "/filings/%s", no);
	(void)snprintf(uri, sizeof(uri), "/filings/%s/form", no);
	assert_int_equal(
		browser_post_form(
			&s->b, uri,
			"version=1&period=202611&id_no=%E2%80%AD430102199003079914%E2%80%AC&name=%E6%B5%8B%E2%80%A2%E8%AF%95%E3%80%80%E7%94%B2%EF%BC%88%E5%B0%8F%EF%BC%89&wage=8000&go=next"),
		303);
	(void)snprintf(uri, sizeof(uri), "/filings/%s/check", no);
	assert_int_equal(browser_get(&s->b, uri), 200);
	assert_true(browser_says(&s->b, "data-sign"));
	assert_true(browser_says(&s->b, "写法整理过 2 处"));
	assert_true(browser_says(&s->b, "测•试␣甲（小）"));
	assert_true(browser_says(&s->b, "<strong>测·试甲</strong>"));
	assert_true(browser_says(&s->b, "去掉看不见的符号"));
	sign(s, &s->w.operator, base, json_pack("{s:s}", "step", "submit"), next);
	assert_int_equal(world_get(&s->w, no).state, FILING_SUBMITTED);
	/* a control is nobody's typing */
	start(s, no);
	(void)snprintf(uri, sizeof(uri), "/filings/%s/form", no);
	assert_int_equal(browser_post_form(&s->b, uri, "version=1&period=202611&name=%1AB03-19&go=next"), 422);
}

static void test_review(void **state)
{
	struct site *s = *state;
	char a[FILING_NO_MAX + 1], b[FILING_NO_MAX + 1], uri[200], next[200], both[100];
	world_draft(&s->w, "Q01", 3, a);
	world_draft(&s->w, "Q01", 2, b);
	OK(world_submit(&s->w, a, &s->w.operator));
	OK(world_submit(&s->w, b, &s->w.operator));
	log_in(s, &s->w.reviewer, "/review/filings");
	assert_true(browser_says(&s->b, a) && browser_says(&s->b, b));
	(void)snprintf(uri, sizeof(uri), "/review/filings/%s", a);
	assert_int_equal(browser_get(&s->b, uri), 200);
	assert_true(browser_says(&s->b, "测试职工AC"));
	assert_true(browser_says(&s->b, "data-step=\"return\"") && browser_says(&s->b, "data-step=\"approve\""));
	json_decref(post_json(s, "/review/filings/text", json_pack("{s:s}", "step", "approve")));
	assert_int_equal(s->b.status, 422);
	json_decref(post_json(s, "/review/filings/text",
	                      json_pack("{s:s, s:s, s:s}", "step", "return", "no", a, "defects", " \n ")));
	assert_int_equal(s->b.status, 422);
	sign(s, &s->w.reviewer, "/review/filings",
	     json_pack("{s:s, s:s, s:s}", "step", "return", "no", a, "defects", "缺合同\n \n缺证件"), next);
	assert_string_equal(next, "/review/filings?done=1&failed=0");
	assert_int_equal(world_get(&s->w, a).state, FILING_RETURNED);
	log_in(s, &s->w.operator, "/filings");
	(void)snprintf(uri, sizeof(uri), "/filings/%s", a);
	assert_int_equal(browser_get(&s->b, uri), 200);
	assert_true(browser_says(&s->b, "一次性告知") && browser_says(&s->b, "<p>缺合同</p><p>缺证件</p>"));
	OK(world_submit(&s->w, a, &s->w.operator));
	log_in(s, &s->w.reviewer, "/review/filings");
	(void)snprintf(both, sizeof(both), "%s,%s", a, b);
	sign(s, &s->w.reviewer, "/review/filings",
	     json_pack("{s:s, s:s, s:s}", "step", "approve", "no", both, "opinion", "同意"), next);
	assert_string_equal(next, "/review/filings?done=2&failed=0");
	assert_int_equal(browser_get(&s->b, next), 200);
	assert_true(browser_says(&s->b, "已办理 2 件"));
	assert_int_equal(world_get(&s->w, a).state, FILING_DONE);
	assert_int_equal(world_get(&s->w, b).state, FILING_DONE);
	assert_int_equal(browser_get(&s->b, uri), 403); /* an officer has no /filings */
}

/* An approval that stops at an attachment says which file it is. */
static enum err lose_tx(struct tx *tx, void *arg)
{
	return tx_exec(tx, "attach_remove_all", SQL_ARGS(A_TEXT((const char *)arg)), NULL);
}

static void test_changed(void **state)
{
	struct site *s = *state;
	static const char slot[] =
		"\"attachments\":[{\"name\":\"contract\",\"label\":\"合同\",\"label_en\":\"c\",\"required\":false,"
		"\"max_bytes\":1000,\"max_count\":2}],",
			  mark[] = "\"promise_days\":10,";
	char no[FILING_NO_MAX + 1], uri[200];
	AUTO(services) services = NULL;
	AUTO_BUF(text, 1 << 16);
	const char *cut = strstr(test_q01, mark);
	struct rendering drawn = {.head = {MEDIA_PNG, 1, 1, 1}, .n = 1, .bytes = buf_make(8)};
	buf_printf(&text, "%.*s%s%s", (int)(cut - test_q01), test_q01, slot, cut);
	OK(services_parse("Q01.json", buf_span(&text), &test_registry, &services));
	s->w.d.services = services;
	world_draft(&s->w, "Q01", 1, no);
	buf_str(&drawn.bytes, "p");
	drawn.v[0].number = 1, drawn.v[0].len = 1;
	int64_t version = world_get(&s->w, no).version;
	OK(attach_add(&s->w.d, no, version, &s->w.operator.who,
	              &(struct attach_new){"contract", "合同.png", SPAN_LIT("x"), &drawn}, &version));
	rendering_done(&drawn);
	OK(world_submit(&s->w, no, &s->w.operator));
	OK(store_write(s->w.o.store, lose_tx, no));
	log_in(s, &s->w.reviewer, "/review/filings");
	(void)snprintf(uri, sizeof(uri), "/review/filings/%s", no);
	assert_int_equal(browser_get(&s->b, uri), 200);
	assert_true(browser_says(&s->b, "附件与申报人签名的内容不一致") && browser_says(&s->b, "现有 0 个"));
	json_decref(bring(s, &s->w.reviewer, "/review/filings", json_pack("{s:s, s:s}", "step", "approve", "no", no)));
	assert_int_equal(s->b.status, 409);
	assert_string_equal(browser_error(&s->b), "F-066");
	assert_true(browser_says(&s->b, "的附件：签名时有 1 个附件，现有 0 个"));
	assert_int_equal(world_get(&s->w, no).state, FILING_SUBMITTED);
}

/* A term that rests on a year without holidays is marked for both sides. */
static bool no_year(void *ctx, int year)
{
	(void)ctx;
	return year < 0;
}

static void test_unsure(void **state)
{
	struct site *s = *state;
	char no[FILING_NO_MAX + 1], uri[200];
	world_draft(&s->w, "Q01", 1, no);
	OK(world_submit(&s->w, no, &s->w.operator));
	(void)snprintf(uri, sizeof(uri), "/filings/%s", no);
	log_in(s, &s->w.operator, uri);
	assert_false(browser_says(&s->b, "暂按周末推算"));
	s->w.d.knows_year = no_year;
	assert_int_equal(browser_get(&s->b, uri), 200);
	assert_true(browser_says(&s->b, "前，该年节假日安排未公布，暂按周末推算）"));
	log_in(s, &s->w.reviewer, "/review/filings");
	assert_true(browser_says(&s->b, "（暂定）"));
}

/* What the definition names as a result, as a page: once it is done, to those whose filing it is. */
static void test_document(void **state)
{
	struct site *s = *state;
	char no[FILING_NO_MAX + 1], uri[200], show[100], other[200];
	world_draft(&s->w, "Q01", 1, no);
	OK(world_submit(&s->w, no, &s->w.operator));
	(void)snprintf(uri, sizeof(uri), "/filings/%s/documents/result", no);
	(void)snprintf(other, sizeof(other), "/filings/%s/documents/other", no);
	(void)snprintf(show, sizeof(show), "/filings/%s", no);
	log_in(s, &s->w.operator, show);
	assert_false(browser_says(&s->b, "测试业务办结单"));
	assert_int_equal(browser_get(&s->b, uri), 409);
	OK(world_bulk(&s->w, FACT_APPROVE, no, &s->w.reviewer));
	assert_int_equal(browser_get(&s->b, show), 200);
	assert_true(browser_says(&s->b, "documents/result"));
	assert_int_equal(browser_get(&s->b, uri), 200);
	assert_true(browser_says(&s->b, "测试业务办结单"));
	assert_true(browser_says(&s->b, "测试 / 非法律效力"));
	assert_true(browser_says(&s->b, no));
	assert_int_equal(browser_get(&s->b, other), 404);
	log_in(s, &s->w.stranger, "/filings");
	assert_int_equal(browser_get(&s->b, uri), 404);
	assert_false(browser_says(&s->b, "测试职工"));
	log_in(s, &s->w.reviewer, "/review/filings");
	assert_int_equal(browser_get(&s->b, uri), 403);
}

static void test_who_may_not(void **state)
{
	struct site *s = *state;
	char no[FILING_NO_MAX + 1], uri[200];
	world_draft(&s->w, "Q01", 1, no);
	OK(world_submit(&s->w, no, &s->w.operator));
	log_in(s, &s->w.stranger, "/filings");
	assert_false(browser_says(&s->b, no));
	(void)snprintf(uri, sizeof(uri), "/filings/%s", no);
	assert_int_equal(browser_get(&s->b, uri), 404);
	assert_false(browser_says(&s->b, "测试职工"));
	(void)snprintf(uri, sizeof(uri), "/filings/%s/receipt", no);
	assert_int_equal(browser_get(&s->b, uri), 404);
	assert_int_equal(browser_get(&s->b, "/filings/430100Q0120260101001"), 404);
	assert_int_equal(browser_get(&s->b, "/review/filings"), 403);
	log_in(s, &s->w.far, "/review/filings");
	assert_false(browser_says(&s->b, no));
	(void)snprintf(uri, sizeof(uri), "/review/filings/%s", no);
	assert_int_equal(browser_get(&s->b, uri), 404);
	(void)snprintf(uri, sizeof(uri), "/review/filings/%s/receipt", no);
	assert_int_equal(browser_get(&s->b, uri), 404);
	/* his role is in the session but no longer on the roster */
	log_in(s, &s->w.operator, "/filings");
	pages_session(s, &s->w.reviewer2);
	assert_int_equal(browser_get(&s->b, "/review/filings"), 403);
	/* no business is open */
	log_in(s, &s->w.operator, "/filings");
	s->app.filing = NULL;
	assert_int_equal(browser_get(&s->b, "/filings"), 503);
}

/* --- the unit's staff --- */

/* The n-th good number of a family, with its check digit. */
static void id_of(int n, char id[ID_NUMBER_LEN + 1])
{
	static const int weight[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	int sum = 0;
	(void)snprintf(id, ID_NUMBER_LEN + 1, "43010219900307%03u0", (unsigned)n % 1000u);
	for (size_t i = 0; i < COUNT_OF(weight); i++)
		sum += (id[i] - '0') * weight[i];
	id[17] = "10X98765432"[sum % 11];
}

static void test_staff(void **state)
{
	struct site *s = *state;
	AUTO(tables) t = NULL;
	static const char *const three[] = {"110", "210", "410", NULL}, *const medical[] = {"310", NULL},
				 *const injury[] = {"410", NULL};
	OK(tables_load(SHARE_DIR "/tables", &t));
	s->app.insurance = t;
	log_in(s, &s->w.operator, "/unit");
	assert_true(browser_says(&s->b, "id=\"staff-empty\">暂无参保职工。</td>"));
	assert_false(browser_says(&s->b, "尚未开通") || browser_says(&s->b, "staff-total"));
	enrol(&s->w, t, "430102199003079914", "测试职工<甲", three, 202610);
	enrol(&s->w, t, "430102199003079914", "测试职工<甲", medical, 202611);
	assert_int_equal(browser_get(&s->b, "/unit"), 200);
	assert_true(browser_says(
		&s->b,
		"<td>测试职工&lt;甲</td><td>430102********9914</td>"
		"<td><div>养老、失业、工伤</div><div>医疗</div></td>"
		"<td class=\"yx-nowrap\"><div>2026-10</div><div>2026-11</div></td><td><div>参保缴费</div><div>参保缴费</div></td>"));
	assert_true(browser_says(&s->b, "id=\"staff-total\">共 1 人。"));
	assert_false(browser_says(&s->b, "staff-empty") || browser_says(&s->b, "430102199003079914"));
	for (int i = 0; i < 50; i++) {
		char id[ID_NUMBER_LEN + 1];
		id_of(i, id);
		enrol(&s->w, t, id, "测试职工乙", injury, 202611);
	}
	assert_int_equal(browser_ask(&s->b, "GET", "/unit", "", "", "application/json"), 200);
	AUTO_JSON v = NULL;
	OK(json_parse(span_str(browser_body(&s->b)), &v));
	const json_t *list = json_object_get(v, "staff");
	assert_int_equal(json_array_size(list), 50);
	assert_int_equal(json_int_or(v, "staff_total", 0), 51);
	assert_int_equal(browser_get(&s->b, "/unit"), 200);
	assert_true(browser_says(&s->b, "共 51 人，此处列出前 50 人。"));
	log_in(s, &s->w.stranger, "/unit");
	assert_true(browser_says(&s->b, "staff-empty") && !browser_says(&s->b, "测试职工"));
}

/* A definition with a new field starts and takes it; what it does not hold does not exist, as ever. */
static char *with_new_fields(void)
{
	static const char mark
		[] = "\"rows\":{\"min\":1,\"max\":1000,\"fields\":[",
	    fresh[] =
		    "{\"name\":\"stop_month\",\"label\":\"停保年月\",\"label_en\":\"stop\",\"type\":\"month\"},"
		    "{\"name\":\"left\",\"label\":\"停保险种\",\"label_en\":\"left\",\"type\":\"codes\",\"list\":\"kind\"},";
	const char *cut = strstr(test_q01, mark) + sizeof(mark) - 1;
	AUTO_BUF(text, 1 << 16);
	buf_printf(&text, "%.*s%s%s", (int)(cut - test_q01), test_q01, fresh, cut);
	return buf_steal_str(&text);
}

static const struct {
	const char *more;
	int status;
	const char *says;
} new_fields[] = {
	{"&stop_month=2026-12", 303, ""},
	{"&stop_month=202612&left_A=1&left_B=1", 303, ""},
	{"&stop_day=2026-12-01", 400, "F-003"},
	{"&left=A", 400, "F-003"},
	{"&left_C=1", 400, "F-003"},
	{"&left_A=11", 422, "S-003"},
	{"&enrol_type=AA", 422, "S-003"},
	{"&stop_month=202612&stop_month=202612", 400, "F-004"},
	{"&period=202611", 400, "F-004"},
};

static void test_new_fields(void **state)
{
	struct site *s = *state;
	char no[FILING_NO_MAX + 1], uri[200], fields[500];
	AUTO(services) services = NULL;
	char *text = with_new_fields();
	log_in(s, &s->w.operator, "/filings");
	start(s, no);
	(void)snprintf(uri, sizeof(uri), "/filings/%s/form", no);
	assert_int_equal(browser_post_form(&s->b, uri, "version=1&" GOOD "&stop_month=202612"), 400);
	OK(services_parse("Q01.json", span_str(text), &test_registry, &services));
	free(text);
	s->w.d.services = services;
	start(s, no);
	(void)snprintf(uri, sizeof(uri), "/filings/%s/form", no);
	for (size_t i = 0; i < COUNT_OF(new_fields); i++) {
		(void)snprintf(fields, sizeof(fields), "version=%lld&%s%s", (long long)world_get(&s->w, no).version,
		               GOOD, new_fields[i].more);
		if (browser_post_form(&s->b, uri, fields) != new_fields[i].status ||
		    !browser_says(&s->b, new_fields[i].says))
			fail_msg("row %zu: %d %s", i, s->b.status, browser_body(&s->b));
	}
	(void)snprintf(uri, sizeof(uri), "/filings/%s/check", no);
	assert_int_equal(browser_get(&s->b, uri), 200);
	assert_true(browser_says(&s->b, "停保年月") && browser_says(&s->b, "202612"));
	assert_true(browser_says(&s->b, "停保险种") && browser_says(&s->b, "续保"));
	assert_int_equal(browser_post_form(&s->b, "/filings/430100Q0120260101001/form", "version=1&" GOOD), 404);
}

int main(void)
{
	const struct CMUnitTest tests[] = {WITH_PAGES(test_by_form),     WITH_PAGES(test_folded),
	                                   WITH_PAGES(test_review),      WITH_PAGES(test_changed),
	                                   WITH_PAGES(test_unsure),      WITH_PAGES(test_document),
	                                   WITH_PAGES(test_who_may_not), WITH_PAGES(test_staff),
	                                   WITH_PAGES(test_new_fields)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
