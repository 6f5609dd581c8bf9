/* 更正 of an approved B03: what the first one wrote is taken back, what the correction says takes its place, and
 * nothing else is touched. Rows of registers are written "version|...|filing|closed by", with the filings' numbers as
 * F1, F2, F3. */
#include "b03_world.h"
#include "server/insurance/month_run.h"
#include "server/register/staff.h"

#define JIA  "430102199003079914", "测试职工甲", "1"
#define YI   "430104198506159922", "测试职工乙", "2"
#define BING "43010219880229996X", "测试职工丙", "2"

struct story {
	struct b03_world *b;
	char no[4][FILING_NO_MAX + 1]; /* from 1 */
};

/* --- steps --- */

static struct story begin(void **state, json_t *rows)
{
	struct story s = {.b = *state};
	b03_world_draft(s.b, rows, s.no[1]);
	OK(world_submit(&s.b->w, s.no[1], &s.b->w.operator));
	OK(b03_world_approve(s.b, s.no[1]));
	assert_int_equal(world_get(&s.b->w, s.no[1]).state, FILING_DONE);
	return s;
}

static void open_correction(struct story *s, int n, json_t *rows)
{
	OK(filing_correct(&s->b->w.d, s->no[n - 1], &s->b->w.operator.who, s->no[n]));
	b03_world_fill(s->b, s->no[n], rows);
}

static void correct(struct story *s, int n, json_t *rows)
{
	struct world *w = &s->b->w;
	open_correction(s, n, rows);
	OK(world_submit(w, s->no[n], &w->operator));
	OK(b03_world_approve(s->b, s->no[n]));
	assert_int_equal(world_get(w, s->no[n]).state, FILING_DONE);
	assert_int_equal(world_get(w, s->no[n - 1]).state, FILING_CORRECTED);
}

/* --- looking --- */

static void short_names(const struct story *s, struct buf *text)
{
	AUTO_BUF(out, 64 * 1024);
	for (size_t at = 0; at < text->len;) {
		int found = 0;
		for (int i = 1; i < 4 && found == 0; i++)
			if (s->no[i][0] != 0 && strncmp((const char *)text->ptr + at, s->no[i], strlen(s->no[i])) == 0)
				found = i;
		if (found != 0)
			buf_printf(&out, "F%d", found);
		else
			buf_put(&out, span_of(text->ptr + at, 1));
		at += found != 0 ? strlen(s->no[found]) : 1;
	}
	buf_clear(text);
	buf_put(text, buf_span(&out));
}

#define PERSON(name) "(SELECT person_no FROM person WHERE name = '" name "')"
#define WAGES(name) \
	"SELECT version, wage_fen, filing_no FROM wage WHERE person_no = " PERSON(name) " ORDER BY from_month, version"
#define JOBS(name)                                                                                            \
	"SELECT version, form, valid_to > 0, filing_no, closed_by FROM employment WHERE person_no = " PERSON( \
		name) " ORDER BY version"
#define ENROLLED(name, ins)                                                                                    \
	"SELECT version, status, valid_to > 0, filing_no, closed_by FROM enrolment WHERE person_no = " PERSON( \
		name) " AND ins = '" ins "' ORDER BY version"
#define DETAILS(name)                                                                                      \
	"SELECT version, valid_to > 0, filing_no, closed_by FROM person_detail WHERE person_no = " PERSON( \
		name) " ORDER BY version"

static void says(const struct story *s, const char *sql, const char *expected)
{
	AUTO_BUF(got, 64 * 1024);
	b03_world_sql(s->b, sql, &got);
	short_names(s, &got);
	if (strcmp(buf_cstr(&got), expected) != 0)
		fail_msg("%s\n  is  %s\n  not %s", sql, buf_cstr(&got), expected);
}

/* Every register row of everybody but the named person. */
static void others(const struct story *s, const char *name, struct buf *out)
{
	static const char *const tables[] = {"person", "person_detail", "employment",
	                                     "wage",   "enrolment",     "unit_insurance"};
	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		AUTO_BUF(sql, 400);
		buf_printf(&sql, "SELECT * FROM %s WHERE %s ORDER BY 1, 2, 3, 4", tables[i],
		           i + 1 < COUNT_OF(tables) ? "person_no NOT IN (SELECT person_no FROM person WHERE name = ?1)"
		                                    : "1");
		char *bind = strstr((char *)sql.ptr, "?1");
		AUTO_BUF(whole, 500);
		if (bind != NULL)
			buf_printf(&whole, "%.*s'%s'%s", (int)(bind - (char *)sql.ptr), (char *)sql.ptr, name,
			           bind + 2);
		else
			buf_str(&whole, buf_cstr(&sql));
		b03_world_sql(s->b, buf_cstr(&whole), out);
	}
}

