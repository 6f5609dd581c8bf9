#include "store/many.h"
#include <stdio.h>
#include <string.h>

void many_begin(struct many *m, struct tx *tx, const char *name, size_t columns)
{
	INVARIANT(columns > 0 && columns <= MANY_COLUMNS);
	m->tx = tx;
	m->name = name;
	m->columns = columns;
	m->rows = 0;
}

static enum err write_rows(const struct many *m, size_t from, size_t n)
{
	char name[80];

	(void)snprintf(name, sizeof(name), "%s_%zu", m->name, n);
	return tx_exec(m->tx, name, m->arg + from * m->columns, n * m->columns, NULL);
}

enum err many_end(struct many *m)
{
	size_t from = 0, n = m->rows;

	m->rows = 0;
	while (n > 0) {
		size_t take = n >= MANY_ROWS ? MANY_ROWS : n >= MANY_FEW ? MANY_FEW : 1;
		TRY(write_rows(m, from, take));
		from += take;
		n -= take;
	}
	return ERR_OK;
}

enum err many_put(struct many *m, const struct sql_arg *row, bool *ret_full_or_null)
{
	memcpy(m->arg + m->rows++ * m->columns, row, m->columns * sizeof(*row));
	bool full = m->rows == MANY_ROWS;
	if (ret_full_or_null != NULL)
		*ret_full_or_null = full;
	return full ? many_end(m) : ERR_OK;
}
