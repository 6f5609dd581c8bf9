/* Handlers, named by routes.c. */
#pragma once
#include "server/portal/app.h"

/* public.c */
enum err page_home(struct web_req *rq) MUST_CHECK;
enum err page_guide(struct web_req *rq) MUST_CHECK;
enum err page_downloads(struct web_req *rq) MUST_CHECK;
enum err page_faq(struct web_req *rq) MUST_CHECK;
enum err page_windows(struct web_req *rq) MUST_CHECK;
enum err page_cert(struct web_req *rq) MUST_CHECK;
enum err page_mode(struct web_req *rq) MUST_CHECK;
enum err page_notyet(struct web_req *rq) MUST_CHECK;
enum err page_crl_file(struct web_req *rq) MUST_CHECK;
enum err page_ca_file(struct web_req *rq) MUST_CHECK;
enum err page_healthz(struct web_req *rq) MUST_CHECK;
enum err page_livez(struct web_req *rq) MUST_CHECK;
enum err page_metrics(struct web_req *rq) MUST_CHECK;
/* Shared: SM3 of the root in groups of four. */
void root_fingerprint(const struct portal *p, char ret_text[96]);

/* search.c */
enum err page_search(struct web_req *rq) MUST_CHECK;
enum err page_notices(struct web_req *rq) MUST_CHECK;
enum err page_notice(struct web_req *rq) MUST_CHECK;
/* How well a text answers a query, 0 when not: whole it is best, else by its pairs of characters. Case does not matter.
 */
int search_score(const char *text, const char *query);

/* notary_pages.c */
enum err page_ocsp(struct web_req *rq) MUST_CHECK;     /* POST application/ocsp-request */
enum err page_ocsp_get(struct web_req *rq) MUST_CHECK; /* GET /ocsp/BASE64 */
enum err page_tsa(struct web_req *rq) MUST_CHECK;      /* POST application/timestamp-query */
enum err page_machine(struct web_req *rq) MUST_CHECK;  /* GET of the two: what this address is for */

/* login_pages.c */
enum err page_login(struct web_req *rq) MUST_CHECK;
enum err page_login_messages(struct web_req *rq) MUST_CHECK;
enum err page_challenge(struct web_req *rq) MUST_CHECK;
enum err page_answer(struct web_req *rq) MUST_CHECK;
enum err page_password(struct web_req *rq) MUST_CHECK;
enum err page_password_post(struct web_req *rq) MUST_CHECK;
enum err page_reset(struct web_req *rq) MUST_CHECK;
enum err page_reset_post(struct web_req *rq) MUST_CHECK;
enum err page_logout(struct web_req *rq) MUST_CHECK;
enum err page_lock(struct web_req *rq) MUST_CHECK;
enum err page_keep(struct web_req *rq) MUST_CHECK;
enum err page_session(struct web_req *rq) MUST_CHECK;

/* desk_pages.c */
enum err page_desk(struct web_req *rq) MUST_CHECK;
enum err page_review(struct web_req *rq) MUST_CHECK;
enum err page_case_new(struct web_req *rq) MUST_CHECK;
enum err page_case_new_post(struct web_req *rq) MUST_CHECK;
enum err page_case_edit(struct web_req *rq) MUST_CHECK;
enum err page_case_edit_post(struct web_req *rq) MUST_CHECK;
const char *profile_zh(const char *profile);
const char *state_class(enum case_state s);
/* "due", "late", "unsure", "expires", "step_due", "step_label", "step_late": dates or "". */
enum err put_due(struct mo *m, const struct desk *d, const struct cert_case *c) MUST_CHECK;

/* roster.c */
/* His district, where the newest roster gives that role; ERR_ROLE. Borrows from the request. */
enum err roster_district(struct web_req *rq, unsigned role, const char **ret_district) MUST_CHECK;
/* What is his to open at the desk; ERR_ROLE when the roster gives him no role there. Borrows from the request. */
enum err roster_scope(struct web_req *rq, struct case_scope *ret_s) MUST_CHECK;
/* The case of the address, when it is his to open: what every handler of a case begins with. ERR_ROLE, ERR_CASE_ABSENT.
 */
enum err case_open_here(struct web_req *rq, struct cert_case *ret_c) MUST_CHECK;

/* case_page.c */
enum err page_case(struct web_req *rq) MUST_CHECK;
enum err page_case_look(struct web_req *rq) MUST_CHECK;
enum err page_audit(struct web_req *rq) MUST_CHECK;
enum err page_slip(struct web_req *rq) MUST_CHECK;

/* case_acts.c */
enum err page_case_text(struct web_req *rq) MUST_CHECK;
enum err page_case_act(struct web_req *rq) MUST_CHECK;
enum err page_case_born(struct web_req *rq) MUST_CHECK;
enum err page_case_issue(struct web_req *rq) MUST_CHECK;
enum err page_case_parcel(struct web_req *rq) MUST_CHECK;
enum err page_case_installed(struct web_req *rq) MUST_CHECK;
/* The session as an officer in the given role; ERR_ROLE when it has not got it. Borrows from the session. */
enum err officer_of(struct web_req *rq, unsigned role, const char *role_name, struct officer *ret_o) MUST_CHECK;

/* log_pages.c */
enum err page_log_head(struct web_req *rq) MUST_CHECK;
enum err page_log_proof(struct web_req *rq) MUST_CHECK;
enum err page_case_receipt(struct web_req *rq) MUST_CHECK;
/* Shared: the receipt of a case or filing as a download; who may have it is the caller's business. The subject comes
 * from the database, not from the address. ERR_ABSENT, ERR_NOT_YET. */
enum err receipt_answer(struct web_req *rq, const char *subject) MUST_CHECK;

/* verify_page.c */
enum { VERIFY_UPLOAD_MAX = LIMIT_RECEIPT_UPLOAD, VERIFY_POST_MAX = LIMIT_RECEIPT_POST };
enum err page_verify(struct web_req *rq) MUST_CHECK;
enum err page_verify_post(struct web_req *rq) MUST_CHECK;

/* bill_pages.c */
enum err page_bills(struct web_req *rq) MUST_CHECK;
enum err page_bill(struct web_req *rq) MUST_CHECK;
enum err page_bill_csv(struct web_req *rq) MUST_CHECK;

/* unit_pages.c */
enum err page_unit(struct web_req *rq) MUST_CHECK;
enum err page_person(struct web_req *rq) MUST_CHECK;
enum err page_account(struct web_req *rq) MUST_CHECK;
enum err page_account_post(struct web_req *rq) MUST_CHECK;
