#include "evidence/describe.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

/* --- tables: a new type or kind is a row --- */

/* In what: {key} is the value, {#key} how often a repeated key comes. A value of "-" is left out. */
static const struct type_words {
	const char *type, *role, *what;
} types[] = {
	{"LOGIN", NULL, "登录 {origin}"},
	{"CERT-ACCEPT", "受理员", "受理 {unit-name} {holder} 的数字证书申请，有效期 {days} 天"},
	{"CERT-APPROVE", "审核员", "审核同意 {unit-name} {holder} 的数字证书申请，有效期 {days} 天"},
	{"CERT-MAKE", "制证员", "把证书制入介质 {card}"},
	{"CERT-RENEW", NULL, "更新证书 {serial}，介质 {card}，有效期 {days} 天"},
	{"CERT-REVOKE", NULL, "吊销证书 {serial}，原因：{reason}"},
	{"CERT-SUSPEND", NULL, "冻结证书 {serial}，原因：{reason}"},
	{"CERT-RELEASE", NULL, "解冻证书 {serial}"},
	{"ROSTER", "安全管理员", "确认第 {number} 期岗位名册，共 {#entry} 人"},
	{"STOCK", NULL, "{#card} 个证书介质入库"},
	{"FILING-SUBMIT", NULL, "申报“{matter}”，申报编号 {filing} 第 {version} 版，{unit-name}，共 {#row} 行"},
	{"FILING-CORRECT", NULL,
         "更正申报 {corrects}：“{matter}”，申报编号 {filing} 第 {version} 版，{unit-name}，共 {#row} 行"},
	{"FILING-SUBMIT-WIDE", NULL, "申报“{matter}”，申报编号 {filing} 第 {version} 版，{unit-name}，共 {#row} 行"},
	{"FILING-CORRECT-WIDE", NULL,
         "更正申报 {corrects}：“{matter}”，申报编号 {filing} 第 {version} 版，{unit-name}，共 {#row} 行"},
	{"FILING-WITHDRAW", NULL, "取消申报 {filing} 第 {version} 版，原因：{reason}"},
	{"CERT-RETURN", NULL, "退回 {holder} 的证书申请 {case} 第 {version} 版补正，原因：{reason}"},
	{"CERT-REFUSE", "受理员", "不予受理 {holder} 的证书申请 {case} 第 {version} 版，原因：{reason}"},
	{"FILING-ACCEPT", "受理员", "受理申报，同批 {#item} 件，意见：{opinion}"},
	{"FILING-APPROVE", "审核员", "审核通过申报，同批 {#item} 件，意见：{opinion}"},
	{"FILING-RETURN", NULL, "退回申报 {filing} 第 {version} 版“{matter}”补正，共 {#defect} 项，最迟 {until}"},
	{"FILING-REFUSE", NULL, "不予受理申报 {filing} 第 {version} 版“{matter}”，原因：{reason}"},
};

static const struct {
	const char *profile, *role;
} roles[] = {
	{"unit-sign", "单位经办人"},
	{"unit-member-sign", "单位经办人"},
	{"person-sign", "个人"},
	{"staff-sign", "工作人员"},
};

static const struct {
	const char *kind, *zh;
} kinds[] = {
	{"CERT-OPEN", "登记证书申请"},
	{"CERT-REVISE", "修改证书申请"},
	{"CERT-RETURN", "退回证书申请"},
	{"CERT-REFUSE", "不予办理证书"},
	{"CERT-VOID", "证书申请自动作废"},
	{"CERT-BORN", "介质内生成密钥"},
	{"CERT-ISSUE", "签发证书"},
	{"CERT-INSTALLED", "证书写入介质"},
	{"FILING-SAVE", "保存申报草稿"},
	{"FILING-RULE", "申报按规则办理"},
	{"BILL-RUN", "生成月度账单"},
	{"BILL-APPROVE", "确认月度账单"},
	{"LOGIN", "登录"},
	{"JOURNAL", "签发日志"},
	{"LOG-ADOPT", "原有数据纳入日志"},
	{"CASE-LOOK", "查看证书申请"},
	{"CASE-TIMER", "证书申请到期处理"},
	{"UNIT-INSURANCE", "登记单位参保"},
	{"ACCOUNT-PUT", "登记账号"},
	{"ACCOUNT-FREEZE", "停用账号"},
	{"ACCOUNT-UNFREEZE", "恢复账号"},
	{"ACCOUNT-PASSWORD", "修改登录密码"},
};

/* Who, when nobody signed. The rest of the name is shown only where it names a person. */
static const struct {
	const char *prefix, *zh;
	bool rest;
} makers[] = {
	{"session:", "已登录的用户 ", true},
	{"service:signer", "签发服务", false},
	{"service:register", "登记数据服务", false},
	{"signer:journal", "签发服务的日志", false},
	{"migration:", "数据升级", false},
	{"accept-on-review", "随审核一并受理的规则", false},
	{"corrected-by-", "另件更正办结的规则", false},
	{"void-not-corrected", "逾期未补正作废的规则", false},
	{"void-draft-too-old", "草稿逾期未申报作废的规则", false},
	{"timer:void-not-corrected", "逾期未补正作废的规则", false},
	{"timer:void-draft-too-old", "草稿逾期未办理作废的规则", false},
	{"timer:case-days", "证书申请期限的规则", false},
	{"timer:month-run", "月度结算的规则", false},
	{"timer:", "到期规则", false},
};

