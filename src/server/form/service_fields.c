/* Code lists, fields and cross-field rules of a definition. */
#include "server/form/service_i.h"
#include "server/form/field.h"
#include "base/arena.h"
#include "evidence/statement.h"
#include <string.h>

enum { LISTS_MAX = 60, CODES_MAX = 400, RULES_MAX = 60, CODE_MAX = 20 };

/* --- lists --- */

static enum err read_code(const struct reading *r, const struct where *at, const json_t *v, struct service_code *ret_c)
{
	static const char *const known[] = {"code", "text", NULL};
	static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	TRY(read_members(r, at, v, known));
	TRY(read_text(r, at, v, "code", true, &ret_c->code));
	if (strspn(ret_c->code, ok) != strlen(ret_c->code) || strlen(ret_c->code) > CODE_MAX)
		return read_bad(r, at, "code", "not a code (letters, digits, _ -, at most %d)", CODE_MAX);
	return read_text(r, at, v, "text", true, &ret_c->text);
}

static const struct service_list *registered(const struct reading *r, const char *name)
{
	for (const struct service_registry *g = r->registry; g != NULL; g = g->next)
		for (const struct service_list *l = g->lists; l != NULL && l->name != NULL; l++)
			if (strcmp(l->name, name) == 0)
				return l;
	return NULL;
}

/* "@ethnic": a list of law's tables. */
static enum err find_registered(const struct reading *r, const struct where *at, const char *member, const char *name,
                                const struct service_list **ret_l)
{
	*ret_l = name[0] == '@' ? registered(r, name + 1) : NULL;
	return *ret_l != NULL ? ERR_OK : read_bad(r, at, member, "no list \"%s\"", name);
}

static enum err take_code(const struct reading *r, const struct where *at, const struct service_list *of,
                          const json_t *v, struct service_list *l)
{
	const char *code = json_string_value(v);
	if (code == NULL)
		return read_bad(r, at, NULL, "not a code");
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].code, code) == 0)
			return read_bad(r, at, NULL, "%s is there twice", code);
	for (size_t i = 0; i < of->n; i++)
		if (strcmp(of->v[i].code, code) == 0) {
			l->v[l->n++] = of->v[i];
			return ERR_OK;
		}
	return read_bad(r, at, NULL, "\"%s\" is not in the list @%s", code, of->name);
}

/* Some codes of a list of law's tables: {"of": "@id_type", "codes": ["01", "03"]}. */
static enum err read_part(const struct reading *r, const struct where *at, const char *name, const json_t *v,
                          struct service_list *ret_l)
{
	static const char *const known[] = {"of", "codes", NULL};
	const struct service_list *of;
	const struct where in_codes = {at, "codes", 0};
	const json_t *all;
	const char *from;
	TRY(read_members(r, at, v, known));
	TRY(read_text(r, at, v, "of", true, &from));
	TRY(find_registered(r, at, "of", from, &of));
	TRY(read_array(r, at, v, "codes", CODES_MAX, &all));
	if (json_array_size(all) == 0)
		return read_bad(r, at, "codes", "missing");
	*ret_l = (struct service_list){name, read_room(r, json_array_size(all), sizeof(*ret_l->v)), 0};
	if (ret_l->v == NULL)
		return ERR(NOMEM, "%s", r->file);
	for (size_t i = 0; i < json_array_size(all); i++) {
		const struct where here = {&in_codes, NULL, i};
		TRY(take_code(r, &here, of, json_array_get(all, i), ret_l));
	}
	return ERR_OK;
}

static enum err read_list(const struct reading *r, const struct where *at, const char *name, const json_t *v,
                          struct service_list *ret_l)
{
	size_t n = json_array_size(v);
	if (json_is_object(v))
		return read_part(r, at, name, v, ret_l);
	if (!json_is_array(v) || n == 0 || n > CODES_MAX)
		return read_bad(r, at, NULL, "not a list of 1 to %d codes", CODES_MAX);
	*ret_l = (struct service_list){name, read_room(r, n, sizeof(*ret_l->v)), n};
	if (ret_l->v == NULL)
		return ERR(NOMEM, "%s", r->file);
	for (size_t i = 0; i < n; i++) {
		const struct where here = {at, NULL, i};
		TRY(read_code(r, &here, json_array_get(v, i), &ret_l->v[i]));
		for (size_t k = 0; k < i; k++)
			if (strcmp(ret_l->v[k].code, ret_l->v[i].code) == 0)
				return read_bad(r, &here, "code", "%s is there twice", ret_l->v[i].code);
	}
	return ERR_OK;
}

