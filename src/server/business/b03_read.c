/* Each field on its own, as its filer signed it: the typed values of form/row.h into what the rules count with. */
#include "server/business/b03_i.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

const struct service_binding b03_binds[] = {
	[B03_NAME] = {"name", FIELD_TEXT},
	[B03_ID_TYPE] = {"id_type", FIELD_CODE},
	[B03_ID_NUMBER] = {"id_no", FIELD_TEXT},
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
	[B03_UNIT_NO] = {NULL},
};

const struct service_field *b03_field(const struct service *s, enum b03_field f)
{
	return f < B03_UNIT_NO ? &s->row_fields.v[s->bound[f]] : NULL;
}

struct reading {
	const struct b03_rules *r;
	const struct b03_row *row;
	struct b03 *b;
	struct b03_faults *out;
};

static const char *label(const struct reading *j, enum b03_field f)
{
	return b03_field(j->r->service, f)->label;
}

static void wrong(struct reading *j, enum b03_field f, enum b03_code c)
{
	err_clear();
	fault_add(j->out, j->row->no, f, c, "%s", label(j, f));
}

/* What an older version took unfolded, or with characters that are refused by now, is still what was signed. */
static bool is_signed_text(const struct field_value *v)
{
	return v->state == FIELD_GOOD || v->state == FIELD_UNFOLDED || v->state == FIELD_STACKED ||
	       (v->state == FIELD_CHARS && v->why == ERR_PRIVATE_USE);
}

/* NULL where there is nothing to count with: a fault when the field is required or cannot be read. */
static const struct field_value *given(struct reading *j, enum b03_field f, bool text)
{
	const struct field_value *v = &j->row->values.v[j->r->service->bound[f]];
	if (v->state == FIELD_GOOD || (text && is_signed_text(v)))
		return v;
	if (v->state != FIELD_EMPTY)
		wrong(j, f, f == B03_WAGE ? B03_WAGE_WRONG : B03_VALUE);
	else if (b03_field(j->r->service, f)->required)
		wrong(j, f, B03_MISSING);
	return NULL;
}

static void read_text(struct reading *j, enum b03_field f, char *ret, size_t cap)
{
	const struct field_value *v = given(j, f, true);
	if (v != NULL && v->text.len >= cap)
		wrong(j, f, B03_VALUE);
	else if (v != NULL)
		(void)snprintf(ret, cap, "%.*s", (int)v->text.len, (const char *)v->text.ptr);
}

static void read_code(struct reading *j, enum b03_field f, char *ret, size_t cap)
{
	const struct field_value *v = given(j, f, false);
	if (v != NULL && strlen(v->code->code) >= cap)
		wrong(j, f, B03_VALUE);
	else if (v != NULL)
		(void)snprintf(ret, cap, "%s", v->code->code);
}

static void read_day(struct reading *j, enum b03_field f, int64_t *ret)
{
	const struct field_value *v = given(j, f, false);
	if (v != NULL)
		*ret = v->day;
}

/* --- the person --- */

/* The type of document that the number belongs to is said: which one to choose. */
static void read_pair(struct reading *j)
{
	struct b03 *b = j->b;
	if (b->id_type[0] == 0)
		return;
	enum err e = ident_document_check(b->id_type, b->id_number);
	if (e == ERR_FIELD_VALUE) /* passports and the like */
		fault_add(j->out, j->row->no, B03_ID_TYPE, B03_VALUE, "该类证件请到窗口办理");
	else if (e != ERR_OK)
		fault_add(j->out, j->row->no, B03_ID_TYPE, B03_ID_PAIR, "%s，%s", err_zh(e), err_remedy(e));
	err_clear();
}

static void read_id(struct reading *j)
{
	struct b03 *b = j->b;
	const struct field_value *v = &j->row->values.v[j->r->service->bound[B03_ID_NUMBER]];
	read_code(j, B03_ID_TYPE, b->id_type, sizeof(b->id_type));
	if (v->state == FIELD_EMPTY) {
		(void)given(j, B03_ID_NUMBER, false);
		return;
	}
	if (v->state != FIELD_GOOD) {
		/* A number of a document that nobody here can read is no wrong number: the type is the fault. */
		if (!fault_has(j->out, B03_ID_TYPE))
			wrong(j, B03_ID_NUMBER, B03_ID_WRONG);
		return;
	}
	(void)snprintf(b->id_number, sizeof(b->id_number), "%.*s", (int)v->text.len, (const char *)v->text.ptr);
	read_pair(j);
	if (ident_tells_birth(b->id_number) && day_parse(span_of(b->id_number + 6, 8), &b->birth) != ERR_OK)
		wrong(j, B03_ID_NUMBER, B03_ID_WRONG);
}

