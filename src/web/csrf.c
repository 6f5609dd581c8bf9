/* Form tokens: HMAC-SM3 of a fixed text under the browser's own secret cookie (the session's, else the pre-login one).
 * The token needs no table, ends with the cookie and does not tell it. */
#include "web/req.h"
#include "base/secret.h"
#include "base/text.h"
#include "gm/rand.h"
#include "gm/sm3.h"
#include <stdio.h>
#include <string.h>

enum err token_new(char ret_hex[TOKEN_HEX + 1])
{
	uint8_t raw[TOKEN_HEX / 2];

	TRY(rand_bytes(raw, sizeof(raw)));
	text_hex_str(SPAN_ARR(raw), ret_hex);
	wipe(raw, sizeof(raw));
	return ERR_OK;
}

bool token_is(const char *s)
{
	return strlen(s) == TOKEN_HEX && strspn(s, "0123456789abcdef") == TOKEN_HEX;
}

enum err csrf_pre_token(struct web_req *rq)
{
	if (rq->pre_token[0] != '\0')
		return ERR_OK;
	TRY(token_new(rq->pre_token));
	web_set_cookie(rq, PRELOGIN_COOKIE, rq->pre_token, 0, true);
	return ERR_OK;
}

static enum err make(struct web_req *rq, const char *cookie, const char **ret_token)
{
	uint8_t mac[SM3_LEN];
	const struct span label = SPAN_LIT("yinxin form token 1");
	char hex[2 * SM3_LEN + 1];

	TRY(hmac_sm3(span_str(cookie), &label, 1, mac));
	text_hex_str(SPAN_ARR(mac), hex);
	const char *token = arena_str(rq->arena, span_str(hex));
	if (token == NULL)
		return ERR(LIMIT, "request memory");
	*ret_token = token;
	return ERR_OK;
}

enum err web_csrf(struct web_req *rq, const char **ret_token)
{
	if (rq->token[0] == '\0')
		TRY(csrf_pre_token(rq));
	return make(rq, rq->token[0] != '\0' ? rq->token : rq->pre_token, ret_token);
}

/* A browser names the page's origin on every POST; a program that sends none has no cookies of a victim either. */
static enum err origin_check(const struct web_req *rq)
{
	const char *origin = scgi_get(&rq->in, "HTTP_ORIGIN"), *site = scgi_get(&rq->in, "HTTP_SEC_FETCH_SITE");

	if (origin[0] != '\0' && strcmp(origin, rq->conf->origin) != 0)
		return ERR(CSRF, "posted from another origin");
	if (site[0] != '\0' && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
		return ERR(CSRF, "posted from another site");
	return ERR_OK;
}

/* Login answers carry a nonce bound to the pre-login cookie, which is more than a token; JSON cannot be posted across
 * origins without a preflight that is never answered. */
static bool is_exempt(const struct web_req *rq)
{
	return rq->route->body == WEB_JSON && strncmp(rq->route->pattern, "/login/", 7) == 0;
}

enum err csrf_check(struct web_req *rq)
{
	const struct input *in = inputs_find(&rq->inputs, "csrf");
	const char *cookie = rq->token[0] != '\0' ? rq->token : rq->pre_token, *right,
		   *given = in != NULL ? in->value : "";

	TRY(origin_check(rq));
	if (in != NULL) { /* the layer's own field: no handler sees it */
		size_t at = (size_t)(in - rq->inputs.v);
		rq->inputs.n--;
		memmove(&rq->inputs.v[at], &rq->inputs.v[at + 1], (rq->inputs.n - at) * sizeof(*in));
	}
	if (is_exempt(rq))
		return ERR_OK;
	if (cookie[0] == '\0')
		return ERR(CSRF, "no cookie that a token could belong to");
	TRY(make(rq, cookie, &right));
	if (!ct_equal(span_str(right), span_str(given)))
		return ERR(CSRF, in ? "wrong token" : "no token");
	return ERR_OK;
}
