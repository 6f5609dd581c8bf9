/* The portal's one sequencer: a thread that, several times a second, puts the signer's journal into the log, orders
 * pending entries and has the new head signed by the notary. Without a notary heads stay unsigned and say so. */
#pragma once
#include "server/portal/app.h"

/* One turn; for tests and for the thread. */
enum err portal_log_turn(struct portal *p) MUST_CHECK;

struct log_runner;
/* p->log_failing says how it goes. report is called from the thread with the error of a turn, when it is another than
 * that of the turn before. */
enum err log_runner_start(struct portal *p, void (*report)(enum err e), struct log_runner **ret_r) MUST_CHECK;
void log_runner_stop(struct log_runner *r); /* waits for it; NULL is fine */
