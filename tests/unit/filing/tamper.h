/* A bureau in whose database every table that the services write has rows: units and accounts, desk cases, a filing
 * that was approved and corrected, one returned, attachments, months; after each act the check found nothing.
 * Certificates come from the signer, who is not here: their rows are written as the desk writes them. */
#pragma once
#include "b03_world.h"
#include "evidence/log_check.h"
#include <sqlite3.h>

#undef OK
/* With the trail, so that a failure tells why. */
#define OK(expr)                                                                   \
	do {                                                                       \
		if ((expr) != ERR_OK)                                              \
			fail_msg("%s: %s (%s)", #expr, err_detail(), err_where()); \
	} while (0)

struct tamper {
	struct b03_world *b;
	sqlite3 *db; /* the editor's own way in */
	char found[8192];
	size_t faults;
};
int tamper_open(void **state); /* cmocka setup and teardown of the group */
int tamper_close(void **state);
size_t tamper_check(struct tamper *h); /* how many faults; they are in h->found, a line each: table|row|column */
void tamper_edit(struct tamper *h, const char *sql);
