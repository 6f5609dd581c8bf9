/* /filings: the filer's list, the form for one person, the check page, and what became of it. */
#include "server/portal/filing_attach.h"
#include "server/portal/filing_sheet.h"
#include "server/portal/filing_staff.h"
#include "base/text.h"
#include "server/filing/filing_sheet.h"
#include "server/form/sheet.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_ROWS = 50, PAGE_LAST = 1000 };

struct view {
	const struct filing_desk *d;
	struct filing_who who;
	struct filing f;
	const struct service *s;
	json_t *content; /* owned */
};

static void view_done(struct view *v)
{
	json_decref(v->content);
}
#define AUTO_VIEW __attribute__((cleanup(view_done))) struct view

static enum err view_open(struct web_req *rq, struct view *v)
{
	TRY(filing_desk_of(rq, &v->d));
	filer_of(rq, &v->who);
	TRY(filing_get(v->d, web_param(rq, "no"), &v->who, &v->f));
	TRY(filing_service(v->d, &v->f, &v->s));
	return filing_content(v->d, &v->f, &v->content);
}

static enum err go(struct web_req *rq, const char *no, const char *tail)
{
	const char *path = arena_printf(web_arena(rq), "/filings/%s%s", no, tail);
	return path != NULL ? web_redirect(rq, path) : ERR(NOMEM, "path");
}

/* --- list --- */

struct listing {
	struct web_req *rq;
	const struct filing_desk *d;
	json_t *list;
};

static enum err list_row(const struct filing *f, void *ctx)
{
	const struct listing *w = ctx;
	struct mo o = mo_item(w->list);
	TRY(filing_put_head(w->rq, &o, w->d, f));
	mo_bool(&o, "open", filing_is_open(f));
	return mo_err(&o);
}

static enum err put_businesses(struct mo *m, const struct filing_desk *d, unsigned kind)
{
	json_t *list = mo_list(m, "businesses");
	for (size_t i = 0; i < services_count(d->services); i++) {
		const struct service *s = services_at(d->services, i);
		if (s->own_engine || (s->filers & kind) == 0)
			continue;
		struct mo o = mo_item(list);
		mo_str(&o, "code", s->code);
		mo_str(&o, "name", s->name);
		mo_int(&o, "days", s->promise_days);
		TRY(mo_err(&o));
	}
	return mo_err(m);
}

enum err page_filings(struct web_req *rq)
{
	struct filing_who who;
	struct mo m = mo_of(web_model(rq));
	struct listing w = {.rq = rq};
	int64_t page = 1;
	TRY(filing_desk_of(rq, &w.d));
	filer_of(rq, &who);
	if (web_value(rq, "page")[0] != 0)
		TRY(text_i64(span_str(web_value(rq, "page")), 1, PAGE_LAST, &page));
	mo_str(&m, "title", "业务申报");
	TRY(put_businesses(&m, w.d, who.unit_no[0] != 0 ? FILER_UNIT : FILER_PERSON));
	w.list = mo_list(&m, "filings");
	TRY(filing_list(w.d, &who, 0, PAGE_ROWS + 1, ((int)page - 1) * PAGE_ROWS, list_row, &w));
	bool more = json_array_size(w.list) > PAGE_ROWS;
	if (more)
		(void)json_array_remove(w.list, PAGE_ROWS);
	mo_int(&m, "following", more ? page + 1 : 0);
	mo_int(&m, "previous", page - 1);
	return mo_err(&m);
}

enum err page_filing_new(struct web_req *rq)
{
	const struct filing_desk *d;
	struct filing_who who;
	char no[FILING_NO_MAX + 1];
	TRY(filing_desk_of(rq, &d));
	filer_of(rq, &who);
	TRY(filing_draft_new(d, web_value(rq, "business"), &who, no));
	return go(rq, no, "/form");
}

enum err page_filing_correct(struct web_req *rq)
{
	const struct filing_desk *d;
	struct filing_who who;
	char no[FILING_NO_MAX + 1];
	TRY(filing_desk_of(rq, &d));
	filer_of(rq, &who);
	TRY(filing_correct(d, web_param(rq, "no"), &who, no));
	return go(rq, no, "/form");
}

/* --- the form --- */

