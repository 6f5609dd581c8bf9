/* Working days (工作日). Saturdays and Sundays are free, holidays and shifted working days (调休) are data, a year at a
 * time.
 *
 * The starting day is not counted; a term in days that ends on a free day ends on the next working day (民法典 201,
 * 203). A year without data counts weekends only: calendar_knows() says so. Days are Beijing midnights in UTC seconds.
 * Pure. */
#pragma once
#include "server/insurance/month.h"

struct calendar;
bool calendar_knows(const struct calendar *c, int year);
bool calendar_works(const struct calendar *c, int64_t day);
int64_t calendar_roll(const struct calendar *c, int64_t day);         /* the day itself or the next working day */
int64_t calendar_add(const struct calendar *c, int64_t from, int n);  /* end of a term of n working days; n 1..1000 */
int64_t calendar_term(const struct calendar *c, int64_t from, int n); /* end of a term of n calendar days, rolled */

/* The window for increases and decreases (3.6): by the close day for this month, later counts for the next. */
struct filing_rule;
struct filing_window {
	int period;     /* the month that a filing now counts for */
	bool open;      /* false before the opening day */
	bool next;      /* the current month's window has closed: period is the next month */
	int64_t closes; /* midnight that ends the last day for this period */
	int days_left;  /* whole days until then */
};
struct filing_window calendar_window(const struct filing_rule *r, int64_t now);
/* Until when the month's bill waits for filings that came in time and are not decided; then it is approved without. */
int64_t calendar_decided(const struct filing_rule *r, int period);
