#include "server/portal/staff.h"
#include "base/clock.h"
#include "evidence/statement.h"
#include "server/portal/app.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct staff {
	pthread_mutex_t lock;
	bool known;
	uint64_t seq;      /* of the journal when it was fetched */
	int64_t failed_ms; /* 0: the last question was answered */
	struct buf text;
};

enum err staff_new(struct staff **ret_r)
{
	struct staff *r = calloc(1, sizeof(*r));
	if (r == NULL)
		return ERR(NOMEM, "roster");
	(void)pthread_mutex_init(&r->lock, NULL);
	r->text = buf_make(STATEMENT_MAX);
	*ret_r = r;
	return ERR_OK;
}

void staff_free(struct staff *r)
{
	if (r == NULL)
		return;
	buf_done(&r->text);
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
}

/* "P000004 clerk,reviewer 430104" */
static enum err entry_parse(struct span rest, struct staff_entry *ret_e)
{
	struct span roles;
	char list[128];
	struct staff_entry e;
	if (!span_take_until(&rest, ' ', &roles) || roles.len >= sizeof(list) || rest.len >= sizeof(e.district))
		return ERR(L_UNBOUND, "roster's line cannot be read");
	(void)snprintf(list, sizeof(list), "%.*s", (int)roles.len, (const char *)roles.ptr);
	(void)snprintf(e.district, sizeof(e.district), "%.*s", (int)rest.len, (const char *)rest.ptr);
	e.roles = role_bits(list);
	if (e.roles == 0)
		return ERR(L_UNBOUND, "roster gives no role");
	*ret_e = e;
	return ERR_OK;
}

enum err staff_entry_in(struct span text, const char *person, struct staff_entry *ret_e)
{
	AUTO(statement) s = NULL;
	TRY(statement_parse(text, &s));
	for (size_t i = 0; i < statement_count(s, "entry"); i++) {
		struct span entry = span_str(statement_get_n(s, "entry", i)), id;
		if (span_take_until(&entry, ' ', &id) && span_eq_str(id, person))
			return entry_parse(entry, ret_e);
	}
	return ERR(L_UNBOUND, "person is not on the roster");
}

static enum err ask(const struct portal *p, struct buf *out)
{
	TRY(p->roster != NULL ? p->roster(p->roster_ctx, out) : signer_roster_within(p->signer, WORD_MS, out));
	return buf_err(out);
}

static enum err fetch(const struct portal *p, struct staff *r, uint64_t seq)
{
	AUTO_BUF(fresh, STATEMENT_MAX);
	if (r->known && r->seq == seq)
		return ERR_OK;
	/* A signer that hangs is waited for once a second, not by each who comes. */
	if (r->failed_ms > 0 && clock_mono_ms() - r->failed_ms < WORD_MS)
		return ERR(UNAVAILABLE, "roster was not answered a moment ago");
	enum err e = ask(p, &fresh);
	r->failed_ms = e != ERR_OK ? clock_mono_ms() : 0;
	TRY(e);
	buf_clear(&r->text);
	buf_put(&r->text, buf_span(&fresh));
	TRY(buf_err(&r->text));
	r->known = true;
	r->seq = seq;
	return ERR_OK;
}

static enum err entry_kept(const struct portal *p, const char *person, struct staff_entry *ret_e)
{
	struct staff *r = p->staff;
	uint64_t seq = 0;
	TRY(trust_journal_seq(p->trust, &seq));
	(void)pthread_mutex_lock(&r->lock);
	enum err e = fetch(p, r, seq);
	if (e == ERR_OK)
		e = staff_entry_in(buf_span(&r->text), person, ret_e);
	else
		e = err_note(ERR_STATUS_AWAY, "roster: %s", err_name(e));
	(void)pthread_mutex_unlock(&r->lock);
	return e;
}

enum err staff_entry_now(const struct portal *p, const char *person, struct staff_entry *ret_e)
{
	AUTO_BUF(text, STATEMENT_MAX);
	if (p->staff != NULL)
		return entry_kept(p, person, ret_e);
	TRY(ask(p, &text));
	return staff_entry_in(buf_span(&text), person, ret_e);
}
