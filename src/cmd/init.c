#include "cmd/init.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/init_hand.h"
#include "gm/rand.h"
#include "server/notary/client.h"
#include "server/signer/client.h"
#include <stdio.h>
#include <string.h>

enum { SHARES_MAX = 16 };

const struct init_staff init_staff_default[] = {
	{"security-1", "security", "security", "P000001", "测试安全管理员甲", NULL},
	{"security-2", "security", "security", "P000002", "测试安全管理员乙", NULL},
	{"clerk-1", "clerk", "clerk", "P000003", "测试受理员甲", NULL},
	{"reviewer-1", "reviewer", "reviewer", "P000004", "测试审核员甲", NULL},
	{"maker-1", "maker", "maker", "P000005", "测试制证员甲", NULL},
	{"auditor-1", "auditor", "auditor", "P000006", "测试审计员甲", NULL},
	{"system-1", "system", "system", "P000007", "测试系统管理员甲", NULL},
	/* For the second review, for what another district must not see, and a spare of the two who sign rosters. */
	{"reviewer-2", "reviewer", "reviewer", "P000008", "测试审核员乙", NULL},
	{"reviewer-3", "reviewer", "reviewer", "P000009", "测试审核员丙", "430200"},
	{"security-3", "security", "security", "P000010", "测试安全管理员丙", NULL},
};
const size_t init_staff_default_count = COUNT_OF(init_staff_default);

void init_result_done(struct init_result *r)
{
	wipe(r, sizeof(*r));
}

static enum err save(const char *data, const char *folder, const char *name, struct span content, mode_t mode)
{
	char path[PATH_LEN_MAX];
	TRY(path_of(data, folder, name, "", path));
	return file_replace(path, content, mode);
}

/* --- the ceremony --- */

struct ceremony {
	const struct init_plan *plan;
	struct signer_client *signer;
	struct init_result *r;
	unsigned next_serial;
};

static const struct init_staff *staff_of(const struct init_plan *p, size_t *ret_n)
{
	*ret_n = p->staff == NULL ? init_staff_default_count : p->n_staff;
	return p->staff == NULL ? init_staff_default : p->staff;
}

static enum err begin(struct ceremony *c)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	AUTO_BUF(line, 65);
	TRY(ipc_msg_new(SIGNER_CEREMONY_BEGIN, &m));
	if (c->plan->pen != 0)
		ipc_put_u64(m, ST_PEN, c->plan->pen);
	TRY(signer_call(c->signer, m, &a));
	struct span bureau = ipc_get(a, ST_BUREAU);
	if (bureau.len != sizeof(c->r->bureau) - 1)
		return ERR(SYNTAX, "bureau of %zu octets", bureau.len);
	memcpy(c->r->bureau, bureau.ptr, bureau.len);
	buf_put(&line, bureau);
	buf_str(&line, "\n");
	TRY(buf_err(&line));
	TRY(save(c->plan->data, "ca", "root.cer", ipc_get(a, ST_ROOT), 0644));
	TRY(save(c->plan->data, "ca", "ca.cer", ipc_get(a, ST_CA), 0644));
	TRY(save(c->plan->data, "ca", "root.crl", ipc_get(a, ST_ROOT_CRL), 0644));
	return save(c->plan->data, "", "root.sm3", buf_span(&line), 0644);
}

static enum err key_new(struct ceremony *c, const char *name, const char *role, struct init_key **ret_key)
{
	if (c->r->n_keys == INIT_KEYS_MAX)
		return ERR(LIMIT, "%d keys", INIT_KEYS_MAX);
	struct init_key *k = &c->r->keys[c->r->n_keys];
	int a = snprintf(k->name, sizeof(k->name), "%s", name), b = snprintf(k->role, sizeof(k->role), "%s", role);
	int s = snprintf(k->serial, sizeof(k->serial), "YX%08u", c->next_serial);
	if (a <= 0 || a > INIT_NAME_MAX || strchr(name, '/') != NULL || b < 0 || b >= (int)sizeof(k->role) || s != 10)
		return ERR(FIELD_VALUE, "key %s", name);
	c->next_serial++;
	c->r->n_keys++;
	*ret_key = k;
	return ERR_OK;
}

/* A factory-new card; there is no certificate yet that it could show. */
static enum err card_new(const struct ceremony *c, const struct init_key *k, struct hand *h)
{
	static const struct token_trust ceremony_trust;
	char path[PATH_LEN_MAX];
	TRY(path_of(c->plan->data, "keys", k->name, ".card", path));
	TRY(card_file_make(path, k->serial, &h->file));
	return hand_connect(h, &ceremony_trust, clock_now(c->plan->clock));
}

