/* Cells of a sheet as moments, long texts and persons. */
#include "server/form/sheet.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const definition =
	"{\"code\":\"Z02\",\"name\":\"z\",\"name_en\":\"z\",\"filers\":[\"unit\"],\"accept\":\"rule\",\"promise_days\":1,\"fields\":[],"
	"\"rows\":{\"min\":1,\"max\":10000,\"unit_column\":[\"单位编号\"],\"fields\":["
	"{\"name\":\"when\",\"label\":\"甲\",\"label_en\":\"z\",\"type\":\"datetime\"},"
	"{\"name\":\"story\",\"label\":\"乙\",\"label_en\":\"z\",\"type\":\"long-text\"},"
	"{\"name\":\"who\",\"label\":\"丙\",\"label_en\":\"z\",\"type\":\"person\"},"
	"{\"name\":\"line\",\"label\":\"丁\",\"label_en\":\"z\",\"type\":\"text\",\"max_len\":600}]},"
	"\"steps\":[{\"name\":\"a\",\"label\":\"z\",\"role\":\"clerk\",\"days\":1}]}";
enum { WHEN, STORY, WHO, LINE };

static void value(const struct services *all, size_t field, enum cell_kind kind, struct span text,
                  char ret[SERVICE_VALUE_MAX + 1])
{
	static const struct sheet_columns columns = {.field = {WHEN, STORY, WHO, LINE}, .n = 4};
	const struct service *s = services_at(all, 0);
	const struct sheet_rules rules = {s, &columns, "10000016", NULL, 0};
	struct cell cells[4] = {{CELL_EMPTY, {NULL, 0}}};
	json_t *row = NULL;
	for (size_t i = 0; i < 4; i++)
		cells[i].kind = CELL_EMPTY;
	cells[field] = (struct cell){kind, text};
	assert_int_equal(sheet_row(&rules, 7, cells, 4, &row), ERR_OK);
	(void)snprintf(ret, SERVICE_VALUE_MAX + 1, "%s", json_str_or(row, s->row_fields.v[field].name, ""));
	json_decref(row);
}

static void test_cells(void **state)
{
	static const struct {
		size_t field;
		enum cell_kind kind;
		const char *in, *want;
	} rows[] = {
		{WHEN, CELL_TIMED, "2026-11-29 16:00", "2026-11-29 16:00"},
		{WHEN, CELL_TEXT, "2026年11月29日16时", "2026-11-29 16:00"},
		{WHEN, CELL_TEXT, "2026-11-29", "2026-11-29"}, /* the check says what is wrong with it */
		{WHEN, CELL_FORMULA, "", "\x1aZ02-19 单元格 A7"},
		{STORY, CELL_TEXT, "第一段\n第二段", "第一段\n第二段"},
		{STORY, CELL_TIMED, "2026-11-29 16:00", "\x1aZ02-26 单元格 B7，2026-11-29 16:00"},
		{WHO, CELL_TEXT, "测试职工甲", "测试职工甲"},
		{WHO, CELL_NUMBER, "430100000016", "430100000016"},
	};
	static char got[SERVICE_VALUE_MAX + 1], text[SERVICE_VALUE_MAX + 2];
	AUTO(services) all = NULL;
	(void)state;
	if (services_parse("Z02.json", span_str(definition), NULL, &all) != ERR_OK)
		fail_msg("%s", err_detail());
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		value(all, rows[i].field, rows[i].kind, span_str(rows[i].in), got);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu: \"%s\", not \"%s\"", i, got, rows[i].want);
	}
	/* a line ends at 600 octets, a long text at 8000 */
	memset(text, 'x', sizeof(text));
	value(all, LINE, CELL_TEXT, span_of(text, SERVICE_LINE_MAX), got);
	assert_int_equal(strlen(got), SERVICE_LINE_MAX);
	value(all, LINE, CELL_TEXT, span_of(text, SERVICE_LINE_MAX + 1), got);
	assert_int_equal(got[0], SHEET_SPOILT);
	value(all, STORY, CELL_TEXT, span_of(text, SERVICE_VALUE_MAX), got);
	assert_int_equal(strlen(got), SERVICE_VALUE_MAX);
	value(all, STORY, CELL_TEXT, span_of(text, SERVICE_VALUE_MAX + 1), got);
	assert_int_equal(got[0], SHEET_SPOILT);
	assert_true(services_at(all, 0)->wide);
}

/* A person files by himself: there is no staff to choose from. */
static void test_staff_needs_a_unit(void **state)
{
	AUTO(services) all = NULL;
	char *text = strdup(definition), *at = strstr(text, "[\"unit\"]");
	(void)state;
	memcpy(at, "[\"desk\"]", strlen("[\"desk\"]"));
	assert_int_equal(services_parse("Z02.json", span_str(text), NULL, &all), ERR_CONFIG);
	assert_non_null(strstr(err_detail(), "only a unit has staff"));
	err_clear();
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cells), cmocka_unit_test(test_staff_needs_a_unit)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
