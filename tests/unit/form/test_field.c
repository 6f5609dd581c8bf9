/* One table of types: what is stored becomes what is counted with, or says what is wrong with it. */
#include "server/form/row.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1767225600 }; /* 2026-01-01 */

static const char *const definition =
	"{\"code\":\"Z01\",\"name\":\"z\",\"name_en\":\"z\",\"filers\":[\"unit\"],\"accept\":\"rule\",\"promise_days\":1,\"fields\":["
	"{\"name\":\"text\",\"label\":\"甲\",\"label_en\":\"z\",\"type\":\"text\",\"max_len\":12},"
	"{\"name\":\"name\",\"label\":\"乙\",\"label_en\":\"z\",\"type\":\"text\",\"max_len\":80,\"validator\":\"name\"},"
	"{\"name\":\"code\",\"label\":\"丙\",\"label_en\":\"z\",\"type\":\"code\",\"list\":\"k\"},"
	"{\"name\":\"codes\",\"label\":\"丁\",\"label_en\":\"z\",\"type\":\"codes\",\"list\":\"k\"},"
	"{\"name\":\"date\",\"label\":\"戊\",\"label_en\":\"z\",\"type\":\"date\"},"
	"{\"name\":\"month\",\"label\":\"己\",\"label_en\":\"z\",\"type\":\"month\"},"
	"{\"name\":\"money\",\"label\":\"庚\",\"label_en\":\"z\",\"type\":\"money\",\"min\":100,\"max\":100000},"
	"{\"name\":\"int\",\"label\":\"辛\",\"label_en\":\"z\",\"type\":\"int\",\"min\":-3,\"max\":9},"
	"{\"name\":\"when\",\"label\":\"壬\",\"label_en\":\"z\",\"type\":\"datetime\"},"
	"{\"name\":\"story\",\"label\":\"癸\",\"label_en\":\"z\",\"type\":\"long-text\",\"max_chars\":5},"
	"{\"name\":\"essay\",\"label\":\"子\",\"label_en\":\"z\",\"type\":\"long-text\"},"
	"{\"name\":\"who\",\"label\":\"丑\",\"label_en\":\"z\",\"type\":\"person\"}],"
	"\"lists\":{\"k\":[{\"code\":\"10\",\"text\":\"十\"},{\"code\":\"20\",\"text\":\"廿\"},{\"code\":\"30\",\"text\":\"卅\"}]},"
	"\"steps\":[{\"name\":\"a\",\"label\":\"z\",\"role\":\"clerk\",\"days\":1}]}";
static struct services *all;

static int load(void **state)
{
	(void)state;
	return services_parse("Z01.json", span_str(definition), NULL, &all) == ERR_OK ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	services_free(all);
	return 0;
}

static const struct service_field *field(const char *name)
{
	const struct service_field *f = service_field_find(&services_at(all, 0)->fields, name);
	assert_non_null(f);
	return f;
}

