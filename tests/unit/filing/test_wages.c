/* B15 as delivered: from a month on, for a year, corrected; what is refused; ten thousand rows and their memory. */
#include "b03_world.h"
#include "base/file.h"
#include <malloc.h>
#include <stdlib.h>
#include "../insurance/b03_rows.h"
#include "server/business/effect.h"
#include "server/insurance/month_turn.h"

#define JIA "430102199003079914", "测试经办人甲"
#define YI  "430104198506159922", "测试职工乙"

enum { MANY = 10000, MEMORY_MAX = 64 << 10 }; /* KiB */

static void move_to(struct b03_world *b, int months, int day)
{
	int64_t to = month_first(month_add(b->period, months)) + (int64_t)(day - 1) * DAY + 36000;
	office_move_clock(&b->w.o, to - clock_now(NULL));
}

static void expect_sql(struct b03_world *b, const char *sql, const char *want)
{
	AUTO_BUF(got, 2000);
	b03_world_sql(b, sql, &got);
	assert_string_equal(buf_cstr(&got), want);
}

static void staffed(struct b03_world *b)
{
	char no[FILING_NO_MAX + 1];
	b03_world_draft(b, json_pack("[o, o]", b03_world_row(b, JIA, "1"), b03_world_row(b, YI, "2")), no);
	OK(world_submit(&b->w, no, &b->w.operator));
	OK(b03_world_approve(b, no));
}

static json_t *wage_row(const char *id, const char *name, const char *wage)
{
	json_t *row = json_pack("{s:s, s:s, s:s}", "id_no", id, "name", name, "wage", wage);
	assert_non_null(row);
	return row;
}

static void form_set(struct b03_world *b, const char *no, const char *kind, int month)
{
	char text[12];
	int64_t version = world_get(&b->w, no).version;
	(void)snprintf(text, sizeof(text), "%d", month);
	AUTO_JSON form = json_pack("{s:s, s:s}", "kind", kind, "from_month", text);
	OK(filing_draft_save(&b->w.d, no, version, &b->w.operator.who, form, &version));
}

static void draft(struct b03_world *b, const char *kind, int month, json_t *rows, char no[FILING_NO_MAX + 1])
{
	OK(filing_draft_new(&b->w.d, "B15", &b->w.operator.who, no));
	form_set(b, no, kind, month);
	b03_world_fill(b, no, rows);
}

static void done(struct b03_world *b, const char *no)
{
	OK(world_submit(&b->w, no, &b->w.operator));
	OK(b03_world_approve(b, no));
	assert_int_equal(world_get(&b->w, no).state, FILING_DONE);
}

static void expect_base(struct b03_world *b, int month, const char *want)
{
	char sql[300];
	OK(month_turn_unit(&b->w.o.desk, b->tables, "10000016"));
	(void)snprintf(
		sql, sizeof(sql),
		"SELECT p.name || ' ' || c.wage_fen FROM contribution c JOIN person p ON p.person_no = c.person_no "
		"WHERE c.ins = '110' AND c.month = %d ORDER BY p.name",
		month);
	expect_sql(b, sql, want);
}

/* From the next month on, and corrected; the month before keeps its wage. */
static void test_month(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1], second[FILING_NO_MAX + 1];
	int next = month_add(b->period, 1);
	staffed(b);
	draft(b, "1", next, json_pack("[o]", wage_row(JIA, "9000.50")), no);
	done(b, no);
	expect_base(b, b->period, "测试经办人甲 800000 测试职工乙 800000");
	move_to(b, 1, 5);
	expect_base(b, next, "测试经办人甲 900050 测试职工乙 800000");
	OK(filing_correct(&b->w.d, no, &b->w.operator.who, second));
	b03_world_fill(b, second, json_pack("[o]", wage_row(YI, "9100")));
	done(b, second);
	expect_base(b, next, "测试经办人甲 800000 测试职工乙 910000");
	expect_base(b, b->period, "测试经办人甲 800000 测试职工乙 800000");
}

struct codes {
	char text[200];
};

static enum err on_fault(const struct fault *f, void *ctx)
{
	struct codes *c = ctx;
	size_t n = strlen(c->text);
	(void)snprintf(c->text + n, sizeof(c->text) - n, "%s%s@%zu/%s", n > 0 ? " " : "", f->code, f->row, f->field);
	assert_true(f->text[0] != 0 && f->remedy[0] != 0);
	return ERR_OK;
}

static void test_faults(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1];
	staffed(b);
	int year = b->period / 100 * 100 + 1;
	const struct {
		const char *kind;
		int month;
		const char *id, *name, *wage, *codes;
	} rows[] = {
		{"1", b->period, JIA, "9000", ""},
		{"1", month_add(b->period, 1), JIA, "9000", ""},
		{"1", month_add(b->period, 2), JIA, "9000", "B15-02@0/"},
		{"1", month_add(b->period, -1), JIA, "9000", "B15-02@0/"},
		{"2", 199901, JIA, "9000", "B15-02@0/"},
		{"2", year == b->period ? year : year + 100, JIA, "9000", ""},
		{"2", month_add(year, 4), JIA, "9000", "B15-03@0/"},
		{"1", b->period, "430103198802283358", "测试职工丙", "9000", "B15-01@1/id_no"},
		{"1", b->period, "430102199003079914", "测试别人", "9000", "B15-08@1/name"},
		{"1", b->period, JIA, "-1", "E-23@1/wage"},
		{"1", b->period, JIA, "0", "E-27@1/wage"},
		{"1", b->period, JIA, "", "E-20@1/wage"},
	};
	draft(b, "1", b->period, json_pack("[o]", wage_row(JIA, "9000")), no);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct codes c = {""};
		size_t n = 0;
		form_set(b, no, rows[i].kind, rows[i].month);
		b03_world_fill(b, no, json_pack("[o]", wage_row(rows[i].id, rows[i].name, rows[i].wage)));
		OK(filing_check(&b->w.d, no, &b->w.operator.who, on_fault, &c, &n));
		if (strcmp(c.text, rows[i].codes) != 0)
			fail_msg("row %zu: \"%s\", not \"%s\"", i, c.text, rows[i].codes);
	}
}

