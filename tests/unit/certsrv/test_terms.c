/* The table of a case's transitions against a drawing, its terms by the delivered calendar, 自动作废. */
#include "office.h"
#include "server/filing/filing.h"
#include "server/insurance/tables.h"
#include "server/insurance/calendar.h"
#include <dirent.h>

static bool works(void *ctx, int64_t day)
{
	return calendar_works(ctx, day);
}

static bool knows(void *ctx, int year)
{
	return calendar_knows(ctx, year);
}

static struct tables *tables;

static int setup(void **state)
{
	static struct office o;
	office_open(&o);
	office_unit(&o);
	OK(tables_load(SHARE_DIR "/tables", &tables));
	o.t01.terms = (struct terms){works, knows, tables->calendar};
	*state = &o;
	return 0;
}

static int teardown(void **state)
{
	office_close(*state);
	tables_free(tables);
	return 0;
}

/* --- the table --- */

/* Row: state; column: open revise accept approve born make issue install return refuse expire. '.' refused. */
static const char *const drawing[CASE_STATE_COUNT] = {
	[CASE_DRAFT] = ".DA......XV",    [CASE_ACCEPTED] = "...P....R..", [CASE_APPROVED] = "....M...R..",
	[CASE_MAKING] = "....MMI.R..",   [CASE_ISSUED] = ".......F...",   [CASE_DONE] = "...........",
	[CASE_RETURNED] = ".D.......XV", [CASE_REFUSED] = "...........",  [CASE_VOID] = "...........",
};
static const char letters[CASE_STATE_COUNT + 1] = "?DAPMIFRXV";

static void test_table(void **state)
{
	(void)state;
	for (int s = CASE_DRAFT; s < CASE_STATE_COUNT; s++)
		for (int a = CACT_OPEN; a < CACT_COUNT; a++) {
			enum case_state to = 0;
			bool may = case_next((enum case_state)s, (enum case_act_kind)a, &to);
			char want = drawing[s][a - 1];
			assert_int_equal(may ? letters[to] : '.', want);
		}
}

/* Where filing and case have the same act in the same state, they go to the same state. */
static void test_like_filings(void **state)
{
	static const enum filing_state same[CASE_STATE_COUNT] = {
		[CASE_DRAFT] = FILING_DRAFT,       [CASE_ACCEPTED] = FILING_ACCEPTED, [CASE_APPROVED] = FILING_REVIEW2,
		[CASE_MAKING] = FILING_REVIEW2,    [CASE_ISSUED] = FILING_REVIEW2,    [CASE_DONE] = FILING_DONE,
		[CASE_RETURNED] = FILING_RETURNED, [CASE_REFUSED] = FILING_REFUSED,   [CASE_VOID] = FILING_VOID};
	static const struct {
		enum case_act_kind here;
		enum filing_act_kind there;
		enum case_state from;
	} acts[] = {{CACT_APPROVE, FACT_APPROVE, CASE_ACCEPTED}, {CACT_INSTALL, FACT_APPROVE, CASE_ISSUED},
	            {CACT_RETURN, FACT_RETURN, CASE_ACCEPTED},   {CACT_RETURN, FACT_RETURN, CASE_APPROVED},
	            {CACT_RETURN, FACT_RETURN, CASE_MAKING},     {CACT_EXPIRE, FACT_EXPIRE, CASE_DRAFT},
	            {CACT_EXPIRE, FACT_EXPIRE, CASE_RETURNED}};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(acts); i++) {
		enum case_state to;
		enum filing_state there;
		enum filing_by by;
		assert_true(case_next(acts[i].from, acts[i].here, &to));
		assert_true(filing_next(same[acts[i].from], acts[i].there, acts[i].from == CASE_ACCEPTED, &there, &by));
		assert_int_equal(same[to], there);
	}
	for (int s = CASE_DRAFT; s < CASE_STATE_COUNT; s++) { /* only these two may grow too old */
		enum case_state to;
		assert_int_equal(case_next((enum case_state)s, CACT_EXPIRE, &to),
		                 s == CASE_DRAFT || s == CASE_RETURNED);
	}
}

/* --- terms --- */

static int64_t noon(const char *day)
{
	int64_t t;
	OK(text_date(span_str(day), &t));
	return t + 12 * 3600;
}

static void is_day(int64_t end, const char *want)
{
	AUTO_BUF(day, 16);
	text_date_cn(&day, end - 1);
	assert_string_equal(buf_cstr(&day), want);
}

