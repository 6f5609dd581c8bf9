/* The limits of what is posted, each at its edge, through the whole site: the widest filing goes through the pages. */
#include "pages_site.h"

/* --- the widest filing --- */

static void fill_draft(struct site *s, char no[FILING_NO_MAX + 1])
{
	struct world *w = &s->w;
	const struct service *service = services_find(w->services, "W01");
	AUTO_JSON typed = json_pack("{s:{s:s}, s:o}", "form", "period", "202611", "rows", world_rows_of(LIMIT_ROWS));
	AUTO_JSON content = NULL;
	int64_t version;
	OK(content_retake(service, typed, clock_now(w->o.clock), &content));
	world_fill(service, json_object_get(content, "rows"), CONTENT_SIGNED_MAX - 1024);
	world_draft(w, "W01", 1, no);
	OK(filing_rows_set(&w->d, no, world_get(w, no).version, &w->operator.who, json_object_get(content, "rows"),
	                   &version));
}

static void test_widest(void **state)
{
	struct site *s = *state;
	char no[FILING_NO_MAX + 1], base[100], next[200], page[120];
	fill_draft(s, no);
	(void)snprintf(base, sizeof(base), "/filings/%s", no);
	(void)snprintf(page, sizeof(page), "%s/check", base);
	log_in(s, &s->w.operator, page);
	int64_t t0 = clock_mono_ms();
	sign(s, &s->w.operator, base, json_pack("{s:s}", "step", "submit"), next);
	print_message("# text and act of the widest filing through the site: %lld ms\n",
	              (long long)(clock_mono_ms() - t0));
	assert_string_equal(next, base);
	assert_int_equal(world_get(&s->w, no).state, FILING_SUBMITTED);
	assert_int_equal(browser_get(&s->b, base), 200);
}

/* --- a posted act --- */

/* The code of the answer to a body of just that many octets: what is more than JSON needs is blank. */
static const char *post_octets(struct site *s, const char *uri, json_t *take, size_t octets)
{
	AUTO_BUF(text, LIMIT_POST + 1);
	OK(json_put_str(take, "csrf", span_str(s->b.csrf)));
	OK(json_print(take, &text));
	json_decref(take);
	assert_true(text.len <= octets);
	while (text.len < octets)
		buf_u8(&text, ' ');
	OK(buf_err(&text));
	(void)browser_ask(&s->b, "POST", uri, "application/json", buf_cstr(&text), "application/json");
	return s->b.status == 200 ? "" : browser_error(&s->b);
}

static json_t *act_of(const char *statement)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "step", "submit", "statement", statement, "signature", "AAAA", "cert",
	                 "AAAA");
}

/* Lines of one mark. */
static char *marks(size_t n, char mark)
{
	char *s = malloc(n + 1);
	assert_non_null(s);
	for (size_t i = 0; i < n; i++)
		s[i] = i % 1000 == 999 ? '\n' : mark;
	s[n] = '\0';
	return s;
}

static void test_act_octets(void **state)
{
	struct site *s = *state;
	char no[FILING_NO_MAX + 1], act[100];
	char *most = marks(LIMIT_STATEMENT, '\\'), *over = marks(LIMIT_STATEMENT + 1, 'x');
	world_draft(&s->w, "W01", 1, no);
	(void)snprintf(act, sizeof(act), "/filings/%s/act", no);
	log_in(s, &s->w.operator, "/filings");
	/* a body of LIMIT_POST is looked at; each octet of the longest statement may be escaped */
	const char *code = post_octets(s, act, act_of("x"), LIMIT_POST);
	assert_int_not_equal(s->b.status, 413);
	assert_string_not_equal(code, "S-003");
	code = post_octets(s, act, act_of(most), LIMIT_POST);
	assert_string_not_equal(code, "S-003");
	/* one more is not, nor a statement of one octet more */
	assert_string_equal(post_octets(s, act, act_of("x"), LIMIT_POST + 1), "S-003");
	assert_int_equal(s->b.status, 413);
	assert_string_equal(post_octets(s, act, act_of(over), LIMIT_POST), "S-003");
	assert_int_equal(s->b.status, 422);
	free(most), free(over);
}

/* An officer's act is a list of filings at the most. */
static void test_review_octets(void **state)
{
	struct site *s = *state;
	char *most = marks(STATEMENT_MAX, 'x'), *over = marks(STATEMENT_MAX + 1, 'x');
	log_in(s, &s->w.reviewer, "/review/filings");
	assert_string_not_equal(post_octets(s, "/review/filings/act", act_of(most), STATEMENT_MAX + 1024), "S-003");
	assert_string_equal(post_octets(s, "/review/filings/act", act_of(over), STATEMENT_MAX + 1024), "S-003");
	free(most), free(over);
}

/* --- a form --- */

static int post_form_octets(struct site *s, const char *uri, size_t octets)
{
	AUTO_BUF(text, LIMIT_FORM_POST + 1);
	buf_printf(&text, "csrf=%s&version=1&go=save&note=", s->b.csrf);
	while (text.len < octets)
		buf_u8(&text, 'x');
	OK(buf_err(&text));
	return browser_ask(&s->b, "POST", uri, "application/x-www-form-urlencoded", buf_cstr(&text), "text/html");
}

static void test_form_octets(void **state)
{
	struct site *s = *state;
	char no[FILING_NO_MAX + 1], form[100];
	world_draft(&s->w, "W01", 1, no);
	(void)snprintf(form, sizeof(form), "/filings/%s/form", no);
	log_in(s, &s->w.operator, form);
	assert_int_not_equal(post_form_octets(s, form, LIMIT_FORM_POST), 413);
	assert_int_equal(post_form_octets(s, form, LIMIT_FORM_POST + 1), 413);
	assert_true(browser_says(&s->b, "S-003"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {WITH_PAGES(test_widest), WITH_PAGES(test_act_octets),
	                                   WITH_PAGES(test_review_octets), WITH_PAGES(test_form_octets)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
