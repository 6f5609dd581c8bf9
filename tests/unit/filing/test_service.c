/* Definitions: what is loaded, and every fault by its place and words. */
#include "world.h"
#include "base/file.h"
#include "server/business/staff_rows.h"
#include "server/business/lists.h"
#include "server/cert/cert_service.h"

static struct services *parse(const char *file, const char *text, enum err *ret_e)
{
	struct services *s = NULL;
	*ret_e = services_parse(file, span_str(text), &test_registry, &s);
	return s;
}

static void test_good(void **state)
{
	enum err e;
	(void)state;
	AUTO(services) s = parse("Q02.json", test_q02, &e);
	OK(e);
	assert_int_equal(services_count(s), 1);
	const struct service *q = services_find(s, "Q02");
	assert_non_null(q);
	assert_ptr_equal(q, services_at(s, 0));
	assert_null(services_at(s, 1));
	assert_null(services_find(s, "Q01"));
	assert_string_equal(q->name, "测试业务二");
	assert_int_equal(q->filers, FILER_UNIT);
	assert_false(q->accept_by_rule);
	assert_int_equal(q->fields.n, 2);
	assert_int_equal(q->row_fields.n, 5);
	assert_int_equal(q->n_steps, 2);
	assert_int_equal(q->steps[1].days, 3);
	assert_true(q->steps[1].when_asked);
	assert_false(q->steps[0].when_asked);
	assert_int_equal(q->return_days, 15);
	assert_int_equal(q->draft_days, 30);
	assert_int_equal(strlen(q->sm3), 64);
	assert_string_equal(service_list_text(service_field_find(&q->row_fields, "enrol_type")->list, SPAN_LIT("B")),
	                    "续保");
	assert_null(service_list_text(service_field_find(&q->row_fields, "enrol_type")->list, SPAN_LIT("C")));
}

/* The first occurrence of `old` replaced. */
static char *replaced(const char *text, const char *old, const char *fresh)
{
	const char *at = strstr(text, old);
	AUTO_BUF(out, 1 << 16);
	if (at == NULL)
		fail_msg("the base has no %s", old);
	buf_put(&out, span_of(text, (size_t)(at - text)));
	buf_str(&out, fresh);
	buf_str(&out, at + strlen(old));
	return buf_steal_str(&out);
}

