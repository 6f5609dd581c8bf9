/* A filing on a real database: the honest way and everything that must not work. */
#include "world.h"
#include "server/filing/filing_i.h"
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

static int setup(void **state)
{
	static struct world w;
	world_open(&w);
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	world_close(*state);
	return 0;
}

static int64_t effects(struct world *w, const char *no)
{
	AUTO_BUF(key, 64);
	buf_printf(&key, "effect-%s", no);
	return world_counter(w, buf_cstr(&key));
}

/* --- the story: filed, returned, corrected, approved --- */

struct story {
	char text[2000];
	int64_t last;
};

static enum err tell(const struct filing_event *e, void *ctx)
{
	struct story *s = ctx;
	size_t at = strlen(s->text);
	assert_int_equal(e->seq, ++s->last);
	assert_true((e->rule[0] != 0) == (e->person_id[0] == 0));
	assert_true((strlen(e->statement_sm3) == 64) == (e->person_id[0] != 0 && e->act != FACT_SAVE));
	(void)snprintf(s->text + at, sizeof s->text - at, "%s>%s(%s%s) ", filing_act_name(e->act), filing_state_name(e->to),
		       e->name, e->rule);
	if (e->act == FACT_RETURN)
		assert_string_equal(e->opinion, "第1行:缺劳动合同\n第2行:姓名与证件不一致");
	return ERR_OK;
}

static void test_story(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	struct story s = {0};
	world_draft(w, "Q01", 3, no);
	assert_int_equal(strncmp(no, "430100Q01", 9), 0);
	OK(world_submit(w, no, &w->operator));
	assert_int_equal(effects(w, no), 0);
	OK(world_return(w, no, &w->reviewer));
	assert_true(world_get(w, no).expires > clock_now(w->o.clock) + 14 * DAY);
	world_rows(w, no, 2);
	OK(world_submit(w, no, &w->colleague));
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	struct filing f = world_get(w, no);
	assert_int_equal(f.state, FILING_DONE);
	assert_int_equal(f.rows, 2);
	assert_int_equal(f.expires, 0);
	assert_string_equal(f.person_id, "430100000024");
	assert_int_equal(effects(w, no), 1);
	OK(filing_events(&w->d, &f, tell, &s));
	assert_string_equal(s.text, "save>draft(测试经办人甲) submit>submitted(测试经办人甲) accept>accepted(系统accept-on-review) "
		"return>returned(测试审核员甲) submit>submitted(测试经办人乙) accept>accepted(系统accept-on-review) approve>done(测试审核员甲) ");
	assert_int_equal(world_counter(w, "test-log"), 6); /* every transition, the opening draft is none */
}

static void test_two_steps(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1], plain[FILING_NO_MAX + 1];
	int64_t version;
	world_draft(w, "Q02", 1, no);
	OK(world_submit(w, no, &w->operator));
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->reviewer), ERR_STATE); /* acceptance is an act of its own here */
	OK(world_bulk(w, FACT_ACCEPT, no, &w->reviewer));
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	assert_int_equal(world_get(w, no).state, FILING_REVIEW2);
	assert_int_equal(effects(w, no), 0);
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->reviewer), ERR_SAME_PERSON);
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer2));
	assert_int_equal(effects(w, no), 1);
	/* without the note the second review is left out */
	world_draft(w, "Q02", 1, plain);
	json_t *form = json_pack("{s:s}", "period", "202611");
	OK(filing_draft_save(&w->d, plain, world_get(w, plain).version, &w->operator.who, form, &version));
	json_decref(form);
	OK(world_submit(w, plain, &w->operator));
	OK(world_bulk(w, FACT_ACCEPT, plain, &w->reviewer));
	OK(world_bulk(w, FACT_APPROVE, plain, &w->reviewer));
	assert_int_equal(world_get(w, plain).state, FILING_DONE);
}

/* --- who may not --- */

