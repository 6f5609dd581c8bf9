/* The case's state machine on a real database: the honest way, and everything that must not work. */
#include "office.h"

static int setup(void **state)
{
	static struct office o;
	office_open(&o);
	office_unit(&o);
	*state = &o;
	return 0;
}

static int teardown(void **state)
{
	office_close(*state);
	return 0;
}

static void opened(struct office *o, char no[CASE_NO_MAX + 1])
{
	struct case_new in = office_application(o);
	OK(case_open(&o->desk, &in, &o->clerk.officer, no));
}

static enum case_state state_of(struct office *o, const char *no)
{
	struct cert_case c;
	OK(case_get(&o->desk, no, &c));
	return c.state;
}

static void approved(struct office *o, char no[CASE_NO_MAX + 1])
{
	opened(o, no);
	OK(office_step(o, no, &o->clerk, "accept"));
	OK(office_step(o, no, &o->reviewer, "approve"));
}

static void making(struct office *o, char no[CASE_NO_MAX + 1])
{
	struct born b;
	approved(o, no);
	office_birth(o, no, &b);
	OK(case_make_begin(&o->desk, no, &o->maker.officer, b.card, b.key_hex, buf_span(&b.csr), buf_span(&b.attest)));
	office_birth_done(&b);
}

/* --- opening: one row, one error --- */

struct open_row {
	enum err e;
	const char *field, *value;
};

static void spoil(struct office *o, struct case_new *in, const struct open_row *r)
{
	const struct {
		const char *name;
		const char **at;
	} fields[] = {{"profile", &in->profile}, {"unit_no", &in->unit_no}, {"uscc", &in->uscc},
	              {"holder", &in->holder},   {"id", &in->id_number},    {"mobile", &in->mobile},
	              {"letter", &in->letter_no}};
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (strcmp(fields[i].name, r->field) == 0)
			*fields[i].at = r->value;
	if (strcmp(r->field, "letter over") == 0)
		in->letter_to = clock_now(o->clock) - 2 * DAY;
	if (strcmp(r->field, "letter not yet") == 0)
		in->letter_from = clock_now(o->clock) + DAY;
	if (strcmp(r->field, "letter reversed") == 0)
		in->letter_to = in->letter_from - DAY;
	if (strcmp(r->field, "days") == 0)
		in->days = (int)strtol(r->value, NULL, 10);
}

static void test_open_table(void **state)
{
	struct office *o = *state;
	static const struct open_row rows[] = {
		{ERR_FIELD_VALUE, "profile", "staff"},
		{ERR_FIELD_MISSING, "profile", ""},
		{ERR_UNIT_NO, "unit_no", "1000001"},
		{ERR_UNIT_ABSENT, "unit_no", "43010024"},
		{ERR_USCC, "uscc", "91430100MAYYYY0160"},
		{ERR_UNIT_MISMATCH, "uscc", "92430102MAYYYY0409"},
		{ERR_FIELD_MISSING, "holder", ""},
		{ERR_LINE_TEXT, "holder", "甲\x1b乙"},
		{ERR_PRIVATE_USE, "holder", "甲\xee\x80\x80"},
		{ERR_ID_NUMBER, "id", "430102199003079915"},
		{ERR_FIELD_MISSING, "id", ""},
		{ERR_MOBILE, "mobile", "12900000000"},
		{ERR_LETTER, "letter", ""},
		{ERR_LETTER, "letter over", ""},
		{ERR_LETTER, "letter not yet", ""},
		{ERR_LETTER, "letter reversed", ""},
		{ERR_FIELD_VALUE, "days", "0"},
		{ERR_FIELD_VALUE, "days", "1826"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct case_new in = office_application(o);
		char no[CASE_NO_MAX + 1] = "untouched";
		spoil(o, &in, &rows[i]);
		assert_int_equal(case_open(&o->desk, &in, &o->clerk.officer, no), rows[i].e);
		assert_string_equal(no, "untouched");
	}
	int64_t counts[CASE_STATE_COUNT];
	OK(case_counts(&o->desk, &(struct case_scope){"P000003", "clerk", "430104"}, counts));
	assert_int_equal(counts[CASE_DRAFT], 0);
}

static void test_open_rules(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1], again[CASE_NO_MAX + 1];
	struct case_new in = office_application(o);
	opened(o, no);
	assert_int_equal(strncmp(no, "430100T01", 9), 0);
	assert_int_equal(case_open(&o->desk, &in, &o->clerk.officer, again), ERR_CASE_RUNNING);
	in.holder = "另一个名字";
	assert_int_equal(case_open(&o->desk, &in, &o->clerk.officer, again), ERR_UNIT_MISMATCH);
	in.holder = "测试经办人丁";
	in.id_number = "430104198506159922";
	/* that letter names another person */
	assert_int_equal(case_open(&o->desk, &in, &o->clerk.officer, again), ERR_LETTER);
	in.letter_no = "测委〔2026〕4号";
	in.unit_no = "";
	OK(case_open(&o->desk, &in, &o->clerk.officer, again));
	OK(unit_set_frozen(&o->desk, "10000016", true));
	in.letter_no = "测委〔2026〕5号";
	assert_int_equal(case_open(&o->desk, &in, &o->clerk.officer, again), ERR_L_FROZEN);
}

