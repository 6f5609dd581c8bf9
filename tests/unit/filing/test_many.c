/* Filings in number: bulk acts, officers at the same moment, numbers, limits, a thousand rows, and a process that is
 * killed. */
#include "world.h"
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

/* --- many at once --- */

struct results {
	size_t good, bad;
	enum err last;
};

static enum err count_result(const char *no, enum err e, void *ctx)
{
	struct results *r = ctx;
	assert_true(no[0] != 0);
	r->good += e == ERR_OK;
	r->bad += e != ERR_OK;
	if (e != ERR_OK)
		r->last = e;
	return ERR_OK;
}

static void test_bulk(void **state)
{
	enum { N = 20 };
	struct world *w = *state;
	static char nos[N][FILING_NO_MAX + 1];
	const char *list[N];
	struct results r = {0};
	struct sm2_sig sig;
	AUTO_BUF(text, STATEMENT_MAX);
	for (size_t i = 0; i < N; i++) {
		world_draft(w, "Q01", 1, nos[i]);
		OK(world_submit(w, nos[i], &w->operator));
		list[i] = nos[i];
	}
	assert_int_equal(filing_bulk_text(&w->d, FACT_APPROVE, list, 0, &w->reviewer.who, "", &text), ERR_FIELD_VALUE);
	const char *doubled[] = {nos[0], nos[0]};
	assert_int_equal(filing_bulk_text(&w->d, FACT_APPROVE, doubled, 2, &w->reviewer.who, "", &text),
	                 ERR_FIELD_VALUE);
	assert_int_equal(filing_bulk_text(&w->d, FACT_REFUSE, list, N, &w->reviewer.who, "", &text), ERR_FIELD_VALUE);
	err_clear();
	OK(filing_bulk_text(&w->d, FACT_APPROVE, list, N, &w->reviewer.who, "", &text));
	struct act_parts act = world_sign(&w->reviewer, buf_span(&text), &sig);
	/* one of them changes between showing and signing */
	OK(world_withdraw(w, nos[7], &w->operator));
	OK(filing_sign(&w->d, &w->reviewer.who, &act, count_result, &r));
	assert_int_equal(r.good, N - 1);
	assert_int_equal(r.bad, 1);
	assert_int_equal(r.last, ERR_CONFLICT);
	assert_int_equal(world_get(w, nos[7]).state, FILING_WITHDRAWN);
	assert_int_equal(world_get(w, nos[8]).state, FILING_DONE);
	/* again: the same answers */
	struct results again = {0};
	OK(filing_sign(&w->d, &w->reviewer.who, &act, count_result, &again));
	assert_int_equal(again.good, N - 1);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(world_effects(w, nos[i]), i == 7 ? 0 : 1);
}

struct approver {
	struct world *w;
	const struct member *m;
	const char *no;
	struct act_parts act;
	struct sm2_sig sig;
	struct buf text;
	enum err e;
	pthread_barrier_t *start;
};

static void *approve(void *arg)
{
	struct approver *a = arg;
	(void)pthread_barrier_wait(a->start);
	a->e = filing_sign(&a->w->d, &a->m->who, &a->act, NULL, NULL);
	return NULL;
}

/* Two officers, and one of them twice, at the same moment: one wins, the other is told, nothing happens twice. */
static void test_two_officers_at_once(void **state)
{
	struct world *w = *state;
	for (int round = 0; round < 15; round++) {
		char no[FILING_NO_MAX + 1];
		struct approver a[4];
		pthread_t t[4];
		pthread_barrier_t start;
		const char *nos[] = {no};
		world_draft(w, "Q01", 1, no);
		OK(world_submit(w, no, &w->operator));
		(void)pthread_barrier_init(&start, NULL, 4);
		for (int i = 0; i < 4; i++) {
			a[i] = (struct approver){.w = w,
			                         .m = i % 2 == 0 ? &w->reviewer : &w->reviewer2,
			                         .no = no,
			                         .text = buf_make(STATEMENT_MAX),
			                         .start = &start};
			if (i < 2)
				OK(filing_bulk_text(&w->d, FACT_APPROVE, nos, 1, &a[i].m->who, "", &a[i].text));
			else
				buf_put(&a[i].text, buf_span(&a[i - 2].text));
			a[i].act = world_sign(a[i].m, buf_span(&a[i].text), &a[i].sig);
		}
		for (int i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&t[i], NULL, approve, &a[i]), 0);
		for (int i = 0; i < 4; i++)
			(void)pthread_join(t[i], NULL);
		bool first = a[0].e == ERR_OK;
		for (int i = 0; i < 4; i++) {
			bool won = (i % 2 == 0) == first;
			if (won ? a[i].e != ERR_OK : a[i].e != ERR_CONFLICT && a[i].e != ERR_STATE)
				fail_msg("thread %d: %s", i, err_name(a[i].e));
			buf_done(&a[i].text);
		}
		assert_int_equal(world_effects(w, no), 1);
		assert_int_equal(world_get(w, no).state, FILING_DONE);
		(void)pthread_barrier_destroy(&start);
	}
}

