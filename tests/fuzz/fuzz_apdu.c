/* card_apdu(): any command gets a status word, and no command without a login changes anything but PIN tries and life.
 * Input: u8 mode (bit 0: commands go through the secure channel; bit 1: card with a key), then {u16 length | command}.
 */
#include "client/card/card.h"
#include "client/card/channel.h"
#include "client/token/token_i.h"
#include <stdlib.h>
#include <string.h>

struct memory {
	struct buf image;
	uint64_t seed;
};

static enum err store(void *ctx, struct span image)
{
	struct memory *m = ctx;

	buf_clear(&m->image);
	buf_put(&m->image, image);
	return buf_err(&m->image);
}

/* Repeatable, as a finding must be. */
static enum err random_bytes(void *ctx, uint8_t *out, size_t len)
{
	struct memory *m = ctx;

	for (size_t i = 0; i < len; i++) {
		m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
		out[i] = (uint8_t)(m->seed >> 56);
	}
	return ERR_OK;
}

static enum err to_card(void *card, struct span command, struct buf *response)
{
	card_apdu(card, command, response);
	return ERR_OK;
}

static struct token *connect_host(struct card *c)
{
	const struct token_trust none = {NULL, NULL};
	struct reader *r = NULL;
	struct token *t = NULL;

	card_power(c);
	INVARIANT(reader_open_memory(to_card, c, &r) == ERR_OK);
	INVARIANT(token_open(r, &none, 0, &t) == ERR_OK);
	return t;
}

/* Images of a blank card and of one with a key, made once. */
static const struct buf *images(void)
{
	static struct buf made[2];
	static const uint8_t approval[32];
	struct memory m = {.image = buf_make(CARD_IMAGE_MAX), .seed = 1};
	const struct card_io io = {store, random_bytes, &m};
	struct card *c = NULL;
	struct sm2_pub pub;
	uint8_t attest[ATTEST_LEN];
	AUTO(secret) pin = NULL;

	if (made[0].len > 0)
		return made;
	INVARIANT(card_make("FUZZ0001", &io, &c) == ERR_OK);
	made[0] = buf_make(CARD_IMAGE_MAX);
	buf_put(&made[0], buf_span(&m.image));
	struct token *t = connect_host(c);
	INVARIANT(secret_from(SPAN_LIT("Kp7#20-x"), &pin) == ERR_OK);
	INVARIANT(token_generate(t, approval, pin, &pub, attest) == ERR_OK);
	made[1] = m.image;
	token_free(t);
	card_free(c);
	return made;
}

static void through_channel(struct token *t, struct span command)
{
	AUTO_BUF(sealed, U1_APDU_MAX);
	AUTO_BUF(outer, U1_APDU_MAX);
	AUTO_BUF(answer, U1_APDU_MAX);
	AUTO_BUF(plain, U1_APDU_MAX);

	if (command.len > U1_INNER_MAX || channel_seal(&t->channel, command, &sealed) != ERR_OK)
		return;
	buf_put(&outer, span_of("\x80\xC2\x00\x00\x00", 5));
	buf_u16(&outer, (uint16_t)sealed.len);
	buf_put(&outer, buf_span(&sealed));
	INVARIANT(reader_transmit(t->reader, buf_span(&outer), &answer) == ERR_OK);
	/* A good MAC is always answered inside the channel. */
	INVARIANT(answer.len >= 2 + U1_MAC_LEN + 2);
	buf_cut(&answer, answer.len - 2);
	INVARIANT(channel_unseal(&t->channel, buf_span(&answer), &plain) == ERR_OK);
	INVARIANT(plain.len >= 2);
}

static void plain_command(struct card *c, struct span command)
{
	AUTO_BUF(answer, U1_APDU_MAX);

	card_apdu(c, command, &answer);
	INVARIANT(answer.len >= 2);
	INVARIANT((answer.ptr[answer.len - 2] & 0xF0) == 0x60 || (answer.ptr[answer.len - 2] & 0xF0) == 0x90);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size), command;
	struct memory m = {.image = buf_make(CARD_IMAGE_MAX), .seed = 2};
	const struct card_io io = {store, random_bytes, &m};
	struct card *c = NULL, *again = NULL;
	uint8_t mode;
	uint16_t len;

	if (!span_take_u8(&s, &mode))
		return 0;
	const struct buf *image = &images()[mode >> 1 & 1];
	INVARIANT(card_open(buf_span(image), &io, &c) == ERR_OK);
	struct token *t = mode & 1 ? connect_host(c) : NULL;
	while (span_take_u16(&s, &len) && span_take(&s, len < s.len ? len : s.len, &command)) {
		if (t != NULL)
			through_channel(t, command);
		else
			plain_command(c, command);
	}
	token_free(t);
	card_free(c);
	if (m.image.len > 0) { /* whatever was stored can be opened */
		INVARIANT(card_open(buf_span(&m.image), &io, &again) == ERR_OK);
		card_free(again);
	}
	buf_done(&m.image);
	err_clear();
	return 0;
}
