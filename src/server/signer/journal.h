/* The signer's journal: the truth about certificates. A hash-chained, append-only file (evidence/chain.h) of records
 * (record.h), each durable before its answer leaves; the database of the portal is only a copy. At start the records
 * are replayed into an index in memory: certificates by serial, keys ever certified, approvals used, nonces used, cards
 * in stock, the roster in force. Nothing is ever removed. Owner: the signer process, one thread. Borrowed pointers are
 * valid until the next append. */
#pragma once
#include "pki/crl.h"
#include "server/signer/record.h"
#include "server/signer/roster.h"

enum cert_status { STATUS_GOOD = 0, STATUS_REVOKED = 1, STATUS_SUSPENDED = 2 };
struct jcert {
	char serial[2 * CERT_SERIAL_LEN + 1];
	uint8_t sm3[32]; /* of the DER */
	int64_t not_after;
	/* of a unit, a person or a card: the window may change its status; else security administrators alone */
	bool of_holder;
	enum cert_status status;
	enum crl_reason reason;
	int64_t changed; /* when the status changed last, else when it was issued */
	size_t pair;     /* the other certificate of the holder's two, itself when it is alone */
};
struct jcard {
	struct sm2_pub device;
	size_t cert;
};
struct journal;

/* --- life: ERR_JOURNAL when damaged, ERR_CEREMONY_CUT when a ceremony was begun and never closed --- */
enum err journal_open(const char *path, struct journal **ret_j) MUST_CHECK;
void journal_free(struct journal *j);
DEFINE_AUTO(journal)

/* --- what is so --- */
enum signer_state journal_state(const struct journal *j);
uint64_t journal_seq(const struct journal *j);                    /* of the last record, 0: none */
void journal_head(const struct journal *j, uint8_t ret_head[32]); /* of the chain; zeros when empty */
const struct cert *journal_root(const struct journal *j);         /* NULL before the ceremony */
const struct cert *journal_ca(const struct journal *j);
const struct crl *journal_root_crl(const struct journal *j);  /* NULL: the ceremony signed none */
const struct roster *journal_roster(const struct journal *j); /* NULL before CLOSE */
uint64_t journal_crl_number(const struct journal *j);         /* 0: none yet */
size_t journal_cert_count(const struct journal *j);
const struct jcert *journal_cert_at(const struct journal *j, size_t i);
const struct jcert *journal_cert(const struct journal *j, const char *serial); /* NULL when unknown */
bool journal_has_person(const struct journal *j, const char *person);          /* an officer of the ceremony */
bool journal_has_notary(const struct journal *j, const char *kind);            /* "ocsp", "tsa", "log" */
bool journal_has_card(const struct journal *j, const char *serial);            /* in stock or withdrawn */
enum err journal_card(const struct journal *j, const char *serial, struct jcard *ret_c) MUST_CHECK; /* ERR_STOCK */
enum err journal_key_is_new(const struct journal *j, const struct sm2_pub *p) MUST_CHECK;           /* ERR_KEY_REUSED */
enum err journal_nonce_is_new(const struct journal *j, const struct statement *s) MUST_CHECK;       /* ERR_REPLAY */
/* The record that was issued on this approval (SM3 of CERT-APPROVE or CERT-RENEW); ERR_ABSENT when there is none. */
enum err journal_approval(const struct journal *j, const uint8_t sm3[32], uint64_t *ret_seq) MUST_CHECK;
enum err journal_read(const struct journal *j, uint64_t seq, struct buf *out) MUST_CHECK; /* ERR_ABSENT, ERR_JOURNAL */

/* --- one more record: durable on return. After a failure in between, the journal refuses until it is opened anew. ---
 */
enum err journal_append(struct journal *j, const struct ipc_msg *record) MUST_CHECK;