static int64_t bill(const struct story *s, int month, int64_t persons)
{
	struct bill b;
	OK(month_run(&s->b->w.o.desk, s->b->tables, "10000016", month, &b));
	assert_int_equal(b.persons, persons);
	return b.total_fen;
}

struct found {
	char text[2000];
};

static enum err note(const struct fault *f, void *ctx)
{
	struct found *w = ctx;
	size_t at = strlen(w->text);
	assert_true(f->remedy[0] != 0);
	(void)snprintf(w->text + at, sizeof(w->text) - at, "%zu:%s ", f->row, f->code);
	return ERR_OK;
}

static void faults(const struct story *s, int n, const char *expected)
{
	struct found f = {""};
	size_t count = 0;
	OK(filing_check(&s->b->w.d, s->no[n], &s->b->w.operator.who, note, &f, &count));
	assert_string_equal(f.text, expected);
}

/* --- what changes, and what does not --- */

static void test_wage(void **state)
{
	struct b03_world *b = *state;
	AUTO_BUF(before, 256 * 1024);
	AUTO_BUF(after, 256 * 1024);
	struct story s = begin(state, json_pack("[o, o]", b03_world_row(b, JIA), b03_world_row(b, YI)));
	int64_t first = bill(&s, b->period, 2);
	others(&s, "测试职工甲", &before);
	correct(&s, 2,
	        json_pack("[o, o]", b03_world_with(b03_world_row(b, JIA), "wage", "9000"), b03_world_row(b, YI)));
	others(&s, "测试职工甲", &after);
	assert_string_equal(buf_cstr(&before), buf_cstr(&after));
	says(&s, WAGES("测试职工甲"), "1|800000|F1 2|900000|F2");
	says(&s, WAGES("测试职工乙"), "1|800000|F1");
	says(&s, JOBS("测试职工甲"), "1|01|0|F1|");
	says(&s, ENROLLED("测试职工甲", "110"), "1|1|0|F1|");
	says(&s, DETAILS("测试职工甲"), "1|0|F1|");
	int64_t second = bill(&s, b->period, 2);
	/* 8000 and 8000 became 9000 and 8000 */
	assert_true(second > first && second * 16 / 17 - first < 100 && first - second * 16 / 17 < 100);
}

static void test_drop_and_file_again(void **state)
{
	struct b03_world *b = *state;
	char again[FILING_NO_MAX + 1];
	AUTO_BUF(before, 256 * 1024);
	AUTO_BUF(after, 256 * 1024);
	struct story s = begin(state, json_pack("[o, o]", b03_world_row(b, JIA), b03_world_row(b, YI)));
	int64_t two = bill(&s, b->period, 2);
	others(&s, "测试职工乙", &before);
	correct(&s, 2, json_pack("[o]", b03_world_row(b, JIA)));
	others(&s, "测试职工乙", &after);
	assert_string_equal(buf_cstr(&before), buf_cstr(&after));
	says(&s, ENROLLED("测试职工乙", "210"), "1|1|1|F1|F2");
	says(&s, JOBS("测试职工乙"), "1|01|1|F1|F2");
	says(&s, DETAILS("测试职工乙"), "1|1|F1|F2");
	says(&s, WAGES("测试职工乙"), "1|800000|F1 2|0|F2");
	assert_int_equal(bill(&s, b->period, 1) * 2, two);
	/* who was taken back has no history: 首次参保 again, from a month before, at another wage */
	json_t *row = b03_world_with(b03_world_row(b, YI), "wage", "7000");
	b03_world_draft(b, json_pack("[o]", row), again);
	OK(world_submit(&b->w, again, &b->w.operator));
	OK(b03_world_approve(b, again));
	assert_int_equal(bill(&s, b->period, 2), two / 2 + two / 2 * 7 / 8);
}

static void test_add_a_person(void **state)
{
	struct b03_world *b = *state;
	AUTO_BUF(before, 256 * 1024);
	AUTO_BUF(after, 256 * 1024);
	struct story s = begin(state, json_pack("[o]", b03_world_row(b, JIA)));
	int64_t one = bill(&s, b->period, 1);
	others(&s, "测试职工丙", &before);
	correct(&s, 2, json_pack("[o, o]", b03_world_row(b, JIA), b03_world_row(b, BING)));
	others(&s, "测试职工丙", &after);
	assert_string_equal(buf_cstr(&before), buf_cstr(&after));
	says(&s, ENROLLED("测试职工丙", "410"), "1|1|0|F2|");
	assert_int_equal(bill(&s, b->period, 2), 2 * one);
}

