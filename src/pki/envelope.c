#include "pki/envelope.h"
#include "gm/der.h"
#include "gm/rand.h"
#include "gm/sm4.h"
#include "pki/oid.h"
#include <string.h>

enum { SYM_CIPHER_MAX = 64 };

/* --- read --- */
struct enveloped {
	struct span cipher; /* SM2Cipher with tag and length */
	struct sm2_pub pub;
	struct span enc_key;
};

/* SM4 by its bare identifier or as ECB, parameters absent or NULL; others (SM1) are not for software. */
static enum err alg_take(struct span *in)
{
	struct span seq, oid, null;
	TRY(der_take(in, DER_SEQ, &seq));
	TRY(der_take_oid(&seq, &oid));
	if (!der_oid_is(oid, OID_SM4_ECB) && !der_oid_is(oid, OID_SM4))
		return ERR(DER, "GM/T 0009-2012, 7.4: symmetric algorithm is not SM4 in ECB");
	if (seq.len > 0) {
		TRY(der_take(&seq, DER_NULL, &null));
		TRY(der_end(null, "NULL"));
	}
	return der_end(seq, "symmetric algorithm");
}

static enum err enveloped_parse(struct span der, struct enveloped *ret_e)
{
	struct span seq, point;
	struct enveloped e;
	if (der.len > ENVELOPED_KEY_MAX)
		return ERR(LIMIT, "enveloped key of %zu octets", der.len);
	TRY(der_take(&der, DER_SEQ, &seq));
	TRY(der_end(der, "enveloped key"));
	TRY(alg_take(&seq));
	TRY(der_take_whole(&seq, DER_SEQ, &e.cipher));
	TRY(der_take_bits(&seq, &point));
	TRY(der_take_bits(&seq, &e.enc_key));
	TRY(der_end(seq, "enveloped key"));
	if (e.enc_key.len != 32 && e.enc_key.len != 64)
		return ERR(DER, "GM/T 0009-2012, 7.4: private key of %zu octets", e.enc_key.len);
	if (sm2_pub_parse(point, &e.pub) != ERR_OK)
		return ERR(DER, "GM/T 0009-2012, 7.4: public key is not a point of the curve");
	*ret_e = e;
	return ERR_OK;
}

/* Octets of d in the last 32; the leading 32 of the long form must be zero. */
static enum err scalar_of(const struct buf *plain, struct span *ret_scalar)
{
	static const uint8_t zero[32];
	struct span all = buf_span(plain);
	if (all.len == 64 && !ct_equal(span_sub(all, 0, 32), SPAN_ARR(zero)))
		return ERR(SIG, "GM/T 0016-2012: private key is not filled with zeros");
	*ret_scalar = span_sub(all, all.len - 32, 32);
	return ERR_OK;
}

enum err enveloped_key_open(struct span der, const struct sm2_key *by, struct sm2_key **ret_pair)
{
	AUTO_BUF(sym, SM2_PLAIN_MAX);
	AUTO_BUF(plain, 64);
	AUTO(sm2_key) pair = NULL;
	struct enveloped e;
	struct span scalar;
	TRY(enveloped_parse(der, &e));
	TRY(sm2_decrypt(by, e.cipher, &sym));
	if (sym.len != SM4_KEY_LEN)
		return ERR(SIG, "symmetric key of %zu octets", sym.len);
	TRY(sm4_ecb(buf_span(&sym), false, e.enc_key, &plain));
	TRY(scalar_of(&plain, &scalar));
	if (sm2_key_from(scalar, &pair) != ERR_OK || !span_eq(SPAN_ARR(sm2_key_pub(pair)->b), SPAN_ARR(e.pub.b)))
		return ERR(SIG, "private and public key do not belong together");
	*ret_pair = STEAL(pair);
	return ERR_OK;
}

