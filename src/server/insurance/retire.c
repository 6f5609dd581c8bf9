#include "server/insurance/retire.h"

static const struct {
	int start, age_years, step, most;
} rule[RETIRE_CLASS_COUNT] = {
	[RETIRE_NONE] = {196501, 60, 4, 36},
	[RETIRE_M60] = {196501, 60, 4, 36},
	[RETIRE_F55] = {197001, 55, 4, 36},
	[RETIRE_F50] = {197501, 50, 2, 60},
};

int retire_min_months(int month)
{
	int year = month / 100;
	return year < 2030 ? 180 : year >= 2039 ? 240 : 180 + (year - 2029) * 6;
}

struct retire retire_of(enum retire_class c, int birth_month)
{
	INVARIANT(c >= RETIRE_NONE && c < RETIRE_CLASS_COUNT);
	struct retire r = {0};
	int n = month_diff(birth_month, rule[c].start), original = rule[c].age_years * 12;
	if (n >= 0)
		r.delay_months = n / rule[c].step + 1 < rule[c].most ? n / rule[c].step + 1 : rule[c].most;
	r.age_months = original + r.delay_months;
	r.month = month_add(birth_month, r.age_months);
	if (n >= 0) {
		int floor = month_add(birth_month, original), early = month_add(r.month, -36);
		r.earliest = early < floor ? floor : early;
		r.latest = month_add(r.month, 36);
	}
	r.min_months = retire_min_months(r.month);
	return r;
}
