/* Bytes to message and back (docs/protocol/ipc.md 2-3). No sockets here. */
#include "ipc/msg.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

static const uint8_t magic[2] = {'Y', 'X'};

/* --- encode --- */

static size_t body_len(const struct ipc_msg *m)
{
	return m->n * 6 + m->data.len;
}

static void put_rid(struct buf *out, const char *hex)
{
	static const uint8_t none[IPC_RID_LEN];

	if (hex[0] == '\0')
		buf_put(out, SPAN_ARR(none));
	else if (text_unhex(span_str(hex), out) != ERR_OK)
		out->failed = ERR_NOMEM; /* the hex was checked by ipc_rid_set() */
}

enum err ipc_encode(const struct ipc_msg *m, struct buf *out)
{
	size_t before = out->len;

	if (m->failed == ERR_NOMEM)
		return ERR(NOMEM, "message type 0x%04x", m->type);
	if (m->failed != ERR_OK || body_len(m) > IPC_BODY_MAX)
		return ERR(LIMIT, "message type 0x%04x is too large", m->type);
	buf_put(out, SPAN_ARR(magic));
	buf_u16(out, m->type);
	buf_u32(out, (uint32_t)body_len(m));
	put_rid(out, m->rid);
	for (size_t i = 0; i < m->n; i++) {
		buf_u16(out, m->slots[i].tag);
		buf_u32(out, (uint32_t)m->slots[i].len);
		buf_put(out, span_sub(buf_span(&m->data), m->slots[i].at, m->slots[i].len));
	}
	enum err e = buf_err(out);
	if (e != ERR_OK)
		buf_cut(out, before);
	return e;
}

/* --- parse --- */

enum err ipc_head_check(struct span head, uint32_t *ret_body_len)
{
	uint16_t type;
	uint32_t len;

	if (!span_starts(head, SPAN_ARR(magic)))
		return ERR(SYNTAX, "frame does not begin with YX");
	head = span_sub(head, sizeof(magic), head.len);
	if (!span_take_u16(&head, &type) || !span_take_u32(&head, &len) || head.len < IPC_RID_LEN)
		return ERR(SYNTAX, "frame head is cut short");
	if (len > IPC_BODY_MAX)
		return ERR(LIMIT, "frame body of %u bytes", len);
	*ret_body_len = len;
	return ERR_OK;
}

static const struct ipc_type *find_type(const struct ipc_type *types, size_t n, uint16_t type)
{
	for (size_t i = 0; i < n; i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}

static const struct ipc_field *find_field(const struct ipc_type *t, uint16_t tag)
{
	for (const struct ipc_field *f = t->fields; f != NULL && f->tag != 0; f++)
		if (f->tag == tag)
			return f;
	return NULL;
}

static enum err check_field(const struct ipc_type *t, const struct ipc_msg *m, uint16_t tag, size_t len)
{
	const struct ipc_field *f = find_field(t, tag);
	uint16_t last = m->n > 0 ? m->slots[m->n - 1].tag : 0;

	if (f == NULL || tag == 0)
		return ERR(SYNTAX, "%s: tag %u is not in the schema", t->name, tag);
	if (tag < last || (tag == last && !f->repeats))
		return ERR(SYNTAX, "%s: tag %u after %u", t->name, tag, last);
	if (len > f->max_len)
		return ERR(LIMIT, "%s: tag %u has %zu bytes", t->name, tag, len);
	if (len < f->min_len)
		return ERR(SYNTAX, "%s: tag %u has %zu bytes", t->name, tag, len);
	if (m->n == IPC_FIELD_MAX)
		return ERR(LIMIT, "%s: more than %d fields", t->name, IPC_FIELD_MAX);
	return ERR_OK;
}

static enum err parse_body(const struct ipc_type *t, struct span body, struct ipc_msg *m)
{
	uint16_t tag;
	uint32_t len;
	struct span value;

	while (body.len > 0) {
		if (!span_take_u16(&body, &tag) || !span_take_u32(&body, &len) || !span_take(&body, len, &value))
			return ERR(SYNTAX, "%s: field is cut short", t->name);
		TRY(check_field(t, m, tag, value.len));
		ipc_put(m, tag, value);
		if (m->failed != ERR_OK)
			return ERR(NOMEM, "%s: %zu bytes", t->name, value.len);
	}
	for (const struct ipc_field *f = t->fields; f != NULL && f->tag != 0; f++)
		if (f->required && !ipc_has(m, f->tag))
			return ERR(SYNTAX, "%s: tag %u is missing", t->name, f->tag);
	return ERR_OK;
}

static enum err parse_rid(struct span raw, struct ipc_msg *m)
{
	AUTO_BUF(hex, IPC_RID_HEX);

	text_hex(&hex, raw);
	TRY(buf_err(&hex));
	ipc_rid_set(m, buf_cstr(&hex));
	return ERR_OK;
}

enum err ipc_parse(struct span frame, const struct ipc_type *types, size_t n, struct ipc_msg **ret_m)
{
	AUTO(ipc_msg) m = NULL;
	struct span rid = SPAN_EMPTY;
	uint32_t len;
	uint16_t type = 0;

	TRY(ipc_head_check(frame, &len));
	frame = span_sub(frame, sizeof(magic), frame.len);
	if (!span_take_u16(&frame, &type) || !span_take_u32(&frame, &len) || !span_take(&frame, IPC_RID_LEN, &rid) ||
	    frame.len != len)
		return ERR(SYNTAX, "frame is not as long as its head says");
	const struct ipc_type *t = find_type(types, n, type);
	if (t == NULL)
		return ERR(SYNTAX, "frame type 0x%04x is not in the schema", type);
	TRY(ipc_msg_new(type, &m));
	TRY(parse_rid(rid, m));
	TRY(parse_body(t, frame, m));
	*ret_m = STEAL(m);
	return ERR_OK;
}
