/* B04 as delivered: whole and partial stops, months, reasons, correction, and a person who comes back. */
#include "b03_world.h"
#include "server/insurance/month_turn.h"

#define JIA "430102199003079914", "测试经办人甲"
#define YI  "430104198506159922", "测试职工乙"

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

/* Two are enrolled from the business month on; filed in the month after. */
static void staffed(struct b03_world *b)
{
	char no[FILING_NO_MAX + 1];
	b03_world_draft(b, json_pack("[o, o]", b03_world_row(b, JIA, "1"), b03_world_row(b, YI, "2")), no);
	OK(world_submit(&b->w, no, &b->w.operator));
	OK(b03_world_approve(b, no));
	move_to(b, 1, 5);
}

static const char *month(const struct b03_world *b, int n)
{
	static char text[16][8];
	static int at;
	at = (at + 1) % 16;
	(void)snprintf(text[at], sizeof(text[at]), "%d", month_add(b->period, n));
	return text[at];
}

static json_t *stop(const struct b03_world *b, const char *id, const char *name, const char *last)
{
	json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "id_no", id, "name", name, "scope", "1", "stop_month",
	                        last, "reason", "113", "remark", "");
	(void)b;
	assert_non_null(row);
	return row;
}

static void draft(struct b03_world *b, json_t *rows, char no[FILING_NO_MAX + 1])
{
	int64_t version = 1;
	AUTO_JSON form = json_pack("{s:s}", "period", b->month);
	OK(filing_draft_new(&b->w.d, "B04", &b->w.operator.who, no));
	OK(filing_draft_save(&b->w.d, no, version, &b->w.operator.who, form, &version));
	b03_world_fill(b, no, rows);
}

static void done(struct b03_world *b, const char *no)
{
	OK(world_submit(&b->w, no, &b->w.operator));
	OK(b03_world_approve(b, no));
	assert_int_equal(world_get(&b->w, no).state, FILING_DONE);
}

#define ROWS                                                                                                                \
	"SELECT p.name || ' ' || e.ins || ' ' || e.status || ' ' || (e.from_month - %d) || ' ' || CASE e.to_month WHEN 0 "  \
	"THEN '-' ELSE e.to_month - %d END FROM enrolment e JOIN person p ON p.person_no = e.person_no WHERE e.valid_to = " \
	"0 AND e.ins IN ('110', '410') ORDER BY p.name, e.ins, e.from_month"

/* Months are told by their distance to the business month, which the test keeps within a year. */
static void expect_rows(struct b03_world *b, const char *want)
{
	char sql[600];
	(void)snprintf(sql, sizeof(sql), ROWS, b->period, b->period);
	expect_sql(b, sql, want);
}

static int gap(const struct b03_world *b, int n)
{
	return month_add(b->period, n) - b->period;
}

static void test_stop(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1], want[400], sql[200];
	staffed(b);
	draft(b, json_pack("[o]", stop(b, JIA, month(b, 0))), no);
	done(b, no);
	(void)snprintf(want, sizeof(want),
	               "测试经办人甲 110 1 0 0 测试经办人甲 110 2 %d - 测试经办人甲 410 1 0 0 测试经办人甲 410 2 %d "
	               "- 测试职工乙 110 1 0 - 测试职工乙 410 1 0 -",
	               gap(b, 1), gap(b, 1));
	expect_rows(b, want);
	OK(month_turn_unit(&b->w.o.desk, b->tables, "10000016"));
	(void)snprintf(sql, sizeof(sql), "SELECT (month - %d) || ' ' || persons FROM bill ORDER BY month", b->period);
	(void)snprintf(want, sizeof(want), "0 2 %d 1", gap(b, 1));
	expect_sql(b, sql, want);
	/* nobody is paid for any more who is stopped: a second time is a fault, and so is somebody unknown */
	size_t faults = 0;
	draft(b, json_pack("[o]", stop(b, JIA, month(b, 1))), no);
	OK(filing_check(&b->w.d, no, &b->w.operator.who, NULL, NULL, &faults));
	assert_int_equal(faults, 1);
	/* and he comes back: 续保 from the month after next */
	move_to(b, 2, 5);
	json_t *again = b03_world_with(b03_world_with(b03_world_row(b, JIA, "1"), "enrol_type", "B"), "start_month",
	                               month(b, 2));
	b03_world_draft(b, json_pack("[o]", again), no);
	done(b, no);
	OK(month_turn_unit(&b->w.o.desk, b->tables, "10000016"));
	(void)snprintf(want, sizeof(want), "0 2 %d 1 %d 2", gap(b, 1), gap(b, 2));
	expect_sql(b, sql, want);
}

static void test_partial(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1], want[300];
	staffed(b);
	json_t *row = b03_world_with(b03_world_with(stop(b, YI, month(b, 1)), "scope", "2"), "ins", "110");
	draft(b, json_pack("[o]", b03_world_with(row, "remark", "测试原因")), no);
	done(b, no);
	(void)snprintf(want, sizeof(want),
	               "测试经办人甲 110 1 0 - 测试经办人甲 410 1 0 - 测试职工乙 110 1 0 %d 测试职工乙 110 2 %d "
	               "- 测试职工乙 410 1 0 -",
	               gap(b, 1), gap(b, 2));
	expect_rows(b, want);
}

