/* The rules of B03 row by row, with registers that say what the case needs; retirement ages of section 5. */
#include "base/text.h"
#include "server/business/b03.h"
#include "server/insurance/retire.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "b03_rows.h"

static struct tables *tables;
static struct b03_rows rows_of;
static json_t *last_row; /* what is checked borrows from it */
static struct staff_unit unit;
static struct staff_person person;

static enum err say_unit(void *ctx, int month, struct staff_unit *ret_u)
{
	(void)ctx, (void)month;
	*ret_u = unit;
	return ERR_OK;
}

static int64_t day(const char *text)
{
	int64_t t = 0;
	assert_int_equal(day_parse(span_str(text), &t), ERR_OK);
	return t;
}

static int load(void **state)
{
	(void)state;
	return tables_load(SHARE_DIR "/tables", &tables) == ERR_OK && b03_rows_open(&rows_of, tables) == ERR_OK ? 0
	                                                                                                        : -1;
}

static int unload(void **state)
{
	(void)state;
	json_decref(last_row);
	b03_rows_close(&rows_of);
	tables_free(tables);
	return 0;
}

static unsigned ins(const char *code)
{
	return 1u << tables_ins(tables, code);
}

static int fresh(void **state)
{
	(void)state;
	unit = (struct staff_unit){true, ins("110") | ins("210") | ins("410")};
	person = (struct staff_person){.person_no = ""};
	return 0;
}

/* What is typed into the cells of a row. */
struct typed {
	struct span text[B03_CELLS];
};

/* A row without a fault. */
static struct typed good(void)
{
	struct typed r = {.text = {{NULL, 0}}};
	static const struct {
		int f;
		const char *text;
	} v[] = {
		{B03_NAME, "测试甲"},
		{B03_ID_NUMBER, "430102199003079914"},
		{B03_MOBILE, "13000000001"},
		{B03_START_MONTH, "202611"},
		{B03_HIRE_DATE, "2026-11-01"},
		{B03_CONTRACT_TYPE, "固定期限"},
		{B03_CONTRACT_FROM, "2026-11-01"},
		{B03_CONTRACT_TO, "2029-10-31"},
		{B03_WAGE, "8765.43"},
		{B03_INS, "养老,失业,工伤"},
		{B03_ENROL_TYPE, "首次参保"},
		{B03_ETHNIC, "汉族"},
	};
	for (size_t i = 0; i < COUNT_OF(v); i++)
		r.text[v[i].f] = span_str(v[i].text);
	return r;
}

/* What a unit is told of its row: the engine's codes, then the rules' without "B03-" where the engine said nothing of
 * the field, as server/filing puts them together. */
struct told {
	char codes[400];
	bool by_engine[B03_FIELD_COUNT];
	struct rule_row row;
};

static void add(struct told *t, const char *code)
{
	size_t n = strlen(t->codes);
	(void)snprintf(t->codes + n, sizeof(t->codes) - n, "%s%s", n > 0 ? " " : "", code);
}

static enum err engine_says(const struct fault *f, void *ctx)
{
	struct told *t = ctx;
	if (f->row != 1)
		return ERR_OK;
	add(t, strncmp(f->code, "B03-", 4) == 0 ? f->code + 4 : f->code);
	for (int i = 0; i < B03_FIELD_COUNT; i++)
		t->by_engine[i] |= strcmp(b03_field(rows_of.s, i)->name, f->field) == 0;
	return ERR_OK;
}

