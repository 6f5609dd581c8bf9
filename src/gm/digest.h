/* SHA-1 and SHA-256 for one purpose: certificate identifiers that other software puts into OCSP requests (RFC
 * 6960, 4.1.1). Nothing of ours is signed, stored or compared by them; everywhere else the digest is SM3. */
#pragma once
#include "base/err.h"
#include "base/span.h"

enum { SHA1_LEN = 20, SHA256_LEN = 32 };
enum err sha1_digest(struct span s, uint8_t ret_digest[SHA1_LEN]) MUST_CHECK;
enum err sha256_digest(struct span s, uint8_t ret_digest[SHA256_LEN]) MUST_CHECK;
