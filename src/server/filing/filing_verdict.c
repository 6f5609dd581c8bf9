/* What was decided when a filing was submitted: the month it counts for, whether it reaches back, whether two review
 * it. Who decides later, and on whatever day, reads it. */
#include "server/filing/filing_i.h"

struct filing_view filing_view_of(const struct filing *f, const struct service *s, const json_t *content, int64_t now)
{
	bool open = f->state == FILING_DRAFT || f->state == FILING_RETURNED || f->state == FILING_WITHDRAWN ||
	            f->state == FILING_VOID;
	return (struct filing_view){f, s, content, now, open || f->submitted == 0 ? now : f->submitted, NULL};
}

static enum err judge(const struct filing_view *v, struct service_verdict *ret_v, size_t *ret_faults)
{
	struct fault_sink sink = {0};
	struct filing_view asking = *v;
	*ret_v = (struct service_verdict){.month = 0};
	asking.verdict = ret_v;
	for (size_t i = 0; i < v->service->n_preconditions; i++)
		TRY(v->service->preconditions[i]->check(v->service->preconditions[i]->ctx, &asking, &sink));
	*ret_faults = sink.count;
	return ERR_OK;
}

enum err filing_verdict_make(const struct filing_view *v, struct service_verdict *ret_v)
{
	size_t faults = 0;
	TRY(judge(v, ret_v, &faults));
	return faults == 0 ? ERR_OK : ERR(FAULTS, "%zu faults since it was shown", faults);
}

enum err filing_verdict_put_tx(struct tx *tx, const struct filing *f, const struct service_verdict *v, int64_t now)
{
	return tx_exec(tx, "filing_verdict_put",
	               SQL_ARGS(A_TEXT(f->no), A_TEXT(f->unit_no), A_INT(v->month), A_INT(v->back_dated),
	                        A_INT(v->second_review), A_INT(now)),
	               NULL);
}

struct kept {
	const char *no;
	struct service_verdict v;
	bool there;
};

static enum err kept_row(const struct row *row, void *ctx)
{
	struct kept *w = ctx;
	w->v = (struct service_verdict){(int)row_int(row, 0), row_int(row, 1) != 0, row_int(row, 2) != 0};
	w->there = true;
	return ERR_OK;
}

static enum err kept_tx(struct tx *tx, void *arg)
{
	struct kept *w = arg;
	w->there = false;
	return tx_query(tx, "filing_verdict_get", SQL_ARGS(A_TEXT(w->no)), kept_row, w);
}

/* What cannot be judged is looked at twice. */
enum err filing_verdict_get(const struct filing_desk *d, const struct filing_view *v, struct service_verdict *ret_v)
{
	struct kept w = {.no = v->filing->no};
	size_t faults = 0;
	TRY(store_read(d->desk->store, kept_tx, &w));
	if (w.there) {
		*ret_v = w.v;
		return ERR_OK;
	}
	if (judge(v, ret_v, &faults) != ERR_OK) {
		err_clear();
		ret_v->second_review = true;
	}
	return ERR_OK;
}
