/* What officers sign about a case, what is shown for it and what comes back: the three steps, and the two ways back. */
#include "server/cert/case_i.h"
#include "gm/sm3.h"
#include "base/text.h"
#include "evidence/act.h"
#include "gm/rand.h"
#include "server/form/service.h"
#include <stdio.h>
#include <string.h>

static enum err step_of(const char *name, enum case_step *ret_step, enum case_act_kind *ret_act)
{
	static const enum case_step steps[CACT_COUNT] = {[CACT_ACCEPT] = STEP_ACCEPT,
	                                                 [CACT_APPROVE] = STEP_APPROVE,
	                                                 [CACT_MAKE] = STEP_MAKE,
	                                                 [CACT_RETURN] = STEP_RETURN,
	                                                 [CACT_REFUSE] = STEP_REFUSE};
	TRY(case_act_of(name, ret_act));
	*ret_step = steps[*ret_act];
	return *ret_step != 0 ? ERR_OK : ERR(FIELD_VALUE, "%s is not signed", name);
}

static bool goes_back(enum case_step s)
{
	return s == STEP_RETURN || s == STEP_REFUSE;
}

/* --- the statement from stored values --- */

struct shown {
	int64_t step, version, time;
	char officer[32], nonce[65];
};

static const char *or_dash(const char *s)
{
	return s[0] != 0 ? s : "-";
}

static enum err build_case(const struct desk *d, const struct cert_case *c, const struct shown *s, const char *accept,
                           struct statement **ret_s)
{
	AUTO_BUF(time, 32);
	char days[16];
	struct statement_kv kv[16];
	size_t n = 0;
	text_time(&time, s->time);
	(void)snprintf(days, sizeof(days), "%d", c->days);
	kv[n++] = (struct statement_kv){"bureau", d->bureau};
	kv[n++] = (struct statement_kv){"nonce", s->nonce};
	kv[n++] = (struct statement_kv){"time", buf_cstr(&time)};
	if (accept != NULL)
		kv[n++] = (struct statement_kv){"accept", accept};
	kv[n++] = (struct statement_kv){"case", c->no};
	kv[n++] = (struct statement_kv){"kind", "issue"};
	kv[n++] = (struct statement_kv){"profile", c->profile};
	kv[n++] = (struct statement_kv){"unit-no", or_dash(c->unit_no)};
	kv[n++] = (struct statement_kv){"unit-name", or_dash(c->unit_name)};
	kv[n++] = (struct statement_kv){"uscc", or_dash(c->uscc)};
	kv[n++] = (struct statement_kv){"person-id", c->person_no};
	kv[n++] = (struct statement_kv){"holder", c->holder};
	kv[n++] = (struct statement_kv){"days", days};
	kv[n++] = (struct statement_kv){"medium", "attested"};
	kv[n++] = (struct statement_kv){"letter", or_dash(c->letter_no)};
	kv[n++] = (struct statement_kv){"officer", s->officer};
	return statement_build(accept != NULL ? "CERT-APPROVE" : "CERT-ACCEPT", kv, n, ret_s);
}

static enum err build_make(const struct desk *d, const struct cert_case *c, const struct shown *s, const char *approve,
                           struct statement **ret_s)
{
	AUTO_BUF(time, 32);
	text_time(&time, s->time);
	const struct statement_kv kv[] = {{"bureau", d->bureau}, {"nonce", s->nonce},    {"time", buf_cstr(&time)},
	                                  {"approve", approve},  {"case", c->no},        {"card", c->card},
	                                  {"key", c->key_hex},   {"officer", s->officer}};
	return statement_build("CERT-MAKE", kv, COUNT_OF(kv), ret_s);
}

