/* The SKF interface: argument table, double calls, stale handles, and the whole life of a card through it alone. */
#include "base/clock.h"
#include "client/skf/skf.h"
#include "gm/sm2.h"
#include "pki/attest.h"
#include "yxcard_run.h"
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SAR_OK = 0, SAR_FAIL = 0x0A000001, SAR_NOTSUPPORT = 0x0A000003, SAR_HANDLE = 0x0A000005, SAR_PARAM = 0x0A000006,
	SAR_OBJ = 0x0A00000D, SAR_TIMEOUT = 0x0A00000F, SAR_INLEN = 0x0A000010, SAR_INDATA = 0x0A000011,
	SAR_NOKEY = 0x0A00001B, SAR_NOCERT = 0x0A00001C, SAR_SMALL = 0x0A000020, SAR_REMOVED = 0x0A000023,
	SAR_PIN = 0x0A000024, SAR_LOCKED = 0x0A000025, SAR_PIN_SAME = 0x0A000026, SAR_PIN_LEN = 0x0A000027,
	SAR_PIN_UNSET = 0x0A000029, SAR_EXISTS = 0x0A00002C, SAR_LOGIN = 0x0A00002D, SAR_NOAPP = 0x0A00002E,
	SAR_NOROOM = 0x0A000030, SAR_NOFILE = 0x0A000031, SAR_AUTH = 0x0A000033,
};
#define SAR(call, want) assert_sar((call), (want), #call, __LINE__)
static void assert_sar(ULONG got, ULONG want, const char *what, int line)
{
	if (got != want)
		fail_msg("line %d: %s: %08X, expected %08X", line, what, got, want);
}

static struct bureau bureau;
static char PIN[] = "Kp7#20-x", OTHER[] = "Kp7#20-y", SLOT0[] = "slot0", APP[] = YX_APP, CON[] = YX_CONTAINER;

static void trust(const struct bureau *b)
{
	struct span root = cert_der(b->root), ca = cert_der(b->ca);
	SAR(YX_SetTrust(root.ptr, (ULONG)root.len, ca.ptr, (ULONG)ca.len), SAR_OK);
}

static int prepare(void **state)
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
	trust(&bureau);
	*state = &y;
	return 0;
}

static int finish(void **state)
{
	yxcard_done(*state);
	return 0;
}

/* GM/T 0016-2012 and what real devices write: packed, 32-bit ULONG. */
static void layout(void **state)
{
	(void)state;
	assert_int_equal(sizeof(SKF_DEVINFO), 294);
	assert_int_equal(offsetof(SKF_DEVINFO, AlgSymCap), 198);
	assert_int_equal(offsetof(SKF_DEVINFO, Reserved), 230);
	assert_int_equal(sizeof(SKF_ECCPUBLICKEYBLOB), 132);
	assert_int_equal(sizeof(SKF_ECCCIPHERBLOB), 165);
	assert_int_equal(sizeof(SKF_ECCSIGNATUREBLOB), 128);
	assert_int_equal(sizeof(SKF_ENVELOPEDKEYBLOB), 373);
	assert_int_equal(sizeof(SKF_FILEATTRIBUTE), 44);
}

