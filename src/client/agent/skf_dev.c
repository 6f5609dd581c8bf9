/* A connected device: its serial, the key with a signing certificate in it, the PIN, a signature, an installation. */
#include "client/agent/skf_lib_i.h"
#include "pki/envelope.h"
#include <stdlib.h>
#include <string.h>

enum { PIN_BYTES = 65, SGD_SM4_ECB = 0x401, BLOB_HALF = 32 };

struct skf_dev {
	struct skf_lib *lib;
	char slot[SLOT_NAME_MAX + 1], serial[KEY_SERIAL_MAX + 1];
	DEVHANDLE dev;
	HAPPLICATION app;
	HCONTAINER con;
	uint8_t cert[CERT_DER_MAX];
	size_t cert_len;
};
#define CALL(d, function, ...) skf_result((d)->lib, (d)->slot, #function, (d)->lib->function(__VA_ARGS__))

/* --- finding the key --- */

static void close_key(struct skf_dev *d)
{
	if (d->con != NULL)
		d->lib->SKF_CloseContainer(d->con);
	if (d->app != NULL)
		d->lib->SKF_CloseApplication(d->app);
	d->con = NULL;
	d->app = NULL;
	d->cert_len = 0;
}

static bool export_cert(struct skf_dev *d, HCONTAINER con)
{
	ULONG len = sizeof(d->cert);

	if (d->lib->SKF_ExportCertificate(con, 1, d->cert, &len) != 0 || len < 1 || len > sizeof(d->cert))
		return false;
	d->cert_len = len;
	return true;
}

static bool open_container(struct skf_dev *d, const char *name, bool need_cert)
{
	char copy[SLOT_NAME_MAX + 1] = "";
	HCONTAINER con = NULL;

	memcpy(copy, name, strnlen(name, SLOT_NAME_MAX));
	if (d->lib->SKF_OpenContainer(d->app, copy, &con) != 0)
		return false;
	if (export_cert(d, con) || !need_cert) {
		d->con = con;
		return true;
	}
	d->lib->SKF_CloseContainer(con);
	return false;
}

/* The first container with a signing certificate; a card of ours may have its container without one. */
static bool find_container(struct skf_dev *d)
{
	char list[SKF_LIST_BYTES] = "";
	ULONG size = sizeof(list) - 1;
	size_t at = 0;
	const char *name;

	if (d->lib->SKF_EnumContainer(d->app, list, &size) != 0)
		return false;
	while ((name = skf_list_next(list, &at)) != NULL)
		if (open_container(d, name, !(d->lib->extended && strcmp(name, YX_CONTAINER) == 0)))
			return true;
	return false;
}

static bool open_app(struct skf_dev *d, const char *name)
{
	char copy[SLOT_NAME_MAX + 1] = "";

	memcpy(copy, name, strnlen(name, SLOT_NAME_MAX));
	return d->lib->SKF_OpenApplication(d->dev, copy, &d->app) == 0;
}

/* Leaves the application open even where it holds no certificate, for the PIN's counters. */
static void find_key(struct skf_dev *d)
{
	char list[SKF_LIST_BYTES] = "";
	ULONG size = sizeof(list) - 1;
	size_t at = 0;
	const char *name;

	close_key(d);
	if (d->lib->SKF_EnumApplication(d->dev, list, &size) != 0)
		return;
	while ((name = skf_list_next(list, &at)) != NULL) {
		if (!open_app(d, name))
			continue;
		if (find_container(d))
			return;
		close_key(d);
	}
	if (d->lib->extended)
		(void)open_app(d, YX_APP);
}

/* --- life --- */

/* A serial from a foreign library is shown and compared: printable ASCII or nothing of it is used. */
static void take_serial(struct skf_dev *d, const SKF_DEVINFO *info)
{
	size_t len = strnlen(info->SerialNumber, sizeof(info->SerialNumber));

	for (size_t i = 0; i < len; i++)
		if (info->SerialNumber[i] <= ' ' || info->SerialNumber[i] > '~')
			len = 0;
	if (len > 0)
		memcpy(d->serial, info->SerialNumber, len);
	else
		memcpy(d->serial, d->slot, strnlen(d->slot, KEY_SERIAL_MAX));
}

enum err skf_dev_open(struct skf_lib *l, const char *name, struct skf_dev **ret_d)
{
	/* Room behind: some libraries fill a structure with natural alignment, or newer, longer ones. */
	union {
		SKF_DEVINFO info;
		uint8_t room[1024];
	} u = {.room = {0}};
	AUTO(skf_dev) d = calloc(1, sizeof(*d));

