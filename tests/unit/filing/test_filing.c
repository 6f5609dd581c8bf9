/* A filing on a real database: the honest way and everything that must not work. */
#include "world.h"
#include "evidence/log.h"
#include "server/filing/filing_i.h"
#include "server/filing/filing_log.h"

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
	(void)snprintf(s->text + at, sizeof(s->text) - at, "%s>%s(%s%s) ", filing_act_name(e->act),
	               filing_state_name(e->to), e->name, e->rule);
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
	assert_int_equal(world_effects(w, no), 0);
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
	assert_int_equal(world_effects(w, no), 1);
	OK(filing_events(&w->d, &f, tell, &s));
	assert_string_equal(
		s.text,
		"save>draft(测试经办人甲) submit>submitted(测试经办人甲) accept>accepted(系统accept-on-review) "
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
	/* acceptance is an act of its own here */
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->reviewer), ERR_STATE);
	OK(world_bulk(w, FACT_ACCEPT, no, &w->reviewer));
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	assert_int_equal(world_get(w, no).state, FILING_REVIEW2);
	assert_int_equal(world_effects(w, no), 0);
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->reviewer), ERR_SAME_PERSON);
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer2));
	assert_int_equal(world_effects(w, no), 1);
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
	assert_int_equal(filing_get(&w->d, no, &w->stranger.who, &f), ERR_FILING_ABSENT);
	assert_int_equal(world_submit(w, no, &w->stranger), ERR_FILING_ABSENT);
	assert_int_equal(world_submit(w, no, &w->reviewer), ERR_FILING_ABSENT);
	json_t *rows = json_array();
	assert_int_equal(filing_rows_set(&w->d, no, world_get(w, no).version, &w->stranger.who, rows, &version),
	                 ERR_FILING_ABSENT);
	json_decref(rows);
	assert_int_equal(filing_draft_new(&w->d, "Q01", &w->reviewer.who, other), ERR_FILER_KIND);
	assert_int_equal(filing_draft_new(&w->d, "P01", &w->operator.who, other), ERR_FILER_KIND);
	assert_int_equal(filing_draft_new(&w->d, "Z99", &w->operator.who, other), ERR_ABSENT);
	assert_int_equal(filing_get(&w->d, "430100Q0120261122999", &w->operator.who, &f), ERR_FILING_ABSENT);
	OK(world_submit(w, no, &w->operator));
	assert_int_equal(world_withdraw(w, no, &w->stranger), ERR_FILING_ABSENT);
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->clerk), ERR_ROLE);
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->operator), ERR_ROLE);
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->far), ERR_FILING_ABSENT);
	assert_int_equal(filing_get(&w->d, no, &w->far.who, &f), ERR_FILING_ABSENT);
	assert_int_equal(world_return(w, no, &w->far), ERR_FILING_ABSENT);
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
	static const struct {
		const char *district, *region;
		bool covers;
	} rows[] = {
		{"430100", "430104", true}, {"430100", "430181", true},  {"430000", "430104", true},
		{"430104", "430104", true}, {"430104", "430102", false}, {"430200", "430104", false},
		{"", "430104", false},      {"430104", "430100", false}, {"000000", "430104", false},
		{"4301", "430104", false},
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
	/* not shown to him */
	assert_int_equal(filing_sign(&w->d, &w->colleague.who, &wrong, NULL, NULL), ERR_CONFLICT);
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
	assert_int_equal(world_effects(w, no), 1);
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
	assert_int_equal(world_effects(w, no), 0);
	assert_int_equal(world_counter(w, "test-log"), logged);
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	assert_int_equal(world_effects(w, no), 1);
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
	assert_int_equal(filing_correct(&w->d, old, &w->stranger.who, no), ERR_FILING_ABSENT);
	OK(filing_correct(&w->d, old, &w->operator.who, no));
	assert_int_equal(filing_correct(&w->d, old, &w->operator.who, third), ERR_EXISTS);
	err_clear();
	assert_int_equal(world_get(w, no).rows, 2);
	world_rows(w, no, 1);
	OK(filing_submit_text(&w->d, no, &w->operator.who, &text));
	assert_int_equal(strncmp(buf_cstr(&text), "YINXIN-1 FILING-CORRECT\n", 24), 0);
	OK(world_text_sign(w, &w->operator, & text));
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
	assert_int_equal(filing_work_end(&w->d, sunday + 40000, 10), sunday + 13 * DAY); /* Friday 4 December */
	assert_int_equal(filing_term_end(&w->d, sunday + 40000, 15), sunday + 16 * DAY); /* Monday 7 December */
	assert_int_equal(filing_term_end(&w->d, sunday + 40000, 14), sunday + 16 * DAY); /* a Sunday moves on */
	w->d.is_working_day = thursdays;
	assert_int_equal(filing_work_end(&w->d, sunday, 2), sunday + 12 * DAY);
	assert_int_equal(filing_term_end(&w->d, sunday, 5), sunday + 12 * DAY);
}

