#include "server/signer/journal.h"
#include "evidence/chain.h"
#include "pki/csr.h"
#include "server/signer/index.h"
#include <stdlib.h>
#include <string.h>

struct journal {
	struct chain *chain;
	bool broken; /* the file may hold a record that the index does not */
	uint64_t seq, crl_number;
	enum signer_state state;
	struct cert *root, *ca;
	struct crl *root_crl;
	struct roster *roster;
	struct jcert *certs;
	size_t n_certs, cap_certs;
	struct jcard *cards;
	size_t n_cards, cap_cards;
	struct index *by_serial, *by_key, *by_approval, *by_card, *persons, *nonces, *notaries;
};

/* --- certificates --- */

static enum err room(void **array, size_t *cap, size_t count, size_t size)
{
	if (count < *cap)
		return ERR_OK;
	size_t want = *cap == 0 ? 64 : *cap * 2;
	void *fresh = reallocarray(*array, want, size);
	if (fresh == NULL)
		return ERR(NOMEM, "journal index of %zu", want);
	*array = fresh;
	*cap = want;
	return ERR_OK;
}

/* Whatever is not named here (staff, the notary's, the CA's own) is not the window's business. */
static bool is_of_holder(const struct cert *c)
{
	static const char *const profiles[] = {
		"unit-sign", "unit-enc", "unit-member-sign", "unit-member-enc", "person-sign", "person-enc", "card"};
	for (size_t i = 0; i < COUNT_OF(profiles); i++)
		if (strcmp(cert_profile(c), profiles[i]) == 0)
			return true;
	return false;
}

static enum err cert_add(struct journal *j, const struct cert *c, int64_t now)
{
	struct jcert e = {.not_after = cert_not_after(c),
	                  .of_holder = is_of_holder(c),
	                  .changed = now,
	                  .pair = j->n_certs};
	const char *serial = cert_serial(c);
	if (strlen(serial) >= sizeof(e.serial))
		return ERR(JOURNAL, "serial is too long");
	memcpy(e.serial, serial, strlen(serial));
	TRY(cert_sm3(c, e.sm3));
	TRY(room((void **)&j->certs, &j->cap_certs, j->n_certs, sizeof(*j->certs)));
	TRY(index_put(j->by_serial, span_str(serial), j->n_certs));
	TRY(index_put(j->by_key, SPAN_ARR(cert_pub(c)->b), j->n_certs));
	j->certs[j->n_certs++] = e;
	return ERR_OK;
}

static enum err pair_add(struct journal *j, const struct ipc_msg *m, int64_t now)
{
	AUTO(cert) sign = NULL;
	AUTO(cert) enc = NULL;
	TRY(cert_parse(ipc_get(m, ST_SIGN_CERT), &sign));
	TRY(cert_parse(ipc_get(m, ST_ENC_CERT), &enc));
	TRY(cert_add(j, sign, now));
	TRY(cert_add(j, enc, now));
	j->certs[j->n_certs - 1].pair = j->n_certs - 2;
	j->certs[j->n_certs - 2].pair = j->n_certs - 1;
	if (ipc_type_of(m) == REC_PERSON)
		return index_put(j->persons, span_str(cert_person_id(sign)), j->n_certs - 2);
	return ERR_OK;
}

/* The card's certificate names its serial and device key. */
static enum err card_add(struct journal *j, struct span der, int64_t now)
{
	AUTO(cert) c = NULL;
	TRY(cert_parse(der, &c));
	TRY(cert_add(j, c, now));
	TRY(room((void **)&j->cards, &j->cap_cards, j->n_cards, sizeof(*j->cards)));
	TRY(index_put(j->by_card, span_str(cert_subject_id(c)), j->n_cards));
	j->cards[j->n_cards++] = (struct jcard){.device = *cert_pub(c), .cert = j->n_certs - 1};
	return ERR_OK;
}

/* --- acts --- */

/* Single use: the statement's number. The SM3 of an approval is kept beside it, for the same answer to a retry. */
static enum err nonce_add(struct journal *j, const struct ipc_msg *m, uint16_t tag, bool approves)
{
	uint8_t sm3[32];
	AUTO(statement) s = NULL;
	TRY(statement_parse(ipc_get(m, tag), &s));
	TRY(index_put(j->nonces, span_str(statement_get(s, "nonce")), j->seq + 1));
	if (!approves)
		return ERR_OK;
	TRY(statement_sm3(s, sm3));
	return index_put(j->by_approval, SPAN_ARR(sm3), (size_t)(j->seq + 1));
}

