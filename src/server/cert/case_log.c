/* A case's transition in the log: the officer's signed act, or by whose session or service it happened, and the rows of
 * case, event, act and certificates as the transaction left them. */
#include "server/cert/case_i.h"
#include <stdio.h>

enum err case_log_init(struct log_act *a, const struct desk *d, const char *kind, const struct officer *by,
                       struct span text)
{
	char rule[LEAF_TEXT_MAX + 1] = "";
	const struct log_what w = {
		.kind = kind, .subject = "-", .rule = rule, .time = clock_now(d->clock), .statement = text};

	(void)snprintf(rule, sizeof(rule), "%s:%s", by != NULL ? "session" : "service",
	               by != NULL ? by->person_id : "signer");
	return log_act_init(a, d->keys, &w);
}

enum err case_log_act(struct log_act *a, const struct desk *d, const char *kind, const struct act_parts *act,
                      int64_t arrived, struct span status)
{
	const struct log_what w = {.kind = kind,
	                           .subject = "-",
	                           .rule = "",
	                           .time = arrived,
	                           .statement = act->statement,
	                           .sig = act->sig,
	                           .cert = act->cert,
	                           .status = status};

	return log_act_init(a, d->keys, &w);
}

/* Nobody's session and not the signer: a rule whose time has come. */
void case_log_rule(struct log_act *a, const char *rule)
{
	(void)snprintf(a->rule, sizeof(a->rule), "timer:%s", rule);
}

enum err case_log_tx(struct tx *tx, struct log_act *a, const char *no, int step, const char *const *serials)
{
	(void)snprintf(a->subject, sizeof(a->subject), "%s", no);
	a->covers = 0; /* it may run again */
	log_act_cover(a, "cert_case", no, 0);
	log_act_cover(a, "case_event", no, 0);
	if (step > 0)
		log_act_cover(a, "case_act", no, step);
	/* A letter is recorded once; an account comes with its first certificate. */
	log_act_cover_by(a, LOG_COVER_NEW, "letter", "cover_letter_case", (const struct sql_arg[]){A_TEXT(no)}, 1);
	if (serials != NULL)
		log_act_cover_by(a, LOG_COVER_ROWS, "account", "cover_account_case",
		                 (const struct sql_arg[]){A_TEXT(no)}, 1);
	for (; serials != NULL && *serials != NULL; serials++)
		log_act_cover(a, "cert", *serials, 0);
	return log_append(tx, a);
}
