#include "server/filing/definitions.h"

struct keeping {
	struct services *services;
	const struct service_registry *registry;
	int64_t now;
};

static enum err put_tx(struct tx *tx, void *arg)
{
	const struct keeping *w = arg;
	for (size_t i = 0; i < services_count(w->services); i++) {
		const struct service *s = services_at(w->services, i);
		TRY(tx_exec(tx, "definition_put",
		            SQL_ARGS(A_TEXT(s->sm3), A_TEXT(s->code), A_BLOB(s->octets), A_INT(w->now)), NULL));
	}
	return ERR_OK;
}

static enum err keep_row(const struct row *row, void *ctx)
{
	const struct keeping *w = ctx;
	return services_keep(w->services, row_text(row, 1), row_text(row, 0), row_blob(row, 2), w->registry);
}

static enum err read_tx(struct tx *tx, void *arg)
{
	return tx_query(tx, "definition_named", NULL, 0, keep_row, arg);
}

enum err definitions_keep(struct store *store, struct services *services, const struct service_registry *r, int64_t now)
{
	struct keeping w = {services, r, now};
	TRY(store_write(store, put_tx, &w));
	return store_read(store, read_tx, &w);
}
