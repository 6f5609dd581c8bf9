/* The ceremony (docs/protocol/ceremony.md): root, issuing CA, recovery keys, the first officers, roster 0; then never
 * again. The private halves of root and recovery keys are in this process's memory only, between BEGIN and CLOSE; they
 * leave as shares, each encrypted to an officer's own card. A crash in between leaves a journal that refuses to go on.
 */
#include "base/text.h"
#include "gm/share.h"
#include "gm/sm3.h"
#include "pki/arc.h"
#include "server/signer/signer_i.h"
#include <stdlib.h>
#include <string.h>

enum { PERSONS_MAX = 64, DESK_M = 2, SHARE_CIPHER_MAX = 512, ACT_TAGS = 3 };

struct founder {
	char person[PERSON_ID_MAX + 1];
	struct sm2_pub enc;
};
struct ceremony {
	struct sm2_key *root, *desk, *legal;
	struct founder founders[PERSONS_MAX];
	size_t n_founders;
};

void ceremony_free(struct ceremony *c)
{
	if (c == NULL)
		return;
	sm2_key_free(c->root);
	sm2_key_free(c->desk);
	sm2_key_free(c->legal);
	free(c);
}

/* --- BEGIN --- */

static enum err keys_make(struct ceremony **ret_c)
{
	AUTO(ceremony) c = calloc(1, sizeof(*c));
	if (c == NULL)
		return ERR(NOMEM, "ceremony");
	TRY(sm2_key_new(&c->root));
	TRY(sm2_key_new(&c->desk));
	TRY(sm2_key_new(&c->legal));
	*ret_c = STEAL(c);
	return ERR_OK;
}

/* Escrow takes the recovery keys once only, and one that has some belongs to another ceremony. Asked before a key of
 * ours is stored: a journal that is missing from its folder must not cost the CA's key beside it. */
static enum err escrow_is_empty(struct serve_ctx *s)
{
	struct escrow_hello h = {0};
	TRY(escrow_said(escrow_hello(s->escrow, &h)));
	return h.state == ESCROW_EMPTY ? ERR_OK
	                               : ERR(CEREMONY_CUT, "escrow holds the recovery keys of another ceremony");
}

struct roots { /* what the root key signs, once */
	struct cert *root, *ca;
	struct crl *crl;
};

static void roots_done(struct roots *r)
{
	cert_free(r->root);
	cert_free(r->ca);
	crl_free(r->crl);
}

/* The arc goes into the root and from there into all certificates: root, journal and every verifier know it by that. */
static enum err arc_given(const struct ipc_msg *in, char ret_arc[ARC_MAX])
{
	uint64_t pen = 0;
	if (ipc_has(in, ST_PEN))
		TRY(ipc_get_u64(in, ST_PEN, &pen));
	return arc_of_pen(pen, ret_arc);
}

static enum err roots_make(const struct serve_ctx *s, const struct sm2_key *key, const struct ca *ca, const char *arc,
                           int64_t now, struct roots *r)
{
	TRY(ca_root_make(key, arc, now, &r->root));
	TRY(ca_cert_make(key, r->root, ca_pub(ca), s->plan.root_crl_url, now, &r->ca));
	return ca_root_crl(key, r->root, now, &r->crl);
}

static void roots_put(const struct roots *r, struct ipc_msg *m)
{
	ipc_put(m, ST_ROOT, cert_der(r->root));
	ipc_put(m, ST_CA, cert_der(r->ca));
	ipc_put(m, ST_ROOT_CRL, crl_der(r->crl));
}

static enum err begin_record(struct serve_ctx *s, const struct roots *r, int64_t now)
{
	AUTO(ipc_msg) m = NULL;
	TRY(record_new(REC_BEGIN, now, &m));
	roots_put(r, m);
	return journal_append(s->journal, m);
}

