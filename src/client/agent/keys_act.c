/* Requests to the helper for one key. */
#include "base/json.h"
#include "base/text.h"
#include "client/agent/keys_i.h"
#include "pki/csr.h"
#include "pki/envelope.h"
#include <string.h>

/* --- reading --- */

static void copy_text(char *to, size_t room, const char *from)
{
	size_t len = strnlen(from, room - 1);

	memcpy(to, from, len);
	to[len] = '\0';
}

/* What is shown of a certificate; one that does not parse makes the key unusable. */
static void take_cert(struct key *k, struct span der)
{
	AUTO(cert) c = NULL;
	enum err e = cert_parse(der, &c);

	if (e != ERR_OK || der.len > sizeof(k->cert)) {
		k->state = KEY_UNUSABLE;
		k->error = ERR_DER;
		err_clear();
		return;
	}
	memcpy(k->cert, der.ptr, der.len);
	k->cert_len = der.len;
	copy_text(k->holder, sizeof(k->holder), cert_common_name(c));
	copy_text(k->unit, sizeof(k->unit), cert_org(c));
	copy_text(k->unit_no, sizeof(k->unit_no), cert_unit_no(c));
	copy_text(k->profile, sizeof(k->profile), cert_profile(c));
	copy_text(k->cert_serial, sizeof(k->cert_serial), cert_serial(c));
	k->not_before = cert_not_before(c);
	k->not_after = cert_not_after(c);
}

static uint64_t number(const struct ipc_msg *m, uint16_t tag)
{
	uint64_t v = 0;

	if (ipc_has(m, tag) && ipc_get_u64(m, tag, &v) != ERR_OK)
		err_clear();
	return v;
}

static void take_status(struct key *k, const struct ipc_msg *m)
{
	struct span serial = ipc_get(m, TAG_SERIAL), pub = ipc_get(m, TAG_PUB);
	uint64_t state = number(m, TAG_STATE);

	memcpy(k->serial, serial.ptr, serial.len);
	k->state = state < KEY_UNUSABLE ? (enum key_state)state : KEY_UNUSABLE;
	k->pin_set = number(m, TAG_PIN_SET) != 0;
	k->open = number(m, TAG_OPEN) != 0;
	k->extended = number(m, TAG_EXTENDED) != 0;
	k->doubtful = number(m, TAG_DOUBTFUL) != 0;
	if (pub.len > 0) {
		k->has_pub = sm2_pub_parse(pub, &k->pub) == ERR_OK;
		err_clear();
	}
	if (ipc_has(m, TAG_CERT))
		take_cert(k, ipc_get(m, TAG_CERT));
	else if (k->state == KEY_READY || k->state == KEY_UNUSABLE) {
		k->state = KEY_UNUSABLE;
		k->error = ERR_CERT_ABSENT;
	}
	/* A card in a state that nobody knows, with a certificate all the same. */
	if (k->state == KEY_UNUSABLE && k->error == ERR_OK)
		k->error = ERR_CARD_STATE;
}

enum err key_read(struct lane *lane, const char *slot, bool try_only, struct key *ret_key)
{
	AUTO(ipc_msg) ask = NULL;
	AUTO(ipc_msg) answer = NULL;
	struct key k = {.state = KEY_UNUSABLE, .link = lane->index};

	copy_text(k.slot, sizeof(k.slot), slot);
	TRY(ipc_msg_new(SKF_STATUS, &ask));
	ipc_put_str(ask, TAG_SLOT, slot);
	enum err e = link_call(lane->link, ask, try_only, &k.tries, &answer);
	if (e == ERR_BUSY || e == ERR_TIMEOUT || e == ERR_LIB_ABSENT || e == ERR_CARD_GONE)
		return e;
	if (e == ERR_OK)
		take_status(&k, answer);
	/* A device that cannot be read is shown with the reason, under its slot's name. */
	if (k.serial[0] == '\0')
		copy_text(k.serial, sizeof(k.serial), slot);
	if (e != ERR_OK)
		k.error = e;
	err_clear();
	*ret_key = k;
	return ERR_OK;
}

static const char *state_name(enum key_state s)
{
	static const char *const names[] = {"blank", "awaiting", "ready", "unusable"};

	return names[s];
}

enum err key_put_last_day(json_t *o, const struct key *k)
{
	AUTO_BUF(day, 32);

	if (k->cert_len > 0)
		text_last_day_cn(&day, k->not_after);
	TRY(buf_err(&day));
	return json_put_str(o, "last_day", buf_span(&day));
}

static enum err put_cert(json_t *o, const struct key *k)
{
	AUTO_BUF(b64, 2 * CERT_DER_MAX);

	text_b64(&b64, span_of(k->cert, k->cert_len));
	TRY(json_put_str(o, "holder", span_str(k->holder)));
	TRY(json_put_str(o, "unit", span_str(k->unit)));
	TRY(json_put_str(o, "unit_no", span_str(k->unit_no)));
	TRY(json_put_str(o, "profile", span_str(k->profile)));
	TRY(json_put_str(o, "cert_serial", span_str(k->cert_serial)));
	TRY(json_put_int(o, "not_before", k->not_before));
	TRY(json_put_int(o, "not_after", k->not_after));
	TRY(key_put_last_day(o, k));
	return json_put_str(o, "cert", buf_span(&b64));
}

