#include "client/card/card_i.h"
#include "gm/kdf.h"
#include <string.h>

enum { ROUNDS = 1000 };

static bool in_range(struct span pin)
{
	if (pin.len < CARD_PIN_MIN || pin.len > CARD_PIN_MAX)
		return false;
	for (size_t i = 0; i < pin.len; i++)
		if (pin.ptr[i] < 0x21 || pin.ptr[i] > 0x7E)
			return false;
	return true;
}

/* All equal, or an unbroken run up or down: the same step of 0, 1 or -1 everywhere. */
static bool is_trivial(struct span pin)
{
	int step = pin.ptr[1] - pin.ptr[0];

	for (size_t i = 2; i < pin.len; i++)
		if (pin.ptr[i] - pin.ptr[i - 1] != step)
			return false;
	return step >= -1 && step <= 1;
}

uint16_t pin_check_new(struct span pin, struct span old)
{
	if (!in_range(pin))
		return U1_PIN_RANGE;
	return is_trivial(pin) || ct_equal(pin, old) ? U1_PIN_SAME : U1_OK;
}

uint16_t pin_set(const struct card_io *io, struct chip *m, struct span pin)
{
	if (io->random(io->ctx, m->salt, sizeof(m->salt)) != ERR_OK ||
	    kdf_pin(pin, SPAN_ARR(m->salt), ROUNDS, m->verifier, sizeof(m->verifier)) != ERR_OK)
		return U1_FAULT;
	m->pin_set = true;
	m->tries = CARD_PIN_TRIES;
	return U1_OK;
}

static bool matches(const struct chip *m, struct span pin)
{
	uint8_t got[CHIP_VERIFIER_LEN];
	bool same = kdf_pin(pin, SPAN_ARR(m->salt), ROUNDS, got, sizeof(got)) == ERR_OK &&
	            ct_equal(SPAN_ARR(got), SPAN_ARR(m->verifier));

	wipe(got, sizeof(got));
	return same;
}

/* The try is in stable storage before the comparison: power taken away in between costs the attacker that try. */
static uint16_t try_pin(struct card *c, struct span pin)
{
	if (!c->now.pin_set)
		return U1_PIN_UNSET;
	if (!in_range(pin))
		return U1_PIN_RANGE;
	if (c->now.tries == 0)
		return U1_PIN_LOCKED;
	card_logout(c);
	card_change(c)->tries--;
	uint16_t sw = card_commit(c);
	if (sw != U1_OK || matches(&c->now, pin))
		return sw;
	return c->now.tries > 0 ? (uint16_t)(U1_PIN_WRONG | c->now.tries) : U1_PIN_LOCKED;
}

uint16_t cmd_verify(struct card *c, const struct apdu *a, struct buf *out)
{
	uint16_t sw = try_pin(c, a->data);

	(void)out;
	if (sw != U1_OK)
		return sw;
	card_change(c)->tries = CARD_PIN_TRIES;
	sw = card_commit(c);
	c->user = c->may_sign = sw == U1_OK;
	return sw;
}

uint16_t cmd_logout(struct card *c, const struct apdu *a, struct buf *out)
{
	(void)a, (void)out;
	card_logout(c);
	return U1_OK;
}

uint16_t cmd_change_pin(struct card *c, const struct apdu *a, struct buf *out)
{
	struct span s = a->data, old;
	uint8_t len;

	(void)out;
	if (!span_take_u8(&s, &len) || !span_take(&s, len, &old))
		return U1_DATA;
	/* A new PIN that cannot be taken costs no try. */
	uint16_t sw = pin_check_new(s, old);
	if (sw == U1_OK)
		sw = try_pin(c, old);
	if (sw == U1_OK)
		sw = pin_set(&c->io, card_change(c), s);
	return sw == U1_OK ? card_commit(c) : sw;
}
