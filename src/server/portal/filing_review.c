/* /review/filings: the officers' queue and one filing of it. */
#include "server/portal/filing_attach.h"
#include "base/text.h"
#include <string.h>

enum { QUEUE_ROWS = FILING_BULK_MAX };

struct queue {
	struct web_req *rq;
	const struct filing_desk *d;
	const struct filing_who *who;
	json_t *list;
};

/* ERR_OK, or the reason why not; anything but a refusal is passed on. */
static enum err may(const struct filing_desk *d, const struct filing *f, enum filing_act_kind kind,
                    const struct filing_who *who, bool *ret_may)
{
	enum err e = filing_may(d, f, kind, who);
	if (err_class(e) == ERR_CLASS_RESOURCE || err_class(e) == ERR_CLASS_BUG)
		return e;
	if (e != ERR_OK)
		err_clear();
	*ret_may = e == ERR_OK;
	return ERR_OK;
}

static enum err queue_row(const struct filing *f, void *ctx)
{
	const struct queue *w = ctx;
	struct mo o = mo_item(w->list);
	bool approve = false;
	TRY(filing_put_head(w->rq, &o, w->d, f));
	TRY(may(w->d, f, FACT_APPROVE, w->who, &approve));
	mo_bool(&o, "can_approve", approve);
	mo_bool(&o, "late", f->due > 0 && f->due < clock_now(w->d->desk->clock));
	return mo_err(&o);
}

enum err page_filing_queue(struct web_req *rq)
{
	struct filing_who who;
	struct queue w = {.rq = rq, .who = &who};
	struct mo m = mo_of(web_model(rq));
	TRY(filing_desk_of(rq, &w.d));
	TRY(reviewer_of(rq, &who));
	mo_str(&m, "title", "业务审核");
	mo_str(&m, "done", web_value(rq, "done"));
	mo_str(&m, "failed", web_value(rq, "failed"));
	mo_bool(&m, "some_failed", web_value(rq, "failed")[0] != 0 && strcmp(web_value(rq, "failed"), "0") != 0);
	w.list = mo_list(&m, "filings");
	TRY(filing_queue(w.d, &who, 0, QUEUE_ROWS, 0, queue_row, &w));
	mo_int(&m, "count", (int64_t)json_array_size(w.list));
	return mo_err(&m);
}

enum err page_filing_review(struct web_req *rq)
{
	const struct filing_desk *d;
	struct filing_who who;
	struct filing f;
	const struct service *s;
	AUTO_JSON content = NULL;
	static const struct {
		const char *name;
		enum filing_act_kind kind;
	} acts[] = {{"can_accept", FACT_ACCEPT},
	            {"can_approve", FACT_APPROVE},
	            {"can_return", FACT_RETURN},
	            {"can_refuse", FACT_REFUSE}};
	struct mo m = mo_of(web_model(rq));
	TRY(filing_desk_of(rq, &d));
	TRY(reviewer_of(rq, &who));
	TRY(filing_get(d, web_param(rq, "no"), &who, &f));
	TRY(filing_service(d, &f, &s));
	TRY(filing_content(d, &f, &content));
	mo_str(&m, "title", "审核申报");
	TRY(filing_put_head(rq, &m, d, &f));
	TRY(filing_put_content(rq, &m, d, &f, s, content));
	TRY(filing_put_attachments(rq, &m, d, &f, "/review/filings", !f.as_sent));
	TRY(filing_put_events(&m, d, &f));
	for (size_t i = 0; i < COUNT_OF(acts); i++) {
		bool yes = false;
		TRY(may(d, &f, acts[i].kind, &who, &yes));
		mo_bool(&m, acts[i].name, yes);
	}
	mo_bool(&m, "as_sent", f.as_sent);
	mo_bool(&m, "receipt", filing_is_done(&f));
	return mo_err(&m);
}

enum err page_review_receipt(struct web_req *rq)
{
	const struct filing_desk *d;
	struct filing_who who;
	struct filing f;
	TRY(filing_desk_of(rq, &d));
	TRY(reviewer_of(rq, &who));
	TRY(filing_get(d, web_param(rq, "no"), &who, &f));
	return receipt_answer(rq, f.no);
}
