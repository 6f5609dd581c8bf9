/* The one table of addresses: method, pattern, who, inputs, handler, view. */
#include "server/portal/filing_attach.h"
#include "server/portal/filing_sheet.h"
#include "server/portal/filing_staff.h"
#include "server/portal/inputs.h"
#include "base/text.h"
#include "evidence/statement.h"
#include "pki/ocsp.h"
#include "pki/tsp.h"

/* --- checks of single fields; forms of businesses are declared and checked by their definitions --- */

static enum err check_empty(struct span v)
{
	return v.len == 0 ? ERR_OK : ERR(FIELD_UNKNOWN, "not taken from the address");
}

/* --- inputs --- */

static const struct web_field in_next[] = {{"next", "返回页面", 1024}, {NULL}};
static const struct web_field in_mode[] = {{"set", "模式", 10, true}, {"next", "返回页面", 1024}, {NULL}};
static const struct web_field in_faq[] = {{"q", "搜索词", 160}, {NULL}};
static const struct web_field in_queue[] = {{"state", "状态", 12}, {"page", "页码", 5}, {NULL}};
static const struct web_field in_proof[] = {
	{"index", "条目序号", 10}, {"size", "日志大小", 10}, {"from", "起始大小", 10}, {"to", "结束大小", 10}, {NULL},
};
static const struct web_field in_answer[] = {
	{"statement", "签名内容", 4096, true, true},
	{"signature", "签名", 200, true},
	{"cert", "证书", 12000, true},
	{"resume", "证书序列号", 48},
	{NULL},
};
static const struct web_field in_reset[] = {
	{"statement", "签名内容", 4096, true, true},
	{"signature", "签名", 200, true},
	{"cert", "证书", 12000, true},
	{"password", "登录密码", 64, true},
	{NULL},
};
static const struct web_field in_password[] = {{"password", "登录密码", 64, true}, {NULL}};
/* Named for the view, refused when it holds anything, so that no number travels in an address. */
/* clang-format off */
#define NOTHING(name, label) {name, label, 1, false, false, check_empty}
/* clang-format on */
static const struct web_field no_password[] = {NOTHING("password", "登录密码"), {NULL}};
static const struct web_field in_account[] = {
	{"action", "操作", 10, true},
	{"old", "现在的登录密码", 64},
	{"password", "新的登录密码", 64},
	{"again", "再输入一次", 64},
	{NULL},
};
static const struct web_field no_account[] = {
	NOTHING("action", "操作"),
	NOTHING("old", "现在的登录密码"),
	NOTHING("password", "新的登录密码"),
	NOTHING("again", "再输入一次"),
	{NULL},
};
static const struct web_field in_look[] = {{"no", "受理编号", CASE_NO_MAX, true},
                                           {"reason", "查看理由", CASE_OPINION_MAX, true},
                                           {NULL}};
static const struct web_field in_step[] = {{"step", "步骤", 10, true}, {"opinion", "意见", CASE_OPINION_MAX}, {NULL}};
static const struct web_field in_act[] = {
	{"step", "步骤", 10, true},
	{"statement", "签名内容", STATEMENT_MAX, true, true},
	{"signature", "签名", 200, true},
	{"cert", "证书", 12000, true},
	{NULL},
};
static const struct web_field in_born[] = {
	{"card", "介质序列号", 16, true},
	{"key", "公钥", 130, true},
	{"csr", "证书请求", 6000, true},
	{"attestation", "密钥证明", 400, true},
	{NULL},
};
static const struct web_field in_installed[] = {{"cert_serial", "证书序列号", 48, true}, {NULL}};

static const struct web_field in_attach[] = {
	{"version", "版本", 20, true},
	{"slot", "附件项", SERVICE_NAME_MAX, true},
	{"file", "附件文件", ATTACH_FILE_MAX, true, .is_file = true},
	{NULL},
};
static const struct web_field no_attach[] = {
	NOTHING("version", "版本"),
	NOTHING("slot", "附件项"),
	NOTHING("file", "附件文件"),
	{NULL},
};
static const struct web_field in_business[] = {{"business", "业务代码", SERVICE_CODE_MAX, true}, {NULL}};
static const struct web_field in_saved[] = {{"saved", "已保存", 1}, {NULL}};
static const struct web_field in_page[] = {{"page", "页码", 5}, {NULL}};
static const struct web_field in_version[] = {{"version", "版本", 20, true}, {NULL}};
static const struct web_field in_sheet[] = {{"version", "版本", 20, true},
                                            {"period", "所属期", 80, .typed = true},
                                            {"sheet", "表格文件", SHEET_FILE_MAX, true, .is_file = true},
                                            {NULL}};
