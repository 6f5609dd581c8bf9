/* The signed statement that comes back: checked once, then done, each filing in a transaction of its own. */
#include "server/filing/attach_i.h"
#include "base/text.h"
#include "evidence/act.h"
#include "evidence/log.h"
#include "gm/sm3.h"
#include <stdio.h>
#include <string.h>

enum { ACTS_MAX = 3, EFFECTS_MAX = 20, OPINION_MAX = FILING_DEFECTS_MAX * (FILING_REASON_MAX + 1) };

/* --- the statement as a whole --- */

struct signed_act {
	const struct filing_desk *d;
	const struct filing_who *by;
	const struct act_parts *parts;
	struct statement *st; /* as cert owned by the act */
	const struct cert *cert;
	enum filing_act_kind kind;
	char sm3[65];
	int64_t arrived; /* of all its items: the status answer is from then */
	struct buf sealed, opinion, status;
};

static enum err digest_text(struct span s, char ret_hex[65])
{
	uint8_t digest[32];
	AUTO_BUF(hex, 65);
	TRY(sm3_digest(s, digest));
	text_hex(&hex, SPAN_ARR(digest));
	memcpy(ret_hex, buf_cstr(&hex), 65);
	return ERR_OK;
}

/* Reasons and defects as the story of the filing shows them. */
static enum err opinion_text(struct signed_act *a)
{
	static const char *const keys[] = {"reason", "opinion", "defect"};
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		for (size_t k = 0; k < statement_count(a->st, keys[i]); k++) {
			const char *s = statement_get_n(a->st, keys[i], k);
			if (strcmp(s, "-") != 0)
				buf_printf(&a->opinion, "%s%s", a->opinion.len > 0 ? "\n" : "", s);
		}
	return buf_err(&a->opinion);
}

/* --- one filing of it --- */

/* An effect, or what takes one back. */
struct effect {
	const struct service_effect *is;
	void *job;
};
struct item {
	char no[FILING_NO_MAX + 1];
	int64_t version;
};
struct job {
	struct signed_act *a;
	const struct item *item;
	struct filing f, corrected;
	const struct service *service;
	json_t *content, *corrected_content;
	struct filing_view view, corrected_view;
	struct service_verdict verdict; /* of a submission */
	enum filing_state to;
	int64_t now, expires, due;
	struct filing_move moves[ACTS_MAX]; /* acceptance by rule, the act itself, the correction by rule */
	size_t n_moves, n_effects;
	char rule[64];
	struct buf opinion, rule_opinion;
	struct effect effects[2 * EFFECTS_MAX];
	bool final, again;
};

static enum err again_row(const struct row *row, void *ctx)
{
	(void)row;
	*(bool *)ctx = true;
	return ERR_OK;
}

static enum err again_fn(struct tx *tx, void *arg)
{
	struct job *j = arg;
	j->again = false;
	return tx_query(tx, "filing_event_of", SQL_ARGS(A_TEXT(j->a->sm3), A_TEXT(j->item->no)), again_row, &j->again);
}

static enum err statement_put_tx(struct tx *tx, const struct signed_act *a, int64_t now)
{
	return tx_exec(tx, "filing_statement_put",
	               SQL_ARGS(A_TEXT(a->sm3), A_TEXT(statement_type(a->st)), A_TEXT(a->by->person_id),
	                        A_BLOB(buf_span(&a->sealed)), A_BLOB(a->parts->sig), A_BLOB(a->parts->cert),
	                        A_INT(now)),
	               NULL);
}

static enum err marks_tx(struct tx *tx, const struct job *j)
{
	const struct signed_act *a = j->a;
	if (a->kind == FACT_SUBMIT) {
		TRY(filing_verdict_put_tx(tx, &j->f, &j->verdict, j->now));
		return tx_exec(tx, "filing_set_submit",
		               SQL_ARGS(A_TEXT(j->f.no), A_TEXT(a->by->person_id), A_TEXT(a->by->name), A_TEXT(a->sm3),
		                        A_INT(j->now), A_INT(j->due)),
		               NULL);
	}
	if (j->to == FILING_REVIEW2)
		return tx_exec(tx, "filing_set_reviewer1",
		               SQL_ARGS(A_TEXT(j->f.no), A_TEXT(a->by->person_id), A_INT(j->due)), NULL);
	if (j->final && j->f.corrects[0] != 0)
		return tx_exec(tx, "filing_set_corrected", SQL_ARGS(A_TEXT(j->f.corrects), A_TEXT(j->f.no)), NULL);
	return ERR_OK;
}