static enum err roster_take(struct journal *j, const struct ipc_msg *m)
{
	AUTO(statement) s = NULL;
	struct roster *r = NULL;
	TRY(statement_parse(ipc_get(m, ST_ACT), &s));
	TRY(roster_follows(s, j->roster));
	TRY(roster_read(s, &r));
	roster_free(j->roster);
	j->roster = r;
	return nonce_add(j, m, ST_ACT, false);
}

/* --- one function for each kind of record --- */

static enum err on_begin(struct journal *j, const struct ipc_msg *m, int64_t now)
{
	(void)now;
	if (j->state != SIGNER_EMPTY)
		return ERR(JOURNAL, "a second ceremony");
	TRY(cert_parse(ipc_get(m, ST_ROOT), &j->root));
	TRY(cert_parse(ipc_get(m, ST_CA), &j->ca));
	if (ipc_has(m, ST_ROOT_CRL))
		TRY(crl_parse(ipc_get(m, ST_ROOT_CRL), &j->root_crl));
	j->state = SIGNER_IN_CEREMONY;
	TRY(index_put(j->by_serial, span_str(cert_serial(j->root)), SIZE_MAX));
	TRY(index_put(j->by_serial, span_str(cert_serial(j->ca)), SIZE_MAX));
	TRY(index_put(j->by_key, SPAN_ARR(cert_pub(j->root)->b), SIZE_MAX));
	return index_put(j->by_key, SPAN_ARR(cert_pub(j->ca)->b), SIZE_MAX);
}

static enum err on_card(struct journal *j, const struct ipc_msg *m, int64_t now)
{
	return card_add(j, ipc_get(m, ST_CARD_CERT), now);
}

static enum err on_notary(struct journal *j, const struct ipc_msg *m, int64_t now)
{
	AUTO(cert) c = NULL;
	TRY(cert_parse(ipc_get(m, ST_SIGN_CERT), &c));
	TRY(cert_add(j, c, now));
	return index_put(j->notaries, span_str(cert_profile(c)), j->n_certs - 1);
}

static enum err on_close(struct journal *j, const struct ipc_msg *m, int64_t now)
{
	(void)now;
	TRY(roster_take(j, m));
	j->state = SIGNER_OPEN;
	return ERR_OK;
}

static enum err on_issue(struct journal *j, const struct ipc_msg *m, int64_t now)
{
	TRY(nonce_add(j, m, ST_ACCEPT, false));
	TRY(nonce_add(j, m, ST_APPROVE, true));
	TRY(nonce_add(j, m, ST_MAKE, false));
	return pair_add(j, m, now);
}

static enum err on_renew(struct journal *j, const struct ipc_msg *m, int64_t now)
{
	TRY(nonce_add(j, m, ST_ACT, true));
	return pair_add(j, m, now);
}

static enum err on_status(struct journal *j, const struct ipc_msg *m, int64_t now)
{
	size_t i = 0;
	uint64_t status = 0, reason = 0;
	TRY(ipc_get_u64(m, ST_STATUS, &status));
	TRY(ipc_get_u64(m, RT_REASON, &reason));
	if (index_get(j->by_serial, ipc_get(m, ST_SERIAL), &i) != ERR_OK || i >= j->n_certs ||
	    status > STATUS_SUSPENDED)
		return ERR(JOURNAL, "status of no certificate");
	size_t both[2] = {i, j->certs[i].pair};
	for (size_t k = 0; k < COUNT_OF(both); k++) {
		j->certs[both[k]].status = (enum cert_status)status;
		j->certs[both[k]].reason = (enum crl_reason)reason;
		j->certs[both[k]].changed = now;
	}
	return nonce_add(j, m, ST_ACT, false);
}

static enum err on_stock(struct journal *j, const struct ipc_msg *m, int64_t now)
{
	for (size_t i = 0; i < ipc_count(m, ST_CARD_CERT); i++)
		TRY(card_add(j, ipc_get_n(m, ST_CARD_CERT, i), now));
	return nonce_add(j, m, ST_ACT, false);
}

