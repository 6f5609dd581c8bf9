/* From the key born in the blank card to the certificate written into it. */
#include "server/cert/case_i.h"
#include "base/text.h"
#include "gm/sm3.h"
#include "pki/attest.h"
#include "pki/cert.h"
#include "pki/csr.h"
#include "pki/envelope.h"
#include <stdio.h>
#include <string.h>

/* --- key and attestation --- */

static enum err key_agrees(const struct sm2_pub *pub, const char *key_hex)
{
	char hex[2 * SM2_PUB_LEN + 1];
	text_hex_str(SPAN_ARR(pub->b), hex);
	return strcmp(hex, key_hex) == 0 ? ERR_OK : ERR(ATTEST, "request and attestation name another key");
}

/* Whether the card is in stock and its device key made this is for the signer to say; here only what would waste a
 * step. */
static enum err born_check(const struct desk *d, const char *no, const char *card, const char *key_hex,
                           struct span csr_der, struct span attest_bytes)
{
	AUTO(csr) csr = NULL;
	struct attest a;
	char approval[65], attested[65];
	TRY(csr_parse(csr_der, &csr));
	TRY(attest_parse(attest_bytes, &a));
	TRY(key_agrees(csr_pub(csr), key_hex));
	TRY(key_agrees(&a.pub, key_hex));
	if (strcmp(a.serial, card) != 0)
		return ERR(ATTEST, "attestation names another card");
	TRY(case_approval(d, no, approval));
	text_hex_str(SPAN_ARR(a.approval), attested);
	if (strcmp(attested, approval) != 0)
		return ERR(ATTEST, "attestation is for another approval");
	return a.pin_by == ATTEST_PIN_HOLDER ? ERR_OK : ERR(ATTEST, "holder has not set the PIN");
}

struct born_job {
	struct case_move move;
	const char *card, *key_hex;
	struct span csr, attest;
};

static enum err born_tx(struct tx *tx, void *arg)
{
	const struct born_job *j = arg;
	TRY(case_move_tx(tx, &j->move));
	TRY(tx_exec(tx, "case_set_key",
	            SQL_ARGS(A_TEXT(j->move.no), A_TEXT(j->card), A_TEXT(j->key_hex), A_BLOB(j->csr),
	                     A_BLOB(j->attest)),
	            NULL));
	TRY(tx_exec(tx, "shown_delete", SQL_ARGS(A_TEXT(j->move.no)), NULL));
	return case_log_tx(tx, j->move.log, j->move.no, 0, NULL);
}

enum err case_make_begin(const struct desk *d, const char *no, const struct officer *by, const char *card,
                         const char *key_hex, struct span csr, struct span attest)
{
	struct cert_case c;
	AUTO_LOG_ACT(log);
	TRY(case_role_check(d, CACT_BORN, by));
	TRY(case_get(d, no, &c));
	if (c.state == CASE_MAKING && strcmp(c.card, card) == 0 && strcmp(c.key_hex, key_hex) == 0)
		return ERR_OK;
	enum case_state to;
	TRY(case_may(d, &c, CACT_BORN, by, &to));
	TRY(born_check(d, no, card, key_hex, csr, attest));
	TRY(case_log_init(&log, d, case_act_rule(CACT_BORN)->log, by, attest));
	struct born_job j = {
		{c.no, c.version, clock_now(d->clock), c.state, to, by, SPAN_EMPTY, &log}, card, key_hex, csr, attest};
	return store_write(d->store, born_tx, &j);
}

/* --- blobs of the case --- */

struct blobs {
	const char *no;
	struct buf csr, attest, enveloped;
};

static void blobs_done(struct blobs *b)
{
	buf_done(&b->csr);
	buf_done(&b->attest);
	buf_done(&b->enveloped);
}

static enum err blobs_row(const struct row *row, void *ctx)
{
	struct blobs *b = ctx;
	buf_put(&b->csr, row_blob(row, 0));
	buf_put(&b->attest, row_blob(row, 1));
	buf_put(&b->enveloped, row_blob(row, 2));
	TRY(buf_err(&b->csr));
	TRY(buf_err(&b->attest));
	return buf_err(&b->enveloped);
}

