/* /desk and /review: the queue; the form of a new or revised case. */
#include "server/portal/filing_sheet.h"
#include "server/portal/pages.h"
#include "base/text.h"
#include "server/cert/cert_service.h"
#include <stdio.h>
#include <string.h>

enum { PAGE_ROWS = 25, PAGE_LAST = 4000 };

const char *profile_zh(const char *profile)
{
	if (strcmp(profile, "unit") == 0)
		return "单位证书（单位管理员）";
	if (strcmp(profile, "unit-member") == 0)
		return "单位证书（其他经办人）";
	return strcmp(profile, "person") == 0 ? "个人证书" : profile;
}

const char *state_class(enum case_state s)
{
	switch (s) {
	case CASE_DRAFT:
	case CASE_VOID:
		return "yx-grey";
	case CASE_RETURNED:
		return "yx-orange";
	case CASE_DONE:
		return "yx-green";
	case CASE_REFUSED:
		return "yx-red";
	default:
		return "yx-blue";
	}
}

/* --- queue --- */

enum err put_due(struct mo *m, const struct desk *d, const struct cert_case *c)
{
	struct case_due due;
	TRY(case_due(d, c, &due));
	if (due.due > 0)
		mo_date(m, "due", due.due - 1);
	else
		mo_str(m, "due", "");
	mo_bool(m, "late", due.due > 0 && clock_now(d->clock) >= due.due);
	mo_bool(m, "unsure", (due.due > 0 || due.expires > 0) && !due.sure);
	if (due.expires > 0)
		mo_date(m, "expires", due.expires - 1);
	else
		mo_str(m, "expires", "");
	if (due.step != NULL)
		mo_date(m, "step_due", due.step_due - 1);
	else
		mo_str(m, "step_due", "");
	mo_str(m, "step_label", due.step != NULL ? due.step->label : "");
	mo_bool(m, "step_late", due.step != NULL && clock_now(d->clock) >= due.step_due);
	return mo_err(m);
}

struct queue {
	const struct desk *desk;
	json_t *list;
};

static enum err queue_row(const struct cert_case *c, void *ctx)
{
	const struct queue *q = ctx;
	struct mo m = mo_item(q->list);
	TRY(put_due(&m, q->desk, c));
	mo_str(&m, "no", c->no);
	mo_str(&m, "unit_name", c->unit_name[0] != 0 ? c->unit_name : "（个人）");
	mo_str(&m, "holder", c->holder);
	mo_str(&m, "profile_zh", profile_zh(c->profile));
	mo_str(&m, "state", case_state_name(c->state));
	mo_str(&m, "state_zh", case_state_zh(c->state));
	mo_str(&m, "class", state_class(c->state));
	mo_time(&m, "changed", c->changed);
	return mo_err(&m);
}

static int state_of_name(const char *name)
{
	for (int s = CASE_DRAFT; s < CASE_STATE_COUNT; s++)
		if (strcmp(case_state_name((enum case_state)s), name) == 0)
			return s;
	return 0;
}

static enum err put_filter(json_t *list, int state, int current, int64_t count)
{
	char href[64];
	struct mo m = mo_item(list);
	const char *name = state != 0 ? case_state_name((enum case_state)state) : "";
	(void)snprintf(href, sizeof(href), "/desk%s%s", state != 0 ? "?state=" : "", name);
	mo_str(&m, "href", href);
	mo_str(&m, "text", state != 0 ? case_state_zh((enum case_state)state) : "全部");
	mo_int(&m, "count", count);
	mo_bool(&m, "current", state == current);
	return mo_err(&m);
}

static enum err put_filters(const struct desk *d, const struct case_scope *scope, struct mo *m, int current)
{
	int64_t counts[CASE_STATE_COUNT], all = 0;
	json_t *list = mo_list(m, "filters");
	TRY(case_counts(d, scope, counts));
	for (int s = CASE_DRAFT; s < CASE_STATE_COUNT; s++)
		all += counts[s];
	TRY(put_filter(list, 0, current, all));
	for (int s = CASE_DRAFT; s < CASE_STATE_COUNT; s++)
		TRY(put_filter(list, s, current, counts[s]));
	return ERR_OK;
}

