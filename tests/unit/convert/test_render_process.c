/* The same through the real, confined process: the sandbox lets the libraries work, limits end a job with an answer,
 * and the next job works. */
#include "files.h"
#include "starter.h"
#include "base/clock.h"
#include "ipc/peer.h"
#include "server/convert/start_i.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILE_MAX = 16 << 20 };
static struct convert *the_convert;
static struct starter starter;

static int start(void **state)
{
	(void)state;
	if (starter_open(&starter) != 0)
		return -1;
	return convert_new(starter.socket, &the_convert) == ERR_OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	convert_free(the_convert);
	starter_close(&starter);
	return 0;
}

static int memory_file(struct span file)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	assert_true(fd >= 0);
	for (struct span s = file; s.len > 0;) {
		ssize_t n = write(fd, s.ptr, s.len);
		assert_true(n > 0);
		s = span_sub(s, (size_t)n, s.len);
	}
	return fd;
}

static enum err run(struct span file, bool pdf, const struct convert_limits *limits, size_t *ret_pages)
{
	struct rendering r;
	int fd = memory_file(file);
	int64_t from = clock_mono_ms();
	enum err e = convert_render(the_convert, pdf, fd, limits, &r);
	print_message("# %zu octets: %s in %d ms %s\n", file.len, err_name(e), (int)(clock_mono_ms() - from),
	              e != ERR_OK ? err_detail() : "");
	(void)close(fd);
	if (e == ERR_OK) {
		*ret_pages = r.n;
		rendering_done(&r);
	}
	return e;
}

static void test_good(void **state)
{
	(void)state;
	struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	size_t n = 0;
	limits.wait_ms = 60000;
	limits.cpu_sec = 60; /* sanitizers are slow */
	for (int k = 0; k < 7; k++) {
		AUTO_BUF(file, FILE_MAX);
		AUTO_BUF(locked, FILE_MAX);
		if (k == 0)
			file_png(5000, 3000, PNG_PLAIN, &file);
		else if (k == 1)
			file_jpeg(4000, 3000, JPG_PROGRESSIVE, 6, &file);
		else
			file_pdf(&(struct pdf_parts){.pages = k == 2 ? 1 : 50}, &file);
		/* Decrypted behind the filter: whatever the library wants for that, it does without files. */
		if (k >= 4)
			file_lock(buf_span(&file), k - 4, "", &locked);
		assert_int_equal(run(buf_span(k >= 4 ? &locked : &file), k >= 2, &limits, &n), ERR_OK);
		assert_int_equal(n, k < 2 ? 2 : k == 2 ? 1 : 50);
	}
}

static void test_refused(void **state)
{
	(void)state;
	const struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	size_t n = 77;
	AUTO_BUF(script, FILE_MAX);
	AUTO_BUF(font, FILE_MAX);
	file_pdf(&(struct pdf_parts){.pages = 1, .catalog = "/OpenAction<</S/JavaScript/JS(x)>>"}, &script);
	/* Libraries would look for a font; the files are closed to them, and the document is refused for it. */
	file_pdf(
		&(struct pdf_parts){.pages = 1,
	                            .page = "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>",
	                            .content = "BT /F1 24 Tf 60 700 Td (x) Tj ET"},
		&font);
	assert_int_equal(run(buf_span(&script), true, &limits, &n), ERR_PDF_ACTIVE);
	assert_int_equal(run(buf_span(&font), true, &limits, &n), ERR_PDF_FONTS);
	assert_int_equal(run(SPAN_LIT("%PDF-1.7 garbage"), true, &limits, &n), ERR_PDF_DAMAGED);
	assert_int_equal(run(SPAN_LIT("garbage"), true, &limits, &n), ERR_PDF_NOT);
	assert_int_equal(run(SPAN_LIT("garbage"), false, &limits, &n), ERR_PICTURE_NOT);
	assert_int_equal(run(buf_span(&script), false, &limits, &n), ERR_PICTURE_NOT);
	assert_int_equal(n, 77);
	err_clear();
}

