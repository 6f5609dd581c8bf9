/* B03 as delivered: share/services, the registers of server/insurance, the tamper-evident log. */
#include "world.h"
#include "server/register/staff.h"
#include "evidence/log.h"
#include "server/business/staff_rows.h"
#include "server/insurance/joined.h"
#include "server/business/lists.h"
#include "server/filing/filing_log.h"
#include "server/portal/filing_pages.h"

struct b03_world {
	struct world w;
	struct tables *tables;
	struct businesses known;
	struct lists *lists;
	struct services *services;
	char month[8];
	char hired[16];
};

static bool works(void *ctx, int64_t day)
{
	return calendar_works(ctx, day);
}

static void join(struct b03_world *b)
{
	for (size_t i = 0; i < b->tables->n_ins; i++) {
		const struct unit_insurance u = {"10000016", (int)i, 202001, 2, PPM};
		if (b->tables->ins[i].enabled)
			OK(unit_insurance_put(&b->w.o.desk, b->tables, &u));
	}
}

static int setup(void **state)
{
	static struct b03_world b;
	AUTO_BUF(day, 16);
	memset(&b, 0, sizeof(b));
	world_open(&b.w);
	OK(tables_load(SHARE_DIR "/tables", &b.tables));
	businesses_init(&b.known, &b.w.o.desk, b.tables);
	OK(lists_new(b.tables, &b.lists));
	b.known.registry.next = lists_registry(b.lists);
	lists_registry(b.lists)->next = &b.w.o.t01.registry;
	if (services_load(SHARE_DIR "/services", &b.known.registry, &b.services) != ERR_OK)
		fail_msg("%s", err_detail());
	b.w.d.services = b.services;
	b.w.d.is_working_day = works;
	b.w.d.calendar_ctx = b.tables->calendar;
	filing_log_connect(&b.w.d);
	join(&b);
	/* filed for the period that now counts, hired on the first of its month or today */
	struct filing_window win = calendar_window(&b.tables->filing, clock_now(b.w.o.clock));
	(void)snprintf(b.month, sizeof(b.month), "%d", win.period);
	text_date_cn(&day, clock_now(b.w.o.clock));
	(void)snprintf(b.hired, sizeof(b.hired), "%s", buf_cstr(&day));
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct b03_world *b = *state;
	services_free(b->services);
	lists_free(b->lists);
	tables_free(b->tables);
	world_close(&b->w);
	return 0;
}

static json_t *person_row(const struct b03_world *b, const char *id, const char *name, const char *sex)
{
	json_t *row =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id_type", "01",
	                  "id_no", id, "name", name, "gender", sex, "enrol_type", "A", "ins", "110,210,410",
	                  "start_month", b->month, "hire_date", b->hired, "contract_type", "2", "contract_from",
	                  b->hired, "employ_form", "01", "wage", "8000", "mobile", "13000000002", "post_class", "1");
	assert_non_null(row);
	return row;
}

static void draft(struct b03_world *b, json_t *rows, char no[FILING_NO_MAX + 1])
{
	struct world *w = &b->w;
	int64_t version = 1;
	AUTO_JSON form = json_pack("{s:s}", "period", b->month);
	OK(filing_draft_new(&w->d, "B03", &w->operator.who, no));
	OK(filing_draft_save(&w->d, no, version, &w->operator.who, form, &version));
	OK(filing_rows_set(&w->d, no, version, &w->operator.who, rows, &version));
	json_decref(rows);
}

static enum err tell(const struct fault *f, void *ctx)
{
	size_t *n = ctx;
	(*n)++;
	print_message("# row %zu %s %s %s\n", f->row, f->field, f->code, f->text);
	return ERR_OK;
}

static enum err count_staff(const struct staff_row *r, void *ctx)
{
	(void)r;
	(*(size_t *)ctx)++;
	return ERR_OK;
}

static size_t staff(struct b03_world *b)
{
	size_t n = 0;
	OK(staff_list(&b->w.o.desk, "10000016", "", 100, count_staff, &n));
	return n;
}

struct logged {
	const char *no;
	char kinds[300];
};

