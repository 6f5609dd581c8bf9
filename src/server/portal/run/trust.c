#include "server/portal/run/trust.h"
#include "base/text.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct trust {
	struct cert *root, *ca;
	struct crl *root_crl;      /* NULL: none; never changes once set */
	struct path_trust *path;   /* without a list; constant */
	struct path_trust *listed; /* with the newest list, or none yet */
	pthread_rwlock_t lock;     /* of listed */
	struct trust_source from;  /* list NULL: none */
	struct word *word;         /* NULL: none */
};

static enum err root_is_pinned(const struct cert *root, const char *bureau)
{
	char hex[65];
	TRY(cert_sm3_hex(root, hex));
	return strcmp(hex, bureau) == 0 ? ERR_OK : ERR(BUREAU, "root certificate is not the bureau's");
}

/* What does not change is checked here, once. */
static enum err trust_begin(struct trust *t, const char *bureau, int64_t now)
{
	if (t->root == NULL || t->ca == NULL)
		return ERR(STATE, "signer has no root or CA yet");
	TRY(root_is_pinned(t->root, bureau));
	TRY(path_trust_new(t->root, t->ca, &t->path));
	TRY(path_trust_new(t->root, t->ca, &t->listed));
	return path_check_ca(t->path, now);
}

enum err trust_new(struct cert *root, struct cert *ca, const char *bureau, int64_t now, struct trust **ret_t)
{
	AUTO(trust) t = calloc(1, sizeof(*t));
	if (t == NULL) {
		cert_free(root);
		cert_free(ca);
		return ERR(NOMEM, "trust");
	}
	(void)pthread_rwlock_init(&t->lock, NULL);
	t->root = root;
	t->ca = ca;
	TRY(trust_begin(t, bureau, now));
	*ret_t = STEAL(t);
	return ERR_OK;
}

void trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	word_free(t->word);
	path_trust_free(t->path);
	path_trust_free(t->listed);
	cert_free(t->root);
	cert_free(t->ca);
	crl_free(t->root_crl);
	(void)pthread_rwlock_destroy(&t->lock);
	free(t);
}

/* --- the source --- */

static enum err signer_list(void *ctx, struct buf *out)
{
	return signer_crl(ctx, out);
}

static enum err signer_seq(void *ctx, uint64_t *ret_seq)
{
	return signer_journal_seq(ctx, WORD_MS, ret_seq);
}

static enum err signer_says(void *ctx, const char *serial, int *ret_status)
{
	return signer_status(ctx, serial, WORD_MS, ret_status);
}

enum err trust_follow(struct trust *t, const struct trust_source *s)
{
	INVARIANT(t->word == NULL);
	t->from = *s;
	return word_new(&s->word, &t->word);
}

enum err trust_follow_signer(struct trust *t, struct signer_client *c)
{
	return trust_follow(t, &(struct trust_source){signer_list, {signer_seq, signer_says, c}});
}

/* --- the list --- */