/* --- the honest way to the signer's door --- */

static enum err count_events(const struct case_event *e, void *ctx)
{
	(void)e;
	(*(int *)ctx)++;
	return ERR_OK;
}

static void test_honest(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1];
	struct cert_case c;
	struct issued parcel;
	int events = 0;
	making(o, no);
	assert_int_equal(case_parcel(&o->desk, no, &parcel), ERR_STATE);
	OK(office_step(o, no, &o->maker, "make"));
	OK(case_get(&o->desk, no, &c));
	assert_int_equal(c.state, CASE_MAKING);
	assert_true(c.make_signed);
	assert_string_equal(c.clerk, "P000003");
	assert_string_equal(c.reviewer, "P000004");
	assert_string_equal(c.maker, "P000005");
	OK(case_events(&o->desk, no, count_events, &events));
	assert_int_equal(events, 5);
	assert_int_equal(office_step(o, no, &o->maker, "make"), ERR_STATE); /* not twice */
}

/* The signer is down: the case stays where it was and can be asked again. */
static void test_signer_down(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1];
	AUTO(signer_client) nobody = NULL;
	making(o, no);
	OK(signer_client_new("/nonexistent/signer.sock", &nobody));
	struct desk d = o->desk;
	d.signer = nobody;
	assert_int_equal(case_issue(&d, no), ERR_STATE); /* the maker has not signed */
	OK(office_step(o, no, &o->maker, "make"));
	for (int i = 0; i < 2; i++)
		assert_int_equal(case_issue(&d, no), ERR_UNAVAILABLE);
	assert_int_equal(state_of(o, no), CASE_MAKING);
}

/* --- not the step's turn, not the person's --- */

