/* Validators, taking, checking, canonical text. */
#include "world.h"
#include "server/form/valid.h"
#include <time.h>

enum { NOW = 1795316645 }; /* 2026-11-22 */

static void test_validators(void **state)
{
	static const struct {
		const char *name, *in, *out;
	} rows[] = {
		{"date", "2026-11-22", "2026-11-22"},
		{"date", "20261122", "2026-11-22"},
		{"date", "2026/11/22", "2026-11-22"},
		{"date", "２０２６．１１．２２", "2026-11-22"},
		{"date", " 2026-02-28 ", "2026-02-28"},
		{"date", "2024-02-29", "2024-02-29"},
		{"date", "2026-02-29", NULL},
		{"date", "2026-13-01", NULL},
		{"date", "2026-1-1", "2026-01-01"},
		{"date", "46000", NULL},
		{"date", "2026年1月1日", "2026-01-01"},
		{"date", "2026-11-22 00:00:00", "2026-11-22"},
		{"date", "2026-11-22T16:00", NULL},
		{"date", "26/11/22", NULL},
		{"date", "2026-11/22", "2026-11-22"},
		{"date", "2201-01-01", NULL},
		{"date", "1026-11-22", NULL},
		{"date", "2026-11-22T", NULL},
		{"date", "二〇二六", NULL},
		{"month", "202611", "202611"},
		{"month", "2026-11", "202611"},
		{"month", "2026/01", "202601"},
		{"month", "202600", NULL},
		{"month", "202613", NULL},
		{"month", "20261", NULL},
		{"month", "2026-1", "202601"},
		{"month", "2026.1", NULL},
		{"month", "2026.10", "202610"},
		{"month", "2026-111", NULL},
		{"money", "8000", "8000.00"},
		{"money", "8000.5", "8000.50"},
		{"money", "8,000.05", "8000.05"},
		{"money", "0", "0.00"},
		{"money", "1,234,567.89", "1234567.89"},
		{"money", "８０００", "8000.00"},
		{"money", "0.10", "0.10"},
		{"money", "-1", NULL},
		{"money", "+1", NULL},
		{"money", "1e3", NULL},
		{"money", "1.234", NULL},
		{"money", "1.", NULL},
		{"money", ".5", NULL},
		{"money", "12,34", NULL},
		{"money", ",123", NULL},
		{"money", "1234,567", NULL},
		{"money", "1,2345", NULL},
		{"money", "1.5,000", NULL},
		{"money", "007", NULL},
		{"money", "9999999999", NULL},
		{"money", "NaN", NULL},
		{"money", "1,234,", NULL},
		{"money", "1,,234", NULL},
		{"int", "12", "12"},
		{"int", "-3", "-3"},
		{"int", "1.0", NULL},
		{"int", "x", NULL},
		{"id_number", "43010219880229996x", "43010219880229996X"},
		{"id_number", "430102199003079915", NULL},
		{"id_number", "４３０１０２１９９００３０７９９１４", "430102199003079914"},
		{"id_number", "99010219900307991", NULL},
		{"uscc", "91430100mayyyy016y", "91430100MAYYYY016Y"},
		{"uscc", "91430100MAYYYY0160", NULL},
		{"unit_no", "10000016", "10000016"},
		{"unit_no", "1000001", NULL},
		{"person_no", "430100000016", "430100000016"},
		{"person_no", "430100000017", NULL},
		{"mobile", "+86 130 0000 0000", "13000000000"},
		{"mobile", "12900000000", NULL},
		{"region", "430102", "430102"},
		{"region", "43010", NULL},
		{"name", "测试职工甲", "测试职工甲"},
		{"name", "阿依古丽·测试", "阿依古丽·测试"},
		{"name", "𠮷田", "𠮷田"},
		{"name", "John Smith", "John Smith"},
		{"name", "甲", NULL},
		{"name", "测试1", NULL},
		{"name", "测试;甲", NULL},
		{"name", "测\xE2\x80\xAE试", "测试"},
		{"name", "测•试（小）", "测·试"},
		{"name", "测\xEE\x80\x80", NULL},
		{"name", "测★试", NULL},
		{"text", "任意 文字", "任意 文字"},
		{"text", "a\tb", "a b"},
		{"text", "e\xCC\x81", "é"},
		{"text", "a\x1b", NULL},
		{"text", "a\xEE\x80\x80", NULL},
		{"unit_no", "１0000016\xe2\x80\x8b", "10000016"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char out[128] = "untouched";
		const struct service_validator *v = service_validator_builtin(rows[i].name);
		assert_non_null(v);
		enum err e = v->check(span_str(rows[i].in), NOW, out, sizeof(out));
		if ((e == ERR_OK) != (rows[i].out != NULL) || (e == ERR_OK && strcmp(out, rows[i].out) != 0))
			fail_msg("%s \"%s\": %s \"%s\"", rows[i].name, rows[i].in, err_name(e), out);
		err_clear();
	}
	assert_null(service_validator_builtin("nothing"));
}

/* What a validator gives is what it takes: the second time nothing changes. */
static void test_validators_settle(void **state)
{
	static const char *const names[] = {"date", "month",  "money",  "int",  "id_number",
	                                    "uscc", "mobile", "region", "text", "name"};
	static const char letters[] = "0123456789-/.,+ xX年";
	uint64_t seed = (uint64_t)time(NULL);
	(void)state;
	print_message("# seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < 20000; i++) {
		char in[24], one[64], two[64];
		size_t n = 0;
		for (size_t len = 1 + seed % 12; n < len; n++) {
			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
			in[n] = letters[seed % (sizeof(letters) - 4)];
		}
		in[n] = 0;
		const struct service_validator *v = service_validator_builtin(names[seed % COUNT_OF(names)]);
		if (v->check(span_of(in, n), NOW, one, sizeof(one)) != ERR_OK) {
			err_clear();
			continue;
		}
		OK(v->check(span_str(one), NOW, two, sizeof(two)));
		assert_string_equal(one, two);
	}
}

static void test_fen(void **state)
{
	int64_t fen = -1;
	(void)state;
	OK(valid_fen(SPAN_LIT("8000.05"), &fen));
	assert_int_equal(fen, 800005);
	static const char *const bad[] = {"8000", "8000.5", "8000.005", "-1.00", ".50", "8000.x0", ""};
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_not_equal(valid_fen(span_str(bad[i]), &fen), ERR_OK);
	err_clear();
	assert_int_equal(fen, 800005);
}

/* --- rows --- */

struct seen {
	char text[4096];
	size_t n;
};

static enum err see(const struct fault *f, void *ctx)
{
	struct seen *s = ctx;
	size_t at = strlen(s->text);
	s->n++;
	assert_true(f->text[0] != 0 && f->remedy[0] != 0);
	(void)snprintf(s->text + at, sizeof(s->text) - at, "%zu.%s:%s ", f->row, f->field, f->code);
	return ERR_OK;
}

static const struct service *q01(struct services **s)
{
	OK(services_parse("Q01.json", span_str(test_q01), &test_registry, s));
	return services_find(*s, "Q01");
}

static json_t *json_of(const char *text)
{
	json_t *v = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(v);
	return v;
}

#define ROW "{\"id_no\":\"430102199003079914\",\"name\":\"测试职工甲\",\"wage\":\"8000.00\"}"
static const struct {
	const char *form, *rows, *faults;
} checks[] = {
	{"{\"period\":\"202611\"}", "[" ROW "]", ""},
	{"{}", "[" ROW "]", "0.period:E-20 "},
	{"{\"period\":\"2026年\"}", "[" ROW "]", "0.period:E-23 "},
	{"{\"period\":\"202611\"}", "[]", "0.:E-29 "},
	{"{\"period\":\"202611\"}", "[" ROW "," ROW "]", "2.id_no:Q-06 "},
	{"{\"period\":\"202611\"}", "[" ROW "," ROW "," ROW "]", "2.id_no:Q-06 3.id_no:Q-06 "},
	{"{\"period\":\"202611\"}", "[{}]", "1.id_no:E-20 1.name:E-20 1.wage:E-20 "},
	{"{\"period\":\"202611\"}", "[{\"id_no\":\"430102199003079915\",\"name\":\"测试1\",\"wage\":\"-1\"}]",
         "1.id_no:E-21 1.name:E-23 1.wage:E-23 "},
	{"{\"period\":\"202611\"}",
         "[{\"id_no\":\"430102199003079914\",\"name\":\"测试甲\",\"wage\":\"1.00\",\"enrol_type\":\"Z\"}]",
         "1.enrol_type:E-25 "},
	{"{\"period\":\"202611\"}",
         "[{\"id_no\":\"430102199003079914\",\"name\":\"测试甲\",\"wage\":\"1.00\",\"remark\":\"e\xCC\x81\"}]",
         "1.remark:E-26 "},
};

static void test_checks(void **state)
{
	AUTO(services) all = NULL;
	const struct service *s = q01(&all);
	(void)state;
	for (size_t i = 0; i < COUNT_OF(checks); i++) {
		struct seen seen = {0};
		struct fault_sink sink = {see, &seen, 0};
		AUTO_JSON content =
			json_pack("{s:o, s:o}", "form", json_of(checks[i].form), "rows", json_of(checks[i].rows));
		OK(content_check(s, content, NOW, &sink));
		if (strcmp(seen.text, checks[i].faults) != 0)
			fail_msg("row %zu: \"%s\", not \"%s\"", i, seen.text, checks[i].faults);
		assert_int_equal(sink.count, seen.n);
	}
}

static void test_take(void **state)
{
	AUTO(services) all = NULL;
	const struct service *s = q01(&all);
	static const struct {
		const char *in;
		enum err e;
	} rows[] = {
		{"{\"nonsense\":\"1\"}", ERR_FIELD_UNKNOWN},
		{"{\"wage\":1}", ERR_FIELD_VALUE},
		{"{\"wage\":null}", ERR_FIELD_VALUE},
		{"[]", ERR_SYNTAX},
		{"{}", ERR_OK},
		{"{\"wage\":\"x\"}", ERR_OK},
	};
	char big[SERVICE_VALUE_MAX + 2];
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_JSON in = json_of(rows[i].in);
		AUTO_JSON row = NULL;
		assert_int_equal(content_take(&s->row_fields, in, NOW, &row), rows[i].e);
		assert_int_equal(row == NULL, rows[i].e != ERR_OK);
		err_clear();
	}
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = 0;
	AUTO_JSON long_one = json_pack("{s:s}", "remark", big);
	AUTO_JSON row = NULL;
	assert_int_equal(content_take(&s->row_fields, long_one, NOW, &row), ERR_LIMIT);
	err_clear();
	AUTO_JSON in = json_of(
		"{\"wage\":\" 8,000.5 \",\"id_no\":\"43010219880229996x\",\"enrol_type\":\"Z\",\"remark\":\"\"}");
	OK(content_take(&s->row_fields, in, NOW, &row));
	assert_string_equal(json_str_or(row, "wage", ""), "8000.50");
	assert_string_equal(json_str_or(row, "id_no", ""), "43010219880229996X");
	assert_string_equal(json_str_or(row, "enrol_type", ""), "Z");
	assert_null(json_object_get(row, "remark"));
}

