/* A person at the desk, from the command line, for the fault tests: what officers and holders do with their keys, done
 * with the card files of a demonstration bureau while no slot holds them. PINs come from demo.json or from stdin, never
 * from the arguments. Prints one JSON object; a refusal is one line "CODE text" on stderr and status 1.
 *
 *   status_tool DATA suspend|revoke|release|status SERIAL
 *   status_tool DATA sign KEY               < statement          {"signature","cert"}
 *   status_tool DATA cert KEY               the signing certificate {"cert"}
 *   status_tool DATA generate KEY APPROVAL  < PIN                {"card","key","csr","attestation"}
 *   status_tool DATA discard KEY            < PIN
 *   status_tool DATA install KEY            < {"pin","sign_cert","enc_cert","enveloped"}   {"cert_serial"}
 *   status_tool DATA stock PREFIX FIRST N   N new blank cards PREFIX-1.. with serials YX<FIRST>.., stocked
 *   status_tool DATA forge KEY SERIAL       a card that no bureau knows
 *   status_tool DATA journal                {"records","certs":[{"serial","key","subject"}]} of the whole signed feed
 *   status_tool DATA crl                    {"number"} */
/* The ceremony's steps, stocking among them, are static there: this is the same hand, not a second one. */
#include "../../src/cmd/init.c"
#include "base/json.h"
#include "gm/start.h"
#include "pki/crl.h"
#include "server/signer/record.h"
#include <stdlib.h>
#include <unistd.h>

enum { IN_MAX = 512 * 1024, ARGS_MAX = 8 };

struct bench {
	char data[1024], socket[1100], bureau[65];
	struct clock *clock;
	struct signer_client *signer;
	struct init_result keys;
};
typedef enum err verb_fn(struct bench *b, char **args, json_t *out);

/* --- what is known of the bureau --- */

static enum err load_key(struct bench *b, const json_t *k)
{
	if (b->keys.n_keys == INIT_KEYS_MAX)
		return ERR(LIMIT, "keys of demo.json");
	struct init_key *to = &b->keys.keys[b->keys.n_keys++];
	(void)snprintf(to->name, sizeof(to->name), "%s", json_str_or(k, "name", ""));
	(void)snprintf(to->role, sizeof(to->role), "%s", json_str_or(k, "role", ""));
	(void)snprintf(to->pin, sizeof(to->pin), "%s", json_str_or(k, "pin", ""));
	(void)snprintf(to->serial, sizeof(to->serial), "%s", json_str_or(k, "serial", ""));
	return ERR_OK;
}

static enum err load(struct bench *b)
{
	char path[1200];
	size_t i;
	json_t *k;
	AUTO_BUF(text, JSON_TEXT_MAX);
	AUTO_JSON doc = NULL;
	(void)snprintf(path, sizeof(path), "%s/demo.json", b->data);
	TRY(file_read(path, &text));
	TRY(json_parse(buf_span(&text), &doc));
	(void)snprintf(b->bureau, sizeof(b->bureau), "%s", json_str_or(doc, "bureau", ""));
	memcpy(b->keys.bureau, b->bureau, sizeof(b->bureau));
	json_array_foreach(json_object_get(doc, "keys"), i, k)
		TRY(load_key(b, k));
	(void)snprintf(path, sizeof(path), "%s/clock", b->data);
	TRY(clock_open(path, &b->clock));
	(void)snprintf(b->socket, sizeof(b->socket), "%s/run/signer/signer.sock", b->data);
	return signer_client_new(b->socket, &b->signer);
}

/* A key of demo.json, or one that this tool stocked later: the name of its file is all that is needed then. */
static struct init_key key_named(const struct bench *b, const char *name)
{
	struct init_key k = {0};
	for (size_t i = 0; i < b->keys.n_keys; i++)
		if (strcmp(b->keys.keys[i].name, name) == 0)
			return b->keys.keys[i];
	(void)snprintf(k.name, sizeof(k.name), "%s", name);
	return k;
}

static enum err read_stdin(struct buf *out)
{
	uint8_t some[4096];
	ssize_t n;
	while ((n = read(0, some, sizeof(some))) > 0)
		buf_put(out, span_of(some, (size_t)n));
	return n < 0 ? ERR(IO, "stdin") : buf_err(out);
}

static enum err read_pin(struct init_key *k)
{
	AUTO_BUF(text, 256);
	struct span rest, line;
	TRY(read_stdin(&text));
	rest = buf_span(&text);
	if (!span_take_until(&rest, '\n', &line) || line.len == 0 || line.len >= sizeof(k->pin))
		return ERR(PIN_RANGE, "one line with the PIN");
	memset(k->pin, 0, sizeof(k->pin));
	memcpy(k->pin, line.ptr, line.len);
	return ERR_OK;
}

