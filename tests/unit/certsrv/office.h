/* A desk for tests: a real database in a folder of its own, a clock that can be moved, a bureau of software keys with
 * officers and their certificates. Includes what the tests need besides. */
#pragma once
#include "base/file.h"
#include "base/text.h"
#include "evidence/act.h"
#include "gm/sm3.h"
#include "pki/attest.h"
#include "pki/csr.h"
#include "pki/profile.h"
#include "server/cert/cert_service.h"
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { DAY = 86400 };
struct desk_person {
	const char *id, *name, *role;
	struct sm2_key *key;
	struct cert *cert;
	struct officer officer;
};
struct office {
	char dir[200], clock_path[240];
	struct clock *clock;
	struct store *store;
	struct field_keys *keys;
	struct sm2_key *root_key, *ca_key;
	struct cert *root, *ca;
	struct desk_person clerk, reviewer, maker;
	struct desk desk;
	struct cert_service t01; /* the delivered definition; working days are Monday to Friday */
	struct services *services;
};
#define OK(expr) assert_int_equal((expr), ERR_OK)

void office_open(struct office *o);
void office_close(struct office *o);
void office_move_clock(struct office *o, int64_t by_sec); /* from real time */
/* Certificate of the test's own CA; days may be negative: expired. org and uscc NULL for persons and staff. */
struct cert *office_cert(struct office *o, const char *profile, const struct sm2_pub *pub, const char *org,
                         const char *uscc, const char *name, const char *subject, int64_t from, int64_t to);
void office_unit(struct office *o);                   /* unit A of the facts */
struct case_new office_application(struct office *o); /* for it, honest */
/* Signs text with the person's key into sig; parts borrow from text, sig and the certificate. */
struct act_parts office_sign(const struct desk_person *p, struct span text, struct sm2_sig *sig);

/* Text, signature, act; the first error. */
enum err office_step(struct office *o, const char *no, const struct desk_person *p, const char *step);
/* A key of a software card for the case's approval. */
struct born {
	struct sm2_key *key, *device;
	char key_hex[131], card[17];
	struct buf csr, attest;
};
/* 退回补正 or 不予受理, signed by that person. */
enum err office_back(const struct desk *d, const char *no, const struct desk_person *p, bool refuse,
                     const char *reason);
void office_birth(struct office *o, const char *no, struct born *b);
void office_birth_done(struct born *b);
