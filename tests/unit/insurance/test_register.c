/* A sheet of employees from file to bill: converted, checked, applied, billed; and what races and repeats do. */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "gm/start.h"
#include "server/business/b03_effect.h"
#include "server/business/effect.h"
#include "server/business/b03_look.h"
#include "server/insurance/month_run.h"
#include "server/register/staff.h"
#include "server/covered/covered.h"
#include "sheets.h"
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "b03_rows.h"

#define OK(expr)                                                      \
	do {                                                          \
		enum err ok_ = (expr);                                \
		if (ok_ != ERR_OK)                                    \
			print_error("%s: %s\n", #expr, err_detail()); \
		assert_int_equal(ok_, ERR_OK);                        \
	} while (0)

enum { PERIOD = 202611, ROWS_MAX = 1200 };
static struct {
	struct sheets sheets;
	struct tables *tables;
	struct b03_rows b03;
	struct store *store;
	struct field_keys *keys;
	struct clock *clock;
	struct desk desk;
} w;

static void move_to(const char *day)
{
	char path[128];
	int64_t t = 0;
	sheets_path(&w.sheets, "clock", path, sizeof(path));
	OK(day_parse(span_str(day), &t));
	OK(clock_set_offset(path, t + 36000 - clock_now(NULL)));
}

static void unit_of(const char *no, const char *uscc)
{
	struct unit u = {.type = "10",
	                 .region = "430104",
	                 .address = "长沙市岳麓区测试路1号",
	                 .name = "长沙测试一号科技有限公司"};
	static const char *const joins[] = {"110", "210", "410"};
	(void)snprintf(u.unit_no, sizeof(u.unit_no), "%s", no);
	(void)snprintf(u.uscc, sizeof(u.uscc), "%s", uscc);
	OK(unit_put(&w.desk, &u));
	for (size_t i = 0; i < COUNT_OF(joins); i++)
		OK(unit_insurance_put(&w.desk, w.tables,
		                      &(struct unit_insurance){no, tables_ins(w.tables, joins[i]), 202401, 2, PPM}));
}

static int open_all(void **state)
{
	char path[128];
	AUTO(secret) key = NULL;
	(void)state;
	if (sheets_open(&w.sheets) != 0)
		return -1;
	sheets_path(&w.sheets, "clock", path, sizeof(path));
	OK(gm_start());
	OK(tables_load(SHARE_DIR "/tables", &w.tables));
	OK(b03_rows_open(&w.b03, w.tables));
	move_to("2026-11-10");
	OK(clock_open(path, &w.clock));
	sheets_path(&w.sheets, "yinxin.db", path, sizeof(path));
	log_tables_use(covered_tables);
	OK(store_open(path, SQL_DIR, 2, &w.store));
	OK(secret_from(SPAN_LIT("0123456789abcdef0123456789abcdef"), &key));
	OK(field_keys_new(key, &w.keys));
	w.desk = (struct desk){.store = w.store, .keys = w.keys, .clock = w.clock};
	unit_of("10000016", "91430100MAYYYY016Y");
	unit_of("43010024", "92430102MAYYYY0409");
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_close(w.store);
	field_keys_free(w.keys);
	clock_free(w.clock);
	b03_rows_close(&w.b03);
	tables_free(w.tables);
	sheets_close(&w.sheets);
	return 0;
}

/* --- a batch --- */

struct batch {
	struct sheet_columns columns;
	struct register_look look;
	struct b03_rules rules;
	struct b03 *good;
	size_t n_good;
	struct b03_faults *bad; /* refused rows */
	size_t n_bad;
	struct b03_seen *seen;
};

static enum err on_head(void *ctx, int64_t row, const struct cell *cells, size_t n)
{
	struct batch *b = ctx;
	AUTO_BUF(why, 2000);
	(void)row;
	return sheet_head(w.b03.s, cells, n, &b->columns, &why);
}

static enum err on_row(void *ctx, int64_t no, const struct cell *cells, size_t n)
{
	struct batch *b = ctx;
	const struct sheet_rules rules = {w.b03.s, &b->columns, b->rules.unit_no, w.b03.named, b->rules.now};
	struct b03_row row = {.no = no};
	struct b03_faults f;
	json_t *json = NULL;
	TRY(sheet_row(&rules, no, cells, n, &json));
	AUTO_JSON own = json;
	TRY(row_read(&w.b03.s->row_fields, own, b->rules.now, &row.values));
	TRY(b03_check(&b->rules, &row, &b->good[b->n_good], &f));
	if (b03_refused(&f))
		b->bad[b->n_bad++] = f;
	else
		b->n_good++;
	return ERR_OK;
}

static void batch_read(struct batch *b, const char *unit_no, const char *const *args)
{
	const struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	struct xlsx_summary s;
	memset(b, 0, sizeof(*b));
	b->good = calloc(ROWS_MAX, sizeof(*b->good));
	b->bad = calloc(ROWS_MAX, sizeof(*b->bad));
	OK(b03_seen_new(ROWS_MAX, &b->seen));
	register_look_init(&b->look, &w.desk, w.tables, b->seen);
	b->rules = (struct b03_rules){w.tables, w.b03.s, &b->look.look, unit_no, clock_now(w.clock)};
	int fd = sheets_make(&w.sheets, args);
	assert_true(fd >= 0);
	const struct xlsx_sink sink = {on_head, on_row, b};
	OK(convert_xlsx(w.sheets.convert, fd, &limits, &sink, &s));
	(void)close(fd);
}

static void batch_done(struct batch *b)
{
	free(b->good);
	free(b->bad);
	b03_seen_free(b->seen);
}

static enum err effect(const struct batch *b, const char *unit_no, const char *filing)
{
	AUTO(b03_effect) e = NULL;
	AUTO(change) c = NULL;
	struct b03_faults f = {.n = 0};
	bool same;
	const struct change_scope scope = {.unit_no = unit_no, .filing_no = filing, .registers = registers_all};
	TRY(change_new(&w.desk, &scope, &c));
	TRY(b03_effect_new(&w.desk, w.tables, unit_no, STEAL(c), &e));
	for (size_t i = 0; i < b->n_good; i++)
		TRY(b03_effect_row(e, &b->good[i], &same, &f));
	c = b03_effect_take(e);
	TRY(change_prepare(c));
	return store_write(w.store, effect_apply, c);
}

/* The unit's total for the file just made, computed by independent.py from the sheet itself. */
static int64_t independent_total(void)
{
	char file[128], out[128];
	char *argv[] = {(char *)(uintptr_t) "/usr/bin/python3",
	                (char *)(uintptr_t)SHEET_SCRIPT,
	                file,
	                (char *)(uintptr_t)SHARE_DIR "/tables",
	                (char *)(uintptr_t) "202611",
	                (char *)(uintptr_t) "2",
	                NULL};
	posix_spawn_file_actions_t act;
	pid_t pid;
	int status = -1;
	int64_t total = -1;
	AUTO_BUF(text, 64);
	sheets_path(&w.sheets, "file.xlsx", file, sizeof(file));
	sheets_path(&w.sheets, "total", out, sizeof(out));
	assert_int_equal(posix_spawn_file_actions_init(&act), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(&act, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600), 0);
	assert_int_equal(posix_spawn(&pid, argv[0], &act, NULL, argv, NULL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)posix_spawn_file_actions_destroy(&act);
	OK(file_read(out, &text));
	OK(text_i64(span_sub(buf_span(&text), 0, text.len - 1), 0, INT64_MAX, &total));
	return total;
}

static enum err count_staff(const struct staff_row *r, void *ctx)
{
	AUTO_BUF(detail, 4096);
	assert_non_null(strstr(r->id_masked, "********"));
	if (*(int *)ctx == 0) {
		OK(person_detail_get(&w.desk, r->person_no, &detail));
		assert_non_null(strstr(buf_cstr(&detail), "湖南省长沙市测试区"));
	}
	++*(int *)ctx;
	return ERR_OK;
}

static enum err sum_lines(const struct contribution_row *r, void *ctx)
{
	*(int64_t *)ctx += r->unit_fen + r->person_fen;
	return ERR_OK;
}

static void test_thousand(void **state)
{
	(void)state;
	struct batch b;
	struct bill bill;
	int staff = 0;
	int64_t sum = 0, from = clock_mono_ms();
	batch_read(&b, "10000016", (const char *[]){"-n", "1000", "--seed", "7", NULL});
	int64_t read = clock_mono_ms();
	assert_int_equal(b.n_bad, 0);
	assert_int_equal(b.n_good, 1000);
	OK(effect(&b, "10000016", "430100B032026112200001"));
	int64_t done = clock_mono_ms();
	OK(month_run(&w.desk, w.tables, "10000016", PERIOD, &bill));
	int64_t billed = clock_mono_ms();
	print_message("# 1,000 rows: generated, converted and checked %d ms, effect %d ms, month's run %d ms\n",
	              (int)(read - from), (int)(done - read), (int)(billed - done));
	assert_int_equal(bill.persons, 1000);
	assert_int_equal(bill.total_fen, independent_total());
	assert_true(bill.verify);
	OK(contribution_list(&w.desk, w.tables, "10000016", PERIOD, sum_lines, &sum));
	assert_int_equal(sum, bill.total_fen);
	OK(staff_list(&w.desk, "10000016", "", 5000, count_staff, &staff));
	assert_int_equal(staff, 3000);
	/* Again the same, until it is approved. */
	struct bill again;
	OK(month_run(&w.desk, w.tables, "10000016", PERIOD, &again));
	assert_int_equal(again.total_fen, bill.total_fen);
	/* Not the run of older registers, from before the effect. */
	assert_int_equal(month_approve(&w.desk, "10000016", PERIOD, 0), ERR_STATE);
	OK(month_approve(&w.desk, "10000016", PERIOD, -1));
	assert_int_equal(month_approve(&w.desk, "10000016", PERIOD, -1), ERR_STATE);
	assert_int_equal(month_run(&w.desk, w.tables, "10000016", PERIOD, &again), ERR_STATE);
	/* Before they came nobody was there; the same effect a second time is refused whole. */
	OK(month_run(&w.desk, w.tables, "10000016", 202610, &again));
	assert_int_equal(again.total_fen, 0);
	assert_int_equal(effect(&b, "10000016", "430100B032026112200002"), ERR_CONFLICT);
	err_clear();
	batch_done(&b);
	/* The same people again are enrolled already; another unit is told where they are. */
	batch_read(&b, "10000016", (const char *[]){"-n", "10", "--seed", "7", NULL});
	assert_int_equal(b.n_good, 0);
	batch_done(&b);
	batch_read(&b, "43010024", (const char *[]){"-n", "10", "--seed", "7", "--unit", "43010024", NULL});
	assert_int_equal(b.n_bad, 10);
	for (size_t i = 0; i < b.n_bad; i++)
		assert_int_equal(b.bad[i].v[b.bad[i].n - 1].code == B03_W_BASE ? b.bad[i].v[b.bad[i].n - 2].code
		                                                               : b.bad[i].v[b.bad[i].n - 1].code,
		                 B03_ELSEWHERE);
	batch_done(&b);
}

/* Every kind of spoilt row is found on its row with its code, and the others are not lost. */
static void test_spoilt(void **state)
{
	(void)state;
	static const struct {
		const char *spoil;
		enum b03_code code;
		size_t bad;
	} rows[] = {
		{"wrong-id", B03_ID_WRONG, 1},    {"duplicate", B03_DUPLICATE, 1}, {"bad-date", B03_VALUE, 1},
		{"formula", B03_WAGE_WRONG, 1},   {"merged", B03_WAGE_WRONG, 2},   {"us-date", B03_VALUE, 1},
		{"wage", B03_WAGE_WRONG, 1},      {"no-wage", B03_MISSING, 1},     {"young", B03_YOUNG, 1},
		{"retired", B03_RETIRED, 1},      {"other-unit", B03_VALUE, 1},    {"future-month", B03_MONTH, 1},
		{"old-month", B03_MONTH, 1},      {"no-contract", B03_MISSING, 1}, {"number-id", B03_ID_WRONG, 1},
		{"error", B03_WAGE_WRONG, 1},     {"long", B03_VALUE, 1},          {"control", B03_VALUE, 1},
		{"no-name", B03_MISSING, 1},      {"unknown-code", B03_VALUE, 1},  {"short-mobile", B03_VALUE, 1},
		{"text-date", B03_CODE_COUNT, 0}, {"late", B03_CODE_COUNT, 0},     {"low-wage", B03_CODE_COUNT, 0},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct batch b;
		char expect[128], want[32];
		AUTO_BUF(text, 4096);
		sheets_path(&w.sheets, "expect.json", expect, sizeof(expect));
		batch_read(&b, "10000016",
		           (const char *[]){"-n", "12", "--seed", "99", "--spoil", rows[i].spoil, "--expect", expect,
		                            NULL});
		print_message("# %s: %zu refused\n", rows[i].spoil, b.n_bad);
		assert_int_equal(b.n_bad, rows[i].bad);
		assert_int_equal(b.n_good, 12 - rows[i].bad);
		OK(file_read(expect, &text));
		if (b.n_bad > 0) {
			bool has = false;
			for (size_t k = 0; k < b.bad[0].n; k++)
				has = has || b.bad[0].v[k].code == rows[i].code;
			assert_true(has);
			(void)snprintf(want, sizeof(want), "\"%d\"", (int)b.bad[0].v[0].row);
			assert_non_null(strstr(buf_cstr(&text), want));
		}
		batch_done(&b);
	}
}

/* Two units file the same new person; the slower one is refused by the database, with nothing of his batch left behind.
 */
static void test_race(void **state)
{
	(void)state;
	struct batch a, b;
	struct bill bill;
	int staff = 0;
	batch_read(&a, "43010024", (const char *[]){"-n", "3", "--seed", "55", "--unit", "43010024", NULL});
	batch_read(&b, "10000016", (const char *[]){"-n", "6", "--seed", "55", NULL});
	assert_int_equal(a.n_good, 3);
	assert_int_equal(b.n_good, 6);
	OK(effect(&a, "43010024", "430100B032026112200003"));
	assert_int_equal(effect(&b, "10000016", "430100B032026112200004"), ERR_CONFLICT);
	err_clear();
	OK(month_run(&w.desk, w.tables, "43010024", PERIOD, &bill));
	assert_int_equal(bill.persons, 3);
	OK(staff_list(&w.desk, "10000016", "", 5000, count_staff, &staff));
	assert_int_equal(staff, 3000);
	batch_done(&a);
	batch_done(&b);
	/* Nothing personal lies in the database in clear. */
	static const char *const files[] = {"yinxin.db", "yinxin.db-wal"};
	size_t names = 0;
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		char path[128];
		AUTO_BUF(db, 64 << 20);
		sheets_path(&w.sheets, files[i], path, sizeof(path));
		OK(file_read(path, &db));
		names += memmem(db.ptr, db.len, "430100B0320261122", 17) != NULL;
		assert_null(memmem(db.ptr, db.len, "湖南省长沙市测试区", strlen("湖南省长沙市测试区")));
		assert_null(memmem(db.ptr, db.len, "1300001", 7));
	}
	assert_true(names > 0); /* the rows are in there */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_thousand), cmocka_unit_test(test_spoilt),
	                                   cmocka_unit_test(test_race)};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
