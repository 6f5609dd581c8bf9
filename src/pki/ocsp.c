/* Answers (RFC 6960, 4.2). */
#include "pki/cms_i.h"
#include "pki/ocsp_i.h"
#include "pki/oid.h"
#include "pki/x509.h"
#include <string.h>

/* --- build --- */

static void status_put(struct buf *out, const struct ocsp_status *s)
{
	if (s->state != OCSP_REVOKED) {
		der_put(out, DER_CONTEXT(s->state == OCSP_GOOD ? 0 : 2), SPAN_EMPTY);
		return;
	}
	size_t info = der_open(out, DER_EXPLICIT(1)); /* IMPLICIT RevokedInfo, constructed */
	cms_time_put(out, s->revoked_at);
	if (s->reason != CRL_UNSPECIFIED) {
		uint8_t code[] = {(uint8_t)s->reason};
		size_t why = der_open(out, DER_EXPLICIT(0));
		der_put(out, DER_ENUM, SPAN_ARR(code));
		der_close(out, why);
	}
	der_close(out, info);
}

static void item_put(struct buf *out, const struct ocsp_item *i)
{
	size_t seq = der_open(out, DER_SEQ);

	ocsp_id_put(out, &i->id);
	status_put(out, &i->status);
	cms_time_put(out, i->this_update);
	if (i->next_update != 0) {
		size_t next = der_open(out, DER_EXPLICIT(0));
		cms_time_put(out, i->next_update);
		der_close(out, next);
	}
	der_close(out, seq);
}

static void tbs_put(struct buf *out, const struct ocsp_spec *s)
{
	size_t seq = der_open(out, DER_SEQ), by = der_open(out, DER_EXPLICIT(1));

	buf_put(out, cert_subject_der(s->signer));
	der_close(out, by);
	cms_time_put(out, s->produced);
	size_t list = der_open(out, DER_SEQ);
	for (size_t i = 0; i < s->n; i++)
		item_put(out, &s->items[i]);
	der_close(out, list);
	ocsp_nonce_put(out, DER_EXPLICIT(1), s->nonce);
	der_close(out, seq);
}

static enum err basic_put(struct buf *out, const struct ocsp_spec *s)
{
	AUTO_BUF(tbs, OCSP_DER_MAX);
	AUTO_BUF(sig_der, 80);
	struct sm2_sig sig;

	tbs_put(&tbs, s);
	TRY(buf_err(&tbs));
	TRY(gm_sign(s->key, buf_span(&tbs), &sig));
	TRY(sm2_sig_der(&sig, &sig_der));
	size_t seq = der_open(out, DER_SEQ);
	buf_put(out, buf_span(&tbs));
	x509_alg_put(out);
	der_put_bits(out, buf_span(&sig_der));
	size_t certs = der_open(out, DER_EXPLICIT(0)), list = der_open(out, DER_SEQ);
	buf_put(out, cert_der(s->signer));
	der_close(out, list);
	der_close(out, certs);
	der_close(out, seq);
	return buf_err(out);
}

static enum err responder_check(const struct cert *c)
{
	if (cert_is_ca(c) || !(cert_usage(c) & (KU_DIGITAL | KU_SIGN)) || !cert_has_eku(c, OID_EKU_OCSP) ||
	    !cert_has_nocheck(c))
		return ERR(CERT_USAGE, "RFC 6960, 4.2.2.2: not a delegated responder's certificate");
	return ERR_OK;
}

enum err ocsp_response_build(const struct ocsp_spec *spec, struct buf *out)
{
	TRY(responder_check(spec->signer));
	if (!span_eq(SPAN_ARR(cert_pub(spec->signer)->b), SPAN_ARR(sm2_key_pub(spec->key)->b)))
		return ERR(CERT_USAGE, "the key is not the responder's");
	if (spec->n == 0 || spec->n > OCSP_ITEMS_MAX || spec->nonce.len > OCSP_NONCE_MAX)
		return ERR(LIMIT, "%zu items, nonce of %zu octets", spec->n, spec->nonce.len);
	static const uint8_t ok[] = {OCSP_SUCCESSFUL};
	size_t seq = der_open(out, DER_SEQ);
	der_put(out, DER_ENUM, SPAN_ARR(ok));
	size_t outer = der_open(out, DER_EXPLICIT(0)), bytes = der_open(out, DER_SEQ);
	der_put_oid(out, OID_OCSP_BASIC);
	size_t octets = der_open(out, DER_OCTETS);
	TRY(basic_put(out, spec));
	der_close(out, octets);
	der_close(out, bytes);
	der_close(out, outer);
	der_close(out, seq);
	return buf_err(out);
}