enum err read_lists(struct reading *r, const struct where *at, const json_t *root)
{
	const json_t *all = json_object_get(root, "lists");
	const struct where in_lists = {at, "lists", 0};
	const char *key;
	json_t *v;
	size_t n = 0;
	if (all != NULL && (!json_is_object(all) || json_object_size(all) > LISTS_MAX))
		return read_bad(r, &in_lists, NULL, "not an object of at most %d lists", LISTS_MAX);
	struct service_list *lists = read_room(r, json_object_size(all), sizeof(*lists));
	if (lists == NULL)
		return ERR(NOMEM, "%s", r->file);
	json_object_foreach((json_t *)(uintptr_t)all, key, v) {
		const struct where here = {&in_lists, key, 0};
		TRY(read_list(r, &here, key, v, &lists[n]));
		n++;
	}
	r->lists = lists;
	r->n_lists = n;
	return ERR_OK;
}

const char *service_list_text(const struct service_list *l, struct span code)
{
	for (size_t i = 0; i < l->n; i++)
		if (span_eq_str(code, l->v[i].code))
			return l->v[i].text;
	return NULL;
}

/* --- fields --- */

static enum err find_validator(const struct reading *r, const struct where *at, const char *name,
                               struct service_field *f)
{
	for (const struct service_registry *g = r->registry; g != NULL; g = g->next)
		for (const struct service_validator *v = g->validators; v != NULL && v->name != NULL; v++)
			if (strcmp(v->name, name) == 0) {
				f->validator = v;
				return ERR_OK;
			}
	f->validator = service_validator_builtin(name);
	return f->validator != NULL ? ERR_OK : read_bad(r, at, "validator", "no validator \"%s\"", name);
}

static enum err read_type(const struct reading *r, const struct where *at, const json_t *v, struct service_field *f)
{
	const char *type, *named;
	TRY(read_name(r, at, v, "type", true, &type));
	TRY(read_name(r, at, v, "validator", false, &named));
	const struct field_kind *kind = field_kind_named(type);
	if (kind == NULL)
		return read_bad(r, at, "type", "no type \"%s\"", type);
	f->type = kind->type;
	if (kind->listed)
		return named[0] == 0 ? ERR_OK : read_bad(r, at, "validator", "a code is checked by its list alone");
	return find_validator(r, at, named[0] != 0 ? named : kind->validator, f);
}

static enum err find_list(const struct reading *r, const struct where *at, const char *name,
                          const struct service_list **ret_l)
{
	for (size_t i = 0; i < r->n_lists; i++)
		if (strcmp(r->lists[i].name, name) == 0) {
			*ret_l = &r->lists[i];
			return ERR_OK;
		}
	return find_registered(r, at, "list", name, ret_l);
}

static enum err read_field_list(const struct reading *r, const struct where *at, const json_t *v,
                                struct service_field *f)
{
	const char *name;
	bool coded = field_kind(f->type)->listed;
	TRY(read_text(r, at, v, "list", coded, &name));
	if (!coded)
		return name[0] == 0 ? ERR_OK : read_bad(r, at, "list", "only a code has a list");
	TRY(find_list(r, at, name, &f->list));
	return f->type != FIELD_CODES || f->list->n <= SERVICE_CODES_SET_MAX
	               ? ERR_OK
	               : read_bad(r, at, "list", "a set has at most %d codes", SERVICE_CODES_SET_MAX);
}

static enum err read_range(const struct reading *r, const struct where *at, const json_t *v, struct service_field *f)
{
	const int64_t top = 99999999999;
	bool counted = field_kind(f->type)->ranged;
	if (!counted && (json_object_get(v, "min") != NULL || json_object_get(v, "max") != NULL))
		return read_bad(r, at, NULL, "only an amount or a number has min and max");
	TRY(read_int(r, at, v, "min", false, -top, top, f->type == FIELD_INT ? -top : 0, &f->min));
	TRY(read_int(r, at, v, "max", false, -top, top, top, &f->max));
	return f->min <= f->max ? ERR_OK : read_bad(r, at, "min", "greater than max");
}

