#include "pki/cms.h"
#include "base/secret.h"
#include "pki/cms_i.h"
#include "pki/oid.h"
#include "pki/x509.h"
#include <string.h>

enum { ATTRS_MAX = 8, ATTR_DER_MAX = 1024, SERIAL_MAX = 20, SIGNED_VERSION = 3, SIGNER_VERSION = 1 };

/* --- build --- */

struct attrs {
	struct buf b[4];
	size_t n;
};

static void attrs_done(struct attrs *a)
{
	for (size_t i = 0; i < a->n; i++)
		buf_done(&a->b[i]);
}

struct attr_mark {
	struct buf *out;
	size_t seq, set;
};

static struct attr_mark attr_open(struct attrs *a, const char *oid)
{
	struct attr_mark m = {.out = &a->b[a->n++]};

	buf_init(m.out, ATTR_DER_MAX);
	m.seq = der_open(m.out, DER_SEQ);
	der_put_oid(m.out, oid);
	m.set = der_open(m.out, DER_SET);
	return m;
}

static void attr_close(struct attr_mark m)
{
	der_close(m.out, m.set);
	der_close(m.out, m.seq);
}

/* RFC 5035, 3: the hash of the certificate and, redundantly, its issuer and serial number. */
static void signing_cert_put(struct buf *out, const struct cert *c, const uint8_t digest[SM3_LEN], struct span serial)
{
	size_t whole = der_open(out, DER_SEQ), list = der_open(out, DER_SEQ), id = der_open(out, DER_SEQ);

	cms_sm3_put(out);
	der_put(out, DER_OCTETS, span_of(digest, SM3_LEN));
	size_t is = der_open(out, DER_SEQ), names = der_open(out, DER_SEQ), name = der_open(out, DER_EXPLICIT(4));
	buf_put(out, cert_issuer_der(c));
	der_close(out, name);
	der_close(out, names);
	der_put_uint(out, serial);
	der_close(out, is);
	der_close(out, id);
	der_close(out, list);
	der_close(out, whole);
}

static enum err attrs_make(struct attrs *a, const struct cms_spec *s, struct span serial)
{
	uint8_t content[SM3_LEN], cert[SM3_LEN];

	TRY(sm3_digest(s->content, content));
	TRY(cert_sm3(s->signer, cert));
	struct attr_mark m = attr_open(a, OID_AT_CONTENT_TYPE);
	der_put_oid(m.out, s->content_type);
	attr_close(m);
	m = attr_open(a, OID_AT_SIGNING_TIME);
	der_put_time(m.out, s->signing_time);
	attr_close(m);
	m = attr_open(a, OID_AT_DIGEST);
	der_put(m.out, DER_OCTETS, SPAN_ARR(content));
	attr_close(m);
	m = attr_open(a, OID_AT_SIGNING_CERT_V2);
	signing_cert_put(m.out, s->signer, cert, serial);
	attr_close(m);
	for (size_t i = 0; i < a->n; i++)
		TRY(buf_err(&a->b[i]));
	return ERR_OK;
}

/* X.690, 11.6: members of a SET OF in the order of their encodings. */
static void attrs_sort(struct attrs *a)
{
	for (size_t i = 1; i < a->n; i++) {
		for (size_t j = i; j > 0 && span_cmp(buf_span(&a->b[j]), buf_span(&a->b[j - 1])) < 0; j--) {
			struct buf t = a->b[j];
			a->b[j] = a->b[j - 1];
			a->b[j - 1] = t;
		}
	}
}

static void attrs_put(struct buf *out, int tag, const struct attrs *a)
{
	size_t set = der_open(out, tag);

	for (size_t i = 0; i < a->n; i++)
		buf_put(out, buf_span(&a->b[i]));
	der_close(out, set);
}

/* RFC 5652, 5.4: what is signed is the attributes with the tag of a SET, not the tag [0] under which they travel. */
static enum err attrs_sign(const struct attrs *a, const struct sm2_key *key, struct buf *ret_sig)
{
	AUTO_BUF(set, CMS_DER_MAX);
	struct sm2_sig sig;

