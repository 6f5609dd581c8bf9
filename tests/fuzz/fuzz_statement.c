/* statement_parse(): what it accepts is, built again from the values that it gives out, the very same octets. */
#include "evidence/statement_i.h"
#include <stdlib.h>
#include <string.h>

static size_t take(const struct statement *s, const struct statement_part *parts, struct statement_kv *kv, size_t n)
{
	for (; parts->key; parts++)
		for (size_t i = 0; i < statement_count(s, parts->key); i++)
			kv[n++] = (struct statement_kv){parts->key, statement_get_n(s, parts->key, i)};
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct statement_kv kv[STATEMENT_KEYS_MAX + STATEMENT_REPEAT_MAX + STATEMENT_ROWS_MAX];
	AUTO(statement) s = NULL;
	AUTO(statement) again = NULL;

	enum err e = statement_parse(span_of(data, size), &s);
	if (e != ERR_OK) {
		INVARIANT(e == ERR_STATEMENT || e == ERR_STATEMENT_TYPE);
		INVARIANT(s == NULL);
		return 0;
	}
	const struct statement_type *type = statement_type_find(span_str(statement_type(s)));
	INVARIANT(type && span_eq(statement_text(s), span_of(data, size)));
	size_t n = take(s, type->parts, kv, take(s, statement_common, kv, 0));
	INVARIANT(statement_build(type->name, kv, n, &again) == ERR_OK);
	INVARIANT(span_eq(statement_text(again), statement_text(s)));
	return 0;
}
