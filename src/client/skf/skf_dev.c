/* GM/T 0016-2012 7.1: devices. */
#include "client/skf/skf_i.h"
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { STATE_ABSENT = 0, STATE_PRESENT = 1, EVENT_INSERT = 1, EVENT_REMOVE = 2, POLL_MS = 200 };

static enum err list(struct reader_info found[READER_MAX], size_t *ret_n)
{
	char dir[4096];

	TRY(skf_slots(dir, sizeof(dir)));
	return reader_list(dir, found, ret_n);
}

static enum err enum_dev(BOOL present, LPSTR names, ULONG *size)
{
	struct reader_info found[READER_MAX];
	size_t n;
	AUTO_BUF(out, READER_MAX * READER_NAME_MAX + 1);

	TRY(list(found, &n));
	for (size_t i = 0; i < n; i++) {
		if (present && !found[i].present)
			continue;
		buf_str(&out, found[i].name);
		buf_u8(&out, 0);
	}
	buf_u8(&out, 0);
	TRY(buf_err(&out));
	return skf_give(buf_span(&out), names, size);
}

ULONG SKF_EnumDev(BOOL bPresent, LPSTR szNameList, ULONG *pulSize)
{
	skf_enter();
	return skf_leave(enum_dev(bPresent, szNameList, pulSize));
}

static enum err connect_dev(const char *name, DEVHANDLE *ret_h)
{
	if (name == NULL || ret_h == NULL)
		return ERR(USAGE, "ConnectDev");
	return skf_connect(name, ret_h);
}

ULONG SKF_ConnectDev(LPSTR szName, DEVHANDLE *phDev)
{
	skf_enter();
	return skf_leave(connect_dev(szName, phDev));
}

ULONG SKF_DisConnectDev(DEVHANDLE hDev)
{
	skf_enter();
	return skf_leave(skf_disconnect(hDev));
}

static enum err dev_state(const char *name, ULONG *state)
{
	struct reader_info found[READER_MAX];
	size_t n;

	if (name == NULL || state == NULL)
		return ERR(USAGE, "GetDevState");
	TRY(list(found, &n));
	*state = STATE_ABSENT;
	for (size_t i = 0; i < n; i++)
		if (strcmp(found[i].name, name) == 0 && found[i].present)
			*state = STATE_PRESENT;
	return ERR_OK;
}

ULONG SKF_GetDevState(LPSTR szDevName, ULONG *pulDevState)
{
	skf_enter();
	return skf_leave(dev_state(szDevName, pulDevState));
}

static enum err dev_info(HANDLE h, SKF_DEVINFO *ret)
{
	struct skf_dev *d;
	struct token_info info;

	TRY(skf_dev_of(SKF_KIND_DEV, h, &d));
	if (ret == NULL)
		return ERR(USAGE, "GetDevInfo");
	TRY(skf_note(d, token_info(d->token, &info)));
	SKF_DEVINFO out = {.Version = {1, 0},
	                   .Manufacturer = "Yinxin",
	                   .Issuer = "Yinxin",
	                   .HWVersion = {1, 0},
	                   .FirmwareVersion = {1, 0},
	                   .AlgAsymCap = 0x00020100 | 0x00020200 | 0x00020400,
	                   .AlgHashCap = 1,
	                   .TotalSpace = info.room,
	                   .FreeSpace = info.room_free,
	                   .MaxECCBufferSize = SM2_PLAIN_MAX,
	                   .MaxBufferSize = 1024};
	memcpy(out.Label, info.label, sizeof(out.Label));
	memcpy(out.SerialNumber, info.serial, sizeof(info.serial));
	*ret = out; /* 294 octets: callers with natural alignment have two more, which stay theirs */
	return ERR_OK;
}

ULONG SKF_GetDevInfo(DEVHANDLE hDev, SKF_DEVINFO *pDevInfo)
{
	skf_enter();
	return skf_leave(dev_info(hDev, pDevInfo));
}

static enum err set_label(HANDLE h, const char *label)
{
	struct skf_dev *d;

