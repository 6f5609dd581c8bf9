/* One dialogue at a time: what another page learns of it and may do about it, by a name that is good while it is open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/json.h"
#include "client/agent/dialogue.h"
#include <stdio.h>
#include <string.h>

static const char id[] = "00112233445566778899aabbccddeeff";

static enum err other(struct dialogue *d, char ref[64])
{
	json_t *v = NULL;
	enum err e = dialogue_other_json(d, &v);

	ref[0] = '\0';
	if (e != ERR_OK)
		return e;
	assert_string_equal(json_str_or(v, "title", ""), "登录");
	assert_string_equal(json_str_or(v, "origin", ""), "https://rsj.example");
	snprintf(ref, 64, "%s", json_str_or(v, "ref", ""));
	json_decref(v);
	return ERR_OK;
}

/* It may have ended between the refusal and the question which one it was: then there is nothing to show. */
static void named_while_open(void **state)
{
	atomic_int stop = 0;
	const struct dialogue_conf conf = {.idle_ms = 1000, .stop = &stop};
	const struct key key = {.serial = "YX26000001"};
	AUTO(dialogue) d = NULL;
	AUTO_JSON rows = json_array();
	char ref[64], later[64];

	(void)state;
	assert_int_equal(dialogue_new(&conf, &d), ERR_OK);
	assert_int_equal(other(d, ref), ERR_STATE);
	const struct dialogue_spec spec = {.id = id,
	                                   .title = "登录",
	                                   .origin = "https://rsj.example",
	                                   .rows = rows,
	                                   .need = NEED_PIN,
	                                   .keys = &key,
	                                   .n_keys = 1,
	                                   .client_fd = -1};
	assert_int_equal(dialogue_begin(d, &spec), ERR_OK);
	assert_int_equal(dialogue_begin(d, &spec), ERR_PIN_ELSEWHERE);
	assert_int_equal(other(d, ref), ERR_OK);
	assert_int_equal(strlen(ref), 32);
	assert_string_not_equal(ref, id);
	assert_int_equal(dialogue_call(d, ref), ERR_OK);
	assert_int_equal(dialogue_call(d, id), ERR_STATE);
	dialogue_end(d, ERR_CANCELLED, -1);
	assert_int_equal(other(d, later), ERR_STATE);
	assert_int_equal(dialogue_call(d, ref), ERR_STATE);
	assert_int_equal(dialogue_close(d, ref), ERR_STATE);
	assert_int_equal(dialogue_begin(d, &spec), ERR_OK);
	assert_int_equal(dialogue_close(d, ref), ERR_STATE);
	assert_int_equal(other(d, later), ERR_OK);
	assert_string_not_equal(later, ref);
	assert_int_equal(dialogue_close(d, later), ERR_OK);
	dialogue_end(d, ERR_PIN_CLOSED, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(named_while_open)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
