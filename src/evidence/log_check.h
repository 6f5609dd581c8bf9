/* Whether the log and the rows it covers are what they were: everything is computed anew from the leaves up, within one
 * read transaction, and each fault is named by table, row and column (docs/protocol/log.md, "Checking").
 *
 * Proves: every ordered entry is under every later head, in its place; heads are signed and stamped; covered rows are
 * as the newest entry about them left them. Cannot see: that entries and heads were cut off together at the end (hold
 * the last head elsewhere: the notary does, receipts do), and what a pending entry said before it was ordered. */
#pragma once
#include "evidence/log.h"

struct log_fault {
	const char *table;
	char row[192];      /* "17", "430100-…/3", "2/5" */
	const char *column; /* "" when it is the whole row, or cannot be told */
	const char *what;   /* Chinese */
};
struct log_check {
	const char *bureau;     /* 64 hex */
	const struct cert *log; /* signer of heads; NULL: signatures are not checked */
	const struct cert *ca;  /* issuer of log and time stamp authority; NULL: stamps are not checked */
	bool signed_heads;      /* an unsigned head is a fault */
	void (*fault)(const struct log_fault *f, void *ctx);
	void (*progress)(uint64_t done, uint64_t total, void *ctx); /* may be NULL */
	void *ctx;
};
struct log_sum {
	uint64_t entries, pending, heads, unsigned_heads, rows, faults;
	uint64_t size; /* of the tree */
	uint8_t root[32];
};
/* ERR_LOG_DAMAGED when there was any fault (all were reported), ERR_OK when there was none; *ret_s is set in both
 * cases. */
enum err log_check(struct tx *tx, const struct log_check *c, struct log_sum *ret_s) MUST_CHECK;
