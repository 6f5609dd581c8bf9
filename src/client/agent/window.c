/* /window...: the agent's own page and its requests. The one place where a PIN enters. */
#include "base/json.h"
#include "base/text.h"
#include "client/agent/agent.h"
#include <string.h>

static enum err need_method(const struct conn *c, const char *method)
{
	if (!span_eq_str(c->head.method, method))
		return ERR(METHOD, "method is not served here");
	return ERR_OK;
}

/* A page elsewhere may open the window, but neither read it (no CORS here) nor speak for it. */
static enum err check_same_site(const struct conn *c)
{
	struct span site = http1_get(&c->head, "Sec-Fetch-Site");

	if (site.len > 0 && !span_eq_str(site, "same-origin") && !span_eq_str(site, "none"))
		return ERR(DENIED, "request of another site");
	return ERR_OK;
}

static enum err check_own_origin(const struct conn *c)
{
	if (!origin_is_own(http1_get(&c->head, "Origin"), c->a->port))
		return ERR(ORIGIN, "not the agent's own window");
	return check_same_site(c);
}

static enum err take_id(struct span s, char ret_id[DIALOGUE_ID_LEN + 1])
{
	if (s.len != DIALOGUE_ID_LEN)
		return ERR(FIELD_VALUE, "window id is not %d hex digits", DIALOGUE_ID_LEN);
	memcpy(ret_id, s.ptr, s.len);
	ret_id[s.len] = '\0';
	return is_hex_of(ret_id, DIALOGUE_ID_LEN) ? ERR_OK : ERR(FIELD_VALUE, "window id is not lower-case hex");
}

static enum err serve_job(struct conn *c)
{
	AUTO_JSON job = NULL;
	char id[DIALOGUE_ID_LEN + 1];
	struct span text;

	TRY(need_method(c, "GET"));
	TRY(check_same_site(c));
	TRY(http1_query(&c->head, "id", &text));
	TRY(take_id(text, id));
	TRY(dialogue_json(c->a->dialogue, id, &job));
	return conn_json(c, job);
}

static enum err serve_rows(struct conn *c)
{
	AUTO_JSON rows = NULL;
	char id[DIALOGUE_ID_LEN + 1];
	struct span text, number;
	int64_t from;

	TRY(need_method(c, "GET"));
	TRY(check_same_site(c));
	TRY(http1_query(&c->head, "id", &text));
	TRY(take_id(text, id));
	TRY(http1_query(&c->head, "from", &number));
	TRY(text_i64(number, 0, INT32_MAX, &from));
	TRY(dialogue_rows_json(c->a->dialogue, id, (size_t)from, &rows));
	return conn_json(c, rows);
}

/* --- answers --- */

static enum err check_members(json_t *in, bool with_pin)
{
	static const char *const names[] = {"id", "token", "key", "pin", "pin2"};
	const char *name;
	json_t *member;

	json_object_foreach(in, name, member) {
		size_t i = 0, n = with_pin ? COUNT_OF(names) : 2;
		while (i < n && strcmp(name, names[i]) != 0)
			i++;
		if (i == n)
			return ERR(FIELD_UNKNOWN, "a member is not declared");
		if (strlen(json_string_value(member)) != json_string_length(member))
			return ERR(UTF8, "a member holds a NUL");
	}
	return ERR_OK;
}

/* The JSON library keeps the text in its own memory; it is wiped in place before it is given back. */
static void wipe_member(json_t *in, const char *name)
{
	const json_t *v = json_object_get(in, name);

	if (v != NULL)
		wipe((char *)(uintptr_t)json_string_value(v), json_string_length(v));
}

static enum err answer_ok(struct conn *c)
{
	AUTO_JSON o = json_object();

	TRY(json_put_str(o, "state", SPAN_LIT("busy")));
	return conn_json(c, o);
}

static enum err reply(struct conn *c, json_t *in)
{
	char id[DIALOGUE_ID_LEN + 1];

	TRY(check_members(in, true));
	TRY(take_id(span_str(json_str_or(in, "id", "")), id));
	return dialogue_reply(c->a->dialogue, id, json_str_or(in, "token", ""), json_str_or(in, "key", ""),
	                      span_str(json_str_or(in, "pin", "")), span_str(json_str_or(in, "pin2", "")));
}

static enum err serve_answer(struct conn *c)
{
	AUTO_JSON in = NULL;

	TRY(need_method(c, "POST"));
	TRY(check_own_origin(c));
	TRY(conn_body(c, &in));
	enum err e = reply(c, in);
	wipe_member(in, "pin");
	wipe_member(in, "pin2");
	TRY(e);
	return answer_ok(c);
}

static enum err serve_cancel(struct conn *c)
{
	AUTO_JSON in = NULL;
	char id[DIALOGUE_ID_LEN + 1];

	TRY(need_method(c, "POST"));
	TRY(check_own_origin(c));
	TRY(conn_body(c, &in));
	TRY(check_members(in, false));
	TRY(take_id(span_str(json_str_or(in, "id", "")), id));
	TRY(dialogue_cancel(c->a->dialogue, id, json_str_or(in, "token", "")));
	return answer_ok(c);
}

/* --- files --- */

static enum err serve_file(struct conn *c)
{
	for (size_t i = 0; i < AGENT_ASSETS; i++) {
		struct asset *s = &c->a->assets[i];
		if (!span_eq_str(c->head.path, s->path))
			continue;
		TRY(need_method(c, "GET"));
		conn_answer(c, 200, s->type, buf_span(&s->bytes));
		return ERR_OK;
	}
	return ERR(ABSENT, "no such path");
}

enum err window_serve(struct conn *c)
{
	if (!dialogue_is_web(c->a->dialogue))
		return ERR(ABSENT, "PINs are asked by pinentry here");
	if (span_eq_str(c->head.path, "/window/job"))
		return serve_job(c);
	if (span_eq_str(c->head.path, "/window/rows"))
		return serve_rows(c);
	if (span_eq_str(c->head.path, "/window/answer"))
		return serve_answer(c);
	if (span_eq_str(c->head.path, "/window/cancel"))
		return serve_cancel(c);
	return serve_file(c);
}