/* Every function that takes a handle survives NULL, rubbish, and a handle of another kind. */
static void bad_handles(void **state)
{
	DEVHANDLE dev = NULL;
	HAPPLICATION app = NULL;
	ULONG n = 0, m = 0;
	BOOL b = 0;
	BYTE bytes[64] = {0};
	char text[64] = "x";
	SKF_DEVINFO info;
	SKF_ECCPUBLICKEYBLOB pub;
	SKF_ECCSIGNATUREBLOB sig;
	SKF_ENVELOPEDKEYBLOB env = {0};

	(void)state;
	SAR(SKF_ConnectDev(SLOT0, &dev), SAR_OK);
	SAR(SKF_OpenApplication(dev, APP, &app), SAR_OK);
	HANDLE not_dev[] = {NULL, (HANDLE)(uintptr_t)1, (HANDLE)(uintptr_t)-1, app, &n};
	for (size_t i = 0; i < COUNT_OF(not_dev); i++) {
		HANDLE h = not_dev[i];
		SAR(SKF_DisConnectDev(h), SAR_HANDLE);
		SAR(SKF_GetDevInfo(h, &info), SAR_HANDLE);
		SAR(SKF_SetLabel(h, text), SAR_HANDLE);
		SAR(SKF_LockDev(h, 0), SAR_HANDLE);
		SAR(SKF_UnlockDev(h), SAR_HANDLE);
		SAR(SKF_GenRandom(h, bytes, 8), SAR_HANDLE);
		SAR(SKF_EnumApplication(h, text, &n), SAR_HANDLE);
		SAR(SKF_OpenApplication(h, APP, &app), SAR_HANDLE);
		SAR(YX_GetCardCert(h, bytes, &n), SAR_HANDLE);
		SAR(YX_SetCardCert(h, bytes, 8), SAR_HANDLE);
		SAR(YX_GetDevicePublicKey(h, &pub), SAR_HANDLE);
		SAR(YX_Generate(h, NULL, PIN, &pub, bytes, &n), SAR_HANDLE);
		SAR(YX_GetCardState(h, &n, &m), SAR_HANDLE);
		SAR(YX_Discard(h), SAR_HANDLE);
	}
	HANDLE not_app[] = {NULL, (HANDLE)(uintptr_t)1, (HANDLE)(uintptr_t)-1, dev, &n};
	for (size_t i = 0; i < COUNT_OF(not_app); i++) {
		HANDLE h = not_app[i], out = NULL;
		SAR(SKF_CloseApplication(h), SAR_HANDLE);
		SAR(SKF_ClearSecureState(h), SAR_HANDLE);
		SAR(SKF_GetPINInfo(h, SKF_USER_TYPE, &n, &m, &b), SAR_HANDLE);
		SAR(SKF_VerifyPIN(h, SKF_USER_TYPE, PIN, &n), SAR_HANDLE);
		SAR(SKF_ChangePIN(h, SKF_USER_TYPE, PIN, OTHER, &n), SAR_HANDLE);
		SAR(SKF_EnumContainer(h, text, &n), SAR_HANDLE);
		SAR(SKF_OpenContainer(h, CON, &out), SAR_HANDLE);
		SAR(SKF_EnumFiles(h, text, &n), SAR_HANDLE);
		SAR(SKF_ReadFile(h, text, 0, 1, bytes, &n), SAR_HANDLE);
		SAR(SKF_CreateFile(h, text, 1, 0xFF, 0x10), SAR_HANDLE);
		SAR(SKF_WriteFile(h, text, 0, bytes, 1), SAR_HANDLE);
	}
	HANDLE not_con[] = {NULL, (HANDLE)(uintptr_t)1, (HANDLE)(uintptr_t)-1, dev, app};
	for (size_t i = 0; i < COUNT_OF(not_con); i++) {
		HANDLE h = not_con[i];
		SAR(SKF_CloseContainer(h), SAR_HANDLE);
		SAR(SKF_GetContainerType(h, &n), SAR_HANDLE);
		SAR(SKF_ExportCertificate(h, 1, bytes, &n), SAR_HANDLE);
		SAR(SKF_ImportCertificate(h, 1, bytes, 8), SAR_HANDLE);
		SAR(SKF_ExportPublicKey(h, 1, bytes, &n), SAR_HANDLE);
		SAR(SKF_ImportECCKeyPair(h, &env), SAR_HANDLE);
		SAR(SKF_ECCSignData(h, bytes, 32, &sig), SAR_HANDLE);
	}
	SAR(SKF_CloseApplication(app), SAR_OK);
	SAR(SKF_CloseApplication(app), SAR_HANDLE);
	SAR(SKF_DisConnectDev(dev), SAR_OK);
	SAR(SKF_DisConnectDev(dev), SAR_HANDLE);
}

