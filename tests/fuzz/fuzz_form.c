/* Form bodies, JSON bodies and cookie headers: no crash, and what is accepted is UTF-8 with each name once. */
#include "base/text.h"
#include "web/form.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct inputs *in, bool unique)
{
	for (size_t i = 0; i < in->n; i++) {
		INVARIANT(text_is_utf8(span_str(in->v[i].name)) && text_is_utf8(span_str(in->v[i].value)));
		INVARIANT(!unique || inputs_find(in, in->v[i].name) == &in->v[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) a = arena_new(8 << 20);
	struct inputs in;
	struct span s = span_of(data, size);

	if (!a)
		return 0;
	if (form_parse(s, a, &in) == ERR_OK)
		check(&in, true);
	if (form_parse_json(s, a, &in) == ERR_OK)
		check(&in, true);
	if (cookies_parse(s, a, &in) == ERR_OK)
		check(&in, false);
	err_clear();
	return 0;
}
