/* What the pages of filings share: who looks, and the parts of their models. */
#include "server/filing/filing_sheet.h"
#include "server/portal/filing_sheet.h"
#include "server/portal/filing_staff.h"
#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONTENT_PAGE_ROWS = 50, PAGE_LAST = 1000 };

enum err filing_desk_of(struct web_req *rq, const struct filing_desk **ret_d)
{
	const struct filing_desk *d = portal_of(rq)->filing;
	if (d == NULL)
		return ERR(NOT_YET, "no business is open");
	*ret_d = d;
	return ERR_OK;
}

/* --- who --- */

void filer_of(struct web_req *rq, struct filing_who *ret_w)
{
	const struct web_session *s = web_session_of(rq);
	*ret_w = (struct filing_who){
		s->person_id, s->holder, s->cert_serial, s->unit_no, s->unit_no[0] != 0 ? "unit" : "person", ""};
}

enum err reviewer_of(struct web_req *rq, struct filing_who *ret_w)
{
	const struct web_session *s = web_session_of(rq);
	const char *district;
	if ((s->roles & ROLE_REVIEWER) == 0)
		return ERR(ROLE, "not a reviewer");
	TRY(roster_district(rq, ROLE_REVIEWER, &district));
	*ret_w = (struct filing_who){s->person_id, s->holder, s->cert_serial, "", "reviewer", district};
	return ERR_OK;
}

/* --- parts --- */

const char *filing_state_class(enum filing_state s)
{
	switch (s) {
	case FILING_RETURNED:
		return "yx-orange";
	case FILING_DONE:
		return "yx-green";
	case FILING_REFUSED:
		return "yx-red";
	case FILING_SUBMITTED:
	case FILING_ACCEPTED:
	case FILING_REVIEW2:
		return "yx-blue";
	default:
		return "yx-grey";
	}
}

bool filing_is_open(const struct filing *f)
{
	return f->state == FILING_DRAFT || f->state == FILING_RETURNED || f->state == FILING_WITHDRAWN;
}

bool filing_is_done(const struct filing *f)
{
	return f->state == FILING_DONE || f->state == FILING_CORRECTED;
}

enum err filing_put_head(struct web_req *rq, struct mo *m, const struct filing_desk *d, const struct filing *f)
{
	const struct service *s;
	(void)rq;
	TRY(filing_service(d, f, &s));
	mo_str(m, "no", f->no);
	mo_str(m, "business", f->business);
	mo_str(m, "matter", s->name);
	mo_int(m, "version", f->version);
	mo_int(m, "rows", f->rows);
	mo_str(m, "state", filing_state_name(f->state));
	mo_str(m, "state_zh", filing_state_zh(f->state));
	mo_str(m, "class", filing_state_class(f->state));
	mo_str(m, "unit_name", f->unit_name[0] != 0 ? f->unit_name : f->filer);
	mo_str(m, "unit_no", f->unit_no);
	mo_str(m, "filer", f->filer);
	mo_str(m, "corrects", f->corrects);
	mo_str(m, "corrected_by", f->corrected_by);
	mo_int(m, "promise_days", s->promise_days);
	mo_time(m, "changed", f->changed);
	if (f->submitted > 0)
		mo_time(m, "submitted", f->submitted);
	else
		mo_str(m, "submitted", "");
	bool waits = f->state == FILING_SUBMITTED || f->state == FILING_ACCEPTED || f->state == FILING_REVIEW2;
	if (waits)
		mo_date(m, "due", f->due - 1);
	else
		mo_str(m, "due", "");
	if (f->state == FILING_RETURNED)
		mo_date(m, "until", f->expires - 1);
	else
		mo_str(m, "until", "");
	int64_t end = waits ? f->due : f->state == FILING_RETURNED ? f->expires : f->changed;
	mo_bool(m, "unsure", !filing_term_sure(d, f->changed, end));
	return mo_err(m);
}

enum err filing_put_steps(struct mo *m, int current)
{
	static const char *const names[] = {"填报", "上传", "核对签名", "提交"};
	json_t *list = mo_list(m, "steps");
	for (int i = 0; i < (int)COUNT_OF(names); i++) {
		struct mo o = mo_item(list);
		mo_int(&o, "number", i + 1);
		mo_str(&o, "text", names[i]);
		mo_bool(&o, "current", i + 1 == current);
		mo_bool(&o, "done", i + 1 < current);
		TRY(mo_err(&o));
	}
	return mo_err(m);
}

static enum err put_facts(struct mo *m, const struct filing_desk *d, const struct filing *f, const struct service *s,
                          const json_t *form)
{
	json_t *list = mo_list(m, "facts");
	for (size_t i = 0; i < s->fields.n; i++) {
		AUTO_BUF(text, 4 * SERVICE_VALUE_MAX);
		const char *v = json_str_or(form, s->fields.v[i].name, "");
		if (v[0] == 0)
			continue;
		TRY(content_value_words(&s->fields.v[i], v, &text));
		TRY(filing_put_person(d, f, &s->fields.v[i], v, &text));
		mo_fact(list, s->fields.v[i].label, buf_cstr(&text));
	}
	return mo_err(m);
}

/* Only columns that some row fills. */
static enum err put_columns(struct mo *m, const struct service *s, const json_t *rows, bool used[SERVICE_FIELDS_MAX])
{
	json_t *list = mo_list(m, "columns");
	for (size_t i = 0; i < s->row_fields.n; i++) {
		for (size_t k = 0; k < json_array_size(rows) && !used[i]; k++)
			used[i] = json_object_get(json_array_get(rows, k), s->row_fields.v[i].name) != NULL;
		if (!used[i])
			continue;
		struct mo o = mo_item(list);
		mo_str(&o, "label", s->row_fields.v[i].label);
		TRY(mo_err(&o));
	}
	return mo_err(m);
}

