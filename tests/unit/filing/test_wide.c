/* Filings as large as they may be: which type of statement they get, and what happens one beyond each limit. */
#include "world.h"
#include <sys/resource.h>

/* --- contents --- */

static void set_rows(struct world *w, const char *no, const json_t *rows)
{
	int64_t version = world_get(w, no).version;
	OK(filing_rows_set(&w->d, no, version, &w->operator.who, rows, &version));
}

/* The text of a draft with these rows; the caller frees. */
static struct statement *text_of(struct world *w, const char *no, const json_t *rows)
{
	struct statement *s = NULL;
	AUTO_BUF(text, STATEMENT_WIDE_MAX);
	set_rows(w, no, rows);
	OK(filing_submit_text(&w->d, no, &w->operator.who, &text));
	OK(statement_parse(buf_span(&text), &s));
	return s;
}

static void type_is(struct world *w, const char *no, const json_t *rows, const char *type)
{
	AUTO(statement) s = text_of(w, no, rows);
	assert_string_equal(statement_type(s), type);
}

/* --- the old type wherever it holds the content --- */

static void test_type_by_rows(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	AUTO_JSON thousand = world_rows_of(1000);
	AUTO_JSON more = world_rows_of(1001);
	world_draft(w, "W01", 1, no);
	type_is(w, no, thousand, "FILING-SUBMIT");
	type_is(w, no, more, "FILING-SUBMIT-WIDE");
}

static void test_type_by_line(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	AUTO_JSON rows = world_rows_of(2);
	json_t *row = json_array_get(rows, 1);
	world_draft(w, "W01", 1, no);
	world_letters(row, "b", 500);
	world_letters(row, "c", 100);
	AUTO(statement) s = text_of(w, no, rows);
	size_t room = STATEMENT_LINE_MAX - strlen(statement_get_n(s, "row", 1));
	world_letters(row, "c", 100 + room);
	type_is(w, no, rows, "FILING-SUBMIT");
	world_letters(row, "c", 101 + room);
	type_is(w, no, rows, "FILING-SUBMIT-WIDE");
	AUTO(statement) wide = text_of(w, no, rows);
	assert_int_equal(strlen(statement_get_n(wide, "row", 1)), STATEMENT_LINE_MAX + 1);
	assert_non_null(strstr((const char *)statement_text(wide).ptr, "\nrow.2/2: x\n"));
}

/* Rows of equal length until the old text is nearly full, the last one makes up the rest. */
static void test_type_by_octets(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	AUTO_JSON rows = world_rows_of(1000);
	size_t i;
	json_t *row;
	world_draft(w, "W01", 1, no);
	AUTO(statement) base = text_of(w, no, rows);
	size_t each = (STATEMENT_LONG_MAX - statement_text(base).len) / 1000 - 20;
	assert_true(each > 600 && each < 1000);
	json_array_foreach(rows, i, row) {
		world_letters(row, "b", 550);
		world_letters(row, "c", each - 550);
	}
	AUTO(statement) near = text_of(w, no, rows);
	size_t left = STATEMENT_LONG_MAX - statement_text(near).len;
	for (i = 0; left > 0; i++) {
		size_t more = left < 10 ? left : 10;
		world_letters(json_array_get(rows, i), "c", each - 550 + more);
		left -= more;
		assert_true(i < 999);
	}
	AUTO(statement) most = text_of(w, no, rows);
	assert_int_equal(statement_text(most).len, STATEMENT_LONG_MAX);
	assert_string_equal(statement_type(most), "FILING-SUBMIT");
	world_letters(json_array_get(rows, 999), "c", each - 550 + 1);
	type_is(w, no, rows, "FILING-SUBMIT-WIDE");
}

/* --- ten thousand rows --- */

static long peak_kib(void)
{
	struct rusage u;
	assert_int_equal(getrusage(RUSAGE_SELF, &u), 0);
	return u.ru_maxrss;
}

static void test_ten_thousand(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	AUTO_BUF(text, STATEMENT_WIDE_MAX);
	AUTO(statement) s = NULL;
	int64_t t0 = clock_mono_ms();
	world_draft(w, "W01", LIMIT_ROWS, no);
	int64_t t1 = clock_mono_ms();
	OK(filing_submit_text(&w->d, no, &w->operator.who, &text));
	int64_t t2 = clock_mono_ms();
	OK(world_text_sign(w, &w->operator, & text));
	int64_t t3 = clock_mono_ms();
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	int64_t t4 = clock_mono_ms();
	print_message("# %d rows, %zu octets: save %lld ms, check and text %lld ms, submit %lld ms, approve %lld ms, "
	              "peak %ld MiB\n",
	              LIMIT_ROWS, text.len, (long long)(t1 - t0), (long long)(t2 - t1), (long long)(t3 - t2),
	              (long long)(t4 - t3), peak_kib() / 1024);
	OK(statement_parse(buf_span(&text), &s));
	assert_string_equal(statement_type(s), "FILING-SUBMIT-WIDE");
	assert_int_equal(statement_count(s, "row"), LIMIT_ROWS);
	assert_int_equal(world_get(w, no).state, FILING_DONE);
	assert_int_equal(world_get(w, no).rows, LIMIT_ROWS);
	assert_int_equal(world_effects(w, no), 1);
}

static void test_one_row_more(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	int64_t version;
	AUTO_JSON rows = world_rows_of(LIMIT_ROWS + 1);
	world_draft(w, "W01", 1, no);
	assert_int_equal(filing_rows_set(&w->d, no, world_get(w, no).version, &w->operator.who, rows, &version),
	                 ERR_LIMIT);
	err_clear();
}

