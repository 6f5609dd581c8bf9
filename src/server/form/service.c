/* The definitions of a folder: files, names, and the parts that are not fields. */
#include "server/form/service_i.h"
#include "server/form/field.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/text.h"
#include "gm/sm3.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ARENA_MAX = 4 << 20, /* of one definition */
	NAMED_MAX = 20,
	ATTACHMENTS_MAX = 20,
	DOCUMENTS_MAX = 10,
	DAYS_MAX = 400,
	ATTACHMENT_BYTES_MAX = 5 << 20
};

/* One file as it was read; its strings live in the root, the rest in the arena. */
struct snapshot {
	struct service service;
	struct arena *arena;
	json_t *root;
};
struct services {
	struct snapshot **v; /* first those in force, then those of before */
	size_t n, n_now;
};

static void snapshot_free(struct snapshot *s)
{
	if (s == NULL)
		return;
	json_decref(s->root);
	arena_free(s->arena);
	free(s);
}
DEFINE_AUTO(snapshot)

/* --- lists of names of functions --- */

struct named {
	const char *member, *what;
	/* array of structs that begin with their name; NULL-terminated */
	const void *(*all)(const struct service_registry *r);
	size_t size;
};

static const void *all_preconditions(const struct service_registry *r)
{
	return r->preconditions;
}

static const void *all_effects(const struct service_registry *r)
{
	return r->effects;
}

static const void *find_in(const void *all, size_t size, const char *name)
{
	for (const char *at = all; at != NULL; at += size) {
		const char *own = *(const char *const *)(const void *)at;
		if (own == NULL)
			return NULL;
		if (strcmp(own, name) == 0)
			return at;
	}
	return NULL;
}

static const void *find_named(const struct reading *r, const struct named *n, const char *name)
{
	const void *found = NULL;
	for (const struct service_registry *g = r->registry; g != NULL && found == NULL; g = g->next)
		found = find_in(n->all(g), n->size, name);
	return found;
}

static enum err read_named(const struct reading *r, const json_t *root, const struct named *n, const void ***ret_v,
                           size_t *ret_n)
{
	const json_t *all;
	const struct where at = {NULL, n->member, 0};
	TRY(read_array(r, NULL, root, n->member, NAMED_MAX, &all));
	const void **v = read_room(r, json_array_size(all), sizeof(*v));
	if (v == NULL)
		return ERR(NOMEM, "%s", r->file);
	for (size_t i = 0; i < json_array_size(all); i++) {
		const struct where here = {&at, NULL, i};
		const char *name = json_string_value(json_array_get(all, i));
		if (name == NULL)
			return read_bad(r, &here, NULL, "not a name");
		v[i] = find_named(r, n, name);
		if (v[i] == NULL)
			return read_bad(r, &here, NULL, "no %s \"%s\"", n->what, name);
		for (size_t k = 0; k < i; k++)
			if (v[k] == v[i])
				return read_bad(r, &here, NULL, "%s is there twice", name);
	}
	*ret_v = v;
	*ret_n = json_array_size(all);
	return ERR_OK;
}

static enum err bind_row(const struct reading *r, const struct service *s, const char *who,
                         const struct service_binding *b, size_t *ret_at)
{
	const struct where rows = {NULL, "rows", 0};
	const struct service_field *f = service_field_find(&s->row_fields, b->name);
	if (f == NULL || f->type != b->type)
		return read_bad(r, &rows, "fields", "%s counts with a field %s of type %s", who, b->name,
		                field_kind(b->type)->name);
	*ret_at = (size_t)(f - s->row_fields.v);
	return ERR_OK;
}

static enum err bind_rows(const struct reading *r, struct service *s)
{
	for (size_t i = 0; i < s->n_preconditions; i++) {
		const struct service_binding *all = s->preconditions[i]->binds;
		size_t n = 0;
		while (all != NULL && all[n].name != NULL)
			n++;
		if (n == 0)
			continue;
		size_t *at = read_room(r, n, sizeof(*at));
		if (at == NULL)
			return ERR(NOMEM, "%s", r->file);
		if (s->bound != NULL)
			return read_bad(r, NULL, "preconditions", "two of them count with the fields of a row");
		for (size_t k = 0; k < n; k++)
			TRY(bind_row(r, s, s->preconditions[i]->name, &all[k], &at[k]));
		s->bound = at;
	}
	return ERR_OK;
}

