/* Register and accounts: units, persons, freeze, the optional password with its waiting time. */
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

static void test_units(void **state)
{
	struct office *o = *state;
	struct unit u, bad;
	OK(unit_get(&o->desk, "10000016", &u));
	assert_string_equal(u.name, "长沙测试一号科技有限公司");
	assert_false(u.frozen);
	OK(unit_by_uscc(&o->desk, "91430100MAYYYY016Y", &u));
	assert_int_equal(unit_put(&o->desk, &u), ERR_EXISTS);
	bad = u;
	(void)snprintf(bad.uscc, sizeof(bad.uscc), "91430100MAYYYY0160");
	assert_int_equal(unit_put(&o->desk, &bad), ERR_USCC);
	bad = u;
	bad.name[0] = 0;
	assert_int_equal(unit_put(&o->desk, &bad), ERR_FIELD_MISSING);
	assert_int_equal(unit_get(&o->desk, "88001235", &u), ERR_UNIT_ABSENT);
	assert_int_equal(unit_set_frozen(&o->desk, "88001235", true), ERR_UNIT_ABSENT);
	OK(unit_set_frozen(&o->desk, "10000016", true));
	OK(unit_get(&o->desk, "10000016", &u));
	assert_true(u.frozen);
}

static void test_persons(void **state)
{
	struct office *o = *state;
	char first[PERSON_NO_LEN + 1], again[PERSON_NO_LEN + 1], other[PERSON_NO_LEN + 1];
	struct person p;
	OK(person_ensure(&o->desk, "测试甲", "430102199003079914", "13000000001", first));
	OK(person_ensure(&o->desk, "测试甲", "430102199003079914", "13000000009", again));
	assert_string_equal(first, again);
	OK(person_get(&o->desk, first, &p));
	assert_string_equal(p.id_number, "430102199003079914");
	assert_string_equal(p.mobile, "13000000009");
	assert_int_equal(person_ensure(&o->desk, "测试乙", "430102199003079914", "13000000001", again),
	                 ERR_UNIT_MISMATCH);
	OK(person_ensure(&o->desk, "测试乙", "430104198506159922", "13000000001", other));
	assert_string_not_equal(first, other);
	assert_int_equal(person_get(&o->desk, "430100999999", &p), ERR_ABSENT);
}

static void an_account(struct office *o)
{
	const struct account a = {.subject = "10000016-430100000016",
	                          .kind = "unit",
	                          .unit_no = "10000016",
	                          .person_no = "430100000016",
	                          .holder = "测试甲"};
	OK(account_put(&o->desk, &a));
}

static void test_password(void **state)
{
	struct office *o = *state;
	static const char *const bad[] = {
		"",         "short1",     "onlyletters",
		"12345678", "with\ttab1", "aB1aB1aB1aB1aB1aB1aB1aB1aB1aB1aB1aB1aB1aB1aB1aB1aB1aB1aB1aB1aB1aBx"};
	const char *subject = "10000016-430100000016";
	struct account a;
	an_account(o);
	assert_int_equal(account_check_password(&o->desk, subject, "x"), ERR_STATE);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(account_set_password(&o->desk, subject, bad[i]), ERR_FIELD_VALUE);
	assert_int_equal(account_set_password(&o->desk, "nobody", "Right-2026"), ERR_L_UNBOUND);
	OK(account_set_password(&o->desk, subject, "Right-2026"));
	OK(account_get(&o->desk, subject, &a));
	assert_true(a.has_password);
	OK(account_check_password(&o->desk, subject, "Right-2026"));
	for (int i = 0; i < 5; i++)
		assert_int_equal(account_check_password(&o->desk, subject, "Wrong-2026"), ERR_L_PASSWORD);
	assert_int_equal(account_check_password(&o->desk, subject, "Right-2026"), ERR_L_RATE);
	office_move_clock(o, 16 * 60);
	OK(account_check_password(&o->desk, subject, "Right-2026"));
	OK(account_get(&o->desk, subject, &a));
	assert_int_equal(a.password_fails, 0);
	OK(account_set_password(&o->desk, subject, NULL));
	OK(account_get(&o->desk, subject, &a));
	assert_false(a.has_password);
	assert_int_equal(account_get(&o->desk, "nobody", &a), ERR_L_UNBOUND);
}

/* Bringing an account up to date neither thaws it nor clears its password. */
static void test_update_keeps(void **state)
{
	struct office *o = *state;
	struct account a;
	an_account(o);
	OK(account_set_frozen(&o->desk, "10000016-430100000016", true));
	OK(account_set_password(&o->desk, "10000016-430100000016", "Right-2026"));
	an_account(o);
	OK(account_get(&o->desk, "10000016-430100000016", &a));
	assert_true(a.frozen);
	assert_true(a.has_password);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_units), T(test_persons), T(test_password), T(test_update_keeps)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
