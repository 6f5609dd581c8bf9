/* A spreadsheet into a draft as the portal does it - real file, real yinxin-convert - and what the check page then
 * says: what can be read in one way is taken, what can be read in two is one fault at its cell, and nowhere else. */
#include "b03_world.h"
#include "sheets.h"
#include "server/filing/filing_sheet.h"
#include "server/form/sheet.h"
#include "server/portal/filing_sheet.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 30 };
static struct sheets sheets;

struct reading {
	struct b03_world *b;
	const struct service *s;
	struct sheet_columns columns;
	struct sheet_named named[2];
	struct sheet_rules rules;
	json_t *rows;
	int64_t numbers[ROWS];
};

static enum err on_head(void *ctx, int64_t row, const struct cell *cells, size_t n)
{
	struct reading *r = ctx;
	AUTO_BUF(why, 2000);
	(void)row;
	enum err e = sheet_head(r->s, cells, n, &r->columns, &why);
	if (e != ERR_OK)
		print_message("# %s\n", buf_cstr(&why));
	return e;
}

static enum err on_row(void *ctx, int64_t no, const struct cell *cells, size_t n)
{
	struct reading *r = ctx;
	json_t *row = NULL;
	TRY(sheet_row(&r->rules, no, cells, n, &row));
	r->numbers[json_array_size(r->rows)] = no;
	return json_array_append_new(r->rows, row) == 0 ? ERR_OK : ERR(NOMEM, "rows");
}

/* A draft from the file; the caller frees *ret_content. */
static void read_sheet(struct b03_world *b, const char *const *args, char no[FILING_NO_MAX + 1], json_t **ret_content)
{
	const struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	struct reading r = {.b = b, .s = services_find(b->services, "B03"), .rows = json_array()};
	const struct xlsx_sink sink = {on_head, on_row, &r};
	struct xlsx_summary sum;
	r.named[0] = (struct sheet_named){"unit-insurances", "110,210,410"};
	r.rules = (struct sheet_rules){r.s, &r.columns, "10000016", r.named, clock_now(b->w.o.clock)};
	int fd = sheets_make(&sheets, args);
	assert_true(fd >= 0);
	OK(convert_xlsx(sheets.convert, fd, &limits, &sink, &sum));
	(void)close(fd);
	b03_world_draft(b, json_incref(r.rows), no);
	struct filing f = world_get(&b->w, no);
	OK(filing_content(&b->w.d, &f, ret_content));
	OK(filing_sheet_put(&b->w.d, no, json_object_get(*ret_content, "rows"), r.numbers));
	json_decref(r.rows);
}

/* "第 3 行|入职日期|B03-27|reason" by lines. */
static void lines_of(struct b03_world *b, const char *no, const json_t *content, struct buf *out)
{
	struct filing f = world_get(&b->w, no);
	const struct fault_view v = {&b->w.d, &f, services_find(b->services, "B03"), content, &b->w.operator.who };
	struct fault_lines lines = {0};
	OK(filing_fault_lines(&v, &lines));
	for (size_t i = 0; i < json_array_size(lines.list); i++) {
		const json_t *l = json_array_get(lines.list, i);
		buf_printf(out, "%s|%s|%s|%s|%s\n", json_str_or(l, "row", ""), json_str_or(l, "label", ""),
		           json_str_or(l, "code", ""), json_str_or(l, "reason", ""), json_str_or(l, "remedy", ""));
	}
	json_decref(lines.list);
}

static const struct {
	const char *spoil, *label, *code, *says;
} spoils[] = {
	{"midnight-text", NULL, NULL, NULL},
	{"slash-midnight", NULL, NULL, NULL},
	{"iso-midnight", NULL, NULL, NULL},
	{"text-date", NULL, NULL, NULL},
	{"marked-mobile", NULL, NULL, NULL},
	{"dotted-name", NULL, NULL, NULL},
	{"foreign-number", NULL, NULL, NULL},
	{"short-year", "入职日期", "B03-27", "K"},
	{"utc-text", "入职日期", "B03-27", "T16:00:00.000Z"},
	{"timed-date", "入职日期", "B03-26", " 15:00"},
	{"us-date", "入职日期", "B03-27", "单元格 K"},
	{"bad-date", "入职日期", "E-23", ""},
	{"decimal-month", "参保年月", "B03-27", "单元格 J"},
	{"gnumeric-id", "证件号码", "B03-28", "单元格 C"},
	{"number-id", "证件号码", "B03-28", "单元格 C"},
	{"hk-number", "证件类型", "B03-30", "港澳居民居住证"},
	{"wide-code", NULL, NULL, NULL},
	{"passport", "证件类型", "E-25", "请填写：居民身份证、港澳"},
	{"unknown-code", "民族", "E-25", "模板第二页"},
	{"far-hire", "入职日期", "B03-18", "晚于本期"},
	{"other-gender", "性别", "B03-16", "|性别或出生日期与"},
};