static enum err put_b64(json_t *o, const char *name, struct span bytes)
{
	AUTO_BUF(text, IN_MAX);
	text_b64(&text, bytes);
	TRY(buf_err(&text));
	return json_put_str(o, name, buf_span(&text));
}

/* --- status --- */

static enum err status_statement(const struct bench *b, const char *type, const char *serial, struct statement **ret_s)
{
	const struct init_plan plan = {.clock = b->clock};
	const struct ceremony c = {.plan = &plan};
	struct head head;
	TRY(head_make(&c, &head));
	const struct statement_kv kv[] = {{"bureau", b->bureau},  {"nonce", head.nonce}, {"time", head.time},
	                                  {"case", "TEST-FAULT"}, {"serial", serial},    {"reason", "介质遗失"}};
	return statement_build(type, kv, strcmp(type, "CERT-RELEASE") == 0 ? 5 : 6, ret_s);
}

static enum err change_by(struct bench *b, const char *const who[2], const char *type, const char *serial,
                          struct buf *ret_crl)
{
	AUTO(statement) s = NULL;
	__attribute__((cleanup(two_done))) struct two_signed t = {{buf_make(SM2_SIG_LEN), buf_make(SM2_SIG_LEN)},
	                                                          {buf_make(CERT_DER_MAX), buf_make(CERT_DER_MAX)}};
	struct act_parts act[2];
	TRY(status_statement(b, type, serial, &s));
	for (size_t i = 0; i < 2; i++) {
		struct init_key k = key_named(b, who[i]);
		TRY(init_sign(b->data, b->clock, &k, statement_text(s), &t.sig[i], &t.cert[i]));
		act[i] = (struct act_parts){statement_text(s), buf_span(&t.sig[i]), buf_span(&t.cert[i])};
	}
	if (strcmp(type, "CERT-SUSPEND") == 0)
		return signer_suspend(b->signer, &act[0], ret_crl);
	return strcmp(type, "CERT-REVOKE") == 0 ? signer_revoke(b->signer, &act[0], &act[1], ret_crl)
	                                        : signer_release(b->signer, &act[0], &act[1], ret_crl);
}

/* Certificates of officers fall to the security administrators: the signer says so. */
static enum err change(struct bench *b, const char *type, const char *serial, struct buf *ret_crl)
{
	static const char *const desk[2] = {"clerk-1", "reviewer-1"}, *const keepers[2] = {"security-1", "security-2"};
	enum err e = change_by(b, desk, type, serial, ret_crl);
	if (e != ERR_ROLE)
		return e;
	err_clear();
	return change_by(b, keepers, type, serial, ret_crl);
}

static enum err change_and_tell(struct bench *b, const char *type, const char *serial, json_t *out)
{
	AUTO_BUF(crl, CRL_DER_MAX);
	TRY(change(b, type, serial, &crl));
	return json_put_str(out, "serial", span_str(serial));
}

static enum err verb_suspend(struct bench *b, char **args, json_t *out)
{
	return change_and_tell(b, "CERT-SUSPEND", args[0], out);
}

static enum err verb_revoke(struct bench *b, char **args, json_t *out)
{
	return change_and_tell(b, "CERT-REVOKE", args[0], out);
}

static enum err verb_release(struct bench *b, char **args, json_t *out)
{
	return change_and_tell(b, "CERT-RELEASE", args[0], out);
}

static enum err verb_status(struct bench *b, char **args, json_t *out)
{
	static const char *const names[] = {"good", "revoked", "suspended"};
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	uint64_t v = 0;
	TRY(ipc_msg_new(SIGNER_STATUS, &m));
	ipc_put_str(m, ST_SERIAL, args[0]);
	TRY(signer_call(b->signer, m, &a));
	TRY(ipc_get_u64(a, ST_STATUS, &v));
	return json_put_str(out, "status", span_str(v < COUNT_OF(names) ? names[v] : "?"));
}

static enum err verb_crl(struct bench *b, char **args, json_t *out)
{
	(void)args;
	AUTO_BUF(der, CRL_DER_MAX);
	AUTO(crl) crl = NULL;
	TRY(signer_crl(b->signer, &der));
	TRY(crl_parse(buf_span(&der), &crl));
	return json_put_int(out, "number", (int64_t)crl_number(crl));
}

/* --- officers and holders --- */

static enum err verb_sign(struct bench *b, char **args, json_t *out)
{
	AUTO_BUF(text, STATEMENT_MAX);
	AUTO_BUF(sig, SM2_SIG_LEN);
	AUTO_BUF(cert, CERT_DER_MAX);
	struct init_key k = key_named(b, args[0]);
	TRY(read_stdin(&text));
	TRY(init_sign(b->data, b->clock, &k, buf_span(&text), &sig, &cert));
	TRY(put_b64(out, "signature", buf_span(&sig)));
	return put_b64(out, "cert", buf_span(&cert));
}