static void test_insurances(void **state)
{
	struct b03_world *b = *state;
	json_t *trainee = b03_world_with(b03_world_with(b03_world_row(b, JIA), "employ_form", "09"), "ins", "410");
	struct story s = begin(state, json_pack("[o]", trainee));
	correct(&s, 2, json_pack("[o]", b03_world_row(b, JIA)));
	says(&s, ENROLLED("测试职工甲", "410"), "1|1|0|F1|");
	says(&s, ENROLLED("测试职工甲", "110"), "1|1|0|F2|");
	says(&s, JOBS("测试职工甲"), "1|09|1|F1|F2 2|01|0|F2|");
	says(&s, WAGES("测试职工甲"), "1|800000|F1");
	/* and back: what F2 added goes, what F1 wrote stays */
	trainee = b03_world_with(b03_world_with(b03_world_row(b, JIA), "employ_form", "09"), "ins", "410");
	correct(&s, 3, json_pack("[o]", trainee));
	says(&s, ENROLLED("测试职工甲", "410"), "1|1|0|F1|");
	says(&s, ENROLLED("测试职工甲", "110"), "1|1|1|F2|F3");
	says(&s, JOBS("测试职工甲"), "1|09|1|F1|F2 2|01|1|F2|F3 3|09|0|F3|");
}

/* F3 corrects F2: rows of F1 that F2 left alone belong to what is corrected. */
static void test_chain(void **state)
{
	struct b03_world *b = *state;
	struct story s = begin(state, json_pack("[o, o]", b03_world_row(b, JIA), b03_world_row(b, YI)));
	correct(&s, 2,
	        json_pack("[o, o]", b03_world_with(b03_world_row(b, JIA), "wage", "9000"), b03_world_row(b, YI)));
	correct(&s, 3, json_pack("[o]", b03_world_row(b, YI)));
	says(&s, ENROLLED("测试职工甲", "110"), "1|1|1|F1|F3");
	says(&s, WAGES("测试职工甲"), "1|800000|F1 2|900000|F2 3|0|F3");
	says(&s, ENROLLED("测试职工乙", "110"), "1|1|0|F1|");
	(void)bill(&s, b->period, 1);
}

static void test_dropped_then_back(void **state)
{
	struct b03_world *b = *state;
	struct story s = begin(state, json_pack("[o, o]", b03_world_row(b, JIA), b03_world_row(b, YI)));
	int64_t two = bill(&s, b->period, 2);
	correct(&s, 2, json_pack("[o]", b03_world_row(b, YI)));
	correct(&s, 3, json_pack("[o, o]", b03_world_row(b, JIA), b03_world_row(b, YI)));
	says(&s, ENROLLED("测试职工甲", "110"), "1|1|1|F1|F2 2|1|0|F3|");
	says(&s, JOBS("测试职工甲"), "1|01|1|F1|F2 2|01|0|F3|");
	says(&s, DETAILS("测试职工甲"), "1|1|F1|F2 2|0|F3|");
	assert_int_equal(bill(&s, b->period, 2), two);
}

static void test_month(void **state)
{
	struct b03_world *b = *state;
	char earlier[16], day[32];
	int before = month_add(b->period, -1);
	struct story s = begin(state, json_pack("[o]", b03_world_row(b, JIA)));
	int64_t one = bill(&s, b->period, 1);
	(void)snprintf(earlier, sizeof(earlier), "%d", before);
	(void)snprintf(day, sizeof(day), "%d-%02d-15", before / 100, before % 100);
	json_t *row = b03_world_with(b03_world_with(b03_world_row(b, JIA), "start_month", earlier), "hire_date", day);
	open_correction(&s, 2,
	                json_pack("[o]", b03_world_with(b03_world_with(row, "contract_from", day), "wage", "9000")));
	OK(world_submit(&b->w, s.no[2], &b->w.operator));
	OK(world_bulk(&b->w, FACT_APPROVE, s.no[2], &b->w.reviewer));
	assert_int_equal(world_get(&b->w, s.no[2]).state, FILING_REVIEW2); /* back-dated */
	says(&s, ENROLLED("测试职工甲", "110"), "1|1|0|F1|");
	OK(world_bulk(&b->w, FACT_APPROVE, s.no[2], &b->w.reviewer2));
	says(&s, ENROLLED("测试职工甲", "110"), "1|1|1|F1|F2 2|1|0|F2|");
	says(&s, WAGES("测试职工甲"), "1|900000|F2 1|800000|F1 2|0|F2");
	assert_int_equal(bill(&s, before, 1), bill(&s, b->period, 1));
	assert_true(bill(&s, b->period, 1) > one);
}