static void bad_arguments(void **state)
{
	DEVHANDLE dev = NULL;
	HAPPLICATION app = NULL;
	HCONTAINER con = NULL;
	ULONG n = 0, len = ATTEST_LEN;
	BOOL b = 0;
	BYTE attest[ATTEST_LEN];
	char text[64] = "x", nobody[] = "slot9", other[] = "OTHER";

	(void)state;
	SAR(SKF_EnumDev(1, NULL, NULL), SAR_PARAM);
	SAR(SKF_ConnectDev(NULL, &dev), SAR_PARAM);
	SAR(SKF_ConnectDev(SLOT0, NULL), SAR_PARAM);
	SAR(SKF_ConnectDev(nobody, &dev), SAR_REMOVED);
	SAR(SKF_GetDevState(NULL, &n), SAR_PARAM);
	SAR(SKF_GetDevState(SLOT0, NULL), SAR_PARAM);
	SAR(SKF_WaitForDevEvent(NULL, &n, &n), SAR_PARAM);
	SAR(SKF_ConnectDev(SLOT0, &dev), SAR_OK);
	SAR(SKF_GetDevInfo(dev, NULL), SAR_PARAM);
	SAR(SKF_SetLabel(dev, NULL), SAR_PARAM);
	SAR(SKF_GenRandom(dev, NULL, 8), SAR_PARAM);
	SAR(SKF_GenRandom(dev, (BYTE *)text, 65537), SAR_PARAM);
	SAR(SKF_EnumApplication(dev, text, NULL), SAR_PARAM);
	SAR(SKF_OpenApplication(dev, NULL, &app), SAR_PARAM);
	SAR(SKF_OpenApplication(dev, APP, NULL), SAR_PARAM);
	SAR(SKF_OpenApplication(dev, other, &app), SAR_NOAPP);
	SAR(YX_GetCardCert(dev, NULL, NULL), SAR_PARAM);
	SAR(YX_SetCardCert(dev, NULL, 8), SAR_PARAM);
	SAR(YX_GetDevicePublicKey(dev, NULL), SAR_PARAM);
	SAR(YX_GetCardState(dev, NULL, NULL), SAR_PARAM);
	SAR(YX_Generate(dev, NULL, PIN, NULL, attest, NULL), SAR_PARAM);
	SAR(YX_Generate(dev, NULL, NULL, NULL, attest, &len), SAR_PARAM);
	SAR(SKF_OpenApplication(dev, APP, &app), SAR_OK);
	SAR(SKF_OpenContainer(app, NULL, &con), SAR_PARAM);
	SAR(SKF_OpenContainer(app, CON, NULL), SAR_PARAM);
	SAR(SKF_OpenContainer(app, CON, &con), SAR_NOAPP); /* a blank card has none */
	SAR(SKF_GetPINInfo(app, SKF_USER_TYPE, NULL, &n, &b), SAR_PARAM);
	SAR(SKF_GetPINInfo(app, SKF_ADMIN_TYPE, &n, &n, &b), SAR_NOTSUPPORT);
	SAR(SKF_VerifyPIN(app, SKF_ADMIN_TYPE, PIN, &n), SAR_NOTSUPPORT);
	SAR(SKF_VerifyPIN(app, SKF_USER_TYPE, NULL, &n), SAR_PARAM);
	SAR(SKF_VerifyPIN(app, SKF_USER_TYPE, (char[]){""}, &n), SAR_PIN_LEN);
	SAR(SKF_ChangePIN(app, SKF_USER_TYPE, PIN, NULL, &n), SAR_PARAM);
	SAR(SKF_ReadFile(app, NULL, 0, 1, NULL, &n), SAR_PARAM);
	SAR(SKF_ReadFile(app, text, 0, 1, NULL, NULL), SAR_PARAM);
	SAR(SKF_ReadFile(app, text, 0xFFFFFFFF, 1, NULL, &n), SAR_INLEN);
	SAR(SKF_CreateFile(app, NULL, 1, 0xFF, 0x10), SAR_PARAM);
	SAR(SKF_CreateFile(app, text, 1, 0x1FF, 0x10), SAR_PARAM);
	SAR(SKF_WriteFile(app, NULL, 0, (BYTE *)text, 1), SAR_PARAM);
	SAR(SKF_WriteFile(app, text, 0, NULL, 1), SAR_PARAM);
	SAR(YX_SetTrust((const BYTE *)"x", 1, (const BYTE *)"y", 1), SAR_INDATA);
	SAR(SKF_DisConnectDev(dev), SAR_OK);
	SAR(SKF_CloseApplication(app), SAR_OK); /* after its device: still a clean end */
}

/* The length is asked for with NULL, told again when the buffer is too small, and exact. */
static void double_calls(void **state)
{
	DEVHANDLE dev = NULL;
	char list[64];
	ULONG n = 0;

	(void)state;
	SAR(SKF_EnumDev(1, NULL, &n), SAR_OK);
	assert_int_equal(n, 7);
	n = 6;
	SAR(SKF_EnumDev(1, list, &n), SAR_SMALL);
	assert_int_equal(n, 7);
	n = sizeof(list);
	SAR(SKF_EnumDev(0, list, &n), SAR_OK);
	assert_int_equal(n, 7);
	assert_memory_equal(list, "slot0\0", 7);
	SAR(SKF_ConnectDev(SLOT0, &dev), SAR_OK);
	n = 0;
	SAR(SKF_EnumApplication(dev, NULL, &n), SAR_OK);
	assert_int_equal(n, sizeof(YX_APP) + 1);
	/* Asking how long the attestation is makes no key. */
	BYTE attest[ATTEST_LEN];
	ULONG state_of = 9, len = 0;
	SAR(YX_Generate(dev, NULL, PIN, NULL, NULL, &len), SAR_OK);
	assert_int_equal(len, ATTEST_LEN);
	len = ATTEST_LEN - 1;
	SAR(YX_Generate(dev, NULL, PIN, NULL, attest, &len), SAR_SMALL);
	assert_int_equal(len, ATTEST_LEN);
	SAR(YX_GetCardState(dev, &state_of, NULL), SAR_OK);
	assert_int_equal(state_of, TOKEN_BLANK);
	SAR(SKF_DisConnectDev(dev), SAR_OK);
}

