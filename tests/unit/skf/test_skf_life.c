/* The whole life of a card through the interface alone, and its files. */
#include "skf_fixture.h"

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
	union {
		SKF_ENVELOPEDKEYBLOB blob;
		uint8_t room[sizeof(SKF_ENVELOPEDKEYBLOB) + 16];
	} env = {.room = {0}};
	static const unsigned orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}};
	ULONG sar = 0;

	fill(buf_span(&u->enveloped), &env.blob, left);
	for (size_t i = 0; i < 3 && sar == 0; i++) {
		switch (orders[order][i]) {
		case 0:
			sar = import_cert(con, 1, u->sign);
			break;
		case 1:
			sar = SKF_ImportECCKeyPair(con, &env.blob);
			break;
		default:
			sar = import_cert(con, 0, u->enc);
			break;
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
	skf_stock(dev, "YX26000001");
	SAR(SKF_OpenApplication(dev, APP, &app), SAR_OK);
	SAR(SKF_VerifyPIN(app, SKF_USER_TYPE, PIN, &n), SAR_PIN_UNSET);
	struct sm2_pub pub = skf_born(dev);
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
		struct bundle u = bureau_bundle(&skf_bureau, &pub);
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
	skf_stock(dev, "YX26000001");
	struct sm2_pub pub = skf_born(dev);
	SAR(SKF_OpenApplication(dev, APP, &app), SAR_OK);
	SAR(SKF_OpenContainer(app, CON, &con), SAR_OK);
	OK(sm2_key_new(&other));
	struct bundle own = bureau_bundle(&skf_bureau, &pub), foreign = bureau_bundle(&skf_bureau, sm2_key_pub(other));
	SAR(import_cert(con, 1, foreign.sign), SAR_FAIL);
	SAR(SKF_ImportCertificate(con, 1, (BYTE[]){0x30, 0x00}, 2), SAR_INDATA);
	SAR(SKF_ImportCertificate(con, 1, NULL, 2), SAR_PARAM);
	SAR(SKF_ImportECCKeyPair(con, NULL), SAR_PARAM);
	union {
		SKF_ENVELOPEDKEYBLOB blob;
		uint8_t room[sizeof(SKF_ENVELOPEDKEYBLOB) + 16];
	} env = {.room = {0}};
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
	skf_stock(dev, "YX26000001");
	(void)skf_born(dev);
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
			skf_trust(&foreign);
		if (round == 2)
			SAR(YX_SetTrust(NULL, 0, NULL, 0), SAR_OK);
		SAR(SKF_ConnectDev(SLOT0, &dev), SAR_OK);
		SAR(SKF_GetDevInfo(dev, &info), SAR_OK);
		SAR(YX_IsGenuine(dev, &n), SAR_OK);
		assert_int_equal(n, 0);
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
	SAR(YX_IsGenuine(dev, &n), SAR_OK);
	assert_int_equal(n, 0);
	skf_stock(dev, "YX26000001");
	SAR(YX_IsGenuine(dev, &n), SAR_OK);
	assert_int_equal(n, 1);
	n = sizeof(list);
	SAR(SKF_OpenApplication(dev, APP, &app), SAR_OK);
	SAR(SKF_CreateFile(app, name, 32, 0xFF, 0x10), SAR_LOGIN);
	SAR(SKF_EnumFiles(app, list, &n), SAR_OK);
	assert_int_equal(n, 1);
	(void)skf_born(dev);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CARD(life),        WITH_CARD(import_refused), WITH_CARD(discard),
		WITH_CARD(not_genuine), WITH_CARD(files),
	};
	return skf_run(tests, COUNT_OF(tests));
}
