/* Fields that name one of the unit's own staff: a number is kept, a name may be typed. */
#include "server/filing/filing_i.h"
#include "server/form/field.h"
#include "server/register/staff.h"
#include <stdio.h>
#include <string.h>

/* --- a name that was typed becomes the number of the only one who has it --- */

struct only {
	const char *typed;
	char no[PERSON_NO_LEN + 1];
	size_t n;
};

static enum err same_name(const struct staff_row *r, void *ctx)
{
	struct only *w = ctx;
	if (strcmp(r->name, w->typed) != 0)
		return ERR_OK;
	(void)snprintf(w->no, sizeof(w->no), "%s", r->person_no);
	w->n++;
	return ERR_OK;
}

static bool is_number(const char *value)
{
	return value[0] != 0 && strspn(value, "0123456789") == strlen(value);
}

enum err filing_people_take(const struct filing_desk *d, const char *unit_no, const struct service_fields *fields,
                            json_t *row)
{
	for (size_t i = 0; i < fields->n; i++) {
		struct only w = {.typed = json_str_or(row, fields->v[i].name, "")};
		if (fields->v[i].type != FIELD_PERSON || w.typed[0] == 0 || is_number(w.typed))
			continue;
		TRY(staff_find(d->desk, unit_no, w.typed, FILING_STAFF_MAX, same_name, &w));
		if (w.n == 1)
			TRY(json_put_str(row, fields->v[i].name, span_str(w.no)));
	}
	return ERR_OK;
}

/* --- whether they are still there --- */

struct people {
	const struct filing_desk *d;
	const struct filing_view *v;
	struct fault_sink *faults;
	json_t *known; /* numbers that were found: rows often name the same person */
};

static enum err is_there(struct people *w, const char *no, bool *ret_yes)
{
	AUTO_BUF(name, NAME_MAX_BYTES);
	*ret_yes = json_object_get(w->known, no) != NULL;
	if (*ret_yes)
		return ERR_OK;
	enum err e = staff_name(w->d->desk, w->v->filing->unit_no, no, &name);
	if (e == ERR_ABSENT) {
		err_clear();
		return ERR_OK;
	}
	TRY(e);
	*ret_yes = true;
	return json_put_bool(w->known, no, true);
}

/* A value that is no number has its fault already. */
static enum err check_field(struct people *w, const struct service_field *f, const json_t *row, size_t number)
{
	char text[2 * SERVICE_NAME_MAX + 200];
	const char *no = json_str_or(row, f->name, "");
	bool there = true;
	if (f->type != FIELD_PERSON || !is_number(no))
		return ERR_OK;
	TRY(is_there(w, no, &there));
	if (there)
		return ERR_OK;
	(void)snprintf(text, sizeof(text), "%s不是本单位在职人员", f->label);
	const struct fault t = {number, f->name, "E-36", text, "请按姓名或人员编号查找，并从结果中选择"};
	return fault_put(w->faults, &t);
}

static enum err check_row(struct people *w, const struct service_fields *fields, const json_t *row, size_t number)
{
	for (size_t i = 0; i < fields->n; i++)
		TRY(check_field(w, &fields->v[i], row, number));
	return ERR_OK;
}

enum err filing_people_faults(const struct filing_desk *d, const struct filing_view *v, struct fault_sink *faults)
{
	AUTO_JSON known = json_object();
	const json_t *rows = json_object_get(v->content, "rows");
	struct people w = {d, v, faults, known};
	if (known == NULL)
		return ERR(NOMEM, "people");
	TRY(check_row(&w, &v->service->fields, json_object_get(v->content, "form"), 0));
	for (size_t i = 0; i < json_array_size(rows); i++)
		TRY(check_row(&w, &v->service->row_fields, json_array_get(rows, i), i + 1));
	return ERR_OK;
}
