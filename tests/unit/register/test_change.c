/* What is wanted of the registers against what stood before and what the chain wrote. Versions of an enrolment are
 * written "status/from-to:writer" and, when they ended, "!closer"; F1, F2 are the chain. */
#include "base/clock.h"
#include "gm/start.h"
#include "server/covered/covered.h"
#include "server/register/change.h"
#include <ftw.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OK(expr)                                                      \
	do {                                                          \
		enum err ok_ = (expr);                                \
		if (ok_ != ERR_OK)                                    \
			print_error("%s: %s\n", #expr, err_detail()); \
		assert_int_equal(ok_, ERR_OK);                        \
	} while (0)
#define UNIT   "10000016"
#define JIA    "430100000016"
#define FILING "F3"

static struct {
	char dir[200], db[240];
	struct store *store;
	struct field_keys *keys;
	struct desk desk;
	sqlite3 *sql;
} w;

/* --- a database --- */

static void sql(const char *text)
{
	char *why = NULL;
	if (sqlite3_exec(w.sql, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
}

static int setup(void **state)
{
	AUTO(secret) key = NULL;
	const char *tmp = getenv("TMPDIR");
	(void)state;
	memset(&w, 0, sizeof(w));
	OK(gm_start());
	(void)snprintf(w.dir, sizeof(w.dir), "%s/yx-change-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(w.dir));
	(void)snprintf(w.db, sizeof(w.db), "%s/yinxin.db", w.dir);
	log_tables_use(covered_tables);
	OK(store_open(w.db, SQL_DIR, 2, &w.store));
	OK(secret_from(SPAN_LIT("0123456789abcdef0123456789abcdef"), &key));
	OK(field_keys_new(key, &w.keys));
	w.desk = (struct desk){.store = w.store, .keys = w.keys};
	assert_int_equal(sqlite3_open(w.db, &w.sql), SQLITE_OK);
	(void)sqlite3_busy_timeout(w.sql, 5000);
	sql("INSERT INTO unit VALUES ('" UNIT "', 'u', '测试一号', '10', '430104', 'a', 0, 5);"
	    "INSERT INTO counter VALUES ('person', 2);"
	    "INSERT INTO person VALUES ('" JIA "', '甲', x'00', x'01', x'02', 1)");
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	(void)sqlite3_close(w.sql);
	store_close(w.store);
	field_keys_free(w.keys);
	return nftw(w.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void ask(const char *text, struct buf *out)
{
	sqlite3_stmt *st = NULL;
	buf_clear(out);
	assert_int_equal(sqlite3_prepare_v2(w.sql, text, -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW)
		buf_printf(out, "%s%s", out->len > 0 ? " " : "", (const char *)sqlite3_column_text(st, 0));
	(void)sqlite3_finalize(st);
	OK(buf_err(out));
}

static void enrolments(struct buf *out)
{
	ask("SELECT status || '/' || from_month || '-' || to_month || ':' || filing_no || CASE WHEN valid_to > 0 THEN '!' || "
	    "closed_by ELSE '' END FROM enrolment WHERE ins = '110' ORDER BY version",
	    out);
}

/* "2/202501-0:E!F1 1/202611-0:F1": one begins when the one before it ended. */
static void stand(const char *rows)
{
	char text[400], *save = NULL;
	int version = 0;
	sql("DELETE FROM enrolment; DELETE FROM wage; DELETE FROM person_detail; DELETE FROM log_cover; DELETE FROM log_entry");
	(void)snprintf(text, sizeof(text), "%s", rows);
	for (char *one = strtok_r(text, " ", &save); one != NULL; one = strtok_r(NULL, " ", &save)) {
		int status, from, to;
		char writer[32] = "", closer[32] = "", line[400];
		assert_true(sscanf(one, "%d/%d-%d:%31[^!]!%31s", &status, &from, &to, writer, closer) >= 4);
		version++;
		(void)snprintf(line, sizeof(line),
		               "INSERT INTO enrolment VALUES ('" JIA "', '" UNIT
		               "', '110', %d, %d, %d, %d, 'A', '%s', %d, %d, '%s')",
		               version, status, from, to, writer, 10 * version, closer[0] != 0 ? 10 * version + 10 : 0,
		               closer);
		sql(line);
	}
}

/* --- a change --- */

static int closed_month; /* 0: none */

static enum err closed(struct tx *tx, const char *unit_no, int *ret_month)
{
	(void)tx;
	assert_string_equal(unit_no, UNIT);
	*ret_month = closed_month;
	return ERR_OK;
}

static void begin(size_t n_chain, struct change **ret_c)
{
	static const char *const chain[] = {"F2", "F1"}, *const persons[] = {JIA, JIA};
	const struct change_scope s = {.unit_no = UNIT,
	                               .filing_no = FILING,
	                               .chain = chain,
	                               .n_chain = n_chain,
	                               .persons = persons,
	                               .n_persons = 2,
	                               .registers = registers_all,
	                               .closed = closed};
	OK(change_new(&w.desk, &s, ret_c));
}

/* "-": not named; "keep"; else what is to stand, "pause" ends what is open. */
static void want(struct change *c, const char *text)
{
	struct change_person *p = change_person(c, JIA);
	struct change_key *k;
	int status, from, to;
	assert_non_null(p);
	OK(change_key(c, p, &register_enrolment, &A_TEXT("110"), &k));
	if (strcmp(text, "-") == 0)
		return;
	if (strcmp(text, "keep") == 0) {
		change_keep(k);
		return;
	}
	assert_int_equal(sscanf(text, "%d/%d-%d", &status, &from, &to), 3);
	for (const struct change_row *r = change_rows(k); r != NULL; r = r->next) {
		if (!r->before || r->value[2].i != 0)
			continue;
		change_replaces(k, r);
		if (r->value[0].i == 1)
			change_taken(k);
		else
			OK(change_say(c, k,
			              (const struct sql_arg[]){r->value[0], r->value[1], A_INT(from - 1),
			                                       A_TEXT("A")}));
	}
	OK(change_say(c, k, (const struct sql_arg[]){A_INT(status), A_INT(from), A_INT(to), A_TEXT("A")}));
}

static enum err apply_fn(struct tx *tx, void *arg)
{
	return change_apply(tx, arg);
}

static enum err log_fn(struct tx *tx, void *arg)
{
	return log_append(tx, arg);
}

static void cover(const struct change *c, const char *expected)
{
	AUTO_LOG_ACT(a);
	AUTO_BUF(got, 4096);
	const struct log_what what = {.kind = "TEST", .subject = FILING, .rule = "test", .time = 1};
	OK(log_act_init(&a, w.keys, &what));
	change_cover(c, &a);
	OK(store_write(w.store, log_fn, &a));
	ask("SELECT tbl || substr(key, 22) FROM log_cover WHERE row_sm3 <> zeroblob(32) ORDER BY key", &got);
	assert_string_equal(buf_cstr(&got), expected);
}

/* --- the table --- */

static const struct {
	const char *name, *stand;
	size_t chain;
	int closed;
	const char *want, *verdict, *left, *covered; /* left NULL: refused */
} rows[] = {
	{"a first filing", "", 0, 0, "1/202611-0", "any 202611", "1/202611-0:F3", "enrolment/110/1"},
	{"a first filing is no correction: nothing is closed for it", "", 0, 202612, "1/202611-0", "any 202611",
         "1/202611-0:F3", "enrolment/110/1"},
	{"a pause ends", "2/202501-0:E", 0, 0, "1/202611-0", "any 202611",
         "2/202501-0:E!F3 2/202501-202610:F3 1/202611-0:F3", "enrolment/110/1 enrolment/110/2 enrolment/110/3"},
	{"history stays", "1/202401-202412:E 2/202501-0:E", 0, 0, "1/202611-0", "any 202611",
         "1/202401-202412:E 2/202501-0:E!F3 2/202501-202610:F3 1/202611-0:F3",
         "enrolment/110/2 enrolment/110/3 enrolment/110/4"},
	{"somebody else's place", "1/202501-0:E", 0, 0, "1/202611-0", "any later 202501", NULL, NULL},
	{"not named, not the chain's", "1/202501-0:E", 2, 202612, "-", "", "1/202501-0:E", ""},
	{"kept", "1/202601-0:F1", 2, 202612, "keep", "", "1/202601-0:F1", ""},
	{"the same again", "1/202611-0:F1", 2, 202612, "1/202611-0", "", "1/202611-0:F1", ""},
	{"another month", "1/202611-0:F1", 2, 0, "1/202610-0", "any 202610", "1/202611-0:F1!F3 1/202610-0:F3",
         "enrolment/110/1 enrolment/110/2"},
	{"a closed month", "1/202611-0:F1", 2, 202610, "1/202610-0", "any closed 202610", NULL, NULL},
	{"before it only", "1/202612-0:F1", 2, 202610, "1/202611-0", "any 202611", "1/202612-0:F1!F3 1/202611-0:F3",
         "enrolment/110/1 enrolment/110/2"},
	{"taken back", "1/202611-0:F1", 2, 0, "-", "any 202611", "1/202611-0:F1!F3", "enrolment/110/1"},
	{"of a chain of two", "1/202611-0:F1!F2 1/202610-0:F2", 2, 0, "-", "any 202610",
         "1/202611-0:F1!F2 1/202610-0:F2!F3", "enrolment/110/2"},
	{"back to the first", "1/202611-0:F1!F2 1/202610-0:F2", 2, 0, "1/202611-0", "any 202610",
         "1/202611-0:F1!F2 1/202610-0:F2!F3 1/202611-0:F3", "enrolment/110/2 enrolment/110/3"},
	{"what stood before is put back", "2/202501-0:E!F1 2/202501-202610:F1 1/202611-0:F1", 2, 0, "-", "any 202611",
         "2/202501-0:E!F1 2/202501-202610:F1!F3 1/202611-0:F1!F3 2/202501-0:F3",
         "enrolment/110/2 enrolment/110/3 enrolment/110/4"},
	{"put back, and ended again", "2/202501-0:E!F1 1/202611-0:F1!F2 2/202501-0:F2", 2, 0, "1/202611-0",
         "any 202611", "2/202501-0:E!F1 1/202611-0:F1!F2 2/202501-0:F2!F3 2/202501-202610:F3 1/202611-0:F3",
         "enrolment/110/3 enrolment/110/4 enrolment/110/5"},
	{"who ended it was not recorded then", "2/202501-0:E!? 1/202611-0:F1", 2, 0, "-", "any 202611",
         "2/202501-0:E! 1/202611-0:F1!F3 2/202501-0:F3", "enrolment/110/2 enrolment/110/3"},
	{"ended by somebody else before", "2/202501-0:E!X 1/202611-0:F1", 2, 0, "-", "any 202611",
         "2/202501-0:E!X 1/202611-0:F1!F3", "enrolment/110/2"},
	{"somebody has built on it", "1/202611-0:F1!L 2/202612-0:L", 2, 0, "-", "any later 202611", NULL, NULL},
	{"built on, and the same", "1/202611-0:F1!L 2/202612-0:L", 2, 0, "1/202611-0", "",
         "1/202611-0:F1!L 2/202612-0:L", ""},
	{"ended by somebody else", "1/202611-0:F1!L", 2, 0, "-", "any later 202611", NULL, NULL},
};

static void verdict_text(const struct change_verdict *v, struct buf *out)
{
	buf_printf(out, "%s%s%s", v->any ? "any " : "", v->later ? "later " : "", v->closed ? "closed " : "");
	if (v->month != 0)
		buf_printf(out, "%d", v->month);
	OK(buf_err(out));
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(change) c = NULL;
		AUTO_BUF(got, 4096);
		struct change_verdict v;
		print_message("# %s\n", rows[i].name);
		stand(rows[i].stand);
		sql("UPDATE enrolment SET closed_by = '' WHERE closed_by = '?'");
		closed_month = rows[i].closed;
		begin(rows[i].chain, &c);
		want(c, rows[i].want);
		OK(change_judge(c, change_person(c, JIA), &v));
		verdict_text(&v, &got);
		assert_string_equal(buf_cstr(&got), rows[i].verdict);
		enum err e = change_prepare(c);
		assert_int_equal(e, rows[i].left != NULL ? ERR_OK : ERR_CONFLICT);
		err_clear();
		if (e != ERR_OK)
			continue;
		OK(store_write(w.store, apply_fn, c));
		enrolments(&got);
		assert_string_equal(buf_cstr(&got), rows[i].left);
		cover(c, rows[i].covered);
	}
}

/* --- what happens between reading and writing --- */

static void test_conflicts(void **state)
{
	static const struct {
		const char *stand, *want, *meanwhile;
		int closed;
		enum err e;
	} meanwhile[] = {
		{"1/202611-0:F1", "1/202610-0", "", 0, ERR_OK},
		{"1/202611-0:F1", "1/202610-0", "", 202610, ERR_CONFLICT},
		{"1/202611-0:F1", "1/202610-0", "", 202609, ERR_OK},
		{"1/202611-0:F1", "1/202610-0", "UPDATE enrolment SET valid_to = 99", 0, ERR_CONFLICT},
		/* a row that stays, under the same key and under another one */
		{"1/202401-202412:E 2/202501-0:E", "1/202611-0", "UPDATE enrolment SET valid_to = 99 WHERE version = 1",
	         0, ERR_CONFLICT},
		{"", "1/202611-0",
	         "INSERT INTO enrolment VALUES ('" JIA "', '" UNIT "', '210', 1, 1, 202611, 0, 'A', 'L', 5, 0, '')", 0,
	         ERR_CONFLICT},
		{"", "1/202611-0",
	         "INSERT INTO enrolment VALUES ('" JIA "', '" UNIT "', '110', 1, 2, 202611, 0, 'A', 'L', 5, 0, '')", 0,
	         ERR_CONFLICT},
		/* nobody who changes */
		{"", "1/202611-0",
	         "INSERT INTO enrolment VALUES ('430100000024', '" UNIT
	         "', '110', 1, 1, 202611, 0, 'A', 'L', 5, 0, '')",
	         0, ERR_OK},
		{"1/202611-0:F1", "1/202611-0", "UPDATE enrolment SET valid_to = 99", 0, ERR_OK},
	};
	(void)state;
	sql("INSERT INTO person VALUES ('430100000024', '乙', x'00', x'03', x'02', 1)");
	for (size_t i = 0; i < COUNT_OF(meanwhile); i++) {
		AUTO(change) c = NULL;
		AUTO_BUF(before, 4096);
		AUTO_BUF(after, 4096);
		print_message("# %zu %s\n", i, meanwhile[i].meanwhile);
		stand(meanwhile[i].stand);
		closed_month = 0;
		begin(strstr(meanwhile[i].stand, "F1") != NULL ? 2 : 0, &c);
		want(c, meanwhile[i].want);
		OK(change_prepare(c));
		sql(meanwhile[i].meanwhile);
		closed_month = meanwhile[i].closed;
		enrolments(&before);
		assert_int_equal(store_write(w.store, apply_fn, c), meanwhile[i].e);
		err_clear();
		enrolments(&after);
		if (meanwhile[i].e != ERR_OK)
			assert_string_equal(buf_cstr(&before), buf_cstr(&after));
	}
	closed_month = 0;
}

static enum err twice_fn(struct tx *tx, void *arg)
{
	enum err e = change_apply(tx, arg);
	return e == ERR_OK ? ERR(BUSY, "once more") : e;
}

static void test_runs_again(void **state)
{
	AUTO(change) c = NULL;
	AUTO_BUF(got, 4096);
	(void)state;
	stand("2/202501-0:E");
	begin(0, &c);
	want(c, "1/202611-0");
	OK(change_prepare(c));
	assert_int_equal(store_write(w.store, twice_fn, c), ERR_BUSY);
	err_clear();
	OK(store_write(w.store, apply_fn, c));
	enrolments(&got);
	assert_string_equal(buf_cstr(&got), "2/202501-0:E!F3 2/202501-202610:F3 1/202611-0:F3");
}

/* --- a register whose rows do not end --- */

static void test_wages(void **state)
{
	static const struct {
		const char *stand; /* "8000:E 9000:F1" */
		size_t chain;
		int64_t want; /* -1: not named */
		const char *left;
	} wages[] = {
		{"", 0, 7000, "7000:F3"},
		{"", 2, -1, ""},
		{"8000:E", 0, 7000, "8000:E 7000:F3"},
		{"8000:F1", 2, 8000, "8000:F1"},
		{"8000:F1", 2, 9000, "8000:F1 9000:F3"},
		{"8000:F1", 2, -1, "8000:F1 0:F3"},
		{"8000:F1 0:F2", 2, -1, "8000:F1 0:F2"},
		{"8000:E 9000:F1", 2, -1, "8000:E 9000:F1 8000:F3"},
		{"8000:F1 9000:F2", 2, 8000, "8000:F1 9000:F2 8000:F3"},
		{"8000:F1 9000:L", 2, 7000, NULL},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wages); i++) {
		AUTO(change) c = NULL;
		AUTO_BUF(got, 4096);
		struct change_key *k;
		char text[200], *save = NULL;
		int version = 0;
		stand("");
		(void)snprintf(text, sizeof(text), "%s", wages[i].stand);
		for (char *one = strtok_r(text, " ", &save); one != NULL; one = strtok_r(NULL, " ", &save)) {
			char line[300], *writer = strchr(one, ':');
			*writer = 0;
			(void)snprintf(line, sizeof(line),
			               "INSERT INTO wage VALUES ('" UNIT "', '" JIA "', 202611, %d, %s, '%s', 5)",
			               ++version, one, writer + 1);
			sql(line);
		}
		begin(wages[i].chain, &c);
		if (wages[i].want >= 0) {
			OK(change_key(c, change_person(c, JIA), &register_wage, &A_INT(202611), &k));
			OK(change_say(c, k, &A_INT(wages[i].want)));
		}
		assert_int_equal(change_prepare(c), wages[i].left != NULL ? ERR_OK : ERR_CONFLICT);
		err_clear();
		if (wages[i].left == NULL)
			continue;
		OK(store_write(w.store, apply_fn, c));
		ask("SELECT wage_fen || ':' || filing_no FROM wage ORDER BY version", &got);
		assert_string_equal(buf_cstr(&got), wages[i].left);
	}
}

/* --- sealed columns, new persons, before and after --- */

static void say_detail(struct change *c, struct change_person *p, const char *text)
{
	struct change_key *k;
	OK(change_key(c, p, &register_detail, NULL, &k));
	change_replaces(k, NULL);
	OK(change_say(c, k, &A_BLOB(span_str(text))));
}

static void test_sealed(void **state)
{
	static const struct {
		const char *say;
		bool any;
	} texts[] = {{"first", true}, {"first", false}, {"second", true}};
	AUTO_BUF(got, 4096);
	(void)state;
	stand("");
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		AUTO(change) c = NULL;
		struct change_verdict v;
		begin(i > 0 ? 2 : 0, &c);
		say_detail(c, change_person(c, JIA), texts[i].say);
		OK(change_judge(c, change_person(c, JIA), &v));
		assert_int_equal(v.any, texts[i].any);
		OK(change_prepare(c));
		OK(store_write(w.store, apply_fn, c));
		sql("UPDATE person_detail SET filing_no = 'F1' WHERE filing_no = 'F3'");
	}
	ask("SELECT version || ':' || (valid_to > 0) FROM person_detail ORDER BY version", &got);
	assert_string_equal(buf_cstr(&got), "1:1 2:0");
	ask("SELECT COUNT(*) FROM person_detail WHERE instr(detail_sealed, 'first') + instr(detail_sealed, 'second') > 0",
	    &got);
	assert_string_equal(buf_cstr(&got), "0");
}

static void new_person(struct change *c, const char *digest, struct change_person **ret_p)
{
	struct change_key *k;
	const struct sql_arg v[] = {A_TEXT("丙"), A_TEXT("430102199003079914"), A_BLOB(span_str(digest)),
	                            A_TEXT("13000000001"), A_INT(7)};
	OK(change_person_new(c, ret_p));
	OK(change_key(c, *ret_p, &register_person, NULL, &k));
	OK(change_say(c, k, v));
	OK(change_key(c, *ret_p, &register_enrolment, &A_TEXT("210"), &k));
	OK(change_say(c, k, (const struct sql_arg[]){A_INT(1), A_INT(202611), A_INT(0), A_TEXT("A")}));
}

static void test_new_persons(void **state)
{
	AUTO(change) c = NULL;
	AUTO(change) rival = NULL;
	AUTO_BUF(got, 4096);
	struct change_person *p, *q;
	struct person person;
	(void)state;
	stand("");
	begin(0, &c);
	begin(0, &rival);
	new_person(c, "digest-one", &p);
	new_person(c, "digest-two", &q);
	new_person(rival, "digest-two", &q);
	assert_string_equal(change_person_no(p), "");
	OK(change_prepare(c));
	OK(change_prepare(rival));
	OK(store_write(w.store, apply_fn, c));
	OK(person_get(&w.desk, change_person_no(p), &person));
	assert_string_equal(person.id_number, "430102199003079914");
	assert_string_equal(person.mobile, "13000000001");
	assert_int_equal(store_write(w.store, apply_fn, rival), ERR_CONFLICT);
	err_clear();
	ask("SELECT COUNT(*) FROM enrolment WHERE ins = '210'", &got);
	assert_string_equal(buf_cstr(&got), "2");
}

static enum err note_line(const struct change_line *l, void *ctx)
{
	buf_printf(ctx, "%s.%s ", l->reg->rows->name, l->column->name);
	if (l->column->kind == SQL_INT)
		buf_printf(ctx, "%lld>%lld;", l->was != NULL ? (long long)l->was->i : -1,
		           l->is != NULL ? (long long)l->is->i : -1);
	return buf_err(ctx);
}

static void test_slip(void **state)
{
	AUTO(change) c = NULL;
	AUTO_BUF(got, 4096);
	struct change_key *k;
	(void)state;
	stand("1/202611-0:F1");
	sql("INSERT INTO wage VALUES ('" UNIT "', '" JIA "', 202611, 1, 8000, 'F1', 5)");
	begin(2, &c);
	want(c, "1/202610-0");
	OK(change_key(c, change_person(c, JIA), &register_wage, &A_INT(202610), &k));
	OK(change_say(c, k, &A_INT(9000)));
	OK(change_prepare(c));
	OK(change_slip(c, note_line, &got));
	assert_string_equal(buf_cstr(&got),
	                    "wage.wage_fen 8000>0;enrolment.from_month 202611>202610;wage.wage_fen -1>9000;");
}

/* Columns of every register are in the order that change.c takes them in. */
static void test_registers(void **state)
{
	(void)state;
	for (const struct register_table *const *r = registers_all; *r != NULL; r++) {
		const struct log_column *c = (*r)->rows->columns;
		size_t n = 0, at = register_writer(*r);
		while (c[n].name != NULL)
			n++;
		assert_int_equal(register_columns(*r), n);
		assert_int_equal(strlen((*r)->rows->key), (*r)->keys + (*r)->versions);
		assert_string_equal(c[(*r)->person].name, "person_no");
		if ((*r)->unit >= 0)
			assert_string_equal(c[(*r)->unit].name, "unit_no");
		if (!(*r)->versions)
			continue;
		assert_string_equal(c[register_version(*r)].name, "version");
		assert_string_equal(c[at].name, "filing_no");
		if ((*r)->ends) {
			assert_string_equal(c[at + 2].name, "valid_to");
			assert_string_equal(c[at + 3].name, "closed_by");
		}
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_table),  T(test_conflicts),   T(test_runs_again), T(test_wages),
	                                   T(test_sealed), T(test_new_persons), T(test_slip),       T(test_registers)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
