/* A case at the certificate desk: T01 新办, from the clerk's first line to the certificate in the holder's key.
 *
 * 草稿 -受理签名-> 待审核 -审核签名-> 待制证 -产生密钥-> 制证中 -制证签名-> 已签发待写入 -写入-> 办结
 * 待审核|待制证|制证中 -> 退回补正 -> 草稿     草稿|退回补正 -> 不予受理     草稿|退回补正 -逾期-> 自动作废
 *
 * The table of transitions is case_state.c and nowhere else. Fields, roles, terms and documents are those of the
 * definition share/services/T01.json, which reaches this folder as struct case_rules (case_rules.h). The officers sign
 * statements (CERT-ACCEPT, CERT-APPROVE, CERT-MAKE, CERT-RETURN, CERT-REFUSE) that are built here from stored values
 * alone, but for the reason of the last two; nonce and time are stored when a statement is first shown, it is good for
 * 30 minutes and for that officer, and what comes back must be those octets. Each step is one optimistic transaction
 * (version) with one event row; distinct persons. The signer decides by the acts; this table is a copy and a work list.
 * case_issue() speaks to the signer outside of any transaction and may be repeated: the signer gives the same answer
 * for the same approval.
 *
 * Errors a caller may act on: ERR_CASE_ABSENT, ERR_STATE (not the step's turn), ERR_CONFLICT (changed meanwhile, shown
 * statement expired or another), ERR_SAME_PERSON, ERR_SIG, ERR_STATEMENT. */
#pragma once
#include "server/register/unit.h"

enum { CASE_NO_MAX = 24, CASE_OPINION_MAX = 600, CASE_TEXT_VALID_SEC = 30 * 60, CASE_YEAR_DAYS = 365 };

enum case_state {
	CASE_DRAFT = 1,
	CASE_ACCEPTED,
	CASE_APPROVED,
	CASE_MAKING,
	CASE_ISSUED,
	CASE_DONE,
	CASE_RETURNED,
	CASE_REFUSED,
	CASE_VOID,
	CASE_STATE_COUNT
};
const char *case_state_name(enum case_state s); /* "draft": for JSON */
const char *case_state_zh(enum case_state s);   /* "草稿" */

/* --- open --- */
struct case_new {
	const char *profile;        /* "unit" (单位管理员), "unit-member" (其他经办人), "person" */
	const char *unit_no, *uscc; /* either may be ""; both given must agree; both "" for a person */
	const char *holder, *id_number, *mobile;
	const char *letter_no;          /* 授权委托书编号; "" for a person */
	int64_t letter_from, letter_to; /* Beijing midnights, inclusive; 0 none */
	int days;                       /* validity asked for: years of CASE_YEAR_DAYS */
};
/* Taken and checked by the definition; the first fault as an error: ERR_FIELD_MISSING, ERR_FIELD_VALUE,
 * ERR_UNIT_ABSENT, ERR_UNIT_MISMATCH, ERR_ID_NUMBER, ERR_MOBILE, ERR_LETTER, ERR_HOLDER_HAS, ERR_CASE_RUNNING. */
enum err case_open(const struct desk *d, const struct case_new *in, const struct officer *by,
                   char ret_no[CASE_NO_MAX + 1]) MUST_CHECK;
/* Same checks on a case in 草稿 or 退回补正, which becomes 草稿 again. */
enum err case_revise(const struct desk *d, const char *no, const struct case_new *in,
                     const struct officer *by) MUST_CHECK;

/* --- read --- */
struct cert_case {
	char no[CASE_NO_MAX + 1], profile[16], subject[SUBJECT_MAX_LEN + 1];
	enum case_state state;
	int64_t version, created, changed;
	char unit_no[UNIT_NO_LEN + 1], unit_name[NAME_MAX_BYTES + 1], uscc[USCC_LEN + 1];
	char person_no[PERSON_NO_LEN + 1], holder[NAME_MAX_BYTES + 1];
	char letter_no[64];
	int64_t letter_from, letter_to;
	int days;
	char clerk[32], reviewer[32], maker[32]; /* person ids, "" before their act */
	char card[17], key_hex[131];             /* "" before making */
	bool make_signed;
	int64_t accepted, approved;           /* when those acts of this round were signed, 0 before */
	char cert_serial[48], enc_serial[48]; /* "" before issue */
};
enum err case_get(const struct desk *d, const char *no, struct cert_case *ret_c) MUST_CHECK; /* whoever asks */
/* What is his to open: cases of his district that wait for a step of his roles, and those in which he has had one.
 * ERR_CASE_ABSENT for all others, as for a number that nobody has. */
enum err case_see(const struct desk *d, const char *no, const struct case_scope *s, struct cert_case *ret_c) MUST_CHECK;
/* One look at any other, for a reason, which is in the log before anything is read: kind CASE-LOOK, subject "look:" and
 * the number, so that it is in nobody's receipt. ERR_FIELD_MISSING, ERR_LIMIT, ERR_LINE_TEXT: the reason;
 * ERR_CASE_ABSENT. */
