/* /v1/card/...: a blank key gets its pair, its certificates, or is returned to blank (architecture: Issuing). */
#include "base/json.h"
#include "base/text.h"
#include "client/agent/agent.h"
#include "pki/csr.h"
#include "pki/envelope.h"
#include <stdio.h>
#include <string.h>

/* --- what is shown --- */

/* Text from a page goes to the screen beside a PIN field: one plain line, or not at all. */
static enum err add_given(struct page_call *c, json_t *rows, const char *label, const char *member)
{
	const char *value = call_str(c, member);

	if (text_line_check(span_str(value)) != ERR_OK)
		return ERR(FIELD_VALUE, "%s: %s", member, err_detail());
	return value[0] ? row_add(rows, label, value) : ERR_OK;
}

static enum err show(struct page_call *c, const struct key *k, json_t *rows)
{
	if (rows == NULL)
		return ERR(NOMEM, "rows");
	TRY(add_given(c, rows, "受理编号", "case"));
	TRY(add_given(c, rows, "单位", "unit"));
	TRY(add_given(c, rows, "持有人", "holder"));
	TRY(row_add(rows, "介质序列号", k->serial));
	return row_add(rows, "根证书指纹", c->a->bureau);
}

/* --- new --- */

static enum err put_made(struct page_call *c, const struct key *k, const struct key_made *made)
{
	char hex[2 * SM2_PUB_LEN + 1];

	text_hex_str(SPAN_ARR(made->pub.b), hex);
	TRY(json_put_str(c->out, "card", span_str(k->serial)));
	TRY(json_put_str(c->out, "key", span_str(hex)));
	TRY(answer_b64(c->out, "csr", buf_span(&made->csr)));
	return answer_b64(c->out, "attestation", SPAN_ARR(made->attest));
}

static enum err ask_and_make(struct page_call *c, const uint8_t approval[32], struct key_made *made)
{
	enum err e = ERR_OK;

	for (;;) {
		struct dialogue_answer answer = {.pin = NULL};
		TRY(dialogue_ask(c->a->dialogue, e, -1, &answer));
		e = keys_new_pair(c->a->keys, &answer.key, approval, call_str(c, "holder"), answer.pin, made);
		dialogue_answer_done(&answer);
		if (!ask_is_retry(e))
			return e;
		err_clear();
	}
}

static enum err make_pair(struct page_call *c, const uint8_t approval[32], struct key_made *made)
{
	AUTO_JSON rows = json_array();
	struct key k;

	TRY(pick_serial(c, &k));
	TRY(check_genuine(&k));
	if (!k.extended)
		return ERR(NOT_SUPPORTED, "key %s is of another vendor", k.serial);
	if (k.state != KEY_BLANK)
		return ERR(CARD_NOT_BLANK, "key %s", k.serial);
	TRY(show(c, &k, rows));
	TRY(ask_begin(c, "制证：设置证书密码", rows, NEED_NEW_PIN, &k, 1));
	enum err e = ask_and_make(c, approval, made);
	dialogue_end(c->a->dialogue, e, -1);
	TRY(e);
	return put_made(c, &k, made);
}

enum err act_card_new(struct page_call *c)
{
	AUTO_BUF(approval, 32);
	struct key_made made = {.csr = buf_make(CSR_DER_MAX)};

	if (!is_hex_of(call_str(c, "approval"), 64))
		return ERR(FIELD_VALUE, "approval is not 64 hex digits");
	TRY(text_unhex(span_str(call_str(c, "approval")), &approval));
	enum err e = make_pair(c, approval.ptr, &made);
	buf_done(&made.csr);
	return e;
}

/* --- install, discard: need a card that is logged in --- */

static enum err ask_and_log_in(struct page_call *c)
{
	enum err e = ERR_OK;
	int tries = -1;

	for (;;) {
		struct dialogue_answer answer = {.pin = NULL};
		TRY(dialogue_ask(c->a->dialogue, e, tries, &answer));
		unsigned left = 0;
		e = keys_login(c->a->keys, &answer.key, answer.pin, &left);
		dialogue_answer_done(&answer);
		tries = e == ERR_PIN_WRONG ? (int)left : -1;
		if (!ask_is_retry(e))
			return e;
		err_clear();
	}
}

struct parts {
	struct buf sign_cert, enc_cert, enveloped;
};

static enum err work(struct page_call *c, const struct key *k, const struct parts *p)
{
	if (!k->open)
		TRY(ask_and_log_in(c));
	if (p == NULL)
		return keys_discard(c->a->keys, k);
	return keys_install(c->a->keys, k, buf_span(&p->sign_cert), buf_span(&p->enc_cert), buf_span(&p->enveloped));
}

