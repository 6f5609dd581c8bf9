/* What a token does, once its channel stands. */
#include "client/token/token_i.h"
#include "pki/csr.h"
#include <string.h>

static enum err done(struct token *t, uint8_t ins, unsigned p, struct span data)
{
	AUTO_BUF(none, U1_APDU_MAX);
	return token_call(t, ins, p, data, NULL, &none);
}

static enum err genuine(const struct token *t)
{
	return t->genuine ? ERR_OK
	                  : ERR(CARD_AUTH, "card %s is not shown to be genuine: no PIN is sent", t->info.serial);
}

/* --- read --- */

enum err token_state(struct token *t, enum token_state *ret_state, bool *ret_pin_set, unsigned *ret_tries)
{
	struct token_info info;

	TRY(token_info(t, &info));
	*ret_state = info.state;
	*ret_pin_set = info.pin_set;
	*ret_tries = info.tries;
	return ERR_OK;
}

static enum err get_cert(struct token *t, enum u1_tag tag, struct cert **ret_c)
{
	AUTO_BUF(der, U1_APDU_MAX);
	enum err e = token_get(t, tag, &der);

	if (e == ERR_KEY_ABSENT)
		return ERR(CERT_ABSENT, "no certificate of this kind on card %s", t->info.serial);
	TRY(e);
	return cert_parse(buf_span(&der), ret_c);
}

enum err token_card_cert(struct token *t, struct cert **ret_c)
{
	return get_cert(t, U1_TAG_CARD_CERT, ret_c);
}

enum err token_cert(struct token *t, bool sign, struct cert **ret_c)
{
	return get_cert(t, sign ? U1_TAG_SIGN_CERT : U1_TAG_ENC_CERT, ret_c);
}

enum err token_pub(struct token *t, bool sign, struct sm2_pub *ret_pub)
{
	AUTO_BUF(data, U1_APDU_MAX);

	TRY(token_get(t, sign ? U1_TAG_SIGN_PUB : U1_TAG_ENC_PUB, &data));
	return sm2_pub_parse(buf_span(&data), ret_pub);
}

enum err token_attest(struct token *t, uint8_t ret_attest[ATTEST_LEN])
{
	AUTO_BUF(data, U1_APDU_MAX);

	TRY(token_get(t, U1_TAG_ATTEST, &data));
	if (data.len != ATTEST_LEN)
		return ERR(CARD_AUTH, "attestation of %zu octets", data.len);
	memcpy(ret_attest, data.ptr, ATTEST_LEN);
	return ERR_OK;
}

enum err token_random(struct token *t, uint8_t *ret, size_t len)
{
	while (len > 0) {
		AUTO_BUF(data, U1_APDU_MAX);
		size_t part = len < U1_RANDOM_MAX ? len : U1_RANDOM_MAX;
		const uint8_t ask[2] = {(uint8_t)(part >> 8), (uint8_t)part};
		TRY(token_call(t, U1_RANDOM, 0, SPAN_ARR(ask), NULL, &data));
		if (data.len != part)
			return ERR(CARD_AUTH, "%zu random octets for %zu", data.len, part);
		memcpy(ret, data.ptr, part);
		ret += part;
		len -= part;
	}
	return ERR_OK;
}

/* --- PIN --- */

enum err token_login(struct token *t, const struct secret *pin, unsigned *ret_tries)
{
	AUTO_BUF(none, U1_APDU_MAX);

	TRY(genuine(t));
	TRY(token_call(t, U1_VERIFY, 1, secret_span(pin), ret_tries, &none));
	*ret_tries = t->info.tries_max;
	return ERR_OK;
}

enum err token_logout(struct token *t)
{
	return done(t, U1_LOGOUT, 0, SPAN_EMPTY);
}

enum err token_change_pin(struct token *t, const struct secret *old, const struct secret *fresh, unsigned *ret_tries)
{
	AUTO_BUF(data, 256);
	AUTO_BUF(none, U1_APDU_MAX);

	TRY(genuine(t));
	if (secret_len(old) > UINT8_MAX)
		return ERR(PIN_RANGE, "old PIN is too long");
	buf_u8(&data, (uint8_t)secret_len(old));
	buf_put(&data, secret_span(old));
	buf_put(&data, secret_span(fresh));
	if (buf_err(&data) != ERR_OK)
		return ERR(PIN_RANGE, "PIN is too long");
	TRY(token_call(t, U1_CHANGE_PIN, 1, buf_span(&data), ret_tries, &none));
	*ret_tries = t->info.tries_max;
	return ERR_OK;
}

/* --- keys --- */

enum err token_set_card_cert(struct token *t, struct span der)
{
	TRY(done(t, U1_PUT_CARD_CERT, 3, der));
	return token_judge(t);
}

static enum err take_born(struct span s, struct sm2_pub *ret_pub, uint8_t ret_attest[ATTEST_LEN])
{
	if (s.len != SM2_PUB_LEN + ATTEST_LEN)
		return ERR(CARD_AUTH, "answer of %zu octets to generate", s.len);
	TRY(sm2_pub_parse(span_sub(s, 0, SM2_PUB_LEN), ret_pub));
	memcpy(ret_attest, s.ptr + SM2_PUB_LEN, ATTEST_LEN);
	return ERR_OK;
}

enum err token_generate(struct token *t, const uint8_t approval[32], const struct secret *pin, struct sm2_pub *ret_pub,
                        uint8_t ret_attest[ATTEST_LEN])
{
	AUTO_BUF(data, 32 + 64);
	AUTO_BUF(answer, U1_APDU_MAX);

	TRY(genuine(t));
	buf_put(&data, span_of(approval, 32));
	buf_put(&data, secret_span(pin));
	if (buf_err(&data) != ERR_OK)
		return ERR(PIN_RANGE, "PIN is too long");
	TRY(token_call(t, U1_GENERATE, ATTEST_PIN_HOLDER << 8, buf_span(&data), NULL, &answer));
	return take_born(buf_span(&answer), ret_pub, ret_attest);
}

