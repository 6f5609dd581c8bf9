/* The tables of insurance and money whose rows lie under the log. */
#pragma once
#include "evidence/log_table.h"

extern const struct log_table insurance_tables[]; /* ends with a NULL name */
