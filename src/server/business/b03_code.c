#include "server/business/b03_i.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* 01 to 10 are the business's own; the others are ours. 12, 19 to 22 and 26 to 29 are those of sheets (form/sheet.h).
 */
static const struct {
	const char *name, *zh, *remedy;
	bool warning, review2;
} codes[B03_CODE_COUNT] = {
	[B03_ELSEWHERE] = {"B03-01", "该人员在其他单位正常参保", "请先由原单位办理减员"},
	[B03_YOUNG] = {"B03-02", "入职时未满16周岁", "不得招用未满16周岁的人员，请核对出生日期与入职日期"},
	[B03_RETIRED] = {"B03-03", "已达法定退休年龄或已享受养老待遇",
                         "退休返聘人员请选用工形式“退休返聘”，只参加工伤保险"},
	[B03_ID_WRONG] = {"B03-04", "证件号码校验未通过", "请核对18位号码，末位可能是X；表格中该列请设为文本格式"},
	[B03_NAME_OTHER] = {"B03-05", "姓名与证件号码的登记信息不一致",
                            "请核对姓名；确已更名的请先到窗口办理关键信息变更"},
	[B03_DUPLICATE] = {"B03-06", "与本次申报的其他行重复", "同一人只填一行，请删除重复行"},
	[B03_WAGE_WRONG] = {"B03-07", "月工资未填写或不正确", "请填写不小于0、最多两位小数的金额"},
	[B03_MONTH] = {"B03-08", "参保年月不在允许范围", "参保年月不得早于入职月份，不得晚于本期业务月份"},
	[B03_CONTRACT] = {"B03-09", "劳动合同信息缺失或不完整",
                          "请填写合同类型；固定期限合同须填写起止日期，终止晚于开始"},
	[B03_UNIT_INS] = {"B03-10", "单位未参加该险种", "请先办理单位险种登记，或去掉该险种"},
	[B03_MISSING] = {"B03-11", "必填项目没有填写", "请补填该项"},
	[B03_VALUE] = {"B03-12", "填写的内容不符合要求", "请按模板“填写说明”列出的内容和格式填写"},
	[B03_HISTORY] = {"B03-13", "参保类型与参保记录不符", "有参保记录的请选续保或转入，没有记录的请选首次参保"},
	[B03_ALREADY] = {"B03-14", "该人员已在本单位参加该险种", "请去掉已参加的险种"},
	[B03_BOUND] = {"B03-15", "险种组合不符合规定",
                       "职工的养老、失业、工伤保险应一并参加；退休返聘和见习人员只参加工伤保险"},
	[B03_ID_DISAGREE] = {"B03-16", "性别或出生日期与证件号码不一致", "请以有效证件为准修改"},
	[B03_UNIT_STATE] = {"B03-17", "单位状态不正常", "请联系办理窗口核实单位状态"},
	[B03_HIRE] = {"B03-18", "入职日期不合理", "请核对入职日期"},
	[B03_WINDOW] = {"B03-23", "申报窗口尚未开放", "请在开放日之后申报，草稿可以先保存"},
	[B03_CORRECT_BILL] = {"B03-24", "更正影响到缴费已核定的月份",
                              "已核定的缴费不能由更正改动，请到办理窗口办理补缴或退费"},
	[B03_CORRECT_LATER] = {"B03-25", "该人员的登记在原申报之后另有变更",
                               "请先更正或撤销后来的那件业务，再更正本件"},
	[B03_ID_PAIR] = {"B03-30", "证件类型与证件号码不符", "请照证件改正其中一项"},
	[B03_W_LATE] = {"B03-31", "已超过用工之日起30日的登记期限", "可以继续申报，超期将被标注（社会保险法第58条）",
                        true},
	[B03_W_LOW_WAGE] = {"B03-32", "月工资低于最低工资标准", "请核实；非全日制等情形可以继续", true},
	[B03_W_BACK] = {"B03-33", "参保年月早于本期，属于补缴", "可以继续申报，将增加复审", true, true},
	[B03_W_SPECIAL] = {"B03-34", "特殊工种人员", "可以继续申报，将增加复审", true, true},
	[B03_W_BASE] = {"B03-35", "缴费基数按上下限取值", "无需处理", true},
};

const char *b03_code_name(enum b03_code c)
{
	return c < B03_CODE_COUNT ? codes[c].name : "";
}

const char *b03_code_zh(enum b03_code c)
{
	return c < B03_CODE_COUNT ? codes[c].zh : "";
}

const char *b03_code_remedy(enum b03_code c)
{
	return c < B03_CODE_COUNT ? codes[c].remedy : "";
}

bool b03_code_is_warning(enum b03_code c)
{
	return c < B03_CODE_COUNT && codes[c].warning;
}

bool b03_code_wants_review2(enum b03_code c)
{
	return c < B03_CODE_COUNT && codes[c].review2;
}

void fault_add(struct b03_faults *out, int64_t row, enum b03_field field, enum b03_code code, const char *fmt, ...)
{
	va_list ap;
	if (out->n == B03_FAULTS_MAX)
		return;
	struct b03_fault *f = &out->v[out->n++];
	*f = (struct b03_fault){row, field, code, ""};
	va_start(ap, fmt);
	(void)vsnprintf(f->detail, sizeof(f->detail), fmt, ap);
	va_end(ap);
}

bool fault_has(const struct b03_faults *out, enum b03_field field)
{
	for (size_t i = 0; i < out->n; i++)
		if (out->v[i].field == field && !codes[out->v[i].code].warning)
			return true;
	return false;
}

bool b03_refused(const struct b03_faults *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (!codes[f->v[i].code].warning)
			return true;
	return false;
}