/* --- lists --- */

static enum err count_row(const struct filing *f, void *ctx)
{
	(void)f;
	(*(size_t *)ctx)++;
	return ERR_OK;
}

static size_t listed(const struct world *w, const struct filing_who *who, int state)
{
	size_t n = 0;
	OK(filing_list(&w->d, who, state, 100, 0, count_row, &n));
	return n;
}

static size_t queued(const struct world *w, const struct filing_who *who, int state)
{
	size_t n = 0;
	OK(filing_queue(&w->d, who, state, 100, 0, count_row, &n));
	return n;
}

static void test_lists(void **state)
{
	struct world *w = *state;
	char a[FILING_NO_MAX + 1], b[FILING_NO_MAX + 1];
	size_t n = 0;
	world_draft(w, "Q01", 1, a);
	world_draft(w, "Q01", 1, b);
	OK(world_submit(w, a, &w->operator));
	struct filing_who alone = w->operator.who; /* what his unit filed is not his own */
	alone.unit_no = "";
	const struct {
		size_t (*list)(const struct world *w, const struct filing_who *who, int state);
		const struct filing_who *who;
		int state;
		size_t n;
	} rows[] = {
		{listed, &w->colleague.who, 0, 2},
		{listed, &w->operator.who, FILING_SUBMITTED, 1},
		{listed, &w->operator.who, FILING_DRAFT, 1},
		{listed, &w->operator.who, FILING_DONE, 0},
		{listed, &w->stranger.who, 0, 0},
		{listed, &alone, 0, 0},
		{listed, &alone, FILING_SUBMITTED, 0},
		{queued, &w->reviewer.who, 0, 1},
		{queued, &w->reviewer.who, FILING_SUBMITTED, 1},
		{queued, &w->reviewer.who, FILING_DRAFT, 0},
		{queued, &w->far.who, 0, 0},
		{queued, &w->far.who, FILING_SUBMITTED, 0},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].list(w, rows[i].who, rows[i].state) != rows[i].n)
			fail_msg("list %zu", i);
	assert_int_equal(filing_queue(&w->d, &w->operator.who, 0, 100, 0, count_row, &n), ERR_ROLE);
	assert_int_equal(filing_list(&w->d, &w->reviewer.who, 0, 100, 0, count_row, &n), ERR_DENIED);
	err_clear();
}

/* --- whose certificate is good when an act arrives --- */

struct judge {
	struct world *w;
	enum err now, proved;
	int asked;
	int64_t arrived;
};

static enum err act_judge(void *ctx, const struct cert *c, int64_t arrived, struct buf *ret_status)
{
	struct judge *j = ctx;
	assert_non_null(c);
	j->asked++;
	j->arrived = arrived;
	if (j->now != ERR_OK)
		return err_raise(j->now, __FILE__, __LINE__, "as ordered");
	buf_str(ret_status, "the answer");
	return buf_err(ret_status);
}