static const struct {
	const char *old, *fresh, *says;
} faults[] = {
	{"\"code\":\"Q02\"", "\"code\":\"Q03\"", "Q02.json: code: Q03 is not the file's name"},
	{"\"code\":\"Q02\"", "\"code\":\"q02\"", "Q02.json: code: not three capitals"},
	{"\"code\":\"Q02\"", "\"code\":2", "Q02.json: code: not a string"},
	{"\"code\":\"Q02\",", "", "Q02.json: code: missing"},
	{"\"accept\":\"officer\"", "\"accept\":\"nobody\"", "Q02.json: accept: neither rule nor officer"},
	{"\"accept\":\"officer\"", "\"accept\":\"officer\",\"accept\":\"rule\"", "Q02.json"},
	{"\"accept\":\"officer\"", "\"accept\":\"officer\",\"engine\":\"rocket\"",
         "Q02.json: engine: no engine \"rocket\""},
	{"\"name\":\"测试业务二\"", "\"name\":\"\"", "Q02.json: name: empty"},
	{"\"name\":\"测试业务二\"", "\"name\":\"a=b\"", "Q02.json: name: \";\" and \"=\""},
	{"\"name\":\"测试业务二\"", "\"name\":\"a\\nb\"", "Q02.json: name: not one line"},
	{"\"filers\":[\"unit\"]", "\"filers\":[]", "Q02.json: filers: missing"},
	{"\"filers\":[\"unit\"]", "\"filers\":[\"unit\",\"unit\"]", "Q02.json: filers[1]: not one of"},
	{"\"filers\":[\"unit\"]", "\"filers\":[\"cat\"]", "Q02.json: filers[0]: not one of"},
	{"\"filers\":[\"unit\"]", "\"filers\":\"unit\"", "Q02.json: filers: not a list"},
	{"\"promise_days\":10", "\"promise_days\":0", "Q02.json: promise_days: 0 is not within 1 to 400"},
	{"\"promise_days\":10", "\"promise_days\":\"10\"", "Q02.json: promise_days: not a whole number"},
	{"\"promise_days\":10", "\"promise\":10", "Q02.json: promise: unknown member"},
	{"\"promise_days\":10,", "", "Q02.json: promise_days: missing"},
	{"\"name\":\"note\"", "\"name\":\"period\"", "Q02.json: fields[1].name: period is there twice"},
	{"\"label\":\"说明\"", "\"label\":\"所属期\"", "Q02.json: fields[1].label: 所属期 is there twice"},
	{"\"label\":\"说明\",", "", "Q02.json: fields[1].label: missing"},
	{"\"label_en\":\"note\",", "", "Q02.json: fields[1].label_en: missing"},
	{"\"name\":\"note\"", "\"name\":\"Note!\"", "Q02.json: fields[1].name: not a name"},
	{"\"type\":\"month\"", "\"type\":\"moon\"", "Q02.json: fields[0].type: no type \"moon\""},
	{"\"required\":true", "\"required\":1", "Q02.json: fields[0].required: neither true nor false"},
	{"\"required\":true", "\"requierd\":true", "Q02.json: fields[0].requierd: unknown member"},
	{"\"required\":true", "\"min\":3", "Q02.json: fields[0]: only an amount or a number has min and max"},
	{"\"max_len\":600", "\"max_len\":601", "Q02.json: fields[1].max_len: 601 is not within"},
	{",\"max_len\":600", "", "Q02.json: fields[1].max_len: missing"},
	{"\"type\":\"text\",\"max_len\":600", "\"type\":\"long-text\",\"max_len\":600",
         "Q02.json: fields[1]: a long text has max_chars"},
	{"\"type\":\"text\",\"max_len\":600", "\"type\":\"long-text\",\"max_chars\":2001",
         "Q02.json: fields[1].max_chars: 2001 is not within"},
	{"\"max_len\":600", "\"max_len\":600,\"max_chars\":9", "Q02.json: fields[1]: a long text has max_chars"},
	{"\"validator\":\"id_number\"", "\"validator\":\"id_nomber\"",
         "Q02.json: rows.fields[0].validator: no validator \"id_nomber\""},
	{"\"type\":\"money\"", "\"type\":\"money\",\"min\":5,\"max\":4",
         "Q02.json: rows.fields[2].min: greater than max"},
	{"\"list\":\"kind\"", "\"list\":\"kinds\"", "Q02.json: rows.fields[3].list: no list \"kinds\""},
	{",\"list\":\"kind\"", "", "Q02.json: rows.fields[3].list: missing"},
	{"\"list\":\"kind\"", "\"list\":\"kind\",\"validator\":\"text\"",
         "Q02.json: rows.fields[3].validator: a code is checked by its list"},
	{"\"code\":\"B\"", "\"code\":\"A\"", "Q02.json: lists.kind[1].code: A is there twice"},
	{"\"code\":\"B\"", "\"code\":\"B,\"", "Q02.json: lists.kind[1].code: not a code"},
	{"\"text\":\"续保\"", "\"txt\":\"续保\"", "Q02.json: lists.kind[1].txt: unknown member"},
	{"\"rule\":\"unique\"", "\"rule\":\"uniqe\"", "Q02.json: rows.rules[0].rule: no rule \"uniqe\""},
	{"\"rule\":\"unique\",\"field\":\"id_no\"", "\"rule\":\"unique\",\"field\":\"id\"",
         "Q02.json: rows.rules[0].field: no field \"id\""},
	{"\"rule\":\"unique\"", "\"rule\":\"different\"", "Q02.json: rows.rules[0].other: missing"},
	{"\"rule\":\"unique\"", "\"rule\":\"unique\",\"other\":\"name\"",
         "Q02.json: rows.rules[0].other: this rule has none"},
	{"\"rule\":\"unique\"", "\"rule\":\"required-if\",\"other\":\"enrol_type\",\"value\":\"Z\"",
         "Q02.json: rows.rules[0].value: \"Z\" is not in the list of enrol_type"},
	{"\"rule\":\"unique\"", "\"rule\":\"not-before\",\"other\":\"name\"",
         "Q02.json: rows.rules[0].field: only dates and months"},
	{"\"min\":1,\"max\":1000", "\"min\":1,\"max\":10001", "Q02.json: rows.max: 10001 is not within"},
	{"\"min\":1,\"max\":1000", "\"min\":5,\"max\":4", "Q02.json: rows.max: 4 is not within 5"},
	{"[\"gate\"]", "[\"gates\"]", "Q02.json: preconditions[0]: no precondition \"gates\""},
	{"[\"gate\"]", "[\"gate\",\"gate\"]", "Q02.json: preconditions[1]: gate is there twice"},
	{"[\"count\"]", "[\"cuont\"]", "Q02.json: effects[0]: no effect \"cuont\""},
	{"[\"count\"]", "[7]", "Q02.json: effects[0]: not a name"},
	{"\"role\":\"reviewer\"", "\"role\":\"revuer\"", "Q02.json: steps[0].role: no role \"revuer\""},
	{"\"days\":5", "\"days\":0", "Q02.json: steps[0].days: 0 is not within"},
	{"\"name\":\"second\"", "\"name\":\"first\"", "Q02.json: steps[1].name: first is there twice"},
	{"\"second-review\"", "\"third-review\"", "Q02.json: steps[1].when: no condition \"third-review\""},
	{"\"days\":5", "\"days\":5,\"when\":\"second-review\"",
         "Q02.json: steps[0].when: the first step is never left out"},
	{"\"steps\":[",
         "\"documents\":[{\"name\":\"a\",\"label\":\"甲\"},{\"name\":\"a\",\"label\":\"乙\"}],\"steps\":[",
         "Q02.json: documents[1].name: a is there twice"},
	{"\"steps\":[",
         "\"attachments\":[{\"name\":\"a\",\"label\":\"甲\",\"label_en\":\"a\",\"max_bytes\":1}],\"steps\":[",
         "Q02.json: attachments[0].max_count: missing"},
	{"\"days\":5", "\"days\":5,\"statement\":\"CERT-ACCEPT\"",
         "Q02.json: steps[0].statement: a filing's statements are the engine's own"},
	{"\"steps\":[", "\"steps\":[{\"name\":\"zero\",\"label\":\"零审\",\"role\":\"reviewer\",\"days\":1},",
         "Q02.json: steps: more than 2"},
	{"\"accept\":\"officer\"", "\"accept\":\"officer\",\"engine\":\"cert\"",
         "Q02.json: steps[0].statement: missing"},
	{"\"name\":\"note\"", "\"name\":\"note\",\"group\":\"g\"", "Q02.json: fields[1].group: no group \"g\""},
	{"\"name\":\"wage\"", "\"name\":\"wage\",\"group\":\"g\"",
         "Q02.json: rows.fields[2].group: rows have no groups"},
	{"\"promise_days\":10", "\"groups\":[{\"name\":\"g\",\"label\":\"组\"}],\"promise_days\":10",
         "Q02.json: fields[0].group: missing: the form has groups"},
	{"\"type\":\"month\"", "\"type\":\"month\",\"radios\":true", "Q02.json: fields[0].radios: only a code"},
	{"\"list\":\"kind\"", "\"list\":\"@shades\"", "Q02.json: rows.fields[3].list: no list \"@shades\""},
	{"\"lists\":{\"kind\":[", "\"lists\":{\"kind\":{\"of\":\"@shades\",\"codes\":[\"A\"]},\"other\":[",
         "Q02.json: lists.kind.of: no list \"@shades\""},
	{"\"lists\":{\"kind\":[", "\"lists\":{\"kind\":{\"of\":\"other\",\"codes\":[\"A\"]},\"other\":[",
         "Q02.json: lists.kind.of: no list \"other\""},
	{"\"lists\":{\"kind\":[", "\"lists\":{\"kind\":{\"codes\":[\"A\"]},\"other\":[",
         "Q02.json: lists.kind.of: missing"},
	{"\"lists\":{\"kind\":[", "\"lists\":{\"kind\":{\"of\":\"@shade\"},\"other\":[",
         "Q02.json: lists.kind.codes: missing"},
	{"\"lists\":{\"kind\":[", "\"lists\":{\"kind\":{\"of\":\"@shade\",\"codes\":[\"A\",\"Z\"]},\"other\":[",
         "Q02.json: lists.kind.codes[1]: \"Z\" is not in the list @shade"},
	{"\"lists\":{\"kind\":[", "\"lists\":{\"kind\":{\"of\":\"@shade\",\"codes\":[\"A\",\"A\"]},\"other\":[",
         "Q02.json: lists.kind.codes[1]: A is there twice"},
	{"\"lists\":{\"kind\":[", "\"lists\":{\"kind\":{\"of\":\"@shade\",\"codes\":[7]},\"other\":[",
         "Q02.json: lists.kind.codes[0]: not a code"},
	{"\"lists\":{\"kind\":[", "\"lists\":{\"kind\":{\"of\":\"@shade\",\"all\":true},\"other\":[",
         "Q02.json: lists.kind.all: unknown member"},
	{"\"name\":\"wage\"", "\"name\":\"wage\",\"aliases\":\"月薪\"", "Q02.json: rows.fields[2].aliases: not a list"},
	{"\"name\":\"wage\"", "\"name\":\"wage\",\"aliases\":[\"月薪\",7]",
         "Q02.json: rows.fields[2].aliases[1]: not a heading"},
	{"\"name\":\"wage\"", "\"name\":\"wage\",\"aliases\":[\"月薪\",\"月薪\"]",
         "Q02.json: rows.fields[2].aliases[0]: 月薪 is there twice"},
	{"\"name\":\"wage\"", "\"name\":\"wage\",\"aliases\":[\"姓名\"]",
         "Q02.json: rows.fields[2].aliases[0]: 姓名 is there twice"},
	{"\"name\":\"note\"", "\"name\":\"note\",\"aliases\":[\"附言\"]",
         "Q02.json: fields[1].aliases: only rows come by sheet"},
	{"\"name\":\"note\"", "\"name\":\"note\",\"blank\":\"无\"",
         "Q02.json: fields[1].blank: only rows come by sheet"},
	{"\"name\":\"enrol_type\"", "\"name\":\"enrol_type\",\"blank\":\"Z\"",
         "Q02.json: rows.fields[3].blank: \"Z\" is not in the list of enrol_type"},
	{"\"name\":\"remark\"", "\"name\":\"remark\",\"blank\":\"无\"",
         "Q02.json: rows.fields[4].blank: \"无\" is not in the list of remark"},
	{"\"name\":\"remark\"", "\"name\":\"remark\",\"blank_from\":\"wage\"",
         "Q02.json: rows.fields[4].blank_from: no field \"wage\" of the same type"},
	{"\"name\":\"remark\"", "\"name\":\"remark\",\"blank_from\":\"remark\"",
         "Q02.json: rows.fields[4].blank_from: remark follows another field itself"},
	{"\"name\":\"remark\"", "\"name\":\"remark\",\"blank_by\":\"moon\"",
         "Q02.json: rows.fields[4].blank_by: nothing computes \"moon\""},
	{"\"name\":\"enrol_type\"", "\"name\":\"enrol_type\",\"blank\":\"A\",\"blank_by\":\"unit-insurances\"",
         "Q02.json: rows.fields[3]: blank, blank_from and blank_by exclude each other"},
	{"\"min\":1,\"max\":1000", "\"unit_column\":[\"姓名\"],\"min\":1,\"max\":1000",
         "Q02.json: rows.unit_column[0]: 姓名 is there twice"},
	{"\"name\":\"wage\"", "\"name\":\"note\"", "Q02.json: rows.fields[2].name: note is a field of the form too"},
	{"\"name\":\"note\"", "\"name\":\"csrf\"", "Q02.json: fields[1].name: csrf is an input of every form"},
	{"\"name\":\"wage\"", "\"name\":\"go\"", "Q02.json: rows.fields[2].name: go is an input of every form"},
	{"\"steps\":[", "\"steps\":[],\"steeps\":[", "Q02.json: steeps: unknown member"},
};

