/* A sheet of employees from file to bill: converted, checked, applied, billed; and what races and repeats do. */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "gm/start.h"
#include "server/business/effect.h"
#include "server/filing/filing_i.h"
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

struct refused {
	size_t row;
	char code[16];
};
struct batch {
	struct sheet_columns columns;
	const char *unit_no;
	int64_t now;
	json_t *good;                 /* rows without a refusal */
	struct refused bad[ROWS_MAX]; /* the first and the last fault of each refused row */
	size_t n_bad;
};

static struct filing filing_of(const char *unit_no, const char *no)
{
	struct filing f = {.state = FILING_DRAFT};
	(void)snprintf(f.unit_no, sizeof(f.unit_no), "%s", unit_no);
	(void)snprintf(f.no, sizeof(f.no), "%s", no);
	return f;
}

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
	const struct sheet_rules rules = {w.b03.s, &b->columns, b->unit_no, w.b03.named, b->now};
	json_t *json = NULL;
	TRY(sheet_row(&rules, no, cells, n, &json));
	return json_array_append_new(b->good, json) == 0 ? ERR_OK : ERR(NOMEM, "rows");
}

static enum err on_fault(const struct fault *f, void *ctx)
{
	struct batch *b = ctx;
	assert_true(b->n_bad < ROWS_MAX);
	struct refused *r = &b->bad[b->n_bad++];
	r->row = f->row;
	(void)snprintf(r->code, sizeof(r->code), "%s", f->code);
	return ERR_OK;
}

static struct filing_view view_of(const struct filing *f, const json_t *content, int64_t now)
{
	return filing_view_of(f, w.b03.s, content, now);
}

static json_t *content_of(const struct batch *b)
{
	json_t *c = json_pack("{s:{s:s}, s:O}", "form", "period", "202611", "rows", b->good);
	assert_non_null(c);
	return c;
}

static bool is_refused(const struct batch *b, size_t row)
{
	for (size_t i = 0; i < b->n_bad; i++)
		if (b->bad[i].row == row)
			return true;
	return false;
}

/* All that a filing's check says of the rows: the definition by itself and B03's rules. */
static void batch_check(struct batch *b)
{
	const struct filing f = filing_of(b->unit_no, "");
	AUTO_JSON content = content_of(b);
	const struct filing_view v = view_of(&f, content, b->now);
	struct fault_sink sink = {on_fault, b, 0};
	w.b03.known.v[0].desk = &w.desk;
	OK(filing_faults(&v, &sink));
	for (size_t i = json_array_size(b->good); i > 0; i--)
		if (is_refused(b, i))
			assert_int_equal(json_array_remove(b->good, i - 1), 0);
}

static size_t rows_refused(const struct batch *b)
{
	size_t n = 0;
	for (size_t row = 1; row <= ROWS_MAX; row++)
		n += is_refused(b, row);
	return n;
}

static void batch_read(struct batch *b, const char *unit_no, const char *const *args)
{
	const struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	struct xlsx_summary s;
	memset(b, 0, sizeof(*b));
	b->good = json_array();
	b->unit_no = unit_no;
	b->now = clock_now(w.clock);
	int fd = sheets_make(&w.sheets, args);
	assert_true(fd >= 0);
	const struct xlsx_sink sink = {on_head, on_row, b};
	OK(convert_xlsx(w.sheets.convert, fd, &limits, &sink, &s));
	(void)close(fd);
	batch_check(b);
}

static void batch_done(struct batch *b)
{
	json_decref(b->good);
}

/* As its approval would have it: judged, and written in one transaction. */
static enum err effect(const struct batch *b, const char *unit_no, const char *filing)
{
	const struct filing f = filing_of(unit_no, filing);
	AUTO_JSON content = content_of(b);
	const struct filing_view v = view_of(&f, content, b->now);
	void *job = NULL;
	TRY(staff_effect(&w.b03.known.v[0], &v, &job));
	enum err e = store_write(w.store, effect_apply, job);
	effect_done(job);
	return e;
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
	static struct batch b;
	struct bill bill;
	int staff = 0;
	int64_t sum = 0, from = clock_mono_ms();
	batch_read(&b, "10000016", (const char *[]){"-n", "1000", "--seed", "7", NULL});
	int64_t read = clock_mono_ms();
	assert_int_equal(b.n_bad, 0);
	assert_int_equal(json_array_size(b.good), 1000);
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
	assert_int_equal(json_array_size(b.good), 0);
	batch_done(&b);
	batch_read(&b, "43010024", (const char *[]){"-n", "10", "--seed", "7", "--unit", "43010024", NULL});
	assert_int_equal(rows_refused(&b), 10);
	size_t elsewhere = 0;
	for (size_t i = 0; i < b.n_bad; i++)
		elsewhere += strcmp(b.bad[i].code, "B03-01") == 0;
	assert_int_equal(elsewhere, 10);
	batch_done(&b);
}

/* Every kind of spoilt row is found on its row with its code, and the others are not lost. */
static void test_spoilt(void **state)
{
	(void)state;
	static const struct {
		const char *spoil, *code;
		size_t bad;
	} rows[] = {
		{"wrong-id", "E-21", 1},
		{"duplicate", "B03-06", 1},
		{"bad-date", "E-23", 1},
		{"formula", "E-26", 1},
		{"merged", "E-26", 2},
		{"us-date", "E-26", 1},
		{"wage", "E-23", 1},
		{"no-wage", "E-20", 1},
		{"young", "B03-02", 1},
		{"retired", "B03-03", 1},
		{"other-unit", "E-26", 1},
		{"future-month", "B03-08", 1},
		{"old-month", "B03-08", 1},
		{"no-contract", "E-20", 1},
		{"number-id", "E-26", 1},
		{"error", "E-26", 1},
		{"long", "E-26", 1},
		{"control", "E-26", 1},
		{"no-name", "E-20", 1},
		{"unknown-code", "E-25", 1},
		{"short-mobile", "E-23", 1},
		{"text-date", "", 0},
		{"late", "", 0},
		{"low-wage", "", 0},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		static struct batch b;
		char expect[128], want[32];
		AUTO_BUF(text, 4096);
		sheets_path(&w.sheets, "expect.json", expect, sizeof(expect));
		batch_read(&b, "10000016",
		           (const char *[]){"-n", "12", "--seed", "99", "--spoil", rows[i].spoil, "--expect", expect,
		                            NULL});
		size_t refused = rows_refused(&b);
		print_message("# %s: %zu refused, %s\n", rows[i].spoil, refused, refused > 0 ? b.bad[0].code : "");
		assert_int_equal(refused, rows[i].bad);
		assert_int_equal(json_array_size(b.good), 12 - rows[i].bad);
		OK(file_read(expect, &text));
		if (refused > 0) {
			bool has = false;
			for (size_t k = 0; k < b.n_bad; k++)
				has = has || strcmp(b.bad[k].code, rows[i].code) == 0;
			assert_true(has);
			(void)snprintf(want, sizeof(want), "\"%zu\"", b.bad[0].row + 1); /* below the heading */
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
	static struct batch a, b;
	struct bill bill;
	int staff = 0;
	batch_read(&a, "43010024", (const char *[]){"-n", "3", "--seed", "55", "--unit", "43010024", NULL});
	batch_read(&b, "10000016", (const char *[]){"-n", "6", "--seed", "55", NULL});
	assert_int_equal(json_array_size(a.good), 3);
	assert_int_equal(json_array_size(b.good), 6);
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
