/* What the escrow tests share: keys, a fresh vault for each case, requests with their checks. */
#pragma once
#include "escrow_run.h"
#include "base/secret.h"
#include "evidence/chain.h"
#include "pki/envelope.h"
#include "server/escrow/deposit.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

extern struct run r;
extern struct sm2_key *desk, *legal, *holder, *other;

/* --- fixtures --- */
int case_make_keys(void **state);
int case_drop_keys(void **state);
int case_make(void **state);       /* the folder */
int case_start(void **state);      /* and a process with an empty vault */
int case_open_vault(void **state); /* and SETUP */
int case_drop(void **state);
#define CASE(test, setup) cmocka_unit_test_setup_teardown(test, case_##setup, case_drop)

/* --- requests --- */
struct answer {
	struct sm2_pub pub;
	uint8_t enveloped[ENVELOPED_KEY_MAX];
	size_t len;
};
struct escrow_hello hello(void);
void evidence_of(unsigned n, uint8_t ret[32]);
enum err ask(const char *owner, const struct sm2_key *key, unsigned n, struct answer *ret_a);
void assert_same(const struct answer *a, const struct answer *b);
void assert_opens(const struct answer *a, const struct sm2_key *by);
bool file_holds(const char *name, struct span needle);
unsigned mode_of(const char *path);
enum err unlock(const char *serial, const struct sm2_key *device, uint8_t ret_key[32]);

/* --- the vault's file; escrow must not run --- */
struct found {
	struct deposit_pair pair;
	uint8_t room[DEPOSIT_MAX];
	unsigned n;
};
enum err find_pair(uint64_t seq, struct span record, void *ctx); /* chain_fn into a struct found: the last pair */
