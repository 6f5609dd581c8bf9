/* The state machine: the table against the drawing, and every state by every act on a real store. */
#include "world.h"

/* rows: from; columns: save submit withdraw accept return approve refuse expire correct; a letter is the state it leads
 * to,
 * "." is not permitted. D draft S submitted A accepted 2 review2 E done R returned W withdrawn X refused V void C
 * corrected */
static const char letters[] = "?DSA2ERWXVC";
static const char *const drawing[FILING_STATE_COUNT] = {
	[FILING_DRAFT] = "DS.....V.",     [FILING_SUBMITTED] = "..WA..X..", [FILING_ACCEPTED] = "....RE...",
	[FILING_REVIEW2] = "....RE...",   [FILING_DONE] = "........C",      [FILING_RETURNED] = "RS.....V.",
	[FILING_WITHDRAWN] = "WS.....V.", [FILING_REFUSED] = ".........",   [FILING_VOID] = ".........",
	[FILING_CORRECTED] = ".........",
};

static void test_table(void **state)
{
	(void)state;
	for (enum filing_state s = FILING_DRAFT; s < FILING_STATE_COUNT; s++)
		for (enum filing_act_kind a = FACT_SAVE; a < FACT_COUNT; a++) {
			enum filing_state to = 0;
			enum filing_by by;
			char want = drawing[s][a - FACT_SAVE];
			bool may = filing_next(s, a, 0, &to, &by);
			if (may != (want != '.') || (may && letters[to] != want))
				fail_msg("%s %s", filing_state_name(s), filing_act_name(a));
		}
	enum filing_state to = 0;
	enum filing_by by;
	assert_true(filing_next(FILING_ACCEPTED, FACT_APPROVE, 1, &to, &by));
	assert_int_equal(to, FILING_REVIEW2);
	assert_int_equal(by, BY_OFFICER);
	assert_false(filing_next(0, FACT_SAVE, 0, &to, &by));
	assert_false(filing_next(FILING_STATE_COUNT, FACT_SAVE, 0, &to, &by));
}

static void test_names(void **state)
{
	(void)state;
	for (enum filing_state s = FILING_DRAFT; s < FILING_STATE_COUNT; s++)
		assert_true(strlen(filing_state_name(s)) > 2 && strlen(filing_state_zh(s)) > 5);
	for (enum filing_act_kind a = FACT_SAVE; a < FACT_COUNT; a++)
		assert_true(strlen(filing_act_name(a)) > 3 && strlen(filing_act_zh(a)) > 5);
	assert_string_equal(filing_state_name(99), "unknown");
	assert_string_equal(filing_act_name(99), "unknown");
}

/* --- on the store, with Q02: acceptance is signed, two steps --- */

static void tick_at(struct world *w, int64_t days)
{
	size_t done;
	office_move_clock(&w->o, days * DAY);
	OK(filing_tick(&w->d, &done));
	office_move_clock(&w->o, 0);
}

/* Brings a fresh filing into the state by permitted acts alone. */
static void bring(struct world *w, enum filing_state s, char no[FILING_NO_MAX + 1])
{
	char next[FILING_NO_MAX + 1];
	world_draft(w, "Q02", 2, no);
	if (s == FILING_DRAFT)
		return;
	if (s == FILING_VOID) {
		tick_at(w, 40);
		return;
	}
	OK(world_submit(w, no, &w->operator));
	if (s == FILING_WITHDRAWN)
		OK(world_withdraw(w, no, &w->operator));
	else if (s == FILING_REFUSED)
		OK(world_refuse(w, no, &w->reviewer));
	if (s == FILING_SUBMITTED || s == FILING_WITHDRAWN || s == FILING_REFUSED)
		return;
	OK(world_bulk(w, FACT_ACCEPT, no, &w->reviewer));
	if (s == FILING_RETURNED)
		OK(world_return(w, no, &w->reviewer));
	if (s == FILING_ACCEPTED || s == FILING_RETURNED)
		return;
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	if (s == FILING_REVIEW2)
		return;
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer2));
	if (s == FILING_DONE)
		return;
	OK(filing_correct(&w->d, no, &w->operator.who, next));
	OK(world_submit(w, next, &w->operator));
	OK(world_bulk(w, FACT_ACCEPT, next, &w->reviewer));
	OK(world_bulk(w, FACT_APPROVE, next, &w->reviewer));
	OK(world_bulk(w, FACT_APPROVE, next, &w->reviewer2));
}

static enum err try_act(struct world *w, const char *no, enum filing_act_kind a)
{
	struct filing f = world_get(w, no);
	int64_t version;
	json_t *form = json_pack("{s:s}", "period", "202612");
	enum err e = ERR_OK;
	switch (a) {
	case FACT_SAVE:
		e = filing_draft_save(&w->d, no, f.version, &w->operator.who, form, &version);
		break;
	case FACT_SUBMIT:
		e = world_submit(w, no, &w->operator);
		break;
	case FACT_WITHDRAW:
		e = world_withdraw(w, no, &w->operator);
		break;
	case FACT_ACCEPT:
	case FACT_APPROVE:
		e = world_bulk(w, a, no, f.state == FILING_REVIEW2 ? &w->reviewer2 : &w->reviewer);
		break;
	case FACT_RETURN:
		e = world_return(w, no, f.state == FILING_REVIEW2 ? &w->reviewer2 : &w->reviewer);
		break;
	case FACT_REFUSE:
		e = world_refuse(w, no, &w->reviewer);
		break;
	case FACT_EXPIRE:
		tick_at(w, 60);
		e = world_get(w, no).state == f.state ? ERR_STATE : ERR_OK;
		break;
	default:
		e = ERR_STATE; /* a correction is never asked for directly */
	}
	json_decref(form);
	return e;
}

static void test_every_state_by_every_act(void **state)
{
	struct world *w = *state;
	for (enum filing_state s = FILING_DRAFT; s < FILING_STATE_COUNT; s++)
		for (enum filing_act_kind a = FACT_SAVE; a < FACT_CORRECT; a++) {
			char no[FILING_NO_MAX + 1];
			char want = drawing[s][a - FACT_SAVE];
			bring(w, s, no);
			struct filing before = world_get(w, no);
			if (before.state != s)
				fail_msg("brought to %s, not %s", filing_state_name(before.state),
				         filing_state_name(s));
			enum err e = try_act(w, no, a);
			struct filing after = world_get(w, no);
			char got = letters[after.state];
			/* Q02 has a second step: the first approval leads there. */
			if (s == FILING_ACCEPTED && a == FACT_APPROVE)
				want = '2';
			/* What nobody has sent is not there for an officer. */
			bool officers = a == FACT_ACCEPT || a == FACT_APPROVE || a == FACT_RETURN || a == FACT_REFUSE;
			enum err no_way = officers && before.submit_sm3[0] == 0 ? ERR_FILING_ABSENT : ERR_STATE;
			if (want == '.' ? e != no_way || after.version != before.version || after.state != s
			                : e != ERR_OK || got != want)
				fail_msg("%s %s: %s, now %s", filing_state_name(s), filing_act_name(a), err_name(e),
				         filing_state_name(after.state));
			err_clear();
		}
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_names),
	                                   cmocka_unit_test_setup_teardown(test_every_state_by_every_act, setup,
	                                                                   teardown)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
