/* /v1/...: what the portal's pages ask (docs/protocol/agent.md, "For the page"). */
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "client/agent/agent.h"
#include "evidence/limits.h"
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 20000, FRESH_MS = 1000, B64_CERT_MAX = 12 * 1024, B64_KEY_MAX = 2048 };

/* --- the keys --- */

static enum err put_keys(struct agent *a, json_t *o)
{
	json_t *list = json_array();
	struct key *keys = calloc(KEYS_MAX, sizeof(*keys));
	enum err e = keys != NULL ? json_put(o, "keys", list) : ERR(NOMEM, "keys");
	size_t n = keys != NULL ? keys_copy(a->keys, keys) : 0;

	for (size_t i = 0; i < n && e == ERR_OK; i++)
		if (json_array_append_new(list, key_json(&keys[i])) != 0)
			e = ERR(NOMEM, "keys");
	free(keys);
	return e;
}

static enum err put_status(struct agent *a, json_t *o)
{
	/* First the number, then the list: a page may see a change twice, never miss one. */
	int64_t generation = keys_generation(a->keys);

	TRY(json_put_str(o, "agent", SPAN_LIT(AGENT_VERSION)));
	TRY(json_put_str(o, "library", keys_library_ok(a->keys) ? SPAN_LIT("ok") : SPAN_LIT("absent")));
	TRY(json_put_str(o, "pin", dialogue_is_web(a->dialogue) ? SPAN_LIT("web") : SPAN_LIT("pinentry")));
	bool shows = dialogue_can_show(a->dialogue) == ERR_OK;
	err_clear();
	TRY(json_put_str(o, "window", shows ? SPAN_LIT("ok") : SPAN_LIT("none")));
	TRY(json_put_int(o, "now", clock_now(a->clock)));
	TRY(json_put_int(o, "generation", generation));
	return put_keys(a, o);
}

static enum err answer_status(struct conn *c)
{
	AUTO_JSON o = json_object();

	if (o == NULL)
		return ERR(NOMEM, "status");
	TRY(put_status(c->a, o));
	return conn_json(c, o);
}

static enum err serve_status(struct conn *c)
{
	if (c->head.query.len > 0)
		return ERR(FIELD_UNKNOWN, "status takes no parameter");
	keys_refresh(c->a->keys, FRESH_MS);
	return answer_status(c);
}

/* False when the page's connection closed: every page that is left ends its wait that way, and nobody reads an answer.
 */
static bool wait_seen(struct conn *c, int64_t seen)
{
	int64_t until = clock_mono_ms() + WAIT_MS;

	/* In short steps, so that a page that went away frees its place. */
	while (keys_generation(c->a->keys) == seen && clock_mono_ms() < until && !c->a->stop) {
		struct pollfd p = {.fd = c->fd, .events = POLLRDHUP};
		if (poll(&p, 1, 0) > 0)
			return false;
		keys_wait(c->a->keys, seen, 500);
	}
	return true;
}

static enum err serve_wait(struct conn *c)
{
	struct span text;
	int64_t seen;

	TRY(http1_query(&c->head, "generation", &text));
	TRY(text_i64(text, 0, INT64_MAX, &seen));
	if (++c->a->waits > AGENT_WAITS_MAX) {
		c->a->waits--;
		return ERR(BUSY, "more than %d pages wait", AGENT_WAITS_MAX);
	}
	bool stayed = wait_seen(c, seen);
	c->a->waits--;
	return stayed ? answer_status(c) : ERR_OK;
}

/* --- requests that act --- */

/* clang-format off */
#define WINDOW {"window", DIALOGUE_ID_LEN, false}
#define CASE {"case", 64, true}
#define KEY(required) {"key", KEY_SERIAL_MAX, required}
/* clang-format on */
static const struct field login_fields[] = {WINDOW, {"bureau", 64, true}, {"nonce", 64, true}, KEY(false), {0}};
static const struct field sign_fields[] = {WINDOW, {"statement", LIMIT_STATEMENT, true}, KEY(false), {0}};
static const struct field new_fields[] = {
	WINDOW,    CASE, {"approval", 64, true}, {"unit", CERT_TEXT_MAX, false}, {"holder", CERT_TEXT_MAX, true},
	KEY(true), {0}};