static const struct {
	const char *from;
	int work_days;
	const char *work_end;
	int days;
	const char *end;
	bool sure; /* of the working days' end */
} terms[] = {
	{"2026-11-20", 5, "2026-11-27", 3, "2026-11-23", true},  /* a Friday: the weekend does not count */
	{"2026-09-24", 5, "2026-10-09", 7, "2026-10-08", true},  /* Mid-Autumn and the National Day week within */
	{"2026-09-30", 1, "2026-10-08", 1, "2026-10-08", true},  /* the eve: the first working day is the 8th */
	{"2026-10-08", 2, "2026-10-10", 2, "2026-10-10", true},  /* the 10th is a Saturday that is worked */
	{"2026-09-18", 1, "2026-09-20", 2, "2026-09-20", true},  /* and so is that Sunday */
	{"2026-12-31", 1, "2027-01-04", 1, "2027-01-04", true},  /* over New Year */
	{"2026-12-30", 1, "2026-12-31", 1, "2026-12-31", true},  /* ends on the last day of the year */
	{"2028-02-28", 1, "2028-02-29", 1, "2028-02-29", false}, /* a leap day, in a year without holidays */
};

static void test_terms(void **state)
{
	struct office *o = *state;
	for (size_t i = 0; i < COUNT_OF(terms); i++) {
		int64_t from = noon(terms[i].from), end = terms_work_end(&o->t01.terms, from, terms[i].work_days);
		is_day(end, terms[i].work_end);
		is_day(terms_end(&o->t01.terms, from, terms[i].days), terms[i].end);
		assert_int_equal(terms_sure(&o->t01.terms, from, end - 1), terms[i].sure);
		/* The two who count agree. */
		assert_int_equal(calendar_add(tables->calendar, from, terms[i].work_days) + DAY, end);
		assert_int_equal(calendar_term(tables->calendar, from, terms[i].days) + DAY,
		                 terms_end(&o->t01.terms, from, terms[i].days));
	}
	assert_int_equal(terms_year(noon("2026-12-31") + 12 * 3600 - 1), 2026);
	assert_int_equal(terms_year(noon("2026-12-31") + 12 * 3600), 2027);
	for (int y = 1971; y < 2200; y++) {
		char day[16];
		(void)snprintf(day, sizeof(day), "%d-01-01", y);
		assert_int_equal(terms_year(noon(day) - 12 * 3600), y);
		assert_int_equal(terms_year(noon(day) - 12 * 3600 - 1), y - 1);
	}
}

/* --- a case's own --- */

static void clock_at(struct office *o, int64_t t)
{
	office_move_clock(o, t - (int64_t)time(NULL));
}

static struct case_new application(struct office *o)
{
	struct case_new in = office_application(o);
	in.letter_to = in.letter_from + 1000 * DAY;
	return in;
}

static struct case_due due_of(struct office *o, const char *no)
{
	struct cert_case c;
	struct case_due d;
	OK(case_get(&o->desk, no, &c));
	OK(case_due(&o->desk, &c, &d));
	return d;
}

static bool knows_none(void *ctx, int year)
{
	(void)ctx, (void)year;
	return false;
}

/* The officers of the test have certificates of today; the calendar is asked for the week of today, whatever it is. */
static void test_due(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1];
	struct cert_case c;
	struct case_new in = application(o);
	OK(case_open(&o->desk, &in, &o->clerk.officer, no));
	struct case_due d = due_of(o, no);
	assert_int_equal(d.due, 0);
	assert_null(d.step);
	OK(case_get(&o->desk, no, &c));
	assert_int_equal(d.expires, terms_end(&o->t01.terms, c.changed, 30));
	OK(office_step(o, no, &o->clerk, "accept"));
	OK(case_get(&o->desk, no, &c));
	d = due_of(o, no);
	assert_int_equal(d.expires, 0);
	assert_int_equal(d.due, terms_work_end(&o->t01.terms, c.accepted, 5));
	assert_string_equal(d.step->label, "审核");
	assert_int_equal(d.step_due, terms_work_end(&o->t01.terms, c.accepted, 3));
	OK(office_step(o, no, &o->reviewer, "approve"));
	int64_t promised = d.due;
	d = due_of(o, no);
	assert_int_equal(d.due, promised);
	assert_string_equal(d.step->label, "制证");
	assert_true(d.sure || terms_year(d.due) > 2027);
	o->t01.terms.knows = knows_none; /* a year without data is said to be one */
	d = due_of(o, no);
	assert_false(d.sure);
	o->t01.terms.knows = knows;
	OK(office_back(&o->desk, no, &o->reviewer, false, "缺公章"));
	d = due_of(o, no);
	assert_int_equal(d.due, 0);
	OK(case_get(&o->desk, no, &c));
	assert_int_equal(d.expires, terms_end(&o->t01.terms, c.changed, 15));
	OK(case_revise(&o->desk, no, &in, &o->clerk.officer));
	OK(case_get(&o->desk, no, &c));
	assert_int_equal(c.accepted, 0); /* the old act is evidence, not a promise */
}

