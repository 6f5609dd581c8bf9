#include "server/business/effect.h"
#include "server/insurance/bill_read.h"
#include <stdio.h>
#include <stdlib.h>

struct chain {
	char (*no)[FILING_NO_MAX + 1];
	const char **v;
	size_t n;
};

static enum err chain_add(const char *no, void *ctx)
{
	struct chain *c = ctx;
	char(*more)[FILING_NO_MAX + 1] = reallocarray(c->no, c->n + 1, sizeof(*more));
	if (more == NULL)
		return ERR(NOMEM, "chain of filings");
	c->no = more;
	(void)snprintf(c->no[c->n++], sizeof(*more), "%s", no);
	return ERR_OK;
}

static enum err read_chain(const struct desk *d, const char *corrects, struct chain *c)
{
	if (corrects[0] != 0)
		TRY(filing_chain(d, corrects, chain_add, c));
	c->v = calloc(c->n + 1, sizeof(*c->v));
	if (c->v == NULL)
		return ERR(NOMEM, "chain of filings");
	for (size_t i = 0; i < c->n; i++)
		c->v[i] = c->no[i];
	return ERR_OK;
}

enum err effect_change_new(const struct desk *d, const struct filing_view *v,
                           const struct register_table *const *registers, const char *const *persons, size_t n,
                           struct change **ret_c)
{
	struct chain c = {.n = 0};
	enum err e = read_chain(d, v->filing->corrects, &c);
	const struct change_scope scope = {.unit_no = v->filing->unit_no,
	                                   .filing_no = v->filing->no,
	                                   .chain = c.v,
	                                   .n_chain = c.n,
	                                   .persons = persons,
	                                   .n_persons = n,
	                                   .registers = registers,
	                                   .closed = bill_last_approved};
	if (e == ERR_OK)
		e = change_new(d, &scope, ret_c);
	free(c.no);
	free(c.v);
	return e;
}

/* --- the job --- */

struct job {
	struct change *change;
};

enum err effect_job_new(struct change *c, void **ret_job)
{
	AUTO(change) change = c;
	struct job *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return ERR(NOMEM, "effect");
	j->change = STEAL(change);
	enum err e = change_prepare(j->change);
	if (e != ERR_OK) {
		effect_done(j);
		return e;
	}
	*ret_job = j;
	return ERR_OK;
}

struct supplement {
	struct tx *tx;
	const struct change *change;
	int closed;
};

static enum err put_supplement(const char *person_no, int month, void *ctx)
{
	const struct supplement *w = ctx;
	if (month > w->closed)
		return ERR_OK;
	return tx_exec(w->tx, "supplement_put",
	               SQL_ARGS(A_TEXT(change_filing_no(w->change)), A_TEXT(person_no),
	                        A_TEXT(change_unit_no(w->change)), A_INT(month), A_INT(w->closed)),
	               NULL);
}

enum err effect_apply(struct tx *tx, void *job)
{
	const struct job *j = job;
	struct supplement w = {tx, j->change, 0};
	TRY(change_apply(tx, j->change));
	if (change_is_correction(j->change))
		return ERR_OK;
	TRY(bill_last_approved(tx, change_unit_no(j->change), &w.closed));
	return w.closed > 0 ? change_each(j->change, put_supplement, &w) : ERR_OK;
}

void effect_cover(struct log_act *a, void *job)
{
	const struct job *j = job;
	change_cover(j->change, a);
	log_act_cover_by(a, LOG_COVER_NEW, "supplement", "cover_supplement_filing",
	                 (const struct sql_arg[]){A_TEXT(change_filing_no(j->change))}, 1);
}

void effect_done(void *job)
{
	struct job *j = job;
	change_free(j->change);
	free(j);
}