static void test_turns(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1];
	struct desk_person both = o->clerk;
	both.officer.role = "reviewer";
	opened(o, no);
	assert_int_equal(office_step(o, no, &o->reviewer, "approve"), ERR_STATE);
	assert_int_equal(office_step(o, no, &o->maker, "make"), ERR_STATE);
	assert_int_equal(office_back(&o->desk, no, &o->reviewer, false, "缺公章"), ERR_STATE);
	OK(office_step(o, no, &o->clerk, "accept"));
	assert_int_equal(office_step(o, no, &o->clerk, "accept"), ERR_STATE);
	assert_int_equal(office_step(o, no, &both, "approve"), ERR_SAME_PERSON);
	assert_int_equal(office_back(&o->desk, no, &both, false, "缺公章"), ERR_SAME_PERSON);
	assert_int_equal(office_back(&o->desk, no, &o->clerk, false, "缺公章"), ERR_ROLE);
	assert_int_equal(office_back(&o->desk, no, &o->clerk, true, "不符"), ERR_STATE);
	OK(office_step(o, no, &o->reviewer, "approve"));
	struct born b;
	office_birth(o, no, &b);
	for (int i = 0; i < 2; i++) {
		struct officer by = i == 0 ? o->clerk.officer : o->reviewer.officer;
		by.role = "maker";
		assert_int_equal(case_make_begin(&o->desk, no, &by, b.card, b.key_hex, buf_span(&b.csr),
		                                 buf_span(&b.attest)),
		                 ERR_SAME_PERSON);
	}
	struct desk two = o->desk; /* the two-officer window: the acceptor may make */
	two.maker_may_accept = true;
	struct officer acceptor = o->clerk.officer;
	assert_int_equal(case_make_begin(&two, no, &acceptor, b.card, b.key_hex, buf_span(&b.csr), buf_span(&b.attest)),
	                 ERR_ROLE);
	acceptor.role = "maker";
	OK(case_make_begin(&two, no, &acceptor, b.card, b.key_hex, buf_span(&b.csr), buf_span(&b.attest)));
	office_birth_done(&b);
	assert_int_equal(case_get(&o->desk, "430100T0120990101001", &(struct cert_case){0}), ERR_CASE_ABSENT);
}

/* --- the statement that was shown, and no other --- */

static void test_shown(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1];
	struct sm2_sig sig;
	AUTO_BUF(text, STATEMENT_MAX);
	AUTO_BUF(again, STATEMENT_MAX);
	opened(o, no);
	OK(case_step_text(&o->desk, no, "accept", &o->clerk.officer, NULL, &text));
	OK(case_step_text(&o->desk, no, "accept", &o->clerk.officer, NULL, &again));
	assert_true(span_eq(buf_span(&text), buf_span(&again))); /* two tabs show the same */
	struct act_parts p = office_sign(&o->clerk, buf_span(&text), &sig);

	struct desk_person other = o->reviewer; /* signed by another than the session's */
	struct act_parts foreign = office_sign(&other, buf_span(&text), &sig);
	assert_int_equal(case_step_sign(&o->desk, no, "accept", &o->clerk.officer, &foreign), ERR_L_OTHER_KEY);
	p = office_sign(&o->clerk, buf_span(&text), &sig);
	sig.b[10] ^= 1;
	assert_int_equal(case_step_sign(&o->desk, no, "accept", &o->clerk.officer, &p), ERR_SIG);
	sig.b[10] ^= 1;
	text.ptr[text.len / 2] ^= 1;
	assert_int_equal(case_step_sign(&o->desk, no, "accept", &o->clerk.officer, &p), ERR_CONFLICT);
	text.ptr[text.len / 2] ^= 1;
	office_move_clock(o, CASE_TEXT_VALID_SEC + 60);
	assert_int_equal(case_step_sign(&o->desk, no, "accept", &o->clerk.officer, &p), ERR_CONFLICT);
	office_move_clock(o, 0);
	OK(case_step_sign(&o->desk, no, "accept", &o->clerk.officer, &p));
	assert_int_equal(case_step_sign(&o->desk, no, "accept", &o->clerk.officer, &p), ERR_STATE); /* replay */
}

/* The application changes between showing and signing: the old text is worthless. */
static void test_changed_meanwhile(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1];
	struct sm2_sig sig;
	struct case_new in = office_application(o);
	AUTO_BUF(text, STATEMENT_MAX);
	opened(o, no);
	OK(case_step_text(&o->desk, no, "accept", &o->clerk.officer, NULL, &text));
	struct act_parts p = office_sign(&o->clerk, buf_span(&text), &sig);
	in.days = 730;
	OK(case_revise(&o->desk, no, &in, &o->clerk.officer));
	assert_int_equal(case_step_sign(&o->desk, no, "accept", &o->clerk.officer, &p), ERR_CONFLICT);
	assert_int_equal(state_of(o, no), CASE_DRAFT);
}