static void put_pager(struct mo *m, const char *key, const char *base, int state, int page, bool there)
{
	char href[96] = "";
	if (there)
		(void)snprintf(href, sizeof(href), "%s?page=%d%s%s", base, page, state != 0 ? "&state=" : "",
		               state != 0 ? case_state_name((enum case_state)state) : "");
	mo_str(m, key, href);
}

static enum err queue(struct web_req *rq, const char *title, const char *base, int state)
{
	const struct desk *d = &portal_of(rq)->desk;
	struct mo m = mo_of(web_model(rq));
	struct case_scope scope;
	int64_t page = 1;
	TRY(roster_scope(rq, &scope));
	if (web_value(rq, "page")[0] != 0)
		TRY(text_i64(span_str(web_value(rq, "page")), 1, PAGE_LAST, &page));
	mo_str(&m, "title", title);
	mo_bool(&m, "can_open", (web_session_of(rq)->roles & ROLE_CLERK) != 0);
	TRY(put_filters(d, &scope, &m, state));
	json_t *list = mo_list(&m, "cases");
	struct queue q = {d, list};
	TRY(case_list(d, &scope, state, PAGE_ROWS + 1, ((int)page - 1) * PAGE_ROWS, queue_row, &q));
	bool more = json_array_size(list) > PAGE_ROWS;
	if (more)
		(void)json_array_remove(list, PAGE_ROWS);
	put_pager(&m, "previous", base, state, (int)page - 1, page > 1);
	put_pager(&m, "following", base, state, (int)page + 1, more);
	return mo_err(&m);
}

enum err page_desk(struct web_req *rq)
{
	return queue(rq, "证书业务", "/desk", state_of_name(web_value(rq, "state")));
}

enum err page_review(struct web_req *rq)
{
	return queue(rq, "证书审核", "/review", CASE_ACCEPTED);
}

/* --- the form: rendered from the definition --- */

struct form {
	struct web_req *rq;
	const struct cert_service *cert;
	const char *title, *action;
	json_t *values; /* owned: as typed, or of the stored case */
	json_t *faults; /* in the model */
};

static void form_done(struct form *f)
{
	json_decref(f->values);
}
#define AUTO_FORM __attribute__((cleanup(form_done))) struct form

static enum err form_open(struct web_req *rq, struct form *f, const char *title, const char *action)
{
	struct mo m = mo_of(web_model(rq));
	f->rq = rq;
	f->title = title;
	f->action = action;
	TRY(cert_service_of(&portal_of(rq)->desk, &f->cert));
	f->faults = mo_list(&m, "faults");
	return mo_err(&m);
}

static enum err put_options(struct mo *m, const struct service_field *f, const char *value)
{
	json_t *list = mo_list(m, "options");
	for (size_t i = 0; f->list != NULL && i < f->list->n; i++) {
		char suffix[32] = "";
		const struct service_code *c = &f->list->v[i];
		struct mo o = mo_item(list);
		if (i > 0)
			(void)snprintf(suffix, sizeof(suffix), "-%zu", i + 1);
		mo_str(&o, "value", c->code);
		mo_words(&o, "text", c->text);
		mo_str(&o, "suffix", suffix);
		/* Nothing chosen yet: the first of a list that must have a choice. */
		mo_bool(&o, "selected", strcmp(value, c->code) == 0 || (value[0] == 0 && i == 0 && f->required));
		TRY(mo_err(&o));
	}
	return mo_err(m);
}

/* How an input is typed, by what its validator expects. */
static void put_keyboard(struct mo *o, const struct service_field *f)
{
	const char *v = f->validator != NULL ? f->validator->name : "";
	bool digits = strcmp(v, "unit_no") == 0 || strcmp(v, "int") == 0;
	mo_str(o, "mode", digits ? "numeric" : strcmp(v, "mobile") == 0 ? "tel" : "text");
	mo_bool(o, "narrow", digits || f->type == FIELD_DATE || f->type == FIELD_MONTH);
	mo_int(o, "max", f->type == FIELD_TEXT ? (int64_t)f->max_len : 20);
}