static void test_persons(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1], other[FILING_NO_MAX + 1];
	struct filing f;
	int64_t version;
	world_draft(w, "Q01", 1, no);
	assert_int_equal(filing_get(&w->d, no, &w->stranger.who, &f), ERR_DENIED);
	assert_int_equal(world_submit(w, no, &w->stranger), ERR_DENIED);
	assert_int_equal(world_submit(w, no, &w->reviewer), ERR_DENIED);
	json_t *rows = json_array();
	assert_int_equal(filing_rows_set(&w->d, no, world_get(w, no).version, &w->stranger.who, rows, &version), ERR_DENIED);
	json_decref(rows);
	assert_int_equal(filing_draft_new(&w->d, "Q01", &w->reviewer.who, other), ERR_FILER_KIND);
	assert_int_equal(filing_draft_new(&w->d, "P01", &w->operator.who, other), ERR_FILER_KIND);
	assert_int_equal(filing_draft_new(&w->d, "Z99", &w->operator.who, other), ERR_ABSENT);
	assert_int_equal(filing_get(&w->d, "430100Q0120261122999", &w->operator.who, &f), ERR_FILING_ABSENT);
	OK(world_submit(w, no, &w->operator));
	assert_int_equal(world_withdraw(w, no, &w->stranger), ERR_DENIED);
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->clerk), ERR_ROLE);
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->operator), ERR_ROLE);
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->far), ERR_DISTRICT);
	assert_int_equal(filing_get(&w->d, no, &w->far.who, &f), ERR_DISTRICT);
	assert_int_equal(world_return(w, no, &w->far), ERR_DISTRICT);
	/* an officer who is the filer's own person */
	struct member twin = w->reviewer;
	twin.who.person_id = w->operator.who.person_id;
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &twin), ERR_SAME_PERSON);
	err_clear();
	OK(unit_set_frozen(&w->o.desk, "10000016", true));
	assert_int_equal(filing_draft_new(&w->d, "Q01", &w->operator.who, other), ERR_L_FROZEN);
	err_clear();
}

