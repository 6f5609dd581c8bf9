/* Reading cases, their events and acts, and the copy of certificates. */
#include "server/cert/case_i.h"
#include "base/text.h"
#include "evidence/statement.h"
#include "gm/sm3.h"
#include "pki/cert.h"
#include <stdio.h>
#include <string.h>

#define COPY(dst, col) (void)snprintf(dst, sizeof(dst), "%s", row_text(row, col))

enum err case_row_read(const struct row *row, struct cert_case *c)
{
	COPY(c->no, 0);
	c->state = (enum case_state)row_int(row, 1);
	c->version = row_int(row, 2);
	COPY(c->profile, 3);
	COPY(c->subject, 4);
	COPY(c->unit_no, 5);
	COPY(c->unit_name, 6);
	COPY(c->uscc, 7);
	COPY(c->person_no, 8);
	COPY(c->holder, 9);
	COPY(c->letter_no, 10);
	c->letter_from = row_int(row, 11);
	c->letter_to = row_int(row, 12);
	c->days = (int)row_int(row, 13);
	COPY(c->clerk, 14);
	COPY(c->reviewer, 15);
	COPY(c->maker, 16);
	COPY(c->card, 17);
	COPY(c->key_hex, 18);
	c->make_signed = row_int(row, 19) != 0;
	COPY(c->cert_serial, 20);
	COPY(c->enc_serial, 21);
	c->created = row_int(row, 22);
	c->changed = row_int(row, 23);
	/* Acts of an earlier round stay as evidence; the row forgets who did them when it is revised. */
	c->accepted = c->clerk[0] != 0 ? row_int(row, 24) : 0;
	c->approved = c->reviewer[0] != 0 ? row_int(row, 25) : 0;
	return ERR_OK;
}

struct read_job {
	const struct desk *d;
	const char *key;
	struct cert_case *c;
	case_fn *fn;
	case_event_fn *event_fn;
	void *ctx;
};

static enum err one_case_row(const struct row *row, void *ctx)
{
	struct read_job *j = ctx;
	return case_row_read(row, j->c);
}

static enum err get_fn(struct tx *tx, void *arg)
{
	struct read_job *j = arg;
	return tx_one(tx, "case_get", SQL_ARGS(A_TEXT(j->key)), one_case_row, j);
}

enum err case_get(const struct desk *d, const char *no, struct cert_case *ret_c)
{
	struct cert_case c = {0};
	struct read_job j = {.d = d, .key = no, .c = &c};
	enum err e = store_read(d->store, get_fn, &j);
	if (e == ERR_ABSENT) {
		err_clear();
		return ERR(CASE_ABSENT, "no such case number");
	}
	TRY(e);
	*ret_c = c;
	return ERR_OK;
}

/* --- by scope: the first five arguments of its statements --- */

struct scope_args {
	char low[8], high[8];
	unsigned states;
};
#define SCOPE_ARGS(w, s) \
	A_INT((int64_t)(w)->states), A_TEXT(CASE_CITY), A_TEXT((w)->low), A_TEXT((w)->high), A_TEXT((s)->person_id)

/* "430100" begins at 4301 and ends before "4301:", for ':' follows the digits. Who has no district has nothing by it.
 */
static enum err scope_args(const struct desk *d, const struct case_scope *s, struct scope_args *ret_w)
{
	const struct case_rules *r;
	size_t n = strlen(s->district);
	TRY(case_rules_of(d, &r));
	*ret_w = (struct scope_args){.states = n == 6 ? case_states_for(r, s->roles) : 0};
	while (n > 2 && s->district[n - 1] == '0' && s->district[n - 2] == '0')
		n -= 2;
	(void)snprintf(ret_w->low, sizeof(ret_w->low), "%.*s", (int)n, s->district);
	(void)snprintf(ret_w->high, sizeof(ret_w->high), "%.*s:", (int)n, s->district);
	return ERR_OK;
}

struct scope_job {
	const char *statement;
	const struct sql_arg *args;
	size_t n;
	row_fn *row;
	void *ctx;
};

static enum err scope_fn(struct tx *tx, void *arg)
{
	const struct scope_job *j = arg;
	return tx_query(tx, j->statement, j->args, j->n, j->row, j->ctx);
}

static enum err count_of(const struct row *row, void *ctx)
{
	*(int64_t *)ctx = row_int(row, 0);
	return ERR_OK;
}

enum err case_see(const struct desk *d, const char *no, const struct case_scope *s, struct cert_case *ret_c)
{
	struct scope_args w;
	int64_t n = 0;
	TRY(scope_args(d, s, &w));
	const struct sql_arg args[] = {SCOPE_ARGS(&w, s), A_TEXT(no)};
	struct scope_job j = {"case_in_scope", args, COUNT_OF(args), count_of, &n};
	TRY(store_read(d->store, scope_fn, &j));
	return n > 0 ? case_get(d, no, ret_c) : ERR(CASE_ABSENT, "none, or none of his");
}

static enum err list_row(const struct row *row, void *ctx)
{
	struct read_job *j = ctx;
	struct cert_case c = {0};
	TRY(case_row_read(row, &c));
	return j->fn(&c, j->ctx);
}

enum err case_list(const struct desk *d, const struct case_scope *s, int state, int limit, int offset, case_fn *fn,
                   void *ctx)
{
	struct scope_args w;
	struct read_job r = {.d = d, .fn = fn, .ctx = ctx};
	TRY(scope_args(d, s, &w));
	const struct sql_arg args[] = {SCOPE_ARGS(&w, s), A_INT(limit), A_INT(offset), A_INT(state)};
	struct scope_job j = {state != 0 ? "case_list_in" : "case_list", args, COUNT_OF(args) - (state == 0), list_row,
	                      &r};
	return store_read(d->store, scope_fn, &j);
}

