/* SCGI requests as nginx sends them (https://python.ca/scgi/protocol.txt): a netstring of NUL-terminated names and
 * values, CONTENT_LENGTH first, SCGI=1 among them, then the body. Parsed in place: the variables point into the input.
 * Strict: a name at most once, nothing before, between or after. What a client can put into a value is no fault of the
 * frame: a control character is told by `unclean`, and the request is answered. The headers have room for all that
 * nginx takes (four buffers of 8 KiB). How long a body may be is its route's to say; no frame is longer than here. */
#pragma once
#include "base/buf.h"

enum { SCGI_HEADERS_MAX = 49152, SCGI_BODY_MAX = 32 << 20, SCGI_VARS_MAX = 64 };
struct scgi_var {
	const char *name, *value;
};
struct scgi {
	struct scgi_var v[SCGI_VARS_MAX];
	size_t n;
	bool unclean; /* a value holds a control character */
	struct span body;
};
/* How many octets must be there in all before scgi_parse() can succeed, as far as those got so far tell; equal to
 * got.len when the request is complete. ERR_SYNTAX, ERR_LIMIT: it never will. */
enum err scgi_need(struct span got, size_t *ret_total) MUST_CHECK;
enum err scgi_parse(struct span in, struct scgi *ret_req) MUST_CHECK;
const char *scgi_get(const struct scgi *s, const char *name); /* "" when absent */
