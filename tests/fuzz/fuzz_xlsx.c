/* The spreadsheet reader in process. First octet 't' or 'w': tight or wide limits for the file that follows; 'x': what
 * follows is the XML of the first sheet, put into a sound workbook here, since no fuzzer finds its way through
 * checksums. No crash, no row out of order or past its heading, no more rows than permitted, text that is UTF-8 and
 * within its limit. */
#include "base/text.h"
#include "server/convert/xlsx.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	const struct xlsx_limits *limits;
	size_t columns, heads;
	int64_t last, rows;
};

static enum err on_cells(const struct seen *s, const struct cell *cells, size_t n)
{
	INVARIANT(n <= s->limits->cols);
	for (size_t i = 0; i < n; i++) {
		INVARIANT(cells[i].kind < CELL_KIND_COUNT && cells[i].text.len <= s->limits->cell_bytes);
		INVARIANT(cells[i].kind <= CELL_TIMED || cells[i].text.len == 0);
		INVARIANT(text_is_utf8(cells[i].text));
	}
	return ERR_OK;
}

static enum err on_head(void *ctx, int64_t row, const struct cell *cells, size_t n)
{
	struct seen *s = ctx;

	INVARIANT(s->heads++ == 0 && row >= 1);
	s->columns = n;
	s->last = row;
	return on_cells(s, cells, n);
}

static enum err on_row(void *ctx, int64_t row, const struct cell *cells, size_t n)
{
	struct seen *s = ctx;

	INVARIANT(s->heads == 1 && row > s->last && row <= XLSX_ROW_LAST && n <= s->columns);
	INVARIANT(++s->rows <= (int64_t)s->limits->rows);
	s->last = row;
	return on_cells(s, cells, n);
}

/* --- a workbook around a sheet: a zip of stored entries --- */

enum { PARTS = 5, BOOK_MAX = 1 << 20 };

static uint32_t crc_of(struct span s)
{
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < s.len; i++) {
		crc ^= s.ptr[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void little(struct buf *b, uint32_t v, int octets)
{
	for (int i = 0; i < octets; i++)
		buf_u8(b, (uint8_t)(v >> 8 * i));
}

/* What local header and directory share: version to read, flags, stored, time, date, sums, lengths. */
static void entry_head(struct buf *b, const char *name, struct span content)
{
	little(b, 20, 2);
	little(b, 0, 4);
	little(b, 0x5c210000, 4);
	little(b, crc_of(content), 4);
	little(b, (uint32_t)content.len, 4);
	little(b, (uint32_t)content.len, 4);
	little(b, (uint32_t)strlen(name), 2);
	little(b, 0, 2);
}

static void add_entry(struct buf *book, struct buf *list, const char *name, struct span content)
{
	uint32_t at = (uint32_t)book->len;

	buf_str(book, "PK\x03\x04");
	entry_head(book, name, content);
	buf_str(book, name);
	buf_put(book, content);
	buf_str(list, "PK\x01\x02");
	little(list, 20, 2);
	entry_head(list, name, content);
	little(list, 0, 4); /* no comment, first disk */
	little(list, 0, 2); /* attributes */
	little(list, 0, 4);
	little(list, at, 4);
	buf_str(list, name);
}

#define MAIN_NS "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define REL_NS  "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PKG_NS  "http://schemas.openxmlformats.org/package/2006/"
#define TYPE    "application/vnd.openxmlformats-officedocument.spreadsheetml."

static void wrap(struct span sheet, struct buf *book)
{
	AUTO_BUF(list, 4096);
	const struct {
		const char *name, *text;
	} parts[PARTS - 1] = {
		{"[Content_Types].xml",
	         "<Types xmlns=\"" PKG_NS "content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/>"
	         "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" TYPE "sheet.main+xml\"/>"
	         "<Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"" TYPE "worksheet+xml\"/></Types>"},
		{"_rels/.rels", "<Relationships xmlns=\"" PKG_NS
	                        "relationships\"><Relationship Id=\"r1\" Type=\"" REL_NS "/officeDocument\" "
	                        "Target=\"xl/workbook.xml\"/></Relationships>"},
		{"xl/workbook.xml", "<workbook xmlns=\"" MAIN_NS "\" xmlns:r=\"" REL_NS
	                            "\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"r1\"/>"
	                            "</sheets></workbook>"},
		{"xl/_rels/workbook.xml.rels", "<Relationships xmlns=\"" PKG_NS
	                                       "relationships\"><Relationship Id=\"r1\" Type=\"" REL_NS "/worksheet\" "
	                                       "Target=\"worksheets/sheet1.xml\"/></Relationships>"},
	};

	for (size_t i = 0; i < COUNT_OF(parts); i++)
		add_entry(book, &list, parts[i].name, span_str(parts[i].text));
	add_entry(book, &list, "xl/worksheets/sheet1.xml", sheet);
	uint32_t at = (uint32_t)book->len;
	buf_put(book, buf_span(&list));
	buf_str(book, "PK\x05\x06");
	little(book, 0, 4);
	little(book, PARTS, 2);
	little(book, PARTS, 2);
	little(book, (uint32_t)list.len, 4);
	little(book, at, 4);
	little(book, 0, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF(book, BOOK_MAX);
	const struct xlsx_limits tight = {8, 6, 60, 40, 2, 64 << 10}, wide = {1000, 64, 2000, 20000, 20, 4 << 20};
	struct seen s = {.limits = size > 0 && data[0] == 't' ? &tight : &wide};
	const struct xlsx_sink sink = {on_head, on_row, &s};
	struct xlsx_summary sum = {0};
	/* Anything else is taken whole, so that plain workbooks are seeds too. */
	struct span file = span_of(data, size);

	if (size > 0 && (data[0] == 't' || data[0] == 'w' || data[0] == 'x'))
		file = span_sub(file, 1, file.len);
	if (size > 0 && data[0] == 'x') {
		wrap(file, &book);
		if (buf_err(&book) != ERR_OK)
			return 0;
		file = buf_span(&book);
	}
	if (xlsx_read(file, s.limits, &sink, &sum) == ERR_OK)
		INVARIANT(sum.rows == s.rows && sum.empty_rows >= 0 && sum.last_row >= s.last && s.heads == 1);
	err_clear();
	return 0;
}
