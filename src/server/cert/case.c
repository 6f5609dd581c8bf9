/* Opening, revising and reading cases; the one transition that all steps share. */
#include "server/cert/case_i.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

#define MATTER "T01"

/* --- what both opening and revising fill --- */

struct case_draft {
	struct cert_case c;
	int64_t now;
	int64_t counter;
	const char *old_no; /* revising */
	struct case_move move;
};

static void put_text(char *ret, size_t cap, const char *s)
{
	(void)snprintf(ret, cap, "%s", s);
}

/* Whatever a definition leaves out: no unit's certificate without its letter. */
static enum err fill_unit(const struct desk *d, const struct case_form *f, int64_t now, struct cert_case *c)
{
	struct unit u;
	TRY(case_check_unit(d, f, &u));
	TRY(case_check_letter(f, now));
	put_text(c->unit_no, sizeof(c->unit_no), u.unit_no);
	put_text(c->unit_name, sizeof(c->unit_name), u.name);
	put_text(c->uscc, sizeof(c->uscc), u.uscc);
	put_text(c->letter_no, sizeof(c->letter_no), f->letter_no);
	c->letter_from = f->letter_from;
	c->letter_to = f->letter_to;
	return ERR_OK;
}

/* The definition judges; here the register gives the case its unit, person and subject. */
static enum err draft_fill(const struct desk *d, const char *own_no, const struct case_new *in, struct case_draft *w)
{
	const struct case_rules *r;
	struct case_form f;
	struct cert_case *c = &w->c;
	w->now = clock_now(d->clock);
	TRY(case_rules_of(d, &r));
	TRY(r->take(r->ctx, own_no, in, w->now, &f));
	put_text(c->profile, sizeof(c->profile), f.profile);
	c->days = f.days;
	if (strcmp(f.profile, "person") != 0)
		TRY(fill_unit(d, &f, w->now, c));
	TRY(person_ensure(d, f.holder, f.id_number, f.mobile, c->person_no));
	put_text(c->holder, sizeof(c->holder), f.holder);
	(void)snprintf(c->subject, sizeof(c->subject), "%s%s%s", c->unit_no, c->unit_no[0] != 0 ? "-" : "",
	               c->person_no);
	return ERR_OK;
}

/* --- letter: recorded once, and the same ever after --- */

static enum err letter_row(const struct row *row, void *ctx)
{
	const struct cert_case *c = ctx;
	bool same = strcmp(row_text(row, 0), c->person_no) == 0 && strstr(row_text(row, 1), MATTER) != NULL &&
	            row_int(row, 2) == c->letter_from && row_int(row, 3) == c->letter_to;
	if (!same)
		return ERR(LETTER, "this letter number is recorded with other contents");
	return row_int(row, 4) == 0 ? ERR_OK : ERR(LETTER, "letter has been withdrawn");
}

static enum err letter_tx(struct tx *tx, struct case_draft *w)
{
	struct cert_case *c = &w->c;
	if (c->unit_no[0] == 0)
		return ERR_OK;
	enum err e = tx_one(tx, "letter_get", SQL_ARGS(A_TEXT(c->unit_no), A_TEXT(c->letter_no)), letter_row, c);
	if (e != ERR_ABSENT)
		return e;
	err_clear();
	return tx_exec(tx, "letter_insert",
	               SQL_ARGS(A_TEXT(c->unit_no), A_TEXT(c->letter_no), A_TEXT(c->person_no), A_TEXT(MATTER),
	                        A_INT(c->letter_from), A_INT(c->letter_to), A_INT(w->now)),
	               NULL);
}

static enum err any_row(const struct row *row, void *ctx)
{
	(void)row;
	*(bool *)ctx = true;
	return ERR_OK;
}

static enum err running_tx(struct tx *tx, const char *subject)
{
	bool found = false;
	TRY(tx_query(tx, "case_running", SQL_ARGS(A_TEXT(subject)), any_row, &found));
	return found ? ERR(CASE_RUNNING, "subject %s", subject) : ERR_OK;
}