/* --- 自动作废 --- */

struct last_event {
	enum case_state to;
	char who[32], role[16], opinion[200];
};

static enum err keep_last(const struct case_event *e, void *ctx)
{
	struct last_event *l = ctx;
	l->to = e->to;
	(void)snprintf(l->who, sizeof(l->who), "%s", e->who);
	(void)snprintf(l->role, sizeof(l->role), "%s", e->role);
	(void)snprintf(l->opinion, sizeof(l->opinion), "%s", e->opinion);
	return ERR_OK;
}

static void is_void(struct office *o, const char *no)
{
	struct last_event l = {0};
	struct cert_case c;
	OK(case_get(&o->desk, no, &c));
	assert_int_equal(c.state, CASE_VOID);
	OK(case_events(&o->desk, no, keep_last, &l));
	assert_int_equal(l.to, CASE_VOID);
	assert_string_equal(l.who, "");
	assert_string_equal(l.role, "system");
	assert_non_null(strstr(l.opinion, "自动作废"));
}

static void test_void(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1], again[CASE_NO_MAX + 1];
	size_t done = 9;
	struct case_new in = application(o);
	OK(case_open(&o->desk, &in, &o->clerk.officer, no));
	int64_t end = due_of(o, no).expires;
	OK(case_tick(&o->desk, &done));
	assert_int_equal(done, 0);
	clock_at(o, end - 5);
	OK(case_tick(&o->desk, &done));
	assert_int_equal(done, 0);
	assert_int_equal(case_open(&o->desk, &in, &o->clerk.officer, again), ERR_CASE_RUNNING);
	clock_at(o, end + 5);
	OK(case_tick(&o->desk, &done));
	assert_int_equal(done, 1);
	is_void(o, no);
	OK(case_tick(&o->desk, &done)); /* once */
	assert_int_equal(done, 0);
	assert_int_equal(case_revise(&o->desk, no, &in, &o->clerk.officer), ERR_STATE);
	assert_int_equal(office_back(&o->desk, no, &o->clerk, true, "逾期"), ERR_STATE);
	OK(case_open(&o->desk, &in, &o->clerk.officer, again)); /* it does not stand in the way */
}

static void test_void_returned(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1], other[CASE_NO_MAX + 1];
	size_t done;
	struct case_new in = application(o), person = in;
	OK(case_open(&o->desk, &in, &o->clerk.officer, no));
	OK(office_step(o, no, &o->clerk, "accept"));
	person.profile = "person";
	person.unit_no = person.uscc = person.letter_no = "";
	person.letter_from = person.letter_to = 0;
	OK(case_open(&o->desk, &person, &o->clerk.officer, other));
	OK(office_step(o, other, &o->clerk, "accept")); /* waits for the bureau: never void */
	OK(office_back(&o->desk, no, &o->reviewer, false, "缺公章"));
	clock_at(o, due_of(o, no).expires + 5);
	OK(case_tick(&o->desk, &done));
	assert_int_equal(done, 1);
	is_void(o, no);
	office_move_clock(o, 400 * DAY);
	OK(case_tick(&o->desk, &done));
	assert_int_equal(done, 0);
	assert_int_not_equal(due_of(o, other).due, 0);
}

static enum err edit_tx(struct tx *tx, void *arg)
{
	const struct cert_case *c = arg;
	return tx_exec(tx, "case_step_state",
	               SQL_ARGS(A_TEXT(c->no), A_INT(c->version), A_INT(CASE_DRAFT), A_INT(CASE_DRAFT),
	                        A_INT(c->changed - 1)),
	               NULL);
}

