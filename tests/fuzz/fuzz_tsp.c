/* Time-stamp requests, answers and their CMS: what is accepted is within the bounds of tsp.h and cms.h; nothing that
 * the fuzzer makes is signed by a key that it has not got. */
#include "pki/cms.h"
#include "pki/tsp.h"

static void token(struct span der)
{
	struct cms c;

	if (cms_parse(der, &c) != ERR_OK)
		return;
	INVARIANT(c.serial.len <= 20 && c.attrs.len <= der.len && c.content.len <= der.len);
	if (c.cert)
		(void)(cms_verify(&c, c.cert) == ERR_OK);
	cms_done(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span der = span_of(data, size), inner;
	struct tsp_request r;

	if (tsp_request_parse(der, &r) == ERR_OK)
		INVARIANT(r.nonce.len <= TSP_NONCE_MAX && r.imprint.len <= size);
	if (tsp_response_token(der, &inner) == ERR_OK)
		token(inner);
	token(der);
	err_clear();
	return 0;
}
