/* The parts of a login and of issuing, each timed alone within one run, beside that run's SM2 rates.
 * Prints "name value unit" lines.   usage: yx_bench PROFILES_JSON */
#include "base/clock.h"
#include "client/card/card.h"
#include "client/token/token.h"
#include "evidence/act.h"
#include "gm/rand.h"
#include "gm/sm3.h"
#include "pki/path.h"
#include "pki/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUN_MS = 700 };

struct world {
	struct sm2_key *root_key, *ca_key, *key;
	struct cert *root, *ca, *leaf;
	struct path_trust *trust;
	struct statement *statement;
	struct sm2_sig sig;
	char bureau[65];
	struct token *token;
	struct secret *pin;
	int64_t now;
};

static void must(enum err e)
{
	if (!e)
		return;
	fprintf(stderr, "yx_bench: %s: %s\n", err_name(e), err_detail());
	exit(1);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

typedef void step(struct world *w);

static void measure(const char *name, step *run, struct world *w)
{
	double began = seconds(), spent;
	unsigned long n = 0;
	do {
		run(w);
		n++;
		spent = seconds() - began;
	} while (spent * 1000 < RUN_MS);
	printf("%-34s %10.1f us  %10.0f /s\n", name, spent / (double)n * 1e6, (double)n / spent);
}

/* --- the steps --- */

static void sm2_sign_step(struct world *w)
{
	struct sm2_sig s;
	must(gm_sign(w->key, statement_text(w->statement), &s));
}

static void sm2_verify_step(struct world *w)
{
	must(gm_verify(cert_pub(w->leaf), statement_text(w->statement), &w->sig));
}

static void sm3_step(struct world *w)
{
	uint8_t digest[SM3_LEN];
	must(sm3_digest(statement_text(w->statement), digest));
}

static void statement_step(struct world *w)
{
	AUTO(statement) s = NULL;
	must(statement_parse(statement_text(w->statement), &s));
}

static void cert_step(struct world *w)
{
	AUTO(cert) c = NULL;
	must(cert_parse(cert_der(w->leaf), &c));
}

static void act_step(struct world *w)
{
	struct act a;
	must(act_open(statement_text(w->statement), span_of(w->sig.b, sizeof(w->sig.b)), cert_der(w->leaf), "LOGIN",
	              w->bureau, &a));
	act_done(&a);
}

static void path_step(struct world *w)
{
	must(path_check(w->trust, w->leaf, KU_SIGN, w->now));
}

static void card_sign_step(struct world *w)
{
	unsigned tries = 0;
	struct sm2_sig s;
	must(token_login(w->token, w->pin, &tries));
	must(token_sign(w->token, statement_text(w->statement), &s));
}

static void issue_step(struct world *w)
{
	AUTO(cert) c = NULL;
	struct cert_spec spec = {.profile = "unit-sign",
	                         .issuer = w->ca,
	                         .pub = sm2_key_pub(w->key),
	                         .org = "测试单位",
	                         .common_name = "测试",
	                         .subject_id = "10000016-430100000016",
	                         .uscc = "91430100MAYYYY016Y",
	                         .not_before = w->now,
	                         .not_after = w->now + 86400};
	must(rand_bytes(spec.serial, sizeof(spec.serial)));
	spec.serial[0] = 1;
	must(cert_build(&spec, w->ca_key, &c));
}

/* --- the world --- */

static void make_cert(struct world *w, const char *profile, const struct cert *issuer, const struct sm2_key *by,
                      const struct sm2_key *of, struct cert **ret_c)
{
	bool leaf = strcmp(profile, "unit-sign") == 0;
	struct cert_spec spec = {.profile = profile,
	                         .issuer = issuer,
	                         .pub = sm2_key_pub(of),
	                         .org = leaf ? "测试单位" : NULL,
	                         .common_name = leaf ? "测试" : NULL,
	                         .subject_id = leaf ? "10000016-430100000016" : NULL,
	                         .uscc = leaf ? "91430100MAYYYY016Y" : NULL,
	                         .not_before = w->now - 60,
	                         .not_after = w->now + 30 * 86400};
	must(rand_bytes(spec.serial, sizeof(spec.serial)));
	spec.serial[0] = 1;
	must(cert_build(&spec, by, ret_c));
}

static void make_statement(struct world *w)
{
	const char *nonce = "0000000000000000000000000000000000000000000000000000000000000001";
	const struct statement_kv kv[] = {{"bureau", w->bureau},
	                                  {"nonce", nonce},
	                                  {"time", "2026-11-22T03:04:05Z"},
	                                  {"origin", "http://localhost:8600"}};
	must(statement_build("LOGIN", kv, COUNT_OF(kv), &w->statement));
	must(gm_sign(w->key, statement_text(w->statement), &w->sig));
}

static enum err no_store(void *ctx, struct span image)
{
	(void)ctx;
	(void)image;
	return ERR_OK;
}

static enum err card_random(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	return rand_bytes(out, len);
}

static enum err card_apdu_step(void *card, struct span command, struct buf *response)
{
	card_apdu(card, command, response);
	return buf_err(response);
}

static void make_token(struct world *w)
{
	static struct card *card;
	const struct card_io io = {.store = no_store, .random = card_random};
	const struct token_trust trust = {NULL, NULL};
	const uint8_t approval[32] = {0};
	uint8_t attest[ATTEST_LEN];
	struct sm2_pub pub;
	struct reader *reader = NULL;
	must(card_make("YX26999999", &io, &card));
	must(reader_open_memory(card_apdu_step, card, &reader));
	must(token_open(reader, &trust, w->now, &w->token));
	must(secret_from(SPAN_LIT("284915"), &w->pin));
	must(token_generate(w->token, approval, w->pin, &pub, attest));
}

static void make_world(struct world *w)
{
	w->now = clock_now(NULL);
	must(sm2_key_new(&w->root_key));
	must(sm2_key_new(&w->ca_key));
	must(sm2_key_new(&w->key));
	make_cert(w, "root", NULL, w->root_key, w->root_key, &w->root);
	make_cert(w, "ca", w->root, w->root_key, w->ca_key, &w->ca);
	make_cert(w, "unit-sign", w->ca, w->ca_key, w->key, &w->leaf);
	struct crl *crl = NULL;
	must(crl_build(w->ca, w->ca_key, 1, w->now, w->now + 86400, NULL, 0, &crl));
	must(path_trust_new(w->root, w->ca, &w->trust));
	must(path_trust_set_crl(w->trust, crl));
	memset(w->bureau, 'a', 64);
	make_statement(w);
	make_token(w);
}

int main(int argc, char **argv)
{
	static struct world w;
	if (argc != 2) {
		fprintf(stderr, "usage: yx_bench PROFILES_JSON\n");
		return 2;
	}
	must(profile_load(argv[1]));
	make_world(&w);
	measure("SM2 sign", sm2_sign_step, &w);
	measure("SM2 verify", sm2_verify_step, &w);
	measure("SM3 of a login statement", sm3_step, &w);
	measure("statement, parse", statement_step, &w);
	measure("certificate, parse", cert_step, &w);
	measure("act, open (parse and verify)", act_step, &w);
	measure("path, check (one signature)", path_step, &w);
	measure("card, PIN and signature", card_sign_step, &w);
	measure("certificate, build and sign", issue_step, &w);
	return 0;
}