static enum err verb_cert(struct bench *b, char **args, json_t *out)
{
	AUTO_BUF(der, CERT_DER_MAX);
	AUTO(cert) cert = NULL;
	struct init_key k = key_named(b, args[0]);
	TRY(init_officer_cert(b->data, b->clock, &k, &der));
	TRY(cert_parse(buf_span(&der), &cert));
	TRY(json_put_str(out, "serial", span_str(cert_serial(cert))));
	return put_b64(out, "cert", buf_span(&der));
}

static enum err verb_generate(struct bench *b, char **args, json_t *out)
{
	uint8_t approval[DIGEST_LEN];
	struct sm2_pub pub;
	AUTO_BUF(raw, DIGEST_LEN);
	AUTO_BUF(attest, ATTEST_LEN);
	AUTO_BUF(csr, 8192);
	AUTO_BUF(hex, 2 * SM2_PUB_LEN);
	struct init_key k = key_named(b, args[0]);
	AUTO_HAND(h);
	TRY(read_pin(&k));
	TRY(text_unhex(span_str(args[1]), &raw));
	if (raw.len != sizeof(approval))
		return ERR(SYNTAX, "approval of %zu octets", raw.len);
	memcpy(approval, raw.ptr, sizeof(approval));
	TRY(hand_take(b->data, b->clock, k.name, &h));
	(void)snprintf(k.serial, sizeof(k.serial), "%s", token_serial(h.token));
	TRY(hand_generate(&h, &k, approval, &pub, &attest, &csr));
	text_hex(&hex, SPAN_ARR(pub.b));
	TRY(json_put_str(out, "card", span_str(k.serial)));
	TRY(json_put_str(out, "key", buf_span(&hex)));
	TRY(put_b64(out, "csr", buf_span(&csr)));
	return put_b64(out, "attestation", buf_span(&attest));
}

static enum err verb_discard(struct bench *b, char **args, json_t *out)
{
	struct init_key k = key_named(b, args[0]);
	AUTO_HAND(h);
	(void)out;
	TRY(read_pin(&k));
	TRY(hand_take(b->data, b->clock, k.name, &h));
	TRY(hand_login(&h, k.pin));
	return token_discard(h.token);
}

static enum err unb64_of(const json_t *o, const char *name, struct buf *out)
{
	const char *text = NULL;
	TRY(json_str(o, name, &text));
	return text_unb64(span_str(text), out);
}

static enum err verb_install(struct bench *b, char **args, json_t *out)
{
	AUTO_BUF(text, IN_MAX);
	AUTO_BUF(sign, CERT_DER_MAX);
	AUTO_BUF(enc, CERT_DER_MAX);
	AUTO_BUF(enveloped, ENVELOPED_KEY_MAX);
	AUTO_JSON in = NULL;
	AUTO(cert) cert = NULL;
	struct init_key k = key_named(b, args[0]);
	TRY(read_stdin(&text));
	TRY(json_parse(buf_span(&text), &in));
	(void)snprintf(k.pin, sizeof(k.pin), "%s", json_str_or(in, "pin", ""));
	TRY(unb64_of(in, "sign_cert", &sign));
	TRY(unb64_of(in, "enc_cert", &enc));
	TRY(unb64_of(in, "enveloped", &enveloped));
	TRY(init_install(b->data, b->clock, &k, buf_span(&sign), buf_span(&enc), buf_span(&enveloped)));
	TRY(cert_parse(buf_span(&sign), &cert));
	return json_put_str(out, "cert_serial", span_str(cert_serial(cert)));
}

/* --- stock --- */

static enum err verb_stock(struct bench *b, char **args, json_t *out)
{
	int64_t first = 0, n = 0;
	char names[INIT_KEYS_MAX][INIT_NAME_MAX + 1];
	struct init_blank blanks[INIT_KEYS_MAX];
	TRY(text_i64(span_str(args[1]), 1, 99999999, &first));
	TRY(text_i64(span_str(args[2]), 1, INIT_KEYS_MAX - 16, &n));
	for (int64_t i = 0; i < n; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "%s-%lld", args[0], (long long)i + 1);
		blanks[i] = (struct init_blank){names[i], "blank"};
	}
	const struct init_plan plan = {.data = b->data,
	                               .signer_socket = b->socket,
	                               .clock = b->clock,
	                               .district = "430100",
	                               .first_serial = (unsigned)first,
	                               .blanks = blanks,
	                               .n_blanks = (size_t)n};
	struct ceremony c = {.plan = &plan, .signer = b->signer, .r = &b->keys, .next_serial = (unsigned)first};
	TRY(stock(&c));
	return json_put_int(out, "stocked", n);
}