/* A line is measured in octets, a long text in characters. */
static enum err read_length(const struct reading *r, const struct where *at, const json_t *v, struct service_field *f)
{
	bool is_long = f->type == FIELD_LONG_TEXT;
	int64_t octets, chars;
	if (json_object_get(v, is_long ? "max_len" : "max_chars") != NULL)
		return read_bad(r, at, NULL, "a long text has max_chars, the others max_len");
	TRY(read_int(r, at, v, "max_len", f->type == FIELD_TEXT, 1, SERVICE_LINE_MAX,
	             is_long ? SERVICE_VALUE_MAX : SERVICE_LINE_MAX, &octets));
	TRY(read_int(r, at, v, "max_chars", false, 1, LIMIT_FIELD_CHARS, is_long ? LIMIT_FIELD_CHARS : 0, &chars));
	f->max_len = (size_t)octets;
	f->max_chars = (size_t)chars;
	return ERR_OK;
}

static enum err read_field(const struct reading *r, const struct where *at, const json_t *v, struct service_field *f)
{
	static const char *const known[] = {"name",       "label",     "label_en", "hint",      "group",   "radios",
	                                    "type",       "required",  "key",      "secret",    "max_len", "min",
	                                    "max",        "validator", "list",     "max_chars", "aliases", "blank",
	                                    "blank_from", "blank_by",  NULL};
	TRY(read_members(r, at, v, known));
	TRY(read_name(r, at, v, "name", true, &f->name));
	TRY(read_text(r, at, v, "label", true, &f->label));
	TRY(read_text(r, at, v, "label_en", true, &f->label_en));
	TRY(read_text(r, at, v, "hint", false, &f->hint));
	TRY(read_name(r, at, v, "group", false, &f->group));
	TRY(read_type(r, at, v, f));
	TRY(read_field_list(r, at, v, f));
	TRY(read_range(r, at, v, f));
	TRY(read_bool(r, at, v, "radios", &f->radios));
	if (f->radios && f->type != FIELD_CODE)
		return read_bad(r, at, "radios", "only a code is chosen by radio buttons");
	TRY(read_bool(r, at, v, "required", &f->required));
	TRY(read_bool(r, at, v, "key", &f->key));
	TRY(read_bool(r, at, v, "secret", &f->secret));
	TRY(read_length(r, at, v, f));
	f->blank = f->blank_from = f->blank_by = "";
	return ERR_OK;
}

const struct service_field *service_field_find(const struct service_fields *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].name, name) == 0)
			return &f->v[i];
	return NULL;
}

enum err read_fields(const struct reading *r, const struct where *at, const json_t *obj, const char *member,
                     struct service_fields *ret_f)
{
	const json_t *all;
	const struct where in_fields = {at, member, 0};
	struct service_fields f = {0};
	TRY(read_array(r, at, obj, member, SERVICE_FIELDS_MAX, &all));
	f.v = read_room(r, json_array_size(all), sizeof(*f.v));
	if (f.v == NULL)
		return ERR(NOMEM, "%s", r->file);
	for (size_t i = 0; i < json_array_size(all); i++) {
		const struct where here = {&in_fields, NULL, i};
		TRY(read_field(r, &here, json_array_get(all, i), &f.v[i]));
		for (size_t k = 0; k < i; k++) {
			if (strcmp(f.v[k].name, f.v[i].name) == 0)
				return read_bad(r, &here, "name", "%s is there twice", f.v[i].name);
			if (strcmp(f.v[k].label, f.v[i].label) == 0)
				return read_bad(r, &here, "label", "%s is there twice", f.v[i].label);
		}
		f.n = i + 1;
	}
	*ret_f = f;
	return ERR_OK;
}

/* --- rules --- */

static const struct {
	const char *name;
	enum rule_kind kind;
	bool other, value, rows_only;
} kinds[] = {
	{"required-if", RULE_REQUIRED_IF, true, true, false}, {"forbidden-if", RULE_FORBIDDEN_IF, true, true, false},
	{"not-before", RULE_NOT_BEFORE, true, false, false},  {"not-after", RULE_NOT_AFTER, true, false, false},
	{"different", RULE_DIFFERENT, true, false, false},    {"unique", RULE_UNIQUE, false, false, true},
};