static void check(const struct typed *typed, const char *now, struct b03 *b, struct told *t)
{
	static struct staff_batch batch;
	struct cell cells[B03_CELLS];
	struct fault_sink sink = {engine_says, t, 0};
	batch = (struct staff_batch){.business = &business_b03,
	                             .service = rows_of.s,
	                             .tables = tables,
	                             .unit_no = "10000016",
	                             .now = day(now) + 36000,
	                             .window = calendar_window(&tables->filing, day(now) + 36000),
	                             .unit_at = say_unit};
	memset(t, 0, sizeof(*t));
	memset(b, 0, sizeof(*b));
	t->row = (struct rule_row){.batch = &batch, .no = 5, .person = person};
	for (size_t i = 0; i < B03_CELLS; i++)
		cells[i] = (struct cell){typed->text[i].len > 0 ? CELL_TEXT : CELL_EMPTY, typed->text[i]};
	json_decref(last_row);
	last_row = NULL;
	assert_int_equal(b03_rows_json(&rows_of, batch.unit_no, batch.now, 5, cells, &last_row), ERR_OK);
	AUTO_JSON content = json_pack("{s:{}, s:[O]}", "form", "rows", last_row);
	assert_int_equal(content_check(rows_of.s, content, batch.now, &sink), ERR_OK);
	assert_int_equal(row_read(&rows_of.s->row_fields, last_row, batch.now, &t->row.values), ERR_OK);
	rule_text(&t->row, B03_ID_NUMBER, t->row.id_number, sizeof(t->row.id_number));
	assert_int_equal(business_b03.judge(&t->row, b), ERR_OK);
	for (size_t i = 0; i < t->row.n_faults; i++)
		if (t->row.faults[i].field < 0 || !t->by_engine[t->row.faults[i].field])
			add(t, t->row.faults[i].code->name + 1);
}

static bool wants_review2(const struct told *t)
{
	for (size_t i = 0; i < t->row.n_faults; i++)
		if ((t->row.faults[i].code->is & CODE_SECOND_REVIEW) != 0)
			return true;
	return false;
}

static bool fits(const struct told *t, const char *codes)
{
	bool same = strcmp(t->codes, codes) == 0;
	if (!same)
		print_message("# got \"%s\", not \"%s\"\n", t->codes, codes);
	return same;
}

static void expect(const struct told *t, const char *codes)
{
	assert_true(fits(t, codes));
}

static void test_good(void **state)
{
	(void)state;
	struct b03 b;
	struct told f;
	struct typed r = good();
	check(&r, "2026-11-22", &b, &f);
	expect(&f, "");
	assert_string_equal(b.name, "测试甲");
	assert_string_equal(b.gender, "1");
	assert_int_equal(b.wage_fen, 876543);
	assert_int_equal(b.ins, unit.ins);
	assert_int_equal(b.start_month, 202611);
	assert_int_equal(b.contract_from, day("2026-11-01"));
	assert_int_equal(b.retire_class, RETIRE_M60);
	assert_string_equal(b.employ_form, "01");
	assert_false(wants_review2(&f));
}

