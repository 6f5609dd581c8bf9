/* What is signed is what is registered: every way of writing a name or a text is folded once, when it is taken. */
#include "b03_world.h"
#include "base/file.h"
#include <stdio.h>
#include <string.h>

static const struct {
	const char *typed, *want;
} names[] = {
	/* ../shared case 03 */
	{"测•试甲", "测·试甲"},
	{"测 试乙", "测试乙"},
	{"测\xe3\x80\x80试丙", "测试丙"},
	{"测．试丁", "测·试丁"},
	{"测.试戊", "测·试戊"},
	{"测。试己", "测·试己"},
	{"·测试庚.", "测试庚"},
	{"测试辛（小）", "测试辛"},
	{"测\xc2\xa0试壬", "测试壬"},
	{"测\n试癸", "测试癸"},
	/* case 11 */
	{"\xee\xa1\xa3测", "䶮测"},
	{"\xee\xa0\x9a测", "㑳测"},
	{"福\xef\xa8\x9b测", "福福测"},
	{"Rene\xcc\x81"
         "e Test",
         "Renée Test"},
	{"\xe2\xbb\xa2测", "马测"},
	{"测\xe2\x80\x8b试", "测试"},
};

static void id_of(size_t n, char ret[20])
{
	static const int weight[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	int sum = 0;
	(void)snprintf(ret, 20, "4301021990%02d%02d99%d", (int)(n / 28 % 12) + 1, (int)(n % 28) + 1, 1);
	for (int i = 0; i < 17; i++)
		sum += (ret[i] - '0') * weight[i];
	ret[17] = "10X98765432"[sum % 11];
	ret[18] = 0;
}

static enum err tell(const struct fault *f, void *ctx)
{
	(void)ctx;
	print_message("# row %zu %s %s %s\n", f->row, f->field, f->code, f->text);
	return ERR_OK;
}

/* "姓名=…" of a row's canonical text. */
static void value_in(const char *row, const char *label, char *ret, size_t cap)
{
	const char *at = strstr(row, label);
	assert_non_null(at);
	at += strlen(label);
	(void)snprintf(ret, cap, "%.*s", (int)strcspn(at, ";"), at);
}

static void test_signed_is_registered(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1];
	size_t faults = 0, wrong = 0;
	json_t *rows = json_array();
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char id[20];
		id_of(i, id);
		json_t *row = b03_world_row(b, id, names[i].typed, "1");
		(void)b03_world_with(row, "post", "测\xe3\x80\x80试Ａ岗");
		(void)b03_world_with(row, "mobile",
		                     "\xe2\x80\xad"
		                     "130\xe2\x80\x91"
		                     "0000\xe2\x80\x91"
		                     "0007\xe2\x80\xac");
		assert_int_equal(json_array_append_new(rows, row), 0);
	}
	b03_world_draft(b, rows, no);
	OK(filing_check(&b->w.d, no, &b->w.operator.who, tell, NULL, &faults));
	assert_int_equal(faults, 0);
	AUTO_BUF(text, STATEMENT_LONG_MAX);
	AUTO(statement) s = NULL;
	OK(filing_submit_text(&b->w.d, no, &b->w.operator.who, &text));
	OK(statement_parse(buf_span(&text), &s));
	OK(world_text_sign(&b->w, &b->w.operator, & text));
	OK(b03_world_approve(b, no));
	assert_int_equal(statement_count(s, "row"), COUNT_OF(names));
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char name[200], post[200], sql[400];
		AUTO_BUF(got, 400);
		value_in(statement_get_n(s, "row", i), "姓名=", name, sizeof(name));
		value_in(statement_get_n(s, "row", i), "岗位=", post, sizeof(post));
		(void)snprintf(sql, sizeof(sql),
		               "SELECT p.name, e.post FROM person p JOIN employment e ON e.person_no = p.person_no "
		               "WHERE p.name = '%s'",
		               name);
		b03_world_sql(b, sql, &got);
		bool same = strncmp(buf_cstr(&got), name, strlen(name)) == 0 && strstr(buf_cstr(&got), post) != NULL;
		if (!same || strcmp(name, names[i].want) != 0) {
			print_message("# \"%s\": signed \"%s\" %s, registered \"%s\"\n", names[i].typed, name, post,
			              buf_cstr(&got));
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

/* A private-use character that no table has is told as what it is, with the way to the window. */
static enum err keep(const struct fault *f, void *ctx)
{
	AUTO_BUF(line, 1000);
	buf_printf(&line, "%s %s %s|%s\n", f->field, f->code, f->text, f->remedy);
	buf_put(ctx, buf_span(&line));
	return tell(f, NULL);
}

static void test_private_use(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1];
	size_t faults = 0;
	AUTO_BUF(told, 4000);
	b03_world_draft(b, json_pack("[o]", b03_world_row(b, "430102199003079914", "测\xee\x80\x80", "1")), no);
	OK(filing_check(&b->w.d, no, &b->w.operator.who, keep, &told, &faults));
	assert_int_equal(faults, 1);
	assert_non_null(strstr(buf_cstr(&told), "name E-32 "));
	assert_non_null(strstr(buf_cstr(&told), "自造字"));
	assert_non_null(strstr(buf_cstr(&told), "窗口"));
	static const char *const bad[] = {"测（小", "（小）", "测★试", "测①", "测=试", "测"};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		buf_clear(&told);
		b03_world_fill(b, no, json_pack("[o]", b03_world_row(b, "430102199003079914", bad[i], "1")));
		OK(filing_check(&b->w.d, no, &b->w.operator.who, keep, &told, &faults));
		assert_int_equal(faults, 1);
		assert_int_equal(strncmp(buf_cstr(&told), "name E-23 ", 10), 0);
	}
	buf_clear(&told);
	b03_world_fill(b, no,
	               json_pack("[o]", b03_world_row(b, "430102199003079914",
	                                              "测a\xcc\xb8\xcc\xb8\xcc\xb8\xcc\xb8\xcc\xb8试", "1")));
	OK(filing_check(&b->w.d, no, &b->w.operator.who, keep, &told, &faults));
	assert_int_equal(faults, 1);
	assert_int_equal(strncmp(buf_cstr(&told), "name E-34 ", 10), 0);
}

