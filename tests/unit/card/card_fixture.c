#include "card_fixture.h"
#include "pki/csr.h"
#include "pki/profile.h"
#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err fixture_keep(enum err e)
{
	if (e != ERR_OK && getenv("FIXTURE_TRAIL") != NULL)
		printf("# %s: %s (%s)\n", err_name(e), err_detail(), err_where());
	return e;
}

/* --- bureau --- */

static const char *fixed_org(const char *profile)
{
	const struct profile *p = profile_find(profile);
	return p != NULL && p->org[0] ? NULL : "长沙测试一号科技有限公司";
}

static struct cert *build(struct bureau *b, const char *profile, const struct cert *issuer, const struct sm2_key *key,
                          const struct sm2_pub *pub, const char *id)
{
	struct cert *c = NULL;
	bool person = strncmp(profile, "unit", 4) == 0;
	const char *name = id != NULL ? "测试持有人" : NULL;
	struct cert_spec spec = {.profile = profile,
	                         .serial = {1, 0, 0, ++b->serial},
	                         .issuer = issuer,
	                         .pub = pub,
	                         .org = fixed_org(profile),
	                         .common_name = name,
	                         .subject_id = id,
	                         .uscc = person ? "91430100MAYYYY016Y" : NULL,
	                         .not_before = FIXTURE_NOW - 86400,
	                         .not_after = FIXTURE_NOW + 365 * 86400};
	OK(cert_build(&spec, key, &c));
	return c;
}

void bureau_start(struct bureau *b)
{
	*b = (struct bureau){.serial = 0};
	OK(profile_load(getenv("YINXIN_PROFILES")));
	OK(sm2_key_new(&b->root_key));
	OK(sm2_key_new(&b->ca_key));
	b->root = build(b, "root", NULL, b->root_key, sm2_key_pub(b->root_key), NULL);
	b->ca = build(b, "ca", b->root, b->root_key, sm2_key_pub(b->ca_key), NULL);
	b->trust = (struct token_trust){b->root, b->ca};
}

void bureau_end(struct bureau *b)
{
	sm2_key_free(b->root_key);
	sm2_key_free(b->ca_key);
	cert_free(b->root);
	cert_free(b->ca);
}

struct cert *bureau_issue(struct bureau *b, const char *profile, const struct sm2_pub *pub, const char *id)
{
	return build(b, profile, b->ca, b->ca_key, pub, id);
}

struct bundle bureau_bundle(struct bureau *b, const struct sm2_pub *sign_pub)
{
	struct bundle u = {.enveloped = buf_make(ENVELOPED_KEY_MAX)};

	OK(sm2_key_new(&u.pair));
	u.sign = bureau_issue(b, "unit-sign", sign_pub, "10000001-P000009");
	u.enc = bureau_issue(b, "unit-enc", sm2_key_pub(u.pair), "10000001-P000009");
	OK(enveloped_key_close(sign_pub, u.pair, &u.enveloped));
	return u;
}

void bundle_done(struct bundle *u)
{
	cert_free(u->sign);
	cert_free(u->enc);
	sm2_key_free(u->pair);
	buf_done(&u->enveloped);
}

enum err bundle_install(struct token *t, const struct bundle *u)
{
	return token_install(t, cert_der(u->sign), cert_der(u->enc), buf_span(&u->enveloped));
}

/* --- card --- */

static enum err store(void *ctx, struct span image)
{
	struct mem *m = ctx;
	bool fail = ++m->stores == m->fail_at;

	if (!fail || m->lies) {
		buf_clear(&m->image);
		buf_put(&m->image, image);
		OK(buf_err(&m->image));
	}
	if (m->watch != NULL)
		m->watch(m);
	return fail ? ERR(IO, "store was made to fail") : ERR_OK;
}

/* splitmix64: repeatable from the printed seed. */
static enum err random_bytes(void *ctx, uint8_t *out, size_t len)
{
	struct mem *m = ctx;

	for (size_t i = 0; i < len; i++) {
		uint64_t z = m->seed += 0x9E3779B97F4A7C15u;
		z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
		z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
		out[i] = (uint8_t)(z >> 24);
	}
	return ERR_OK;
}

void mem_make(struct mem *m, const char *serial)
{
	*m = (struct mem){.image = buf_make(CARD_IMAGE_MAX), .seed = 1};
	for (const char *s = serial; *s; s++)
		m->seed = m->seed * 31 + (uint8_t)*s;
	m->io = (struct card_io){store, random_bytes, m};
	OK(card_make(serial, &m->io, &m->card));
}

void mem_reopen(struct mem *m)
{
	card_free(m->card);
	m->card = NULL;
	OK(card_open(buf_span(&m->image), &m->io, &m->card));
}

void mem_done(struct mem *m)
{
	card_free(m->card);
	buf_done(&m->image);
}

static enum err to_card(void *ctx, struct span command, struct buf *response)
{
	struct mem *m = ctx;
	card_apdu(m->card, command, response);
	return ERR_OK;
}

struct reader *mem_reader(struct mem *m)
{
	struct reader *r = NULL;

	card_power(m->card);
	OK(reader_open_memory(to_card, m, &r));
	return r;
}

struct token *mem_token(struct mem *m, const struct token_trust *trust)
{
	struct token *t = NULL;

	OK(token_open(mem_reader(m), trust, FIXTURE_NOW, &t));
	return t;
}

struct token *mem_ceremony(struct mem *m)
{
	const struct token_trust none = {NULL, NULL};
	return mem_token(m, &none);
}

unsigned mem_apdu(struct mem *m, const char *hex)
{
	AUTO_BUF(command, 16384);
	AUTO_BUF(response, 16384);

	OK(text_unhex(span_str(hex), &command));
	card_apdu(m->card, buf_span(&command), &response);
	assert_true(response.len >= 2);
	return (unsigned)response.ptr[response.len - 2] << 8 | response.ptr[response.len - 1];
}

void mem_personalise(struct mem *m, struct bureau *b, struct token *t, const char *pin)
{
	static const uint8_t none[32];
	AUTO(secret) s = pin_of(pin);
	struct sm2_pub pub;
	uint8_t attest[ATTEST_LEN];

	(void)m;
	OK(token_generate(t, none, s, &pub, attest));
	struct bundle u = bureau_bundle(b, &pub);
	OK(bundle_install(t, &u));
	bundle_done(&u);
}

struct secret *pin_of(const char *text)
{
	struct secret *s = NULL;
	OK(secret_from(span_str(text), &s));
	return s;
}

enum err login(struct token *t, const char *pin, unsigned *ret_tries)
{
	AUTO(secret) s = pin_of(pin);
	return token_login(t, s, ret_tries);
}