	if (d == NULL)
		return ERR(NOMEM, "device");
	d->lib = l;
	memcpy(d->slot, name, strnlen(name, SLOT_NAME_MAX));
	TRY(CALL(d, SKF_ConnectDev, d->slot, &d->dev));
	TRY(CALL(d, SKF_GetDevInfo, d->dev, &u.info));
	take_serial(d, &u.info);
	find_key(d);
	*ret_d = STEAL(d);
	return ERR_OK;
}

void skf_dev_free(struct skf_dev *d)
{
	if (d == NULL)
		return;
	if (d->app != NULL)
		d->lib->SKF_ClearSecureState(d->app);
	close_key(d);
	if (d->dev != NULL)
		d->lib->SKF_DisConnectDev(d->dev);
	free(d);
}

const char *skf_dev_slot(const struct skf_dev *d)
{
	return d->slot;
}

const char *skf_dev_serial(const struct skf_dev *d)
{
	return d->serial;
}

/* --- blobs --- */

/* 32 octets in an array of 64: right-aligned as the standard's users write it, left-aligned as some vendors do. */
static void take_half(const BYTE from[64], uint8_t ret_half[BLOB_HALF])
{
	static const BYTE zeros[BLOB_HALF];
	bool right = memcmp(from, zeros, BLOB_HALF) == 0;

	memcpy(ret_half, right ? from + BLOB_HALF : from, BLOB_HALF);
}

static enum err blob_pub(const SKF_ECCPUBLICKEYBLOB *blob, struct sm2_pub *ret_pub)
{
	uint8_t point[SM2_PUB_LEN] = {0x04};

	take_half(blob->XCoordinate, point + 1);
	take_half(blob->YCoordinate, point + 1 + BLOB_HALF);
	return sm2_pub_parse(SPAN_ARR(point), ret_pub);
}

/* --- reading --- */

static bool read_pub(struct skf_dev *d, struct sm2_pub *ret_pub)
{
	union {
		SKF_ECCPUBLICKEYBLOB blob;
		uint8_t room[256];
	} u = {.room = {0}};
	ULONG len = sizeof(u.blob);

	if (d->con == NULL || d->lib->SKF_ExportPublicKey(d->con, 1, u.room, &len) != 0)
		return false;
	if (blob_pub(&u.blob, ret_pub) == ERR_OK)
		return true;
	err_clear();
	return false;
}

static enum err read_state(struct skf_dev *d, struct skf_status *s)
{
	ULONG state = 0, pin_set = 0, genuine = 0;

	s->pin_set = true;
	s->state = d->cert_len > 0 ? KEY_READY : KEY_UNUSABLE;
	if (!d->lib->extended)
		return ERR_OK;
	TRY(CALL(d, YX_GetCardState, d->dev, &state, &pin_set));
	s->state = state <= KEY_READY ? (enum key_state)state : KEY_UNUSABLE;
	s->pin_set = pin_set != 0;
	TRY(CALL(d, YX_IsGenuine, d->dev, &genuine));
	s->doubtful = genuine == 0;
	return ERR_OK;
}

enum err skf_dev_status(struct skf_dev *d, struct skf_status *ret_s)
{
	struct skf_status s = {.state = KEY_UNUSABLE};
	ULONG most = 0, left = 0;
	BOOL standard = 0;

	find_key(d);
	memcpy(s.serial, d->serial, sizeof(s.serial));
	TRY(read_state(d, &s));
	if (d->app != NULL)
		TRY(CALL(d, SKF_GetPINInfo, d->app, SKF_USER_TYPE, &most, &left, &standard));
	s.tries = left;
	s.has_pub = read_pub(d, &s.pub);
	memcpy(s.cert, d->cert, d->cert_len);
	s.cert_len = d->cert_len;
	*ret_s = s;
	return ERR_OK;
}

/* --- acting --- */

static enum err pin_text(const struct secret *pin, char ret_text[PIN_BYTES])
{
	struct span s = secret_span(pin);

	if (s.len < 1 || s.len >= PIN_BYTES)
		return ERR(PIN_RANGE, "PIN of %zu bytes", s.len);
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < ' ' || s.ptr[i] > '~')
			return ERR(PIN_RANGE, "PIN is not printable ASCII");
	memcpy(ret_text, s.ptr, s.len);
	ret_text[s.len] = '\0';
	return ERR_OK;
}

enum err skf_dev_login(struct skf_dev *d, const struct secret *pin, unsigned *ret_tries)
{
	char text[PIN_BYTES];
	ULONG tries = 0;

	if (d->app == NULL)
		return ERR(APP_ABSENT, "no application with a key");
	TRY(pin_text(pin, text));
	enum err e = CALL(d, SKF_VerifyPIN, d->app, SKF_USER_TYPE, text, &tries);
	wipe(text, sizeof(text));
	*ret_tries = tries;
	return e;
}