static enum err blobs_fn(struct tx *tx, void *arg)
{
	struct blobs *b = arg;
	return tx_one(tx, "case_blobs", SQL_ARGS(A_TEXT(b->no)), blobs_row, b);
}

static enum err blobs_get(const struct desk *d, const char *no, struct blobs *b)
{
	*b = (struct blobs){no, buf_make(CSR_DER_MAX), buf_make(ATTEST_LEN), buf_make(ENVELOPED_KEY_MAX)};
	return store_read(d->store, blobs_fn, b);
}

/* --- issuing --- */

static enum err ask_signer(const struct desk *d, const char *no, struct issued *ret_i)
{
	struct case_act a[3];
	struct blobs b;
	enum err e = blobs_get(d, no, &b);
	for (int i = 0; i < 3; i++)
		case_act_init(&a[i]);
	for (int i = 0; i < 3 && e == ERR_OK; i++)
		e = case_act_get(d, no, (enum case_step)(STEP_ACCEPT + i), &a[i]);
	if (e == ERR_OK) {
		struct act_parts accept = case_act_parts(&a[0]), approve = case_act_parts(&a[1]),
				 make = case_act_parts(&a[2]);
		e = signer_issue(d->signer, &accept, &approve, &make, buf_span(&b.csr), buf_span(&b.attest), ret_i);
	}
	for (int i = 0; i < 3; i++)
		case_act_done(&a[i]);
	blobs_done(&b);
	return e;
}

struct issue_job {
	struct case_move move;
	const struct cert_case *c;
	const struct cert *sign, *enc;
	struct span enveloped;
};

static enum err cert_tx(struct tx *tx, const struct issue_job *j, const struct cert *x, const char *usage)
{
	return tx_exec(tx, "cert_insert",
	               SQL_ARGS(A_TEXT(cert_serial(x)), A_TEXT(cert_subject_id(x)), A_TEXT(usage), A_TEXT(j->c->no),
	                        A_TEXT(j->c->card), A_INT(cert_not_before(x)), A_INT(cert_not_after(x)),
	                        A_BLOB(cert_der(x)), A_INT(j->move.time)),
	               NULL);
}

/* An account that is there already is written again, and covered: not with an edit of the database. */
static enum err account_unchanged(struct tx *tx, const char *subject)
{
	enum err e = log_row_check(tx, "account", SQL_ARGS(A_TEXT(subject)));
	if (e != ERR_ABSENT)
		return e;
	err_clear();
	return ERR_OK;
}

static enum err issue_tx(struct tx *tx, void *arg)
{
	const struct issue_job *j = arg;
	const struct cert_case *c = j->c;
	TRY(account_unchanged(tx, c->subject));
	TRY(case_move_tx(tx, &j->move));
	TRY(cert_tx(tx, j, j->sign, "sign"));
	TRY(cert_tx(tx, j, j->enc, "enc"));
	TRY(tx_exec(tx, "case_set_issued",
	            SQL_ARGS(A_TEXT(c->no), A_TEXT(cert_serial(j->sign)), A_TEXT(cert_serial(j->enc)),
	                     A_BLOB(j->enveloped)),
	            NULL));
	TRY(tx_exec(tx, "account_put",
	            SQL_ARGS(A_TEXT(c->subject), A_TEXT(c->profile), c->unit_no[0] != 0 ? A_TEXT(c->unit_no) : A_NULL,
	                     A_TEXT(c->person_no), A_TEXT(c->holder), A_INT(j->move.time)),
	            NULL));
	return case_log_tx(tx, j->move.log, c->no, 0,
	                   (const char *const[]){cert_serial(j->sign), cert_serial(j->enc), NULL});
}

/* What the signer built must be about this case: its subject, and the key that was born. */
static enum err answer_check(const struct cert_case *c, const struct cert *sign, const struct cert *enc)
{
	TRY(key_agrees(cert_pub(sign), c->key_hex));
	if (strcmp(cert_subject_id(sign), c->subject) != 0 || strcmp(cert_subject_id(enc), c->subject) != 0)
		return ERR(INTERNAL, "signer answered for another subject");
	return ERR_OK;
}