	TRY(skf_dev_of(SKF_KIND_DEV, h, &d));
	if (label == NULL || strnlen(label, 32) > 31)
		return ERR(USAGE, "label of 1 to 31 octets");
	return skf_note(d, token_label(d->token, label));
}

ULONG SKF_SetLabel(DEVHANDLE hDev, LPSTR szLabel)
{
	skf_enter();
	return skf_leave(set_label(hDev, szLabel));
}

/* Against other processes the connection itself is the lock; this one is between handles of this process, re-entrant
 * for the same handle. It does not wait: who holds it here is another thread of the same program. */
static enum err lock_dev(HANDLE h)
{
	struct skf_dev *d;

	TRY(skf_dev_of(SKF_KIND_DEV, h, &d));
	if (d->locks > 0 && d->locked_by != h)
		return ERR(BUSY, "device is locked by another handle");
	d->locked_by = h;
	d->locks++;
	return ERR_OK;
}

ULONG SKF_LockDev(DEVHANDLE hDev, ULONG ulTimeOut)
{
	(void)ulTimeOut;
	skf_enter();
	return skf_leave(lock_dev(hDev));
}

static enum err unlock_dev(HANDLE h)
{
	struct skf_dev *d;

	TRY(skf_dev_of(SKF_KIND_DEV, h, &d));
	if (d->locks == 0 || d->locked_by != h)
		return ERR(STATE, "device is not locked by this handle");
	if (--d->locks == 0)
		d->locked_by = NULL;
	return ERR_OK;
}

ULONG SKF_UnlockDev(DEVHANDLE hDev)
{
	skf_enter();
	return skf_leave(unlock_dev(hDev));
}

static enum err gen_random(HANDLE h, BYTE *out, ULONG len)
{
	struct skf_dev *d;

	TRY(skf_dev_of(SKF_KIND_DEV, h, &d));
	if (out == NULL || len > 65536)
		return ERR(USAGE, "GenRandom");
	return skf_note(d, token_random(d->token, out, len));
}

ULONG SKF_GenRandom(DEVHANDLE hDev, BYTE *pbRandom, ULONG ulRandomLen)
{
	skf_enter();
	return skf_leave(gen_random(hDev, pbRandom, ulRandomLen));
}

/* --- events --- */

static atomic_uint cancels;

static bool has(const struct reader_info *l, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (l[i].present && strcmp(l[i].name, name) == 0)
			return true;
	return false;
}

/* Name of the first card in a that is not in b, NULL when none. */
static const char *first_new(const struct reader_info *a, size_t na, const struct reader_info *b, size_t nb)
{
	for (size_t i = 0; i < na; i++)
		if (a[i].present && !has(b, nb, a[i].name))
			return a[i].name;
	return NULL;
}

/* Looks every 200 ms; without the lock, so that other functions go on. */
static enum err wait_event(LPSTR name, ULONG *len, ULONG *event)
{
	struct reader_info before[READER_MAX], now[READER_MAX];
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
	unsigned start = atomic_load(&cancels);
	const char *which = NULL;
	size_t nb, nn;

	if (name == NULL || len == NULL || event == NULL)
		return ERR(USAGE, "WaitForDevEvent");
	TRY(list(before, &nb));
	while (which == NULL) {
		(void)nanosleep(&pause, NULL);
		if (atomic_load(&cancels) != start)
			return ERR(CANCELLED, "wait was cancelled");
		TRY(list(now, &nn));
		which = first_new(now, nn, before, nb);
		*event = which != NULL ? EVENT_INSERT : EVENT_REMOVE;
		if (which == NULL)
			which = first_new(before, nb, now, nn);
	}
	return skf_give(span_of(which, strlen(which) + 1), name, len);
}

ULONG SKF_WaitForDevEvent(LPSTR szDevName, ULONG *pulDevNameLen, ULONG *pulEvent)
{
	enum err e = wait_event(szDevName, pulDevNameLen, pulEvent);
	return e == ERR_OK ? 0 : err_skf(e);
}

ULONG SKF_CancelWaitForDevEvent(void)
{
	atomic_fetch_add(&cancels, 1);
	return 0;
}