static enum err item_tx(struct tx *tx, void *arg)
{
	struct job *j = arg;
	TRY(again_fn(tx, j));
	if (j->again)
		return ERR_OK;
	TRY(statement_put_tx(tx, j->a, j->now));
	for (size_t i = 0; i < j->n_effects; i++)
		TRY(j->effects[i].is->apply(tx, j->effects[i].job));
	TRY(marks_tx(tx, j));
	/* The log entries come last: they cover what the transaction has written. */
	for (size_t i = 0; i < j->n_moves; i++)
		TRY(filing_move_tx(j->a->d, tx, &j->moves[i]));
	return ERR_OK;
}

/* --- preparing --- */

static struct filing_move *add_move(struct job *j, const struct filing *f, enum filing_act_kind kind,
                                    enum filing_state from, enum filing_state to)
{
	struct filing_move *m = &j->moves[j->n_moves++];
	INVARIANT(j->n_moves <= ACTS_MAX);
	*m = (struct filing_move){.act = {.filing = f,
	                                  .kind = kind,
	                                  .from = from,
	                                  .to = to,
	                                  .time = j->now,
	                                  .rule = "",
	                                  .statement_sm3 = ""},
	                          .version = f->version};
	return m;
}

static void cover_effects(struct log_act *l, void *ctx)
{
	const struct job *j = ctx;
	for (size_t i = 0; i < j->n_effects; i++)
		if (j->effects[i].is->cover != NULL)
			j->effects[i].is->cover(l, j->effects[i].job);
}

static void add_signed(struct job *j, enum filing_state from, int64_t version)
{
	const struct signed_act *a = j->a;
	struct filing_move *m = add_move(j, &j->f, a->kind, from, j->to);
	m->version = version;
	m->expires = j->expires;
	m->opinion_sealed = buf_span(&j->opinion);
	m->act.by = a->by;
	m->act.type = statement_type(a->st);
	m->act.statement = a->parts->statement;
	m->act.sig = a->parts->sig;
	m->act.cert = a->parts->cert;
	m->act.status = buf_span(&a->status);
	m->act.statement_sm3 = a->sm3;
	if (j->final) {
		m->act.cover = cover_effects;
		m->act.cover_ctx = j;
	}
}

static enum err add_correction(struct job *j)
{
	enum filing_by by;
	enum filing_state to;
	TRY(filing_find(j->a->d, j->f.corrects, &j->corrected));
	if (!filing_next(j->corrected.state, FACT_CORRECT, 0, &to, &by))
		return ERR(STATE, "what it corrects is %s", filing_state_name(j->corrected.state));
	struct filing_move *m = add_move(j, &j->corrected, FACT_CORRECT, j->corrected.state, to);
	(void)snprintf(j->rule, sizeof(j->rule), "corrected-by-%s", j->f.no);
	m->act.rule = j->rule;
	return ERR_OK;
}

static enum err plan_moves(struct job *j)
{
	struct signed_act *a = j->a;
	enum filing_state from = j->f.state;
	enum filing_by by;
	int64_t version = j->f.version;
	bool accept = from == FILING_SUBMITTED && j->service->accept_by_rule &&
	              (a->kind == FACT_APPROVE || a->kind == FACT_RETURN);
	if (accept) {
		struct filing_move *m = add_move(j, &j->f, FACT_ACCEPT, from, FILING_ACCEPTED);
		m->act.rule = "accept-on-review";
		from = FILING_ACCEPTED;
		version++;
	}
	size_t left = 0;
	if (a->kind == FACT_APPROVE)
		TRY(filing_steps_left(a->d, &j->view, &left));
	if (!filing_next(from, a->kind, left, &j->to, &by))
		return ERR(STATE, "%s while %s", filing_act_name(a->kind), filing_state_name(from));
	j->final = j->to == FILING_DONE;
	TRY(filing_opinion_seal(a->d, j->f.no, buf_cstr(&a->opinion), &j->opinion));
	if (j->to == FILING_RETURNED)
		j->expires = filing_term_end(a->d, j->now, j->service->return_days);
	else if (j->to == FILING_WITHDRAWN)
		j->expires = filing_term_end(a->d, j->now, j->service->draft_days);
	int step = j->to == FILING_REVIEW2 ? 1 : 0;
	j->due = filing_work_end(a->d, j->now, j->service->steps[step].days);
	add_signed(j, from, version);
	return j->final && j->f.corrects[0] != 0 ? add_correction(j) : ERR_OK;
}

