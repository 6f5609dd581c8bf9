#include "client/card/card_i.h"
#include <string.h>

enum { KEY_ATTEMPTS = 8, IMAGE_ROOM = sizeof(struct chip) + 128 };
_Static_assert(sizeof(struct card) <= 65536, "a card must fit in one secret");
_Static_assert((int)IMAGE_ROOM <= (int)CARD_IMAGE_MAX, "an image must fit");

/* --- life --- */

static enum err reserve(struct buf *b, size_t len)
{
	*b = buf_make(len);
	buf_room(b, len);
	TRY(buf_err(b));
	buf_clear(b);
	return ERR_OK;
}

void card_free(struct card *c)
{
	if (c == NULL)
		return;
	buf_done(&c->image);
	buf_done(&c->plain);
	buf_done(&c->answer);
	secret_free(c->own);
}

static enum err card_new(const struct card_io *io, struct card **ret_c)
{
	struct secret *own;

	TRY(secret_new(sizeof(struct card), &own));
	AUTO(card) c = (struct card *)(void *)secret_ptr(own);
	c->own = own;
	c->io = *io;
	TRY(reserve(&c->image, IMAGE_ROOM));
	TRY(reserve(&c->plain, U1_APDU_MAX));
	TRY(reserve(&c->answer, U1_APDU_MAX));
	*ret_c = STEAL(c);
	return ERR_OK;
}

enum err card_new_key(const struct card_io *io, struct sm2_key **ret_k)
{
	uint8_t scalar[SM2_SCALAR_LEN];
	enum err e = ERR_INTERNAL;

	for (int i = 0; i < KEY_ATTEMPTS && e != ERR_OK; i++) {
		e = io->random(io->ctx, scalar, sizeof(scalar));
		if (e == ERR_OK)
			e = sm2_key_from(span_of(scalar, sizeof(scalar)), ret_k);
	}
	wipe(scalar, sizeof(scalar));
	return e;
}

static void keep_device_key(struct chip *m, const struct sm2_key *key)
{
	m->device.used = true;
	m->device.pub = *sm2_key_pub(key);
	memcpy(m->device.scalar, sm2_key_scalar(key).ptr, SM2_SCALAR_LEN);
}

enum err card_make(const char *serial, const struct card_io *io, struct card **ret_c)
{
	AUTO(card) c = NULL;
	AUTO(sm2_key) key = NULL;

	if (!chip_serial_ok(serial))
		return ERR(SYNTAX, "card serial is not [A-Z0-9]{4,16}");
	TRY(card_new(io, &c));
	TRY(card_new_key(io, &key));
	struct chip *m = card_change(c);
	memcpy(m->serial, serial, strlen(serial));
	memcpy(m->label, serial, strlen(serial));
	m->tries = CARD_PIN_TRIES;
	keep_device_key(m, key);
	if (card_commit(c) != U1_OK)
		return ERR(IO, "image of card %s was not stored", serial);
	*ret_c = STEAL(c);
	return ERR_OK;
}

enum err card_open(struct span image, const struct card_io *io, struct card **ret_c)
{
	AUTO(card) c = NULL;

	if (image.len > CARD_IMAGE_MAX)
		return ERR(CARD_STATE, "card image of %zu bytes", image.len);
	TRY(card_new(io, &c));
	TRY(chip_parse(image, &c->now));
	*ret_c = STEAL(c);
	return ERR_OK;
}

void card_power(struct card *c)
{
	card_close_channel(c);
	c->selected = false;
}

const char *card_serial(const struct card *c)
{
	return c->now.serial;
}

const struct sm2_pub *card_device_pub(const struct card *c)
{
	return &c->now.device.pub;
}

/* --- changes --- */

struct chip *card_change(struct card *c)
{
	c->next = c->now;
	return &c->next;
}

static void wipe_buf(struct buf *b)
{
	wipe(b->ptr, b->cap);
	buf_clear(b);
}

uint16_t card_commit(struct card *c)
{
	enum err e = chip_encode(&c->next, &c->image);

	if (e == ERR_OK)
		e = c->io.store(c->io.ctx, buf_span(&c->image));
	if (e == ERR_OK)
		c->now = c->next;
	wipe_buf(&c->image);
	wipe(&c->next, sizeof(c->next));
	return e == ERR_OK ? U1_OK : U1_MEMORY;
}

void card_logout(struct card *c)
{
	c->user = false;
	c->may_sign = false;
}

void card_close_channel(struct card *c)
{
	channel_close(&c->channel);
	card_logout(c);
}

/* --- commands --- */

/* ISO/IEC 7816-4 5.1: cases 1 to 4, short and extended. Le is read and not used. */
static bool parse(struct span s, struct apdu *a)
{
	uint8_t first;
	uint16_t len;

	if (!span_take_u8(&s, &a->cla) || !span_take_u8(&s, &a->ins) || !span_take_u8(&s, &a->p1) ||
	    !span_take_u8(&s, &a->p2))
		return false;
	a->data = SPAN_EMPTY;
	if (s.len <= 1)
		return true;
	(void)span_take_u8(&s, &first);
	if (first > 0)
		return span_take(&s, first, &a->data) && s.len <= 1;
	if (!span_take_u16(&s, &len))
		return false;
	if (s.len == 0)
		return true;
	return len > 0 && span_take(&s, len, &a->data) && (s.len == 0 || s.len == 2);
}

static card_command cmd_secure;

