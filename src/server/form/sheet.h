/* A spreadsheet by its definition: headings are labels or their aliases, in any order; a cell becomes a value as the
 * draft takes it, or the mark of a spoilt cell.
 *
 * What a cell holds is read here for codes (by code or by name), days, months, amounts and numbers; texts are left as
 * they are typed, for the draft folds them and can say what it changed. What cannot be read stays as it was typed and
 * is a fault of the check. What a blank cell stands for, the definition says: "blank" a value, "blank_from" another
 * field of the row, "blank_by" what the caller computes under that name. A column that names the unit is compared with
 * it. Pure. */
#pragma once
#include "server/convert/xlsx.h"
#include "server/form/service.h"

enum { SHEET_COLS = 64, SHEET_NONE = -1, SHEET_UNIT = -2, SHEET_DETAIL_MAX = 200 };
struct sheet_columns {
	int field[SHEET_COLS]; /* index in row_fields, SHEET_NONE without heading, SHEET_UNIT */
	size_t n;
};
/* ERR_XLSX_HEAD with the Chinese reason in ret_why (unknown, twice, missing headings); ret_why may be shown. */
enum err sheet_head(const struct service *s, const struct cell *cells, size_t n, struct sheet_columns *ret_c,
                    struct buf *ret_why) MUST_CHECK;
/* "姓名*", "姓名(必填)", "姓\n名" and "姓名" are the same heading. Into an empty buffer. */
enum err sheet_heading(struct span typed, struct buf *out) MUST_CHECK;

struct sheet_named { /* the value of a "blank_by"; ends with a NULL name */
	const char *name, *value;
};
struct sheet_rules {
	const struct service *service;
	const struct sheet_columns *columns;
	const char *unit_no;
	const struct sheet_named *named;
	int64_t now;
};
/* no: of the sheet, for the names of spoilt cells. A row of another unit is spoilt at its last text, there being no
 * field for its unit. *ret_row is a new object of strings for content_take(). */
enum err sheet_row(const struct sheet_rules *r, int64_t no, const struct cell *cells, size_t n,
                   json_t **ret_row) MUST_CHECK;

/* --- spoilt cells --- */
/* In a draft a spoilt cell is this octet, its code, a space and perhaps a detail: text that no validator accepts, so
 * that the row cannot be filed, and that tells why when the draft is looked at again. Form fields refuse the octet. */
#define SHEET_SPOILT '\x1a'
enum sheet_fault {
	SHEET_LONG = 12,
	SHEET_FORMULA = 19,
	SHEET_MERGED,
	SHEET_CELL,
	SHEET_OTHER_UNIT,
	SHEET_TIMED = 26,
	SHEET_UNSURE,
	SHEET_INEXACT,
	SHEET_FOLLOWS /* another field's value, which has the fault */
};
struct sheet_spoil {
	enum sheet_fault fault;
	char code[16]; /* "B03-19": the numbers are every business's, its own codes leave them free */
	const char *zh, *remedy;
	const char *detail; /* "单元格 S12", into the value */
};
bool sheet_spoilt(const char *value, struct sheet_spoil *ret_s); /* false: a value like any other */
