/* An SKF library that misbehaves: BADSKF=crash|hang|mute|lies decides how, at the first call that matters. For the
 * tests of the agent's helper process. */
#include "client/skf/skf.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *mode(void)
{
	const char *m = getenv("BADSKF");

	return m != NULL ? m : "crash";
}

static ULONG misbehave(void)
{
	if (strcmp(mode(), "crash") == 0)
		raise(SIGSEGV);
	while (strcmp(mode(), "hang") == 0)
		pause();
	return 0x0A000001;
}

ULONG SKF_EnumDev(BOOL present, LPSTR names, ULONG *size)
{
	(void)present;
	if (strcmp(mode(), "lies") != 0)
		return misbehave();
	/* No NUL at the end, and a size that is not true. */
	memset(names, 'A', *size);
	*size = 0xFFFFFFFF;
	return 0;
}

ULONG SKF_GetDevState(LPSTR name, ULONG *state)
{
	(void)name;
	*state = 1;
	return 0;
}

ULONG SKF_ConnectDev(LPSTR name, DEVHANDLE *dev)
{
	(void)name;
	(void)dev;
	return misbehave();
}

#define REST(name, args)           \
	ULONG name args            \
	{                          \
		return 0x0A000003; \
	}
REST(SKF_DisConnectDev, (DEVHANDLE dev))
REST(SKF_GetDevInfo, (DEVHANDLE dev, SKF_DEVINFO *info))
REST(SKF_EnumApplication, (DEVHANDLE d, LPSTR n, ULONG *s))
REST(SKF_OpenApplication, (DEVHANDLE d, LPSTR n, HAPPLICATION *a))
REST(SKF_CloseApplication, (HAPPLICATION a))
REST(SKF_ClearSecureState, (HAPPLICATION a))
REST(SKF_GetPINInfo, (HAPPLICATION a, ULONG t, ULONG *m, ULONG *r, BOOL *d))
REST(SKF_VerifyPIN, (HAPPLICATION a, ULONG t, LPSTR p, ULONG *r))
REST(SKF_EnumContainer, (HAPPLICATION a, LPSTR n, ULONG *s))
REST(SKF_OpenContainer, (HAPPLICATION a, LPSTR n, HCONTAINER *c))
REST(SKF_CloseContainer, (HCONTAINER c))
REST(SKF_ExportCertificate, (HCONTAINER c, BOOL s, BYTE *b, ULONG *l))
REST(SKF_ImportCertificate, (HCONTAINER c, BOOL s, BYTE *b, ULONG l))
REST(SKF_ExportPublicKey, (HCONTAINER c, BOOL s, BYTE *b, ULONG *l))
REST(SKF_ImportECCKeyPair, (HCONTAINER c, SKF_ENVELOPEDKEYBLOB *b))
REST(SKF_ECCSignData, (HCONTAINER c, BYTE *d, ULONG l, SKF_ECCSIGNATUREBLOB *s))
