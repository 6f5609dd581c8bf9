/* B03's definition as delivered, and rows of it as a sheet brings them: a column for each field of the enum, in its
 * order. For the tests of its rules and of the sheets that feed them. */
#pragma once
#include "base/file.h"
#include "server/business/b03_service.h"
#include "server/business/lists.h"
#include "server/form/sheet.h"

struct b03_rows {
	struct b03_service b03;
	struct lists *lists;
	struct services *all;
	const struct service *s;
	struct sheet_columns columns;
	struct sheet_named named[2];
};
static inline enum err b03_rows_open(struct b03_rows *b, const struct tables *t)
{
	AUTO_BUF(text, SERVICE_FILE_MAX);
	b03_service_init(&b->b03, NULL, t);
	TRY(lists_new(t, &b->lists));
	b->b03.registry.next = lists_registry(b->lists);
	TRY(file_read(SHARE_DIR "/services/B03.json", &text));
	TRY(services_parse("B03.json", buf_span(&text), &b->b03.registry, &b->all));
	b->s = services_find(b->all, "B03");
	b->columns.n = B03_FIELD_COUNT;
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
                                     const struct cell cells[B03_FIELD_COUNT], json_t **ret_row)
{
	const struct sheet_rules r = {b->s, &b->columns, unit_no, b->named, now};
	return sheet_row(&r, no, cells, B03_FIELD_COUNT, ret_row);
}