static const char *error_of(const json_t *faults, size_t row, const char *field)
{
	for (size_t i = 0; i < json_array_size(faults); i++) {
		const json_t *f = json_array_get(faults, i);
		if (json_int_or(f, "at", 0) == (int64_t)row && strcmp(json_str_or(f, "field", ""), field) == 0)
			return json_str_or(f, "text", "");
	}
	return "";
}

static bool code_is_in(const char *codes, const char *code)
{
	struct span rest = span_str(codes), part;
	while (span_take_until(&rest, ',', &part))
		if (span_eq_str(part, code))
			return true;
	return span_eq_str(rest, code);
}

static enum err put_options(struct mo *m, const struct service_field *f, const char *value)
{
	json_t *list = mo_list(m, "options");
	for (size_t i = 0; f->list != NULL && i < f->list->n; i++) {
		struct mo o = mo_item(list);
		mo_str(&o, "value", f->list->v[i].code);
		mo_words(&o, "text", f->list->v[i].text);
		mo_bool(&o, "selected",
		        f->type == FIELD_CODES ? code_is_in(value, f->list->v[i].code)
		                               : strcmp(value, f->list->v[i].code) == 0);
		TRY(mo_err(&o));
	}
	return mo_err(m);
}

static enum err put_field(const struct view *v, json_t *list, const struct service_field *f, const char *value,
                          const char *error)
{
	struct mo o = mo_item(list);
	AUTO_BUF(person, NAME_MAX_BYTES + 1);
	TRY(filing_put_person(v->d, &v->f, f, value, &person));
	mo_str(&o, "name", f->name);
	mo_str(&o, "label", f->label);
	mo_str(&o, "hint", f->hint);
	mo_bool(&o, "required", f->required);
	mo_bool(&o, "is_select", f->type == FIELD_CODE);
	mo_bool(&o, "is_checks", f->type == FIELD_CODES);
	mo_bool(&o, "is_long", f->type == FIELD_LONG_TEXT);
	mo_bool(&o, "is_person", f->type == FIELD_PERSON);
	mo_bool(&o, "is_input", f->list == NULL && f->type != FIELD_LONG_TEXT && f->type != FIELD_PERSON);
	mo_str(&o, "person", buf_cstr(&person));
	mo_int(&o, "max_chars", (int64_t)f->max_chars);
	mo_str(&o, "value", value);
	mo_str(&o, "error", error);
	TRY(put_options(&o, f, value));
	return mo_err(&o);
}

/* The mark of a spoilt cell is not something to type over: its field is empty, the fault beside it says why. */
static const char *typed(const json_t *row, const char *name)
{
	const char *value = json_str_or(row, name, "");
	return value[0] == SHEET_SPOILT ? "" : value;
}

static enum err put_group(const struct view *v, struct mo *m, const char *title, const struct service_fields *fields,
                          const json_t *row, const json_t *faults, size_t number)
{
	struct mo g = mo_item(json_object_get(m->o, "groups"));
	mo_str(&g, "title", title);
	json_t *list = mo_list(&g, "fields");
	TRY(mo_err(&g));
	for (size_t i = 0; i < fields->n; i++)
		TRY(put_field(v, list, &fields->v[i], typed(row, fields->v[i].name),
		              error_of(faults, number, fields->v[i].name)));
	return ERR_OK;
}

/* A fresh draft is not scolded for being empty. */
static enum err put_form_faults(struct web_req *rq, struct mo *m, struct view *v)
{
	const struct fault_view q = {v->d, &v->f, v->s, v->content, &v->who};
	struct fault_lines lines = {0};
	(void)rq;
	if (v->f.version == 1)
		return filing_put_no_faults(m);
	TRY(filing_fault_lines(&q, &lines));
	AUTO_JSON list = lines.list;
	return filing_put_lines(m, &q, list);
}

/* The business month is offered; what the draft holds stays. */
static enum err with_period(struct web_req *rq, const struct view *v, json_t **ret_form)
{
	char month[12];
	AUTO_JSON form = json_deep_copy(json_object_get(v->content, "form"));
	if (form == NULL)
		return ERR(NOMEM, "form");
	filing_period(portal_of(rq), month);
	if (month[0] != 0 && json_object_get(form, "period") == NULL)
		TRY(json_put_str(form, "period", span_str(month)));
	*ret_form = STEAL(form);
	return ERR_OK;
}

