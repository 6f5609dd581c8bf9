/* GM/T 0016-2012 7.5, 7.6: the one container, its keys and certificates. */
#include "client/skf/skf_i.h"
#include <string.h>

enum { TYPE_SM2 = 2, SM4_ECB = 0x00000401, ENVELOPE_VERSION = 1 };

static enum err container_of(HANDLE h, struct skf_dev **ret_dev)
{
	return skf_dev_of(SKF_KIND_CONTAINER, h, ret_dev);
}

static enum err has_key(struct skf_dev *d, bool *ret_yes)
{
	struct token_info info;

	TRY(skf_note(d, token_info(d->token, &info)));
	*ret_yes = info.state != TOKEN_BLANK;
	return ERR_OK;
}

static enum err enum_container(HANDLE h, LPSTR names, ULONG *size)
{
	struct skf_dev *d;
	bool yes = false;

	TRY(skf_dev_of(SKF_KIND_APP, h, &d));
	TRY(has_key(d, &yes));
	return skf_give(yes ? SPAN_LIT(YX_CONTAINER "\0\0") : SPAN_LIT("\0"), names, size);
}

ULONG SKF_EnumContainer(HAPPLICATION hApp, LPSTR szContainerName, ULONG *pulSize)
{
	skf_enter();
	return skf_leave(enum_container(hApp, szContainerName, pulSize));
}

static enum err open_container(HANDLE h, const char *name, HCONTAINER *ret_h)
{
	struct skf_dev *d;
	bool yes = false;

	TRY(skf_dev_of(SKF_KIND_APP, h, &d));
	if (name == NULL || ret_h == NULL)
		return ERR(USAGE, "OpenContainer");
	TRY(has_key(d, &yes));
	if (!yes || strcmp(name, YX_CONTAINER) != 0)
		return ERR(APP_ABSENT, "no such container");
	return skf_handle_new(SKF_KIND_CONTAINER, d, ret_h);
}

ULONG SKF_OpenContainer(HAPPLICATION hApp, LPSTR szContainerName, HCONTAINER *phContainer)
{
	skf_enter();
	return skf_leave(open_container(hApp, szContainerName, phContainer));
}

ULONG SKF_CloseContainer(HCONTAINER hContainer)
{
	skf_enter();
	return skf_leave(skf_handle_close(SKF_KIND_CONTAINER, hContainer));
}

static enum err container_type(HANDLE h, ULONG *type)
{
	struct skf_dev *d;
	bool yes = false;

	TRY(container_of(h, &d));
	if (type == NULL)
		return ERR(USAGE, "GetContainerType");
	TRY(has_key(d, &yes));
	*type = yes ? TYPE_SM2 : 0;
	return ERR_OK;
}

ULONG SKF_GetContainerType(HCONTAINER hContainer, ULONG *pulContainerType)
{
	skf_enter();
	return skf_leave(container_type(hContainer, pulContainerType));
}

/* --- read --- */

static enum err export_cert(HANDLE h, BOOL sign, BYTE *out, ULONG *len)
{
	struct skf_dev *d;
	AUTO(cert) c = NULL;

	TRY(container_of(h, &d));
	if (len == NULL)
		return ERR(USAGE, "ExportCertificate");
	TRY(skf_note(d, token_cert(d->token, sign != 0, &c)));
	return skf_give(cert_der(c), out, len);
}

ULONG SKF_ExportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert, ULONG *pulCertLen)
{
	skf_enter();
	return skf_leave(export_cert(hContainer, bSignFlag, pbCert, pulCertLen));
}

static enum err export_pub(HANDLE h, BOOL sign, BYTE *out, ULONG *len)
{
	struct skf_dev *d;
	struct sm2_pub pub;
	SKF_ECCPUBLICKEYBLOB blob;

	TRY(container_of(h, &d));
	if (len == NULL)
		return ERR(USAGE, "ExportPublicKey");
	TRY(skf_note(d, token_pub(d->token, sign != 0, &pub)));
	skf_pub_blob(&pub, &blob);
	return skf_give(span_of(&blob, sizeof(blob)), out, len);
}

ULONG SKF_ExportPublicKey(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbBlob, ULONG *pulBlobLen)
{
	skf_enter();
	return skf_leave(export_pub(hContainer, bSignFlag, pbBlob, pulBlobLen));
}

static enum err sign_data(HANDLE h, const BYTE *digest, ULONG len, SKF_ECCSIGNATUREBLOB *ret)
{
	struct skf_dev *d;
	struct sm2_sig sig;

	TRY(container_of(h, &d));
	if (digest == NULL || ret == NULL)
		return ERR(USAGE, "ECCSignData");
	if (len != 32)
		return ERR(LIMIT, "digest of %u octets", len);
	TRY(skf_note(d, token_sign_e(d->token, digest, &sig)));
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->r + 32, sig.b, 32);
	memcpy(ret->s + 32, sig.b + 32, 32);
	return ERR_OK;
}

