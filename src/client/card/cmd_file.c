#include "client/card/card_i.h"
#include <string.h>

static struct chip_file *find(struct chip *m, struct span name)
{
	for (size_t i = 0; i < U1_FILES; i++)
		if (m->files[i].name[0] && span_eq_str(name, m->files[i].name))
			return &m->files[i];
	return NULL;
}

static bool right_ok(uint8_t right)
{
	return right == U1_RIGHT_NOBODY || right == U1_RIGHT_USER || right == U1_RIGHT_ANYONE;
}

static bool permitted(const struct card *c, uint8_t right)
{
	return right == U1_RIGHT_ANYONE || (right == U1_RIGHT_USER && c->user);
}

uint16_t cmd_create_file(struct card *c, const struct apdu *a, struct buf *out)
{
	struct span s = a->data;
	uint8_t read, write;
	uint16_t size;

	(void)out;
	if (!span_take_u8(&s, &read) || !span_take_u8(&s, &write) || !span_take_u16(&s, &size) ||
	    !chip_file_name_ok(s) || !right_ok(read) || !right_ok(write) || size < 1)
		return U1_DATA;
	if (size > U1_FILE_MAX)
		return U1_FULL;
	struct chip *m = card_change(c);
	if (find(m, s) != NULL)
		return U1_EXISTS;
	for (size_t i = 0; i < U1_FILES; i++) {
		struct chip_file *f = &m->files[i];
		if (f->name[0])
			continue;
		memset(f, 0, sizeof(*f));
		memcpy(f->name, s.ptr, s.len);
		f->read = read;
		f->write = write;
		f->size = size;
		return card_commit(c);
	}
	return U1_FULL;
}

uint16_t cmd_read_file(struct card *c, const struct apdu *a, struct buf *out)
{
	struct span s = a->data;
	size_t offset = (size_t)a->p1 << 8 | a->p2;
	uint16_t len;

	if (!span_take_u16(&s, &len))
		return U1_DATA;
	const struct chip_file *f = find(&c->now, s);
	if (f == NULL)
		return U1_NOT_FOUND;
	if (!permitted(c, f->read))
		return U1_SECURITY;
	if (offset >= f->size)
		return U1_P1P2;
	buf_put(out, span_sub(span_of(f->data, f->size), offset, len));
	return U1_OK;
}

uint16_t cmd_write_file(struct card *c, const struct apdu *a, struct buf *out)
{
	struct span s = a->data, name;
	size_t offset = (size_t)a->p1 << 8 | a->p2;
	uint8_t len;

	(void)out;
	if (!span_take_u8(&s, &len) || !span_take(&s, len, &name) || s.len == 0)
		return U1_DATA;
	struct chip_file *f = find(card_change(c), name);
	if (f == NULL)
		return U1_NOT_FOUND;
	if (!permitted(c, f->write))
		return U1_SECURITY;
	if (offset >= f->size || s.len > f->size - offset)
		return U1_FULL;
	memcpy(f->data + offset, s.ptr, s.len);
	return card_commit(c);
}
