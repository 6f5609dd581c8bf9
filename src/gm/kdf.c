#include "gm/kdf.h"
#include "gm/ossl.h"
#include "gm/sm3.h"
#include <string.h>

enum { KDF_OUT_MAX = 1024, ROUNDS_MIN = 1, ROUNDS_MAX = 10000000 };

static void put_u32(uint8_t out[4], size_t v)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> (24 - 8 * i));
}

enum err kdf_sm3(struct span key, const char *label, struct span context, uint8_t *ret_out, size_t len)
{
	static const uint8_t zero[1];
	uint8_t count[4], bits[4], block[SM3_LEN];
	if (len == 0 || len > KDF_OUT_MAX)
		return ERR(LIMIT, "kdf output of %zu octets", len);
	put_u32(bits, len * 8);
	const struct span parts[] = {SPAN_ARR(count), span_str(label), SPAN_ARR(zero), context, SPAN_ARR(bits)};
	for (size_t done = 0, i = 1; done < len; i++) {
		size_t take = len - done < SM3_LEN ? len - done : SM3_LEN;
		put_u32(count, i);
		TRY(hmac_sm3(key, parts, COUNT_OF(parts), block));
		memcpy(ret_out + done, block, take);
		done += take;
	}
	wipe(block, sizeof(block));
	return ERR_OK;
}

enum err kdf_pin(struct span pin, struct span salt, unsigned rounds, uint8_t *ret_out, size_t len)
{
	if (pin.len > 1024 || salt.len > 1024 || len == 0 || len > KDF_OUT_MAX)
		return ERR(LIMIT, "pin, salt or output too long");
	if (rounds < ROUNDS_MIN || rounds > ROUNDS_MAX)
		return ERR(LIMIT, "%u rounds", rounds);
	if (PKCS5_PBKDF2_HMAC((const char *)pin.ptr, (int)pin.len, salt.ptr, (int)salt.len, (int)rounds, ossl()->sm3,
	                      (int)len, ret_out) != 1)
		return OSSL_FAIL(INTERNAL, "pbkdf2");
	return ERR_OK;
}
