/* cert_parse(): what it accepts is of the bounds that cert.h promises, and libcrypto, another reader, takes it whole.
 */
#include "gm/ossl.h"
#include "pki/cert.h"
#include "pki/oid.h"
#include <openssl/x509.h>
#include <string.h>

static void libcrypto_agrees(const struct cert *c)
{
	struct span der = cert_der(c);
	const uint8_t *p = der.ptr;
	X509 *x = d2i_X509(NULL, &p, (long)der.len);

	INVARIANT(x != NULL && p == der.ptr + der.len);
	INVARIANT(X509_get_version(x) == X509_VERSION_3);
	X509_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(cert) c = NULL;
	AUTO_BUF(pem, 1 << 16);

	if (cert_parse(span_of(data, size), &c) != ERR_OK) {
		err_clear();
		return 0;
	}
	INVARIANT(span_eq(cert_der(c), span_of(data, size)));
	INVARIANT(strlen(cert_serial(c)) >= 2 && strlen(cert_serial(c)) <= 40);
	INVARIANT(strlen(cert_org(c)) <= CERT_TEXT_MAX && strlen(cert_common_name(c)) <= CERT_TEXT_MAX);
	INVARIANT(cert_not_before(c) <= cert_not_after(c));
	INVARIANT(cert_pathlen(c) == -1 || cert_is_ca(c));
	INVARIANT(cert_pem(c, &pem) == ERR_OK);
	(void)cert_has_eku(c, OID_EKU_TIMESTAMP);
	(void)!cert_verify(c, cert_pub(c));
	libcrypto_agrees(c);
	err_clear();
	return 0;
}
