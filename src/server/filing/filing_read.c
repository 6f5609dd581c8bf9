/* Filings, contents, events and signed statements: reading. */
#include "server/filing/filing_i.h"
#include <stdio.h>
#include <string.h>

static void put(char *ret, size_t cap, const char *s)
{
	(void)snprintf(ret, cap, "%s", s);
}

enum err filing_row_read(const struct row *row, struct filing *f)
{
	int64_t state = row_int(row, 3);
	if (state < FILING_DRAFT || state >= FILING_STATE_COUNT)
		return ERR(INTERNAL, "filing in state %lld", (long long)state);
	*f = (struct filing){.state = (enum filing_state)state,
	                     .version = row_int(row, 2),
	                     .content_version = row_int(row, 9),
	                     .rows = row_int(row, 10),
	                     .submitted = row_int(row, 15),
	                     .due = row_int(row, 16),
	                     .expires = row_int(row, 17),
	                     .created = row_int(row, 18),
	                     .changed = row_int(row, 19)};
	put(f->no, sizeof(f->no), row_text(row, 0));
	put(f->business, sizeof(f->business), row_text(row, 1));
	put(f->definition, sizeof(f->definition), row_text(row, 20));
	put(f->unit_no, sizeof(f->unit_no), row_text(row, 4));
	put(f->unit_name, sizeof(f->unit_name), row_text(row, 5));
	put(f->region, sizeof(f->region), row_text(row, 6));
	put(f->person_id, sizeof(f->person_id), row_text(row, 7));
	put(f->filer, sizeof(f->filer), row_text(row, 8));
	put(f->corrects, sizeof(f->corrects), row_text(row, 11));
	put(f->corrected_by, sizeof(f->corrected_by), row_text(row, 12));
	put(f->submit_sm3, sizeof(f->submit_sm3), row_text(row, 13));
	put(f->reviewer1, sizeof(f->reviewer1), row_text(row, 14));
	return ERR_OK;
}

/* --- one --- */

static enum err one_row(const struct row *row, void *ctx)
{
	return filing_row_read(row, ctx);
}

enum err filing_find_tx(struct tx *tx, const char *no, struct filing *ret_f)
{
	struct filing f;
	enum err e = tx_one(tx, "filing_get", SQL_ARGS(A_TEXT(no)), one_row, &f);
	if (e == ERR_ABSENT) {
		err_clear();
		return ERR(FILING_ABSENT, "filing");
	}
	TRY(e);
	*ret_f = f;
	return ERR_OK;
}

struct find {
	const char *no;
	struct filing *f;
};

static enum err find_fn(struct tx *tx, void *arg)
{
	const struct find *w = arg;
	return filing_find_tx(tx, w->no, w->f);
}

enum err filing_find(const struct filing_desk *d, const char *no, struct filing *ret_f)
{
	struct find w = {no, ret_f};
	return store_read(d->desk->store, find_fn, &w);
}

enum err filing_service(const struct filing_desk *d, const struct filing *f, const struct service **ret_s)
{
	const struct service *s = f->definition[0] != 0 ? services_by_sm3(d->services, f->definition)
	                                                : services_find(d->services, f->business);
	if (s == NULL)
		return ERR(CONFIG, "no definition %.16s of %s", f->definition, f->business);
	*ret_s = s;
	return ERR_OK;
}

static bool reads_all(const char *role)
{
	return strcmp(role, "clerk") == 0 || strcmp(role, "reviewer") == 0 || strcmp(role, "auditor") == 0;
}

static bool may_be_written(const struct filing *f)
{
	enum filing_state to;
	enum filing_by by;
	return filing_next(f->state, FACT_SAVE, 0, &to, &by) || f->state == FILING_VOID;
}

static enum err officer_gets(const struct filing_desk *d, struct filing *f, const struct filing_who *by)
{
	TRY(filing_is_for_officer(f, by));
	return may_be_written(f) ? filing_as_sent(d, f) : ERR_OK;
}