static enum err put_error(json_t *o, enum err e)
{
	json_t *error = json_object();

	TRY(json_put(o, "error", error));
	TRY(json_put_str(error, "code", span_str(err_code(e))));
	TRY(json_put_str(error, "text", span_str(err_zh(e))));
	return json_put_str(error, "remedy", span_str(err_remedy(e)));
}

static enum err put_key(json_t *o, const struct key *k)
{
	TRY(json_put_str(o, "slot", span_str(k->slot)));
	TRY(json_put_str(o, "serial", span_str(k->serial)));
	TRY(json_put_str(o, "state", span_str(state_name(k->state))));
	TRY(json_put_int(o, "tries", k->tries));
	TRY(json_put_bool(o, "pin_set", k->pin_set));
	if (k->cert_len > 0)
		TRY(put_cert(o, k));
	return k->state == KEY_UNUSABLE ? put_error(o, k->error) : ERR_OK;
}

json_t *key_json(const struct key *key)
{
	json_t *o = json_object();

	if (o != NULL && put_key(o, key) == ERR_OK)
		return o;
	json_decref(o);
	return NULL;
}

/* --- acting --- */

static enum err request(uint16_t type, const struct key *key, struct ipc_msg **ret_m)
{
	TRY(ipc_msg_new(type, ret_m));
	ipc_put_str(*ret_m, TAG_SLOT, key->slot);
	ipc_put_str(*ret_m, TAG_SERIAL, key->serial);
	return ERR_OK;
}

static enum err act(struct keys *k, const struct key *key, const struct ipc_msg *m, unsigned *ret_tries,
                    struct ipc_msg **ret_answer)
{
	struct lane *lane = &k->lanes[key->link];

	enum err e = link_call(lane->link, m, false, ret_tries, ret_answer);
	if (e != ERR_OK) {
		/* The trail belongs to e: the thread reads again at its next turn. */
		pthread_mutex_lock(&k->lock);
		lane->read_ms = 0;
		pthread_mutex_unlock(&k->lock);
		return e;
	}
	if (lane_update(lane, true, false) != ERR_OK)
		err_clear();
	return ERR_OK;
}

enum err keys_sign(struct keys *k, const struct key *key, const uint8_t digest[32], const struct secret *pin,
                   unsigned *ret_tries, struct sm2_sig *ret_sig)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) answer = NULL;

	TRY(request(SKF_SIGN, key, &m));
	ipc_put(m, TAG_DIGEST, span_of(digest, 32));
	TRY(ipc_attach_secret(m, pin));
	TRY(act(k, key, m, ret_tries, &answer));
	struct span sig = ipc_get(answer, TAG_SIG);
	if (sig.len != SM2_SIG_LEN)
		return ERR(SIG, "no signature in the answer");
	memcpy(ret_sig->b, sig.ptr, sig.len);
	return ERR_OK;
}

enum err keys_login(struct keys *k, const struct key *key, const struct secret *pin, unsigned *ret_tries)
{
	AUTO(ipc_msg) m = NULL;

	TRY(request(SKF_LOGIN, key, &m));
	TRY(ipc_attach_secret(m, pin));
	return act(k, key, m, ret_tries, NULL);
}

enum err keys_new_pair(struct keys *k, const struct key *key, const uint8_t approval[32], const char *name,
                       const struct secret *pin, struct key_made *ret_made)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) answer = NULL;

	TRY(request(SKF_NEW, key, &m));
	ipc_put_str(m, TAG_NAME, name);
	ipc_put(m, TAG_APPROVAL, span_of(approval, 32));
	TRY(ipc_attach_secret(m, pin));
	TRY(act(k, key, m, NULL, &answer));
	struct span attest = ipc_get(answer, TAG_ATTEST);
	if (attest.len != ATTEST_LEN)
		return ERR(ATTEST, "no attestation in the answer");
	TRY(sm2_pub_parse(ipc_get(answer, TAG_PUB), &ret_made->pub));
	memcpy(ret_made->attest, attest.ptr, attest.len);
	buf_put(&ret_made->csr, ipc_get(answer, TAG_CSR));
	return buf_err(&ret_made->csr);
}

enum err keys_install(struct keys *k, const struct key *key, struct span sign_cert, struct span enc_cert,
                      struct span enveloped)
{
	AUTO(ipc_msg) m = NULL;

	if (sign_cert.len > CERT_DER_MAX || enc_cert.len > CERT_DER_MAX || enveloped.len > ENVELOPED_KEY_MAX)
		return ERR(LIMIT, "certificate or key is too long");
	TRY(request(SKF_INSTALL, key, &m));
	ipc_put(m, TAG_CERT, sign_cert);
	ipc_put(m, TAG_ENC_CERT, enc_cert);
	ipc_put(m, TAG_ENVELOPED, enveloped);
	return act(k, key, m, NULL, NULL);
}

enum err keys_discard(struct keys *k, const struct key *key)
{
	AUTO(ipc_msg) m = NULL;

	TRY(request(SKF_DISCARD, key, &m));
	return act(k, key, m, NULL, NULL);
}
