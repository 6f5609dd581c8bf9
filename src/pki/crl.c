#include "pki/crl_i.h"
#include "pki/oid.h"
#include "pki/x509.h"
#include <stdlib.h>
#include <string.h>

struct crl {
	struct span tbs, issuer, aki; /* in der */
	struct sm2_sig sig;
	uint64_t number;
	int64_t this_update, next_update;
	struct crl_entry *entries; /* sorted by serial */
	size_t n, room;
	size_t len;
	uint8_t der[];
};

/* --- entries --- */
int crl_entry_cmp(const void *a, const void *b)
{
	const struct crl_entry *x = a, *y = b;
	if (x->serial_len != y->serial_len)
		return x->serial_len < y->serial_len ? -1 : 1;
	return memcmp(x->serial, y->serial, x->serial_len);
}

/* RFC 5280, 5.3.1. Reasons that our authority never gives are refused with the whole list. */
static enum err reason_read(struct span value, enum crl_reason *ret_reason)
{
	struct span v;
	TRY(der_take(&value, DER_ENUM, &v));
	TRY(der_end(value, "reasonCode"));
	if (v.len != 1 || v.ptr[0] > CRL_HOLD || v.ptr[0] == 2)
		return ERR(DER, "RFC 5280, 5.3.1: reason code");
	*ret_reason = (enum crl_reason)v.ptr[0];
	return ERR_OK;
}

static enum err entry_exts_read(struct span seq, struct crl_entry *e)
{
	struct x509_exts x;
	TRY(x509_exts_parse(seq, &x));
	for (size_t i = 0; i < x.n; i++) {
		if (der_oid_is(x.e[i].oid, OID_REASON))
			TRY(reason_read(x.e[i].value, &e->reason));
		else if (x.e[i].critical)
			return ERR(DER, "RFC 5280, 5.3: unknown critical extension of an entry");
	}
	return ERR_OK;
}

static enum err entry_take(struct span *list, struct crl_entry *ret_e)
{
	struct crl_entry e = {.reason = CRL_UNSPECIFIED};
	struct span seq, serial, exts;
	TRY(der_take(list, DER_SEQ, &seq));
	TRY(der_take_uint(&seq, sizeof(e.serial), &serial));
	TRY(der_take_time(&seq, &e.time));
	if (seq.len > 0) {
		TRY(der_take(&seq, DER_SEQ, &exts));
		TRY(entry_exts_read(exts, &e));
	}
	TRY(der_end(seq, "entry"));
	memcpy(e.serial, serial.ptr, serial.len);
	e.serial_len = serial.len;
	*ret_e = e;
	return ERR_OK;
}

static enum err entry_add(struct crl *c, const struct crl_entry *e)
{
	if (c->n == CRL_ENTRIES_MAX)
		return ERR(LIMIT, "more than %d entries", CRL_ENTRIES_MAX);
	if (c->n == c->room) {
		size_t room = c->room == 0 ? 64 : c->room * 2;
		struct crl_entry *more = reallocarray(c->entries, room, sizeof(*more));
		if (more == NULL)
			return ERR(NOMEM, "revocation list");
		c->entries = more;
		c->room = room;
	}
	c->entries[c->n++] = *e;
	return ERR_OK;
}

static enum err entries_read(struct crl *c, struct span list)
{
	if (list.len == 0)
		return ERR(DER, "RFC 5280, 5.1.2.6: empty list of entries");
	while (list.len > 0) {
		struct crl_entry e;
		TRY(entry_take(&list, &e));
		TRY(entry_add(c, &e));
	}
	qsort(c->entries, c->n, sizeof(c->entries[0]), crl_entry_cmp);
	for (size_t i = 1; i < c->n; i++) {
		if (crl_entry_cmp(&c->entries[i - 1], &c->entries[i]) == 0)
			return ERR(DER, "serial number listed twice");
	}
	return ERR_OK;
}

/* --- body --- */
static enum err exts_read(struct crl *c, struct span *tbs)
{
	struct span outer, seq;
	struct x509_exts x;
	bool numbered = false;
	TRY(der_take(tbs, DER_EXPLICIT(0), &outer));
	TRY(der_take(&outer, DER_SEQ, &seq));
	TRY(der_end(outer, "extensions"));
	TRY(x509_exts_parse(seq, &x));
	for (size_t i = 0; i < x.n; i++) {
		struct span value = x.e[i].value;
		if (x.e[i].critical)
			return ERR(DER, "GB/T 20518-2018, 5.3: only complete lists without critical extensions");
		if (der_oid_is(x.e[i].oid, OID_AKI))
			TRY(x509_aki_parse(value, &c->aki));
		if (der_oid_is(x.e[i].oid, OID_CRL_NUMBER)) {
			TRY(der_take_u64(&value, &c->number));
			TRY(der_end(value, "cRLNumber"));
			numbered = true;
		}
	}
	if (!numbered)
		return ERR(DER, "RFC 5280, 5.2.3: no cRLNumber");
	return ERR_OK;
}