static enum err build_back(const struct desk *d, const struct cert_case *c, const char *type, const struct shown *s,
                           const char *reason, struct statement **ret_s)
{
	AUTO_BUF(time, 32);
	char version[24];
	text_time(&time, s->time);
	(void)snprintf(version, sizeof(version), "%lld", (long long)c->version);
	const struct statement_kv kv[] = {{"bureau", d->bureau}, {"nonce", s->nonce},    {"time", buf_cstr(&time)},
	                                  {"case", c->no},       {"version", version},   {"holder", c->holder},
	                                  {"reason", reason},    {"officer", s->officer}};
	return statement_build(type, kv, COUNT_OF(kv), ret_s);
}

/* Digest of the statement that the step builds upon. */
static enum err previous_hex(const struct desk *d, const char *no, enum case_step step, char ret_hex[65])
{
	struct case_act a;
	case_act_init(&a);
	enum err e = case_act_get(d, no, step, &a);
	if (e == ERR_OK)
		e = sm3_hex(buf_span(&a.statement), ret_hex);
	case_act_done(&a);
	return e;
}

static enum err build(const struct desk *d, const struct cert_case *c, enum case_step step, const struct shown *s,
                      const char *reason, struct statement **ret_s)
{
	char hex[65];
	if (goes_back(step))
		return build_back(d, c, step == STEP_RETURN ? "CERT-RETURN" : "CERT-REFUSE", s, reason, ret_s);
	if (step == STEP_ACCEPT)
		return build_case(d, c, s, NULL, ret_s);
	TRY(previous_hex(d, c->no, step == STEP_APPROVE ? STEP_ACCEPT : STEP_APPROVE, hex));
	return step == STEP_APPROVE ? build_case(d, c, s, hex, ret_s) : build_make(d, c, s, hex, ret_s);
}

/* --- shown: nonce and time of the statement on the officer's screen --- */

struct shown_job {
	const char *no;
	struct shown *s;
};

static enum err shown_row(const struct row *row, void *ctx)
{
	struct shown *s = ctx;
	s->step = row_int(row, 0);
	s->version = row_int(row, 1);
	(void)snprintf(s->officer, sizeof(s->officer), "%s", row_text(row, 2));
	(void)snprintf(s->nonce, sizeof(s->nonce), "%s", row_text(row, 3));
	s->time = row_int(row, 4);
	return ERR_OK;
}

static enum err shown_read(struct tx *tx, void *arg)
{
	struct shown_job *j = arg;
	return tx_one(tx, "shown_get", SQL_ARGS(A_TEXT(j->no)), shown_row, j->s);
}

static enum err shown_write(struct tx *tx, void *arg)
{
	struct shown_job *j = arg;
	const struct shown *s = j->s;
	return tx_exec(tx, "shown_put",
	               SQL_ARGS(A_TEXT(j->no), A_INT(s->step), A_INT(s->version), A_TEXT(s->officer), A_TEXT(s->nonce),
	                        A_INT(s->time)),
	               NULL);
}

/* ERR_CONFLICT unless something is shown to this officer for this step and version, not too long ago. */
static enum err shown_get(const struct desk *d, const struct cert_case *c, enum case_step step,
                          const struct officer *by, struct shown *ret_s)
{
	struct shown s = {0};
	struct shown_job j = {c->no, &s};
	enum err e = store_read(d->store, shown_read, &j);
	if (e == ERR_ABSENT) {
		err_clear();
		return ERR(CONFLICT, "no statement has been shown");
	}
	TRY(e);
	int64_t age = clock_now(d->clock) - s.time;
	if (s.step != (int64_t)step || s.version != c->version || strcmp(s.officer, by->person_id) != 0 || age < 0 ||
	    age > CASE_TEXT_VALID_SEC)
		return ERR(CONFLICT, "shown statement is another or too old");
	*ret_s = s;
	return ERR_OK;
}