static enum err card_certify(struct ceremony *c, const struct init_key *k, struct hand *h)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	TRY(ipc_msg_new(SIGNER_CEREMONY_CARD, &m));
	ipc_put_str(m, ST_CARD_SERIAL, k->serial);
	ipc_put(m, ST_PUB, SPAN_ARR(token_device_pub(h->token)->b));
	TRY(signer_call(c->signer, m, &a));
	return token_set_card_cert(h->token, ipc_get(a, ST_CARD_CERT));
}

static enum err person_certify(struct ceremony *c, const struct init_key *k, struct span csr, struct span attest,
                               struct hand *h)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	TRY(ipc_msg_new(SIGNER_CEREMONY_PERSON, &m));
	ipc_put_str(m, ST_PERSON_ID, k->person);
	ipc_put_str(m, ST_NAME, k->holder);
	ipc_put(m, ST_CSR, csr);
	ipc_put(m, ST_ATTEST, attest);
	TRY(signer_call(c->signer, m, &a));
	TRY(hand_login(h, k->pin));
	return token_install(h->token, ipc_get(a, ST_SIGN_CERT), ipc_get(a, ST_ENC_CERT), ipc_get(a, ST_ENVELOPED));
}

static enum err officer(struct ceremony *c, const struct init_staff *s)
{
	static const uint8_t no_approval[DIGEST_LEN];
	struct init_key *k = NULL;
	struct sm2_pub pub;
	AUTO_HAND(h);
	AUTO_BUF(csr, 4096);
	AUTO_BUF(attest, ATTEST_LEN);
	TRY(key_new(c, s->key, s->role, &k));
	int p = snprintf(k->person, sizeof(k->person), "%s", s->person),
	    n = snprintf(k->holder, sizeof(k->holder), "%s", s->name);
	if (p < 0 || p >= (int)sizeof(k->person) || n < 0 || n >= (int)sizeof(k->holder))
		return ERR(FIELD_VALUE, "person of %s", s->key);
	TRY(card_new(c, k, &h));
	TRY(card_certify(c, k, &h));
	TRY(hand_generate(&h, k, no_approval, &pub, &attest, &csr));
	return person_certify(c, k, buf_span(&csr), buf_span(&attest), &h);
}

/* --- the notary: its keys are born in it, the CA certifies them here and never again --- */

struct notary_certs {
	struct buf der[NOTARY_KEYS];
};

static void notary_certs_done(struct notary_certs *n)
{
	for (size_t i = 0; i < NOTARY_KEYS; i++)
		buf_done(&n->der[i]);
}

static enum err notary_cert(const struct ceremony *c, const char *kind, struct span csr, struct buf *ret_der)
{
	char name[16];
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	TRY(ipc_msg_new(SIGNER_CEREMONY_NOTARY, &m));
	ipc_put_str(m, ST_KIND, kind);
	ipc_put(m, ST_CSR, csr);
	TRY(signer_call(c->signer, m, &a));
	buf_put(ret_der, ipc_get(a, ST_SIGN_CERT));
	TRY(buf_err(ret_der));
	(void)snprintf(name, sizeof(name), "%s.cer", kind);
	return save(c->plan->data, "ca", name, buf_span(ret_der), 0644);
}

static enum err notary_install_certs(const struct ceremony *c, struct notary_client *client,
                                     const struct notary_csrs *csrs, struct notary_certs *certs)
{
	struct span der[NOTARY_KEYS];
	AUTO(cert) root = NULL;
	AUTO(cert) ca = NULL;
	for (size_t i = 0; i < NOTARY_KEYS; i++) {
		TRY(notary_cert(c, notary_kinds[i], buf_span(&csrs->der[i]), &certs->der[i]));
		der[i] = buf_span(&certs->der[i]);
	}
	TRY(hand_load_cert(c->plan->data, "root.cer", &root));
	TRY(hand_load_cert(c->plan->data, "ca.cer", &ca));
	return notary_install(client, cert_der(root), cert_der(ca), der);
}

static enum err notary(const struct ceremony *c)
{
	__attribute__((cleanup(notary_certs_done))) struct notary_certs certs = {
		{buf_make(CERT_DER_MAX), buf_make(CERT_DER_MAX), buf_make(CERT_DER_MAX)}};
	AUTO(notary_client) client = NULL;
	struct notary_csrs csrs;
	if (c->plan->notary_socket == NULL)
		return ERR_OK;
	TRY(notary_client_new(c->plan->notary_socket, &client));
	TRY(notary_setup(client, &csrs));
	enum err e = notary_install_certs(c, client, &csrs, &certs);
	notary_csrs_done(&csrs);
	return e;
}

/* --- statements --- */

struct head { /* bureau, number and time of a statement */
	char nonce[65], time[32];
};

