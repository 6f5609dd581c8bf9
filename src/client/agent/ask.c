/* What the acting requests share: which keys may be used, what is shown, the window's id. */
#include "base/json.h"
#include "base/text.h"
#include "client/agent/agent.h"
#include "pki/csr.h"
#include <stdlib.h>
#include <string.h>

enum { FRESH_MS = 1000 };

bool is_hex_of(const char *s, size_t digits)
{
	return strlen(s) == digits && strspn(s, "0123456789abcdef") == digits;
}

/* --- keys --- */

/* Times go with the error, so that the page, which knows the server's time, can tell an old certificate from a wrong
 * clock. */
static void note_times(struct conn *c, const struct key *k)
{
	json_decref(c->error_extra);
	c->error_extra = json_pack("{s:I, s:I, s:I}", "now", (json_int_t)clock_now(c->a->clock), "not_before",
	                           (json_int_t)k->not_before, "not_after", (json_int_t)k->not_after);
}

static enum err check_cert(struct conn *c, const struct key *k)
{
	AUTO(cert) cert = NULL;

	TRY(cert_parse(span_of(k->cert, k->cert_len), &cert));
	enum err e = path_check(c->a->trust, cert, KU_SIGN, clock_now(c->a->clock));
	if (e == ERR_CERT_EXPIRED || e == ERR_CERT_NOT_YET) {
		note_times(c, k);
		return err_note(e, "by this machine's clock %lld, not before %lld, not after %lld",
		                (long long)clock_now(c->a->clock), (long long)k->not_before, (long long)k->not_after);
	}
	return e;
}

/* Before anybody is asked for a PIN: the driver would not send it, and the remedy says not to type it. */
enum err check_genuine(const struct key *k)
{
	if (k->state == KEY_UNUSABLE)
		return err_raise(k->error, __FILE__, __LINE__, "key %s", k->serial);
	return k->doubtful ? ERR(CARD_AUTH, "key %s is not shown to be genuine", k->serial) : ERR_OK;
}

static enum err check_ready(struct conn *c, const struct key *k)
{
	if (k->state == KEY_UNUSABLE)
		return err_raise(k->error, __FILE__, __LINE__, "key %s", k->serial);
	if (k->state != KEY_READY)
		return ERR(L_BLANK_KEY, "key %s holds no certificate", k->serial);
	TRY(check_cert(c, k)); /* first: a wrong clock makes the card's own certificate look bad too */
	TRY(check_genuine(k));
	if (!k->pin_set)
		return ERR(PIN_UNSET, "key %s", k->serial);
	if (k->tries == 0) {
		c->tries = 0;
		return ERR(PIN_LOCKED, "key %s", k->serial);
	}
	return ERR_OK;
}

static enum err none_there(const struct page_call *c)
{
	if (!keys_library_ok(c->a->keys))
		return ERR(LIB_ABSENT, "no SKF library answers");
	return ERR(L_NO_KEY, "no key is inserted");
}

static enum err find_serial(struct page_call *c, const char *serial, struct key *ret_key)
{
	struct key any[KEYS_MAX];

	if (keys_find(c->a->keys, serial, ret_key))
		return ERR_OK;
	if (keys_copy(c->a->keys, any) == 0)
		return none_there(c);
	return ERR(CARD_WRONG, "no slot holds %.32s", serial);
}

enum err pick_serial(struct page_call *c, struct key *ret_key)
{
	keys_refresh(c->a->keys, FRESH_MS);
	return find_serial(c, call_str(c, "key"), ret_key);
}

/* Those that fit; when none does, the reason of the first that at least holds a certificate. */
static enum err pick_any(struct page_call *c, struct key ret_list[KEYS_MAX], size_t *ret_n)
{
	struct key all[KEYS_MAX];
	size_t n = keys_copy(c->a->keys, all), fit = 0, worst = 0;

