/* Several versions of one business at once: each filing goes on under the definition that it was opened under. */
#include "world.h"
#include "evidence/statement.h"
#include "server/filing/definitions.h"
#include <sqlite3.h>

/* Q01 of tomorrow: other words, a field more that is required, one less. */
static char *changed_text(void)
{
	static const struct {
		const char *old, *fresh;
	} edits[] = {
		{"\"label\":\"月工资\"", "\"label\":\"月缴费工资\""},
		{"\"fields\":[{\"name\":\"id_no\"", "\"fields\":[{\"name\":\"stop_month\",\"label\":\"停保年月\","
	                                            "\"label_en\":\"stop\",\"type\":\"month\",\"required\":true},"
	                                            "{\"name\":\"id_no\""},
		{",{\"name\":\"remark\",\"label\":\"备注\",\"label_en\":\"remark\",\"type\":\"text\",\"max_len\":600}",
	         ""},
	};
	char *text = strdup(test_q01);
	for (size_t i = 0; i < COUNT_OF(edits); i++) {
		AUTO_BUF(out, 1 << 16);
		const char *at = strstr(text, edits[i].old);
		assert_non_null(at);
		buf_printf(&out, "%.*s%s%s", (int)(at - text), text, edits[i].fresh, at + strlen(edits[i].old));
		free(text);
		text = buf_steal_str(&out);
	}
	return text;
}

/* The portal starts anew, and finds another file. */
static struct services *start_with(struct world *w, const char *text, enum err *ret_e)
{
	struct services *s = NULL;
	OK(services_parse("Q01.json", span_str(text), &test_registry, &s));
	*ret_e = definitions_keep(w->o.store, s, &test_registry, clock_now(w->o.clock));
	w->d.services = s;
	return s;
}

