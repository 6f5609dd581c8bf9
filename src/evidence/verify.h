/* Whether a receipt proves what it says (docs/protocol/receipt.md, 3): step by step, explained in Chinese, the first fault
 * named. Offline: nothing but the file, the pinned root and the time of the reader. Pure. */
#pragma once
#include "evidence/receipt.h"

enum { VERIFY_FRESH_SEC = 300, VERIFY_SHOWN_SEC = 30 * 60, VERIFY_SKEW_SEC = 300 };
struct verify_step {
	const char *title; /* "第2项 证书状态" */
	const char *text;  /* what was found, or why it fails */
	bool good;
};
struct verify_plan {
	const uint8_t *root_sm3; /* 32 octets, pinned; NULL: none */
	int64_t now;             /* 0: no clock to compare with */
	void (*step)(const struct verify_step *s, void *ctx); /* may be NULL */
	void *ctx;
};
/* ERR_OK; ERR_ROOT_UNKNOWN when all else is good and no root is pinned; ERR_RECEIPT, ERR_CERT_*, ERR_SIG, ERR_PROOF, ERR_STALE
 * (times), ERR_STATEMENT, ERR_BUREAU: the first fault, which was the last step shown. */
enum err verify_receipt(struct span file, const struct verify_plan *plan) MUST_CHECK;
