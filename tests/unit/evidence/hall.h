/* A bureau for the tests of log and receipt: authority, notary's three keys, two officers, a real database in a folder
 * of its own. The notary is software in this process: hall_service() signs heads, stamps them and answers for status.
 */
#pragma once
#include "base/clock.h"
#include "evidence/log.h"
#include "evidence/statement.h"
#include "pki/cert.h"
#include "pki/ocsp.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* With the trail, so that a failure tells why. */
#define OK(expr)                                                                   \
	do {                                                                       \
		if ((expr) != ERR_OK)                                              \
			fail_msg("%s: %s (%s)", #expr, err_detail(), err_where()); \
	} while (0)
enum { DAY = 86400 };
struct hall_key {
	struct sm2_key *key;
	struct cert *cert;
};
struct hall {
	char dir[200], db[240], bureau[65];
	struct clock *clock;
	struct store *store;
	struct field_keys *keys;
	struct hall_key root, ca, log, ocsp, tsa, clerk, reviewer;
	/* faults to order */
	int64_t stamp_late_sec, status_early_sec, status_takes_sec;
	enum err status_fails, sign_fails;
	bool comes_with_status;     /* acts bring the answer of their arrival */
	bool asks_ready;            /* the service has `ready`, which fails as signing does */
	bool sign_lost;             /* the head is signed, but its answer does not arrive */
	uint64_t signed_size;       /* of the last head, as the signer remembers */
	const struct cert *revoked; /* this one, as of revoked_at */
	int64_t revoked_at;
	bool suspended; /* and not revoked: the same with reason certificateHold */
	uint8_t stamp_serial;
	int64_t moved_sec;
};
void hall_open(struct hall *h);
void hall_close(struct hall *h);
void hall_reopen(struct hall *h); /* the database closed and opened again */
struct log_service hall_service(struct hall *h);
/* A CERT-SUSPEND of that case, signed and appended; the text into out when it is not NULL. */
void hall_act(struct hall *h, const struct hall_key *by, const char *no, struct buf *out);
/* Any statement by a key, as an act about `no`; bureau, nonce and time are put before kv. The text into out when not
 * NULL. */
void hall_statement(struct hall *h, const struct hall_key *by, const char *no, const char *type,
                    const struct statement_kv *kv, size_t n, struct buf *out);
/* Any entry at all, also a wrong one. */
void hall_append(struct hall *h, const struct log_what *w);
void hall_later(struct hall *h, int64_t sec); /* moves the clock on */
void hall_rule(struct hall *h, const char *kind, const char *no, const char *rule);
uint64_t hall_sequence(struct hall *h); /* entries ordered */
/* Any SQL on the database file, from outside. */
void hall_sql(const struct hall *h, const char *sql);
/* Stamp over SM3 of what, at that time. */
void hall_stamp(struct hall *h, struct span what, int64_t time, struct buf *out);
void hall_status(struct hall *h, const struct cert *about, int64_t time, struct buf *out);