enum err skf_dev_sign(struct skf_dev *d, const uint8_t digest[32], struct sm2_sig *ret_sig)
{
	SKF_ECCSIGNATUREBLOB blob = {{0}, {0}};
	BYTE e[32];

	if (d->con == NULL)
		return ERR(KEY_ABSENT, "no container");
	memcpy(e, digest, sizeof(e));
	TRY(CALL(d, SKF_ECCSignData, d->con, e, sizeof(e), &blob));
	take_half(blob.r, ret_sig->b);
	take_half(blob.s, ret_sig->b + BLOB_HALF);
	return ERR_OK;
}

enum err skf_dev_generate(struct skf_dev *d, const uint8_t approval[32], const struct secret *pin,
                          struct sm2_pub *ret_pub, uint8_t ret_attest[ATTEST_LEN])
{
	SKF_ECCPUBLICKEYBLOB blob = {0};
	BYTE attest[1024] = {0};
	ULONG len = sizeof(attest);
	char text[PIN_BYTES];

	if (!d->lib->extended)
		return ERR(NOT_SUPPORTED, "library cannot attest keys");
	TRY(pin_text(pin, text));
	enum err e = CALL(d, YX_Generate, d->dev, approval, text, &blob, attest, &len);
	wipe(text, sizeof(text));
	TRY(e);
	if (len != ATTEST_LEN)
		return ERR(ATTEST, "attestation of %u bytes", (unsigned)len);
	TRY(blob_pub(&blob, ret_pub));
	memcpy(ret_attest, attest, ATTEST_LEN);
	find_key(d);
	return ERR_OK;
}

/* GM/T 0009-2012 7.4 to ENVELOPEDKEYBLOB: everything of 32 octets sits at the end of its 64. */
static enum err fill_blob(struct span enveloped, SKF_ENVELOPEDKEYBLOB *blob)
{
	struct enveloped_parts p;

	TRY(enveloped_key_split(enveloped, &p));
	if (p.enc_key_len > sizeof(blob->cbEncryptedPriKey))
		return ERR(DER, "encrypted key of %zu bytes", p.enc_key_len);
	blob->Version = 1;
	blob->ulSymmAlgID = SGD_SM4_ECB;
	blob->ulBits = 256;
	memcpy(blob->cbEncryptedPriKey + sizeof(blob->cbEncryptedPriKey) - p.enc_key_len, p.enc_key, p.enc_key_len);
	blob->PubKey.BitLen = 256;
	memcpy(blob->PubKey.XCoordinate + BLOB_HALF, p.pub.b + 1, BLOB_HALF);
	memcpy(blob->PubKey.YCoordinate + BLOB_HALF, p.pub.b + 1 + BLOB_HALF, BLOB_HALF);
	memcpy(blob->ECCCipherBlob.XCoordinate + BLOB_HALF, p.sym_cipher_x, BLOB_HALF);
	memcpy(blob->ECCCipherBlob.YCoordinate + BLOB_HALF, p.sym_cipher_y, BLOB_HALF);
	memcpy(blob->ECCCipherBlob.HASH, p.sym_hash, sizeof(p.sym_hash));
	blob->ECCCipherBlob.CipherLen = (ULONG)p.sym_cipher_len;
	memcpy(&blob->ECCCipherBlob.Cipher[0], p.sym_cipher, p.sym_cipher_len);
	return ERR_OK;
}

static enum err import_cert(struct skf_dev *d, bool signing, struct span der)
{
	BYTE copy[CERT_DER_MAX];

	if (der.len > sizeof(copy))
		return ERR(LIMIT, "certificate of %zu bytes", der.len);
	memcpy(copy, der.ptr, der.len);
	return CALL(d, SKF_ImportCertificate, d->con, signing, copy, (ULONG)der.len);
}

enum err skf_dev_install(struct skf_dev *d, struct span sign_cert, struct span enc_cert, struct span enveloped)
{
	union {
		SKF_ENVELOPEDKEYBLOB blob;
		uint8_t room[sizeof(SKF_ENVELOPEDKEYBLOB) + 64];
	} u = {.room = {0}};

	if (d->con == NULL)
		return ERR(KEY_ABSENT, "no container");
	TRY(fill_blob(enveloped, &u.blob));
	TRY(import_cert(d, true, sign_cert));
	TRY(CALL(d, SKF_ImportECCKeyPair, d->con, &u.blob));
	return import_cert(d, false, enc_cert);
}

enum err skf_dev_discard(struct skf_dev *d)
{
	if (!d->lib->extended)
		return ERR(NOT_SUPPORTED, "library cannot discard keys");
	return CALL(d, YX_Discard, d->dev);
}