enum err token_sign_e(struct token *t, const uint8_t e[32], struct sm2_sig *ret_sig)
{
	AUTO_BUF(answer, U1_APDU_MAX);

	TRY(token_call(t, U1_SIGN, 0, span_of(e, 32), NULL, &answer));
	if (answer.len != SM2_SIG_LEN)
		return ERR(CARD_AUTH, "signature of %zu octets", answer.len);
	memcpy(ret_sig->b, answer.ptr, SM2_SIG_LEN);
	return ERR_OK;
}

enum err token_sign(struct token *t, struct span msg, struct sm2_sig *ret_sig)
{
	struct sm2_pub pub;
	uint8_t e[32];

	TRY(token_pub(t, true, &pub));
	TRY(sm2_digest(&pub, msg, e));
	return token_sign_e(t, e, ret_sig);
}

enum err token_csr(struct token *t, const char *common_name, struct buf *ret_der)
{
	AUTO_BUF(tbs, CSR_DER_MAX);
	struct sm2_pub pub;
	struct sm2_sig sig;

	TRY(token_pub(t, true, &pub));
	TRY(csr_tbs(&pub, common_name, &tbs));
	TRY(token_sign(t, buf_span(&tbs), &sig));
	return csr_assemble(buf_span(&tbs), &sig, ret_der);
}

enum err token_install(struct token *t, struct span sign_cert, struct span enc_cert, struct span enveloped)
{
	AUTO_BUF(data, U1_INNER_MAX);

	if (sign_cert.len > U1_CERT_MAX || enc_cert.len > U1_CERT_MAX)
		return ERR(CARD_FULL, "certificate is longer than %d", U1_CERT_MAX);
	buf_u16(&data, (uint16_t)sign_cert.len);
	buf_put(&data, sign_cert);
	buf_u16(&data, (uint16_t)enc_cert.len);
	buf_put(&data, enc_cert);
	buf_put(&data, enveloped);
	TRY(buf_err(&data));
	return done(t, U1_INSTALL, 0, buf_span(&data));
}

enum err token_discard(struct token *t)
{
	return done(t, U1_DISCARD, 0, SPAN_EMPTY);
}

enum err token_decrypt(struct token *t, struct span sm2_cipher, struct buf *out)
{
	AUTO_BUF(plain, U1_APDU_MAX);

	TRY(token_call(t, U1_DECRYPT, 0, sm2_cipher, NULL, &plain));
	buf_put(out, buf_span(&plain));
	return buf_err(out);
}

/* --- label and files --- */

enum err token_label(struct token *t, const char *label)
{
	return done(t, U1_LABEL, 0, span_str(label));
}

static bool take_file(struct span *s, struct token_file *ret_f)
{
	struct token_file f = {.name = ""};
	struct span name;
	uint8_t len;

	if (!span_take_u8(s, &len) || len >= sizeof(f.name) || !span_take(s, len, &name) || len == 0)
		return false;
	memcpy(f.name, name.ptr, name.len);
	if (!span_take_u16(s, &f.size) || !span_take_u8(s, &f.read) || !span_take_u8(s, &f.write))
		return false;
	*ret_f = f;
	return true;
}

enum err token_files(struct token *t, struct token_file ret_files[TOKEN_FILES_MAX], size_t *ret_n)
{
	AUTO_BUF(data, U1_APDU_MAX);
	size_t n = 0;

	TRY(token_get(t, U1_TAG_FILES, &data));
	struct span s = buf_span(&data);
	for (; s.len > 0; n++)
		if (n == TOKEN_FILES_MAX || !take_file(&s, &ret_files[n]))
			return ERR(CARD_AUTH, "list of files is not well formed");
	*ret_n = n;
	return ERR_OK;
}

enum err token_file_create(struct token *t, const struct token_file *f)
{
	AUTO_BUF(data, 64);

	buf_u8(&data, f->read);
	buf_u8(&data, f->write);
	buf_u16(&data, f->size);
	buf_str(&data, f->name);
	TRY(buf_err(&data));
	return done(t, U1_CREATE_FILE, 0, buf_span(&data));
}

static enum err check_offset(size_t offset)
{
	return offset <= U1_FILE_MAX ? ERR_OK : ERR(LIMIT, "offset %zu", offset);
}

enum err token_file_read(struct token *t, const char *name, size_t offset, size_t len, struct buf *out)
{
	AUTO_BUF(data, 64);
	AUTO_BUF(answer, U1_APDU_MAX);

	TRY(check_offset(offset));
	buf_u16(&data, (uint16_t)(len < U1_FILE_MAX ? len : U1_FILE_MAX));
	buf_str(&data, name);
	TRY(buf_err(&data));
	TRY(token_call(t, U1_READ_FILE, (unsigned)offset, buf_span(&data), NULL, &answer));
	buf_put(out, buf_span(&answer));
	return buf_err(out);
}

enum err token_file_write(struct token *t, const char *name, size_t offset, struct span bytes)
{
	AUTO_BUF(data, U1_FILE_MAX + 64);
	size_t len = strlen(name);

	TRY(check_offset(offset));
	if (len > U1_FILE_NAME_MAX)
		return ERR(FILE_ABSENT, "file name of %zu octets", len);
	buf_u8(&data, (uint8_t)len);
	buf_str(&data, name);
	buf_put(&data, bytes);
	TRY(buf_err(&data));
	return done(t, U1_WRITE_FILE, (unsigned)offset, buf_span(&data));
}
