#include "server/filing/filing_sheet.h"
#include "gm/sm3.h"
#include <string.h>

enum { DIGEST_LEN = 16, ENTRY_LEN = 4 + DIGEST_LEN, MAP_MAX = SERVICE_ROWS_MAX * ENTRY_LEN, ROW_TEXT_MAX = 64 * 1024 };

static enum err row_digest(const json_t *row, uint8_t ret_digest[DIGEST_LEN])
{
	AUTO_BUF(text, ROW_TEXT_MAX);
	uint8_t sm3[SM3_LEN];
	TRY(json_print(row, &text));
	TRY(sm3_digest(buf_span(&text), sm3));
	memcpy(ret_digest, sm3, DIGEST_LEN);
	return ERR_OK;
}

struct put {
	const char *no;
	struct span sealed;
};

static enum err put_tx(struct tx *tx, void *arg)
{
	const struct put *w = arg;
	return tx_exec(tx, "filing_sheet_put", SQL_ARGS(A_TEXT(w->no), A_BLOB(w->sealed)), NULL);
}

enum err filing_sheet_put(const struct filing_desk *d, const char *no, const json_t *rows, const int64_t *numbers)
{
	AUTO_BUF(map, MAP_MAX);
	AUTO_BUF(sealed, MAP_MAX + 1024);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		uint8_t digest[DIGEST_LEN];
		TRY(row_digest(json_array_get(rows, i), digest));
		buf_u32(&map, (uint32_t)numbers[i]);
		buf_put(&map, SPAN_ARR(digest));
	}
	TRY(buf_err(&map));
	TRY(field_seal(d->desk->keys, "filing_sheet.map", span_str(no), buf_span(&map), &sealed));
	struct put w = {no, buf_span(&sealed)};
	return store_write(d->desk->store, put_tx, &w);
}

struct get {
	const char *no;
	struct buf sealed;
};

static enum err got_row(const struct row *row, void *ctx)
{
	struct buf *sealed = ctx;
	buf_put(sealed, row_blob(row, 0));
	return buf_err(sealed);
}

static enum err get_tx(struct tx *tx, void *arg)
{
	struct get *w = arg;
	buf_clear(&w->sealed);
	return tx_query(tx, "filing_sheet_get", SQL_ARGS(A_TEXT(w->no)), got_row, &w->sealed);
}

/* Rows are taken out of a draft but never moved: both lists are walked once, in their order. */
static enum err match(struct span map, const json_t *rows, int64_t *numbers)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		uint8_t digest[DIGEST_LEN];
		struct span rest = map, entry;
		uint32_t number = 0;
		TRY(row_digest(json_array_get(rows, i), digest));
		while (numbers[i] == 0 && span_take(&rest, ENTRY_LEN, &entry)) {
			(void)span_take_u32(&entry, &number);
			if (!span_eq(entry, SPAN_ARR(digest)))
				continue;
			numbers[i] = number;
			map = rest;
		}
	}
	return ERR_OK;
}

enum err filing_sheet_numbers(const struct filing_desk *d, const char *no, const json_t *rows, int64_t *ret_numbers)
{
	AUTO_BUF(map, MAP_MAX);
	struct get w = {no, buf_make(MAP_MAX + 1024)};
	enum err e = store_read(d->desk->store, get_tx, &w);
	for (size_t i = 0; i < json_array_size(rows); i++)
		ret_numbers[i] = 0;
	if (e == ERR_OK && w.sealed.len > 0)
		e = field_open(d->desk->keys, "filing_sheet.map", span_str(no), buf_span(&w.sealed), &map);
	buf_done(&w.sealed);
	TRY(e);
	return match(buf_span(&map), rows, ret_numbers);
}
