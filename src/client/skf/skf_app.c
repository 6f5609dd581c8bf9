/* GM/T 0016-2012 7.2 to 7.4: PIN, the one application, files. */
#include "client/skf/skf_i.h"
#include <string.h>

static enum err app_of(HANDLE h, struct skf_dev **ret_dev)
{
	return skf_dev_of(SKF_KIND_APP, h, ret_dev);
}

/* --- application --- */

static enum err enum_app(HANDLE h, LPSTR names, ULONG *size)
{
	struct skf_dev *d;

	TRY(skf_dev_of(SKF_KIND_DEV, h, &d));
	return skf_give(SPAN_LIT(YX_APP "\0\0"), names, size);
}

ULONG SKF_EnumApplication(DEVHANDLE hDev, LPSTR szAppName, ULONG *pulSize)
{
	skf_enter();
	return skf_leave(enum_app(hDev, szAppName, pulSize));
}

static enum err open_app(HANDLE h, const char *name, HAPPLICATION *ret_h)
{
	struct skf_dev *d;

	TRY(skf_dev_of(SKF_KIND_DEV, h, &d));
	if (name == NULL || ret_h == NULL)
		return ERR(USAGE, "OpenApplication");
	if (strcmp(name, YX_APP) != 0)
		return ERR(APP_ABSENT, "application is " YX_APP);
	return skf_handle_new(SKF_KIND_APP, d, ret_h);
}

ULONG SKF_OpenApplication(DEVHANDLE hDev, LPSTR szAppName, HAPPLICATION *phApplication)
{
	skf_enter();
	return skf_leave(open_app(hDev, szAppName, phApplication));
}

/* The login stays, as the standard has it; it ends with the connection or with ClearSecureState. */
ULONG SKF_CloseApplication(HAPPLICATION hApplication)
{
	skf_enter();
	return skf_leave(skf_handle_close(SKF_KIND_APP, hApplication));
}

static enum err clear_state(HANDLE h)
{
	struct skf_dev *d;

	TRY(app_of(h, &d));
	return skf_note(d, token_logout(d->token));
}

ULONG SKF_ClearSecureState(HAPPLICATION hApplication)
{
	skf_enter();
	return skf_leave(clear_state(hApplication));
}

/* --- PIN --- */

static enum err user_only(ULONG type)
{
	return type == SKF_USER_TYPE ? ERR_OK : ERR(NOT_SUPPORTED, "there is no administrator PIN");
}

static enum err pin_info(HANDLE h, ULONG type, ULONG *max, ULONG *left, BOOL *initial)
{
	struct skf_dev *d;
	struct token_info info;

	TRY(app_of(h, &d));
	TRY(user_only(type));
	if (max == NULL || left == NULL || initial == NULL)
		return ERR(USAGE, "GetPINInfo");
	TRY(skf_note(d, token_info(d->token, &info)));
	*max = info.tries_max;
	*left = info.tries;
	*initial = 0;
	return ERR_OK;
}

ULONG SKF_GetPINInfo(HAPPLICATION hApp, ULONG ulPINType, ULONG *pulMaxRetry, ULONG *pulRemainRetry, BOOL *pbDefaultPin)
{
	skf_enter();
	return skf_leave(pin_info(hApp, ulPINType, pulMaxRetry, pulRemainRetry, pbDefaultPin));
}

static enum err verify_pin(HANDLE h, ULONG type, const char *text, ULONG *left)
{
	struct skf_dev *d;
	AUTO(secret) pin = NULL;
	unsigned tries = 0;

	TRY(app_of(h, &d));
	TRY(user_only(type));
	TRY(skf_pin(text, &pin));
	enum err e = skf_note(d, token_login(d->token, pin, &tries));
	if (left != NULL && (e == ERR_OK || e == ERR_PIN_WRONG || e == ERR_PIN_LOCKED))
		*left = tries;
	return e;
}

ULONG SKF_VerifyPIN(HAPPLICATION hApp, ULONG ulPINType, LPSTR szPIN, ULONG *pulRetryCount)
{
	skf_enter();
	return skf_leave(verify_pin(hApp, ulPINType, szPIN, pulRetryCount));
}

