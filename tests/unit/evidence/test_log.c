/* The log: order, heads and proofs, and every column of its tables edited in turn: each is found and named. */
#include "hall.h"
#include "evidence/log_check.h"
#include "gm/sm3.h"
#include "store/conn.h"

/* --- checking, with the faults written down --- */

struct seen {
	char text[4096];
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

static enum err check(struct hall *h, struct seen *s, struct log_sum *ret_sum)
{
	struct check_job j = {.c = {.bureau = h->bureau,
	                            .log = h->log.cert,
	                            .ca = h->ca.cert,
	                            .signed_heads = true,
	                            .fault = note,
	                            .ctx = s}};

	*s = (struct seen){.n = 0};
	enum err e = store_read(h->store, check_fn, &j);
	if (ret_sum != NULL)
		*ret_sum = j.sum;
	assert_int_equal(e == ERR_OK, s->n == 0);
	err_clear();
	return e;
}

static void fill(struct hall *h)
{
	hall_open(h);
	for (int i = 0; i < 3; i++) {
		hall_act(h, &h->clerk, "case-1", NULL);
		hall_act(h, &h->reviewer, "case-1", NULL);
		hall_rule(h, "CASE-EXPIRED", "case-2", "timer:case-days");
		assert_int_equal(hall_sequence(h), 3);
	}
}

/* --- good --- */

static enum err same_leaf(struct tx *tx, void *arg)
{
	struct tree_proof p;
	uint8_t root[32], old[32];
	uint64_t epoch, size;

	(void)arg;
	OK(log_size(tx, &epoch, &size));
	assert_int_equal(epoch, 1);
	assert_int_equal(size, 9);
	OK(log_root(tx, epoch, size, root));
	for (uint64_t from = 0; from <= size; from++) {
		OK(log_root(tx, epoch, from, old));
		OK(log_consistency(tx, epoch, from, size, &p));
		OK(tree_verify_consistency(from, old, size, root, p.hash, p.n));
	}
	assert_int_equal(log_inclusion(tx, epoch, 9, size, &p), ERR_ABSENT);
	return ERR_OK;
}

struct leaves {
	struct tx *tx;
	uint8_t root[32];
	size_t n;
	const struct hall *h;
};

static enum err one_leaf(const struct log_entry *e, void *ctx)
{
	struct leaves *x = ctx;
	struct leaf l;
	struct tree_proof p;
	uint8_t hash[32];
	AUTO_BUF(text, LOG_STATEMENT_MAX);

	OK(log_leaf_of(x->tx, e, &l));
	OK(leaf_hash(&l, hash));
	OK(log_inclusion(x->tx, e->epoch, e->index, 9, &p));
	OK(tree_verify_inclusion(hash, e->index, 9, x->root, p.hash, p.n));
	OK(log_statement(x->h->keys, e, &text));
	assert_true(text.len > 0);
	x->n++;
	return ERR_OK;
}

static enum err all_leaves(struct tx *tx, void *arg)
{
	struct leaves *x = arg;

