/* T01 as a definition: what the desk's form is told, by which codes, and every definition that the desk could not
 * follow. */
#include "office.h"
#include "server/business/lists.h"
#include "server/business/staff_rows.h"

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

/* --- refused at start: the first occurrence of `old` replaced --- */

static char *t01_text(void)
{
	AUTO_BUF(text, SERVICE_FILE_MAX);
	OK(file_read(SHARE_DIR "/services/T01.json", &text));
	return buf_steal_str(&text);
}

static char *replaced(const char *text, const char *old, const char *fresh)
{
	const char *at = strstr(text, old);
	AUTO_BUF(out, 1 << 17);
	if (at == NULL)
		fail_msg("T01.json has no %s", old);
	buf_put(&out, span_of(text, (size_t)(at - text)));
	buf_str(&out, fresh);
	buf_str(&out, at + strlen(old));
	return buf_steal_str(&out);
}

static const struct {
	const char *old, *fresh, *says;
} faults[] = {
	{"\"role\": \"reviewer\"", "\"role\": \"clerk\"",
         "T01.json: steps[1].role: the signer takes CERT-APPROVE from the role reviewer, not from clerk"},
	{"\"role\": \"reviewer\"", "\"role\": \"revuer\"", "T01.json: steps[1].role: no role \"revuer\""},
	{"\"CERT-APPROVE\"", "\"CERT-ASPPROVE\"", "T01.json: steps[1].statement: no statement \"CERT-ASPPROVE\""},
	{"\"CERT-APPROVE\"", "\"CERT-MAKE\"",
         "T01.json: steps[1].statement: the step approve is signed by CERT-APPROVE, not by CERT-MAKE"},
	{"\"statement\": \"CERT-APPROVE\", ", "", "T01.json: steps[1].statement: missing"},
	{"{\"name\": \"accept\", \"label\": \"受理\", \"hint\": \"受理员核对材料并签名\", \"role\": \"clerk\", \"statement\": \"CERT-ACCEPT\", \"days\": 1},",
         "", "T01.json: steps: 2 of them: a certificate takes accept, approve and make"},
	{"\"name\": \"accept\", \"label\"", "\"name\": \"make\", \"label\"",
         "T01.json: steps[2].name: make is there twice"},
	{"\"name\": \"approve\"", "\"name\": \"review\"",
         "T01.json: steps[1].name: \"review\" where the desk has \"approve\""},
	{"\"days\": 3, \"distinct\": true", "\"days\": 3",
         "T01.json: steps[1].distinct: the signer wants another person than before"},
	{"\"days\": 3, \"distinct\": true", "\"days\": 0, \"distinct\": true",
         "T01.json: steps[1].days: 0 is not within"},
	{"\"engine\": \"cert\",", "", "T01.json: steps: more than 2"},
	{"\"filers\": [\"desk\"]", "\"filers\": [\"unit\"]", "T01.json: engine: not \"cert\", filed at the desk"},
	{"\"accept\": \"officer\"", "\"accept\": \"rule\"",
         "T01.json: engine: not \"cert\", filed at the desk, accepted by an officer"},
	{"\"cert-unit\", ", "", "T01.json: preconditions: cert-unit: missing"},
	{"\"cert-unit\"", "\"cert-unti\"", "T01.json: preconditions[0]: no precondition \"cert-unti\""},
	{"\"validator\": \"mobile\",", "", "T01.json: fields: mobile: not of the type and validator"},
	{"\"validator\": \"name\",\n      \"required\": true", "\"validator\": \"name\"",
         "T01.json: fields: holder.required: no certificate without it"},
	{"\"name\": \"letter_no\", \"group\"", "\"name\": \"letter\", \"group\"",
         "T01.json: rules[0].field: no field \"letter_no\""},
	{"\"name\": \"letter_no\", \"group\": \"letter\", \"label\": \"委托书编号\", \"label_en\": \"letter of authority\", \"type\": \"text\", \"max_len\": 60",
         "\"name\": \"letter_no\", \"group\": \"letter\", \"label\": \"委托书编号\", \"label_en\": \"letter of authority\", \"type\": \"text\", \"max_len\": 64",
         "T01.json: fields: letter_no.max_len: 64 is more than the desk keeps"},
	{"\"group\": \"holder\"", "\"group\": \"house\"", "T01.json: fields[3].group: no group \"house\""},
	{"\"group\": \"holder\",", "", "T01.json: fields[3].group: missing"},
	{"\"name\": \"validity\"", "\"name\": \"letter\"", "T01.json: groups[4].name: letter is there twice"},
	{"\"type\": \"date\"}", "\"type\": \"date\", \"radios\": true}", "T01.json: fields[8].radios: only a code"},
	{"\"code\": \"person\"", "\"code\": \"staff\"", "T01.json: rules[6].value"},
	{"\"code\": \"3\"", "\"code\": \"9\"", "T01.json: lists.years[2].code: not 1 to 5 years"},
	{"\"name\": \"slip\"", "\"name\": \"slap\"", "T01.json: documents[0].name: the desk makes no \"slap\""},
	{"\"promise_days\": 5", "\"promised_days\": 5", "T01.json: promised_days: unknown member"},
};