static void test_spoils(void **state)
{
	struct b03_world *b = *state;
	size_t wrong = 0;
	for (size_t i = 0; i < COUNT_OF(spoils); i++) {
		char no[FILING_NO_MAX + 1];
		AUTO_BUF(got, 8000);
		AUTO_JSON content = NULL;
		read_sheet(b,
		           (const char *[]){"-n", "4", "--seed", "3", "--period", b->month, "--spoil", spoils[i].spoil,
		                            NULL},
		           no, &content);
		lines_of(b, no, content, &got);
		const char *text = buf_cstr(&got);
		size_t lines = 0;
		for (const char *c = text; *c != 0; c++)
			lines += *c == '\n';
		bool good = spoils[i].label == NULL
		                    ? lines == 0
		                    : lines == 1 && strncmp(text, "第 ", 4) == 0 && strstr(text, "|：") == NULL &&
		                              strstr(text, spoils[i].label) != NULL &&
		                              strstr(text, spoils[i].code) != NULL &&
		                              strstr(text, spoils[i].says) != NULL;
		print_message("# %s: %zu lines %s", spoils[i].spoil, lines, lines > 0 ? text : "\n");
		wrong += !good;
	}
	assert_int_equal(wrong, 0);
}

/* Headings as people lay them out, dates as SheetJS writes them, parts as other programs name them: taken whole. */
static void test_files(void **state)
{
	static const char *const files[] = {"wrapped-head", "date-43s",  "phonetic", "part-case",
	                                    "default-type", "backslash", "escapes"};
	struct b03_world *b = *state;
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		char no[FILING_NO_MAX + 1];
		AUTO_BUF(got, 8000);
		AUTO_JSON content = NULL;
		read_sheet(b,
		           (const char *[]){"-n", "4", "--seed", "3", "--period", b->month, "--file", files[i], NULL},
		           no, &content);
		lines_of(b, no, content, &got);
		assert_string_equal(buf_cstr(&got), "");
		assert_int_equal(json_array_size(json_object_get(content, "rows")), 4);
	}
	char no[FILING_NO_MAX + 1];
	AUTO_BUF(got, 8000);
	AUTO_JSON content = NULL;
	read_sheet(b, (const char *[]){"-n", "2", "--seed", "3", "--period", b->month, "--file", "date-8h", NULL}, no,
	           &content);
	lines_of(b, no, content, &got);
	assert_non_null(strstr(buf_cstr(&got), "第 2 行|入职日期|B03-26|"));
	assert_null(strstr(buf_cstr(&got), "参保年月"));
}

/* What was changed is told: row of the sheet, field, from, to; of a secret number only that it was. */
static void test_told(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1];
	AUTO_JSON content = NULL;
	AUTO_JSON model = json_object();
	struct mo m = mo_of(model);
	read_sheet(b,
	           (const char *[]){"-n", "8", "--seed", "3", "--period", b->month, "--spoil",
	                            "dotted-name,marked-mobile", NULL},
	           no, &content);
	struct filing f = world_get(&b->w, no);
	OK(filing_put_folded(&m, &b->w.d, &f, services_find(b->services, "B03"), content));
	AUTO_BUF(text, 8000);
	OK(json_print(json_object_get(model, "folded"), &text));
	print_message("# %s\n", buf_cstr(&text));
	assert_int_equal(json_int_or(model, "folded_count", 0), 2);
	assert_non_null(strstr(buf_cstr(&text), "\"from\":\"测•试甲␣（小）\""));
	assert_non_null(strstr(buf_cstr(&text), "\"to\":\"测·试甲\""));
	assert_non_null(strstr(buf_cstr(&text), "间隔号统一为“·”"));
	assert_non_null(strstr(buf_cstr(&text), "去掉看不见的符号"));
	assert_null(strstr(buf_cstr(&text), "130000"));
}

static int open_all(void **state)
{
	(void)state;
	return sheets_open(&sheets);
}

static int close_all(void **state)
{
	(void)state;
	sheets_close(&sheets);
	return 0;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, b03_world_open, b03_world_close)
	const struct CMUnitTest tests[] = {T(test_spoils), T(test_files), T(test_told)};
	return cmocka_run_group_tests_name("filing-sheets", tests, open_all, close_all);
}
