/* What escrow keeps, in one folder of mode 0700: vault.chain (evidence/chain.h, records of deposit.h), keys.bin and
 * machine.key (keys.h). The chain is the truth: without a SETUP record the vault is empty, whatever key files a broken
 * ceremony left. In memory only evidence -> record number, 40 octets a pair. */
#pragma once
#include "gm/sm2.h"
#include "server/escrow/keys.h"
#include "server/escrow/deposit.h"

struct vault;
/* Makes the folder when there is none. ERR_JOURNAL when anything in it does not fit together. */
enum err vault_open(const char *dir, struct vault **ret_v) MUST_CHECK;
void vault_free(struct vault *v);
DEFINE_AUTO(vault)
bool vault_is_open(const struct vault *v); /* after SETUP */
uint64_t vault_count(const struct vault *v);
void vault_head(const struct vault *v, uint8_t ret_head[32]);
/* Once, on an empty vault. */
enum err vault_setup(struct vault *v, const struct sm2_pub *desk, const struct sm2_pub *legal) MUST_CHECK;

/* The rest needs an open vault. */
const struct keys *vault_keys(const struct vault *v);
const struct sm2_pub *vault_desk(const struct vault *v);
const struct sm2_pub *vault_legal(const struct vault *v);
/* The pair's record, borrowing from room; ERR_ABSENT when this evidence has none. */
enum err vault_find(const struct vault *v, struct span evidence, struct buf *room,
                    struct deposit_pair *ret_p) MUST_CHECK;
enum err vault_add(struct vault *v, const struct deposit_pair *p) MUST_CHECK; /* durable on return; ERR_EXISTS */