/* p NULL: discard. */
static enum err with_dialogue(struct page_call *c, const char *title, const struct key *k, const struct parts *p)
{
	AUTO_JSON rows = json_array();

	TRY(show(c, k, rows));
	TRY(ask_begin(c, title, rows, k->open ? NEED_NONE : NEED_PIN, k, 1));
	enum err e = work(c, k, p);
	if (e == ERR_PIN_LOCKED)
		c->conn->tries = 0;
	dialogue_end(c->a->dialogue, e, c->conn->tries);
	return e;
}

static enum err unb64(struct page_call *c, const char *member, size_t max, struct buf *out)
{
	buf_init(out, max);
	TRY(text_unb64(span_str(call_str(c, member)), out));
	return buf_err(out);
}

static void parts_done(struct parts *p)
{
	buf_done(&p->sign_cert);
	buf_done(&p->enc_cert);
	buf_done(&p->enveloped);
}

/* Time is left out on purpose: this machine's clock may run a little behind the issuer's. */
static enum err check_chain(struct agent *a, const struct cert *cert, unsigned usage)
{
	return path_check(a->trust, cert, usage, cert_not_before(cert));
}

static enum err check_parts(struct page_call *c, const struct key *k, const struct parts *p, const struct cert *sign)
{
	AUTO(cert) enc = NULL;
	struct enveloped_parts e;

	TRY(cert_parse(buf_span(&p->enc_cert), &enc));
	TRY(check_chain(c->a, sign, KU_SIGN));
	TRY(check_chain(c->a, enc, KU_ENC));
	if (!span_eq(cert_subject_der(sign), cert_subject_der(enc)))
		return ERR(CERT_CHAIN, "the two certificates name different subjects");
	if (!k->has_pub || !span_eq(SPAN_ARR(cert_pub(sign)->b), SPAN_ARR(k->pub.b)))
		return ERR(CARD_WRONG, "signing certificate is not for the key on this card");
	TRY(enveloped_key_split(buf_span(&p->enveloped), &e));
	if (!span_eq(SPAN_ARR(cert_pub(enc)->b), SPAN_ARR(e.pub.b)))
		return ERR(CERT_CHAIN, "encryption certificate is not for the enveloped key");
	return ERR_OK;
}

/* A page may ask again after it lost our answer: what is on the card already is no fault. */
static bool installed(const struct key *k, const struct parts *p)
{
	return k->state == KEY_READY && span_eq(span_of(k->cert, k->cert_len), buf_span(&p->sign_cert));
}

static enum err install(struct page_call *c, const struct parts *p)
{
	AUTO(cert) sign = NULL;
	struct key k;

	TRY(cert_parse(buf_span(&p->sign_cert), &sign));
	TRY(pick_serial(c, &k));
	TRY(check_genuine(&k));
	TRY(check_parts(c, &k, p, sign));
	if (!installed(&k, p))
		TRY(with_dialogue(c, "制证:写入证书", &k, p));
	TRY(json_put_str(c->out, "card", span_str(k.serial)));
	return json_put_str(c->out, "cert_serial", span_str(cert_serial(sign)));
}

enum err act_card_install(struct page_call *c)
{
	struct parts p = {.sign_cert = buf_make(0), .enc_cert = buf_make(0), .enveloped = buf_make(0)};

	enum err e = unb64(c, "sign_cert", CERT_DER_MAX, &p.sign_cert);
	if (e == ERR_OK)
		e = unb64(c, "enc_cert", CERT_DER_MAX, &p.enc_cert);
	if (e == ERR_OK)
		e = unb64(c, "enveloped", ENVELOPED_KEY_MAX, &p.enveloped);
	if (e == ERR_OK)
		e = install(c, &p);
	parts_done(&p);
	return e;
}

enum err act_card_discard(struct page_call *c)
{
	struct key k;

	TRY(pick_serial(c, &k));
	if (k.state == KEY_BLANK)
		return json_put_str(c->out, "card", span_str(k.serial)); /* done before, the answer was lost */
	TRY(check_genuine(&k));
	if (k.state != KEY_AWAITING)
		return ERR(CARD_STATE, "key %s does not wait for a certificate", k.serial);
	TRY(with_dialogue(c, "制证:作废未完成的密钥", &k, NULL));
	return json_put_str(c->out, "card", span_str(k.serial));
}
