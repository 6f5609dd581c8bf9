/* States of a case and the table of transitions: what may happen to it, who does it, where it leads. The engine's own
 * table (server/filing/filing_state.c) has the same states where they correspond; docs/design/04-desk-case.md compares
 * them. */
#include "server/cert/case_i.h"
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *zh;
} state_text[CASE_STATE_COUNT] = {
	[CASE_DRAFT] = {"draft", "草稿"},           [CASE_ACCEPTED] = {"accepted", "待审核"},
	[CASE_APPROVED] = {"approved", "待制证"},   [CASE_MAKING] = {"making", "制证中"},
	[CASE_ISSUED] = {"issued", "已签发待写入"}, [CASE_DONE] = {"done", "办结"},
	[CASE_RETURNED] = {"returned", "退回补正"}, [CASE_REFUSED] = {"refused", "不予受理"},
	[CASE_VOID] = {"void", "自动作废"},
};

static const struct case_act_rule acts[CACT_COUNT] = {
	[CACT_OPEN] = {"open", "CERT-OPEN", "accept", false, CASE_BY_OFFICER},
	[CACT_REVISE] = {"revise", "CERT-REVISE", "accept", false, CASE_BY_OFFICER},
	[CACT_ACCEPT] = {"accept", "CERT-ACCEPT", "accept", true, CASE_BY_OFFICER},
	[CACT_APPROVE] = {"approve", "CERT-APPROVE", "approve", true, CASE_BY_OFFICER},
	[CACT_BORN] = {"born", "CERT-BORN", "make", false, CASE_BY_OFFICER},
	[CACT_MAKE] = {"make", "CERT-MAKE", "make", true, CASE_BY_OFFICER},
	[CACT_ISSUE] = {"issue", "CERT-ISSUE", "", false, CASE_BY_SIGNER},
	[CACT_INSTALL] = {"install", "CERT-INSTALLED", "make", false, CASE_BY_OFFICER},
	[CACT_RETURN] = {"return", "CERT-RETURN", "", true, CASE_BY_OFFICER}, /* by the roles of approve and make */
	[CACT_REFUSE] = {"refuse", "CERT-REFUSE", "accept", true, CASE_BY_OFFICER},
	[CACT_EXPIRE] = {"expire", "CERT-VOID", "", false, CASE_BY_RULE},
};

static const struct {
	enum case_state from;
	enum case_act_kind act;
	enum case_state to;
} table[] = {
	{CASE_DRAFT, CACT_REVISE, CASE_DRAFT},
	{CASE_RETURNED, CACT_REVISE, CASE_DRAFT},
	{CASE_DRAFT, CACT_ACCEPT, CASE_ACCEPTED},
	{CASE_ACCEPTED, CACT_APPROVE, CASE_APPROVED},
	{CASE_APPROVED, CACT_BORN, CASE_MAKING},
	{CASE_MAKING, CACT_BORN, CASE_MAKING}, /* another card, while unsigned */
	{CASE_MAKING, CACT_MAKE, CASE_MAKING}, /* once: make_signed */
	{CASE_MAKING, CACT_ISSUE, CASE_ISSUED},
	{CASE_ISSUED, CACT_INSTALL, CASE_DONE},
	{CASE_ACCEPTED, CACT_RETURN, CASE_RETURNED},
	{CASE_APPROVED, CACT_RETURN, CASE_RETURNED},
	{CASE_MAKING, CACT_RETURN, CASE_RETURNED},
	{CASE_DRAFT, CACT_REFUSE, CASE_REFUSED},
	{CASE_RETURNED, CACT_REFUSE, CASE_REFUSED},
	{CASE_DRAFT, CACT_EXPIRE, CASE_VOID},
	{CASE_RETURNED, CACT_EXPIRE, CASE_VOID},
};

static bool state_ok(int s)
{
	return s >= CASE_DRAFT && s < CASE_STATE_COUNT;
}

const char *case_state_name(enum case_state s)
{
	return state_ok((int)s) ? state_text[s].name : "unknown";
}

const char *case_state_zh(enum case_state s)
{
	return state_ok((int)s) ? state_text[s].zh : "未知";
}

const struct case_act_rule *case_act_rule(enum case_act_kind act)
{
	INVARIANT(act > 0 && act < CACT_COUNT);
	return &acts[act];
}

bool case_next(enum case_state from, enum case_act_kind act, enum case_state *ret_to)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (table[i].from == from && table[i].act == act) {
			*ret_to = table[i].to;
			return true;
		}
	return false;
}

enum err case_turn(const struct cert_case *c, enum case_act_kind act, enum case_state *ret_to)
{
	if (!case_next(c->state, act, ret_to))
		return ERR(STATE, "%s while the case is %s", case_act_rule(act)->log, case_state_name(c->state));
	if (c->make_signed && (act == CACT_MAKE || act == CACT_BORN))
		return ERR(STATE, "making is signed already");
	if (!c->make_signed && act == CACT_ISSUE)
		return ERR(STATE, "making is not signed");
	return ERR_OK;
}

/* --- what the definition gives to these acts --- */

enum err case_rules_of(const struct desk *d, const struct case_rules **ret_r)
{
	if (d->rules == NULL)
		return ERR(CONFIG, "no definition of the desk case");
	*ret_r = d->rules;
	return ERR_OK;
}

const struct case_step_rule *case_step_of(const struct case_rules *r, const char *name)
{
	for (size_t i = 0; i < CASE_STEPS; i++)
		if (strcmp(r->steps[i].name, name) == 0)
			return &r->steps[i];
	return NULL;
}

bool case_role_is(const struct case_rules *r, const char *step, const char *role)
{
	const struct case_step_rule *s = case_step_of(r, step);
	return s != NULL && strcmp(s->role, role) == 0;
}

/* Sending back belongs to two steps; of those that wait for the review it is the reviewer's. */
static bool waits_for(const struct case_rules *r, enum case_act_kind act, const char *role)
{
	return acts[act].by == CASE_BY_OFFICER &&
	       case_role_is(r, act == CACT_RETURN ? "approve" : acts[act].step, role);
}

static unsigned states_for_one(const struct case_rules *r, struct span role)
{
	char name[32];
	unsigned states = 0;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(role.len < sizeof(name) ? role.len : 0),
	               (const char *)role.ptr);
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (waits_for(r, table[i].act, name))
			states |= 1u << table[i].from;
	return states;
}

unsigned case_states_for(const struct case_rules *r, const char *roles)
{
	struct span rest = span_str(roles), role;
	unsigned states = 0;
	while (span_take_until(&rest, ',', &role))
		states |= states_for_one(r, role);
	return states | states_for_one(r, rest);
}
