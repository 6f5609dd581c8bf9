/* A bureau for tests: real signer and escrow, officers and cards as software keys, so that a test can make them lie. */
#pragma once
#include "bench_procs.h"
#include "gm/sm2.h"
#include "pki/attest.h"
#include "pki/cert.h"

struct soft_card {
	char serial[CARD_SERIAL_MAX + 1];
	struct sm2_key *device;
	uint64_t counter;
};
struct officer {
	const char *person, *roles;
	struct soft_card card;
	struct sm2_key *key;
	struct buf cert;
	char serial[2 * CERT_SERIAL_LEN + 1];
};
enum who { SEC1, SEC2, CLERK, REVIEWER, MAKER, ALLROUND, AUDITOR, CLERK2, N_OFFICERS };
enum { N_CARDS = 120 };
struct world {
	struct procs procs;
	char bureau[65];
	struct cert *root, *ca;
	struct officer officers[N_OFFICERS];
	struct soft_card cards[N_CARDS]; /* in stock */
	size_t next_card;
	char roster_sm3[65];
	char notary_serial[2 * CERT_SERIAL_LEN + 1]; /* of its certificate for time stamps */
};
void world_start(struct world *w);       /* open, cards in stock */
void world_start_empty(struct world *w); /* processes only */
void world_begin(struct world *w);       /* BEGIN, cards and persons */
void world_close(struct world *w);
void world_stock(struct world *w);
void world_stop(struct world *w);

/* A group of tests with w open and stocked: the programs' main. */
int world_run(const char *name, struct world *w, const struct CMUnitTest *tests, size_t n);

/* As the portal's uid, and back to admin afterwards. */
enum err as_portal(struct world *w, const struct ipc_msg *m, struct ipc_msg **ret_a);
uint64_t journal_count(struct world *w);
uint64_t status_of(struct world *w, const char *serial);
struct soft_card *world_card(struct world *w); /* the next one in stock */

/* --- building --- */
struct text {
	struct statement *s;
	struct span t;
};
void text_time_at(const struct world *w, int64_t age_sec, char ret[32]);
void fresh_nonce(char ret[65]);
void hex_of(struct span s, char *ret, size_t size);
struct statement *statement_of(struct world *w, const char *type, const char *bureau, const char *nonce,
                               int64_t age_sec, const struct statement_kv *kv, size_t n);
void put_act(struct ipc_msg *m, uint16_t tag, const struct statement *s, const struct sm2_key *key, struct span cert);
void put_officer(struct ipc_msg *m, uint16_t tag, const struct statement *s, const struct officer *o);
void soft_csr(const struct sm2_key *key, struct buf *out);
void soft_attest(struct soft_card *c, const struct sm2_key *device, const struct sm2_pub *pub,
                 const uint8_t approval[32], enum attest_pin pin_by, struct buf *out);

/* An issue request and all the ways to spoil it; the zero of each field is the honest one. */
struct issue {
	const struct officer *by[3]; /* acceptor, reviewer, maker */
	const char *named[3];        /* `officer`, when not the signer */
	int64_t age_sec[3];          /* how long ago each was signed */
	const char *bureau[3];
	const char *case_no, *kind, *profile, *unit_no, *unit_name, *uscc, *person, *holder, *days;
	/* when another than the above */
	const char *approved_holder, *approved_days, *approved_profile, *made_case, *made_card;
	struct soft_card *card;
	struct sm2_key *key;
	const struct sm2_key *csr_key, *attest_key, *made_key, *device; /* when another than key, card */
	enum attest_pin pin_by;
	bool attest_other_approval, approve_other_accept, make_other_approval, one_nonce;
	unsigned broken_sig, foreign_sig; /* bit n: act n */
	struct span cert[3];              /* when another than the officer's */
	unsigned as[3];                   /* 1 + n: put act n in this place */
	uint16_t leave_out;               /* a tag */
};
void issue_init(struct world *w, struct issue *r); /* honest, with a fresh key and the next card */
void issue_done(struct issue *r);
struct ipc_msg *issue_build(struct world *w, struct issue *r);
