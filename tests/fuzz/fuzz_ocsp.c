/* Requests and answers on status: what is accepted is within the bounds of ocsp.h, and a request answers to itself. */
#include "pki/ocsp.h"

static void request(struct span der)
{
	struct ocsp_request r;
	char serial[OCSP_SERIAL_HEX];

	if (ocsp_request_parse(der, &r) != ERR_OK)
		return;
	INVARIANT(r.n >= 1 && r.n <= OCSP_ITEMS_MAX && r.nonce.len <= OCSP_NONCE_MAX);
	for (size_t i = 0; i < r.n; i++) {
		INVARIANT(r.ids[i].serial.len <= OCSP_SERIAL_MAX);
		ocsp_id_serial(&r.ids[i], serial);
	}
}

static void response(struct span der)
{
	struct ocsp_response r;

	if (ocsp_response_parse(der, &r) != ERR_OK)
		return;
	INVARIANT((r.result == OCSP_SUCCESSFUL) == (r.signer != NULL) && r.n <= OCSP_ITEMS_MAX);
	for (size_t i = 0; i < r.n; i++)
		INVARIANT(r.items[i].next_update == 0 || r.items[i].next_update >= r.items[i].this_update);
	ocsp_response_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	request(span_of(data, size));
	response(span_of(data, size));
	err_clear();
	return 0;
}
