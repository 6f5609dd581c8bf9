/* The dated tables of share/tables that money, deadlines and code lists hang on: rates, bases, insurances, codes,
 * calendar.
 *
 * Loaded and checked whole at the start; a fault is ERR_CONFIG with "rates.json:17: …", the line of the row at fault.
 * Nothing about a rate, a floor, a window or a holiday is in the code. Every row says where it comes from (src) and
 * whether a person has still to confirm it (verify: 待核实). Immutable afterwards, shared by all threads without a
 * lock.
 *
 * A code, an insurance or a rate that is not in force at the asked month does not exist. Borrowed strings live as long
 * as the tables. */
#pragma once
#include "server/insurance/money.h"
#include "server/insurance/month.h"

enum { INS_MAX = 12, INS_CODE_LEN = 3, RISK_CLASS_MAX = 8, CODE_MAX = 8, SRC_MAX = 160 };
enum side { SIDE_UNIT, SIDE_PERSON, SIDE_COUNT };
const char *side_name(enum side s); /* "unit" */

/* An insurance is known by its index in the table, a set of them by a mask of 1 << index. */
struct insurance {
	char code[INS_CODE_LEN + 1];                     /* AAE140: "110" */
	char zh[64], brief[16], owner[8], collection[8]; /* "HRSS" or "YBJ"; "AGENCY" or "TAX" */
	bool enabled;                                    /* open for enrolment at this bureau */
	bool standard;                                   /* proposed where nothing else is chosen */
	bool bound;                                      /* employees take all bound ones together (统一参保) */
	bool by_class;                                   /* the unit's rate depends on its risk class */
	bool person_pays;
};
struct rate {
	int ins;
	enum side side;
	int risk_class; /* 0 where the insurance has no classes */
	int64_t ppm;
	int from, to; /* months, inclusive; to 0: open */
	bool verify;
	char src[SRC_MAX];
};
struct base_limit {
	int from, to;
	int64_t floor_fen, cap_fen, min_wage_fen;
	bool verify;
	char src[SRC_MAX];
};
struct late_rate {
	int64_t from; /* Beijing midnight of the first day it counts for */
	int64_t ppm;  /* per day */
};
struct code_row {
	char list[24], code[CODE_MAX + 1], zh[128];
	int from, to;   /* months; 0: open on that side */
	char kind[8];   /* change_reason: "plus" "minus" "end" */
	char unemp[12]; /* change_reason: "yes" "no" "disputed" or "" */
};
struct filing_rule {
	int open_day, close_day; /* of the month, inclusive */
	int back_months;         /* how far a start month may lie back */
	int register_days;       /* days after hiring within which a unit must register (社会保险法 58) */
	int due_day;             /* of the next month */
	int report_days; /* days after the end of a contract within which a unit must report it (社会保险法 50) */
	int decide_days; /* how long a month whose window has closed waits for filings that came in time */
};
struct calendar;
struct tables {
	struct insurance ins[INS_MAX];
	size_t n_ins;
	struct rate *rates;
	size_t n_rates;
	struct base_limit *bases;
	size_t n_bases;
	struct late_rate *late;
	size_t n_late;
	struct code_row *codes;
	size_t n_codes;
	struct filing_rule filing;
	int64_t default_ppm; /* amount taken for a month not filed, of the last one: 1,100,000 (社会保险法 62) */
	struct calendar *calendar;
};

/* --- life --- */
enum err tables_load(const char *dir, struct tables **ret_t) MUST_CHECK; /* ERR_CONFIG, ERR_ABSENT, ERR_NOMEM */
void tables_free(struct tables *t);
DEFINE_AUTO(tables)

/* --- read --- */
int tables_ins(const struct tables *t, const char *code); /* index, -1 when unknown */
unsigned tables_standard(const struct tables *t);         /* mask of what is proposed: enabled and standard */
unsigned tables_enabled(const struct tables *t);
/* ERR_CONFIG when no row covers the month: money is never computed from a guess. */
enum err tables_rate(const struct tables *t, int ins, enum side side, int risk_class, int month,
                     const struct rate **ret_r) MUST_CHECK;
enum err tables_base(const struct tables *t, int month, const struct base_limit **ret_b) MUST_CHECK;
/* NULL when the code is not in the list or not in force. */
const struct code_row *tables_code(const struct tables *t, const char *list, const char *code, int month);