struct numberer {
	struct world *w;
	char no[25][FILING_NO_MAX + 1];
};

static void *number(void *arg)
{
	struct numberer *n = arg;
	for (size_t i = 0; i < 25; i++)
		OK(filing_draft_new(&n->w->d, "Q01", &n->w->operator.who, n->no[i]));
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void test_numbers_are_unique(void **state)
{
	enum { N = 6 };
	static struct numberer n[N];
	static char all[N * 25][FILING_NO_MAX + 1];
	pthread_t t[N];
	for (int i = 0; i < N; i++) {
		n[i].w = *state;
		assert_int_equal(pthread_create(&t[i], NULL, number, &n[i]), 0);
	}
	for (int i = 0; i < N; i++) {
		(void)pthread_join(t[i], NULL);
		memcpy(all[i * 25], n[i].no, sizeof(n[i].no));
	}
	qsort(all, N * 25, sizeof(all[0]), by_text);
	for (size_t i = 1; i < N * 25; i++)
		assert_string_not_equal(all[i - 1], all[i]);
	assert_int_equal(strlen(all[0]), 20);
}

static void test_draft_limit(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	for (int i = 0; i < FILING_DRAFTS_MAX; i++)
		OK(filing_draft_new(&w->d, "Q01", &w->operator.who, no));
	assert_int_equal(filing_draft_new(&w->d, "Q01", &w->operator.who, no), ERR_LIMIT);
	err_clear();
	OK(filing_draft_new(&w->d, "Q01", &w->stranger.who, no));
}

/* --- a thousand rows --- */

static void test_thousand(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	AUTO_BUF(text, STATEMENT_LONG_MAX);
	AUTO(statement) s = NULL;
	AUTO(statement) again = NULL;
	int64_t t0 = clock_mono_ms();
	world_draft(w, "Q01", 1000, no);
	int64_t t1 = clock_mono_ms();
	OK(filing_submit_text(&w->d, no, &w->operator.who, &text));
	int64_t t2 = clock_mono_ms();
	OK(statement_parse(buf_span(&text), &s));
	assert_int_equal(statement_count(s, "row"), 1000);
	assert_true(text.len > STATEMENT_MAX / 4);
	OK(statement_parse(statement_text(s), &again));
	assert_true(span_eq(statement_text(s), statement_text(again)));
	OK(world_text_sign(w, &w->operator, & text));
	int64_t t3 = clock_mono_ms();
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	print_message("# %zu octets; save %lld ms, check and text %lld ms, submit %lld ms, approve %lld ms\n", text.len,
	              (long long)(t1 - t0), (long long)(t2 - t1), (long long)(t3 - t2),
	              (long long)(clock_mono_ms() - t3));
	assert_int_equal(world_get(w, no).state, FILING_DONE);
	json_t *rows = json_array();
	for (int i = 0; i < 1001; i++)
		(void)json_array_append_new(rows, json_object());
	world_draft(w, "Q01", 1, no);
	int64_t version;
	assert_int_equal(filing_rows_set(&w->d, no, world_get(w, no).version, &w->operator.who, rows, &version),
	                 ERR_LIMIT);
	err_clear();
	json_decref(rows);
}

/* --- at rest, and after a kill --- */

static void search(struct world *w, const char *file, const char *needle)
{
	char path[300];
	AUTO_BUF(bytes, 64 << 20);
	(void)snprintf(path, sizeof(path), "%s/%s", w->o.dir, file);
	if (file_read(path, &bytes) == ERR_OK)
		assert_null(memmem(bytes.ptr, bytes.len, needle, strlen(needle)));
	err_clear();
}

static void test_at_rest_sealed(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	static const char *const secrets[] = {"4301021990", "测试职工A", "8000.00", "缺劳动合同", "YINXIN-1 FILING"};
	world_draft(w, "Q01", 3, no);
	OK(world_submit(w, no, &w->operator));
	OK(world_return(w, no, &w->reviewer));
	store_close(w->o.store);
	w->o.store = NULL;
	for (size_t i = 0; i < COUNT_OF(secrets); i++) {
		search(w, "yinxin.db", secrets[i]);
		search(w, "yinxin.db-wal", secrets[i]);
	}
}

/* A process that approves filing after filing is killed: what it acknowledged is done, and every filing is done wholly
 * or not at all; the rest can be approved with the same statement. */
static void approve_and_tell(struct world *w, const struct act_parts *act, int out)
{
	char db[240];
	store_close(w->o.store);
	(void)snprintf(db, sizeof(db), "%s/yinxin.db", w->o.dir);
	if (store_open(db, SQL_DIR, 2, &w->o.store) != ERR_OK)
		_exit(2);
	w->o.desk.store = w->o.store;
	enum err e = filing_sign(&w->d, &w->reviewer.who, act, NULL, NULL);
	_exit(write(out, &e, sizeof(e)) == sizeof(e) ? 0 : 1);
}

/* Each filing wholly done or not at all; how many are. */
static size_t whole(struct world *w, char (*nos)[FILING_NO_MAX + 1], size_t n)
{
	size_t done = 0;
	for (size_t i = 0; i < n; i++) {
		struct filing f = world_get(w, nos[i]);
		bool is_done = f.state == FILING_DONE;
		done += is_done;
		assert_true(is_done || f.state == FILING_SUBMITTED);
		assert_int_equal(world_effects(w, nos[i]), is_done ? 1 : 0);
	}
	return done;
}

static void test_killed_between(void **state)
{
	enum { N = 40 };
	struct world *w = *state;
	static char nos[N][FILING_NO_MAX + 1];
	const char *list[N];
	struct sm2_sig sig;
	char db[240];
	AUTO_BUF(text, STATEMENT_MAX);
	for (size_t i = 0; i < N; i++) {
		world_draft(w, "Q01", 1, nos[i]);
		OK(world_submit(w, nos[i], &w->operator));
		list[i] = nos[i];
	}
	OK(filing_bulk_text(&w->d, FACT_APPROVE, list, N, &w->reviewer.who, "", &text));
	struct act_parts act = world_sign(&w->reviewer, buf_span(&text), &sig);
	/* no thread of ours holds the database while there are two processes */
	(void)snprintf(db, sizeof(db), "%s/yinxin.db", w->o.dir);
	store_close(w->o.store);
	OK(store_open(db, SQL_DIR, 2, &w->o.store));
	w->o.desk.store = w->o.store;
	/* a little later each time, so that one of them is cut in the middle on a fast and on a slow machine */
	for (int round = 0; round < 12; round++) {
		int ends[2];
		assert_int_equal(pipe(ends), 0);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			approve_and_tell(w, &act, ends[1]);
		(void)usleep(12000 + 4000 * (unsigned)round);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		(void)close(ends[0]);
		(void)close(ends[1]);
		print_message("# round %d: %zu of %d done\n", round, whole(w, nos, N), N);
	}
	OK(filing_sign(&w->d, &w->reviewer.who, &act, NULL, NULL));
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(world_get(w, nos[i]).state, FILING_DONE);
		assert_int_equal(world_effects(w, nos[i]), 1);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_bulk),     T(test_two_officers_at_once), T(test_numbers_are_unique), T(test_draft_limit),
		T(test_thousand), T(test_at_rest_sealed),       T(test_killed_between)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