static void test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		enum err e;
		char *text = replaced(test_q02, faults[i].old, faults[i].fresh);
		AUTO(services) s = parse("Q02.json", text, &e);
		if (e != ERR_CONFIG || strstr(err_detail(), faults[i].says) == NULL)
			fail_msg("row %zu: %s \"%s\", not \"%s\"", i, err_name(e), err_detail(), faults[i].says);
		assert_null(s);
		err_clear();
		free(text);
	}
}

/* A list of law's tables, whole and in part: words come from there, the order of a part is its own. */
static void test_lists(void **state)
{
	enum err e;
	char *whole = replaced(test_q02, "\"list\":\"kind\"", "\"list\":\"@shade\""),
	     *part = replaced(test_q02, "\"lists\":{\"kind\":[",
	                      "\"lists\":{\"kind\":{\"of\":\"@shade\",\"codes\":[\"C\",\"A\"]},\"other\":[");
	(void)state;
	AUTO(services) all = parse("Q02.json", whole, &e);
	OK(e);
	const struct service_list *l = service_field_find(&services_at(all, 0)->row_fields, "enrol_type")->list;
	assert_int_equal(l->n, 3);
	assert_string_equal(service_list_text(l, SPAN_LIT("C")), "全黑");
	AUTO(services) some = parse("Q02.json", part, &e);
	OK(e);
	l = service_field_find(&services_at(some, 0)->row_fields, "enrol_type")->list;
	assert_int_equal(l->n, 2);
	assert_string_equal(l->v[0].code, "C");
	assert_string_equal(l->v[1].text, "浅");
	assert_null(service_list_text(l, SPAN_LIT("B")));
	free(whole);
	free(part);
}

