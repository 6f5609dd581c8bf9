#include "client/card/channel.h"
#include "gm/kdf.h"
#include "gm/sm3.h"
#include "gm/sm4.h"
#include <string.h>

static uint8_t *append(uint8_t *at, const void *from, size_t len)
{
	memcpy(at, from, len);
	return at + len;
}

void channel_transcript(const struct channel_hello *host, const struct channel_hello *card, const char *serial,
                        uint8_t ret_bytes[CHANNEL_TRANSCRIPT_LEN])
{
	uint8_t *at = append(ret_bytes, "YXSC1", 5);
	size_t len = strnlen(serial, CARD_SERIAL_MAX);

	at = append(at, host->pub.b, SM2_PUB_LEN);
	at = append(at, card->pub.b, SM2_PUB_LEN);
	at = append(at, host->nonce, U1_NONCE_LEN);
	at = append(at, card->nonce, U1_NONCE_LEN);
	memset(at, 0, CARD_SERIAL_MAX);
	memcpy(at, serial, len);
}

static void spread(struct channel *ch, const uint8_t keys[96])
{
	memcpy(ch->key[0], keys, 16);
	memcpy(ch->key[1], keys + 16, 16);
	memcpy(ch->mac[0], keys + 32, 32);
	memcpy(ch->mac[1], keys + 64, 32);
}

enum err channel_open(struct channel *ch, enum channel_end self, const struct sm2_key *own, const struct sm2_pub *peer,
                      const uint8_t transcript[CHANNEL_TRANSCRIPT_LEN])
{
	uint8_t x[32], digest[SM3_LEN], keys[96];

	channel_close(ch);
	TRY(sm3_digest(span_of(transcript, CHANNEL_TRANSCRIPT_LEN), digest));
	TRY(sm2_ecdh(own, peer, x));
	enum err e = kdf_sm3(span_of(x, sizeof(x)), "YXSC1", span_of(digest, sizeof(digest)), keys, sizeof(keys));
	wipe(x, sizeof(x));
	if (e == ERR_OK) {
		spread(ch, keys);
		ch->self = self;
		ch->open = true;
	}
	wipe(keys, sizeof(keys));
	return e;
}

void channel_close(struct channel *ch)
{
	wipe(ch, sizeof(*ch));
}

static void put_count(uint8_t out[8], uint64_t n)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(n >> (56 - 8 * i));
}

static enum err apply(const struct channel *ch, enum channel_end direction, struct span in, struct buf *out)
{
	uint8_t iv[SM4_BLOCK] = {(uint8_t)direction};

	put_count(iv + 4, ch->count);
	return sm4_ctr(span_of(ch->key[direction - 1], 16), span_of(iv, sizeof(iv)), in, out);
}

static enum err mac(const struct channel *ch, enum channel_end direction, struct span cipher,
                    uint8_t ret_mac[U1_MAC_LEN])
{
	uint8_t head[9] = {(uint8_t)direction};

	put_count(head + 1, ch->count);
	const struct span parts[] = {span_of(head, sizeof(head)), cipher};
	return hmac_sm3(span_of(ch->mac[direction - 1], 32), parts, COUNT_OF(parts), ret_mac);
}

static enum channel_end other(enum channel_end end)
{
	return end == CHANNEL_HOST ? CHANNEL_CARD : CHANNEL_HOST;
}

enum err channel_seal(struct channel *ch, struct span plain, struct buf *out)
{
	uint8_t tag[U1_MAC_LEN];
	size_t before = out->len;

	if (!ch->open)
		return ERR(CARD_AUTH, "channel is closed");
	TRY(apply(ch, ch->self, plain, out));
	TRY(mac(ch, ch->self, span_sub(buf_span(out), before, plain.len), tag));
	buf_put(out, span_of(tag, sizeof(tag)));
	TRY(buf_err(out));
	if (ch->self == CHANNEL_CARD)
		ch->count++;
	return ERR_OK;
}

enum err channel_unseal(struct channel *ch, struct span sealed, struct buf *out)
{
	uint8_t tag[U1_MAC_LEN];
	enum channel_end from = other(ch->self);

	if (!ch->open)
		return ERR(CARD_AUTH, "channel is closed");
	if (sealed.len < U1_MAC_LEN) {
		channel_close(ch);
		return ERR(CARD_AUTH, "secure message of %zu octets", sealed.len);
	}
	struct span cipher = span_sub(sealed, 0, sealed.len - U1_MAC_LEN);
	TRY(mac(ch, from, cipher, tag));
	if (!ct_equal(span_of(tag, sizeof(tag)), span_sub(sealed, cipher.len, U1_MAC_LEN))) {
		channel_close(ch);
		return ERR(CARD_AUTH, "secure message %llu does not authenticate", (unsigned long long)ch->count);
	}
	TRY(apply(ch, from, cipher, out));
	if (ch->self == CHANNEL_HOST)
		ch->count++;
	return ERR_OK;
}
