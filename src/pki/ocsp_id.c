/* CertID (RFC 6960, 4.1.1) and requests. */
#include "gm/digest.h"
#include "pki/cms_i.h"
#include "pki/ocsp_i.h"
#include "pki/oid.h"
#include "pki/x509.h"
#include <string.h>

static const struct {
	const char *oid;
	size_t len;
} hashes[] = {
	[OCSP_SM3] = {OID_SM3, SM3_LEN},
	[OCSP_SHA256] = {OID_SHA256, SHA256_LEN},
	[OCSP_SHA1] = {OID_SHA1, SHA1_LEN},
};
enum { HASH_MAX = 32 };

static enum err digest(enum ocsp_hash hash, struct span s, uint8_t ret[HASH_MAX])
{
	if (hash == OCSP_SHA1)
		return sha1_digest(s, ret);
	if (hash == OCSP_SHA256)
		return sha256_digest(s, ret);
	return sm3_digest(s, ret);
}

/* --- identifiers --- */

static enum err hash_of(struct span oid, enum ocsp_hash *ret_hash)
{
	for (size_t i = 0; i < COUNT_OF(hashes); i++) {
		if (der_oid_is(oid, hashes[i].oid)) {
			*ret_hash = (enum ocsp_hash)i;
			return ERR_OK;
		}
	}
	return ERR(NOT_SUPPORTED, "certificate identifier by another hash");
}

enum err ocsp_id_take(struct span *in, struct ocsp_id *ret_id)
{
	struct ocsp_id id;
	struct span seq, oid;

	TRY(der_take(in, DER_SEQ, &seq));
	TRY(cms_alg_take(&seq, &oid, &id.alg));
	TRY(hash_of(oid, &id.hash));
	TRY(der_take(&seq, DER_OCTETS, &id.name_hash));
	TRY(der_take(&seq, DER_OCTETS, &id.key_hash));
	TRY(der_take_uint(&seq, OCSP_SERIAL_MAX, &id.serial));
	TRY(der_end(seq, "CertID"));
	if (id.name_hash.len != hashes[id.hash].len || id.key_hash.len != hashes[id.hash].len)
		return ERR(DER, "RFC 6960, 4.1.1: hash of a wrong length");
	*ret_id = id;
	return ERR_OK;
}

void ocsp_id_put(struct buf *out, const struct ocsp_id *id)
{
	size_t seq = der_open(out, DER_SEQ);

	buf_put(out, id->alg);
	der_put(out, DER_OCTETS, id->name_hash);
	der_put(out, DER_OCTETS, id->key_hash);
	der_put_uint(out, id->serial);
	der_close(out, seq);
}

enum err ocsp_id_check(const struct ocsp_id *id, const struct cert *ca, bool *ret_is_of)
{
	uint8_t name[HASH_MAX], key[HASH_MAX];
	size_t len = hashes[id->hash].len;

	TRY(digest(id->hash, cert_subject_der(ca), name));
	TRY(digest(id->hash, SPAN_ARR(cert_pub(ca)->b), key));
	*ret_is_of = span_eq(id->name_hash, span_of(name, len)) && span_eq(id->key_hash, span_of(key, len));
	return ERR_OK;
}

void ocsp_id_serial(const struct ocsp_id *id, char ret_hex[OCSP_SERIAL_HEX])
{
	size_t n = id->serial.len < OCSP_SERIAL_MAX ? id->serial.len : OCSP_SERIAL_MAX;

	for (size_t i = 0; i < n; i++) {
		ret_hex[2 * i] = "0123456789ABCDEF"[id->serial.ptr[i] >> 4];
		ret_hex[2 * i + 1] = "0123456789ABCDEF"[id->serial.ptr[i] & 15];
	}
	ret_hex[2 * n] = '\0';
}

/* --- extensions: the nonce and nothing else that is critical --- */

enum err ocsp_nonce_read(struct span exts, struct span *ret_nonce)
{
	struct x509_exts x;
	struct span nonce = SPAN_EMPTY;

	TRY(x509_exts_parse(exts, &x));
	for (size_t i = 0; i < x.n; i++) {
		if (der_oid_is(x.e[i].oid, OID_OCSP_NONCE)) {
			struct span value = x.e[i].value;
			TRY(der_take(&value, DER_OCTETS, &nonce));
			TRY(der_end(value, "nonce"));
			if (nonce.len == 0 || nonce.len > OCSP_NONCE_MAX)
				return ERR(DER, "RFC 9654, 2.1: nonce of %zu octets", nonce.len);
		} else if (x.e[i].critical) {
			return ERR(DER, "RFC 6960, 4.4: unknown critical extension");
		}
	}
	*ret_nonce = nonce;
	return ERR_OK;
}

void ocsp_nonce_put(struct buf *out, int tag, struct span nonce)
{
	if (nonce.len == 0)
		return;
	size_t outer = der_open(out, tag), seq = der_open(out, DER_SEQ);
	struct x509_ext_mark m = x509_ext_open(out, OID_OCSP_NONCE, false);
	der_put(out, DER_OCTETS, nonce);
	x509_ext_close(out, m);
	der_close(out, seq);
	der_close(out, outer);
}

