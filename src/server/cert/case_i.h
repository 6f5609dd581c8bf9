/* Between the case_*.c files: steps, the transition, rows. */
#pragma once
#include "evidence/log.h"
#include "server/cert/case_rules.h"

/* Whose cases concern no unit: the city's, as its filings are (server/filing/filing.c). */
#define CASE_CITY "430100"

/* Rows of case_act, and what is shown: the steps by number. The last two have no row: their statements stand in the
 * log. */
enum case_step { STEP_ACCEPT = 1, STEP_APPROVE, STEP_MAKE, STEP_RETURN, STEP_REFUSE, STEP_COUNT };

/* The act that a step is called by; ERR_FIELD_VALUE. */
enum err case_act_of(const char *step, enum case_act_kind *ret_act) MUST_CHECK;
/* Whether the definition gives the step to this role. */
bool case_role_is(const struct case_rules *r, const char *step, const char *role);
/* One transition with its event; acts through tx only. ERR_CONFLICT when version or state are others by now,
 * ERR_LOG_DAMAGED when the case is not as the log has it. */
struct case_move {
	const char *no;
	int64_t version, time;
	enum case_state from, to;
	const struct officer *by;   /* NULL: the system itself */
	struct span opinion_sealed; /* empty: none */
	struct log_act *log;        /* prepared; case_log_tx() appends it as the last thing */
};
/* By an officer's session, or by the signer when by is NULL; text says what. A timer's entry is opened as the signer's
 * and then named by case_log_rule(). */
enum err case_log_init(struct log_act *a, const struct desk *d, const char *kind, const struct officer *by,
                       struct span text) MUST_CHECK;
/* A person's act with the answer by which it was let in (empty: none); both borrowed until the write is done. */
enum err case_log_act(struct log_act *a, const struct desk *d, const char *kind, const struct act_parts *act,
                      int64_t arrived, struct span status) MUST_CHECK;
void case_log_rule(struct log_act *a, const char *rule);
/* Covers case, newest event, the act of a step (0: none) and certificates (NULL, or ends with NULL), and appends. */
enum err case_log_tx(struct tx *tx, struct log_act *a, const char *no, int step, const char *const *serials) MUST_CHECK;
enum err case_move_tx(struct tx *tx, const struct case_move *m) MUST_CHECK;
/* The same with its log entry and nothing else; move: struct case_move. For store_write(). */
enum err case_move_alone_tx(struct tx *tx, void *move) MUST_CHECK;

/* Stored act of a step, opened; bytes owned by the three buffers. ERR_ABSENT. */
struct case_act {
	struct buf statement, sig, cert;
};
void case_act_init(struct case_act *a);
void case_act_done(struct case_act *a);
struct act_parts case_act_parts(const struct case_act *a);
enum err case_act_get(const struct desk *d, const char *no, enum case_step step, struct case_act *a) MUST_CHECK;

enum err case_row_read(const struct row *row, struct cert_case *c) MUST_CHECK;
/* A reason: one line, 1 to CASE_OPINION_MAX octets. ERR_FIELD_MISSING, ERR_LIMIT, ERR_LINE_TEXT. */
enum err case_reason_check(const char *reason) MUST_CHECK;
/* Seals an opinion into out; NULL or "" leaves out empty. */
enum err case_opinion_seal(const struct desk *d, const char *no, const char *opinion, struct buf *out) MUST_CHECK;
/* The act's transition with nothing else to it; by NULL: the rule. rule: its name for the log, "" for persons. */
enum err case_move_now(const struct desk *d, const struct cert_case *c, enum case_act_kind act,
                       const struct officer *by, const char *rule, const char *opinion) MUST_CHECK;