static const struct type_words *words_of(const struct verify_act *a)
{
	for (size_t i = 0; a->statement != NULL && i < COUNT_OF(types); i++)
		if (strcmp(types[i].type, statement_type(a->statement)) == 0)
			return &types[i];
	return NULL;
}

/* --- the sentence --- */

static void put_value(const struct statement *s, const char *key, struct buf *out)
{
	const char *value = statement_get(s, key);

	if (strcmp(value, "-") != 0)
		buf_str(out, value);
	else if (strcmp(key, "opinion") == 0 || strcmp(key, "reason") == 0)
		buf_str(out, "无");
}

static void put_words(const struct statement *s, const char *what, struct buf *out)
{
	char key[32];

	while (*what) {
		size_t plain = strcspn(what, "{"), len = 0;
		buf_put(out, span_of(what, plain));
		what += plain;
		if (!*what)
			break;
		len = strcspn(what, "}");
		INVARIANT(what[len] == '}' && len < sizeof(key));
		(void)snprintf(key, sizeof(key), "%.*s", (int)(len - 1), what + 1);
		if (key[0] == '#')
			buf_printf(out, "%zu", statement_count(s, key + 1));
		else
			put_value(s, key, out);
		what += len + 1;
	}
}

/* --- exported --- */

const char *describe_title(const struct verify_act *a)
{
	if (a->statement != NULL) {
		const char *zh = statement_type_zh(statement_type(a->statement));
		return zh != NULL ? zh : statement_type(a->statement);
	}
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (span_eq_str(a->raw->kind, kinds[i].kind))
			return kinds[i].zh;
	return "系统记录";
}

const char *describe_role(const struct verify_act *a)
{
	const struct type_words *w = words_of(a);

	if (a->cert == NULL)
		return span_starts(a->raw->rule, SPAN_LIT("session:")) ? "工作人员" : "系统";
	if (w != NULL && w->role != NULL)
		return w->role;
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if (strcmp(roles[i].profile, cert_profile(a->cert)) == 0)
			return roles[i].role;
	return cert_profile(a->cert);
}

void describe_who(const struct verify_act *a, struct buf *out)
{
	struct span rule = a->raw->rule;

	if (a->cert != NULL) {
		buf_printf(out, "%s(%s%s%s)", cert_common_name(a->cert), cert_org(a->cert),
		           cert_org(a->cert)[0] ? "," : "", cert_person_id(a->cert));
		return;
	}
	for (size_t i = 0; i < COUNT_OF(makers); i++) {
		size_t len = strlen(makers[i].prefix);
		if (!span_starts(rule, span_of(makers[i].prefix, len)))
			continue;
		buf_str(out, makers[i].zh);
		if (makers[i].rest)
			buf_put(out, span_sub(rule, len, rule.len - len));
		return;
	}
	buf_str(out, "系统规则");
}

void describe_what(const struct verify_act *a, struct buf *out)
{
	const struct type_words *w = words_of(a);

	if (w != NULL)
		put_words(a->statement, w->what, out);
	else
		buf_str(out, describe_title(a));
}

void describe_status(const struct verify_act *a, struct buf *out)
{
	if (a->cert == NULL)
		return;
	buf_str(out, "当时有效");
	if (a->status.state != OCSP_REVOKED)
		return;
	buf_str(out, "；其后于 ");
	text_time_cn(out, a->status.revoked_at);
	buf_str(out, a->status.reason == CRL_HOLD ? " 冻结" : " 吊销");
	buf_str(out, "，在签名之后，不影响本项");
}

void describe_step(const struct verify_act *a, struct buf *out)
{
	describe_who(a, out);
	buf_str(out, "于 ");
	text_time_cn(out, a->raw->time);
	if (a->cert != NULL) {
		buf_printf(out, " 签名，证书 %s ", cert_serial(a->cert));
		describe_status(a, out);
	} else {
		buf_printf(out, " 记录“%s”", describe_title(a));
	}
	buf_printf(out, "；日志第 %llu 项", (unsigned long long)a->raw->index);
}

void describe_text(const struct verify_act *a, size_t max, struct buf *out, bool *ret_cut)
{
	struct span text = a->raw->statement;

	*ret_cut = text.len > max;
	if (!text_is_utf8(text)) {
		buf_printf(out, "（%zu 字节，不是文字）", text.len);
		*ret_cut = false;
		return;
	}
	if (text.len > max)
		for (text.len = max; text.len > 0 && (text.ptr[text.len] & 0xC0) == 0x80; text.len--)
			;
	buf_put(out, text);
}

const char *describe_matter(const struct verify_act *first)
{
	if (span_starts(first->raw->kind, SPAN_LIT("CERT-")))
		return "数字证书业务";
	return span_starts(first->raw->kind, SPAN_LIT("FILING-")) ? "业务申报" : "其他记录";
}