	attrs_put(&set, DER_SET, a);
	TRY(buf_err(&set));
	TRY(gm_sign(key, buf_span(&set), &sig));
	return sm2_sig_der(&sig, ret_sig);
}

static void signer_put(struct buf *out, const struct cms_spec *s, struct span serial, const struct attrs *a,
                       struct span sig)
{
	size_t set = der_open(out, DER_SET), info = der_open(out, DER_SEQ);

	der_put_u64(out, SIGNER_VERSION);
	size_t id = der_open(out, DER_SEQ);
	buf_put(out, cert_issuer_der(s->signer));
	der_put_uint(out, serial);
	der_close(out, id);
	cms_sm3_put(out);
	attrs_put(out, DER_EXPLICIT(0), a);
	x509_alg_put(out);
	der_put(out, DER_OCTETS, sig);
	der_close(out, info);
	der_close(out, set);
}

static void content_put(struct buf *out, const struct cms_spec *s)
{
	size_t seq = der_open(out, DER_SEQ);

	der_put_oid(out, s->content_type);
	size_t outer = der_open(out, DER_EXPLICIT(0));
	der_put(out, DER_OCTETS, s->content);
	der_close(out, outer);
	der_close(out, seq);
}

static void message_put(struct buf *out, const struct cms_spec *s, struct span serial, const struct attrs *a,
                        struct span sig)
{
	size_t whole = der_open(out, DER_SEQ);

	der_put_oid(out, OID_CMS_SIGNED);
	size_t outer = der_open(out, DER_EXPLICIT(0)), seq = der_open(out, DER_SEQ);
	der_put_u64(out, SIGNED_VERSION); /* RFC 5652, 5.1: the content is not of type data */
	size_t algs = der_open(out, DER_SET);
	cms_sm3_put(out);
	der_close(out, algs);
	content_put(out, s);
	if (s->with_cert)
		der_put(out, DER_EXPLICIT(0), cert_der(s->signer));
	signer_put(out, s, serial, a, sig);
	der_close(out, seq);
	der_close(out, outer);
	der_close(out, whole);
}

static enum err serial_of(const struct cert *c, uint8_t ret[SERIAL_MAX], size_t *ret_len)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *hex = cert_serial(c);
	size_t len = strlen(hex);

	INVARIANT(len % 2 == 0 && len / 2 <= SERIAL_MAX);
	for (size_t i = 0; i < len; i += 2)
		ret[i / 2] = (uint8_t)((strchr(digits, hex[i]) - digits) << 4 | (strchr(digits, hex[i + 1]) - digits));
	*ret_len = len / 2;
	return ERR_OK;
}

enum err cms_sign(const struct cms_spec *spec, struct buf *out)
{
	__attribute__((cleanup(attrs_done))) struct attrs a = {.n = 0};
	AUTO_BUF(sig, 80);
	uint8_t serial[SERIAL_MAX];
	size_t serial_len;

	if (!span_eq(SPAN_ARR(cert_pub(spec->signer)->b), SPAN_ARR(sm2_key_pub(spec->key)->b)))
		return ERR(CERT_USAGE, "the key is not the signer's");
	TRY(serial_of(spec->signer, serial, &serial_len));
	TRY(attrs_make(&a, spec, span_of(serial, serial_len)));
	attrs_sort(&a);
	TRY(attrs_sign(&a, spec->key, &sig));
	message_put(out, spec, span_of(serial, serial_len), &a, buf_span(&sig));
	return buf_err(out);
}

/* --- read --- */

static enum err sm3_alg_take(struct span *in)
{
	struct span oid;

	TRY(cms_alg_take(in, &oid, NULL));
	if (!der_oid_is(oid, OID_SM3))
		return ERR(DER, "digest algorithm is not SM3");
	return ERR_OK;
}

static enum err digest_take(struct span *in, uint8_t ret[SM3_LEN])
{
	struct span v;

	TRY(der_take(in, DER_OCTETS, &v));
	if (v.len != SM3_LEN)
		return ERR(DER, "digest of %zu octets", v.len);
	memcpy(ret, v.ptr, SM3_LEN);
	return ERR_OK;
}