/* --- write --- */
static void enveloped_put(struct span cipher, const struct sm2_pub *pub, struct span enc_key, struct buf *out)
{
	size_t seq = der_open(out, DER_SEQ), alg = der_open(out, DER_SEQ);
	der_put_oid(out, OID_SM4_ECB);
	der_put(out, DER_NULL, SPAN_EMPTY);
	der_close(out, alg);
	buf_put(out, cipher);
	der_put_bits(out, SPAN_ARR(pub->b));
	der_put_bits(out, enc_key);
	der_close(out, seq);
}

enum err enveloped_key_close(const struct sm2_pub *to, const struct sm2_key *pair, struct buf *out)
{
	AUTO(secret) sym = NULL;
	AUTO_BUF(cipher, ENVELOPED_KEY_MAX);
	AUTO_BUF(enc_key, 32);
	TRY(secret_new(SM4_KEY_LEN, &sym));
	TRY(rand_bytes(secret_ptr(sym), SM4_KEY_LEN));
	TRY(sm2_encrypt(to, secret_span(sym), &cipher));
	TRY(sm4_ecb(secret_span(sym), true, sm2_key_scalar(pair), &enc_key));
	enveloped_put(buf_span(&cipher), sm2_key_pub(pair), buf_span(&enc_key), out);
	return buf_err(out);
}

/* --- the parts of a blob --- */
static enum err cipher_split(struct span cipher, struct enveloped_parts *p)
{
	struct span seq, x, y, hash, text;
	TRY(der_take(&cipher, DER_SEQ, &seq));
	TRY(der_take_uint(&seq, 32, &x));
	TRY(der_take_uint(&seq, 32, &y));
	TRY(der_take(&seq, DER_OCTETS, &hash));
	TRY(der_take(&seq, DER_OCTETS, &text));
	TRY(der_end(seq, "SM2Cipher"));
	if (hash.len != 32 || text.len == 0 || text.len > SYM_CIPHER_MAX)
		return ERR(DER, "GM/T 0009-2012, 7.2: hash or text length");
	memcpy(p->sym_cipher_x + 32 - x.len, x.ptr, x.len);
	memcpy(p->sym_cipher_y + 32 - y.len, y.ptr, y.len);
	memcpy(p->sym_hash, hash.ptr, 32);
	memcpy(p->sym_cipher, text.ptr, text.len);
	p->sym_cipher_len = text.len;
	return ERR_OK;
}

enum err enveloped_key_split(struct span der, struct enveloped_parts *ret_p)
{
	struct enveloped_parts p = {.sym_cipher_len = 0};
	struct enveloped e;
	TRY(enveloped_parse(der, &e));
	TRY(cipher_split(e.cipher, &p));
	p.pub = e.pub;
	memcpy(p.enc_key, e.enc_key.ptr, e.enc_key.len);
	p.enc_key_len = e.enc_key.len;
	*ret_p = p;
	return ERR_OK;
}

enum err enveloped_key_join(const struct enveloped_parts *p, struct buf *out)
{
	AUTO_BUF(cipher, ENVELOPED_KEY_MAX);
	struct sm2_pub checked;
	if ((p->enc_key_len != 32 && p->enc_key_len != 64) || p->sym_cipher_len == 0 ||
	    p->sym_cipher_len > SYM_CIPHER_MAX)
		return ERR(DER, "lengths of the enveloped key");
	if (sm2_pub_parse(SPAN_ARR(p->pub.b), &checked) != ERR_OK)
		return ERR(DER, "GM/T 0009-2012, 7.4: public key is not a point of the curve");
	size_t seq = der_open(&cipher, DER_SEQ);
	der_put_uint(&cipher, SPAN_ARR(p->sym_cipher_x));
	der_put_uint(&cipher, SPAN_ARR(p->sym_cipher_y));
	der_put(&cipher, DER_OCTETS, SPAN_ARR(p->sym_hash));
	der_put(&cipher, DER_OCTETS, span_of(p->sym_cipher, p->sym_cipher_len));
	der_close(&cipher, seq);
	TRY(buf_err(&cipher));
	enveloped_put(buf_span(&cipher), &p->pub, span_of(p->enc_key, p->enc_key_len), out);
	return buf_err(out);
}
