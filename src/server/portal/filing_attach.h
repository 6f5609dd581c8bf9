/* Attachments on pages: /filings/:no/upload, the originals as downloads, the previews as pictures, and the part that
 * other pages show ({{> filing_attachments}}). */
#pragma once
#include "server/filing/attach.h"
#include "server/portal/filing_pages.h"

enum { ATTACH_POST_MAX = ATTACH_FILE_MAX + 65536 };
/* "attachments": list of the slots that hold something, with "files"; "has_attachments"; "attach_changed",
 * "attach_gone". base:
 * "/filings" or "/review/filings". compare: the list with what was signed, by digests; the octets are compared at the
 * approval. */
enum err filing_put_attachments(struct web_req *rq, struct mo *m, const struct filing_desk *d, const struct filing *f,
                                const char *base, bool compare) MUST_CHECK;
enum err page_filing_upload(struct web_req *rq) MUST_CHECK;
enum err page_filing_upload_post(struct web_req *rq) MUST_CHECK;
enum err page_filing_attach_remove(struct web_req *rq) MUST_CHECK;
enum err page_filing_attachment(struct web_req *rq) MUST_CHECK; /* own unit only */
enum err page_filing_preview(struct web_req *rq) MUST_CHECK;
enum err page_review_attachment(struct web_req *rq) MUST_CHECK; /* own district only */
enum err page_review_preview(struct web_req *rq) MUST_CHECK;
