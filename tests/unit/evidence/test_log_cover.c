/* Rows of other tables under the log: keys of several parts, rows that are gone, keys that were changed, rows from
 * before. */
#include "hall.h"
#include "evidence/log_check.h"

#define UNIT "INSERT INTO unit VALUES ('10000016', '91430100MAYYYY016Y', '测试一号', '10', '430104', 'a', 0, 5);"
#define BILL "INSERT INTO bill VALUES ('10000016', 202611, 0, 2, 200, 100, 0, 1, 2);"
#define LINE(person, ins) \
	"INSERT INTO contribution VALUES ('10000016', 202611, '" person "', '" ins "', 8000, 8000, 1, 1, 100, 50);"

struct seen {
	char text[2048];
	size_t n;
};

static void note(const struct log_fault *f, void *ctx)
{
	struct seen *s = ctx;
	size_t at = strlen(s->text);

	(void)snprintf(s->text + at, sizeof(s->text) - at, "%s|%s|%s\n", f->table, f->row, f->column);
	s->n++;
}

struct check_job {
	struct log_check c;
	struct log_sum sum;
};

static enum err check_fn(struct tx *tx, void *arg)
{
	struct check_job *j = arg;

	return log_check(tx, &j->c, &j->sum);
}

static void expect(struct hall *h, const char *named)
{
	struct seen s = {.n = 0};
	struct check_job j = {.c = {.bureau = h->bureau,
	                            .log = h->log.cert,
	                            .ca = h->ca.cert,
	                            .signed_heads = true,
	                            .fault = note,
	                            .ctx = &s}};
	enum err e = store_read(h->store, check_fn, &j);

	assert_int_equal(e == ERR_OK, s.n == 0);
	err_clear();
	if (strcmp(s.text, named) != 0)
		fail_msg("named %s\nnot   %s", s.text, named);
}

/* --- one act that covers --- */

struct cover {
	enum log_cover_kind kind;
	const char *table, *statement;
	struct sql_arg arg[LOG_KEY_PARTS];
	size_t n;
};

static enum err append_fn(struct tx *tx, void *arg)
{
	return log_append(tx, arg);
}

static void act(struct hall *h, const struct cover *c, size_t n)
{
	AUTO_LOG_ACT(a);
	const struct log_what w = {.kind = "TEST", .subject = "1", .rule = "test", .time = clock_now(h->clock)};

	OK(log_act_init(&a, h->keys, &w));
	for (size_t i = 0; i < n; i++)
		log_act_cover_by(&a, c[i].kind, c[i].table, c[i].statement, c[i].arg, c[i].n);
	OK(store_write(h->store, append_fn, &a));
	(void)hall_sequence(h);
}

/* --- months: many rows by one statement, and those that are gone --- */

static const struct cover month[] = {
	{LOG_COVER_ROW,
         "bill",
         NULL,
         {{SQL_TEXT, 0, {(const uint8_t *)"10000016", 8}}, {SQL_INT, 202611, {NULL, 0}}},
         2},
	{LOG_COVER_ROWS,
         "contribution",
         "cover_contribution_month",
         {{SQL_TEXT, 0, {(const uint8_t *)"10000016", 8}}, {SQL_INT, 202611, {NULL, 0}}},
         2},
	{LOG_COVER_GONE,
         "contribution",
         NULL,
         {{SQL_TEXT, 0, {(const uint8_t *)"10000016", 8}}, {SQL_INT, 202611, {NULL, 0}}},
         2},
};
static const struct cover units = {LOG_COVER_NEW, "unit", "cover_unit_all", {{SQL_NULL, 0, {NULL, 0}}}, 0};

