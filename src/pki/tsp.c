#include "pki/tsp.h"
#include "pki/arc.h"
#include "pki/cms.h"
#include "pki/cms_i.h"
#include "pki/oid.h"
#include "pki/x509.h"
#include <string.h>

enum { HASH_MAX = 64, ACCURACY_SEC = 1, SERIAL_MAX = 20 };

/* --- request --- */

static enum err imprint_read(struct span imprint, bool *ret_sm3, struct span *ret_digest)
{
	struct span seq, oid, digest;

	TRY(der_take(&imprint, DER_SEQ, &seq));
	TRY(cms_alg_take(&seq, &oid, NULL));
	TRY(der_take(&seq, DER_OCTETS, &digest));
	TRY(der_end(seq, "imprint"));
	if (digest.len == 0 || digest.len > HASH_MAX)
		return ERR(DER, "imprint of %zu octets", digest.len);
	*ret_sm3 = der_oid_is(oid, OID_SM3) && digest.len == SM3_LEN;
	*ret_digest = digest;
	return ERR_OK;
}

static void fault(struct tsp_request *r, enum tsp_fault why)
{
	if (r->fault == TSP_GRANTED)
		r->fault = why;
}

/* RFC 3161, 2.4.1: policy, nonce, certReq and extensions, in this order, each at most once. */
static enum err options_read(struct span seq, struct tsp_request *r)
{
	struct span v;
	char arc[ARC_MAX];

	if (der_next_is(seq, DER_OID)) {
		TRY(der_take_oid(&seq, &r->policy));
		if (!arc_has(r->policy, ARC_STAMP, arc))
			fault(r, TSP_BAD_POLICY);
	}
	if (der_next_is(seq, DER_INT))
		TRY(der_take_uint(&seq, TSP_NONCE_MAX, &r->nonce));
	TRY(der_take_true(&seq, &r->cert_req));
	if (seq.len > 0) {
		TRY(der_take(&seq, DER_EXPLICIT(0), &v));
		TRY(der_check(v));
		fault(r, TSP_BAD_EXTENSION);
	}
	return der_end(seq, "time-stamp request");
}

enum err tsp_request_parse(struct span der, struct tsp_request *ret_r)
{
	struct tsp_request r = {.fault = TSP_GRANTED};
	struct span seq, digest;
	uint64_t version;
	bool sm3;

	if (der.len > TSP_REQUEST_MAX)
		return ERR(LIMIT, "time-stamp request of %zu octets", der.len);
	TRY(der_take(&der, DER_SEQ, &seq));
	TRY(der_end(der, "time-stamp request"));
	TRY(der_take_u64(&seq, &version));
	if (version != 1)
		return ERR(DER, "RFC 3161, 2.4.1: version %llu", (unsigned long long)version);
	TRY(der_take_whole(&seq, DER_SEQ, &r.imprint));
	TRY(imprint_read(r.imprint, &sm3, &digest));
	if (!sm3)
		fault(&r, TSP_BAD_ALG);
	TRY(options_read(seq, &r));
	*ret_r = r;
	return ERR_OK;
}

enum err tsp_request_build(const uint8_t sm3[32], struct span nonce, bool cert_req, struct buf *out)
{
	static const uint8_t yes[] = {0xff};

	if (nonce.len > TSP_NONCE_MAX)
		return ERR(LIMIT, "nonce of %zu octets", nonce.len);
	size_t seq = der_open(out, DER_SEQ);
	der_put_u64(out, 1);
	size_t imprint = der_open(out, DER_SEQ);
	cms_alg_null_put(out, OID_SM3);
	der_put(out, DER_OCTETS, span_of(sm3, SM3_LEN));
	der_close(out, imprint);
	if (nonce.len > 0)
		der_put_uint(out, nonce);
	if (cert_req)
		der_put(out, DER_BOOL, SPAN_ARR(yes));
	der_close(out, seq);
	return buf_err(out);
}

/* --- answer --- */

/* RFC 3161, 2.4.2: the policy that was asked for. An authority whose certificate is under the old arc stamps under the
 * new one, and still under the old where a request names it. */