static enum err times_take(struct crl *c, struct span *tbs)
{
	TRY(der_take_time(tbs, &c->this_update));
	TRY(der_take_time(tbs, &c->next_update));
	if (c->next_update < c->this_update)
		return ERR(DER, "nextUpdate before thisUpdate");
	return ERR_OK;
}

static enum err body_read(struct crl *c, const struct x509_signed *s)
{
	struct span whole = s->tbs, tbs, alg, list;
	uint64_t version;
	TRY(der_take(&whole, DER_SEQ, &tbs));
	TRY(der_take_u64(&tbs, &version));
	if (version != 1)
		return ERR(DER, "GB/T 20518-2018, 5.3: list is not of version 2");
	TRY(x509_alg_take(&tbs, &alg));
	if (!span_eq(alg, s->alg))
		return ERR(DER, "RFC 5280, 5.1.1.2: the two signature algorithms differ");
	TRY(x509_name_take(&tbs, &c->issuer, NULL));
	TRY(times_take(c, &tbs));
	if (der_next_is(tbs, DER_SEQ)) {
		TRY(der_take(&tbs, DER_SEQ, &list));
		TRY(entries_read(c, list));
	}
	TRY(exts_read(c, &tbs));
	return der_end(tbs, "revocation list");
}

enum err crl_parse(struct span der, struct crl **ret_c)
{
	struct x509_signed s;
	if (der.len > CRL_DER_MAX)
		return ERR(LIMIT, "revocation list of %zu octets", der.len);
	AUTO(crl) c = calloc(1, sizeof(*c) + der.len);
	if (c == NULL)
		return ERR(NOMEM, "revocation list");
	c->len = der.len;
	if (der.len > 0)
		memcpy(c->der, der.ptr, der.len);
	TRY(x509_signed_parse(crl_der(c), &s));
	TRY(body_read(c, &s));
	c->tbs = s.tbs;
	c->sig = s.sig;
	*ret_c = STEAL(c);
	return ERR_OK;
}

void crl_free(struct crl *c)
{
	if (c == NULL)
		return;
	free(c->entries);
	free(c);
}

struct span crl_der(const struct crl *c)
{
	return span_of(c->der, c->len);
}

uint64_t crl_number(const struct crl *c)
{
	return c->number;
}

int64_t crl_this_update(const struct crl *c)
{
	return c->this_update;
}

int64_t crl_next_update(const struct crl *c)
{
	return c->next_update;
}

enum err crl_verify(const struct crl *c, const struct cert *issuer)
{
	if (!span_eq(c->issuer, cert_subject_der(issuer)))
		return ERR(SIG, "revocation list is by another issuer");
	if ((cert_usage(issuer) & KU_CA) == 0)
		return ERR(SIG, "issuer may not sign revocation lists");
	if (c->aki.len > 0 && cert_ski(issuer).len > 0 && !span_eq(c->aki, cert_ski(issuer)))
		return ERR(SIG, "revocation list is by another key of the issuer");
	return gm_verify(cert_pub(issuer), c->tbs, &c->sig);
}

/* Upper-case hex of whole octets without leading zero octets, as cert_serial writes it. */
static bool serial_unhex(const char *hex, struct crl_entry *ret_e)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t len = strlen(hex);
	if (len == 0 || len % 2 != 0 || len / 2 > sizeof(ret_e->serial) || strspn(hex, digits) != len)
		return false;
	for (size_t i = 0; i < len; i += 2)
		ret_e->serial[i / 2] =
			(uint8_t)((strchr(digits, hex[i]) - digits) << 4 | (strchr(digits, hex[i + 1]) - digits));
	ret_e->serial_len = len / 2;
	return true;
}

bool crl_find(const struct crl *c, const char *serial_hex, struct crl_entry *ret_e)
{
	struct crl_entry key = {.reason = CRL_UNSPECIFIED};
	if (c->n == 0 || !serial_unhex(serial_hex, &key))
		return false;
	const struct crl_entry *e = bsearch(&key, c->entries, c->n, sizeof(key), crl_entry_cmp);
	if (e != NULL && ret_e != NULL)
		*ret_e = *e;
	return e != NULL;
}
