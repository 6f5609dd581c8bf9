/* B03 as delivered, for tests: share/services, the registers of server/insurance, the tamper-evident log; the clock
 * stands in the middle of next month, so that the window of that month is open whenever the test runs. */
#pragma once
#include "server/business/staff_rows.h"
#include "server/insurance/joined.h"
#include "server/business/lists.h"
#include "world.h"

struct b03_world {
	struct world w;
	struct tables *tables;
	struct businesses known;
	struct lists *lists;
	struct services *services;
	int period;
	char month[16], hired[16];
};
int b03_world_open(void **state); /* cmocka setup and teardown */
int b03_world_close(void **state);
/* A row without faults; the caller's. */
json_t *b03_world_row(const struct b03_world *b, const char *id, const char *name, const char *sex);
/* The row with one more value. */
json_t *b03_world_with(json_t *row, const char *key, const char *value);
/* Takes rows. */
void b03_world_fill(struct b03_world *b, const char *no, json_t *rows);
void b03_world_draft(struct b03_world *b, json_t *rows, char no[FILING_NO_MAX + 1]);
/* Both reviews, where the second is wanted; the first error. */
enum err b03_world_approve(struct b03_world *b, const char *no);
/* What a query of the test's own says: columns by "|", rows by " ". Outside of the store. */
void b03_world_sql(struct b03_world *b, const char *sql, struct buf *out);
