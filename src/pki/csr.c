#include "pki/csr.h"
#include "pki/oid.h"
#include "pki/x509.h"
#include <stdlib.h>
#include <string.h>

enum { ATTR_MAX = 8 };

struct csr {
	struct sm2_pub pub;
	size_t len;
	uint8_t der[];
};

enum err csr_tbs(const struct sm2_pub *pub, const char *common_name, struct buf *ret_tbs)
{
	if (!x509_text_ok(common_name))
		return ERR(CERT_PROFILE, "common name of the request is not permitted text");
	size_t seq = der_open(ret_tbs, DER_SEQ);
	der_put_u64(ret_tbs, 0);
	size_t name = der_open(ret_tbs, DER_SEQ);
	x509_attr_put(ret_tbs, OID_COUNTRY, DER_PRINTABLE, "CN");
	x509_attr_put(ret_tbs, OID_CN, DER_UTF8, common_name);
	der_close(ret_tbs, name);
	x509_spki_put(ret_tbs, pub);
	der_put(ret_tbs, DER_EXPLICIT(0), SPAN_EMPTY); /* RFC 2986, 4.1: attributes are not optional */
	der_close(ret_tbs, seq);
	return buf_err(ret_tbs);
}

enum err csr_assemble(struct span tbs, const struct sm2_sig *sig, struct buf *ret_der)
{
	return x509_signed_put(tbs, sig, ret_der);
}

/* RFC 2986, 4.1. Attributes, a wish list of the requester, are read over: the profile alone decides. */
static enum err attributes_check(struct span set)
{
	for (size_t n = 0; set.len > 0; n++) {
		struct span seq, oid, values;
		if (n == ATTR_MAX)
			return ERR(DER, "more than %d attributes", ATTR_MAX);
		TRY(der_take(&set, DER_SEQ, &seq));
		TRY(der_take_oid(&seq, &oid));
		TRY(der_take(&seq, DER_SET, &values));
		TRY(der_end(seq, "attribute"));
		TRY(der_check(values));
	}
	return ERR_OK;
}

static enum err info_read(struct span whole, struct sm2_pub *ret_pub)
{
	struct span info, name, attributes;
	uint64_t version;
	TRY(der_take(&whole, DER_SEQ, &info));
	TRY(der_take_u64(&info, &version));
	if (version != 0)
		return ERR(DER, "RFC 2986, 4.1: request is not of version 1");
	TRY(x509_name_take(&info, &name, NULL));
	TRY(x509_spki_take(&info, ret_pub));
	TRY(der_take(&info, DER_EXPLICIT(0), &attributes));
	TRY(attributes_check(attributes));
	return der_end(info, "request");
}

enum err csr_parse(struct span der, struct csr **ret_c)
{
	struct x509_signed s;
	if (der.len > CSR_DER_MAX)
		return ERR(LIMIT, "request of %zu octets", der.len);
	AUTO(csr) c = calloc(1, sizeof(*c) + der.len);
	if (c == NULL)
		return ERR(NOMEM, "request");
	c->len = der.len;
	if (der.len > 0)
		memcpy(c->der, der.ptr, der.len);
	TRY(x509_signed_parse(csr_der(c), &s));
	TRY(info_read(s.tbs, &c->pub));
	TRY(gm_verify(&c->pub, s.tbs, &s.sig));
	*ret_c = STEAL(c);
	return ERR_OK;
}

void csr_free(struct csr *c)
{
	free(c);
}

const struct sm2_pub *csr_pub(const struct csr *c)
{
	return &c->pub;
}

struct span csr_der(const struct csr *c)
{
	return span_of(c->der, c->len);
}