static bool policy_is_ours(const struct tsp_spec *s)
{
	char arc[ARC_MAX] = "";
	const char *own = cert_arc(s->signer);

	return s->request->policy.len == 0 || (arc_has(s->request->policy, ARC_STAMP, arc) &&
	                                       (strcmp(arc, own) == 0 || strcmp(arc, arc_of_new(own)) == 0));
}

static void info_put(struct buf *out, const struct tsp_spec *s)
{
	size_t seq = der_open(out, DER_SEQ);

	der_put_u64(out, 1);
	if (s->request->policy.len > 0)
		der_put(out, DER_OID, s->request->policy);
	else
		arc_put(out, arc_of_new(cert_arc(s->signer)), ARC_STAMP);
	buf_put(out, s->request->imprint);
	der_put_uint(out, SPAN_ARR(s->serial));
	cms_time_put(out, s->time);
	size_t accuracy = der_open(out, DER_SEQ);
	der_put_u64(out, ACCURACY_SEC);
	der_close(out, accuracy);
	if (s->request->nonce.len > 0)
		der_put_uint(out, s->request->nonce);
	der_close(out, seq);
}

static enum err authority_check(const struct cert *c)
{
	if (cert_is_ca(c) || !(cert_usage(c) & (KU_SIGN | KU_DIGITAL)) ||
	    !cert_has_only_critical_eku(c, OID_EKU_TIMESTAMP))
		return ERR(CERT_USAGE, "RFC 3161, 2.3: not a time-stamping certificate");
	return ERR_OK;
}

enum err tsp_response_build(const struct tsp_spec *spec, struct buf *out)
{
	AUTO_BUF(info, TSP_DER_MAX);

	if (spec->request->fault != TSP_GRANTED)
		return ERR(STATE, "request is to be refused");
	if (spec->serial[0] < 0x01 || spec->serial[0] > 0x7f)
		return ERR(SYNTAX, "serial number of a stamp");
	TRY(authority_check(spec->signer));
	if (!policy_is_ours(spec)) {
		tsp_failure_put(out, TSP_BAD_POLICY);
		return buf_err(out);
	}
	info_put(&info, spec);
	TRY(buf_err(&info));
	struct cms_spec c = {.content_type = OID_CT_TST_INFO,
	                     .content = buf_span(&info),
	                     .signer = spec->signer,
	                     .key = spec->key,
	                     .signing_time = spec->time,
	                     .with_cert = spec->request->cert_req};
	size_t seq = der_open(out, DER_SEQ), status = der_open(out, DER_SEQ);
	der_put_u64(out, 0); /* granted */
	der_close(out, status);
	TRY(cms_sign(&c, out));
	der_close(out, seq);
	return buf_err(out);
}

/* A BIT STRING of named bits, of which one is set: no trailing zeros (X.690, 11.2.2). */
void tsp_failure_put(struct buf *out, enum tsp_fault fault_)
{
	unsigned bit = (unsigned)fault_;
	uint8_t bits[5] = {0};
	size_t seq = der_open(out, DER_SEQ), status = der_open(out, DER_SEQ);

	INVARIANT(fault_ != TSP_GRANTED && bit < 32);
	bits[0] = (uint8_t)(7 - bit % 8);
	bits[1 + bit / 8] = (uint8_t)(0x80 >> bit % 8);
	der_put_u64(out, 2); /* rejection */
	der_put(out, DER_BITS, span_of(bits, 2 + bit / 8));
	der_close(out, status);
	der_close(out, seq);
}

enum err tsp_response_token(struct span response, struct span *ret_token)
{
	struct span seq, status, token;
	uint64_t code;

	if (response.len > TSP_DER_MAX)
		return ERR(LIMIT, "time-stamp response of %zu octets", response.len);
	TRY(der_take(&response, DER_SEQ, &seq));
	TRY(der_end(response, "time-stamp response"));
	TRY(der_take(&seq, DER_SEQ, &status));
	TRY(der_take_u64(&status, &code));
	TRY(der_check(status));
	if (code > 1)
		return ERR(DENIED, "RFC 3161, 2.4.2: time stamp refused, status %llu", (unsigned long long)code);
	TRY(der_take_whole(&seq, DER_SEQ, &token));
	TRY(der_end(seq, "time-stamp response"));
	*ret_token = token;
	return ERR_OK;
}

