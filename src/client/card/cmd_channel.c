#include "client/card/card_i.h"
#include <string.h>

/* The device key's only use besides the attestation. */
static enum err sign_transcript(struct card *c, const uint8_t transcript[CHANNEL_TRANSCRIPT_LEN],
                                struct sm2_sig *ret_sig)
{
	AUTO(sm2_key) device = NULL;

	TRY(sm2_key_from(span_of(c->now.device.scalar, SM2_SCALAR_LEN), &device));
	return gm_sign(device, span_of(transcript, CHANNEL_TRANSCRIPT_LEN), ret_sig);
}

static enum err answer(struct card *c, const struct channel_hello *host, struct buf *out)
{
	AUTO(sm2_key) own = NULL;
	struct channel_hello card;
	struct sm2_sig sig;
	uint8_t transcript[CHANNEL_TRANSCRIPT_LEN];

	TRY(card_new_key(&c->io, &own));
	card.pub = *sm2_key_pub(own);
	TRY(c->io.random(c->io.ctx, card.nonce, sizeof(card.nonce)));
	channel_transcript(host, &card, c->now.serial, transcript);
	TRY(sign_transcript(c, transcript, &sig));
	TRY(channel_open(&c->channel, CHANNEL_CARD, own, &host->pub, transcript));
	buf_put(out, SPAN_ARR(card.pub.b));
	buf_put(out, SPAN_ARR(card.nonce));
	buf_put(out, SPAN_ARR(sig.b));
	return ERR_OK;
}

uint16_t cmd_channel(struct card *c, const struct apdu *a, struct buf *out)
{
	struct channel_hello host;

	if (sm2_pub_parse(span_sub(a->data, 0, SM2_PUB_LEN), &host.pub) != ERR_OK)
		return U1_DATA;
	memcpy(host.nonce, a->data.ptr + SM2_PUB_LEN, U1_NONCE_LEN);
	card_close_channel(c);
	return answer(c, &host, out) == ERR_OK ? U1_OK : U1_FAULT;
}
