/* The registers that businesses change (change.h), each one constant over its table under the log (covered.h).
 *
 * The columns of a register in versions are, in this order: the parts of its key, the last of them the version; what it
 * says; filing_no, who wrote it; from when; and where a row can end: until when (0: it stands), and closed_by, who
 * ended it. Of a register whose rows do not end the newest version counts, and one of zeros says "none". A register
 * without versions only gains rows. Its statements are made of it (tools/rows_sql.c). */
#pragma once
#include "evidence/log_table.h"

enum { REGISTER_KEYS_MAX = 3, REGISTER_VALUES_MAX = 8, REGISTER_COLUMNS_MAX = 16 };
struct register_table {
	const struct log_table *rows;
	const char *label;   /* Chinese */
	size_t keys, values; /* parts of the key without the version; columns of what it says */
	int unit, person;    /* which parts of the key they are; unit -1: none */
	bool at_all_units;   /* a person's rows are read whatever the unit */
	bool versions, ends;
	const char *read, *written, *close,
		*put; /* of 16 persons; persons of a filing (NULL without unit); 16 rows; many.h */
	/* From which month on a row counts for money; 0: for none. NULL: never. */
	int (*month)(const struct sql_arg *key, const struct sql_arg *value);
	/* From which month on it counts no more; 0: it goes on. NULL: always. */
	int (*after)(const struct sql_arg *value);
};
extern const struct register_table register_person, register_detail, register_employment, register_wage,
	register_enrolment;
extern const struct register_table *const registers_all[]; /* in the order in which they are written; ends with NULL */

/* Columns of a register in versions, by number. */
static inline size_t register_version(const struct register_table *r)
{
	return r->keys;
}
static inline size_t register_value(const struct register_table *r)
{
	return r->keys + (r->versions ? 1 : 0);
}
static inline size_t register_writer(const struct register_table *r)
{
	return register_value(r) + r->values;
}
size_t register_columns(const struct register_table *r);
