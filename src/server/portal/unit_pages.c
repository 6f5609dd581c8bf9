/* /unit, /person and the account's optional password. */
#include "server/insurance/bill_read.h"
#include "server/register/staff.h"
#include "server/portal/pages.h"
#include <stdio.h>
#include <string.h>

enum { DAY = 86400, SOON_DAYS = 90, STAFF_SHOWN = 50, STAFF_READ = STAFF_SHOWN * INS_MAX };

static void put_status(struct mo *m, const struct cert_row *c, int64_t now)
{
	bool over = c->not_after < now;
	const char *zh = c->status == 1 ? "已吊销" : c->status == 2 ? "已冻结" : over ? "已过期" : "有效";
	mo_str(m, "status_zh", zh);
	mo_str(m, "class", c->status != 0 || over ? "yx-red" : "yx-green");
}

enum err page_my_cert(struct web_req *rq, struct mo *m)
{
	const struct portal *p = portal_of(rq);
	const struct web_session *s = web_session_of(rq);
	struct cert_row c;
	int64_t now = clock_now(p->desk.clock);
	enum err e = cert_row_of(&p->desk, s->subject, &c);
	if (e == ERR_ABSENT) {
		err_clear();
		mo_bool(m, "cert", false);
		return mo_err(m);
	}
	TRY(e);
	int64_t left = c.not_after > now ? (c.not_after - now) / DAY : 0;
	struct mo o = mo_sub(m, "cert");
	mo_str(&o, "serial", c.serial);
	mo_str(&o, "card", c.card);
	mo_str(&o, "holder", s->holder);
	mo_date(&o, "from", c.not_before);
	mo_last_day(&o, "to", c.not_after);
	mo_int(&o, "days_left", left);
	mo_bool(&o, "soon", left <= SOON_DAYS);
	mo_bool(&o, "of_unit", s->unit_no[0] != 0);
	put_status(&o, &c, now);
	return mo_err(&o);
}

static const char *region_zh(struct web_req *rq, const char *code)
{
	const json_t *all = json_object_get(json_object_get(portal_of(rq)->tables, "regions"), "regions");
	return json_str_or(all, code, code);
}

/* --- staff: one row per person, in it one part per month and status with the insurances that share them --- */

struct staff {
	const struct tables *t;
	int64_t now;
	json_t *list, *parts; /* parts of the last person's row; NULL: it is not shown */
	char person[PERSON_NO_LEN + 1];
	int64_t persons;
};

static enum err put_person(struct staff *w, const struct staff_row *r)
{
	(void)snprintf(w->person, sizeof(w->person), "%s", r->person_no);
	w->parts = NULL;
	if (++w->persons > STAFF_SHOWN)
		return ERR_OK;
	struct mo o = mo_item(w->list);
	mo_str(&o, "name", r->name);
	mo_str(&o, "id", r->id_masked);
	w->parts = mo_list(&o, "parts");
	return mo_err(&o);
}

static enum err put_part(const struct staff *w, const char *ins, const char *from, const char *state)
{
	for (size_t i = 0; i < json_array_size(w->parts); i++) {
		AUTO_BUF(all, 256);
		json_t *o = json_array_get(w->parts, i);
		if (strcmp(json_str_or(o, "from", ""), from) != 0 || strcmp(json_str_or(o, "state", ""), state) != 0)
			continue;
		buf_printf(&all, "%s、%s", json_str_or(o, "ins", ""), ins);
		TRY(buf_err(&all));
		return json_put_str(o, "ins", buf_span(&all));
	}
	struct mo o = mo_item(w->parts);
	mo_str(&o, "ins", ins);
	mo_str(&o, "from", from);
	mo_str(&o, "state", state);
	return mo_err(&o);
}

static enum err staff_row(const struct staff_row *r, void *ctx)
{
	struct staff *w = ctx;
	char code[16], from[24];
	if (strcmp(w->person, r->person_no) != 0)
		TRY(put_person(w, r));
	if (w->parts == NULL)
		return ERR_OK;
	(void)snprintf(code, sizeof(code), "%d", r->status);
	(void)snprintf(from, sizeof(from), "%04d-%02d", r->from_month / 100, r->from_month % 100);
	const struct code_row *state = tables_code(w->t, "aac031", code, month_of(w->now));
	int ins = tables_ins(w->t, r->ins);
	return put_part(w, ins >= 0 ? w->t->ins[ins].brief : "其他", from, state != NULL ? state->zh : code);
}