static void test_districts(void **state)
{
	static const struct { const char *district, *region; bool covers; } rows[] = {
		{"430100", "430104", true}, {"430100", "430181", true}, {"430000", "430104", true}, {"430104", "430104", true},
		{"430104", "430102", false}, {"430200", "430104", false}, {"", "430104", false}, {"430104", "430100", false},
		{"000000", "430104", false}, {"4301", "430104", false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (filing_district_covers(rows[i].district, rows[i].region) != rows[i].covers)
			fail_msg("%s %s", rows[i].district, rows[i].region);
}

/* --- the statement --- */

static void test_statement(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	struct sm2_sig sig;
	AUTO_BUF(text, STATEMENT_LONG_MAX);
	AUTO_BUF(forged, STATEMENT_LONG_MAX);
	world_draft(w, "Q01", 2, no);
	OK(filing_submit_text(&w->d, no, &w->operator.who, &text));
	assert_non_null(strstr(buf_cstr(&text), "row.2: 证件号码="));
	assert_non_null(strstr(buf_cstr(&text), "form: 所属期=202611;说明=加急\n"));
	struct act_parts parts = world_sign(&w->operator, buf_span(&text), &sig);
	/* somebody else's session, somebody else's key */
	assert_int_equal(filing_sign(&w->d, &w->colleague.who, &parts, NULL, NULL), ERR_L_OTHER_KEY);
	struct act_parts wrong = world_sign(&w->colleague, buf_span(&text), &sig);
	assert_int_equal(filing_sign(&w->d, &w->colleague.who, &wrong, NULL, NULL), ERR_CONFLICT); /* not shown to him */
	parts = world_sign(&w->operator, buf_span(&text), &sig);
	sig.b[5] ^= 1;
	assert_int_equal(filing_sign(&w->d, &w->operator.who, &parts, NULL, NULL), ERR_SIG);
	sig.b[5] ^= 1;
	/* another content in the same form */
	buf_str(&forged, buf_cstr(&text));
	uint8_t *at = memmem(forged.ptr, forged.len, "8000.00", 7);
	assert_non_null(at);
	*at = '9';
	struct sm2_sig sig2;
	struct act_parts changed = world_sign(&w->operator, buf_span(&forged), &sig2);
	assert_int_equal(filing_sign(&w->d, &w->operator.who, &changed, NULL, NULL), ERR_CONFLICT);
	/* shown, then saved once more */
	world_rows(w, no, 3);
	assert_int_equal(filing_sign(&w->d, &w->operator.who, &parts, NULL, NULL), ERR_CONFLICT);
	/* shown too long ago */
	buf_clear(&text);
	OK(filing_submit_text(&w->d, no, &w->operator.who, &text));
	parts = world_sign(&w->operator, buf_span(&text), &sig);
	office_move_clock(&w->o, FILING_TEXT_VALID_SEC + 2);
	assert_int_equal(filing_sign(&w->d, &w->operator.who, &parts, NULL, NULL), ERR_CONFLICT);
	office_move_clock(&w->o, 0);
	assert_int_equal(filing_submit(&w->d, "430100Q0120261122999", &w->operator.who, &parts), ERR_STATEMENT);
	err_clear();
	assert_int_equal(world_get(w, no).state, FILING_DRAFT);
	OK(filing_submit(&w->d, no, &w->operator.who, &parts));
}

static void test_again_is_the_same(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	struct sm2_sig sig, sig2;
	AUTO_BUF(text, STATEMENT_LONG_MAX);
	AUTO_BUF(approve, STATEMENT_MAX);
	world_draft(w, "Q01", 2, no);
	OK(filing_submit_text(&w->d, no, &w->operator.who, &text));
	struct act_parts parts = world_sign(&w->operator, buf_span(&text), &sig);
	OK(filing_sign(&w->d, &w->operator.who, &parts, NULL, NULL));
	struct filing f = world_get(w, no);
	OK(filing_sign(&w->d, &w->operator.who, &parts, NULL, NULL));
	const char *nos[] = {no};
	OK(filing_bulk_text(&w->d, FACT_APPROVE, nos, 1, &w->reviewer.who, "", &approve));
	struct act_parts act = world_sign(&w->reviewer, buf_span(&approve), &sig2);
	OK(filing_sign(&w->d, &w->reviewer.who, &act, NULL, NULL));
	/* long after, in another state, the same request has the same answer and does nothing */
	office_move_clock(&w->o, 3600);
	OK(filing_sign(&w->d, &w->operator.who, &parts, NULL, NULL));
	OK(filing_sign(&w->d, &w->reviewer.who, &act, NULL, NULL));
	office_move_clock(&w->o, 0);
	struct filing g = world_get(w, no);
	assert_int_equal(g.version, f.version + 2); /* accepted by rule, approved */
	assert_int_equal(effects(w, no), 1);
	assert_int_equal(world_counter(w, "test-log"), 3);
}

static void test_faults_stop(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	size_t n = 0;
	struct sm2_sig sig;
	AUTO_BUF(text, STATEMENT_LONG_MAX);
	world_draft(w, "Q01", 2, no);
	w->rule_faults = true;
	OK(filing_check(&w->d, no, &w->operator.who, NULL, NULL, &n));
	assert_int_equal(n, 1);
	assert_int_equal(world_submit(w, no, &w->operator), ERR_FAULTS);
	/* found only after it was shown */
	w->rule_faults = false;
	OK(filing_submit_text(&w->d, no, &w->operator.who, &text));
	struct act_parts parts = world_sign(&w->operator, buf_span(&text), &sig);
	w->rule_faults = true;
	assert_int_equal(filing_sign(&w->d, &w->operator.who, &parts, NULL, NULL), ERR_FAULTS);
	err_clear();
	assert_int_equal(world_get(w, no).state, FILING_DRAFT);
	/* good rows stay */
	size_t dropped = 0;
	int64_t version = 0;
	OK(filing_rows_keep_good(&w->d, no, world_get(w, no).version, &w->operator.who, &dropped, &version));
	assert_int_equal(dropped, 1);
	assert_int_equal(world_get(w, no).rows, 1);
	w->rule_faults = false;
	OK(world_submit(w, no, &w->operator));
}

static void test_versions(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	int64_t version = 0;
	world_draft(w, "Q01", 1, no);
	struct filing f = world_get(w, no);
	json_t *form = json_pack("{s:s}", "period", "202612");
	OK(filing_draft_save(&w->d, no, f.version, &w->operator.who, form, &version));
	assert_int_equal(version, f.version + 1);
	assert_int_equal(filing_draft_save(&w->d, no, f.version, &w->colleague.who, form, &version), ERR_CONFLICT);
	json_decref(form);
	err_clear();
	/* rows survived the form, the form survived the rows */
	AUTO_JSON c = NULL;
	struct filing g = world_get(w, no);
	OK(filing_content(&w->d, &g, &c));
	assert_int_equal(json_array_size(json_object_get(c, "rows")), 1);
	assert_string_equal(json_str_or(json_object_get(c, "form"), "period", ""), "202612");
	AUTO_JSON old = NULL;
	assert_int_equal(filing_content(&w->d, &f, &old), ERR_CONFLICT);
	err_clear();
}

/* --- effects --- */

static void test_effect_fails(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	world_draft(w, "Q01", 1, no);
	OK(world_submit(w, no, &w->operator));
	int64_t logged = world_counter(w, "test-log");
	w->effect_fails = 1;
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->reviewer), ERR_IO);
	err_clear();
	assert_int_equal(world_get(w, no).state, FILING_SUBMITTED);
	assert_int_equal(effects(w, no), 0);
	assert_int_equal(world_counter(w, "test-log"), logged);
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	assert_int_equal(effects(w, no), 1);
}

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
	assert_int_equal(filing_bulk_text(&w->d, FACT_APPROVE, doubled, 2, &w->reviewer.who, "", &text), ERR_FIELD_VALUE);
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
		assert_int_equal(effects(w, nos[i]), i == 7 ? 0 : 1);
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
			a[i] = (struct approver){.w = w, .m = i % 2 == 0 ? &w->reviewer : &w->reviewer2, .no = no,
				.text = buf_make(STATEMENT_MAX), .start = &start};
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
		assert_int_equal(effects(w, no), 1);
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
		memcpy(all[i * 25], n[i].no, sizeof n[i].no);
	}
	qsort(all, N * 25, sizeof all[0], by_text);
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

