#include "server/register/registers.h"
#include "server/register/covered.h"

/* clang-format off */
#define STATEMENTS(table) .read = "change_" table "_read", .close = "change_" table "_close", .put = "change_" table "_put"
#define OF_UNITS(table)   STATEMENTS(table), .written = "change_" table "_written"
/* clang-format on */

enum { ENROLMENT_STATUS, ENROLMENT_FROM, ENROLMENT_TO };
enum { WAGE_MONTH = 2 };

static int wage_month(const struct sql_arg *key, const struct sql_arg *value)
{
	(void)value;
	return (int)key[WAGE_MONTH].i;
}

/* Only what is paid. */
static int enrolment_month(const struct sql_arg *key, const struct sql_arg *value)
{
	(void)key;
	return value[ENROLMENT_STATUS].i == 1 ? (int)value[ENROLMENT_FROM].i : 0;
}

static int enrolment_after(const struct sql_arg *value)
{
	int to = (int)value[ENROLMENT_TO].i;
	return to == 0 ? 0 : to % 100 == 12 ? to + 89 : to + 1;
}

const struct register_table register_person = {.rows = &register_tables[TABLE_PERSON],
                                               .label = "人员",
                                               .keys = 1,
                                               .values = 5,
                                               .unit = -1,
                                               .at_all_units = true,
                                               .put = "change_person_put"};
const struct register_table register_detail = {.rows = &register_tables[TABLE_DETAIL],
                                               .label = "人员信息",
                                               .keys = 1,
                                               .values = 1,
                                               .unit = -1,
                                               .at_all_units = true,
                                               .versions = true,
                                               .ends = true,
                                               STATEMENTS("person_detail")};
const struct register_table register_employment = {.rows = &register_tables[TABLE_EMPLOYMENT],
                                                   .label = "用工",
                                                   .keys = 2,
                                                   .values = 8,
                                                   .unit = 0,
                                                   .person = 1,
                                                   .versions = true,
                                                   .ends = true,
                                                   OF_UNITS("employment")};
const struct register_table register_wage = {.rows = &register_tables[TABLE_WAGE],
                                             .label = "缴费工资",
                                             .keys = 3,
                                             .values = 1,
                                             .unit = 0,
                                             .person = 1,
                                             .versions = true,
                                             OF_UNITS("wage"),
                                             .month = wage_month};
const struct register_table register_enrolment = {.rows = &register_tables[TABLE_ENROLMENT],
                                                  .label = "参保",
                                                  .keys = 3,
                                                  .values = 4,
                                                  .unit = 1,
                                                  .person = 0,
                                                  .at_all_units = true,
                                                  .versions = true,
                                                  .ends = true,
                                                  OF_UNITS("enrolment"),
                                                  .month = enrolment_month,
                                                  .after = enrolment_after};
const struct register_table *const registers_all[] = {&register_person, &register_detail,    &register_employment,
                                                      &register_wage,   &register_enrolment, NULL};

size_t register_columns(const struct register_table *r)
{
	return register_writer(r) + (!r->versions ? 0 : r->ends ? 4 : 2);
}
