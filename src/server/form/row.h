/* A row, or the form itself, as typed values by the index of its definition's fields: read once, then counted with. */
#pragma once
#include "server/form/field.h"

struct row_values {
	const struct service_fields *fields;
	struct field_value v[SERVICE_FIELDS_MAX]; /* texts borrowed from the stored row */
};
enum err row_read(const struct service_fields *fields, const json_t *row, int64_t now,
                  struct row_values *ret_r) MUST_CHECK;
static inline bool row_is_good(const struct row_values *r, size_t i)
{
	return r->v[i].state == FIELD_GOOD;
}
/* Given, but not to be used. */
static inline bool row_is_bad(const struct row_values *r, size_t i)
{
	return r->v[i].state != FIELD_GOOD && r->v[i].state != FIELD_EMPTY;
}
