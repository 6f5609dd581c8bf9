/* From the converted sheet to B03 rows: headings to fields in any order, cells to texts, spoilt cells to faults. */
#pragma once
#include "server/convert/convert.h"
#include "server/business/b03.h"

enum { B03_SHEET_COLS = 64 };
struct b03_sheet {
	int field[B03_SHEET_COLS]; /* -1: column without heading */
	size_t n;
};
/* ERR_XLSX_HEAD with the Chinese reason in ret_why (unknown, twice, missing headings); ret_why may be shown. */
enum err b03_sheet_head(struct b03_sheet *s, const struct cell *cells, size_t n, struct buf *ret_why) MUST_CHECK;
/* --- a row as the definition's fields take it --- */
/* In a draft a spoilt cell is this octet, its code, a space and perhaps a detail: text that no validator accepts, so
 * that the row cannot be filed, and that tells why when the draft is looked at again. Form fields refuse the octet. */
#define B03_SPOILT '\x1a'
struct b03_sheet_rules {
	const struct tables *tables;
	const char *unit_no;
	int period;                    /* business month: dated code lists */
	unsigned ins;                  /* for a row that names no insurance */
	const struct b03_sheet *sheet; /* its columns: a spoilt cell is named by them */
};
/* Value of field f, "" for none: codes for names, 2026-11-01, 202611, 8000.00, 110,210,410, defaults of the template's
 * guide. What cannot be read stays as it was typed. A row of another unit is spoilt at B03_REMARK, there being no field
 * for its unit. */
void b03_sheet_value(const struct b03_sheet_rules *r, const struct b03_row *row, enum b03_field f,
                     char ret[B03_TEXT_BYTES + 1]);
/* Whether a value is a spoilt cell, of which code; *ret_detail points into it. */
bool b03_sheet_spoilt(const char *value, enum b03_code *ret_code, const char **ret_detail);

/* Texts are borrowed from the cells. */
void b03_sheet_row(const struct b03_sheet *s, int64_t no, const struct cell *cells, size_t n, struct b03_row *ret_row);