static enum err recheck(struct job *j)
{
	struct fault_sink sink = {0};
	if (j->a->kind == FACT_SUBMIT) { /* the content by itself was checked for its text */
		TRY(filing_people_faults(j->a->d, &j->view, &sink));
		TRY(attach_faults(j->a->d, &j->view, &sink));
		return sink.count == 0 ? filing_verdict_make(&j->view, &j->verdict)
		                       : ERR(FAULTS, "%zu faults since it was shown", sink.count);
	}
	if (j->a->kind != FACT_APPROVE && j->a->kind != FACT_ACCEPT)
		return ERR_OK;
	TRY(filing_evidence_good(j->a->d, &j->f));
	return j->a->kind == FACT_APPROVE ? filing_text_agrees(j->a->d, &j->view) : ERR_OK;
}

static enum err prepare_effect(struct job *j, const struct service_effect *is, const struct filing_view *v)
{
	struct effect *e = &j->effects[j->n_effects];
	INVARIANT(j->n_effects < COUNT_OF(j->effects));
	TRY(is->prepare(is->ctx, v, &e->job));
	e->is = is;
	j->n_effects++;
	return ERR_OK;
}

/* What the corrected filing did outside of the registers. */
static enum err prepare_reverses(struct job *j)
{
	const struct service *s;
	TRY(filing_service(j->a->d, &j->corrected, &s));
	TRY(filing_content(j->a->d, &j->corrected, &j->corrected_content));
	j->corrected_view = filing_view_of(&j->corrected, s, j->corrected_content, j->now);
	for (size_t i = s->n_effects; i > 0; i--)
		if (s->effects[i - 1]->reverse != NULL)
			TRY(prepare_effect(j, s->effects[i - 1]->reverse, &j->corrected_view));
	return ERR_OK;
}

static enum err prepare_effects(struct job *j)
{
	if (j->final && j->f.corrects[0] != 0)
		TRY(prepare_reverses(j));
	for (size_t i = 0; j->final && i < j->service->n_effects; i++)
		TRY(prepare_effect(j, j->service->effects[i], &j->view));
	return ERR_OK;
}

/* His right first; then whether it is still what was shown, which is the better word for a state that has changed
 * since. */
static enum err may_now(const struct job *j)
{
	enum err e = filing_may(j->a->d, &j->f, j->a->kind, j->a->by);
	if (j->f.version == j->item->version || (e != ERR_OK && e != ERR_STATE))
		return e;
	err_clear();
	return ERR(CONFLICT, "filing %s is version %lld", j->f.no, (long long)j->f.version);
}

static enum err prepare(struct job *j)
{
	const struct filing_desk *d = j->a->d;
	TRY(filing_find(d, j->item->no, &j->f));
	TRY(may_now(j));
	TRY(filing_service(d, &j->f, &j->service));
	TRY(filing_content(d, &j->f, &j->content));
	j->view = filing_view_of(&j->f, j->service, j->content, j->now);
	TRY(recheck(j));
	TRY(plan_moves(j));
	TRY(prepare_effects(j));
	for (size_t i = 0; i < j->n_moves; i++)
		TRY(filing_log_begin(d, &j->moves[i].act));
	return ERR_OK;
}

static void job_done(struct job *j)
{
	for (size_t i = 0; i < j->n_effects; i++)
		if (j->effects[i].is->done != NULL)
			j->effects[i].is->done(j->effects[i].job);
	for (size_t i = 0; i < j->n_moves; i++)
		filing_log_end(j->a->d, &j->moves[i].act);
	json_decref(j->content);
	json_decref(j->corrected_content);
	buf_done(&j->opinion);
}

static enum err item_do(struct signed_act *a, const struct item *item)
{
	struct job j = {.a = a, .item = item, .now = a->arrived, .opinion = buf_make(OPINION_MAX + 256)};
	enum err e = store_read(a->d->desk->store, again_fn, &j);
	if (e == ERR_OK && !j.again)
		e = prepare(&j);
	if (e == ERR_OK && !j.again)
		e = store_write(a->d->desk->store, item_tx, &j);
	/* The same statement may have been quicker on another thread. */
	if (e == ERR_CONFLICT || e == ERR_STATE) {
		enum err seen = store_read(a->d->desk->store, again_fn, &j);
		if (seen == ERR_OK && j.again) {
			err_clear();
			e = ERR_OK;
		}
	}
	job_done(&j);
	return e;
}

/* --- which filings --- */

