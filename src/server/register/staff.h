/* Staff of a unit: who is employed and enrolled, with which details.
 *
 * Rows are versions: a change closes the current one and adds the next (share/sql/030_insurance.sql). Persons and units
 * are those of unit.h. Personal data are sealed columns. A person pays an insurance through one unit at a time: the
 * database itself refuses a second open row, whoever files first. */
#pragma once
#include "server/register/unit.h"

/* --- persons --- */
/* The sealed details as they stand, a JSON object: id_type gender birth ethnic hukou_type hukou_addr live_addr remark.
 * ERR_ABSENT. */
enum err person_detail_get(const struct desk *d, const char *person_no, struct buf *ret_json) MUST_CHECK;

/* --- staff --- */
struct staff_row {
	const char *person_no, *name, *id_masked, *post;
	int64_t hire_day;
	const char *ins; /* code of the insurance, share/tables/insurances.json */
	int status, from_month;
};
typedef enum err staff_fn(const struct staff_row *r, void *ctx);
/* Open enrolments in the order of person number, those after `after` ("" from the start), at most limit rows. */
enum err staff_list(const struct desk *d, const char *unit_no, const char *after, int limit, staff_fn *fn,
                    void *ctx) MUST_CHECK;
/* Active staff whose name holds what was typed, or of that number; by name, at most limit. Of a row person_no, name and
 * id_masked are set. */
enum err staff_find(const struct desk *d, const char *unit_no, const char *typed, int limit, staff_fn *fn,
                    void *ctx) MUST_CHECK;
/* Appends the name of one of them: ERR_ABSENT when he is none. */
enum err staff_name(const struct desk *d, const char *unit_no, const char *person_no, struct buf *out) MUST_CHECK;
