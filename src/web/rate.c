#include "web/rate.h"
#include "gm/sm3.h"

enum { KEEP_SEC = 86400 };

struct hit {
	uint8_t key[SM3_LEN];
	int64_t window, now, count;
};

static enum err make_key(const char *what, const char *who, uint8_t ret_key[SM3_LEN])
{
	const struct span parts[] = {span_str(what), SPAN_LIT("\0"), span_str(who)};

	return sm3_digest_n(parts, COUNT_OF(parts), ret_key);
}

static enum err take_count(const struct row *row, void *ctx)
{
	struct hit *h = ctx;

	h->count = row_int(row, 0);
	return ERR_OK;
}

static enum err count_tx(struct tx *tx, void *arg)
{
	struct hit *h = arg;

	TRY(tx_exec(tx, "rate.end_old", SQL_ARGS(A_INT(h->now - KEEP_SEC)), NULL));
	return tx_one(tx, "rate.hit", SQL_ARGS(A_BLOB(SPAN_ARR(h->key)), A_INT(h->window)), take_count, h);
}

enum err rate_hit(struct store *store, const struct clock *clock, const char *what, const char *who, int64_t max,
                  int64_t window_sec)
{
	struct hit h = {.now = clock_now(clock)};

	h.window = h.now - h.now % window_sec;
	TRY(make_key(what, who, h.key));
	TRY(store_write(store, count_tx, &h));
	return h.count > max ? ERR(L_RATE, "%s: attempt %lld of %lld", what, (long long)h.count, (long long)max)
	                     : ERR_OK;
}

static enum err clear_tx(struct tx *tx, void *arg)
{
	struct hit *h = arg;

	return tx_exec(tx, "rate.clear", SQL_ARGS(A_BLOB(SPAN_ARR(h->key))), NULL);
}

enum err rate_clear(struct store *store, const char *what, const char *who)
{
	struct hit h;

	TRY(make_key(what, who, h.key));
	return store_write(store, clear_tx, &h);
}
