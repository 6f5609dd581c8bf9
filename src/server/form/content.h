/* What a filing says: {"form": {field: value}, "rows": [{field: value}, ...]}, all values strings.
 *
 * content_take() accepts a form or rows from outside: declared names only, text within its limits, normalised where the
 * validator accepts it; a draft may hold faults. content_check() lists all faults. The canonical text of a row is what
 * statements hold: label=value of every field that is not empty, in the order of the definition, with ";" between; in a
 * value "\" and ";" have a "\" before them, and "\n" is the end of a line of a long text; a coded value is followed by
 * a space and its text. 姓名=测试职工甲;参保类型=A 首次参保;月工资=8000.00 What folding changed (text_fold.h) stays
 * beside the value, under CONTENT_TYPED in the row, for pages to say so; of secret fields only that something was.
 * Nothing after the statement folds: content_check() refuses a value that is not as its validator gives it, and what is
 * signed is what effects write. Pure: the time is passed in. */
#pragma once
#include "evidence/limits.h"
#include "server/form/service.h"

/* as stored; what of it is signed, form and rows with the keys of their lines: beside it stand the attachments */
enum { CONTENT_TEXT_MAX = LIMIT_CONTENT, CONTENT_SIGNED_MAX = LIMIT_STATEMENT - 4 * LIMIT_BESIDE };
#define CONTENT_TYPED "~" /* {"name": {"from": "测•试甲", "what": 64}}: no field has such a name */
/* What was typed into a field before it was folded, "" when that is not kept; 0 when nothing was changed. */
unsigned content_typed(const json_t *row, const char *field, const char **ret_from);
/* A stored content taken anew: what an older version took. A field that the definition does not have is left out.
 * ret_content is the caller's. */
enum err content_retake(const struct service *s, const json_t *content, int64_t now, json_t **ret_content) MUST_CHECK;
enum err content_new(json_t **ret_c) MUST_CHECK; /* empty form, no rows */
/* ERR_FIELD_UNKNOWN, ERR_FIELD_VALUE (no string), ERR_LIMIT, ERR_UTF8; ret_row is a new object in the definition's
 * order. */
enum err content_take(const struct service_fields *fields, const json_t *in, int64_t now, json_t **ret_row) MUST_CHECK;
/* Every fault of form, rows and cross-field rules; not the preconditions. */
enum err content_check(const struct service *s, const json_t *content, int64_t now,
                       struct fault_sink *faults) MUST_CHECK;
/* Appends the canonical text; "-" when all fields are empty. ERR_LIMIT past STATEMENT_WIDE_VALUE_MAX. */
enum err content_row_text(const struct service_fields *fields, const json_t *row, struct buf *out) MUST_CHECK;
/* One field's value as pages show it: the code's text, or the code where the list no longer has it. */
enum err content_value_words(const struct service_field *f, const char *value, struct buf *out) MUST_CHECK;
/* One field's value as it is signed: code with its text. */
enum err content_value_text(const struct service_field *f, const char *value, struct buf *out) MUST_CHECK;
enum err content_parse(struct span text, json_t **ret_c) MUST_CHECK; /* as stored */
enum err content_print(const json_t *content, struct buf *out) MUST_CHECK;
