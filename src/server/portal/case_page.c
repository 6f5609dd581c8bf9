/* /desk/cases/:no: the whole story of a case on one page, and the step of the person who looks at it; the slip. */
#include "server/portal/pages.h"
#include "base/text.h"
#include "server/cert/cert_service.h"
#include <stdio.h>
#include <string.h>

/* --- facts --- */

static const char *date_text(struct web_req *rq, int64_t t)
{
	AUTO_BUF(s, 32);
	text_date_cn(&s, t);
	const char *text = arena_str(web_arena(rq), buf_span(&s));
	return text != NULL ? text : "";
}

static const char *last_day_text(struct web_req *rq, int64_t not_after)
{
	AUTO_BUF(s, 32);
	text_last_day_cn(&s, not_after);
	const char *text = arena_str(web_arena(rq), buf_span(&s));
	return text != NULL ? text : "";
}

static const char *printed(struct web_req *rq, const char *a, const char *between, const char *b)
{
	const char *s = arena_printf(web_arena(rq), "%s%s%s", a, between, b);
	return s != NULL ? s : "";
}

static enum err put_facts(struct web_req *rq, struct mo *m, const struct cert_case *c)
{
	char id[ID_NUMBER_LEN + 1], mobile[MOBILE_LEN + 1], days[24];
	struct person p;
	json_t *list = mo_list(m, "facts");
	TRY(person_get(&portal_of(rq)->desk, c->person_no, &p));
	ident_mask_id(p.id_number, id);
	ident_mask_mobile(p.mobile, mobile);
	(void)snprintf(days, sizeof(days), "%d 天", c->days);
	mo_fact(list, "证书类型", profile_zh(c->profile));
	if (c->unit_no[0] != 0) {
		mo_fact(list, "单位名称", c->unit_name);
		mo_fact(list, "单位编号", c->unit_no);
		mo_fact(list, "统一社会信用代码", c->uscc);
	}
	mo_fact(list, "持有人", c->holder);
	mo_fact(list, "人员编号", c->person_no);
	mo_fact(list, "证件号码", id);
	mo_fact(list, "手机号码", mobile);
	if (c->letter_no[0] != 0) {
		mo_fact(list, "授权委托书", c->letter_no);
		mo_fact(list, "委托期限",
		        printed(rq, date_text(rq, c->letter_from), " 至 ", date_text(rq, c->letter_to)));
	}
	mo_fact(list, "证书有效期", days);
	if (c->card[0] != 0)
		mo_fact(list, "介质序列号", c->card);
	if (c->cert_serial[0] != 0)
		mo_fact(list, "签名证书序列号", c->cert_serial);
	return ERR_OK;
}

/* --- steps --- */

static enum err put_step(json_t *list, const char *name, const char *hint, int done)
{
	struct mo m = mo_item(list);
	mo_str(&m, "name", name);
	mo_str(&m, "hint", hint);
	mo_str(&m, "status", done > 0 ? "完成" : done == 0 ? "进行中" : "未开始");
	mo_str(&m, "class", done > 0 ? "yx-green" : done == 0 ? "yx-blue" : "yx-grey");
	return mo_err(&m);
}

/* The definition's steps; making has parts that only the desk knows. */
static enum err put_steps(const struct desk *d, struct mo *m, const struct cert_case *c)
{
	const struct case_rules *r;
	char signing[96];
	json_t *list = mo_list(m, "steps");
	/* 退回补正 goes back to the start; 不予受理 and 自动作废 end before the acceptance. */
	int at = c->state >= CASE_RETURNED ? CASE_DRAFT : (int)c->state;
	TRY(case_rules_of(d, &r));
	const struct case_step_rule *accept = &r->steps[0], *approve = &r->steps[1], *make = &r->steps[2];
	(void)snprintf(signing, sizeof(signing), "%.60s签名与签发", make->label);
	TRY(put_step(list, accept->label, accept->hint, at - CASE_DRAFT));
	TRY(put_step(list, approve->label, approve->hint, at - CASE_ACCEPTED));
	TRY(put_step(list, "产生密钥", "持有人本人设置密码", at - CASE_APPROVED));
	TRY(put_step(list, signing, make->hint, at - CASE_MAKING));
	return put_step(list, "写入与交接", "写入证书，打印交接单", at - CASE_ISSUED);
}

/* --- documents: those that the definition names --- */

static enum err put_documents(struct web_req *rq, struct mo *m, const struct cert_case *c)
{
	const struct cert_service *s;
	json_t *list = mo_list(m, "documents");
	TRY(cert_service_of(&portal_of(rq)->desk, &s));
	for (size_t i = 0; c->state == CASE_DONE && i < s->service->n_documents; i++) {
		const struct service_code *doc = &s->service->documents[i];
		struct mo o = mo_item(list);
		mo_str(&o, "name", doc->code);
		mo_str(&o, "label", doc->text);
		mo_str(&o, "href", printed(rq, c->no, "/", doc->code));
		mo_bool(&o, "first", i == 0);
		TRY(mo_err(&o));
	}
	mo_bool(m, "handover", c->state == CASE_DONE);
	return mo_err(m);
}