static enum err on_roster(struct journal *j, const struct ipc_msg *m, int64_t now)
{
	(void)now;
	return roster_take(j, m);
}

static enum err on_crl(struct journal *j, const struct ipc_msg *m, int64_t now)
{
	uint64_t number = 0;
	(void)now;
	TRY(ipc_get_u64(m, RT_CRL_NO, &number));
	if (number != j->crl_number + 1)
		return ERR(JOURNAL, "CRL number %llu", (unsigned long long)number);
	j->crl_number = number;
	return ERR_OK;
}

static const struct {
	enum record_kind kind;
	unsigned states;
	enum err (*apply)(struct journal *j, const struct ipc_msg *m, int64_t now);
} on[] = {
	{REC_BEGIN, SIGNER_EMPTY, on_begin},         {REC_CARD, SIGNER_IN_CEREMONY, on_card},
	{REC_PERSON, SIGNER_IN_CEREMONY, pair_add},  {REC_CLOSE, SIGNER_IN_CEREMONY, on_close},
	{REC_ISSUE, SIGNER_OPEN, on_issue},          {REC_RENEW, SIGNER_OPEN, on_renew},
	{REC_STATUS, SIGNER_OPEN, on_status},        {REC_STOCK, SIGNER_OPEN, on_stock},
	{REC_ROSTER, SIGNER_OPEN, on_roster},        {REC_CRL, SIGNER_OPEN, on_crl},
	{REC_NOTARY, SIGNER_IN_CEREMONY, on_notary},
};

static enum err apply(struct journal *j, const struct ipc_msg *m)
{
	uint64_t now = 0;
	TRY(ipc_get_u64(m, ST_TIME, &now));
	for (size_t i = 0; i < COUNT_OF(on); i++) {
		if (on[i].kind != (enum record_kind)ipc_type_of(m))
			continue;
		if ((on[i].states & (unsigned)j->state) == 0)
			return ERR(JOURNAL, "record of kind %d out of place", (int)on[i].kind);
		TRY(on[i].apply(j, m, (int64_t)now));
		j->seq++;
		return ERR_OK;
	}
	return ERR(JOURNAL, "record of unknown kind");
}

/* --- life --- */

static enum err replay(uint64_t seq, struct span record, void *ctx)
{
	struct journal *j = ctx;
	AUTO(ipc_msg) m = NULL;
	enum err e = record_parse(record, &m);
	if (e == ERR_OK)
		e = apply(j, m);
	if (e == ERR_OK || e == ERR_NOMEM)
		return e;
	err_note(e, "record %llu", (unsigned long long)seq);
	return ERR(JOURNAL, "record %llu does not fit", (unsigned long long)seq);
}

static enum err indexes_new(struct journal *j)
{
	struct index **all[] = {&j->by_serial, &j->by_key, &j->by_approval, &j->by_card,
	                        &j->persons,   &j->nonces, &j->notaries};
	for (size_t i = 0; i < COUNT_OF(all); i++)
		TRY(index_new(all[i]));
	return ERR_OK;
}

enum err journal_open(const char *path, struct journal **ret_j)
{
	AUTO(journal) j = calloc(1, sizeof(*j));
	if (j == NULL)
		return ERR(NOMEM, "journal");
	j->state = SIGNER_EMPTY;
	TRY(indexes_new(j));
	TRY(chain_open(path, replay, j, &j->chain));
	if (j->state == SIGNER_IN_CEREMONY)
		return ERR(CEREMONY_CUT, "the journal holds a ceremony without its end: its root key is lost");
	*ret_j = STEAL(j);
	return ERR_OK;
}

void journal_free(struct journal *j)
{
	if (j == NULL)
		return;
	struct index *all[] = {j->by_serial, j->by_key, j->by_approval, j->by_card, j->persons, j->nonces, j->notaries};
	for (size_t i = 0; i < COUNT_OF(all); i++)
		index_free(all[i]);
	chain_free(j->chain);
	cert_free(j->root);
	cert_free(j->ca);
	crl_free(j->root_crl);
	roster_free(j->roster);
	free(j->certs);
	free(j->cards);
	free(j);
}

