#include "server/filing/filing_log.h"
#include "evidence/log.h"
#include "server/filing/filing_i.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err unchanged_tx(struct tx *tx, void *arg)
{
	return log_row_check(tx, "filing", (const struct sql_arg[]){A_TEXT(arg)}, 1);
}

/* A filing that was edited in the database is not worked on: the act would cover the edit. */
static enum err unchanged(const struct desk *desk, const struct filing *f)
{
	return f->version > 0 ? store_read(desk->store, unchanged_tx, (void *)(uintptr_t)f->no) : ERR_OK;
}

static enum err log_prepare(void *ctx, const struct filing_act *a, void **ret_prepared)
{
	const struct desk *desk = ctx;
	AUTO_BUF(what, 256);
	struct log_what w = {.subject = a->filing->no,
	                     .time = a->time,
	                     .statement = a->statement,
	                     .sig = a->sig,
	                     .cert = a->cert,
	                     .status = a->status};
	char session[LEAF_TEXT_MAX + 1];
	bool save = a->kind == FACT_SAVE;
	w.kind = save ? "FILING-SAVE" : a->type != NULL ? a->type : "FILING-RULE";
	(void)snprintf(session, sizeof(session), "session:%s", save ? a->by->person_id : "");
	w.rule = save ? session : a->rule;
	buf_printf(&what, "%s %s: %s -> %s", a->filing->no, filing_act_name(a->kind), filing_state_name(a->from),
	           filing_state_name(a->to));
	if (a->by == NULL || save)
		w.statement = buf_span(&what);
	TRY(unchanged(desk, a->filing));
	struct log_act *l = calloc(1, sizeof(*l));
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

/* Attachments come and go while a filing is open, and go with one that is void: they are never changed. */
static void cover_attachments(struct log_act *l, const char *no)
{
	static const struct {
		const char *table, *statement;
		enum log_cover_kind kind;
	} rows[] = {
		{"attachment_file", "cover_attachment_file_filing", LOG_COVER_NEW},
		{"attachment_part", "cover_attachment_part_filing", LOG_COVER_NEW},
		{"attachment_file", "gone_attachment_file", LOG_COVER_GONE},
		{"attachment_part", "gone_attachment_part", LOG_COVER_GONE},
		{"attachment", NULL, LOG_COVER_GONE},
		{"attachment", "cover_attachment_filing", LOG_COVER_NEW},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		log_act_cover_by(l, rows[i].kind, rows[i].table, rows[i].statement,
		                 (const struct sql_arg[]){A_TEXT(no)}, 1);
}

static enum err log_write(struct tx *tx, const struct filing_act *a)
{
	struct log_act *l = a->prepared;
	if (l == NULL)
		return ERR_OK;
	l->covers = 0; /* it may run again */
	log_act_cover(l, "filing", a->filing->no, 0);
	if (a->filing->version == 0)
		log_act_cover(l, "filing_definition", a->filing->no, 0);
	if (a->kind == FACT_SUBMIT)
		log_act_cover(l, "filing_verdict", a->filing->no, 0);
	if (a->kind != FACT_SAVE || a->filing->version == 0) /* a later save is no event */
		log_act_cover(l, "filing_event", a->filing->no, 0);
	if (a->statement_sm3[0] != 0)
		log_act_cover_by(l, LOG_COVER_NEW, "filing_statement", "cover_filing_statement_get",
		                 (const struct sql_arg[]){A_TEXT(a->statement_sm3)}, 1);
	if (a->kind == FACT_SAVE || a->kind == FACT_EXPIRE)
		cover_attachments(l, a->filing->no);
	if (a->cover != NULL)
		a->cover(l, a->cover_ctx);
	return log_append(tx, l);
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
