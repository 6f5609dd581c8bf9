/* Shamir's secret sharing over GF(2^8) with the polynomial 0x11B: a secret of up to 64 octets in n shares, any m of
 * which restore it. Share: u8 index (1..n) || octets. Combining fewer or wrong shares gives a wrong secret; callers
 * check the result against the public key. */
#pragma once
#include "base/secret.h"

enum { SHARE_MAX_N = 16, SHARE_MAX_LEN = 64 };
/* n secrets */
enum err share_split(struct span secret, unsigned m, unsigned n, struct secret *ret_shares[]) MUST_CHECK;
enum err share_join(const struct span *shares, unsigned m, struct secret **ret_secret) MUST_CHECK;
