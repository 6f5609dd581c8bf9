/* B04 职工中断保险及险种减少 (shebao-domain 2.4): who stops being insured, in what, after which month, and why. The
 * last month that is paid is named; from the next one on the insurance is paused, what was before stays. Reasons that
 * end the relation for good belong to another business. */
#include "server/business/business.h"
#include <stdio.h>
#include <string.h>

enum b04_field {
	B04_ID_NUMBER,
	B04_NAME,
	B04_SCOPE,
	B04_INS,
	B04_STOP_MONTH,
	B04_REASON,
	B04_END_DATE,
	B04_FIELD_COUNT
};
enum { REACH_MONTHS = 1 }; /* before and after the month in which it is filed */
struct b04 {
	bool all; /* insurances that are paid here, whichever they are */
	unsigned ins;
	int stop_month;
	char reason[4];
	int64_t end_date; /* 0: none */
};

static const struct service_binding binds[] = {
	[B04_ID_NUMBER] = {"id_no", FIELD_TEXT},
	[B04_NAME] = {"name", FIELD_TEXT},
	[B04_SCOPE] = {"scope", FIELD_CODE},
	[B04_INS] = {"ins", FIELD_CODES},
	[B04_STOP_MONTH] = {"stop_month", FIELD_MONTH},
	[B04_REASON] = {"reason", FIELD_CODE},
	[B04_END_DATE] = {"end_date", FIELD_DATE},
	[B04_FIELD_COUNT] = {NULL},
};

/* 06, 07 and 09 are said by the definition. */
static const struct business_code
	not_paid = {"-01", "该人员当前无正常参保险种", "请核对人员和险种；不在本单位参保的无须办理"},
	month_bad = {"-02", "减少年月不在允许范围", "请填写最后一个缴费月：申报当月、上月或下月，不早于开始参保的月份"},
	approved = {"-04", "本期缴费已核定，请下月办理", "请把减少年月改为已核定的月份；多缴的请到办理窗口办理退费"},
	reason_bad = {"-05", "原因与险种不匹配", "退休、死亡等终止参保的，请办理退休或终止参保"},
	other_name = {"-08", "姓名与证件号码的登记信息不一致", "请核对姓名；确已更名的请先到窗口办理关键信息变更"},
	ends_later = {"-10", "劳动合同在减少年月之后才终止", "合同终止前应继续参保，请核对减少年月和终止日期"},
	late = {"-31", "已超过终止或解除合同之日起15日的报告期限", "可以继续申报，超期将被标注（社会保险法第50条）",
                CODE_WARNS},
	back = {"-33", "减少年月早于上期，涉及退费", "可以继续申报，将增加复审",
                CODE_WARNS | CODE_SECOND_REVIEW | CODE_BACK_DATED};

/* --- rules --- */

static void judge_paid(struct rule_row *r, const struct b04 *b)
{
	if (r->id_number[0] == 0 || rule_unread(r, B04_INS) || rule_unread(r, B04_SCOPE))
		return;
	if (r->person.here == 0)
		rule_fault(r, B04_ID_NUMBER, &not_paid, "%s", "");
	else if (!b->all && (b->ins & ~r->person.here) != 0)
		rule_fault_ins(r, B04_INS, &not_paid, b->ins & ~r->person.here);
}

static unsigned stops(const struct rule_row *r, const struct b04 *b)
{
	return b->all ? r->person.here : b->ins & r->person.here;
}

/* The latest month in which one of them began. */
static int began(const struct rule_row *r, unsigned ins)
{
	int month = 0;
	for (size_t i = 0; i < r->batch->tables->n_ins; i++)
		if ((ins & 1u << i) != 0 && r->person.from[i] > month)
			month = r->person.from[i];
	return month;
}

