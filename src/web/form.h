/* Inputs of a request: application/x-www-form-urlencoded (query or body), a flat JSON object of strings, and cookies.
 * Strict: percent escapes complete, UTF-8 without NUL, a name at most once, at most FORM_FIELDS_MAX fields. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"

enum { FORM_FIELDS_MAX = 200, FORM_NAME_MAX = 64, COOKIES_MAX = 64 };
struct input {
	const char *name, *value; /* in the arena */
};
struct inputs {
	struct input *v;
	size_t n, max;
};
/* SYNTAX UTF8 FIELD_TWICE LIMIT */
enum err form_parse(struct span text, struct arena *a, struct inputs *ret_in) MUST_CHECK;
enum err form_parse_json(struct span text, struct arena *a, struct inputs *ret_in) MUST_CHECK;
/* Pairs that are not well formed are left out: on one host name the browser also sends the cookies of other programs.
 */
enum err cookies_parse(struct span header, struct arena *a, struct inputs *ret_in) MUST_CHECK; /* LIMIT NOMEM */
/* An empty list with room for max of them, and one more. SYNTAX (name), FIELD_TWICE, LIMIT. */
enum err inputs_new(struct arena *a, size_t max, struct inputs *ret_in) MUST_CHECK;
enum err inputs_add(struct inputs *in, const char *name, const char *value) MUST_CHECK;
const struct input *inputs_find(const struct inputs *in, const char *name);
/* Percent-decodes into the arena; plus: '+' is a space. ERR_SYNTAX, ERR_UTF8. */
enum err percent_decode(struct span s, bool plus, struct arena *a, const char **ret_text) MUST_CHECK;
/* Escapes all but unreserved characters and '/' (RFC 3986 2.3). */
void percent_encode(struct buf *out, struct span s);
