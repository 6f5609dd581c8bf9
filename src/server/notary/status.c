#include "server/notary/status.h"
#include "pki/cert.h"
#include "server/signer/index.h"
#include "server/signer/journal.h"
#include "server/signer/record.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct one {
	struct ocsp_status status;
	size_t pair; /* the holder's other certificate, itself when alone */
};
struct status {
	struct index *by_serial;
	struct one *v;
	size_t n, room;
	uint64_t seq;
	int64_t times[STATUS_RECENT];                /* of record i at i % STATUS_RECENT */
	char newest[STATUS_NEWEST][OCSP_SERIAL_HEX]; /* of certificate i at i % STATUS_NEWEST */
};

enum err status_new(struct status **ret_s)
{
	AUTO(status) s = calloc(1, sizeof(*s));

	if (s == NULL)
		return ERR(NOMEM, "table of statuses");
	TRY(index_new(&s->by_serial));
	*ret_s = STEAL(s);
	return ERR_OK;
}

void status_free(struct status *s)
{
	if (s == NULL)
		return;
	index_free(s->by_serial);
	free(s->v);
	free(s);
}

static enum err add(struct status *s, struct span der)
{
	AUTO(cert) c = NULL;

	TRY(cert_parse(der, &c));
	if (s->n == s->room) {
		size_t room = s->room == 0 ? 256 : s->room * 2;
		struct one *more = reallocarray(s->v, room, sizeof(*more));
		if (more == NULL)
			return ERR(NOMEM, "table of %zu statuses", room);
		s->v = more;
		s->room = room;
	}
	TRY(index_put(s->by_serial, span_str(cert_serial(c)), s->n));
	s->v[s->n] = (struct one){{OCSP_GOOD, 0, CRL_UNSPECIFIED}, s->n};
	(void)snprintf(s->newest[s->n % STATUS_NEWEST], OCSP_SERIAL_HEX, "%s", cert_serial(c));
	s->n++;
	return ERR_OK;
}

static enum err add_pair(struct status *s, const struct ipc_msg *m)
{
	TRY(add(s, ipc_get(m, ST_SIGN_CERT)));
	TRY(add(s, ipc_get(m, ST_ENC_CERT)));
	s->v[s->n - 1].pair = s->n - 2;
	s->v[s->n - 2].pair = s->n - 1;
	return ERR_OK;
}

static enum err add_cards(struct status *s, const struct ipc_msg *m)
{
	for (size_t i = 0; i < ipc_count(m, ST_CARD_CERT); i++)
		TRY(add(s, ipc_get_n(m, ST_CARD_CERT, i)));
	return ERR_OK;
}

/* As the journal does it: both certificates of the holder. */
static enum err change(struct status *s, const struct ipc_msg *m, int64_t time)
{
	struct ocsp_status to = {OCSP_GOOD, 0, CRL_UNSPECIFIED};
	uint64_t status = 0, reason = 0;
	size_t i = 0;

	TRY(ipc_get_u64(m, ST_STATUS, &status));
	TRY(ipc_get_u64(m, RT_REASON, &reason));
	TRY(index_get(s->by_serial, ipc_get(m, ST_SERIAL), &i));
	if (status > STATUS_SUSPENDED || reason > CRL_HOLD || reason == 2)
		return ERR(JOURNAL, "status or reason");
	if (status != STATUS_GOOD)
		to = (struct ocsp_status){OCSP_REVOKED, time,
		                          status == STATUS_SUSPENDED ? CRL_HOLD : (enum crl_reason)reason};
	s->v[s->v[i].pair].status = to;
	s->v[i].status = to;
	return ERR_OK;
}

static enum err apply(struct status *s, const struct ipc_msg *m, int64_t time)
{
	switch ((enum record_kind)ipc_type_of(m)) {
	case REC_PERSON:
	case REC_ISSUE:
	case REC_RENEW:
		return add_pair(s, m);
	case REC_CARD:
	case REC_STOCK:
		return add_cards(s, m);
	case REC_NOTARY:
		return add(s, ipc_get(m, ST_SIGN_CERT));
	case REC_STATUS:
		return change(s, m, time);
	case REC_BEGIN:
	case REC_CLOSE:
	case REC_ROSTER:
	case REC_CRL:
		return ERR_OK;
	}
	return ERR(JOURNAL, "record of unknown kind %u", ipc_type_of(m));
}

enum err status_apply(struct status *s, struct span record)
{
	AUTO(ipc_msg) m = NULL;
	uint64_t time = 0;

	TRY(record_parse(record, &m));
	TRY(ipc_get_u64(m, ST_TIME, &time));
	TRY(apply(s, m, (int64_t)time));
	s->seq++;
	s->times[s->seq % STATUS_RECENT] = (int64_t)time;
	return ERR_OK;
}

uint64_t status_seq(const struct status *s)
{
	return s->seq;
}

uint64_t status_seq_at(const struct status *s, int64_t t)
{
	uint64_t seq = s->seq;

	while (seq > 0 && s->seq - seq < STATUS_RECENT && s->times[seq % STATUS_RECENT] > t)
		seq--;
	return seq;
}

struct ocsp_status status_find(const struct status *s, const char *serial)
{
	size_t i = 0;

	if (index_get(s->by_serial, span_str(serial), &i) == ERR_OK && i < s->n)
		return s->v[i].status;
	err_clear();
	return (struct ocsp_status){OCSP_UNKNOWN, 0, CRL_UNSPECIFIED};
}

const char *status_newest(const struct status *s, size_t i)
{
	return i < s->n && i < STATUS_NEWEST ? s->newest[i] : NULL;
}
