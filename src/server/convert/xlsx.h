/* The first sheet of an .xlsx workbook (ECMA-376, transitional and strict) as typed cells. Runs in yinxin-convert only.
 *
 * Hostile throughout: every part is inflated against a budget, XML has no document type, nothing is fetched, no formula
 * is believed (its cached value neither). What makes the whole file unusable is refused with an error of its own
 * (ERR_XLSX_*); what spoils one cell is that cell's kind, so that a person can be told the cell. Cells of a merged
 * range are marked although the list of ranges stands behind the data: the sheet is read twice. Pure: bytes in, calls
 * out; no file, no clock. */
#pragma once
#include "base/buf.h"

struct xlsx_limits {
	unsigned rows; /* rows with content, without the header row */
	unsigned cols;
	unsigned cell_bytes; /* longer text: CELL_LONG */
	unsigned strings;    /* shared strings */
	unsigned sheets;
	uint64_t inflated; /* octets of all parts that are read */
};
#define XLSX_LIMITS_DEFAULT ((struct xlsx_limits){5000, 64, 2000, 200000, 20, 256ull << 20})
enum {
	XLSX_FILE_MAX = 16 << 20,
	XLSX_ENTRIES_MAX = 1000,
	XLSX_ROW_LAST = 1048576,
	XLSX_COL_LAST = 16384,
	XLSX_MERGES_MAX = 1000
};

enum cell_kind {
	CELL_EMPTY,
	CELL_TEXT,
	CELL_NUMBER, /* plain decimal of at most 15 significant digits: "8765.43" */
	CELL_DATE,   /* "2026-03-01", from a number with a date format; both epochs */
	CELL_BOOL,   /* "0" or "1" */
	CELL_TIMED,  /* "2026-02-28 16:00": a day with a time of day, so perhaps another day */
	/* What cannot be taken; text is empty: */
	CELL_FORMULA,  /* holds a formula */
	CELL_MERGED,   /* lies in a merged range */
	CELL_ERROR,    /* #N/A and its like */
	CELL_LONG,     /* longer than the limit */
	CELL_INEXACT,  /* a number of more than 15 digits: the spreadsheet has already lost some */
	CELL_BAD_DATE, /* a date that does not exist (29 Feb 1900, negative, past 9999) */
	CELL_KIND_COUNT
};
const char *cell_kind_name(enum cell_kind k); /* "text"; the wire's word */
struct cell {
	enum cell_kind kind;
	struct span text;
};
/* Row numbers are the sheet's, from 1. cells[0..n): n is the number of header columns or less. The header row comes
 * first, as text. */
struct xlsx_sink {
	enum err (*head)(void *ctx, int64_t row, const struct cell *cells, size_t n);
	enum err (*row)(void *ctx, int64_t row, const struct cell *cells, size_t n);
	void *ctx;
};
struct xlsx_summary {
	int64_t rows, empty_rows, last_row; /* empty_rows: <row> elements without content */
	unsigned sheets;
	bool date1904;
};
enum err xlsx_read(struct span file, const struct xlsx_limits *limits, const struct xlsx_sink *sink,
                   struct xlsx_summary *ret_s) MUST_CHECK;
