/* clock, file, log: what base does with the system */
#include "check.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char dir[] = "/tmp/yx-system-XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[4][256];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static void clock_has_an_offset(void **state)
{
	AUTO(clock) real = NULL;
	AUTO(clock) none = NULL;
	AUTO(clock) moved = NULL;
	struct clock *bad = NULL;
	const char *path = in_dir("clock");

	(void)state;
	assert_ok(clock_open(NULL, &real));
	assert_ok(clock_open(path, &none));
	assert_true(llabs(clock_now(NULL) - (int64_t)time(NULL)) <= 1);
	assert_true(llabs(clock_now(none) - clock_now(real)) <= 1);
	assert_ok(clock_set_offset(path, 86400));
	assert_ok(clock_open(path, &moved));
	assert_true(llabs(clock_now(moved) - clock_now(real) - 86400) <= 1);
	assert_ok(clock_set_offset(path, -5000000)); /* seen through the open mapping */
	assert_true(llabs(clock_now(moved) - clock_now(real) + 5000000) <= 1);
	assert_err(clock_set_offset(path, INT64_MAX), ERR_LIMIT, "absurd offset");
	assert_ok(file_replace(path, SPAN_LIT("short"), 0644));
	assert_err(clock_open(path, &bad), ERR_CONFIG, "damaged clock file");
	assert_null(bad);
	int64_t before = clock_mono_ms();
	usleep(20000);
	assert_in_range(clock_mono_ms() - before, 19, 5000);
	unlink(path);
	err_clear();
}

