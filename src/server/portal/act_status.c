/* For struct desk: judges the certificate of an act that has arrived, and looks at the evidence of one that is in the
 * log. */
#include "server/portal/act_status.h"
#include "evidence/standing.h"
#include "server/notary/client.h"

enum { ANSWER_MS = 4000 };

static struct standing_ask question(const struct portal *p, const struct cert *c, int64_t arrived, struct span status)
{
	return (struct standing_ask){.answers = status, .ca = trust_ca(p->trust), .about = c, .arrived = arrived};
}

/* Of the certificate, that is; anything else is a fault of the answer or of who gave it, and not told as one of the
 * certificate. */
static bool is_verdict(enum err e)
{
	return e == ERR_CERT_SUSPENDED || e == ERR_CERT_REVOKED || e == ERR_SERIAL_UNKNOWN;
}

/* What the notary signed is looked at before it becomes evidence, with the eyes of a receipt's reader. */
static enum err ask_notary(const struct portal *p, const struct cert *c, int64_t arrived, struct buf *ret_status)
{
	const char *serial = cert_serial(c);
	size_t before = ret_status->len;
	enum err e = notary_status_within(p->notary, &serial, 1, ANSWER_MS, ret_status);
	if (e != ERR_OK)
		return err_note(ERR_STATUS_AWAY, "notary: %s", err_name(e));
	const struct standing_ask ask =
		question(p, c, arrived, span_sub(buf_span(ret_status), before, ret_status->len - before));
	e = standing_lets_in(&ask);
	return e == ERR_OK || is_verdict(e) ? e : err_note(ERR_STATUS_AWAY, "the notary's answer: %s", err_name(e));
}

enum err portal_act_judge(void *ctx, const struct cert *c, int64_t arrived, struct buf *ret_status)
{
	const struct portal *p = ctx;
	if (p->notary == NULL)
		return trust_check(p->trust, c, arrived);
	TRY(trust_path(p->trust, c, arrived));
	return ask_notary(p, c, arrived, ret_status);
}

enum err portal_act_proved(void *ctx, const struct cert *c, int64_t arrived, struct span status)
{
	const struct portal *p = ctx;
	struct standing s;
	const struct standing_ask ask = question(p, c, arrived, status);
	return standing_check(&ask, &s);
}
