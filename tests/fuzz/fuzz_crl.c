/* crl_parse(): what it accepts is in order of time, and libcrypto, another reader, takes it whole. */
#include "gm/ossl.h"
#include "pki/crl.h"
#include <openssl/x509.h>

static void libcrypto_agrees(const struct crl *c)
{
	struct span der = crl_der(c);
	const uint8_t *p = der.ptr;
	X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)der.len);

	INVARIANT(x != NULL && p == der.ptr + der.len);
	X509_CRL_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(crl) c = NULL;
	struct crl_entry e;

	if (crl_parse(span_of(data, size), &c) == ERR_OK) {
		INVARIANT(span_eq(crl_der(c), span_of(data, size)));
		INVARIANT(crl_this_update(c) <= crl_next_update(c));
		if (crl_find(c, "01", &e))
			INVARIANT(e.serial_len == 1 && e.serial[0] == 1);
		libcrypto_agrees(c);
	}
	err_clear();
	return 0;
}
