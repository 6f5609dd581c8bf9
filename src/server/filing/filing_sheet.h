/* Which row of the uploaded spreadsheet a draft's row came from, so that faults are told by the sheet's own numbers.
 *
 * Kept beside the draft, sealed, as (row number, digest of the row) in the sheet's order. Rows that were taken out or
 * edited since simply have no number any more; nothing is decided by this table. */
#pragma once
#include "server/filing/filing.h"

/* rows: as the draft now holds them; numbers[i] is the sheet's row of rows[i]. Replaces what was there. ERR_LIMIT. */
enum err filing_sheet_put(const struct filing_desk *d, const char *no, const json_t *rows,
                          const int64_t *numbers) MUST_CHECK;
/* ret_numbers has room for every row of rows; 0 where the row came from no sheet. */
enum err filing_sheet_numbers(const struct filing_desk *d, const char *no, const json_t *rows,
                              int64_t *ret_numbers) MUST_CHECK;