static bool is_time(const struct service_fields *f, const char *name)
{
	return field_kind(service_field_find(f, name)->type)->timed;
}

static enum err read_operand(const struct reading *r, const struct where *at, const json_t *v, const char *member,
                             bool wanted, const struct service_fields *fields, const char **ret_s)
{
	TRY(read_name(r, at, v, member, wanted, ret_s));
	if (!wanted)
		return (*ret_s)[0] == 0 ? ERR_OK : read_bad(r, at, member, "this rule has none");
	return service_field_find(fields, *ret_s) != NULL ? ERR_OK : read_bad(r, at, member, "no field \"%s\"", *ret_s);
}

static bool next_value(struct span *rest, struct span *ret_one)
{
	if (rest->len == 0)
		return false;
	if (!span_take_until(rest, ',', ret_one)) {
		*ret_one = *rest;
		*rest = SPAN_EMPTY;
	}
	return true;
}

bool service_rule_means(const struct service_rule *r, struct span value)
{
	struct span rest = span_str(r->value), one;
	while (next_value(&rest, &one))
		if (span_eq(one, value))
			return true;
	return false;
}

/* A value that the other field cannot have would be a rule that never holds. */
static enum err read_value(const struct reading *r, const struct where *at, const json_t *v, bool wanted,
                           const struct service_fields *fields, struct service_rule *rule)
{
	TRY(read_text(r, at, v, "value", wanted, &rule->value));
	if (!wanted)
		return rule->value[0] == 0 ? ERR_OK : read_bad(r, at, "value", "this rule has none");
	const struct service_list *l = service_field_find(fields, rule->other)->list;
	struct span rest = span_str(rule->value), one;
	while (l != NULL && next_value(&rest, &one))
		if (service_list_text(l, one) == NULL)
			return read_bad(r, at, "value", "\"%s\" is not in the list of %s", rule->value, rule->other);
	return ERR_OK;
}

static enum err read_rule(const struct reading *r, const struct where *at, const json_t *v,
                          const struct service_fields *fields, bool rows, struct service_rule *rule)
{
	static const char *const known[] = {"rule", "field", "other", "value", "code", "text", "remedy", NULL};
	const char *name;
	size_t i = 0;
	TRY(read_members(r, at, v, known));
	TRY(read_name(r, at, v, "rule", true, &name));
	while (i < COUNT_OF(kinds) && strcmp(kinds[i].name, name) != 0)
		i++;
	if (i == COUNT_OF(kinds))
		return read_bad(r, at, "rule", "no rule \"%s\"", name);
	if (kinds[i].rows_only && !rows)
		return read_bad(r, at, "rule", "only rows can be unique");
	rule->kind = kinds[i].kind;
	TRY(read_operand(r, at, v, "field", true, fields, &rule->field));
	TRY(read_operand(r, at, v, "other", kinds[i].other, fields, &rule->other));
	TRY(read_value(r, at, v, kinds[i].value, fields, rule));
	bool times = rule->kind == RULE_NOT_BEFORE || rule->kind == RULE_NOT_AFTER;
	if (times && (!is_time(fields, rule->field) || !is_time(fields, rule->other)))
		return read_bad(r, at, "field", "only dates and months have an order");
	TRY(read_text(r, at, v, "code", true, &rule->code));
	TRY(read_text(r, at, v, "text", true, &rule->text));
	return read_text(r, at, v, "remedy", true, &rule->remedy);
}

enum err read_rules(const struct reading *r, const struct where *at, const json_t *obj, const char *member,
                    const struct service_fields *fields, bool rows, struct service_rules *ret_r)
{
	const json_t *all;
	const struct where in_rules = {at, member, 0};
	TRY(read_array(r, at, obj, member, RULES_MAX, &all));
	struct service_rules out = {read_room(r, json_array_size(all), sizeof(*out.v)), json_array_size(all)};
	if (out.v == NULL)
		return ERR(NOMEM, "%s", r->file);
	for (size_t i = 0; i < out.n; i++) {
		const struct where here = {&in_rules, NULL, i};
		TRY(read_rule(r, &here, json_array_get(all, i), fields, rows, &out.v[i]));
	}
	*ret_r = out;
	return ERR_OK;
}