void ocsp_failure_put(struct buf *out, enum ocsp_result result)
{
	uint8_t code[] = {(uint8_t)result};
	size_t seq = der_open(out, DER_SEQ);

	INVARIANT(result != OCSP_SUCCESSFUL);
	der_put(out, DER_ENUM, SPAN_ARR(code));
	der_close(out, seq);
}

/* --- read --- */

static enum err reason_take(struct span *in, enum crl_reason *ret_reason)
{
	struct span outer, v;

	TRY(der_take(in, DER_EXPLICIT(0), &outer));
	TRY(der_take(&outer, DER_ENUM, &v));
	TRY(der_end(outer, "revocation reason"));
	if (v.len != 1 || v.ptr[0] == 0 || v.ptr[0] > CRL_HOLD || v.ptr[0] == 2)
		return ERR(DER, "RFC 5280, 5.3.1: reason code");
	*ret_reason = (enum crl_reason)v.ptr[0];
	return ERR_OK;
}

static enum err status_take(struct span *in, struct ocsp_status *ret_s)
{
	struct ocsp_status s = {OCSP_GOOD, 0, CRL_UNSPECIFIED};
	struct span v;
	int tag;

	TRY(der_take_any(in, &tag, &v));
	if (tag == DER_EXPLICIT(1)) {
		s.state = OCSP_REVOKED;
		TRY(cms_time_take(&v, &s.revoked_at));
		if (v.len > 0)
			TRY(reason_take(&v, &s.reason));
	} else if (tag == DER_CONTEXT(2)) {
		s.state = OCSP_UNKNOWN;
	} else if (tag != DER_CONTEXT(0)) {
		return ERR(DER, "RFC 6960, 4.2.1: certificate status");
	}
	*ret_s = s;
	return der_end(v, "certificate status");
}

static enum err item_take(struct span *list, struct ocsp_item *ret_i)
{
	struct ocsp_item i = {.next_update = 0};
	struct span seq, next;

	TRY(der_take(list, DER_SEQ, &seq));
	TRY(ocsp_id_take(&seq, &i.id));
	TRY(status_take(&seq, &i.status));
	TRY(cms_time_take(&seq, &i.this_update));
	if (der_next_is(seq, DER_EXPLICIT(0))) {
		TRY(der_take(&seq, DER_EXPLICIT(0), &next));
		TRY(cms_time_take(&next, &i.next_update));
		TRY(der_end(next, "nextUpdate"));
		if (i.next_update < i.this_update)
			return ERR(DER, "nextUpdate before thisUpdate");
	}
	*ret_i = i;
	return der_end(seq, "single response");
}

static enum err items_read(struct span list, struct ocsp_response *r)
{
	do {
		if (r->n == OCSP_ITEMS_MAX)
			return ERR(LIMIT, "more than %d single responses", OCSP_ITEMS_MAX);
		TRY(item_take(&list, &r->items[r->n]));
		r->n++;
	} while (list.len > 0);
	return ERR_OK;
}

/* byName only, and it is the name of the certificate that lies in the answer. */
static enum err data_read(struct ocsp_response *r)
{
	struct span whole = r->tbs, seq, by, name, list, outer, exts;

	TRY(der_take(&whole, DER_SEQ, &seq));
	TRY(der_take(&seq, DER_EXPLICIT(1), &by));
	TRY(x509_name_take(&by, &name, NULL));
	TRY(der_end(by, "responder's name"));
	if (!span_eq(name, cert_subject_der(r->signer)))
		return ERR(DER, "RFC 6960, 4.2.2.3: the certificate is not the responder's");
	TRY(cms_time_take(&seq, &r->produced));
	TRY(der_take(&seq, DER_SEQ, &list));
	TRY(items_read(list, r));
	if (seq.len > 0) {
		TRY(der_take(&seq, DER_EXPLICIT(1), &outer));
		TRY(der_take(&outer, DER_SEQ, &exts));
		TRY(der_end(outer, "response extensions"));
		TRY(ocsp_nonce_read(exts, &r->nonce));
	}
	return der_end(seq, "response data");
}

static enum err basic_read(struct span der, struct ocsp_response *r)
{
	struct span seq, alg, bits, outer, certs, one;

