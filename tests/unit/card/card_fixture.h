/* What the tests of card, token and SKF share: a bureau in memory, a card in memory, and the way between them. */
#pragma once
#include "client/card/card.h"
#include "client/token/token.h"
#include "pki/cert.h"
#include "pki/envelope.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define OK(expr)          assert_string_equal(err_name(fixture_keep(expr)), "OK")
#define FAILS(expr, name) assert_string_equal(err_name(fixture_keep(expr)), #name)
enum err fixture_keep(enum err e); /* prints the trail of an error, for whom it surprises */

enum { FIXTURE_NOW = 1795312800 }; /* 2026-11-22 */
struct bureau {
	struct sm2_key *root_key, *ca_key;
	struct cert *root, *ca;
	struct token_trust trust;
	uint8_t serial; /* of the last certificate */
};
void bureau_start(struct bureau *b);
void bureau_end(struct bureau *b);
struct cert *bureau_issue(struct bureau *b, const char *profile, const struct sm2_pub *pub, const char *id);
/* Both certificates and the envelope for a signing key; pair is the encryption pair inside. */
struct bundle {
	struct cert *sign, *enc;
	struct sm2_key *pair;
	struct buf enveloped;
};
struct bundle bureau_bundle(struct bureau *b, const struct sm2_pub *sign_pub);
void bundle_done(struct bundle *u);
enum err bundle_install(struct token *t, const struct bundle *u);

/* A card in memory with a store that can be watched and made to fail. */
struct mem {
	struct card *card;
	struct card_io io;
	struct buf image; /* as last stored */
	unsigned stores;  /* calls so far */
	unsigned fail_at; /* this call fails (1 is the next after setting stores to 0); 0 never */
	bool lies;        /* the failing call stores all the same */
	uint64_t seed;    /* of the deterministic random source */
	void (*watch)(struct mem *m);
};
void mem_make(struct mem *m, const char *serial);
void mem_reopen(struct mem *m); /* power lost: the card is read again from what is stored */
void mem_done(struct mem *m);
struct reader *mem_reader(struct mem *m);
struct token *mem_token(struct mem *m, const struct token_trust *trust); /* OK is asserted */
struct token *mem_ceremony(struct mem *m);
unsigned mem_apdu(struct mem *m, const char *hex); /* status word of a raw command */
/* Generate, certificates, install; the token stays logged in. */
void mem_personalise(struct mem *m, struct bureau *b, struct token *t, const char *pin);

struct secret *pin_of(const char *text);
enum err login(struct token *t, const char *pin, unsigned *ret_tries);
