/* What a definition says of sheets: headings, and what blank cells stand for. */
#include "server/form/field.h"
#include "server/form/service_i.h"
#include <string.h>

enum { NAMES_MAX = 12 };

static enum err read_names(const struct reading *r, const struct where *at, const json_t *obj, const char *member,
                           struct service_names *ret_n)
{
	const json_t *all;
	const struct where in_names = {at, member, 0};
	TRY(read_array(r, at, obj, member, NAMES_MAX, &all));
	struct service_names out = {read_room(r, json_array_size(all), sizeof(*out.v)), json_array_size(all)};
	if (out.v == NULL)
		return ERR(NOMEM, "%s", r->file);
	for (size_t i = 0; i < out.n; i++) {
		const struct where here = {&in_names, NULL, i};
		out.v[i] = json_string_value(json_array_get(all, i));
		if (out.v[i] == NULL || out.v[i][0] == 0)
			return read_bad(r, &here, NULL, "not a heading");
	}
	*ret_n = out;
	return ERR_OK;
}

static bool is_named(const struct service_names *n, const char *heading, size_t except)
{
	for (size_t i = 0; i < n->n; i++)
		if (i != except && strcmp(n->v[i], heading) == 0)
			return true;
	return false;
}

/* A heading of any field but this alias itself. */
static bool is_taken(const struct service *s, const char *heading, const struct service_names *own, size_t except)
{
	for (size_t i = 0; i < s->row_fields.n; i++) {
		const struct service_field *f = &s->row_fields.v[i];
		if (strcmp(f->label, heading) == 0 ||
		    is_named(&f->aliases, heading, &f->aliases == own ? except : SIZE_MAX))
			return true;
	}
	return is_named(&s->unit_column, heading, &s->unit_column == own ? except : SIZE_MAX);
}

static enum err names_differ(const struct reading *r, const struct where *at, const char *member,
                             const struct service *s, const struct service_names *n)
{
	const struct where in_names = {at, member, 0};
	for (size_t i = 0; i < n->n; i++) {
		const struct where here = {&in_names, NULL, i};
		if (is_taken(s, n->v[i], n, i))
			return read_bad(r, &here, NULL, "%s is there twice", n->v[i]);
	}
	return ERR_OK;
}

/* --- blanks --- */

/* What the program knows how to compute. */
static bool is_computed(const char *name)
{
	static const char *const names[] = {"unit-insurances"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static enum err blank_value(const struct reading *r, const struct where *at, const struct service_field *f)
{
	if (f->blank[0] != 0 && (f->list == NULL || service_list_text(f->list, span_str(f->blank)) == NULL))
		return read_bad(r, at, "blank", "\"%s\" is not in the list of %s", f->blank, f->name);
	return ERR_OK;
}

static enum err blank_other(const struct reading *r, const struct where *at, const struct service *s,
                            const struct service_field *f, const json_t *v)
{
	const struct service_field *other = service_field_find(&s->row_fields, f->blank_from);
	if (f->blank_from[0] == 0)
		return ERR_OK;
	if (other == NULL || other->type != f->type)
		return read_bad(r, at, "blank_from", "no field \"%s\" of the same type", f->blank_from);
	const json_t *all = json_object_get(v, "fields");
	if (other == f || json_object_get(json_array_get(all, (size_t)(other - s->row_fields.v)), "blank_from") != NULL)
		return read_bad(r, at, "blank_from", "%s follows another field itself", f->blank_from);
	return ERR_OK;
}

static enum err read_blank(const struct reading *r, const struct where *at, const json_t *v, struct service_field *f)
{
	TRY(read_text(r, at, v, "blank", false, &f->blank));
	TRY(read_name(r, at, v, "blank_from", false, &f->blank_from));
	TRY(read_name(r, at, v, "blank_by", false, &f->blank_by));
	if ((f->blank[0] != 0) + (f->blank_from[0] != 0) + (f->blank_by[0] != 0) > 1)
		return read_bad(r, at, NULL, "blank, blank_from and blank_by exclude each other");
	if (f->blank_by[0] != 0 && !is_computed(f->blank_by))
		return read_bad(r, at, "blank_by", "nothing computes \"%s\"", f->blank_by);
	return blank_value(r, at, f);
}

/* The form itself is typed. */
static enum err only_rows(const struct reading *r, const json_t *root, const struct service *s)
{
	static const char *const members[] = {"aliases", "blank", "blank_from", "blank_by"};
	const struct where at = {NULL, "fields", 0};
	const json_t *all = json_object_get(root, "fields");
	for (size_t i = 0; i < s->fields.n; i++)
		for (size_t k = 0; k < COUNT_OF(members); k++) {
			const struct where here = {&at, NULL, i};
			if (json_object_get(json_array_get(all, i), members[k]) != NULL)
				return read_bad(r, &here, members[k], "only rows come by sheet");
		}
	return ERR_OK;
}

enum err read_sheet(const struct reading *r, const json_t *root, struct service *s)
{
	const json_t *rows = json_object_get(root, "rows");
	const struct where at = {NULL, "rows", 0}, in_fields = {&at, "fields", 0};
	const json_t *all = json_object_get(rows, "fields");
	TRY(only_rows(r, root, s));
	if (rows == NULL)
		return ERR_OK;
	TRY(read_names(r, &at, rows, "unit_column", &s->unit_column));
	for (size_t i = 0; i < s->row_fields.n; i++) {
		const struct where here = {&in_fields, NULL, i};
		TRY(read_names(r, &here, json_array_get(all, i), "aliases", &s->row_fields.v[i].aliases));
		TRY(read_blank(r, &here, json_array_get(all, i), &s->row_fields.v[i]));
	}
	for (size_t i = 0; i < s->row_fields.n; i++) {
		const struct where here = {&in_fields, NULL, i};
		TRY(names_differ(r, &here, "aliases", s, &s->row_fields.v[i].aliases));
		TRY(blank_other(r, &here, s, &s->row_fields.v[i], rows));
	}
	return names_differ(r, &at, "unit_column", s, &s->unit_column);
}