	TRY(der_take(&der, DER_SEQ, &seq));
	TRY(der_end(der, "basic response"));
	TRY(der_take_whole(&seq, DER_SEQ, &r->tbs));
	TRY(x509_alg_take(&seq, &alg));
	TRY(der_take_bits(&seq, &bits));
	TRY(sm2_sig_from_der(bits, &r->sig));
	TRY(der_take(&seq, DER_EXPLICIT(0), &outer));
	TRY(der_end(seq, "basic response"));
	TRY(der_take(&outer, DER_SEQ, &certs));
	TRY(der_end(outer, "certificates"));
	TRY(der_take_whole(&certs, DER_SEQ, &one));
	TRY(der_end(certs, "certificates, of which there is one"));
	TRY(cert_parse(one, &r->signer));
	return data_read(r);
}

static enum err body_read(struct span seq, struct ocsp_response *r)
{
	struct span outer, bytes, oid, basic;

	TRY(der_take(&seq, DER_EXPLICIT(0), &outer));
	TRY(der_end(seq, "OCSP response"));
	TRY(der_take(&outer, DER_SEQ, &bytes));
	TRY(der_end(outer, "response bytes"));
	TRY(der_take_oid(&bytes, &oid));
	TRY(der_take(&bytes, DER_OCTETS, &basic));
	TRY(der_end(bytes, "response bytes"));
	if (!der_oid_is(oid, OID_OCSP_BASIC))
		return ERR(DER, "RFC 6960, 4.2.1: not a basic response");
	return basic_read(basic, r);
}

static enum err response_read(struct span der, struct ocsp_response *r)
{
	struct span seq, code;

	TRY(der_take(&der, DER_SEQ, &seq));
	TRY(der_end(der, "OCSP response"));
	TRY(der_take(&seq, DER_ENUM, &code));
	if (code.len != 1 || code.ptr[0] > OCSP_UNAUTHORIZED || code.ptr[0] == 4)
		return ERR(DER, "RFC 6960, 4.2.1: response status");
	r->result = (enum ocsp_result)code.ptr[0];
	return r->result == OCSP_SUCCESSFUL ? body_read(seq, r) : der_end(seq, "OCSP failure");
}

void ocsp_response_done(struct ocsp_response *r)
{
	cert_free(r->signer);
	r->signer = NULL;
}

enum err ocsp_response_parse(struct span der, struct ocsp_response *ret_r)
{
	struct ocsp_response r;

	memset(&r, 0, sizeof(r));
	if (der.len > OCSP_DER_MAX)
		return ERR(LIMIT, "OCSP response of %zu octets", der.len);
	enum err e = response_read(der, &r);
	if (e != ERR_OK) {
		ocsp_response_done(&r);
		return e;
	}
	*ret_r = r;
	return ERR_OK;
}

static enum err verify(const struct ocsp_response *r, const struct cert *ca, struct known_leaf *known)
{
	if (r->result != OCSP_SUCCESSFUL || r->signer == NULL)
		return ERR(STATE, "OCSP response says failure %d", (int)r->result);
	TRY(cms_leaf_check(r->signer, ca, r->produced, known));
	TRY(responder_check(r->signer));
	return gm_verify(cert_pub(r->signer), r->tbs, &r->sig);
}

enum err ocsp_response_verify(const struct ocsp_response *r, const struct cert *ca)
{
	return verify(r, ca, NULL);
}

static enum err find(const struct ocsp_response *r, const struct cert *ca, const char *serial, struct ocsp_said *ret_s)
{
	char hex[OCSP_SERIAL_HEX];

	for (size_t i = 0; i < r->n; i++) {
		bool is_of;
		TRY(ocsp_id_check(&r->items[i].id, ca, &is_of));
		ocsp_id_serial(&r->items[i].id, hex);
		if (is_of && strcmp(hex, serial) == 0) {
			*ret_s = (struct ocsp_said){r->items[i].status, r->items[i].this_update, r->produced};
			return ERR_OK;
		}
	}
	return ERR(ABSENT, "OCSP response says nothing about serial %s", serial);
}

enum err ocsp_said_of(struct span der, const struct cert *ca, const struct cert *about, struct known_leaf *known,
                      struct ocsp_said *ret_s)
{
	struct ocsp_response r;

	TRY(ocsp_response_parse(der, &r));
	enum err e = verify(&r, ca, known);
	if (e == ERR_OK)
		e = find(&r, ca, cert_serial(about), ret_s);
	ocsp_response_done(&r);
	return e;
}

enum err ocsp_check(struct span der, const struct cert *ca, const struct cert *about, struct ocsp_status *ret_s,
                    int64_t *ret_produced)
{
	struct ocsp_said s;

	TRY(ocsp_said_of(der, ca, about, NULL, &s));
	*ret_s = s.status;
	if (ret_produced != NULL)
		*ret_produced = s.produced;
	return ERR_OK;
}
