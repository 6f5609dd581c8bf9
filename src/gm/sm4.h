/* SM4 (GB/T 32907-2016), key 16 bytes, block 16 bytes; and the project's sealed form: SM4-CTR then HMAC-SM3. */
#pragma once
#include "base/buf.h"
#include "base/secret.h"

enum { SM4_KEY_LEN = 16, SM4_BLOCK = 16, SEAL_KEY_LEN = 32, SEAL_OVERHEAD = 16 + 32 };
/* PKCS#7 padding */
enum err sm4_cbc_encrypt(struct span key, struct span iv, struct span in, struct buf *out) MUST_CHECK;
/* ERR_SYNTAX on padding */
enum err sm4_cbc_decrypt(struct span key, struct span iv, struct span in, struct buf *out) MUST_CHECK;
enum err sm4_ctr(struct span key, struct span iv, struct span in, struct buf *out) MUST_CHECK;
/* no padding, block multiple */
enum err sm4_ecb(struct span key, bool encrypt, struct span in, struct buf *out) MUST_CHECK;

/* seal: random iv(16) || SM4-CTR(k1, plain) || HMAC-SM3(k2, u64 len(aad) || aad || iv || cipher), k1 and k2 from the
 * 32-byte key by kdf_sm3. seal_open fails with ERR_SIG for any change of key, aad or bytes. */
enum err seal_close(struct span key, struct span aad, struct span plain, struct buf *out) MUST_CHECK;
enum err seal_open(struct span key, struct span aad, struct span sealed, struct buf *out) MUST_CHECK;
