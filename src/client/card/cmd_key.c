#include "client/card/card_i.h"
#include "pki/attest.h"
#include "pki/cert.h"
#include "pki/envelope.h"
#include <string.h>

static enum err key_of(const struct chip_pair *p, struct sm2_key **ret_k)
{
	return sm2_key_from(span_of(p->scalar, SM2_SCALAR_LEN), ret_k);
}

static void keep_key(struct chip_pair *p, const struct sm2_key *key)
{
	memset(p, 0, sizeof(*p));
	p->used = true;
	p->pub = *sm2_key_pub(key);
	memcpy(p->scalar, sm2_key_scalar(key).ptr, SM2_SCALAR_LEN);
}

static void keep_cert(struct chip_cert *to, const struct cert *cert)
{
	to->len = (uint16_t)cert_der(cert).len;
	memcpy(to->der, cert_der(cert).ptr, to->len);
}

static bool same_key(const struct sm2_pub *a, const struct sm2_pub *b)
{
	return span_eq(SPAN_ARR(a->b), SPAN_ARR(b->b));
}

/* --- generate --- */

static enum err attest(const struct chip *m, const uint8_t approval[32], uint8_t ret_attest[ATTEST_LEN])
{
	AUTO(sm2_key) device = NULL;
	struct attest a = {.pub = m->sign.pub, .pin_by = (enum attest_pin)m->pin_by, .counter = m->counter};
	struct sm2_sig sig;

	memcpy(a.serial, m->serial, sizeof(a.serial));
	memcpy(a.approval, approval, sizeof(a.approval));
	TRY(attest_tbs(&a, ret_attest));
	TRY(key_of(&m->device, &device));
	TRY(gm_sign(device, span_of(ret_attest, ATTEST_TBS_LEN), &sig));
	memcpy(ret_attest + ATTEST_TBS_LEN, sig.b, SM2_SIG_LEN);
	return ERR_OK;
}

static enum err bear_key(const struct card_io *io, struct chip *m, const uint8_t approval[32])
{
	AUTO(sm2_key) key = NULL;

	TRY(card_new_key(io, &key));
	keep_key(&m->sign, key);
	m->life = CHIP_AWAITING;
	m->counter++;
	return attest(m, approval, m->attest);
}

uint16_t cmd_generate(struct card *c, const struct apdu *a, struct buf *out)
{
	struct span pin = span_sub(a->data, 32, a->data.len);

	if (c->now.life != CHIP_BLANK)
		return U1_EXISTS;
	uint16_t sw = pin_check_new(pin, SPAN_EMPTY);
	if (sw != U1_OK)
		return sw;
	struct chip *m = card_change(c);
	m->pin_by = a->p1;
	sw = pin_set(&c->io, m, pin);
	if (sw == U1_OK && bear_key(&c->io, m, a->data.ptr) != ERR_OK)
		sw = U1_FAULT;
	if (sw == U1_OK)
		sw = card_commit(c);
	if (sw != U1_OK)
		return sw;
	c->user = c->may_sign = true;
	buf_put(out, SPAN_ARR(c->now.sign.pub.b));
	buf_put(out, SPAN_ARR(c->now.attest));
	return U1_OK;
}

/* --- use --- */

/* GM/T 0027-2014 9.2c: the authorisation goes with the signature. */
uint16_t cmd_sign(struct card *c, const struct apdu *a, struct buf *out)
{
	AUTO(sm2_key) key = NULL;
	struct sm2_sig sig;

	if (!c->may_sign)
		return U1_SECURITY;
	c->may_sign = false;
	if (key_of(&c->now.sign, &key) != ERR_OK || gm_sign_e(key, a->data.ptr, &sig) != ERR_OK)
		return U1_FAULT;
	buf_put(out, SPAN_ARR(sig.b));
	return U1_OK;
}

uint16_t cmd_decrypt(struct card *c, const struct apdu *a, struct buf *out)
{
	if (!c->now.enc[0].used)
		return U1_NO_OBJECT;
	for (size_t i = 0; i < CHIP_PAIRS && c->now.enc[i].used; i++) {
		AUTO(sm2_key) key = NULL;
		if (key_of(&c->now.enc[i], &key) != ERR_OK)
			return U1_FAULT;
		if (sm2_decrypt(key, a->data, out) == ERR_OK)
			return U1_OK;
	}
	return U1_DATA;
}

/* --- install, discard --- */

static uint16_t take_cert(struct span *s, struct cert **ret_c)
{
	uint16_t len;
	struct span der;

	if (!span_take_u16(s, &len) || len > U1_CERT_MAX || !span_take(s, len, &der) ||
	    cert_parse(der, ret_c) != ERR_OK)
		return U1_DATA;
	return U1_OK;
}

/* Makes room in front for a new pair; what was issued before stays readable. */
static uint16_t shift_pairs(struct chip *m)
{
	if (m->enc[CHIP_PAIRS - 1].used)
		return U1_FULL;
	memmove(&m->enc[1], &m->enc[0], sizeof(m->enc[0]) * (CHIP_PAIRS - 1));
	return U1_OK;
}

static uint16_t write_all(struct card *c, const struct cert *sign, const struct cert *enc, const struct sm2_key *pair)
{
	struct chip *m = card_change(c);

	if (m->enc[0].used && !same_key(&m->enc[0].pub, sm2_key_pub(pair))) {
		uint16_t sw = shift_pairs(m);
		if (sw != U1_OK)
			return sw;
	}
	keep_key(&m->enc[0], pair);
	keep_cert(&m->enc[0].cert, enc);
	keep_cert(&m->sign.cert, sign);
	m->life = CHIP_READY;
	return card_commit(c);
}

uint16_t cmd_install(struct card *c, const struct apdu *a, struct buf *out)
{
	AUTO(cert) sign = NULL;
	AUTO(cert) enc = NULL;
	AUTO(sm2_key) by = NULL;
	AUTO(sm2_key) pair = NULL;
	struct span s = a->data;

	(void)out;
	if (take_cert(&s, &sign) != U1_OK || take_cert(&s, &enc) != U1_OK)
		return U1_DATA;
	if (!same_key(cert_pub(sign), &c->now.sign.pub))
		return U1_FOREIGN;
	if (key_of(&c->now.sign, &by) != ERR_OK)
		return U1_FAULT;
	if (enveloped_key_open(s, by, &pair) != ERR_OK)
		return U1_ENVELOPE;
	if (!same_key(cert_pub(enc), sm2_key_pub(pair)))
		return U1_FOREIGN;
	return write_all(c, sign, enc, pair);
}

uint16_t cmd_discard(struct card *c, const struct apdu *a, struct buf *out)
{
	(void)a, (void)out;
	if (c->now.life != CHIP_AWAITING)
		return U1_CONDITIONS;
	struct chip *m = card_change(c);
	wipe(&m->sign, sizeof(m->sign));
	wipe(m->salt, sizeof(m->salt));
	wipe(m->verifier, sizeof(m->verifier));
	wipe(m->attest, sizeof(m->attest));
	m->life = CHIP_BLANK;
	m->pin_set = false;
	m->pin_by = 0;
	m->tries = CARD_PIN_TRIES;
	uint16_t sw = card_commit(c);
	if (sw == U1_OK)
		card_logout(c);
	return sw;
}