/* --- events --- */

static enum err event_row(const struct case_event *e, void *ctx)
{
	struct mo m = mo_item(ctx);
	size_t n = strlen(e->serial);
	mo_time(&m, "time", e->time);
	mo_str(&m, "to", case_state_name(e->to));
	mo_str(&m, "to_zh", case_state_zh(e->to));
	mo_str(&m, "who", e->who);
	mo_str(&m, "name", e->name);
	mo_str(&m, "role_zh", strcmp(e->who, "") == 0 ? "系统" : role_name_zh(e->role));
	mo_str(&m, "tail", n > 4 ? e->serial + n - 4 : e->serial);
	mo_str(&m, "opinion", e->opinion);
	return mo_err(&m);
}

/* --- the step of the one who looks --- */

struct turn {
	struct case_offer v[CASE_OFFERS_MAX];
	size_t n;
};

static const struct case_offer *offered(const struct turn *t, const char *step)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i].step, step) == 0)
			return &t->v[i];
	return NULL;
}

/* What a signed step says on its page; title "": the definition's label. */
static const struct {
	const char *step, *title, *text, *button;
} signs[] = {
	{"accept", "", "已核对材料原件与登记信息。签名后交审核员审核。", "签名受理"},
	{"approve", "", "请核对申请内容与材料。签名后即可制证。", "签名通过"},
	{"make", "第二步：制证签名", "密钥已在介质内产生。制证员签名后签发证书。", "签名并签发"},
};

static bool put_sign(struct mo *m, const struct turn *t)
{
	for (size_t i = 0; i < COUNT_OF(signs); i++) {
		const struct case_offer *o = offered(t, signs[i].step);
		if (o == NULL)
			continue;
		struct mo s = mo_sub(m, "sign");
		mo_str(&s, "step", o->step);
		mo_str(&s, "title", signs[i].title[0] != 0 ? signs[i].title : o->label);
		mo_str(&s, "text", signs[i].text);
		mo_str(&s, "button", signs[i].button);
		if (m->e == ERR_OK)
			m->e = s.e;
		return true;
	}
	return false;
}

static enum err put_make(struct web_req *rq, struct mo *m, const struct cert_case *c, bool install)
{
	char approval[65];
	struct mo k = mo_sub(m, "make");
	TRY(case_approval(&portal_of(rq)->desk, c->no, approval));
	mo_str(&k, "approval", approval);
	mo_str(&k, "unit_name", c->unit_name);
	mo_str(&k, "holder", c->holder);
	mo_str(&k, "card", c->card);
	mo_str(&k, "phase", install ? "install" : "born");
	mo_bool(&k, "born", !install);
	mo_bool(&k, "install", install);
	return mo_err(&k);
}

static const char *waiting_text(const struct cert_case *c, const char *person)
{
	switch (c->state) {
	case CASE_DRAFT:
		return "等待受理员签名受理。";
	case CASE_ACCEPTED:
		return strcmp(c->clerk, person) == 0 ? "您已受理，等待另一位工作人员审核。" : "等待审核员审核。";
	case CASE_APPROVED:
	case CASE_MAKING:
		return "等待制证员制证。受理、审核、制证由不同的人办理。";
	case CASE_ISSUED:
		return "证书已签发，等待制证员写入介质。";
	case CASE_RETURNED:
		return "已退回补正，等待受理员修改后重新受理。";
	case CASE_VOID:
		return "逾期没有办理，已按规则自动作废。需要时请新办一件。";
	default:
		return "";
	}
}

/* What the page offers; every member that the template asks for is set. */
static enum err put_turn(struct web_req *rq, struct mo *m, const struct cert_case *c)
{
	struct case_scope s;
	struct turn t;
	TRY(roster_scope(rq, &s));
	TRY(case_offers(&portal_of(rq)->desk, c, s.person_id, s.roles, t.v, &t.n));
	for (size_t i = 0; i < 3; i++)
		mo_bool(m, (const char *[]){"sign", "make", "waiting"}[i], false);
	bool install = offered(&t, "install") != NULL, born = !install && offered(&t, "born") != NULL;
	bool reissue = offered(&t, "issue") != NULL, mine = put_sign(m, &t) || install || born;
	if (install || (born && c->state == CASE_APPROVED))
		TRY(put_make(rq, m, c, install));
	mo_bool(m, "reissue", reissue);
	mo_bool(m, "can_return", offered(&t, "return") != NULL);
	mo_bool(m, "can_revise", offered(&t, "revise") != NULL);
	mo_bool(m, "can_refuse", offered(&t, "refuse") != NULL);
	if (!mine && !reissue)
		mo_str(m, "waiting", waiting_text(c, s.person_id));
	return mo_err(m);
}

