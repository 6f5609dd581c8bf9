#include "server/register/entry.h"

struct entry_job {
	const struct entry *w;
	store_fn *fn;
	void *arg;
	struct log_act log;
};

static enum err entry_tx(struct tx *tx, void *arg)
{
	struct entry_job *j = arg;
	j->log.covers = 0; /* it may run again */
	j->w->cover(&j->log, j->arg);
	TRY(log_act_check(tx, &j->log));
	TRY(j->fn(tx, j->arg));
	return log_append(tx, &j->log);
}

enum err entry_write(const struct desk *d, const struct entry *w, store_fn *fn, void *arg)
{
	struct entry_job j = {.w = w, .fn = fn, .arg = arg};
	const struct log_what what = {.kind = w->kind,
	                              .subject = w->subject,
	                              .rule = w->rule,
	                              .time = clock_now(d->clock)};
	enum err e = log_act_init(&j.log, d->keys, &what);
	if (e == ERR_OK)
		e = store_write(d->store, entry_tx, &j);
	log_act_done(&j.log);
	return e;
}