/* stale: what is in the view was typed into an older version's form and is not stored. */
static enum err put_form(struct web_req *rq, struct view *v, bool stale)
{
	struct mo m = mo_of(web_model(rq));
	const json_t *rows = json_object_get(v->content, "rows");
	mo_str(&m, "title", "填报");
	mo_bool(&m, "stale", stale);
	TRY(filing_put_head(rq, &m, v->d, &v->f));
	TRY(filing_put_steps(&m, 1));
	TRY(stale ? filing_put_no_faults(&m) : put_form_faults(rq, &m, v));
	const json_t *faults = json_object_get(m.o, "faults");
	(void)mo_list(&m, "groups");
	AUTO_JSON form = NULL;
	TRY(with_period(rq, v, &form));
	TRY(put_group(v, &m, "申报信息", &v->s->fields, form, faults, 0));
	bool single = v->s->row_fields.n > 0 && json_array_size(rows) <= 1;
	if (single)
		TRY(put_group(v, &m, "人员信息", &v->s->row_fields, json_array_get(rows, 0), faults, 1));
	mo_bool(&m, "many", json_array_size(rows) > 1);
	mo_bool(&m, "takes_sheet", filing_takes_sheet(portal_of(rq), v->s));
	mo_bool(&m, "saved", !stale && web_has(rq, "saved")); /* a field of the GET only */
	return mo_err(&m);
}

enum err page_filing_form(struct web_req *rq)
{
	AUTO_VIEW v = {0};
	TRY(view_open(rq, &v));
	return filing_is_open(&v.f) ? put_form(rq, &v, false) : go(rq, v.f.no, "");
}

/* --- saving --- */

static enum err put_value(struct web_req *rq, const struct service_field *f, json_t *row)
{
	AUTO_BUF(codes, SERVICE_VALUE_MAX);
	if (f->type != FIELD_CODES)
		return json_put_str(row, f->name, span_str(web_value(rq, f->name)));
	for (size_t i = 0; i < f->list->n; i++) {
		const char *name = arena_printf(web_arena(rq), "%s_%s", f->name, f->list->v[i].code);
		if (name == NULL)
			return ERR(NOMEM, "field");
		if (web_has(rq, name))
			buf_printf(&codes, "%s%s", codes.len > 0 ? "," : "", f->list->v[i].code);
	}
	TRY(buf_err(&codes));
	return json_put_str(row, f->name, buf_span(&codes));
}

static enum err take_values(struct web_req *rq, const struct service_fields *fields, json_t **ret_row)
{
	AUTO_JSON row = json_object();
	if (row == NULL)
		return ERR(NOMEM, "form");
	for (size_t i = 0; i < fields->n; i++)
		TRY(put_value(rq, &fields->v[i], row));
	*ret_row = STEAL(row);
	return ERR_OK;
}

static enum err save(struct web_req *rq, const struct view *v)
{
	AUTO_JSON form = NULL;
	AUTO_JSON row = NULL;
	AUTO_JSON rows = json_array();
	int64_t version;
	TRY(text_i64(span_str(web_value(rq, "version")), 1, INT64_MAX, &version));
	TRY(take_values(rq, &v->s->fields, &form));
	TRY(filing_draft_save(v->d, v->f.no, version, &v->who, form, &version));
	if (v->s->row_fields.n == 0 || v->f.rows > 1)
		return ERR_OK;
	TRY(take_values(rq, &v->s->row_fields, &row));
	if (rows == NULL || json_array_append(rows, row) != 0)
		return ERR(NOMEM, "rows");
	return filing_rows_set(v->d, v->f.no, version, &v->who, rows, &version);
}

/* The form of an older version (back button, another tab): refused, and what was typed is shown again under the newest
 * version, so that saving it is a choice. */
static enum err form_again(struct web_req *rq, struct view *v)
{
	json_t *form = NULL, *row = NULL, *rows = json_array();
	TRY(json_put(v->content, "rows", rows));
	TRY(take_values(rq, &v->s->fields, &form));
	TRY(json_put(v->content, "form", form));
	TRY(take_values(rq, &v->s->row_fields, &row));
	if (json_array_append_new(rows, row) != 0)
		return ERR(NOMEM, "rows");
	err_clear();
	web_status(rq, err_http(ERR_CONFLICT));
	AUTO_JSON error = json_pack("{s:s, s:s, s:s}", "code", err_code(ERR_CONFLICT), "text", err_zh(ERR_CONFLICT),
	                            "remedy", err_remedy(ERR_CONFLICT));
	TRY(json_put(web_model(rq), "error", json_incref(error)));
	TRY(put_form(rq, v, true));
	return web_view(rq, "filing_form");
}

