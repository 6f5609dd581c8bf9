/* SM3 (GB/T 32905-2016) and HMAC-SM3. Digest 32 bytes. */
#pragma once
#include "base/buf.h"

enum { SM3_LEN = 32, SM3_HEX_LEN = 64 };
struct sm3;
enum err sm3_new(struct sm3 **ret_h) MUST_CHECK;
void sm3_free(struct sm3 *h);
DEFINE_AUTO(sm3)
enum err sm3_update(struct sm3 *h, struct span s) MUST_CHECK;
enum err sm3_final(struct sm3 *h, uint8_t ret_digest[SM3_LEN]) MUST_CHECK; /* then only sm3_free */
enum err sm3_digest(struct span s, uint8_t ret_digest[SM3_LEN]) MUST_CHECK;
enum err sm3_hex(struct span s, char ret_hex[SM3_HEX_LEN + 1]) MUST_CHECK; /* digest in lower-case hex */
enum err sm3_digest_n(const struct span *parts, size_t n, uint8_t ret_digest[SM3_LEN]) MUST_CHECK;
enum err hmac_sm3(struct span key, const struct span *parts, size_t n, uint8_t ret_mac[SM3_LEN]) MUST_CHECK;
