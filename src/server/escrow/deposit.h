/* Records of the vault (docs/protocol/escrow.md): u8 kind, then a fixed number of fields {u16 length, bytes}.
 * Parsed records borrow from the octets that they were parsed from. */
#pragma once
#include "base/buf.h"

enum deposit_kind { DEPOSIT_SETUP = 1, DEPOSIT_PAIR = 2 };
enum { DEPOSIT_MAX = 4096 };

/* The ceremony's record, the first and only of its kind. */
struct deposit_setup {
	struct span desk_pub, legal_pub; /* 65 each: recovery public keys */
	struct span keys_sm3;            /* 32: SM3 of keys.bin */
};
/* One encryption pair. The private key is in it three times, each time encrypted. */
struct deposit_pair {
	struct span owner, sign_pub, evidence; /* the request */
	struct span enc_pub, enveloped;        /* the answer: SM2EnvelopedKey for sign_pub */
	struct span desk, legal;               /* the scalar, SM2-encrypted to the recovery keys */
};
/* ERR_JOURNAL for octets that are no record of ours. */
enum err deposit_kind(struct span r, enum deposit_kind *ret_k) MUST_CHECK;
enum err deposit_setup_parse(struct span r, struct deposit_setup *ret_s) MUST_CHECK;
enum err deposit_setup_encode(const struct deposit_setup *s, struct buf *out) MUST_CHECK;
enum err deposit_pair_parse(struct span r, struct deposit_pair *ret_p) MUST_CHECK;
enum err deposit_pair_encode(const struct deposit_pair *p, struct buf *out) MUST_CHECK;
