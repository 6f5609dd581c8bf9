/* A stored bill as its pages show it: head, sums per insurance, persons (shebao-domain 2.7 应缴明细). All parts of one
 * read come from one snapshot, so that lines and total agree. Identity numbers leave masked. Whose unit it is, is the
 * caller's business. */
#pragma once
#include "server/insurance/month_run.h"

struct bill_head {
	int month;
	bool approved, verify;
	int64_t persons, unit_fen, person_fen, total_fen, due_day, computed;
	int64_t approved_at; /* it was computed a last time then; 0 while open */
	int64_t plus, minus; /* persons against the month before; of bill_read only */
	/* persons enrolled for the month whose lines came too late for it; of bill_read only */
	int64_t missing;
};
struct bill_sum {
	int ins; /* -1: no longer in the tables */
	int64_t unit_ppm, person_ppm, persons, base_fen, unit_fen, person_fen;
};
struct bill_person {
	const char *person_no, *name, *id_masked;
	unsigned ins; /* mask */
	int64_t wage_fen, base_fen, unit_fen[INS_MAX], person_fen[INS_MAX], total_fen;
};
typedef enum err bill_head_fn(const struct bill_head *h, void *ctx);
typedef enum err bill_sum_fn(const struct bill_sum *s, void *ctx);
typedef enum err bill_person_fn(const struct bill_person *p, void *ctx);
/* The last month of the unit whose bill is approved, 0: none; for change_scope.closed. */
enum err bill_last_approved(struct tx *tx, const char *unit_no, int *ret_month) MUST_CHECK;
/* Newest month first. */
enum err bill_list(const struct desk *d, const char *unit_no, int limit, int offset, bill_head_fn *fn,
                   void *ctx) MUST_CHECK;

struct bill_ask {
	const char *unit_no;
	int month, limit, offset; /* of persons, in the order of their numbers */
	bill_head_fn *head;       /* called first, then every sum, then the persons; each may be NULL */
	bill_sum_fn *sum;
	bill_person_fn *person;
	void *ctx;
};
/* ERR_ABSENT */
enum err bill_read(const struct desk *d, const struct tables *t, const struct bill_ask *ask) MUST_CHECK;
/* Persons with an open enrolment. */
enum err staff_count(const struct desk *d, const char *unit_no, int64_t *ret_n) MUST_CHECK;