	for (size_t i = 0; i < n; i++) {
		if (check_ready(c->conn, &all[i]) == ERR_OK)
			ret_list[fit++] = all[i];
		else if (all[worst].cert_len == 0 && all[i].cert_len > 0)
			worst = i;
		err_clear();
	}
	*ret_n = fit;
	if (n == 0)
		return none_there(c);
	if (fit == 0)
		return check_ready(c->conn, &all[worst]);
	c->conn->tries = -1;
	return ERR_OK;
}

enum err pick_ready(struct page_call *c, struct key ret_list[KEYS_MAX], size_t *ret_n)
{
	const char *serial = call_str(c, "key");

	keys_refresh(c->a->keys, FRESH_MS);
	if (serial[0] == '\0')
		return pick_any(c, ret_list, ret_n);
	TRY(find_serial(c, serial, &ret_list[0]));
	TRY(check_ready(c->conn, &ret_list[0]));
	*ret_n = 1;
	return ERR_OK;
}

/* --- the answer --- */

enum err answer_b64(json_t *o, const char *name, struct span bytes)
{
	AUTO_BUF(text, 2 * (CSR_DER_MAX + CERT_DER_MAX));

	text_b64(&text, bytes);
	TRY(buf_err(&text));
	return json_put_str(o, name, buf_span(&text));
}

/* --- the question --- */

enum err row_add(json_t *rows, const char *label, const char *value)
{
	AUTO_JSON row = json_object();

	if (row == NULL)
		return ERR(NOMEM, "row");
	TRY(json_put_str(row, "label", span_str(label)));
	TRY(json_put_str(row, "value", span_str(value)));
	return json_array_append_new(rows, STEAL(row)) == 0 ? ERR_OK : ERR(NOMEM, "row");
}

enum err row_add_line(json_t *rows, const char *label, const char *key, const char *value)
{
	AUTO_BUF(words, 4096);
	bool plain = true;

	TRY(row_add(rows, label, value));
	json_t *row = json_array_get(rows, json_array_size(rows) - 1);
	TRY(words_of(key, value, &words, &plain));
	TRY(buf_err(&words));
	if (!plain)
		TRY(json_put_str(row, "shown", buf_span(&words)));
	return words_for_machines(key) ? json_put_bool(row, "machine", true) : ERR_OK;
}

/* Which window that is, and the name by which it can be called or closed. */
static void note_other(struct conn *c)
{
	json_t *other = NULL;

	if (dialogue_other_json(c->a->dialogue, &other) != ERR_OK)
		return;
	json_decref(c->error_extra);
	c->error_extra = json_pack("{s:o}", "other", other);
}

enum err ask_begin(struct page_call *c, const char *title, const json_t *rows, enum dialogue_need need,
                   const struct key *keys, size_t n)
{
	const char *id = call_str(c, "window");
	const struct dialogue_spec spec = {
		.id = id,
		.title = title,
		.origin = c->conn->origin,
		.rows = rows,
		.need = need,
		.keys = keys,
		.n_keys = n,
		.client_fd = c->conn->fd,
	};

	if (id[0] && !is_hex_of(id, DIALOGUE_ID_LEN))
		return ERR(FIELD_VALUE, "window id is not %d hex digits", DIALOGUE_ID_LEN);
	if (!id[0] && need != NEED_NONE && dialogue_is_web(c->a->dialogue))
		return ERR(FIELD_MISSING, "window");
	TRY(dialogue_can_show(c->a->dialogue));
	enum err e = dialogue_begin(c->a->dialogue, &spec);
	if (e == ERR_PIN_ELSEWHERE)
		note_other(c->conn);
	return e;
}

enum err act_other(struct page_call *c)
{
	const char *what = call_str(c, "do"), *ref = call_str(c, "ref");

	if (strcmp(what, "show") == 0)
		return dialogue_call(c->a->dialogue, ref);
	if (strcmp(what, "cancel") == 0)
		return dialogue_close(c->a->dialogue, ref);
	return ERR(FIELD_VALUE, "do is neither show nor cancel");
}

bool ask_is_retry(enum err e)
{
	return e == ERR_PIN_WRONG || e == ERR_PIN_RANGE || e == ERR_PIN_SAME;
}