static void test_refused(void **state)
{
	const struct terms terms = {NULL, NULL, NULL};
	char *base = t01_text();
	(void)state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		struct cert_service s;
		AUTO(services) all = NULL;
		char *text = replaced(base, faults[i].old, faults[i].fresh);
		cert_service_init(&s, NULL);
		enum err e = services_parse("T01.json", span_str(text), &s.registry, &all);
		if (e == ERR_OK)
			e = cert_service_bind(&s, all, &terms);
		if (e != ERR_CONFIG || strstr(err_detail(), faults[i].says) == NULL)
			fail_msg("row %zu: %s \"%s\", not \"%s\"", i, err_name(e), err_detail(), faults[i].says);
		err_clear();
		free(text);
	}
	free(base);
}

/* Rules may be left out of a definition; what the signer will ask for may not be left out of a case. */
static void test_no_letter(void **state)
{
	struct office *o = *state;
	AUTO_BUF(text, 1 << 17);
	char *base = t01_text(), *rules = strstr(base, "  \"rules\": ["), *lists = strstr(base, "  \"lists\"");
	struct cert_service s;
	AUTO(services) all = NULL;
	struct desk lax = o->desk;
	struct case_new in = office_application(o);
	char no[CASE_NO_MAX + 1];
	assert_true(rules != NULL && lists > rules);
	buf_put(&text, span_of(base, (size_t)(rules - base)));
	buf_str(&text, lists);
	cert_service_init(&s, &lax);
	OK(services_parse("T01.json", buf_span(&text), &s.registry, &all));
	OK(cert_service_bind(&s, all, &(struct terms){NULL, NULL, NULL}));
	lax.rules = &s.rules;
	in.letter_from = in.letter_to = 0;
	assert_int_equal(case_open(&lax, &in, &o->clerk.officer, no), ERR_LETTER);
	in = office_application(o);
	in.letter_no = "";
	assert_int_equal(case_open(&lax, &in, &o->clerk.officer, no), ERR_LETTER);
	in.profile = "person";
	OK(case_open(&lax, &in, &o->clerk.officer, no)); /* what a person has not is not kept */
	struct cert_case c;
	OK(case_get(&lax, no, &c));
	assert_string_equal(c.unit_no, "");
	assert_int_equal(c.letter_from, 0);
	free(base);
}

static void test_no_definition(void **state)
{
	struct office *o = *state;
	struct desk none = o->desk;
	struct case_new in = office_application(o);
	char no[CASE_NO_MAX + 1];
	struct cert_service s;
	AUTO(services) all = NULL;
	none.rules = NULL;
	assert_int_equal(case_open(&none, &in, &o->clerk.officer, no), ERR_CONFIG);
	assert_int_equal(cert_service_open(&s, o->dir, &o->desk, &(struct terms){NULL, NULL, NULL}, &all), ERR_ABSENT);
}

/* --- one bad value, one fault: field and code, as a filing would say it --- */

struct seen {
	size_t n;
	char field[40], code[16];
};

