#include "server/notary/state.h"
#include "base/file.h"
#include "base/text.h"
#include "evidence/chain.h"
#include "gm/sm3.h"
#include "pki/path.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATH_BYTES_MAX = 4096,
	RECORD_MAX = 5 * (CERT_DER_MAX + 4) + 1,
	KIND_INSTALL = 1,
	KIND_HEAD = 2,
	N_CERTS = 2 + TRIO_COUNT
};

struct state {
	char *dir;
	struct chain *chain;
	struct trio trio;
	struct state_certs certs;
	char bureau[65];
	struct state_head last;
};

static void certs_done(struct state_certs *c)
{
	cert_free(c->root);
	cert_free(c->ca);
	for (size_t i = 0; i < TRIO_COUNT; i++)
		cert_free(c->own[i]);
	*c = (struct state_certs){NULL};
}

void state_free(struct state *s)
{
	if (s == NULL)
		return;
	chain_free(s->chain);
	trio_done(&s->trio);
	certs_done(&s->certs);
	free(s->dir);
	free(s);
}

/* --- certificates --- */

static enum err own_check(const struct path_trust *trust, const struct state_certs *c, const struct trio *t, size_t i,
                          int64_t now)
{
	const struct cert *own = c->own[i];

	if (t->key[i] == NULL)
		return ERR(STATE, "no keys yet");
	if (strcmp(cert_profile(own), trio_profiles[i]) != 0 ||
	    !span_eq(SPAN_ARR(cert_pub(own)->b), SPAN_ARR(sm2_key_pub(t->key[i])->b)))
		return ERR(CERT_PROFILE, "certificate %s is not for this key and profile", trio_profiles[i]);
	return path_check(trust, own, i == TRIO_OCSP ? KU_DIGITAL : KU_SIGN, now);
}

static struct cert **slot(struct state_certs *c, size_t i)
{
	return i == 0 ? &c->root : i == 1 ? &c->ca : &c->own[i - 2];
}

static enum err install_record(const struct state_certs *c, struct buf *out)
{
	buf_u8(out, KIND_INSTALL);
	for (size_t i = 0; i < N_CERTS; i++) {
		struct span der = cert_der(*slot((struct state_certs *)c, i));
		buf_u32(out, (uint32_t)der.len);
		buf_put(out, der);
	}
	return buf_err(out);
}

static enum err certs_read(struct span in, struct state_certs *c)
{
	for (size_t i = 0; i < N_CERTS; i++) {
		uint32_t len = 0;
		struct span der;
		if (!span_take_u32(&in, &len) || !span_take(&in, len, &der))
			return ERR(JOURNAL, "record of certificates is too short");
		TRY(cert_parse(der, slot(c, i)));
	}
	return in.len == 0 ? ERR_OK : ERR(JOURNAL, "record of certificates is too long");
}

static enum err bureau_of(const struct cert *root, char ret_hex[65])
{
	return cert_sm3_hex(root, ret_hex);
}

/* --- heads --- */

static enum err head_record(const struct state_head *h, struct buf *out)
{
	buf_u8(out, KIND_HEAD);
	buf_u64(out, h->epoch);
	buf_u64(out, h->size);
	buf_u64(out, h->journal_seq);
	buf_u64(out, (uint64_t)h->time);
	buf_put(out, SPAN_ARR(h->root));
	return buf_err(out);
}

static enum err head_read(struct span in, struct state_head *ret_h)
{
	struct state_head h;
	uint64_t time = 0;
	struct span root;

	if (!span_take_u64(&in, &h.epoch) || !span_take_u64(&in, &h.size) || !span_take_u64(&in, &h.journal_seq) ||
	    !span_take_u64(&in, &time) || !span_take(&in, sizeof(h.root), &root) || in.len > 0)
		return ERR(JOURNAL, "record of a head");
	memcpy(h.root, root.ptr, sizeof(h.root));
	h.time = (int64_t)time;
	*ret_h = h;
	return ERR_OK;
}

/* --- life --- */

static enum err replay(uint64_t seq, struct span record, void *ctx)
{
	struct state *s = ctx;
	uint8_t kind = 0;