static enum err head_make(const struct ceremony *c, struct head *ret_h)
{
	uint8_t nonce[32];
	AUTO_BUF(time, 31);
	TRY(rand_bytes(nonce, sizeof(nonce)));
	text_time(&time, clock_now(c->plan->clock));
	TRY(buf_err(&time));
	memset(ret_h, 0, sizeof(*ret_h));
	text_hex_str(SPAN_ARR(nonce), ret_h->nonce);
	memcpy(ret_h->time, time.ptr, time.len);
	return ERR_OK;
}

struct two_signed {
	struct buf sig[2], cert[2];
};

static void two_done(struct two_signed *t)
{
	for (size_t i = 0; i < 2; i++) {
		buf_done(&t->sig[i]);
		buf_done(&t->cert[i]);
	}
}

static enum err sign_by(const struct ceremony *c, const char *name, struct span text, struct buf *sig, struct buf *cert)
{
	for (size_t i = 0; i < c->r->n_keys; i++)
		if (strcmp(c->r->keys[i].name, name) == 0)
			return init_sign(c->plan->data, c->plan->clock, &c->r->keys[i], text, sig, cert);
	return ERR(KEY_ABSENT, "the staff has no %s", name);
}

/* Two officers sign the text; both acts go into the request. */
static enum err put_two(const struct ceremony *c, struct span text, const char *one, const char *other,
                        struct ipc_msg *m)
{
	const char *const names[2] = {one, other};
	__attribute__((cleanup(two_done))) struct two_signed t = {{buf_make(SM2_SIG_LEN), buf_make(SM2_SIG_LEN)},
	                                                          {buf_make(CERT_DER_MAX), buf_make(CERT_DER_MAX)}};
	for (size_t i = 0; i < 2; i++) {
		TRY(sign_by(c, names[i], text, &t.sig[i], &t.cert[i]));
		const struct act_parts act = {text, buf_span(&t.sig[i]), buf_span(&t.cert[i])};
		signer_put_act(m, i == 0 ? ST_ACT : ST_ACT2, &act);
	}
	return ERR_OK;
}

static enum err roster_build(const struct ceremony *c, struct statement **ret_s)
{
	size_t n = 0, used = 5;
	struct head head;
	char lines[INIT_KEYS_MAX][128];
	const struct init_staff *staff = staff_of(c->plan, &n);
	TRY(head_make(c, &head));
	struct statement_kv kv[5 + INIT_KEYS_MAX] = {{"bureau", c->r->bureau},
	                                             {"nonce", head.nonce},
	                                             {"time", head.time},
	                                             {"number", "0"},
	                                             {"previous", "-"}};
	for (size_t i = 0; i < n; i++) {
		const char *district = staff[i].district != NULL ? staff[i].district : c->plan->district;
		int len = snprintf(lines[i], sizeof(lines[i]), "%s %s %s", staff[i].person, staff[i].roles, district);
		if (len < 0 || len >= (int)sizeof(lines[i]))
			return ERR(FIELD_VALUE, "roles of %s", staff[i].key);
		kv[used++] = (struct statement_kv){"entry", lines[i]};
	}
	return statement_build("ROSTER", kv, used, ret_s);
}

static enum err save_shares(const struct ceremony *c, const struct ipc_msg *a, uint16_t tag, const char *kind)
{
	for (size_t i = 0; i < ipc_count(a, tag); i++) {
		char name[64];
		(void)snprintf(name, sizeof(name), "%s-share-%zu.bin", kind, i + 1);
		TRY(save(c->plan->data, "ceremony", name, ipc_get_n(a, tag, i), 0600));
	}
	return ERR_OK;
}

static enum err close_ceremony(const struct ceremony *c, const struct init_staff *staff)
{
	AUTO(statement) roster = NULL;
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	TRY(roster_build(c, &roster));
	TRY(ipc_msg_new(SIGNER_CEREMONY_CLOSE, &m));
	TRY(put_two(c, statement_text(roster), staff[0].key, staff[1].key, m));
	ipc_put_u64(m, ST_M, c->plan->m);
	ipc_put_u64(m, ST_N, c->plan->n);
	TRY(signer_call(c->signer, m, &a));
	TRY(save(c->plan->data, "ceremony", "roster-0.txt", statement_text(roster), 0644));
	TRY(save_shares(c, a, ST_ROOT_SHARE, "root"));
	TRY(save_shares(c, a, ST_DESK_SHARE, "desk"));
	return save_shares(c, a, ST_LEGAL_SHARE, "legal");
}

/* --- stocking: the first act of the closed bureau --- */

static enum err with_role(const struct init_staff *staff, size_t n, const char *role, const char **ret_key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(staff[i].role, role) == 0) {
			*ret_key = staff[i].key;
			return ERR_OK;
		}
	return ERR(ROLE, "the staff has no %s", role);
}

