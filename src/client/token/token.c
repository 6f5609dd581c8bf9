#include "client/token/token_i.h"
#include "gm/rand.h"
#include "pki/path.h"
#include <stdlib.h>
#include <string.h>

enum { INNER_HEAD = 7, SECURE_P = 0 };

/* --- commands --- */

static enum err from_status(unsigned sw, unsigned *ret_tries)
{
	if ((sw & 0xFFF0) == U1_PIN_WRONG) {
		if (ret_tries != NULL)
			*ret_tries = sw & 0xF;
		return ERR(PIN_WRONG, "%u tries left", sw & 0xF);
	}
	if (sw == U1_PIN_LOCKED && ret_tries != NULL)
		*ret_tries = 0;
	switch (sw) {
	case U1_OK:
		return ERR_OK;
	case U1_PIN_LOCKED:
		return ERR(PIN_LOCKED, "no try left");
	case U1_PIN_UNSET:
		return ERR(PIN_UNSET, "card has no PIN");
	case U1_PIN_RANGE:
		return ERR(PIN_RANGE, "PIN out of range");
	case U1_PIN_SAME:
		return ERR(PIN_SAME, "PIN is trivial or the old one");
	case U1_SECURITY:
		return ERR(NOT_LOGGED_IN, "card wants a login");
	case U1_CONDITIONS:
		return ERR(CARD_STATE, "not in this state of the card");
	case U1_CHANNEL_LOST:
		return ERR(CARD_AUTH, "card ended the channel");
	case U1_NOT_FOUND:
		return ERR(FILE_ABSENT, "no such file or application");
	case U1_NO_OBJECT:
		return ERR(KEY_ABSENT, "no such object on the card");
	case U1_FULL:
		return ERR(CARD_FULL, "no room");
	case U1_EXISTS:
		return ERR(CARD_NOT_BLANK, "exists already");
	case U1_FOREIGN:
		return ERR(CARD_WRONG, "certificate is for another key");
	case U1_ENVELOPE:
		return ERR(SIG, "envelope does not open with this card's key");
	case U1_LENGTH:
		return ERR(LIMIT, "length not accepted");
	case U1_DATA:
		return ERR(SYNTAX, "data not accepted by the card");
	case U1_P1P2:
		return ERR(SYNTAX, "parameters not accepted by the card");
	case U1_MEMORY:
		return ERR(IO, "card could not store");
	case U1_NO_INS:
		return ERR(NOT_SUPPORTED, "unknown command");
	default:
		return ERR(INTERNAL, "card answered %04X", sw);
	}
}

static void put_command(struct buf *out, uint8_t cla, uint8_t ins, unsigned p, struct span data)
{
	buf_u8(out, cla);
	buf_u8(out, ins);
	buf_u16(out, (uint16_t)p);
	if (data.len == 0)
		return;
	buf_u8(out, 0);
	buf_u16(out, (uint16_t)data.len);
	buf_put(out, data);
}

/* Splits the status off the end of an answer. */
static enum err split(struct buf *answer, unsigned *ret_sw)
{
	if (answer->len < 2)
		return ERR(CARD_GONE, "answer without a status");
	const uint8_t *end = answer->ptr + answer->len - 2;
	*ret_sw = (unsigned)end[0] << 8 | end[1];
	buf_cut(answer, answer->len - 2);
	return ERR_OK;
}

/* Outside the channel: opening, and the secure message itself. */
static enum err raw_call(struct token *t, uint8_t cla, uint8_t ins, unsigned p, struct span data, struct buf *ret_data)
{
	AUTO_BUF(command, U1_APDU_MAX);
	unsigned sw;

	put_command(&command, cla, ins, p, data);
	TRY(buf_err(&command));
	TRY(reader_transmit(t->reader, buf_span(&command), ret_data));
	TRY(split(ret_data, &sw));
	return from_status(sw, NULL);
}

enum err token_call(struct token *t, uint8_t ins, unsigned p, struct span data, unsigned *ret_tries,
                    struct buf *ret_data)
{
	AUTO_BUF(plain, U1_APDU_MAX);
	AUTO_BUF(sealed, U1_APDU_MAX);
	AUTO_BUF(answer, U1_APDU_MAX);
	unsigned sw;

