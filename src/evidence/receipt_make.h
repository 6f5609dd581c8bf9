/* A receipt from the log in the database: docs/protocol/receipt.md, 2. */
#pragma once
#include "evidence/log.h"
#include "evidence/receipt.h"

struct receipt_of {
	const char *subject; /* number of the case or filing */
	const struct field_keys *keys;
	struct span root, ca, log; /* DER of the three certificates */
};
/* ERR_ABSENT: the log knows nothing of it. ERR_RECEIPT_WAITS: some act of it is not under a signed and stamped head yet
 * (a second later it will be). ERR_NOT_YET: one was ordered without a status answer, which nobody can give any more. */
enum err receipt_make(struct store *s, const struct receipt_of *what, struct buf *out) MUST_CHECK;