/* A set of codes and a field beside it must not be the same input. */
static void test_code_as_input(void **state)
{
	enum err e;
	char *digits = replaced(test_q02, "\"code\":\"B\"", "\"code\":\"2\""),
	     *set = replaced(digits, "\"type\":\"code\"", "\"type\":\"codes\""),
	     *both = replaced(set, "\"name\":\"remark\"", "\"name\":\"enrol_type_2\"");
	(void)state;
	AUTO(services) good = parse("Q02.json", set, &e);
	OK(e);
	AUTO(services) bad = parse("Q02.json", both, &e);
	assert_int_equal(e, ERR_CONFIG);
	assert_non_null(
		strstr(err_detail(), "Q02.json: rows.fields[3].name: its input enrol_type_2 has the name of a field"));
	err_clear();
	free(digits);
	free(set);
	free(both);
}

static void test_not_json(void **state)
{
	static const char *const texts[] = {"", "[]", "{", "null", "{\"code\":1.5}", "\xff"};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		enum err e;
		AUTO(services) s = parse("Q02.json", texts[i], &e);
		assert_null(s);
		assert_int_equal(e, ERR_CONFIG);
		assert_non_null(strstr(err_detail(), "Q02.json"));
		err_clear();
	}
}

/* --- the definitions that are delivered --- */

