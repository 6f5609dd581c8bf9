/* A person's document, number, sex and birthday: what they must say together. */
#include "server/business/business.h"
#include <stdio.h>
#include <string.h>

const struct business_code code_missing = {"-11", "必填项目没有填写", "请补填该项"};
static const struct business_code wrong = {"-12", "填写的内容不符合要求", "请照有效证件填写"},
				  disagrees = {"-16", "性别或出生日期与证件号码不一致", "请以有效证件为准修改"},
				  id_pair = {"-30", "证件类型与证件号码不符", "请照证件改正其中一项"};

/* The type of document that the number belongs to is said: which one to choose. */
static void judge_document(struct rule_row *r, int field)
{
	char type[3];
	rule_code(r, field, type, sizeof(type));
	if (type[0] == 0)
		return;
	enum err e = ident_document_check(type, r->id_number);
	if (e == ERR_FIELD_VALUE) /* passports and the like */
		rule_fault(r, field, &wrong, "该类证件请到窗口办理");
	else if (e != ERR_OK)
		rule_fault(r, field, &id_pair, "%s，%s", err_zh(e), err_remedy(e));
	err_clear();
}

/* Where the permanent residence card says sex and birthday is not confirmed: they are typed from the card. */
static void judge_foreign(struct rule_row *r, const struct identity_fields *f, const char *gender, int64_t birth)
{
	const int both[] = {f->gender, f->birth};
	for (size_t i = 0; i < COUNT_OF(both); i++)
		if ((i == 0 ? gender[0] == 0 : birth == 0) && !rule_unread(r, both[i]))
			rule_fault(r, both[i], &code_missing, "持外国人永久居留身份证的，%s须填写",
			           rule_field(r, both[i])->label);
	if (birth > r->batch->now)
		rule_fault(r, f->birth, &wrong, "出生日期晚于今天");
}

void identity_judge(struct rule_row *r, const struct identity_fields *f, char ret_gender[2], int64_t *ret_birth)
{
	int64_t birth = 0, given = rule_day(r, f->birth);
	rule_code(r, f->gender, ret_gender, 2);
	*ret_birth = given;
	if (r->id_number[0] == 0)
		return;
	judge_document(r, f->type);
	if (!ident_tells_birth(r->id_number)) {
		judge_foreign(r, f, ret_gender, given);
		return;
	}
	const char *gender = (r->id_number[16] - '0') % 2 ? "1" : "2";
	if (day_parse(span_of(r->id_number + 6, 8), &birth) != ERR_OK)
		err_clear(); /* the engine says so of the number */
	if (ret_gender[0] != 0 && strcmp(gender, ret_gender) != 0)
		rule_fault(r, f->gender, &disagrees, "性别");
	if (given != 0 && birth != given)
		rule_fault(r, f->birth, &disagrees, "出生日期");
	(void)snprintf(ret_gender, 2, "%s", gender);
	*ret_birth = birth;
}