static void gone_rows(void **state)
{
	struct hall h;

	(void)state;
	hall_open(&h);
	hall_sql(&h, UNIT BILL LINE("1", "110") LINE("1", "210") LINE("2", "110"));
	act(&h, &units, 1);
	expect(&h, "bill|10000016/202611|\ncontribution|10000016/202611/1/110|\ncontribution|10000016/202611/1/210|\n"
	           "contribution|10000016/202611/2/110|\n");
	act(&h, month, COUNT_OF(month));
	expect(&h, "");
	hall_sql(&h, "UPDATE contribution SET unit_fen = 99 WHERE person_no = '1' AND ins = '210'");
	expect(&h, "contribution|10000016/202611/1/210|unit_fen\n");
	hall_sql(&h, "DELETE FROM contribution WHERE person_no = '1'");
	expect(&h, "contribution|10000016/202611/1/110|\ncontribution|10000016/202611/1/210|\n");
	act(&h, month, COUNT_OF(month)); /* the month computed without him */
	expect(&h, "");
	act(&h, month, COUNT_OF(month));
	expect(&h, "");
	hall_sql(&h, LINE("1", "110"));
	expect(&h, "contribution|10000016/202611/1/110|\n");
	hall_close(&h);
}

/* A row that an entry covers already is not taken for good again by one that covers what is new. */
static void only_new(void **state)
{
	struct hall h;

	(void)state;
	hall_open(&h);
	hall_sql(&h, UNIT);
	act(&h, &units, 1);
	hall_sql(
		&h,
		"UPDATE unit SET name = 'x'; INSERT INTO unit SELECT '43010024', '2', name, type, region, address, 0, 5 FROM unit");
	act(&h, &units, 1);
	expect(&h, "unit|10000016|name\n");
	hall_close(&h);
}

static void changed_keys(void **state)
{
	static const struct cover letters = {
		LOG_COVER_NEW, "letter", "cover_letter_all", {{SQL_NULL, 0, {NULL, 0}}}, 0};
	struct hall h;

	(void)state;
	hall_open(&h);
	hall_sql(&h, UNIT "INSERT INTO letter VALUES ('10000016', '测委/2026/1', '1', 'T01', 1, 2, 0, 3);"
	                  "INSERT INTO letter VALUES ('10000016', '测委/2026/2', '1', 'T01', 1, 2, 0, 3);");
	act(&h, &units, 1);
	act(&h, &letters, 1);
	expect(&h, "");
	hall_sql(
		&h,
		"UPDATE unit SET unit_no = '10000024'; UPDATE letter SET letter_no = '测委/2027/1' WHERE letter_no = '测委/2026/1'");
	expect(&h, "unit|10000024|unit_no\nletter|10000016/测委/2027/1|letter_no\n");
	/* With another column changed too it is another row, and one is missing. */
	hall_sql(&h, "UPDATE unit SET name = 'x'");
	expect(&h, "unit|10000024|\nunit|10000016|\nletter|10000016/测委/2027/1|letter_no\n");
	hall_close(&h);
}

/* --- rows from before --- */

static void adopted_once(void **state)
{
	struct hall h;

	(void)state;
	hall_open(&h);
	hall_sql(&h, UNIT);
	act(&h, &units, 1);
	hall_sql(
		&h,
		"UPDATE log_cover SET own = NULL; INSERT INTO unit SELECT '43010024', '2', name, type, region, address, 0, 5 FROM unit");
	expect(&h, "log_cover|1/0|own\nunit|43010024|\n");
	OK(log_adopt(h.store, h.clock));
	(void)hall_sequence(&h);
	expect(&h, "");
	hall_sql(&h, "UPDATE log_cover SET own = NULL WHERE seq = 2");
	expect(&h, "log_cover|2/0|own\n");
	hall_sql(&h, "INSERT INTO unit SELECT '43010032', '3', name, type, region, address, 0, 5 FROM unit LIMIT 1");
	OK(log_adopt(h.store, h.clock));
	assert_int_equal(hall_sequence(&h), 0);
	expect(&h, "log_cover|2/0|own\nunit|43010032|\n");
	hall_close(&h);
}

static void adopted_nothing(void **state)
{
	struct hall h;

	(void)state;
	hall_open(&h);
	OK(log_adopt(h.store, h.clock));
	assert_int_equal(hall_sequence(&h), 1);
	hall_sql(&h, UNIT);
	OK(log_adopt(h.store, h.clock));
	assert_int_equal(hall_sequence(&h), 0);
	expect(&h, "unit|10000016|\n");
	hall_close(&h);
}