	if (t->gone)
		return ERR(CARD_GONE, "card %s was removed", t->info.serial);
	put_command(&plain, U1_CLA, ins, p, data);
	TRY(buf_err(&plain));
	TRY(channel_seal(&t->channel, buf_span(&plain), &sealed));
	enum err e = raw_call(t, U1_CLA, U1_SECURE, SECURE_P, buf_span(&sealed), &answer);
	if (e != ERR_OK) {
		/* The counters no longer agree, whatever it was. */
		channel_close(&t->channel);
		t->gone = e == ERR_CARD_GONE;
		return e;
	}
	TRY(channel_unseal(&t->channel, buf_span(&answer), ret_data));
	TRY(split(ret_data, &sw));
	return from_status(sw, ret_tries);
}

enum err token_get(struct token *t, enum u1_tag tag, struct buf *ret_data)
{
	return token_call(t, U1_GET_DATA, tag, SPAN_EMPTY, NULL, ret_data);
}

/* --- opening --- */

static enum err hello(struct channel_hello *ret_h, struct sm2_key **ret_key)
{
	TRY(sm2_key_new(ret_key));
	ret_h->pub = *sm2_key_pub(*ret_key);
	return rand_bytes(ret_h->nonce, sizeof(ret_h->nonce));
}

static enum err parse_answer(struct span s, struct channel_hello *ret_h, struct sm2_sig *ret_sig)
{
	if (s.len != U1_CHANNEL_ANSWER_LEN)
		return ERR(CARD_AUTH, "channel answer of %zu octets", s.len);
	if (sm2_pub_parse(span_sub(s, 0, SM2_PUB_LEN), &ret_h->pub) != ERR_OK)
		return ERR(CARD_AUTH, "card's ephemeral key is not a point");
	memcpy(ret_h->nonce, s.ptr + SM2_PUB_LEN, U1_NONCE_LEN);
	memcpy(ret_sig->b, s.ptr + U1_CHANNEL_ASK_LEN, SM2_SIG_LEN);
	return ERR_OK;
}

/* u1.md 4. Until here serial and device key are only what the card says; the signature binds both to the channel. */
static enum err open_channel(struct token *t)
{
	AUTO(sm2_key) own = NULL;
	struct channel_hello host, card;
	struct sm2_sig sig;
	uint8_t ask[U1_CHANNEL_ASK_LEN], transcript[CHANNEL_TRANSCRIPT_LEN];
	AUTO_BUF(answer, U1_APDU_MAX);

	TRY(hello(&host, &own));
	memcpy(ask, host.pub.b, SM2_PUB_LEN);
	memcpy(ask + SM2_PUB_LEN, host.nonce, U1_NONCE_LEN);
	TRY(raw_call(t, U1_CLA, U1_CHANNEL, 0, SPAN_ARR(ask), &answer));
	TRY(parse_answer(buf_span(&answer), &card, &sig));
	channel_transcript(&host, &card, t->info.serial, transcript);
	if (gm_verify(&t->device, SPAN_ARR(transcript), &sig) != ERR_OK)
		return ERR(CARD_AUTH, "channel is not signed by the device key");
	return channel_open(&t->channel, CHANNEL_HOST, own, &card.pub, transcript);
}

static bool serial_ok(const char *s)
{
	size_t len = strlen(s);
	return len >= 4 && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;
}

static enum err parse_info(struct span s, struct token_info *ret_info)
{
	struct token_info i = {.serial = ""};
	struct span serial, label, one;
	uint8_t b[5];

	if (s.len != U1_INFO_LEN || !span_take(&s, CARD_SERIAL_MAX, &serial) ||
	    !span_take(&s, sizeof(i.label), &label) || !span_take(&s, sizeof(b), &one))
		return ERR(CARD_AUTH, "card information of %zu octets", s.len);
	memcpy(i.serial, serial.ptr, serial.len);
	memcpy(i.label, label.ptr, label.len);
	i.label[sizeof(i.label) - 1] = '\0';
	memcpy(b, one.ptr, sizeof(b));
	if (!serial_ok(i.serial) || b[0] > TOKEN_READY || b[1] > 1)
		return ERR(CARD_AUTH, "card information is not well formed");
	i.state = (enum token_state)b[0];
	i.pin_set = b[1] == 1;
	i.tries = b[2];
	i.tries_max = b[3];
	i.pin_by = b[4];
	if (!span_take_u64(&s, &i.counter) || !span_take_u32(&s, &i.room) || !span_take_u32(&s, &i.room_free))
		return ERR(CARD_AUTH, "card information is short");
	*ret_info = i;
	return ERR_OK;
}

enum err token_info(struct token *t, struct token_info *ret_info)
{
	AUTO_BUF(data, U1_APDU_MAX);

	TRY(token_get(t, U1_TAG_INFO, &data));
	return parse_info(buf_span(&data), ret_info);
}