/* --- correction --- */

static void test_correction(void **state)
{
	struct world *w = *state;
	char old[FILING_NO_MAX + 1], no[FILING_NO_MAX + 1], third[FILING_NO_MAX + 1];
	AUTO_BUF(text, STATEMENT_LONG_MAX);
	world_draft(w, "Q01", 2, old);
	assert_int_equal(filing_correct(&w->d, old, &w->operator.who, no), ERR_STATE);
	OK(world_submit(w, old, &w->operator));
	OK(world_bulk(w, FACT_APPROVE, old, &w->reviewer));
	assert_int_equal(filing_correct(&w->d, old, &w->stranger.who, no), ERR_DENIED);
	OK(filing_correct(&w->d, old, &w->operator.who, no));
	assert_int_equal(filing_correct(&w->d, old, &w->operator.who, third), ERR_EXISTS);
	err_clear();
	assert_int_equal(world_get(w, no).rows, 2);
	world_rows(w, no, 1);
	OK(filing_submit_text(&w->d, no, &w->operator.who, &text));
	assert_int_equal(strncmp(buf_cstr(&text), "YINXIN-1 FILING-CORRECT\n", 24), 0);
	OK(world_text_sign(w, &w->operator, &text));
	assert_int_equal(world_get(w, old).state, FILING_DONE);
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	struct filing f = world_get(w, old);
	assert_int_equal(f.state, FILING_CORRECTED);
	assert_string_equal(f.corrected_by, no);
	assert_int_equal(f.rows, 2);
	assert_string_equal(world_get(w, no).corrects, old);
	assert_int_equal(filing_correct(&w->d, old, &w->operator.who, third), ERR_STATE);
	err_clear();
	OK(filing_correct(&w->d, no, &w->operator.who, third));
}

/* --- timers --- */

static void test_timers(void **state)
{
	struct world *w = *state;
	char draft[FILING_NO_MAX + 1], returned[FILING_NO_MAX + 1];
	size_t done;
	world_draft(w, "Q01", 1, draft);
	world_draft(w, "Q01", 1, returned);
	OK(world_submit(w, returned, &w->operator));
	OK(world_return(w, returned, &w->reviewer));
	struct filing f = world_get(w, returned);
	/* saving does not prolong the time for corrections */
	world_rows(w, returned, 2);
	assert_int_equal(world_get(w, returned).expires, f.expires);
	int64_t left = f.expires - clock_now(w->o.clock);
	assert_true(left > 15 * DAY - 1 && left <= 26 * DAY);
	office_move_clock(&w->o, left - 5);
	OK(filing_tick(&w->d, &done));
	assert_int_equal(done, 0);
	office_move_clock(&w->o, left + 1);
	OK(filing_tick(&w->d, &done));
	assert_int_equal(done, 1);
	assert_int_equal(world_get(w, returned).state, FILING_VOID);
	assert_int_equal(world_get(w, draft).state, FILING_DRAFT);
	office_move_clock(&w->o, 45 * DAY);
	OK(filing_tick(&w->d, &done));
	assert_int_equal(done, 1);
	assert_int_equal(world_get(w, draft).state, FILING_VOID);
	OK(filing_tick(&w->d, &done));
	assert_int_equal(done, 0);
}

static bool thursdays(void *ctx, int64_t day)
{
	(void)ctx;
	return ((day + 8 * 3600) / 86400 + 4) % 7 == 4;
}

