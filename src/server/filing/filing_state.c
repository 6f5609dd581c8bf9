/* The table of transitions: what may happen to a filing, to whom it belongs, where it leads. */
#include "server/filing/filing_i.h"

static const struct {
	const char *name, *zh;
} states[FILING_STATE_COUNT] = {
	[FILING_DRAFT] = {"draft", "草稿"},
	[FILING_SUBMITTED] = {"submitted", "已申报"},
	[FILING_ACCEPTED] = {"accepted", "已受理"},
	[FILING_REVIEW2] = {"review2", "待复审"},
	[FILING_DONE] = {"done", "办结"},
	[FILING_RETURNED] = {"returned", "退回补正"},
	[FILING_WITHDRAWN] = {"withdrawn", "已撤回"},
	[FILING_REFUSED] = {"refused", "不予受理"},
	[FILING_VOID] = {"void", "自动作废"},
	[FILING_CORRECTED] = {"corrected", "已更正"},
};
static const struct {
	const char *name, *zh;
} acts[FACT_COUNT] = {
	[FACT_SAVE] = {"save", "保存草稿"},         [FACT_SUBMIT] = {"submit", "签名申报"},
	[FACT_WITHDRAW] = {"withdraw", "取消申报"}, [FACT_ACCEPT] = {"accept", "受理"},
	[FACT_RETURN] = {"return", "退回补正"},     [FACT_APPROVE] = {"approve", "审核通过"},
	[FACT_REFUSE] = {"refuse", "不予受理"},     [FACT_EXPIRE] = {"expire", "逾期作废"},
	[FACT_CORRECT] = {"correct", "被更正"},
};

/* `more` is where it leads while review steps are left; 0: they do not matter. */
static const struct transition {
	enum filing_state from;
	enum filing_act_kind act;
	enum filing_by by;
	enum filing_state to, more;
} table[] = {
	{FILING_DRAFT, FACT_SAVE, BY_FILER, FILING_DRAFT, 0},
	{FILING_RETURNED, FACT_SAVE, BY_FILER, FILING_RETURNED, 0},
	{FILING_WITHDRAWN, FACT_SAVE, BY_FILER, FILING_WITHDRAWN, 0},
	{FILING_DRAFT, FACT_SUBMIT, BY_FILER, FILING_SUBMITTED, 0},
	{FILING_RETURNED, FACT_SUBMIT, BY_FILER, FILING_SUBMITTED, 0},
	{FILING_WITHDRAWN, FACT_SUBMIT, BY_FILER, FILING_SUBMITTED, 0},
	{FILING_SUBMITTED, FACT_WITHDRAW, BY_FILER, FILING_WITHDRAWN, 0},
	{FILING_SUBMITTED, FACT_ACCEPT, BY_OFFICER, FILING_ACCEPTED, 0},
	{FILING_SUBMITTED, FACT_REFUSE, BY_OFFICER, FILING_REFUSED, 0},
	{FILING_ACCEPTED, FACT_RETURN, BY_OFFICER, FILING_RETURNED, 0},
	{FILING_ACCEPTED, FACT_APPROVE, BY_OFFICER, FILING_DONE, FILING_REVIEW2},
	{FILING_REVIEW2, FACT_RETURN, BY_OFFICER, FILING_RETURNED, 0},
	{FILING_REVIEW2, FACT_APPROVE, BY_OFFICER, FILING_DONE, 0},
	{FILING_DRAFT, FACT_EXPIRE, BY_RULE, FILING_VOID, 0},
	{FILING_WITHDRAWN, FACT_EXPIRE, BY_RULE, FILING_VOID, 0},
	{FILING_RETURNED, FACT_EXPIRE, BY_RULE, FILING_VOID, 0},
	{FILING_DONE, FACT_CORRECT, BY_RULE, FILING_CORRECTED, 0},
};

bool filing_next(enum filing_state from, enum filing_act_kind act, size_t steps_left, enum filing_state *ret_to,
                 enum filing_by *ret_by)
{
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		if (table[i].from != from || table[i].act != act)
			continue;
		*ret_to = steps_left > 0 && table[i].more != 0 ? table[i].more : table[i].to;
		*ret_by = table[i].by;
		return true;
	}
	return false;
}

bool filing_act_by(enum filing_act_kind kind, enum filing_by *ret_by)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (table[i].act == kind) {
			*ret_by = table[i].by;
			return true;
		}
	return false;
}

const char *filing_state_name(enum filing_state s)
{
	return s >= FILING_DRAFT && s < FILING_STATE_COUNT ? states[s].name : "unknown";
}

const char *filing_state_zh(enum filing_state s)
{
	return s >= FILING_DRAFT && s < FILING_STATE_COUNT ? states[s].zh : "未知";
}

const char *filing_act_name(enum filing_act_kind a)
{
	return a >= FACT_SAVE && a < FACT_COUNT ? acts[a].name : "unknown";
}

const char *filing_act_zh(enum filing_act_kind a)
{
	return a >= FACT_SAVE && a < FACT_COUNT ? acts[a].zh : "未知";
}
