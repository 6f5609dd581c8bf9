/* T01.json against what the certificate desk's code and the signer's protocol can do. */
#include "server/cert/cert_service.h"
#include "server/register/ident.h"
#include <string.h>

#define FILE_NAME "T01.json"

static enum err bind_fields(const struct service *t)
{
	static const struct {
		const char *name, *validator;
		enum field_type type;
		bool required;
		size_t max;
	} kept[] = {{"profile", "", FIELD_CODE, true, 0},
	            {"unit_no", "unit_no", FIELD_TEXT, false, 0},
	            {"uscc", "uscc", FIELD_TEXT, false, 0},
	            {"holder", "name", FIELD_TEXT, true, NAME_MAX_BYTES},
	            {"id_type", "", FIELD_CODE, false, 0},
	            {"id_number", "id_number", FIELD_TEXT, true, 0},
	            {"mobile", "mobile", FIELD_TEXT, true, 0},
	            {"letter_no", "text", FIELD_TEXT, false, sizeof(((struct case_form *)0)->letter_no) - 1},
	            {"letter_from", "date", FIELD_DATE, false, 0},
	            {"letter_to", "date", FIELD_DATE, false, 0},
	            {"years", "", FIELD_CODE, true, 0}};
	for (size_t i = 0; i < COUNT_OF(kept); i++) {
		const struct service_field *f = service_field_find(&t->fields, kept[i].name);
		if (f == NULL)
			return ERR(CONFIG, FILE_NAME ": fields: %s: missing: a certificate case has it", kept[i].name);
		bool same = f->type == kept[i].type &&
		            strcmp(f->validator != NULL ? f->validator->name : "", kept[i].validator) == 0;
		if (!same)
			return ERR(CONFIG, FILE_NAME ": fields: %s: not of the type and validator that the desk keeps",
			           f->name);
		if (kept[i].required && !f->required)
			return ERR(CONFIG, FILE_NAME ": fields: %s.required: no certificate without it", f->name);
		if (kept[i].max > 0 && f->max_len > kept[i].max)
			return ERR(CONFIG, FILE_NAME ": fields: %s.max_len: %zu is more than the desk keeps", f->name,
			           f->max_len);
	}
	if (t->fields.n != COUNT_OF(kept))
		return ERR(CONFIG, FILE_NAME ": fields: %zu of them: a certificate case keeps %zu", t->fields.n,
		           COUNT_OF(kept));
	return ERR_OK;
}

/* A profile or a term that the signer does not know would be refused by it at the end of a long way. */
static enum err bind_lists(const struct service *t)
{
	static const char *const profiles[] = {"unit", "unit-member", "person"};
	const struct service_list *l = service_field_find(&t->fields, "profile")->list;
	const struct service_list *years = service_field_find(&t->fields, "years")->list;
	for (size_t i = 0; i < l->n; i++) {
		bool known = false;
		for (size_t k = 0; k < COUNT_OF(profiles); k++)
			known |= strcmp(profiles[k], l->v[i].code) == 0;
		if (!known)
			return ERR(CONFIG, FILE_NAME ": lists.%s[%zu].code: the desk issues no \"%s\"", l->name, i,
			           l->v[i].code);
	}
	const struct service_list *types = service_field_find(&t->fields, "id_type")->list;
	for (size_t i = 0; i < types->n; i++) {
		bool known = false;
		for (enum id_document d = 0; d < ID_DOCUMENTS; d++)
			known |= strcmp(ident_document_code(d), types->v[i].code) == 0;
		if (!known)
			return ERR(CONFIG, FILE_NAME ": lists.%s[%zu].code: no document \"%s\"", types->name, i,
			           types->v[i].code);
	}
	for (size_t i = 0; i < years->n; i++) {
		const char *c = years->v[i].code;
		if (strlen(c) != 1 || c[0] < '1' || c[0] > '5')
			return ERR(CONFIG, FILE_NAME ": lists.%s[%zu].code: not 1 to 5 years", years->name, i);
	}
	return ERR_OK;
}

