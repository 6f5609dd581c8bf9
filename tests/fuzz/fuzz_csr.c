/* csr_parse(): nothing out of bounds; what it accepts proves possession of the key that it returns. */
#include "pki/csr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(csr) c = NULL;
	struct sm2_pub p;

	if (csr_parse(span_of(data, size), &c) == ERR_OK) {
		INVARIANT(span_eq(csr_der(c), span_of(data, size)));
		INVARIANT(sm2_pub_parse(SPAN_ARR(csr_pub(c)->b), &p) == ERR_OK);
	}
	err_clear();
	return 0;
}
