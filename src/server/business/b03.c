/* B03 职工首次参保及险种增加 (shebao-domain 2.3): who may be enrolled, from when, in what; and what is written: person,
 * details, employment, wage and an enrolment for each insurance. A pause that stands open ends with the month before;
 * what is paid already cannot be begun again. A known person's name, number and telephone are not touched: those are
 * key data, changed at the window. */
#include "server/business/b03.h"
#include "base/json.h"
#include "server/insurance/retire.h"
#include <stdio.h>
#include <string.h>

enum { AGE_MIN = 16 };

static const struct service_binding binds[] = {
	[B03_ID_NUMBER] = {"id_no", FIELD_TEXT},
	[B03_NAME] = {"name", FIELD_TEXT},
	[B03_ID_TYPE] = {"id_type", FIELD_CODE},
	[B03_GENDER] = {"gender", FIELD_CODE},
	[B03_BIRTH] = {"birth", FIELD_DATE},
	[B03_ETHNIC] = {"ethnic", FIELD_CODE},
	[B03_MOBILE] = {"mobile", FIELD_TEXT},
	[B03_ENROL_TYPE] = {"enrol_type", FIELD_CODE},
	[B03_INS] = {"ins", FIELD_CODES},
	[B03_START_MONTH] = {"start_month", FIELD_MONTH},
	[B03_HIRE_DATE] = {"hire_date", FIELD_DATE},
	[B03_CONTRACT_TYPE] = {"contract_type", FIELD_CODE},
	[B03_CONTRACT_FROM] = {"contract_from", FIELD_DATE},
	[B03_CONTRACT_TO] = {"contract_to", FIELD_DATE},
	[B03_EMPLOY_FORM] = {"employ_form", FIELD_CODE},
	[B03_POST] = {"post", FIELD_TEXT},
	[B03_POST_CLASS] = {"post_class", FIELD_CODE},
	[B03_SPECIAL_JOB] = {"special_job", FIELD_CODE},
	[B03_WAGE] = {"wage", FIELD_MONEY},
	[B03_HUKOU_TYPE] = {"hukou_type", FIELD_CODE},
	[B03_HUKOU_ADDR] = {"hukou_addr", FIELD_TEXT},
	[B03_LIVE_ADDR] = {"live_addr", FIELD_TEXT},
	[B03_REMARK] = {"remark", FIELD_TEXT},
	[B03_FIELD_COUNT] = {NULL},
};

/* 01 to 10 are the business's own, the others ours; 04, 06, 07 and 09 are said by the definition and the engine. */
static const struct business_code
	elsewhere = {"-01", "该人员在其他单位正常参保", "请先由原单位办理减员"},
	young = {"-02", "入职时未满16周岁", "不得招用未满16周岁的人员，请核对出生日期与入职日期"},
	retired = {"-03", "已达法定退休年龄或已享受养老待遇", "退休返聘人员请选用工形式“退休返聘”，只参加工伤保险"},
	other_name = {"-05", "姓名与证件号码的登记信息不一致", "请核对姓名；确已更名的请先到窗口办理关键信息变更"},
	month_bad = {"-08", "参保年月不在允许范围", "参保年月不得早于入职月份，不得晚于本期业务月份"},
	not_joined = {"-10", "单位未参加该险种", "请先办理单位险种登记，或去掉该险种"},
	history = {"-13", "参保类型与参保记录不符", "有参保记录的请选续保或转入，没有记录的请选首次参保"},
	already = {"-14", "该人员已在本单位参加该险种", "请去掉已参加的险种"},
	bound = {"-15", "险种组合不符合规定", "职工的养老、失业、工伤保险应一并参加；退休返聘和见习人员只参加工伤保险"},
	hire_bad = {"-18", "入职日期不合理", "请核对入职日期"},
	late = {"-31", "已超过用工之日起30日的登记期限", "可以继续申报，超期将被标注（社会保险法第58条）", CODE_WARNS},
	back = {"-33", "参保年月早于本期，属于补缴", "可以继续申报，将增加复审",
                CODE_WARNS | CODE_SECOND_REVIEW | CODE_BACK_DATED},
	special = {"-34", "特殊工种人员", "可以继续申报，将增加复审", CODE_WARNS | CODE_SECOND_REVIEW};

