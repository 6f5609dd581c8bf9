/* Templates: the first line is the model as JSON, the rest the template. No crash, and no '<' of a value gets through.
 */
#include "web/template_i.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void render(struct views *set, struct span model)
{
	AUTO_BUF(out, 1 << 20);
	json_t *parsed = NULL;

	if (json_parse(model, &parsed) != ERR_OK)
		return;
	AUTO_JSON own = parsed;
	bool plain = !memchr(set->v[0].source.ptr ? (const void *)set->v[0].source.ptr : "", '<', set->v[0].source.len);
	if (views_render(set, "main", own, &out) == ERR_OK && plain && out.len > 0)
		INVARIANT(!memchr(out.ptr, '<', out.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size), model = SPAN_EMPTY;
	size_t at;
	struct views *set = calloc(1, sizeof(*set));

	if (!set || !(set->v = calloc(1, sizeof(*set->v))) || !(set->v[0].name = strdup("main")))
		abort();
	set->n = 1;
	if (span_find(s, '\n', &at)) {
		model = span_sub(s, 0, at);
		s = span_sub(s, at + 1, s.len);
	}
	buf_init(&set->v[0].source, TEMPLATE_FILE_MAX);
	buf_put(&set->v[0].source, s);
	if (view_compile(&set->v[0]) == ERR_OK && views_link(set) == ERR_OK)
		render(set, model);
	views_free(set);
	err_clear();
	return 0;
}