/* --- the life of a card --- */

static void stock(DEVHANDLE dev, const char *serial)
{
	SKF_ECCPUBLICKEYBLOB blob;
	struct sm2_pub pub = {{0x04}};
	ULONG n = 0;

	SAR(YX_GetCardCert(dev, NULL, &n), SAR_NOCERT);
	SAR(YX_GetDevicePublicKey(dev, &blob), SAR_OK);
	memcpy(pub.b + 1, blob.XCoordinate + 32, 32);
	memcpy(pub.b + 33, blob.YCoordinate + 32, 32);
	AUTO(cert) c = bureau_issue(&bureau, "card", &pub, serial);
	SAR(YX_SetCardCert(dev, (BYTE *)(uintptr_t)cert_der(c).ptr, (ULONG)cert_der(c).len), SAR_OK);
	SAR(YX_GetCardCert(dev, NULL, &n), SAR_OK);
	assert_int_equal(n, cert_der(c).len);
}

static struct sm2_pub born(DEVHANDLE dev)
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

/* left: 32-octet values at the front of their 64, as some software has them. */
static void fill(struct span enveloped, SKF_ENVELOPEDKEYBLOB *b, bool left)
{
	struct enveloped_parts p;
	size_t at = left ? 0 : 32;

	OK(enveloped_key_split(enveloped, &p));
	b->Version = 1;
	b->ulSymmAlgID = 0x00000401;
	b->ulBits = b->PubKey.BitLen = 256;
	assert_int_equal(p.enc_key_len, 32);
	memcpy(b->cbEncryptedPriKey + at, p.enc_key, 32);
	memcpy(b->PubKey.XCoordinate + at, p.pub.b + 1, 32);
	memcpy(b->PubKey.YCoordinate + at, p.pub.b + 33, 32);
	memcpy(b->ECCCipherBlob.XCoordinate + at, p.sym_cipher_x, 32);
	memcpy(b->ECCCipherBlob.YCoordinate + at, p.sym_cipher_y, 32);
	memcpy(b->ECCCipherBlob.HASH, p.sym_hash, 32);
	b->ECCCipherBlob.CipherLen = 16;
	memcpy(&b->ECCCipherBlob.Cipher[0], p.sym_cipher, 16);
}

static ULONG import_cert(HCONTAINER con, BOOL sign, const struct cert *c)
{
	return SKF_ImportCertificate(con, sign, (BYTE *)(uintptr_t)cert_der(c).ptr, (ULONG)cert_der(c).len);
}

static ULONG import_all(HCONTAINER con, const struct bundle *u, unsigned order, bool left)
{
	union { SKF_ENVELOPEDKEYBLOB blob; uint8_t room[sizeof(SKF_ENVELOPEDKEYBLOB) + 16]; } env = {.room = {0}};
	static const unsigned orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}};
	ULONG sar = 0;

	fill(buf_span(&u->enveloped), &env.blob, left);
	for (size_t i = 0; i < 3 && sar == 0; i++) {
		switch (orders[order][i]) {
		case 0: sar = import_cert(con, 1, u->sign); break;
		case 1: sar = SKF_ImportECCKeyPair(con, &env.blob); break;
		default: sar = import_cert(con, 0, u->enc); break;
		}
	}
	return sar;
}

static void verify_signature(HCONTAINER con, const struct sm2_pub *pub)
{
	BYTE digest[32] = {1, 2, 3};
	SKF_ECCSIGNATUREBLOB blob;
	struct sm2_sig sig;

	SAR(SKF_ECCSignData(con, digest, 31, &blob), SAR_INLEN);
	SAR(SKF_ECCSignData(con, NULL, 32, &blob), SAR_PARAM);
	SAR(SKF_ECCSignData(con, digest, 32, NULL), SAR_PARAM);
	SAR(SKF_ECCSignData(con, digest, 32, &blob), SAR_OK);
	memcpy(sig.b, blob.r + 32, 32);
	memcpy(sig.b + 32, blob.s + 32, 32);
	OK(gm_verify_e(pub, digest, &sig));
	SAR(SKF_ECCSignData(con, digest, 32, &blob), SAR_LOGIN); /* one signature a login */
}

