#include "cmd/init_hand.h"
#include "base/file.h"
#include "gm/rand.h"
#include <string.h>

enum err hand_load_cert(const char *data, const char *name, struct cert **ret_c)
{
	char path[PATH_LEN_MAX];
	AUTO_BUF(der, CERT_DER_MAX);
	TRY(path_of(data, "ca", name, "", path));
	TRY(file_read(path, &der));
	return cert_parse(buf_span(&der), ret_c);
}

/* --- the hand: its card runs in this process --- */

void hand_done(struct hand *h)
{
	token_free(h->token);
	card_file_free(h->file);
}

static enum err apdu(void *card, struct span command, struct buf *response)
{
	card_apdu(card, command, response);
	return ERR_OK;
}

enum err hand_connect(struct hand *h, const struct token_trust *trust, int64_t now)
{
	struct reader *r = NULL;
	TRY(reader_open_memory(apdu, card_file_card(h->file), &r));
	return token_open(r, trust, now, &h->token);
}

/* A card of the running bureau must show its certificate before it gets a PIN. */
enum err hand_take(const char *data, const struct clock *clock, const char *key, struct hand *h)
{
	char path[PATH_LEN_MAX];
	AUTO(cert) root = NULL;
	AUTO(cert) ca = NULL;
	TRY(hand_load_cert(data, "root.cer", &root));
	TRY(hand_load_cert(data, "ca.cer", &ca));
	TRY(path_of(data, "keys", key, ".card", path));
	TRY(card_file_open(path, &h->file));
	return hand_connect(h, &(struct token_trust){root, ca}, clock_now(clock));
}

enum err hand_login(struct hand *h, const char *pin)
{
	unsigned tries = 0;
	AUTO(secret) s = NULL;
	TRY(secret_from(span_str(pin), &s));
	return token_login(h->token, s, &tries);
}

/* Without a bias: the octets 250 to 255 are thrown away. */
static enum err digit(char *ret_c)
{
	uint8_t b;
	do
		TRY(rand_bytes(&b, 1));
	while (b >= 250);
	*ret_c = (char)('0' + b % 10);
	return ERR_OK;
}

static enum err pin_make(char ret_pin[INIT_PIN_DIGITS_MAX + 1])
{
	char d;
	TRY(digit(&d));
	size_t n = INIT_PIN_DIGITS_MIN + (size_t)(d - '0') % (INIT_PIN_DIGITS_MAX - INIT_PIN_DIGITS_MIN + 1);
	memset(ret_pin, 0, INIT_PIN_DIGITS_MAX + 1);
	for (size_t i = 0; i < n; i++)
		TRY(digit(&ret_pin[i]));
	return ERR_OK;
}

/* The pair is born under the PIN; the card refuses a PIN that is easily guessed, then another is drawn. */
enum err hand_generate(struct hand *h, struct init_key *key, const uint8_t approval[DIGEST_LEN],
                       struct sm2_pub *ret_pub, struct buf *ret_attest, struct buf *ret_csr)
{
	uint8_t attest[ATTEST_LEN];
	enum err e;
	do {
		AUTO(secret) pin = NULL;
		err_clear();
		if (key->pin[0] == '\0')
			TRY(pin_make(key->pin));
		TRY(secret_from(span_str(key->pin), &pin));
		e = token_generate(h->token, approval, pin, ret_pub, attest);
		if (e == ERR_PIN_SAME)
			key->pin[0] = '\0';
	} while (e == ERR_PIN_SAME);
	TRY(e);
	buf_put(ret_attest, SPAN_ARR(attest));
	TRY(buf_err(ret_attest));
	TRY(hand_login(h, key->pin));
	return token_csr(h->token, key->serial, ret_csr);
}

/* --- for the demonstration's first certificates (init.h) --- */

enum err init_sign(const char *data, const struct clock *clock, const struct init_key *key, struct span statement,
                   struct buf *ret_sig, struct buf *ret_cert)
{
	struct sm2_sig sig;
	AUTO_HAND(h);
	AUTO(cert) cert = NULL;
	TRY(hand_take(data, clock, key->name, &h));
	TRY(token_cert(h.token, true, &cert));
	TRY(hand_login(&h, key->pin));
	TRY(token_sign(h.token, statement, &sig));
	buf_put(ret_sig, SPAN_ARR(sig.b));
	buf_put(ret_cert, cert_der(cert));
	TRY(buf_err(ret_sig));
	return buf_err(ret_cert);
}

enum err init_officer_cert(const char *data, const struct clock *clock, const struct init_key *key,
                           struct buf *ret_cert)
{
	AUTO_HAND(h);
	AUTO(cert) c = NULL;
	TRY(hand_take(data, clock, key->name, &h));
	TRY(token_cert(h.token, true, &c));
	buf_put(ret_cert, cert_der(c));
	return buf_err(ret_cert);
}

enum err init_generate(const char *data, const struct clock *clock, struct init_key *key,
                       const uint8_t approval[DIGEST_LEN], struct sm2_pub *ret_pub, struct buf *ret_attest,
                       struct buf *ret_csr)
{
	AUTO_HAND(h);
	TRY(hand_take(data, clock, key->name, &h));
	return hand_generate(&h, key, approval, ret_pub, ret_attest, ret_csr);
}

enum err init_install(const char *data, const struct clock *clock, const struct init_key *key, struct span sign_cert,
                      struct span enc_cert, struct span enveloped)
{
	AUTO_HAND(h);
	TRY(hand_take(data, clock, key->name, &h));
	TRY(hand_login(&h, key->pin));
	return token_install(h.token, sign_cert, enc_cert, enveloped);
}