enum err filing_get(const struct filing_desk *d, const char *no, const struct filing_who *by, struct filing *ret_f)
{
	struct filing f;
	TRY(filing_find(d, no, &f));
	if (by->district[0] == 0)
		TRY(filing_is_his(&f, by));
	else if (!reads_all(by->role))
		return ERR(ROLE, "%s reads no filings", by->role);
	else
		TRY(officer_gets(d, &f, by));
	*ret_f = f;
	return ERR_OK;
}

/* --- content --- */

struct content_job {
	const struct filing *f;
	struct buf sealed;
};

static enum err content_row(const struct row *row, void *ctx)
{
	struct content_job *j = ctx;
	buf_clear(&j->sealed);
	buf_put(&j->sealed, row_blob(row, 0));
	return buf_err(&j->sealed);
}

static enum err content_fn(struct tx *tx, void *arg)
{
	struct content_job *j = arg;
	enum err e =
		tx_one(tx, "filing_content", SQL_ARGS(A_TEXT(j->f->no), A_INT(j->f->content_version)), content_row, j);
	if (e != ERR_ABSENT)
		return e;
	err_clear();
	return ERR(CONFLICT, "filing %s changed meanwhile", j->f->no);
}

enum err filing_content(const struct filing_desk *d, const struct filing *f, json_t **ret_content)
{
	if (f->as_sent)
		return filing_sent_content(d, f, ret_content);
	struct content_job j = {f, buf_make(FILING_SEALED_MAX)};
	AUTO_BUF(text, CONTENT_TEXT_MAX);
	char key[64];
	(void)snprintf(key, sizeof(key), "%s/%lld", f->no, (long long)f->content_version);
	enum err e = store_read(d->desk->store, content_fn, &j);
	if (e == ERR_OK)
		e = field_open(d->desk->keys, "filing.content", span_str(key), buf_span(&j.sealed), &text);
	buf_done(&j.sealed);
	TRY(e);
	return content_parse(buf_span(&text), ret_content);
}

/* --- events --- */

struct events {
	const struct filing_desk *d;
	const char *no;
	filing_event_fn *fn;
	void *ctx;
};

static enum err event_row(const struct row *row, void *ctx)
{
	const struct events *w = ctx;
	AUTO_BUF(opinion, 64 * 1024);
	if (!row_null(row, 12))
		TRY(field_open(w->d->desk->keys, "filing_event.opinion", span_str(w->no), row_blob(row, 12), &opinion));
	const struct filing_event e = {.seq = row_int(row, 0),
	                               .time = row_int(row, 1),
	                               .version = row_int(row, 2),
	                               .act = (enum filing_act_kind)row_int(row, 3),
	                               .from = (enum filing_state)row_int(row, 4),
	                               .to = (enum filing_state)row_int(row, 5),
	                               .person_id = row_text(row, 6),
	                               .name = row_text(row, 7),
	                               .role = row_text(row, 8),
	                               .serial = row_text(row, 9),
	                               .rule = row_text(row, 10),
	                               .statement_sm3 = row_text(row, 11),
	                               .opinion = buf_cstr(&opinion)};
	return w->fn(&e, w->ctx);
}

static enum err events_fn(struct tx *tx, void *arg)
{
	struct events *w = arg;
	return tx_query(tx, "filing_events", SQL_ARGS(A_TEXT(w->no)), event_row, w);
}

enum err filing_events(const struct filing_desk *d, const struct filing *f, filing_event_fn *fn, void *ctx)
{
	struct events w = {d, f->no, fn, ctx};
	return store_read(d->desk->store, events_fn, &w);
}

/* --- statements --- */

struct statement_job {
	const char *sm3;
	struct buf sealed, *sig, *cert;
};

static enum err statement_row(const struct row *row, void *ctx)
{
	struct statement_job *j = ctx;
	buf_put(&j->sealed, row_blob(row, 0));
	if (j->sig != NULL)
		buf_put(j->sig, row_blob(row, 1));
	if (j->cert != NULL)
		buf_put(j->cert, row_blob(row, 2));
	return buf_err(&j->sealed);
}