/* Issuer and serial beside the hash add nothing that the hash does not bind: well-formed is enough. */
static enum err signing_cert_read(struct span v, struct cms *c)
{
	struct span whole, list, id;

	TRY(der_take(&v, DER_SEQ, &whole));
	TRY(der_end(v, "signingCertificateV2"));
	TRY(der_take(&whole, DER_SEQ, &list));
	TRY(der_end(whole, "signingCertificateV2 with policies"));
	TRY(der_take(&list, DER_SEQ, &id));
	TRY(der_end(list, "signingCertificateV2 of several certificates"));
	TRY(sm3_alg_take(&id)); /* the default is SHA-256, which is not ours */
	TRY(digest_take(&id, c->cert_digest));
	return der_check(id);
}

static enum err content_type_read(struct span v, struct cms *c)
{
	struct span oid;

	TRY(der_take_oid(&v, &oid));
	if (!span_eq(oid, c->content_type))
		return ERR(DER, "RFC 5652, 11.1: contentType differs from the content's");
	return der_end(v, "contentType");
}

static enum err digest_read(struct span v, struct cms *c)
{
	TRY(digest_take(&v, c->digest));
	return der_end(v, "messageDigest");
}

static enum err time_read(struct span v, struct cms *c)
{
	TRY(der_take_time(&v, &c->signing_time));
	return der_end(v, "signingTime");
}

static const struct {
	const char *oid;
	enum err (*read)(struct span value, struct cms *c);
} readers[] = {
	{OID_AT_CONTENT_TYPE, content_type_read},
	{OID_AT_DIGEST, digest_read},
	{OID_AT_SIGNING_TIME, time_read},
	{OID_AT_SIGNING_CERT_V2, signing_cert_read},
};

/* One attribute with its one value; *seen gathers the kinds. Others are signed too and bind nothing here. */
static enum err attr_read(struct span seq, struct cms *c, unsigned *seen)
{
	struct span oid, set;

	TRY(der_take_oid(&seq, &oid));
	TRY(der_take(&seq, DER_SET, &set));
	TRY(der_end(seq, "attribute"));
	TRY(der_check(set));
	for (size_t i = 0; i < COUNT_OF(readers); i++) {
		if (!der_oid_is(oid, readers[i].oid))
			continue;
		if (*seen & 1U << i)
			return ERR(DER, "RFC 5652, 5.3: attribute given twice");
		*seen |= 1U << i;
		return readers[i].read(set, c);
	}
	return ERR_OK;
}

static enum err attrs_read(struct cms *c)
{
	struct span rest = c->attrs, one, seq, before = SPAN_EMPTY;
	unsigned seen = 0;

	for (size_t n = 0; rest.len > 0; n++) {
		if (n == ATTRS_MAX)
			return ERR(DER, "more than %d attributes", ATTRS_MAX);
		TRY(der_take_whole(&rest, DER_SEQ, &one));
		if (n > 0 && span_cmp(before, one) >= 0)
			return ERR(DER, "X.690, 11.6: attributes are not in order");
		before = one;
		TRY(der_take(&one, DER_SEQ, &seq));
		TRY(attr_read(seq, c, &seen));
	}
	if (seen != (1U << COUNT_OF(readers)) - 1)
		return ERR(DER, "a signed attribute is missing");
	return ERR_OK;
}

static enum err version_take(struct span *in, uint64_t want)
{
	uint64_t v;

	TRY(der_take_u64(in, &v));
	if (v != want)
		return ERR(DER, "RFC 5652, 5.1: version %llu", (unsigned long long)v);
	return ERR_OK;
}

static enum err signer_read(struct span set, struct cms *c)
{
	struct span info, id, alg, sig;

	TRY(der_take(&set, DER_SEQ, &info));
	TRY(der_end(set, "signers, of which there is one"));
	TRY(version_take(&info, SIGNER_VERSION));
	TRY(der_take(&info, DER_SEQ, &id));
	TRY(x509_name_take(&id, &c->issuer, NULL));
	TRY(der_take_uint(&id, SERIAL_MAX, &c->serial));
	TRY(der_end(id, "issuer and serial number"));
	TRY(sm3_alg_take(&info));
	TRY(der_take(&info, DER_EXPLICIT(0), &c->attrs));
	TRY(x509_alg_take(&info, &alg));
	TRY(der_take(&info, DER_OCTETS, &sig));
	TRY(der_end(info, "signer information")); /* unsigned attributes would be slack */
	TRY(sm2_sig_from_der(sig, &c->sig));
	return attrs_read(c);
}

