/* A notary in this process, with a CA whose key the test holds, and a journal that the test writes as it likes. */
#pragma once
#include "evidence/tree.h"
#include "server/notary/client.h"
#include "server/notary/notary.h"
#include "server/signer/feed.h"
#include "server/signer/record.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define OK(expr) assert_int_equal((expr), ERR_OK)
enum { RECORDS_MAX = 64, LEAVES_MAX = 64 };

struct bench {
	char dir[64], clock_path[96];
	struct clock *clock;
	struct sm2_key *root_key, *ca_key, *leaf_key;
	struct cert *root, *ca, *leaf[4]; /* card certificates in no journal yet */
	struct serve_ctx *notary;
	struct buf record[RECORDS_MAX]; /* the journal */
	uint64_t n_records;
	uint8_t head[32]; /* of the journal, set by the test */
};
extern struct bench b;
int bench_up(void **state); /* group set-up: an open notary */
int bench_down(void **state);
void bench_reopen(void);       /* as after a restart of the process */
void bench_install(void);      /* SETUP, certificates, INSTALL */
void bench_shift(int64_t sec); /* the clock, against real time */
int64_t bench_now(void);

/* --- the journal --- */
void journal_card(const struct cert *c, int64_t time);
void journal_status(const struct cert *c, uint64_t status, uint64_t reason, int64_t time);

/* A feed answer; the zero of each other field is the honest one. */
struct fed {
	uint64_t from, count; /* 0: from the notary's next, all */
	const struct sm2_key *key;
	const char *bureau;
	int64_t shift_sec; /* of its time */
	uint64_t last;     /* 0: the journal's */
	bool drop, change; /* after signing: last record left out, octet of the first changed */
};
enum err feed(const struct fed *f, bool *ret_done);
void feed_all(void); /* honest, to the end */

/* A request as the portal would make it; *ret_a is the answer's fields. */
enum err asked(enum notary_request type, struct ipc_msg *in, struct ipc_msg **ret_a);
struct ipc_msg *request(enum notary_request type);
