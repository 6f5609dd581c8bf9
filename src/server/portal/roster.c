/* What the newest roster says of the officer who is logged in: roles may have ended since he did. */
#include "server/portal/pages.h"
#include "evidence/statement.h"
#include <string.h>

/* "P000004 clerk,reviewer 430104" */
static enum err find(struct span roster, const char *person, struct arena *a, const char **ret_roles, const char **ret_district)
{
	AUTO(statement) s = NULL;
	TRY(statement_parse(roster, &s));
	for (size_t i = 0; i < statement_count(s, "entry"); i++) {
		struct span rest = span_str(statement_get_n(s, "entry", i)), id, roles;
		if (!span_take_until(&rest, ' ', &id) || !span_take_until(&rest, ' ', &roles) || !span_eq_str(id, person))
			continue;
		*ret_roles = arena_str(a, roles);
		*ret_district = arena_str(a, rest);
		return *ret_roles != NULL && *ret_district != NULL ? ERR_OK : ERR(NOMEM, "roster");
	}
	return ERR(ROLE, "not on the roster");
}

static enum err entry(struct web_req *rq, const char **ret_roles, const char **ret_district)
{
	const struct portal *p = portal_of(rq);
	AUTO_BUF(roster, STATEMENT_MAX);
	TRY(p->roster != NULL ? p->roster(p->roster_ctx, &roster) : signer_roster_text(p->signer, &roster));
	return find(buf_span(&roster), web_session_of(rq)->person_id, web_arena(rq), ret_roles, ret_district);
}

enum err roster_district(struct web_req *rq, unsigned role, const char **ret_district)
{
	const char *roles, *district;
	TRY(entry(rq, &roles, &district));
	if ((role_bits(roles) & role) == 0)
		return ERR(ROLE, "the roster does not give the role");
	*ret_district = district;
	return ERR_OK;
}

/* Roles of the session that the roster still gives. */
enum err roster_scope(struct web_req *rq, struct case_scope *ret_s)
{
	static const struct { unsigned bit; const char *name; } desk[] = {{ROLE_CLERK, "clerk"}, {ROLE_REVIEWER, "reviewer"}, {ROLE_MAKER, "maker"}};
	const struct web_session *s = web_session_of(rq);
	const char *roles, *district, *both = "";
	TRY(entry(rq, &roles, &district));
	unsigned bits = role_bits(roles) & s->roles;
	for (size_t i = 0; i < COUNT_OF(desk) && both != NULL; i++)
		if ((bits & desk[i].bit) != 0)
			both = arena_printf(web_arena(rq), "%s%s%s", both, both[0] != 0 ? "," : "", desk[i].name);
	if (both == NULL)
		return ERR(NOMEM, "roles");
	*ret_s = (struct case_scope){s->person_id, both, district};
	return both[0] != 0 ? ERR_OK : ERR(ROLE, "the roster gives no role at the desk");
}

enum err case_open_here(struct web_req *rq, struct cert_case *ret_c)
{
	struct case_scope s;
	TRY(roster_scope(rq, &s));
	return case_see(&portal_of(rq)->desk, web_param(rq, "no"), &s, ret_c);
}