static void test_terms(void **state)
{
	struct world *w = *state;
	int64_t sunday;
	OK(text_date(SPAN_LIT("2026-11-22"), &sunday));
	/* the starting day is not counted; days end at midnight */
	assert_int_equal(filing_work_end(&w->d, sunday + 40000, 1), sunday + 2 * DAY);
	assert_int_equal(filing_work_end(&w->d, sunday + 40000, 10), sunday + 13 * DAY);   /* Friday 4 December */
	assert_int_equal(filing_term_end(&w->d, sunday + 40000, 15), sunday + 16 * DAY);   /* Monday 7 December */
	assert_int_equal(filing_term_end(&w->d, sunday + 40000, 14), sunday + 16 * DAY);   /* a Sunday moves on */
	w->d.is_working_day = thursdays;
	assert_int_equal(filing_work_end(&w->d, sunday, 2), sunday + 12 * DAY);
	assert_int_equal(filing_term_end(&w->d, sunday, 5), sunday + 12 * DAY);
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
	OK(world_text_sign(w, &w->operator, &text));
	int64_t t3 = clock_mono_ms();
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	print_message("# %zu octets; save %lld ms, check and text %lld ms, submit %lld ms, approve %lld ms\n", text.len,
		      (long long)(t1 - t0), (long long)(t2 - t1), (long long)(t3 - t2), (long long)(clock_mono_ms() - t3));
	assert_int_equal(world_get(w, no).state, FILING_DONE);
	json_t *rows = json_array();
	for (int i = 0; i < 1001; i++)
		(void)json_array_append_new(rows, json_object());
	world_draft(w, "Q01", 1, no);
	int64_t version;
	assert_int_equal(filing_rows_set(&w->d, no, world_get(w, no).version, &w->operator.who, rows, &version), ERR_LIMIT);
	err_clear();
	json_decref(rows);
}

/* --- at rest, and after a kill --- */

static void search(struct world *w, const char *file, const char *needle)
{
	char path[300];
	AUTO_BUF(bytes, 64 << 20);
	(void)snprintf(path, sizeof path, "%s/%s", w->o.dir, file);
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
	(void)snprintf(db, sizeof db, "%s/yinxin.db", w->o.dir);
	if (store_open(db, SHARE_DIR "/sql", 2, &w->o.store) != ERR_OK)
		_exit(2);
	w->o.desk.store = w->o.store;
	enum err e = filing_sign(&w->d, &w->reviewer.who, act, NULL, NULL);
	_exit(write(out, &e, sizeof e) == sizeof e ? 0 : 1);
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
		assert_int_equal(effects(w, nos[i]), is_done ? 1 : 0);
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
	(void)snprintf(db, sizeof db, "%s/yinxin.db", w->o.dir);
	store_close(w->o.store);
	OK(store_open(db, SHARE_DIR "/sql", 2, &w->o.store));
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
		assert_int_equal(effects(w, nos[i]), 1);
	}
}

/* --- lists --- */

static enum err count_row(const struct filing *f, void *ctx)
{
	(void)f;
	(*(size_t *)ctx)++;
	return ERR_OK;
}

static void test_lists(void **state)
{
	struct world *w = *state;
	char a[FILING_NO_MAX + 1], b[FILING_NO_MAX + 1];
	size_t n = 0;
	world_draft(w, "Q01", 1, a);
	world_draft(w, "Q01", 1, b);
	OK(world_submit(w, a, &w->operator));
	OK(filing_list(&w->d, &w->colleague.who, 0, 100, 0, count_row, &n));
	assert_int_equal(n, 2);
	n = 0;
	OK(filing_list(&w->d, &w->operator.who, FILING_SUBMITTED, 100, 0, count_row, &n));
	assert_int_equal(n, 1);
	n = 0;
	OK(filing_list(&w->d, &w->stranger.who, 0, 100, 0, count_row, &n));
	assert_int_equal(n, 0);
	OK(filing_queue(&w->d, &w->reviewer.who, 0, 100, 0, count_row, &n));
	assert_int_equal(n, 1);
	n = 0;
	OK(filing_queue(&w->d, &w->far.who, 0, 100, 0, count_row, &n));
	assert_int_equal(n, 0);
	assert_int_equal(filing_queue(&w->d, &w->operator.who, 0, 100, 0, count_row, &n), ERR_ROLE);
	assert_int_equal(filing_list(&w->d, &w->reviewer.who, 0, 100, 0, count_row, &n), ERR_DENIED);
	err_clear();
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_story), T(test_two_steps), T(test_persons), T(test_districts), T(test_statement),
		T(test_again_is_the_same), T(test_faults_stop), T(test_versions), T(test_effect_fails), T(test_bulk),
		T(test_two_officers_at_once), T(test_numbers_are_unique), T(test_draft_limit), T(test_correction), T(test_timers),
		T(test_terms), T(test_thousand), T(test_at_rest_sealed), T(test_killed_between), T(test_lists)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