ULONG SKF_ECCSignData(HCONTAINER hContainer, BYTE *pbDigest, ULONG ulDigestLen, SKF_ECCSIGNATUREBLOB *pSignature)
{
	skf_enter();
	return skf_leave(sign_data(hContainer, pbDigest, ulDigestLen, pSignature));
}

/* --- import: three calls in any order; the last hands all to the card as one change --- */

static enum err install_when_whole(struct skf_dev *d)
{
	if (d->sign_cert.len == 0 || d->enc_cert.len == 0 || d->enveloped.len == 0)
		return ERR_OK;
	enum err e = token_install(d->token, buf_span(&d->sign_cert), buf_span(&d->enc_cert), buf_span(&d->enveloped));
	skf_forget_import(d);
	return skf_note(d, e);
}

static enum err keep(struct buf *b, struct span s)
{
	buf_done(b);
	*b = buf_make(CERT_DER_MAX);
	buf_put(b, s);
	return buf_err(b);
}

static enum err check_sign_cert(struct skf_dev *d, const struct cert *c)
{
	struct sm2_pub pub;

	TRY(skf_note(d, token_pub(d->token, true, &pub)));
	return span_eq(SPAN_ARR(pub.b), SPAN_ARR(cert_pub(c)->b)) ? ERR_OK
	                                                          : ERR(CARD_WRONG, "certificate is for another key");
}

static enum err import_cert(HANDLE h, BOOL sign, const BYTE *der, ULONG len)
{
	struct skf_dev *d;
	AUTO(cert) c = NULL;

	TRY(container_of(h, &d));
	if (der == NULL)
		return ERR(USAGE, "ImportCertificate");
	TRY(cert_parse(span_of(der, len), &c));
	if (sign)
		TRY(check_sign_cert(d, c));
	TRY(keep(sign ? &d->sign_cert : &d->enc_cert, cert_der(c)));
	return install_when_whole(d);
}

ULONG SKF_ImportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert, ULONG ulCertLen)
{
	skf_enter();
	return skf_leave(import_cert(hContainer, bSignFlag, pbCert, ulCertLen));
}

static bool is_zero(const BYTE *p, size_t len)
{
	BYTE all = 0;

	for (size_t i = 0; i < len; i++)
		all |= p[i];
	return all == 0;
}

/* Right-aligned in 64, or left-aligned as some software has it. */
static bool take32(const BYTE from[64], uint8_t to[32])
{
	bool right = is_zero(from, 32);

	if (!right && !is_zero(from + 32, 32))
		return false;
	memcpy(to, right ? from + 32 : from, 32);
	return true;
}

/* The encrypted private key has no such padding: 64 octets of cipher text, or 32 at either end. */
static void take_enc_key(const BYTE from[64], struct enveloped_parts *p)
{
	bool right = is_zero(from, 32), left = is_zero(from + 32, 32);

	p->enc_key_len = right || left ? 32 : 64;
	memcpy(p->enc_key, right ? from + 32 : from, p->enc_key_len);
}

static enum err blob_parts(const SKF_ENVELOPEDKEYBLOB *b, struct enveloped_parts *p)
{
	if (b->Version != ENVELOPE_VERSION || b->ulSymmAlgID != SM4_ECB || b->ulBits != 256 || b->PubKey.BitLen != 256)
		return ERR(SYNTAX, "envelope blob version %u, algorithm %08x, %u bits", b->Version, b->ulSymmAlgID,
		           b->ulBits);
	const SKF_ECCCIPHERBLOB *c = &b->ECCCipherBlob;
	if (c->CipherLen != 16)
		return ERR(SYNTAX, "symmetric key of %u octets", c->CipherLen);
	p->pub.b[0] = 0x04;
	if (!take32(b->PubKey.XCoordinate, p->pub.b + 1) || !take32(b->PubKey.YCoordinate, p->pub.b + 33) ||
	    !take32(c->XCoordinate, p->sym_cipher_x) || !take32(c->YCoordinate, p->sym_cipher_y))
		return ERR(SYNTAX, "coordinates over 256 bits");
	memcpy(p->sym_hash, c->HASH, sizeof(p->sym_hash));
	memcpy(p->sym_cipher, c->Cipher, c->CipherLen);
	p->sym_cipher_len = c->CipherLen;
	take_enc_key(b->cbEncryptedPriKey, p);
	return ERR_OK;
}

static enum err import_pair(HANDLE h, const SKF_ENVELOPEDKEYBLOB *blob)
{
	struct skf_dev *d;
	struct enveloped_parts parts = {.sym_cipher_len = 0};
	AUTO_BUF(der, ENVELOPED_KEY_MAX);

	TRY(container_of(h, &d));
	if (blob == NULL)
		return ERR(USAGE, "ImportECCKeyPair");
	TRY(blob_parts(blob, &parts));
	TRY(enveloped_key_join(&parts, &der));
	TRY(keep(&d->enveloped, buf_span(&der)));
	return install_when_whole(d);
}

ULONG SKF_ImportECCKeyPair(HCONTAINER hContainer, SKF_ENVELOPEDKEYBLOB *pEnvelopedKeyBlob)
{
	skf_enter();
	return skf_leave(import_pair(hContainer, pEnvelopedKeyBlob));
}