enum err journal_append(struct journal *j, const struct ipc_msg *record)
{
	uint64_t seq = 0;
	AUTO_BUF(bytes, RECORD_MAX);
	AUTO(ipc_msg) m = NULL;
	if (j->broken)
		return ERR(JOURNAL, "an earlier record failed half-way; the signer must be restarted");
	TRY(ipc_encode(record, &bytes));
	TRY(record_parse(buf_span(&bytes), &m)); /* what is written can be read back */
	enum err e = chain_append(j->chain, buf_span(&bytes), &seq);
	if (e == ERR_LIMIT)
		return e;
	if (e == ERR_OK)
		e = apply(j, m);
	if (e == ERR_OK && seq != j->seq)
		e = ERR(JOURNAL, "sequence");
	j->broken = e != ERR_OK;
	return e;
}

/* --- what is so --- */

enum signer_state journal_state(const struct journal *j)
{
	return j->state;
}

uint64_t journal_seq(const struct journal *j)
{
	return j->seq;
}

void journal_head(const struct journal *j, uint8_t ret_head[32])
{
	chain_head(j->chain, ret_head);
}

bool journal_has_notary(const struct journal *j, const char *kind)
{
	size_t i;
	return index_get(j->notaries, span_str(kind), &i) == ERR_OK;
}

const struct cert *journal_root(const struct journal *j)
{
	return j->root;
}

const struct cert *journal_ca(const struct journal *j)
{
	return j->ca;
}

const struct crl *journal_root_crl(const struct journal *j)
{
	return j->root_crl;
}

const struct roster *journal_roster(const struct journal *j)
{
	return j->roster;
}

uint64_t journal_crl_number(const struct journal *j)
{
	return j->crl_number;
}

size_t journal_cert_count(const struct journal *j)
{
	return j->n_certs;
}

const struct jcert *journal_cert_at(const struct journal *j, size_t i)
{
	INVARIANT(i < j->n_certs);
	return &j->certs[i];
}

const struct jcert *journal_cert(const struct journal *j, const char *serial)
{
	size_t i = SIZE_MAX;
	if (index_get(j->by_serial, span_str(serial), &i) != ERR_OK || i >= j->n_certs)
		return NULL;
	return &j->certs[i];
}

bool journal_has_person(const struct journal *j, const char *person)
{
	size_t i;
	return index_get(j->persons, span_str(person), &i) == ERR_OK;
}

bool journal_has_card(const struct journal *j, const char *serial)
{
	size_t i;
	return index_get(j->by_card, span_str(serial), &i) == ERR_OK;
}

enum err journal_card(const struct journal *j, const char *serial, struct jcard *ret_c)
{
	size_t i = 0;
	if (index_get(j->by_card, span_str(serial), &i) != ERR_OK)
		return ERR(STOCK, "card %s", serial);
	if (j->certs[j->cards[i].cert].status != STATUS_GOOD)
		return ERR(STOCK, "card %s has been withdrawn", serial);
	*ret_c = j->cards[i];
	return ERR_OK;
}

static enum err is_new(const struct index *x, struct span name, bool *ret_new)
{
	size_t i;
	enum err e = index_get(x, name, &i);
	*ret_new = e == ERR_ABSENT;
	return e == ERR_ABSENT ? ERR_OK : e;
}

enum err journal_key_is_new(const struct journal *j, const struct sm2_pub *p)
{
	bool fresh = false;
	TRY(is_new(j->by_key, SPAN_ARR(p->b), &fresh));
	return fresh ? ERR_OK : ERR(KEY_REUSED, "the public key is in the journal");
}

enum err journal_nonce_is_new(const struct journal *j, const struct statement *s)
{
	bool fresh = false;
	TRY(is_new(j->nonces, span_str(statement_get(s, "nonce")), &fresh));
	return fresh ? ERR_OK : ERR(REPLAY, "the statement's number has been used");
}

enum err journal_approval(const struct journal *j, const uint8_t sm3[32], uint64_t *ret_seq)
{
	size_t seq = 0;
	TRY(index_get(j->by_approval, span_of(sm3, 32), &seq));
	*ret_seq = seq;
	return ERR_OK;
}

enum err journal_read(const struct journal *j, uint64_t seq, struct buf *out)
{
	return chain_read(j->chain, seq, out);
}