/* The stop is moved, then taken back: what stood before stands again. */
static void test_correction(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1], second[FILING_NO_MAX + 1], third[FILING_NO_MAX + 1], want[400];
	staffed(b);
	draft(b, json_pack("[o, o]", stop(b, JIA, month(b, 0)), stop(b, YI, month(b, 0))), no);
	done(b, no);
	OK(filing_correct(&b->w.d, no, &b->w.operator.who, second));
	b03_world_fill(b, second, json_pack("[o, o]", stop(b, JIA, month(b, 1)), stop(b, YI, month(b, 0))));
	done(b, second);
	(void)snprintf(want, sizeof(want),
	               "测试经办人甲 110 1 0 %d 测试经办人甲 110 2 %d - 测试经办人甲 410 1 0 %d 测试经办人甲 410 2 %d "
	               "- 测试职工乙 110 1 0 0 测试职工乙 110 2 %d - 测试职工乙 410 1 0 0 测试职工乙 410 2 %d -",
	               gap(b, 1), gap(b, 2), gap(b, 1), gap(b, 2), gap(b, 1), gap(b, 1));
	expect_rows(b, want);
	/* the month that was paid in full is approved: what lies after it can still be corrected */
	OK(month_turn_unit(&b->w.o.desk, b->tables, "10000016"));
	OK(filing_correct(&b->w.d, second, &b->w.operator.who, third));
	b03_world_fill(b, third, json_pack("[o]", stop(b, YI, month(b, 0))));
	done(b, third);
	(void)snprintf(want, sizeof(want),
	               "测试经办人甲 110 1 0 - 测试经办人甲 410 1 0 - 测试职工乙 110 1 0 0 测试职工乙 110 2 %d "
	               "- 测试职工乙 410 1 0 0 测试职工乙 410 2 %d -",
	               gap(b, 1), gap(b, 1));
	expect_rows(b, want);
	expect_sql(b, "SELECT COUNT(*) FROM supplement", "0");
}

struct codes {
	char text[200];
};

static enum err on_fault(const struct fault *f, void *ctx)
{
	struct codes *c = ctx;
	size_t n = strlen(c->text);
	(void)snprintf(c->text + n, sizeof(c->text) - n, "%s%s@%s", n > 0 ? " " : "", f->code, f->field);
	assert_true(f->text[0] != 0 && f->remedy[0] != 0);
	return ERR_OK;
}

static void test_faults(void **state)
{
	struct b03_world *b = *state;
	char no[FILING_NO_MAX + 1], day[16];
	AUTO_BUF(today, 16);
	int64_t version;
	staffed(b);
	text_date_cn(&today, clock_now(b->w.o.clock));
	(void)snprintf(day, sizeof(day), "%s", buf_cstr(&today));
	const struct {
		const char *field, *value, *field2, *value2, *codes;
	} rows[] = {
		{"reason", "113", NULL, NULL, ""},
		{"id_no", "430103198802283358", NULL, NULL, "B04-01@id_no"},
		{"id_no", "43010319880228335", NULL, NULL, "E-21@id_no"},
		{"name", "测试别人", NULL, NULL, "B04-08@name"},
		{"stop_month", month(b, -1), NULL, NULL, "B04-02@stop_month"},
		{"stop_month", month(b, 3), NULL, NULL, "B04-02@stop_month"},
		{"reason", "201", NULL, NULL, "B04-05@reason"},
		{"reason", "001", NULL, NULL, "E-25@reason"},
		{"reason", "101", NULL, NULL, "B04-09@end_date E-20@proof_given"},
		{"reason", "110", "end_date", day, "B04-10@end_date"},
		{"scope", "2", NULL, NULL, "E-20@ins E-20@remark"},
		{"scope", "1", "ins", "110", "B04-07@ins"},
		{"scope", "2", "ins", "310", "E-20@remark B04-01@ins"},
	};
	draft(b, json_pack("[o]", stop(b, JIA, month(b, 0))), no);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct codes c = {""};
		size_t n = 0;
		json_t *row = b03_world_with(stop(b, JIA, month(b, 0)), rows[i].field, rows[i].value);
		if (rows[i].field2 != NULL)
			row = b03_world_with(row, rows[i].field2, rows[i].value2);
		version = world_get(&b->w, no).version;
		b03_world_fill(b, no, json_pack("[o]", row));
		assert_true(world_get(&b->w, no).version > version);
		OK(filing_check(&b->w.d, no, &b->w.operator.who, on_fault, &c, &n));
		if (strcmp(c.text, rows[i].codes) != 0)
			fail_msg("row %zu %s=%s: \"%s\", not \"%s\"", i, rows[i].field, rows[i].value, c.text,
			         rows[i].codes);
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
	move_to(b, 1, 27); /* the window of the month after has closed */
	OK(month_turn_unit(&b->w.o.desk, b->tables, "10000016"));
	expect_sql(b, "SELECT COUNT(*) FROM bill WHERE state = 1", "2");
	draft(b, json_pack("[o]", stop(b, JIA, month(b, 0))), no);
	OK(filing_check(&b->w.d, no, &b->w.operator.who, on_fault, &c, &n));
	assert_string_equal(c.text, "B04-04@stop_month");
	b03_world_fill(b, no, json_pack("[o]", stop(b, JIA, month(b, 1))));
	done(b, no);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, b03_world_open, b03_world_close)
	const struct CMUnitTest tests[] = {T(test_stop), T(test_partial), T(test_correction), T(test_faults),
	                                   T(test_approved)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