static void life(void **state)
{
	DEVHANDLE dev = NULL;
	HAPPLICATION app = NULL;
	HCONTAINER con = NULL;
	ULONG n = 99, most = 0, left = 0;
	BOOL standard = 1;
	SKF_DEVINFO info;

	(void)state;
	SAR(SKF_ConnectDev(SLOT0, &dev), SAR_OK);
	SAR(SKF_GetDevInfo(dev, &info), SAR_OK);
	assert_string_equal(info.SerialNumber, "YX26000001");
	stock(dev, "YX26000001");
	SAR(SKF_OpenApplication(dev, APP, &app), SAR_OK);
	SAR(SKF_VerifyPIN(app, SKF_USER_TYPE, PIN, &n), SAR_PIN_UNSET);
	struct sm2_pub pub = born(dev);
	SAR(YX_Generate(dev, NULL, PIN, NULL, (BYTE[ATTEST_LEN]){0}, &(ULONG){ATTEST_LEN}), SAR_EXISTS);
	SAR(SKF_OpenContainer(app, CON, &con), SAR_OK);
	SAR(SKF_GetContainerType(con, &n), SAR_OK);
	assert_int_equal(n, 2);
	BYTE blob[200];
	n = sizeof(blob);
	SAR(SKF_ExportPublicKey(con, 1, blob, &n), SAR_OK);
	assert_int_equal(n, 132);
	SAR(SKF_ExportPublicKey(con, 0, blob, &n), SAR_NOKEY);
	SAR(SKF_ExportCertificate(con, 1, NULL, &n), SAR_NOCERT);
	verify_signature(con, &pub); /* the request's */
	for (unsigned order = 0; order < 3; order++) {
		struct bundle u = bureau_bundle(&bureau, &pub);
		SAR(import_all(con, &u, order, order == 1), SAR_OK);
		AUTO_BUF(der, CERT_DER_MAX);
		n = 0;
		SAR(SKF_ExportCertificate(con, 0, NULL, &n), SAR_OK);
		BYTE *room = buf_room(&der, n);
		SAR(SKF_ExportCertificate(con, 0, room, &n), SAR_OK);
		assert_true(span_eq(buf_span(&der), cert_der(u.enc)));
		bundle_done(&u);
	}
	SAR(SKF_VerifyPIN(app, SKF_USER_TYPE, OTHER, &n), SAR_PIN);
	assert_int_equal(n, 5);
	SAR(SKF_GetPINInfo(app, SKF_USER_TYPE, &most, &left, &standard), SAR_OK);
	assert_int_equal(most, 6);
	assert_int_equal(left, 5);
	assert_int_equal(standard, 0);
	SAR(SKF_VerifyPIN(app, SKF_USER_TYPE, PIN, NULL), SAR_OK);
	verify_signature(con, &pub);
	SAR(SKF_ChangePIN(app, SKF_USER_TYPE, PIN, (char[]){"123456"}, &n), SAR_PIN_SAME);
	SAR(SKF_ChangePIN(app, SKF_USER_TYPE, OTHER, OTHER, &n), SAR_PIN_SAME);
	SAR(SKF_ChangePIN(app, SKF_USER_TYPE, PIN, OTHER, &n), SAR_OK);
	SAR(SKF_VerifyPIN(app, SKF_USER_TYPE, OTHER, &n), SAR_OK);
	SAR(SKF_ClearSecureState(app), SAR_OK);
	SAR(SKF_SetLabel(dev, (char[]){"label"}), SAR_LOGIN);
	/* GmSSL closes the container after its application. */
	SAR(SKF_CloseApplication(app), SAR_OK);
	SAR(SKF_CloseContainer(con), SAR_OK);
	SAR(SKF_DisConnectDev(dev), SAR_OK);
}