/* --- number: city, matter, day, serial of that day --- */

static enum err int_row(const struct row *row, void *ctx)
{
	*(int64_t *)ctx = row_int(row, 0);
	return ERR_OK;
}

static enum err number_tx(struct tx *tx, struct case_draft *w)
{
	AUTO_BUF(date, 16);
	text_date_cn(&date, w->now);
	const char *s = buf_cstr(&date);
	char key[32];
	(void)snprintf(key, sizeof(key), "case-%s", s);
	TRY(tx_exec(tx, "counter_next", SQL_ARGS(A_TEXT(key)), NULL));
	TRY(tx_one(tx, "counter_get", SQL_ARGS(A_TEXT(key)), int_row, &w->counter));
	if (w->counter > 99999)
		return ERR(LIMIT, "case numbers of the day are used up");
	(void)snprintf(w->c.no, sizeof(w->c.no), CASE_CITY MATTER "%.4s%.2s%.2s%03d", s, s + 5, s + 8, (int)w->counter);
	return ERR_OK;
}

static enum err insert_tx(struct tx *tx, const struct case_draft *w)
{
	const struct cert_case *c = &w->c;
	return tx_exec(tx, "case_insert",
	               SQL_ARGS(A_TEXT(c->no), A_TEXT(c->profile), A_TEXT(c->subject), A_TEXT(c->unit_no),
	                        A_TEXT(c->unit_name), A_TEXT(c->uscc), A_TEXT(c->person_no), A_TEXT(c->holder),
	                        A_TEXT(c->letter_no), A_INT(c->letter_from), A_INT(c->letter_to), A_INT(c->days),
	                        A_INT(w->now)),
	               NULL);
}

static enum err event_tx(struct tx *tx, const struct case_move *m)
{
	static const struct officer system_itself = {"", "系统", "system", ""};
	const struct officer *by = m->by != NULL ? m->by : &system_itself;
	return tx_exec(tx, "event_put",
	               SQL_ARGS(A_TEXT(m->no), A_INT(m->time), A_INT(m->from), A_INT(m->to), A_TEXT(by->person_id),
	                        A_TEXT(by->name), A_TEXT(by->role), A_TEXT(by->cert_serial),
	                        m->opinion_sealed.len > 0 ? A_BLOB(m->opinion_sealed) : A_NULL),
	               NULL);
}

/* A case that was edited in the database is not worked on: the act would cover the edit. */
static enum err unchanged_tx(struct tx *tx, const char *no)
{
	return log_row_check(tx, "cert_case", SQL_ARGS(A_TEXT(no)));
}

static enum err open_tx(struct tx *tx, void *arg)
{
	struct case_draft *w = arg;
	TRY(running_tx(tx, w->c.subject));
	TRY(letter_tx(tx, w));
	TRY(number_tx(tx, w));
	TRY(insert_tx(tx, w));
	w->move.no = w->c.no;
	TRY(event_tx(tx, &w->move));
	return case_log_tx(tx, w->move.log, w->c.no, 0, NULL);
}

enum err case_open(const struct desk *d, const struct case_new *in, const struct officer *by,
                   char ret_no[CASE_NO_MAX + 1])
{
	struct case_draft w = {0};
	AUTO_LOG_ACT(log);
	TRY(case_role_check(d, CACT_OPEN, by));
	TRY(draft_fill(d, "", in, &w));
	TRY(case_log_init(&log, d, case_act_rule(CACT_OPEN)->log, by, SPAN_EMPTY));
	w.move = (struct case_move){NULL, 1, w.now, CASE_DRAFT, CASE_DRAFT, by, SPAN_EMPTY, &log};
	TRY(store_write(d->store, open_tx, &w));
	memcpy(ret_no, w.c.no, sizeof(w.c.no));
	return ERR_OK;
}