static enum err record(const struct desk *d, const struct cert_case *c, const struct issued *i)
{
	AUTO(cert) sign = NULL;
	AUTO(cert) enc = NULL;
	AUTO_LOG_ACT(log);
	AUTO_BUF(text, 256);
	TRY(cert_parse(buf_span(&i->sign_cert), &sign));
	TRY(cert_parse(buf_span(&i->enc_cert), &enc));
	TRY(answer_check(c, sign, enc));
	buf_printf(&text, "sign: %s\nenc: %s\n", cert_serial(sign), cert_serial(enc));
	TRY(buf_err(&text));
	enum case_state to;
	TRY(case_turn(c, CACT_ISSUE, &to));
	TRY(case_log_init(&log, d, case_act_rule(CACT_ISSUE)->log, NULL, buf_span(&text)));
	struct issue_job j = {{c->no, c->version, clock_now(d->clock), c->state, to, NULL, SPAN_EMPTY, &log},
	                      c,
	                      sign,
	                      enc,
	                      buf_span(&i->enveloped)};
	return store_write(d->store, issue_tx, &j);
}

enum err case_issue(const struct desk *d, const char *no)
{
	struct cert_case c;
	struct issued i = {0};
	TRY(case_get(d, no, &c));
	if (c.state == CASE_ISSUED || c.state == CASE_DONE)
		return ERR_OK;
	enum case_state to;
	TRY(case_turn(&c, CACT_ISSUE, &to));
	INVARIANT(d->signer != NULL);
	enum err e = ask_signer(d, no, &i);
	if (e == ERR_OK)
		e = record(d, &c, &i);
	issued_done(&i);
	return e;
}

/* --- into the card --- */

struct der_job {
	const char *serial;
	struct buf *out;
};

static enum err der_row(const struct row *row, void *ctx)
{
	struct der_job *j = ctx;
	buf_put(j->out, row_blob(row, 0));
	return buf_err(j->out);
}

static enum err der_fn(struct tx *tx, void *arg)
{
	struct der_job *j = arg;
	return tx_one(tx, "cert_der", SQL_ARGS(A_TEXT(j->serial)), der_row, j);
}

static enum err der_get(const struct desk *d, const char *serial, struct buf *out)
{
	struct der_job j = {serial, out};
	return store_read(d->store, der_fn, &j);
}

enum err case_parcel(const struct desk *d, const char *no, struct issued *ret_i)
{
	struct cert_case c;
	struct blobs b;
	TRY(case_get(d, no, &c));
	if (c.state != CASE_ISSUED && c.state != CASE_DONE)
		return ERR(STATE, "case is %s", case_state_name(c.state));
	TRY(blobs_get(d, no, &b));
	struct issued i = {buf_make(CERT_DER_MAX), buf_make(CERT_DER_MAX), b.enveloped};
	b.enveloped = buf_make(0);
	blobs_done(&b);
	enum err e = der_get(d, c.cert_serial, &i.sign_cert);
	if (e == ERR_OK)
		e = der_get(d, c.enc_serial, &i.enc_cert);
	if (e != ERR_OK) {
		issued_done(&i);
		return e;
	}
	*ret_i = i;
	return ERR_OK;
}

enum err case_installed(const struct desk *d, const char *no, const struct officer *by, const char *cert_serial_hex)
{
	struct cert_case c;
	enum case_state to;
	TRY(case_role_check(d, CACT_INSTALL, by));
	TRY(case_get(d, no, &c));
	if (c.state == CASE_DONE)
		return ERR_OK;
	TRY(case_turn(&c, CACT_INSTALL, &to));
	if (strcmp(c.cert_serial, cert_serial_hex) != 0)
		return ERR(CARD_WRONG, "card reports another certificate");
	return case_move_now(d, &c, CACT_INSTALL, by, "", NULL);
}
