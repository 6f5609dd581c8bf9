/* The month's contribution on its pages: the three persons of the facts to the fen for three and for five insurances,
 * lines and file, the rule that computes and approves, and what it does not do. */
#include "../certsrv/office.h"
#include "../insurance/b03_rows.h"
#include "server/business/effect.h"
#include "server/insurance/calendar.h"
#include "server/insurance/month_turn.h"
#include "server/portal/pages.h"
#include "web/session.h"

#define ORIGIN    "http://localhost:8600"
#define JSON_TYPE "application/json"
#define HTML_TYPE "text/html"
#define UNIT_A    "10000016"
#define UNIT_B    "43010024"

struct site {
	struct office o;
	struct tables *tables;
	struct portal app;
	struct views *views;
	struct web_config web;
	struct buf answer;
	char session[80];
	int status, filings;
	const char *unit_no;
} s;

/* --- a browser of few words --- */

static void var(struct buf *b, const char *name, const char *value)
{
	buf_put(b, span_of(name, strlen(name) + 1));
	buf_put(b, span_of(value, strlen(value) + 1));
}

static const char *body(void)
{
	const char *at = strstr(buf_cstr(&s.answer), "\r\n\r\n");
	return at != NULL ? at + 4 : "";
}

static int get(const char *uri, const char *accept)
{
	char cookies[120];
	AUTO_BUF(vars, 4096);
	AUTO_BUF(scgi, 8192);
	(void)snprintf(cookies, sizeof(cookies), "yx_session_8600=%s", s.session);
	var(&vars, "CONTENT_LENGTH", "0");
	var(&vars, "SCGI", "1");
	var(&vars, "REQUEST_METHOD", "GET");
	var(&vars, "REQUEST_URI", uri);
	var(&vars, "REMOTE_ADDR", "127.0.0.1");
	var(&vars, "HTTP_ACCEPT", accept);
	if (s.session[0] != 0)
		var(&vars, "HTTP_COOKIE", cookies);
	buf_printf(&scgi, "%zu:", vars.len);
	buf_put(&scgi, buf_span(&vars));
	buf_str(&scgi, ",");
	buf_clear(&s.answer);
	OK(web_handle(&s.web, buf_span(&scgi), &s.answer));
	const char *set = strstr(buf_cstr(&s.answer), "Set-Cookie: yx_session_8600=");
	if (set != NULL)
		(void)snprintf(s.session, sizeof(s.session), "%.*s", (int)strcspn(set + 28, ";"), set + 28);
	s.status = (int)strtol(strstr(buf_cstr(&s.answer), "Status: ") + 8, NULL, 10);
	return s.status;
}

static json_t *view(const char *uri)
{
	json_t *v = NULL;
	if (get(uri, JSON_TYPE) != 200)
		fail_msg("%s: %d %s", uri, s.status, body());
	OK(json_parse(span_str(body()), &v));
	return v;
}

static bool says(const char *needle)
{
	return strstr(body(), needle) != NULL;
}

static enum err open_session(struct web_req *rq)
{
	struct web_session in = {
		.roles = ROLE_UNIT, .subject = "1", .person_id = "1", .holder = "测试经办人", .cert_serial = "01"};
	(void)snprintf(in.unit_no, sizeof(in.unit_no), "%s", s.unit_no);
	TRY(session_start(portal_of(rq)->sessions, rq, &in));
	return web_bytes(rq, "text/plain; charset=utf-8", SPAN_LIT("in\n"));
}

static void log_in(const char *unit_no)
{
	static const struct web_route door[] = {{"GET", "/door", WEB_PUBLIC, WEB_FORM, NULL, open_session, NULL},
	                                        {NULL}};
	s.unit_no = unit_no;
	s.session[0] = 0;
	s.web.routes = door;
	assert_int_equal(get("/door", HTML_TYPE), 200);
	s.web.routes = portal_routes;
}

/* --- the bureau --- */