static enum err edit_case(struct tx *tx, void *arg)
{
	return tx_exec(tx, "case_set_clerk", SQL_ARGS(A_TEXT(arg), A_TEXT("430100000099")), NULL);
}

static enum err edit_unit(struct tx *tx, void *arg)
{
	return tx_exec(tx, "unit_set_name", SQL_ARGS(A_TEXT(arg), A_TEXT("别的单位")), NULL);
}

/* A row that was edited in the database is not worked on: the act's entry would take the edit for good. */
static void test_edited(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1];
	struct case_new in = office_application(o);
	opened(o, no);
	OK(store_write(o->store, edit_case, no));
	assert_int_equal(office_step(o, no, &o->clerk, "accept"), ERR_LOG_DAMAGED);
	assert_int_equal(case_revise(&o->desk, no, &in, &o->clerk.officer), ERR_LOG_DAMAGED);
	assert_int_equal(office_back(&o->desk, no, &o->clerk, true, "材料不实"), ERR_LOG_DAMAGED);
	assert_int_equal(state_of(o, no), CASE_DRAFT);
	char unit_no[] = "10000016";
	OK(store_write(o->store, edit_unit, unit_no));
	assert_int_equal(unit_set_frozen(&o->desk, unit_no, true), ERR_LOG_DAMAGED);
	err_clear();
}

static void test_return_and_refuse(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1];
	struct case_new in = office_application(o);
	opened(o, no);
	OK(office_step(o, no, &o->clerk, "accept"));
	assert_int_equal(office_back(&o->desk, no, &o->reviewer, false, ""), ERR_FIELD_MISSING);
	OK(office_back(&o->desk, no, &o->reviewer, false, "授权委托书缺公章"));
	assert_int_equal(state_of(o, no), CASE_RETURNED);
	assert_int_equal(office_step(o, no, &o->clerk, "accept"), ERR_STATE);
	OK(case_revise(&o->desk, no, &in, &o->clerk.officer));
	assert_int_equal(state_of(o, no), CASE_DRAFT);
	OK(office_back(&o->desk, no, &o->clerk, true, "委托书已撤销"));
	assert_int_equal(case_revise(&o->desk, no, &in, &o->clerk.officer), ERR_STATE);
	opened(o, no); /* a refused case does not stand in the way of a new one */
}

/* Whether he may is asked before what was shown to whom, of the act as of its text: nothing about the case is told by
 * the order. */
static void test_return_right_first(void **state)
{
	struct office *o = *state;
	struct sm2_sig sig;
	char no[CASE_NO_MAX + 1];
	AUTO_BUF(text, STATEMENT_MAX);
	opened(o, no);
	OK(office_step(o, no, &o->clerk, "accept"));
	OK(case_step_text(&o->desk, no, "return", &o->reviewer.officer, "授权委托书缺公章", &text));
	struct act_parts parts = office_sign(&o->reviewer, buf_span(&text), &sig);
	assert_int_equal(case_step_sign(&o->desk, no, "return", &o->clerk.officer, &parts), ERR_ROLE);
	OK(case_step_sign(&o->desk, no, "return", &o->reviewer.officer, &parts));
}

/* Up to the issue there is a way back: an approval grown old, a card lost. What was made before is forgotten. */
static void test_return_from_making(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1];
	struct born b;
	struct cert_case c;
	struct case_new in = office_application(o);
	struct desk_person both = o->clerk;
	both.officer.role = "reviewer";
	approved(o, no);
	assert_int_equal(office_back(&o->desk, no, &both, false, "审批超期"), ERR_SAME_PERSON);
	office_birth(o, no, &b);
	OK(case_make_begin(&o->desk, no, &o->maker.officer, b.card, b.key_hex, buf_span(&b.csr), buf_span(&b.attest)));
	OK(office_back(&o->desk, no, &o->maker, false, "审批超期"));
	OK(case_revise(&o->desk, no, &in, &o->clerk.officer));
	OK(case_get(&o->desk, no, &c));
	assert_string_equal(c.card, "");
	assert_string_equal(c.key_hex, "");
	assert_string_equal(c.reviewer, "");
	assert_false(c.make_signed);
	OK(office_step(o, no, &o->clerk, "accept"));
	OK(office_step(o, no, &o->reviewer, "approve"));
	assert_int_equal(state_of(o, no), CASE_APPROVED);
	office_birth_done(&b);
}

