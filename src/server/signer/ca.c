#include "server/signer/ca.h"
#include "base/file.h"
#include "gm/rand.h"
#include "gm/sm4.h"
#include "server/signer/feed.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_SEC = 86400, PATH_LEN_MAX = 4096, CRL_DAYS = 7, SEALED_KEY_LEN = SM2_SCALAR_LEN + SEAL_OVERHEAD };
static const char key_label[] = "yinxin-signer-ca-1"; /* what the seal is bound to */

struct ca {
	struct sm2_key *key;
	struct cert *cert;
};

/* --- the key at rest --- */

static enum err path_in(const char *dir, const char *name, char ret_path[PATH_LEN_MAX])
{
	int n = snprintf(ret_path, PATH_LEN_MAX, "%s/%s", dir, name);
	return n > 0 && n < PATH_LEN_MAX ? ERR_OK : ERR(LIMIT, "path of %s", name);
}

static enum err machine_key(const char *dir, bool create, struct secret **ret_key)
{
	char path[PATH_LEN_MAX];
	AUTO(secret) key = NULL;
	TRY(path_in(dir, "machine.key", path));
	if (!create) {
		TRY(file_read_secret(path, SEAL_KEY_LEN, &key));
	} else {
		TRY(secret_new(SEAL_KEY_LEN, &key));
		TRY(rand_bytes(secret_ptr(key), SEAL_KEY_LEN));
		TRY(file_replace(path, secret_span(key), 0600));
	}
	if (secret_len(key) != SEAL_KEY_LEN)
		return ERR(JOURNAL, "machine.key is not of %d octets", SEAL_KEY_LEN);
	*ret_key = STEAL(key);
	return ERR_OK;
}

static enum err key_store(const char *dir, const struct sm2_key *k)
{
	char path[PATH_LEN_MAX];
	AUTO(secret) machine = NULL;
	AUTO_BUF(sealed, SEALED_KEY_LEN);
	TRY(path_in(dir, "keys.bin", path));
	TRY(machine_key(dir, true, &machine));
	TRY(seal_close(secret_span(machine), span_str(key_label), sm2_key_scalar(k), &sealed));
	return file_replace(path, buf_span(&sealed), 0600);
}

static enum err key_load(const char *dir, struct sm2_key **ret_k)
{
	char path[PATH_LEN_MAX];
	AUTO(secret) machine = NULL;
	AUTO_BUF(sealed, SEALED_KEY_LEN);
	AUTO_BUF(scalar, SM2_SCALAR_LEN);
	TRY(path_in(dir, "keys.bin", path));
	TRY(machine_key(dir, false, &machine));
	TRY(file_read(path, &sealed));
	TRY(seal_open(secret_span(machine), span_str(key_label), buf_span(&sealed), &scalar));
	return sm2_key_from(buf_span(&scalar), ret_k);
}

/* --- life --- */

enum err ca_create(const char *dir, struct ca **ret_c)
{
	AUTO(ca) c = calloc(1, sizeof(*c));
	if (c == NULL)
		return ERR(NOMEM, "CA");
	TRY(sm2_key_new(&c->key));
	TRY(key_store(dir, c->key));
	*ret_c = STEAL(c);
	return ERR_OK;
}

enum err ca_open(const char *dir, const struct cert *cert, struct ca **ret_c)
{
	AUTO(ca) c = calloc(1, sizeof(*c));
	if (c == NULL)
		return ERR(NOMEM, "CA");
	TRY(key_load(dir, &c->key));
	if (ca_take_cert(c, cert) != ERR_OK)
		return ERR(JOURNAL, "keys.bin holds another key than the CA's in the journal");
	*ret_c = STEAL(c);
	return ERR_OK;
}

void ca_free(struct ca *c)
{
	if (c == NULL)
		return;
	sm2_key_free(c->key);
	cert_free(c->cert);
	free(c);
}

const struct sm2_pub *ca_pub(const struct ca *c)
{
	return sm2_key_pub(c->key);
}

enum err ca_take_cert(struct ca *c, const struct cert *cert)
{
	AUTO(cert) copy = NULL;
	TRY(cert_parse(cert_der(cert), &copy));
	if (!span_eq(SPAN_ARR(cert_pub(copy)->b), SPAN_ARR(ca_pub(c)->b)))
		return ERR(CERT_PROFILE, "certificate of another key");
	cert_free(c->cert);
	c->cert = STEAL(copy);
	return ERR_OK;
}

/* --- signing --- */

