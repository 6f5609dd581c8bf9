/* json_parse(): whatever it accepts prints and parses back to an equal value. */
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_JSON first = NULL;
	AUTO_JSON again = NULL;
	AUTO_BUF(text, 8 * JSON_TEXT_MAX);

	if (json_parse(span_of(data, size), &first) != ERR_OK)
		return 0;
	INVARIANT(json_print(first, &text) == ERR_OK);
	if (text.len > JSON_TEXT_MAX)
		return 0;
	INVARIANT(json_parse(buf_span(&text), &again) == ERR_OK);
	INVARIANT(json_equal(first, again));
	return 0;
}
