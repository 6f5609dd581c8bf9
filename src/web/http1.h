/* A strict HTTP/1.1 request head (RFC 9112), for the agent's loopback interface: one request per connection, a body
 * only by Content-Length. What a browser never sends is refused rather than repaired: other versions, absolute and
 * asterisk form, transfer codings, folded lines, bare CR or LF, NUL, a repeated field that decides anything.
 *
 * Parsing is pure: spans into the caller's bytes, no allocation, no I/O. Answers are appended to a buffer and always
 * end the connection. nginx parses what comes from the Internet; this parser sees the own machine only. */
#pragma once
#include "base/buf.h"

enum {
	HTTP1_HEAD_MAX = 8192,
	HTTP1_BODY_MAX = 32 << 20 /* of any; who serves has maxima of his own */,
	HTTP1_TARGET_MAX = 1024,
	HTTP1_FIELDS_MAX = 64
};

struct http1_field {
	struct span name, value; /* value without surrounding blanks */
};
struct http1 {
	struct span method, path, query; /* query without '?', empty when there is none */
	struct http1_field fields[HTTP1_FIELDS_MAX];
	size_t n_fields;
	size_t body_len;
};

/* --- read --- */
/* True when the head is complete, or broken in a way that more bytes cannot mend; *ret_len includes the empty line. */
bool http1_head_end(struct span bytes, size_t *ret_len);
/* head: everything up to and with the empty line. ERR_SYNTAX; ERR_LIMIT for a head or announced body over its maximum.
 */
enum err http1_parse(struct span head, struct http1 *ret_h) MUST_CHECK;
struct span http1_get(const struct http1 *h, const char *name); /* any case; empty when absent */
bool http1_has(const struct http1 *h, const char *name);
/* Value of a query parameter that may occur once and holds unreserved characters only (RFC 3986 2.3); no decoding is
 * done. ERR_FIELD_MISSING, ERR_FIELD_TWICE, ERR_SYNTAX. */
enum err http1_query(const struct http1 *h, const char *name, struct span *ret_v) MUST_CHECK;

/* --- answer --- */
void http1_status(struct buf *out, int status);                          /* status line, Connection: close */
void http1_header(struct buf *out, const char *name, const char *value); /* a value with CR or LF fails the buffer */
void http1_body(struct buf *out, struct span body);                      /* Content-Length, empty line, body */