static size_t entries(void)
{
	size_t n = 0;
	DIR *d = opendir(dir);

	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void files(void **state)
{
	AUTO_BUF(out, 10);
	const char *path = in_dir("f");
	struct stat st;

	(void)state;
	assert_err(file_read(path, &out), ERR_ABSENT, "absent");
	assert_false(file_exists(path));
	assert_ok(file_replace(path, SPAN_LIT("0123456789"), 0640));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_ok(file_read(path, &out));
	assert_string_equal(buf_cstr(&out), "0123456789");
	buf_clear(&out);
	assert_ok(file_replace(path, SPAN_LIT("0123456789a"), 0600));
	assert_err(file_read(path, &out), ERR_LIMIT, "longer than the buffer");
	assert_int_equal(out.len, 0);
	buf_clear(&out);
	assert_err(file_read(dir, &out), ERR_IO, "a folder");
	assert_err(file_replace(in_dir("absent/f"), SPAN_LIT("x"), 0600), ERR_ABSENT, "no folder");
	assert_err(file_replace(dir, SPAN_LIT("x"), 0600), ERR_IO, "over a folder");
	assert_int_equal(entries(), 1); /* no temporary file is left */
	assert_int_equal(unlink(path), 0);
	err_clear();
}

static void secret_files(void **state)
{
	AUTO(secret) s = NULL;
	const char *path = in_dir("key");

	(void)state;
	assert_ok(file_replace(path, SPAN_LIT("0123456789"), 0600));
	assert_err(file_read_secret(path, 9, &s), ERR_LIMIT, "too long");
	assert_null(s);
	assert_ok(file_read_secret(path, 10, &s));
	assert_true(ct_equal(secret_span(s), SPAN_LIT("0123456789")));
	secret_free(STEAL(s));
	assert_ok(file_read_secret(path, 100, &s));
	assert_int_equal(secret_len(s), 10);
	secret_free(STEAL(s));
	assert_ok(file_replace(path, SPAN_EMPTY, 0600));
	assert_err(file_read_secret(path, 10, &s), ERR_LIMIT, "empty");
	unlink(path);
	assert_err(file_read_secret(path, 10, &s), ERR_ABSENT, "absent");
	err_clear();
}

static void folders(void **state)
{
	struct stat st;

	(void)state;
	assert_ok(file_mkdir(in_dir("a/b//c/"), 0700));
	assert_int_equal(stat(in_dir("a/b/c"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_ok(file_mkdir(in_dir("a/b/c"), 0700));
	assert_ok(file_replace(in_dir("a/file"), SPAN_LIT("x"), 0600));
	assert_err(file_mkdir(in_dir("a/file"), 0700), ERR_IO, "a file is in the way");
	assert_true(file_mkdir(in_dir("a/file/d"), 0700) != ERR_OK);
	unlink(in_dir("a/file"));
	rmdir(in_dir("a/b/c"));
	rmdir(in_dir("a/b"));
	rmdir(in_dir("a"));
	err_clear();
}

/* --- log: stderr goes to a file for the time of one function --- */

static void captured(void (*fn)(void), struct buf *out)
{
	const char *path = in_dir("log");
	int saved = dup(STDERR_FILENO), fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);

	assert_true(saved >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	fn();
	dup2(saved, STDERR_FILENO);
	close(fd);
	close(saved);
	buf_clear(out);
	assert_ok(file_read(path, out));
	unlink(path);
}

static void write_lines(void)
{
	log_open("test", LOG_INFO);
	log_rid("8f3aXYZ");
	LOG(DEBUG, "unseen", {"a", "b"});
	LOG(INFO, "login", {"user", "u-1"}, {"text", "a b"}, {"none", NULL}, {"empty", ""});
	LOG(WARN, "forged", {"text", "x\" ev=ok\nt=1 \\ \x1B[2J \xE2\x80\xAE \xFF 证"});
	log_rid(NULL);
	(void)ERR(PIN_WRONG, "3 left");
	log_err("card", ERR_PIN_WRONG);
	log_err("bug", ERR_INTERNAL);
}

static void log_escapes(void **state)
{
	AUTO_BUF(out, 65536);
	struct span rest, line[8];
	size_t n = 0;

	(void)state;
	captured(write_lines, &out);
	rest = buf_span(&out);
	while (n < COUNT_OF(line) && span_take_until(&rest, '\n', &line[n]))
		n++;
	assert_int_equal(n, 4);
	assert_int_equal(rest.len, 0);
	assert_true(text_is_utf8(buf_span(&out)));
	assert_null(strchr(buf_cstr(&out), 0x1B));
	assert_true(span_eq_str(span_sub(line[0], 23, 1000),
	                        "lvl=info prog=test rid=8f3a ev=login user=u-1 text=\"a b\" empty=\"\""));
	assert_true(span_eq_str(span_sub(line[1], 23, 1000),
	                        "lvl=warn prog=test rid=8f3a ev=forged "
	                        "text=\"x\\\" ev=ok\\nt=1 \\\\ \\u{1b}[2J \\u{202e} \\xff 证\""));
	assert_non_null(strstr(buf_cstr(&out), "lvl=warn prog=test ev=card code=K-002 err=PIN_WRONG detail=\"3 left\" "
	                                       "at=test_system.c:"));
	assert_true(span_eq_str(span_sub(line[3], 23, 1000), "lvl=error prog=test ev=bug code=S-006 err=INTERNAL"));
	assert_string_equal(err_detail(), "");
}

static void write_long(void)
{
	static char big[20000];

	memset(big, ' ', sizeof(big) - 1);
	LOG(INFO, "long", {"text", big}, {"after", "x"});
	memset(big, 'x', sizeof(big) - 1);
	LOG(INFO, "long", {"text", big}, {"after", "x"});
	for (size_t i = 0; i + 3 < sizeof(big); i += 3)
		memcpy(big + i, "证", 3);
	LOG(INFO, "long", {"text", big});
}

static void log_lines_have_a_limit(void **state)
{
	AUTO_BUF(out, 65536);
	struct span rest, line;
	size_t n = 0;

	(void)state;
	captured(write_long, &out);
	assert_true(text_is_utf8(buf_span(&out)));
	rest = buf_span(&out);
	while (span_take_until(&rest, '\n', &line)) {
		assert_true(line.len < 4096);
		assert_true(span_eq_str(span_sub(line, line.len - 6, 6), " cut=1"));
		n++;
	}
	assert_int_equal(n, 3);
}

/* Around the limit: the closing quote of one value must leave the bound of the next in force. */
static void write_to_the_brim(void)
{
	char value[4200];

	for (size_t len = 3900; len < sizeof(value); len++) {
		memset(value, 'x', len);
		value[0] = ' ';
		value[len] = '\0';
		LOG(INFO, "brim", {"text", value}, {"after", value}, {"more", value});
	}
}

static void log_lines_end_at_the_brim(void **state)
{
	AUTO_BUF(out, 4 << 20);
	struct span rest, line;
	size_t n = 0;

	(void)state;
	captured(write_to_the_brim, &out);
	rest = buf_span(&out);
	for (; span_take_until(&rest, '\n', &line); n++)
		assert_true(line.len < 4096 && span_eq_str(span_sub(line, line.len - 6, 6), " cut=1"));
	assert_int_equal(n, 300);
}

static void *write_many(void *arg)
{
	log_rid(arg);
	for (int i = 0; i < 500; i++)
		LOG(INFO, "many", {"text", "some words to be torn apart"});
	return NULL;
}

static void write_threads(void)
{
	static char rids[4][3] = {"a1", "b2", "c3", "d4"};
	pthread_t t[4];

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, write_many, rids[i]), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
}

static void log_lines_are_whole(void **state)
{
	AUTO_BUF(out, 1 << 20);
	struct span rest, line;
	size_t n = 0;

	(void)state;
	captured(write_threads, &out);
	rest = buf_span(&out);
	while (span_take_until(&rest, '\n', &line)) {
		assert_int_equal(line.len, strlen("t=2026-11-22T03:04:05Z lvl=info prog=test rid=a1 ev=many "
		                                  "text=\"some words to be torn apart\""));
		n++;
	}
	assert_int_equal(n, 2000);
}

static int enter_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int leave_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_has_an_offset),
		cmocka_unit_test(files),
		cmocka_unit_test(secret_files),
		cmocka_unit_test(folders),
		cmocka_unit_test(log_escapes),
		cmocka_unit_test(log_lines_have_a_limit),
		cmocka_unit_test(log_lines_end_at_the_brim),
		cmocka_unit_test(log_lines_are_whole),
	};

	return cmocka_run_group_tests_name("base/system", tests, enter_dir, leave_dir);
}
