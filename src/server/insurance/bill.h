/* Contributions (缴费): a person's base from wage, floor and cap, then per insurance and side, rounded, then added.
 *
 * A bill gathers the persons of one unit and month. Days late and the amount for a month not filed are computed per
 * line (3.5). Pure functions over the tables. */
#pragma once
#include "server/insurance/tables.h"

struct payer {
	int64_t wage_fen;  /* declared, 0..MONEY_MAX */
	unsigned ins;      /* mask of insurances */
	int risk_class;    /* of the unit, 1..8 */
	int64_t float_ppm; /* 工伤浮动: 500,000 to 1,500,000; 1,000,000 is none */
};
struct share {
	int64_t unit_ppm, person_ppm, unit_fen, person_fen;
};
struct contribution {
	int64_t base_fen;
	unsigned ins;
	struct share share[INS_MAX]; /* by insurance; zero where not in the mask */
};
enum err contribution_of(const struct tables *t, int month, const struct payer *p,
                         struct contribution *ret_c) MUST_CHECK;
enum err base_of(const struct tables *t, int month, int64_t wage_fen, int64_t *ret_base_fen) MUST_CHECK;

struct bill_line {
	int64_t persons, base_fen, unit_fen, person_fen;
};
struct bill {
	int month;
	int64_t persons; /* heads, each once */
	struct bill_line line[INS_MAX];
	int64_t unit_fen, person_fen, total_fen;
	bool verify; /* a row in use is marked 待核实 */
};
void bill_init(struct bill *b, int month);
void bill_add(struct bill *b, const struct contribution *c);
/* Whether any rate or base that a month's bill may use is marked for check. */
bool bill_unverified(const struct tables *t, int month);

/* Late fee (滞纳金) of one principal: simple, from the day after the due day up to and including the day paid; each day
 * at the rate in force on it; rounded once. 0 when paid by the due day. */
int64_t late_fee(const struct tables *t, int64_t principal_fen, int64_t due_day, int64_t paid_day);
/* The same by line of a bill (unit and withheld personal part together), rounded per line, then added. */
int64_t late_fee_bill(const struct tables *t, const struct bill *b, int64_t due_day, int64_t paid_day);
/* Amount taken for a month not filed: 110 % of the last month's total. */
int64_t default_amount(const struct tables *t, int64_t last_total_fen);
/* Last day for paying a month: the due day of the next month (its last day when shorter), rolled to a working day. */
int64_t bill_due(const struct tables *t, int month);