static enum err change_pin(HANDLE h, ULONG type, const char *old_text, const char *new_text, ULONG *left)
{
	struct skf_dev *d;
	AUTO(secret) old = NULL;
	AUTO(secret) fresh = NULL;
	unsigned tries = 0;

	TRY(app_of(h, &d));
	TRY(user_only(type));
	TRY(skf_pin(old_text, &old));
	TRY(skf_pin(new_text, &fresh));
	enum err e = skf_note(d, token_change_pin(d->token, old, fresh, &tries));
	if (left != NULL && (e == ERR_OK || e == ERR_PIN_WRONG || e == ERR_PIN_LOCKED))
		*left = tries;
	return e;
}

ULONG SKF_ChangePIN(HAPPLICATION hApp, ULONG ulPINType, LPSTR szOldPin, LPSTR szNewPin, ULONG *pulRetryCount)
{
	skf_enter();
	return skf_leave(change_pin(hApp, ulPINType, szOldPin, szNewPin, pulRetryCount));
}

/* --- files --- */

static enum err enum_files(HANDLE h, LPSTR names, ULONG *size)
{
	struct skf_dev *d;
	struct token_file files[TOKEN_FILES_MAX];
	size_t n;
	AUTO_BUF(out, TOKEN_FILES_MAX * sizeof(files[0].name) + 1);

	TRY(app_of(h, &d));
	TRY(skf_note(d, token_files(d->token, files, &n)));
	for (size_t i = 0; i < n; i++) {
		buf_str(&out, files[i].name);
		buf_u8(&out, 0);
	}
	buf_u8(&out, 0);
	TRY(buf_err(&out));
	return skf_give(buf_span(&out), names, size);
}

ULONG SKF_EnumFiles(HAPPLICATION hApp, LPSTR szFileList, ULONG *pulSize)
{
	skf_enter();
	return skf_leave(enum_files(hApp, szFileList, pulSize));
}

static enum err read_file(HANDLE h, const char *name, ULONG offset, ULONG size, BYTE *out, ULONG *len)
{
	struct skf_dev *d;
	AUTO_BUF(data, READER_APDU_MAX);

	TRY(app_of(h, &d));
	if (name == NULL || len == NULL)
		return ERR(USAGE, "ReadFile");
	TRY(skf_note(d, token_file_read(d->token, name, offset, size, &data)));
	return skf_give(buf_span(&data), out, len);
}

ULONG SKF_ReadFile(HAPPLICATION hApp, LPSTR szFileName, ULONG ulOffset, ULONG ulSize, BYTE *pbOutData, ULONG *pulOutLen)
{
	skf_enter();
	return skf_leave(read_file(hApp, szFileName, ulOffset, ulSize, pbOutData, pulOutLen));
}

static enum err create_file(HANDLE h, const char *name, ULONG size, ULONG read, ULONG write)
{
	struct skf_dev *d;
	struct token_file f = {.name = ""};

	TRY(app_of(h, &d));
	if (name == NULL || size > UINT16_MAX || read > 0xFF || write > 0xFF ||
	    strnlen(name, sizeof(f.name)) >= sizeof(f.name))
		return ERR(USAGE, "CreateFile");
	memcpy(f.name, name, strlen(name));
	f.size = (uint16_t)size;
	f.read = (uint8_t)read;
	f.write = (uint8_t)write;
	return skf_note(d, token_file_create(d->token, &f));
}

ULONG SKF_CreateFile(HAPPLICATION hApp, LPSTR szFileName, ULONG ulFileSize, ULONG ulReadRights, ULONG ulWriteRights)
{
	skf_enter();
	return skf_leave(create_file(hApp, szFileName, ulFileSize, ulReadRights, ulWriteRights));
}

static enum err write_file(HANDLE h, const char *name, ULONG offset, const BYTE *data, ULONG size)
{
	struct skf_dev *d;

	TRY(app_of(h, &d));
	if (name == NULL || data == NULL)
		return ERR(USAGE, "WriteFile");
	return skf_note(d, token_file_write(d->token, name, offset, span_of(data, size)));
}

ULONG SKF_WriteFile(HAPPLICATION hApp, LPSTR szFileName, ULONG ulOffset, BYTE *pbData, ULONG ulSize)
{
	skf_enter();
	return skf_leave(write_file(hApp, szFileName, ulOffset, pbData, ulSize));
}