static enum err read_identity(struct token *t)
{
	AUTO_BUF(version, U1_APDU_MAX);
	AUTO_BUF(info, U1_APDU_MAX);
	AUTO_BUF(pub, U1_APDU_MAX);

	enum err e = raw_call(t, U1_CLA_ISO, U1_SELECT, 0x0400, SPAN_LIT(U1_AID), &version);
	if (e == ERR_FILE_ABSENT || e == ERR_NOT_SUPPORTED)
		return ERR(APP_ABSENT, "not a U1 card");
	TRY(e);
	TRY(raw_call(t, U1_CLA, U1_GET_DATA, U1_TAG_INFO, SPAN_EMPTY, &info));
	TRY(parse_info(buf_span(&info), &t->info));
	TRY(raw_call(t, U1_CLA, U1_GET_DATA, U1_TAG_DEVICE_PUB, SPAN_EMPTY, &pub));
	if (sm2_pub_parse(buf_span(&pub), &t->device) != ERR_OK)
		return ERR(CARD_AUTH, "device key is not a point");
	return ERR_OK;
}

/* --- is it genuine? --- */

static enum err check_chain(const struct token *t, const struct cert *card)
{
	AUTO(path_trust) trust = NULL;
	TRY(path_trust_new(t->root, t->ca, &trust));
	TRY(path_check_ca(trust, t->now));
	if (!span_eq(cert_issuer_der(card), cert_subject_der(t->ca)))
		return ERR(CERT_CHAIN, "card certificate is not by this issuer");
	TRY(cert_verify(card, cert_pub(t->ca)));
	if (strcmp(cert_profile(card), "card") != 0 || cert_is_ca(card))
		return ERR(CERT_PROFILE, "not a card certificate");
	if (t->now < cert_not_before(card) || t->now > cert_not_after(card))
		return ERR(CERT_EXPIRED, "card certificate is not in its time");
	if (strcmp(cert_subject_id(card), t->info.serial) != 0 ||
	    !span_eq(SPAN_ARR(cert_pub(card)->b), SPAN_ARR(t->device.b)))
		return ERR(CARD_AUTH, "card certificate is another card's");
	return ERR_OK;
}

enum err token_judge(struct token *t)
{
	AUTO(cert) card = NULL;

	t->genuine = t->ceremony;
	if (t->ceremony || t->root == NULL)
		return ERR_OK;
	enum err e = token_card_cert(t, &card);
	if (e == ERR_CARD_GONE || e == ERR_CARD_AUTH)
		return e;
	if (e == ERR_OK)
		e = check_chain(t, card);
	t->genuine = e == ERR_OK;
	return ERR_OK;
}

static enum err keep_trust(struct token *t, const struct token_trust *trust)
{
	if (trust == NULL)
		return ERR_OK;
	if (trust->root == NULL && trust->ca == NULL) {
		t->ceremony = true;
		return ERR_OK;
	}
	if (trust->root == NULL || trust->ca == NULL)
		return ERR(CARD_AUTH, "root or issuing certificate is missing");
	TRY(cert_parse(cert_der(trust->root), &t->root));
	return cert_parse(cert_der(trust->ca), &t->ca);
}

/* --- life --- */

enum err token_open_any(struct reader *take, const struct token_trust *trust, int64_t now, struct token **ret_t)
{
	AUTO(token) t = calloc(1, sizeof(*t));

	if (t == NULL) {
		reader_close(take);
		return ERR(NOMEM, "token");
	}
	t->reader = take;
	t->now = now;
	TRY(keep_trust(t, trust));
	TRY(read_identity(t));
	TRY(open_channel(t));
	TRY(token_judge(t));
	err_clear();
	*ret_t = STEAL(t);
	return ERR_OK;
}

enum err token_open(struct reader *take, const struct token_trust *trust, int64_t now, struct token **ret_t)
{
	AUTO(token) t = NULL;

	TRY(token_open_any(take, trust, now, &t));
	if (!t->genuine)
		return ERR(CARD_AUTH, "card %s does not chain to this bureau's root", t->info.serial);
	*ret_t = STEAL(t);
	return ERR_OK;
}

void token_free(struct token *t)
{
	if (t == NULL)
		return;
	reader_close(t->reader);
	channel_close(&t->channel);
	cert_free(t->root);
	cert_free(t->ca);
	free(t);
}

bool token_is_genuine(const struct token *t)
{
	return t->genuine;
}

const char *token_serial(const struct token *t)
{
	return t->info.serial;
}

const struct sm2_pub *token_device_pub(const struct token *t)
{
	return &t->device;
}