/* --- octets --- */

struct found {
	char code[16], text[200], remedy[200];
	size_t n;
};

static enum err find(const struct fault *f, void *ctx)
{
	struct found *w = ctx;
	w->n++;
	(void)snprintf(w->code, sizeof(w->code), "%s", f->code);
	(void)snprintf(w->text, sizeof(w->text), "%s", f->text);
	(void)snprintf(w->remedy, sizeof(w->remedy), "%s", f->remedy);
	return ERR_OK;
}

static size_t faults_of(struct world *w, const json_t *content, struct found *ret)
{
	struct fault_sink sink = {find, ret, 0};
	*ret = (struct found){.n = 0};
	OK(content_check(services_find(w->services, "W01"), content, clock_now(w->o.clock), &sink));
	return sink.count;
}

static void test_octets_limit(void **state)
{
	struct world *w = *state;
	const struct service *service = services_find(w->services, "W01");
	char no[FILING_NO_MAX + 1];
	AUTO_JSON typed = json_pack("{s:{s:s, s:s}, s:o}", "form", "period", "202611", "note", "加急", "rows",
	                            world_rows_of(LIMIT_ROWS));
	AUTO_JSON content = NULL;
	AUTO_BUF(form, STATEMENT_LINE_MAX);
	AUTO_BUF(text, STATEMENT_WIDE_MAX);
	struct found f;
	OK(content_retake(service, typed, clock_now(w->o.clock), &content));
	json_t *rows = json_object_get(content, "rows"), *first = json_array_get(rows, 0);
	OK(content_row_text(&service->fields, json_object_get(content, "form"), &form));
	world_fill(service, rows, CONTENT_SIGNED_MAX - form.len - 32);
	assert_int_equal(faults_of(w, content, &f), 0);
	world_letters(first, "c", strlen(json_str_or(first, "c", "")) + 1);
	assert_int_equal(faults_of(w, content, &f), 1);
	assert_string_equal(f.code, "E-35");
	assert_non_null(strstr(f.text, "8 MiB"));
	assert_string_equal(f.remedy, "请分次申报");
	world_letters(first, "c", strlen(json_str_or(first, "c", "")) - 1);
	/* what the check lets through can be built, signed and approved */
	world_draft(w, "W01", 1, no);
	set_rows(w, no, rows);
	int64_t t0 = clock_mono_ms();
	OK(filing_submit_text(&w->d, no, &w->operator.who, &text));
	assert_true(text.len <= LIMIT_STATEMENT && text.len > LIMIT_STATEMENT - 8 * LIMIT_BESIDE);
	OK(world_text_sign(w, &w->operator, & text));
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	print_message("# %zu octets: text, submit, approve %lld ms, peak %ld MiB\n", text.len,
	              (long long)(clock_mono_ms() - t0), peak_kib() / 1024);
	assert_int_equal(world_get(w, no).state, FILING_DONE);
}

/* --- back and forth --- */

/* What an officer gets while the filer writes anew is read from the wide text: marks of the canonical text, and an edge
 * of a line in the middle of an escaped one. */
static void test_as_sent(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	struct filing f;
	AUTO_JSON rows = world_rows_of(3);
	AUTO_JSON sent = NULL;
	json_t *row = json_array_get(rows, 1);
	char marks[601] = "";
	for (size_t i = 0; i < 600; i++)
		marks[i] = ";\\=x"[i % 4];
	marks[599] = 'y';
	(void)json_object_set_new(row, "b", json_string(marks));
	(void)json_object_set_new(row, "c", json_string(marks + 1));
	world_draft(w, "W01", 1, no);
	set_rows(w, no, rows);
	OK(world_submit(w, no, &w->operator));
	OK(world_return(w, no, &w->reviewer));
	world_rows(w, no, 1);
	OK(filing_get(&w->d, no, &w->reviewer.who, &f));
	assert_true(f.as_sent);
	assert_int_equal(f.rows, 3);
	OK(filing_content(&w->d, &f, &sent));
	const json_t *got = json_array_get(json_object_get(sent, "rows"), 1);
	assert_string_equal(json_str_or(got, "b", ""), marks);
	assert_string_equal(json_str_or(got, "c", ""), marks + 1);
}

static void test_correction(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1], again[FILING_NO_MAX + 1];
	AUTO_BUF(text, STATEMENT_WIDE_MAX);
	AUTO(statement) s = NULL;
	world_draft(w, "W01", 1001, no);
	OK(world_submit(w, no, &w->operator));
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	OK(filing_correct(&w->d, no, &w->operator.who, again));
	OK(filing_submit_text(&w->d, again, &w->operator.who, &text));
	OK(statement_parse(buf_span(&text), &s));
	assert_string_equal(statement_type(s), "FILING-CORRECT-WIDE");
	assert_string_equal(statement_get(s, "corrects"), no);
	OK(world_text_sign(w, &w->operator, & text));
	OK(world_bulk(w, FACT_APPROVE, again, &w->reviewer));
	assert_int_equal(world_get(w, no).state, FILING_CORRECTED);
	assert_int_equal(world_get(w, again).state, FILING_DONE);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {T(test_ten_thousand),   T(test_type_by_rows), T(test_type_by_line),
	                                   T(test_type_by_octets), T(test_one_row_more), T(test_octets_limit),
	                                   T(test_as_sent),        T(test_correction)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
