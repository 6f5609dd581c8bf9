/* attest_parse(): what it accepts is encoded to the very same octets. */
#include "pki/attest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct attest a;
	uint8_t tbs[ATTEST_TBS_LEN];

	if (attest_parse(span_of(data, size), &a) == ERR_OK) {
		INVARIANT(attest_tbs(&a, tbs) == ERR_OK);
		INVARIANT(span_eq(SPAN_ARR(tbs), span_of(data, ATTEST_TBS_LEN)));
		(void)!attest_verify(span_of(data, size), &a.pub, &a);
	}
	err_clear();
	return 0;
}
