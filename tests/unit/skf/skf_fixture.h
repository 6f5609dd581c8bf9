/* A card behind the library for the tests of this folder: one yxcard with two blank keys, the first of them in slot0,
 * and the trust in the tests' own bureau. */
#pragma once
#include "client/skf/skf.h"
#include "gm/sm2.h"
#include "pki/attest.h"
#include "yxcard_run.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SAR_OK = 0,
	SAR_FAIL = 0x0A000001,
	SAR_NOTSUPPORT = 0x0A000003,
	SAR_HANDLE = 0x0A000005,
	SAR_PARAM = 0x0A000006,
	SAR_OBJ = 0x0A00000D,
	SAR_TIMEOUT = 0x0A00000F,
	SAR_INLEN = 0x0A000010,
	SAR_INDATA = 0x0A000011,
	SAR_NOKEY = 0x0A00001B,
	SAR_NOCERT = 0x0A00001C,
	SAR_SMALL = 0x0A000020,
	SAR_REMOVED = 0x0A000023,
	SAR_PIN = 0x0A000024,
	SAR_LOCKED = 0x0A000025,
	SAR_PIN_SAME = 0x0A000026,
	SAR_PIN_LEN = 0x0A000027,
	SAR_PIN_UNSET = 0x0A000029,
	SAR_EXISTS = 0x0A00002C,
	SAR_LOGIN = 0x0A00002D,
	SAR_NOAPP = 0x0A00002E,
	SAR_NOROOM = 0x0A000030,
	SAR_NOFILE = 0x0A000031,
	SAR_AUTH = 0x0A000033,
};
#define SAR(call, want) skf_sar((call), (want), #call, __LINE__)
void skf_sar(ULONG got, ULONG want, const char *what, int line);

extern struct bureau skf_bureau;
/* The library takes char *, not const char *. */
extern char PIN[], OTHER[], SLOT0[], APP[], CON[];

int skf_prepare(void **state);
int skf_finish(void **state);
#define WITH_CARD(f) cmocka_unit_test_setup_teardown(f, skf_prepare, skf_finish)
/* Opens the bureau, runs the group, closes it; the main of each program. */
int skf_run(const struct CMUnitTest *tests, size_t n);
void skf_trust(const struct bureau *b);
void skf_stock(DEVHANDLE dev, const char *serial); /* a device certificate, as the desk gives it */
struct sm2_pub skf_born(DEVHANDLE dev);            /* the pair, under PIN */