static enum err judge_month(struct rule_row *r, const struct b04 *b)
{
	struct staff_unit unit;
	int today = month_of(r->batch->now), next = b->stop_month != 0 ? month_add(b->stop_month, 1) : 0;
	if (b->stop_month == 0)
		return ERR_OK;
	TRY(r->batch->unit_at(r->batch->ctx, b->stop_month, &unit));
	if (b->stop_month > month_add(today, REACH_MONTHS))
		rule_fault(r, B04_STOP_MONTH, &month_bad, "晚于下月");
	else if (b->stop_month < month_add(today, -REACH_MONTHS))
		rule_fault(r, B04_STOP_MONTH, &month_bad, "早于上月");
	else if (b->stop_month < began(r, stops(r, b)))
		rule_fault(r, B04_STOP_MONTH, &month_bad, "早于开始参保的月份");
	else if (next <= unit.approved)
		rule_fault(r, B04_STOP_MONTH, &approved, "%d年%d月已核定", unit.approved / 100, unit.approved % 100);
	else if (next < r->batch->window.period)
		rule_fault(r, B04_STOP_MONTH, &back, "%s", "");
	return ERR_OK;
}

static void judge_reason(struct rule_row *r, const struct b04 *b)
{
	const struct code_row *c = tables_code(r->batch->tables, "change_reason", b->reason, 0);
	if (c != NULL && strcmp(c->kind, "end") == 0)
		rule_fault(r, B04_REASON, &reason_bad, "%s", c->zh);
}

static void judge_end(struct rule_row *r, const struct b04 *b)
{
	int days = r->batch->tables->filing.report_days;
	if (b->end_date == 0)
		return;
	if (b->stop_month != 0 && month_of(b->end_date) > b->stop_month)
		rule_fault(r, B04_END_DATE, &ends_later, "%s", "");
	if (r->batch->now >= b->end_date + (int64_t)(days + 1) * DAY_SEC)
		rule_fault(r, B04_END_DATE, &late, "%s", "");
}

static enum err judge(struct rule_row *r, void *ret_row)
{
	struct b04 *b = ret_row;
	char scope[2];
	rule_code(r, B04_SCOPE, scope, sizeof(scope));
	rule_code(r, B04_REASON, b->reason, sizeof(b->reason));
	b->all = scope[0] == '1';
	b->ins = rule_ins(r, B04_INS);
	b->stop_month = rule_month(r, B04_STOP_MONTH);
	b->end_date = rule_day(r, B04_END_DATE);
	rule_name(r, B04_NAME, &other_name);
	judge_paid(r, b);
	TRY(judge_month(r, b));
	judge_reason(r, b);
	judge_end(r, b);
	return ERR_OK;
}

/* --- what it wants of the registers --- */

static bool is_paid(const struct change_row *r)
{
	return r->before && r->value[ENROLMENT_TO].i == 0 && r->value[ENROLMENT_STATUS].i == ENROL_PAID;
}

static enum err want_stop(const struct staff_wants *w, const struct b04 *b, const char *ins)
{
	struct change_key *k;
	TRY(change_key(w->change, w->person, &register_enrolment, &A_TEXT(ins), &k));
	for (const struct change_row *r = change_rows(k); r != NULL; r = r->next) {
		if (!is_paid(r))
			continue;
		change_replaces(k, r);
		TRY(want_enrolment(w, k, ENROL_PAID, (int)r->value[ENROLMENT_FROM].i, b->stop_month,
		                   r->value[ENROLMENT_TYPE]));
		TRY(want_enrolment(w, k, ENROL_PAUSED, month_add(b->stop_month, 1), 0, r->value[ENROLMENT_TYPE]));
	}
	return ERR_OK;
}

static enum err want(const struct staff_wants *w, const struct staff_person *p, const void *row)
{
	const struct b04 *b = row;
	unsigned ins = b->all ? p->here : b->ins & p->here;
	for (size_t i = 0; i < w->tables->n_ins; i++)
		if (ins & 1u << i)
			TRY(want_stop(w, b, w->tables->ins[i].code));
	return ERR_OK;
}

const struct business business_b04 = {.name = "b04",
                                      .binds = binds,
                                      .id_field = B04_ID_NUMBER,
                                      .row_size = sizeof(struct b04),
                                      .judge = judge,
                                      .want = want};