/* A month that is approved stays as it is. */
static void test_approved(void **state)
{
	struct b03_world *b = *state;
	struct codes c = {""};
	size_t n = 0;
	char no[FILING_NO_MAX + 1];
	staffed(b);
	move_to(b, 0, 27);
	OK(month_turn_unit(&b->w.o.desk, b->tables, "10000016"));
	draft(b, "1", b->period, json_pack("[o]", wage_row(JIA, "9000")), no);
	OK(filing_check(&b->w.d, no, &b->w.operator.who, on_fault, &c, &n));
	assert_string_equal(c.text, "B15-04@0/");
}

/* --- ten thousand --- */

static void id_of(size_t n, char id[ID_NUMBER_LEN + 1])
{
	static const int w[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	int sum = 0;
	(void)snprintf(id, ID_NUMBER_LEN + 1, "4301021985%02d%02d%03d", (int)(n / 1000 % 10) + 1,
	               (int)(n / 500 % 2) * 10 + 1, (int)(n % 500) * 2 + 1);
	for (int i = 0; i < 17; i++)
		sum += (id[i] - '0') * w[i];
	id[17] = "10X98765432"[sum % 11];
	id[18] = 0;
}

static void hire_many(struct b03_world *b)
{
	AUTO(change) c = NULL;
	void *job = NULL;
	const struct change_scope scope = {.unit_no = "10000016",
	                                   .filing_no = "430100B0320261122001",
	                                   .registers = registers_all};
	struct b03 row = {.id_type = "01",
	                  .gender = "1",
	                  .enrol_type = "A",
	                  .contract_type = "2",
	                  .employ_form = "01",
	                  .mobile = "13000000004",
	                  .wage_fen = 800000,
	                  .start_month = b->period};
	row.ins = 1u << tables_ins(b->tables, "110");
	row.hire_date = row.contract_from = month_first(b->period);
	OK(change_new(&b->w.o.desk, &scope, &c));
	for (size_t i = 0; i < MANY; i++) {
		id_of(i, row.id_number);
		(void)snprintf(row.name, sizeof(row.name), "测试职工");
		OK(b03_want(&b->w.o.desk, b->tables, "10000016", c, &row));
	}
	OK(effect_job_new(STEAL(c), &job));
	OK(store_write(b->w.o.store, effect_apply, job));
	effect_done(job);
}

/* Of /proc/self/status in KiB; 0 where there is none. */
static long status_kib(const char *name)
{
	AUTO_BUF(text, 1 << 14);
	OK(file_read("/proc/self/status", &text));
	const char *at = strstr(buf_cstr(&text), name);
	return at != NULL ? strtol(at + strlen(name), NULL, 10) : 0;
}

static void peak_begin(void)
{
	FILE *f = fopen("/proc/self/clear_refs", "w");
	if (f != NULL) {
		(void)fputs("5", f);
		(void)fclose(f);
	}
}

static long told(const char *what, int64_t from, long before)
{
	long grown = status_kib("VmHWM:") - before;
	print_message("# %d rows, %s: %d ms, %ld KiB more at most\n", MANY, what, (int)(clock_mono_ms() - from), grown);
	return grown;
}

static void test_many(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1], id[ID_NUMBER_LEN + 1];
	size_t faults = 1;
	int next = month_add(b->period, 1);
	hire_many(b);
	(void)malloc_trim(0);
	long before = status_kib("VmRSS:"), most = 0, grown;
	peak_begin();
	json_t *rows = json_array();
	for (size_t i = 0; i < MANY; i++) {
		id_of(i, id);
		assert_int_equal(json_array_append_new(rows, wage_row(id, "测试职工", "9000")), 0);
	}
	int64_t from = clock_mono_ms();
	draft(b, "1", next, rows, no);
	most = told("saved", from, before);
	from = clock_mono_ms();
	OK(filing_check(&b->w.d, no, &b->w.operator.who, NULL, NULL, &faults));
	assert_int_equal(faults, 0);
	grown = told("checked", from, before);
	most = grown > most ? grown : most;
	from = clock_mono_ms();
	OK(world_submit(&b->w, no, &b->w.operator));
	grown = told("signed", from, before);
	most = grown > most ? grown : most;
	from = clock_mono_ms();
	OK(b03_world_approve(b, no));
	grown = told("approved and written", from, before);
	most = grown > most ? grown : most;
#ifndef __SANITIZE_ADDRESS__ /* which has a memory of its own */
	assert_true(most < MEMORY_MAX);
#endif
	expect_sql(b, "SELECT COUNT(*) FROM wage WHERE wage_fen = 900000", "10000");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, b03_world_open, b03_world_close)
	const struct CMUnitTest tests[] = {T(test_month), T(test_faults), T(test_approved), T(test_many)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