	x->tx = tx;
	OK(log_root(tx, 1, 9, x->root));
	OK(log_entries_of(tx, "case-1", one_leaf, x));
	return log_entries_of(tx, "case-2", one_leaf, x);
}

static void proofs(void **state)
{
	struct hall h;
	struct seen s;
	struct log_sum sum;

	(void)state;
	fill(&h);
	OK(store_read(h.store, same_leaf, NULL));
	struct leaves x = {.h = &h};
	OK(store_read(h.store, all_leaves, &x));
	assert_int_equal(x.n, 9);
	OK(check(&h, &s, &sum));
	assert_int_equal(sum.entries, 9);
	assert_int_equal(sum.size, 9);
	assert_int_equal(sum.heads, 3);
	assert_int_equal(sum.pending, 0);
	assert_memory_equal(sum.root, x.root, 32);
	assert_int_equal(hall_sequence(&h), 0); /* nothing to do: no new head */
	hall_reopen(&h);
	OK(check(&h, &s, &sum));
	assert_int_equal(sum.heads, 3);
	hall_close(&h);
}

static void many(void **state)
{
	struct hall h;
	struct seen s;
	struct log_sum sum;

	(void)state;
	hall_open(&h);
	for (int i = 0; i < LOG_BATCH + 40; i++)
		hall_rule(&h, "TICK", "-", "timer:test");
	assert_int_equal(hall_sequence(&h), LOG_BATCH + 40);
	OK(check(&h, &s, &sum));
	assert_int_equal(sum.heads, 1);
	hall_close(&h);
}

/* The status service is down: the act waits, and those behind it, in their order. */
static void waits(void **state)
{
	struct hall h;
	struct seen s;
	struct log_sum sum;
	struct log_done d;

	(void)state;
	hall_open(&h);
	hall_rule(&h, "TICK", "-", "timer:test");
	hall_act(&h, &h.clerk, "case-1", NULL);
	hall_rule(&h, "TICK", "-", "timer:test");
	struct log_service v = hall_service(&h);
	h.status_fails = ERR_UNAVAILABLE;
	assert_int_equal(log_sequence(h.store, &v, &d), ERR_UNAVAILABLE);
	assert_int_equal(d.entries, 1);
	assert_true(d.head);
	OK(check(&h, &s, &sum));
	assert_int_equal(sum.pending, 2);
	h.status_fails = ERR_OK;
	h.sign_fails = ERR_UNAVAILABLE;
	assert_int_equal(log_sequence(h.store, &v, &d), ERR_UNAVAILABLE);
	assert_int_equal(d.entries, 2);
	h.sign_fails = ERR_OK;
	assert_int_equal(hall_sequence(&h), 0); /* but the head follows */
	OK(check(&h, &s, &sum));
	assert_int_equal(sum.heads, 2);
	assert_int_equal(sum.pending, 0);
	hall_close(&h);
}

static void unsigned_heads(void **state)
{
	struct hall h;
	struct seen s;
	struct log_done d;

	(void)state;
	hall_open(&h);
	hall_rule(&h, "TICK", "-", "timer:test");
	struct log_service v = {.bureau = h.bureau, .clock = h.clock};
	OK(log_sequence(h.store, &v, &d));
	assert_true(d.head);
	struct check_job j = {.c = {.bureau = h.bureau, .fault = note, .ctx = &s}};
	s = (struct seen){.n = 0};
	OK(store_read(h.store, check_fn, &j));
	assert_int_equal(j.sum.unsigned_heads, 1);
	assert_int_equal(check(&h, &s, NULL), ERR_LOG_DAMAGED);
	assert_string_equal(s.text, "log_head|1|sig\n");
	hall_close(&h);
}

static void bad_acts(void **state)
{
	static const struct {
		struct log_what w;
		enum err e;
	} rows[] = {
		{{.kind = "", .subject = "1", .rule = "r"}, ERR_SYNTAX},
		{{.kind = "login", .subject = "1", .rule = "r"}, ERR_SYNTAX},
		{{.kind = "X", .subject = "1\n2", .rule = "r"}, ERR_SYNTAX},
		{{.kind = "X",
	          .subject = "12345678901234567890123456789012345678901234567890123456789012345",
	          .rule = "r"},
	         ERR_SYNTAX},
		{{.kind = "X", .subject = "1"}, ERR_STATE},
		{{.kind = "X", .subject = "1", .sig = {(const uint8_t *)"1", 1}}, ERR_STATE},
		{{.kind = "X",
	          .subject = "1",
	          .statement = {(const uint8_t *)"1", 1},
	          .sig = {(const uint8_t *)"1", 1},
	          .cert = {(const uint8_t *)"1", 1}},
	         ERR_STATE},
	};
	struct hall h;

	(void)state;
	hall_open(&h);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct log_act a;
		assert_int_equal(log_act_init(&a, h.keys, &rows[i].w), rows[i].e);
		log_act_done(&a);
	}
	hall_close(&h);
}

/* --- edits --- */

struct edit {
	const char *sql, *named; /* what the first fault begins with */
};

static void run_edits(const struct edit *rows, size_t n)
{
	struct hall h;
	struct seen s;

	fill(&h);
	hall_sql(&h,
	         "CREATE TABLE keep_entry AS SELECT * FROM log_entry; CREATE TABLE keep_head AS SELECT * FROM log_head;"
	         "CREATE TABLE keep_cert AS SELECT * FROM log_cert; CREATE TABLE keep_node AS SELECT * FROM log_node");
	for (size_t i = 0; i < n; i++) {
		hall_sql(&h, rows[i].sql);
		assert_int_equal(check(&h, &s, NULL), ERR_LOG_DAMAGED);
		if (strncmp(s.text, rows[i].named, strlen(rows[i].named)) != 0)
			fail_msg("%s: named %s", rows[i].sql, s.text);
		hall_sql(
			&h,
			"BEGIN; DELETE FROM log_cover; DELETE FROM log_entry; INSERT INTO log_entry SELECT * FROM keep_entry; DELETE FROM log_head;"
			"INSERT INTO log_head SELECT * FROM keep_head; DELETE FROM log_cert; INSERT INTO log_cert SELECT * FROM keep_cert;"
			"DELETE FROM log_node; INSERT INTO log_node SELECT * FROM keep_node; COMMIT");
		OK(check(&h, &s, NULL));
	}
	hall_close(&h);
}

