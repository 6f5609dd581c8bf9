/* The month's contributions of a unit: computed from the registers, stored, approved. */
#pragma once
#include "server/insurance/bill.h"
#include "server/insurance/joined.h"

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
