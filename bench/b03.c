/* A thousand employees from the .xlsx to the month's bill, each step timed alone: yinxin-convert, the rules, the draft,
 * the statement and its signature, the submission, the approval with its effect, the month's run.   usage: yx_bench_b03
 * [ROWS] */
#include "base/secret.h"
#include "server/insurance/month_run.h"
#include "count.h"
#include "sheets.h"
#include "server/business/staff_rows.h"
#include "server/insurance/joined.h"
#include "server/business/lists.h"
#include "server/filing/filing_log.h"
#include "server/form/sheet.h"
#include "server/insurance/calendar.h"
#include "world.h"

enum { UNIT_INS_FROM = 202401 };
static struct {
	struct world w;
	struct sheets sheets;
	struct tables *tables;
	struct businesses known;
	struct lists *lists;
	struct services *services;
	struct sheet_columns columns;
	struct sheet_named named[2];
	struct sheet_rules rules;
	int period;
	json_t *rows;
	size_t read;
	double began;
	uint64_t fsyncs, statements;
	const char *n;
	char month[8];
} b;

static void step(void)
{
	b.fsyncs = count_fsyncs();
	b.statements = count_statements();
	b.began = bench_seconds();
}

static void told(const char *name)
{
	double ms = (bench_seconds() - b.began) * 1e3;
	bench_line(name, ms, "ms");
	if (count_statements() != b.statements)
		printf("    %llu fsyncs, %llu statements\n", (unsigned long long)(count_fsyncs() - b.fsyncs),
		       (unsigned long long)(count_statements() - b.statements));
}

/* --- the world --- */

static bool works(void *ctx, int64_t day)
{
	return calendar_works(ctx, day);
}

static void open_all(void)
{
	world_open(&b.w);
	OK(tables_load(SHARE_DIR "/tables", &b.tables));
	businesses_init(&b.known, &b.w.o.desk, b.tables);
	OK(lists_new(b.tables, &b.lists));
	b.known.registry.next = lists_registry(b.lists);
	lists_registry(b.lists)->next = &b.w.o.t01.registry;
	OK(services_load(SHARE_DIR "/services", &b.known.registry, &b.services));
	b.w.d.services = b.services;
	b.w.d.is_working_day = works;
	b.w.d.calendar_ctx = b.tables->calendar;
	filing_log_connect(&b.w.d);
	for (size_t i = 0; i < b.tables->n_ins; i++) {
		const struct unit_insurance u = {"10000016", (int)i, UNIT_INS_FROM, 2, PPM};
		if (b.tables->ins[i].enabled)
			OK(unit_insurance_put(&b.w.o.desk, b.tables, &u));
	}
	struct filing_window win = calendar_window(&b.tables->filing, clock_now(b.w.o.clock));
	(void)snprintf(b.month, sizeof(b.month), "%d", win.period);
	b.period = win.period;
	b.named[0] = (struct sheet_named){"unit-insurances", "110,210,410"};
	b.rules = (struct sheet_rules){services_find(b.services, "B03"), &b.columns, "10000016", b.named,
	                               clock_now(b.w.o.clock)};
}

/* --- the sheet --- */

static enum err on_head(void *ctx, int64_t row, const struct cell *cells, size_t n)
{
	AUTO_BUF(why, 2000);
	(void)ctx, (void)row;
	return sheet_head(b.rules.service, cells, n, &b.columns, &why);
}

static enum err count_row(void *ctx, int64_t no, const struct cell *cells, size_t n)
{
	(void)ctx, (void)no, (void)cells, (void)n;
	b.read++;
	return ERR_OK;
}

static enum err keep_row(void *ctx, int64_t no, const struct cell *cells, size_t n)
{
	json_t *row = NULL;
	(void)ctx;
	TRY(sheet_row(&b.rules, no, cells, n, &row));
	return json_array_append_new(b.rows, row) == 0 ? ERR_OK : ERR(NOMEM, "rows");
}

static void read_sheet(void)
{
	const char *const args[] = {"-n", b.n, "--seed", "31", "--period", b.month, NULL};
	const struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	const struct xlsx_sink counting = {on_head, count_row, NULL}, keeping = {on_head, keep_row, NULL};
	struct xlsx_summary s;
	int fd = sheets_make(&b.sheets, args);
	assert_true(fd >= 0);
	step();
	OK(convert_xlsx(b.sheets.convert, fd, &limits, &counting, &s));
	told("the .xlsx read in yinxin-convert");
	b.rows = json_array();
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	step();
	OK(convert_xlsx(b.sheets.convert, fd, &limits, &keeping, &s));
	told("read and brought into the form of a draft");
	(void)close(fd);
	assert_int_equal(json_array_size(b.rows), b.read);
}

/* --- the filing --- */

static enum err say(const struct fault *f, void *ctx)
{
	(void)ctx;
	fprintf(stderr, "row %zu %s %s %s\n", f->row, f->field, f->code, f->text);
	return ERR_OK;
}

static void file_it(char no[FILING_NO_MAX + 1])
{
	struct world *w = &b.w;
	int64_t version = 1;
	size_t faults = 0;
	struct sm2_sig sig;
	AUTO_BUF(text, STATEMENT_LONG_MAX);
	AUTO_JSON form = json_pack("{s:s}", "period", b.month);
	OK(filing_draft_new(&w->d, "B03", &w->operator.who, no));
	OK(filing_draft_save(&w->d, no, version, &w->operator.who, form, &version));
	step();
	OK(filing_rows_set(&w->d, no, version, &w->operator.who, b.rows, &version));
	told("saved as a draft");
	step();
	OK(filing_check(&w->d, no, &w->operator.who, say, NULL, &faults));
	told("checked: fields, rules, registers");
	assert_int_equal(faults, 0);
	step();
	OK(filing_submit_text(&w->d, no, &w->operator.who, &text));
	told("the statement's text (checks again)");
	bench_line("    its length", (double)text.len / 1024, "KiB");
	step();
	const struct act_parts parts = world_sign(&w->operator, buf_span(&text), &sig);
	told("signed (SM3 of the text, SM2)");
	step();
	OK(filing_submit(&w->d, no, &w->operator.who, &parts));
	told("submitted (verified, checked again, durable)");
}

static void approve(const char *no)
{
	struct world *w = &b.w;
	step();
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	told("approved: text, signature, check, effect");
	if (world_get(w, no).state == FILING_REVIEW2) {
		step();
		OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer2));
		told("second review, with the effect");
	}
	assert_int_equal(world_get(w, no).state, FILING_DONE);
}

static void everything(void **state)
{
	char no[FILING_NO_MAX + 1];
	struct bill bill;
	(void)state;
	assert_int_equal(sheets_open(&b.sheets), 0);
	open_all();
	read_sheet();
	file_it(no);
	approve(no);
	step();
	OK(month_run(&b.w.o.desk, b.tables, "10000016", b.period, &bill));
	told("the month's run");
	assert_int_equal(bill.persons, b.read);
	json_decref(b.rows);
	services_free(b.services);
	lists_free(b.lists);
	tables_free(b.tables);
	world_close(&b.w);
	sheets_close(&b.sheets);
}

/* The fixtures speak cmocka. */
int main(int argc, char **argv)
{
	const struct CMUnitTest all[] = {cmocka_unit_test(everything)};
	b.n = argc > 1 ? argv[1] : "1000";
	return cmocka_run_group_tests(all, NULL, NULL);
}
