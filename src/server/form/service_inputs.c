#include "server/form/service_i.h"
#include <stdio.h>
#include <string.h>

/* What every form posts beside its fields. */
static bool is_reserved(const char *name)
{
	static const char *const names[] = {"csrf", "version", "go"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool is_field(const struct service *s, const char *name)
{
	return service_field_find(&s->fields, name) != NULL || service_field_find(&s->row_fields, name) != NULL;
}

/* A set of codes has the inputs NAME_CODE. */
static enum err codes_differ(const struct reading *r, const struct where *at, const struct service *s,
                             const struct service_field *f)
{
	char name[2 * SERVICE_NAME_MAX + 2];
	for (size_t i = 0; i < f->list->n; i++) {
		(void)snprintf(name, sizeof(name), "%s_%s", f->name, f->list->v[i].code);
		if (is_field(s, name))
			return read_bad(r, at, "name", "its input %s has the name of a field", name);
	}
	return ERR_OK;
}

static enum err field_differs(const struct reading *r, const struct where *at, const struct service *s,
                              const struct service_field *f)
{
	if (is_reserved(f->name))
		return read_bad(r, at, "name", "%s is an input of every form", f->name);
	return f->type == FIELD_CODES ? codes_differ(r, at, s, f) : ERR_OK;
}

enum err inputs_differ(const struct reading *r, const struct service *s)
{
	const struct where fields = {NULL, "fields", 0}, rows = {NULL, "rows", 0}, in_rows = {&rows, "fields", 0};
	for (size_t i = 0; i < s->fields.n; i++) {
		const struct where here = {&fields, NULL, i};
		TRY(field_differs(r, &here, s, &s->fields.v[i]));
	}
	for (size_t i = 0; i < s->row_fields.n; i++) {
		const struct where here = {&in_rows, NULL, i};
		const struct service_field *f = &s->row_fields.v[i];
		if (service_field_find(&s->fields, f->name) != NULL)
			return read_bad(r, &here, "name", "%s is a field of the form too", f->name);
		TRY(field_differs(r, &here, s, f));
	}
	return ERR_OK;
}

static bool has_type(const struct service *s, enum field_type t)
{
	for (size_t i = 0; i < s->fields.n; i++)
		if (s->fields.v[i].type == t)
			return true;
	for (size_t i = 0; i < s->row_fields.n; i++)
		if (s->row_fields.v[i].type == t)
			return true;
	return false;
}

/* What types of fields ask of the definition as a whole. */
enum err read_types(const struct reading *r, struct service *s)
{
	s->wide = has_type(s, FIELD_LONG_TEXT);
	return !has_type(s, FIELD_PERSON) || s->filers == FILER_UNIT
	               ? ERR_OK
	               : read_bad(r, NULL, "filers", "only a unit has staff to choose from");
}
