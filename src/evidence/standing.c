#include "evidence/standing.h"
#include "gm/der.h"

struct answers {
	struct span v[2];
	size_t n;
};

static enum err split(struct span value, struct answers *ret_a)
{
	struct answers a = {.n = 0};

	while (value.len > 0) {
		if (a.n == COUNT_OF(a.v))
			return ERR(DER, "more than two status answers");
		TRY(der_take_whole(&value, DER_SEQ, &a.v[a.n]));
		a.n++;
	}
	if (a.n == 0)
		return ERR(DER, "no status answer");
	*ret_a = a;
	return ERR_OK;
}

/* --- the proof --- */

static enum err in_time(const struct standing_ask *ask, int64_t produced)
{
	if (produced < ask->arrived)
		return ERR(STALE, "status answer was made before the act arrived");
	if (ask->stamped == 0)
		return ERR_OK;
	if (produced > ask->stamped + 1 || ask->stamped - produced > STANDING_FRESH_SEC)
		return ERR(STALE, "status answer is older than five minutes at the stamp, or younger than it");
	return ERR_OK;
}

static enum err not_good(const struct ocsp_status *s)
{
	if (s->state == OCSP_UNKNOWN)
		return ERR(SERIAL_UNKNOWN, "status of the certificate");
	return s->reason == CRL_HOLD ? ERR(CERT_SUSPENDED, "when the act arrived")
	                             : ERR(CERT_REVOKED, "when the act arrived");
}

static enum err one(const struct standing_ask *ask, const struct ocsp_said *said)
{
	TRY(in_time(ask, said->produced));
	if (said->status.state == OCSP_UNKNOWN ||
	    (said->status.state == OCSP_REVOKED && said->status.revoked_at <= ask->arrived))
		return not_good(&said->status);
	return ERR_OK;
}

static enum err at_arrival(const struct standing_ask *ask, const struct ocsp_said *said)
{
	if (said->produced < ask->arrived || said->this_update < ask->arrived ||
	    said->produced - ask->arrived > STANDING_FRESH_SEC)
		return ERR(STALE, "first status answer is not from the act's arrival");
	return said->status.state == OCSP_GOOD ? ERR_OK : not_good(&said->status);
}

/* The change, by the signer's clock, is not older than what the first answer knew, by the same clock. Within one second
 * it may still have come after it. */
static enum err then(const struct standing_ask *ask, const struct ocsp_said *first, const struct ocsp_said *second)
{
	TRY(in_time(ask, second->produced));
	if (second->produced < first->produced)
		return ERR(STALE, "second status answer was made before the first");
	if (second->status.state == OCSP_UNKNOWN ||
	    (second->status.state == OCSP_REVOKED && second->status.revoked_at < first->this_update))
		return not_good(&second->status);
	return ERR_OK;
}

enum err standing_check(const struct standing_ask *ask, struct standing *ret_s)
{
	struct answers a;
	struct ocsp_said said[2];

	TRY(split(ask->answers, &a));
	for (size_t i = 0; i < a.n; i++)
		TRY(ocsp_said_of(a.v[i], ask->ca, ask->about, ask->known, &said[i]));
	if (a.n == 1) {
		TRY(one(ask, &said[0]));
	} else {
		TRY(at_arrival(ask, &said[0]));
		TRY(then(ask, &said[0], &said[1]));
	}
	*ret_s = (struct standing){said[a.n - 1].status, said[a.n - 1].produced};
	return ERR_OK;
}

enum err standing_lets_in(const struct standing_ask *ask)
{
	struct answers a;
	struct ocsp_said said;

	TRY(split(ask->answers, &a));
	if (a.n != 1)
		return ERR(DER, "more than one status answer at the door");
	TRY(ocsp_said_of(a.v[0], ask->ca, ask->about, ask->known, &said));
	return at_arrival(ask, &said);
}

/* --- for the sequencer --- */

enum err standing_produced(struct span answers, int64_t *ret_time)
{
	struct answers a;
	struct ocsp_response r;

	TRY(split(answers, &a));
	TRY(ocsp_response_parse(a.v[a.n - 1], &r));
	*ret_time = r.produced;
	ocsp_response_done(&r);
	return ERR_OK;
}

enum err standing_kept(struct span answers, int64_t arrived, struct span *ret_first)
{
	struct answers a;
	struct ocsp_response r;

	*ret_first = SPAN_EMPTY;
	if (answers.len == 0)
		return ERR_OK;
	TRY(split(answers, &a));
	TRY(ocsp_response_parse(a.v[0], &r));
	if (r.n == 1 && r.items[0].status.state == OCSP_GOOD && r.items[0].this_update >= arrived &&
	    r.produced >= arrived && r.produced - arrived <= STANDING_FRESH_SEC)
		*ret_first = a.v[0];
	ocsp_response_done(&r);
	return ERR_OK;
}