static enum err content_read(struct span *in, struct cms *c)
{
	struct span seq, outer;

	TRY(der_take(in, DER_SEQ, &seq));
	TRY(der_take_oid(&seq, &c->content_type));
	TRY(der_take(&seq, DER_EXPLICIT(0), &outer));
	TRY(der_end(seq, "content"));
	TRY(der_take(&outer, DER_OCTETS, &c->content));
	return der_end(outer, "content");
}

static enum err signed_read(struct span seq, struct cms *c)
{
	struct span algs, certs, one, signers;

	TRY(version_take(&seq, SIGNED_VERSION));
	TRY(der_take(&seq, DER_SET, &algs));
	TRY(sm3_alg_take(&algs));
	TRY(der_end(algs, "digest algorithms"));
	TRY(content_read(&seq, c));
	if (der_next_is(seq, DER_EXPLICIT(0))) {
		TRY(der_take(&seq, DER_EXPLICIT(0), &certs));
		TRY(der_take_whole(&certs, DER_SEQ, &one));
		TRY(der_end(certs, "certificates, of which there is one"));
		TRY(cert_parse(one, &c->cert));
	}
	TRY(der_take(&seq, DER_SET, &signers));
	TRY(der_end(seq, "signed data"));
	return signer_read(signers, c);
}

static enum err message_read(struct span der, struct cms *c)
{
	struct span whole, oid, outer, seq;

	TRY(der_take(&der, DER_SEQ, &whole));
	TRY(der_end(der, "CMS message"));
	TRY(der_take_oid(&whole, &oid));
	if (!der_oid_is(oid, OID_CMS_SIGNED))
		return ERR(DER, "RFC 5652, 5.1: not signed data");
	TRY(der_take(&whole, DER_EXPLICIT(0), &outer));
	TRY(der_end(whole, "CMS message"));
	TRY(der_take(&outer, DER_SEQ, &seq));
	TRY(der_end(outer, "CMS message"));
	return signed_read(seq, c);
}

void cms_done(struct cms *c)
{
	cert_free(c->cert);
	c->cert = NULL;
}

enum err cms_parse(struct span der, struct cms *ret_c)
{
	struct cms c;

	memset(&c, 0, sizeof(c));
	if (der.len > CMS_DER_MAX)
		return ERR(LIMIT, "CMS message of %zu octets", der.len);
	enum err e = message_read(der, &c);
	if (e != ERR_OK) {
		cms_done(&c);
		return e;
	}
	*ret_c = c;
	return ERR_OK;
}

/* --- verify --- */

static enum err identity_check(const struct cms *c, const struct cert *signer)
{
	uint8_t digest[SM3_LEN], serial[SERIAL_MAX];
	size_t len;

	TRY(serial_of(signer, serial, &len));
	TRY(cert_sm3(signer, digest));
	if (!span_eq(c->issuer, cert_issuer_der(signer)) || !span_eq(c->serial, span_of(serial, len)) ||
	    !span_eq(SPAN_ARR(c->cert_digest), SPAN_ARR(digest)))
		return ERR(SIG, "RFC 5035, 3: the certificate is not the signer's");
	return ERR_OK;
}

enum err cms_verify(const struct cms *c, const struct cert *signer)
{
	AUTO_BUF(set, CMS_DER_MAX);
	uint8_t digest[SM3_LEN];

	TRY(identity_check(c, signer));
	TRY(sm3_digest(c->content, digest));
	if (!ct_equal(SPAN_ARR(digest), SPAN_ARR(c->digest)))
		return ERR(SIG, "RFC 5652, 11.2: messageDigest is not the content's");
	der_put(&set, DER_SET, c->attrs);
	TRY(buf_err(&set));
	return gm_verify(cert_pub(signer), buf_span(&set), &c->sig);
}