/* A text that begins with a combining mark would make another character of the "=" before it, and no statement takes
 * that. */
static void test_loose_marks(void **state)
{
	static const char *const keys[] = {"name", "post", "hukou_addr", "live_addr", "remark"}, *const marks[] = {
													 "\xcc\xb8",
													 "\xcc\x81"};
	struct b03_world *b = *state;
	size_t faults = 0;
	for (size_t i = 0; i < COUNT_OF(marks); i++) {
		char no[FILING_NO_MAX + 1], id[20], typed[64];
		id_of(i, id);
		json_t *row = b03_world_row(b, id, "测试", "1");
		(void)snprintf(typed, sizeof(typed), "%s测试", marks[i]);
		for (size_t k = 0; k < COUNT_OF(keys); k++)
			(void)b03_world_with(row, keys[k], typed);
		b03_world_draft(b, json_pack("[o]", row), no);
		OK(filing_check(&b->w.d, no, &b->w.operator.who, tell, NULL, &faults));
		assert_int_equal(faults, 0);
		OK(world_submit(&b->w, no, &b->w.operator));
	}
}

/* A register of before, with names as they were typed then, goes on: the same person is the same person. */
static void test_old_register(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1];
	size_t faults = 0;
	AUTO_BUF(none, 100);
	AUTO_BUF(told, 4000);
	b03_world_draft(b,
	                json_pack("[o]", b03_world_with(b03_world_row(b, "430102199003079914", "测·试甲", "1"), "ins",
	                                                "110,210,410")),
	                no);
	OK(world_submit(&b->w, no, &b->w.operator));
	OK(b03_world_approve(b, no));
	b03_world_sql(b, "UPDATE person SET name = '测．试甲' WHERE name = '测·试甲'", &none);
	b03_world_draft(b, json_pack("[o]", b03_world_row(b, "430102199003079914", "测•试甲", "1")), no);
	OK(filing_check(&b->w.d, no, &b->w.operator.who, keep, &told, &faults));
	assert_null(strstr(buf_cstr(&told), "B03-05"));
	assert_non_null(strstr(buf_cstr(&told), "B03-14")); /* enrolled already: known again */
	b03_world_fill(b, no, json_pack("[o]", b03_world_row(b, "430102199003079914", "测·试乙", "1")));
	buf_clear(&told);
	OK(filing_check(&b->w.d, no, &b->w.operator.who, keep, &told, &faults));
	assert_non_null(strstr(buf_cstr(&told), "B03-05"));
}