static enum err log_row(const struct log_entry *e, void *ctx)
{
	struct logged *l = ctx;
	size_t at = strlen(l->kinds);
	(void)snprintf(l->kinds + at, sizeof(l->kinds) - at, "%s%s%s ", e->kind, e->rule[0] != 0 ? ":" : "", e->rule);
	return ERR_OK;
}

static enum err log_fn(struct tx *tx, void *arg)
{
	struct logged *l = arg;
	return log_entries_of(tx, l->no, log_row, l);
}

static void test_enrolled_once(void **state)
{
	struct b03_world *b = *state;
	struct world *w = &b->w;
	char no[FILING_NO_MAX + 1], again[FILING_NO_MAX + 1];
	size_t n = 0, faults = 0;
	json_t *rows = json_pack("[o, o]", person_row(b, "430102199003079914", "测试职工甲", "1"),
	                         person_row(b, "430104198506159922", "测试职工乙", "2"));
	draft(b, rows, no);
	OK(filing_check(&w->d, no, &w->operator.who, tell, &n, &faults));
	assert_int_equal(faults, 0);
	OK(world_submit(w, no, &w->operator));
	assert_int_equal(staff(b), 0);
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	if (world_get(w, no).state == FILING_REVIEW2)
		OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer2));
	assert_int_equal(world_get(w, no).state, FILING_DONE);
	assert_int_equal(staff(b), 6); /* two persons, three insurances */
	struct logged l = {no, ""};
	OK(store_read(w->o.store, log_fn, &l));
	assert_non_null(
		strstr(l.kinds,
	               "FILING-SAVE:session:430100000016 FILING-SUBMIT FILING-RULE:accept-on-review FILING-APPROVE "));
	/* the same person once more is refused by the register, not by the page */
	draft(b, json_pack("[o]", person_row(b, "430102199003079914", "测试职工甲", "1")), again);
	OK(filing_check(&w->d, again, &w->operator.who, NULL, NULL, &faults));
	assert_true(faults > 0);
	assert_int_equal(world_submit(w, again, &w->operator), ERR_FAULTS);
	err_clear();
}

/* Two filings of one person, both shown free of faults: the second approval is refused whole. */
static void test_two_filings_of_one_person(void **state)
{
	struct b03_world *b = *state;
	struct world *w = &b->w;
	char one[FILING_NO_MAX + 1], two[FILING_NO_MAX + 1];
	draft(b, json_pack("[o]", person_row(b, "430102199003079914", "测试职工甲", "1")), one);
	draft(b,
	      json_pack("[o, o]", person_row(b, "430104198506159922", "测试职工乙", "2"),
	                person_row(b, "430102199003079914", "测试职工甲", "1")),
	      two);
	OK(world_submit(w, one, &w->operator));
	OK(world_submit(w, two, &w->operator));
	OK(world_bulk(w, FACT_APPROVE, one, &w->reviewer));
	if (world_get(w, one).state == FILING_REVIEW2)
		OK(world_bulk(w, FACT_APPROVE, one, &w->reviewer2));
	enum err e = world_bulk(w, FACT_APPROVE, two, &w->reviewer);
	if (e == ERR_OK && world_get(w, two).state == FILING_REVIEW2)
		e = world_bulk(w, FACT_APPROVE, two, &w->reviewer2);
	assert_int_equal(e, ERR_CONFLICT);
	err_clear();
	assert_int_not_equal(world_get(w, two).state, FILING_DONE);
	assert_int_equal(staff(b), 3);
	OK(world_return(w, two, world_get(w, two).state == FILING_REVIEW2 ? &w->reviewer2 : &w->reviewer));
}

static void test_one_cause_one_line(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1];
	size_t n = 0, faults = 0;
	json_t *bad = person_row(b, "430102199003079915", "测试职工甲", "1");
	OK(json_put_str(bad, "wage", span_str("很多")));
	draft(b, json_pack("[o]", bad), no);
	OK(filing_check(&b->w.d, no, &b->w.operator.who, tell, &n, &faults));
	assert_int_equal(faults, 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_enrolled_once), T(test_two_filings_of_one_person),
	                                   T(test_one_cause_one_line)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
