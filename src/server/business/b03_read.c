/* Each field on its own, as it stands in the filing: looked up in its code list, read as a day, a month, an amount. */
#include "server/business/b03_i.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

enum { NAME_CHARS_MIN = 2, NAME_CHARS_MAX = 50 };

struct reading {
	const struct b03_rules *r;
	const struct b03_row *row;
	struct b03 *b;
	struct b03_faults *out;
	int month; /* for dated code lists */
};

/* --- texts: they are as the filer signed them, byte for byte; nothing is folded here --- */

/* Not given: a fault when the field is required or spoilt. */
static bool given(struct reading *j, enum b03_field f, struct span *ret_s)
{
	if (j->row->has_bad[f]) {
		fault_add(j->out, j->row->no, f, j->row->bad[f], "%s", b03_field_zh(f));
		return false;
	}
	*ret_s = j->row->text[f];
	if (ret_s->len > 0)
		return true;
	if (b03_field_required(f))
		fault_add(j->out, j->row->no, f, B03_MISSING, "%s", b03_field_zh(f));
	return false;
}

static void wrong(struct reading *j, enum b03_field f, enum b03_code c)
{
	err_clear();
	fault_add(j->out, j->row->no, f, c, "%s", b03_field_zh(f));
}

static void read_text(struct reading *j, enum b03_field f, char *ret, size_t cap)
{
	struct span s;
	if (!given(j, f, &s))
		return;
	if (s.len >= cap || !text_is_utf8(s) || text_chars(s) > B03_TEXT_CHARS || text_line_check(s) != ERR_OK) {
		wrong(j, f, B03_VALUE);
		return;
	}
	memcpy(ret, s.ptr, s.len);
	ret[s.len] = 0;
}

static bool has_digit(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] >= '0' && s.ptr[i] <= '9')
			return true;
	return false;
}

static void read_name(struct reading *j)
{
	struct span s;
	if (!given(j, B03_NAME, &s))
		return;
	size_t chars = text_is_utf8(s) ? text_chars(s) : 0;
	if (chars < NAME_CHARS_MIN || chars > NAME_CHARS_MAX || s.len >= sizeof(j->b->name) || has_digit(s) ||
	    text_line_check(s) != ERR_OK) {
		wrong(j, B03_NAME, B03_VALUE);
		return;
	}
	memcpy(j->b->name, s.ptr, s.len);
	j->b->name[s.len] = 0;
}

/* --- codes, numbers, days --- */

static void read_code(struct reading *j, enum b03_field f, const char *list, const char *otherwise, char *ret,
                      size_t cap)
{
	struct span s;
	if (!given(j, f, &s)) {
		if (!j->row->has_bad[f])
			(void)snprintf(ret, cap, "%s", otherwise);
		return;
	}
	const struct code_row *c = tables_code_any(j->r->tables, list, s, j->month);
	size_t len = c != NULL ? strlen(c->code) : cap;
	if (len >= cap)
		wrong(j, f, B03_VALUE);
	else
		memcpy(ret, c->code, len + 1);
}

static void read_day(struct reading *j, enum b03_field f, int64_t *ret)
{
	struct span s;
	if (given(j, f, &s) && day_parse(s, ret) != ERR_OK)
		wrong(j, f, B03_VALUE);
}

/* The type of document that the number belongs to is said: which one to choose. */
static void read_pair(struct reading *j)
{
	struct b03 *b = j->b;
	if (b->id_type[0] == 0 || b->id_number[0] == 0)
		return;
	enum err e = ident_document_check(b->id_type, b->id_number);
	if (e == ERR_FIELD_VALUE)
		fault_add(j->out, j->row->no, B03_ID_TYPE, B03_VALUE,
		          "该类证件请到窗口办理"); /* passports and the like */
	else if (e != ERR_OK)
		fault_add(j->out, j->row->no, B03_ID_TYPE, B03_ID_PAIR, "%s，%s", err_zh(e), err_remedy(e));
	err_clear();
}

