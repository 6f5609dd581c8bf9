/* libFuzzer target of the agent's HTTP parser: head end, head, query. */
#include "web/http1.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = span_of(data, size), v;
	struct http1 h;
	size_t len = size;

	if (http1_head_end(all, &len) && len > size)
		abort();
	if (http1_parse(span_sub(all, 0, len), &h) == ERR_OK) {
		if (h.path.len == 0 || h.path.ptr[0] != '/' || h.n_fields > HTTP1_FIELDS_MAX ||
		    h.body_len > HTTP1_BODY_MAX)
			abort();
		if (!http1_has(&h, "Host") || http1_has(&h, "Transfer-Encoding"))
			abort();
		(void)!http1_query(&h, "id", &v);
	}
	err_clear();
	return 0;
}