static enum err shown_new(const struct desk *d, const struct cert_case *c, enum case_step step,
                          const struct officer *by, struct shown *ret_s)
{
	struct shown s = {.step = (int64_t)step, .version = c->version, .time = clock_now(d->clock)};
	uint8_t nonce[32];
	TRY(rand_bytes(nonce, sizeof(nonce)));
	text_hex_str(SPAN_ARR(nonce), s.nonce);
	(void)snprintf(s.officer, sizeof(s.officer), "%s", by->person_id);
	struct shown_job j = {c->no, &s};
	TRY(store_write(d->store, shown_write, &j));
	*ret_s = s;
	return ERR_OK;
}

/* A text with a reason is shown anew each time; the others stay the same for half an hour. */
static enum err shown_for(const struct desk *d, const struct cert_case *c, enum case_step step,
                          const struct officer *by, struct shown *ret_s)
{
	enum err e = goes_back(step) ? ERR_CONFLICT : shown_get(d, c, step, by, ret_s);
	if (e != ERR_CONFLICT)
		return e;
	err_clear();
	return shown_new(d, c, step, by, ret_s);
}

enum err case_step_text(const struct desk *d, const char *no, const char *name, const struct officer *by,
                        const char *reason, struct buf *ret_text)
{
	struct cert_case c;
	struct shown s;
	AUTO(statement) st = NULL;
	enum case_step step;
	enum case_act_kind act;
	enum case_state to;
	TRY(step_of(name, &step, &act));
	TRY(case_get(d, no, &c));
	TRY(case_may(d, &c, act, by, &to));
	if (goes_back(step))
		TRY(case_reason_check(reason));
	TRY(shown_for(d, &c, step, by, &s));
	TRY(build(d, &c, step, &s, reason, &st));
	buf_put(ret_text, statement_text(st));
	return buf_err(ret_text);
}

/* --- the act that comes back --- */

struct act_write {
	struct case_move move;
	enum case_step step;
	struct span statement_sealed, sig, cert;
};

static enum err act_tx(struct tx *tx, void *arg)
{
	static const char *const set[] = {
		[STEP_ACCEPT] = "case_set_clerk", [STEP_APPROVE] = "case_set_reviewer", [STEP_MAKE] = "case_set_maker"};
	const struct act_write *w = arg;
	const char *person = w->move.by->person_id;
	TRY(case_move_tx(tx, &w->move));
	TRY(tx_exec(tx, "act_put",
	            SQL_ARGS(A_TEXT(w->move.no), A_INT(w->step), A_BLOB(w->statement_sealed), A_BLOB(w->sig),
	                     A_BLOB(w->cert), A_TEXT(person), A_INT(w->move.time)),
	            NULL));
	TRY(tx_exec(tx, set[w->step], SQL_ARGS(A_TEXT(w->move.no), A_TEXT(person)), NULL));
	TRY(tx_exec(tx, "shown_delete", SQL_ARGS(A_TEXT(w->move.no)), NULL));
	return case_log_tx(tx, w->move.log, w->move.no, (int)w->step, NULL);
}

/* What has come: when, and the status answer that lets it in. */
struct arrival {
	int64_t time;
	struct buf status;
};
#define AUTO_ARRIVAL(name, d) \
	__attribute__((cleanup(arrival_done))) struct arrival name = {clock_now((d)->clock), buf_make(LOG_OCSP_MAX)}

static void arrival_done(struct arrival *a)
{
	buf_done(&a->status);
}

/* The signer must be the officer of this session: same person, same certificate; and that must be good now. */
static enum err judge(const struct desk *d, const struct officer *by, const struct act *a, struct arrival *at)
{
	if (strcmp(cert_person_id(a->cert), by->person_id) != 0 || strcmp(cert_serial(a->cert), by->cert_serial) != 0)
		return ERR(L_OTHER_KEY, "act signed with another certificate than the session's");
	return d->act_judge != NULL ? d->act_judge(d->act_ctx, a->cert, at->time, &at->status) : ERR_OK;
}

