/* The tables of units, persons, accounts and staff whose rows lie under the log. */
#pragma once
#include "evidence/log_table.h"

enum { TABLE_UNIT, TABLE_PERSON, TABLE_ACCOUNT, TABLE_DETAIL, TABLE_EMPLOYMENT, TABLE_WAGE, TABLE_ENROLMENT };
extern const struct log_table register_tables[]; /* by number; ends with a NULL name */