static enum err statement_fn(struct tx *tx, void *arg)
{
	struct statement_job *j = arg;
	return tx_one(tx, "filing_statement_get", SQL_ARGS(A_TEXT(j->sm3)), statement_row, j);
}

enum err filing_statement(const struct filing_desk *d, const char *sm3, struct buf *ret_text, struct buf *ret_sig,
                          struct buf *ret_cert)
{
	struct statement_job j = {sm3, buf_make(FILING_SEALED_MAX), ret_sig, ret_cert};
	enum err e = store_read(d->desk->store, statement_fn, &j);
	if (e == ERR_OK)
		e = field_open(d->desk->keys, "filing_statement.statement", span_str(sm3), buf_span(&j.sealed),
		               ret_text);
	buf_done(&j.sealed);
	TRY(e);
	if (ret_sig != NULL)
		TRY(buf_err(ret_sig));
	return ret_cert != NULL ? buf_err(ret_cert) : ERR_OK;
}

/* --- lists --- */

struct list {
	const char *name;
	const struct sql_arg *args;
	size_t n;
	filing_row_fn *fn;
	void *ctx;
};

static enum err list_row(const struct row *row, void *ctx)
{
	const struct list *w = ctx;
	struct filing f;
	TRY(filing_row_read(row, &f));
	return w->fn(&f, w->ctx);
}

static enum err list_fn(struct tx *tx, void *arg)
{
	struct list *w = arg;
	return tx_query(tx, w->name, w->args, w->n, list_row, w);
}

enum err filing_list(const struct filing_desk *d, const struct filing_who *by, int state, int limit, int offset,
                     filing_row_fn *fn, void *ctx)
{
	static const char *const names[2][2] = {{"filing_of_person", "filing_of_person_in"},
	                                        {"filing_of_unit", "filing_of_unit_in"}};
	bool unit = by->unit_no[0] != 0, one = state != 0;
	const struct sql_arg args[] = {A_TEXT(unit ? by->unit_no : by->person_id), A_INT(limit), A_INT(offset),
	                               A_INT(state)};
	struct list w = {names[unit][one], args, one ? 4 : 3, fn, ctx};
	return by->district[0] == 0 ? store_read(d->desk->store, list_fn, &w)
	                            : ERR(DENIED, "an officer has no filings");
}

enum err filing_queue(const struct filing_desk *d, const struct filing_who *by, int state, int limit, int offset,
                      filing_row_fn *fn, void *ctx)
{
	char low[8], high[8];
	size_t n = strlen(by->district);
	if (n != 6 || !reads_all(by->role))
		return ERR(ROLE, "no queue for this person");
	while (n > 2 && by->district[n - 1] == '0' && by->district[n - 2] == '0')
		n -= 2;
	(void)snprintf(low, sizeof(low), "%.*s", (int)n, by->district);
	(void)snprintf(high, sizeof(high), "%.*s:", (int)n, by->district); /* ':' follows the digits */
	const struct sql_arg args[] = {A_TEXT(low), A_TEXT(high), A_INT(limit), A_INT(offset), A_INT(state)};
	struct list w = {state != 0 ? "filing_queue_in" : "filing_queue", args, state != 0 ? 5 : 4, fn, ctx};
	return store_read(d->desk->store, list_fn, &w);
}

/* --- what it corrects --- */

struct chain_job {
	const char *no;
	filing_no_fn *fn;
	void *ctx;
};

static enum err chain_row(const struct row *row, void *ctx)
{
	const struct chain_job *j = ctx;
	return j->fn(row_text(row, 0), j->ctx);
}

static enum err chain_fn(struct tx *tx, void *arg)
{
	const struct chain_job *j = arg;
	return tx_query(tx, "filing_chain", SQL_ARGS(A_TEXT(j->no)), chain_row, arg);
}

enum err filing_chain(const struct desk *d, const char *no, filing_no_fn *fn, void *ctx)
{
	struct chain_job j = {no, fn, ctx};
	return store_read(d->store, chain_fn, &j);
}