/* Once the maker has signed, the signer may have issued without our knowing: ask it. Only its final refusal lets a case
 * go back; "not now" does not. */
static enum err not_issued(const struct desk *d, const struct cert_case *c)
{
	if (c->state != CASE_MAKING || !c->make_signed)
		return ERR_OK;
	enum err e = case_issue(d, c->no);
	if (e == ERR_OK)
		return ERR(STATE, "the certificate has been issued");
	enum err_class k = err_class(e);
	if (k != ERR_CLASS_DENIED && k != ERR_CLASS_STATE && k != ERR_CLASS_CRYPTO && k != ERR_CLASS_INPUT)
		return e;
	err_clear();
	return ERR_OK;
}

/* What came is what was shown, signed by him with a certificate that is good. Of the ways back the reason is the signed
 * one; all else of the text is built again. */
static enum err agrees(const struct desk *d, const struct cert_case *c, enum case_step step, const struct officer *by,
                       const struct act_parts *p, const char *reason, struct arrival *at)
{
	struct shown s;
	AUTO(statement) st = NULL;
	struct act a = {0};
	if (goes_back(step))
		TRY(case_reason_check(reason));
	TRY(shown_get(d, c, step, by, &s));
	TRY(build(d, c, step, &s, reason, &st));
	if (!span_eq(statement_text(st), p->statement))
		return ERR(CONFLICT, "signed text is not the one that was shown");
	TRY(act_open(p->statement, p->sig, p->cert, statement_type(st), d->bureau, &a));
	enum err e = judge(d, by, &a, at);
	act_done(&a);
	return e;
}

static enum err store_step(const struct desk *d, enum case_step step, const struct case_move *m,
                           const struct act_parts *p)
{
	AUTO_BUF(sealed, STATEMENT_MAX + 1024);
	TRY(field_seal(d->keys, "case_act.statement", span_str(m->no), p->statement, &sealed));
	struct act_write w = {*m, step, buf_span(&sealed), p->sig, p->cert};
	return store_write(d->store, act_tx, &w);
}

static enum err store_back(const struct desk *d, struct case_move *m, const char *reason)
{
	AUTO_BUF(opinion, 2 * CASE_OPINION_MAX + 256);
	TRY(case_opinion_seal(d, m->no, reason, &opinion));
	m->opinion_sealed = buf_span(&opinion);
	return store_write(d->store, case_move_alone_tx, m);
}

enum err case_step_sign(const struct desk *d, const char *no, const char *name, const struct officer *by,
                        const struct act_parts *p)
{
	struct cert_case c;
	AUTO(statement) given = NULL;
	AUTO_ARRIVAL(at, d);
	AUTO_LOG_ACT(log);
	enum case_step step;
	enum case_act_kind act;
	enum case_state to;
	TRY(step_of(name, &step, &act));
	TRY(case_get(d, no, &c));
	TRY(case_may(d, &c, act, by, &to));
	TRY(statement_parse(p->statement, &given));
	const char *type = case_act_rule(act)->log, *reason = statement_get(given, "reason");
	if (strcmp(statement_type(given), type) != 0)
		return ERR(STATEMENT, "not a %s", type);
	TRY(agrees(d, &c, step, by, p, reason, &at));
	if (step == STEP_RETURN)
		TRY(not_issued(d, &c));
	TRY(case_log_act(&log, d, type, p, at.time, buf_span(&at.status)));
	struct case_move m = {c.no, c.version, at.time, c.state, to, by, SPAN_EMPTY, &log};
	return goes_back(step) ? store_back(d, &m, reason) : store_step(d, step, &m, p);
}

enum err case_step_work(const struct desk *d, const char *no, const char *name)
{
	const struct case_rules *r;
	TRY(case_rules_of(d, &r));
	const struct case_step_rule *s = case_step_of(r, name);
	return s != NULL && s->work != NULL ? s->work->run(d, no) : ERR_OK;
}
