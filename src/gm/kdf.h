/* Key derivation: HMAC-SM3 in counter mode, block i = HMAC(key, u32 i || label || 0x00 || context || u32 bits)
 * (shape of NIST SP 800-108 counter mode; the GM/T 0009 KDF is inside SM2 encryption and not offered here).
 * kdf_pin: PBKDF2-HMAC-SM3. */
#pragma once
#include "base/secret.h"

enum err kdf_sm3(struct span key, const char *label, struct span context, uint8_t *ret_out, size_t len) MUST_CHECK;
enum err kdf_pin(struct span pin, struct span salt, unsigned rounds, uint8_t *ret_out, size_t len) MUST_CHECK;
