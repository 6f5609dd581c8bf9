/* A bureau with two units, their operators and officers; test definitions with test effects. Over certsrv's office. */
#pragma once
#include "office.h"
#include "server/filing/filing.h"

struct member {
	struct sm2_key *key;
	struct cert *cert;
	struct filing_who who;
};
struct world {
	struct office o;
	struct services *services;
	struct filing_desk d;
	struct member operator, colleague, stranger;   /* of unit A, A, B */
	struct member clerk, reviewer, reviewer2, far; /* far: reviewer of another district */
	int effect_runs, effect_fails;                 /* prepared; how many times apply is to fail */
	int log_writes, judged;                        /* judged: by the precondition */
	bool rule_faults;                              /* whether the precondition finds something */
};
extern struct world *the_world; /* for the functions that definitions name */
extern const struct service_registry test_registry;
/* Q01: one step, acceptance by rule. Q02: two steps, acceptance signed, second only when the condition holds. P01:
 * persons. W01: as Q01 with 10,000 rows. */
extern const char *const test_q01, *const test_q02, *const test_p01, *const test_w01;

void world_open(struct world *w);
void world_close(struct world *w);
/* A draft with n rows, good ones. */
void world_draft(struct world *w, const char *business, size_t n, char no[FILING_NO_MAX + 1]);
json_t *world_rows_of(size_t n);
void world_letters(json_t *row, const char *field, size_t n);
/* Rows of W01, taken, that are signed with that many octets: the last ones get what is left. */
void world_fill(const struct service *s, json_t *rows, size_t octets);
void world_rows(struct world *w, const char *no, size_t n);
void world_id_number(size_t n, char ret[19]); /* valid, each n another */
struct act_parts world_sign(const struct member *m, struct span text, struct sm2_sig *sig);
enum err world_submit(struct world *w, const char *no, const struct member *m);
enum err world_withdraw(struct world *w, const char *no, const struct member *m);
enum err world_bulk(struct world *w, enum filing_act_kind kind, const char *no, const struct member *m);
enum err world_return(struct world *w, const char *no, const struct member *m);
enum err world_refuse(struct world *w, const char *no, const struct member *m);
enum err world_text_sign(struct world *w, const struct member *m, struct buf *text);
struct filing world_get(struct world *w, const char *no);
int64_t world_counter(struct world *w, const char *name);
int64_t world_effects(struct world *w, const char *no); /* how often the test's effect has been done to it */
int world_setup(void **state);                          /* cmocka */
int world_teardown(void **state);
