/* Amounts as people type them; days and months are tried where they are used (insurance/test_money.c). */
#include "base/typed.h"
#include "check.h"

static void test_money(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		int64_t want;
		enum err e;
	} rows[] = {
		{"3500", 350000, ERR_OK},
		{"8765.43", 876543, ERR_OK},
		{"8,765.43", 876543, ERR_OK},
		{"0", 0, ERR_OK},
		{"８７６５．４３", 876543, ERR_OK},
		{"¥3,500.00", 350000, ERR_OK},
		{"3500元", 350000, ERR_OK},
		{" 3500 ", 350000, ERR_OK},
		{"0.1", 10, ERR_OK},
		{"0.05", 5, ERR_OK},
		{"25000.5000", 2500050, ERR_OK},
		{"10,000,000", 1000000000, ERR_OK},
		{"1,234,567.80", 123456780, ERR_OK},
		{"007", 700, ERR_OK},
		{"999999999.99", 99999999999, ERR_OK},
		{"1000000000", 0, ERR_FIELD_VALUE},
		{"99999999999999999999", 0, ERR_FIELD_VALUE},
		{"-1", 0, ERR_FIELD_VALUE},
		{"", 0, ERR_FIELD_VALUE},
		{".5", 0, ERR_FIELD_VALUE},
		{"5.", 0, ERR_FIELD_VALUE},
		{"1.234", 0, ERR_FIELD_VALUE},
		{"1,23", 0, ERR_FIELD_VALUE},
		{",123", 0, ERR_FIELD_VALUE},
		{"1234,567", 0, ERR_FIELD_VALUE},
		{"1,,234", 0, ERR_FIELD_VALUE},
		{"1,234,", 0, ERR_FIELD_VALUE},
		{"3.5E3", 0, ERR_FIELD_VALUE},
		{"三千五", 0, ERR_FIELD_VALUE},
		{"元", 0, ERR_FIELD_VALUE},
		{"35元00", 0, ERR_FIELD_VALUE},
		{"3500\xff", 0, ERR_FIELD_VALUE},
		{"1.2.3", 0, ERR_FIELD_VALUE},
		{"+5", 0, ERR_FIELD_VALUE},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t got = -7;
		enum err e = typed_money(span_str(rows[i].in), &got);
		if (e != rows[i].e)
			print_message("# row %zu: %s\n", i, rows[i].in);
		assert_int_equal(e, rows[i].e);
		assert_int_equal(got, e == ERR_OK ? rows[i].want : -7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_money)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
