/* What effects say of how a correction takes them back: by an act of their own, or not at all. */
#include "world.h"

static char did[400]; /* "do NO;undo NO;" in the order of the transaction */

static enum err prepare(void *ctx, const struct filing_view *v, void **ret_job)
{
	char *job = NULL;
	assert_true(asprintf(&job, "%s %s %zu;", (const char *)ctx, v->filing->no,
	                     json_array_size(json_object_get(v->content, "rows"))) > 0);
	*ret_job = job;
	return ERR_OK;
}

static enum err apply(struct tx *tx, void *job)
{
	size_t at = strlen(did);
	(void)snprintf(did + at, sizeof(did) - at, "%s", (const char *)job);
	return tx_exec(tx, "counter_next", SQL_ARGS(A_TEXT("effects")), NULL);
}

static struct service_effect reverse = {"uncount", prepare, apply, free, (void *)(uintptr_t) "undo"};

/* Q01 with that effect, in force from now on. */
static struct services *take(struct world *w, enum effect_back back, const struct service_effect *how, enum err want)
{
	struct services *s = NULL;
	struct service_effect effects[] = {{.name = "count",
	                                    .prepare = prepare,
	                                    .apply = apply,
	                                    .done = free,
	                                    .ctx = (void *)(uintptr_t) "do",
	                                    .back = back,
	                                    .reverse = how},
	                                   {NULL}};
	static struct service_effect kept[2];
	struct service_registry registry = test_registry;
	memcpy(kept, effects, sizeof(kept));
	registry.effects = kept;
	assert_int_equal(services_parse("Q01.json", span_str(test_q01), &registry, &s), want);
	w->d.services = s;
	did[0] = 0;
	return s;
}

static void done(struct world *w, char no[FILING_NO_MAX + 1])
{
	world_draft(w, "Q01", 2, no);
	OK(world_submit(w, no, &w->operator));
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
}

static void test_reverse(void **state)
{
	struct world *w = *state;
	char old[FILING_NO_MAX + 1], no[FILING_NO_MAX + 1], expected[200];
	struct services *s = take(w, EFFECT_BY_REVERSE, &reverse, ERR_OK);
	done(w, old);
	(void)snprintf(expected, sizeof(expected), "do %s 2;", old);
	assert_string_equal(did, expected);
	OK(filing_correct(&w->d, old, &w->operator.who, no));
	world_rows(w, no, 1);
	OK(world_submit(w, no, &w->operator));
	did[0] = 0;
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	(void)snprintf(expected, sizeof(expected), "undo %s 2;do %s 1;", old, no);
	assert_string_equal(did, expected);
	services_free(s);
	w->d.services = w->services;
}

static void test_final(void **state)
{
	struct world *w = *state;
	char old[FILING_NO_MAX + 1], no[FILING_NO_MAX + 1];
	struct services *s = take(w, EFFECT_FINAL, NULL, ERR_OK);
	done(w, old);
	assert_int_equal(filing_correct(&w->d, old, &w->operator.who, no), ERR_FINAL);
	err_clear();
	assert_int_equal(world_get(w, old).state, FILING_DONE);
	services_free(s);
	w->d.services = w->services;
}

/* A definition that names an effect which does not say it is refused at the start. */
static void test_unsaid(void **state)
{
	struct world *w = *state;
	assert_null(take(w, EFFECT_BY_REVERSE, NULL, ERR_CONFIG));
	assert_non_null(strstr(err_detail(), "count does not say how it is taken back"));
	err_clear();
	assert_null(take(w, EFFECT_FINAL, &reverse, ERR_CONFIG));
	err_clear();
	w->d.services = w->services;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {T(test_reverse), T(test_final), T(test_unsaid)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