static enum err bind_step(const struct service *t, size_t i)
{
	static const struct {
		enum case_act_kind act;
		const char *role, *work;
	} signs[CASE_STEPS] = {{CACT_ACCEPT, "clerk", ""},
	                       {CACT_APPROVE, "reviewer", ""},
	                       {CACT_MAKE, "maker", "issue"}};
	const struct service_step *s = &t->steps[i];
	const struct case_act_rule *rule = case_act_rule(signs[i].act);
	if (strcmp(s->name, rule->step) != 0)
		return ERR(CONFIG, FILE_NAME ": steps[%zu].name: \"%s\" where the desk has \"%s\"", i, s->name,
		           rule->step);
	if (strcmp(s->statement, rule->log) != 0)
		return ERR(CONFIG, FILE_NAME ": steps[%zu].statement: the step %s is signed by %s, not by %s", i,
		           s->name, rule->log, s->statement);
	if (strcmp(s->role, signs[i].role) != 0)
		return ERR(CONFIG, FILE_NAME ": steps[%zu].role: the signer takes %s from the role %s, not from %s", i,
		           rule->log, signs[i].role, s->role);
	if (s->when_asked)
		return ERR(CONFIG, FILE_NAME ": steps[%zu].when: the signer asks for every step", i);
	if (s->distinct != (i > 0))
		return ERR(CONFIG, FILE_NAME ": steps[%zu].distinct: the signer wants %s", i,
		           i > 0 ? "another person than before" : "nobody before the first step");
	if (strcmp(s->work != NULL ? s->work->name : "", signs[i].work) != 0)
		return ERR(CONFIG, FILE_NAME ": steps[%zu].work: what follows %s is \"%s\"", i, rule->log,
		           signs[i].work);
	return ERR_OK;
}

static enum err bind_steps(const struct service *t)
{
	if (t->n_steps != CASE_STEPS)
		return ERR(CONFIG, FILE_NAME ": steps: %zu of them: a certificate takes accept, approve and make",
		           t->n_steps);
	for (size_t i = 0; i < CASE_STEPS; i++)
		TRY(bind_step(t, i));
	return ERR_OK;
}

static enum err bind_preconditions(const struct cert_service *s, const struct service *t)
{
	for (const struct service_precondition *p = s->preconditions; p->name != NULL; p++) {
		bool named = false;
		for (size_t k = 0; k < t->n_preconditions; k++)
			named |= t->preconditions[k] == p;
		if (!named)
			return ERR(CONFIG, FILE_NAME ": preconditions: %s: missing", p->name);
	}
	return ERR_OK;
}

static enum err bind_rest(const struct service *t)
{
	static const char *const documents[] = {"slip", "receipt"};
	if (!t->own_engine || t->filers != FILER_DESK || t->accept_by_rule)
		return ERR(CONFIG, FILE_NAME ": engine: not \"cert\", filed at the desk, accepted by an officer");
	if (t->rows_max > 0 || t->n_attachments > 0 || t->n_effects > 0)
		return ERR(CONFIG, FILE_NAME ": rows, attachments, effects: a certificate case has none");
	for (size_t i = 0; i < t->n_documents; i++) {
		bool known = false;
		for (size_t k = 0; k < COUNT_OF(documents); k++)
			known |= strcmp(documents[k], t->documents[i].code) == 0;
		if (!known)
			return ERR(CONFIG, FILE_NAME ": documents[%zu].name: the desk makes no \"%s\"", i,
			           t->documents[i].code);
	}
	return ERR_OK;
}

enum err cert_service_compare(const struct cert_service *s, const struct service *t)
{
	TRY(bind_rest(t));
	TRY(bind_preconditions(s, t));
	TRY(bind_steps(t));
	TRY(bind_fields(t));
	return bind_lists(t);
}
