/* Between the xlsx*.c files: parts out of the package, XML with limits, strings, styles, numbers. */
#pragma once
#include "server/convert/xlsx.h"
#include <expat.h>

enum { XML_DEPTH_MAX = 64, PART_NAME_MAX = 200 };

/* --- package: xlsx_part.c --- */
struct package;
enum err package_open(struct span file, const struct xlsx_limits *limits, struct package **ret_p) MUST_CHECK;
void package_free(struct package *p);
DEFINE_AUTO(package)
bool package_has(const struct package *p, const char *name); /* part name without leading slash, in any case */
bool package_has_under(const struct package *p, const char *folder);

/* Element and attribute names come without their namespace; elements of other namespaces than SpreadsheetML, package
 * relationships and content types are not reported. */
struct xml_reader {
	enum err (*start)(void *ctx, const char *name, const char **attrs);
	enum err (*end)(void *ctx, const char *name);
	enum err (*text)(void *ctx, struct span s);
	void *ctx;
};
enum err package_read(struct package *p, const char *name, const struct xml_reader *r) MUST_CHECK; /* ERR_ABSENT */
const char *xml_attr(const char **attrs, const char *name); /* NULL when absent */

/* --- shared strings and number formats: xlsx_tables.c --- */
struct strings {
	struct buf bytes;
	struct item {
		uint32_t at, len;
		bool is_long;
	} * v;
	size_t n;
};
enum err strings_read(struct package *p, const char *part, const struct xlsx_limits *limits,
                      struct strings *s) MUST_CHECK;
void strings_done(struct strings *s);
struct styles {
	bool *is_date; /* by cell format index */
	size_t n;
};
enum err styles_read(struct package *p, const char *part, struct styles *s) MUST_CHECK;
void styles_done(struct styles *s);
bool format_is_date(const char *code); /* a custom number format */

/* --- workbook: xlsx.c --- */
struct book {
	struct package *package;
	const struct xlsx_limits *limits;
	struct strings strings;
	struct styles styles;
	char sheet_part[PART_NAME_MAX];
	unsigned sheets;
	bool date1904;
};

/* --- sheet: xlsx_sheet.c --- */
enum err sheet_read(struct book *b, const struct xlsx_sink *sink, struct xlsx_summary *s) MUST_CHECK;

/* --- values: xlsx_value.c --- */
/* Decimal text of a cell's <v>: ret_kind CELL_NUMBER, CELL_INEXACT or CELL_ERROR (not a number). */
enum cell_kind value_number(struct span v, char *ret, size_t cap);
/* Serial day to "2026-03-01", or "2026-02-28 16:00" with a time of day: CELL_DATE, CELL_TIMED or CELL_BAD_DATE. */
enum cell_kind value_date(struct span v, bool date1904, char *ret, size_t cap);
/* "BC12" to row 12, column 54 (from 0); false when malformed or past the limits of the format. */
bool value_ref(struct span ref, int64_t *ret_row, unsigned *ret_col);
bool value_int(struct span s, int64_t max, int64_t *ret_v);
/* "2026-03-01" or with a time behind T (ISO 8601): as value_date. */
enum cell_kind value_iso(struct span v, char *ret, size_t cap);
/* Takes _xHHHH_ escapes (22.9.2.19) off, in place; the new length. What is no character stays as it is written. */
size_t value_unescape(uint8_t *text, size_t len);