static void columns(void **state)
{
	static const struct edit rows[] = {
		{"UPDATE log_entry SET state=0 WHERE seq=9", "log_entry|9|state"},
		{"UPDATE log_entry SET state=0 WHERE seq=4", "log_entry|4|state"},
		{"UPDATE log_entry SET epoch=2 WHERE seq=5", "log_entry|5|epoch"},
		{"UPDATE log_entry SET epoch=NULL WHERE seq=5", "log_entry|5|epoch"},
		{"UPDATE log_entry SET seq=77 WHERE seq=9", "log_entry|77|seq"},
		{"UPDATE log_entry SET time=time+1 WHERE seq=1", "log_entry|1|time"},
		{"UPDATE log_entry SET kind='CERT-RELEASE' WHERE seq=2", "log_entry|2|kind"},
		{"UPDATE log_entry SET kind='' WHERE seq=2", "log_entry|2|kind"},
		{"UPDATE log_entry SET subject='case-3' WHERE seq=2", "log_entry|2|subject"},
		{"UPDATE log_entry SET rule='timer:other' WHERE seq=3", "log_entry|3|rule"},
		{"UPDATE log_entry SET statement=zeroblob(8) WHERE seq=4", "log_entry|4|statement"},
		{"UPDATE log_entry SET statement=NULL WHERE seq=4", "log_entry|4|statement"},
		{"UPDATE log_entry SET statement_sm3=zeroblob(32) WHERE seq=4", "log_entry|4|statement_sm3"},
		{"UPDATE log_entry SET statement_sm3=NULL WHERE seq=4", "log_entry|4|statement_sm3"},
		{"UPDATE log_entry SET sig=zeroblob(64) WHERE seq=5", "log_entry|5|sig"},
		{"UPDATE log_entry SET cert_serial='00' WHERE seq=5", "log_entry|5|cert_serial"},
		{"UPDATE log_entry SET ocsp=zeroblob(9) WHERE seq=5", "log_entry|5|ocsp"},
		{"UPDATE log_entry SET ocsp=NULL WHERE seq=5", "log_entry|5|ocsp"},
		{"UPDATE log_entry SET leaf=zeroblob(32) WHERE seq=5", "log_entry|5|leaf"},
		{"UPDATE log_entry SET leaf=NULL WHERE seq=5", "log_entry|5|leaf"},
		{"UPDATE log_entry SET marks=zeroblob(64) WHERE seq=5", "log_entry|5|marks"},
		{"UPDATE log_entry SET marks=zeroblob(3) WHERE seq=5", "log_entry|5|marks"},
		{"UPDATE log_entry SET marks=CAST(x'00000000' || substr(marks, 5) AS BLOB) WHERE seq=5",
	         "log_entry|5|marks"},
		{"UPDATE log_entry SET salt=zeroblob(32) WHERE seq=5", "log_entry|5|salt"},
		{"UPDATE log_entry SET salt=zeroblob(31) WHERE seq=5", "log_entry|5|salt"},
		{"UPDATE log_head SET marks=CAST(x'00000000' || substr(marks, 5) AS BLOB) WHERE size=6",
	         "log_head|6|marks"},
		{"UPDATE log_cert SET der=zeroblob(100)", "log_cert|"},
		{"UPDATE log_cert SET serial='00'", "log_cert|00|serial"},
		{"UPDATE log_node SET hash=zeroblob(32) WHERE level=0 AND idx=4", "log_node|0/4|hash"},
		{"UPDATE log_node SET hash=zeroblob(32) WHERE level=1 AND idx=0", "log_node|1/0|hash"},
		{"UPDATE log_head SET epoch=2 WHERE size=9", "log_head|9|epoch"},
		{"UPDATE log_head SET size=8 WHERE size=9", "log_head|8|size"},
		{"UPDATE log_head SET size=10 WHERE size=9", "log_head|10|size"},
		{"UPDATE log_head SET root=zeroblob(32) WHERE size=6", "log_head|6|root"},
		{"UPDATE log_head SET time=time+1 WHERE size=6", "log_head|6|time"},
		{"UPDATE log_head SET text='x' WHERE size=6", "log_head|6|text"},
		{"UPDATE log_head SET sig=zeroblob(64) WHERE size=6", "log_head|6|sig"},
		{"UPDATE log_head SET sig=NULL WHERE size=6", "log_head|6|sig"},
		{"UPDATE log_head SET stamp=NULL WHERE size=6", "log_head|6|stamp"},
		{"UPDATE log_head SET marks=zeroblob(28) WHERE size=6", "log_head|6|marks"},
	};

	(void)state;
	run_edits(rows, COUNT_OF(rows));
}

