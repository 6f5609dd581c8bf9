/* 更正 of an approved B03: what the first filing wrote is taken back and what the correction says stands in its place.
 *
 * "The chain" is the corrected filing and those that it corrected itself. For each person whom the chain enrolled, what
 * it left standing is compared with what the correction wants, register row by register row: equal rows stay untouched;
 * a changed one is closed (valid_to, closed_by) and the next version added; of a person who is no longer named every
 * row is closed, and what stood before the chain (an open pause, an earlier employment) is put back as a new version.
 * Wages have no end: a wage that is taken back gets a next version with the amount that stood before the chain, or 0,
 * which the month's run reads as "no wage declared here". Nothing is overwritten or deleted.
 *
 * Refused with a fault that names the row: another filing has since built on a row that would change (B03-25), a change
 * reaches a month whose bill is approved (B03-24). A row that changes nothing is not judged again: time may have passed
 * it by.
 *
 * Not touched: the person's name, number and telephone (those are key data, changed at the window). Details are
 * rewritten only where the chain wrote them. */
#pragma once
#include "server/business/b03_look.h"

struct b03_undo;
/* Reads what the chain of `corrects` wrote for the unit. */
enum err b03_undo_new(const struct desk *d, const struct tables *t, const char *unit_no, const char *corrects,
                      struct b03_undo **ret_u) MUST_CHECK;
void b03_undo_free(struct b03_undo *u);
DEFINE_AUTO(b03_undo)
/* The lookups of the rules as if the chain had never written. Borrows both. */
void b03_undo_look(struct b03_undo *u, const struct b03_lookup *base, struct b03_lookup *ret_look);
/* One checked row of the correction, each once: *ret_same when the registers hold just that; else faults are added to
 * f. */
enum err b03_undo_row(struct b03_undo *u, const struct b03 *b, bool *ret_same, struct b03_faults *f) MUST_CHECK;
/* After all rows: the faults of those who are no longer named, as row 0; of their unit too, when it is frozen. */
enum err b03_undo_rest(const struct b03_undo *u, struct b03_faults *f) MUST_CHECK;

struct b03_correction;
/* rows: those that are not the same, without refusals. Takes u over, whatever happens. */
enum err b03_correction_prepare(struct b03_undo *u, const char *filing_no, const struct b03 *rows, size_t n,
                                struct b03_correction **ret_c) MUST_CHECK;
void b03_correction_free(struct b03_correction *c);
DEFINE_AUTO(b03_correction)
/* All of it or nothing; may run again. ERR_CONFLICT when a register or a bill changed since: check and prepare anew. */
enum err b03_correction_apply_tx(struct tx *tx, struct b03_correction *c) MUST_CHECK;
