/* Which insurances a unit joined, from which month, at which risk class. */
#pragma once
#include "server/insurance/tables.h"
#include "server/register/unit.h"

struct unit_insurance {
	const char *unit_no;
	int ins, from_month, risk_class;
	int64_t float_ppm; /* 1,000,000: none; 500,000 to 1,500,000 */
};
/* ERR_EXISTS */
enum err unit_insurance_put(const struct desk *d, const struct tables *t, const struct unit_insurance *u) MUST_CHECK;
struct unit_joined {
	unsigned ins;
	int risk_class;
	int64_t float_ppm;
};
enum err unit_joined_at(const struct desk *d, const struct tables *t, const char *unit_no, int month,
                        struct unit_joined *ret_j) MUST_CHECK;
