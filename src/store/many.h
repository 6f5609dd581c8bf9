/* One INSERT for many rows: MANY_ROWS, 4 or 1 at a time by the statements NAME_16, NAME_4, NAME_1, so that few are run
 * and each stays prepared. Values are borrowed until their rows are written, many_end() at the latest. */
#pragma once
#include "store/store.h"

enum { MANY_ROWS = 16, MANY_FEW = 4, MANY_COLUMNS = 24 };
struct many {
	struct tx *tx;
	const char *name;
	size_t columns, rows; /* not written yet */
	struct sql_arg arg[MANY_ROWS * MANY_COLUMNS];
};
void many_begin(struct many *m, struct tx *tx, const char *name, size_t columns);
/* Borrows what the columns of the row hold; ret_full, when asked for: everything so far is written. */
enum err many_put(struct many *m, const struct sql_arg *row, bool *ret_full_or_null) MUST_CHECK;
enum err many_end(struct many *m) MUST_CHECK;
