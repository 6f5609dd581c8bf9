/* The one workflow engine: a filing from its draft to its end (docs/design/03-engine.md).
 *
 *   草稿 -签名申报-> 已申报 -受理-> 已受理 -初审通过-> [待复审 -复审通过->] 办结 -更正件办结-> 已更正
 *   已申报 -取消申报-> 已撤回   已申报 -不予受理-> 不予受理   已受理|待复审 -退回-> 退回补正
 *   草稿|已撤回|退回补正 -逾期-> 自动作废        已撤回|退回补正 -签名申报-> 已申报
 *
 * The table of transitions is filing_state.c and nowhere else. A transition by a person is a signed statement (FILING-*
 * of evidence/statement.h), one by a timer or a rule is an event that names the rule. A statement is shown first: its
 * SM3 is stored for that person and for 30 minutes, and what comes back must be those octets. It names the filing's
 * version; any change makes another version, so that nothing else can be signed than what is decided. The same
 * statement again gets the same answer and changes nothing. Each filing's transition is one transaction with its event,
 * its log entry and, on the last approval, its effects.
 *
 * Errors a caller may act on: ERR_FILING_ABSENT, ERR_STATE (not permitted in this state), ERR_CONFLICT (changed
 * meanwhile, or not the statement shown), ERR_FAULTS (filing_check lists them), ERR_ROLE, ERR_DISTRICT,
 * ERR_SAME_PERSON, ERR_L_OTHER_KEY, ERR_SIG, ERR_LIMIT. Whether he may is asked before what state it is in: who has no
 * part in a filing (another unit, another district, an officer before the first submission) gets ERR_FILING_ABSENT, as
 * for a number nobody has. */
#pragma once
#include "server/register/desk.h"
#include "server/register/unit.h"
#include "server/form/content.h"
#include "server/flow/terms.h"

enum {
	FILING_NO_MAX = 24,
	FILING_REASON_MAX = 600,
	FILING_DEFECTS_MAX = 50,
	FILING_BULK_MAX = 200,
	FILING_DRAFTS_MAX = 200,
	FILING_STAFF_MAX = 20, /* of a search among the staff */
	FILING_TEXT_VALID_SEC = 30 * 60
};

enum filing_state {
	FILING_DRAFT = 1,
	FILING_SUBMITTED,
	FILING_ACCEPTED,
	FILING_REVIEW2,
	FILING_DONE,
	FILING_RETURNED,
	FILING_WITHDRAWN,
	FILING_REFUSED,
	FILING_VOID,
	FILING_CORRECTED,
	FILING_STATE_COUNT
};
enum filing_act_kind {
	FACT_SAVE = 1,
	FACT_SUBMIT,
	FACT_WITHDRAW,
	FACT_ACCEPT,
	FACT_RETURN,
	FACT_APPROVE,
	FACT_REFUSE,
	FACT_EXPIRE,
	FACT_CORRECT,
	FACT_COUNT
};
enum filing_by { BY_FILER = 1, BY_OFFICER, BY_RULE };

const char *filing_state_name(enum filing_state s); /* "submitted": for JSON */
const char *filing_state_zh(enum filing_state s);
const char *filing_act_name(enum filing_act_kind a);
const char *filing_act_zh(enum filing_act_kind a);
/* The table: false when the act is not permitted in that state to anybody. steps_left: review steps after this one. */
bool filing_next(enum filing_state from, enum filing_act_kind act, size_t steps_left, enum filing_state *ret_to,
                 enum filing_by *ret_by);

/* Who acts: borrowed from the session. A filer has unit_no (or "" for a person), an officer role and district. */
struct filing_who {
	const char *person_id, *name, *cert_serial;
	const char *unit_no;  /* "" for persons and officers */
	const char *role;     /* "clerk", "reviewer", "unit", "person" */
	const char *district; /* of an officer: "430100" covers all 4301xx */
};

