/* Between skf_lib.c (loading, listing) and skf_dev.c (a connected device). */
#pragma once
#include "client/agent/skf_lib.h"

/* name, parameters: what the agent calls of GM/T 0016-2012. */
#define SKF_FUNCTIONS(F)                                                   \
	F(SKF_EnumDev, (BOOL, LPSTR, ULONG *))                             \
	F(SKF_ConnectDev, (LPSTR, DEVHANDLE *))                            \
	F(SKF_DisConnectDev, (DEVHANDLE))                                  \
	F(SKF_GetDevState, (LPSTR, ULONG *))                               \
	F(SKF_GetDevInfo, (DEVHANDLE, SKF_DEVINFO *))                      \
	F(SKF_EnumApplication, (DEVHANDLE, LPSTR, ULONG *))                \
	F(SKF_OpenApplication, (DEVHANDLE, LPSTR, HAPPLICATION *))         \
	F(SKF_CloseApplication, (HAPPLICATION))                            \
	F(SKF_ClearSecureState, (HAPPLICATION))                            \
	F(SKF_GetPINInfo, (HAPPLICATION, ULONG, ULONG *, ULONG *, BOOL *)) \
	F(SKF_VerifyPIN, (HAPPLICATION, ULONG, LPSTR, ULONG *))            \
	F(SKF_EnumContainer, (HAPPLICATION, LPSTR, ULONG *))               \
	F(SKF_OpenContainer, (HAPPLICATION, LPSTR, HCONTAINER *))          \
	F(SKF_CloseContainer, (HCONTAINER))                                \
	F(SKF_ExportCertificate, (HCONTAINER, BOOL, BYTE *, ULONG *))      \
	F(SKF_ImportCertificate, (HCONTAINER, BOOL, BYTE *, ULONG))        \
	F(SKF_ExportPublicKey, (HCONTAINER, BOOL, BYTE *, ULONG *))        \
	F(SKF_ImportECCKeyPair, (HCONTAINER, SKF_ENVELOPEDKEYBLOB *))      \
	F(SKF_ECCSignData, (HCONTAINER, BYTE *, ULONG, SKF_ECCSIGNATUREBLOB *))
/* The project's own cards. */
#define YX_FUNCTIONS(F)                                                                           \
	F(YX_Generate, (DEVHANDLE, const BYTE *, LPSTR, SKF_ECCPUBLICKEYBLOB *, BYTE *, ULONG *)) \
	F(YX_GetCardState, (DEVHANDLE, ULONG *, ULONG *))                                         \
	F(YX_IsGenuine, (DEVHANDLE, ULONG *))                                                     \
	F(YX_Discard, (DEVHANDLE))                                                                \
	F(YX_SetTrust, (const BYTE *, ULONG, const BYTE *, ULONG))

#define POINTER(name, args) ULONG(*name) args;
struct skf_lib {
	void *handle;
	bool extended;
	SKF_FUNCTIONS(POINTER)
	YX_FUNCTIONS(POINTER)
};
#undef POINTER

/* A list of the standard: names, each with its NUL, and an empty one at the end. Takes the next; NULL at the end. */
enum { SKF_LIST_BYTES = 4096 };
const char *skf_list_next(const char list[SKF_LIST_BYTES], size_t *at);
/* SAR_ value to an error with the function's name on the trail; one that follows the card's removal is CARD_GONE. */
enum err skf_result(struct skf_lib *l, const char *slot, const char *function, ULONG sar) MUST_CHECK;
