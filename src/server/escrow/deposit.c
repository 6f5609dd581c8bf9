#include "server/escrow/deposit.h"
#include "gm/sm2.h"
#include "gm/sm3.h"
#include "pki/envelope.h"
#include "server/escrow/proto.h"

struct limits {
	uint16_t min, max;
};
static const struct limits setup_limits[] = {
	{SM2_PUB_LEN, SM2_PUB_LEN},
	{SM2_PUB_LEN, SM2_PUB_LEN},
	{SM3_LEN, SM3_LEN},
};
static const struct limits pair_limits[] = {
	{1, ESCROW_OWNER_MAX},  {SM2_PUB_LEN, SM2_PUB_LEN}, {SM3_LEN, SM3_LEN},     {SM2_PUB_LEN, SM2_PUB_LEN},
	{1, ENVELOPED_KEY_MAX}, {1, ESCROW_CIPHER_MAX},     {1, ESCROW_CIPHER_MAX},
};

static bool fits(const struct limits *l, struct span f)
{
	return f.len >= l->min && f.len <= l->max;
}

static enum err encode(enum deposit_kind kind, const struct limits *l, const struct span *fields, size_t n,
                       struct buf *out)
{
	buf_u8(out, (uint8_t)kind);
	for (size_t i = 0; i < n; i++) {
		INVARIANT(fits(&l[i], fields[i]));
		buf_u16(out, (uint16_t)fields[i].len);
		buf_put(out, fields[i]);
	}
	return buf_err(out);
}

static enum err parse(struct span r, enum deposit_kind kind, const struct limits *l, struct span *ret_fields, size_t n)
{
	uint8_t got;
	uint16_t len;

	if (!span_take_u8(&r, &got) || got != kind)
		return ERR(JOURNAL, "not a record of kind %d", (int)kind);
	for (size_t i = 0; i < n; i++)
		if (!span_take_u16(&r, &len) || !span_take(&r, len, &ret_fields[i]) || !fits(&l[i], ret_fields[i]))
			return ERR(JOURNAL, "record of kind %d, field %zu", (int)kind, i);
	return r.len == 0 ? ERR_OK : ERR(JOURNAL, "record of kind %d is too long", (int)kind);
}

enum err deposit_kind(struct span r, enum deposit_kind *ret_k)
{
	uint8_t kind;

	if (!span_take_u8(&r, &kind) || (kind != DEPOSIT_SETUP && kind != DEPOSIT_PAIR))
		return ERR(JOURNAL, "record of unknown kind");
	*ret_k = kind == DEPOSIT_SETUP ? DEPOSIT_SETUP : DEPOSIT_PAIR;
	return ERR_OK;
}

enum err deposit_setup_encode(const struct deposit_setup *s, struct buf *out)
{
	const struct span f[] = {s->desk_pub, s->legal_pub, s->keys_sm3};

	return encode(DEPOSIT_SETUP, setup_limits, f, COUNT_OF(f), out);
}

enum err deposit_setup_parse(struct span r, struct deposit_setup *ret_s)
{
	struct span f[COUNT_OF(setup_limits)];

	TRY(parse(r, DEPOSIT_SETUP, setup_limits, f, COUNT_OF(f)));
	*ret_s = (struct deposit_setup){.desk_pub = f[0], .legal_pub = f[1], .keys_sm3 = f[2]};
	return ERR_OK;
}

enum err deposit_pair_encode(const struct deposit_pair *p, struct buf *out)
{
	const struct span f[] = {p->owner, p->sign_pub, p->evidence, p->enc_pub, p->enveloped, p->desk, p->legal};

	return encode(DEPOSIT_PAIR, pair_limits, f, COUNT_OF(f), out);
}

enum err deposit_pair_parse(struct span r, struct deposit_pair *ret_p)
{
	struct span f[COUNT_OF(pair_limits)];

	TRY(parse(r, DEPOSIT_PAIR, pair_limits, f, COUNT_OF(f)));
	*ret_p = (struct deposit_pair){
		.owner = f[0],
		.sign_pub = f[1],
		.evidence = f[2],
		.enc_pub = f[3],
		.enveloped = f[4],
		.desk = f[5],
		.legal = f[6],
	};
	return ERR_OK;
}