/* The oldest was edited behind the log's back: it stays as it is, and the next one has its turn all the same. */
static void test_void_edited(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1], other[CASE_NO_MAX + 1];
	size_t done = 9;
	struct cert_case c;
	struct case_new in = application(o), person = in;
	person.profile = "person";
	person.unit_no = person.uscc = person.letter_no = "";
	person.letter_from = person.letter_to = 0;
	OK(case_open(&o->desk, &in, &o->clerk.officer, no));
	OK(case_open(&o->desk, &person, &o->clerk.officer, other));
	OK(case_get(&o->desk, no, &c));
	OK(store_write(o->store, edit_tx, &c));
	clock_at(o, due_of(o, other).expires + 5);
	assert_int_equal(case_tick(&o->desk, &done), ERR_LOG_DAMAGED);
	err_clear();
	assert_int_equal(done, 1);
	is_void(o, other);
	OK(case_get(&o->desk, no, &c));
	assert_int_equal(c.state, CASE_DRAFT);
}

/* --- a database from before the desk case was a definition --- */

static int older(const struct dirent *e)
{
	size_t n = strlen(e->d_name);
	return n > 4 && strcmp(e->d_name + n - 4, ".sql") == 0 && strcmp(e->d_name, "055_case.sql") != 0;
}

/* Without the statements on tables that came later: they would not be prepared there. */
static void without_later(const char *text, struct buf *out)
{
	static const char mark[] = "-- name: ";
	for (const char *at = text; at != NULL;) {
		const char *next = strstr(at + 1, mark);
		size_t n = next != NULL ? (size_t)(next - at) : strlen(at);
		if (memmem(at, n, "definition", 10) == NULL && memmem(at, n, "filing_verdict", 14) == NULL &&
		    memmem(at, n, "supplement", 10) == NULL)
			buf_put(out, span_of(at, n));
		at = next;
	}
}

static void older_sql(struct office *o, char ret_dir[300])
{
	struct dirent **list;
	(void)snprintf(ret_dir, 300, "%s/old-sql", o->dir);
	OK(file_mkdir(ret_dir, 0700));
	int n = scandir(SQL_DIR, &list, older, alphasort);
	assert_true(n > 5);
	for (int i = 0; i < n; i++) {
		char from[600], to[600];
		AUTO_BUF(text, 1 << 20);
		AUTO_BUF(kept, 1 << 20);
		(void)snprintf(from, sizeof(from), SQL_DIR "/%s", list[i]->d_name);
		(void)snprintf(to, sizeof(to), "%s/%s", ret_dir, list[i]->d_name);
		if (strcmp(list[i]->d_name, "055_case.sql") < 0 || list[i]->d_name[0] > '9') {
			OK(file_read(from, &text));
			without_later(buf_cstr(&text), &kept);
			OK(file_replace(to, buf_span(&kept), 0600));
		}
		free(list[i]);
	}
	free(list);
}

static void reopen(struct office *o, const char *db, const char *sql)
{
	store_close(o->store);
	o->store = NULL;
	OK(store_open(db, sql, 2, &o->store));
	o->desk.store = o->store;
}

static void test_upgrade(void **state)
{
	struct office *o = *state;
	char dir[300], db[300], no[CASE_NO_MAX + 1], again[CASE_NO_MAX + 1];
	struct cert_case before, after;
	size_t done;
	struct case_new in = application(o);
	older_sql(o, dir);
	(void)snprintf(db, sizeof(db), "%s/old.db", o->dir);
	reopen(o, db, dir);
	office_unit(o);
	OK(case_open(&o->desk, &in, &o->clerk.officer, no));
	OK(office_step(o, no, &o->clerk, "accept"));
	OK(case_get(&o->desk, no, &before));
	reopen(o, db, SQL_DIR);
	OK(case_get(&o->desk, no, &after));
	assert_int_equal(after.state, CASE_ACCEPTED);
	assert_int_equal(after.version, before.version);
	assert_int_equal(after.accepted, before.accepted);
	assert_int_equal(case_open(&o->desk, &in, &o->clerk.officer, again), ERR_CASE_RUNNING);
	OK(case_tick(&o->desk, &done));
	assert_int_equal(done, 0);
	OK(office_step(o, no, &o->reviewer, "approve"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_table), T(test_like_filings),  T(test_terms),       T(test_due),
	                                   T(test_void),  T(test_void_returned), T(test_void_edited), T(test_upgrade)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
