/* What the newest roster says of the officer who is logged in: roles may have ended since he did. */
#include "server/portal/pages.h"
#include "server/portal/staff.h"

static enum err entry(struct web_req *rq, struct staff_entry *ret_e)
{
	enum err e = staff_entry_now(portal_of(rq), web_session_of(rq)->person_id, ret_e);
	return e == ERR_L_UNBOUND ? err_note(ERR_ROLE, "not on the roster") : e;
}

static enum err put_district(struct web_req *rq, const struct staff_entry *e, const char **ret_district)
{
	*ret_district = arena_str(web_arena(rq), span_str(e->district));
	return *ret_district != NULL ? ERR_OK : ERR(NOMEM, "district");
}

enum err roster_district(struct web_req *rq, unsigned role, const char **ret_district)
{
	struct staff_entry e;
	TRY(entry(rq, &e));
	return (e.roles & role) != 0 ? put_district(rq, &e, ret_district)
	                             : ERR(ROLE, "the roster does not give the role");
}

/* Roles of the session that the roster still gives. */
enum err roster_scope(struct web_req *rq, struct case_scope *ret_s)
{
	static const struct {
		unsigned bit;
		const char *name;
	} desk[] = {{ROLE_CLERK, "clerk"}, {ROLE_REVIEWER, "reviewer"}, {ROLE_MAKER, "maker"}};
	const struct web_session *s = web_session_of(rq);
	struct staff_entry e;
	const char *district, *roles = "";
	TRY(entry(rq, &e));
	TRY(put_district(rq, &e, &district));
	for (size_t i = 0; i < COUNT_OF(desk) && roles != NULL; i++)
		if ((e.roles & s->roles & desk[i].bit) != 0)
			roles = arena_printf(web_arena(rq), "%s%s%s", roles, roles[0] != 0 ? "," : "", desk[i].name);
	if (roles == NULL)
		return ERR(NOMEM, "roles");
	*ret_s = (struct case_scope){s->person_id, roles, district};
	return roles[0] != 0 ? ERR_OK : ERR(ROLE, "the roster gives no role at the desk");
}

enum err case_open_here(struct web_req *rq, struct cert_case *ret_c)
{
	struct case_scope s;
	TRY(roster_scope(rq, &s));
	return case_see(&portal_of(rq)->desk, web_param(rq, "no"), &s, ret_c);
}