/* --- filings of before: the version then took names as they were typed --- */

static enum err as_typed(struct span in, int64_t now, char *ret, size_t cap)
{
	(void)now;
	if (in.len >= cap)
		return ERR(LIMIT, "value");
	memcpy(ret, in.ptr, in.len);
	ret[in.len] = 0;
	return ERR_OK;
}

static void take_services(struct b03_world *b, bool old)
{
	static const struct service_validator then[] = {{"name", as_typed, FOLD_TEXT},
	                                                {"text", as_typed, FOLD_TEXT},
	                                                {NULL}};
	services_free(b->services);
	b->known.registry.validators = old ? then : NULL;
	AUTO_BUF(text, SERVICE_FILE_MAX);
	OK(file_read(SHARE_DIR "/services/B03.json", &text));
	OK(services_parse("B03.json", buf_span(&text), &b->known.registry, &b->services));
	b->w.d.services = b->services;
}

/* What was signed then is approved as it was signed, and that is what the register gets: nothing folds behind a
 * signature. */
static void test_signed_before(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1], other[FILING_NO_MAX + 1];
	size_t faults = 0;
	AUTO_BUF(got, 400);
	AUTO_BUF(told, 4000);
	take_services(b, true);
	b03_world_draft(b, json_pack("[o]", b03_world_row(b, "430102199003079914", "测．试（小）", "1")), no);
	OK(world_submit(&b->w, no, &b->w.operator));
	b03_world_draft(b, json_pack("[o]", b03_world_row(b, "430104198506159922", "测•试乙", "2")), other);
	take_services(b, false);
	OK(b03_world_approve(b, no));
	b03_world_sql(b, "SELECT name FROM person WHERE name LIKE '测%'", &got);
	assert_string_equal(buf_cstr(&got), "测．试（小）");
	/* a draft of then is not signed as it is; saved once more it is folded */
	OK(filing_check(&b->w.d, other, &b->w.operator.who, keep, &told, &faults));
	assert_int_equal(faults, 1);
	assert_int_equal(strncmp(buf_cstr(&told), "name E-30 ", 10), 0);
	assert_int_equal(world_submit(&b->w, other, &b->w.operator), ERR_FAULTS);
	err_clear();
	b03_world_fill(b, other, json_pack("[o]", b03_world_row(b, "430104198506159922", "测•试乙", "2")));
	OK(world_submit(&b->w, other, &b->w.operator));
	/* the correction of what was signed then begins folded, and an unchanged person stays the same person */
	OK(filing_correct(&b->w.d, no, &b->w.operator.who, other));
	buf_clear(&told);
	OK(filing_check(&b->w.d, other, &b->w.operator.who, keep, &told, &faults));
	assert_int_equal(faults, 0);
	OK(world_submit(&b->w, other, &b->w.operator));
	OK(b03_world_approve(b, other));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, b03_world_open, b03_world_close)
	const struct CMUnitTest tests[] = {T(test_signed_is_registered), T(test_private_use), T(test_loose_marks),
	                                   T(test_old_register), T(test_signed_before)};
	return cmocka_run_group_tests_name("filing-names", tests, NULL, NULL);
}
