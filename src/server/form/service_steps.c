/* The steps of a definition and the groups of its form. */
#include "server/form/service_i.h"
#include "evidence/statement.h"
#include <string.h>

enum { DAYS_MAX = 400, GROUPS_MAX = 20 };

/* --- steps --- */

static bool role_known(const char *name)
{
	static const char *const roles[] = {"clerk", "reviewer", "maker"};
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if (strcmp(roles[i], name) == 0)
			return true;
	return false;
}

static enum err find_work(const struct reading *r, const struct where *at, const char *name, struct service_step *step)
{
	for (const struct service_registry *g = r->registry; g != NULL; g = g->next)
		for (const struct service_work *w = g->works; w != NULL && w->name != NULL; w++)
			if (strcmp(w->name, name) == 0) {
				step->work = w;
				return ERR_OK;
			}
	return read_bad(r, at, "work", "no work \"%s\"", name);
}

/* What a filing does when it is decided are its effects; a step of the desk has its work. */
static enum err read_work(const struct reading *r, const struct where *at, const json_t *v, bool own_engine,
                          struct service_step *step)
{
	const char *name;
	TRY(read_name(r, at, v, "work", false, &name));
	if (name[0] == 0)
		return ERR_OK;
	return own_engine ? find_work(r, at, name, step) : read_bad(r, at, "work", "a filing has effects");
}

/* Filings have the engine's own statements; a step of the desk names the one that the signer will ask for. */
static enum err read_statement(const struct reading *r, const struct where *at, const json_t *v, bool own_engine,
                               struct service_step *step)
{
	TRY(read_text(r, at, v, "statement", own_engine, &step->statement));
	if (step->statement[0] == 0)
		return ERR_OK;
	if (!own_engine)
		return read_bad(r, at, "statement", "a filing's statements are the engine's own");
	return statement_type_zh(step->statement) != NULL
	               ? ERR_OK
	               : read_bad(r, at, "statement", "no statement \"%s\"", step->statement);
}

static enum err read_step(const struct reading *r, const struct where *at, const json_t *v, bool own_engine,
                          struct service_step *step)
{
	static const char *const known[] = {"name",     "label", "hint",      "role", "days",
	                                    "distinct", "when",  "statement", "work", NULL};
	const char *when;
	int64_t days;
	TRY(read_members(r, at, v, known));
	TRY(read_name(r, at, v, "name", true, &step->name));
	TRY(read_text(r, at, v, "label", true, &step->label));
	TRY(read_text(r, at, v, "hint", false, &step->hint));
	TRY(read_name(r, at, v, "role", true, &step->role));
	if (!role_known(step->role))
		return read_bad(r, at, "role", "no role \"%s\"", step->role);
	TRY(read_int(r, at, v, "days", true, 1, DAYS_MAX, 0, &days));
	step->days = (int)days;
	TRY(read_bool(r, at, v, "distinct", &step->distinct));
	TRY(read_statement(r, at, v, own_engine, step));
	TRY(read_work(r, at, v, own_engine, step));
	TRY(read_name(r, at, v, "when", false, &when));
	step->when_asked = strcmp(when, "second-review") == 0;
	return when[0] == 0 || step->when_asked ? ERR_OK : read_bad(r, at, "when", "no condition \"%s\"", when);
}

enum err read_steps(const struct reading *r, const json_t *root, struct service *s)
{
	const json_t *all;
	const struct where at = {NULL, "steps", 0};
	TRY(read_array(r, NULL, root, "steps", s->own_engine ? SERVICE_STEPS_MAX : SERVICE_REVIEWS_MAX, &all));
	s->n_steps = json_array_size(all);
	if (s->n_steps == 0)
		return read_bad(r, NULL, "steps", "missing: somebody has to decide");
	for (size_t i = 0; i < s->n_steps; i++) {
		const struct where here = {&at, NULL, i};
		TRY(read_step(r, &here, json_array_get(all, i), s->own_engine, &s->steps[i]));
		for (size_t k = 0; k < i; k++)
			if (strcmp(s->steps[k].name, s->steps[i].name) == 0)
				return read_bad(r, &here, "name", "%s is there twice", s->steps[i].name);
	}
	return !s->steps[0].when_asked ? ERR_OK
	                               : read_bad(r, NULL, "steps[0].when", "the first step is never left out");
}

/* --- groups of the form --- */

static enum err read_group(const struct reading *r, const struct where *at, const json_t *v, struct service_group *g)
{
	static const char *const known[] = {"name", "label", "hint", NULL};
	TRY(read_members(r, at, v, known));
	TRY(read_name(r, at, v, "name", true, &g->name));
	TRY(read_text(r, at, v, "label", true, &g->label));
	return read_text(r, at, v, "hint", false, &g->hint);
}

static bool group_known(const struct service *s, const char *name)
{
	for (size_t i = 0; i < s->n_groups; i++)
		if (strcmp(s->groups[i].name, name) == 0)
			return true;
	return false;
}

/* A field outside of every group would not be on the form. */
static enum err groups_of_fields(const struct reading *r, const struct service *s)
{
	const struct where at = {NULL, "fields", 0};
	for (size_t i = 0; i < s->fields.n; i++) {
		const struct where here = {&at, NULL, i};
		const char *group = s->fields.v[i].group;
		if (group[0] == 0 && s->n_groups > 0)
			return read_bad(r, &here, "group", "missing: the form has groups");
		if (group[0] != 0 && !group_known(s, group))
			return read_bad(r, &here, "group", "no group \"%s\"", group);
	}
	const struct where rows = {NULL, "rows", 0}, in_rows = {&rows, "fields", 0};
	for (size_t i = 0; i < s->row_fields.n; i++) {
		const struct where here = {&in_rows, NULL, i};
		if (s->row_fields.v[i].group[0] != 0)
			return read_bad(r, &here, "group", "rows have no groups");
	}
	return ERR_OK;
}

enum err read_groups(const struct reading *r, const json_t *root, struct service *s)
{
	const json_t *all;
	const struct where at = {NULL, "groups", 0};
	TRY(read_array(r, NULL, root, "groups", GROUPS_MAX, &all));
	size_t n = json_array_size(all);
	s->groups = read_room(r, n, sizeof(*s->groups));
	if (s->groups == NULL)
		return ERR(NOMEM, "%s", r->file);
	for (size_t i = 0; i < n; i++) {
		const struct where here = {&at, NULL, i};
		TRY(read_group(r, &here, json_array_get(all, i), &s->groups[i]));
		if (group_known(s, s->groups[i].name))
			return read_bad(r, &here, "name", "%s is there twice", s->groups[i].name);
		s->n_groups = i + 1;
	}
	return groups_of_fields(r, s);
}
