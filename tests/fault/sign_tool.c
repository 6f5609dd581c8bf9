/* A key in its holder's hand for the load test: statements in, signatures out, many in one process. The card's state
 * machine runs here on its image file, so the key must lie in no slot meanwhile. The PIN comes from demo.json. It signs
 * whatever it is told to, which is why it is a tool of the tests and no command of yxkey.
 *
 *   sign_tool DATA KEY     stdin: octets of the statement as a decimal line, then the statement; stdout: one line each,
 *                          {"signature":"base64","cert":"base64"}; ends with the input. */
#include "../../src/cmd/init_hand.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "evidence/statement.h"
#include "gm/start.h"
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 16384 };

static enum err pin_of(const char *data, const char *key, char ret_pin[INIT_PIN_DIGITS_MAX + 1])
{
	char path[PATH_LEN_MAX];
	size_t i;
	json_t *k;
	AUTO_BUF(text, JSON_TEXT_MAX);
	AUTO_JSON doc = NULL;
	(void)snprintf(path, sizeof(path), "%s/demo.json", data);
	TRY(file_read(path, &text));
	TRY(json_parse(buf_span(&text), &doc));
	json_array_foreach(json_object_get(doc, "keys"), i, k)
		if (strcmp(json_str_or(k, "name", ""), key) == 0) {
			(void)snprintf(ret_pin, INIT_PIN_DIGITS_MAX + 1, "%s", json_str_or(k, "pin", ""));
			return ERR_OK;
		}
	return ERR(KEY_ABSENT, "no key %s in demo.json", key);
}

static enum err put_b64(json_t *o, const char *name, struct span bytes)
{
	AUTO_BUF(text, LINE_MAX_BYTES);
	text_b64(&text, bytes);
	TRY(buf_err(&text));
	return json_put_str(o, name, buf_span(&text));
}

/* The card gives one signature per login. */
static enum err answer(struct hand *h, const char *pin, const struct cert *cert, struct span statement)
{
	struct sm2_sig sig;
	AUTO_JSON out = json_object();
	AUTO_BUF(line, LINE_MAX_BYTES);
	TRY(hand_login(h, pin));
	TRY(token_sign(h->token, statement, &sig));
	TRY(put_b64(out, "signature", SPAN_ARR(sig.b)));
	TRY(put_b64(out, "cert", cert_der(cert)));
	TRY(json_print(out, &line));
	return printf("%s\n", buf_cstr(&line)) > 0 && fflush(stdout) == 0 ? ERR_OK : ERR(IO, "stdout");
}

/* ERR_ABSENT at the end of the input. */
static enum err ask(struct buf *ret_statement)
{
	char line[32], part[4096];
	int64_t left = 0;
	if (fgets(line, sizeof(line), stdin) == NULL)
		return ERR(ABSENT, "no more statements");
	TRY(text_i64(span_of(line, strcspn(line, "\n")), 1, STATEMENT_LONG_MAX, &left));
	buf_clear(ret_statement);
	while (left > 0) {
		size_t want = (size_t)left < sizeof(part) ? (size_t)left : sizeof(part);
		if (fread(part, 1, want, stdin) != want)
			return ERR(IO, "statement cut short");
		buf_put(ret_statement, span_of(part, want));
		left -= (int64_t)want;
	}
	return buf_err(ret_statement);
}

static enum err serve(const char *data, const char *key)
{
	char path[PATH_LEN_MAX], pin[INIT_PIN_DIGITS_MAX + 1] = "";
	AUTO(clock) clock = NULL;
	AUTO_HAND(h);
	AUTO(cert) cert = NULL;
	AUTO_BUF(statement, STATEMENT_LONG_MAX);
	(void)snprintf(path, sizeof(path), "%s/clock", data);
	TRY(gm_start());
	TRY(clock_open(path, &clock));
	TRY(pin_of(data, key, pin));
	TRY(hand_take(data, clock, key, &h));
	TRY(token_cert(h.token, true, &cert));
	enum err e = ERR_OK;
	while (e == ERR_OK) {
		e = ask(&statement);
		if (e == ERR_OK)
			e = answer(&h, pin, cert, buf_span(&statement));
	}
	wipe(pin, sizeof(pin));
	if (e != ERR_ABSENT)
		return e;
	err_clear();
	return ERR_OK;
}

int main(int argc, char **argv)
{
	char *data = argc == 3 ? realpath(argv[1], NULL) : NULL;
	if (data == NULL) {
		fprintf(stderr, "usage: sign_tool DATA KEY < statements\n");
		return 2;
	}
	enum err e = serve(data, argv[2]);
	free(data);
	if (e != ERR_OK)
		fprintf(stderr, "%s %s: %s\n", err_code(e), err_zh(e), err_detail());
	return e == ERR_OK ? 0 : 1;
}
