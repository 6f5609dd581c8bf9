/* Every transition's entry in the tamper-evident log (evidence/log.h), written in the transition's own transaction.
 * kind is the statement's type, FILING-RULE, or FILING-SAVE by the filer's session; the entry covers the filing, its
 * newest event, the signed statement, attachments that came or went, and what an approved filing wrote into the
 * registers. */
#pragma once
#include "server/filing/filing.h"

/* Sets the four members of d; log_ctx becomes d->desk. */
void filing_log_connect(struct filing_desk *d);
