/* What the definition of the desk case (share/services/T01.json) says, as this folder needs it.
 *
 * This folder knows nothing of definitions: server/cert/cert_service.c reads T01.json, compares it at start with what
 * the code below can do (case_act_rule(), the fields of struct case_form) and fills struct case_rules, which every desk
 * that opens or moves cases borrows. Here are the halves that need the register: the named preconditions of T01 are
 * case_check_*(), and they change nothing. */
#pragma once
#include "server/cert/case.h"

/* --- the one table of transitions --- */
enum case_act_kind {
	CACT_OPEN = 1,
	CACT_REVISE,
	CACT_ACCEPT,
	CACT_APPROVE,
	CACT_BORN,
	CACT_MAKE,
	CACT_ISSUE,
	CACT_INSTALL,
	CACT_RETURN,
	CACT_REFUSE,
	CACT_EXPIRE,
	CACT_COUNT
};
enum case_by { CASE_BY_OFFICER = 1, CASE_BY_SIGNER, CASE_BY_RULE };
struct case_act_rule {
	const char *name; /* what it is called by pages and callers: "accept" */
	const char *log;  /* kind of its log entry; for a signed act the statement's type */
	/* of the definition, whose role may do it: "accept", "approve", "make"; "" for services and rules */
	const char *step;
	bool is_signed; /* the step's one signed statement */
	enum case_by by;
};
const struct case_act_rule *case_act_rule(enum case_act_kind act);
/* False when the act is not permitted in that state to anybody. */
bool case_next(enum case_state from, enum case_act_kind act, enum case_state *ret_to);
/* The same as an error: ERR_STATE naming the state. */
enum err case_turn(const struct cert_case *c, enum case_act_kind act, enum case_state *ret_to) MUST_CHECK;

/* --- from the definition --- */
struct case_form { /* normalised, NUL-terminated; dates are Beijing midnights, 0 none */
	char profile[16], unit_no[UNIT_NO_LEN + 1], uscc[USCC_LEN + 1], holder[NAME_MAX_BYTES + 1];
	char id_number[ID_NUMBER_LEN + 1], mobile[MOBILE_LEN + 1], letter_no[64];
	int64_t letter_from, letter_to;
	int days;
};
enum { CASE_STEPS = 3 };
struct service_work; /* form/service.h */
struct case_step_rule {
	const char *name, *label, *hint, *role, *statement;
	int days;                        /* working days from the step before */
	const struct service_work *work; /* after its signature; NULL: none */
};
struct case_rules {
	struct case_step_rule steps[CASE_STEPS]; /* accept, approve, make: in this order */
	int promise_days, return_days, draft_days;
	/* Every check of the definition, preconditions included; the first fault as an error. own_no: the case being
	 * revised,
	 * "" for a new one. */
	enum err (*take)(void *ctx, const char *own_no, const struct case_new *in, int64_t now,
	                 struct case_form *ret_f);
	int64_t (*work_end)(void *ctx, int64_t from, int days); /* end of the n-th working day after it */
	int64_t (*term_end)(void *ctx, int64_t from, int days); /* calendar days; a free last day moves on */
	bool (*sure)(void *ctx, int64_t from, int64_t to);      /* the calendar has data for every year of it */
	void *ctx;
};
/* ERR_CONFIG when the desk has none. */
enum err case_rules_of(const struct desk *d, const struct case_rules **ret_r) MUST_CHECK;
const struct case_step_rule *case_step_of(const struct case_rules *r, const char *name); /* NULL when none */
/* Bits (1 << state) of the states in which something waits for one of these roles ("clerk,maker"). */
unsigned case_states_for(const struct case_rules *r, const char *roles);
/* ERR_ROLE unless the officer acts in the role that the definition gives to the act's step. */
enum err case_role_check(const struct desk *d, enum case_act_kind act, const struct officer *by) MUST_CHECK;
/* The one home of rights: role, distinct persons, then the state. Asks nobody. */
enum err case_may(const struct desk *d, const struct cert_case *c, enum case_act_kind act, const struct officer *by,
                  enum case_state *ret_to) MUST_CHECK;

/* --- preconditions --- */
/* The unit that number and code name; ERR_FIELD_MISSING, ERR_UNIT_ABSENT, ERR_UNIT_MISMATCH, ERR_L_FROZEN. */
enum err case_check_unit(const struct desk *d, const struct case_form *f, struct unit *ret_u) MUST_CHECK;
enum err case_check_letter(const struct case_form *f, int64_t now) MUST_CHECK; /* ERR_LETTER */
/* A known identity number with another name: ERR_UNIT_MISMATCH. ret_no "" when the person is new. */
enum err case_check_person(const struct desk *d, const struct case_form *f, char ret_no[PERSON_NO_LEN + 1]) MUST_CHECK;
/* ERR_HOLDER_HAS, ERR_CASE_RUNNING: of the subject that unit and person make; a new person has neither. */
enum err case_check_holder(const struct desk *d, const struct case_form *f, int64_t now) MUST_CHECK;
enum err case_check_running(const struct desk *d, const struct case_form *f, const char *own_no) MUST_CHECK;

/* --- times of a case --- */
/* When it should be done, and when the step that it waits for should be: ends in UTC seconds, 0 while nobody has
 * promised anything. sure false: the calendar lacks a year, weekends alone were counted. */
struct case_due {
	int64_t due, step_due, expires;    /* expires: 自动作废 of drafts and of what was returned */
	const struct case_step_rule *step; /* NULL with due 0 */
	bool sure;
};
enum err case_due(const struct desk *d, const struct cert_case *c, struct case_due *ret_d) MUST_CHECK;
/* 自动作废 of everything whose time has come, at most 100 cases; *ret_done how many. ERR_LOG_DAMAGED after all the
 * others, when some are not as the log has them: *ret_done is set then too. */
enum err case_tick(const struct desk *d, size_t *ret_done) MUST_CHECK;
