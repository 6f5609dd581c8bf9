/* B15 缴费工资申报 (shebao-domain 2.15): the wages by which contributions are counted, from a month on or for a new
 * year. A later month's declaration holds from its month; months whose bills are approved stay as they are. */
#include "server/business/business.h"

enum wages_field { WAGES_ID_NUMBER, WAGES_NAME, WAGES_WAGE, WAGES_FIELD_COUNT };
enum { MONTH_REACH = 1, YEAR_REACH = 12 }; /* months from the one that filings count for */
struct wages {
	int from_month;
	int64_t wage_fen;
};

static const struct service_binding binds[] = {
	[WAGES_ID_NUMBER] = {"id_no", FIELD_TEXT},
	[WAGES_NAME] = {"name", FIELD_TEXT},
	[WAGES_WAGE] = {"wage", FIELD_MONEY},
	[WAGES_FIELD_COUNT] = {NULL},
};
static const struct register_table *const registers[] = {&register_wage, NULL};

static const struct business_code
	not_here = {"-01", "该人员当前不在本单位参保", "请核对人员；新入职的请先办理首次参保，工资随该件申报"},
	month_bad = {"-02", "起始年月不在允许范围", "月申报请填本期或下期业务月份，年度申报请填前后一年内的月份"},
	year_bad = {"-03", "年度申报不是从缴费年度的第一个月开始", "请填缴费年度的第一个月；年度中间调整的请选月申报"},
	approved = {"-04", "起始年月的缴费已核定", "已核定的月份不能改动，请从下一个月起申报"},
	other_name = {"-08", "姓名与证件号码的登记信息不一致", "请核对姓名；确已更名的请先到窗口办理关键信息变更"};

static int from_month(const struct rule_row *r)
{
	const struct field_value *v = rule_form(r, "from_month");
	return v != NULL ? v->month : 0;
}

static bool is_of_year(const struct rule_row *r)
{
	const struct field_value *v = rule_form(r, "kind");
	return v != NULL && v->code->code[0] == '2';
}

static enum err judge_form(struct rule_row *r)
{
	struct staff_unit unit;
	const struct base_limit *limit = NULL;
	int month = from_month(r), period = r->batch->window.period;
	if (month == 0)
		return ERR_OK;
	TRY(r->batch->unit_at(r->batch->ctx, month, &unit));
	if (month <= unit.approved) {
		rule_fault(r, -1, &approved, "%d年%d月已核定", unit.approved / 100, unit.approved % 100);
		return ERR_OK;
	}
	int ahead = month_diff(month, period), back = month_diff(period, month);
	if (is_of_year(r) ? ahead > YEAR_REACH || back > YEAR_REACH : ahead > MONTH_REACH || back > 0) {
		rule_fault(r, -1, &month_bad, "本期为%d年%d月", period / 100, period % 100);
		return ERR_OK;
	}
	if (!is_of_year(r))
		return ERR_OK;
	TRY(tables_base(r->batch->tables, month, &limit));
	if (limit->from % 100 != month % 100)
		rule_fault(r, -1, &year_bad, "缴费年度从%d月开始", limit->from % 100);
	return ERR_OK;
}

static enum err judge(struct rule_row *r, void *ret_row)
{
	struct wages *w = ret_row;
	w->from_month = from_month(r);
	w->wage_fen = rule_money(r, WAGES_WAGE);
	rule_name(r, WAGES_NAME, &other_name);
	if (r->id_number[0] != 0 && r->person.here == 0)
		rule_fault(r, WAGES_ID_NUMBER, &not_here, "%s", "");
	return rule_wage(r, WAGES_WAGE, w->from_month);
}

static enum err want(const struct staff_wants *w, const struct staff_person *p, const void *row)
{
	const struct wages *wages = row;
	struct change_key *k;
	if (p->person_no[0] == 0 || wages->from_month == 0)
		return ERR_OK;
	TRY(change_key(w->change, w->person, &register_wage, &A_INT(wages->from_month), &k));
	return change_say(w->change, k, &A_INT(wages->wage_fen));
}

const struct business business_wages = {.name = "wages",
                                        .binds = binds,
                                        .id_field = WAGES_ID_NUMBER,
                                        .row_size = sizeof(struct wages),
                                        .registers = registers,
                                        .judge_form = judge_form,
                                        .judge = judge,
                                        .want = want};