/* --- verify --- */

struct tst {
	struct span digest, nonce, serial;
	int64_t time;
};

/* Accuracy, ordering and the authority's name are not used for any decision. */
static enum err tail_read(struct span seq, struct tst *t)
{
	struct span v;
	bool ordering;

	if (der_next_is(seq, DER_SEQ)) {
		TRY(der_take(&seq, DER_SEQ, &v));
		TRY(der_check(v));
	}
	TRY(der_take_true(&seq, &ordering));
	if (der_next_is(seq, DER_INT))
		TRY(der_take_uint(&seq, TSP_NONCE_MAX, &t->nonce));
	if (der_next_is(seq, DER_EXPLICIT(0))) {
		TRY(der_take(&seq, DER_EXPLICIT(0), &v));
		TRY(der_check(v));
	}
	return der_end(seq, "TSTInfo, which has no extensions here");
}

static enum err info_read(struct span der, struct tst *t)
{
	struct span seq, policy, imprint;
	uint64_t version;
	bool sm3;

	memset(t, 0, sizeof(*t));
	TRY(der_take(&der, DER_SEQ, &seq));
	TRY(der_end(der, "TSTInfo"));
	TRY(der_take_u64(&seq, &version));
	TRY(der_take_oid(&seq, &policy));
	TRY(der_take_whole(&seq, DER_SEQ, &imprint));
	TRY(imprint_read(imprint, &sm3, &t->digest));
	if (version != 1 || !sm3)
		return ERR(DER, "RFC 3161, 2.4.2: version or imprint algorithm");
	TRY(der_take_uint(&seq, SERIAL_MAX, &t->serial));
	TRY(cms_time_take(&seq, &t->time));
	return tail_read(seq, t);
}

static enum err agree(const struct cms *c, const struct tst *t, const struct tsp_want *want)
{
	const struct cert *tsa = c->cert != NULL ? c->cert : want->tsa;

	if (tsa == NULL)
		return ERR(CERT_CHAIN, "token carries no certificate, and none is at hand");
	TRY(cms_leaf_check(tsa, want->ca, t->time, want->known));
	TRY(authority_check(tsa));
	TRY(cms_verify(c, tsa));
	if (!span_eq(t->digest, span_of(want->sm3, SM3_LEN)))
		return ERR(SIG, "time stamp is over another imprint");
	struct span nonce = want->nonce;
	while (nonce.len > 1 && nonce.ptr[0] == 0) /* as an INTEGER drops them */
		nonce = span_sub(nonce, 1, nonce.len);
	if (nonce.len > 0 && !span_eq(t->nonce, nonce))
		return ERR(SIG, "time stamp bears another nonce");
	return ERR_OK;
}

static void show(const struct cms *c, const struct tst *t, struct tsp_info *ret_i)
{
	for (size_t i = 0; i < t->serial.len; i++) {
		ret_i->serial[2 * i] = "0123456789ABCDEF"[t->serial.ptr[i] >> 4];
		ret_i->serial[2 * i + 1] = "0123456789ABCDEF"[t->serial.ptr[i] & 15];
	}
	ret_i->serial[2 * t->serial.len] = '\0';
	ret_i->time = t->time;
	ret_i->has_cert = c->cert != NULL;
}

static enum err token_check(const struct cms *c, const struct tsp_want *want, struct tsp_info *ret_i)
{
	struct tst t;

	if (!der_oid_is(c->content_type, OID_CT_TST_INFO))
		return ERR(DER, "RFC 3161, 2.4.2: content is no TSTInfo");
	TRY(info_read(c->content, &t));
	TRY(agree(c, &t, want));
	show(c, &t, ret_i);
	return ERR_OK;
}

enum err tsp_token_verify(struct span token, const struct tsp_want *want, struct tsp_info *ret_i)
{
	struct cms c;

	TRY(cms_parse(token, &c));
	enum err e = token_check(&c, want, ret_i);
	cms_done(&c);
	return e;
}
