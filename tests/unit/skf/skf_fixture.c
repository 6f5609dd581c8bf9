#include "skf_fixture.h"
#include "base/clock.h"
#include <signal.h>
#include <time.h>

struct bureau skf_bureau;
char PIN[] = "Kp7#20-x", OTHER[] = "Kp7#20-y", SLOT0[] = "slot0", APP[] = YX_APP, CON[] = YX_CONTAINER;

void skf_sar(ULONG got, ULONG want, const char *what, int line)
{
	if (got != want)
		fail_msg("line %d: %s: %08X, expected %08X", line, what, got, want);
}

void skf_trust(const struct bureau *b)
{
	struct span root = cert_der(b->root), ca = cert_der(b->ca);
	SAR(YX_SetTrust(root.ptr, (ULONG)root.len, ca.ptr, (ULONG)ca.len), SAR_OK);
}

int skf_prepare(void **state)
{
	static struct yxcard y;
	char clock[96];

	yxcard_prepare(&y);
	yxcard_key(&y, "blank-1", "YX26000001");
	yxcard_key(&y, "blank-2", "YX26000002");
	yxcard_start(&y, NULL);
	OK(yxcard_line(&y, "INSERT blank-1"));
	assert_int_equal(setenv("YINXIN_SLOTS", y.slots, 1), 0);
	/* The certificates of the tests live around a fixed day: the library asks this clock. */
	(void)snprintf(clock, sizeof(clock), "%s/clock", y.dir);
	OK(clock_set_offset(clock, FIXTURE_NOW - (int64_t)time(NULL)));
	assert_int_equal(setenv("YINXIN_CLOCK", clock, 1), 0);
	skf_trust(&skf_bureau);
	*state = &y;
	return 0;
}

int skf_finish(void **state)
{
	yxcard_done(*state);
	return 0;
}

void skf_stock(DEVHANDLE dev, const char *serial)
{
	SKF_ECCPUBLICKEYBLOB blob;
	struct sm2_pub pub = {{0x04}};
	ULONG n = 0;

	SAR(YX_GetCardCert(dev, NULL, &n), SAR_NOCERT);
	SAR(YX_GetDevicePublicKey(dev, &blob), SAR_OK);
	memcpy(pub.b + 1, blob.XCoordinate + 32, 32);
	memcpy(pub.b + 33, blob.YCoordinate + 32, 32);
	AUTO(cert) c = bureau_issue(&skf_bureau, "card", &pub, serial);
	SAR(YX_SetCardCert(dev, (BYTE *)(uintptr_t)cert_der(c).ptr, (ULONG)cert_der(c).len), SAR_OK);
	SAR(YX_GetCardCert(dev, NULL, &n), SAR_OK);
	assert_int_equal(n, cert_der(c).len);
}

struct sm2_pub skf_born(DEVHANDLE dev)
{
	static const BYTE approval[32] = {5};
	SKF_ECCPUBLICKEYBLOB blob;
	BYTE bytes[ATTEST_LEN];
	ULONG len = sizeof(bytes);
	struct sm2_pub pub = {{0x04}};
	struct attest a;

	SAR(YX_Generate(dev, approval, PIN, &blob, bytes, &len), SAR_OK);
	memcpy(pub.b + 1, blob.XCoordinate + 32, 32);
	memcpy(pub.b + 33, blob.YCoordinate + 32, 32);
	OK(attest_parse(SPAN_ARR(bytes), &a));
	assert_memory_equal(a.pub.b, pub.b, SM2_PUB_LEN);
	return pub;
}

int skf_run(const struct CMUnitTest *tests, size_t n)
{
	signal(SIGPIPE, SIG_IGN);
	bureau_start(&skf_bureau);
	int rc = _cmocka_run_group_tests("skf", tests, n, NULL, NULL);
	SAR(YX_SetTrust(NULL, 0, NULL, 0), SAR_OK);
	bureau_end(&skf_bureau);
	return rc;
}