static const struct web_field no_sheet[] = {NOTHING("period", "所属期"), NOTHING("sheet", "表格文件"), {NULL}};
static const struct web_field in_staff[] = {{"q", "查找", 150, true, .typed = true}, {NULL}};
static const struct web_field in_result[] = {{"done", "已办理", 5}, {"failed", "未办理", 5}, {NULL}};
static const struct web_field in_filing_step[] = {{"step", "步骤", 10, true},
                                                  {"reason", "原因", FILING_REASON_MAX},
                                                  {NULL}};
static const struct web_field in_review_step[] = {
	{"step", "步骤", 10, true},
	{"no", "申报编号", FILING_BULK_MAX *(FILING_NO_MAX + 1)},
	{"opinion", "意见", FILING_REASON_MAX},
	{"reason", "原因", FILING_REASON_MAX},
	{"defects", "需补正事项", FILING_DEFECTS_MAX *(FILING_REASON_MAX + 2), false, true},
	{NULL},
};
static const struct web_field in_filing_act[] = {
	{"step", "步骤", 10, true},
	{"statement", "签名内容", STATEMENT_WIDE_MAX, true, true},
	{"signature", "签名", 200, true},
	{"cert", "证书", 12000, true},
	{NULL},
};
/* Nobody decides on more than a list of filings. */
static const struct web_field in_review_act[] = {
	{"step", "步骤", 10, true},
	{"statement", "签名内容", STATEMENT_MAX, true, true},
	{"signature", "签名", 200, true},
	{"cert", "证书", 12000, true},
	{NULL},
};
static const struct web_field no_receipt[] = {{"receipt", "回执文件", 0}, {NULL}};
static const struct web_field in_receipt[] = {{"receipt", "回执文件", VERIFY_UPLOAD_MAX, true, .is_file = true},
                                              {NULL}};

/* --- the table --- */

enum { PUB = WEB_PUBLIC, HOLDER = ROLE_UNIT | ROLE_PERSON, ADMIN = ROLE_SECURITY | ROLE_SYSTEM };
#define FORM WEB_FORM
#define JSON WEB_JSON

