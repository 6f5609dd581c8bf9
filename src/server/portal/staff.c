#include "server/portal/staff.h"
#include "evidence/statement.h"
#include "server/portal/app.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct staff {
	pthread_mutex_t lock;
	bool known;
	uint64_t seq; /* of the journal when it was fetched */
	struct buf text;
};

enum err staff_new(struct staff **ret_r)
{
	struct staff *r = calloc(1, sizeof *r);
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

enum err staff_roles_in(struct span text, const char *person, unsigned *ret_roles)
{
	AUTO(statement) s = NULL;
	TRY(statement_parse(text, &s));
	for (size_t i = 0; i < statement_count(s, "entry"); i++) {
		struct span entry = span_str(statement_get_n(s, "entry", i)), id, roles;
		if (!span_take_until(&entry, ' ', &id) || !span_take_until(&entry, ' ', &roles) || !span_eq_str(id, person))
			continue;
		char list[128];
		(void)snprintf(list, sizeof list, "%.*s", (int)roles.len, (const char *)roles.ptr);
		*ret_roles = role_bits(list);
		return *ret_roles != 0 ? ERR_OK : ERR(L_UNBOUND, "roster gives no role");
	}
	return ERR(L_UNBOUND, "person is not on the roster");
}

static enum err fetch(const struct portal *p, struct staff *r, uint64_t seq)
{
	AUTO_BUF(fresh, STATEMENT_MAX);
	if (r->known && r->seq == seq)
		return ERR_OK;
	TRY(p->roster != NULL ? p->roster(p->roster_ctx, &fresh) : signer_roster_text(p->signer, &fresh));
	TRY(buf_err(&fresh));
	buf_clear(&r->text);
	buf_put(&r->text, buf_span(&fresh));
	TRY(buf_err(&r->text));
	r->known = true;
	r->seq = seq;
	return ERR_OK;
}

enum err staff_roles_now(const struct portal *p, const char *person, unsigned *ret_roles)
{
	struct staff *r = p->staff;
	uint64_t seq = 0;
	TRY(trust_journal_seq(p->trust, &seq));
	(void)pthread_mutex_lock(&r->lock);
	enum err e = fetch(p, r, seq);
	if (e == ERR_OK)
		e = staff_roles_in(buf_span(&r->text), person, ret_roles);
	else
		e = err_note(ERR_STATUS_AWAY, "roster: %s", err_name(e));
	(void)pthread_mutex_unlock(&r->lock);
	return e;
}