static const struct {
	const char *field, *text;
	enum field_state state;
	enum err why;
	int64_t want; /* month, number, bits, place in the list */
} rows[] = {
	{"text", "", FIELD_EMPTY, ERR_OK, 0},
	{"text", "一二三四", FIELD_GOOD, ERR_OK, 0},
	{"text", "一二三四五", FIELD_LONG, ERR_OK, 0},
	{"text", "a\tb", FIELD_CHARS, ERR_LINE_TEXT, 0},
	{"text", "\xee\xa1\xa3", FIELD_CHARS, ERR_PRIVATE_USE, 0},
	{"text", "ａ", FIELD_UNFOLDED, ERR_OK, 0},
	{"name", "测试甲", FIELD_GOOD, ERR_OK, 0},
	{"name", "甲", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"name", "测•试", FIELD_UNFOLDED, ERR_OK, 0},
	{"code", "20", FIELD_GOOD, ERR_OK, 1},
	{"code", "2", FIELD_UNLISTED, ERR_OK, 0},
	{"code", "10,20", FIELD_UNLISTED, ERR_OK, 0},
	{"codes", "10,30", FIELD_GOOD, ERR_OK, 5},
	{"codes", "30, 10", FIELD_GOOD, ERR_OK, 5},
	{"codes", "10,10", FIELD_UNLISTED, ERR_OK, 0},
	{"codes", "10,", FIELD_UNLISTED, ERR_OK, 0},
	{"date", "1970-01-02", FIELD_GOOD, ERR_OK, 16 * 3600},
	{"date", "1970-1-2", FIELD_UNFOLDED, ERR_OK, 0},
	{"date", "2026-02-30", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"date", "26/11/30", FIELD_REFUSED, ERR_UNSURE, 0},
	{"month", "202611", FIELD_GOOD, ERR_OK, 202611},
	{"month", "202613", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"money", "8.05", FIELD_GOOD, ERR_OK, 805},
	{"money", "8", FIELD_UNFOLDED, ERR_OK, 0},
	{"money", "0.99", FIELD_RANGE, ERR_OK, 0},
	{"money", "1000.01", FIELD_RANGE, ERR_OK, 0},
	{"money", "三千", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"int", "-3", FIELD_GOOD, ERR_OK, -3},
	{"int", "10", FIELD_RANGE, ERR_OK, 0},
	{"when", "1970-01-02 00:00", FIELD_GOOD, ERR_OK, 16 * 3600},
	{"when", "1970-01-02 09:30", FIELD_GOOD, ERR_OK, 25 * 3600 + 1800},
	{"when", "1970-1-2 9:30", FIELD_UNFOLDED, ERR_OK, 0},
	{"when", "1970-01-02T09:30", FIELD_UNFOLDED, ERR_OK, 0},
	{"when", "1970-01-02 09:30:00", FIELD_UNFOLDED, ERR_OK, 0},
	{"when", "1970年1月2日9时30分", FIELD_UNFOLDED, ERR_OK, 0},
	{"when", "1970年1月2日 9点", FIELD_UNFOLDED, ERR_OK, 0},
	{"when", "１９７０-01-02　９：３０", FIELD_UNFOLDED, ERR_OK, 0},
	{"when", "1970-01-02", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"when", "1970-01-02 24:00", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"when", "1970-01-02 09:60", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"when", "1970-01-02 09:3", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"when", "1970-01-02 09:30:01", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"when", "1970-01-02 09:30 x", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"when", "1970-01-0209:30", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"when", "1970-02-30 09:30", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"when", "09:30", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"when", ":", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"story", "一二三四五", FIELD_GOOD, ERR_OK, 0},
	{"story", "一二三四五六", FIELD_LONG, ERR_OK, 0},
	{"story", "一\n\n二", FIELD_GOOD, ERR_OK, 0},
	{"story", "一\n\n\n二", FIELD_UNFOLDED, ERR_OK, 0},
	{"story", "一\r\n二", FIELD_CHARS, ERR_LINE_TEXT, 0},
	{"story", "一\n", FIELD_UNFOLDED, ERR_OK, 0},
	{"story", "\n一", FIELD_UNFOLDED, ERR_OK, 0},
	{"story", "一 \n二", FIELD_CHARS, ERR_LINE_TEXT, 0},
	{"story", "一\t二", FIELD_CHARS, ERR_LINE_TEXT, 0},
	{"text", "一\n二", FIELD_CHARS, ERR_LINE_TEXT, 0},
	{"who", "430100000016", FIELD_GOOD, ERR_OK, 0},
	{"who", "430100000017", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
	{"who", "测试甲", FIELD_REFUSED, ERR_FIELD_VALUE, 0},
};

static int64_t typed(const struct service_field *f, const struct field_value *v)
{
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_LONG_TEXT:
	case FIELD_PERSON:
		return 0;
	case FIELD_DATETIME:
		return v->time;
	case FIELD_CODE:
		return v->code - f->list->v;
	case FIELD_CODES:
		return (int64_t)v->codes;
	case FIELD_DATE:
		return v->day;
	case FIELD_MONTH:
		return v->month;
	case FIELD_MONEY:
	case FIELD_INT:
		return v->number;
	}
	return -1;
}

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct service_field *f = field(rows[i].field);
		struct field_value v;
		assert_int_equal(field_read(f, span_str(rows[i].text), NOW, &v), ERR_OK);
		if (v.state != rows[i].state || v.why != rows[i].why ||
		    (v.state == FIELD_GOOD && typed(f, &v) != rows[i].want))
			fail_msg("row %zu %s \"%s\": state %d, %s, %lld", i, f->name, rows[i].text, v.state,
			         err_name(v.why), (long long)(v.state == FIELD_GOOD ? typed(f, &v) : 0));
		assert_true(span_eq_str(v.text, rows[i].text));
	}
}

