/* The signer (docs/protocol/signer.md): holds the CA key and signs only what officers' signatures, its own roster, its
 * own profiles and its own journal justify; never what the portal merely asks for. One thread, no SQL, no network. This
 * is the process without its main: state, table of requests, start. src/cmd/signer.c adds configuration, sockets and
 * sandbox. */
#pragma once
#include "base/clock.h"
#include "ipc/serve.h"
#include "server/signer/proto.h"

struct signer_plan {
	const char *dir; /* 0700, of the signer's user: journal, keys.bin, machine.key */
	const char *escrow_socket;
	const char *crl_url, *ca_url, *ocsp_url; /* into certificates; "" leaves out */
	const char *root_crl_url;                /* into the CA's own; NULL, "" leaves out */
	bool maker_may_accept;     /* two-officer window: the maker may be the acceptor, never the reviewer */
	int64_t renew_days;        /* a holder renews from so many days before the end on */
	int64_t writes_per_minute; /* of each kind of peer, ten minutes' worth at once; 0: no limit */
	size_t crl_max_bytes;      /* a longer CRL is not made; 0: SIGNER_CRL_MAX */
	const struct clock *clock; /* outlives the signer */
};
enum signer_phase { SIGNER_RUNNING = 0, SIGNER_STOPPED = 1, SIGNER_CLOSED_CEREMONY = 2 };

/* The profiles are loaded already (profile_load). ERR_JOURNAL, ERR_CEREMONY_CUT, ERR_BUSY. */
enum err signer_open(const struct signer_plan *plan, struct serve_ctx **ret_s) MUST_CHECK;
void signer_free(struct serve_ctx *s);
enum signer_state signer_state_of(const struct serve_ctx *s);
/* The table for serve_run. While the ceremony is not closed only admin is heard; CLOSE sets *stop to
 * SIGNER_CLOSED_CEREMONY, and the caller serves again with the portal among the peers. */
void signer_serve(struct serve_ctx *s, volatile int *stop, struct serve *ret_serve);

/* Places in serve.uids, in this order, and their bits in the rows' masks. */
enum signer_peer { SIGNER_PEER_ADMIN = 1, SIGNER_PEER_PORTAL = 2, SIGNER_PEER_NOTARY = 4 };
enum { SIGNER_PEERS = 3 };