/* What the delivered definitions name, without doing it. */
struct delivered {
	struct cert_service cert;
	struct businesses known;
	struct tables *tables;
	struct lists *lists;
	struct service_registry registry;
};

static void delivered_open(struct delivered *d)
{
	cert_service_init(&d->cert, NULL);
	OK(tables_load(SHARE_DIR "/tables", &d->tables));
	OK(lists_new(d->tables, &d->lists));
	businesses_init(&d->known, NULL, d->tables);
	d->registry = d->known.registry;
	d->registry.next = lists_registry(d->lists);
	lists_registry(d->lists)->next = &d->cert.registry;
}

static void delivered_close(struct delivered *d)
{
	lists_free(d->lists);
	tables_free(d->tables);
}

static void test_delivered(void **state)
{
	struct delivered d;
	AUTO(services) s = NULL;
	(void)state;
	delivered_open(&d);
	enum err e = services_load(SHARE_DIR "/services", &d.registry, &s);
	if (e != ERR_OK)
		fail_msg("%s", err_detail());
	const struct service *b03 = services_find(s, "B03"), *t01 = services_find(s, "T01");
	assert_non_null(b03);
	assert_non_null(t01);
	assert_true(t01->own_engine && !b03->own_engine);
	assert_int_equal(b03->rows_max, 1000);
	const struct service_list *ins = service_field_find(&b03->row_fields, "ins")->list,
				  *document = service_field_find(&b03->row_fields, "id_type")->list;
	assert_int_equal(ins->n, 5); /* those that are open here */
	assert_string_equal(service_list_text(ins, SPAN_LIT("410")), "工伤");
	assert_int_equal(service_field_find(&b03->row_fields, "ethnic")->list->n, 58);
	assert_int_equal(document->n, 4);
	assert_null(service_list_text(document, SPAN_LIT("06"))); /* passports go to the window */
	assert_non_null(service_field_find(&b03->row_fields, "wage"));
	AUTO(services) without = NULL;
	assert_int_equal(services_load(SHARE_DIR "/services", NULL, &without), ERR_CONFIG);
	assert_int_equal(services_load(SHARE_DIR "/nowhere", NULL, &without), ERR_CONFIG);
	err_clear();
	services_free(s);
	s = NULL;
	delivered_close(&d);
}

