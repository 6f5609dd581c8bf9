/* A picture or document handed over, its frames taken and checked as a whole. */
#include "server/convert/start_i.h"
#include "base/clock.h"

enum { READ_BYTES = 1 << 16, FRAMES_MAX = RENDER_BYTES_MAX + (RENDER_PAGES_MAX + 3) * 16 };

static enum err read_answer(int fd, int64_t deadline_ms, struct buf *out)
{
	uint8_t bytes[READ_BYTES];
	for (;;) {
		size_t n;
		TRY(job_read(fd, deadline_ms, bytes, sizeof(bytes), &n));
		if (n == 0)
			return ERR_OK;
		buf_put(out, span_of(bytes, n));
		if (buf_err(out) == ERR_LIMIT) {
			err_clear();
			return ERR(CONVERT, "answer past the maximum");
		}
		TRY(buf_err(out));
	}
}

enum err convert_render(struct convert *c, bool pdf, int fd, const struct convert_limits *limits,
                        struct rendering *ret_r)
{
	struct started job;
	int64_t deadline = clock_mono_ms() + limits->wait_ms;
	AUTO_BUF(answer, FRAMES_MAX);
	struct rendering r = {.bytes = buf_make(RENDER_BYTES_MAX)};
	TRY(job_start(c, fd, pdf ? CONVERT_PDF : CONVERT_PICTURE, limits, &job));
	enum err e = read_answer(job.out, deadline, &answer);
	if (e == ERR_OK)
		e = rendering_parse(buf_span(&answer), pdf, &limits->render, &r);
	e = job_end(c, &job, e);
	if (e != ERR_OK) {
		rendering_done(&r);
		return e;
	}
	*ret_r = r;
	return ERR_OK;
}