enum err on_ceremony_begin(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	int64_t now = signer_now(s);
	char arc[ARC_MAX];
	AUTO(ceremony) c = NULL;
	AUTO(ca) ca = NULL;
	__attribute__((cleanup(roots_done))) struct roots r = {0};
	TRY(arc_given(in, arc));
	TRY(keys_make(&c));
	TRY(escrow_is_empty(s));
	TRY(ca_create(s->plan.dir, &ca));
	TRY(roots_make(s, c->root, ca, arc, now, &r));
	TRY(ca_take_cert(ca, r.ca));
	TRY(escrow_said(escrow_setup(s->escrow, sm2_key_pub(c->desk), sm2_key_pub(c->legal))));
	TRY(begin_record(s, &r, now));
	s->ca = STEAL(ca); /* with the record there is a ceremony, whatever fails from here on */
	s->ceremony = STEAL(c);
	TRY(signer_bureau(s));
	ipc_put_str(out, ST_BUREAU, s->bureau);
	roots_put(&r, out);
	return ERR_OK;
}

/* --- CARD, PERSON --- */

static enum err text_of(struct span s, char *ret, size_t size)
{
	if (s.len >= size || memchr(s.ptr, 0, s.len) != NULL)
		return ERR(SYNTAX, "text of %zu octets", s.len);
	memcpy(ret, s.ptr, s.len);
	ret[s.len] = '\0';
	return ERR_OK;
}

static bool serial_is_good(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	return s[n] == '\0' && n >= 4 && n <= CARD_SERIAL_MAX;
}

enum err on_ceremony_card(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	char serial[CARD_SERIAL_MAX + 1];
	struct sm2_pub device;
	int64_t now = signer_now(s);
	AUTO(cert) c = NULL;
	AUTO(ipc_msg) m = NULL;
	TRY(text_of(ipc_get(in, ST_CARD_SERIAL), serial, sizeof(serial)));
	TRY(sm2_pub_parse(ipc_get(in, ST_PUB), &device));
	if (!serial_is_good(serial))
		return ERR(SYNTAX, "card serial");
	if (journal_has_card(s->journal, serial))
		return ERR(EXISTS, "card %s", serial);
	TRY(journal_key_is_new(s->journal, &device));
	struct ca_subject subject = {.common_name = serial, .subject_id = serial};
	TRY(ca_issue(s->ca, "card", &subject, &device, &s->urls, now, CA_DAYS_DEFAULT, &c));
	TRY(record_new(REC_CARD, now, &m));
	ipc_put(m, ST_CARD_CERT, cert_der(c));
	TRY(journal_append(s->journal, m));
	ipc_put(out, ST_CARD_CERT, cert_der(c));
	return ERR_OK;
}

/* There is no approval yet; escrow's evidence is the ceremony itself, the person and his key. */
static enum err evidence_of(const struct serve_ctx *s, const char *person, const struct sm2_pub *pub,
                            uint8_t ret_sm3[SM3_LEN])
{
	const struct span parts[] = {SPAN_LIT("YINXIN-CEREMONY\n"),
	                             span_str(s->bureau),
	                             SPAN_LIT("\n"),
	                             span_str(person),
	                             SPAN_LIT("\n"),
	                             SPAN_ARR(pub->b)};
	return sm3_digest_n(parts, COUNT_OF(parts), ret_sm3);
}

static enum err founder_add(struct ceremony *c, const char *person, const struct ipc_msg *out)
{
	AUTO(cert) enc = NULL;
	struct founder *f = &c->founders[c->n_founders];
	TRY(cert_parse(ipc_get(out, ST_ENC_CERT), &enc));
	memcpy(f->person, person, strlen(person) + 1);
	f->enc = *cert_pub(enc);
	c->n_founders++;
	return ERR_OK;
}