static enum err verb_forge(struct bench *b, char **args, json_t *out)
{
	char path[PATH_LEN_MAX];
	AUTO(card_file) f = NULL;
	TRY(path_of(b->data, "keys", args[0], ".card", path));
	TRY(card_file_make(path, args[1], &f));
	return json_put_str(out, "serial", span_str(card_serial(card_file_card(f))));
}

/* --- journal --- */

static enum err put_cert(json_t *list, struct span der)
{
	AUTO(cert) c = NULL;
	AUTO_BUF(hex, 2 * SM2_PUB_LEN);
	AUTO_JSON o = json_object();
	TRY(cert_parse(der, &c));
	text_hex(&hex, SPAN_ARR(cert_pub(c)->b));
	TRY(json_put_str(o, "serial", span_str(cert_serial(c))));
	TRY(json_put_str(o, "key", buf_span(&hex)));
	TRY(json_put_str(o, "subject", span_str(cert_subject_id(c))));
	return json_array_append(list, o) == 0 ? ERR_OK : ERR(NOMEM, "list");
}

static enum err put_record(json_t *list, struct span bytes)
{
	static const uint16_t tags[] = {ST_SIGN_CERT, ST_ENC_CERT, ST_CARD_CERT};
	AUTO(ipc_msg) r = NULL;
	TRY(record_parse(bytes, &r));
	for (size_t t = 0; t < COUNT_OF(tags); t++)
		for (size_t i = 0; i < ipc_count(r, tags[t]); i++)
			TRY(put_cert(list, ipc_get_n(r, tags[t], i)));
	return ERR_OK;
}

static enum err verb_journal(struct bench *b, char **args, json_t *out)
{
	uint64_t seq = 1;
	size_t n;
	json_t *list = json_array();
	(void)args;
	TRY(json_put(out, "certs", list));
	do {
		AUTO(ipc_msg) m = NULL;
		AUTO(ipc_msg) a = NULL;
		TRY(ipc_msg_new(SIGNER_FEED, &m));
		ipc_put_u64(m, ST_SEQ, seq);
		TRY(signer_call(b->signer, m, &a));
		n = ipc_count(a, ST_RECORD);
		for (size_t i = 0; i < n; i++)
			TRY(put_record(list, ipc_get_n(a, ST_RECORD, i)));
		seq += n;
	} while (n > 0);
	return json_put_int(out, "records", (int64_t)seq - 1);
}

/* --- the table --- */

static const struct {
	const char *name;
	int args;
	verb_fn *run;
} verbs[] = {
	{"suspend", 1, verb_suspend},   {"revoke", 1, verb_revoke},   {"release", 1, verb_release},
	{"status", 1, verb_status},     {"sign", 1, verb_sign},       {"cert", 1, verb_cert},
	{"generate", 2, verb_generate}, {"discard", 1, verb_discard}, {"install", 1, verb_install},
	{"stock", 3, verb_stock},       {"journal", 0, verb_journal}, {"crl", 0, verb_crl},
	{"forge", 2, verb_forge},
};

static enum err run(struct bench *b, verb_fn *verb, char **args)
{
	AUTO_JSON out = json_object();
	AUTO_BUF(text, JSON_TEXT_MAX);
	TRY(gm_start());
	TRY(load(b));
	TRY(verb(b, args, out));
	TRY(json_print(out, &text));
	return printf("%s\n", buf_cstr(&text)) > 0 ? ERR_OK : ERR(IO, "stdout");
}

int main(int argc, char **argv)
{
	static struct bench b;
	verb_fn *verb = NULL;
	for (size_t i = 0; argc >= 3 && i < COUNT_OF(verbs); i++)
		if (strcmp(argv[2], verbs[i].name) == 0 && argc == 3 + verbs[i].args)
			verb = verbs[i].run;
	char *real = argc >= 3 ? realpath(argv[1], NULL) : NULL;
	if (verb == NULL || real == NULL || strlen(real) >= sizeof(b.data)) {
		fprintf(stderr, "usage: status_tool DATA VERB ...\n");
		free(real);
		return 2;
	}
	memcpy(b.data, real, strlen(real) + 1);
	free(real);
	enum err e = run(&b, verb, argv + 3);
	signer_client_free(b.signer);
	clock_free(b.clock);
	init_result_done(&b.keys);
	if (e != ERR_OK)
		fprintf(stderr, "%s %s: %s\n", err_code(e), err_zh(e), err_detail());
	return e == ERR_OK ? 0 : 1;
}