static enum err read_functions(const struct reading *r, const json_t *root, struct service *s)
{
	static const struct named pre = {"preconditions", "precondition", all_preconditions,
	                                 sizeof(struct service_precondition)};
	static const struct named effects = {"effects", "effect", all_effects, sizeof(struct service_effect)};
	const void **v;
	TRY(read_named(r, root, &pre, &v, &s->n_preconditions));
	s->preconditions = (const struct service_precondition **)v;
	TRY(read_named(r, root, &effects, &v, &s->n_effects));
	s->effects = (const struct service_effect **)v;
	for (size_t i = 0; i < s->n_effects; i++)
		if ((s->effects[i]->back == EFFECT_BY_REVERSE) != (s->effects[i]->reverse != NULL))
			return read_bad(r, NULL, "effects", "%s does not say how it is taken back",
			                s->effects[i]->name);
	return bind_rows(r, s);
}

/* --- filers, attachments, documents --- */

static enum err read_filers(const struct reading *r, const json_t *root, struct service *s)
{
	static const struct {
		const char *name;
		unsigned bit;
	} kinds[] = {{"unit", FILER_UNIT}, {"person", FILER_PERSON}, {"desk", FILER_DESK}};
	const json_t *all;
	const struct where at = {NULL, "filers", 0};
	TRY(read_array(r, NULL, root, "filers", COUNT_OF(kinds), &all));
	for (size_t i = 0; i < json_array_size(all); i++) {
		const struct where here = {&at, NULL, i};
		const char *name = json_string_value(json_array_get(all, i));
		unsigned bit = 0;
		for (size_t k = 0; name != NULL && k < COUNT_OF(kinds); k++)
			if (strcmp(kinds[k].name, name) == 0)
				bit = kinds[k].bit;
		if (bit == 0 || (s->filers & bit) != 0)
			return read_bad(r, &here, NULL, "not one of unit, person, desk, each once");
		s->filers |= bit;
	}
	return s->filers != 0 ? ERR_OK : read_bad(r, NULL, "filers", "missing");
}

static enum err read_attachment(const struct reading *r, const struct where *at, const json_t *v,
                                struct service_attachment *a)
{
	static const char *const known[] = {"name", "label", "label_en", "required", "max_bytes", "max_count", NULL};
	TRY(read_members(r, at, v, known));
	TRY(read_name(r, at, v, "name", true, &a->name));
	TRY(read_text(r, at, v, "label", true, &a->label));
	TRY(read_text(r, at, v, "label_en", true, &a->label_en));
	TRY(read_bool(r, at, v, "required", &a->required));
	TRY(read_int(r, at, v, "max_bytes", true, 1, ATTACHMENT_BYTES_MAX, 0, &a->max_bytes));
	return read_int(r, at, v, "max_count", true, 1, 100, 0, &a->max_count);
}

static enum err read_attachments(const struct reading *r, const json_t *root, struct service *s)
{
	const json_t *all;
	const struct where at = {NULL, "attachments", 0};
	TRY(read_array(r, NULL, root, "attachments", ATTACHMENTS_MAX, &all));
	s->n_attachments = json_array_size(all);
	s->attachments = read_room(r, s->n_attachments, sizeof(*s->attachments));
	if (s->attachments == NULL)
		return ERR(NOMEM, "%s", r->file);
	for (size_t i = 0; i < s->n_attachments; i++) {
		const struct where here = {&at, NULL, i};
		TRY(read_attachment(r, &here, json_array_get(all, i), &s->attachments[i]));
		for (size_t k = 0; k < i; k++)
			if (strcmp(s->attachments[k].name, s->attachments[i].name) == 0)
				return read_bad(r, &here, "name", "%s is there twice", s->attachments[i].name);
	}
	return ERR_OK;
}

static enum err read_documents(const struct reading *r, const json_t *root, struct service *s)
{
	static const char *const known[] = {"name", "label", NULL};
	const json_t *all;
	const struct where at = {NULL, "documents", 0};
	TRY(read_array(r, NULL, root, "documents", DOCUMENTS_MAX, &all));
	s->n_documents = json_array_size(all);
	s->documents = read_room(r, s->n_documents, sizeof(*s->documents));
	if (s->documents == NULL)
		return ERR(NOMEM, "%s", r->file);
	for (size_t i = 0; i < s->n_documents; i++) {
		const struct where here = {&at, NULL, i};
		const json_t *v = json_array_get(all, i);
		TRY(read_members(r, &here, v, known));
		TRY(read_name(r, &here, v, "name", true, &s->documents[i].code));
		TRY(read_text(r, &here, v, "label", true, &s->documents[i].text));
		for (size_t k = 0; k < i; k++)
			if (strcmp(s->documents[k].code, s->documents[i].code) == 0)
				return read_bad(r, &here, "name", "%s is there twice", s->documents[i].code);
	}
	return ERR_OK;
}

/* --- the definition --- */

