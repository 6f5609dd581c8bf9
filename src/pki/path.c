#include "pki/path.h"
#include <stdlib.h>

struct path_trust {
	const struct cert *root, *ca; /* their links are checked */
	struct crl *crl;              /* by the CA; may be NULL */
};

/* --- one link: names, key identifiers, signature --- */
static enum err link_check(const struct cert *issuer, const struct cert *c, const char *what)
{
	if (!span_eq(cert_issuer_der(c), cert_subject_der(issuer)))
		return ERR(CERT_CHAIN, "%s is by another issuer", what);
	if (cert_aki(c).len > 0 && cert_ski(issuer).len > 0 && !span_eq(cert_aki(c), cert_ski(issuer)))
		return ERR(CERT_CHAIN, "%s is by another key of the issuer", what);
	if (cert_verify(c, cert_pub(issuer)) != ERR_OK)
		return ERR(CERT_CHAIN, "signature of %s does not verify", what);
	return ERR_OK;
}

/* RFC 5280, 6.1.4 k-n, for the two CA certificates there are. */
static enum err ca_check(const struct cert *c, int least_pathlen, const char *what)
{
	if (!cert_is_ca(c) || cert_usage(c) != KU_CA)
		return ERR(CERT_CHAIN, "%s is no CA certificate", what);
	if (cert_pathlen(c) >= 0 && cert_pathlen(c) < least_pathlen)
		return ERR(CERT_CHAIN, "%s permits no such path", what);
	return ERR_OK;
}

static enum err ca_links_check(const struct cert *root, const struct cert *ca)
{
	TRY(ca_check(root, 1, "root"));
	TRY(ca_check(ca, 0, "issuing CA"));
	TRY(link_check(root, root, "root"));
	return link_check(root, ca, "issuing CA");
}

static enum err time_check(const struct cert *c, int64_t now, const char *what)
{
	if (now < cert_not_before(c))
		return ERR(CERT_NOT_YET, "%s", what);
	if (now > cert_not_after(c))
		return ERR(CERT_EXPIRED, "%s", what);
	return ERR_OK;
}

static enum err usage_check(const struct cert *leaf, unsigned usage)
{
	if (cert_is_ca(leaf) || (cert_usage(leaf) & KU_CA) != 0)
		return ERR(CERT_USAGE, "a CA certificate is not for holders");
	if (usage == 0 || (cert_usage(leaf) & usage) != usage)
		return ERR(CERT_USAGE, "usage %u where %u is needed", cert_usage(leaf), usage);
	return ERR_OK;
}

static enum err revocation_check(const struct path_trust *t, const struct cert *leaf, int64_t now)
{
	struct crl_entry e;
	TRY(path_crl_is_current(t, now));
	if (!crl_find(t->crl, cert_serial(leaf), &e))
		return ERR_OK;
	if (e.reason == CRL_HOLD)
		return ERR(CERT_SUSPENDED, "serial %s", cert_serial(leaf));
	return ERR(CERT_REVOKED, "serial %s", cert_serial(leaf));
}

enum err path_trust_new(const struct cert *root, const struct cert *ca, struct path_trust **ret_t)
{
	TRY(ca_links_check(root, ca));
	struct path_trust *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return ERR(NOMEM, "trust");
	*t = (struct path_trust){root, ca, NULL};
	*ret_t = t;
	return ERR_OK;
}

void path_trust_free(struct path_trust *t)
{
	if (t == NULL)
		return;
	crl_free(t->crl);
	free(t);
}

enum err path_trust_set_crl(struct path_trust *t, struct crl *crl)
{
	if (crl != NULL && crl_verify(crl, t->ca) != ERR_OK)
		return ERR(CERT_CHAIN, "revocation list is not by the issuing CA");
	crl_free(t->crl);
	t->crl = crl;
	return ERR_OK;
}

const struct crl *path_trust_crl(const struct path_trust *t)
{
	return t->crl;
}

enum err path_crl_is_current(const struct path_trust *t, int64_t now)
{
	if (t->crl == NULL)
		return ERR(CRL_STALE, "no revocation list yet");
	if (now < crl_this_update(t->crl))
		return ERR(CRL_STALE, "revocation list is dated %lld s ahead",
		           (long long)(crl_this_update(t->crl) - now));
	if (now > crl_next_update(t->crl))
		return ERR(CRL_STALE, "revocation list is %lld s outdated", (long long)(now - crl_next_update(t->crl)));
	return ERR_OK;
}

enum err path_check_ca(const struct path_trust *t, int64_t now)
{
	TRY(time_check(t->root, now, "root"));
	return time_check(t->ca, now, "issuing CA");
}

enum err path_check(const struct path_trust *t, const struct cert *leaf, unsigned usage, int64_t now)
{
	TRY(link_check(t->ca, leaf, "certificate"));
	TRY(usage_check(leaf, usage));
	TRY(path_check_ca(t, now));
	TRY(time_check(leaf, now, "certificate"));
	return t->crl == NULL ? ERR_OK : revocation_check(t, leaf, now);
}
