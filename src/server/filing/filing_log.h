/* Every transition's entry in the tamper-evident log (evidence/log.h), written in the transition's own transaction.
 * kind is the statement's type, or FILING-RULE; the entry covers the filing, its newest event and the signed statement
 * where those tables are under the log. */
#pragma once
#include "server/filing/filing.h"

/* Sets the four members of d; log_ctx becomes d->desk. */
void filing_log_connect(struct filing_desk *d);