static void test_fields(void **state)
{
	(void)state;
	int wrong = 0;
	static const struct {
		int f;
		const char *text, *codes;
	} rows[] = {
		{B03_NAME, "", "E-20"},
		{B03_NAME, "甲", "E-23"},
		{B03_NAME, "张3", "E-23"},
		{B03_NAME, "张\xe2\x80\xae三", "E-26"},
		/* written otherwise than it is folded */
		{B03_NAME, "𠮷龘", ""},
		{B03_NAME, "阿依古丽•测试", "E-30"},
		{B03_NAME, "测 试 甲", "E-30"},
		{B03_NAME, "Anna Test", ""},
		{B03_ID_NUMBER, "", "E-20"},
		{B03_ID_NUMBER, "430102199003079915", "E-21"},
		{B03_ID_NUMBER, "430102199002309917", "E-21"},
		{B03_ID_NUMBER, "４３０１０２１９９００３０７９９１４", "E-30"},
		{B03_ID_NUMBER, "43010219880229996x", "E-30"},
		{B03_ID_NUMBER, "43010219880229996X", "11"},
		/* each number under another document's type, and under none of them */
		{B03_ID_NUMBER, "810000199001019910", "30"},
		{B03_ID_NUMBER, "820000199001019912", "30"},
		{B03_ID_NUMBER, "830000199001019914", "30"},
		{B03_ID_NUMBER, "990102199003079913", "30 11 11"},
		{B03_ID_NUMBER, "ABC123456789012", "30 11 11"},
		{B03_ID_TYPE, "台湾居民居住证", "30"},
		{B03_ID_TYPE, "外国人永久居留身份证", "30"},
		{B03_ID_NUMBER, "43010219900307991", "E-21"},
		{B03_ID_TYPE, "护照", "E-25"},
		{B03_ID_TYPE, "港澳居民居住证", "30"},
		{B03_ID_TYPE, "身份牌", "E-25"},
		{B03_GENDER, "女", "E-20 16"},
		{B03_GENDER, "男", ""},
		{B03_GENDER, "公", "E-25"},
		{B03_BIRTH, "1990-03-07", ""},
		{B03_BIRTH, "1990-03-08", "16"},
		{B03_ETHNIC, "土家", ""},
		{B03_ETHNIC, "99", "E-25"},
		{B03_ETHNIC, "", ""},
		{B03_MOBILE, "12900000000", "E-23"},
		{B03_MOBILE, "+8613000000000", "E-30"},
		{B03_MOBILE, "", "E-20"},
		{B03_START_MONTH, "2026年11月", ""},
		{B03_START_MONTH, "2026-11-01", ""},
		{B03_START_MONTH, "2026-11-02", "E-23"},
		{B03_START_MONTH, "202613", "E-23"},
		{B03_START_MONTH, "202612", "08"},
		{B03_START_MONTH, "202610", "33 08"},
		{B03_START_MONTH, "202001", "08 08"},
		{B03_HIRE_DATE, "2026/11/1", ""},
		{B03_HIRE_DATE, "11/1/26", "E-26"},
		{B03_HIRE_DATE, "2026-12-01", "18"},
		{B03_HIRE_DATE, "", "E-20"},
		{B03_HIRE_DATE, "2006-03-06", "02 31"},
		{B03_HIRE_DATE, "2006-03-07", "31"},
		{B03_HIRE_DATE, "1980-01-01", "18 31"},
		{B03_CONTRACT_TYPE, "", "E-20"},
		{B03_CONTRACT_TYPE, "口头", "E-25"},
		{B03_CONTRACT_TYPE, "无固定期限", "09"},
		{B03_CONTRACT_TO, "", "09"},
		{B03_CONTRACT_TO, "2026-11-01", "09"},
		{B03_CONTRACT_TO, "明年", "E-23"},
		{B03_WAGE, "", "E-20"},
		{B03_WAGE, "-5", "E-23"},
		{B03_WAGE, "三千", "E-23"},
		{B03_WAGE, "99999999999", "E-23"},
		{B03_WAGE, "1000", "32 35"},
		{B03_WAGE, "3,500.00", "35"},
		{B03_WAGE, "25000", "35"},
		{B03_WAGE, "0", "E-27"},
		{B03_INS, "养老、失业、工伤", ""},
		{B03_INS, "110 210 410", ""},
		{B03_INS, "", ""},
		{B03_INS, "养老", "15"},
		{B03_INS, "养老保险;失业保险;工伤保险", ""},
		{B03_INS, "养老,失业,工伤,医疗", "10"},
		{B03_INS, "寿险", "E-25"},
		{B03_INS, "机关养老", "E-25"},
		{B03_ENROL_TYPE, "B", "13"},
		{B03_ENROL_TYPE, "C", ""},
		{B03_ENROL_TYPE, "D", "13"},
		{B03_ENROL_TYPE, "", ""},
		{B03_ENROL_TYPE, "Z", "E-25"},
		{B03_EMPLOY_FORM, "99", ""},
		{B03_EMPLOY_FORM, "实习", "E-25"},
		{B03_EMPLOY_FORM, "09", "15"},
		{B03_SPECIAL_JOB, "是", "34"},
		{B03_POST_CLASS, "管理技术岗", ""},
		{B03_UNIT_NO, "10000016", ""},
		{B03_UNIT_NO, "43010024", "E-26"},
		{B03_HUKOU_TYPE, "城镇", ""},
		{B03_REMARK, "a\tb", "E-26"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct b03 b;
		struct told f;
		struct typed r = good();
		r.text[rows[i].f] = span_str(rows[i].text);
		check(&r, "2026-11-22", &b, &f);
		if (!fits(&f, rows[i].codes)) {
			print_message("# %s=%s\n",
			              rows[i].f < B03_UNIT_NO ? b03_field(rows_of.s, rows[i].f)->name : "unit_no",
			              rows[i].text);
			wrong++;
		}
		for (size_t k = 0; k < f.row.n_faults; k++) {
			assert_true(text_is_utf8(span_str(f.row.faults[k].detail)));
			assert_true(f.row.faults[k].code->text[0] != 0 && f.row.faults[k].code->remedy[0] != 0);
		}
	}
	assert_int_equal(wrong, 0);
}

/* Number and type of each document, and what its holder's birthday and sex come from. */
static void test_documents(void **state)
{
	(void)state;
	static const struct {
		const char *type, *number, *gender, *birth, *codes, *born;
	} rows[] = {
		{"01", "430102199003079914", "", "", "", "1990-03-07"},
		{"03", "810000199001019910", "", "", "", "1990-01-01"},
		{"03", "820000199001019912", "男", "", "", "1990-01-01"},
		{"04", "830000199001019914", "", "", "", "1990-01-01"},
		{"05", "990102199003079913", "1", "1985-05-06", "", "1985-05-06"},
		{"05", "ABC123456789012", "1", "1985-05-06", "", "1985-05-06"},
		{"05", "990102199003079913", "", "", "11 11", ""},
		{"05", "990102199003079913", "2", "1985-05-06", "E-20", "1985-05-06"},
		{"05", "990102199003079913", "1", "2011-05-06", "02", "2011-05-06"},
		{"05", "990102199003079913", "公", "昨天", "E-25 E-23", ""},
		{"06", "430102199003079914", "", "", "E-25", "1990-03-07"},
		{"06", "E12345678", "", "", "E-25", ""},
		{"99", "E12345678", "", "", "E-25", ""},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct b03 b;
		struct told f;
		struct typed r = good();
		r.text[B03_ID_TYPE] = span_str(rows[i].type);
		r.text[B03_ID_NUMBER] = span_str(rows[i].number);
		r.text[B03_GENDER] = span_str(rows[i].gender);
		r.text[B03_BIRTH] = span_str(rows[i].birth);
		check(&r, "2026-11-22", &b, &f);
		if (!fits(&f, rows[i].codes))
			fail_msg("row %zu %s %s", i, rows[i].type, rows[i].number);
		assert_int_equal(b.birth, rows[i].born[0] != 0 ? day(rows[i].born) : 0);
	}
	struct b03 b;
	struct told f;
	struct typed r = good();
	r.text[B03_ID_TYPE] = SPAN_LIT("01");
	r.text[B03_ID_NUMBER] = SPAN_LIT("830000199001019914");
	check(&r, "2026-11-22", &b, &f);
	assert_int_equal(f.row.n_faults, 1);
	assert_int_equal(f.row.faults[0].field, B03_ID_TYPE);
	assert_string_equal(f.row.faults[0].detail,
	                    "83 开头的是台湾居民居住证的号码，证件类型请选“台湾居民居住证”，或核对证件号码");
}

/* What depends on a field that cannot be read is not judged: one cause, one fault. */
static void test_one_cause(void **state)
{
	(void)state;
	static const struct {
		int f;
		const char *text, *codes, *id;
	} rows[] = {
		{B03_HIRE_DATE, "2026-11-30 08:00", "E-26", "430102199003079914"},
		{B03_START_MONTH, "2026.1", "E-26", "430102199003079914"},
		{B03_EMPLOY_FORM, "返聘?", "E-25", "430121196510059913"},
		{B03_START_MONTH, "2026.1", "E-26", "430121196510059913"},
		{B03_POST_CLASS, "?", "E-25", "430111197609289921"},
		{B03_BIRTH, "1990-03-07 16:00", "E-26", "430102199003079914"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct b03 b;
		struct told f;
		struct typed r = good();
		r.text[B03_ID_NUMBER] = span_str(rows[i].id);
		r.text[rows[i].f] = span_str(rows[i].text);
		check(&r, "2026-11-22", &b, &f);
		if (!fits(&f, rows[i].codes))
			fail_msg("row %zu %s", i, rows[i].text);
	}
}

static void test_registers(void **state)
{
	struct b03 b;
	struct told f;
	struct typed r = good();
	person = (struct staff_person){.person_no = "430100000016",
	                               .name = "测试甲",
	                               .history = true,
	                               .elsewhere = ins("110")};
	check(&r, "2026-11-22", &b, &f);
	expect(&f, "13 01");
	fresh(state);
	person = (struct staff_person){.person_no = "430100000016", .name = "测试乙"};
	check(&r, "2026-11-22", &b, &f);
	expect(&f, "05");
	fresh(state);
	unit.ins = 0;
	check(&r, "2026-11-22", &b, &f);
	expect(&f, "10");
	fresh(state);
	/* 险种增加: work injury is here, the others are added. */
	person = (struct staff_person){.person_no = "430100000016",
	                               .name = "测试甲",
	                               .history = true,
	                               .here = ins("410")};
	r.text[B03_ENROL_TYPE] = SPAN_LIT("B");
	r.text[B03_INS] = SPAN_LIT("养老,失业");
	check(&r, "2026-11-22", &b, &f);
	expect(&f, "");
	assert_int_equal(b.ins, ins("110") | ins("210"));
	assert_string_equal(b.enrol_type, "B");
	person.here = unit.ins;
	check(&r, "2026-11-22", &b, &f);
	expect(&f, "14");
	fresh(state);
	r = good();
	person.retired = true;
	check(&r, "2026-11-22", &b, &f);
	expect(&f, "03");
}

static void test_age_and_window(void **state)
{
	(void)state;
	struct b03 b;
	struct told f;
	struct typed r = good();
	r.text[B03_ID_NUMBER] = SPAN_LIT("430111197909289923"); /* woman of 1979-09: F50 retires 2032-02, F55 later */
	check(&r, "2026-11-22", &b, &f);
	expect(&f, "11");
	r.text[B03_POST_CLASS] = SPAN_LIT("2");
	check(&r, "2026-11-22", &b, &f);
	expect(&f, "");
	assert_int_equal(b.retire_class, RETIRE_F50);
	r = good();
	r.text[B03_ID_NUMBER] = SPAN_LIT("430121196510059913"); /* man of 1965-10: 60y3m, retired since 2026-01 */
	check(&r, "2026-11-22", &b, &f);
	expect(&f, "03");
	r.text[B03_EMPLOY_FORM] = SPAN_LIT("退休返聘");
	r.text[B03_INS] = SPAN_LIT("工伤");
	check(&r, "2026-11-22", &b, &f);
	expect(&f, "");
	/* After the 25th the next month is open, and this one is back payment. */
	r = good();
	check(&r, "2026-11-26", &b, &f);
	expect(&f, "33");
	assert_true(wants_review2(&f));
	r.text[B03_START_MONTH] = SPAN_LIT("202612");
	check(&r, "2026-11-26", &b, &f);
	expect(&f, "");
	check(&r, "2026-12-31", &b, &f);
	expect(&f, "33 31");
}

/* Everything is wrong at once: all of it is told, once; what a blank cell stands for is no fault. */
static void test_nothing_typed(void **state)
{
	(void)state;
	struct b03 b;
	struct told f;
	struct typed r = {.text = {{NULL, 0}}};
	check(&r, "2026-11-22", &b, &f);
	expect(&f, "E-20 E-20 E-20 E-20 E-20 E-26 E-20 E-20");
	assert_string_equal(b.id_type, "01");
	assert_string_equal(b.enrol_type, "A");
	assert_string_equal(b.employ_form, "01");
}

/* Faults bear the names and labels of the definition, and no other stands in the code. */
static void test_bound(void **state)
{
	(void)state;
	for (int f = 0; f < B03_UNIT_NO; f++)
		assert_string_equal(b03_field(rows_of.s, f)->name, business_b03.binds[f].name);
	AUTO_BUF(text, SERVICE_FILE_MAX);
	AUTO(services) all = NULL;
	assert_int_equal(file_read(SHARE_DIR "/services/B03.json", &text), ERR_OK);
	char *wage = strstr((char *)text.ptr, "\"wage\"");
	assert_non_null(wage);
	wage[1] = 'p';
	assert_int_equal(services_parse("B03.json", buf_span(&text), &rows_of.known.registry, &all), ERR_CONFIG);
	assert_non_null(strstr(err_detail(), "B03.json: rows.fields: b03 counts with a field wage of type money"));
	err_clear();
}

static void test_sheet(void **state)
{
	(void)state;
	/* line breaks, blanks and invisible marks do not count */
	static const char *const head[] = {" 姓 名\n*", "证件\n号码\xe2\x80\x8b(必填)",
	                                   "手机号码",  "参保年月",
	                                   "入职日期",  "劳动合同类型",
	                                   "月工资",    "",
	                                   "备注"};
	struct cell cells[COUNT_OF(head)];
	struct sheet_columns c;
	AUTO_BUF(why, 1000);
	for (size_t i = 0; i < COUNT_OF(head); i++)
		cells[i] = (struct cell){head[i][0] ? CELL_TEXT : CELL_EMPTY, span_str(head[i])};
	assert_int_equal(sheet_head(rows_of.s, cells, COUNT_OF(head), &c, &why), ERR_OK);
	assert_int_equal(c.n, COUNT_OF(head));
	assert_int_equal(c.field[1], (int)rows_of.s->bound[B03_ID_NUMBER]);
	assert_int_equal(c.field[7], SHEET_NONE);
	/* other names of the same columns, and the codes of the data dictionary in either case */
	cells[0] = (struct cell){CELL_TEXT, SPAN_LIT("aac003")};
	cells[1] = (struct cell){CELL_TEXT, SPAN_LIT("公民身份号码")};
	cells[7] = (struct cell){CELL_TEXT, SPAN_LIT("AAB001")};
	assert_int_equal(sheet_head(rows_of.s, cells, COUNT_OF(head), &c, &why), ERR_OK);
	assert_int_equal(c.field[0], (int)rows_of.s->bound[B03_NAME]);
	assert_int_equal(c.field[1], (int)rows_of.s->bound[B03_ID_NUMBER]);
	assert_int_equal(c.field[7], SHEET_UNIT);
	cells[0] = (struct cell){CELL_TEXT, SPAN_LIT("姓名")};
	cells[1] = (struct cell){CELL_TEXT, SPAN_LIT("工号")};
	cells[6] = (struct cell){CELL_TEXT, SPAN_LIT("职工姓名")};
	assert_int_equal(sheet_head(rows_of.s, cells, COUNT_OF(head), &c, &why), ERR_XLSX_HEAD);
	assert_string_equal(buf_cstr(&why),
	                    "模板中没有的列：工号；重复的列：职工姓名；缺少的列：证件号码；缺少的列：月工资");
	err_clear();
}

static void test_retire(void **state)
{
	(void)state;
	static const struct {
		enum retire_class c;
		int birth, delay, age, month, early, late, min;
	} rows[] = {
		{RETIRE_M60, 196412, 0, 720, 202412, 0, 0, 180},
		{RETIRE_M60, 196501, 1, 721, 202502, 202501, 202802, 180},
		{RETIRE_M60, 196504, 1, 721, 202505, 202504, 202805, 180},
		{RETIRE_M60, 196505, 2, 722, 202507, 202505, 202807, 180},
		{RETIRE_M60, 197003, 16, 736, 203107, 203003, 203407, 192},
		{RETIRE_M60, 197608, 35, 755, 203907, 203608, 204207, 240},
		{RETIRE_M60, 197609, 36, 756, 203909, 203609, 204209, 240},
		{RETIRE_M60, 199003, 36, 756, 205303, 205003, 205603, 240},
		{RETIRE_F55, 197001, 1, 661, 202502, 202501, 202802, 180},
		{RETIRE_F55, 197411, 15, 675, 203102, 202911, 203402, 192},
		{RETIRE_F55, 198109, 36, 696, 203909, 203609, 204209, 240},
		{RETIRE_F50, 197501, 1, 601, 202502, 202501, 202802, 180},
		{RETIRE_F50, 197503, 2, 602, 202505, 202503, 202805, 180},
		{RETIRE_F50, 197909, 29, 629, 203202, 202909, 203502, 198},
		{RETIRE_F50, 198410, 59, 659, 203909, 203609, 204209, 240},
		{RETIRE_F50, 198411, 60, 660, 203911, 203611, 204211, 240},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct retire r = retire_of(rows[i].c, rows[i].birth);
		assert_int_equal(r.delay_months, rows[i].delay);
		assert_int_equal(r.age_months, rows[i].age);
		assert_int_equal(r.month, rows[i].month);
		assert_int_equal(r.earliest, rows[i].early);
		assert_int_equal(r.latest, rows[i].late);
		assert_int_equal(r.min_months, rows[i].min);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_good, fresh),
	                                   cmocka_unit_test_setup(test_fields, fresh),
	                                   cmocka_unit_test_setup(test_documents, fresh),
	                                   cmocka_unit_test_setup(test_one_cause, fresh),
	                                   cmocka_unit_test_setup(test_registers, fresh),
	                                   cmocka_unit_test_setup(test_age_and_window, fresh),
	                                   cmocka_unit_test_setup(test_nothing_typed, fresh),
	                                   cmocka_unit_test(test_bound),
	                                   cmocka_unit_test(test_sheet),
	                                   cmocka_unit_test(test_retire)};
	return cmocka_run_group_tests(tests, load, unload);
}
