/* One transition in the database: state and version, event, log entry. */
#include "server/filing/filing_i.h"
#include <string.h>

enum err filing_opinion_seal(const struct filing_desk *d, const char *no, const char *opinion, struct buf *out)
{
	if (opinion == NULL || opinion[0] == 0)
		return ERR_OK;
	return field_seal(d->desk->keys, "filing_event.opinion", span_str(no), span_str(opinion), out);
}

enum err filing_log_begin(const struct filing_desk *d, struct filing_act *a)
{
	a->prepared = NULL;
	return d->log_prepare != NULL ? d->log_prepare(d->log_ctx, a, &a->prepared) : ERR_OK;
}

void filing_log_end(const struct filing_desk *d, struct filing_act *a)
{
	if (d->log_done != NULL && a->prepared != NULL)
		d->log_done(a->prepared);
	a->prepared = NULL;
}

enum err filing_event_tx(struct tx *tx, const struct filing_move *m)
{
	static const struct filing_who rule = {"", "系统", "", "", "system", ""};
	const struct filing_act *a = &m->act;
	const struct filing_who *by = a->by != NULL ? a->by : &rule;
	return tx_exec(tx, "filing_event_put",
	               SQL_ARGS(A_TEXT(a->filing->no), A_INT(a->time), A_INT(m->version), A_INT(a->kind),
	                        A_INT(a->from), A_INT(a->to), A_TEXT(by->person_id), A_TEXT(by->name), A_TEXT(by->role),
	                        A_TEXT(by->cert_serial), A_TEXT(a->rule), A_TEXT(a->statement_sm3),
	                        m->opinion_sealed.len > 0 ? A_BLOB(m->opinion_sealed) : A_NULL),
	               NULL);
}

enum err filing_move_tx(const struct filing_desk *d, struct tx *tx, const struct filing_move *m)
{
	int64_t changed = 0;
	const struct filing_act *a = &m->act;
	TRY(tx_exec(tx, "filing_move",
	            SQL_ARGS(A_TEXT(a->filing->no), A_INT(m->version), A_INT(a->from), A_INT(a->to), A_INT(a->time),
	                     A_INT(m->expires)),
	            &changed));
	if (changed != 1)
		return ERR(CONFLICT, "filing %s changed meanwhile", a->filing->no);
	TRY(filing_event_tx(tx, m));
	return d->log_write != NULL ? d->log_write(tx, a) : ERR_OK;
}
