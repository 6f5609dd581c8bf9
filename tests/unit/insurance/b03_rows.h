/* B03's definition as delivered, and rows of it as a sheet brings them: a column for each field of the enum, in its
 * order, and one for the unit. For the tests of its rules and of the sheets that feed them. */
#pragma once
#include "base/file.h"
#include "server/business/b03.h"
#include "server/business/lists.h"
#include "server/business/staff_rows.h"
#include "server/form/sheet.h"

enum { B03_UNIT_NO = B03_FIELD_COUNT, B03_CELLS };
struct b03_rows {
	struct businesses known;
	struct lists *lists;
	struct services *all;
	const struct service *s;
	struct sheet_columns columns;
	struct sheet_named named[2];
};
static inline enum err b03_rows_open(struct b03_rows *b, const struct tables *t)
{
	AUTO_BUF(text, SERVICE_FILE_MAX);
	businesses_init(&b->known, NULL, t);
	TRY(lists_new(t, &b->lists));
	b->known.registry.next = lists_registry(b->lists);
	TRY(file_read(SHARE_DIR "/services/B03.json", &text));
	TRY(services_parse("B03.json", buf_span(&text), &b->known.registry, &b->all));
	b->s = services_find(b->all, "B03");
	b->columns.n = B03_CELLS;
	for (int f = 0; f < B03_UNIT_NO; f++)
		b->columns.field[f] = (int)b->s->bound[f];
	b->columns.field[B03_UNIT_NO] = SHEET_UNIT;
	b->named[0] = (struct sheet_named){"unit-insurances", "110,210,410"};
	return ERR_OK;
}

static inline void b03_rows_close(struct b03_rows *b)
{
	services_free(b->all);
	lists_free(b->lists);
}

/* The row as the draft would hold it, but for the folding of its texts; the caller's. */
static inline enum err b03_rows_json(const struct b03_rows *b, const char *unit_no, int64_t now, int64_t no,
                                     const struct cell cells[B03_CELLS], json_t **ret_row)
{
	const struct sheet_rules r = {b->s, &b->columns, unit_no, b->named, now};
	return sheet_row(&r, no, cells, B03_CELLS, ret_row);
}

static inline const struct service_field *b03_field(const struct service *s, int f)
{
	return f < B03_UNIT_NO ? &s->row_fields.v[s->bound[f]] : NULL;
}

/* What a row wants of the registers of that unit, whoever it is new to them: for tests that need staff. */
static inline enum err b03_want(const struct desk *d, const struct tables *t, const char *unit_no, struct change *c,
                                const struct b03 *row)
{
	static const struct staff_person nobody;
	struct change_person *p;
	TRY(change_person_new(c, &p));
	const struct staff_wants w = {d, t, unit_no, c, p};
	return business_b03.want(&w, &nobody, row);
}
