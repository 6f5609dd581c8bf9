/* Random operations on the card and on a forty-line model give the same answers: PIN counter, login, life. */
#include "card_fixture.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct bureau bureau;
static const char *const pins[] = {"Kp7#20-x", "Kp7#20-y", "zz19-04"};

/* --- the model --- */

struct model {
	enum token_state life;
	unsigned pin, tries, pairs;
	bool user, sign;
};
static enum err model_try(struct model *m, unsigned pin)
{
	if (m->life == TOKEN_BLANK)
		return ERR_PIN_UNSET;
	if (m->tries == 0)
		return ERR_PIN_LOCKED;
	m->user = m->sign = false;
	if (pin != m->pin)
		return --m->tries > 0 ? ERR_PIN_WRONG : ERR_PIN_LOCKED;
	m->tries = 6;
	return ERR_OK;
}
static enum err model_login(struct model *m, unsigned pin)
{
	enum err e = model_try(m, pin);
	m->user = m->sign = e == ERR_OK ? true : m->user && e == ERR_PIN_UNSET;
	return e;
}
static enum err model_change(struct model *m, unsigned old, unsigned fresh)
{
	if (old == fresh)
		return ERR_PIN_SAME;
	enum err e = model_try(m, old);
	m->pin = e == ERR_OK ? fresh : m->pin;
	return e;
}
static enum err model_generate(struct model *m, unsigned pin)
{
	if (m->life != TOKEN_BLANK)
		return ERR_CARD_NOT_BLANK;
	*m = (struct model){TOKEN_AWAITING, pin, 6, 0, true, true};
	return ERR_OK;
}
static enum err model_sign(struct model *m)
{
	bool may = m->user && m->sign;
	m->sign = false;
	return may ? ERR_OK : ERR_NOT_LOGGED_IN;
}
static enum err model_install(struct model *m)
{
	if (!m->user)
		return ERR_NOT_LOGGED_IN;
	if (m->pairs == 5)
		return ERR_CARD_FULL;
	m->pairs++;
	m->life = TOKEN_READY;
	return ERR_OK;
}
static enum err model_discard(struct model *m)
{
	if (!m->user)
		return ERR_NOT_LOGGED_IN;
	if (m->life != TOKEN_AWAITING)
		return ERR_CARD_STATE;
	*m = (struct model){TOKEN_BLANK, 0, 6, 0, false, false};
	return ERR_OK;
}

/* --- the card --- */

struct run {
	struct mem mem;
	struct token *token;
	struct model model;
};

static enum err card_change_pin(struct token *t, unsigned old, unsigned fresh)
{
	AUTO(secret) a = pin_of(pins[old]);
	AUTO(secret) b = pin_of(pins[fresh]);
	unsigned tries;
	return token_change_pin(t, a, b, &tries);
}

static enum err card_generate(struct token *t, unsigned pin)
{
	static const uint8_t none[32];
	AUTO(secret) s = pin_of(pins[pin]);
	struct sm2_pub pub;
	uint8_t attest[ATTEST_LEN];
	return token_generate(t, none, s, &pub, attest);
}

static enum err card_sign(struct token *t)
{
	static const uint8_t e[32] = {9};
	struct sm2_sig sig;
	return token_sign_e(t, e, &sig);
}

static enum err card_install(struct token *t)
{
	struct sm2_pub pub;
	AUTO(sm2_key) any = NULL;

	if (token_pub(t, true, &pub) != ERR_OK) {
		OK(sm2_key_new(&any));
		pub = *sm2_key_pub(any);
	}
	struct bundle u = bureau_bundle(&bureau, &pub);
	enum err e = bundle_install(t, &u);
	bundle_done(&u);
	return e;
}

static void reconnect(struct run *r, bool power_lost)
{
	token_free(r->token);
	if (power_lost)
		mem_reopen(&r->mem);
	r->token = mem_ceremony(&r->mem);
	r->model.user = r->model.sign = false;
}

static void logout(struct run *r)
{
	OK(token_logout(r->token));
	r->model.user = r->model.sign = false;
}

static void same(const char *what, int step, enum err card, enum err model)
{
	if (card != model)
		fail_msg("step %d, %s: card %s, model %s", step, what, err_name(card), err_name(model));
}

static void step(struct run *r, int n, unsigned op, unsigned a, unsigned b)
{
	struct model *m = &r->model;
	unsigned tries;

	if (op < 8) /* more often than not the right PIN, or the card is locked most of the time */
		a = op < 6 ? m->pin : a;
	if (op < 8)
		same("login", n, login(r->token, pins[a], &tries), model_login(m, a));
	else if (op < 13)
		same("sign", n, card_sign(r->token), model_sign(m));
	else if (op < 15)
		same("change", n, card_change_pin(r->token, a, b), model_change(m, a, b));
	else if (op < 17)
		same("generate", n, card_generate(r->token, a), model_generate(m, a));
	else if (op == 17)
		same("install", n, card_install(r->token), model_install(m));
	else if (op == 18)
		same("discard", n, token_discard(r->token), model_discard(m));
	else if (op == 19)
		logout(r);
	else
		reconnect(r, op == 20);
}

static void compare(struct run *r, int n)
{
	enum token_state life;
	bool pin;
	unsigned tries;

	OK(token_state(r->token, &life, &pin, &tries));
	if (life != r->model.life || tries != r->model.tries || pin != (life != TOKEN_BLANK))
		fail_msg("step %d: card %d/%u, model %d/%u", n, life, tries, r->model.life, r->model.tries);
}

static uint64_t seed;
static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

static void same_as_model(void **state)
{
	const char *set = getenv("SEED"), *cards = getenv("CARDS");
	struct run r;

	(void)state;
	seed = set != NULL ? strtoull(set, NULL, 10) : (uint64_t)time(NULL);
	printf("# SEED=%llu\n", (unsigned long long)seed);
	for (unsigned card = 0; card < (cards != NULL ? (unsigned)strtoul(cards, NULL, 10) : 8); card++) {
		mem_make(&r.mem, "YX26000100");
		r.token = mem_ceremony(&r.mem);
		r.model = (struct model){.life = TOKEN_BLANK, .tries = 6};
		for (int n = 0; n < 120; n++) {
			step(&r, n, draw(22), draw(3), draw(3));
			compare(&r, n);
		}
		token_free(r.token);
		mem_done(&r.mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_model)};
	bureau_start(&bureau);
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	bureau_end(&bureau);
	return rc;
}
