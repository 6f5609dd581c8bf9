/* What every file of this folder works with: the database, the field keys, the clock, the bureau. Borrowed; the process
 * that owns them (portal, demonstration) fills one and passes it by const pointer. Nothing here knows of the web. */
#pragma once
#include "base/clock.h"
#include "server/signer/client.h"
#include "store/field.h"
#include "store/store.h"

struct case_rules;
struct cert;
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
	/* Judges the certificate of a signed act that arrived at that time: chain, use, time, and its newest status,
	 * asked now. Appends the status answer that is to be the act's evidence (evidence/standing.h), or nothing where
	 * there is no notary. ERR_CERT_*; ERR_STATUS_AWAY: it cannot be had, the act waits. NULL: not judged (ceremony,
	 * tests). */
	enum err (*act_judge)(void *ctx, const struct cert *c, int64_t arrived, struct buf *ret_status);
	/* Whether such answers, as stored, prove that the certificate was good when its act arrived. NULL: not asked.
	 */
	enum err (*act_proved)(void *ctx, const struct cert *c, int64_t arrived, struct span status);
	void *act_ctx;
	/* the definition of the desk case (case_rules.h); NULL: none is opened or moved here */
	const struct case_rules *rules;
};

/* What an officer may open at the desk without a reason given: by the newest roster. Borrowed. */
struct case_scope {
	const char *person_id;
	const char *roles;    /* "clerk,reviewer" */
	const char *district; /* "430100" covers all 4301xx */
};

/* Who acts: borrowed from the session; the act's certificate must agree with it. */
struct officer {
	const char *person_id;
	const char *name;
	const char *role;        /* "clerk", "reviewer", "maker": for the record */
	const char *cert_serial; /* of the certificate he logged in with */
};
