/* SCGI frames: no crash, needs that never shrink below what is there, and a parsed request that lies within its input.
 */
#include "web/scgi.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct span in, const char *s)
{
	const uint8_t *p = (const uint8_t *)s;

	INVARIANT(p >= in.ptr && p < in.ptr + in.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct scgi s;
	size_t total;

	enum err need = scgi_need(in, &total);
	INVARIANT(need != ERR_OK || total >= size);
	enum err e = scgi_parse(in, &s);
	INVARIANT(e != ERR_OK || (need == ERR_OK && total == size));
	for (size_t i = 0; e == ERR_OK && i < s.n; i++) {
		check_inside(in, s.v[i].name);
		check_inside(in, s.v[i].value);
	}
	err_clear();
	return 0;
}