static const struct field install_fields[] = {WINDOW,
                                              CASE,
                                              KEY(true),
                                              {"sign_cert", B64_CERT_MAX, true},
                                              {"enc_cert", B64_CERT_MAX, true},
                                              {"enveloped", B64_KEY_MAX, true},
                                              {0}};
static const struct field discard_fields[] = {WINDOW, CASE, KEY(true), {0}};

static const struct field other_fields[] = {{"ref", 32, true}, {"do", 8, true}, {0}};

static const struct {
	const char *method, *path;
	enum err (*serve)(struct conn *c);
	enum err (*act)(struct page_call *c);
	const struct field *fields;
} table[] = {
	{"GET", "/v1/status", serve_status, NULL, NULL},
	{"GET", "/v1/wait", serve_wait, NULL, NULL},
	{"POST", "/v1/login", NULL, act_login, login_fields},
	{"POST", "/v1/sign", NULL, act_sign, sign_fields},
	{"POST", "/v1/card/new", NULL, act_card_new, new_fields},
	{"POST", "/v1/card/install", NULL, act_card_install, install_fields},
	{"POST", "/v1/card/discard", NULL, act_card_discard, discard_fields},
	{"POST", "/v1/other", NULL, act_other, other_fields},
};

static bool declared(const struct field *fields, const char *name)
{
	for (; fields->name != NULL; fields++)
		if (strcmp(fields->name, name) == 0)
			return true;
	return false;
}

static enum err check_fields(const struct field *fields, json_t *in)
{
	const char *name;
	json_t *member;

	json_object_foreach(in, name, member)
		if (!declared(fields, name))
			return ERR(FIELD_UNKNOWN, "a member is not declared");
	for (const struct field *f = fields; f->name != NULL; f++) {
		const json_t *v = json_object_get(in, f->name);
		if (f->required && (v == NULL || json_string_length(v) == 0))
			return ERR(FIELD_MISSING, "%s", f->name);
		if (v != NULL && json_string_length(v) > f->max_len)
			return ERR(LIMIT, "%s is longer than %zu bytes", f->name, f->max_len);
		/* C strings from here on. */
		if (v != NULL && strlen(json_string_value(v)) != json_string_length(v))
			return ERR(UTF8, "%s holds a NUL", f->name);
	}
	return ERR_OK;
}

const char *call_str(const struct page_call *c, const char *name)
{
	return json_str_or(c->in, name, "");
}

static enum err serve_act(struct conn *c, const struct field *fields, enum err (*act)(struct page_call *c))
{
	AUTO_JSON in = NULL;
	AUTO_JSON out = json_object();

	if (out == NULL)
		return ERR(NOMEM, "answer");
	TRY(conn_body(c, &in));
	TRY(check_fields(fields, in));
	struct page_call call = {.conn = c, .a = c->a, .in = in, .out = out};
	TRY(act(&call));
	char path[40] = "";
	memcpy(path, c->head.path.ptr, c->head.path.len < sizeof(path) ? c->head.path.len : sizeof(path) - 1);
	LOG(INFO, "done", {"path", path}, {"origin", c->origin}, {"card", json_str_or(out, "card", "")});
	return conn_json(c, out);
}

enum err page_serve(struct conn *c)
{
	bool known = false;

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		if (!span_eq_str(c->head.path, table[i].path))
			continue;
		known = true;
		if (!span_eq_str(c->head.method, table[i].method))
			continue;
		return table[i].serve != NULL ? table[i].serve(c) : serve_act(c, table[i].fields, table[i].act);
	}
	if (!known)
		return ERR(ABSENT, "no such path");
	if (!span_eq_str(c->head.method, "OPTIONS"))
		return ERR(METHOD, "method is not served here");
	conn_answer(c, 204, NULL, SPAN_EMPTY);
	return ERR_OK;
}
