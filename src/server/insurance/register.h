/* Registers of insurance: which unit joined what, who is employed and enrolled, at which wage; and the month's run.
 *
 * Rows are versions: a change closes the current one and adds the next (share/sql/030_insurance.sql). Persons and units
 * are those of server/cert/unit.h. Personal data are sealed columns. A person pays an insurance through one unit at a
 * time: the database itself refuses a second open row, whoever files first. */
#pragma once
#include "server/insurance/b03.h"
#include "server/insurance/bill.h"

/* --- what a unit joined --- */
struct unit_insurance {
	const char *unit_no;
	int ins, from_month, risk_class;
	int64_t float_ppm; /* 1,000,000: none; 500,000 to 1,500,000 */
};
/* ERR_EXISTS */
enum err unit_insurance_put(const struct desk *d, const struct tables *t, const struct unit_insurance *u) MUST_CHECK;
struct unit_joined {
	unsigned ins;
	int risk_class;
	int64_t float_ppm;
};
enum err unit_joined_at(const struct desk *d, const struct tables *t, const char *unit_no, int month,
                        struct unit_joined *ret_j) MUST_CHECK;

/* --- lookups of the B03 rules against these registers --- */
struct register_look {
	const struct desk *desk;
	const struct tables *tables;
	struct b03_seen *seen; /* NULL for a form */
	struct b03_lookup look;
	/* The unit's last answer, for rows of one month ask the same. */
	char unit_no[UNIT_NO_LEN + 1];
	int month;
	struct b03_unit unit;
};
void register_look_init(struct register_look *l, const struct desk *d, const struct tables *t, struct b03_seen *seen);

/* --- the effect of an approved B03 --- */
struct b03_effect;
/* Seals and numbers outside of the transaction; rows are those without refusals. */
enum err b03_prepare(const struct desk *d, const struct tables *t, const char *unit_no, const char *filing_no,
                     const struct b03 *rows, size_t n, struct b03_effect **ret_e) MUST_CHECK;
void b03_effect_free(struct b03_effect *e);
DEFINE_AUTO(b03_effect)
/* All rows or none; may run again. ERR_CONFLICT when a register changed since (somebody else enrolled or created the
 * person): check and prepare anew. */
enum err b03_apply_tx(struct tx *tx, const struct b03_effect *e) MUST_CHECK;
/* the same in a transaction of its own */
enum err b03_apply(const struct desk *d, const struct b03_effect *e) MUST_CHECK;

/* --- persons --- */
/* The sealed details as they stand, a JSON object: id_type gender birth ethnic hukou_type hukou_addr live_addr remark.
 * ERR_ABSENT. */
enum err person_detail_get(const struct desk *d, const char *person_no, struct buf *ret_json) MUST_CHECK;

/* --- staff --- */
struct staff_row {
	const char *person_no, *name, *id_masked, *post;
	int64_t hire_day;
	int ins, status, from_month;
};
typedef enum err staff_fn(const struct staff_row *r, void *ctx);
/* Open enrolments in the order of person number, those after `after` ("" from the start), at most limit rows. */
enum err staff_list(const struct desk *d, const struct tables *t, const char *unit_no, const char *after, int limit,
                    staff_fn *fn, void *ctx) MUST_CHECK;

/* --- the month --- */
/* Computes every open or covering enrolment and stores lines and total in one transaction; again until approved, then
 * ERR_STATE. A person without a wage is ERR_CONFIG: money is never guessed. */
enum err month_run(const struct desk *d, const struct tables *t, const char *unit_no, int month,
                   struct bill *ret_b) MUST_CHECK;
/* rev: the registers' revision that the last run was made from; -1 whatever they are now. ERR_STATE when the bill is
 * not there or done, or when somebody has written to the registers since: run again. */
enum err month_approve(const struct desk *d, const char *unit_no, int month, int64_t rev) MUST_CHECK;
struct contribution_row {
	const char *person_no, *name;
	int ins;
	int64_t wage_fen, base_fen, unit_ppm, person_ppm, unit_fen, person_fen;
};
typedef enum err contribution_fn(const struct contribution_row *r, void *ctx);
enum err contribution_list(const struct desk *d, const struct tables *t, const char *unit_no, int month,
                           contribution_fn *fn, void *ctx) MUST_CHECK;