/* The signer may have issued already when it does not answer: then there is no way back yet. */
static void test_no_return_while_unsure(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1];
	struct born b;
	approved(o, no);
	office_birth(o, no, &b);
	OK(case_make_begin(&o->desk, no, &o->maker.officer, b.card, b.key_hex, buf_span(&b.csr), buf_span(&b.attest)));
	OK(office_step(o, no, &o->maker, "make"));
	AUTO(signer_client) nobody = NULL;
	OK(signer_client_new("/nonexistent/signer.sock", &nobody));
	struct desk d = o->desk;
	d.signer = nobody;
	assert_int_equal(office_back(&d, no, &o->reviewer, false, "审批超期"), ERR_UNAVAILABLE);
	assert_int_equal(state_of(o, no), CASE_MAKING);
	office_birth_done(&b);
}

/* --- the born key --- */

static void test_birth(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1];
	struct born b, other;
	const struct officer *by = &o->maker.officer;
	approved(o, no);
	office_birth(o, no, &b);
	office_birth(o, no, &other);
	struct span csr = buf_span(&b.csr), attest = buf_span(&b.attest);
	assert_int_equal(case_make_begin(&o->desk, no, by, "YX26000099", b.key_hex, csr, attest), ERR_ATTEST);
	assert_int_equal(case_make_begin(&o->desk, no, by, b.card, other.key_hex, csr, attest), ERR_ATTEST);
	assert_int_equal(case_make_begin(&o->desk, no, by, b.card, b.key_hex, buf_span(&other.csr), attest),
	                 ERR_ATTEST);
	assert_int_equal(case_make_begin(&o->desk, no, by, b.card, b.key_hex, csr, buf_span(&other.attest)),
	                 ERR_ATTEST);
	assert_int_equal(case_make_begin(&o->desk, no, by, b.card, b.key_hex, span_sub(csr, 0, csr.len - 1), attest),
	                 ERR_DER);
	b.attest.ptr[90] ^= 1; /* the approval it was born for */
	assert_int_not_equal(case_make_begin(&o->desk, no, by, b.card, b.key_hex, csr, attest), ERR_OK);
	b.attest.ptr[90] ^= 1;
	OK(case_make_begin(&o->desk, no, by, b.card, b.key_hex, csr, attest));
	OK(case_make_begin(&o->desk, no, by, b.card, b.key_hex, csr, attest)); /* the answer was lost: again is fine */
	/* The card was pulled out before the maker signed: another one takes its place. */
	OK(case_make_begin(&o->desk, no, by, other.card, other.key_hex, buf_span(&other.csr), buf_span(&other.attest)));
	OK(office_step(o, no, &o->maker, "make"));
	assert_int_equal(case_make_begin(&o->desk, no, by, b.card, b.key_hex, csr, attest), ERR_STATE);
	office_birth_done(&b);
	office_birth_done(&other);
}

/* --- what is offered: by state, role and distinct persons; no page needs a rule of its own --- */

