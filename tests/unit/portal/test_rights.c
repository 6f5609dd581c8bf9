/* Who opens a case of the desk: every address of one, in every state, by every role of this district and another.
 * Whoever has no part in it gets the answer of a number that nobody has. A look beyond is asked for with a reason, and
 * logged. */
#include "site.h"
#include "evidence/log.h"
#include "evidence/statement.h"

#define NOWHERE "430100T0120990101999"

static void dates(struct site *s, char *ret, size_t cap)
{
	AUTO_BUF(from, 16);
	AUTO_BUF(to, 16);
	int64_t now = clock_now(s->o.clock);
	text_date_cn(&from, now - DAY);
	text_date_cn(&to, now + 100 * DAY);
	(void)snprintf(ret, cap, "&letter_from=%s&letter_to=%s", buf_cstr(&from), buf_cstr(&to));
}

/* Of unit A, district 430104, opened by its clerk. */
static void open_case(struct site *s, char ret_no[40])
{
	char form[600] = "profile=unit&unit_no=10000016&uscc=91430100MAYYYY016Y&holder=%E6%B5%8B%E8%AF%95%E7%94%B2"
			 "&id_number=430102199003079914&mobile=13000000001&letter_no=W-1&years=1";
	dates(s, form + strlen(form), sizeof(form) - strlen(form));
	site_log_in_staff(s, &s->o.clerk, ROLE_CLERK, "/desk/new");
	assert_int_equal(browser_post_form(&s->b, "/desk/new", form), 303);
	(void)snprintf(ret_no, 40, "%s", strrchr(browser_head(&s->b, "Location: "), '/') + 1);
}

struct move {
	const char *no;
	enum case_state to;
};

static enum err move_tx(struct tx *tx, void *arg)
{
	const struct move *m = arg;
	for (int from = CASE_DRAFT; from < CASE_STATE_COUNT; from++)
		for (int version = 1; version < 40; version++) {
			int64_t changed = 0;
			TRY(tx_exec(tx, "case_step_state",
			            SQL_ARGS(A_TEXT(m->no), A_INT(version), A_INT(from), A_INT(m->to),
			                     A_INT(1795316645)),
			            &changed));
			if (changed == 1)
				return ERR_OK;
		}
	return ERR(INTERNAL, "nothing moved");
}

static void bring_to(struct site *s, const char *no, enum case_state to)
{
	struct move m = {no, to};
	OK(store_write(s->o.store, move_tx, &m));
}

/* --- people --- */

enum {
	D = 1 << CASE_DRAFT,
	A = 1 << CASE_ACCEPTED,
	P = 1 << CASE_APPROVED,
	M = 1 << CASE_MAKING,
	I = 1 << CASE_ISSUED,
	F = 1 << CASE_DONE,
	R = 1 << CASE_RETURNED,
	N = 1 << CASE_REFUSED,
	V = 1 << CASE_VOID,
	ALL = D | A | P | M | I | F | R | N | V
};
static const struct who {
	const char *id, *what;
	unsigned roles, sees; /* states in which the case is his to open */
} people[] = {
	{"P000003", "the clerk who opened it", ROLE_CLERK, ALL},
	{"P000013", "a clerk next to him", ROLE_CLERK, D | R},
	{"P000013", "a clerk who also reviews", ROLE_CLERK | ROLE_REVIEWER, D | R | A | P | M},
	{"P000004", "a reviewer of the whole city", ROLE_REVIEWER, A | P | M},
	{"P000014", "a reviewer of the district", ROLE_REVIEWER, A | P | M},
	{"P000014", "a reviewer whom the roster does not make a clerk", ROLE_CLERK | ROLE_REVIEWER, A | P | M},
	{"P000005", "a maker", ROLE_MAKER, P | M | I},
	{"P000015", "another maker", ROLE_MAKER, P | M | I},
	{"P000023", "another district's clerk", ROLE_CLERK, 0},
	{"P000024", "another district's reviewer", ROLE_REVIEWER, 0},
	{"P000025", "another district's maker", ROLE_MAKER, 0},
	{"P000099", "somebody who is no longer on the roster", ROLE_CLERK | ROLE_REVIEWER | ROLE_MAKER, 0},
};

static void log_in(struct site *s, const struct who *w)
{
	struct desk_person p = s->o.clerk;
	p.id = w->id;
	p.name = w->what;
	site_session(s, &p, w->roles);
	(void)browser_get(&s->b, "/"); /* for the form token */
}

/* --- addresses --- */

