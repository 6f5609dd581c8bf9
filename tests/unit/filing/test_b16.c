/* B16 as delivered, which is a definition alone: its record, an acceptance, two reviews, its faults. */
#include "b03_world.h"

static json_t *form_of(const char *account, const char *bankrupt)
{
	json_t *form =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "year", "2026", "staff_first", "20", "staff_last",
	                  "21", "paid", "36000.00", "bank_name", "测试银行长沙分行", "bank_account", account,
	                  "bankrupt", bankrupt, "statement", "职工生活补助\n\n转岗培训");
	assert_non_null(form);
	return form;
}

static void save(struct b03_world *b, const char *no, json_t *form)
{
	int64_t version = world_get(&b->w, no).version;
	OK(filing_draft_save(&b->w.d, no, version, &b->w.operator.who, form, &version));
	json_decref(form);
}

static void test_story(void **state)
{
	struct b03_world *b = *state;
	struct world *w = &b->w;
	char no[FILING_NO_MAX + 1];
	size_t faults = 1;
	OK(filing_draft_new(&w->d, "B16", &w->operator.who, no));
	save(b, no, form_of("6200000000000000019", "0"));
	OK(filing_check(&w->d, no, &w->operator.who, NULL, NULL, &faults));
	assert_int_equal(faults, 0);
	OK(world_submit(w, no, &w->operator));
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->reviewer), ERR_STATE);
	OK(world_bulk(w, FACT_ACCEPT, no, &w->reviewer));
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	assert_int_equal(world_get(w, no).state, FILING_REVIEW2);
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->reviewer), ERR_SAME_PERSON);
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer2));
	assert_int_equal(world_get(w, no).state, FILING_DONE);
}

static enum err on_fault(const struct fault *f, void *ctx)
{
	AUTO_BUF(line, 80);
	buf_printf(&line, "%s@%s ", f->code, f->field);
	(void)strncat(ctx, buf_cstr(&line), 100);
	return ERR_OK;
}

static void test_faults(void **state)
{
	struct b03_world *b = *state;
	struct world *w = &b->w;
	char no[FILING_NO_MAX + 1], codes[400] = "";
	size_t faults;
	AUTO_BUF(text, STATEMENT_LONG_MAX);
	OK(filing_draft_new(&w->d, "B16", &w->operator.who, no));
	save(b, no, form_of("6200000000000000019", "1"));
	OK(filing_check(&w->d, no, &w->operator.who, on_fault, codes, &faults));
	assert_string_equal(codes, "B16-01@bank_account ");
	save(b, no, form_of("", "0"));
	codes[0] = 0;
	OK(filing_check(&w->d, no, &w->operator.who, on_fault, codes, &faults));
	assert_string_equal(codes, "E-20@bank_account ");
	assert_int_equal(filing_submit_text(&w->d, no, &w->operator.who, &text), ERR_FAULTS);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, b03_world_open, b03_world_close)
	const struct CMUnitTest tests[] = {T(test_story), T(test_faults)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