const struct web_route portal_routes[] = {
	{"GET", "/", PUB, FORM, NULL, page_home, "home"},
	{"GET", "/guide", PUB, FORM, NULL, page_guide, "guide"},
	{"GET", "/downloads", PUB, FORM, NULL, page_downloads, "downloads"},
	{"GET", "/faq", PUB, FORM, in_faq, page_faq, "faq"},
	{"GET", "/search", PUB, FORM, in_faq, page_search, "search"},
	{"GET", "/notices", PUB, FORM, NULL, page_notices, "notices"},
	{"GET", "/notices/:id", PUB, FORM, NULL, page_notice, "notice"},
	{"GET", "/windows", PUB, FORM, NULL, page_windows, "windows"},
	{"GET", "/verify", PUB, FORM, no_receipt, page_verify, "verify"},
	{"POST", "/verify", PUB, WEB_MULTIPART, in_receipt, page_verify_post, "verify", true, NULL, VERIFY_POST_MAX},
	{"GET", "/jobs", PUB, FORM, NULL, page_notyet, "notyet"},
	{"GET", "/cert", PUB, FORM, NULL, page_cert, "cert"},
	{"GET", "/mode", PUB, FORM, in_mode, page_mode, NULL},
	{"GET", "/crl/:name", PUB, FORM, NULL, page_crl_file, NULL},
	{"GET", "/ca/:name", PUB, FORM, NULL, page_ca_file, NULL},
	{"GET", "/healthz", PUB, FORM, NULL, page_healthz, NULL},
	{"GET", "/livez", PUB, FORM, NULL, page_livez, NULL},
	{"GET", "/metrics", PUB, FORM, NULL, page_metrics, NULL},
	{"GET", "/log/head", PUB, FORM, NULL, page_log_head, NULL},
	{"GET", "/log/proof", PUB, FORM, in_proof, page_log_proof, NULL},

	{"GET", "/login", PUB, FORM, in_next, page_login, "login"},
	{"GET", "/login/messages", PUB, FORM, NULL, page_login_messages, NULL},
	{"POST", "/login/challenge", PUB, JSON, NULL, page_challenge, NULL},
	{"POST", "/login/answer", PUB, JSON, in_answer, page_answer, NULL},
	{"GET", "/login/password", WEB_HALF_LOGIN, FORM, no_password, page_password, "password"},
	{"POST", "/login/password", WEB_HALF_LOGIN, FORM, in_password, page_password_post, "password", true},
	{"GET", "/login/password/reset", PUB, FORM, NULL, page_reset, "reset"},
	{"POST", "/login/reset", PUB, JSON, in_reset, page_reset_post, NULL},
	{"POST", "/logout", PUB, FORM, NULL, page_logout, NULL},
	{"POST", "/session/lock", WEB_ANY_LOGIN, JSON, NULL, page_lock, NULL},
	{"POST", "/session/keep", WEB_ANY_LOGIN, JSON, NULL, page_keep, NULL},
	{"GET", "/session", PUB, FORM, NULL, page_session, NULL, .quiet = true},

	{"GET", "/unit", ROLE_UNIT, FORM, NULL, page_unit, "unit"},
	{"GET", "/unit/bill", ROLE_UNIT, FORM, in_page, page_bills, "bill_list"},
	{"GET", "/unit/bill/:month", ROLE_UNIT, FORM, in_page, page_bill, "bill"},
	{"GET", "/unit/bill/:month/lines.csv", ROLE_UNIT, FORM, NULL, page_bill_csv, NULL},
	{"GET", "/person", ROLE_PERSON, FORM, NULL, page_person, "person"},
	{"GET", "/unit/account", HOLDER, FORM, no_account, page_account, "account"},
	{"POST", "/unit/account", HOLDER, FORM, in_account, page_account_post, "account", true},
	{"GET", "/inbox", HOLDER, FORM, NULL, page_notyet, "notyet"},
	{"GET", "/filings", HOLDER, FORM, in_page, page_filings, "filing_list"},
	{"POST", "/filings/new", HOLDER, FORM, in_business, page_filing_new, NULL},
	{"GET", "/filings/:no", HOLDER, FORM, in_page, page_filing_show, "filing_show"},
	{"GET", "/filings/:no/form", HOLDER, FORM, in_saved, page_filing_form, "filing_form"},
	{"GET", "/filings/:no/receipt", HOLDER, FORM, NULL, page_filing_receipt, NULL},
	{"GET", "/filings/:no/documents/:name", HOLDER, FORM, in_page, page_filing_document, "filing_document"},
	{"POST", "/filings/:no/form", HOLDER, FORM, NULL, page_filing_form_post, NULL, .raw_max = LIMIT_FORM_POST,
         .declare = inputs_of_filing},
	{"GET", "/filings/:no/upload", HOLDER, FORM, no_attach, page_filing_upload, "filing_upload"},
	{"POST", "/filings/:no/upload", HOLDER, WEB_MULTIPART, in_attach, page_filing_upload_post, "filing_upload",
         true, NULL, ATTACH_POST_MAX},
	{"GET", "/filings/:no/attachments/:id", HOLDER, FORM, NULL, page_filing_attachment, NULL},
	{"GET", "/filings/:no/attachments/:id/preview/:page", HOLDER, FORM, NULL, page_filing_preview, NULL},
	{"POST", "/filings/:no/attachments/:id/remove", HOLDER, FORM, in_version, page_filing_attach_remove, NULL},
	{"GET", "/filings/:no/sheet", HOLDER, FORM, no_sheet, page_filing_sheet, "filing_sheet"},
	{"POST", "/filings/:no/sheet", HOLDER, WEB_MULTIPART, in_sheet, page_filing_sheet_post, "filing_sheet", true,
         NULL, SHEET_POST_MAX},
	{"GET", "/filings/:no/staff", ROLE_UNIT, FORM, in_staff, page_filing_staff, NULL},
	{"GET", "/filings/:no/progress", HOLDER, FORM, NULL, page_filing_progress, NULL},
	{"GET", "/filings/:no/faults.csv", HOLDER, FORM, NULL, page_filing_faults_csv, NULL},
	{"GET", "/filings/:no/check", HOLDER, FORM, in_page, page_filing_check, "filing_check"},
	{"POST", "/filings/:no/drop", HOLDER, FORM, in_version, page_filing_drop, NULL},
	{"POST", "/filings/:no/text", HOLDER, JSON, in_filing_step, page_filing_text, NULL},
	{"POST", "/filings/:no/act", HOLDER, JSON, in_filing_act, page_filing_act, NULL, .raw_max = LIMIT_POST},
	{"POST", "/filings/:no/correct", HOLDER, FORM, NULL, page_filing_correct, NULL},
	{"GET", "/audit", ROLE_AUDITOR, FORM, in_page, page_audit, "audit"},
	{"GET", "/admin", ADMIN, FORM, NULL, page_notyet, "notyet"},

	{"GET", "/desk", ROLE_DESK, FORM, in_queue, page_desk, "desk"},
	{"GET", "/review", ROLE_REVIEWER, FORM, in_queue, page_review, "desk"},
	{"GET", "/review/filings", ROLE_REVIEWER, FORM, in_result, page_filing_queue, "filing_queue"},
	{"POST", "/review/filings/text", ROLE_REVIEWER, JSON, in_review_step, page_review_text, NULL},
	{"POST", "/review/filings/act", ROLE_REVIEWER, JSON, in_review_act, page_review_act, NULL},
	{"GET", "/review/filings/:no", ROLE_REVIEWER, FORM, in_page, page_filing_review, "filing_review"},
	{"GET", "/review/filings/:no/attachments/:id", ROLE_REVIEWER, FORM, NULL, page_review_attachment, NULL},
	{"GET", "/review/filings/:no/attachments/:id/preview/:page", ROLE_REVIEWER, FORM, NULL, page_review_preview,
         NULL},
	{"GET", "/review/filings/:no/receipt", ROLE_REVIEWER, FORM, NULL, page_review_receipt, NULL},
	{"GET", "/desk/new", ROLE_CLERK, FORM, NULL, page_case_new, "case_new"},
	{"POST", "/desk/new", ROLE_CLERK, FORM, NULL, page_case_new_post, "case_new", true, .declare = inputs_of_case},
	{"POST", "/desk/look", ROLE_DESK, FORM, in_look, page_case_look, "case"},
	{"GET", "/desk/cases/:no", ROLE_DESK, FORM, NULL, page_case, "case"},
	{"GET", "/desk/cases/:no/edit", ROLE_CLERK, FORM, NULL, page_case_edit, "case_new"},
	{"POST", "/desk/cases/:no/edit", ROLE_CLERK, FORM, NULL, page_case_edit_post, "case_new", true,
         .declare = inputs_of_case},
	{"POST", "/desk/cases/:no/text", ROLE_DESK, JSON, in_step, page_case_text, NULL},
	{"POST", "/desk/cases/:no/act", ROLE_DESK, JSON, in_act, page_case_act, NULL},
	{"POST", "/desk/cases/:no/born", ROLE_MAKER, JSON, in_born, page_case_born, NULL},
	{"POST", "/desk/cases/:no/issue", ROLE_MAKER, FORM, NULL, page_case_issue, NULL},
	{"POST", "/desk/cases/:no/parcel", ROLE_MAKER, JSON, NULL, page_case_parcel, NULL},
	{"POST", "/desk/cases/:no/installed", ROLE_MAKER, JSON, in_installed, page_case_installed, NULL},
	{"GET", "/desk/cases/:no/receipt", ROLE_DESK, FORM, NULL, page_case_receipt, NULL},
	{"GET", "/desk/cases/:no/slip", ROLE_DESK, FORM, NULL, page_slip, "slip"},
	{NULL},
};

/* At a socket and with workers of their own: programs that ask for statuses and stamps never take one from people. */
const struct web_route portal_machine_routes[] = {
	{"GET", "/ocsp", PUB, FORM, NULL, page_machine, NULL},
	{"GET", "/ocsp/+", PUB, FORM, NULL, page_ocsp_get, NULL},
	{"POST", "/ocsp", PUB, WEB_RAW, NULL, page_ocsp, NULL, false, "application/ocsp-request", OCSP_REQUEST_MAX},
	{"GET", "/tsa", PUB, FORM, NULL, page_machine, NULL},
	{"POST", "/tsa", PUB, WEB_RAW, NULL, page_tsa, NULL, false, "application/timestamp-query", TSP_REQUEST_MAX},
	{NULL},
};