static enum err put_row(json_t *list, const struct service *s, const json_t *row, size_t number, const bool *used)
{
	struct mo o = mo_item(list);
	mo_int(&o, "number", (int64_t)number);
	json_t *cells = mo_list(&o, "cells");
	for (size_t i = 0; i < s->row_fields.n; i++) {
		AUTO_BUF(text, 4 * SERVICE_VALUE_MAX);
		if (!used[i])
			continue;
		TRY(filing_shown(&s->row_fields.v[i], json_str_or(row, s->row_fields.v[i].name, ""), &text));
		struct mo cell = mo_item(cells);
		mo_str(&cell, "text", buf_cstr(&text));
		TRY(mo_err(&cell));
	}
	return mo_err(&o);
}

/* Which page there is before and after, 0 none. */
static enum err put_pager(struct mo *m, const char *path, size_t page, size_t pages)
{
	mo_bool(m, "paged", pages > 1);
	mo_int(m, "page", (int64_t)page);
	mo_int(m, "pages", (int64_t)pages);
	mo_int(m, "page_before", (int64_t)page - 1);
	mo_int(m, "page_after", page < pages ? (int64_t)page + 1 : 0);
	mo_str(m, "page_path", path);
	return mo_err(m);
}

/* numbers: of the sheet, 0 where a row came from none. */
static enum err put_page(struct mo *m, const struct service *s, const json_t *rows, const char *path, size_t page,
                         const int64_t *numbers)
{
	bool used[SERVICE_FIELDS_MAX] = {false};
	size_t n = json_array_size(rows), pages = (n + CONTENT_PAGE_ROWS - 1) / CONTENT_PAGE_ROWS;
	page = page > pages && pages > 0 ? pages : page;
	TRY(put_columns(m, s, rows, used));
	TRY(put_pager(m, path, page, pages));
	json_t *list = mo_list(m, "people");
	size_t from = (page - 1) * CONTENT_PAGE_ROWS;
	for (size_t i = from; i < n && i - from < CONTENT_PAGE_ROWS; i++)
		TRY(put_row(list, s, json_array_get(rows, i), numbers[i] > 0 ? (size_t)numbers[i] : i + 1, used));
	return mo_err(m);
}

enum err filing_put_content(struct web_req *rq, struct mo *m, const struct filing_desk *d, const struct filing *f,
                            const struct service *s, const json_t *content)
{
	int64_t page = 1;
	const json_t *rows = json_object_get(content, "rows");
	TRY(put_facts(m, d, f, s, json_object_get(content, "form")));
	mo_bool(m, "has_people", s->row_fields.n > 0);
	if (web_value(rq, "page")[0] != 0)
		TRY(text_i64(span_str(web_value(rq, "page")), 1, PAGE_LAST, &page));
	int64_t *numbers = calloc(json_array_size(rows) + 1, sizeof(*numbers));
	enum err e = numbers != NULL ? ERR_OK : ERR(NOMEM, "rows");
	if (e == ERR_OK && filing_is_open(f) && !f->as_sent)
		e = filing_sheet_numbers(d, f->no, rows, numbers);
	if (e == ERR_OK)
		e = put_page(m, s, rows, web_path(rq), (size_t)page, numbers);
	free(numbers);
	return e;
}

/* --- story --- */

/* What happened by itself, in words: the names of rules are the log's. */
static const char *rule_zh(const char *rule)
{
	static const struct {
		const char *rule, *zh;
	} words[] = {
		{"accept-on-review", "随审核一并受理"},
		{"void-not-corrected", "逾期未补正"},
		{"void-draft-too-old", "草稿逾期未申报"},
		{"corrected-by-", "另件更正办结"},
	};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strncmp(rule, words[i].rule, strlen(words[i].rule)) == 0)
			return words[i].zh;
	return rule[0] != 0 ? "按规则" : "";
}

static enum err put_event(const struct filing_event *e, void *ctx)
{
	struct mo o = mo_item(ctx);
	size_t n = strlen(e->serial);
	struct span rest = span_str(e->opinion), line;
	mo_time(&o, "time", e->time);
	mo_str(&o, "act", filing_act_zh(e->act));
	mo_str(&o, "to", filing_state_name(e->to));
	mo_str(&o, "to_zh", filing_state_zh(e->to));
	mo_str(&o, "name", e->name);
	mo_str(&o, "role_zh", e->rule[0] != 0 ? "系统" : role_name_zh(e->role));
	mo_str(&o, "rule", rule_zh(e->rule));
	mo_str(&o, "tail", n > 4 ? e->serial + n - 4 : e->serial);
	json_t *opinions = mo_list(&o, "opinions");
	while (rest.len > 0) {
		if (!span_take_until(&rest, '\n', &line)) {
			line = rest;
			rest = SPAN_EMPTY;
		}
		struct mo item = mo_item(opinions);
		if (item.e == ERR_OK)
			item.e = json_put_str(item.o, "text", line);
		TRY(mo_err(&item));
	}
	return mo_err(&o);
}

enum err filing_put_events(struct mo *m, const struct filing_desk *d, const struct filing *f)
{
	json_t *list = mo_list(m, "events");
	TRY(filing_events(d, f, put_event, list));
	return mo_err(m);
}