static enum err see(const struct fault *f, void *ctx)
{
	struct seen *s = ctx;
	if (s->n++ == 0) {
		(void)snprintf(s->field, sizeof(s->field), "%s", f->field);
		(void)snprintf(s->code, sizeof(s->code), "%s", f->code);
	}
	assert_true(f->text[0] != 0 && f->remedy[0] != 0);
	return ERR_OK;
}

static json_t *good_form(struct office *o, bool person)
{
	int64_t now = clock_now(o->clock);
	AUTO_BUF(from, 16);
	AUTO_BUF(to, 16);
	json_t *f = json_object();
	text_date_cn(&from, now - 2 * DAY);
	text_date_cn(&to, now + 100 * DAY);
	const char *const all[][2] = {{"profile", person ? "person" : "unit"},
	                              {"unit_no", person ? "" : "10000016"},
	                              {"uscc", ""},
	                              {"holder", "测试经办人甲"},
	                              {"id_number", "430102199003079914"},
	                              {"mobile", "13000000001"},
	                              {"letter_no", person ? "" : "测委〔2026〕1号"},
	                              {"letter_from", person ? "" : buf_cstr(&from)},
	                              {"letter_to", person ? "" : buf_cstr(&to)},
	                              {"years", "1"}};
	for (size_t i = 0; i < COUNT_OF(all); i++)
		OK(json_put_str(f, all[i][0], span_str(all[i][1])));
	return f;
}

static const struct bad_row {
	bool person;
	const char *field, *value, *at, *code;
} bad[] = {
	{false, "profile", "", "profile", "E-20"},
	{false, "profile", "staff", "profile", "E-25"},
	{false, "unit_no", "1000001", "unit_no", "E-23"},
	{false, "unit_no", "43010024", "unit_no", "C-022"},
	{false, "unit_no", "", "unit_no", "F-005"},
	{false, "uscc", "91430100MAYYYY0160", "uscc", "E-22"},
	{false, "uscc", "92430102MAYYYY0409", "uscc", "C-023"},
	{false, "holder", "", "holder", "E-20"},
	{false, "holder", "甲", "holder", "E-23"},
	{false, "holder", "甲乙1", "holder", "E-23"},
	{false, "id_number", "", "id_number", "E-20"},
	{false, "id_number", "430102199003079915", "id_number", "E-21"},
	{false, "mobile", "12900000000", "mobile", "E-23"},
	{false, "mobile", "", "mobile", "E-20"},
	{false, "letter_no", "", "letter_no", "C-021"},
	{false, "letter_from", "2026-02-30", "letter_from", "E-23"},
	{false, "letter_from", "", "letter_from", "C-021"},
	{false, "letter_to", "", "letter_to", "C-021"},
	{false, "letter_to", "2020-01-01", "letter_to", "C-021"},
	{false, "years", "", "years", "E-20"},
	{false, "years", "4", "years", "E-25"},
	{true, "unit_no", "10000016", "unit_no", "C-023"},
	{true, "uscc", "91430100MAYYYY016Y", "uscc", "C-023"},
	{true, "letter_no", "测委1号", "letter_no", "C-021"},
};

static struct seen take(struct office *o, const json_t *form, const char *own_no, struct case_form *ret_f)
{
	struct seen s = {0};
	size_t count = 0;
	OK(cert_service_take(&o->t01, own_no, form, clock_now(o->clock), see, &s, &count, ret_f));
	assert_int_equal(count, s.n);
	return s;
}

static void test_codes(void **state)
{
	struct office *o = *state;
	struct case_form f;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		AUTO_JSON form = good_form(o, bad[i].person);
		OK(json_put_str(form, bad[i].field, span_str(bad[i].value)));
		struct seen s = take(o, form, "", &f);
		if (s.n == 0 || strcmp(s.field, bad[i].at) != 0 || strcmp(s.code, bad[i].code) != 0)
			fail_msg("row %zu: %zu faults, first %s %s", i, s.n, s.field, s.code);
	}
}

/* What a filing says of the same value: one validator, one code. */
static enum err see_row(const struct fault *f, void *ctx)
{
	struct seen *s = ctx;
	if (f->row == 1 && strcmp(f->field, s->field) == 0)
		(void)snprintf(s->code, sizeof(s->code), "%s", f->code);
	return ERR_OK;
}