struct filing {
	char no[FILING_NO_MAX + 1], business[SERVICE_CODE_MAX + 1];
	char definition[65]; /* SM3 of the one it was opened under; "" before there was more than one of a code */
	enum filing_state state;
	int64_t version, content_version, created, changed;
	char unit_no[UNIT_NO_LEN + 1], unit_name[NAME_MAX_BYTES + 1], region[7];
	char person_id[32], filer[NAME_MAX_BYTES + 1]; /* who filed last */
	int64_t rows;
	char corrects[FILING_NO_MAX + 1], corrected_by[FILING_NO_MAX + 1]; /* "" none */
	char submit_sm3[65];                                               /* of the last submission, "" before */
	char reviewer1[32];                                                /* who passed the first review, "" before */
	int64_t submitted, due, expires; /* 0 none; due: end of the promised working days; expires: 自动作废 */
	/* got by an officer while its filer may be writing: contents are those last signed */
	bool as_sent;
};
struct filing_view {
	/* of a desk case only its number ("" while new), which is all it has of a filing */
	const struct filing *filing;
	const struct service *service;
	const json_t *content;
	int64_t now;
	int64_t filed; /* the day by which it is judged: its submission, or now while nobody has submitted it */
	struct service_verdict *verdict; /* for preconditions to fill in; NULL: nobody asks */
};
struct filing_view filing_view_of(const struct filing *f, const struct service *s, const json_t *content, int64_t now);

/* One transition as the log sees it. Called within the transition's transaction; statement empty for rules. */
struct filing_act {
	const struct filing *filing; /* as before */
	enum filing_act_kind kind;
	enum filing_state from, to;
	int64_t time;
	const struct filing_who *by;              /* NULL: the rule */
	const char *rule;                         /* "" for persons */
	const char *type;                         /* of the statement; NULL for rules and drafts */
	struct span statement, sig, cert, status; /* status: the answer by which it was let in; may be empty */
	const char *statement_sm3;                /* lower-case hex, "" for rules */
	void *prepared;                           /* from log_prepare */
	/* Names the rows that the act's effects wrote; NULL: none. */
	void (*cover)(struct log_act *l, void *ctx);
	void *cover_ctx;
};
struct filing_desk {
	const struct desk *desk;
	const struct services *services;
	bool (*is_working_day)(void *ctx, int64_t midnight_cn); /* NULL: Monday to Friday */
	bool (*knows_year)(void *ctx, int year);                /* NULL: every year */
	void *calendar_ctx;
	/* The log: prepare does the cryptography outside, write within the transaction, done always. All may be NULL.
	 */
	enum err (*log_prepare)(void *ctx, const struct filing_act *a, void **ret_prepared);
	enum err (*log_write)(struct tx *tx, const struct filing_act *a);
	void (*log_done)(void *prepared);
	void *log_ctx;
};

/* Whether the years of a term, due or expires, have their holidays; a date of one that has not is to be marked. */
bool filing_term_sure(const struct filing_desk *d, int64_t from, int64_t to);

/* --- draft: saved at every step; ret_version is the new one --- */
/* ERR_NOT_YET for a business with an engine of its own, ERR_DENIED for a filer of another kind, ERR_LIMIT. */
enum err filing_draft_new(const struct filing_desk *d, const char *business, const struct filing_who *by,
                          char ret_no[FILING_NO_MAX + 1]) MUST_CHECK;
/* form: object of strings, declared fields only; absent ones become empty. */
enum err filing_draft_save(const struct filing_desk *d, const char *no, int64_t version, const struct filing_who *by,
                           const json_t *form, int64_t *ret_version) MUST_CHECK;
enum err filing_rows_set(const struct filing_desk *d, const char *no, int64_t version, const struct filing_who *by,
                         const json_t *rows, int64_t *ret_version) MUST_CHECK;
/* All faults: fields, rules, preconditions. Rows are not lost by having faults. */
enum err filing_check(const struct filing_desk *d, const char *no, const struct filing_who *by, fault_fn *fn, void *ctx,
                      size_t *ret_count) MUST_CHECK;
/* Takes the rows with faults out, so that the good ones can be filed. */
enum err filing_rows_keep_good(const struct filing_desk *d, const char *no, int64_t version,
                               const struct filing_who *by, size_t *ret_dropped, int64_t *ret_version) MUST_CHECK;
/* A new draft that corrects a filing that is done, with its contents; the old one is never edited. ERR_EXISTS when an
 * open correction is there already, ERR_FINAL when one of its effects cannot be taken back. */
enum err filing_correct(const struct filing_desk *d, const char *no, const struct filing_who *by,
                        char ret_no[FILING_NO_MAX + 1]) MUST_CHECK;

/* A filing and those that it corrects, through all of them, in any order. */
typedef enum err filing_no_fn(const char *no, void *ctx);
enum err filing_chain(const struct desk *d, const char *no, filing_no_fn *fn, void *ctx) MUST_CHECK;

