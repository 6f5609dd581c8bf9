/* /desk and /review: the queue; the form of a new or revised case. */
#include "server/portal/pages.h"
#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
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

static enum err queue_row(const struct cert_case *c, void *ctx)
{
	struct mo m = mo_item(ctx);
	mo_str(&m, "no", c->no);
	mo_str(&m, "unit_name", c->unit_name[0] != 0 ? c->unit_name : "(个人)");
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
	(void)snprintf(href, sizeof href, "/desk%s%s", state != 0 ? "?state=" : "", name);
	mo_str(&m, "href", href);
	mo_str(&m, "text", state != 0 ? case_state_zh((enum case_state)state) : "全部");
	mo_int(&m, "count", count);
	mo_bool(&m, "current", state == current);
	return mo_err(&m);
}

static enum err put_filters(const struct desk *d, struct mo *m, int current)
{
	int64_t counts[CASE_STATE_COUNT], all = 0;
	json_t *list = mo_list(m, "filters");
	TRY(case_counts(d, counts));
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
		(void)snprintf(href, sizeof href, "%s?page=%d%s%s", base, page, state != 0 ? "&state=" : "",
			       state != 0 ? case_state_name((enum case_state)state) : "");
	mo_str(m, key, href);
}

static enum err queue(struct web_req *rq, const char *title, const char *base, int state)
{
	const struct desk *d = &portal_of(rq)->desk;
	struct mo m = mo_of(web_model(rq));
	int64_t page = 1;
	if (web_value(rq, "page")[0] != 0)
		TRY(text_i64(span_str(web_value(rq, "page")), 1, PAGE_LAST, &page));
	mo_str(&m, "title", title);
	mo_bool(&m, "can_open", (web_session_of(rq)->roles & ROLE_CLERK) != 0);
	TRY(put_filters(d, &m, state));
	json_t *list = mo_list(&m, "cases");
	TRY(case_list(d, state, PAGE_ROWS + 1, ((int)page - 1) * PAGE_ROWS, queue_row, list));
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
	return queue(rq, "待审核业务", "/review", CASE_ACCEPTED);
}

/* --- the form --- */

struct form {
	const char *title, *action, *profile, *years;
};

static enum err put_profiles(struct mo *m, const char *chosen)
{
	static const struct { const char *value, *text; } all[] = {{"unit", "参保单位：单位管理员（首位经办人）"},
		{"unit-member", "参保单位：其他经办人"}, {"person", "个人"}};
	json_t *list = mo_list(m, "profiles");
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		struct mo o = mo_item(list);
		mo_str(&o, "value", all[i].value);
		mo_str(&o, "text", all[i].text);
		mo_str(&o, "suffix", i == 0 ? "" : i == 1 ? "-2" : "-3");
		mo_bool(&o, "checked", strcmp(chosen, all[i].value) == 0);
		TRY(mo_err(&o));
	}
	return ERR_OK;
}

static enum err put_years(struct mo *m, const char *chosen)
{
	static const char *const text[] = {"1 年", "2 年", "3 年"};
	static const char *const value[] = {"1", "2", "3"};
	json_t *list = mo_list(m, "years");
	for (size_t i = 0; i < COUNT_OF(text); i++) {
		struct mo o = mo_item(list);
		mo_str(&o, "value", value[i]);
		mo_str(&o, "text", text[i]);
		mo_bool(&o, "selected", strcmp(chosen, value[i]) == 0);
		TRY(mo_err(&o));
	}
	return ERR_OK;
}

static enum err form_model(struct web_req *rq, const struct form *f)
{
	struct mo m = mo_of(web_model(rq));
	mo_str(&m, "title", f->title);
	mo_str(&m, "action", f->action);
	TRY(put_profiles(&m, f->profile));
	TRY(put_years(&m, f->years));
	return mo_err(&m);
}

enum err page_case_new(struct web_req *rq)
{
	const struct form f = {"新办证书", "/desk/new", "unit", "1"};
	return form_model(rq, &f);
}

/* Which field the rule of server/cert speaks about; NULL: the page as a whole. */
static const char *field_of(enum err e)
{
	switch (e) {
	case ERR_UNIT_ABSENT:
	case ERR_UNIT_NO:
		return "unit_no";
	case ERR_UNIT_MISMATCH:
	case ERR_USCC:
		return "uscc";
	case ERR_ID_NUMBER:
		return "id_number";
	case ERR_MOBILE:
		return "mobile";
	case ERR_LETTER:
		return "letter_no";
	case ERR_HOLDER_HAS:
	case ERR_CASE_RUNNING:
		return "holder";
	case ERR_L_FROZEN:
	case ERR_FIELD_MISSING:
		return "unit_no";
	default:
		return NULL;
	}
}

static int64_t date_or_zero(const char *s)
{
	int64_t t = 0;
	if (s[0] == 0 || text_date(span_str(s), &t) != ERR_OK) {
		err_clear();
		return 0;
	}
	return t;
}