/* Who hides the entry for the time of a start, and brings it back afterwards, has his rows adopted, and is found. */
static void adopted_again(void **state)
{
	struct hall h;

	(void)state;
	hall_open(&h);
	OK(log_adopt(h.store, h.clock));
	(void)hall_sequence(&h);
	expect(&h, "");
	hall_sql(&h, "UPDATE log_entry SET kind = 'X' WHERE seq = 1");
	hall_sql(&h, UNIT);
	OK(log_adopt(h.store, h.clock));
	assert_int_equal(hall_sequence(&h), 1);
	hall_sql(&h, "UPDATE log_entry SET kind = 'LOG-ADOPT' WHERE seq = 1");
	expect(&h, "log_entry|2|\n");
	hall_close(&h);
}

/* --- before an act --- */

static enum err check_rows_fn(struct tx *tx, void *arg)
{
	return log_act_check(tx, arg);
}

static void rows_before_an_act(void **state)
{
	static const struct {
		const char *sql;
		enum err e;
	} rows[] = {
		{"UPDATE unit SET name = 'x'", ERR_LOG_DAMAGED},
		{"UPDATE unit SET name = '测试一号'", ERR_OK},
		{"UPDATE unit SET unit_no = '43010024'", ERR_OK}, /* gone: what is written then is another row */
	};
	struct hall h;
	AUTO_LOG_ACT(a);
	const struct log_what w = {.kind = "TEST", .subject = "1", .rule = "test", .time = 1};

	(void)state;
	hall_open(&h);
	hall_sql(&h, UNIT);
	act(&h, &units, 1);
	OK(log_act_init(&a, h.keys, &w));
	log_act_cover(&a, "unit", "10000016", 0);
	OK(store_read(h.store, check_rows_fn, &a));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		hall_sql(&h, rows[i].sql);
		assert_int_equal(store_read(h.store, check_rows_fn, &a), rows[i].e);
		err_clear();
	}
	hall_close(&h);
}

/* --- the list of an entry --- */

static void cover_rows(void **state)
{
	static const struct {
		const char *set, *named;
	} rows[] = {
		{"n = 7", "log_cover|1/7|n\n"},
		{"row_sm3 = zeroblob(32)", "log_cover|1/1|row_sm3\nunit|43010024|\n"},
		{"marks = zeroblob(32)", "log_cover|1/1|marks\n"},
		{"own = zeroblob(24)", "log_cover|1/1|own\n"},
		{"own = x''", "log_cover|1/1|own\n"},
		{"key = '4'", "log_cover|1/1|key\nunit|43010024|\nunit|4|\n"},
		{"tbl = 'cert'", "log_cover|1/1|tbl\nunit|43010024|\ncert|43010024|\n"},
		{"seq = 2", "log_cover|2/1|seq\nlog_cover|seq 1|\n"},
	};
	struct hall h;

	(void)state;
	hall_open(&h);
	hall_sql(&h, UNIT "INSERT INTO unit SELECT '43010024', '2', name, type, region, address, 0, 5 FROM unit");
	act(&h, &units, 1);
	hall_rule(&h, "TICK", "-", "timer:test");
	(void)hall_sequence(&h);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char sql[300];
		(void)snprintf(sql, sizeof(sql),
		               "CREATE TABLE keep AS SELECT * FROM log_cover; UPDATE log_cover SET %s WHERE n = 1",
		               rows[i].set);
		hall_sql(&h, sql);
		expect(&h, rows[i].named);
		hall_sql(&h, "DELETE FROM log_cover; INSERT INTO log_cover SELECT * FROM keep; DROP TABLE keep");
		expect(&h, "");
	}
	hall_sql(&h, "DELETE FROM log_cover WHERE n = 1");
	expect(&h, "log_cover|seq 1|\nunit|43010024|\n");
	hall_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gone_rows),          cmocka_unit_test(only_new),
		cmocka_unit_test(changed_keys),       cmocka_unit_test(adopted_once),
		cmocka_unit_test(adopted_nothing),    cmocka_unit_test(adopted_again),
		cmocka_unit_test(rows_before_an_act), cmocka_unit_test(cover_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