enum err page_filing_form_post(struct web_req *rq)
{
	AUTO_VIEW v = {0};
	TRY(view_open(rq, &v));
	enum err e = save(rq, &v);
	if (e == ERR_CONFLICT && filing_is_open(&v.f) && v.f.rows <= 1)
		return form_again(rq, &v);
	TRY(e);
	return go(rq, v.f.no, strcmp(web_value(rq, "go"), "next") == 0 ? "/upload" : "/form?saved=1");
}

/* --- check page --- */

static enum err put_check_faults(struct mo *m, const struct view *v)
{
	const struct fault_view q = {v->d, &v->f, v->s, v->content, &v->who};
	struct fault_lines lines = {0};
	TRY(filing_fault_lines(&q, &lines));
	AUTO_JSON list = lines.list;
	int64_t bad = (int64_t)lines.bad_rows;
	TRY(filing_put_lines(m, &q, list));
	mo_int(m, "bad_rows", bad);
	mo_int(m, "good_rows", v->f.rows - bad);
	mo_bool(m, "can_drop", bad > 0 && bad < v->f.rows);
	return mo_err(m);
}

enum err page_filing_check(struct web_req *rq)
{
	AUTO_VIEW v = {0};
	struct mo m = mo_of(web_model(rq));
	TRY(view_open(rq, &v));
	if (!filing_is_open(&v.f))
		return go(rq, v.f.no, "");
	mo_str(&m, "title", "核对并签名");
	TRY(filing_put_head(rq, &m, v.d, &v.f));
	TRY(filing_put_steps(&m, 3));
	TRY(put_check_faults(&m, &v));
	mo_bool(&m, "takes_sheet", filing_takes_sheet(portal_of(rq), v.s));
	TRY(filing_put_folded(&m, v.d, &v.f, v.s, v.content));
	TRY(filing_put_content(rq, &m, v.d, &v.f, v.s, v.content));
	TRY(filing_put_attachments(rq, &m, v.d, &v.f, "/filings", false));
	return mo_err(&m);
}

enum err page_filing_drop(struct web_req *rq)
{
	const struct filing_desk *d;
	struct filing_who who;
	size_t dropped;
	int64_t version;
	TRY(filing_desk_of(rq, &d));
	filer_of(rq, &who);
	TRY(text_i64(span_str(web_value(rq, "version")), 1, INT64_MAX, &version));
	TRY(filing_rows_keep_good(d, web_param(rq, "no"), version, &who, &dropped, &version));
	return go(rq, web_param(rq, "no"), "/check");
}

/* --- what became of it --- */

enum err page_filing_show(struct web_req *rq)
{
	AUTO_VIEW v = {0};
	struct mo m = mo_of(web_model(rq));
	TRY(view_open(rq, &v));
	mo_str(&m, "title", "申报办理情况");
	TRY(filing_put_head(rq, &m, v.d, &v.f));
	TRY(filing_put_steps(&m, filing_is_open(&v.f) ? 1 : 4));
	TRY(filing_put_content(rq, &m, v.d, &v.f, v.s, v.content));
	TRY(filing_put_attachments(rq, &m, v.d, &v.f, "/filings", false));
	TRY(filing_put_events(&m, v.d, &v.f));
	mo_bool(&m, "open", filing_is_open(&v.f));
	mo_bool(&m, "returned", v.f.state == FILING_RETURNED);
	mo_bool(&m, "filed", v.f.state == FILING_SUBMITTED);
	mo_bool(&m, "done", v.f.state == FILING_DONE);
	mo_bool(&m, "receipt", filing_is_done(&v.f));
	TRY(filing_put_documents(&m, &v.f, v.s));
	return mo_err(&m);
}

enum err page_filing_receipt(struct web_req *rq)
{
	const struct filing_desk *d;
	struct filing_who who;
	struct filing f;
	TRY(filing_desk_of(rq, &d));
	filer_of(rq, &who);
	TRY(filing_get(d, web_param(rq, "no"), &who, &f));
	return receipt_answer(rq, f.no);
}