static void fill_new(struct web_req *rq, struct case_new *in)
{
	static const int days[] = {0, 365, 730, 1095};
	const char *years = web_value(rq, "years");
	int n = years[0] >= '1' && years[0] <= '3' && years[1] == 0 ? years[0] - '0' : 0;
	*in = (struct case_new){.profile = web_value(rq, "profile"), .unit_no = web_value(rq, "unit_no"),
		.uscc = web_value(rq, "uscc"), .holder = web_value(rq, "holder"), .id_number = web_value(rq, "id_number"),
		.mobile = web_value(rq, "mobile"), .letter_no = web_value(rq, "letter_no"),
		.letter_from = date_or_zero(web_value(rq, "letter_from")),
		.letter_to = date_or_zero(web_value(rq, "letter_to")), .days = days[n]};
	if (strcmp(in->profile, "person") == 0) {
		in->unit_no = in->uscc = in->letter_no = "";
		in->letter_from = in->letter_to = 0;
	}
}

/* Rules of the whole form that are known without the register; all of them at once. */
static void check_whole(struct web_req *rq, const struct case_new *in)
{
	char id[ID_NUMBER_LEN + 1];
	int64_t now = clock_now(portal_of(rq)->desk.clock);
	if (in->id_number[0] != 0 && ident_id_number(span_str(in->id_number), now, id) != ERR_OK) {
		err_clear();
		web_field_error(rq, "id_number", ERR_ID_NUMBER, NULL);
	}
	if (strcmp(in->profile, "person") == 0)
		return;
	if (in->unit_no[0] == 0 && in->uscc[0] == 0)
		web_field_error(rq, "unit_no", ERR_FIELD_MISSING, "请填写单位编号或统一社会信用代码");
	if (in->letter_no[0] == 0)
		web_field_error(rq, "letter_no", ERR_FIELD_MISSING, NULL);
	if (in->letter_from == 0)
		web_field_error(rq, "letter_from", ERR_FIELD_MISSING, NULL);
	if (in->letter_to == 0)
		web_field_error(rq, "letter_to", ERR_FIELD_MISSING, NULL);
}

static enum err field_or_page(struct web_req *rq, enum err e)
{
	const char *field = field_of(e);
	if (field == NULL)
		return e;
	err_clear();
	web_field_error(rq, field, e, NULL);
	return ERR_OK;
}

static enum err to_case(struct web_req *rq, const char *no)
{
	const char *path = arena_printf(web_arena(rq), "/desk/cases/%s", no);
	return path != NULL ? web_redirect(rq, path) : ERR(NOMEM, "path");
}

static enum err form_again(struct web_req *rq, const char *title, const char *action)
{
	const struct form f = {title, action, web_value(rq, "profile"), web_value(rq, "years")};
	return form_model(rq, &f);
}

enum err page_case_new_post(struct web_req *rq)
{
	struct case_new in;
	struct officer by;
	char no[CASE_NO_MAX + 1];
	TRY(officer_of(rq, ROLE_CLERK, "clerk", &by));
	fill_new(rq, &in);
	check_whole(rq, &in);
	if (!web_field_errors(rq)) {
		enum err e = case_open(&portal_of(rq)->desk, &in, &by, no);
		if (e == ERR_OK)
			return to_case(rq, no);
		TRY(field_or_page(rq, e));
	}
	return form_again(rq, "新办证书", "/desk/new");
}

/* --- revising --- */

static enum err put_old(struct web_req *rq, const struct cert_case *c)
{
	struct mo m = mo_of(web_model(rq));
	struct mo old = mo_sub(&m, "prefill");
	struct person p;
	TRY(person_get(&portal_of(rq)->desk, c->person_no, &p));
	mo_str(&old, "unit_no", c->unit_no);
	mo_str(&old, "uscc", c->uscc);
	mo_str(&old, "holder", c->holder);
	mo_str(&old, "id_number", p.id_number);
	mo_str(&old, "mobile", p.mobile);
	mo_str(&old, "letter_no", c->letter_no);
	if (c->letter_to != 0) {
		mo_date(&old, "letter_from", c->letter_from);
		mo_date(&old, "letter_to", c->letter_to);
	}
	return mo_err(&old);
}

static const char *edit_action(struct web_req *rq)
{
	const char *s = arena_printf(web_arena(rq), "/desk/cases/%s/edit", web_param(rq, "no"));
	return s != NULL ? s : "";
}

enum err page_case_edit(struct web_req *rq)
{
	struct cert_case c;
	TRY(case_get(&portal_of(rq)->desk, web_param(rq, "no"), &c));
	if (c.state != CASE_DRAFT && c.state != CASE_RETURNED)
		return ERR(STATE, "case is %s", case_state_name(c.state));
	const struct form f = {"修改申请内容", edit_action(rq), c.profile, c.days <= 365 ? "1" : c.days <= 730 ? "2" : "3"};
	TRY(put_old(rq, &c));
	return form_model(rq, &f);
}

enum err page_case_edit_post(struct web_req *rq)
{
	struct case_new in;
	struct officer by;
	const char *no = web_param(rq, "no");
	TRY(officer_of(rq, ROLE_CLERK, "clerk", &by));
	fill_new(rq, &in);
	check_whole(rq, &in);
	if (!web_field_errors(rq)) {
		enum err e = case_revise(&portal_of(rq)->desk, no, &in, &by);
		if (e == ERR_OK)
			return to_case(rq, no);
		TRY(field_or_page(rq, e));
	}
	return form_again(rq, "修改申请内容", edit_action(rq));
}
