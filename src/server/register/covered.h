/* The tables of units, persons, accounts and staff whose rows lie under the log. */
#pragma once
#include "evidence/log_table.h"

extern const struct log_table register_tables[]; /* ends with a NULL name */
