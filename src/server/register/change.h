/* What is wanted of the registers (registers.h), brought about safely: one way for the effects and the corrections of
 * all businesses.
 *
 * "The chain" is the filing that is corrected and those that it corrected itself; of a first filing it is empty: a
 * first filing is a correction of nothing. Under each key of a register stand before: what stood before the chain wrote
 * there; without a chain, what stands now; ours:   what the chain left standing, even where somebody else has ended it
 * since; wanted: what the new filing says, and what it leaves of `before`. Rows of ours that are wanted stay untouched;
 * others are ended; what is wanted and not there is added as the next version; what stood before and is not replaced
 * any more is put back. A key that the chain wrote and that nobody names is put back as it was before; a key that
 * nobody names and the chain did not write stays untouched. Nothing is overwritten or deleted. Of a register whose rows
 * do not end, "none" is a next version of zeros.
 *
 * Two rules hold for all businesses, as verdicts before and as ERR_CONFLICT at the end: a row on which another filing
 * has built since is not changed (B03-25), and a correction changes nothing that counts for a month that is closed
 * (B03-24); which months are closed the caller's function says, for nothing here knows money.
 *
 * Reading, comparing and sealing happen outside of the transaction. Inside of it every row that was read for a person
 * who changes is looked at again by version and end: ERR_CONFLICT when one is another, and the caller prepares anew.
 *
 *   change_new → change_person, change_key, change_before → change_say, change_replaces, change_keep → change_judge
 *   → change_prepare → change_apply in the transaction → change_cover for its entry in the log
 */
#pragma once
#include "evidence/log.h"
#include "server/register/registers.h"
#include "server/register/unit.h"

struct change;        /* what one filing changes */
struct change_person; /* a person in it */
struct change_key;    /* one key of one register, of a person */

/* Last month of the unit that is closed for corrections; 0: none. */
typedef enum err change_closed_fn(struct tx *tx, const char *unit_no, int *ret_month);
/* Borrowed until change_new() returns, but for registers, closed. */
struct change_scope {
	const char *unit_no, *filing_no; /* whose registers; who writes */
	const char *const *chain;        /* numbers of filings */
	size_t n_chain;
	const char *const *persons; /* known ones, besides those of the chain; may come twice */
	size_t n_persons;
	const struct register_table *const *registers; /* in the order in which they are written; ends with NULL */
	change_closed_fn *closed;                      /* NULL: no month is ever closed */
};
enum err change_new(const struct desk *d, const struct change_scope *s, struct change **ret_c) MUST_CHECK;
void change_free(struct change *c);
DEFINE_AUTO(change)

/* --- whom, and what stands --- */
struct change_person *change_person(const struct change *c, const char *person_no); /* NULL: not in the scope */
/* One who is not in the registers yet: change_prepare() gives him a number. */
enum err change_person_new(struct change *c, struct change_person **ret_p) MUST_CHECK;
/* For whom the chain wrote, in the order of their numbers, from NULL on; NULL past the last. */
struct change_person *change_next_of_chain(const struct change *c, const struct change_person *p);
const char *change_person_no(const struct change_person *p); /* "" until a new one has his number */

/* A version as it stands in the register: sealed columns sealed. */
struct change_row {
	const struct change_row *next; /* the version after it, under the same key */
	int64_t version, from, to;     /* to 0: it stands */
	bool ours, before;             /* see above; before: of those that stood before */
	const char *writer;            /* the filing that wrote it */
	const struct sql_arg *value;   /* in the order of the columns */
};
/* The key of that register: its parts besides unit and person, as many as it has. */
enum err change_key(struct change *c, struct change_person *p, const struct register_table *r,
                    const struct sql_arg *rest, struct change_key **ret_k) MUST_CHECK;
/* All keys of a person, from NULL on; NULL past the last. */
const struct change_key *change_next_key(const struct change_person *p, const struct change_key *k);
const struct register_table *change_key_register(const struct change_key *k);
const struct sql_arg *change_key_part(const struct change_key *k, size_t i); /* of its parts, unit and person too */
const struct change_row *change_rows(const struct change_key *k);            /* the first version; NULL: none */
bool change_of_chain(const struct change_key *k);                            /* the chain wrote there */

/* --- what is wanted; each names the key --- */
/* One more row. Plain text for sealed columns; copied. */
enum err change_say(struct change *c, struct change_key *k, const struct sql_arg *value) MUST_CHECK;
/* A row of `before` ends with it. NULL: all of them. */
void change_replaces(struct change_key *k, const struct change_row *row);
void change_keep(struct change_key *k); /* as it stands, whoever wrote it */
/* What is wanted cannot be beside what somebody else wrote: as if he had built on it. */
void change_taken(struct change_key *k);
void change_forget(struct change_person *p);      /* nothing is named any more */
bool change_named(const struct change_person *p); /* some key of his is */

/* --- judging --- */
struct change_verdict {
	bool any, later, closed; /* changes something; somebody else has built on it; a closed month is reached */
	int month;               /* the first that counts for money; 0: none */
};
enum err change_judge(struct change *c, struct change_person *p, struct change_verdict *ret_v) MUST_CHECK;
/* Whether a correction may not reach that month. */
bool change_is_closed(const struct change *c, int month);

/* --- what it is of --- */
const char *change_filing_no(const struct change *c);
const char *change_unit_no(const struct change *c);
bool change_is_correction(const struct change *c);
/* Every person whom it changes where money follows, with the first month that counts. After change_prepare(). */
typedef enum err change_each_fn(const char *person_no, int month, void *ctx);
enum err change_each(const struct change *c, change_each_fn *fn, void *ctx) MUST_CHECK;

/* One column that changes; was or is NULL: no row there. Sealed columns are told as they are stored. */
struct change_line {
	const struct register_table *reg;
	const char *person_no;
	const struct sql_arg *key;
	const struct log_column *column;
	const struct sql_arg *was, *is;
};
typedef enum err change_line_fn(const struct change_line *l, void *ctx);
/* Before and after, person by person, register by register. After change_prepare(). */
enum err change_slip(const struct change *c, change_line_fn *fn, void *ctx) MUST_CHECK;

/* --- doing it --- */
/* Numbers and seals. ERR_CONFLICT: somebody's verdict is `later` or `closed`. */
enum err change_prepare(struct change *c) MUST_CHECK;
/* All of it or nothing; may run again. ERR_CONFLICT: a register, or what is closed, changed since. */
enum err change_apply(struct tx *tx, const struct change *c) MUST_CHECK;
/* Names every row that change_apply() wrote or ended. c is borrowed until the write is done. */
void change_cover(const struct change *c, struct log_act *a);
