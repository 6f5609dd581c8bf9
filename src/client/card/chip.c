#include "client/card/chip.h"
#include "client/card/card.h"
#include "gm/sm3.h"
#include "base/text.h"
#include <string.h>

enum { IMAGE_VERSION = 1, HEAD_LEN = 10 };

bool chip_serial_ok(const char *serial)
{
	size_t len = strnlen(serial, CARD_SERIAL_MAX + 1);

	if (len < 4 || len > CARD_SERIAL_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = serial[i];
		if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
			return false;
	}
	return true;
}

bool chip_file_name_ok(struct span name)
{
	if (name.len < 1 || name.len > U1_FILE_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] > '~')
			return false;
	return true;
}

/* --- out --- */

static void put_pair(struct buf *out, const struct chip_pair *p)
{
	buf_u8(out, p->used);
	if (!p->used)
		return;
	buf_put(out, span_of(p->scalar, sizeof(p->scalar)));
	buf_put(out, span_of(p->pub.b, sizeof(p->pub.b)));
	buf_u16(out, p->cert.len);
	buf_put(out, span_of(p->cert.der, p->cert.len));
}

static void put_file(struct buf *out, const struct chip_file *f)
{
	buf_u8(out, (uint8_t)strlen(f->name));
	if (!f->name[0])
		return;
	buf_str(out, f->name);
	buf_u8(out, f->read);
	buf_u8(out, f->write);
	buf_u16(out, f->size);
	buf_put(out, span_of(f->data, f->size));
}

static void put_fields(struct buf *out, const struct chip *m)
{
	buf_put(out, span_of(m->serial, CARD_SERIAL_MAX));
	buf_u8(out, (uint8_t)strlen(m->label));
	buf_str(out, m->label);
	buf_u8(out, (uint8_t)m->life);
	buf_u8(out, m->pin_set);
	buf_u8(out, m->tries);
	buf_u8(out, m->pin_by);
	buf_put(out, span_of(m->salt, sizeof(m->salt)));
	buf_put(out, span_of(m->verifier, sizeof(m->verifier)));
	buf_u64(out, m->counter);
	buf_put(out, span_of(m->attest, sizeof(m->attest)));
	put_pair(out, &m->device);
	put_pair(out, &m->sign);
	for (size_t i = 0; i < CHIP_PAIRS; i++)
		put_pair(out, &m->enc[i]);
	for (size_t i = 0; i < U1_FILES; i++)
		put_file(out, &m->files[i]);
}

enum err chip_encode(const struct chip *m, struct buf *out)
{
	uint8_t digest[SM3_LEN];

	buf_clear(out);
	buf_str(out, "YXU1");
	buf_u16(out, IMAGE_VERSION);
	buf_u32(out, 0);
	put_fields(out, m);
	TRY(buf_err(out));
	size_t whole = out->len + SM3_LEN;
	for (size_t i = 0; i < 4; i++)
		out->ptr[HEAD_LEN - 1 - i] = (uint8_t)(whole >> (8 * i));
	TRY(sm3_digest(buf_span(out), digest));
	buf_put(out, span_of(digest, sizeof(digest)));
	return buf_err(out);
}

/* --- in --- */

static bool take_bytes(struct span *s, void *to, size_t len)
{
	struct span part;

	if (!span_take(s, len, &part))
		return false;
	if (len > 0)
		memcpy(to, part.ptr, len);
	return true;
}

static bool take_bool(struct span *s, bool *ret)
{
	uint8_t v;

	if (!span_take_u8(s, &v) || v > 1)
		return false;
	*ret = v == 1;
	return true;
}

static bool take_pair(struct span *s, struct chip_pair *p)
{
	if (!take_bool(s, &p->used))
		return false;
	if (!p->used)
		return true;
	return take_bytes(s, p->scalar, sizeof(p->scalar)) && take_bytes(s, p->pub.b, sizeof(p->pub.b)) &&
	       span_take_u16(s, &p->cert.len) && p->cert.len <= U1_CERT_MAX && take_bytes(s, p->cert.der, p->cert.len);
}

static bool take_file(struct span *s, struct chip_file *f)
{
	uint8_t len;
	struct span name;

	if (!span_take_u8(s, &len))
		return false;
	if (len == 0)
		return true;
	if (!span_take(s, len, &name) || !chip_file_name_ok(name))
		return false;
	memcpy(f->name, name.ptr, name.len);
	return span_take_u8(s, &f->read) && span_take_u8(s, &f->write) && span_take_u16(s, &f->size) &&
	       f->size <= U1_FILE_MAX && take_bytes(s, f->data, f->size);
}

static bool take_head(struct span *s, struct chip *m)
{
	uint8_t len, life;

	if (!take_bytes(s, m->serial, CARD_SERIAL_MAX) || !chip_serial_ok(m->serial))
		return false;
	if (!span_take_u8(s, &len) || len > U1_LABEL_MAX || !take_bytes(s, m->label, len))
		return false;
	if (!span_take_u8(s, &life) || life > CHIP_READY)
		return false;
	m->life = (enum chip_life)life;
	return take_bool(s, &m->pin_set) && span_take_u8(s, &m->tries) && m->tries <= CARD_PIN_TRIES &&
	       span_take_u8(s, &m->pin_by) && take_bytes(s, m->salt, sizeof(m->salt)) &&
	       take_bytes(s, m->verifier, sizeof(m->verifier)) && span_take_u64(s, &m->counter) &&
	       take_bytes(s, m->attest, sizeof(m->attest));
}

static bool take_fields(struct span *s, struct chip *m)
{
	if (!take_head(s, m) || !take_pair(s, &m->device) || !m->device.used || !take_pair(s, &m->sign))
		return false;
	for (size_t i = 0; i < CHIP_PAIRS; i++)
		if (!take_pair(s, &m->enc[i]))
			return false;
	for (size_t i = 0; i < U1_FILES; i++)
		if (!take_file(s, &m->files[i]))
			return false;
	return s->len == 0;
}

/* Life, keys and PIN must agree, or the image was not written by chip_encode. */
static bool agrees(const struct chip *m)
{
	bool key = m->life != CHIP_BLANK;

	return m->sign.used == key && m->pin_set == key && m->enc[0].used == (m->life == CHIP_READY);
}

enum err chip_parse(struct span image, struct chip *m)
{
	uint8_t digest[SM3_LEN];
	struct span s = image, magic;
	uint16_t version;
	uint32_t whole;

	memset(m, 0, sizeof(*m));
	if (!span_take(&s, 4, &magic) || !span_eq_str(magic, "YXU1") || !span_take_u16(&s, &version) ||
	    !span_take_u32(&s, &whole) || whole != image.len || s.len < SM3_LEN)
		return ERR(CARD_STATE, "not a card image");
	if (version != IMAGE_VERSION)
		return ERR(CARD_STATE, "card image version %u", version);
	s.len -= SM3_LEN;
	TRY(sm3_digest(span_sub(image, 0, image.len - SM3_LEN), digest));
	if (!ct_equal(span_of(digest, sizeof(digest)), span_of(s.ptr + s.len, SM3_LEN)))
		return ERR(CARD_STATE, "card image is damaged");
	if (!take_fields(&s, m) || !agrees(m))
		return ERR(CARD_STATE, "card image is not consistent");
	return ERR_OK;
}