static enum err revise_tx(struct tx *tx, void *arg)
{
	struct case_draft *w = arg;
	const struct cert_case *c = &w->c;
	int64_t changed = 0;
	TRY(unchanged_tx(tx, w->old_no));
	TRY(letter_tx(tx, w));
	TRY(tx_exec(tx, "case_revise",
	            SQL_ARGS(A_TEXT(w->old_no), A_TEXT(c->profile), A_TEXT(c->subject), A_TEXT(c->unit_no),
	                     A_TEXT(c->unit_name), A_TEXT(c->uscc), A_TEXT(c->person_no), A_TEXT(c->holder),
	                     A_TEXT(c->letter_no), A_INT(c->letter_from), A_INT(c->letter_to), A_INT(c->days),
	                     A_INT(w->now), A_INT(w->move.version)),
	            &changed));
	if (changed != 1)
		return ERR(CONFLICT, "case %s changed meanwhile", w->old_no);
	TRY(event_tx(tx, &w->move));
	return case_log_tx(tx, w->move.log, w->old_no, 0, NULL);
}

enum err case_revise(const struct desk *d, const char *no, const struct case_new *in, const struct officer *by)
{
	struct cert_case c;
	struct case_draft w = {.old_no = no};
	AUTO_LOG_ACT(log);
	enum case_state to;
	TRY(case_role_check(d, CACT_REVISE, by));
	TRY(case_get(d, no, &c));
	TRY(case_turn(&c, CACT_REVISE, &to));
	TRY(draft_fill(d, no, in, &w));
	TRY(case_log_init(&log, d, case_act_rule(CACT_REVISE)->log, by, SPAN_EMPTY));
	w.move = (struct case_move){no, c.version, w.now, c.state, to, by, SPAN_EMPTY, &log};
	enum err e = store_write(d->store, revise_tx, &w);
	if (e == ERR_EXISTS)
		return err_note(ERR_CASE_RUNNING, "subject %s", w.c.subject);
	return e;
}

/* --- transition --- */

enum err case_move_tx(struct tx *tx, const struct case_move *m)
{
	int64_t changed = 0;
	TRY(unchanged_tx(tx, m->no));
	TRY(tx_exec(tx, "case_step_state",
	            SQL_ARGS(A_TEXT(m->no), A_INT(m->version), A_INT(m->from), A_INT(m->to), A_INT(m->time)),
	            &changed));
	if (changed != 1)
		return ERR(CONFLICT, "case %s changed meanwhile", m->no);
	return event_tx(tx, m);
}

enum err case_move_alone_tx(struct tx *tx, void *arg)
{
	const struct case_move *m = arg;
	TRY(case_move_tx(tx, m));
	TRY(tx_exec(tx, "shown_delete", SQL_ARGS(A_TEXT(m->no)), NULL));
	return case_log_tx(tx, m->log, m->no, 0, NULL);
}

enum err case_opinion_seal(const struct desk *d, const char *no, const char *opinion, struct buf *out)
{
	if (opinion == NULL || opinion[0] == 0)
		return ERR_OK;
	return field_seal(d->keys, "case_event.opinion", span_str(no), span_str(opinion), out);
}

enum err case_move_now(const struct desk *d, const struct cert_case *c, enum case_act_kind act,
                       const struct officer *by, const char *rule, const char *opinion)
{
	AUTO_BUF(sealed, CASE_OPINION_MAX + 256);
	AUTO_LOG_ACT(log);
	enum case_state to;
	TRY(case_turn(c, act, &to));
	TRY(case_opinion_seal(d, c->no, opinion, &sealed));
	TRY(case_log_init(&log, d, case_act_rule(act)->log, by, span_str(opinion)));
	if (by == NULL)
		case_log_rule(&log, rule);
	struct case_move m = {c->no, c->version, clock_now(d->clock), c->state, to, by, buf_span(&sealed), &log};
	return store_write(d->store, case_move_alone_tx, &m);
}
