/* ipc_parse(): what it accepts is encoded to the very same bytes. */
#include "ipc/frame.h"

static const struct ipc_field fields_a[] = {
	{1, 0, 8, true, false},
	{2, 1, 64, false, true},
	{300, 8, 8, false, false},
	{0},
};
static const struct ipc_field fields_b[] = {{7, 0, IPC_BODY_MAX, false, true}, {0}};
static const struct ipc_type types[] = {
	{0x0101, "a", fields_a, false},
	{0x0202, "b", fields_b, true},
	{0x0303, "empty", NULL, false},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(ipc_msg) m = NULL;
	AUTO_BUF(again, IPC_BODY_MAX + 64);
	uint64_t v;

	if (ipc_parse(span_of(data, size), types, COUNT_OF(types), &m) != ERR_OK)
		return 0;
	INVARIANT(ipc_encode(m, &again) == ERR_OK);
	INVARIANT(span_eq(span_of(data, size), buf_span(&again)));
	if (ipc_has(m, 300))
		INVARIANT(ipc_get_u64(m, 300, &v) == ERR_OK);
	INVARIANT(ipc_get_n(m, 7, ipc_count(m, 7)).len == 0);
	return 0;
}