/* 128 random bits, positive and without a leading zero octet (GB/T 20518-2018 5.2.3). */
static enum err serial_new(uint8_t ret_serial[CERT_SERIAL_LEN])
{
	do {
		TRY(rand_bytes(ret_serial, CERT_SERIAL_LEN));
		ret_serial[0] &= 0x7f;
	} while (ret_serial[0] == 0);
	return ERR_OK;
}

static enum err validity(const struct profile *p, const struct cert *issuer, int64_t days, struct cert_spec *spec)
{
	bool by_default = days == CA_DAYS_DEFAULT;
	if (by_default)
		days = p->days_default;
	if (days < 1 || days > p->days_max)
		return ERR(CERT_PROFILE, "%lld days, profile %s permits %d", (long long)days, p->name, p->days_max);
	spec->not_after = spec->not_before + days * DAY_SEC;
	if (by_default && issuer != NULL && spec->not_after > cert_not_after(issuer))
		spec->not_after = cert_not_after(issuer);
	if (issuer != NULL && spec->not_after > cert_not_after(issuer))
		return ERR(CERT_PROFILE, "validity ends after the issuer's");
	return ERR_OK;
}

static enum err profile_of(const char *name, const struct profile **ret_p)
{
	*ret_p = profile_find(name);
	return *ret_p != NULL ? ERR_OK : ERR(CERT_PROFILE, "no profile is called %s", name);
}

static enum err build(const struct profile *p, struct cert_spec *spec, const struct sm2_key *key, int64_t now,
                      int64_t days, struct cert **ret_c)
{
	spec->profile = p->name;
	spec->not_before = now - CA_BACKDATE_SEC;
	TRY(validity(p, spec->issuer, days, spec));
	TRY(serial_new(spec->serial));
	return cert_build(spec, key, ret_c);
}

static const char *or_null(const char *s)
{
	return s == NULL || *s == '\0' ? NULL : s;
}

enum err ca_issue(const struct ca *c, const char *profile, const struct ca_subject *subject, const struct sm2_pub *pub,
                  const struct ca_urls *urls, int64_t now, int64_t days, struct cert **ret_c)
{
	const struct profile *p = NULL;
	struct cert_spec spec = {.issuer = c->cert,
	                         .pub = pub,
	                         .org = or_null(subject->org),
	                         .common_name = or_null(subject->common_name),
	                         .subject_id = or_null(subject->subject_id),
	                         .uscc = or_null(subject->uscc),
	                         .crl_url = or_null(urls->crl),
	                         .ca_url = or_null(urls->ca),
	                         .ocsp_url = or_null(urls->ocsp)};
	TRY(profile_of(profile, &p));
	if (p->ca)
		return ERR(CERT_PROFILE, "the issuing CA makes no CA");
	return build(p, &spec, c->key, now, days, ret_c);
}

enum err ca_sign_feed(const struct ca *c, struct span text, struct sm2_sig *ret_s)
{
	if (!span_starts(text, SPAN_LIT(FEED_LINE)))
		return ERR(STATEMENT, "not a feed");
	return gm_sign(c->key, text, ret_s);
}

enum err ca_crl(const struct ca *c, uint64_t number, int64_t now, const struct crl_entry *entries, size_t n,
                struct crl **ret_c)
{
	return crl_build(c->cert, c->key, number, now, now + CRL_DAYS * DAY_SEC, entries, n, ret_c);
}

/* --- the ceremony's three --- */

enum err ca_root_make(const struct sm2_key *root, const char *arc, int64_t now, struct cert **ret_c)
{
	const struct profile *p = NULL;
	TRY(profile_of("root", &p));
	struct cert_spec spec = {.pub = sm2_key_pub(root), .org = or_null(p->org), .arc = arc};
	return build(p, &spec, root, now, CA_DAYS_DEFAULT, ret_c);
}

enum err ca_cert_make(const struct sm2_key *root, const struct cert *root_cert, const struct sm2_pub *ca,
                      const char *crl_url, int64_t now, struct cert **ret_c)
{
	const struct profile *p = NULL;
	TRY(profile_of("ca", &p));
	struct cert_spec spec = {.issuer = root_cert, .pub = ca, .org = or_null(p->org), .crl_url = or_null(crl_url)};
	return build(p, &spec, root, now, CA_DAYS_DEFAULT, ret_c);
}

enum err ca_root_crl(const struct sm2_key *root, const struct cert *root_cert, int64_t now, struct crl **ret_c)
{
	return crl_build(root_cert, root, 1, now, cert_not_after(root_cert), NULL, 0, ret_c);
}