static void import_refused(void **state)
{
	DEVHANDLE dev = NULL;
	HAPPLICATION app = NULL;
	HCONTAINER con = NULL;
	AUTO(sm2_key) other = NULL;
	ULONG n = 0;

	(void)state;
	SAR(SKF_ConnectDev(SLOT0, &dev), SAR_OK);
	stock(dev, "YX26000001");
	struct sm2_pub pub = born(dev);
	SAR(SKF_OpenApplication(dev, APP, &app), SAR_OK);
	SAR(SKF_OpenContainer(app, CON, &con), SAR_OK);
	OK(sm2_key_new(&other));
	struct bundle own = bureau_bundle(&bureau, &pub), foreign = bureau_bundle(&bureau, sm2_key_pub(other));
	SAR(import_cert(con, 1, foreign.sign), SAR_FAIL);
	SAR(SKF_ImportCertificate(con, 1, (BYTE[]){0x30, 0x00}, 2), SAR_INDATA);
	SAR(SKF_ImportCertificate(con, 1, NULL, 2), SAR_PARAM);
	SAR(SKF_ImportECCKeyPair(con, NULL), SAR_PARAM);
	union { SKF_ENVELOPEDKEYBLOB blob; uint8_t room[sizeof(SKF_ENVELOPEDKEYBLOB) + 16]; } env = {.room = {0}};
	SAR(SKF_ImportECCKeyPair(con, &env.blob), SAR_INDATA);
	fill(buf_span(&own.enveloped), &env.blob, false);
	env.blob.ulSymmAlgID = 0x101; /* SM1 */
	SAR(SKF_ImportECCKeyPair(con, &env.blob), SAR_INDATA);
	env.blob.ulSymmAlgID = 0x401;
	env.blob.ECCCipherBlob.CipherLen = 0xFFFFFFFF;
	SAR(SKF_ImportECCKeyPair(con, &env.blob), SAR_INDATA);
	env.blob.ECCCipherBlob.CipherLen = 16;
	env.blob.PubKey.XCoordinate[0] = 1;
	SAR(SKF_ImportECCKeyPair(con, &env.blob), SAR_INDATA);
	/* The last of three is refused by the card and nothing is written; then all three again. */
	SAR(import_cert(con, 1, own.sign), SAR_OK);
	fill(buf_span(&foreign.enveloped), &env.blob, false);
	env.blob.PubKey.XCoordinate[0] = 0;
	SAR(SKF_ImportECCKeyPair(con, &env.blob), SAR_OK);
	SAR(import_cert(con, 0, own.enc), SAR_INDATA);
	SAR(SKF_ExportCertificate(con, 1, NULL, &n), SAR_NOCERT);
	SAR(YX_GetCardState(dev, &n, NULL), SAR_OK);
	assert_int_equal(n, TOKEN_AWAITING);
	SAR(import_all(con, &own, 0, false), SAR_OK);
	SAR(YX_Discard(dev), SAR_OBJ);
	bundle_done(&own);
	bundle_done(&foreign);
	SAR(SKF_DisConnectDev(dev), SAR_OK);
	SAR(SKF_GetContainerType(con, &n), SAR_HANDLE);
	SAR(SKF_CloseContainer(con), SAR_OK);
	SAR(SKF_CloseApplication(app), SAR_OK);
}

static void discard(void **state)
{
	DEVHANDLE dev = NULL;
	ULONG n = 9, set = 9;

	(void)state;
	SAR(SKF_ConnectDev(SLOT0, &dev), SAR_OK);
	stock(dev, "YX26000001");
	(void)born(dev);
	SAR(YX_GetCardState(dev, &n, &set), SAR_OK);
	assert_int_equal(n, TOKEN_AWAITING);
	assert_int_equal(set, 1);
	SAR(YX_Discard(dev), SAR_OK);
	SAR(YX_GetCardState(dev, &n, &set), SAR_OK);
	assert_int_equal(n, TOKEN_BLANK);
	assert_int_equal(set, 0);
	SAR(SKF_DisConnectDev(dev), SAR_OK);
}

/* K-006: no trust, another root, no card certificate: it can be read, and no PIN is sent. */
static void not_genuine(void **state)
{
	struct bureau foreign;
	DEVHANDLE dev = NULL;
	HAPPLICATION app = NULL;
	ULONG n = ATTEST_LEN;
	BYTE attest[ATTEST_LEN];
	SKF_DEVINFO info;

	(void)state;
	bureau_start(&foreign);
	for (int round = 0; round < 3; round++) {
		if (round == 1)
			trust(&foreign);
		if (round == 2)
			SAR(YX_SetTrust(NULL, 0, NULL, 0), SAR_OK);
		SAR(SKF_ConnectDev(SLOT0, &dev), SAR_OK);
		SAR(SKF_GetDevInfo(dev, &info), SAR_OK);
		SAR(SKF_OpenApplication(dev, APP, &app), SAR_OK);
		SAR(SKF_VerifyPIN(app, SKF_USER_TYPE, PIN, &n), SAR_AUTH);
		SAR(SKF_ChangePIN(app, SKF_USER_TYPE, PIN, OTHER, &n), SAR_AUTH);
		n = ATTEST_LEN;
		SAR(YX_Generate(dev, NULL, PIN, NULL, attest, &n), SAR_AUTH);
		SAR(SKF_CloseApplication(app), SAR_OK);
		SAR(SKF_DisConnectDev(dev), SAR_OK);
	}
	bureau_end(&foreign);
}

