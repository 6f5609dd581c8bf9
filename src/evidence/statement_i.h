/* Between statement.c (grammar) and statement_table.c (types, keys, value checks, Chinese titles). */
#pragma once
#include "evidence/statement.h"

/* Whether a value that already passed text_line_check and is not empty fits its key. */
typedef bool statement_check(struct span value);
struct statement_part {
	const char *key;
	statement_check *check;
	size_t most; /* lines, numbered; 0: one, without a number */
	bool wide;   /* may be continued as name/1, name/2, ... */
};
struct statement_type {
	const char *name, *zh;
	const struct statement_part *parts; /* after bureau, nonce, time; ends with a NULL key */
	size_t max;                         /* octets; 0: STATEMENT_MAX */
};
const struct statement_type *statement_type_find(struct span name); /* NULL when unknown */
extern const struct statement_part statement_common[];              /* bureau, nonce, time; ends with a NULL key */
