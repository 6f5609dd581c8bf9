#include "server/portal/inputs.h"
#include "server/cert/cert_service.h"
#include "server/form/field.h"
#include "server/portal/filing_pages.h"

enum { CHECKED_MAX = 1 };

static size_t own_count(const struct web_field *own)
{
	size_t n = 0;
	while (own != NULL && own[n].name != NULL)
		n++;
	return n;
}

static size_t inputs_count(const struct service_fields *fields)
{
	size_t n = 0;
	for (size_t i = 0; fields != NULL && i < fields->n; i++)
		n += fields->v[i].type == FIELD_CODES ? fields->v[i].list->n : 1;
	return n;
}

static enum err put_codes(struct web_req *rq, const struct service_field *f, struct web_field *to)
{
	for (size_t i = 0; i < f->list->n; i++) {
		const char *name = arena_printf(web_arena(rq), "%s_%s", f->name, f->list->v[i].code);
		if (name == NULL)
			return ERR(NOMEM, "inputs");
		to[i] = (struct web_field){name, f->list->v[i].text, CHECKED_MAX};
	}
	return ERR_OK;
}

static size_t longest_code(const struct service_list *l)
{
	size_t max = 0;
	for (size_t i = 0; i < l->n; i++)
		max = strlen(l->v[i].code) > max ? strlen(l->v[i].code) : max;
	return max;
}

static struct web_field input_of(const struct service_field *f)
{
	const struct field_kind *kind = field_kind(f->type);
	if (kind->listed)
		return (struct web_field){f->name, f->label, longest_code(f->list)};
	return (struct web_field){f->name, f->label, kind->typed_max > 0 ? kind->typed_max : f->max_len, .typed = true};
}

static enum err put_inputs(struct web_req *rq, const struct service_fields *fields, struct web_field **to)
{
	for (size_t i = 0; fields != NULL && i < fields->n; i++) {
		const struct service_field *f = &fields->v[i];
		if (f->type == FIELD_CODES)
			TRY(put_codes(rq, f, *to));
		else
			**to = input_of(f);
		*to += f->type == FIELD_CODES ? f->list->n : 1;
	}
	return ERR_OK;
}

enum err inputs_of(struct web_req *rq, const struct web_field *own, const struct service_fields *form,
                   const struct service_fields *rows, const struct web_field **ret_fields)
{
	size_t n_own = own_count(own), n = n_own + inputs_count(form) + inputs_count(rows);
	struct web_field *all = arena_alloc(web_arena(rq), (n + 1) * sizeof(*all)), *to = all + n_own;
	if (all == NULL)
		return ERR(NOMEM, "inputs");
	for (size_t i = 0; i < n_own; i++)
		all[i] = own[i];
	TRY(put_inputs(rq, form, &to));
	TRY(put_inputs(rq, rows, &to));
	*to = (struct web_field){.name = NULL};
	*ret_fields = all;
	return ERR_OK;
}

enum err inputs_of_filing(struct web_req *rq, const struct web_field **ret_fields)
{
	static const struct web_field own[] = {{"version", "版本", 20, true}, {"go", "操作", 8}, {NULL}};
	const struct filing_desk *d;
	const struct service *s;
	struct filing_who who;
	struct filing f;
	TRY(filing_desk_of(rq, &d));
	filer_of(rq, &who);
	TRY(filing_get(d, web_param(rq, "no"), &who, &f));
	TRY(filing_service(d, &f, &s));
	return inputs_of(rq, own, &s->fields, &s->row_fields, ret_fields);
}

enum err inputs_of_case(struct web_req *rq, const struct web_field **ret_fields)
{
	const struct cert_service *cert;
	TRY(cert_service_of(&portal_of(rq)->desk, &cert));
	return inputs_of(rq, NULL, &cert->service->fields, NULL, ret_fields);
}
