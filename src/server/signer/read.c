/* The requests that only read. */
#include "base/text.h"
#include "server/signer/feed.h"
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
	if (journal_root_crl(s->journal) != NULL)
		ipc_put(out, ST_ROOT_CRL, crl_der(journal_root_crl(s->journal)));
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

static enum err put_records(struct serve_ctx *s, struct feed *f, struct ipc_msg *out)
{
	size_t bytes = 0;
	AUTO(sm3) h = NULL;
	TRY(sm3_new(&h));
	for (uint64_t seq = f->from; seq > 0 && seq <= f->last && f->count < FEED_MAX; seq++, f->count++) {
		AUTO_BUF(record, IPC_BODY_MAX);
		TRY(journal_read(s->journal, seq, &record));
		bytes += record.len;
		if (f->count > 0 && bytes > FEED_BYTES)
			break;
		TRY(feed_add(h, buf_span(&record)));
		ipc_put(out, ST_RECORD, buf_span(&record));
	}
	return sm3_final(h, f->records);
}

/* Records from SEQ on, as they stand in the journal; at least one when there is one. The CA's signature makes it a word
 * that the notary can rely on, whoever carried it. */
enum err on_feed(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	struct feed f = {.last = journal_seq(s->journal), .time = signer_now(s)};
	struct sm2_sig sig;
	AUTO_BUF(text, FEED_TEXT_MAX);
	memcpy(f.bureau, s->bureau, sizeof(f.bureau));
	journal_head(s->journal, f.head);
	TRY(ipc_get_u64(in, ST_SEQ, &f.from));
	TRY(put_records(s, &f, out));
	TRY(feed_text(&f, &text));
	TRY(ca_sign_feed(s->ca, buf_span(&text), &sig));
	ipc_put_u64(out, ST_JOURNAL_SEQ, f.last);
	ipc_put_u64(out, ST_TIME, (uint64_t)f.time);
	ipc_put(out, ST_FEED_HEAD, SPAN_ARR(f.head));
	ipc_put(out, ST_FEED_SIG, SPAN_ARR(sig.b));
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
