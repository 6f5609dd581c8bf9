/* The ceremony of a demonstration bureau (docs/protocol/ceremony.md), driven from the command line with virtual keys: a
 * running signer and escrow, both empty, become a bureau with officers, roster 0, shares and stocked cards. The cards'
 * state machines run in this process on their image files; what a person would do at a real ceremony (choose a PIN,
 * hold his key) is done for him, which is why this serves a demonstration and nothing else.
 *
 * Under `data` it writes keys/NAME.card, ceremony/{root,desk,legal}-share-N.bin, ceremony/roster-0.txt, ca/root.cer,
 * ca/ca.cer, ca/root.crl and root.sm3 (64 hex digits and LF). The folder of an earlier try must be removed first. */
#pragma once
#include "base/clock.h"
#include "base/buf.h"
#include "pki/attest.h"

enum { INIT_KEYS_MAX = 64, INIT_NAME_MAX = 31, INIT_PIN_DIGITS_MIN = 6, INIT_PIN_DIGITS_MAX = 8 };
struct init_staff {
	const char *key;      /* "clerk-1": keys/clerk-1.card */
	const char *role;     /* of demo.json: clerk reviewer maker auditor security system */
	const char *roles;    /* of the roster: "clerk,reviewer" */
	const char *person;   /* "P000003" */
	const char *name;     /* 测试受理员甲 */
	const char *district; /* NULL: the plan's */
};
struct init_blank {
	const char *key;  /* "operator-1" */
	const char *role; /* for demo.json: "operator", "person"; "" for a spare */
};
struct init_plan {
	const char *data; /* absolute path of $YINXIN_DATA, exists */
	const char *signer_socket;
	const char *notary_socket;      /* NULL: the bureau gets no notary, which only tests want */
	const struct clock *clock;      /* NULL: real time */
	const char *district;           /* "430100" */
	unsigned first_serial;          /* 26000001: card serials YX26000001, ... */
	uint64_t pen;                   /* enterprise number of the bureau (pki/arc.h); 0: none, the arc of examples */
	unsigned m, n;                  /* shares of root and legal recovery key: m of the first n persons */
	const struct init_staff *staff; /* NULL: init_staff_default; two security administrators first */
	size_t n_staff;
	const struct init_blank *blanks;
	size_t n_blanks;
};
struct init_key {
	char name[INIT_NAME_MAX + 1], role[16], person[24], holder[64];
	char pin[INIT_PIN_DIGITS_MAX + 1]; /* "" on a blank card: its holder sets it */
	char serial[CARD_SERIAL_MAX + 1];
};
struct init_result {
	char bureau[65];
	struct init_key keys[INIT_KEYS_MAX]; /* staff, then blanks */
	size_t n_keys;
};
void init_result_done(struct init_result *r); /* wipes the PINs */
extern const struct init_staff init_staff_default[];
extern const size_t init_staff_default_count;

/* All of it, stocking of the blanks included. ERR_CEREMONY when the bureau exists already. */
enum err init_ceremony(const struct init_plan *plan, struct init_result *ret_r) MUST_CHECK;

/* --- for the demonstration's first certificates: a person at the desk, in process --- */
/* Signs a statement with the key of this name; appends 64 octets and the certificate. */
enum err init_sign(const char *data, const struct clock *clock, const struct init_key *key, struct span statement,
                   struct buf *ret_sig, struct buf *ret_cert) MUST_CHECK;
/* The holder of a blank card types key->pin (made here when it is ""), the pair is born and attested; the request goes
 * out. ret_attest gets ATTEST_LEN octets. */
enum err init_generate(const char *data, const struct clock *clock, struct init_key *key, const uint8_t approval[32],
                       struct sm2_pub *ret_pub, struct buf *ret_attest, struct buf *ret_csr) MUST_CHECK;
enum err init_install(const char *data, const struct clock *clock, const struct init_key *key, struct span sign_cert,
                      struct span enc_cert, struct span enveloped) MUST_CHECK;
/* The signing certificate on the card of this name, DER, without a PIN. */
enum err init_officer_cert(const char *data, const struct clock *clock, const struct init_key *key,
                           struct buf *ret_cert) MUST_CHECK;