/* A number of a document that nobody here can read is no wrong number: the type is the fault. */
static void wrong_number(struct reading *j)
{
	err_clear();
	if (fault_has(j->out, B03_ID_TYPE))
		return;
	if (ident_document_check(j->b->id_type, "") == ERR_FIELD_VALUE)
		fault_add(j->out, j->row->no, B03_ID_TYPE, B03_VALUE, "该类证件请到窗口办理");
	else
		wrong(j, B03_ID_NUMBER, B03_ID_WRONG);
	err_clear();
}

static void read_id(struct reading *j)
{
	struct b03 *b = j->b;
	struct span s;
	char id[ID_NUMBER_LEN + 1];
	read_code(j, B03_ID_TYPE, "id_type", "01", b->id_type, sizeof(b->id_type));
	if (!given(j, B03_ID_NUMBER, &s))
		return;
	if (ident_id_number(s, j->r->now, id) != ERR_OK || !span_eq_str(s, id)) {
		wrong_number(j);
		return;
	}
	memcpy(b->id_number, id, sizeof(id));
	read_pair(j);
	if (ident_tells_birth(id) && day_parse(span_of(id + 6, 8), &b->birth) != ERR_OK)
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
			          b03_field_zh(both[i]));
	if (birth > j->r->now)
		fault_add(j->out, j->row->no, B03_BIRTH, B03_VALUE, "出生日期晚于今天");
}

/* Gender and birthday may be left out; given, they must agree with the number. */
static void read_agreeing(struct reading *j)
{
	struct b03 *b = j->b;
	char gender[2] = "";
	int64_t birth = 0;
	read_code(j, B03_GENDER, "gender", "", gender, sizeof(gender));
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
	struct span s;
	char mobile[MOBILE_LEN + 1];
	if (!given(j, B03_MOBILE, &s))
		return;
	if (ident_mobile(s, mobile) != ERR_OK || !span_eq_str(s, mobile))
		wrong(j, B03_MOBILE, B03_VALUE);
	else
		memcpy(j->b->mobile, mobile, sizeof(mobile));
}

static void read_month(struct reading *j)
{
	struct span s;
	int64_t day = 0;
	if (!given(j, B03_START_MONTH, &s) || month_parse(s, &j->b->start_month) == ERR_OK)
		return;
	err_clear();
	/* A cell formatted as a date shows a month and holds its first day. */
	if (day_parse(s, &day) == ERR_OK && month_day(day) == 1)
		j->b->start_month = month_of(day);
	else
		wrong(j, B03_START_MONTH, B03_VALUE);
}

static void read_wage(struct reading *j)
{
	struct span s;
	j->b->wage_fen = -1;
	if (!given(j, B03_WAGE, &s)) {
		if (!j->row->has_bad[B03_WAGE])
			fault_add(j->out, j->row->no, B03_WAGE, B03_WAGE_WRONG, "未填写");
		return;
	}
	enum err e = money_parse(s, &j->b->wage_fen);
	err_clear();
	if (e != ERR_OK)
		fault_add(j->out, j->row->no, B03_WAGE, B03_WAGE_WRONG, "%s",
		          e == ERR_LIMIT ? "金额超过上限" : "不是金额");
}

/* --- insurances --- */

static size_t separator_at(struct span s)
{
	static const char *const seps[] = {" ",
	                                   "\t",
	                                   "\n",
	                                   "\r",
	                                   "\xe3\x80\x80",
	                                   "\xc2\xa0",
	                                   ",",
	                                   "\xef\xbc\x8c",
	                                   "\xe3\x80\x81",
	                                   ";",
	                                   "\xef\xbc\x9b",
	                                   "/",
	                                   "+",
	                                   "|"};
	for (size_t i = 0; i < COUNT_OF(seps); i++)
		if (span_starts(s, span_str(seps[i])))
			return strlen(seps[i]);
	return 0;
}

static int ins_named(const struct tables *t, struct span name)
{
	for (size_t i = 0; i < t->n_ins; i++) {
		const struct insurance *v = &t->ins[i];
		bool same = span_eq_str(name, v->code) || span_eq_str(name, v->brief) || span_eq_str(name, v->zh);
		struct span brief = span_str(v->brief);
		/* "养老保险" for 养老. */
		same = same || (name.len == brief.len + 6 && span_starts(name, brief) &&
		                span_eq(span_sub(name, brief.len, 6), SPAN_LIT("保险")));
		if (same && v->enabled)
			return (int)i;
	}
	return -1;
}