static enum err person_issue(struct serve_ctx *s, struct ipc_msg *in, const char *person, const char *name,
                             struct ipc_msg *out)
{
	static const uint8_t no_approval[SM3_LEN];
	uint8_t evidence[SM3_LEN];
	int64_t now = signer_now(s);
	AUTO_BIRTH(b);
	AUTO(ipc_msg) m = NULL;
	TRY(birth_take(s, in, no_approval, &b));
	TRY(evidence_of(s, person, csr_pub(b.csr), evidence));
	struct pair_plan plan = {.base = "staff",
	                         .subject = {.common_name = name, .subject_id = person},
	                         .pub = csr_pub(b.csr),
	                         .evidence = evidence,
	                         .days = CA_DAYS_DEFAULT};
	TRY(record_new(REC_PERSON, now, &m));
	record_copy(m, in, ST_CSR, 2);
	TRY(pair_make(s, &plan, now, m, out));
	TRY(journal_append(s->journal, m));
	return founder_add(s->ceremony, person, out);
}

enum err on_ceremony_person(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	char person[PERSON_ID_MAX + 1], name[CERT_TEXT_MAX];
	TRY(text_of(ipc_get(in, ST_PERSON_ID), person, sizeof(person)));
	TRY(text_line_check(ipc_get(in, ST_NAME)));
	TRY(text_of(ipc_get(in, ST_NAME), name, sizeof(name)));
	if (!person_id_is_good(person))
		return ERR(SYNTAX, "person id");
	if (journal_has_person(s->journal, person))
		return ERR(EXISTS, "person %s", person);
	if (s->ceremony->n_founders == PERSONS_MAX)
		return ERR(LIMIT, "%d officers in a ceremony", PERSONS_MAX);
	return person_issue(s, in, person, name, out);
}

/* --- NOTARY --- */

/* The three keys of the notary, each of its own profile and once; the names in them are the profile's. */
enum err on_ceremony_notary(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	static const struct {
		const char *kind, *id;
	} known[] = {{"ocsp", "NOTARY-OCSP"}, {"tsa", "NOTARY-TSA"}, {"log", "NOTARY-LOG"}};
	int64_t now = signer_now(s);
	size_t i = 0;
	AUTO(csr) csr = NULL;
	AUTO(cert) c = NULL;
	AUTO(ipc_msg) m = NULL;
	while (i < COUNT_OF(known) && !span_eq_str(ipc_get(in, ST_KIND), known[i].kind))
		i++;
	if (i == COUNT_OF(known))
		return ERR(SYNTAX, "kind of the notary's key");
	if (journal_has_notary(s->journal, known[i].kind))
		return ERR(EXISTS, "the notary has its certificate %s", known[i].kind);
	TRY(csr_parse(ipc_get(in, ST_CSR), &csr));
	TRY(journal_key_is_new(s->journal, csr_pub(csr)));
	struct ca_subject subject = {.subject_id = known[i].id};
	TRY(ca_issue(s->ca, known[i].kind, &subject, csr_pub(csr), &s->urls, now, CA_DAYS_DEFAULT, &c));
	TRY(record_new(REC_NOTARY, now, &m));
	record_copy(m, in, ST_CSR, 1);
	ipc_put(m, ST_SIGN_CERT, cert_der(c));
	TRY(journal_append(s->journal, m));
	ipc_put(out, ST_SIGN_CERT, cert_der(c));
	return ERR_OK;
}

/* --- CLOSE --- */

static const struct founder *founder_of(const struct ceremony *c, const char *person)
{
	for (size_t i = 0; i < c->n_founders; i++)
		if (strcmp(c->founders[i].person, person) == 0)
			return &c->founders[i];
	return NULL;
}

struct holders { /* who gets the shares, in the roster's order */
	const struct founder *of[SHARE_MAX_N];
	unsigned m, n;
};

