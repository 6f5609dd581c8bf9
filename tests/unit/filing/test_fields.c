/* Fields of type datetime, long-text and person through the pages: typed, kept, checked, signed, read back. */
#include "enrol.h"
#include "pages_site.h"
#include "server/register/staff.h"

static const char *const definition =
	"{\"code\":\"L01\",\"name\":\"测试业务五\",\"name_en\":\"five\",\"filers\":[\"unit\"],\"accept\":\"rule\",\"fields\":["
	"{\"name\":\"when\",\"label\":\"发生时间\",\"label_en\":\"when\",\"type\":\"datetime\",\"required\":true},"
	"{\"name\":\"story\",\"label\":\"经过\",\"label_en\":\"story\",\"type\":\"long-text\",\"required\":true},"
	"{\"name\":\"who\",\"label\":\"当事人\",\"label_en\":\"who\",\"type\":\"person\",\"required\":true}],"
	"\"promise_days\":5,\"steps\":[{\"name\":\"first\",\"label\":\"初审\",\"role\":\"reviewer\",\"days\":5,\"distinct\":true}]}";
#define GOOD_WHEN "when=2026-11-22+9:30"

struct staffed {
	struct site *s;
	struct services *services;
	struct tables *tables;
	char no[FILING_NO_MAX + 1], form[64], person[PERSON_NO_LEN + 1];
};

static enum err first_no(const struct staff_row *r, void *ctx)
{
	(void)snprintf(ctx, PERSON_NO_LEN + 1, "%s", r->person_no);
	return ERR_OK;
}

static void staffed_open(struct site *s, struct staffed *ret)
{
	static const char *const ins[] = {"110", NULL};
	char id[19];
	*ret = (struct staffed){.s = s};
	OK(tables_load(SHARE_DIR "/tables", &ret->tables));
	const char *const names[] = {"测试职工甲", "测试职工乙", "测试职工乙"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		world_id_number(i, id);
		enrol(&s->w, ret->tables, id, names[i], ins, 202611);
	}
	OK(staff_find(&s->w.o.desk, "10000016", "职工甲", 10, first_no, ret->person));
	assert_int_equal(strlen(ret->person), PERSON_NO_LEN);
	OK(services_parse("L01.json", span_str(definition), NULL, &ret->services));
	s->w.d.services = ret->services;
	log_in(s, &s->w.operator, "/filings");
	OK(filing_draft_new(&s->w.d, "L01", &s->w.operator.who, ret->no));
	(void)snprintf(ret->form, sizeof(ret->form), "/filings/%s/form", ret->no);
}

static void staffed_close(struct staffed *t)
{
	t->s->w.d.services = t->s->w.services;
	services_free(t->services);
	tables_free(t->tables);
}

static void save(struct staffed *t, const char *fields)
{
	static char text[65536];
	(void)snprintf(text, sizeof(text), "version=%lld&go=save&%s", (long long)world_get(&t->s->w, t->no).version,
	               fields);
	assert_int_equal(browser_post_form(&t->s->b, t->form, text), 303);
}

static const char *kept(struct staffed *t, const char *field)
{
	static char value[LIMIT_FIELD + 1];
	AUTO_JSON content = NULL;
	const struct filing f = world_get(&t->s->w, t->no);
	OK(filing_content(&t->s->w.d, &f, &content));
	(void)snprintf(value, sizeof(value), "%s", json_str_or(json_object_get(content, "form"), field, ""));
	return value;
}

/* --- what is typed --- */

static void test_taken(void **state)
{
	struct staffed t;
	staffed_open(*state, &t);
	save(&t,
	     "when=2026%E5%B9%B411%E6%9C%8822%E6%97%A59%E6%97%B630%E5%88%86&story=%0D%0Aa%20%20b%20%0D%0A%0D%0A%0D%0Ac%3B%5Cn%0D%0A"
	     "&who=%E6%B5%8B%E8%AF%95%E8%81%8C%E5%B7%A5%E7%94%B2");
	assert_string_equal(kept(&t, "when"), "2026-11-22 09:30");
	assert_string_equal(kept(&t, "story"), "a b\n\nc;\\n");
	assert_string_equal(kept(&t, "who"), t.person);
	assert_int_equal(browser_get(&t.s->b, t.form), 200);
	assert_true(browser_says(&t.s->b, ">a b\n\nc;\\n</textarea>"));
	assert_true(browser_says(&t.s->b, "已选择： 测试职工甲"));
	assert_true(browser_says(&t.s->b, t.person));
	/* two have that name: it stays as typed and is a fault with its remedy */
	save(&t, GOOD_WHEN "&story=x&who=%E6%B5%8B%E8%AF%95%E8%81%8C%E5%B7%A5%E4%B9%99");
	assert_string_equal(kept(&t, "who"), "测试职工乙");
	assert_int_equal(browser_get(&t.s->b, t.form), 200);
	assert_true(browser_says(&t.s->b, "没有找到唯一对应的本单位在职人员"));
	/* a good number of somebody else */
	save(&t, GOOD_WHEN "&story=x&who=430100987659");
	assert_int_equal(browser_get(&t.s->b, t.form), 200);
	assert_true(browser_says(&t.s->b, "不是本单位在职人员"));
	AUTO_BUF(text, STATEMENT_WIDE_MAX);
	assert_int_equal(filing_submit_text(&t.s->w.d, t.no, &t.s->w.operator.who, &text), ERR_FAULTS);
	err_clear();
	staffed_close(&t);
}