unsigned b03_ins_parse(const struct tables *t, struct span text, struct span *ret_bad)
{
	unsigned mask = 0;
	struct span s = text;
	while (s.len > 0) {
		size_t n = 0;
		while (n < s.len && separator_at(span_sub(s, n, s.len)) == 0)
			n++;
		struct span word = span_sub(s, 0, n);
		s = span_sub(s, n + separator_at(span_sub(s, n, s.len)), s.len);
		if (word.len == 0)
			continue;
		int ins = ins_named(t, word);
		if (ins < 0) {
			*ret_bad = word;
			return 0;
		}
		mask |= 1u << ins;
	}
	return mask;
}

static void read_ins(struct reading *j)
{
	struct span s, bad = SPAN_EMPTY;
	if (!given(j, B03_INS, &s))
		return;
	j->b->ins = b03_ins_parse(j->r->tables, s, &bad);
	if (j->b->ins == 0)
		fault_add(j->out, j->row->no, B03_INS, B03_VALUE, "参保险种");
}

static void read_contract(struct reading *j)
{
	struct b03 *b = j->b;
	read_code(j, B03_CONTRACT_TYPE, "contract_type", "", b->contract_type, sizeof(b->contract_type));
	read_day(j, B03_CONTRACT_FROM, &b->contract_from);
	read_day(j, B03_CONTRACT_TO, &b->contract_to);
	if (b->contract_type[0] == 0 && !fault_has(j->out, B03_CONTRACT_TYPE))
		fault_add(j->out, j->row->no, B03_CONTRACT_TYPE, B03_CONTRACT, "未填写合同类型");
}

static void read_post(struct reading *j)
{
	struct b03 *b = j->b;
	char class[2] = "", special[2] = "0";
	read_text(j, B03_POST, b->post, sizeof(b->post));
	read_code(j, B03_POST_CLASS, "post_class", "", class, sizeof(class));
	read_code(j, B03_SPECIAL_JOB, "yes_no", "0", special, sizeof(special));
	b->special_job = special[0] == '1';
	bool woman = b->gender[0] == '2';
	b->retire_class = !woman ? RETIRE_M60 : class[0] == '1' ? RETIRE_F55 : RETIRE_F50;
	if (woman && class[0] == 0 && !fault_has(j->out, B03_POST_CLASS))
		fault_add(j->out, j->row->no, B03_POST_CLASS, B03_MISSING, "女职工须填写岗位类别");
}

static void read_unit_no(struct reading *j)
{
	struct span s;
	if (given(j, B03_UNIT_NO, &s) && !span_eq_str(s, j->r->unit_no))
		fault_add(j->out, j->row->no, B03_UNIT_NO, B03_OTHER_UNIT, "单位编号不是本单位");
}

void b03_read(const struct b03_rules *r, const struct b03_row *row, struct b03 *b, struct b03_faults *out)
{
	struct reading j = {r, row, b, out, month_of(r->now)};
	b->no = row->no;
	read_name(&j);
	read_id(&j);
	read_agreeing(&j);
	read_code(&j, B03_ETHNIC, "ethnic", "", b->ethnic, sizeof(b->ethnic));
	read_mobile(&j);
	read_code(&j, B03_ENROL_TYPE, "enrol_type", "", b->enrol_type, sizeof(b->enrol_type));
	read_ins(&j);
	read_month(&j);
	read_day(&j, B03_HIRE_DATE, &b->hire_date);
	read_contract(&j);
	read_code(&j, B03_EMPLOY_FORM, "employ_form", "01", b->employ_form, sizeof(b->employ_form));
	read_post(&j);
	read_wage(&j);
	read_code(&j, B03_HUKOU_TYPE, "hukou_type", "", b->hukou_type, sizeof(b->hukou_type));
	read_text(&j, B03_HUKOU_ADDR, b->hukou_addr, sizeof(b->hukou_addr));
	read_text(&j, B03_LIVE_ADDR, b->live_addr, sizeof(b->live_addr));
	read_text(&j, B03_REMARK, b->remark, sizeof(b->remark));
	read_unit_no(&j);
}