static void edit(struct world *w, const char *sql)
{
	char path[300];
	sqlite3 *db;
	(void)snprintf(path, sizeof(path), "%.*s/yinxin.db", (int)sizeof(w->o.dir), w->o.dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

/* The statement of the last submission says by which definition. */
static void signed_under(struct world *w, const char *no, const char *sm3)
{
	AUTO_BUF(text, STATEMENT_LONG_MAX);
	AUTO(statement) st = NULL;
	struct filing f = world_get(w, no);
	OK(filing_statement(&w->d, f.submit_sm3, &text, NULL, NULL));
	OK(statement_parse(buf_span(&text), &st));
	assert_string_equal(statement_get(st, "definition"), sm3);
	assert_string_equal(f.definition, sm3);
}

static void test_goes_on(void **state)
{
	struct world *w = *state;
	char waits[FILING_NO_MAX + 1], returned[FILING_NO_MAX + 1], fresh[FILING_NO_MAX + 1], again[FILING_NO_MAX + 1];
	char old[65];
	enum err e;
	(void)snprintf(old, sizeof(old), "%s", services_find(w->services, "Q01")->sm3);
	OK(definitions_keep(w->o.store, w->services, &test_registry, clock_now(w->o.clock)));
	world_draft(w, "Q01", 2, waits);
	OK(world_submit(w, waits, &w->operator));
	world_draft(w, "Q01", 2, returned);
	OK(world_submit(w, returned, &w->operator));
	OK(world_return(w, returned, &w->reviewer));
	char *text = changed_text();
	AUTO(services) s = start_with(w, text, &e);
	free(text);
	OK(e);
	const struct service *now = services_find(s, "Q01");
	assert_int_equal(services_count(s), 1);
	assert_string_not_equal(now->sm3, old);
	assert_ptr_equal(services_by_sm3(s, now->sm3), now);
	assert_non_null(services_by_sm3(s, old));
	/* what waits is decided, what was returned is edited and submitted as it was begun */
	OK(world_bulk(w, FACT_APPROVE, waits, &w->reviewer));
	assert_int_equal(world_get(w, waits).state, FILING_DONE);
	signed_under(w, waits, old);
	world_rows(w, returned, 1);
	OK(world_submit(w, returned, &w->operator));
	signed_under(w, returned, old);
	OK(world_bulk(w, FACT_APPROVE, returned, &w->reviewer));
	/* what is begun now is asked for what the new one asks */
	OK(filing_draft_new(&w->d, "Q01", &w->operator.who, fresh));
	assert_string_equal(world_get(w, fresh).definition, now->sm3);
	json_t *rows = json_pack("[{s:s, s:s}]", "name", "测试职工", "remark", "旧栏");
	int64_t version = 1;
	assert_int_equal(filing_rows_set(&w->d, fresh, version, &w->operator.who, rows, &version), ERR_FIELD_UNKNOWN);
	json_decref(rows);
	/* and so is a correction: the field that is no more is left out, the new one is a fault to be mended */
	OK(filing_correct(&w->d, waits, &w->operator.who, again));
	struct filing f = world_get(w, again);
	AUTO_JSON content = NULL;
	assert_string_equal(f.definition, now->sm3);
	OK(filing_content(&w->d, &f, &content));
	const json_t *row = json_array_get(json_object_get(content, "rows"), 0);
	assert_string_equal(json_str_or(row, "wage", ""), "8000.00");
	assert_null(json_object_get(row, "remark"));
	assert_int_equal(world_submit(w, again, &w->operator), ERR_FAULTS);
	w->d.services = w->services;
}

/* A filing of before there was more than one: the one in force. */
static void test_none_named(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	world_draft(w, "Q01", 1, no);
	OK(world_submit(w, no, &w->operator));
	edit(w, "DELETE FROM filing_definition");
	assert_string_equal(world_get(w, no).definition, "");
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
}

/* Which one it is under is what its filer signed, whatever the database says. */
static void test_exchanged(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1], sql[300];
	enum err e;
	world_draft(w, "Q01", 1, no);
	OK(world_submit(w, no, &w->operator));
	AUTO_BUF(text, 1 << 16);
	buf_printf(&text, "%s ", test_q01); /* the same but for its octets */
	AUTO(services) s = start_with(w, buf_cstr(&text), &e);
	OK(e);
	(void)snprintf(sql, sizeof(sql), "UPDATE filing_definition SET sm3 = '%s'", services_at(s, 0)->sm3);
	edit(w, sql);
	assert_int_equal(world_bulk(w, FACT_APPROVE, no, &w->reviewer), ERR_CONFLICT);
	w->d.services = w->services;
}

/* What a version of before says is what its SM3 says, or the start stops with one line. */
static void test_stops(void **state)
{
	struct world *w = *state;
	char no[FILING_NO_MAX + 1];
	enum err e;
	OK(definitions_keep(w->o.store, w->services, &test_registry, clock_now(w->o.clock)));
	world_draft(w, "Q01", 1, no);
	char *text = changed_text();
	struct service_registry poor = test_registry;
	poor.preconditions = NULL;
	AUTO(services) all = NULL;
	AUTO_BUF(plain, 1 << 16);
	const char *gate = strstr(text, "\"preconditions\":[\"gate\"],");
	buf_printf(&plain, "%.*s%s", (int)(gate - text), text, gate + 25);
	OK(services_parse("Q01.json", buf_span(&plain), &poor, &all));
	assert_int_equal(definitions_keep(w->o.store, all, &poor, 1), ERR_CONFIG);
	assert_non_null(strstr(err_detail(), "Q01.json: preconditions[0]: no precondition \"gate\""));
	assert_non_null(strstr(err_detail(), "kept for filings of before"));
	err_clear();
	edit(w, "UPDATE definition SET octets = CAST(octets || ' ' AS BLOB)");
	AUTO(services) s = start_with(w, text, &e);
	free(text);
	assert_int_equal(e, ERR_LOG_DAMAGED);
	err_clear();
	/* nobody kept it */
	assert_int_equal(world_submit(w, no, &w->operator), ERR_CONFIG);
	err_clear();
	w->d.services = w->services;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {T(test_goes_on), T(test_none_named), T(test_exchanged), T(test_stops)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