static const struct offer_row {
	enum case_state state;
	bool make_signed;
	const char *person, *roles, *want; /* person: "clerk" "reviewer" "maker" who did it, "new" */
} offer_rows[] = {
	{CASE_DRAFT, false, "clerk", "clerk", "accept revise refuse"},
	{CASE_DRAFT, false, "new", "reviewer,maker", ""},
	{CASE_ACCEPTED, false, "new", "reviewer", "approve return"},
	{CASE_ACCEPTED, false, "clerk", "clerk,reviewer", ""},
	{CASE_ACCEPTED, false, "new", "maker", ""},
	{CASE_APPROVED, false, "new", "maker", "born return"},
	{CASE_APPROVED, false, "reviewer", "reviewer", "return"},
	{CASE_APPROVED, false, "reviewer", "maker", "return"},
	{CASE_APPROVED, false, "clerk", "clerk,maker", ""},
	{CASE_MAKING, false, "maker", "maker", "make born return"},
	{CASE_MAKING, true, "maker", "maker", "issue return"},
	{CASE_MAKING, true, "clerk", "clerk", ""},
	{CASE_ISSUED, true, "new", "maker", "install"},
	{CASE_ISSUED, true, "new", "reviewer", ""},
	{CASE_RETURNED, false, "clerk", "clerk", "revise refuse"},
	{CASE_DONE, true, "maker", "clerk,reviewer,maker", ""},
	{CASE_REFUSED, false, "clerk", "clerk,reviewer,maker", ""},
	{CASE_VOID, false, "clerk", "clerk,reviewer,maker,auditor", ""},
	{CASE_DRAFT, false, "clerk", "", ""},
	{CASE_DRAFT, false, "clerk", "security", ""},
};

static void test_offers(void **state)
{
	struct office *o = *state;
	for (size_t i = 0; i < COUNT_OF(offer_rows); i++) {
		const struct offer_row *r = &offer_rows[i];
		struct cert_case c = {.state = r->state, .make_signed = r->make_signed, .clerk = "clerk"};
		struct case_offer v[CASE_OFFERS_MAX];
		size_t n;
		AUTO_BUF(got, 200);
		if (r->state != CASE_ACCEPTED)
			(void)snprintf(c.reviewer, sizeof(c.reviewer), "reviewer");
		OK(case_offers(&o->desk, &c, r->person, r->roles, v, &n));
		for (size_t k = 0; k < n; k++)
			buf_printf(&got, "%s%s", k > 0 ? " " : "", v[k].step);
		if (strcmp(buf_cstr(&got), r->want) != 0)
			fail_msg("row %zu: \"%s\", wanted \"%s\"", i, buf_cstr(&got), r->want);
	}
}

/* --- a copied database holds no number and no statement --- */

static void search(const struct office *o, const char *file, const char *needle)
{
	char path[300];
	AUTO_BUF(bytes, 64 << 20);
	(void)snprintf(path, sizeof(path), "%s/%s", o->dir, file);
	enum err e = file_read(path, &bytes);
	if (e == ERR_OK)
		assert_null(memmem(bytes.ptr, bytes.len, needle, strlen(needle)));
}

static void test_at_rest_sealed(void **state)
{
	struct office *o = *state;
	char no[CASE_NO_MAX + 1];
	static const char *const secrets[] = {"430102199003079914", "13000000001", "YINXIN-1 CERT-ACCEPT",
	                                      "缺公章的委托书"};
	opened(o, no);
	OK(office_step(o, no, &o->clerk, "accept"));
	OK(office_back(&o->desk, no, &o->reviewer, false, "缺公章的委托书"));
	store_close(o->store);
	o->store = NULL;
	for (size_t i = 0; i < COUNT_OF(secrets); i++) {
		search(o, "yinxin.db", secrets[i]);
		search(o, "yinxin.db-wal", secrets[i]);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_open_table),
	                                   T(test_open_rules),
	                                   T(test_honest),
	                                   T(test_signer_down),
	                                   T(test_turns),
	                                   T(test_offers),
	                                   T(test_shown),
	                                   T(test_changed_meanwhile),
	                                   T(test_edited),
	                                   T(test_return_and_refuse),
	                                   T(test_birth),
	                                   T(test_return_right_first),
	                                   T(test_return_from_making),
	                                   T(test_no_return_while_unsure),
	                                   T(test_at_rest_sealed)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
