/* Starting and watching the programs of a bureau. INT or TERM to any of them ends all within 5 s; a program that dies
 * otherwise is started again. */
#pragma once
#include "cmd/bureau.h"

struct up;
enum err up_new(const struct bureau *b, struct up **ret_u) MUST_CHECK;
void up_free(struct up *u); /* stops everything that still runs */
DEFINE_AUTO(up)
/* Programs: "escrow" "signer" "notary" "convert" "portal" "nginx" "yxcard" "agent". Waits until it answers; ERR_STATE
 * with the log's place on the trail. */
enum err up_start(struct up *u, const char *program) MUST_CHECK;
enum err up_stop(struct up *u, const char *program) MUST_CHECK;
/* Until a signal or the end of a part. */
enum err up_watch(struct up *u) MUST_CHECK;