static void test_search(void **state)
{
	struct staffed t;
	char uri[120];
	staffed_open(*state, &t);
	const struct {
		const char *q;
		size_t n;
	} rows[] = {{"%E8%81%8C%E5%B7%A5", 3}, {"%E4%B9%99", 2}, {t.person, 1}, {"%25", 0}, {"_", 0}, {"%E6%97%A0", 0}};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		(void)snprintf(uri, sizeof(uri), "/filings/%s/staff?q=%s", t.no, rows[i].q);
		assert_int_equal(browser_get_json(&t.s->b, uri), 200);
		AUTO_JSON got = browser_json(&t.s->b);
		if (json_array_size(json_object_get(got, "people")) != rows[i].n)
			fail_msg("%s: %s", rows[i].q, browser_body(&t.s->b));
	}
	/* another unit's filing and staff are nobody else's */
	log_in(t.s, &t.s->w.stranger, "/filings");
	(void)snprintf(uri, sizeof(uri), "/filings/%s/staff?q=x", t.no);
	assert_int_equal(browser_get_json(&t.s->b, uri), 404);
	staffed_close(&t);
}

/* --- what is signed --- */

static void test_signed(void **state)
{
	struct staffed t;
	AUTO_BUF(text, STATEMENT_WIDE_MAX);
	AUTO(statement) s = NULL;
	AUTO_JSON sent = NULL;
	struct filing f;
	char fields[400], want[200];
	staffed_open(*state, &t);
	(void)snprintf(fields, sizeof(fields), GOOD_WHEN "&who=%s&story=a%%3B%%0Ab%%5Cn", t.person);
	save(&t, fields);
	OK(filing_submit_text(&t.s->w.d, t.no, &t.s->w.operator.who, &text));
	OK(statement_parse(buf_span(&text), &s));
	/* a definition with a long text is signed in the wide form, however short the text */
	assert_string_equal(statement_type(s), "FILING-SUBMIT-WIDE");
	(void)snprintf(want, sizeof(want), "发生时间=2026-11-22 09:30;经过=a\\;\\nb\\\\n;当事人=%s", t.person);
	assert_string_equal(statement_get(s, "form"), want);
	OK(world_text_sign(&t.s->w, &t.s->w.operator, & text));
	OK(world_return(&t.s->w, t.no, &t.s->w.reviewer));
	save(&t, GOOD_WHEN "&story=y&who=");
	OK(filing_get(&t.s->w.d, t.no, &t.s->w.reviewer.who, &f));
	OK(filing_content(&t.s->w.d, &f, &sent));
	assert_string_equal(json_str_or(json_object_get(sent, "form"), "story", ""), "a;\nb\\n");
	staffed_close(&t);
}

static void put_characters(struct staffed *t, size_t n)
{
	static char fields[40000];
	size_t at = (size_t)snprintf(fields, sizeof(fields), GOOD_WHEN "&who=%s&story=", t->person);
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(fields + at, sizeof(fields) - at, "%%E8%%81%%8C");
	save(t, fields);
}

static void test_edge(void **state)
{
	struct staffed t;
	AUTO_BUF(text, STATEMENT_WIDE_MAX);
	staffed_open(*state, &t);
	put_characters(&t, LIMIT_FIELD_CHARS);
	OK(filing_submit_text(&t.s->w.d, t.no, &t.s->w.operator.who, &text));
	assert_non_null(strstr(buf_cstr(&text), "\nform/6: "));
	OK(world_text_sign(&t.s->w, &t.s->w.operator, & text));
	OK(world_withdraw(&t.s->w, t.no, &t.s->w.operator));
	put_characters(&t, LIMIT_FIELD_CHARS + 1);
	assert_int_equal(filing_submit_text(&t.s->w.d, t.no, &t.s->w.operator.who, &text), ERR_FAULTS);
	err_clear();
	assert_int_equal(browser_get(&t.s->b, t.form), 200);
	assert_true(browser_says(&t.s->b, "共 2001 字，最多 2000 字"));
	staffed_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {WITH_PAGES(test_taken), WITH_PAGES(test_search), WITH_PAGES(test_signed),
	                                   WITH_PAGES(test_edge)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
