#include "browser.h"
#include "web/server.h"

static void var(struct buf *out, const char *name, const char *value)
{
	buf_put(out, span_of(name, strlen(name) + 1));
	buf_put(out, span_of(value, strlen(value) + 1));
}

const char *browser_head(struct browser *b, const char *name)
{
	static char value[512];
	const char *at = strstr(buf_cstr(&b->answer), name), *end = strstr(buf_cstr(&b->answer), "\r\n\r\n");
	if (at == NULL || end == NULL || at > end)
		return "";
	at += strlen(name);
	(void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
	return value;
}

static void keep_cookie(struct browser *b, const char *name, char *ret, size_t cap)
{
	char needle[64];
	(void)snprintf(needle, sizeof(needle), "Set-Cookie: %s=", name);
	const char *at = strstr(buf_cstr(&b->answer), needle);
	if (at != NULL)
		(void)snprintf(ret, cap, "%.*s", (int)strcspn(at + strlen(needle), ";"), at + strlen(needle));
}

const char *browser_body(struct browser *b)
{
	const char *at = strstr(buf_cstr(&b->answer), "\r\n\r\n");
	return at != NULL ? at + 4 : "";
}

int browser_ask(struct browser *b, const char *method, const char *uri, const char *type, const char *text,
                const char *accept)
{
	char cookies[256], number[24];
	AUTO_BUF(vars, 16384);
	AUTO_BUF(scgi, 64 << 20);
	(void)snprintf(number, sizeof(number), "%zu", strlen(text));
	(void)snprintf(cookies, sizeof(cookies), "%s%s%s%s%s", b->session[0] ? "yx_session_8600=" : "", b->session,
	               b->session[0] && b->pre[0] ? "; " : "", b->pre[0] ? "yx_pre_8600=" : "", b->pre);
	var(&vars, "CONTENT_LENGTH", number);
	var(&vars, "SCGI", "1");
	var(&vars, "REQUEST_METHOD", method);
	var(&vars, "REQUEST_URI", uri);
	var(&vars, "CONTENT_TYPE", type);
	var(&vars, "REMOTE_ADDR", "127.0.0.1");
	var(&vars, "HTTP_ACCEPT", accept);
	var(&vars, "HTTP_ORIGIN", method[0] == 'P' ? ORIGIN : "");
	if (cookies[0] != 0)
		var(&vars, "HTTP_COOKIE", cookies);
	buf_printf(&scgi, "%zu:", vars.len);
	buf_put(&scgi, buf_span(&vars));
	buf_str(&scgi, ",");
	buf_str(&scgi, text);
	buf_clear(&b->answer);
	OK(web_handle(b->web, buf_span(&scgi), &b->answer));
	keep_cookie(b, "yx_session_8600", b->session, sizeof(b->session));
	keep_cookie(b, "yx_pre_8600", b->pre, sizeof(b->pre));
	b->status = (int)strtol(browser_head(b, "Status: "), NULL, 10);
	return b->status;
}

int browser_get(struct browser *b, const char *uri)
{
	int status = browser_ask(b, "GET", uri, "", "", "text/html");
	const char *at = strstr(browser_body(b), "name=\"yx-csrf\" content=\"");
	if (at != NULL)
		(void)snprintf(b->csrf, sizeof(b->csrf), "%.64s", at + strlen("name=\"yx-csrf\" content=\""));
	return status;
}

int browser_get_json(struct browser *b, const char *uri)
{
	return browser_ask(b, "GET", uri, "", "", "application/json");
}

int browser_post_json(struct browser *b, const char *uri, json_t *take)
{
	AUTO_BUF(text, LIMIT_POST);
	if (json_object_get(take, "csrf") == NULL)
		OK(json_put_str(take, "csrf", span_str(b->csrf)));
	OK(json_print(take, &text));
	json_decref(take);
	return browser_ask(b, "POST", uri, "application/json", buf_cstr(&text), "application/json");
}

int browser_post_form(struct browser *b, const char *uri, const char *fields)
{
	AUTO_BUF(text, 65536);
	buf_printf(&text, "csrf=%s%s%s", b->csrf, fields[0] != 0 ? "&" : "", fields);
	return browser_ask(b, "POST", uri, "application/x-www-form-urlencoded", buf_cstr(&text), "text/html");
}

bool browser_says(struct browser *b, const char *needle)
{
	return strstr(browser_body(b), needle) != NULL;
}

json_t *browser_json(struct browser *b)
{
	json_t *v = NULL;
	OK(json_parse_long(span_str(browser_body(b)), LIMIT_POST, &v));
	return v;
}

const char *browser_error(struct browser *b)
{
	static char code[16];
	AUTO_JSON v = browser_json(b);
	(void)snprintf(code, sizeof(code), "%s", json_str_or(json_object_get(v, "error"), "code", ""));
	return code;
}