static const struct address {
	bool post;
	unsigned roles; /* by the table of addresses; others are refused whatever there is */
	const char *tail, *body;
} addresses[] = {
	{false, ROLE_DESK, "", NULL},
	{false, ROLE_DESK, "/slip", NULL},
	{false, ROLE_DESK, "/receipt", NULL},
	{false, ROLE_CLERK, "/edit", NULL},
	{true, ROLE_DESK, "/text", "{\"step\":\"accept\"}"},
	{true, ROLE_DESK, "/text", "{\"step\":\"approve\"}"},
	{true, ROLE_DESK, "/text", "{\"step\":\"make\"}"},
	{true, ROLE_DESK, "/text", "{\"step\":\"return\",\"opinion\":\"x\"}"},
	{true, ROLE_DESK, "/text", "{\"step\":\"refuse\",\"opinion\":\"x\"}"},
	{true, ROLE_DESK, "/act",
         "{\"step\":\"approve\",\"statement\":\"x\",\"signature\":\"eA==\",\"cert\":\"eA==\"}"},
	{true, ROLE_MAKER, "/born", "{\"card\":\"YX1\",\"key\":\"04\",\"csr\":\"eA==\",\"attestation\":\"eA==\"}"},
	{true, ROLE_MAKER, "/parcel", "{}"},
	{true, ROLE_MAKER, "/installed", "{\"cert_serial\":\"01\"}"},
};

static int ask(struct site *s, const struct address *a, const char *no, char code[16])
{
	char uri[200];
	json_t *body = NULL;
	(void)snprintf(uri, sizeof(uri), "/desk/cases/%s%s", no, a->tail);
	code[0] = 0;
	if (a->post) {
		OK(json_parse(span_str(a->body), &body));
		(void)browser_post_json(&s->b, uri, body);
	} else {
		(void)browser_get_json(&s->b, uri);
	}
	if (s->b.status >= 400)
		(void)snprintf(code, 16, "%s", browser_error(&s->b));
	return s->b.status;
}

static void try_all(struct site *s, const struct who *w, const char *no, enum case_state state)
{
	bool gone = w->id[5] == '9'; /* no longer on the roster: no role, whatever he asks for */
	bool sees = (w->sees & 1u << state) != 0;
	char code[16], other[16];
	for (size_t i = 0; i < COUNT_OF(addresses); i++) {
		const struct address *a = &addresses[i];
		int status = ask(s, a, no, code);
		if (gone   ? strcmp(code, "C-013") != 0
		    : sees ? strcmp(code, "C-024") == 0
		           : strcmp(code, "C-024") != 0 && (status != 403 || (w->roles & a->roles) != 0))
			fail_msg("%s, %s, %s %s: %d %s", w->what, case_state_name(state), a->tail,
			         a->post ? a->body : "", status, code);
		/* Without a part in it: what a number that nobody has would give. */
		if (!sees && (ask(s, a, NOWHERE, other) != status || strcmp(code, other) != 0))
			fail_msg("%s, %s, %s: %s, but %s for none", w->what, case_state_name(state), a->tail, code,
			         other);
	}
	/* A maker's page shows the signed approval, which this test's cases have not got. */
	bool bare = (w->roles & ROLE_MAKER) != 0 && (state == CASE_APPROVED || state == CASE_ISSUED);
	int want = gone ? 403 : sees && !bare ? 200 : 404;
	if (ask(s, &addresses[0], no, code) != want)
		fail_msg("%s, %s: %d %s", w->what, case_state_name(state), s->b.status, code);
}

static void listed(struct site *s, const struct who *w, const char *no, enum case_state state)
{
	char uri[80];
	int64_t n = 0;
	bool sees = (w->sees & 1u << state) != 0;
	(void)snprintf(uri, sizeof(uri), "/desk?state=%s", case_state_name(state));
	assert_int_equal(browser_get_json(&s->b, uri), 200);
	if (browser_says(&s->b, no) != sees)
		fail_msg("%s, %s: the list", w->what, case_state_name(state));
	AUTO_JSON v = browser_json(&s->b);
	const json_t *f;
	size_t i;
	json_array_foreach(json_object_get(v, "filters"), i, f)
		n += json_int_or(f, "count", 0);
	if (n != (sees ? 2 : 0)) /* in all of them and in its own */
		fail_msg("%s, %s: %lld counted", w->what, case_state_name(state), (long long)n);
}

static void test_scope(void **state)
{
	struct site *s = *state;
	char no[40];
	open_case(s, no);
	for (enum case_state c = CASE_DRAFT; c < CASE_STATE_COUNT; c++) {
		bring_to(s, no, c);
		for (size_t i = 0; i < COUNT_OF(people); i++) {
			log_in(s, &people[i]);
			try_all(s, &people[i], no, c);
			if (people[i].id[5] != '9')
				listed(s, &people[i], no, c);
		}
	}
}

/* Who had a step keeps his sight of it, whatever became of it. */
static enum err set_reviewer(struct tx *tx, void *arg)
{
	return tx_exec(tx, "case_set_reviewer", SQL_ARGS(A_TEXT((const char *)arg), A_TEXT("P000014")), NULL);
}

static void test_who_had_a_step(void **state)
{
	struct site *s = *state;
	char no[40], code[16];
	open_case(s, no);
	OK(store_write(s->o.store, set_reviewer, no));
	for (enum case_state c = CASE_DRAFT; c < CASE_STATE_COUNT; c++) {
		bring_to(s, no, c);
		log_in(s, &people[4]);
		assert_int_equal(ask(s, &addresses[0], no, code), 200);
	}
}