enum err trust_set_crl(struct trust *t, struct span der)
{
	AUTO(crl) fresh = NULL;
	AUTO(path_trust) with = NULL;
	TRY(crl_parse(der, &fresh));
	uint64_t number = crl_number(fresh);
	TRY(path_trust_new(t->root, t->ca, &with));
	TRY(path_trust_set_crl(with, fresh));
	fresh = NULL;
	(void)pthread_rwlock_wrlock(&t->lock);
	const struct crl *held = path_trust_crl(t->listed);
	bool older = held != NULL && number < crl_number(held);
	if (!older) {
		struct path_trust *old = t->listed;
		t->listed = with;
		with = old;
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

enum err trust_refresh(struct trust *t)
{
	AUTO_BUF(der, CRL_DER_MAX);
	if (t->from.list == NULL)
		return ERR(STATE, "nobody to ask for a list");
	TRY(t->from.list(t->from.word.ctx, &der));
	return trust_set_crl(t, buf_span(&der));
}

static enum err list_is_current(struct trust *t, int64_t now)
{
	(void)pthread_rwlock_rdlock(&t->lock);
	enum err e = path_crl_is_current(t->listed, now);
	(void)pthread_rwlock_unlock(&t->lock);
	return e;
}

enum err trust_keep_current(struct trust *t, int64_t now)
{
	enum err e = list_is_current(t, now);
	if (e != ERR_CRL_STALE || t->from.list == NULL)
		return e;
	err_clear();
	enum err fetched = trust_refresh(t);
	if (fetched != ERR_OK)
		return err_note(ERR_CRL_STALE, "no fresh one: %s", err_name(fetched));
	return list_is_current(t, now);
}

int trust_listed(struct trust *t, const char *serial)
{
	struct crl_entry e;
	(void)pthread_rwlock_rdlock(&t->lock);
	const struct crl *held = path_trust_crl(t->listed);
	bool listed = held != NULL && crl_find(held, serial, &e);
	(void)pthread_rwlock_unlock(&t->lock);
	if (!listed)
		return 0;
	return e.reason == CRL_HOLD ? 2 : 1;
}

enum err trust_crl_der(struct trust *t, struct buf *out)
{
	(void)pthread_rwlock_rdlock(&t->lock);
	const struct crl *held = path_trust_crl(t->listed);
	if (held != NULL)
		buf_put(out, crl_der(held));
	(void)pthread_rwlock_unlock(&t->lock);
	return held != NULL ? buf_err(out) : ERR(ABSENT, "no revocation list yet");
}

enum err trust_crl_info(struct trust *t, struct trust_crl_info *ret_i)
{
	(void)pthread_rwlock_rdlock(&t->lock);
	const struct crl *held = path_trust_crl(t->listed);
	if (held != NULL)
		*ret_i = (struct trust_crl_info){crl_number(held), crl_this_update(held), crl_next_update(held)};
	(void)pthread_rwlock_unlock(&t->lock);
	return held != NULL ? ERR_OK : ERR(ABSENT, "no revocation list yet");
}

/* --- certificates --- */

enum err trust_path(struct trust *t, const struct cert *leaf, int64_t now)
{
	return path_check(t->path, leaf, KU_SIGN, now);
}

static enum err status_error(int status, const char *serial)
{
	if (status == 0)
		return ERR_OK;
	return status == 2 ? ERR(CERT_SUSPENDED, "serial %s", serial) : ERR(CERT_REVOKED, "serial %s", serial);
}

static enum err check_by_list(struct trust *t, const struct cert *leaf, int64_t now)
{
	(void)pthread_rwlock_rdlock(&t->lock);
	enum err e = path_check(t->listed, leaf, KU_SIGN, now);
	if (e == ERR_OK)
		e = path_crl_is_current(t->listed, now);
	(void)pthread_rwlock_unlock(&t->lock);
	return e;
}

/* The list is fetched anew on the way; whether that succeeds does not matter to this certificate, of which the signer
 * is asked. Who does not answer that is not asked for the list too: a login waits once. */
enum err trust_check(struct trust *t, const struct cert *leaf, int64_t now)
{
	int status = 0;
	if (t->word == NULL)
		return check_by_list(t, leaf, now);
	TRY(trust_path(t, leaf, now));
	TRY(word_now(t->word, cert_serial(leaf), &status));
	if (trust_keep_current(t, now) != ERR_OK)
		err_clear();
	return status_error(status, cert_serial(leaf));
}

enum err trust_still_good(struct trust *t, const char *serial)
{
	int status = 0;
	if (t->word == NULL)
		return status_error(trust_listed(t, serial), serial);
	TRY(word_of(t->word, serial, &status));
	return status_error(status, serial);
}

enum err trust_journal_seq(struct trust *t, uint64_t *ret_seq)
{
	*ret_seq = 0;
	return t->word != NULL ? word_seq(t->word, ret_seq) : ERR_OK;
}

int trust_status(struct trust *t, const char *serial)
{
	int status = 0;
	if (t->word != NULL && word_of(t->word, serial, &status) == ERR_OK)
		return status;
	err_clear();
	return trust_listed(t, serial);
}

const struct cert *trust_root(const struct trust *t)
{
	return t->root;
}

const struct cert *trust_ca(const struct trust *t)
{
	return t->ca;
}