enum err case_look(const struct desk *d, const char *no, const struct officer *by, const char *reason,
                   struct cert_case *ret_c) MUST_CHECK;
typedef enum err case_fn(const struct cert_case *c, void *ctx);
/* Of those that are his to open. Newest change first. state 0: all. */
enum err case_list(const struct desk *d, const struct case_scope *s, int state, int limit, int offset, case_fn *fn,
                   void *ctx) MUST_CHECK;
enum err case_counts(const struct desk *d, const struct case_scope *s, int64_t ret_counts[CASE_STATE_COUNT]) MUST_CHECK;
struct case_looked { /* the auditor's: newest first */
	int64_t time;
	char no[CASE_NO_MAX + 1];
	const char *person_id, *name, *reason;
};
typedef enum err case_looked_fn(const struct case_looked *l, void *ctx);
enum err case_looks(const struct desk *d, int limit, int offset, case_looked_fn *fn, void *ctx) MUST_CHECK;
struct case_event {
	int64_t seq, time;
	enum case_state from, to;
	const char *who, *name, *role, *serial, *opinion;
};
typedef enum err case_event_fn(const struct case_event *e, void *ctx);
enum err case_events(const struct desk *d, const char *no, case_event_fn *fn, void *ctx) MUST_CHECK;
/* SM3 of the signed approval in lower-case hex: what the blank key attests. ERR_STATE before approval. */
enum err case_approval(const struct desk *d, const char *no, char ret_hex[65]) MUST_CHECK;

/* --- what may be done --- */
struct case_offer {
	const char *step;  /* "accept" "approve" "make" "return" "refuse" "revise" "born" "issue" "install" */
	const char *label; /* of the definition's step that it belongs to */
	const char *role;  /* the one of his that he does it in */
	bool is_signed;    /* case_step_text(), then case_step_sign() */
	bool wants_reason;
};
enum { CASE_OFFERS_MAX = 10 };
/* What an officer may do with the case now, by state, role and distinct persons; roles: "clerk,maker". A question: it
 * changes nothing and asks nobody, so the signer may still say no. Borrows from the definition and from static text.
 * ERR_CONFIG. */
enum err case_offers(const struct desk *d, const struct cert_case *c, const char *person_id, const char *roles,
                     struct case_offer ret_offers[CASE_OFFERS_MAX], size_t *ret_n) MUST_CHECK;
/* The role of these in which the step is done, whether it is its turn or not; ERR_FIELD_VALUE: no such step, ERR_ROLE.
 */
enum err case_role_for(const struct desk *d, const struct cert_case *c, const char *step, const char *roles,
                       const char **ret_role) MUST_CHECK;

/* --- the signed steps: text, then the act --- */
/* step: of the definition, or "return" (by anyone but the acceptor, up to the issue: a wrong application, an approval
 * grown too old, a card that was lost; the reviewer alone while it waits for him), or "refuse" (by the clerk, of a
 * draft or a case sent back); these two with a reason, 1 to CASE_OPINION_MAX octets of one line: ERR_FIELD_MISSING,
 * ERR_LIMIT, ERR_LINE_TEXT. ERR_FIELD_VALUE: no such step. */
enum err case_step_text(const struct desk *d, const char *no, const char *step, const struct officer *by,
                        const char *reason, struct buf *ret_text) MUST_CHECK;
/* A return asks the signer first when the maker has signed: ERR_STATE once it has issued. */
enum err case_step_sign(const struct desk *d, const char *no, const char *step, const struct officer *by,
                        const struct act_parts *act) MUST_CHECK;
/* What the definition has done after a step is signed ("work"): nothing for most. May be repeated. */
enum err case_step_work(const struct desk *d, const char *no, const char *step) MUST_CHECK;

/* Key born in the blank card: CSR and attestation are parsed and must agree with each other and with the approval.
 * key_hex: 130 digits. Again with the same key: nothing happens; with another while unsigned: it is replaced. */
enum err case_make_begin(const struct desk *d, const char *no, const struct officer *by, const char *card,
                         const char *key_hex, struct span csr, struct span attest) MUST_CHECK;
/* Asks the signer, stores certificates and account, 已签发待写入. ERR_OK at once when that is done already. */
enum err case_issue(const struct desk *d, const char *no) MUST_CHECK;
/* What goes into the card; ERR_STATE before issue. Fills i (issued_done frees). */
enum err case_parcel(const struct desk *d, const char *no, struct issued *ret_i) MUST_CHECK;
enum err case_installed(const struct desk *d, const char *no, const struct officer *by,
                        const char *cert_serial) MUST_CHECK;

/* --- certificates as copied from the signer --- */
struct cert_row {
	char serial[48], subject[SUBJECT_MAX_LEN + 1], usage[8], card[17], case_no[CASE_NO_MAX + 1];
	int64_t not_before, not_after;
	int status; /* 0 good 1 revoked 2 suspended, as SIGNER_STATUS */
};
/* The newest signing certificate of a subject; ERR_ABSENT. */
enum err cert_row_of(const struct desk *d, const char *subject, struct cert_row *ret_c) MUST_CHECK;