static void test_like_filings(void **state)
{
	struct office *o = *state;
	static const struct {
		const char *here, *there;
	} pairs[] = {{"id_number", "id_no"}, {"mobile", "mobile"}, {"holder", "name"}, {"letter_from", "hire_date"}};
	struct businesses known;
	AUTO(tables) t = NULL;
	AUTO(lists) l = NULL;
	AUTO(services) all = NULL;
	int64_t now = clock_now(o->clock);
	OK(tables_load(SHARE_DIR "/tables", &t));
	OK(lists_new(t, &l));
	businesses_init(&known, NULL, t);
	known.registry.next = lists_registry(l);
	lists_registry(l)->next = &o->t01.registry;
	OK(services_load(SHARE_DIR "/services", &known.registry, &all));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		for (size_t k = 0; k < COUNT_OF(pairs); k++) {
			struct seen s = {0};
			struct fault_sink sink = {see_row, &s, 0};
			AUTO_JSON content = NULL;
			AUTO_JSON row = json_object();
			json_t *taken = NULL;
			if (strcmp(bad[i].field, pairs[k].here) != 0 || bad[i].code[0] != 'E')
				continue;
			(void)snprintf(s.field, sizeof(s.field), "%s", pairs[k].there);
			OK(content_new(&content));
			/* without the type nothing is said of the number */
			OK(json_put_str(row, "id_type", SPAN_LIT("01")));
			OK(json_put_str(row, pairs[k].there, span_str(bad[i].value)));
			OK(content_take(&services_find(all, "B03")->row_fields, row, now, &taken));
			assert_int_equal(json_array_append_new(json_object_get(content, "rows"), taken), 0);
			OK(content_check(services_find(all, "B03"), content, now, &sink));
			assert_string_equal(s.code, bad[i].code);
		}
}

/* Full-width digits, spaces, lower case, other separators of dates: the same case as the plain ones. */
static void test_normalised(void **state)
{
	struct office *o = *state;
	struct case_form f;
	AUTO_JSON form = good_form(o, false);
	OK(json_put_str(form, "uscc", SPAN_LIT("91430100mayyyy016y")));
	OK(json_put_str(form, "id_number", SPAN_LIT("４３０１０２ 19900307 9914")));
	OK(json_put_str(form, "mobile", SPAN_LIT("+86 130-0000-0001")));
	OK(json_put_str(form, "letter_from", SPAN_LIT("２０２６/01/02")));
	struct seen s = take(o, form, "", &f);
	assert_int_equal(s.n, 0);
	assert_string_equal(f.uscc, "91430100MAYYYY016Y");
	assert_string_equal(f.id_number, "430102199003079914");
	assert_string_equal(f.mobile, "13000000001");
	assert_int_equal(f.days, 365);
	AUTO_BUF(day, 16);
	text_date_cn(&day, f.letter_from);
	assert_string_equal(buf_cstr(&day), "2026-01-02");
}

/* A case that runs stands in the way of another one, not of its own revision; looking writes nothing. */
static void test_registers(void **state)
{
	struct office *o = *state;
	struct case_form f;
	char no[CASE_NO_MAX + 1], person[PERSON_NO_LEN + 1];
	AUTO_JSON form = good_form(o, false);
	struct seen s = take(o, form, "", &f);
	assert_int_equal(s.n, 0);
	OK(case_check_person(&o->desk, &f, person));
	assert_string_equal(person, "");
	struct case_new in = cert_service_new(&f);
	OK(case_open(&o->desk, &in, &o->clerk.officer, no));
	s = take(o, form, "", &f);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.code, "C-027");
	s = take(o, form, no, &f);
	assert_int_equal(s.n, 0);
	OK(json_put_str(form, "holder", SPAN_LIT("另一个名字")));
	s = take(o, form, no, &f);
	assert_string_equal(s.field, "holder");
	assert_string_equal(s.code, "C-023");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_refused),  T(test_no_letter),    T(test_no_definition),
	                                   T(test_codes),    T(test_like_filings), T(test_normalised),
	                                   T(test_registers)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
