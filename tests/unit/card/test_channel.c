/* The secure channel under attack: what a line in between can record, change, replay and turn round; and the host's
 * judgement of the card. */
#include "card_fixture.h"
#include "client/card/channel.h"
#include "client/card/chip.h"
#include <stdlib.h>
#include <string.h>

static struct bureau bureau;
static const char PIN[] = "Kp7#20-x";

/* --- both ends of channel.c against each other --- */

struct pair {
	struct channel host, card;
};

static void open_pair(struct pair *p)
{
	AUTO(sm2_key) h = NULL;
	AUTO(sm2_key) c = NULL;
	struct channel_hello a = {.nonce = {1}}, b = {.nonce = {2}};
	uint8_t transcript[CHANNEL_TRANSCRIPT_LEN];

	memset(p, 0, sizeof(*p));
	OK(sm2_key_new(&h));
	OK(sm2_key_new(&c));
	a.pub = *sm2_key_pub(h);
	b.pub = *sm2_key_pub(c);
	channel_transcript(&a, &b, "YX26000001", transcript);
	OK(channel_open(&p->host, CHANNEL_HOST, h, &b.pub, transcript));
	OK(channel_open(&p->card, CHANNEL_CARD, c, &a.pub, transcript));
}

static void both_ways(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	for (int i = 0; i < 3; i++) {
		AUTO_BUF(sealed, 256);
		AUTO_BUF(plain, 256);
		AUTO_BUF(back, 256);
		AUTO_BUF(got, 256);
		OK(channel_seal(&p.host, SPAN_LIT("command"), &sealed));
		assert_int_equal(sealed.len, 7 + U1_MAC_LEN);
		OK(channel_unseal(&p.card, buf_span(&sealed), &plain));
		assert_true(span_eq_str(buf_span(&plain), "command"));
		OK(channel_seal(&p.card, SPAN_LIT("response"), &back));
		OK(channel_unseal(&p.host, buf_span(&back), &got));
		assert_true(span_eq_str(buf_span(&got), "response"));
	}
}

/* The same text twice looks different, and nothing of the text shows. */
static void no_repetition(void **state)
{
	struct pair p;
	AUTO_BUF(a, 256);
	AUTO_BUF(b, 256);
	AUTO_BUF(plain, 256);
	AUTO_BUF(back, 256);

	(void)state;
	open_pair(&p);
	OK(channel_seal(&p.host, SPAN_LIT("command"), &a));
	OK(channel_unseal(&p.card, buf_span(&a), &plain));
	OK(channel_seal(&p.card, SPAN_LIT("command"), &back));
	assert_memory_not_equal(a.ptr, back.ptr, 7);
	buf_clear(&plain);
	OK(channel_unseal(&p.host, buf_span(&back), &plain));
	OK(channel_seal(&p.host, SPAN_LIT("command"), &b));
	assert_memory_not_equal(a.ptr, b.ptr, 7);
	assert_memory_not_equal(a.ptr, "command", 7);
}

enum attack { REPLAY, TURNED, CUT, EXTENDED, EMPTY, FLIP };

