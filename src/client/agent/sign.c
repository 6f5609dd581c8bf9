/* /v1/login and /v1/sign: one statement, shown in full, signed once. */
#include "base/json.h"
#include "base/text.h"
#include "client/agent/agent.h"
#include "evidence/statement.h"
#include <stdio.h>
#include <string.h>

/* LOGIN is not here: it is made by act_login alone, from the origin that the browser sent. */
static const char *const permitted[] = {"FILING-SUBMIT-WIDE",
                                        "FILING-CORRECT-WIDE",
                                        "CERT-ACCEPT",
                                        "CERT-APPROVE",
                                        "CERT-MAKE",
                                        "CERT-RETURN",
                                        "CERT-REFUSE",
                                        "CERT-RENEW",
                                        "CERT-REVOKE",
                                        "CERT-SUSPEND",
                                        "CERT-RELEASE",
                                        "ROSTER",
                                        "STOCK",
                                        "FILING-SUBMIT",
                                        "FILING-CORRECT",
                                        "FILING-WITHDRAW",
                                        "FILING-ACCEPT",
                                        "FILING-RETURN",
                                        "FILING-APPROVE",
                                        "FILING-REFUSE"};

/* --- what is shown --- */

struct showing {
	json_t *rows;
	bool machines;
};

/* The twelfth card is "介质序列号 12"; the lines of one value are put together. */
static enum err show_value(const char *key, size_t number, const char *value, void *ctx)
{
	const struct showing *w = ctx;
	const char *zh = statement_key_zh(key);
	AUTO_BUF(label, 256);

	if (words_for_machines(key) != w->machines)
		return ERR_OK;
	buf_str(&label, zh != NULL ? zh : key);
	if (number > 0)
		buf_printf(&label, " %zu", number);
	TRY(buf_err(&label));
	return row_add_line(w->rows, buf_cstr(&label), key, value);
}

/* Every value of exactly those octets that will be signed; what a person has to read comes first. */
static enum err show(const struct statement *s, json_t *rows)
{
	TRY(statement_each(s, show_value, &(struct showing){rows, false}));
	return statement_each(s, show_value, &(struct showing){rows, true});
}

/* --- signing --- */

static enum err sign_once(struct page_call *c, const struct dialogue_answer *answer, struct span text,
                          unsigned *ret_tries, struct sm2_sig *ret_sig)
{
	const struct key *k = &answer->key;
	AUTO(cert) cert = NULL;
	struct sm2_sig sig;
	uint8_t e[32];

	TRY(cert_parse(span_of(k->cert, k->cert_len), &cert));
	TRY(sm2_digest(cert_pub(cert), text, e));
	TRY(keys_sign(c->a->keys, k, e, answer->pin, ret_tries, &sig));
	/* A wrong library or a swapped card shows here, not at the server. */
	TRY(gm_verify(cert_pub(cert), text, &sig));
	*ret_sig = sig;
	return ERR_OK;
}

static enum err ask_and_sign(struct page_call *c, struct span text, struct key *ret_key, struct sm2_sig *ret_sig)
{
	enum err e = ERR_OK;
	int tries = -1;

	for (;;) {
		struct dialogue_answer answer = {.pin = NULL};
		TRY(dialogue_ask(c->a->dialogue, e, tries, &answer));
		unsigned left = 0;
		e = sign_once(c, &answer, text, &left, ret_sig);
		dialogue_answer_done(&answer);
		*ret_key = answer.key;
		tries = e == ERR_PIN_WRONG ? (int)left : -1;
		if (e == ERR_PIN_LOCKED)
			c->conn->tries = 0;
		if (!ask_is_retry(e))
			return e;
		err_clear();
	}
}

static enum err put_answer(struct page_call *c, const struct key *k, const struct sm2_sig *sig)
{
	TRY(answer_b64(c->out, "signature", SPAN_ARR(sig->b)));
	TRY(answer_b64(c->out, "cert", span_of(k->cert, k->cert_len)));
	return json_put_str(c->out, "card", span_str(k->serial));
}

static enum err sign_statement(struct page_call *c, const struct statement *s)
{
	AUTO_JSON rows = json_array();
	struct key keys[KEYS_MAX], chosen;
	struct sm2_sig sig;
	const char *title = statement_type_zh(statement_type(s));
	size_t n;

	if (rows == NULL)
		return ERR(NOMEM, "rows");
	TRY(show(s, rows));
	TRY(pick_ready(c, keys, &n));
	TRY(ask_begin(c, title ? title : statement_type(s), rows, NEED_PIN, keys, n));
	enum err e = ask_and_sign(c, statement_text(s), &chosen, &sig);
	dialogue_end(c->a->dialogue, e, c->conn->tries);
	TRY(e);
	return put_answer(c, &chosen, &sig);
}

/* --- the two requests --- */

static enum err login_statement(struct page_call *c, struct statement **ret_s)
{
	AUTO_BUF(time, 32);

	text_time(&time, clock_now(c->a->clock));
	TRY(buf_err(&time));
	const struct statement_kv kv[] = {
		{"bureau", c->a->bureau},
		{"nonce", call_str(c, "nonce")},
		{"time", buf_cstr(&time)},
		{"origin", c->conn->origin},
	};
	return statement_build("LOGIN", kv, COUNT_OF(kv), ret_s);
}

enum err act_login(struct page_call *c)
{
	AUTO(statement) s = NULL;

	if (!is_hex_of(call_str(c, "nonce"), 64) || !is_hex_of(call_str(c, "bureau"), 64))
		return ERR(FIELD_VALUE, "nonce or bureau is not 64 hex digits");
	if (strcmp(call_str(c, "bureau"), c->a->bureau) != 0)
		return ERR(BUREAU, "the page's bureau is not this agent's root");
	TRY(login_statement(c, &s));
	TRY(sign_statement(c, s));
	return json_put_str(c->out, "statement", statement_text(s));
}

static bool is_permitted(const char *type)
{
	for (size_t i = 0; i < COUNT_OF(permitted); i++)
		if (strcmp(type, permitted[i]) == 0)
			return true;
	return false;
}

enum err act_sign(struct page_call *c)
{
	AUTO(statement) s = NULL;

	TRY(statement_parse(span_str(call_str(c, "statement")), &s));
	if (!is_permitted(statement_type(s)))
		return ERR(STATEMENT, "type %s is not signed here", statement_type(s));
	if (strcmp(statement_get(s, "bureau"), c->a->bureau) != 0)
		return ERR(BUREAU, "the statement's bureau is not this agent's root");
	return sign_statement(c, s);
}
