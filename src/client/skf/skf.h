/* SKF interface (GM/T 0016-2012; types, structures and codes of its 2012 edition): what libyxskf.so exports, and the
 * project's extension functions YX_* that other vendors' libraries lack. Packed structures, 32-bit ULONG. */
#pragma once
#include <stdint.h>

typedef uint8_t BYTE;
typedef char CHAR;
typedef uint32_t ULONG;
typedef uint32_t DWORD;
typedef int32_t BOOL;
typedef char *LPSTR;
typedef void *HANDLE;
typedef HANDLE DEVHANDLE, HAPPLICATION, HCONTAINER;
#define SKF_ADMIN_TYPE 0
#define SKF_USER_TYPE  1

#pragma pack(push, 1)
typedef struct {
	BYTE major, minor;
} SKF_VERSION;
typedef struct {
	SKF_VERSION Version;
	CHAR Manufacturer[64], Issuer[64], Label[32], SerialNumber[32];
	SKF_VERSION HWVersion, FirmwareVersion;
	ULONG AlgSymCap, AlgAsymCap, AlgHashCap, DevAuthAlgId, TotalSpace, FreeSpace, MaxECCBufferSize, MaxBufferSize;
	BYTE Reserved[64];
} SKF_DEVINFO;
typedef struct {
	ULONG BitLen;
	BYTE XCoordinate[64], YCoordinate[64];
} SKF_ECCPUBLICKEYBLOB;
typedef struct {
	BYTE XCoordinate[64], YCoordinate[64], HASH[32];
	ULONG CipherLen;
	BYTE Cipher[1];
} SKF_ECCCIPHERBLOB;
typedef struct {
	BYTE r[64], s[64];
} SKF_ECCSIGNATUREBLOB;
typedef struct {
	ULONG Version, ulSymmAlgID, ulBits;
	BYTE cbEncryptedPriKey[64];
	SKF_ECCPUBLICKEYBLOB PubKey;
	SKF_ECCCIPHERBLOB ECCCipherBlob;
} SKF_ENVELOPEDKEYBLOB;
typedef struct {
	CHAR FileName[32];
	ULONG FileSize, ReadRights, WriteRights;
} SKF_FILEATTRIBUTE;
#pragma pack(pop)

/* --- of the standard, as far as this release goes --- */
/* Blocks until a card comes (event 1) or goes (2): name as in EnumDev. Cancel ends all waits (SAR_FAIL). */
ULONG SKF_WaitForDevEvent(LPSTR szDevName, ULONG *pulDevNameLen, ULONG *pulEvent);
ULONG SKF_CancelWaitForDevEvent(void);
ULONG SKF_EnumDev(BOOL bPresent, LPSTR szNameList, ULONG *pulSize);
ULONG SKF_ConnectDev(LPSTR szName, DEVHANDLE *phDev);
ULONG SKF_DisConnectDev(DEVHANDLE hDev);
ULONG SKF_GetDevState(LPSTR szDevName, ULONG *pulDevState);
ULONG SKF_GetDevInfo(DEVHANDLE hDev, SKF_DEVINFO *pDevInfo);
ULONG SKF_SetLabel(DEVHANDLE hDev, LPSTR szLabel);
ULONG SKF_LockDev(DEVHANDLE hDev, ULONG ulTimeOut);
ULONG SKF_UnlockDev(DEVHANDLE hDev);
ULONG SKF_GenRandom(DEVHANDLE hDev, BYTE *pbRandom, ULONG ulRandomLen);
ULONG SKF_EnumApplication(DEVHANDLE hDev, LPSTR szAppName, ULONG *pulSize);
ULONG SKF_OpenApplication(DEVHANDLE hDev, LPSTR szAppName, HAPPLICATION *phApplication);
ULONG SKF_CloseApplication(HAPPLICATION hApplication);
ULONG SKF_ClearSecureState(HAPPLICATION hApplication);
ULONG SKF_GetPINInfo(HAPPLICATION hApp, ULONG ulPINType, ULONG *pulMaxRetry, ULONG *pulRemainRetry, BOOL *pbDefaultPin);
ULONG SKF_VerifyPIN(HAPPLICATION hApp, ULONG ulPINType, LPSTR szPIN, ULONG *pulRetryCount);
ULONG SKF_ChangePIN(HAPPLICATION hApp, ULONG ulPINType, LPSTR szOldPin, LPSTR szNewPin, ULONG *pulRetryCount);
ULONG SKF_EnumContainer(HAPPLICATION hApp, LPSTR szContainerName, ULONG *pulSize);
ULONG SKF_OpenContainer(HAPPLICATION hApp, LPSTR szContainerName, HCONTAINER *phContainer);
ULONG SKF_CloseContainer(HCONTAINER hContainer);
ULONG SKF_GetContainerType(HCONTAINER hContainer, ULONG *pulContainerType);
ULONG SKF_ExportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert, ULONG *pulCertLen);
ULONG SKF_ImportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert, ULONG ulCertLen);
ULONG SKF_ExportPublicKey(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbBlob, ULONG *pulBlobLen);
ULONG SKF_ImportECCKeyPair(HCONTAINER hContainer, SKF_ENVELOPEDKEYBLOB *pEnvelopedKeyBlob);
ULONG SKF_ECCSignData(HCONTAINER hContainer, BYTE *pbDigest, ULONG ulDigestLen, SKF_ECCSIGNATUREBLOB *pSignature);
ULONG SKF_EnumFiles(HAPPLICATION hApp, LPSTR szFileList, ULONG *pulSize);
ULONG SKF_ReadFile(HAPPLICATION hApp, LPSTR szFileName, ULONG ulOffset, ULONG ulSize, BYTE *pbOutData,
                   ULONG *pulOutLen);
