/* /v1/login and /v1/sign: one statement, shown in full, signed once. */
#include "base/json.h"
#include "base/text.h"
#include "client/agent/agent.h"
#include "evidence/statement.h"
#include <stdio.h>
#include <string.h>

/* LOGIN is not here: it is made by act_login alone, from the origin that the browser sent. */
static const char *const permitted[] = {"CERT-ACCEPT",    "CERT-APPROVE",    "CERT-MAKE",     "CERT-RETURN",
                                        "CERT-REFUSE",    "CERT-RENEW",      "CERT-REVOKE",   "CERT-SUSPEND",
                                        "CERT-RELEASE",   "ROSTER",          "STOCK",         "FILING-SUBMIT",
                                        "FILING-CORRECT", "FILING-WITHDRAW", "FILING-ACCEPT", "FILING-RETURN",
                                        "FILING-APPROVE", "FILING-REFUSE"};

/* --- what is shown --- */

/* "card.12" is "介质序列号 12". */
static enum err add_line(json_t *rows, struct span line)
{
	AUTO_BUF(label, 256);
	AUTO_BUF(value, STATEMENT_MAX);
	char name[64] = "";
	struct span key;

	if (!span_take_until(&line, ':', &key) || key.len >= sizeof(name) || line.len == 0)
		return ERR(STATEMENT, "line without a key");
	memcpy(name, key.ptr, key.len);
	char *dot = strchr(name, '.');
	if (dot != NULL)
		*dot++ = '\0';
	buf_str(&label, statement_key_zh(name) != NULL ? statement_key_zh(name) : name);
	if (dot != NULL)
		buf_printf(&label, " %s", dot);
	buf_put(&value, span_sub(line, 1, line.len));
	TRY(buf_err(&value));
	return row_add_line(rows, buf_cstr(&label), name, buf_cstr(&value));
}

static bool for_machines(struct span line)
{
	char name[64] = "";
	struct span key;

	if (!span_take_until(&line, ':', &key) || key.len >= sizeof(name))
		return false;
	memcpy(name, key.ptr, key.len);
	return words_for_machines(name);
}

static enum err show_lines(struct span text, bool machines, json_t *rows)
{
	struct span line;

	if (!span_take_until(&text, '\n', &line))
		return ERR(STATEMENT, "no lines");
	while (span_take_until(&text, '\n', &line))
		if (for_machines(line) == machines)
			TRY(add_line(rows, line));
	return ERR_OK;
}

/* Every line of exactly those octets that will be signed; what a person has to read comes first. */
static enum err show(const struct statement *s, json_t *rows)
{
	TRY(show_lines(statement_text(s), false, rows));
	return show_lines(statement_text(s), true, rows);
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
