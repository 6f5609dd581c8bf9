/* B03 职工首次参保及险种增加: one row of typed values (form/row.h), judged.
 *
 * b03_check() is a pure function of the row, the tables, the present time and what the lookups say; it lists every
 * fault, not the first one, so that a unit is told once (一次性告知). A fault has a field, a code B03-nn, a text and a
 * remedy, and is either a refusal or a warning; warnings may demand a second review. Rows without refusals are fit for
 * a filing even when their neighbours are not.
 *
 * Nothing is folded here: a text is taken as its filer signed it, also one that an older version took unfolded. A row's
 * texts are borrowed; the result owns its strings. Return values other than ERR_OK are failures of the
 * system, never of the row. */
#pragma once
#include "server/form/row.h"
#include "server/register/ident.h"
#include "server/register/unit.h"
#include "server/insurance/calendar.h"
#include "server/insurance/retire.h"
#include "server/insurance/tables.h"

enum b03_field {
	B03_NAME,
	B03_ID_TYPE,
	B03_ID_NUMBER,
	B03_GENDER,
	B03_BIRTH,
	B03_ETHNIC,
	B03_MOBILE,
	B03_ENROL_TYPE,
	B03_INS,
	B03_START_MONTH,
	B03_HIRE_DATE,
	B03_CONTRACT_TYPE,
	B03_CONTRACT_FROM,
	B03_CONTRACT_TO,
	B03_EMPLOY_FORM,
	B03_POST,
	B03_POST_CLASS,
	B03_SPECIAL_JOB,
	B03_WAGE,
	B03_HUKOU_TYPE,
	B03_HUKOU_ADDR,
	B03_LIVE_ADDR,
	B03_REMARK,
	B03_UNIT_NO,
	B03_FIELD_COUNT
};
/* What B03 counts with, in the order of the enum but for B03_UNIT_NO, which is no field of a row: for the definition to
 * be bound to. Names, lists, lengths and what is required stand in share/services/B03.json alone. */
extern const struct service_binding b03_binds[];
const struct service_field *b03_field(const struct service *s, enum b03_field f); /* NULL of B03_UNIT_NO */
enum { B03_TEXT_BYTES = SERVICE_LINE_MAX, B03_DETAIL_MAX = 200 };

enum b03_code {
	B03_ELSEWHERE,
	B03_YOUNG,
	B03_RETIRED,
	B03_ID_WRONG,
	B03_NAME_OTHER,
	B03_DUPLICATE,
	B03_WAGE_WRONG,
	B03_MONTH,
	B03_CONTRACT,
	B03_UNIT_INS,
	B03_MISSING,
	B03_VALUE,
	B03_HISTORY,
	B03_ALREADY,
	B03_BOUND,
	B03_ID_DISAGREE,
	B03_UNIT_STATE,
	B03_HIRE,
	B03_WINDOW,
	B03_CORRECT_BILL,
	B03_CORRECT_LATER,
	B03_ID_PAIR,
	B03_W_LATE,
	B03_W_LOW_WAGE,
	B03_W_BACK,
	B03_W_SPECIAL,
	B03_W_BASE,
	B03_CODE_COUNT
};
const char *b03_code_name(enum b03_code c); /* "B03-04" */
const char *b03_code_zh(enum b03_code c);
const char *b03_code_remedy(enum b03_code c);
bool b03_code_is_warning(enum b03_code c);
bool b03_code_wants_review2(enum b03_code c); /* 复审: back-dating, special job */

/* --- one row --- */
struct b03_row {
	int64_t no; /* of the filing's rows */
	struct row_values values;
};
struct b03 {
	int64_t no;
	char name[NAME_MAX_BYTES + 1], id_type[3], id_number[ID_NUMBER_LEN + 1], gender[2], ethnic[3],
		mobile[MOBILE_LEN + 1];
	int64_t birth;
	char enrol_type[2];
	unsigned ins;
	int start_month;
	int64_t hire_date;
	char contract_type[2], employ_form[3], post[B03_TEXT_BYTES + 1], hukou_type[3];
	int64_t contract_from, contract_to; /* 0: none */
	enum retire_class retire_class;
	bool special_job;
	int64_t wage_fen, base_fen;
	char hukou_addr[B03_TEXT_BYTES + 1], live_addr[B03_TEXT_BYTES + 1], remark[B03_TEXT_BYTES + 1];
	char person_no[PERSON_NO_LEN + 1]; /* "" for a new person */
	bool review2;
};
struct b03_fault {
	int64_t row;
	enum b03_field field;
	enum b03_code code;
	char detail[B03_DETAIL_MAX]; /* Chinese, may be ""; never an identity number */
};
enum { B03_FAULTS_MAX = 40 };
struct b03_faults {
	struct b03_fault v[B03_FAULTS_MAX];
	size_t n;
};
bool b03_refused(const struct b03_faults *f); /* has a fault that is no warning */

/* --- what the registers say --- */
struct b03_unit {
	bool active;
	unsigned ins; /* joined by the unit at the month */
};
struct b03_person {
	char person_no[PERSON_NO_LEN + 1]; /* "" when unknown */
	char name[NAME_MAX_BYTES + 1];
	bool history;             /* was ever enrolled */
	bool retired;             /* pension ended or drawn */
	unsigned here, elsewhere; /* insurances now paid through this unit, through others */
	bool paused_here;
};
struct b03_lookup {
	void *ctx;
	enum err (*unit)(void *ctx, const char *unit_no, int month, struct b03_unit *ret_u);
	enum err (*person)(void *ctx, const char *unit_no, const char *id_number, struct b03_person *ret_p);
	/* Row of this batch that had the number before, 0 when it is the first; remembers it. NULL for a form. */
	int64_t (*earlier)(void *ctx, const char *id_number, int64_t row);
	/* Name and number against the police register: 1 agree, 0 disagree, -1 no answer. NULL: not connected. */
	int (*police)(void *ctx, const char *id_number, const char *name);
};
struct b03_rules {
	const struct tables *tables;
	const struct service *service; /* whose rows they are, bound */
	const struct b03_lookup *look;
	const char *unit_no;
	int64_t now;
};
/* out->v gets this row's faults only. *ret_b is whole when there is no refusal, else as far as it could be read. */
enum err b03_check(const struct b03_rules *r, const struct b03_row *row, struct b03 *ret_b,
                   struct b03_faults *out) MUST_CHECK;

/* Numbers seen in a batch, for the lookup `earlier`. */
struct b03_seen;
enum err b03_seen_new(size_t most, struct b03_seen **ret_s) MUST_CHECK;
void b03_seen_free(struct b03_seen *s);
DEFINE_AUTO(b03_seen)
int64_t b03_seen_add(struct b03_seen *s, const char *id_number, int64_t row); /* earlier row, else 0 */