static void test_details(void **state)
{
	struct b03_world *b = *state;
	AUTO_BUF(json, 8192);
	AUTO_BUF(no, 64);
	struct story s = begin(state, json_pack("[o]", b03_world_row(b, JIA)));
	correct(&s, 2, json_pack("[o]", b03_world_with(b03_world_row(b, JIA), "live_addr", "长沙市岳麓区测试路9号")));
	says(&s, DETAILS("测试职工甲"), "1|1|F1|F2 2|0|F2|");
	says(&s, JOBS("测试职工甲"), "1|01|0|F1|");
	b03_world_sql(b, "SELECT person_no FROM person WHERE name = '测试职工甲'", &no);
	OK(person_detail_get(&b->w.o.desk, buf_cstr(&no), &json));
	assert_non_null(strstr(buf_cstr(&json), "测试路9号"));
}

/* A pause that the first filing ended is open again when he is taken out, and ends once more when he is put back. */
static void test_pause(void **state)
{
	struct b03_world *b = *state;
	AUTO_BUF(none, 64);
	char again[FILING_NO_MAX + 1];
	struct story s = begin(state, json_pack("[o]", b03_world_row(b, YI)));
	b03_world_sql(b, "UPDATE enrolment SET status = 2, from_month = 202501, filing_no = 'EARLIER'", &none);
	b03_world_sql(b, "UPDATE wage SET from_month = 202501, filing_no = 'EARLIER'", &none);
	b03_world_sql(b, "UPDATE employment SET filing_no = 'EARLIER'", &none);
	b03_world_sql(b, "UPDATE person_detail SET filing_no = 'EARLIER'", &none);
	b03_world_draft(b,
	                json_pack("[o, o]", b03_world_row(b, JIA),
	                          b03_world_with(b03_world_row(b, YI), "enrol_type", "B")),
	                again);
	memcpy(s.no[1], again, sizeof(again));
	OK(world_submit(&b->w, s.no[1], &b->w.operator));
	OK(b03_world_approve(b, s.no[1]));
	says(&s, ENROLLED("测试职工乙", "110"), "1|2|1|EARLIER|F1 2|2|0|F1| 3|1|0|F1|");
	correct(&s, 2, json_pack("[o]", b03_world_row(b, JIA)));
	says(&s, ENROLLED("测试职工乙", "110"), "1|2|1|EARLIER|F1 2|2|1|F1|F2 3|1|1|F1|F2 4|2|0|F2|");
	says(&s, JOBS("测试职工乙"),
	     "1|01|1|EARLIER|F1 2|01|0|F1|"); /* the job before was the same: nothing to put back */
	says(&s, DETAILS("测试职工乙"), "1|0|EARLIER|");
	(void)bill(&s, b->period, 1);
	correct(&s, 3,
	        json_pack("[o, o]", b03_world_row(b, JIA), b03_world_with(b03_world_row(b, YI), "enrol_type", "B")));
	says(&s, ENROLLED("测试职工乙", "110"),
	     "1|2|1|EARLIER|F1 2|2|1|F1|F2 3|1|1|F1|F2 4|2|1|F2|F3 5|2|0|F3| 6|1|0|F3|");
	(void)bill(&s, b->period, 2);
}

/* --- what is refused --- */

static void test_bill_approved(void **state)
{
	struct b03_world *b = *state;
	struct story s = begin(state, json_pack("[o, o]", b03_world_row(b, JIA), b03_world_row(b, YI)));
	(void)bill(&s, b->period, 2);
	OK(month_approve(&b->w.o.desk, "10000016", b->period, -1));
	open_correction(&s, 2, json_pack("[o]", b03_world_with(b03_world_row(b, JIA), "wage", "9000")));
	faults(&s, 2, "1:B03-24 0:B03-24 ");
	assert_int_equal(world_submit(&b->w, s.no[2], &b->w.operator), ERR_FAULTS);
	err_clear();
	/* what touches no month is permitted, what changes nothing too */
	b03_world_fill(b, s.no[2],
	               json_pack("[o, o]", b03_world_with(b03_world_row(b, JIA), "post", "会计"),
	                         b03_world_row(b, YI)));
	faults(&s, 2, "");
	OK(world_submit(&b->w, s.no[2], &b->w.operator));
	OK(b03_world_approve(b, s.no[2]));
	says(&s, JOBS("测试职工甲"), "1|01|1|F1|F2 2|01|0|F2|");
	says(&s, JOBS("测试职工乙"), "1|01|0|F1|");
}

