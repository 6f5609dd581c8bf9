/* What sign.js asks for and brings back about filings: the text of a statement, and the act. */
#include "server/portal/filing_pages.h"
#include "server/filing/attach.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

enum { DEFECTS_TEXT_MAX = 32768 };

static enum err put_statement(struct web_req *rq, struct buf *text)
{
	TRY(buf_err(text));
	return json_put_str(web_model(rq), "statement", buf_span(text));
}

static enum err put_next(struct web_req *rq, const char *path)
{
	return path != NULL ? json_put_str(web_model(rq), "next", span_str(path)) : ERR(NOMEM, "path");
}

struct act_bytes {
	struct buf sig, cert;
};

static enum err act_take(struct web_req *rq, struct act_bytes *b, struct act_parts *ret_p)
{
	TRY(text_unb64(span_str(web_value(rq, "signature")), &b->sig));
	TRY(text_unb64(span_str(web_value(rq, "cert")), &b->cert));
	*ret_p = (struct act_parts){span_str(web_value(rq, "statement")), buf_span(&b->sig), buf_span(&b->cert)};
	return ERR_OK;
}

struct tally {
	size_t done, failed;
	char changed[FILING_NO_MAX + 1]; /* whose attachments are not the signed ones; "" none */
};

static enum err count(const char *no, enum err e, void *ctx)
{
	struct tally *t = ctx;
	t->done += e == ERR_OK;
	t->failed += e != ERR_OK;
	if (e == ERR_ATTACH_CHANGED)
		(void)snprintf(t->changed, sizeof(t->changed), "%s", no);
	return ERR_OK;
}

static enum err sign(struct web_req *rq, const struct filing_desk *d, const struct filing_who *who, struct tally *t)
{
	struct act_bytes b = {buf_make(SM2_SIG_LEN + 1), buf_make(CERT_DER_MAX)};
	struct act_parts parts;
	enum err e = act_take(rq, &b, &parts);
	if (e == ERR_OK)
		e = filing_sign(d, who, &parts, count, t);
	buf_done(&b.sig);
	buf_done(&b.cert);
	return e;
}

/* --- the filer --- */

enum err page_filing_text(struct web_req *rq)
{
	const struct filing_desk *d;
	struct filing_who who;
	AUTO_BUF(text, STATEMENT_WIDE_MAX);
	const char *step = web_value(rq, "step"), *no = web_param(rq, "no");
	TRY(filing_desk_of(rq, &d));
	filer_of(rq, &who);
	if (strcmp(step, "submit") == 0)
		TRY(filing_submit_text(d, no, &who, &text));
	else if (strcmp(step, "withdraw") == 0)
		TRY(filing_withdraw_text(d, no, &who, web_value(rq, "reason"), &text));
	else
		return ERR(FIELD_VALUE, "no such step");
	return put_statement(rq, &text);
}

enum err page_filing_act(struct web_req *rq)
{
	const struct filing_desk *d;
	struct filing_who who;
	struct tally t = {0};
	TRY(filing_desk_of(rq, &d));
	filer_of(rq, &who);
	TRY(sign(rq, d, &who, &t));
	return put_next(rq, arena_printf(web_arena(rq), "/filings/%s", web_param(rq, "no")));
}

/* --- the officer --- */

/* "a,b,c" or lines into at most max texts of the arena; empty ones are left out. */
static enum err split(struct web_req *rq, const char *s, uint8_t mark, const char **ret_v, size_t max, size_t *ret_n)
{
	struct span rest = span_str(s), part;
	size_t n = 0;
	while (rest.len > 0) {
		if (!span_take_until(&rest, mark, &part)) {
			part = rest;
			rest = SPAN_EMPTY;
		}
		while (part.len > 0 && strchr(" \t\r", part.ptr[part.len - 1]) != NULL)
			part.len--;
		while (part.len > 0 && strchr(" \t\r", part.ptr[0]) != NULL)
			part = span_sub(part, 1, part.len);
		if (part.len == 0)
			continue;
		if (n == max)
			return ERR(LIMIT, "more than %zu", max);
		ret_v[n] = arena_str(web_arena(rq), part);
		if (ret_v[n++] == NULL)
			return ERR(NOMEM, "list");
	}
	*ret_n = n;
	return ERR_OK;
}