/* A page that never gets drawn: a pattern of patterns costs processor time without end. */
static void slow_file(struct buf *out)
{
	AUTO_BUF(content, 1 << 15);
	AUTO_BUF(many, 12000);
	static char x0[16384], x1[16384];
	for (int i = 0; i < 1000; i++)
		buf_str(&content, "/X0 Do ");
	for (int i = 0; i < 1500; i++)
		buf_str(&many, "/X1 Do ");
	(void)snprintf(
		x0, sizeof(x0),
		"<</Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</X1 301 0 R>>>>/Length %zu>>\nstream\n%s\nendstream",
		many.len, buf_cstr(&many));
	(void)snprintf(x1, sizeof(x1),
	               "<</Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<<>>/Length 47>>\nstream\n"
	               "0 0 m 595 842 l 0 842 l 595 0 l 300 500 l f*    \nendstream");
	file_pdf(&(struct pdf_parts){.pages = 1,
	                             .page = "/Resources<</XObject<</X0 300 0 R>>>>",
	                             .content = buf_cstr(&content),
	                             .more = {x0, x1}},
	         out);
}

static void test_limits(void **state)
{
	(void)state;
	struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	AUTO_BUF(large, FILE_MAX);
	AUTO_BUF(small, FILE_MAX);
	AUTO_BUF(slow, FILE_MAX);
	slow_file(&slow);
	size_t n = 0;
	file_png(6000, 6000, PNG_PLAIN, &large);
	file_png(60, 60, PNG_PLAIN, &small);
#ifndef __SANITIZE_ADDRESS__    /* there the limit is left out (sandbox/user.c) */
	limits.memory_mb = 170; /* enough to start */
	assert_int_equal(run(buf_span(&large), false, &limits, &n), ERR_CONVERT);
	err_clear();
#endif
	limits = CONVERT_LIMITS_DEFAULT;
	limits.render.input_bytes = 100;
	assert_int_equal(run(buf_span(&small), false, &limits, &n), ERR_PICTURE_LIMIT);
	err_clear();
	limits = CONVERT_LIMITS_DEFAULT;
	limits.cpu_sec = 1;
	assert_int_equal(run(buf_span(&slow), true, &limits, &n), ERR_CONVERT);
	err_clear();
	limits = CONVERT_LIMITS_DEFAULT;
	limits.wait_ms = 100;
	assert_int_equal(run(buf_span(&slow), true, &limits, &n), ERR_TIMEOUT);
	err_clear();
	limits = CONVERT_LIMITS_DEFAULT;
	assert_int_equal(run(buf_span(&small), false, &limits, &n), ERR_OK);
	assert_int_equal(n, 2);
}

/* One message to the starter that is no job; what came along with it must not stay open there. */
static void send_spoilt(size_t bytes, uint64_t kind, size_t n_fds)
{
	int ends[2], fds[2];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(fds))];
	} control = {0};
	uint64_t words[64] = {kind};
	uint8_t octet;
	size_t n = 1;
	assert_int_equal(pipe(ends), 0);
	fds[0] = fds[1] = ends[1];
	struct iovec iov = {words, bytes};
	struct msghdr m = {.msg_iov = &iov,
	                   .msg_iovlen = 1,
	                   .msg_control = control.bytes,
	                   .msg_controllen = CMSG_SPACE(sizeof(int) * n_fds)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
	memcpy(CMSG_DATA(h), fds, sizeof(int) * n_fds);
	int sock;
	assert_int_equal(peer_connect(starter.socket, 1000, &sock), ERR_OK);
	assert_int_equal(sendmsg(sock, &m, MSG_NOSIGNAL), (ssize_t)bytes);
	(void)close(sock);
	(void)close(ends[1]);
	assert_int_equal(job_read(ends[0], clock_mono_ms() + 5000, &octet, 1, &n), ERR_OK);
	assert_int_equal(n, 0);
	(void)close(ends[0]);
}

static void test_hostile_portal(void **state)
{
	(void)state;
	const struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	size_t n = 0;
	AUTO_BUF(small, FILE_MAX);
	send_spoilt(sizeof(struct job), CONVERT_KIND_COUNT, 2);
	send_spoilt(sizeof(struct job), UINT64_MAX, 2);
	send_spoilt(sizeof(struct job), CONVERT_PICTURE, 1);
	send_spoilt(sizeof(struct job), CONVERT_PICTURE, 2); /* numbers that are out of range */
	send_spoilt(sizeof(struct job) - 1, CONVERT_PICTURE, 2);
	send_spoilt(sizeof(struct job) + 8, CONVERT_PICTURE, 2);
	send_spoilt(1, CONVERT_PICTURE, 1);
	file_png(60, 60, PNG_PLAIN, &small);
	assert_int_equal(run(buf_span(&small), false, &limits, &n), ERR_OK);
	assert_int_equal(n, 2);
}

