#include "pki/crl_i.h"
#include "pki/oid.h"
#include "pki/x509.h"
#include <stdlib.h>
#include <string.h>

struct sorted {
	struct crl_entry *e;
};

static void sorted_done(struct sorted *s)
{
	free(s->e);
}

static enum err entries_check(const struct crl_entry *e, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (e[i].serial_len == 0 || e[i].serial_len > sizeof(e[i].serial) || e[i].serial[0] == 0)
			return ERR(SYNTAX, "entry %zu: serial number", i);
		if (e[i].time < 0 || e[i].time > INT64_C(250000000000) || e[i].reason > CRL_HOLD ||
		    (int)e[i].reason == 2)
			return ERR(SYNTAX, "entry %zu: time or reason", i);
		if (i > 0 && crl_entry_cmp(&e[i - 1], &e[i]) == 0)
			return ERR(SYNTAX, "entry %zu: serial number twice", i);
	}
	return ERR_OK;
}

static enum err entries_sort(const struct crl_entry *entries, size_t n, struct sorted *ret_s)
{
	if (n > CRL_ENTRIES_MAX)
		return ERR(LIMIT, "%zu entries", n);
	if (n == 0)
		return ERR_OK;
	struct sorted s = {.e = calloc(n, sizeof(*entries))};
	if (s.e == NULL)
		return ERR(NOMEM, "revocation list");
	memcpy(s.e, entries, n * sizeof(*entries));
	/* The same set gives the same octets. */
	qsort(s.e, n, sizeof(*entries), crl_entry_cmp);
	*ret_s = s;
	return entries_check(s.e, n);
}

static void entry_put(struct buf *out, const struct crl_entry *e)
{
	size_t seq = der_open(out, DER_SEQ);
	der_put_uint(out, span_of(e->serial, e->serial_len));
	der_put_time(out, e->time);
	/* RFC 5280, 5.3.1: unspecified is said by leaving the reason out. */
	if (e->reason != CRL_UNSPECIFIED) {
		uint8_t code[] = {(uint8_t)e->reason};
		size_t exts = der_open(out, DER_SEQ);
		struct x509_ext_mark m = x509_ext_open(out, OID_REASON, false);
		der_put(out, DER_ENUM, SPAN_ARR(code));
		x509_ext_close(out, m);
		der_close(out, exts);
	}
	der_close(out, seq);
}

static void exts_put(struct buf *out, const struct cert *issuer, uint64_t number)
{
	size_t outer = der_open(out, DER_EXPLICIT(0)), seq = der_open(out, DER_SEQ);
	x509_aki_put(out, cert_ski(issuer));
	struct x509_ext_mark m = x509_ext_open(out, OID_CRL_NUMBER, false);
	der_put_u64(out, number);
	x509_ext_close(out, m);
	der_close(out, seq);
	der_close(out, outer);
}

static enum err check(const struct cert *issuer, const struct sm2_key *key, int64_t this_update, int64_t next_update)
{
	if (!cert_is_ca(issuer) || (cert_usage(issuer) & KU_CA) == 0 || cert_ski(issuer).len == 0)
		return ERR(CERT_PROFILE, "not a CA certificate");
	if (!span_eq(SPAN_ARR(cert_pub(issuer)->b), SPAN_ARR(sm2_key_pub(key)->b)))
		return ERR(CERT_PROFILE, "key is not the issuer's");
	if (this_update < 0 || next_update <= this_update || next_update > INT64_C(250000000000))
		return ERR(SYNTAX, "times of the revocation list");
	return ERR_OK;
}

enum err crl_build(const struct cert *issuer, const struct sm2_key *key, uint64_t number, int64_t this_update,
                   int64_t next_update, const struct crl_entry *entries, size_t n, struct crl **ret_c)
{
	AUTO_BUF(tbs, CRL_DER_MAX);
	AUTO_BUF(der, CRL_DER_MAX);
	__attribute__((cleanup(sorted_done))) struct sorted s = {NULL};
	struct sm2_sig sig;
	TRY(check(issuer, key, this_update, next_update));
	TRY(entries_sort(entries, n, &s));
	size_t seq = der_open(&tbs, DER_SEQ);
	der_put_u64(&tbs, 1);
	x509_alg_put(&tbs);
	buf_put(&tbs, cert_subject_der(issuer));
	der_put_time(&tbs, this_update);
	der_put_time(&tbs, next_update);
	if (n > 0) {
		size_t list = der_open(&tbs, DER_SEQ);
		for (size_t i = 0; i < n; i++)
			entry_put(&tbs, &s.e[i]);
		der_close(&tbs, list);
	}
	exts_put(&tbs, issuer, number);
	der_close(&tbs, seq);
	TRY(buf_err(&tbs));
	TRY(gm_sign(key, buf_span(&tbs), &sig));
	TRY(x509_signed_put(buf_span(&tbs), &sig, &der));
	return crl_parse(buf_span(&der), ret_c);
}
