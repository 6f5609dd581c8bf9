#include "base/text.h"
#include "client/card/card_i.h"
#include "pki/cert.h"
#include <string.h>

uint16_t cmd_select(struct card *c, const struct apdu *a, struct buf *out)
{
	if (!span_eq(a->data, SPAN_LIT(U1_AID)))
		return U1_NOT_FOUND;
	c->selected = true;
	buf_put(out, SPAN_LIT(U1_VERSION));
	return U1_OK;
}

static void put_padded(struct buf *out, const char *s, size_t len)
{
	uint8_t *room = buf_room(out, len);

	if (room == NULL)
		return;
	memset(room, 0, len);
	memcpy(room, s, strnlen(s, len));
}

static uint32_t file_room(const struct chip *m)
{
	uint32_t taken = 0;

	for (size_t i = 0; i < U1_FILES; i++)
		if (m->files[i].name[0])
			taken += U1_FILE_MAX;
	return U1_FILES * U1_FILE_MAX - taken;
}

static uint16_t put_info(const struct chip *m, struct buf *out)
{
	put_padded(out, m->serial, CARD_SERIAL_MAX);
	put_padded(out, m->label, U1_LABEL_MAX + 1);
	buf_u8(out, (uint8_t)m->life);
	buf_u8(out, m->pin_set);
	buf_u8(out, m->tries);
	buf_u8(out, CARD_PIN_TRIES);
	buf_u8(out, m->pin_by);
	buf_u64(out, m->counter);
	buf_u32(out, U1_FILES * U1_FILE_MAX);
	buf_u32(out, file_room(m));
	return U1_OK;
}

static uint16_t put_pub(const struct chip_pair *p, struct buf *out)
{
	if (!p->used)
		return U1_NO_OBJECT;
	buf_put(out, SPAN_ARR(p->pub.b));
	return U1_OK;
}

static uint16_t put_cert(const struct chip_pair *p, struct buf *out)
{
	if (!p->used || p->cert.len == 0)
		return U1_NO_OBJECT;
	buf_put(out, span_of(p->cert.der, p->cert.len));
	return U1_OK;
}

static uint16_t put_attest(const struct chip *m, struct buf *out)
{
	if (!m->sign.used)
		return U1_NO_OBJECT;
	buf_put(out, SPAN_ARR(m->attest));
	return U1_OK;
}

static uint16_t put_files(const struct chip *m, struct buf *out)
{
	for (size_t i = 0; i < U1_FILES; i++) {
		const struct chip_file *f = &m->files[i];
		if (!f->name[0])
			continue;
		buf_u8(out, (uint8_t)strlen(f->name));
		buf_str(out, f->name);
		buf_u16(out, f->size);
		buf_u8(out, f->read);
		buf_u8(out, f->write);
	}
	return U1_OK;
}

uint16_t cmd_get_data(struct card *c, const struct apdu *a, struct buf *out)
{
	const struct chip *m = &c->now;
	unsigned tag = (unsigned)a->p1 << 8 | a->p2;

	if (tag >= U1_TAG_OLD_CERT && tag < U1_TAG_OLD_CERT + U1_OLD_PAIRS)
		return put_cert(&m->enc[1 + tag - U1_TAG_OLD_CERT], out);
	switch (tag) {
	case U1_TAG_INFO:
		return put_info(m, out);
	case U1_TAG_DEVICE_PUB:
		return put_pub(&m->device, out);
	case U1_TAG_CARD_CERT:
		return put_cert(&m->device, out);
	case U1_TAG_ATTEST:
		return put_attest(m, out);
	case U1_TAG_SIGN_PUB:
		return put_pub(&m->sign, out);
	case U1_TAG_ENC_PUB:
		return put_pub(&m->enc[0], out);
	case U1_TAG_SIGN_CERT:
		return put_cert(&m->sign, out);
	case U1_TAG_ENC_CERT:
		return put_cert(&m->enc[0], out);
	case U1_TAG_FILES:
		return put_files(m, out);
	default:
		return U1_NO_OBJECT;
	}
}

uint16_t cmd_random(struct card *c, const struct apdu *a, struct buf *out)
{
	size_t len = (size_t)a->data.ptr[0] << 8 | a->data.ptr[1];

	if (len < 1 || len > U1_RANDOM_MAX)
		return U1_DATA;
	uint8_t *room = buf_room(out, len);
	return room != NULL && c->io.random(c->io.ctx, room, len) == ERR_OK ? U1_OK : U1_FAULT;
}

/* Only the chain tells whether it is genuine, and the card knows no root: the host checks that. */
uint16_t cmd_put_card_cert(struct card *c, const struct apdu *a, struct buf *out)
{
	AUTO(cert) cert = NULL;

	(void)out;
	if (c->now.device.cert.len > 0)
		return U1_EXISTS;
	if (cert_parse(a->data, &cert) != ERR_OK)
		return U1_DATA;
	if (!span_eq(SPAN_ARR(cert_pub(cert)->b), SPAN_ARR(c->now.device.pub.b)) ||
	    strcmp(cert_subject_id(cert), c->now.serial) != 0)
		return U1_FOREIGN;
	struct chip_cert *to = &card_change(c)->device.cert;
	to->len = (uint16_t)a->data.len;
	memcpy(to->der, a->data.ptr, a->data.len);
	return card_commit(c);
}

uint16_t cmd_label(struct card *c, const struct apdu *a, struct buf *out)
{
	(void)out;
	if (text_line_check(a->data) != ERR_OK)
		return U1_DATA;
	struct chip *m = card_change(c);
	memset(m->label, 0, sizeof(m->label));
	memcpy(m->label, a->data.ptr, a->data.len);
	return card_commit(c);
}
