/* The extensions of this project's cards. */
#include "client/skf/skf_i.h"
#include <string.h>

static enum err dev_of(HANDLE h, struct skf_dev **ret_dev)
{
	return skf_dev_of(SKF_KIND_DEV, h, ret_dev);
}

static enum err get_card_cert(HANDLE h, BYTE *out, ULONG *len)
{
	struct skf_dev *d;
	AUTO(cert) c = NULL;

	TRY(dev_of(h, &d));
	if (len == NULL)
		return ERR(USAGE, "GetCardCert");
	TRY(skf_note(d, token_card_cert(d->token, &c)));
	return skf_give(cert_der(c), out, len);
}

ULONG YX_GetCardCert(DEVHANDLE hDev, BYTE *pbCert, ULONG *pulCertLen)
{
	skf_enter();
	return skf_leave(get_card_cert(hDev, pbCert, pulCertLen));
}

static enum err set_card_cert(HANDLE h, const BYTE *der, ULONG len)
{
	struct skf_dev *d;

	TRY(dev_of(h, &d));
	if (der == NULL || len == 0)
		return ERR(USAGE, "SetCardCert");
	return skf_note(d, token_set_card_cert(d->token, span_of(der, len)));
}

ULONG YX_SetCardCert(DEVHANDLE hDev, BYTE *pbCert, ULONG ulCertLen)
{
	skf_enter();
	return skf_leave(set_card_cert(hDev, pbCert, ulCertLen));
}

static enum err device_pub(HANDLE h, SKF_ECCPUBLICKEYBLOB *ret)
{
	struct skf_dev *d;

	TRY(dev_of(h, &d));
	if (ret == NULL)
		return ERR(USAGE, "GetDevicePublicKey");
	skf_pub_blob(token_device_pub(d->token), ret);
	return ERR_OK;
}

ULONG YX_GetDevicePublicKey(DEVHANDLE hDev, SKF_ECCPUBLICKEYBLOB *pBlob)
{
	skf_enter();
	return skf_leave(device_pub(hDev, pBlob));
}

/* The length question makes no key. */
static enum err generate(HANDLE h, const BYTE *approval, const char *text, SKF_ECCPUBLICKEYBLOB *ret_pub, BYTE *out,
                         ULONG *len)
{
	static const uint8_t none[32];
	struct skf_dev *d;
	AUTO(secret) pin = NULL;
	struct sm2_pub pub;
	uint8_t attest[ATTEST_LEN];

	TRY(dev_of(h, &d));
	if (len == NULL)
		return ERR(USAGE, "Generate");
	if (out == NULL || *len < ATTEST_LEN)
		return skf_give(SPAN_ARR(attest), NULL, len) == ERR_OK && out == NULL
		               ? ERR_OK
		               : ERR(BUFFER_SMALL, "attestation");
	TRY(skf_pin(text, &pin));
	TRY(skf_note(d, token_generate(d->token, approval ? approval : none, pin, &pub, attest)));
	if (ret_pub != NULL)
		skf_pub_blob(&pub, ret_pub);
	return skf_give(SPAN_ARR(attest), out, len);
}

ULONG YX_Generate(DEVHANDLE hDev, const BYTE *pbApproval, LPSTR szNewPIN, SKF_ECCPUBLICKEYBLOB *pPub, BYTE *pbAttest,
                  ULONG *pulAttestLen)
{
	skf_enter();
	return skf_leave(generate(hDev, pbApproval, szNewPIN, pPub, pbAttest, pulAttestLen));
}

static enum err card_state(HANDLE h, ULONG *state, ULONG *pin_set)
{
	struct skf_dev *d;
	struct token_info info;

	TRY(dev_of(h, &d));
	if (state == NULL)
		return ERR(USAGE, "GetCardState");
	TRY(skf_note(d, token_info(d->token, &info)));
	*state = (ULONG)info.state;
	if (pin_set != NULL)
		*pin_set = info.pin_set;
	return ERR_OK;
}

ULONG YX_GetCardState(DEVHANDLE hDev, ULONG *pulState, ULONG *pulPinSet)
{
	skf_enter();
	return skf_leave(card_state(hDev, pulState, pulPinSet));
}

static enum err is_genuine(HANDLE h, ULONG *ret_genuine)
{
	struct skf_dev *d;

	TRY(dev_of(h, &d));
	if (ret_genuine == NULL)
		return ERR(USAGE, "IsGenuine");
	*ret_genuine = token_is_genuine(d->token);
	return ERR_OK;
}

ULONG YX_IsGenuine(DEVHANDLE hDev, ULONG *pulGenuine)
{
	skf_enter();
	return skf_leave(is_genuine(hDev, pulGenuine));
}

static enum err discard(HANDLE h)
{
	struct skf_dev *d;

	TRY(dev_of(h, &d));
	skf_forget_import(d);
	return skf_note(d, token_discard(d->token));
}

ULONG YX_Discard(DEVHANDLE hDev)
{
	skf_enter();
	return skf_leave(discard(hDev));
}

ULONG YX_SetTrust(const BYTE *pbRoot, ULONG ulRootLen, const BYTE *pbCa, ULONG ulCaLen)
{
	skf_enter();
	return skf_leave(skf_set_trust(span_of(pbRoot, pbRoot != NULL ? ulRootLen : 0),
	                               span_of(pbCa, pbCa != NULL ? ulCaLen : 0)));
}
