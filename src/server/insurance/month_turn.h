/* The rule that computes and approves the months (timer:month-run). A bill of the month that filings now count for
 * (calendar_window) is computed anew whenever the unit's registers or the tables of that month changed; once the
 * month's window has closed and the filings that came in time for it are decided, at the latest some days after
 * (filing_rule.decide_days), it is computed a last time and approved; what is approved later is a supplement. Months
 * before the first one that has a bill are made up for. Asked for by the portal's timer for every unit and by a unit's
 * own pages, so that they never show an old amount. */
#pragma once
#include "server/insurance/month_run.h"

#define MONTH_TURN_RULE "timer:month-run"
/* All months of one unit; what is up to date is left alone. The first error after the other months were tried: one
 * month without a rate does not stop the next. */
enum err month_turn_unit(const struct desk *d, const struct tables *t, const char *unit_no) MUST_CHECK;
/* Every unit that has something to do, until enough() says that there is other work; the next call goes on behind the
 * last unit, so that none waits for ever behind one that fails. *ret_done how many. The first error after the others
 * were tried. */
struct month_turns {
	char after[UNIT_NO_LEN + 1]; /* "" at the beginning */
	bool (*enough)(void *ctx);   /* NULL: never */
	void *ctx;
};
enum err month_turn(const struct desk *d, const struct tables *t, struct month_turns *m, size_t *ret_done) MUST_CHECK;
