/* Bodies of multipart/form-data (RFC 7578, RFC 2046 5.1) as browsers send them, and nothing looser.
 *
 * Strict: the boundary comes from the content type; CRLF only; the first delimiter begins the body and the last ends
 * it, but for one CRLF; each part has exactly one Content-Disposition: form-data with a name and perhaps a filename,
 * perhaps a Content-Type, and no other header; a name at most once over fields and files. Values of text parts are
 * copied into the arena, bodies of files stay spans into the given octets. A file input left empty (no name, no octets)
 * is left out. */
#pragma once
#include "web/form.h"
#include "web/web.h"

enum {
	MULTIPART_PARTS_MAX = 32,
	MULTIPART_HEAD_MAX = 2048,
	MULTIPART_BOUNDARY_MAX = 70,
	MULTIPART_FILE_NAME_MAX = 765 /* 255 characters of Windows */,
	MULTIPART_TYPE_MAX = 127
};
struct multipart_file {
	const char *field;
	struct web_file file;
};
struct multipart {
	struct inputs fields;
	struct multipart_file *files;
	size_t n_files;
};
/* The boundary in a content type. ERR_SYNTAX. */
enum err multipart_boundary(const char *content_type, struct span *ret_boundary) MUST_CHECK;
/* SYNTAX, UTF8, FIELD_TWICE, LINE_TEXT (a file's name), LIMIT (parts, heads, names, memory). */
enum err multipart_parse(const char *content_type, struct span body, struct arena *a,
                         struct multipart *ret_m) MUST_CHECK;
const struct multipart_file *multipart_file_find(const struct multipart *m, const char *field); /* NULL: none */
