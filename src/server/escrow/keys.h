/* The two lasting keys of escrow: field-data key and unlock master key, 32 octets each. On disk in DIR/keys.bin, sealed
 * (gm/sm4.h seal) under the machine key in DIR/machine.key, both 0600. That protects a copy of keys.bin alone, as in a
 * backup that leaves machine.key out; it does not protect against who reads the whole folder. */
#pragma once
#include "base/secret.h"

enum { KEYS_EACH = 32 };
struct keys;
/* Random keys, written to both files, which are replaced. ret_sm3: of keys.bin. */
enum err keys_create(const char *dir, struct keys **ret_k, uint8_t ret_sm3[32]) MUST_CHECK;
/* ERR_JOURNAL when keys.bin is not the file with that SM3 or does not open with the machine key; ERR_ABSENT. */
enum err keys_open(const char *dir, const uint8_t sm3[32], struct keys **ret_k) MUST_CHECK;
void keys_free(struct keys *k); /* wipes */
DEFINE_AUTO(keys)
enum err keys_field(const struct keys *k, struct secret **ret_key) MUST_CHECK; /* a copy */
/* The card's unlock key, 32 octets: kdf_sm3(master, "yinxin card unlock", serial). */
enum err keys_unlock(const struct keys *k, struct span card_serial, struct secret **ret_key) MUST_CHECK;