/* --- who --- */

static bool is_retired_again(const struct b03 *b)
{
	return strcmp(b->employ_form, "08") == 0;
}

/* 08 退休返聘 and 09 见习(实习): work injury only. */
static bool injury_only(const struct b03 *b)
{
	return is_retired_again(b) || strcmp(b->employ_form, "09") == 0;
}

static void judge_retired(struct rule_row *r, const struct b03 *b)
{
	bool unknown = rule_unread(r, B03_EMPLOY_FORM) || rule_unread(r, B03_POST_CLASS) || b->gender[0] == 0 ||
	               rule_unread(r, B03_START_MONTH);
	if (is_retired_again(b) || b->birth == 0 || unknown)
		return;
	int month = b->start_month != 0 ? b->start_month : r->batch->window.period;
	if (r->person.retired || retire_of((enum retire_class)b->retire_class, month_of(b->birth)).month <= month)
		rule_fault(r, B03_ID_NUMBER, &retired, "%s", "");
}

/* 险种增加 comes under any type but the first; who comes from outside may be unknown here. */
static void judge_history(struct rule_row *r, const struct b03 *b)
{
	const struct staff_person *p = &r->person;
	if (b->enrol_type[0] == 'A' && p->history)
		rule_fault(r, B03_ENROL_TYPE, &history, "已有参保记录");
	if (b->enrol_type[0] == 'B' && !p->paused_here && p->here == 0)
		rule_fault(r, B03_ENROL_TYPE, &history, "本单位没有其参保记录");
	if (b->enrol_type[0] == 'D' && !p->history)
		rule_fault(r, B03_ENROL_TYPE, &history, "本统筹区没有其参保记录");
}

/* --- when --- */

static void judge_month(struct rule_row *r, const struct b03 *b)
{
	int period = r->batch->window.period;
	if (b->start_month == 0)
		return;
	if (b->start_month > period)
		rule_fault(r, B03_START_MONTH, &month_bad, "晚于本期业务月份");
	else if (month_diff(period, b->start_month) > r->batch->tables->filing.back_months)
		rule_fault(r, B03_START_MONTH, &month_bad, "早于可以补缴的月份");
	else if (b->start_month < period)
		rule_fault(r, B03_START_MONTH, &back, "%s", "");
	/* A day of hire that is too late has its own fault. */
	if (b->hire_date != 0 && month_of(b->hire_date) <= period && b->start_month < month_of(b->hire_date))
		rule_fault(r, B03_START_MONTH, &month_bad, "早于入职月份");
}

static void judge_hire(struct rule_row *r, const struct b03 *b)
{
	int days = r->batch->tables->filing.register_days;
	if (b->hire_date == 0)
		return;
	if (month_of(b->hire_date) > r->batch->window.period)
		rule_fault(r, B03_HIRE_DATE, &hire_bad, "晚于本期业务月份");
	if (b->birth != 0 && b->hire_date < b->birth)
		rule_fault(r, B03_HIRE_DATE, &hire_bad, "早于出生日期");
	else if (b->birth != 0 && month_age(b->birth, b->hire_date) < AGE_MIN)
		rule_fault(r, B03_ID_NUMBER, &young, "%s", "");
	if (r->batch->now >= b->hire_date + (int64_t)(days + 1) * DAY_SEC)
		rule_fault(r, B03_HIRE_DATE, &late, "%s", "");
}

/* --- in what, and for how much --- */