static void rows_moved(void **state)
{
	static const struct edit rows[] = {
		{"DELETE FROM log_entry WHERE seq=5", "log_entry|idx 4|"},
		{"DELETE FROM log_entry WHERE seq=9", "log_entry|idx 8|"},
		{"DELETE FROM log_entry", "log_entry|idx 0|"},
		{"UPDATE log_entry SET idx=99 WHERE seq=4; UPDATE log_entry SET idx=3 WHERE seq=5; UPDATE log_entry SET idx=4 WHERE seq=4",
	         "log_entry|"},
		{"UPDATE log_entry SET seq=99 WHERE seq=4; UPDATE log_entry SET seq=4 WHERE seq=5; UPDATE log_entry SET seq=5 WHERE seq=99",
	         "log_entry|"},
		{"INSERT INTO log_entry SELECT 99,1,1,9,time,kind,subject,rule,statement,statement_sm3,sig,cert_sm3,cert_serial,ocsp,salt,"
	         "leaf,marks FROM log_entry WHERE seq=1",
	         "log_entry|99|seq"},
		{"INSERT INTO log_entry SELECT 99,0,NULL,NULL,time,kind,subject,rule,statement,statement_sm3,sig,cert_sm3,cert_serial,NULL,"
	         "salt,NULL,marks FROM log_entry WHERE seq=1",
	         "log_entry|99|"},
		{"DELETE FROM log_node WHERE level=0 AND idx=3", "log_node|0/3|"},
		{"DELETE FROM log_node WHERE level=2 AND idx=1", "log_node|2/1|"},
		{"INSERT INTO log_node VALUES (1,0,9,zeroblob(32))", "log_entry|idx 9|"},
		{"INSERT INTO log_node VALUES (2,0,0,zeroblob(32))", "log_node|2/0/0|"},
		{"DELETE FROM log_cert", "log_cert|"},
		{"INSERT INTO log_cert VALUES (zeroblob(32),'00',x'00')", "log_cert|00|sm3"},
		{"INSERT INTO log_cover VALUES (99,0,'cert','1',zeroblob(32),x'',x'')", "log_cover|seq 99|"},
		{"DELETE FROM log_cover; INSERT INTO log_cover VALUES (1,0,'cert','1',zeroblob(32),x'',x'')",
	         "log_cover|1/0|"},
		{"DELETE FROM log_cover; INSERT INTO log_head SELECT 1,8,root,time,text,sig,stamp,marks FROM log_head WHERE size=6",
	         "log_head|8|size"},
	};

	(void)state;
	run_edits(rows, COUNT_OF(rows));
}

/* An editor who knows the code writes another log, whole and consistent; but he cannot sign its heads. */
static void thorough_editor(void **state)
{
	struct hall h;
	struct seen s;

	(void)state;
	fill(&h);
	hall_sql(&h, "CREATE TABLE keep_head AS SELECT * FROM log_head; DELETE FROM log_head; DELETE FROM log_entry;"
	             "DELETE FROM log_node; DELETE FROM log_cert");
	for (int i = 0; i < 9; i++)
		hall_act(&h, &h.reviewer, "case-9", NULL);
	assert_int_equal(hall_sequence(&h), 9);
	hall_sql(&h, "DELETE FROM log_head; INSERT INTO log_head SELECT * FROM keep_head");
	assert_int_equal(check(&h, &s, NULL), ERR_LOG_DAMAGED);
	assert_string_equal(s.text, "log_head|3|root\nlog_head|6|root\nlog_head|9|root\n");
	hall_close(&h);
}