static void move_to(const char *day)
{
	int64_t t = 0;
	OK(day_parse(span_str(day), &t));
	office_move_clock(&s.o, t + 36000 - clock_now(NULL));
}

static void join(const char *unit_no, const char *const *codes)
{
	for (; *codes != NULL; codes++)
		OK(unit_insurance_put(&s.o.desk, s.tables,
		                      &(struct unit_insurance){unit_no, tables_ins(s.tables, *codes), 202401, 2, PPM}));
}

struct hire {
	const char *name, *id;
	int64_t wage_fen;
};

static void hire(const char *unit_no, const struct hire *v, size_t n, unsigned ins, int month)
{
	char filing[40];
	AUTO(change) c = NULL;
	struct b03 *rows = calloc(n, sizeof(*rows));
	assert_non_null(rows);
	for (size_t i = 0; i < n; i++) {
		rows[i] = (struct b03){.id_type = "01",
		                       .gender = "1",
		                       .ethnic = "01",
		                       .mobile = "13000000001",
		                       .enrol_type = "A",
		                       .ins = ins,
		                       .start_month = month,
		                       .hire_date = month_first(month),
		                       .contract_type = "2",
		                       .employ_form = "01",
		                       .contract_from = month_first(month),
		                       .wage_fen = v[i].wage_fen};
		(void)snprintf(rows[i].name, sizeof(rows[i].name), "%s", v[i].name);
		(void)snprintf(rows[i].id_number, sizeof(rows[i].id_number), "%s", v[i].id);
	}
	(void)snprintf(filing, sizeof(filing), "430100B0320261122%05d", ++s.filings);
	void *job = NULL;
	const struct change_scope scope = {.unit_no = unit_no, .filing_no = filing, .registers = registers_all};
	OK(change_new(&s.o.desk, &scope, &c));
	for (size_t i = 0; i < n; i++)
		OK(b03_want(&s.o.desk, s.tables, unit_no, c, &rows[i]));
	OK(effect_job_new(STEAL(c), &job));
	OK(store_write(s.o.store, effect_apply, job));
	effect_done(job);
	free(rows);
}

static int setup(void **state)
{
	static const char *const three[] = {"110", "210", "410", NULL}, *const five[] = {"110", "210", "310",
	                                                                                 "410", "510", NULL};
	const struct unit b = {.unit_no = UNIT_B,
	                       .uscc = "92430102MAYYYY0409",
	                       .name = "芙蓉区测试餐饮店",
	                       .type = "60",
	                       .region = "430102",
	                       .address = "长沙市芙蓉区测试路2号"};
	(void)state;
	memset(&s, 0, sizeof(s));
	office_open(&s.o);
	move_to("2026-11-10");
	office_unit(&s.o);
	OK(unit_put(&s.o.desk, &b));
	OK(tables_load(SHARE_DIR "/tables", &s.tables));
	join(UNIT_A, three);
	join(UNIT_B, five);
	buf_init(&s.answer, 8 << 20);
	s.app.desk = s.o.desk;
	s.app.origin = ORIGIN;
	s.app.agent_origin = "http://127.0.0.1:8610";
	s.app.bureau_name = "测试机构";
	s.app.idle_sec = 1800;
	s.app.insurance = s.tables;
	OK(model_tables_load(SHARE_DIR "/tables", &s.app.tables));
	OK(views_load(SHARE_DIR "/templates", &s.views));
	OK(sessions_new(s.o.store, s.o.clock, 1800, 43200, &s.app.sessions));
	s.web = (struct web_config){.origin = ORIGIN,
	                            .agent_origin = s.app.agent_origin,
	                            .answer_max = LIMIT_RECEIPT,
	                            .bureau_name = s.app.bureau_name,
	                            .workers = 1,
	                            .routes = portal_routes,
	                            .common = page_common,
	                            .sessions = s.app.sessions,
	                            .views = s.views,
	                            .app = &s.app,
	                            .clock = s.o.clock};
	log_in(UNIT_A);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sessions_free(s.app.sessions);
	views_free(s.views);
	json_decref(s.app.tables);
	buf_done(&s.answer);
	tables_free(s.tables);
	office_close(&s.o);
	return 0;
}

