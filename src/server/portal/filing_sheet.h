/* Many persons at once: the spreadsheet of a draft, its faults row by row, how far an upload has come.
 *
 * The sheet is read by yinxin-convert and becomes rows of the draft, faulty ones too: what cannot be read stays in the
 * row as it was typed, or as the mark of form/sheet.h, so that filing_check names it each time anew. Only a file that
 * is unusable as a whole is refused, and then nothing has changed. */
#pragma once
#include "server/portal/filing_pages.h"

enum { SHEET_FILE_MAX = 5 << 20, SHEET_POST_MAX = SHEET_FILE_MAX + 65536, FAULTS_SHOWN = 50, FAULT_LINES_MAX = 20000 };

/* --- faults as lines for people: filing_faults.c --- */
/* {"at" row of the draft, 0 the form; "number" row of the sheet, else "at"; "row" "第 3 行"; "name"; "field" of the
 * form's page,
 * "" where it has none; "label"; "code"; "text" with the label; "reason" without; "remedy"}, by rows. */
struct fault_lines {
	json_t *list;    /* owned */
	size_t bad_rows; /* rows with at least one */
};
struct fault_view {
	const struct filing_desk *d;
	const struct filing *f;
	const struct service *s;
	const json_t *content;
	const struct filing_who *by;
};
/* ERR_LIMIT past FAULT_LINES_MAX */
enum err filing_fault_lines(const struct fault_view *v, struct fault_lines *ret_l) MUST_CHECK;
/* the first FAULTS_SHOWN */
enum err filing_put_lines(struct mo *m, const struct fault_view *v, const json_t *lines) MUST_CHECK;
enum err filing_put_no_faults(struct mo *m) MUST_CHECK; /* the same members, for a page that does not check */
/* One-line text as it may be shown: a spoilt cell as words, invisible characters told instead of shown. */
enum err filing_shown(const struct service_field *field, const char *value, struct buf *out) MUST_CHECK;

/* --- what folding changed: filing_folded.c --- */
enum { FOLDED_SHOWN = 200 };
/* Appends {"row": place, "label", "from", "to", "words"} for each changed field of a row; a secret one without "from"
 * and "to". */
enum err folded_put(json_t *list, const struct service_fields *fields, const json_t *row, const char *place) MUST_CHECK;
/* "has_folded", "folded_count", "more_folded"; list is cut */
enum err folded_end(struct mo *m, json_t *list) MUST_CHECK;
/* The whole draft's, as "folded", rows by the numbers of their sheet. */
enum err filing_put_folded(struct mo *m, const struct filing_desk *d, const struct filing *f, const struct service *s,
                           const json_t *content) MUST_CHECK;

/* --- pages: filing_sheet.c --- */
/* the business has rows, and files can be read here */
bool filing_takes_sheet(const struct portal *p, const struct service *s);
/* The business month that filings now count for, "202611"; "" when no tables are loaded. */
void filing_period(const struct portal *p, char ret_month[12]);
enum err page_filing_sheet(struct web_req *rq) MUST_CHECK;
enum err page_filing_sheet_post(struct web_req *rq) MUST_CHECK;
enum err page_filing_progress(struct web_req *rq) MUST_CHECK; /* JSON: {"phase","rows"} */
enum err page_filing_faults_csv(struct web_req *rq) MUST_CHECK;