static const char *fault_text(const json_t *faults, const char *field)
{
	for (size_t i = 0; i < json_array_size(faults); i++)
		if (strcmp(json_str_or(json_array_get(faults, i), "field", ""), field) == 0)
			return json_str_or(json_array_get(faults, i), "text", "");
	return "";
}

static enum err put_field(const struct form *form, json_t *list, const struct service_field *f)
{
	struct mo o = mo_item(list);
	const char *value = json_str_or(form->values, f->name, "");
	mo_str(&o, "name", f->name);
	mo_str(&o, "label", f->label);
	mo_str(&o, "hint", f->hint);
	mo_bool(&o, "required", f->required);
	mo_bool(&o, "is_radios", f->radios);
	mo_bool(&o, "is_select", f->type == FIELD_CODE && !f->radios);
	mo_bool(&o, "is_input", f->list == NULL);
	mo_str(&o, "value", value);
	mo_str(&o, "error", fault_text(form->faults, f->name));
	put_keyboard(&o, f);
	TRY(put_options(&o, f, value));
	return mo_err(&o);
}

static enum err put_group(const struct form *form, json_t *list, const struct service *s, size_t i)
{
	struct mo g = mo_item(list);
	mo_str(&g, "title", s->groups[i].label);
	mo_str(&g, "note", s->groups[i].hint);
	mo_bool(&g, "last", i + 1 == s->n_groups);
	json_t *fields = mo_list(&g, "fields");
	TRY(mo_err(&g));
	for (size_t k = 0; k < s->fields.n; k++)
		if (strcmp(s->fields.v[k].group, s->groups[i].name) == 0)
			TRY(put_field(form, fields, &s->fields.v[k]));
	return ERR_OK;
}

static enum err form_model(const struct form *f)
{
	struct mo m = mo_of(web_model(f->rq));
	const struct service *s = f->cert->service;
	mo_str(&m, "title", f->title);
	mo_str(&m, "action", f->action);
	mo_bool(&m, "has_faults", json_array_size(f->faults) > 0);
	json_t *folded = mo_list(&m, "folded");
	TRY(mo_err(&m));
	TRY(folded_put(folded, &s->fields, f->values, "申请内容"));
	TRY(folded_end(&m, folded));
	json_t *groups = mo_list(&m, "groups");
	TRY(mo_err(&m));
	for (size_t i = 0; i < s->n_groups; i++)
		TRY(put_group(f, groups, s, i));
	return ERR_OK;
}

enum err page_case_new(struct web_req *rq)
{
	AUTO_FORM f = {0};
	TRY(form_open(rq, &f, "新办证书", "/desk/new"));
	return form_model(&f);
}

/* --- what is typed, and what the definition says of it --- */

static enum err take_values(struct form *f)
{
	const struct service_fields *fields = &f->cert->service->fields;
	f->values = json_object();
	if (f->values == NULL)
		return ERR(NOMEM, "form");
	for (size_t i = 0; i < fields->n; i++)
		TRY(json_put_str(f->values, fields->v[i].name, span_str(web_value(f->rq, fields->v[i].name))));
	return ERR_OK;
}

/* For the page with the engine's code; for a script and the status as an error of the web layer. */
static enum err put_fault(const struct fault *x, void *ctx)
{
	struct form *f = ctx;
	const struct service_field *field = service_field_find(&f->cert->service->fields, x->field);
	struct mo o = mo_item(f->faults);
	mo_str(&o, "field", x->field);
	mo_str(&o, "label", field != NULL ? field->label : "");
	mo_str(&o, "code", x->code);
	mo_str(&o, "text", x->text);
	mo_str(&o, "remedy", x->remedy);
	web_field_error(f->rq, x->field,
	                cert_service_err(f->cert, f->values, x, clock_now(portal_of(f->rq)->desk.clock)), x->text);
	return mo_err(&o);
}