static void test_row_text(void **state)
{
	AUTO(services) all = NULL;
	const struct service *s = q01(&all);
	AUTO_BUF(out, 4096);
	(void)state;
	AUTO_JSON row = json_of("{\"remark\":\"a;b\\\\c=d\",\"name\":\"测试职工甲\",\"enrol_type\":\"A\"}");
	OK(content_row_text(&s->row_fields, row, &out));
	assert_string_equal(buf_cstr(&out), "姓名=测试职工甲;类型=A 首次;备注=a\\;b\\\\c=d");
	buf_clear(&out);
	AUTO_JSON none = json_object();
	OK(content_row_text(&s->row_fields, none, &out));
	assert_string_equal(buf_cstr(&out), "-");
}

/* Different rows have different texts: a separator cannot be forged. */
static void test_row_text_is_injective(void **state)
{
	static const char *const parts[] = {";", "\\", "=", "备注", "姓名=", "a", ";备注="};
	AUTO(services) all = NULL;
	const struct service *s = q01(&all);
	uint64_t seed = (uint64_t)time(NULL) | 1;
	(void)state;
	print_message("# seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < 3000; i++) {
		char v[4][64] = {{0}};
		for (int k = 0; k < 4; k++)
			for (int m = 0; m < 3; m++) {
				seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
				(void)strncat(v[k], parts[seed % COUNT_OF(parts)], 20);
			}
		AUTO_JSON a = json_pack("{s:s, s:s}", "name", v[0], "remark", v[1]);
		AUTO_JSON b = json_pack("{s:s, s:s}", "name", v[2], "remark", v[3]);
		AUTO_BUF(ta, 2048);
		AUTO_BUF(tb, 2048);
		OK(content_row_text(&s->row_fields, a, &ta));
		OK(content_row_text(&s->row_fields, b, &tb));
		assert_int_equal(span_eq(buf_span(&ta), buf_span(&tb)), json_equal(a, b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_validators),
	                                   cmocka_unit_test(test_validators_settle),
	                                   cmocka_unit_test(test_fen),
	                                   cmocka_unit_test(test_checks),
	                                   cmocka_unit_test(test_take),
	                                   cmocka_unit_test(test_row_text),
	                                   cmocka_unit_test(test_row_text_is_injective)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
