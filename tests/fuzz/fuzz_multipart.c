/* Bodies with files: first line the content type, then the body. No crash; what is accepted is UTF-8, each name once,
 * files inside the body. */
#include "base/text.h"
#include "web/multipart.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct multipart *m, struct span body)
{
	INVARIANT(m->fields.n + m->n_files <= MULTIPART_PARTS_MAX);
	for (size_t i = 0; i < m->fields.n; i++) {
		INVARIANT(text_is_utf8(span_str(m->fields.v[i].name)) && text_is_utf8(span_str(m->fields.v[i].value)));
		INVARIANT(inputs_find(&m->fields, m->fields.v[i].name) == &m->fields.v[i]);
		INVARIANT(!multipart_file_find(m, m->fields.v[i].name));
	}
	for (size_t i = 0; i < m->n_files; i++) {
		const struct web_file *f = &m->files[i].file;
		INVARIANT(multipart_file_find(m, m->files[i].field) == &m->files[i]);
		if (!f->name)
			continue;
		INVARIANT(f->name[0] && !strpbrk(f->name, "/\\\r\n") && strlen(f->name) <= MULTIPART_FILE_NAME_MAX);
		INVARIANT(f->body.ptr >= body.ptr && f->body.ptr + f->body.len <= body.ptr + body.len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) a = arena_new(8 << 20);
	struct span body = span_of(data, size), head = SPAN_LIT("multipart/form-data; boundary=b");
	struct multipart m;

	if (!a)
		return 0;
	(void)span_take_until(&body, '\n', &head);
	const char *type = arena_str(a, head);
	if (type && multipart_parse(type, body, a, &m) == ERR_OK)
		check(&m, body);
	err_clear();
	return 0;
}