/* A pending entry that was changed is not ordered. */
static void changed_pending(void **state)
{
	struct hall h;
	struct seen s;
	struct log_done d;

	(void)state;
	hall_open(&h);
	hall_act(&h, &h.clerk, "case-1", NULL);
	hall_sql(&h, "UPDATE log_entry SET subject='case-2'");
	struct log_service v = hall_service(&h);
	assert_int_equal(log_sequence(h.store, &v, &d), ERR_LOG_DAMAGED);
	err_clear();
	assert_int_equal(check(&h, &s, NULL), ERR_LOG_DAMAGED);
	assert_string_equal(s.text, "log_entry|1|subject\n");
	hall_close(&h);
}

/* --- rows of other tables --- */

static enum err cover_fn(struct tx *tx, void *arg)
{
	return log_append(tx, arg);
}

static void cover(struct hall *h, const char *table, const char *key, int64_t number)
{
	struct log_act a;
	const struct log_what w = {.kind = "TEST", .subject = "1", .rule = "test", .time = clock_now(h->clock)};

	OK(log_act_init(&a, h->keys, &w));
	log_act_cover(&a, table, key, number);
	OK(store_write(h->store, cover_fn, &a));
	log_act_done(&a);
	(void)hall_sequence(h);
}

static void expect(struct hall *h, const char *sql, const char *undo, const char *named)
{
	struct seen s;

	hall_sql(h, sql);
	assert_int_equal(check(h, &s, NULL), ERR_LOG_DAMAGED);
	if (strcmp(s.text, named) != 0)
		fail_msg("%s: named %s", sql, s.text);
	hall_sql(h, undo);
	OK(check(h, &s, NULL));
}

static void covered_rows(void **state)
{
	static const char *const columns[] = {"subject",   "usage",  "case_no", "card",   "not_before",
	                                      "not_after", "status", "der",     "created"};
	struct hall h;
	struct seen s;

	(void)state;
	hall_open(&h);
	hall_sql(&h, "INSERT INTO cert VALUES ('01','s','sign','c','k',1,2,0,x'30',5)");
	assert_int_equal(check(&h, &s, NULL), ERR_LOG_DAMAGED);
	assert_string_equal(s.text, "cert|01|\n");
	cover(&h, "cert", "01", 0);
	OK(check(&h, &s, NULL));
	for (size_t i = 0; i < COUNT_OF(columns); i++) {
		char sql[200], named[64];
		(void)snprintf(sql, sizeof(sql), "CREATE TABLE keep AS SELECT * FROM cert; UPDATE cert SET %s=%s",
		               columns[i],
		               strcmp(columns[i], "usage") == 0 ? "'enc'"
		               : strcmp(columns[i], "der") == 0 ? "x'31'"
		                                                : "7");
		(void)snprintf(named, sizeof(named), "cert|01|%s\n", columns[i]);
		expect(&h, sql, "DELETE FROM cert; INSERT INTO cert SELECT * FROM keep; DROP TABLE keep", named);
	}
	expect(&h, "CREATE TABLE keep AS SELECT * FROM cert; DELETE FROM cert",
	       "INSERT INTO cert SELECT * FROM keep; DROP TABLE keep", "cert|01|\n");
	/* Changed with the log's knowledge, then gone with it, then smuggled in again. */
	hall_sql(&h, "UPDATE cert SET status=1");
	cover(&h, "cert", "01", 0);
	OK(check(&h, &s, NULL));
	hall_sql(&h, "CREATE TABLE keep AS SELECT * FROM cert; DELETE FROM cert");
	cover(&h, "cert", "01", 0);
	OK(check(&h, &s, NULL));
	expect(&h, "INSERT INTO cert SELECT * FROM keep", "DELETE FROM cert", "cert|01|\n");
	expect(&h, "CREATE TABLE k2 AS SELECT * FROM log_cover; UPDATE log_cover SET key='02' WHERE seq=3",
	       "DELETE FROM log_cover; INSERT INTO log_cover SELECT * FROM k2; DROP TABLE k2",
	       "log_cover|3/0|key\ncert|01|\n");
	hall_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proofs),          cmocka_unit_test(many),
		cmocka_unit_test(waits),           cmocka_unit_test(unsigned_heads),
		cmocka_unit_test(bad_acts),        cmocka_unit_test(columns),
		cmocka_unit_test(rows_moved),      cmocka_unit_test(thorough_editor),
		cmocka_unit_test(changed_pending), cmocka_unit_test(covered_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