static enum err bulk_text(struct web_req *rq, const struct filing_desk *d, const struct filing_who *who,
                          enum filing_act_kind kind, struct buf *text)
{
	const char *nos[FILING_BULK_MAX];
	size_t n;
	TRY(split(rq, web_value(rq, "no"), ',', nos, FILING_BULK_MAX, &n));
	if (n == 0) {
		web_error_detail(rq, "请先勾选要办理的申报件");
		return ERR(FIELD_MISSING, "no filing chosen");
	}
	return filing_bulk_text(d, kind, nos, n, who, web_value(rq, "opinion"), text);
}

static enum err return_text(struct web_req *rq, const struct filing_desk *d, const struct filing_who *who,
                            struct buf *text)
{
	const char *defects[FILING_DEFECTS_MAX];
	size_t n;
	TRY(split(rq, web_value(rq, "defects"), '\n', defects, FILING_DEFECTS_MAX, &n));
	return filing_return_text(d, web_value(rq, "no"), who, defects, n, text);
}

enum err page_review_text(struct web_req *rq)
{
	const struct filing_desk *d;
	struct filing_who who;
	AUTO_BUF(text, STATEMENT_MAX);
	const char *step = web_value(rq, "step");
	TRY(filing_desk_of(rq, &d));
	TRY(reviewer_of(rq, &who));
	if (strcmp(step, "approve") == 0)
		TRY(bulk_text(rq, d, &who, FACT_APPROVE, &text));
	else if (strcmp(step, "accept") == 0)
		TRY(bulk_text(rq, d, &who, FACT_ACCEPT, &text));
	else if (strcmp(step, "return") == 0)
		TRY(return_text(rq, d, &who, &text));
	else if (strcmp(step, "refuse") == 0)
		TRY(filing_refuse_text(d, web_value(rq, "no"), &who, web_value(rq, "reason"), &text));
	else
		return ERR(FIELD_VALUE, "no such step");
	return put_statement(rq, &text);
}

static enum err first_name(const struct attachment *a, void *ctx)
{
	char *name = ctx;
	if (name[0] == 0)
		(void)snprintf(name, ATTACH_NAME_MAX + 1, "%s", a->name);
	return ERR_OK;
}

/* Which file it is that stops the approval. Leaves the error of the act as it is. */
static void tell_changed(struct web_req *rq, const struct filing_desk *d, const struct filing_who *who, const char *no)
{
	struct filing f;
	char name[ATTACH_NAME_MAX + 1] = "";
	const struct service *s = NULL;
	enum err e = filing_get(d, no, who, &f);
	if (e == ERR_OK)
		e = filing_service(d, &f, &s);
	if (e == ERR_OK)
		e = attach_agrees(d, &f, s, first_name, name);
	const char *text = e == ERR_ATTACH_CHANGED && name[0] != 0
	                           ? arena_printf(web_arena(rq), "申报 %s 的附件：%s", no, name)
	                           : NULL;
	if (text != NULL)
		web_error_detail(rq, text);
}

enum err page_review_act(struct web_req *rq)
{
	const struct filing_desk *d;
	struct filing_who who;
	struct tally t = {0};
	TRY(filing_desk_of(rq, &d));
	TRY(reviewer_of(rq, &who));
	enum err e = sign(rq, d, &who, &t);
	if (e == ERR_ATTACH_CHANGED)
		tell_changed(rq, d, &who, t.changed);
	TRY(e);
	return put_next(rq, arena_printf(web_arena(rq), "/review/filings?done=%zu&failed=%zu", t.done, t.failed));
}
