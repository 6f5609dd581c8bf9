/* A business about a unit's staff: rows that name persons, rules over them, and what they want of the registers.
 *
 * What the form holds stands in share/services/CODE.json alone. The business itself is one file: the fields that it
 * counts with, its codes, judge() and want(); staff_rows.c does the rest for all of them: the persons of a batch are
 * looked up together, each row is judged by the day on which it was filed, and becomes a change of the registers
 * (register/change.h), so that a first filing and its 更正 are one way:
 *
 *   row_read() → judge() → want() → change_judge() → faults, the verdict → change_prepare() → change_apply()
 *
 * A correction's rows are judged as if the chain that it corrects had never been; a row that changes nothing is not
 * judged again, for time may have passed it by. What the engine checks of a field by itself (form/content.h) is not
 * checked here: a field that is missing or cannot be read says nothing, and what depends on it is not judged.
 *
 * Nothing is folded here: a text is taken as its filer signed it, also one that an older version took unfolded. */
#pragma once
#include "server/form/row.h"
#include "server/insurance/calendar.h"
#include "server/insurance/tables.h"
#include "server/register/change.h"
#include "server/register/ident.h"

enum { ROW_FAULTS_MAX = 40, ROW_DETAIL_MAX = 200, BUSINESS_BINDS_MAX = 32 };

/* --- what a fault means --- */
enum {
	CODE_WARNS = 1,         /* stops nothing */
	CODE_SECOND_REVIEW = 2, /* 复审 */
	CODE_BACK_DATED = 4     /* 补缴 */
};
/* The name goes behind the business's own: "-04" is B03-04 there. */
struct business_code {
	const char *name, *text, *remedy;
	unsigned is; /* of CODE_* */
};

extern const struct business_code code_missing; /* what is required of this row is not there */

/* --- a row --- */
struct staff_unit {
	bool active;
	unsigned ins; /* joined by the unit at the month */
	int approved; /* the last month whose bill is approved; 0: none */
};
struct staff_person {                      /* what the registers say; of a correction, as if its chain had never been */
	char person_no[PERSON_NO_LEN + 1]; /* "" when unknown */
	char name[NAME_MAX_BYTES + 1];
	bool history;             /* was ever enrolled */
	bool retired;             /* pension ended or drawn */
	unsigned here, elsewhere; /* insurances now paid through this unit, through others */
	bool paused_here;
	int from[INS_MAX]; /* of what is paid here: since which month */
};
struct staff_batch {
	const struct business *business;
	const struct service *service; /* whose rows they are, bound */
	const struct tables *tables;
	const char *unit_no;
	int64_t now;                   /* the day by which they are judged */
	struct filing_window window;   /* of that day */
	const struct row_values *form; /* of the filing itself; NULL: none */
	enum err (*unit_at)(void *ctx, int month, struct staff_unit *ret_u);
	void *ctx;
};
struct row_fault {
	int field; /* by the business's binds; -1: the row */
	const struct business_code *code;
	char detail[ROW_DETAIL_MAX]; /* Chinese, may be ""; never an identity number */
};
struct rule_row {
	const struct staff_batch *batch;
	int64_t no;
	struct row_values values;
	char id_number[ID_NUMBER_LEN + 1]; /* "" when there is none that can be read */
	struct staff_person person;
	struct row_fault faults[ROW_FAULTS_MAX];
	size_t n_faults;
};

/* --- a business --- */
struct staff_wants {
	const struct desk *desk;
	const struct tables *tables;
	const char *unit_no;
	struct change *change;
	struct change_person *person;
};
struct business {
	const char *name;                    /* of its precondition and effect in definitions */
	const struct service_binding *binds; /* of a row; an enum of the business gives their order */
	int id_field;                        /* which of them is the identity number */
	size_t row_size;
	const struct register_table *const *registers; /* that it writes; NULL: registers_all */
	/* Of the filing as a whole, once: faults into r, whose fields are -1. NULL: none. */
	enum err (*judge_form)(struct rule_row *r);
	/* Rules: faults into r, what is to be written into ret_row (row_size octets, zeroed). */
	enum err (*judge)(struct rule_row *r, void *ret_row);
	/* Of a row without refusals: what it wants of the registers. */
	enum err (*want)(const struct staff_wants *w, const struct staff_person *p, const void *row);
};
extern const struct business *const businesses[]; /* the one table; ends with NULL */

/* --- for judge(): a field of the row by the binds --- */
const struct service_field *rule_field(const struct rule_row *r, int field);
/* Of the form, by its name; NULL when it is empty or cannot be read. */
const struct field_value *rule_form(const struct rule_row *r, const char *name);
/* NULL when it is empty or cannot be read. */
const struct field_value *rule_good(const struct rule_row *r, int field);
bool rule_unread(const struct rule_row *r, int field); /* given, but cannot be read, or required and not given */
void rule_text(const struct rule_row *r, int field, char *ret, size_t cap); /* "" without */
void rule_code(const struct rule_row *r, int field, char *ret, size_t cap); /* "" without */
int64_t rule_day(const struct rule_row *r, int field);                      /* 0 without */
int rule_month(const struct rule_row *r, int field);                        /* 0 without */
int64_t rule_money(const struct rule_row *r, int field);                    /* fen; -1 without */
unsigned rule_ins(const struct rule_row *r, int field);                     /* bits of the tables; 0 without */
void rule_fault(struct rule_row *r, int field, const struct business_code *c, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The insurances of a mask as detail: 养老、失业. */
void rule_fault_ins(struct rule_row *r, int field, const struct business_code *c, unsigned ins);
/* A known person's name is the register's, or the fault is c. */
void rule_name(struct rule_row *r, int field, const struct business_code *c);
/* A declared wage against the month's minimum and limits; month 0: nothing is said. */
enum err rule_wage(struct rule_row *r, int field, int month) MUST_CHECK;

/* --- a new person's document --- */
struct identity_fields {
	int type, gender, birth; /* by the binds */
};
/* Whether type, number, sex and birthday agree; faults into r. Sex and birthday as the number or the filer says them;
 * "" and 0 when neither does. */
void identity_judge(struct rule_row *r, const struct identity_fields *f, char ret_gender[2], int64_t *ret_birth);

/* --- for want() --- */
enum { ENROL_PAID = 1, ENROL_PAUSED = 2 };
enum { ENROLMENT_STATUS, ENROLMENT_FROM, ENROLMENT_TO, ENROLMENT_TYPE };
/* A person who is not in the registers. Borrows nothing. */
enum err want_person(const struct staff_wants *w, const char *name, const char *id_number,
                     const char *mobile) MUST_CHECK;
/* Written where no details stand, and rewritten only where the chain wrote them. */
enum err want_details(const struct staff_wants *w, const json_t *v) MUST_CHECK;
/* One more enrolment under that key; to 0: it stands. */
enum err want_enrolment(const struct staff_wants *w, struct change_key *k, int64_t status, int from, int to,
                        struct sql_arg type) MUST_CHECK;
