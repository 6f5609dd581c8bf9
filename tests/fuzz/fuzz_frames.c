/* The answer of a picture or document job, as a process that a hostile file has taken over may write it. */
#include "server/convert/convert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct render_limits limits = RENDER_LIMITS_DEFAULT;
	for (int pdf = 0; pdf < 2; pdf++) {
		struct rendering r = {.bytes = buf_make(RENDER_BYTES_MAX)};
		if (rendering_parse(span_of(data, size), pdf != 0, &limits, &r) == ERR_OK) {
			INVARIANT(r.n >= 1 && r.n <= COUNT_OF(r.v));
			for (size_t i = 0; i < r.n; i++)
				INVARIANT(r.v[i].at + r.v[i].len <= r.bytes.len && r.v[i].width <= limits.large &&
				          r.v[i].height <= limits.large);
		}
		rendering_done(&r);
	}
	err_clear();
	return 0;
}