static enum err count_row(const struct row *row, void *ctx)
{
	int64_t *counts = ctx;
	int64_t state = row_int(row, 0);
	if (state >= 0 && state < CASE_STATE_COUNT)
		counts[state] = row_int(row, 1);
	return ERR_OK;
}

enum err case_counts(const struct desk *d, const struct case_scope *s, int64_t ret_counts[CASE_STATE_COUNT])
{
	struct scope_args w;
	int64_t counts[CASE_STATE_COUNT] = {0};
	TRY(scope_args(d, s, &w));
	const struct sql_arg args[] = {SCOPE_ARGS(&w, s)};
	struct scope_job j = {"case_counts", args, COUNT_OF(args), count_row, counts};
	TRY(store_read(d->store, scope_fn, &j));
	memcpy(ret_counts, counts, sizeof(counts));
	return ERR_OK;
}

/* --- events --- */

static enum err event_row(const struct row *row, void *ctx)
{
	struct read_job *j = ctx;
	AUTO_BUF(opinion, CASE_OPINION_MAX + 1);
	if (!row_null(row, 8))
		TRY(field_open(j->d->keys, "case_event.opinion", span_str(j->key), row_blob(row, 8), &opinion));
	struct case_event e = {row_int(row, 0),
	                       row_int(row, 1),
	                       (enum case_state)row_int(row, 2),
	                       (enum case_state)row_int(row, 3),
	                       row_text(row, 4),
	                       row_text(row, 5),
	                       row_text(row, 6),
	                       row_text(row, 7),
	                       buf_cstr(&opinion)};
	return j->event_fn(&e, j->ctx);
}

static enum err events_fn(struct tx *tx, void *arg)
{
	struct read_job *j = arg;
	return tx_query(tx, "event_list", SQL_ARGS(A_TEXT(j->key)), event_row, j);
}

enum err case_events(const struct desk *d, const char *no, case_event_fn *fn, void *ctx)
{
	struct read_job j = {.d = d, .key = no, .event_fn = fn, .ctx = ctx};
	return store_read(d->store, events_fn, &j);
}

/* --- acts --- */

void case_act_init(struct case_act *a)
{
	buf_init(&a->statement, STATEMENT_MAX);
	buf_init(&a->sig, 128);
	buf_init(&a->cert, CERT_DER_MAX);
}

void case_act_done(struct case_act *a)
{
	buf_done(&a->statement);
	buf_done(&a->sig);
	buf_done(&a->cert);
}

struct act_parts case_act_parts(const struct case_act *a)
{
	return (struct act_parts){buf_span(&a->statement), buf_span(&a->sig), buf_span(&a->cert)};
}

struct act_job {
	const struct desk *d;
	const char *no;
	enum case_step step;
	struct case_act *a;
};

static enum err act_row(const struct row *row, void *ctx)
{
	struct act_job *j = ctx;
	TRY(field_open(j->d->keys, "case_act.statement", span_str(j->no), row_blob(row, 0), &j->a->statement));
	buf_put(&j->a->sig, row_blob(row, 1));
	buf_put(&j->a->cert, row_blob(row, 2));
	TRY(buf_err(&j->a->sig));
	return buf_err(&j->a->cert);
}

static enum err act_fn(struct tx *tx, void *arg)
{
	struct act_job *j = arg;
	return tx_one(tx, "act_get", SQL_ARGS(A_TEXT(j->no), A_INT(j->step)), act_row, j);
}

enum err case_act_get(const struct desk *d, const char *no, enum case_step step, struct case_act *a)
{
	struct act_job j = {d, no, step, a};
	return store_read(d->store, act_fn, &j);
}

enum err case_approval(const struct desk *d, const char *no, char ret_hex[65])
{
	struct cert_case c;
	struct case_act a;
	TRY(case_get(d, no, &c));
	if (c.state < CASE_APPROVED || c.state > CASE_DONE)
		return ERR(STATE, "case is %s", case_state_name(c.state));
	case_act_init(&a);
	enum err e = case_act_get(d, no, STEP_APPROVE, &a);
	if (e == ERR_OK)
		e = sm3_hex(buf_span(&a.statement), ret_hex);
	case_act_done(&a);
	return e;
}

/* --- certificates --- */

static enum err cert_row_fn(const struct row *row, void *ctx)
{
	struct cert_row *c = ctx;
	COPY(c->serial, 0);
	COPY(c->subject, 1);
	COPY(c->usage, 2);
	COPY(c->card, 3);
	COPY(c->case_no, 4);
	c->not_before = row_int(row, 5);
	c->not_after = row_int(row, 6);
	c->status = (int)row_int(row, 7);
	return ERR_OK;
}

struct cert_job {
	const char *subject;
	struct cert_row *c;
};

static enum err cert_fn(struct tx *tx, void *arg)
{
	struct cert_job *j = arg;
	return tx_one(tx, "cert_of_subject", SQL_ARGS(A_TEXT(j->subject)), cert_row_fn, j->c);
}

enum err cert_row_of(const struct desk *d, const char *subject, struct cert_row *ret_c)
{
	struct cert_row c = {0};
	struct cert_job j = {subject, &c};
	TRY(store_read(d->store, cert_fn, &j));
	if (d->cert_status != NULL)
		c.status = d->cert_status(d->cert_status_ctx, c.serial);
	*ret_c = c;
	return ERR_OK;
}