/* Approved between submission and review: the review is refused, nothing is half done, and the filing can be returned.
 */
static void test_bill_approved_meanwhile(void **state)
{
	struct b03_world *b = *state;
	AUTO_BUF(before, 256 * 1024);
	AUTO_BUF(after, 256 * 1024);
	struct story s = begin(state, json_pack("[o, o]", b03_world_row(b, JIA), b03_world_row(b, YI)));
	open_correction(&s, 2, json_pack("[o]", b03_world_row(b, JIA)));
	OK(world_submit(&b->w, s.no[2], &b->w.operator));
	(void)bill(&s, b->period, 2);
	OK(month_approve(&b->w.o.desk, "10000016", b->period, -1));
	others(&s, "", &before);
	assert_int_equal(b03_world_approve(b, s.no[2]), ERR_CONFLICT);
	err_clear();
	others(&s, "", &after);
	assert_string_equal(buf_cstr(&before), buf_cstr(&after));
	assert_int_equal(world_get(&b->w, s.no[1]).state, FILING_DONE);
	assert_int_equal(world_get(&b->w, s.no[2]).state, FILING_SUBMITTED);
	OK(world_return(&b->w, s.no[2], &b->w.reviewer));
}

/* Nobody is taken out for a unit that was frozen meanwhile; afterwards the same submission goes through. */
static void test_unit_frozen(void **state)
{
	struct b03_world *b = *state;
	struct story s = begin(state, json_pack("[o, o]", b03_world_row(b, JIA), b03_world_row(b, YI)));
	open_correction(&s, 2, json_pack("[o]", b03_world_row(b, JIA)));
	OK(world_submit(&b->w, s.no[2], &b->w.operator));
	OK(unit_set_frozen(&b->w.o.desk, "10000016", true));
	assert_int_equal(b03_world_approve(b, s.no[2]), ERR_CONFLICT);
	OK(unit_set_frozen(&b->w.o.desk, "10000016", false));
	OK(b03_world_approve(b, s.no[2]));
	says(&s, JOBS("测试职工乙"), "1|01|1|F1|F2");
}

/* Another filing has ended 甲's pension insurance since. */
static void test_built_on(void **state)
{
	struct b03_world *b = *state;
	AUTO_BUF(none, 64);
	struct story s = begin(state, json_pack("[o, o]", b03_world_row(b, JIA), b03_world_row(b, YI)));
	b03_world_sql(
		b,
		"UPDATE enrolment SET valid_to = valid_from + 5, closed_by = 'LATER' WHERE ins = '110' AND person_no = " PERSON(
			"测试职工甲"),
		&none);
	b03_world_sql(
		b,
		"INSERT INTO enrolment SELECT person_no, unit_no, ins, 2, 2, from_month, 0, enrol_type, 'LATER', valid_from + 5, 0, '' "
		"FROM enrolment WHERE ins = '110' AND person_no = " PERSON("测试职工甲"),
		&none);
	open_correction(&s, 2, json_pack("[o]", b03_world_row(b, YI)));
	faults(&s, 2, "0:B03-25 ");
	/* what leaves that row alone is permitted */
	b03_world_fill(b, s.no[2], json_pack("[o]", b03_world_row(b, JIA)));
	faults(&s, 2, "");
	OK(world_submit(&b->w, s.no[2], &b->w.operator));
	OK(b03_world_approve(b, s.no[2]));
	says(&s, ENROLLED("测试职工甲", "110"), "1|1|1|F1|LATER 2|2|0|LATER|");
	says(&s, ENROLLED("测试职工乙", "110"), "1|1|1|F1|F2");
}

