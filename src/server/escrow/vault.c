#include "server/escrow/vault.h"
#include "base/file.h"
#include "evidence/chain.h"
#include "server/escrow/digmap.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES_MAX = 4096 };

struct vault {
	char *dir;
	struct chain *chain;
	struct keys *keys; /* NULL: empty */
	struct sm2_pub desk, legal;
	struct digmap by_evidence;
};

void vault_free(struct vault *v)
{
	if (v == NULL)
		return;
	chain_free(v->chain);
	keys_free(v->keys);
	digmap_done(&v->by_evidence);
	free(v->dir);
	free(v);
}

/* --- replay --- */

static enum err replay_setup(struct vault *v, uint64_t seq, struct span record)
{
	struct deposit_setup s;

	if (seq != 1)
		return ERR(JOURNAL, "setup in record %llu", (unsigned long long)seq);
	TRY(deposit_setup_parse(record, &s));
	TRY(sm2_pub_parse(s.desk_pub, &v->desk));
	TRY(sm2_pub_parse(s.legal_pub, &v->legal));
	enum err e = keys_open(v->dir, s.keys_sm3.ptr, &v->keys);
	return e == ERR_ABSENT ? ERR(JOURNAL, "the vault is set up, but a key file is missing") : e;
}

static enum err replay_pair(struct vault *v, uint64_t seq, struct span record)
{
	struct deposit_pair p;
	uint64_t before;

	if (v->keys == NULL)
		return ERR(JOURNAL, "record %llu comes before setup", (unsigned long long)seq);
	TRY(deposit_pair_parse(record, &p));
	if (digmap_find(&v->by_evidence, p.evidence.ptr, &before))
		return ERR(JOURNAL, "records %llu and %llu have the same evidence", (unsigned long long)before,
		           (unsigned long long)seq);
	TRY(digmap_reserve(&v->by_evidence));
	digmap_add(&v->by_evidence, p.evidence.ptr, seq);
	return ERR_OK;
}

static enum err replay(uint64_t seq, struct span record, void *ctx)
{
	enum deposit_kind kind;

	TRY(deposit_kind(record, &kind));
	return kind == DEPOSIT_SETUP ? replay_setup(ctx, seq, record) : replay_pair(ctx, seq, record);
}

enum err vault_open(const char *dir, struct vault **ret_v)
{
	AUTO(vault) v = calloc(1, sizeof(*v));
	char path[PATH_BYTES_MAX];

	if (v == NULL || (v->dir = strdup(dir)) == NULL)
		return ERR(NOMEM, "vault");
	if (snprintf(path, sizeof(path), "%s/vault.chain", dir) >= (int)sizeof(path))
		return ERR(LIMIT, "path of %zu octets", strlen(dir));
	TRY(file_mkdir(dir, 0700));
	TRY(chain_open(path, replay, v, &v->chain));
	*ret_v = STEAL(v);
	return ERR_OK;
}

/* --- read --- */

bool vault_is_open(const struct vault *v)
{
	return v->keys != NULL;
}

uint64_t vault_count(const struct vault *v)
{
	return chain_next(v->chain) - 1;
}

void vault_head(const struct vault *v, uint8_t ret_head[32])
{
	chain_head(v->chain, ret_head);
}

const struct keys *vault_keys(const struct vault *v)
{
	INVARIANT(v->keys);
	return v->keys;
}

const struct sm2_pub *vault_desk(const struct vault *v)
{
	return &v->desk;
}

const struct sm2_pub *vault_legal(const struct vault *v)
{
	return &v->legal;
}

enum err vault_find(const struct vault *v, struct span evidence, struct buf *room, struct deposit_pair *ret_p)
{
	uint64_t seq;

	INVARIANT(evidence.len == DIGMAP_KEY_LEN);
	if (!digmap_find(&v->by_evidence, evidence.ptr, &seq))
		return ERR(ABSENT, "no pair for this evidence");
	buf_clear(room);
	TRY(chain_read(v->chain, seq, room));
	return deposit_pair_parse(buf_span(room), ret_p);
}

/* --- write --- */

enum err vault_setup(struct vault *v, const struct sm2_pub *desk, const struct sm2_pub *legal)
{
	AUTO(keys) keys = NULL;
	AUTO_BUF(record, DEPOSIT_MAX);
	uint8_t keys_sm3[32];
	uint64_t seq;

	if (v->keys != NULL || chain_next(v->chain) != 1)
		return ERR(STATE, "the vault is set up already");
	TRY(keys_create(v->dir, &keys, keys_sm3));
	struct deposit_setup s = {SPAN_ARR(desk->b), SPAN_ARR(legal->b), SPAN_ARR(keys_sm3)};
	TRY(deposit_setup_encode(&s, &record));
	TRY(chain_append(v->chain, buf_span(&record), &seq));
	v->desk = *desk;
	v->legal = *legal;
	v->keys = STEAL(keys);
	return ERR_OK;
}

enum err vault_add(struct vault *v, const struct deposit_pair *p)
{
	AUTO_BUF(record, DEPOSIT_MAX);
	uint64_t seq;

	INVARIANT(v->keys);
	if (digmap_find(&v->by_evidence, p->evidence.ptr, &seq))
		return ERR(EXISTS, "record %llu has this evidence", (unsigned long long)seq);
	TRY(digmap_reserve(&v->by_evidence));
	TRY(deposit_pair_encode(p, &record));
	TRY(chain_append(v->chain, buf_span(&record), &seq));
	digmap_add(&v->by_evidence, p->evidence.ptr, seq);
	return ERR_OK;
}
