/* Files from outside, parsed where a parser's fault does no harm: yinxin-convert, one process a job, no socket, no
 * path, no memory of the portal (docs/protocol/convert.md).
 *
 * The portal may neither fork nor start programs. "yinxin-convert serve" does it: a process beside the portal,
 * supervised like every part, which waits at a socket; for each job it passes the input and the output's pipe to a new
 * yinxin-convert. A job is sent when the starter is back, if that is soon. Several threads may use one struct convert.
 *
 * The answer is typed lines (spreadsheets) or frames (pictures, documents), checked here again: the process that parsed
 * a hostile file is not believed. Errors a caller may show: ERR_XLSX_*, ERR_PICTURE_*, ERR_PDF_*, ERR_CONVERT (died by
 * its limits or said what cannot be), ERR_TIMEOUT, ERR_UNAVAILABLE (no starter, none that answers, or it died with the
 * job). */
#pragma once
#include "server/convert/render.h"
#include "server/convert/xlsx.h"
#include <sys/types.h>

struct convert;
struct convert_limits {
	struct xlsx_limits xlsx;
	unsigned cpu_sec, memory_mb;
	int wait_ms; /* for the whole job */
	struct render_limits render;
};
#define CONVERT_LIMITS_DEFAULT ((struct convert_limits){XLSX_LIMITS_DEFAULT, 10, 512, 20000, RENDER_LIMITS_DEFAULT})
enum convert_kind { CONVERT_XLSX, CONVERT_PICTURE, CONVERT_PDF, CONVERT_KIND_COUNT };

enum err convert_new(const char *socket_path, struct convert **ret_c) MUST_CHECK;
void convert_free(struct convert *c);
/* ERR_UNAVAILABLE: nobody is at the socket, or answers within a second */
enum err convert_check(const struct convert *c) MUST_CHECK;
/* The starter, in "yinxin-convert serve": only peers of these users are heard. program_fd: yinxin-convert. Returns on
 * failure. */
enum err convert_serve(int listener, int program_fd, const uid_t *uids, size_t n) MUST_CHECK;
DEFINE_AUTO(convert)

/* fd: a memfd or file at its beginning; stays the caller's. Rows arrive while the job runs; an error of the sink ends
 * it. What came before a refusal is to be thrown away. */
enum err convert_xlsx(struct convert *c, int fd, const struct convert_limits *limits, const struct xlsx_sink *sink,
                      struct xlsx_summary *ret_s) MUST_CHECK;
/* A picture or a document as pictures. *ret_r is owned by the caller, rendering_done; untouched on failure. */
enum err convert_render(struct convert *c, bool pdf, int fd, const struct convert_limits *limits,
                        struct rendering *ret_r) MUST_CHECK;
static inline void rendering_done(struct rendering *r)
{
	buf_done(&r->bytes);
}

/* --- the wire, for both ends --- */
enum { CONVERT_LINE_MAX = 1 << 20 };
enum err wire_put_row(struct buf *out, bool head, int64_t row, const struct cell *cells, size_t n) MUST_CHECK;
enum err wire_put_end(struct buf *out, const struct xlsx_summary *s) MUST_CHECK;
enum err wire_put_refused(struct buf *out, enum err e, const char *detail) MUST_CHECK;
/* One line: hands rows to the sink, sets *ret_end on the end line, returns the error of a refusal. ERR_CONVERT when the
 * line is not one. */
struct wire_state {
	const struct xlsx_limits *limits;
	bool headed;
	int64_t last_row, rows;
	size_t n_head;
};
enum err wire_line(struct wire_state *w, struct span line, const struct xlsx_sink *sink, struct xlsx_summary *s,
                   bool *ret_end) MUST_CHECK;
/* Arguments of the program: "xlsx ROWS COLS CELL STRINGS SHEETS INFLATED CPU MEMORY",
 * "picture|pdf PIXELS SIDE LARGE PREVIEW PAGES INPUT CPU MEMORY". */
enum { CONVERT_ARGC = 10 };
const char *convert_kind_name(enum convert_kind k);
/* ERR_USAGE */
enum err convert_args(int argc, char **argv, enum convert_kind *ret_k, struct convert_limits *ret_l) MUST_CHECK;
