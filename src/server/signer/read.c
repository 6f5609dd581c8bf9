/* The requests that only read. */
#include "base/text.h"
#include "server/signer/signer_i.h"
#include <string.h>

enum { FEED_MAX = 64, FEED_BYTES = 512 * 1024 };

enum err on_hello(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	const struct roster *r = journal_roster(s->journal);
	(void)in;
	ipc_put_u64(out, ST_STATE, journal_state(s->journal));
	ipc_put_u64(out, ST_ROSTER_NO, r == NULL ? 0 : roster_number(r));
	ipc_put_u64(out, ST_JOURNAL_SEQ, journal_seq(s->journal));
	if (journal_state(s->journal) == SIGNER_EMPTY)
		return ERR_OK;
	ipc_put_str(out, ST_BUREAU, s->bureau);
	ipc_put(out, ST_ROOT, cert_der(journal_root(s->journal)));
	ipc_put(out, ST_CA, cert_der(journal_ca(s->journal)));
	return ERR_OK;
}

/* Made anew when older than a day, or when the clock has gone back behind it. */
enum err on_crl(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	int64_t now = signer_now(s);
	(void)in;
	if (s->crl == NULL || now - crl_this_update(s->crl) > CRL_FRESH_SEC || crl_this_update(s->crl) > now)
		TRY(crl_renew(s, now));
	ipc_put(out, ST_CRL, crl_der(s->crl));
	return ERR_OK;
}

enum err on_status(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	char serial[41] = {0};
	struct span given = ipc_get(in, ST_SERIAL);
	if (given.len >= sizeof(serial))
		return ERR(LIMIT, "serial");
	memcpy(serial, given.ptr, given.len);
	const struct jcert *c = journal_cert(s->journal, serial);
	if (c == NULL)
		return ERR(SERIAL_UNKNOWN, "not in the journal");
	ipc_put_u64(out, ST_STATUS, c->status);
	ipc_put_u64(out, ST_TIME, (uint64_t)c->changed);
	return ERR_OK;
}

/* Records from SEQ on, as they stand in the journal; at least one when there is one. */
enum err on_feed(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	uint64_t seq = 0;
	size_t n = 0, bytes = 0;
	TRY(ipc_get_u64(in, ST_SEQ, &seq));
	for (; seq > 0 && seq <= journal_seq(s->journal) && n < FEED_MAX; seq++, n++) {
		AUTO_BUF(record, IPC_BODY_MAX);
		TRY(journal_read(s->journal, seq, &record));
		bytes += record.len;
		if (n > 0 && bytes > FEED_BYTES)
			break;
		ipc_put(out, ST_RECORD, buf_span(&record));
	}
	return ERR_OK;
}

enum err on_data_key(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	AUTO(secret) key = NULL;
	(void)in;
	TRY(escrow_said(escrow_data_key(s->escrow, &key)));
	return ipc_attach_secret(out, key);
}

enum err on_roster_get(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	const struct roster *r = journal_roster(s->journal);
	(void)in;
	ipc_put_u64(out, ST_ROSTER_NO, roster_number(r));
	ipc_put(out, ST_ROSTER, roster_text(r));
	return ERR_OK;
}
