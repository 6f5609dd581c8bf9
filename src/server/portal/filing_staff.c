/* Fields of type person: the unit's own staff, found by a part of the name or by the number. */
#include "server/portal/filing_staff.h"
#include "server/portal/filing_pages.h"
#include "server/register/staff.h"

static enum err put_found(const struct staff_row *r, void *ctx)
{
	struct mo o = mo_item(ctx);
	mo_str(&o, "no", r->person_no);
	mo_str(&o, "name", r->name);
	mo_str(&o, "id", r->id_masked);
	return mo_err(&o);
}

enum err page_filing_staff(struct web_req *rq)
{
	const struct filing_desk *d;
	struct filing_who who;
	struct filing f;
	AUTO_JSON model = json_object();
	struct mo m = mo_of(model);
	AUTO_BUF(out, 64 * 1024);
	TRY(filing_desk_of(rq, &d));
	filer_of(rq, &who);
	TRY(filing_get(d, web_param(rq, "no"), &who, &f));
	json_t *list = mo_list(&m, "people");
	TRY(mo_err(&m));
	TRY(staff_find(d->desk, f.unit_no, web_value(rq, "q"), FILING_STAFF_MAX, put_found, list));
	TRY(json_print(model, &out));
	return web_bytes(rq, "application/json", buf_span(&out));
}

enum err filing_put_person(const struct filing_desk *d, const struct filing *f, const struct service_field *field,
                           const char *value, struct buf *out)
{
	AUTO_BUF(name, NAME_MAX_BYTES);
	if (field->type != FIELD_PERSON || value[0] == 0)
		return ERR_OK;
	enum err e = staff_name(d->desk, f->unit_no, value, &name);
	if (e == ERR_OK)
		buf_printf(out, " %s", buf_cstr(&name));
	err_clear();
	return e == ERR_ABSENT || e == ERR_OK ? buf_err(out) : e;
}
