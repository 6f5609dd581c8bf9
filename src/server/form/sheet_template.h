/* The sheet that people download and fill in, written from the definition (libxlsxwriter).
 *
 * First sheet: the headings, required ones marked, each column formatted for what it holds (numbers of identity and
 * codes as text, so that no spreadsheet program rounds them), with the hint when a cell is chosen and a list to choose
 * from where the definition has one. Second sheet 填写说明: for each column whether it must be filled in and what a
 * blank cell stands for, hint, list, and one example row, which stands there so that nobody files it. Lists too long
 * for a cell's own are in the third sheet 代码表. */
#pragma once
#include "server/form/service.h"

enum err sheet_template(const struct service *s, const char *path) MUST_CHECK; /* ERR_IO, ERR_LIMIT */
/* What the example row holds of a field, as a sheet holds it: by its type, validator and rules; "" where it stays
 * blank. */
const char *sheet_example(const struct service *s, const struct service_field *f);
/* 必填, 选填 or what a blank cell stands for. */
enum err sheet_demand(const struct service *s, const struct service_field *f, struct buf *out) MUST_CHECK;
