/* receipt_parse(): what it accepts is, written again, the very same octets; verify_receipt() stands whatever it is
 * given. */
#include "evidence/receipt.h"
#include "evidence/verify.h"
#include "gm/sm3.h"
#include <stdlib.h>
#include <string.h>

enum { CHECK_LEN = 5 + SM3_LEN };

static void try_one(struct span file)
{
	AUTO(receipt) r = NULL;
	AUTO_BUF(again, RECEIPT_MAX);
	const struct verify_plan plan = {.now = 1794000000};

	enum err e = receipt_parse(file, &r);
	INVARIANT(e == ERR_OK || e == ERR_RECEIPT || e == ERR_NOMEM);
	if (e == ERR_OK) {
		INVARIANT(receipt_encode(r, &again) == ERR_OK);
		INVARIANT(span_eq(buf_span(&again), file));
	}
	INVARIANT(verify_receipt(file, &plan) != ERR_OK); /* never without a pinned root */
	err_clear();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t digest[SM3_LEN];

	try_one(span_of(data, size));
	if (size < CHECK_LEN)
		return 0;
	/* And with the check at the end made right, which no mutation would hit upon. */
	uint8_t *copy = malloc(size);
	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	if (sm3_digest(span_of(copy, size - CHECK_LEN), digest) == ERR_OK) {
		memcpy(copy + size - SM3_LEN, digest, SM3_LEN);
		try_one(span_of(copy, size));
	}
	free(copy);
	return 0;
}
