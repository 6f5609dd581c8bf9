#include "gm/rand.h"
#include "gm/ossl.h"

enum err rand_bytes(uint8_t *ret, size_t len)
{
	if (len > 1 << 20)
		return ERR(LIMIT, "%zu random octets at once", len);
	/* The private generator: its output never shares a state with values that leave the process. */
	if (len > 0 && RAND_priv_bytes(ret, (int)len) != 1)
		return OSSL_FAIL(INTERNAL, "no random octets");
	return ERR_OK;
}
