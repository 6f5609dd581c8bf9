/* From the converted sheet to B03 rows: headings to fields in any order, cells to texts, spoilt cells to faults. */
#pragma once
#include "server/convert/convert.h"
#include "server/insurance/b03.h"

enum { B03_SHEET_COLS = 64 };
struct b03_sheet {
	int field[B03_SHEET_COLS]; /* -1: column without heading */
	size_t n;
};
/* ERR_XLSX_HEAD with the Chinese reason in ret_why (unknown, twice, missing headings); ret_why may be shown. */
enum err b03_sheet_head(struct b03_sheet *s, const struct cell *cells, size_t n, struct buf *ret_why) MUST_CHECK;
/* Texts are borrowed from the cells. */
void b03_sheet_row(const struct b03_sheet *s, int64_t no, const struct cell *cells, size_t n, struct b03_row *ret_row);