ULONG SKF_CreateFile(HAPPLICATION hApp, LPSTR szFileName, ULONG ulFileSize, ULONG ulReadRights, ULONG ulWriteRights);
ULONG SKF_WriteFile(HAPPLICATION hApp, LPSTR szFileName, ULONG ulOffset, BYTE *pbData, ULONG ulSize);
/* --- extensions of this project's cards (absent from other libraries: look them up with dlsym) --- */
#define YX_APP       "YINXIN"
#define YX_CONTAINER "YINXIN-SM2"
/* Card's device certificate (DER). Set once, at stocking: refused when its key is not the device key. */
ULONG YX_GetCardCert(DEVHANDLE hDev, BYTE *pbCert, ULONG *pulCertLen);
ULONG YX_SetCardCert(DEVHANDLE hDev, BYTE *pbCert, ULONG ulCertLen);
ULONG YX_GetDevicePublicKey(DEVHANDLE hDev, SKF_ECCPUBLICKEYBLOB *pBlob);
/* Blank card: the holder's first PIN is set and the signing pair is born in one command. approval: 32 octets or NULL
 * (zeros). pbAttest receives ATTEST_LEN octets. Leaves the user logged in, with one signature for the CSR. */
ULONG YX_Generate(DEVHANDLE hDev, const BYTE *pbApproval, LPSTR szNewPIN, SKF_ECCPUBLICKEYBLOB *pPub, BYTE *pbAttest,
                  ULONG *pulAttestLen);
/* State of the card: 0 no key, 1 key without certificate (awaiting), 2 ready; and 0/1 PIN set. */
ULONG YX_GetCardState(DEVHANDLE hDev, ULONG *pulState, ULONG *pulPinSet);
/* 1: the card's certificate chains to the trusted root (YX_SetTrust); 0: no PIN would be sent to it. */
ULONG YX_IsGenuine(DEVHANDLE hDev, ULONG *pulGenuine);
/* Returns a card that waits for its certificates to blank (lost case, wrong holder). User logged in. */
ULONG YX_Discard(DEVHANDLE hDev);
/* The root that card certificates must chain to: SM3 of its DER; issuing CA and root certificates as DER. Process-wide.
 * Without it, or when the card's certificate does not chain, no PIN is ever sent (K-006). */
ULONG YX_SetTrust(const BYTE *pbRoot, ULONG ulRootLen, const BYTE *pbCa, ULONG ulCaLen);
