#include "server/form/row.h"

enum err row_read(const struct service_fields *fields, const json_t *row, int64_t now, struct row_values *ret_r)
{
	ret_r->fields = fields;
	for (size_t i = 0; i < fields->n; i++) {
		const json_t *v = json_object_get(row, fields->v[i].name);
		struct span text = v != NULL ? span_of(json_string_value(v), json_string_length(v)) : SPAN_EMPTY;
		TRY(field_read(&fields->v[i], text, now, &ret_r->v[i]));
	}
	return ERR_OK;
}
