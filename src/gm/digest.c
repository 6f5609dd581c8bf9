#include "gm/digest.h"
#include "gm/ossl.h"

static enum err digest(const EVP_MD *md, struct span s, uint8_t *ret, unsigned want)
{
	uint8_t out[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (EVP_Digest(s.ptr, s.len, out, &len, md, NULL) != 1 || len != want)
		return OSSL_FAIL(INTERNAL, "digest");
	for (unsigned i = 0; i < want; i++)
		ret[i] = out[i];
	return ERR_OK;
}

enum err sha1_digest(struct span s, uint8_t ret_digest[SHA1_LEN])
{
	return digest(EVP_sha1(), s, ret_digest, SHA1_LEN);
}

enum err sha256_digest(struct span s, uint8_t ret_digest[SHA256_LEN])
{
	return digest(EVP_sha256(), s, ret_digest, SHA256_LEN);
}
