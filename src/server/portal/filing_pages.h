/* Pages of the businesses' filings: the filer's in filing_pages.c, the officers' in filing_review.c, statements and
 * acts in filing_acts.c, what they share in filing_model.c. All of it follows the definitions of share/services,
 * each filing's the one that it was opened under (filing_service()); inputs.h declares its fields. */
#pragma once
#include "server/filing/filing.h"
#include "server/portal/pages.h"

/* filing_model.c */
/* ERR_NOT_YET while no business is open here. */
enum err filing_desk_of(struct web_req *rq, const struct filing_desk **ret_d) MUST_CHECK;
void filer_of(struct web_req *rq, struct filing_who *ret_w);
/* The session as reviewer; role and district by the newest roster. Borrows from the request. */
enum err reviewer_of(struct web_req *rq, struct filing_who *ret_w) MUST_CHECK;
enum err filing_put_head(struct web_req *rq, struct mo *m, const struct filing_desk *d,
                         const struct filing *f) MUST_CHECK;
enum err filing_put_steps(struct mo *m, int current) MUST_CHECK; /* 1 to 4: 填报 上传 核对签名 提交 */
/* Form and one page of rows (query field "page"), a draft's rows by the numbers of their sheet. */
enum err filing_put_content(struct web_req *rq, struct mo *m, const struct filing_desk *d, const struct filing *f,
                            const struct service *s, const json_t *content) MUST_CHECK;
bool filing_is_open(const struct filing *f); /* its filer may edit it */
enum err filing_put_events(struct mo *m, const struct filing_desk *d, const struct filing *f) MUST_CHECK;
const char *filing_state_class(enum filing_state s);
bool filing_is_done(const struct filing *f); /* done, or since corrected: its page offers the receipt */

/* filing_pages.c */
enum err page_filings(struct web_req *rq) MUST_CHECK;
enum err page_filing_new(struct web_req *rq) MUST_CHECK;
enum err page_filing_form(struct web_req *rq) MUST_CHECK;
enum err page_filing_form_post(struct web_req *rq) MUST_CHECK;
enum err page_filing_check(struct web_req *rq) MUST_CHECK;
enum err page_filing_drop(struct web_req *rq) MUST_CHECK;
enum err page_filing_show(struct web_req *rq) MUST_CHECK;
enum err page_filing_correct(struct web_req *rq) MUST_CHECK;
enum err page_filing_receipt(struct web_req *rq) MUST_CHECK; /* own unit only */

/* filing_document.c */
/* Links to what its definition names as results, once it is done. */
enum err filing_put_documents(struct mo *m, const struct filing *f, const struct service *s) MUST_CHECK;
enum err page_filing_document(struct web_req *rq) MUST_CHECK;

/* filing_review.c */
enum err page_filing_queue(struct web_req *rq) MUST_CHECK;
enum err page_filing_review(struct web_req *rq) MUST_CHECK;
enum err page_review_receipt(struct web_req *rq) MUST_CHECK; /* own district only */

/* filing_acts.c */
enum err page_filing_text(struct web_req *rq) MUST_CHECK;
enum err page_filing_act(struct web_req *rq) MUST_CHECK;
enum err page_review_text(struct web_req *rq) MUST_CHECK;
enum err page_review_act(struct web_req *rq) MUST_CHECK;