static enum err judge_ins(struct rule_row *r, const struct b03 *b)
{
	const struct tables *t = r->batch->tables;
	struct staff_unit unit;
	unsigned together = 0;
	bool month = !rule_unread(r, B03_START_MONTH); /* what the unit joined is asked for that month */
	int injury = tables_ins(t, "410");
	if (rule_unread(r, B03_INS))
		return ERR_OK;
	TRY(r->batch->unit_at(r->batch->ctx, b->start_month != 0 ? b->start_month : r->batch->window.period, &unit));
	if (month && (b->ins & ~unit.ins || unit.ins == 0))
		rule_fault_ins(r, B03_INS, &not_joined, b->ins & ~unit.ins);
	if (b->ins & r->person.here)
		rule_fault_ins(r, B03_INS, &already, b->ins & r->person.here);
	if (b->ins & r->person.elsewhere)
		rule_fault_ins(r, B03_INS, &elsewhere, b->ins & r->person.elsewhere);
	if (!month || rule_unread(r, B03_EMPLOY_FORM))
		return ERR_OK;
	for (size_t i = 0; i < t->n_ins; i++)
		together |= t->ins[i].bound ? unit.ins & 1u << i : 0;
	unsigned alone = injury >= 0 ? b->ins & ~(1u << injury) : 0, left = together & ~(b->ins | r->person.here);
	if (injury_only(b) ? alone != 0 : left != 0)
		rule_fault_ins(r, B03_INS, &bound, injury_only(b) ? alone : left);
	return ERR_OK;
}

static enum err judge_wage(struct rule_row *r, const struct b03 *b)
{
	for (size_t i = 0; i < r->n_faults; i++)
		if (r->faults[i].field == B03_START_MONTH && (r->faults[i].code->is & CODE_WARNS) == 0)
			return ERR_OK;
	return rule_wage(r, B03_WAGE, b->start_month);
}

/* --- a row --- */

static void read_row(const struct rule_row *r, struct b03 *b)
{
	char special_job[2];
	memcpy(b->id_number, r->id_number, sizeof(b->id_number));
	rule_text(r, B03_NAME, b->name, sizeof(b->name));
	rule_code(r, B03_ID_TYPE, b->id_type, sizeof(b->id_type));
	rule_code(r, B03_GENDER, b->gender, sizeof(b->gender));
	rule_code(r, B03_ETHNIC, b->ethnic, sizeof(b->ethnic));
	rule_text(r, B03_MOBILE, b->mobile, sizeof(b->mobile));
	rule_code(r, B03_ENROL_TYPE, b->enrol_type, sizeof(b->enrol_type));
	rule_code(r, B03_CONTRACT_TYPE, b->contract_type, sizeof(b->contract_type));
	rule_code(r, B03_EMPLOY_FORM, b->employ_form, sizeof(b->employ_form));
	rule_text(r, B03_POST, b->post, sizeof(b->post));
	rule_code(r, B03_POST_CLASS, b->post_class, sizeof(b->post_class));
	rule_code(r, B03_SPECIAL_JOB, special_job, sizeof(special_job));
	rule_code(r, B03_HUKOU_TYPE, b->hukou_type, sizeof(b->hukou_type));
	rule_text(r, B03_HUKOU_ADDR, b->hukou_addr, sizeof(b->hukou_addr));
	rule_text(r, B03_LIVE_ADDR, b->live_addr, sizeof(b->live_addr));
	rule_text(r, B03_REMARK, b->remark, sizeof(b->remark));
	b->special_job = special_job[0] == '1';
	b->birth = rule_day(r, B03_BIRTH);
	b->ins = rule_ins(r, B03_INS);
	b->start_month = rule_month(r, B03_START_MONTH);
	b->hire_date = rule_day(r, B03_HIRE_DATE);
	b->contract_from = rule_day(r, B03_CONTRACT_FROM);
	b->contract_to = rule_day(r, B03_CONTRACT_TO);
	b->wage_fen = rule_money(r, B03_WAGE);
}

