/* Whether a receipt proves what it says (docs/protocol/receipt.md, 3): step by step, explained in Chinese, the first
 * fault named. Offline: nothing but the file, the pinned root and the time of the reader. Pure. */
#pragma once
#include "evidence/head.h"
#include "evidence/receipt.h"
#include "evidence/standing.h"
#include "evidence/statement.h"
#include "pki/ocsp.h"

enum { VERIFY_FRESH_SEC = STANDING_FRESH_SEC, VERIFY_SHOWN_SEC = 30 * 60, VERIFY_SKEW_SEC = 300 };
struct verify_step {
	const char *title;  /* "第2项 证书状态" */
	const char *text;   /* what was found, or why it fails */
	const char *detail; /* of a failure, for specialists, in English; "" when there is none */
	bool good;
};
/* One act of which every part was found good; all borrowed during the call. describe.h puts it into words. */
struct verify_act {
	size_t number;       /* from 1 */
	const char *subject; /* of the receipt */
	const struct receipt_act *raw;
	const struct statement *statement; /* NULL for the record of a rule, as cert is */
	const struct cert *cert;
	struct ocsp_status status; /* as answered at status_time; OCSP_REVOKED: only after the act */
	int64_t status_time;
	const struct head *head; /* the first that held it */
	size_t head_number;      /* from 1 */
	int64_t stamped;         /* the head, by the time stamp authority */
};
struct verify_plan {
	const uint8_t *root_sm3;                              /* 32 octets, pinned; NULL: none */
	int64_t now;                                          /* 0: no clock to compare with */
	void (*step)(const struct verify_step *s, void *ctx); /* may be NULL */
	void (*act)(const struct verify_act *a, void *ctx);   /* may be NULL; before the act's own step */
	void *ctx;
};
/* ERR_OK; ERR_ROOT_UNKNOWN when all else is good and no root is pinned; ERR_RECEIPT, ERR_CERT_*, ERR_SIG, ERR_PROOF,
 * ERR_STALE (times), ERR_STATEMENT, ERR_BUREAU: the first fault, which was the last step shown. */
enum err verify_receipt(struct span file, const struct verify_plan *plan) MUST_CHECK;