/* The first persons, and how many there are: no list is read to be counted. */
static enum err put_staff(struct web_req *rq, struct mo *m)
{
	const struct portal *p = portal_of(rq);
	struct staff w = {.t = p->insurance, .now = clock_now(p->desk.clock), .list = mo_list(m, "staff")};
	const char *unit_no = web_session_of(rq)->unit_no;
	int64_t total = 0;
	TRY(mo_err(m));
	if (w.t != NULL) {
		TRY(staff_count(&p->desk, unit_no, &total));
		TRY(staff_list(&p->desk, unit_no, "", STAFF_READ, staff_row, &w));
	}
	mo_int(m, "staff_total", total);
	mo_int(m, "staff_shown", total < STAFF_SHOWN ? total : STAFF_SHOWN);
	mo_bool(m, "staff_more", total > STAFF_SHOWN);
	return mo_err(m);
}

enum err page_unit(struct web_req *rq)
{
	struct unit u;
	struct mo m = mo_of(web_model(rq));
	TRY(unit_get(&portal_of(rq)->desk, web_session_of(rq)->unit_no, &u));
	struct mo o = mo_sub(&m, "unit");
	mo_str(&m, "title", "我的单位");
	mo_str(&o, "unit_no", u.unit_no);
	mo_str(&o, "name", u.name);
	mo_str(&o, "uscc", u.uscc);
	mo_str(&o, "type_zh", unit_type_zh(u.type));
	mo_str(&o, "region_zh", region_zh(rq, u.region));
	mo_str(&o, "address", u.address);
	TRY(mo_err(&o));
	TRY(put_staff(rq, &m));
	TRY(page_my_cert(rq, &m));
	return mo_err(&m);
}

enum err page_person(struct web_req *rq)
{
	struct person p;
	char id[ID_NUMBER_LEN + 1], mobile[MOBILE_LEN + 1];
	struct mo m = mo_of(web_model(rq));
	TRY(person_get(&portal_of(rq)->desk, web_session_of(rq)->person_id, &p));
	ident_mask_id(p.id_number, id);
	ident_mask_mobile(p.mobile, mobile);
	mo_str(&m, "title", "我的信息");
	mo_str(&m, "holder", p.name);
	mo_str(&m, "person_no", p.person_no);
	mo_str(&m, "id_masked", id);
	mo_str(&m, "mobile_masked", mobile);
	TRY(page_my_cert(rq, &m));
	return mo_err(&m);
}

/* --- account --- */

static enum err account_model(struct web_req *rq, const char *saved)
{
	struct account a;
	struct mo m = mo_of(web_model(rq));
	TRY(account_get(&portal_of(rq)->desk, web_session_of(rq)->subject, &a));
	mo_str(&m, "title", "账户与登录密码");
	mo_str(&m, "subject", a.subject);
	mo_str(&m, "holder", a.holder);
	mo_bool(&m, "has_password", a.has_password);
	mo_str(&m, "saved", saved);
	return mo_err(&m);
}

enum err page_account(struct web_req *rq)
{
	return account_model(rq, "");
}

static enum err old_is_right(struct web_req *rq)
{
	const struct desk *d = &portal_of(rq)->desk;
	const char *subject = web_session_of(rq)->subject;
	struct account a;
	TRY(account_get(d, subject, &a));
	return a.has_password ? account_check_password(d, subject, web_value(rq, "old")) : ERR_OK;
}

static enum err change(struct web_req *rq)
{
	const char *fresh = web_value(rq, "password");
	enum err e = old_is_right(rq);
	if (e == ERR_L_PASSWORD) {
		err_clear();
		web_field_error(rq, "old", ERR_L_PASSWORD, NULL);
		return ERR_OK;
	}
	TRY(e);
	e = account_set_password(&portal_of(rq)->desk, web_session_of(rq)->subject, fresh[0] != 0 ? fresh : NULL);
	if (e == ERR_FIELD_VALUE) {
		err_clear();
		web_field_error(rq, "password", ERR_FIELD_VALUE, "登录密码应为 8 至 64 位，至少含两类字符");
		return ERR_OK;
	}
	return e;
}

enum err page_account_post(struct web_req *rq)
{
	const char *fresh = web_value(rq, "password");
	if (strcmp(fresh, web_value(rq, "again")) != 0)
		web_field_error(rq, "again", ERR_FIELD_VALUE, "两次输入的密码不一致");
	if (!web_field_errors(rq))
		TRY(change(rq));
	bool done = !web_field_errors(rq);
	return account_model(rq, !done ? "" : fresh[0] != 0 ? "登录密码已保存。" : "登录密码已取消。");
}