enum where { OPEN = 1, INSIDE = 2, USER = 4, ANY_P = 8, ANY_P1 = 16 };
struct row {
	uint8_t cla, ins;
	unsigned where;
	uint8_t p1, p2;
	uint16_t min, max;
	card_command *run;
};
static const struct row rows[] = {
	{U1_CLA_ISO, U1_SELECT, OPEN, 4, 0, 1, 16, cmd_select},
	{U1_CLA, U1_GET_DATA, OPEN | INSIDE | ANY_P, 0, 0, 0, 0, cmd_get_data},
	{U1_CLA, U1_RANDOM, OPEN | INSIDE, 0, 0, 2, 2, cmd_random},
	{U1_CLA, U1_CHANNEL, OPEN, 0, 0, U1_CHANNEL_ASK_LEN, U1_CHANNEL_ASK_LEN, cmd_channel},
	{U1_CLA, U1_SECURE, OPEN, 0, 0, 0, U1_APDU_MAX, cmd_secure},
	{U1_CLA, U1_PUT_CARD_CERT, OPEN | INSIDE, 0, 3, 1, U1_CERT_MAX, cmd_put_card_cert},
	{U1_CLA, U1_VERIFY, INSIDE, 0, 1, 1, 64, cmd_verify},
	{U1_CLA, U1_LOGOUT, INSIDE, 0, 0, 0, 0, cmd_logout},
	{U1_CLA, U1_CHANGE_PIN, INSIDE, 0, 1, 3, 128, cmd_change_pin},
	{U1_CLA, U1_GENERATE, INSIDE, ATTEST_PIN_HOLDER, 0, 33, 32 + 64, cmd_generate},
	{U1_CLA, U1_SIGN, INSIDE | USER, 0, 0, 32, 32, cmd_sign},
	{U1_CLA, U1_DECRYPT, INSIDE | USER, 0, 0, 1, 1200, cmd_decrypt},
	{U1_CLA, U1_INSTALL, INSIDE | USER, 0, 0, 5, U1_INNER_MAX, cmd_install},
	{U1_CLA, U1_DISCARD, INSIDE | USER, 0, 0, 0, 0, cmd_discard},
	{U1_CLA, U1_LABEL, INSIDE | USER, 0, 0, 1, U1_LABEL_MAX, cmd_label},
	{U1_CLA, U1_CREATE_FILE, INSIDE | USER, 0, 0, 5, 4 + U1_FILE_NAME_MAX, cmd_create_file},
	{U1_CLA, U1_READ_FILE, OPEN | INSIDE | ANY_P, 0, 0, 3, 2 + U1_FILE_NAME_MAX, cmd_read_file},
	{U1_CLA, U1_WRITE_FILE, INSIDE | ANY_P, 0, 0, 2, 1 + U1_FILE_NAME_MAX + U1_FILE_MAX, cmd_write_file},
};

static const struct row *find(const struct apdu *a)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].cla == a->cla && rows[i].ins == a->ins)
			return &rows[i];
	return NULL;
}

static uint16_t admit(const struct card *c, const struct apdu *a, const struct row *row, bool inside)
{
	if (row == NULL)
		return a->cla == U1_CLA || a->cla == U1_CLA_ISO ? U1_NO_INS : U1_NO_CLA;
	if (inside && !(row->where & INSIDE))
		return U1_NO_INS;
	if (!inside && !(row->where & OPEN))
		return U1_SECURITY;
	if (!c->selected && a->ins != U1_SELECT)
		return U1_CONDITIONS;
	if (!(row->where & ANY_P) && (a->p1 != row->p1 || a->p2 != row->p2))
		return U1_P1P2;
	if (a->data.len < row->min || a->data.len > row->max)
		return U1_LENGTH;
	if ((row->where & USER) && !c->user)
		return U1_SECURITY;
	return U1_OK;
}

/* Appends data only with U1_OK. */
static uint16_t dispatch(struct card *c, struct span command, bool inside, struct buf *out)
{
	struct apdu a;
	size_t before = out->len;

	if (command.len > U1_APDU_MAX || !parse(command, &a))
		return U1_LENGTH;
	const struct row *row = find(&a);
	uint16_t sw = admit(c, &a, row, inside);
	if (sw == U1_OK)
		sw = row->run(c, &a, out);
	if (sw == U1_OK && out->failed != ERR_OK)
		sw = U1_FAULT;
	if (sw != U1_OK)
		buf_cut(out, before);
	return sw;
}

/* u1.md 4: the MAC is checked before anything else. */
static uint16_t cmd_secure(struct card *c, const struct apdu *a, struct buf *out)
{
	if (channel_unseal(&c->channel, a->data, &c->plain) != ERR_OK) {
		card_close_channel(c);
		wipe_buf(&c->plain);
		return U1_CHANNEL_LOST;
	}
	uint16_t sw = dispatch(c, buf_span(&c->plain), true, &c->answer);
	wipe_buf(&c->plain);
	buf_u16(&c->answer, sw);
	enum err e = buf_err(&c->answer);
	if (e == ERR_OK)
		e = channel_seal(&c->channel, buf_span(&c->answer), out);
	wipe_buf(&c->answer);
	if (e != ERR_OK) {
		card_close_channel(c);
		return U1_FAULT;
	}
	return U1_OK;
}

void card_apdu(struct card *c, struct span command, struct buf *response)
{
	size_t before = response->len;
	uint16_t sw = dispatch(c, command, false, response);

	if (response->failed != ERR_OK) {
		response->failed = ERR_OK;
		buf_cut(response, before);
		sw = U1_FAULT;
	}
	buf_u16(response, sw);
	err_clear(); /* every fault has become a status word */
}
