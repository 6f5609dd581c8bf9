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

enum err effect_change_new(const struct desk *d, const struct filing_view *v, const char *const *persons, size_t n,
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
	                                   .registers = registers_all,
	                                   .closed = bill_last_approved};
	if (e == ERR_OK)
		e = change_new(d, &scope, ret_c);
	free(c.no);
	free(c.v);
	return e;
}

enum err effect_apply(struct tx *tx, void *job)
{
	return change_apply(tx, job);
}

void effect_cover(struct log_act *a, void *job)
{
	change_cover(job, a);
}

void effect_done(void *job)
{
	change_free(job);
}