static enum err read_rows(const struct reading *r, const json_t *root, struct service *s)
{
	static const char *const known[] = {"min", "max", "fields", "rules", "unit_column", NULL};
	const json_t *v = json_object_get(root, "rows");
	const struct where at = {NULL, "rows", 0};
	int64_t min, max;
	if (v == NULL)
		return ERR_OK;
	TRY(read_members(r, &at, v, known));
	TRY(read_int(r, &at, v, "min", true, 1, SERVICE_ROWS_MAX, 1, &min));
	TRY(read_int(r, &at, v, "max", true, min, SERVICE_ROWS_MAX, 1, &max));
	s->rows_min = (size_t)min;
	s->rows_max = (size_t)max;
	TRY(read_fields(r, &at, v, "fields", &s->row_fields));
	if (s->row_fields.n == 0)
		return read_bad(r, &at, "fields", "missing");
	return read_rules(r, &at, v, "rules", &s->row_fields, true, &s->row_rules);
}

static enum err read_accept(const struct reading *r, const json_t *root, struct service *s)
{
	const char *engine, *accept;
	TRY(read_name(r, NULL, root, "engine", false, &engine));
	s->own_engine = strcmp(engine, "cert") == 0;
	if (!s->own_engine && engine[0] != 0)
		return read_bad(r, NULL, "engine", "no engine \"%s\"", engine);
	TRY(read_name(r, NULL, root, "accept", true, &accept));
	s->accept_by_rule = strcmp(accept, "rule") == 0;
	if (!s->accept_by_rule && strcmp(accept, "officer") != 0)
		return read_bad(r, NULL, "accept", "neither rule nor officer");
	return ERR_OK;
}

static enum err read_days(const struct reading *r, const json_t *root, struct service *s)
{
	int64_t promise, back, draft;
	TRY(read_int(r, NULL, root, "promise_days", true, 1, DAYS_MAX, 0, &promise));
	TRY(read_int(r, NULL, root, "return_days", false, 1, DAYS_MAX, 15, &back));
	TRY(read_int(r, NULL, root, "draft_days", false, 1, DAYS_MAX, 30, &draft));
	s->promise_days = (int)promise;
	s->return_days = (int)back;
	s->draft_days = (int)draft;
	return ERR_OK;
}

static enum err read_head(const struct reading *r, const json_t *root, struct service *s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	TRY(read_text(r, NULL, root, "code", true, &s->code));
	if (strspn(s->code, letters) != strlen(s->code) || strlen(s->code) != 3)
		return read_bad(r, NULL, "code", "not three capitals or digits");
	size_t stem = strcspn(r->file, ".");
	if (strncmp(r->file, s->code, stem) != 0 || s->code[stem] != 0)
		return read_bad(r, NULL, "code", "%s is not the file's name", s->code);
	TRY(read_text(r, NULL, root, "name", true, &s->name));
	return read_text(r, NULL, root, "name_en", true, &s->name_en);
}

enum err read_service(struct reading *r, const json_t *root, struct service *ret_s)
{
	static const char *const known[] = {"code",         "name",        "name_en",       "filers",    "engine",
	                                    "accept",       "groups",      "fields",        "rules",     "rows",
	                                    "lists",        "attachments", "preconditions", "effects",   "steps",
	                                    "promise_days", "return_days", "draft_days",    "documents", NULL};
	struct service s = {0};
	TRY(read_members(r, NULL, root, known));
	TRY(read_head(r, root, &s));
	TRY(read_accept(r, root, &s));
	TRY(read_filers(r, root, &s));
	TRY(read_days(r, root, &s));
	TRY(read_lists(r, NULL, root));
	TRY(read_fields(r, NULL, root, "fields", &s.fields));
	TRY(read_rules(r, NULL, root, "rules", &s.fields, false, &s.rules));
	TRY(read_rows(r, root, &s));
	TRY(read_sheet(r, root, &s));
	TRY(read_types(r, &s));
	TRY(inputs_differ(r, &s));
	TRY(read_groups(r, root, &s));
	TRY(read_attachments(r, root, &s));
	TRY(read_functions(r, root, &s));
	TRY(read_steps(r, root, &s));
	TRY(read_documents(r, root, &s));
	*ret_s = s;
	return ERR_OK;
}

/* --- snapshots --- */