/* --- statements to sign --- */
/* FILING-SUBMIT, or FILING-CORRECT for a correction; ERR_FAULTS. */
enum err filing_submit_text(const struct filing_desk *d, const char *no, const struct filing_who *by,
                            struct buf *ret_text) MUST_CHECK;
enum err filing_withdraw_text(const struct filing_desk *d, const char *no, const struct filing_who *by,
                              const char *reason, struct buf *ret_text) MUST_CHECK;
enum err filing_return_text(const struct filing_desk *d, const char *no, const struct filing_who *by,
                            const char *const *defects, size_t n, struct buf *ret_text) MUST_CHECK;
enum err filing_refuse_text(const struct filing_desk *d, const char *no, const struct filing_who *by,
                            const char *reason, struct buf *ret_text) MUST_CHECK;
/* FACT_ACCEPT or FACT_APPROVE of one to FILING_BULK_MAX filings: one statement, one signature. opinion "" is none. */
enum err filing_bulk_text(const struct filing_desk *d, enum filing_act_kind kind, const char *const *nos, size_t n,
                          const struct filing_who *by, const char *opinion, struct buf *ret_text) MUST_CHECK;

/* --- the signed statement --- */
/* Called for each filing that the statement names with what became of it. */
typedef enum err filing_result_fn(const char *no, enum err e, void *ctx);
/* Checks signature, session and that it was shown, then does it, each filing in a transaction of its own. The error of
 * the whole, or, where the statement names one filing only, of that one. fn may be NULL. */
enum err filing_sign(const struct filing_desk *d, const struct filing_who *by, const struct act_parts *act,
                     filing_result_fn *fn, void *ctx) MUST_CHECK;
/* The same, but ERR_STATEMENT unless it is a submission of that filing. */
enum err filing_submit(const struct filing_desk *d, const char *no, const struct filing_who *by,
                       const struct act_parts *act) MUST_CHECK;
/* Everything whose time has come (自动作废), at most 100 filings; *ret_done how many. */
enum err filing_tick(const struct filing_desk *d, size_t *ret_done) MUST_CHECK;

/* --- read --- */
/* ERR_FILING_ABSENT: none, or not for him; ERR_ROLE. An officer gets an open filing as it was last signed: rows, change
 * and, by filing_content() and attach_list(), contents. */
enum err filing_get(const struct filing_desk *d, const char *no, const struct filing_who *by,
                    struct filing *ret_f) MUST_CHECK;
enum err filing_content(const struct filing_desk *d, const struct filing *f, json_t **ret_content) MUST_CHECK;
/* The definition by which it is filled in, checked and decided: ERR_CONFIG when nobody has it. */
enum err filing_service(const struct filing_desk *d, const struct filing *f, const struct service **ret_s) MUST_CHECK;
struct filing_event {
	int64_t seq, time, version;
	enum filing_state from, to;
	enum filing_act_kind act;
	const char *person_id, *name, *role, *serial, *rule, *opinion, *statement_sm3; /* opinion: defects by LF */
};
typedef enum err filing_event_fn(const struct filing_event *e, void *ctx);
enum err filing_events(const struct filing_desk *d, const struct filing *f, filing_event_fn *fn, void *ctx) MUST_CHECK;
/* The signed statement of an event; ret_* are appended to. ERR_ABSENT. */
enum err filing_statement(const struct filing_desk *d, const char *sm3, struct buf *ret_text, struct buf *ret_sig,
                          struct buf *ret_cert) MUST_CHECK;
typedef enum err filing_row_fn(const struct filing *f, void *ctx);
/* A filer's own, newest change first. state 0: all. */
enum err filing_list(const struct filing_desk *d, const struct filing_who *by, int state, int limit, int offset,
                     filing_row_fn *fn, void *ctx) MUST_CHECK;
/* What waits for an officer of that district: 已申报, 已受理, 待复审 (state 0: all three), nearest due date first. */
enum err filing_queue(const struct filing_desk *d, const struct filing_who *by, int state, int limit, int offset,
                      filing_row_fn *fn, void *ctx) MUST_CHECK;
/* Whether the officer could do this now, as far as state, role, district and persons go. */
enum err filing_may(const struct filing_desk *d, const struct filing *f, enum filing_act_kind kind,
                    const struct filing_who *by) MUST_CHECK;