/* --- removal, sharing, locking --- */

static void removed(void **state)
{
	struct yxcard *y = *state;
	DEVHANDLE dev = NULL, again = NULL;
	ULONG n = 9;
	SKF_DEVINFO info;

	SAR(SKF_ConnectDev(SLOT0, &dev), SAR_OK);
	SAR(SKF_GetDevState(SLOT0, &n), SAR_OK);
	assert_int_equal(n, 1);
	OK(yxcard_line(y, "REMOVE blank-1"));
	SAR(SKF_GetDevState(SLOT0, &n), SAR_OK);
	assert_int_equal(n, 0);
	SAR(SKF_GetDevInfo(dev, &info), SAR_REMOVED);
	SAR(SKF_GetDevInfo(dev, &info), SAR_REMOVED);
	SAR(SKF_ConnectDev(SLOT0, &again), SAR_REMOVED);
	OK(yxcard_line(y, "INSERT blank-2 slot0"));
	SAR(SKF_GetDevInfo(dev, &info), SAR_REMOVED); /* the old handle never becomes the other card */
	SAR(SKF_ConnectDev(SLOT0, &again), SAR_OK);
	SAR(SKF_GetDevInfo(again, &info), SAR_OK);
	assert_string_equal(info.SerialNumber, "YX26000002");
	SAR(SKF_DisConnectDev(dev), SAR_OK);
	SAR(SKF_GetDevInfo(again, &info), SAR_OK);
	OK(yxcard_line(y, "REMOVE blank-2"));
	OK(yxcard_line(y, "INSERT blank-2 slot0"));
	SAR(SKF_ConnectDev(SLOT0, &dev), SAR_OK); /* noticed without a failing call before */
	SAR(SKF_GetDevInfo(dev, &info), SAR_OK);
	SAR(SKF_DisConnectDev(dev), SAR_OK);
	SAR(SKF_DisConnectDev(again), SAR_OK);
}

static void shared_and_locked(void **state)
{
	DEVHANDLE a = NULL, b = NULL;
	SKF_DEVINFO info;

	(void)state;
	SAR(SKF_ConnectDev(SLOT0, &a), SAR_OK);
	SAR(SKF_ConnectDev(SLOT0, &b), SAR_OK);
	assert_ptr_not_equal(a, b);
	SAR(SKF_LockDev(a, 0xFFFFFFFF), SAR_OK);
	SAR(SKF_LockDev(a, 0xFFFFFFFF), SAR_OK); /* re-entrant: GmSSL locks twice and unlocks once */
	SAR(SKF_LockDev(b, 0), SAR_TIMEOUT);
	SAR(SKF_UnlockDev(b), SAR_FAIL);
	SAR(SKF_DisConnectDev(a), SAR_OK); /* drops its locks */
	SAR(SKF_LockDev(b, 0), SAR_OK);
	SAR(SKF_UnlockDev(b), SAR_OK);
	SAR(SKF_UnlockDev(b), SAR_FAIL);
	SAR(SKF_GetDevInfo(a, &info), SAR_HANDLE);
	SAR(SKF_GetDevInfo(b, &info), SAR_OK);
	SAR(SKF_DisConnectDev(b), SAR_OK);
}

/* Handles run out with an error, and come back. */
static void exhausted(void **state)
{
	DEVHANDLE h[300] = {NULL};
	size_t n = 0;
	ULONG sar = 0;

	(void)state;
	while (n < COUNT_OF(h) && sar == 0) {
		sar = SKF_ConnectDev(SLOT0, &h[n]);
		n += sar == 0;
	}
	assert_int_equal(sar, 0x0A00000E);
	assert_int_equal(n, 256);
	for (size_t i = 0; i < n; i++)
		SAR(SKF_DisConnectDev(h[i]), SAR_OK);
	SAR(SKF_ConnectDev(SLOT0, &h[0]), SAR_OK);
	SAR(SKF_DisConnectDev(h[0]), SAR_OK);
}

/* --- files --- */

