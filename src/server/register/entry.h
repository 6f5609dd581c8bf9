/* A register's change with its entry in the log, in one transaction: for what no case and no filing writes. */
#pragma once
#include "evidence/log.h"
#include "server/register/desk.h"

struct entry {
	const char *kind, *subject; /* "PERSON-PUT", the person's number */
	const char *rule;           /* who: "service:register", "session:<subject>" */
	/* Names what fn is about to write (log_act_cover…); before fn, and may run again. */
	void (*cover)(struct log_act *a, void *arg);
};
/* fn, then the entry; arg is for both. fn's error is returned and nothing is written. ERR_LOG_DAMAGED: a row that is
 * named by its key was edited in the database; the entry would take that for good. */
enum err entry_write(const struct desk *d, const struct entry *w, store_fn *fn, void *arg) MUST_CHECK;
