/* The sheet for download: its headings are the reader's, it files nobody, and its example could be filed. */
#include "base/text.h"
#include "server/form/content.h"
#include "server/form/sheet_template.h"
#include "server/insurance/tables.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../insurance/b03_rows.h"

static struct tables *tables;
static struct b03_rows b03;

static int start(void **state)
{
	(void)state;
	return tables_load(SHARE_DIR "/tables", &tables) == ERR_OK && b03_rows_open(&b03, tables) == ERR_OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	b03_rows_close(&b03);
	tables_free(tables);
	return 0;
}

/* --- the file that is built --- */

static enum err on_head(void *ctx, int64_t row, const struct cell *cells, size_t n)
{
	struct sheet_columns *c = ctx;
	AUTO_BUF(why, 2000);
	assert_int_equal(row, 1);
	enum err e = sheet_head(b03.s, cells, n, c, &why);
	if (e != ERR_OK)
		print_message("# %s\n", buf_cstr(&why));
	return e;
}

static enum err on_row(void *ctx, int64_t row, const struct cell *cells, size_t n)
{
	(void)ctx, (void)cells, (void)n;
	fail_msg("row %lld", (long long)row);
	return ERR_OK;
}

static void test_file(void **state)
{
	const struct xlsx_limits limits = XLSX_LIMITS_DEFAULT;
	struct sheet_columns c = {.n = 0};
	const struct xlsx_sink sink = {on_head, on_row, &c};
	struct xlsx_summary sum;
	AUTO_BUF(file, XLSX_FILE_MAX);
	(void)state;
	assert_int_equal(file_read(TEMPLATE, &file), ERR_OK);
	enum err e = xlsx_read(buf_span(&file), &limits, &sink, &sum);
	if (e != ERR_OK)
		fail_msg("%s", err_detail());
	assert_int_equal(sum.rows, 0);
	assert_int_equal(c.n, b03.s->row_fields.n + 1);
	for (size_t i = 0; i < b03.s->row_fields.n; i++)
		assert_int_equal(c.field[i], (int)i);
	assert_int_equal(c.field[b03.s->row_fields.n], SHEET_UNIT);
}

/* --- the example --- */

static enum err say(const struct fault *f, void *ctx)
{
	(void)ctx;
	print_message("# %s: %s %s\n", f->field, f->code, f->text);
	return ERR_OK;
}

static void test_example(void **state)
{
	struct cell cells[SHEET_COLS];
	struct sheet_columns c = {.n = b03.s->row_fields.n};
	struct fault_sink sink = {say, NULL, 0};
	AUTO_JSON content = NULL;
	json_t *row = NULL, *taken = NULL;
	(void)state;
	for (size_t i = 0; i < c.n; i++) {
		const char *text = sheet_example(b03.s, &b03.s->row_fields.v[i]);
		cells[i] = (struct cell){text[0] != 0 ? CELL_TEXT : CELL_EMPTY, span_str(text)};
		c.field[i] = (int)i;
	}
	const struct sheet_rules r = {b03.s, &c, "10000016", b03.named, clock_now(NULL)};
	assert_int_equal(sheet_row(&r, 2, cells, c.n, &row), ERR_OK);
	assert_int_equal(content_take(&b03.s->row_fields, row, r.now, &taken), ERR_OK);
	json_decref(row);
	assert_int_equal(content_new(&content), ERR_OK);
	assert_int_equal(json_put_str(json_object_get(content, "form"), "period", SPAN_LIT("202611")), ERR_OK);
	assert_int_equal(json_array_append_new(json_object_get(content, "rows"), taken), 0);
	assert_int_equal(content_check(b03.s, content, r.now, &sink), ERR_OK);
	assert_int_equal(sink.count, 0);
}

/* What the page says of a blank cell is what the reader makes of it. */
static void test_demands(void **state)
{
	static const struct {
		const char *field, *says;
	} rows[] = {
		{"id_type", "可不填，空白按“居民身份证”办理"},
		{"enrol_type", "可不填，空白按“首次参保”办理"},
		{"contract_from", "可不填，空白与“入职日期”相同"},
		{"name", "必填"},
		{"birth", "持外国人永久居留身份证的必填"},
		{"contract_to", "固定期限合同必填"},
		{"post_class", "女职工必填"},
		{"remark", "选填"},
		{"wage", "必填"},
		{"contract_type", "必填"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(out, 400);
		const struct service_field *f = service_field_find(&b03.s->row_fields, rows[i].field);
		assert_int_equal(sheet_demand(b03.s, f, &out), ERR_OK);
		assert_string_equal(buf_cstr(&out), rows[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_file), cmocka_unit_test(test_example),
	                                   cmocka_unit_test(test_demands)};
	return cmocka_run_group_tests(tests, start, stop);
}