/* Two thousand characters of any width, and one more. */
static void test_long(void **state)
{
	static const char *const units[] = {"x", "职", "\xF0\xA0\xAE\xB7"};
	static char text[4 * (LIMIT_FIELD_CHARS + 1) + 1];
	(void)state;
	for (size_t u = 0; u < COUNT_OF(units); u++) {
		size_t n = strlen(units[u]);
		struct field_value v;
		for (size_t i = 0; i <= LIMIT_FIELD_CHARS; i++)
			memcpy(text + i * n, units[u], n);
		assert_int_equal(field_read(field("essay"), span_of(text, n * LIMIT_FIELD_CHARS), NOW, &v), ERR_OK);
		assert_int_equal(v.state, FIELD_GOOD);
		assert_int_equal(field_read(field("essay"), span_of(text, n * (LIMIT_FIELD_CHARS + 1)), NOW, &v),
		                 ERR_OK);
		assert_int_equal(v.state, FIELD_LONG);
	}
}

/* Every type of the table has its name, and its validator is there. */
static void test_kinds(void **state)
{
	(void)state;
	for (int t = FIELD_TEXT; t <= FIELD_PERSON; t++) {
		const struct field_kind *k = field_kind((enum field_type)t);
		assert_int_equal(k->type, t);
		assert_ptr_equal(field_kind_named(k->name), k);
		assert_true(k->listed == (k->validator[0] == 0));
		assert_true(k->listed || service_validator_builtin(k->validator) != NULL);
	}
	assert_null(field_kind_named("moon"));
}

static void test_order(void **state)
{
	static const struct {
		const char *fa, *a, *fb, *b;
		int order;
	} pairs[] = {
		{"when", "2026-11-02 09:30", "when", "2026-11-02 09:31", -1},
		{"when", "2026-11-02 09:30", "date", "2026-11-02", 0},
		{"month", "202612", "when", "2026-11-30 23:59", 1},
		{"date", "2026-11-02", "date", "2026-11-01", 1},
		{"date", "2026-11-01", "date", "2026-11-01", 0},
		{"month", "202610", "month", "202611", -1},
		{"date", "2026-11-30", "month", "202611", 0},
		{"month", "202611", "date", "2026-12-01", -1},
		{"date", "2026-12-01", "month", "202611", 1},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		struct field_value a, b;
		const struct service_field *fa = field(pairs[i].fa), *fb = field(pairs[i].fb);
		assert_int_equal(field_read(fa, span_str(pairs[i].a), NOW, &a), ERR_OK);
		assert_int_equal(field_read(fb, span_str(pairs[i].b), NOW, &b), ERR_OK);
		if (field_order(fa, &a, fb, &b) != pairs[i].order)
			fail_msg("pair %zu", i);
	}
}

/* By index, and borrowed from the row. */
static void test_row(void **state)
{
	AUTO_JSON json = json_pack("{s:s, s:s}", "month", "202611", "int", "77");
	struct row_values r;
	(void)state;
	const struct service_fields *fields = &services_at(all, 0)->fields;
	assert_int_equal(row_read(fields, json, NOW, &r), ERR_OK);
	size_t month = (size_t)(field("month") - fields->v), number = (size_t)(field("int") - fields->v);
	assert_true(row_is_good(&r, month) && !row_is_bad(&r, month));
	assert_int_equal(r.v[month].month, 202611);
	assert_true(!row_is_good(&r, number) && row_is_bad(&r, number));
	assert_true(!row_is_good(&r, 0) && !row_is_bad(&r, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_long),
	                                   cmocka_unit_test(test_kinds), cmocka_unit_test(test_order),
	                                   cmocka_unit_test(test_row)};
	return cmocka_run_group_tests(tests, load, unload);
}
