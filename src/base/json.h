/* jansson with the project's rules: duplicates rejected, whole input, depth and size limited, no doubles. */
#pragma once
#include <jansson.h>
#include "base/buf.h"

enum { JSON_TEXT_MAX = 1 << 20 };
static inline void json_auto_(json_t **p)
{
	json_decref(*p);
}
#define AUTO_JSON __attribute__((cleanup(json_auto_))) json_t *

/* object or array; ERR_SYNTAX, ERR_UTF8, ERR_LIMIT */
enum err json_parse(struct span s, json_t **ret_v) MUST_CHECK;                  /* at most JSON_TEXT_MAX octets */
enum err json_parse_long(struct span s, size_t max, json_t **ret_v) MUST_CHECK; /* at most max of the caller's */
enum err json_print(const json_t *v, struct buf *out) MUST_CHECK;               /* compact, sorted keys */
/* Borrowed members; ERR_SYNTAX when absent or of another type. */
enum err json_str(const json_t *obj, const char *key, const char **ret_v) MUST_CHECK;
enum err json_int(const json_t *obj, const char *key, int64_t *ret_v) MUST_CHECK;
const char *json_str_or(const json_t *obj, const char *key, const char *otherwise);
int64_t json_int_or(const json_t *obj, const char *key, int64_t otherwise);
/* Sets; out of memory is sticky in the returned error. */
enum err json_put_str(json_t *obj, const char *key, struct span v) MUST_CHECK; /* ERR_UTF8 */
enum err json_put_int(json_t *obj, const char *key, int64_t v) MUST_CHECK;
enum err json_put_bool(json_t *obj, const char *key, bool v) MUST_CHECK;
/* steals, also on failure; NULL take is ERR_NOMEM */
enum err json_put(json_t *obj, const char *key, json_t *take) MUST_CHECK;
