/* A small authority for the tests: root, issuing CA, one unit holder with both certificates. */
#pragma once
#include "../gm/gm_test.h"
#include "gm/der.h"
#include "pki/cert.h"

enum { DAY = 86400, T0 = 1794000000 }; /* 2026-11-06 */

struct bureau {
	struct sm2_key *root_key, *ca_key, *sign_key, *enc_key, *card_key;
	struct cert *root, *ca, *sign, *enc, *card;
};
extern struct bureau b;

int bureau_up(void **state); /* group set-up: loads share/profiles/profiles.json */
int bureau_down(void **state);
/* A specification that cert_build takes, for this profile of the file, with names fitting it. */
struct cert_spec spec_for(const char *profile, const struct sm2_pub *pub);
/* The same object with some octets different and everything after them resigned by key: to reach checks that a flipped
 * bit cannot. part counts the members of the TBS; its octets are replaced by `with`. */
void resign(struct span signed_der, const struct sm2_key *key, size_t part, struct span with, struct buf *out);
/* Number from YX_SEED or the clock, printed as a TAP comment. */
unsigned test_seed(void);
unsigned test_next(unsigned *seed); /* 0..32767 */
