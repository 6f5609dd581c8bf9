/* A card's own statement about a key born in it (docs/protocol/u1.md). Fixed form, big-endian:
 *   "YXATT1" (6) | pin_by (1) | serial, ASCII, NUL padded (16) | public key (65) | approval SM3 (32, zeros: none) |
 *   reserved zero (1) | counter u64 (8)   = 129 octets, then the signature r||s (64) by the card's device key over
 * them. */
#pragma once
#include "gm/sm2.h"

enum attest_pin { ATTEST_PIN_HOLDER = 1, ATTEST_PIN_TRANSPORT = 2 };
enum { CARD_SERIAL_MAX = 16, ATTEST_TBS_LEN = 129, ATTEST_LEN = ATTEST_TBS_LEN + SM2_SIG_LEN };
struct attest {
	char serial[CARD_SERIAL_MAX + 1]; /* [A-Z0-9]{4,16} */
	struct sm2_pub pub;
	uint8_t approval[32];
	enum attest_pin pin_by;
	uint64_t counter;
};
enum err attest_tbs(const struct attest *a, uint8_t ret_tbs[ATTEST_TBS_LEN]) MUST_CHECK;
enum err attest_parse(struct span bytes, struct attest *ret_a) MUST_CHECK; /* ERR_DER */
/* ERR_ATTEST */
enum err attest_verify(struct span bytes, const struct sm2_pub *device, struct attest *ret_a) MUST_CHECK;
