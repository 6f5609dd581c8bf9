/* Who may do what with a case: role, distinct persons, state; and what an officer is offered. */
#include "server/cert/case_i.h"
#include <stdio.h>
#include <string.h>

/* Sending back belongs to review and making; asking the signer again to making, like all that comes after it. */
static bool role_may(const struct case_rules *r, enum case_act_kind act, const char *role)
{
	if (act == CACT_RETURN)
		return case_role_is(r, "approve", role) || case_role_is(r, "make", role);
	return case_role_is(r, act == CACT_ISSUE ? "make" : case_act_rule(act)->step, role);
}

enum err case_role_check(const struct desk *d, enum case_act_kind act, const struct officer *by)
{
	const struct case_rules *r;
	TRY(case_rules_of(d, &r));
	return role_may(r, act, by->role) ? ERR_OK
	                                  : ERR(ROLE, "%s is not for the role %s", case_act_rule(act)->log, by->role);
}

static enum err persons_check(const struct desk *d, const struct cert_case *c, enum case_act_kind act,
                              const char *person)
{
	bool makes = act == CACT_MAKE || act == CACT_BORN;
	if ((act == CACT_APPROVE || act == CACT_RETURN) && strcmp(c->clerk, person) == 0)
		return ERR(SAME_PERSON, "acceptance and review");
	if (makes && strcmp(c->reviewer, person) == 0)
		return ERR(SAME_PERSON, "review and making");
	if (makes && !d->maker_may_accept && strcmp(c->clerk, person) == 0)
		return ERR(SAME_PERSON, "acceptance and making");
	return ERR_OK;
}

/* A maker sends back only what has come to him. */
static enum err turn_of_role(const struct desk *d, const struct cert_case *c, enum case_act_kind act,
                             const struct officer *by)
{
	const struct case_rules *r;
	TRY(case_rules_of(d, &r));
	if (act == CACT_RETURN && c->state == CASE_ACCEPTED && !case_role_is(r, "approve", by->role))
		return ERR(ROLE, "%s waits for its review", c->no);
	return ERR_OK;
}

enum err case_may(const struct desk *d, const struct cert_case *c, enum case_act_kind act, const struct officer *by,
                  enum case_state *ret_to)
{
	TRY(case_role_check(d, act, by));
	TRY(persons_check(d, c, act, by->person_id));
	TRY(turn_of_role(d, c, act, by));
	return case_turn(c, act, ret_to);
}

/* --- offers --- */

enum { ROLES_MAX = 3, ROLE_LEN = 16 };

/* "clerk,maker" in parts, as the definition's own texts; what it does not know is left out. */
static size_t split(const struct case_rules *r, const char *roles, const char *ret_roles[ROLES_MAX])
{
	struct span rest = span_str(roles), part;
	size_t n = 0;
	for (bool more = true; more && n < ROLES_MAX;) {
		more = span_take_until(&rest, ',', &part);
		for (size_t i = 0; i < CASE_STEPS; i++)
			if (span_eq_str(more ? part : rest, r->steps[i].role)) {
				ret_roles[n++] = r->steps[i].role;
				break;
			}
	}
	return n;
}

static const char *label_of(const struct case_rules *r, enum case_act_kind act)
{
	const struct case_step_rule *s = case_step_of(r, case_act_rule(act)->step);
	return s != NULL ? s->label : "";
}

enum err case_offers(const struct desk *d, const struct cert_case *c, const char *person_id, const char *roles,
                     struct case_offer ret_offers[CASE_OFFERS_MAX], size_t *ret_n)
{
	static const enum case_act_kind acts[] = {CACT_ACCEPT,  CACT_APPROVE, CACT_MAKE,   CACT_BORN,  CACT_ISSUE,
	                                          CACT_INSTALL, CACT_RETURN,  CACT_REVISE, CACT_REFUSE};
	const struct case_rules *r;
	const char *his[ROLES_MAX];
	enum case_state to;
	size_t n = 0;
	TRY(case_rules_of(d, &r));
	size_t n_roles = split(r, roles, his);
	for (size_t i = 0; i < COUNT_OF(acts); i++) {
		const struct case_act_rule *rule = case_act_rule(acts[i]);
		for (size_t k = 0; k < n_roles; k++) {
			const struct officer by = {person_id, "", his[k], ""};
			if (case_may(d, c, acts[i], &by, &to) != ERR_OK)
				continue;
			ret_offers[n++] = (struct case_offer){rule->name, label_of(r, acts[i]), his[k], rule->is_signed,
			                                      acts[i] == CACT_RETURN || acts[i] == CACT_REFUSE};
			break;
		}
		err_clear();
	}
	*ret_n = n;
	return ERR_OK;
}

enum err case_act_of(const char *step, enum case_act_kind *ret_act)
{
	for (int i = 1; i < CACT_COUNT; i++)
		if (case_act_rule((enum case_act_kind)i)->by != CASE_BY_RULE &&
		    strcmp(case_act_rule((enum case_act_kind)i)->name, step) == 0) {
			*ret_act = (enum case_act_kind)i;
			return ERR_OK;
		}
	return ERR(FIELD_VALUE, "no such step");
}

enum err case_role_for(const struct desk *d, const struct cert_case *c, const char *step, const char *roles,
                       const char **ret_role)
{
	const struct case_rules *r;
	const char *his[ROLES_MAX];
	enum case_act_kind act;
	TRY(case_act_of(step, &act));
	TRY(case_rules_of(d, &r));
	size_t n = split(r, roles, his);
	for (size_t i = 0; i < n; i++) {
		const struct officer by = {"", "", his[i], ""};
		if (role_may(r, act, his[i]) && turn_of_role(d, c, act, &by) == ERR_OK) {
			err_clear();
			*ret_role = his[i];
			return ERR_OK;
		}
	}
	err_clear();
	return ERR(ROLE, "none of the roles %s is for the step", roles);
}