static const struct hire abc[] = {{"测试甲", "430102199003079914", 350000},
                                  {"测试乙", "430103199105059929", 876543},
                                  {"测试丙", "430104199206069936", 2500000}};

static unsigned mask(const char *unit_no)
{
	struct unit_joined j;
	OK(unit_joined_at(&s.o.desk, s.tables, unit_no, 202611, &j));
	return j.ins;
}

/* --- tests --- */

static void test_nobody(void **state)
{
	(void)state;
	AUTO_JSON list = view("/unit/bill");
	assert_int_equal(json_int_or(list, "staff_total", -1), 0);
	assert_string_equal(json_str_or(json_array_get(json_object_get(list, "bills"), 0), "state", ""), "none");
	assert_int_equal(get("/unit/bill", HTML_TYPE), 200);
	assert_true(says("单位还没有参保职工") && says("2026年11月") && says("未生成"));
	static const struct {
		const char *uri;
		int status;
	} rows[] = {
		{"/unit/bill/202611", 404}, {"/unit/bill/202611/lines.csv", 404},      {"/unit/bill/2026-11", 404},
		{"/unit/bill/202613", 404}, {"/unit/bill/999999999999999999999", 404}, {"/unit/bill/-1", 404},
		{"/unit/bill?page=x", 400}, {"/unit/bill?month=202611", 400},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (get(rows[i].uri, HTML_TYPE) != rows[i].status)
			fail_msg("%s: %d, not %d", rows[i].uri, s.status, rows[i].status);
	s.session[0] = 0;
	assert_int_equal(get("/unit/bill/202611", HTML_TYPE), 303);
	log_in(UNIT_A);
}

static int64_t cell(const json_t *line, size_t i)
{
	return json_int_or(json_array_get(json_object_get(line, "cells"), i), "fen", -1);
}

static void check_lines(const json_t *bill, const int64_t (*want)[5], const int64_t *sums)
{
	const json_t *lines = json_object_get(bill, "lines");
	assert_int_equal(json_array_size(lines), 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *l = json_array_get(lines, i);
		assert_string_equal(json_str_or(l, "name", ""), abc[i].name);
		assert_non_null(strstr(json_str_or(l, "id", ""), "********"));
		for (size_t k = 0; k < 5; k++)
			assert_int_equal(cell(l, k), want[i][k]);
		assert_int_equal(json_int_or(l, "sum_fen", -1), sums[i]);
	}
}

/* shebao-domain 3.7: pension, unemployment, injury; each person's fen in the order of the columns. */
static const int64_t three_lines[3][5] = {{68928, 34464, 3016, 1292, 1723},
                                          {140247, 70123, 6136, 2630, 3506},
                                          {344640, 172320, 15078, 6462, 8616}};
static const int64_t three_sums[3] = {109423, 222642, 547116};

static void test_three(void **state)
{
	(void)state;
	hire(UNIT_A, abc, 3, mask(UNIT_A), 202611);
	AUTO_JSON bill = view("/unit/bill/202611");
	assert_int_equal(json_int_or(bill, "total_fen", -1), 879181);
	assert_int_equal(json_int_or(bill, "unit_fen", -1), 591890);
	assert_int_equal(json_int_or(bill, "person_fen", -1), 287291);
	assert_string_equal(json_str_or(bill, "words", ""), "捌仟柒佰玖拾壹元捌角壹分");
	assert_string_equal(json_str_or(bill, "state", ""), "open");
	assert_string_equal(json_str_or(bill, "due", ""), "2026-12-31");
	assert_true(json_is_true(json_object_get(bill, "verify")));
	check_lines(bill, three_lines, three_sums);
	assert_int_equal(get("/unit/bill/202611", HTML_TYPE), 200);
	assert_true(says("8,791.81") && says("JF1000001620261101") && says("待核实") && says("34,613.43") &&
	            says("0.7%") && says("16%"));
	assert_true(says("242.30")); /* by persons, not by the unit's total base */
	AUTO_JSON unit = view("/unit");
	assert_int_equal(json_int_or(unit, "staff_total", -1), 3);
	AUTO_JSON list = view("/unit/bill");
	assert_int_equal(json_int_or(json_array_get(json_object_get(list, "bills"), 0), "total_fen", -1), 879181);
}

static void test_five(void **state)
{
	(void)state;
	static const struct hire others[] = {{"=HYPERLINK(1)", "430102199003079922", 350000},
	                                     {"测试\"乙\"", "430103199105059937", 876543},
	                                     {"测试丙", "430104199206069944", 2500000}};
	hire(UNIT_B, others, 3, mask(UNIT_B), 202611);
	log_in(UNIT_B);
	AUTO_JSON bill = view("/unit/bill/202611");
	assert_int_equal(json_int_or(bill, "total_fen", -1), 1249545);
	assert_int_equal(json_array_size(json_object_get(bill, "sums")), 5);
	assert_int_equal(json_array_size(json_object_get(bill, "columns")), 8);
	assert_int_equal(get("/unit/bill/202611/lines.csv", HTML_TYPE), 200);
	assert_non_null(strstr(buf_cstr(&s.answer), "attachment; filename=\"bill-43010024-202611.csv\""));
	assert_true(says(
		"\xef\xbb\xbf序号,姓名,证件号码,个人编号,申报工资,缴费基数,养老单位,养老个人,失业单位,失业个人,医疗单位,医疗个人,工伤单位,生育单位,合计\r\n"));
	assert_true(says("1,\"'=HYPERLINK(1)\",\"430102********9922\",\"4301"));
	assert_true(says("2,\"测试\"\"乙\"\"\","));
	assert_true(says(",3500.00,4308.00,689.28,344.64,30.16,12.92,344.64,86.16,17.23,30.16,1555.19\r\n"));
	assert_false(says("430102199003079922"));
	log_in(UNIT_A);
	AUTO_JSON own = view("/unit/bill/202611");
	assert_int_equal(json_int_or(own, "total_fen", -1), 879181);
}

static int64_t total_of(const char *uri)
{
	AUTO_JSON v = view(uri);
	return json_int_or(v, "total_fen", -1);
}

static void test_rule(void **state)
{
	(void)state;
	static const struct hire late = {"测试丁", "430105199307079957", 500000};
	size_t done = 9;
	OK(month_turn(&s.o.desk, s.tables, &(struct month_turns){.enough = NULL}, &done));
	assert_int_equal(done, 0); /* the pages had it done already */
	/* A corrected table is a change too. */
	s.tables->bases[s.tables->n_bases - 1].floor_fen += 100;
	OK(month_turn(&s.o.desk, s.tables, &(struct month_turns){.enough = NULL}, &done));
	assert_int_equal(done, 2);
	assert_int_not_equal(total_of("/unit/bill/202611"), 879181);
	s.tables->bases[s.tables->n_bases - 1].floor_fen -= 100;
	assert_int_equal(total_of("/unit/bill/202611"), 879181);
	/* The last day of the window, then the day after: approved, and the next month begins. */
	move_to("2026-11-25");
	OK(month_turn(&s.o.desk, s.tables, &(struct month_turns){.enough = NULL}, &done));
	log_in(UNIT_A);
	AUTO_JSON open = view("/unit/bill/202611");
	assert_string_equal(json_str_or(open, "state", ""), "open");
	move_to("2026-11-26");
	OK(month_turn(&s.o.desk, s.tables, &(struct month_turns){.enough = NULL}, &done));
	assert_int_equal(done, 2);
	OK(month_turn(&s.o.desk, s.tables, &(struct month_turns){.enough = NULL}, &done));
	assert_int_equal(done, 0);
	log_in(UNIT_A);
	AUTO_JSON closed = view("/unit/bill/202611");
	assert_string_equal(json_str_or(closed, "state", ""), "approved");
	assert_int_equal(total_of("/unit/bill/202612"), 879181);
	/* Who comes late does not change what was approved, and the page says so. */
	hire(UNIT_A, &late, 1, mask(UNIT_A), 202611);
	AUTO_JSON again = view("/unit/bill/202611");
	assert_int_equal(json_int_or(again, "total_fen", -1), 879181);
	assert_int_equal(json_int_or(again, "missing", -1), 1);
	AUTO_JSON next = view("/unit/bill/202612");
	assert_int_equal(json_array_size(json_object_get(next, "lines")), 4);
	assert_int_equal(get("/unit/bill/202611", HTML_TYPE), 200);
	assert_true(says("核定后又有 1 人") && says("2026-11-26"));
}

/* Two months later: what was not computed meanwhile is made up for; the rule ran without any page. */
static void test_gap(void **state)
{
	(void)state;
	size_t done = 0;
	move_to("2027-02-10");
	OK(month_turn(&s.o.desk, s.tables, &(struct month_turns){.enough = NULL}, &done));
	assert_int_equal(done, 2);
	log_in(UNIT_A);
	AUTO_JSON list = view("/unit/bill");
	const json_t *bills = json_object_get(list, "bills");
	static const struct {
		int month;
		const char *state;
	} want[] = {{202702, "open"}, {202701, "approved"}, {202612, "approved"}, {202611, "approved"}};
	assert_int_equal(json_array_size(bills), COUNT_OF(want));
	for (size_t i = 0; i < COUNT_OF(want); i++) {
		assert_int_equal(json_int_or(json_array_get(bills, i), "month", 0), want[i].month);
		assert_string_equal(json_str_or(json_array_get(bills, i), "state", ""), want[i].state);
	}
	AUTO_JSON old = view("/unit/bill/202612");
	assert_true(json_is_true(json_object_get(old, "overdue")));
	assert_int_equal(json_int_or(old, "missing", -1), 0);
}

/* A hundred and one persons: pages of fifty, each person once. */
static void test_pages(void **state)
{
	(void)state;
	static struct hire many[97];
	static char ids[97][64];
	for (size_t i = 0; i < COUNT_OF(many); i++) {
		(void)snprintf(ids[i], sizeof(ids[i]), "430102198001%02zu9%02zuX", 1 + i / 50, i % 50);
		many[i] = (struct hire){"测试多人", ids[i], 600000};
	}
	hire(UNIT_A, many, COUNT_OF(many), mask(UNIT_A), 202702);
	int64_t sum = 0, total = total_of("/unit/bill/202702");
	size_t seen = 0;
	for (int page = 1; page <= 4; page++) {
		char uri[64];
		(void)snprintf(uri, sizeof(uri), "/unit/bill/202702?page=%d", page);
		AUTO_JSON v = view(uri);
		const json_t *lines = json_object_get(v, "lines");
		assert_int_equal(json_array_size(lines), page < 3 ? 50 : page == 3 ? 1 : 0);
		assert_int_equal(json_int_or(v, "following", -1), page < 3 ? page + 1 : 0);
		for (size_t i = 0; i < json_array_size(lines); i++) {
			assert_int_equal(json_int_or(json_array_get(lines, i), "number", 0), (int64_t)++seen);
			sum += json_int_or(json_array_get(lines, i), "sum_fen", 0);
		}
	}
	assert_int_equal(seen, 101);
	assert_int_equal(sum, total);
	AUTO_JSON unit = view("/unit");
	assert_int_equal(json_int_or(unit, "staff_total", -1), 101);
	assert_int_equal(json_array_size(json_object_get(unit, "staff")), 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody), cmocka_unit_test(test_three), cmocka_unit_test(test_five),
		cmocka_unit_test(test_rule),   cmocka_unit_test(test_gap),   cmocka_unit_test(test_pages),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