static enum err judge(struct rule_row *r, void *ret_row)
{
	struct b03 *b = ret_row;
	read_row(r, b);
	identity_judge(r, &(struct identity_fields){B03_ID_TYPE, B03_GENDER, B03_BIRTH}, b->gender, &b->birth);
	b->retire_class = b->gender[0] != '2' ? RETIRE_M60 : b->post_class[0] == '1' ? RETIRE_F55 : RETIRE_F50;
	if (b->gender[0] == '2' && b->post_class[0] == 0 && !rule_unread(r, B03_POST_CLASS))
		rule_fault(r, B03_POST_CLASS, &code_missing, "女职工须填写岗位类别");
	judge_month(r, b);
	judge_hire(r, b);
	if (b->id_number[0] != 0) {
		rule_name(r, B03_NAME, &other_name);
		judge_retired(r, b);
		judge_history(r, b);
	}
	TRY(judge_ins(r, b));
	TRY(judge_wage(r, b));
	if (b->special_job)
		rule_fault(r, B03_SPECIAL_JOB, &special, "%s", "");
	return ERR_OK;
}

/* --- what it wants of the registers --- */

/* What is told of the person besides the columns of the registers. */
static enum err want_detail(const struct staff_wants *w, const struct b03 *b)
{
	AUTO_JSON v = json_object();
	const struct {
		const char *key, *value;
	} texts[] = {{"id_type", b->id_type},       {"gender", b->gender},         {"ethnic", b->ethnic},
	             {"hukou_type", b->hukou_type}, {"hukou_addr", b->hukou_addr}, {"live_addr", b->live_addr},
	             {"remark", b->remark}};
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		TRY(json_put_str(v, texts[i].key, span_str(texts[i].value)));
	TRY(json_put_int(v, "birth", b->birth));
	return want_details(w, v);
}

static enum err want_job(const struct staff_wants *w, const struct b03 *b)
{
	struct change_key *k;
	const struct sql_arg job[] = {A_INT(b->hire_date),     A_TEXT(b->employ_form), A_TEXT(b->contract_type),
	                              A_INT(b->contract_from), A_INT(b->contract_to),  A_TEXT(b->post),
	                              A_INT(b->retire_class),  A_INT(b->special_job)};
	TRY(change_key(w->change, w->person, &register_employment, NULL, &k));
	change_replaces(k, NULL);
	TRY(change_say(w->change, k, job));
	TRY(change_key(w->change, w->person, &register_wage, &A_INT(b->start_month), &k));
	return change_say(w->change, k, &A_INT(b->wage_fen));
}

static enum err want_ins(const struct staff_wants *w, const struct b03 *b, const char *ins)
{
	struct change_key *k;
	TRY(change_key(w->change, w->person, &register_enrolment, &A_TEXT(ins), &k));
	for (const struct change_row *r = change_rows(k); r != NULL; r = r->next) {
		if (!r->before || r->value[ENROLMENT_TO].i != 0)
			continue;
		change_replaces(k, r);
		if (r->value[ENROLMENT_STATUS].i == ENROL_PAID)
			change_taken(k);
		else if (r->value[ENROLMENT_FROM].i < b->start_month)
			TRY(want_enrolment(w, k, r->value[ENROLMENT_STATUS].i, (int)r->value[ENROLMENT_FROM].i,
			                   month_add(b->start_month, -1), r->value[ENROLMENT_TYPE]));
	}
	return want_enrolment(w, k, ENROL_PAID, b->start_month, 0, A_TEXT(b->enrol_type));
}

static enum err want(const struct staff_wants *w, const struct staff_person *p, const void *row)
{
	const struct b03 *b = row;
	if (p->person_no[0] == 0)
		TRY(want_person(w, b->name, b->id_number, b->mobile));
	TRY(want_detail(w, b));
	TRY(want_job(w, b));
	for (size_t i = 0; i < w->tables->n_ins; i++)
		if (b->ins & 1u << i)
			TRY(want_ins(w, b, w->tables->ins[i].code));
	return ERR_OK;
}

const struct business business_b03 = {.name = "b03",
                                      .binds = binds,
                                      .id_field = B03_ID_NUMBER,
                                      .row_size = sizeof(struct b03),
                                      .judge = judge,
                                      .want = want};
