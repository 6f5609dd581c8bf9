#include "server/filing/filing_log.h"
#include "evidence/log.h"
#include "server/filing/filing_i.h"
#include <stdlib.h>
#include <string.h>

static enum err log_prepare(void *ctx, const struct filing_act *a, void **ret_prepared)
{
	const struct desk *desk = ctx;
	AUTO_BUF(what, 256);
	struct log_what w = {.subject = a->filing->no, .rule = a->rule, .time = a->time, .statement = a->statement, .sig = a->sig,
		.cert = a->cert};
	const char *type = filing_act_type(a->kind, a->filing->corrects[0] != 0);
	w.kind = a->by != NULL && type != NULL ? type : "FILING-RULE";
	buf_printf(&what, "%s %s: %s -> %s", a->filing->no, filing_act_name(a->kind), filing_state_name(a->from),
		   filing_state_name(a->to));
	if (a->by == NULL)
		w.statement = buf_span(&what);
	struct log_act *l = calloc(1, sizeof *l);
	if (l == NULL)
		return ERR(NOMEM, "log entry");
	enum err e = log_act_init(l, desk->keys, &w);
	if (e != ERR_OK) {
		free(l);
		return e;
	}
	*ret_prepared = l;
	return ERR_OK;
}

static enum err log_write(struct tx *tx, const struct filing_act *a)
{
	return a->prepared != NULL ? log_append(tx, a->prepared) : ERR_OK;
}

static void log_done(void *prepared)
{
	log_act_done(prepared);
	free(prepared);
}

void filing_log_connect(struct filing_desk *d)
{
	d->log_prepare = log_prepare;
	d->log_write = log_write;
	d->log_done = log_done;
	d->log_ctx = (void *)(uintptr_t)d->desk;
}
