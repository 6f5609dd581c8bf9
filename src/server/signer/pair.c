/* A key born in a stocked card, and the two certificates that the holder gets for it. */
#include "base/text.h"
#include "server/signer/signer_i.h"
#include <stdio.h>
#include <string.h>

enum { PROFILE_NAME_MAX = 32 };

void birth_done(struct birth *b)
{
	csr_free(b->csr);
	b->csr = NULL;
}

enum err birth_take(const struct serve_ctx *s, const struct ipc_msg *in, const uint8_t approval[32],
                    struct birth *ret_b)
{
	struct jcard card;
	struct attest seen;
	struct span bytes = ipc_get(in, ST_ATTEST);
	AUTO_BIRTH(b);
	TRY(csr_parse(ipc_get(in, ST_CSR), &b.csr));
	TRY(attest_parse(bytes, &seen));
	TRY(journal_card(s->journal, seen.serial, &card));
	TRY(attest_verify(bytes, &card.device, &b.attest));
	if (!span_eq(SPAN_ARR(b.attest.pub.b), SPAN_ARR(csr_pub(b.csr)->b)))
		return ERR(ATTEST, "the card attests another key than the request's");
	if (!span_eq(SPAN_ARR(b.attest.approval), span_of(approval, 32)))
		return ERR(ATTEST, "the card attests another approval");
	if (b.attest.pin_by != ATTEST_PIN_HOLDER)
		return ERR(ATTEST, "the PIN was not set by the holder");
	TRY(journal_key_is_new(s->journal, csr_pub(b.csr)));
	*ret_b = b;
	b.csr = NULL;
	return ERR_OK;
}

enum err birth_is(const struct birth *b, const char *card, const char *key_hex)
{
	char hex[2 * SM2_PUB_LEN + 1];
	text_hex_str(SPAN_ARR(b->attest.pub.b), hex);
	if (strcmp(card, b->attest.serial) != 0)
		return ERR(APPROVAL, "the statement names card %s, the attestation %s", card, b->attest.serial);
	if (strcmp(hex, key_hex) != 0)
		return ERR(APPROVAL, "the statement names another key than the attestation");
	return ERR_OK;
}

static enum err issue_one(const struct serve_ctx *s, const struct pair_plan *p, const char *suffix,
                          const struct sm2_pub *pub, int64_t now, struct cert **ret_c)
{
	char profile[PROFILE_NAME_MAX];
	int n = snprintf(profile, sizeof(profile), "%s-%s", p->base, suffix);
	if (n < 0 || n >= (int)sizeof(profile))
		return ERR(CERT_PROFILE, "profile name");
	return ca_issue(s->ca, profile, &p->subject, pub, &s->urls, now, p->days, ret_c);
}

static void put_both(struct ipc_msg *record, struct ipc_msg *out, uint16_t tag, struct span v)
{
	ipc_put(record, tag, v);
	ipc_put(out, tag, v);
}

/* What keeps the signer from escrow is no fault of the one who asks: a refusal there is a service that is not to be
 * had, as in the moment of its start when the socket has not got its owner yet. */
enum err escrow_said(enum err e)
{
	return e == ERR_DENIED ? ERR(UNAVAILABLE, "escrow refuses the signer") : e;
}

/* The signing certificate is made before escrow is asked, so that a request that fits no profile leaves no key there.
 */
enum err pair_make(const struct serve_ctx *s, const struct pair_plan *p, int64_t now, struct ipc_msg *record,
                   struct ipc_msg *out)
{
	struct sm2_pub enc_pub;
	AUTO(cert) sign = NULL;
	AUTO(cert) enc = NULL;
	AUTO_BUF(enveloped, ENVELOPED_KEY_MAX);
	TRY(issue_one(s, p, "sign", p->pub, now, &sign));
	enum err e = escrow_keypair(s->escrow, p->subject.subject_id, p->pub, p->evidence, &enc_pub, &enveloped);
	if (e == ERR_CONFLICT)
		return ERR(REPLAY, "the approval has been used for another key");
	TRY(escrow_said(e));
	TRY(journal_key_is_new(s->journal, &enc_pub));
	TRY(issue_one(s, p, "enc", &enc_pub, now, &enc));
	put_both(record, out, ST_SIGN_CERT, cert_der(sign));
	put_both(record, out, ST_ENC_CERT, cert_der(enc));
	put_both(record, out, ST_ENVELOPED, buf_span(&enveloped));
	return ERR_OK;
}
