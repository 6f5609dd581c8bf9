#include "server/portal/trust.h"
#include "base/text.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct trust {
	struct cert *root, *ca;
	struct crl *crl, *root_crl; /* root_crl never changes once set */
	pthread_rwlock_t lock; /* of crl */
};

static enum err root_is_pinned(const struct cert *root, const char *bureau)
{
	uint8_t digest[32];
	AUTO_BUF(hex, 65);
	TRY(cert_sm3(root, digest));
	text_hex(&hex, SPAN_ARR(digest));
	return span_eq_str(buf_span(&hex), bureau) ? ERR_OK : ERR(BUREAU, "root certificate is not the bureau's");
}

static enum err trust_check_new(const struct cert *root, const struct cert *ca, const char *bureau, int64_t now)
{
	if (root == NULL || ca == NULL)
		return ERR(STATE, "signer has no root or CA yet");
	TRY(root_is_pinned(root, bureau));
	return path_check_ca(root, ca, now);
}

enum err trust_new(struct cert *root, struct cert *ca, const char *bureau, int64_t now, struct trust **ret_t)
{
	enum err e = trust_check_new(root, ca, bureau, now);
	struct trust *t = e == ERR_OK ? calloc(1, sizeof *t) : NULL;
	if (t == NULL) {
		cert_free(root);
		cert_free(ca);
		return e != ERR_OK ? e : ERR(NOMEM, "trust");
	}
	t->root = root;
	t->ca = ca;
	(void)pthread_rwlock_init(&t->lock, NULL);
	*ret_t = t;
	return ERR_OK;
}

void trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	cert_free(t->root);
	cert_free(t->ca);
	crl_free(t->crl);
	crl_free(t->root_crl);
	(void)pthread_rwlock_destroy(&t->lock);
	free(t);
}

enum err trust_set_crl(struct trust *t, struct span der)
{
	AUTO(crl) fresh = NULL;
	TRY(crl_parse(der, &fresh));
	TRY(crl_verify(fresh, t->ca));
	(void)pthread_rwlock_wrlock(&t->lock);
	bool older = t->crl != NULL && crl_number(fresh) < crl_number(t->crl);
	if (!older) {
		struct crl *old = t->crl;
		t->crl = fresh;
		fresh = old;
	}
	(void)pthread_rwlock_unlock(&t->lock);
	return older ? ERR(STATE, "revocation list is older than the one held") : ERR_OK;
}

enum err trust_set_root_crl(struct trust *t, struct crl *c)
{
	enum err e = c == NULL ? ERR_OK : crl_verify(c, t->root);
	if (e == ERR_OK)
		t->root_crl = c;
	else
		crl_free(c);
	return e;
}

const struct crl *trust_root_crl(const struct trust *t)
{
	return t->root_crl;
}

enum err trust_refresh(struct trust *t, struct signer_client *c)
{
	AUTO_BUF(der, CRL_DER_MAX);
	TRY(signer_crl(c, &der));
	return trust_set_crl(t, buf_span(&der));
}

enum err trust_check(struct trust *t, const struct cert *leaf, int64_t now)
{
	(void)pthread_rwlock_rdlock(&t->lock);
	const struct path_trust p = {t->root, t->ca, t->crl};
	enum err e = t->crl != NULL ? path_check(&p, leaf, KU_SIGN, now) : ERR(UNAVAILABLE, "no revocation list yet");
	(void)pthread_rwlock_unlock(&t->lock);
	return e;
}

int trust_status(struct trust *t, const char *serial)
{
	struct crl_entry e;
	(void)pthread_rwlock_rdlock(&t->lock);
	bool listed = t->crl != NULL && crl_find(t->crl, serial, &e);
	(void)pthread_rwlock_unlock(&t->lock);
	if (!listed)
		return 0;
	return e.reason == CRL_HOLD ? 2 : 1;
}

const struct cert *trust_root(const struct trust *t)
{
	return t->root;
}

const struct cert *trust_ca(const struct trust *t)
{
	return t->ca;
}

enum err trust_crl_der(struct trust *t, struct buf *out)
{
	(void)pthread_rwlock_rdlock(&t->lock);
	bool have = t->crl != NULL;
	if (have)
		buf_put(out, crl_der(t->crl));
	(void)pthread_rwlock_unlock(&t->lock);
	return have ? buf_err(out) : ERR(ABSENT, "no revocation list yet");
}

enum err trust_crl_info(struct trust *t, struct trust_crl_info *ret_i)
{
	(void)pthread_rwlock_rdlock(&t->lock);
	bool have = t->crl != NULL;
	if (have)
		*ret_i = (struct trust_crl_info){crl_number(t->crl), crl_this_update(t->crl), crl_next_update(t->crl)};
	(void)pthread_rwlock_unlock(&t->lock);
	return have ? ERR_OK : ERR(ABSENT, "no revocation list yet");
}