static void files(void **state)
{
	DEVHANDLE dev = NULL;
	HAPPLICATION app = NULL;
	char name[] = "notes", list[64];
	BYTE out[64];
	ULONG n = sizeof(list);

	(void)state;
	SAR(SKF_ConnectDev(SLOT0, &dev), SAR_OK);
	stock(dev, "YX26000001");
	SAR(SKF_OpenApplication(dev, APP, &app), SAR_OK);
	SAR(SKF_CreateFile(app, name, 32, 0xFF, 0x10), SAR_LOGIN);
	SAR(SKF_EnumFiles(app, list, &n), SAR_OK);
	assert_int_equal(n, 1);
	(void)born(dev);
	SAR(SKF_CreateFile(app, name, 32, 0xFF, 0x10), SAR_OK);
	SAR(SKF_WriteFile(app, name, 4, (BYTE[]){1, 2, 3}, 3), SAR_OK);
	SAR(SKF_WriteFile(app, name, 31, (BYTE[]){1, 2, 3}, 3), SAR_NOROOM);
	n = sizeof(list);
	SAR(SKF_EnumFiles(app, list, &n), SAR_OK);
	assert_memory_equal(list, "notes\0", 7);
	n = 0;
	SAR(SKF_ReadFile(app, name, 3, 5, NULL, &n), SAR_OK);
	assert_int_equal(n, 5);
	SAR(SKF_ReadFile(app, name, 3, 5, out, &n), SAR_OK);
	assert_memory_equal(out, "\0\1\2\3\0", 5);
	n = 4;
	SAR(SKF_ReadFile(app, name, 3, 5, out, &n), SAR_SMALL);
	SAR(SKF_ReadFile(app, (char[]){"absent"}, 0, 5, out, &n), SAR_NOFILE);
	SAR(SKF_SetLabel(dev, (char[]){"财务"}), SAR_OK);
	SAR(SKF_CloseApplication(app), SAR_OK);
	SAR(SKF_DisConnectDev(dev), SAR_OK);
}

/* --- events and threads --- */

struct wait {
	ULONG sar, event;
	char name[16];
};
static void *waiter(void *arg)
{
	struct wait *w = arg;
	ULONG len = sizeof(w->name);

	w->sar = SKF_WaitForDevEvent(w->name, &len, &w->event);
	return NULL;
}

static void run_wait(struct yxcard *y, const char *line, struct wait *w)
{
	const struct timespec pause = {.tv_nsec = 400000000};
	pthread_t t;

	*w = (struct wait){.sar = 99};
	assert_int_equal(pthread_create(&t, NULL, waiter, w), 0);
	(void)nanosleep(&pause, NULL);
	if (line)
		OK(yxcard_line(y, line));
	else
		SAR(SKF_CancelWaitForDevEvent(), SAR_OK);
	assert_int_equal(pthread_join(t, NULL), 0);
}

static void events(void **state)
{
	struct wait w;

	run_wait(*state, "INSERT blank-2", &w);
	SAR(w.sar, SAR_OK);
	assert_string_equal(w.name, "slot1");
	assert_int_equal(w.event, 1);
	run_wait(*state, "REMOVE blank-1", &w);
	SAR(w.sar, SAR_OK);
	assert_string_equal(w.name, "slot0");
	assert_int_equal(w.event, 2);
	run_wait(*state, NULL, &w);
	SAR(w.sar, SAR_FAIL);
}

static void *hammer(void *arg)
{
	ULONG *bad = arg;

	for (int i = 0; i < 40; i++) {
		DEVHANDLE dev = NULL;
		SKF_DEVINFO info;
		BYTE r[32];
		char list[64];
		ULONG n = sizeof(list);
		*bad |= SKF_EnumDev(1, list, &n);
		*bad |= SKF_ConnectDev(SLOT0, &dev);
		*bad |= SKF_GetDevInfo(dev, &info);
		*bad |= SKF_GenRandom(dev, r, sizeof(r));
		*bad |= SKF_DisConnectDev(dev);
	}
	return NULL;
}

static void threads(void **state)
{
	pthread_t t[6];
	ULONG bad[6] = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, hammer, &bad[i]), 0);
	for (size_t i = 0; i < COUNT_OF(t); i++) {
		assert_int_equal(pthread_join(t[i], NULL), 0);
		assert_int_equal(bad[i], 0);
	}
}

#define WITH_CARD(f) cmocka_unit_test_setup_teardown(f, prepare, finish)
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout), WITH_CARD(bad_handles), WITH_CARD(bad_arguments), WITH_CARD(double_calls),
		WITH_CARD(life), WITH_CARD(import_refused), WITH_CARD(discard), WITH_CARD(not_genuine), WITH_CARD(removed),
		WITH_CARD(shared_and_locked), WITH_CARD(exhausted), WITH_CARD(files), WITH_CARD(events), WITH_CARD(threads),
	};
	signal(SIGPIPE, SIG_IGN);
	bureau_start(&bureau);
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	SAR(YX_SetTrust(NULL, 0, NULL, 0), SAR_OK);
	bureau_end(&bureau);
	return rc;
}