static enum err act_proved(void *ctx, const struct cert *c, int64_t arrived, struct span status)
{
	const struct judge *j = ctx;
	assert_non_null(c);
	assert_true(span_eq_str(status, "the answer") && arrived > 0);
	return j->proved == ERR_OK ? ERR_OK : err_raise(j->proved, __FILE__, __LINE__, "as ordered");
}

static void judged_by(struct world *w, struct judge *j)
{
	w->o.desk.act_judge = act_judge;
	w->o.desk.act_proved = act_proved;
	w->o.desk.act_ctx = j;
	filing_log_connect(&w->d);
}

struct entry_look {
	const char *no, *kind;
	int n;
	int64_t time;
};

static enum err entry_row(const struct log_entry *e, void *ctx)
{
	struct entry_look *l = ctx;
	if (strcmp(e->kind, l->kind) == 0) {
		assert_true(e->pending && span_eq_str(e->ocsp, "the answer"));
		l->time = e->time;
		l->n++;
	}
	return ERR_OK;
}

static enum err entry_fn(struct tx *tx, void *arg)
{
	struct entry_look *l = arg;
	return log_entries_of(tx, l->no, entry_row, l);
}

/* Every act of a person: refused, or waiting, and nothing has changed; else the answer is in its entry, of the same
 * time. */
static void test_judged(void **state)
{
	static const enum err refusals[] = {ERR_CERT_SUSPENDED, ERR_CERT_REVOKED, ERR_CERT_CHAIN, ERR_STATUS_AWAY};
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	struct judge j = {.w = w};
	judged_by(w, &j);
	world_draft(w, "Q01", 1, no);
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		j.now = refusals[i];
		assert_int_equal(world_submit(w, no, &w->operator), refusals[i]);
		assert_int_equal(world_get(w, no).state, FILING_DRAFT);
	}
	j.now = ERR_OK;
	OK(world_submit(w, no, &w->operator));
	struct entry_look look = {no, "FILING-SUBMIT", 0, 0};
	OK(store_read(w->o.store, entry_fn, &look));
	assert_int_equal(look.n, 1);
	assert_int_equal(look.time, j.arrived);
	j.now = ERR_CERT_SUSPENDED;
	int asked = j.asked;
	assert_int_equal(world_withdraw(w, no, &w->operator), ERR_CERT_SUSPENDED);
	assert_int_equal(world_return(w, no, &w->reviewer), ERR_CERT_SUSPENDED);
	assert_int_equal(world_refuse(w, no, &w->reviewer), ERR_CERT_SUSPENDED);
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->reviewer), ERR_CERT_SUSPENDED);
	assert_int_equal(j.asked - asked, 4);
	assert_int_equal(world_get(w, no).state, FILING_SUBMITTED);
}

/* Taken in before on an older word: it is not passed, and can be sent back. */
static void test_evidence(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	struct judge j = {.w = w};
	judged_by(w, &j);
	world_draft(w, "Q02", 1, no);
	OK(world_submit(w, no, &w->operator));
	j.proved = ERR_CERT_SUSPENDED;
	assert_int_equal(world_bulk(w, FACT_ACCEPT, no, &w->reviewer), ERR_EVIDENCE);
	assert_int_equal(world_get(w, no).state, FILING_SUBMITTED);
	j.proved = ERR_OK;
	OK(world_bulk(w, FACT_ACCEPT, no, &w->reviewer));
	j.proved = ERR_CERT_REVOKED;
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->reviewer), ERR_EVIDENCE);
	assert_int_equal(world_get(w, no).state, FILING_ACCEPTED);
	OK(world_return(w, no, &w->reviewer));
	assert_int_equal(world_get(w, no).state, FILING_RETURNED);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {T(test_story),       T(test_two_steps), T(test_persons),
	                                   T(test_districts),   T(test_statement), T(test_again_is_the_same),
	                                   T(test_faults_stop), T(test_versions),  T(test_effect_fails),
	                                   T(test_correction),  T(test_timers),    T(test_terms),
	                                   T(test_lists),       T(test_judged),    T(test_evidence)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