/* What folding changed is shown once, in the form, before anything is kept: the second time nothing changes. */
static enum err show_folded(struct form *f, bool *ret_good)
{
	json_t *taken = NULL;
	TRY(cert_service_folded(f->cert, f->values, clock_now(portal_of(f->rq)->desk.clock), &taken));
	*ret_good = json_object_get(taken, CONTENT_TYPED) == NULL;
	json_decref(f->values);
	f->values = taken;
	return ERR_OK;
}

/* Whole when it has no faults; then the desk checks it once more, in the transaction what only there can be known. */
static enum err form_take(struct form *f, const char *own_no, struct case_form *ret_form, bool *ret_good)
{
	size_t count = 0;
	bool layer = web_field_errors(f->rq);
	TRY(take_values(f));
	enum err e = cert_service_take(f->cert, own_no, f->values, clock_now(portal_of(f->rq)->desk.clock), put_fault,
	                               f, &count, ret_form);
	if (e != ERR_OK && layer) {
		err_clear(); /* too long or not text: the layer's errors are on the page already */
		*ret_good = false;
		return ERR_OK;
	}
	TRY(e);
	*ret_good = !layer && count == 0;
	return *ret_good ? show_folded(f, ret_good) : ERR_OK;
}

/* Somebody was quicker than the check: told at the field all the same. */
static enum err late_fault(struct form *f, enum err e)
{
	bool at_holder = e == ERR_CASE_RUNNING || e == ERR_HOLDER_HAS || e == ERR_UNIT_MISMATCH,
	     letter = e == ERR_LETTER;
	if (!at_holder && !letter)
		return e;
	err_clear();
	const struct fault x = {0, letter ? "letter_no" : "holder", err_code(e), err_zh(e), err_remedy(e)};
	return put_fault(&x, f);
}

static enum err to_case(struct web_req *rq, const char *no)
{
	const char *path = arena_printf(web_arena(rq), "/desk/cases/%s", no);
	return path != NULL ? web_redirect(rq, path) : ERR(NOMEM, "path");
}

enum err page_case_new_post(struct web_req *rq)
{
	AUTO_FORM f = {0};
	struct case_form taken;
	struct officer by;
	char no[CASE_NO_MAX + 1];
	bool good;
	TRY(officer_of(rq, ROLE_CLERK, "clerk", &by));
	TRY(form_open(rq, &f, "新办证书", "/desk/new"));
	TRY(form_take(&f, "", &taken, &good));
	if (good) {
		const struct case_new in = cert_service_new(&taken);
		enum err e = case_open(&portal_of(rq)->desk, &in, &by, no);
		if (e == ERR_OK)
			return to_case(rq, no);
		TRY(late_fault(&f, e));
	}
	return form_model(&f);
}

/* --- revising --- */

static const char *edit_action(struct web_req *rq)
{
	const char *s = arena_printf(web_arena(rq), "/desk/cases/%s/edit", web_param(rq, "no"));
	return s != NULL ? s : "";
}

enum err page_case_edit(struct web_req *rq)
{
	AUTO_FORM f = {0};
	struct cert_case c;
	struct person p;
	enum case_state to;
	TRY(case_open_here(rq, &c));
	TRY(case_turn(&c, CACT_REVISE, &to));
	TRY(person_get(&portal_of(rq)->desk, c.person_no, &p));
	TRY(form_open(rq, &f, "修改申请内容", edit_action(rq)));
	TRY(cert_service_form(&c, &p, &f.values));
	return form_model(&f);
}

enum err page_case_edit_post(struct web_req *rq)
{
	AUTO_FORM f = {0};
	struct case_form taken;
	struct officer by;
	struct cert_case c;
	const char *no = web_param(rq, "no");
	bool good;
	TRY(officer_of(rq, ROLE_CLERK, "clerk", &by));
	TRY(case_open_here(rq, &c));
	TRY(form_open(rq, &f, "修改申请内容", edit_action(rq)));
	TRY(form_take(&f, no, &taken, &good));
	if (good) {
		const struct case_new in = cert_service_new(&taken);
		enum err e = case_revise(&portal_of(rq)->desk, no, &in, &by);
		if (e == ERR_OK)
			return to_case(rq, no);
		TRY(late_fault(&f, e));
	}
	return form_model(&f);
}