/* Rows that a correction leaves alone are not judged again, whatever the time; a changed one is. */
static void test_time_passes(void **state)
{
	struct b03_world *b = *state;
	struct story s = begin(state, json_pack("[o, o]", b03_world_row(b, JIA), b03_world_row(b, YI)));
	office_move_clock(&b->w.o, clock_now(b->w.o.clock) - clock_now(NULL) + 240 * DAY);
	open_correction(&s, 2, json_pack("[o]", b03_world_row(b, JIA)));
	b03_world_fill(b, s.no[2], json_pack("[o]", b03_world_with(b03_world_row(b, JIA), "start_month", "202012")));
	struct found f = {""};
	size_t n = 0;
	OK(filing_check(&b->w.d, s.no[2], &b->w.operator.who, note, &f, &n));
	assert_non_null(strstr(f.text, "1:B03-08"));
	b03_world_fill(b, s.no[2], json_pack("[o]", b03_world_row(b, JIA)));
	faults(&s, 2, "");
	OK(world_submit(&b->w, s.no[2], &b->w.operator));
	OK(world_bulk(&b->w, FACT_APPROVE, s.no[2], &b->w.reviewer));
	/* the month is long past, yet nothing is dated back */
	assert_int_equal(world_get(&b->w, s.no[2]).state, FILING_DONE);
}

/* The effect may run again, and a refused one leaves nothing behind: the same person comes in by two filings at once.
 */
static void test_conflict_leaves_nothing(void **state)
{
	struct b03_world *b = *state;
	char rival[FILING_NO_MAX + 1];
	AUTO_BUF(before, 256 * 1024);
	AUTO_BUF(after, 256 * 1024);
	struct story s = begin(state, json_pack("[o]", b03_world_row(b, JIA)));
	open_correction(&s, 2,
	                json_pack("[o, o]", b03_world_with(b03_world_row(b, JIA), "wage", "9000"),
	                          b03_world_row(b, BING)));
	OK(world_submit(&b->w, s.no[2], &b->w.operator));
	b03_world_draft(b, json_pack("[o]", b03_world_row(b, BING)), rival);
	OK(world_submit(&b->w, rival, &b->w.operator));
	OK(b03_world_approve(b, rival));
	others(&s, "", &before);
	assert_int_equal(b03_world_approve(b, s.no[2]), ERR_CONFLICT);
	err_clear();
	others(&s, "", &after);
	assert_string_equal(buf_cstr(&before), buf_cstr(&after));
}

/* --- a thousand --- */

static json_t *crowd(const struct b03_world *b, size_t from, size_t n, const char *wage_of_every_tenth)
{
	json_t *rows = json_array();
	for (size_t i = from; i < n; i++) {
		char id[19], name[64];
		world_id_number(i, id);
		(void)snprintf(name, sizeof(name), "测试职工%c%c", (char)('A' + i / 26 % 26), (char)('A' + i % 26));
		json_t *row = b03_world_row(b, id, name, (id[16] - '0') % 2 == 1 ? "1" : "2");
		if (i % 10 == 0)
			(void)b03_world_with(row, "wage", wage_of_every_tenth);
		assert_int_equal(json_array_append_new(rows, row), 0);
	}
	return rows;
}

static void test_thousand(void **state)
{
	struct b03_world *b = *state;
	struct story s = begin(state, crowd(b, 0, 1000, "8000"));
	int64_t all = bill(&s, b->period, 1000);
	open_correction(&s, 2, crowd(b, 5, 1000, "9000"));
	int64_t t0 = clock_mono_ms();
	OK(world_submit(&b->w, s.no[2], &b->w.operator));
	int64_t t1 = clock_mono_ms();
	OK(b03_world_approve(b, s.no[2]));
	print_message("# of a thousand 5 taken out, 99 changed: submit %lld ms, approve %lld ms\n",
	              (long long)(t1 - t0), (long long)(clock_mono_ms() - t1));
	says(&s, "SELECT COUNT(*) FROM enrolment WHERE valid_to = 0", "2985");
	says(&s, "SELECT COUNT(*), SUM(wage_fen) FROM wage WHERE version = 2", "104|89100000");
	assert_true(bill(&s, b->period, 995) > all * 995 / 1000);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, b03_world_open, b03_world_close)
	const struct CMUnitTest tests[] = {T(test_wage),
	                                   T(test_drop_and_file_again),
	                                   T(test_add_a_person),
	                                   T(test_insurances),
	                                   T(test_chain),
	                                   T(test_dropped_then_back),
	                                   T(test_month),
	                                   T(test_details),
	                                   T(test_pause),
	                                   T(test_bill_approved),
	                                   T(test_bill_approved_meanwhile),
	                                   T(test_unit_frozen),
	                                   T(test_built_on),
	                                   T(test_time_passes),
	                                   T(test_conflict_leaves_nothing),
	                                   T(test_thousand)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
