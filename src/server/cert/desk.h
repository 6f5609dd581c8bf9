/* What every file of this folder works with: the database, the field keys, the clock, the bureau. Borrowed; the process
 * that owns them (portal, demonstration) fills one and passes it by const pointer. Nothing here knows of the web. */
#pragma once
#include "base/clock.h"
#include "server/signer/client.h"
#include "store/field.h"
#include "store/store.h"

struct case_rules;
struct desk {
	struct store *store;
	const struct field_keys *keys;
	const struct clock *clock;
	struct signer_client *signer; /* case_issue() only; may be NULL elsewhere */
	char bureau[65];              /* SM3 of the root certificate, lower-case hex */
	bool maker_may_accept;        /* as the signer's policy: the maker may be the acceptor's person */
	/* Newest word on a certificate, as SIGNER_STATUS: 0 good, 1 revoked, 2 suspended. NULL: the database's copy. */
	int (*cert_status)(void *ctx, const char *serial);
	void *cert_status_ctx;
	const struct case_rules *rules; /* the definition of the desk case (case_rules.h); NULL: none is opened or moved here */
};

/* Who acts: borrowed from the session; the act's certificate must agree with it. */
struct officer {
	const char *person_id;
	const char *name;
	const char *role;        /* "clerk", "reviewer", "maker": for the record */
	const char *cert_serial; /* of the certificate he logged in with */
};