/* One person with two roles: that he may not is said in every state, also where nobody could. */
static void test_same_person_in_every_state(void **state)
{
	struct site *s = *state;
	char no[40];
	open_case(s, no);
	struct cert_case c;
	const struct officer clerk = {"P000013", "x", "clerk", "01"}, reviewer = {"P000013", "x", "reviewer", "01"};
	AUTO_BUF(text, STATEMENT_MAX);
	OK(case_get(&s->o.desk, no, &c));
	for (enum case_state to = CASE_DRAFT; to < CASE_STATE_COUNT; to++) {
		bring_to(s, no, to);
		/* not his role: whatever the state */
		assert_int_equal(case_step_text(&s->o.desk, no, "approve", &clerk, NULL, &text), ERR_ROLE);
		assert_int_equal(case_step_text(&s->o.desk, no, "make", &clerk, NULL, &text), ERR_ROLE);
		assert_int_equal(case_step_text(&s->o.desk, no, "return", &clerk, "x", &text), ERR_ROLE);
		assert_int_equal(case_step_text(&s->o.desk, no, "refuse", &reviewer, "x", &text), ERR_ROLE);
		assert_int_equal(case_step_text(&s->o.desk, no, "accept", &reviewer, NULL, &text), ERR_ROLE);
		assert_int_equal(case_installed(&s->o.desk, no, &reviewer, "01"), ERR_ROLE);
		assert_int_equal(case_make_begin(&s->o.desk, no, &reviewer, "", "", SPAN_EMPTY, SPAN_EMPTY), ERR_ROLE);
		err_clear();
	}
}

/* --- a look beyond --- */

static enum err count_look(const struct log_entry *e, void *ctx)
{
	int *n = ctx;
	*n += strcmp(e->kind, "CASE-LOOK") == 0 && strcmp(e->rule, "session:P000023") == 0;
	return ERR_OK;
}

struct looks {
	char subject[60];
	int n;
};

static enum err looks_fn(struct tx *tx, void *arg)
{
	struct looks *l = arg;
	return log_entries_of(tx, l->subject, count_look, &l->n);
}

static void test_look(void **state)
{
	struct site *s = *state;
	struct looks l = {.n = 0};
	char no[40], form[200], uri[80];
	open_case(s, no);
	bring_to(s, no, CASE_DONE);
	(void)snprintf(l.subject, sizeof(l.subject), "look:%s", no);
	(void)snprintf(uri, sizeof(uri), "/desk/cases/%s", no);
	log_in(s, &people[8]);
	assert_int_equal(browser_get(&s->b, uri), 404);
	/* No reason, no look; and nothing by an address alone. */
	(void)snprintf(form, sizeof(form), "no=%s&reason=", no);
	assert_int_equal(browser_post_form(&s->b, "/desk/look", form), 422);
	OK(store_read(s->o.store, looks_fn, &l));
	assert_int_equal(l.n, 0);
	(void)snprintf(form, sizeof(form), "no=%s&reason=%%E6%%9D%%A5%%E7%%94%%B5%%E5%%92%%A8%%E8%%AF%%A2", no);
	assert_int_equal(browser_post_form(&s->b, "/desk/look", form), 200);
	assert_true(browser_says(&s->b, "办结") && browser_says(&s->b, "测试甲") && browser_says(&s->b, "来电咨询"));
	assert_false(browser_says(&s->b, "id=\"slip\"") || browser_says(&s->b, "id=\"sign\"") ||
	             browser_says(&s->b, "id=\"edit\""));
	OK(store_read(s->o.store, looks_fn, &l));
	assert_int_equal(l.n, 1);
	/* One look, one entry: afterwards it is as hidden as before. */
	assert_int_equal(browser_get(&s->b, uri), 404);
	assert_int_equal(browser_post_form(&s->b, "/desk/look", form), 200);
	l.n = 0;
	OK(store_read(s->o.store, looks_fn, &l));
	assert_int_equal(l.n, 2);
	assert_int_equal(browser_post_form(&s->b, "/desk/look", "no=" NOWHERE "&reason=x"), 404);
	/* Who is not on the roster looks at nothing. */
	log_in(s, &people[11]);
	assert_int_equal(browser_post_form(&s->b, "/desk/look", form), 403);
	/* The auditor finds who looked, at what, why. */
	const struct who auditor = {"P000030", "an auditor", ROLE_AUDITOR, 0};
	log_in(s, &auditor);
	assert_int_equal(browser_get(&s->b, "/audit"), 200);
	assert_true(browser_says(&s->b, no) && browser_says(&s->b, "来电咨询") && browser_says(&s->b, "P000023"));
	log_in(s, &people[8]);
	assert_int_equal(browser_get(&s->b, "/audit"), 403);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SITE(test_scope),
		WITH_SITE(test_who_had_a_step),
		WITH_SITE(test_same_person_in_every_state),
		WITH_SITE(test_look),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