/* Where the permanent residence card says them is not confirmed: they are typed from the card. */
static void read_foreign(struct reading *j, const char *gender, int64_t birth)
{
	static const enum b03_field both[] = {B03_GENDER, B03_BIRTH};
	struct b03 *b = j->b;
	(void)snprintf(b->gender, sizeof(b->gender), "%.1s", gender);
	b->birth = birth;
	for (size_t i = 0; i < COUNT_OF(both); i++)
		if ((i == 0 ? gender[0] == 0 : birth == 0) && !fault_has(j->out, both[i]))
			fault_add(j->out, j->row->no, both[i], B03_MISSING, "持外国人永久居留身份证的，%s须填写",
			          label(j, both[i]));
	if (birth > j->r->now)
		fault_add(j->out, j->row->no, B03_BIRTH, B03_VALUE, "出生日期晚于今天");
}

/* Gender and birthday may be left out; given, they must agree with the number. */
static void read_agreeing(struct reading *j)
{
	struct b03 *b = j->b;
	char gender[2] = "";
	int64_t birth = 0;
	read_code(j, B03_GENDER, gender, sizeof(gender));
	read_day(j, B03_BIRTH, &birth);
	if (b->id_number[0] == 0)
		return;
	if (!ident_tells_birth(b->id_number)) {
		read_foreign(j, gender, birth);
		return;
	}
	(void)snprintf(b->gender, sizeof(b->gender), "%s", (b->id_number[16] - '0') % 2 ? "1" : "2");
	if (gender[0] != 0 && strcmp(gender, b->gender) != 0)
		fault_add(j->out, j->row->no, B03_GENDER, B03_ID_DISAGREE, "性别");
	if (birth != 0 && birth != b->birth)
		fault_add(j->out, j->row->no, B03_BIRTH, B03_ID_DISAGREE, "出生日期");
}

static void read_mobile(struct reading *j)
{
	const struct field_value *v = given(j, B03_MOBILE, false);
	if (v != NULL)
		(void)snprintf(j->b->mobile, sizeof(j->b->mobile), "%.*s", (int)v->text.len, (const char *)v->text.ptr);
}

/* --- enrolment, contract, work --- */

/* Bits of the definition's list as bits of the tables. */
static void read_ins(struct reading *j)
{
	const struct field_value *v = given(j, B03_INS, false);
	const struct service_list *l = b03_field(j->r->service, B03_INS)->list;
	for (size_t i = 0; v != NULL && i < l->n; i++) {
		int ins = (v->codes & UINT64_C(1) << i) != 0 ? tables_ins(j->r->tables, l->v[i].code) : -1;
		if (ins >= 0)
			j->b->ins |= 1u << ins;
	}
}

static void read_month(struct reading *j)
{
	const struct field_value *v = given(j, B03_START_MONTH, false);
	if (v != NULL)
		j->b->start_month = v->month;
}

static void read_post(struct reading *j)
{
	struct b03 *b = j->b;
	char class[2] = "", special[2] = "0";
	read_text(j, B03_POST, b->post, sizeof(b->post));
	read_code(j, B03_POST_CLASS, class, sizeof(class));
	read_code(j, B03_SPECIAL_JOB, special, sizeof(special));
	b->special_job = special[0] == '1';
	bool woman = b->gender[0] == '2';
	b->retire_class = !woman ? RETIRE_M60 : class[0] == '1' ? RETIRE_F55 : RETIRE_F50;
	if (woman && class[0] == 0 && !fault_has(j->out, B03_POST_CLASS))
		fault_add(j->out, j->row->no, B03_POST_CLASS, B03_MISSING, "女职工须填写岗位类别");
}

static void read_wage(struct reading *j)
{
	const struct field_value *v = given(j, B03_WAGE, false);
	j->b->wage_fen = v != NULL ? v->number : -1;
}

void b03_read(const struct b03_rules *r, const struct b03_row *row, struct b03 *b, struct b03_faults *out)
{
	struct reading j = {r, row, b, out};
	b->no = row->no;
	read_text(&j, B03_NAME, b->name, sizeof(b->name));
	read_id(&j);
	read_agreeing(&j);
	read_code(&j, B03_ETHNIC, b->ethnic, sizeof(b->ethnic));
	read_mobile(&j);
	read_code(&j, B03_ENROL_TYPE, b->enrol_type, sizeof(b->enrol_type));
	read_ins(&j);
	read_month(&j);
	read_day(&j, B03_HIRE_DATE, &b->hire_date);
	read_code(&j, B03_CONTRACT_TYPE, b->contract_type, sizeof(b->contract_type));
	read_day(&j, B03_CONTRACT_FROM, &b->contract_from);
	read_day(&j, B03_CONTRACT_TO, &b->contract_to);
	read_code(&j, B03_EMPLOY_FORM, b->employ_form, sizeof(b->employ_form));
	read_post(&j);
	read_wage(&j);
	read_code(&j, B03_HUKOU_TYPE, b->hukou_type, sizeof(b->hukou_type));
	read_text(&j, B03_HUKOU_ADDR, b->hukou_addr, sizeof(b->hukou_addr));
	read_text(&j, B03_LIVE_ADDR, b->live_addr, sizeof(b->live_addr));
	read_text(&j, B03_REMARK, b->remark, sizeof(b->remark));
}
