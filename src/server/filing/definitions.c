#include "server/filing/definitions.h"
#include "evidence/log.h"

struct keeping {
	struct services *services;
	const struct service_registry *registry;
	int64_t now;
};

static enum err put_one(struct tx *tx, const struct service *s, int64_t now)
{
	int64_t added = 0;
	AUTO_LOG_ACT(entry);
	struct log_what what = {.kind = "DEFINITION-KEEP", .subject = s->code, .rule = "services", .time = now};
	TRY(tx_exec(tx, "definition_put", SQL_ARGS(A_TEXT(s->sm3), A_TEXT(s->code), A_BLOB(s->octets), A_INT(now)),
	            &added));
	if (added == 0)
		return ERR_OK;
	TRY(log_act_init(&entry, NULL, &what)); /* no statement, so nothing is sealed */
	log_act_cover(&entry, "definition", s->sm3, 0);
	return log_append(tx, &entry);
}

static enum err put_tx(struct tx *tx, void *arg)
{
	const struct keeping *w = arg;
	for (size_t i = 0; i < services_count(w->services); i++)
		TRY(put_one(tx, services_at(w->services, i), w->now));
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