static enum err put_head(struct mo *m, const struct cert_case *c)
{
	mo_str(m, "title", "新办证书业务");
	mo_str(m, "no", c->no);
	mo_int(m, "version", c->version);
	mo_str(m, "state", case_state_name(c->state));
	mo_str(m, "state_zh", case_state_zh(c->state));
	mo_str(m, "class", state_class(c->state));
	return mo_err(m);
}

static enum err put_story(struct web_req *rq, struct mo *m, const struct cert_case *c)
{
	const struct desk *d = &portal_of(rq)->desk;
	TRY(put_head(m, c));
	mo_str(m, "back", role_home(web_session_of(rq)->roles));
	TRY(put_facts(rq, m, c));
	TRY(put_steps(d, m, c));
	TRY(put_due(m, d, c));
	json_t *events = mo_list(m, "events");
	TRY(mo_err(m));
	return case_events(d, c->no, event_row, events);
}

enum err page_case(struct web_req *rq)
{
	struct cert_case c;
	struct mo m = mo_of(web_model(rq));
	TRY(case_open_here(rq, &c));
	TRY(put_story(rq, &m, &c));
	TRY(put_documents(rq, &m, &c));
	TRY(put_turn(rq, &m, &c));
	mo_str(&m, "looked", "");
	return mo_err(&m);
}

/* --- a look beyond what is his --- */

/* The story to read; nothing to do and nothing to take along. */
enum err page_case_look(struct web_req *rq)
{
	static const char *const none[] = {"sign",       "make",       "waiting",    "reissue",
	                                   "can_return", "can_revise", "can_refuse", "handover"};
	const struct web_session *s = web_session_of(rq);
	struct case_scope scope;
	struct cert_case c;
	struct mo m = mo_of(web_model(rq));
	TRY(roster_scope(rq, &scope));
	const struct officer by = {s->person_id, s->holder, scope.roles, s->cert_serial};
	TRY(case_look(&portal_of(rq)->desk, web_value(rq, "no"), &by, web_value(rq, "reason"), &c));
	TRY(put_story(rq, &m, &c));
	for (size_t i = 0; i < COUNT_OF(none); i++)
		mo_bool(&m, none[i], false);
	(void)mo_list(&m, "documents");
	mo_str(&m, "looked", web_value(rq, "reason"));
	return mo_err(&m);
}

/* --- /audit --- */

enum { LOOK_ROWS = 50, LOOK_PAGE_LAST = 1000 };

static enum err looked_row(const struct case_looked *l, void *ctx)
{
	struct mo m = mo_item(ctx);
	mo_time(&m, "time", l->time);
	mo_str(&m, "no", l->no);
	mo_str(&m, "person", l->person_id);
	mo_str(&m, "name", l->name);
	mo_str(&m, "reason", l->reason);
	return mo_err(&m);
}

enum err page_audit(struct web_req *rq)
{
	struct mo m = mo_of(web_model(rq));
	int64_t page = 1;
	if (web_value(rq, "page")[0] != 0)
		TRY(text_i64(span_str(web_value(rq, "page")), 1, LOOK_PAGE_LAST, &page));
	mo_str(&m, "title", "审计");
	json_t *list = mo_list(&m, "looks");
	TRY(mo_err(&m));
	TRY(case_looks(&portal_of(rq)->desk, LOOK_ROWS + 1, ((int)page - 1) * LOOK_ROWS, looked_row, list));
	bool more = json_array_size(list) > LOOK_ROWS;
	if (more)
		(void)json_array_remove(list, LOOK_ROWS);
	mo_int(&m, "previous", page - 1);
	mo_int(&m, "following", more ? page + 1 : 0);
	return mo_err(&m);
}

/* --- hand-over slip --- */

enum err page_slip(struct web_req *rq)
{
	const struct portal *p = portal_of(rq);
	struct cert_case c;
	struct cert_row cert;
	char root[96];
	struct mo m = mo_of(web_model(rq));
	TRY(case_open_here(rq, &c));
	if (c.state != CASE_DONE)
		return ERR(STATE, "case is %s", case_state_name(c.state));
	TRY(cert_row_of(&p->desk, c.subject, &cert));
	root_fingerprint(p, root);
	mo_str(&m, "title", "证书交接单");
	mo_str(&m, "no", c.no);
	mo_str(&m, "root_sm3", root);
	json_t *list = mo_list(&m, "facts");
	mo_fact(list, "受理编号", c.no);
	if (c.unit_no[0] != 0) {
		mo_fact(list, "单位名称", c.unit_name);
		mo_fact(list, "单位编号", c.unit_no);
	}
	mo_fact(list, "持有人", c.holder);
	mo_fact(list, "介质序列号", c.card);
	mo_fact(list, "证书序列号", c.cert_serial);
	mo_fact(list, "有效期", printed(rq, date_text(rq, cert.not_before), " 至 ", last_day_text(rq, cert.not_after)));
	mo_fact(list, "办理日期", date_text(rq, c.changed));
	return mo_err(&m);
}