static void attack_once(enum attack what, size_t bit)
{
	struct pair p;
	AUTO_BUF(sealed, 256);
	AUTO_BUF(plain, 256);
	AUTO_BUF(back, 256);
	struct channel *to = &p.card;

	open_pair(&p);
	OK(channel_seal(&p.host, SPAN_LIT("command"), &sealed));
	switch (what) {
	case REPLAY:
		OK(channel_unseal(&p.card, buf_span(&sealed), &plain));
		OK(channel_seal(&p.card, SPAN_LIT("done"), &back));
		buf_clear(&plain);
		break;
	case TURNED:
		to = &p.host;
		break;
	case CUT:
		buf_cut(&sealed, sealed.len - 1);
		break;
	case EXTENDED:
		buf_u8(&sealed, 0);
		break;
	case EMPTY:
		buf_cut(&sealed, 0);
		break;
	case FLIP:
		sealed.ptr[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		break;
	}
	FAILS(channel_unseal(to, buf_span(&sealed), &plain), CARD_AUTH);
	assert_int_equal(plain.len, 0);
	assert_false(to->open);
	FAILS(channel_seal(to, SPAN_LIT("x"), &plain), CARD_AUTH); /* closed for good */
}

static void attacks(void **state)
{
	(void)state;
	for (enum attack a = REPLAY; a <= EMPTY; a++)
		attack_once(a, 0);
	for (size_t bit = 0; bit < (7 + U1_MAC_LEN) * 8; bit += 3)
		attack_once(FLIP, bit);
}

/* --- a line between host and card --- */

struct line {
	struct mem *mem;
	unsigned n, act_at; /* which command is touched */
	enum act { NOTHING, RECORD_AND_REPLAY, GARBLE_COMMAND, GARBLE_ANSWER, SWAP_ANSWER, OTHER_SIGNATURE } act;
	struct buf recorded;
};

static enum err through(void *ctx, struct span command, struct buf *response)
{
	struct line *l = ctx;
	AUTO_BUF(changed, U1_APDU_MAX);
	bool now = ++l->n == l->act_at;

	buf_put(&changed, command);
	if (now && l->act == GARBLE_COMMAND)
		changed.ptr[changed.len - 1] ^= 1;
	card_apdu(l->mem->card, buf_span(&changed), response);
	if (now && l->act == RECORD_AND_REPLAY)
		buf_put(&l->recorded, command);
	if (now && l->act == GARBLE_ANSWER)
		response->ptr[response->len - 3] ^= 1;
	if (now && l->act == OTHER_SIGNATURE) /* last octet of the channel's signature */
		response->ptr[response->len - 3] ^= 0x40;
	if (now && l->act == SWAP_ANSWER) {
		buf_clear(response);
		buf_put(response, span_sub(buf_span(&changed), 7, changed.len));
		buf_u16(response, 0x9000);
	}
	return ERR_OK;
}

static struct token *line_token(struct line *l)
{
	struct reader *r = NULL;
	struct token *t = NULL;

	card_power(l->mem->card);
	OK(reader_open_memory(through, l, &r));
	OK(token_open(r, &(struct token_trust){NULL, NULL}, FIXTURE_NOW, &t));
	return t;
}

static void line_attacks(void **state)
{
	struct mem m;
	unsigned tries;

	(void)state;
	mem_make(&m, "YX26000300");
	struct token *t = mem_ceremony(&m);
	mem_personalise(&m, &bureau, t, PIN);
	token_free(t);
	/* A recorded PIN command is no login, in this channel or another. */
	struct line l = {.mem = &m, .act = RECORD_AND_REPLAY, .recorded = buf_make(U1_APDU_MAX)};
	t = line_token(&l);
	l.act_at = l.n + 1;
	OK(login(t, PIN, &tries));
	assert_true(l.recorded.len > 0);
	assert_null(memmem(l.recorded.ptr, l.recorded.len, PIN, strlen(PIN)));
	AUTO_BUF(response, U1_APDU_MAX);
	card_apdu(m.card, buf_span(&l.recorded), &response);
	assert_memory_equal(response.ptr, "\x69\x88", 2);
	FAILS(token_label(t, "x"), CARD_AUTH); /* and the attempt has ended the channel with its login */
	token_free(t);
	t = line_token(&l);
	buf_clear(&response);
	card_apdu(m.card, buf_span(&l.recorded), &response);
	assert_memory_equal(response.ptr, "\x69\x88", 2);
	token_free(t);
	buf_done(&l.recorded);
	/* Changes on the line end the channel; no try is counted for a command that did not arrive whole. */
	for (enum act act = GARBLE_COMMAND; act <= SWAP_ANSWER; act++) {
		struct line bad = {.mem = &m, .act = act};
		t = line_token(&bad);
		bad.act_at = bad.n + 1;
		FAILS(login(t, PIN, &tries), CARD_AUTH);
		FAILS(login(t, PIN, &tries), CARD_AUTH);
		token_free(t);
	}
	t = mem_ceremony(&m);
	enum token_state s;
	bool pin;
	OK(token_state(t, &s, &pin, &tries));
	assert_int_equal(tries, 6);
	token_free(t);
	mem_done(&m);
}

/* Opening is SELECT, GET DATA, GET DATA, CHANNEL: any change in the last three is noticed before a PIN is sent. */
static void opening_changed(void **state)
{
	struct mem m;

	(void)state;
	mem_make(&m, "YX26000301");
	for (unsigned at = 2; at <= 4; at++) {
		struct line l = {.mem = &m, .act = at == 4 ? OTHER_SIGNATURE : GARBLE_ANSWER, .act_at = at};
		struct reader *r = NULL;
		struct token *t = NULL;
		card_power(m.card);
		OK(reader_open_memory(through, &l, &r));
		enum err e = token_open(r, &(struct token_trust){NULL, NULL}, FIXTURE_NOW, &t);
		/* Octets of the information that the signature does not cover come again inside the channel. */
		if (at == 2 && e == ERR_OK)
			token_free(t);
		else
			FAILS(e, CARD_AUTH);
	}
	mem_done(&m);
}

/* --- is the card genuine? --- */

static enum err open_with(struct mem *m, const struct token_trust *trust, int64_t now)
{
	AUTO(token) t = NULL;
	return token_open(mem_reader(m), trust, now, &t);
}

static void give_cert(struct mem *m, struct bureau *by, const char *profile, const char *serial, bool expect)
{
	AUTO(token) t = mem_ceremony(m);
	AUTO(cert) c = bureau_issue(by, profile, card_device_pub(m->card), serial);
	enum err e = token_set_card_cert(t, cert_der(c));
	assert_string_equal(err_name(e), expect ? "OK" : "CARD_WRONG");
}

static void genuine(void **state)
{
	struct mem m;
	struct bureau foreign;

	(void)state;
	bureau_start(&foreign);
	mem_make(&m, "YX26000302");
	FAILS(open_with(&m, &bureau.trust, FIXTURE_NOW), CARD_AUTH); /* no certificate yet */
	give_cert(&m, &bureau, "card", "YX26000399", false);
	give_cert(&m, &bureau, "card", "YX26000302", true);
	OK(open_with(&m, &bureau.trust, FIXTURE_NOW));
	FAILS(open_with(&m, &foreign.trust, FIXTURE_NOW), CARD_AUTH);
	FAILS(open_with(&m, &(struct token_trust){foreign.root, bureau.ca}, FIXTURE_NOW), CARD_AUTH);
	FAILS(open_with(&m, &(struct token_trust){bureau.root, NULL}, FIXTURE_NOW), CARD_AUTH);
	FAILS(open_with(&m, NULL, FIXTURE_NOW), CARD_AUTH);
	FAILS(open_with(&m, &bureau.trust, FIXTURE_NOW + 3 * 365 * 86400), CARD_AUTH);
	FAILS(open_with(&m, &bureau.trust, FIXTURE_NOW - 3 * 86400), CARD_AUTH);
	/* Set once. */
	AUTO(token) t = mem_ceremony(&m);
	AUTO(cert) again = bureau_issue(&bureau, "card", card_device_pub(m.card), "YX26000302");
	FAILS(token_set_card_cert(t, cert_der(again)), CARD_NOT_BLANK);
	mem_done(&m);
	/* A certificate that the card accepts and the host does not: another profile, another bureau. */
	mem_make(&m, "YX26000303");
	give_cert(&m, &foreign, "card", "YX26000303", true);
	FAILS(open_with(&m, &bureau.trust, FIXTURE_NOW), CARD_AUTH);
	mem_done(&m);
	mem_make(&m, "YX26000304");
	give_cert(&m, &bureau, "person-sign", "YX26000304", true);
	FAILS(open_with(&m, &bureau.trust, FIXTURE_NOW), CARD_AUTH);
	mem_done(&m);
	bureau_end(&foreign);
}

/* A copied certificate: card 304's image holds the genuine certificate of card 305, or the key of 305 under its own
 * serial. */
static void stolen_cert(void **state)
{
	struct mem m, other;
	struct chip *chip = calloc(1, sizeof(*chip));

	(void)state;
	assert_non_null(chip);
	mem_make(&m, "YX26000304");
	mem_make(&other, "YX26000305");
	for (int round = 0; round < 3; round++) {
		const struct mem *key = round == 2 ? &m : &other; /* its own key under another serial, too */
		AUTO(cert)
		c = bureau_issue(&bureau, "card", card_device_pub(key->card), round == 1 ? "YX26000304" : "YX26000305");
		OK(chip_parse(buf_span(&m.image), chip));
		chip->device.cert.len = (uint16_t)cert_der(c).len;
		memcpy(chip->device.cert.der, cert_der(c).ptr, cert_der(c).len);
		OK(chip_encode(chip, &m.image));
		mem_reopen(&m);
		FAILS(open_with(&m, &bureau.trust, FIXTURE_NOW), CARD_AUTH);
	}
	/* With the other's serial in its answers, too: the device key is not the certificate's. */
	memcpy(chip->serial, "YX26000305", 10);
	AUTO(cert) c = bureau_issue(&bureau, "card", card_device_pub(other.card), "YX26000305");
	memcpy(chip->device.cert.der, cert_der(c).ptr, cert_der(c).len);
	chip->device.cert.len = (uint16_t)cert_der(c).len;
	OK(chip_encode(chip, &m.image));
	mem_reopen(&m);
	FAILS(open_with(&m, &bureau.trust, FIXTURE_NOW), CARD_AUTH);
	/* And with its public key in front of a private key that it does not have. */
	chip->device.pub = *card_device_pub(other.card);
	OK(chip_encode(chip, &m.image));
	mem_reopen(&m);
	FAILS(open_with(&m, &bureau.trust, FIXTURE_NOW), CARD_AUTH);
	/* The test is right: with the private key as well it would be that card. */
	OK(chip_parse(buf_span(&other.image), chip));
	chip->device.cert.len = (uint16_t)cert_der(c).len;
	memcpy(chip->device.cert.der, cert_der(c).ptr, cert_der(c).len);
	OK(chip_encode(chip, &m.image));
	mem_reopen(&m);
	OK(open_with(&m, &bureau.trust, FIXTURE_NOW));
	mem_done(&m);
	mem_done(&other);
	free(chip);
}

/* An ungenuine card can be read and stocked, but hears no PIN. */
static unsigned pin_commands;
static enum err count_all(void *ctx, struct span command, struct buf *response)
{
	struct mem *m = ctx;
	pin_commands++;
	card_apdu(m->card, command, response);
	return ERR_OK;
}

static void no_pin_for_strangers(void **state)
{
	struct mem m;
	struct reader *r = NULL;
	struct sm2_pub pub;
	uint8_t attest[ATTEST_LEN];
	const uint8_t none[32] = {0};
	unsigned tries;
	AUTO(secret) a = pin_of(PIN);
	AUTO(secret) b = pin_of("Kp7#20-y");

	(void)state;
	mem_make(&m, "YX26000305");
	OK(reader_open_memory(count_all, &m, &r));
	AUTO(token) t = NULL;
	OK(token_open_any(r, &bureau.trust, FIXTURE_NOW, &t));
	assert_false(token_is_genuine(t));
	pin_commands = 0;
	FAILS(token_login(t, a, &tries), CARD_AUTH);
	FAILS(token_change_pin(t, a, b, &tries), CARD_AUTH);
	FAILS(token_generate(t, none, a, &pub, attest), CARD_AUTH);
	assert_int_equal(pin_commands, 0);
	AUTO(cert) c = bureau_issue(&bureau, "card", token_device_pub(t), token_serial(t));
	OK(token_set_card_cert(t, cert_der(c)));
	assert_true(token_is_genuine(t));
	OK(token_generate(t, none, a, &pub, attest));
	mem_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),    cmocka_unit_test(no_repetition),        cmocka_unit_test(attacks),
		cmocka_unit_test(line_attacks), cmocka_unit_test(opening_changed),      cmocka_unit_test(genuine),
		cmocka_unit_test(stolen_cert),  cmocka_unit_test(no_pin_for_strangers),
	};
	bureau_start(&bureau);
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	bureau_end(&bureau);
	return rc;
}
