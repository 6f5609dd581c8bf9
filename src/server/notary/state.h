/* What the notary remembers, in DIR/notary.chain (evidence/chain.h): its certificates, once, and every head that it
 * signed for a larger tree. A head is on disk before its signature leaves the process. */
#pragma once
#include "evidence/head.h"
#include "server/notary/trio.h"

struct state;
/* Makes the folder's files when there are none; ERR_JOURNAL when damaged or when the keys are not the certificates'. */
enum err state_open(const char *dir, struct state **ret_s) MUST_CHECK;
void state_free(struct state *s);
DEFINE_AUTO(state)
bool state_is_open(const struct state *s);

/* The keys, made at the first call. */
enum err state_setup(struct state *s, const struct trio **ret_t) MUST_CHECK;
struct state_certs {
	struct cert *root, *ca, *own[TRIO_COUNT];
};
/* Takes copies. The three are by this CA, for the keys and profiles, and the CA is by the root: ERR_CERT_CHAIN,
 * ERR_CERT_PROFILE, ERR_STATE when there are some already or no keys yet. */
enum err state_install(struct state *s, const struct state_certs *c, int64_t now) MUST_CHECK;
/* Of an open state. */
const struct state_certs *state_certs(const struct state *s);
const struct trio *state_trio(const struct state *s);
const char *state_bureau(const struct state *s);

struct state_head {
	uint64_t epoch, size, journal_seq;
	uint8_t root[32];
	int64_t time;
};
/* epoch 1, size 0, root of the empty tree before the first */
const struct state_head *state_last(const struct state *s);
enum err state_add_head(struct state *s, const struct state_head *h) MUST_CHECK;