static enum err stock_build(const struct ceremony *c, struct hand *hands, size_t n, struct statement **ret_s)
{
	struct head head;
	char lines[INIT_KEYS_MAX][CARD_SERIAL_MAX + 2 * SM2_PUB_LEN + 2];
	TRY(head_make(c, &head));
	struct statement_kv kv[3 + INIT_KEYS_MAX] = {{"bureau", c->r->bureau},
	                                             {"nonce", head.nonce},
	                                             {"time", head.time}};
	for (size_t i = 0; i < n; i++) {
		AUTO_BUF(line, sizeof(lines[i]) - 1);
		buf_printf(&line, "%s ", token_serial(hands[i].token));
		text_hex(&line, SPAN_ARR(token_device_pub(hands[i].token)->b));
		TRY(buf_err(&line));
		memcpy(lines[i], line.ptr, line.len);
		lines[i][line.len] = '\0';
		kv[3 + i] = (struct statement_kv){"card", lines[i]};
	}
	return statement_build("STOCK", kv, 3 + n, ret_s);
}

static enum err stock_hands(struct ceremony *c, struct hand *hands, size_t n)
{
	size_t n_staff = 0;
	const char *maker = NULL, *reviewer = NULL;
	const struct init_staff *staff = staff_of(c->plan, &n_staff);
	AUTO(statement) s = NULL;
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	TRY(with_role(staff, n_staff, "maker", &maker));
	TRY(with_role(staff, n_staff, "reviewer", &reviewer));
	TRY(stock_build(c, hands, n, &s));
	TRY(ipc_msg_new(SIGNER_STOCK, &m));
	TRY(put_two(c, statement_text(s), maker, reviewer, m));
	TRY(signer_call(c->signer, m, &a));
	if (ipc_count(a, ST_CARD_CERT) != n)
		return ERR(SYNTAX, "%zu card certificates for %zu cards", ipc_count(a, ST_CARD_CERT), n);
	for (size_t i = 0; i < n; i++)
		TRY(token_set_card_cert(hands[i].token, ipc_get_n(a, ST_CARD_CERT, i)));
	return ERR_OK;
}

static enum err stock(struct ceremony *c)
{
	struct hand hands[INIT_KEYS_MAX] = {0};
	size_t n = 0;
	enum err e = ERR_OK;
	for (; n < c->plan->n_blanks && e == ERR_OK; n++) {
		struct init_key *k = NULL;
		e = key_new(c, c->plan->blanks[n].key, c->plan->blanks[n].role, &k);
		if (e == ERR_OK)
			e = card_new(c, k, &hands[n]);
	}
	if (e == ERR_OK && n > 0)
		e = stock_hands(c, hands, n);
	for (size_t i = 0; i < n; i++)
		hand_done(&hands[i]);
	return e;
}

/* --- all --- */

static enum err check(const struct init_plan *p, size_t n_staff, struct signer_client *signer)
{
	struct signer_hello h = {0};
	TRY(signer_hello(signer, &h));
	enum signer_state state = h.state;
	signer_hello_done(&h);
	if (state != SIGNER_EMPTY)
		return ERR(CEREMONY, "the signer has a bureau already");
	if (n_staff < 2 || n_staff + p->n_blanks > INIT_KEYS_MAX || p->n > SHARES_MAX)
		return ERR(FIELD_VALUE, "%zu staff, %zu blank cards, %u shares", n_staff, p->n_blanks, p->n);
	return ERR_OK;
}

static enum err folders(const char *data)
{
	static const char *const names[] = {"keys", "ceremony", "ca"};
	char path[PATH_LEN_MAX];
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		TRY(path_of(data, names[i], "", "", path));
		TRY(file_mkdir(path, i == 2 ? 0755 : 0700));
	}
	return ERR_OK;
}

enum err init_ceremony(const struct init_plan *plan, struct init_result *ret_r)
{
	size_t n = 0;
	const struct init_staff *staff = staff_of(plan, &n);
	AUTO(signer_client) signer = NULL;
	struct init_result r = {0};
	struct ceremony c = {.plan = plan, .r = &r, .next_serial = plan->first_serial};
	TRY(signer_client_new(plan->signer_socket, &signer));
	c.signer = signer;
	TRY(check(plan, n, signer));
	TRY(folders(plan->data));
	enum err e = begin(&c);
	for (size_t i = 0; i < n && e == ERR_OK; i++)
		e = officer(&c, &staff[i]);
	if (e == ERR_OK)
		e = notary(&c);
	if (e == ERR_OK)
		e = close_ceremony(&c, staff);
	if (e == ERR_OK)
		e = stock(&c);
	if (e == ERR_OK)
		*ret_r = r;
	init_result_done(&r);
	return e;
}