	if (!span_take_u8(&record, &kind) || (kind == KIND_INSTALL) != (seq == 1) ||
	    (kind != KIND_INSTALL && kind != KIND_HEAD))
		return ERR(JOURNAL, "record %llu is out of place", (unsigned long long)seq);
	return kind == KIND_INSTALL ? certs_read(record, &s->certs) : head_read(record, &s->last);
}

/* The keys that the folder holds are the certificates'; before INSTALL there need not be any. */
static enum err keys_open(struct state *s)
{
	enum err e = trio_open(s->dir, &s->trio);

	if (e == ERR_ABSENT && s->certs.root == NULL) {
		err_clear();
		return ERR_OK;
	}
	if (e == ERR_ABSENT)
		return ERR(JOURNAL, "a key file of the notary is missing");
	TRY(e);
	for (size_t i = 0; s->certs.root != NULL && i < TRIO_COUNT; i++)
		if (!span_eq(SPAN_ARR(cert_pub(s->certs.own[i])->b), SPAN_ARR(sm2_key_pub(s->trio.key[i])->b)))
			return ERR(JOURNAL, "keys.bin holds other keys than the certificates'");
	return s->certs.root != NULL ? bureau_of(s->certs.root, s->bureau) : ERR_OK;
}

enum err state_open(const char *dir, struct state **ret_s)
{
	AUTO(state) s = calloc(1, sizeof(*s));
	char path[PATH_BYTES_MAX];

	if (s == NULL || (s->dir = strdup(dir)) == NULL)
		return ERR(NOMEM, "state of the notary");
	if (snprintf(path, sizeof(path), "%s/notary.chain", dir) >= (int)sizeof(path))
		return ERR(LIMIT, "path of %zu octets", strlen(dir));
	s->last.epoch = 1;
	TRY(sm3_digest(SPAN_EMPTY, s->last.root));
	TRY(chain_open(path, replay, s, &s->chain));
	TRY(keys_open(s));
	*ret_s = STEAL(s);
	return ERR_OK;
}

bool state_is_open(const struct state *s)
{
	return s->certs.root != NULL;
}

enum err state_setup(struct state *s, const struct trio **ret_t)
{
	if (state_is_open(s))
		return ERR(STATE, "the notary has its certificates");
	if (s->trio.key[0] == NULL)
		TRY(trio_create(s->dir, &s->trio));
	*ret_t = &s->trio;
	return ERR_OK;
}

enum err state_install(struct state *s, const struct state_certs *c, int64_t now)
{
	AUTO_BUF(record, RECORD_MAX);
	AUTO(path_trust) trust = NULL;
	struct state_certs own = {NULL};
	uint64_t seq;

	if (state_is_open(s))
		return ERR(STATE, "the notary has its certificates");
	TRY(path_trust_new(c->root, c->ca, &trust));
	TRY(path_check_ca(trust, now));
	for (size_t i = 0; i < TRIO_COUNT; i++)
		TRY(own_check(trust, c, &s->trio, i, now));
	TRY(install_record(c, &record));
	enum err e = certs_read(span_sub(buf_span(&record), 1, record.len), &own);
	if (e == ERR_OK)
		e = bureau_of(own.root, s->bureau);
	if (e == ERR_OK)
		e = chain_append(s->chain, buf_span(&record), &seq);
	if (e != ERR_OK) {
		certs_done(&own);
		return e;
	}
	s->certs = own;
	return ERR_OK;
}

const struct state_certs *state_certs(const struct state *s)
{
	INVARIANT(state_is_open(s));
	return &s->certs;
}

const struct trio *state_trio(const struct state *s)
{
	INVARIANT(state_is_open(s));
	return &s->trio;
}

const char *state_bureau(const struct state *s)
{
	INVARIANT(state_is_open(s));
	return s->bureau;
}

const struct state_head *state_last(const struct state *s)
{
	return &s->last;
}

enum err state_add_head(struct state *s, const struct state_head *h)
{
	AUTO_BUF(record, 128);
	uint64_t seq;

	TRY(head_record(h, &record));
	TRY(chain_append(s->chain, buf_span(&record), &seq));
	s->last = *h;
	return ERR_OK;
}
