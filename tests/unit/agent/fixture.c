/* A small bureau for the agent's tests: root, issuing CA, cards as files.
 *   agent-fixture make DIR PROFILES       root.cer ca.cer root.sm3 ca.key
 * keys/{operator,clerk,expired,future,blank,blank2,rogue}.card agent-fixture issue DIR PROFILES      CSR (base64) on
 * stdin -> JSON {sign_cert, enc_cert, enveloped} on stdout PIN of every card that has one: 135790. */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "client/card/card.h"
#include "client/token/token.h"
#include "gm/rand.h"
#include "gm/start.h"
#include "pki/csr.h"
#include "pki/envelope.h"
#include "pki/profile.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAY = 86400 };
static const char *dir;
static struct sm2_key *root_key, *ca_key;
static struct cert *root, *ca;
static uint8_t next_serial = 1;

static void must(enum err e, const char *what)
{
	if (e == ERR_OK)
		return;
	fprintf(stderr, "%s: %s %s\n", what, err_name(e), err_detail());
	exit(1);
}
#define MUST(expr) must(expr, #expr)

static const char *path(const char *name)
{
	static char room[4096];

	snprintf(room, sizeof(room), "%s/%s", dir, name);
	return room;
}

struct spec {
	const char *profile, *org, *name, *id, *uscc;
	int64_t from, to;
};

static struct cert *build(const struct spec *s, const struct sm2_pub *pub, const struct cert *issuer,
                          const struct sm2_key *key)
{
	struct cert *c;
	struct cert_spec spec = {
		.profile = s->profile,
		.issuer = issuer,
		.pub = pub,
		.org = s->org,
		.common_name = s->name,
		.subject_id = s->id,
		.uscc = s->uscc,
		.not_before = s->from,
		.not_after = s->to,
	};

	MUST(rand_bytes(spec.serial, sizeof(spec.serial)));
	spec.serial[0] = next_serial++;
	MUST(cert_build(&spec, key, &c));
	return c;
}

static void make_authority(int64_t now)
{
	AUTO_BUF(hex, 64);
	uint8_t digest[32];
	struct spec r = {.profile = "root", .from = now - 900 * DAY, .to = now + 1000 * DAY};
	struct spec i = {.profile = "ca", .from = now - 900 * DAY, .to = now + 1000 * DAY};

	MUST(sm2_key_new(&root_key));
	MUST(sm2_key_new(&ca_key));
	root = build(&r, sm2_key_pub(root_key), NULL, root_key);
	ca = build(&i, sm2_key_pub(ca_key), root, root_key);
	MUST(file_replace(path("root.cer"), cert_der(root), 0644));
	MUST(file_replace(path("ca.cer"), cert_der(ca), 0644));
	MUST(file_replace(path("ca.key"), sm2_key_scalar(ca_key), 0600));
	MUST(cert_sm3(root, digest));
	text_hex(&hex, SPAN_ARR(digest));
	MUST(file_replace(path("root.sm3"), buf_span(&hex), 0644));
}

/* --- cards --- */

static enum err apdu(void *card, struct span command, struct buf *response)
{
	card_apdu(card, command, response);
	return ERR_OK;
}

static struct token *open_token(struct card_file *f, bool trusted, int64_t now)
{
	const struct token_trust trust = {trusted ? root : NULL, trusted ? ca : NULL};
	struct reader *r;
	struct token *t;

	MUST(reader_open_memory(apdu, card_file_card(f), &r));
	MUST(token_open(r, &trust, now, &t));
	return t;
}

static void stock(struct card_file *f, const char *serial, int64_t now)
{
	struct token *t = open_token(f, false, now);
	struct spec s = {
		.profile = "card", .name = serial, .id = serial, .from = now - 800 * DAY, .to = now + 900 * DAY};
	struct cert *c = build(&s, token_device_pub(t), ca, ca_key);

	MUST(token_set_card_cert(t, cert_der(c)));
	cert_free(c);
	token_free(t);
}

static void make_pair(struct spec s, const struct sm2_pub *pub, struct cert **ret_sign, struct cert **ret_enc,
                      struct buf *env)
{
	char sign[40], enc[40];
	AUTO(sm2_key) pair = NULL;

	snprintf(sign, sizeof(sign), "%s-sign", s.profile);
	snprintf(enc, sizeof(enc), "%s-enc", s.profile);
	MUST(sm2_key_new(&pair));
	s.profile = sign;
	*ret_sign = build(&s, pub, ca, ca_key);
	s.profile = enc;
	*ret_enc = build(&s, sm2_key_pub(pair), ca, ca_key);
	MUST(enveloped_key_close(pub, pair, env));
}