static enum err holders_of(const struct ceremony *c, const struct roster *r, const struct ipc_msg *in,
                           struct holders *ret_h)
{
	uint64_t m = 0, n = 0;
	TRY(ipc_get_u64(in, ST_M, &m));
	TRY(ipc_get_u64(in, ST_N, &n));
	if (m < 2 || m > n || n > SHARE_MAX_N || n > roster_count(r))
		return ERR(FIELD_VALUE, "%llu of %llu shares for %zu persons", (unsigned long long)m,
		           (unsigned long long)n, roster_count(r));
	for (size_t i = 0; i < roster_count(r); i++) {
		const struct founder *f = founder_of(c, roster_at(r, i)->person);
		if (f == NULL)
			return ERR(ROLE, "%s is in roster 0 without a certificate", roster_at(r, i)->person);
		if (i < n)
			ret_h->of[i] = f;
	}
	ret_h->m = (unsigned)m;
	ret_h->n = (unsigned)n;
	return ERR_OK;
}

static enum err shares_encrypt(struct secret *const *shares, const struct holders *h, uint16_t tag, struct sm3 *digest,
                               struct ipc_msg *out)
{
	for (unsigned i = 0; i < h->n; i++) {
		AUTO_BUF(cipher, SHARE_CIPHER_MAX);
		TRY(sm2_encrypt(&h->of[i]->enc, secret_span(shares[i]), &cipher));
		TRY(sm3_update(digest, buf_span(&cipher)));
		ipc_put(out, tag, buf_span(&cipher));
	}
	return ERR_OK;
}

static enum err give_shares(const struct sm2_key *k, unsigned m, const struct holders *h, uint16_t tag,
                            struct sm3 *digest, struct ipc_msg *out)
{
	struct secret *shares[SHARE_MAX_N] = {0};
	TRY(share_split(sm2_key_scalar(k), m, h->n, shares));
	enum err e = shares_encrypt(shares, h, tag, digest, out);
	for (unsigned i = 0; i < h->n; i++)
		secret_free(shares[i]);
	return e;
}

static enum err give_all(const struct ceremony *c, const struct holders *h, struct ipc_msg *out,
                         uint8_t ret_sm3[SM3_LEN])
{
	AUTO(sm3) digest = NULL;
	TRY(sm3_new(&digest));
	TRY(give_shares(c->root, h->m, h, ST_ROOT_SHARE, digest, out));
	TRY(give_shares(c->desk, DESK_M, h, ST_DESK_SHARE, digest, out));
	TRY(give_shares(c->legal, h->m, h, ST_LEGAL_SHARE, digest, out));
	return sm3_final(digest, ret_sm3);
}

static enum err close_record(struct serve_ctx *s, const struct ipc_msg *in, const struct holders *h,
                             const uint8_t sm3[SM3_LEN])
{
	AUTO(ipc_msg) m = NULL;
	TRY(record_new(REC_CLOSE, signer_now(s), &m));
	record_copy(m, in, ST_ACT, 2 * ACT_TAGS);
	ipc_put_u64(m, ST_M, h->m);
	ipc_put_u64(m, ST_N, h->n);
	ipc_put(m, RT_DIGEST, span_of(sm3, SM3_LEN));
	return journal_append(s->journal, m);
}

enum err on_ceremony_close(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	uint8_t sm3[SM3_LEN];
	struct holders h = {0};
	AUTO_TWO_ACTS(t);
	AUTO(roster) r = NULL;
	TRY(two_acts_take(s, in, "ROSTER", &t));
	TRY(roster_follows(t.a.statement, NULL));
	TRY(roster_read(t.a.statement, &r));
	TRY(two_acts_check(s, &t, r, ROLE_SECURITY, ROLE_SECURITY, signer_now(s)));
	TRY(holders_of(s->ceremony, r, in, &h));
	TRY(give_all(s->ceremony, &h, out, sm3));
	TRY(close_record(s, in, &h, sm3));
	ceremony_free(STEAL(s->ceremony));
	/* A signal that arrives right now must not be lost. */
	int running = SIGNER_RUNNING;
	(void)__atomic_compare_exchange_n(s->stop, &running, SIGNER_CLOSED_CEREMONY, false, __ATOMIC_SEQ_CST,
	                                  __ATOMIC_SEQ_CST);
	return ERR_OK;
}