/* The starter dies while a job runs: the job goes too, long before its limits, and what comes meanwhile waits for the
 * next one. */
static void *start_later(void *arg)
{
	(void)poll(NULL, 0, 300);
	assert_int_equal(starter_start(arg), 0);
	return NULL;
}

static void test_starter_killed(void **state)
{
	(void)state;
	struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	uint8_t octets[1024];
	struct started job;
	size_t n = 1;
	AUTO_BUF(slow, FILE_MAX);
	slow_file(&slow);
	limits.cpu_sec = 60;
	int fd = memory_file(buf_span(&slow));
	assert_int_equal(job_start(the_convert, fd, CONVERT_PDF, &limits, &job), ERR_OK);
	/* it draws */
	assert_int_equal(job_read(job.out, clock_mono_ms() + 1000, octets, sizeof(octets), &n), ERR_TIMEOUT);
	err_clear();
	starter_kill(&starter);
	while (n > 0)
		assert_int_equal(job_read(job.out, clock_mono_ms() + 4000, octets, sizeof(octets), &n), ERR_OK);
	assert_int_equal(job_end(the_convert, &job, ERR(CONVERT, "no answer")), ERR_UNAVAILABLE);
	err_clear();
	(void)close(fd);
	assert_int_equal(convert_check(the_convert), ERR_UNAVAILABLE);
	err_clear();
	pthread_t t;
	assert_int_equal(pthread_create(&t, NULL, start_later, &starter), 0);
	limits = CONVERT_LIMITS_DEFAULT;
	AUTO_BUF(small, FILE_MAX);
	file_png(60, 60, PNG_PLAIN, &small);
	assert_int_equal(run(buf_span(&small), false, &limits, &n), ERR_OK);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_int_equal(convert_check(the_convert), ERR_OK);
}

/* A connection that says nothing, and one that goes at once, keep the next job only a moment. */
static void test_silent_peer(void **state)
{
	(void)state;
	const struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	size_t n = 0;
	int silent, gone;
	AUTO_BUF(small, FILE_MAX);
	assert_int_equal(peer_connect(starter.socket, 1000, &silent), ERR_OK);
	assert_int_equal(peer_connect(starter.socket, 1000, &gone), ERR_OK);
	(void)close(gone);
	file_png(60, 60, PNG_PLAIN, &small);
	assert_int_equal(run(buf_span(&small), false, &limits, &n), ERR_OK);
	(void)close(silent);
}

/* A starter that stands still is as missing as one that is dead, and that is not the file's fault. */
static void test_starter_stands_still(void **state)
{
	(void)state;
	const struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	size_t n = 0;
	AUTO_BUF(small, FILE_MAX);
	file_png(60, 60, PNG_PLAIN, &small);
	assert_int_equal(kill(starter.pid, SIGSTOP), 0);
	int64_t from = clock_mono_ms();
	enum err checked = convert_check(the_convert);
	int64_t took = clock_mono_ms() - from;
	err_clear();
	enum err e = run(buf_span(&small), false, &limits, &n);
	err_clear();
	assert_int_equal(kill(starter.pid, SIGCONT), 0);
	assert_int_equal(checked, ERR_UNAVAILABLE);
	assert_in_range(took, 900, 3000);
	assert_int_equal(e, ERR_UNAVAILABLE);
	assert_int_equal(convert_check(the_convert), ERR_OK);
	assert_int_equal(run(buf_span(&small), false, &limits, &n), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good),
	                                   cmocka_unit_test(test_refused),
	                                   cmocka_unit_test(test_limits),
	                                   cmocka_unit_test(test_hostile_portal),
	                                   cmocka_unit_test(test_silent_peer),
	                                   cmocka_unit_test(test_starter_stands_still),
	                                   cmocka_unit_test(test_starter_killed)};
	return cmocka_run_group_tests(tests, start, stop);
}