static void personalise(struct card_file *f, struct spec s, int64_t now)
{
	struct token *t = open_token(f, true, now);
	AUTO(secret) pin = NULL;
	AUTO(cert) sign = NULL;
	AUTO(cert) enc = NULL;
	AUTO_BUF(env, ENVELOPED_KEY_MAX);
	struct sm2_pub pub;
	uint8_t approval[32] = {0}, attest[ATTEST_LEN];

	MUST(secret_from(SPAN_LIT("135790"), &pin));
	MUST(token_generate(t, approval, pin, &pub, attest));
	make_pair(s, &pub, &sign, &enc, &env);
	MUST(token_install(t, cert_der(sign), cert_der(enc), buf_span(&env)));
	token_free(t);
}

static struct card_file *new_card(const char *name, const char *serial)
{
	struct card_file *f;
	char file[64];

	snprintf(file, sizeof(file), "keys/%s.card", name);
	MUST(card_file_make(path(file), serial, &f));
	return f;
}

static void make_card(const char *name, const char *serial, const struct spec *s, int64_t now)
{
	AUTO(card_file) f = new_card(name, serial);

	if (strcmp(name, "rogue") != 0)
		stock(f, serial, now);
	if (s != NULL)
		personalise(f, *s, now);
}

static const struct spec unit = {
	"unit", "长沙测试一号科技有限公司", "欧阳经办", "43010001-P100001", "91430100MAYYYY016Y", 0, 0};
static const struct spec staff = {"staff", NULL, "周受理", "P000001", NULL, 0, 0};

static struct spec valid(struct spec s, int64_t from, int64_t to)
{
	s.from = from;
	s.to = to;
	return s;
}

static void make_all(int64_t now)
{
	struct spec operator_ = valid(unit, now - DAY, now + 400 * DAY),
		    clerk = valid(staff, now - DAY, now + 400 * DAY);
	struct spec expired = valid(unit, now - 300 * DAY, now - DAY), future = valid(unit, now + DAY, now + 100 * DAY);

	MUST(file_mkdir(path("keys"), 0700));
	make_authority(now);
	make_card("operator", "YX26000001", &operator_, now);
	make_card("clerk", "YX26000002", &clerk, now);
	make_card("expired", "YX26000003", &expired, now);
	make_card("future", "YX26000004", &future, now);
	make_card("blank", "YX26000005", NULL, now);
	make_card("blank2", "YX26000007", NULL, now);
	make_card("rogue", "YX26000006", NULL, now);
}

/* --- issuing for a request --- */

static void load_authority(void)
{
	AUTO_BUF(der, CERT_DER_MAX);
	AUTO_BUF(scalar, 32);

	MUST(file_read(path("ca.cer"), &der));
	MUST(cert_parse(buf_span(&der), &ca));
	MUST(file_read(path("ca.key"), &scalar));
	MUST(sm2_key_from(buf_span(&scalar), &ca_key));
}

static void put(json_t *o, const char *name, struct span bytes)
{
	AUTO_BUF(b64, 16384);

	text_b64(&b64, bytes);
	MUST(json_put_str(o, name, buf_span(&b64)));
}

static void issue(int64_t now)
{
	char line[8192] = "";
	AUTO_BUF(der, CSR_DER_MAX);
	AUTO_BUF(env, ENVELOPED_KEY_MAX);
	AUTO_BUF(out, 65536);
	AUTO(csr) csr = NULL;
	AUTO(cert) sign = NULL;
	AUTO(cert) enc = NULL;
	AUTO_JSON o = json_object();

	load_authority();
	if (fgets(line, sizeof(line), stdin) == NULL)
		exit(1);
	line[strcspn(line, "\n")] = '\0';
	MUST(text_unb64(span_str(line), &der));
	MUST(csr_parse(buf_span(&der), &csr));
	make_pair(valid(unit, now - 60, now + 100 * DAY), csr_pub(csr), &sign, &enc, &env);
	put(o, "sign_cert", cert_der(sign));
	put(o, "enc_cert", cert_der(enc));
	put(o, "enveloped", buf_span(&env));
	MUST(json_print(o, &out));
	puts(buf_cstr(&out));
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	dir = argv[2];
	MUST(gm_start());
	MUST(profile_load(argv[3]));
	MUST(rand_bytes(&next_serial, 1));
	next_serial = (uint8_t)(next_serial % 60 + 1);
	if (strcmp(argv[1], "make") == 0)
		make_all(clock_now(NULL));
	else
		issue(clock_now(NULL));
	sm2_key_free(root_key);
	sm2_key_free(ca_key);
	cert_free(root);
	cert_free(ca);
	return 0;
}