/* --- request --- */

static enum err one_take(struct span *list, struct ocsp_request *r)
{
	struct span seq, outer, exts, none;

	TRY(der_take(list, DER_SEQ, &seq));
	if (r->n == OCSP_ITEMS_MAX)
		return ERR(LIMIT, "more than %d certificates in a request", OCSP_ITEMS_MAX);
	TRY(ocsp_id_take(&seq, &r->ids[r->n]));
	r->n++;
	if (seq.len > 0) {
		TRY(der_take(&seq, DER_EXPLICIT(0), &outer));
		TRY(der_take(&outer, DER_SEQ, &exts));
		TRY(der_end(outer, "single request extensions"));
		TRY(ocsp_nonce_read(exts, &none));
	}
	return der_end(seq, "single request");
}

/* requestorName: said by whom it likes; unsigned, so not looked at. */
static enum err requestor_skip(struct span *tbs)
{
	struct span name;

	if (!der_next_is(*tbs, DER_EXPLICIT(1)))
		return ERR_OK;
	TRY(der_take(tbs, DER_EXPLICIT(1), &name));
	return der_check(name);
}

static enum err tbs_read(struct span tbs, struct ocsp_request *r)
{
	struct span list, outer, exts;

	if (der_next_is(tbs, DER_EXPLICIT(0)))
		return ERR(DER, "RFC 6960, 4.1.1: version 1 is the default, or unknown");
	TRY(requestor_skip(&tbs));
	TRY(der_take(&tbs, DER_SEQ, &list));
	do
		TRY(one_take(&list, r));
	while (list.len > 0);
	if (tbs.len > 0) {
		TRY(der_take(&tbs, DER_EXPLICIT(2), &outer));
		TRY(der_take(&outer, DER_SEQ, &exts));
		TRY(der_end(outer, "request extensions"));
		TRY(ocsp_nonce_read(exts, &r->nonce));
	}
	return der_end(tbs, "request");
}

enum err ocsp_request_parse(struct span der, struct ocsp_request *ret_r)
{
	struct ocsp_request r;
	struct span seq, tbs;

	memset(&r, 0, sizeof(r));
	if (der.len > OCSP_REQUEST_MAX)
		return ERR(LIMIT, "OCSP request of %zu octets", der.len);
	TRY(der_take(&der, DER_SEQ, &seq));
	TRY(der_end(der, "OCSP request"));
	TRY(der_take(&seq, DER_SEQ, &tbs));
	TRY(der_end(seq, "OCSP request, which is not to be signed")); /* nobody here gives more to a known asker */
	TRY(tbs_read(tbs, &r));
	*ret_r = r;
	return ERR_OK;
}

static enum err serial_bytes(const char *hex, uint8_t ret[OCSP_SERIAL_MAX], size_t *ret_len)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t len = strlen(hex);

	if (len == 0 || len % 2 != 0 || len / 2 > OCSP_SERIAL_MAX || strspn(hex, digits) != len)
		return ERR(SYNTAX, "serial number");
	for (size_t i = 0; i < len; i += 2)
		ret[i / 2] = (uint8_t)((strchr(digits, hex[i]) - digits) << 4 | (strchr(digits, hex[i + 1]) - digits));
	*ret_len = len / 2;
	return ERR_OK;
}

enum err ocsp_item_id_put(struct buf *out, const struct cert *ca, enum ocsp_hash hash, const char *serial)
{
	uint8_t name[HASH_MAX], key[HASH_MAX], number[OCSP_SERIAL_MAX];
	AUTO_BUF(alg, 64);
	size_t len = hashes[hash].len, n;

	TRY(serial_bytes(serial, number, &n));
	TRY(digest(hash, cert_subject_der(ca), name));
	TRY(digest(hash, SPAN_ARR(cert_pub(ca)->b), key));
	cms_alg_null_put(&alg, hashes[hash].oid);
	TRY(buf_err(&alg));
	struct ocsp_id id = {hash, buf_span(&alg), span_of(name, len), span_of(key, len), span_of(number, n)};
	ocsp_id_put(out, &id);
	return buf_err(out);
}

enum err ocsp_request_build(const struct cert *ca, enum ocsp_hash hash, const char *const *serials, size_t n,
                            struct span nonce, struct buf *out)
{
	if (n == 0 || n > OCSP_ITEMS_MAX || nonce.len > OCSP_NONCE_MAX)
		return ERR(LIMIT, "%zu certificates, nonce of %zu octets", n, nonce.len);
	size_t whole = der_open(out, DER_SEQ), tbs = der_open(out, DER_SEQ), list = der_open(out, DER_SEQ);
	for (size_t i = 0; i < n; i++) {
		size_t one = der_open(out, DER_SEQ);
		TRY(ocsp_item_id_put(out, ca, hash, serials[i]));
		der_close(out, one);
	}
	der_close(out, list);
	ocsp_nonce_put(out, DER_EXPLICIT(2), nonce);
	der_close(out, tbs);
	der_close(out, whole);
	return buf_err(out);
}