/* --- every member of a delivered definition wrong in turn --- */

enum { PLACE_MAX = 300 };
struct spoiling {
	const char *file;
	const struct service_registry *registry;
	json_t *root;
	size_t tried;
};

/* The definition as it now is has to be refused at that place. */
static void refused_at(struct spoiling *w, const char *place, const char *says)
{
	char want[PLACE_MAX + 100];
	AUTO_BUF(text, SERVICE_FILE_MAX);
	AUTO(services) all = NULL;
	(void)snprintf(want, sizeof(want), "%s: %s%s", w->file, place, says);
	OK(json_print(w->root, &text));
	enum err e = services_parse(w->file, buf_span(&text), w->registry, &all);
	if (e != ERR_CONFIG || strstr(err_detail(), want) == NULL)
		fail_msg("%s: %s \"%s\"", want, err_name(e), err_detail());
	err_clear();
	w->tried++;
}

static json_t *wrong_for(const json_t *v)
{
	return json_is_object(v) || json_is_array(v) ? json_integer(7) : json_object();
}

static void spoil_all(struct spoiling *w, json_t *v, const char *place)
{
	char here[PLACE_MAX];
	const char *dot = place[0] != 0 ? "." : "";
	/* clang-format off */
	if (json_is_object(v)) {
		AUTO_JSON members = json_object();
		const char *key;
		json_t *member;
		assert_int_equal(json_object_update(members, v), 0);
		json_object_foreach(members, key, member) {
			(void)snprintf(here, sizeof(here), "%s%s%s", place, dot, key);
			assert_int_equal(json_object_set_new(v, key, wrong_for(member)), 0);
			refused_at(w, here, "");
			assert_int_equal(json_object_set(v, key, member), 0);
			spoil_all(w, member, here);
		}
		(void)snprintf(here, sizeof(here), "%s%szz", place, dot);
		assert_int_equal(json_object_set_new(v, "zz", json_integer(7)), 0);
		refused_at(w, here, strcmp(place, "lists") == 0 ? "" : ": unknown member");
		assert_int_equal(json_object_del(v, "zz"), 0);
	}
	/* clang-format on */
	for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++) {
		json_t *element = json_incref(json_array_get(v, i));
		(void)snprintf(here, sizeof(here), "%s[%zu]", place, i);
		assert_int_equal(json_array_set_new(v, i, wrong_for(element)), 0);
		refused_at(w, here, "");
		assert_int_equal(json_array_set(v, i, element), 0);
		spoil_all(w, element, here);
		json_decref(element);
	}
}

static void test_every_member(void **state)
{
	static const char *const files[] = {"B03.json", "T01.json"};
	struct delivered d;
	(void)state;
	delivered_open(&d);
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		char path[600];
		AUTO_BUF(text, SERVICE_FILE_MAX);
		struct spoiling w = {.file = files[i], .registry = &d.registry};
		(void)snprintf(path, sizeof(path), SHARE_DIR "/services/%s", files[i]);
		OK(file_read(path, &text));
		OK(json_parse(buf_span(&text), &w.root));
		spoil_all(&w, w.root, "");
		json_decref(w.root);
		print_message("# %s: %zu places\n", files[i], w.tried);
		assert_true(w.tried > 100);
	}
	delivered_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good),        cmocka_unit_test(test_faults),
	                                   cmocka_unit_test(test_lists),       cmocka_unit_test(test_code_as_input),
	                                   cmocka_unit_test(test_not_json),    cmocka_unit_test(test_delivered),
	                                   cmocka_unit_test(test_every_member)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