static enum err snapshot_new(const char *file, struct span text, const struct service_registry *registry,
                             struct snapshot **ret_s)
{
	AUTO(snapshot) s = calloc(1, sizeof(*s));
	if (s == NULL || (s->arena = arena_new(ARENA_MAX)) == NULL)
		return ERR(NOMEM, "definition");
	struct reading r = {.file = file, .registry = registry, .arena = s->arena};
	if (json_parse(text, &s->root) != ERR_OK)
		return err_note(ERR_CONFIG, "%s", file);
	TRY(read_service(&r, s->root, &s->service));
	TRY(sm3_hex(text, s->service.sm3));
	const char *octets = arena_str(s->arena, text);
	if (octets == NULL)
		return ERR(NOMEM, "definition");
	s->service.octets = span_of(octets, text.len);
	*ret_s = STEAL(s);
	return ERR_OK;
}

/* Moves it in. */
static enum err append(struct services *all, struct snapshot **s)
{
	struct snapshot **v = realloc(all->v, (all->n + 1) * sizeof(struct snapshot *));
	if (v == NULL)
		return ERR(NOMEM, "definitions");
	all->v = v;
	all->v[all->n++] = STEAL(*s);
	return ERR_OK;
}

/* --- files --- */

static enum err add(struct services *all, const char *file, struct span text, const struct service_registry *registry)
{
	AUTO(snapshot) s = NULL;
	if (all->n_now == SERVICES_MAX)
		return ERR(LIMIT, "more than %d definitions", SERVICES_MAX);
	TRY(snapshot_new(file, text, registry, &s));
	if (services_find(all, s->service.code) != NULL)
		return ERR(CONFIG, "%s: code: %s is there twice", file, s->service.code);
	TRY(append(all, &s));
	all->n_now = all->n;
	return ERR_OK;
}

enum err services_keep(struct services *s, const char *code, const char *sm3, struct span text,
                       const struct service_registry *r)
{
	AUTO(snapshot) old = NULL;
	char file[32], hex[SM3_HEX_LEN + 1];
	if (services_by_sm3(s, sm3) != NULL)
		return ERR_OK;
	TRY(sm3_hex(text, hex));
	if (strcmp(hex, sm3) != 0)
		return ERR(LOG_DAMAGED, "the kept definition %.16s of %s has other octets", sm3, code);
	(void)snprintf(file, sizeof(file), "%.8s.json", code);
	enum err e = snapshot_new(file, text, r, &old);
	if (e != ERR_OK)
		return err_note(e, "the version %.16s, kept for filings of before", sm3);
	return append(s, &old);
}

static enum err services_new(struct services **ret_s)
{
	struct services *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ERR(NOMEM, "definitions");
	*ret_s = s;
	return ERR_OK;
}

enum err services_parse(const char *file, struct span text, const struct service_registry *r, struct services **ret_s)
{
	AUTO(services) s = NULL;
	TRY(services_new(&s));
	TRY(add(s, file, text, r));
	*ret_s = STEAL(s);
	return ERR_OK;
}

static int is_definition(const struct dirent *d)
{
	size_t n = strlen(d->d_name);
	return d->d_name[0] != '.' && n > 5 && strcmp(d->d_name + n - 5, ".json") == 0;
}

static enum err load_file(struct services *all, const char *dir, const char *name, const struct service_registry *r)
{
	AUTO_BUF(path, 4096);
	AUTO_BUF(text, SERVICE_FILE_MAX);
	buf_printf(&path, "%s/%s", dir, name);
	TRY(buf_err(&path));
	TRY(file_read(buf_cstr(&path), &text));
	return add(all, name, buf_span(&text), r);
}

enum err services_load(const char *dir, const struct service_registry *r, struct services **ret_s)
{
	AUTO(services) s = NULL;
	struct dirent **list;
	enum err e = services_new(&s);
	TRY(e);
	int n = scandir(dir, &list, is_definition, alphasort);
	if (n < 0)
		return ERR(CONFIG, "cannot read folder %s", dir);
	for (int i = 0; i < n; i++) {
		if (e == ERR_OK)
			e = load_file(s, dir, list[i]->d_name, r);
		free(list[i]);
	}
	free(list);
	TRY(e);
	*ret_s = STEAL(s);
	return ERR_OK;
}

void services_free(struct services *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		snapshot_free(s->v[i]);
	free(s->v);
	free(s);
}

size_t services_count(const struct services *s)
{
	return s->n_now;
}

const struct service *services_at(const struct services *s, size_t i)
{
	return i < s->n_now ? &s->v[i]->service : NULL;
}

const struct service *services_find(const struct services *s, const char *code)
{
	for (size_t i = 0; i < s->n_now; i++)
		if (strcmp(s->v[i]->service.code, code) == 0)
			return &s->v[i]->service;
	return NULL;
}

const struct service *services_by_sm3(const struct services *s, const char *sm3)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i]->service.sm3, sm3) == 0)
			return &s->v[i]->service;
	return NULL;
}
