/* All tables whose rows lie under the log, of all subjects: what a program that opens the database hands to
 * log_tables_use() at its start, and what tools/rows_sql.c makes the statements of. A subject with tables of its own
 * is a row in covered.c. */
#pragma once
#include "evidence/log_table.h"

extern const struct log_table *const covered_tables[]; /* ends with NULL */
