#include "server/escrow/escrow.h"
#include "base/log.h"
#include "base/text.h"
#include "gm/sm3.h"
#include "pki/envelope.h"
#include "server/escrow/proto.h"

enum { OPEN = ESCROW_OPEN, EMPTY = ESCROW_EMPTY };

static unsigned state_bit(const struct serve_ctx *ctx)
{
	return vault_is_open(ctx->vault) ? OPEN : EMPTY;
}

/* Ids of owners and cards are ours: letters, digits and hyphen. */
static enum err check_id(struct span id)
{
	for (size_t i = 0; i < id.len; i++) {
		uint8_t c = id.ptr[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && c != '-')
			return ERR(SYNTAX, "id holds octet %02X", c);
	}
	return ERR_OK;
}

static enum err hello(struct serve_ctx *ctx, struct ipc_msg *in, struct ipc_msg *out)
{
	uint8_t head[32];

	(void)in;
	vault_head(ctx->vault, head);
	ipc_put_u64(out, ET_STATE, state_bit(ctx));
	ipc_put_u64(out, ET_COUNT, vault_count(ctx->vault));
	ipc_put(out, ET_HEAD, SPAN_ARR(head));
	return ERR_OK;
}

static enum err setup(struct serve_ctx *ctx, struct ipc_msg *in, struct ipc_msg *out)
{
	struct sm2_pub desk, legal;

	(void)out;
	TRY(sm2_pub_parse(ipc_get(in, ET_DESK_PUB), &desk));
	TRY(sm2_pub_parse(ipc_get(in, ET_LEGAL_PUB), &legal));
	/* Two keys, because two different groups of people hold their shares. */
	if (span_eq(SPAN_ARR(desk.b), SPAN_ARR(legal.b)))
		return ERR(SYNTAX, "desk and legal recovery key are the same");
	TRY(vault_setup(ctx->vault, &desk, &legal));
	LOG(INFO, "setup");
	return ERR_OK;
}

/* --- key pairs --- */

/* The private key leaves this function only encrypted: to its owner and to the two recovery keys. */
static enum err make_pair(struct vault *v, struct span owner, const struct sm2_pub *sign_pub, struct span evidence)
{
	AUTO(sm2_key) pair = NULL;
	AUTO_BUF(enveloped, ENVELOPED_KEY_MAX);
	AUTO_BUF(desk, ESCROW_CIPHER_MAX);
	AUTO_BUF(legal, ESCROW_CIPHER_MAX);

	TRY(sm2_key_new(&pair));
	TRY(enveloped_key_close(sign_pub, pair, &enveloped));
	TRY(sm2_encrypt(vault_desk(v), sm2_key_scalar(pair), &desk));
	TRY(sm2_encrypt(vault_legal(v), sm2_key_scalar(pair), &legal));
	struct deposit_pair p = {
		.owner = owner,
		.sign_pub = SPAN_ARR(sign_pub->b),
		.evidence = evidence,
		.enc_pub = SPAN_ARR(sm2_key_pub(pair)->b),
		.enveloped = buf_span(&enveloped),
		.desk = buf_span(&desk),
		.legal = buf_span(&legal),
	};
	return vault_add(v, &p);
}

static void log_pair(struct span evidence, bool again)
{
	char hex[SM3_HEX_LEN + 1];

	text_hex_str(span_sub(evidence, 0, SM3_LEN), hex);
	LOG(INFO, "keypair", {"evidence", hex}, {"again", again ? "yes" : "no"});
}

static enum err keypair(struct serve_ctx *ctx, struct ipc_msg *in, struct ipc_msg *out)
{
	struct span owner = ipc_get(in, ET_OWNER), evidence = ipc_get(in, ET_EVIDENCE);
	AUTO_BUF(room, DEPOSIT_MAX);
	struct deposit_pair p;
	struct sm2_pub sign_pub;

	TRY(check_id(owner));
	TRY(sm2_pub_parse(ipc_get(in, ET_SIGN_PUB), &sign_pub));
	enum err e = vault_find(ctx->vault, evidence, &room, &p);
	bool again = e != ERR_ABSENT;
	if (!again) {
		err_clear();
		TRY(make_pair(ctx->vault, owner, &sign_pub, evidence));
		/* Answered from the record as stored, so that first and later answers cannot differ. */
		e = vault_find(ctx->vault, evidence, &room, &p);
	}
	TRY(e);
	if (!span_eq(p.owner, owner) || !span_eq(p.sign_pub, SPAN_ARR(sign_pub.b)))
		return ERR(CONFLICT, "this evidence was used for another owner or signing key");
	ipc_put(out, ET_ENC_PUB, p.enc_pub);
	ipc_put(out, ET_ENVELOPED, p.enveloped);
	log_pair(evidence, again);
	return ERR_OK;
}

/* --- keys --- */

static enum err data_key(struct serve_ctx *ctx, struct ipc_msg *in, struct ipc_msg *out)
{
	AUTO(secret) key = NULL;

	(void)in;
	TRY(keys_field(vault_keys(ctx->vault), &key));
	TRY(ipc_attach_secret(out, key));
	LOG(INFO, "data_key");
	return ERR_OK;
}

static enum err unlock_key(struct serve_ctx *ctx, struct ipc_msg *in, struct ipc_msg *out)
{
	AUTO(secret) key = NULL;
	AUTO_BUF(cipher, ESCROW_CIPHER_MAX);
	struct sm2_pub device;

	TRY(check_id(ipc_get(in, ET_CARD_SERIAL)));
	TRY(sm2_pub_parse(ipc_get(in, ET_DEVICE_PUB), &device));
	TRY(keys_unlock(vault_keys(ctx->vault), ipc_get(in, ET_CARD_SERIAL), &key));
	TRY(sm2_encrypt(&device, secret_span(key), &cipher));
	ipc_put(out, ET_CIPHER, buf_span(&cipher));
	LOG(INFO, "unlock_key");
	return ERR_OK;
}

/* In the order of escrow_requests. */
static const struct serve_row rows[] = {
	{&escrow_requests[0], EMPTY | OPEN, hello}, {&escrow_requests[1], EMPTY, setup},
	{&escrow_requests[2], OPEN, keypair},       {&escrow_requests[3], OPEN, data_key},
	{&escrow_requests[4], OPEN, unlock_key},
};

static void report(struct serve_ctx *ctx, const struct ipc_type *request, enum err e)
{
	(void)ctx;
	if (e != ERR_OK)
		log_err(request != NULL ? request->name : "refused", e);
}

void escrow_serve(struct serve_ctx *ctx, struct serve *s)
{
	*s = (struct serve){
		.rows = rows, .n_rows = COUNT_OF(rows), .state_bit = state_bit, .ctx = ctx, .report = report};
}