static enum err item_parse(const char *text, struct item *ret_i)
{
	struct span rest = span_str(text), no, version;
	if (!span_take_until(&rest, ' ', &no) || !span_take_until(&rest, ' ', &version) || no.len > FILING_NO_MAX)
		return ERR(STATEMENT, "item");
	TRY(text_i64(version, 1, INT64_MAX, &ret_i->version));
	(void)snprintf(ret_i->no, sizeof(ret_i->no), "%.*s", (int)no.len, (const char *)no.ptr);
	return ERR_OK;
}

static enum err single(const struct statement *st, struct item *ret_i)
{
	const char *no = statement_get(st, "filing");
	if (strlen(no) > FILING_NO_MAX)
		return ERR(STATEMENT, "filing");
	(void)snprintf(ret_i->no, sizeof(ret_i->no), "%s", no);
	return text_i64(span_str(statement_get(st, "version")), 1, INT64_MAX, &ret_i->version);
}

static bool ends_all(enum err e)
{
	return err_class(e) == ERR_CLASS_RESOURCE;
}

static enum err do_all(struct signed_act *a, filing_result_fn *fn, void *ctx)
{
	size_t n = statement_count(a->st, "item");
	for (size_t i = 0; i < (n > 0 ? n : 1); i++) {
		struct item item;
		TRY(n > 0 ? item_parse(statement_get_n(a->st, "item", i), &item) : single(a->st, &item));
		enum err e = item_do(a, &item);
		if (fn != NULL)
			TRY(fn(item.no, e, ctx));
		if (e != ERR_OK && (n <= 1 || ends_all(e)))
			return e;
		err_clear();
	}
	return ERR_OK;
}

/* Before anything is done: the certificate's status as of now decides, and becomes the act's evidence. */
static enum err judge(struct signed_act *a)
{
	const struct desk *d = a->d->desk;
	return d->act_judge != NULL ? d->act_judge(d->act_ctx, a->cert, a->arrived, &a->status) : ERR_OK;
}

static enum err sign_checked(struct signed_act *a, filing_result_fn *fn, void *ctx)
{
	TRY(filing_act_of(statement_type(a->st), &a->kind));
	TRY(digest_text(a->parts->statement, a->sm3));
	TRY(filing_shown_check(a->d, a->sm3, a->by));
	TRY(judge(a));
	TRY(opinion_text(a));
	TRY(field_seal(a->d->desk->keys, "filing_statement.statement", span_str(a->sm3), a->parts->statement,
	               &a->sealed));
	return do_all(a, fn, ctx);
}

/* The signer must be the person of this session, with the certificate he logged in with. */
static enum err signer_check(const struct act *act, const struct filing_who *by)
{
	bool same = strcmp(cert_person_id(act->cert), by->person_id) == 0 &&
	            strcmp(cert_serial(act->cert), by->cert_serial) == 0 &&
	            strcmp(cert_unit_no(act->cert), by->unit_no) == 0;
	return same ? ERR_OK : ERR(L_OTHER_KEY, "act signed with another certificate than the session's");
}

enum err filing_sign(const struct filing_desk *d, const struct filing_who *by, const struct act_parts *parts,
                     filing_result_fn *fn, void *ctx)
{
	struct act act = {0};
	TRY(act_open(parts->statement, parts->sig, parts->cert, NULL, d->desk->bureau, &act));
	struct signed_act a = {.d = d,
	                       .by = by,
	                       .parts = parts,
	                       .st = act.statement,
	                       .cert = act.cert,
	                       .sealed = buf_make(STATEMENT_WIDE_MAX + LIMIT_SEAL),
	                       .arrived = clock_now(d->desk->clock),
	                       .opinion = buf_make(OPINION_MAX),
	                       .status = buf_make(LOG_OCSP_MAX)};
	enum err e = signer_check(&act, by);
	if (e == ERR_OK)
		e = sign_checked(&a, fn, ctx);
	buf_done(&a.sealed);
	buf_done(&a.opinion);
	buf_done(&a.status);
	act_done(&act);
	return e;
}

enum err filing_submit(const struct filing_desk *d, const char *no, const struct filing_who *by,
                       const struct act_parts *parts)
{
	AUTO(statement) s = NULL;
	TRY(statement_parse(parts->statement, &s));
	enum filing_act_kind kind;
	TRY(filing_act_of(statement_type(s), &kind));
	if (kind != FACT_SUBMIT || strcmp(statement_get(s, "filing"), no) != 0)
		return ERR(STATEMENT, "not a submission of this filing");
	return filing_sign(d, by, parts, NULL, NULL);
}
