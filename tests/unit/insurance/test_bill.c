/* The worked example of three people to the fen, late fees, and what is refused. */
#include "server/insurance/bill.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MONTH = 202611, CLASS = 2 };
static const int64_t wages[] = {350000, 876543, 2500000}; /* 甲 乙 丙 */

static int load(void **state)
{
	struct tables *t = NULL;
	if (tables_load(SHARE_DIR "/tables", &t) != ERR_OK) {
		print_error("%s\n", err_detail());
		return -1;
	}
	*state = t;
	return 0;
}

static int unload(void **state)
{
	tables_free(*state);
	return 0;
}

static unsigned mask_of(const struct tables *t, const char *codes)
{
	unsigned mask = 0;
	for (; *codes; codes += 3) {
		char code[4] = {codes[0], codes[1], codes[2], 0};
		int i = tables_ins(t, code);
		assert_true(i >= 0);
		mask |= 1u << i;
	}
	return mask;
}

static struct bill bill_of(const struct tables *t, const char *codes, int month)
{
	struct bill b;
	bill_init(&b, month);
	for (size_t i = 0; i < COUNT_OF(wages); i++) {
		struct contribution c;
		const struct payer p = {wages[i], mask_of(t, codes), CLASS, PPM};
		assert_int_equal(contribution_of(t, month, &p, &c), ERR_OK);
		bill_add(&b, &c);
	}
	return b;
}

static void test_three_people(void **state)
{
	const struct tables *t = *state;
	static const struct {
		const char *code;
		int64_t unit[3], person[3], sum_unit, sum_person;
	} rows[] = {
		{"110", {68928, 140247, 344640}, {34464, 70123, 172320}, 553815, 276907},
		{"210", {3016, 6136, 15078}, {1292, 2630, 6462}, 24230, 10384},
		{"410", {1723, 3506, 8616}, {0, 0, 0}, 13845, 0},
		{"310", {34464, 70123, 172320}, {8616, 17531, 43080}, 276907, 69227},
		{"510", {3016, 6136, 15078}, {0, 0, 0}, 24230, 0},
	};
	static const int64_t bases[] = {430800, 876543, 2154000};
	struct bill b = bill_of(t, "110210410310510", MONTH);
	for (size_t r = 0; r < COUNT_OF(rows); r++) {
		int ins = tables_ins(t, rows[r].code);
		for (size_t i = 0; i < COUNT_OF(wages); i++) {
			struct contribution c;
			const struct payer p = {wages[i], 1u << ins, CLASS, PPM};
			assert_int_equal(contribution_of(t, MONTH, &p, &c), ERR_OK);
			assert_int_equal(c.base_fen, bases[i]);
			assert_int_equal(c.share[ins].unit_fen, rows[r].unit[i]);
			assert_int_equal(c.share[ins].person_fen, rows[r].person[i]);
		}
		assert_int_equal(b.line[ins].unit_fen, rows[r].sum_unit);
		assert_int_equal(b.line[ins].person_fen, rows[r].sum_person);
		assert_int_equal(b.line[ins].base_fen, 3461343);
		assert_int_equal(b.line[ins].persons, 3);
	}
	assert_int_equal(b.total_fen, 1249545);
	assert_int_equal(b.persons, 3);
	struct bill three = bill_of(t, "110210410", MONTH);
	assert_int_equal(three.unit_fen, 591890);
	assert_int_equal(three.person_fen, 287291);
	assert_int_equal(three.total_fen, 879181);
	/* The same at the end of the year and in the next: the demonstration's clock may stand there. */
	assert_int_equal(bill_of(t, "110210410", 202612).total_fen, 879181);
	assert_int_equal(bill_of(t, "110210410", 202701).total_fen, 879181);
	assert_int_equal(bill_of(t, "110210410", 202512).total_fen, 879181);
	assert_true(bill_unverified(t, MONTH));
}

static void test_late(void **state)
{
	const struct tables *t = *state;
	struct bill three = bill_of(t, "110210410", MONTH);
	int64_t due = month_first(202612) + 30LL * DAY_SEC;
	assert_int_equal(late_fee_bill(t, &three, due, due + 12LL * DAY_SEC), 5275);
	assert_int_equal(late_fee_bill(t, &three, due, due + DAY_SEC), 439);
	assert_int_equal(late_fee(t, 879181, due, due + DAY_SEC), 440);
	assert_int_equal(late_fee(t, 830722, due, due + 12LL * DAY_SEC), 4984);
	assert_int_equal(late_fee(t, 34614, due, due + 12LL * DAY_SEC), 208);
	assert_int_equal(late_fee(t, 13845, due, due + 12LL * DAY_SEC), 83);
	assert_int_equal(late_fee(t, 879181, due, due), 0);
	assert_int_equal(late_fee(t, 879181, due, due - 5LL * DAY_SEC), 0);
	/* 2011-06-30 still costs 0.2 %, 2011-07-01 0.05 %. */
	int64_t change = month_first(201107);
	assert_int_equal(late_fee(t, 1000000, change - 2LL * DAY_SEC, change - DAY_SEC), 2000);
	assert_int_equal(late_fee(t, 1000000, change - 2LL * DAY_SEC, change), 2500);
	assert_int_equal(default_amount(t, 879181), 967099);
	assert_int_equal(default_amount(t, 0), 0);
}

static void test_floating_and_refused(void **state)
{
	const struct tables *t = *state;
	struct contribution c;
	int injury = tables_ins(t, "410");
	struct payer p = {1000000, 1u << injury, 2, 500000};
	assert_int_equal(contribution_of(t, MONTH, &p, &c), ERR_OK);
	assert_int_equal(c.share[injury].unit_ppm, 2000);
	assert_int_equal(c.share[injury].unit_fen, 2000);
	p.risk_class = 0;
	assert_int_equal(contribution_of(t, MONTH, &p, &c), ERR_CONFIG);
	p = (struct payer){-1, 1, 2, PPM};
	assert_int_equal(contribution_of(t, MONTH, &p, &c), ERR_FIELD_VALUE);
	p = (struct payer){MONEY_MAX + 1, 1, 2, PPM};
	assert_int_equal(contribution_of(t, MONTH, &p, &c), ERR_FIELD_VALUE);
	p = (struct payer){350000, 1, 2, PPM};
	assert_int_equal(contribution_of(t, 202312, &p, &c), ERR_CONFIG); /* no base of that year is known */
	err_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_three_people), cmocka_unit_test(test_late),
	                                   cmocka_unit_test(test_floating_and_refused)};
	return cmocka_run_group_tests(tests, load, unload);
}
