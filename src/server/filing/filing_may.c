/* Who may do what: kind of person, role of the step, district, distinct persons. */
#include "server/filing/filing_i.h"
#include <string.h>

/* "430100" covers 4301xx, "430000" 43xxxx, "430104" itself. */
bool filing_district_covers(const char *district, const char *region)
{
	size_t n = strlen(district);
	if (n != 6 || strlen(region) != 6)
		return false;
	while (n > 2 && district[n - 1] == '0' && district[n - 2] == '0')
		n -= 2;
	return strncmp(district, region, n) == 0;
}

enum err filing_steps_left(const struct filing_desk *d, const struct filing_view *v, size_t *ret_n)
{
	const struct service *s = v->service;
	struct service_verdict verdict = {.second_review = true};
	*ret_n = 0;
	if (v->filing->state == FILING_REVIEW2 || s->n_steps < 2)
		return ERR_OK;
	if (s->steps[1].when_asked)
		TRY(filing_verdict_get(d, v, &verdict));
	*ret_n = verdict.second_review ? 1 : 0;
	return ERR_OK;
}

static bool is_officer(const struct filing_who *by)
{
	return by->district[0] != 0;
}

enum err filing_is_for_officer(const struct filing *f, const struct filing_who *by)
{
	bool his = f->submit_sm3[0] != 0 && filing_district_covers(by->district, f->region);
	return his ? ERR_OK : ERR(FILING_ABSENT, "never sent, or of %s", f->region);
}

static bool has_a_step(const struct service *s, const char *role)
{
	for (size_t i = 0; i < s->n_steps; i++)
		if (strcmp(role, s->steps[i].role) == 0)
			return true;
	return false;
}

/* His right to it, whatever its state. */
static enum err officer_right(const struct service *s, const struct filing *f, const struct filing_who *by)
{
	if (!is_officer(by) || !has_a_step(s, by->role))
		return ERR(ROLE, "no step has the role %s", by->role);
	TRY(filing_is_for_officer(f, by));
	return strcmp(by->person_id, f->person_id) == 0 ? ERR(SAME_PERSON, "filer and officer") : ERR_OK;
}

/* His right to the step that its state waits for. */
static enum err officer_step(const struct service *s, const struct filing *f, const struct filing_who *by)
{
	size_t step = f->state == FILING_REVIEW2 && s->n_steps > 1 ? 1 : 0;
	if (strcmp(by->role, s->steps[step].role) != 0)
		return ERR(ROLE, "step needs the role %s", s->steps[step].role);
	if (step == 1 && s->steps[1].distinct && strcmp(by->person_id, f->reviewer1) == 0)
		return ERR(SAME_PERSON, "first and second review");
	return ERR_OK;
}

/* Acceptance comes with the review where the definition says so. */
static enum filing_state seen_as(const struct service *s, const struct filing *f, enum filing_act_kind kind)
{
	bool review = kind == FACT_APPROVE || kind == FACT_RETURN;
	return f->state == FILING_SUBMITTED && s->accept_by_rule && review ? FILING_ACCEPTED : f->state;
}

enum err filing_may(const struct filing_desk *d, const struct filing *f, enum filing_act_kind kind,
                    const struct filing_who *by)
{
	const struct service *s;
	enum filing_state to;
	enum filing_by who;
	TRY(filing_service(d, f, &s));
	if (!filing_act_by(kind, &who) || who == BY_RULE)
		return ERR(DENIED, "%s is nobody's", filing_act_name(kind));
	TRY(who == BY_FILER ? filing_is_his(f, by) : officer_right(s, f, by));
	if (!filing_next(seen_as(s, f, kind), kind, 0, &to, &who))
		return ERR(STATE, "%s while %s", filing_act_name(kind), filing_state_name(f->state));
	return who == BY_OFFICER ? officer_step(s, f, by) : ERR_OK;
}
