/* The evidence of a submission, as its entry in the log holds it, looked at again before an officer decides: what was
 * taken in on an older word about its certificate gets no receipt, and so no approval. */
#include "server/filing/filing_i.h"
#include "base/text.h"
#include "evidence/log.h"
#include "pki/cert.h"

struct submission {
	const char *no;
	uint8_t sm3[32];
	struct tx *tx;
	int64_t arrived;
	struct buf cert, status;
};

static enum err each_entry(const struct log_entry *e, void *ctx)
{
	struct submission *s = ctx;
	if (!span_eq(e->statement_sm3, SPAN_ARR(s->sm3)) || e->ocsp.len == 0 || e->cert_sm3.len == 0)
		return ERR_OK;
	s->arrived = e->time;
	buf_clear(&s->cert);
	buf_clear(&s->status);
	buf_put(&s->status, e->ocsp);
	TRY(buf_err(&s->status));
	return log_cert(s->tx, e->cert_sm3, &s->cert);
}

static enum err find_fn(struct tx *tx, void *arg)
{
	struct submission *s = arg;
	s->tx = tx;
	return log_entries_of(tx, s->no, each_entry, s);
}

static enum err judge(const struct desk *d, const struct submission *s)
{
	AUTO(cert) c = NULL;
	if (s->status.len == 0)
		return ERR_OK;
	TRY(cert_parse(buf_span(&s->cert), &c));
	enum err e = d->act_proved(d->act_ctx, c, s->arrived, buf_span(&s->status));
	if (e == ERR_OK || err_class(e) == ERR_CLASS_RESOURCE)
		return e;
	return err_note(ERR_EVIDENCE, "filing %s: %s", s->no, err_name(e));
}

enum err filing_evidence_good(const struct filing_desk *d, const struct filing *f)
{
	struct submission s = {.no = f->no, .cert = buf_make(CERT_DER_MAX), .status = buf_make(LOG_OCSP_MAX)};
	AUTO_BUF(sm3, 32);
	if (d->desk->act_proved == NULL || f->submit_sm3[0] == 0)
		return ERR_OK;
	TRY(text_unhex(span_str(f->submit_sm3), &sm3));
	if (sm3.len != sizeof(s.sm3))
		return ERR(LOG_DAMAGED, "digest of the submission of %s", f->no);
	memcpy(s.sm3, sm3.ptr, sizeof(s.sm3));
	enum err e = store_read(d->desk->store, find_fn, &s);
	if (e == ERR_OK)
		e = judge(d->desk, &s);
	buf_done(&s.cert);
	buf_done(&s.status);
	return e;
}
