/* The SKF interface: its structures, its argument table, double calls. */
#include "skf_fixture.h"
#include <stddef.h>

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
		SAR(YX_IsGenuine(h, &n), SAR_HANDLE);
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
	SAR(YX_IsGenuine(dev, NULL), SAR_PARAM);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		WITH_CARD(bad_handles),
		WITH_CARD(bad_arguments),
		WITH_CARD(double_calls),
	};
	return skf_run(tests, COUNT_OF(tests));
}
