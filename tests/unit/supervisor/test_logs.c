/* The supervisor's log files: bounded, whole lines, none lost between the kept ones. */
#include "base/file.h"
#include "check.h"
#include "cmd/logs.h"
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIMIT = LOGS_KIB_MIN * 1024, LINE_MAX_BYTES = 300, LINES = 2000 };
static const char *const NAMES[] = {"one", "two"};
static struct bureau bureau;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int prepare(void **state)
{
	char path[BUREAU_PATH_MAX + 8];

	(void)state;
	snprintf(bureau.data, sizeof(bureau.data), "/tmp/yx-logs-XXXXXX");
	assert_non_null(mkdtemp(bureau.data));
	snprintf(path, sizeof(path), "%s/log", bureau.data);
	setenv("YINXIN_LOG_KIB", "16", 1);
	return mkdir(path, 0700);
}

static int finish(void **state)
{
	(void)state;
	return nftw(bureau.data, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void path_of(const char *name, int number, char ret[BUREAU_PATH_MAX + 32])
{
	snprintf(ret, BUREAU_PATH_MAX + 32, number ? "%s/log/%s.log.%d" : "%s/log/%s.log", bureau.data, name, number);
}

/* "0000017 xxx…\n", of changing length. */
static size_t make_line(char line[LINE_MAX_BYTES + 1], int i)
{
	size_t len = 9 + (size_t)(i * 37 % 250);

	memset(line, 'x', len);
	snprintf(line, 9, "%07d", i);
	line[7] = ' ';
	line[len - 1] = '\n';
	return len;
}

/* Some lines go in two pieces, as a process writes that does not build them whole. */
static void write_lines(int fd, int n)
{
	char line[LINE_MAX_BYTES + 1];

	for (int i = 0; i < n; i++) {
		size_t len = make_line(line, i), first = i % 5 == 0 ? len / 2 : len;
		assert_int_equal(write(fd, line, first), (ssize_t)first);
		if (first < len)
			assert_int_equal(write(fd, line + first, len - first), (ssize_t)(len - first));
	}
}

static void check_file(struct span text, int *next)
{
	struct span line;
	char want[LINE_MAX_BYTES + 1];

	assert_true(text.len <= LIMIT + LINE_MAX_BYTES);
	while (span_take_until(&text, '\n', &line)) {
		int number = 0;
		for (size_t k = 0; k < 7 && k < line.len; k++)
			number = number * 10 + (line.ptr[k] - '0');
		if (*next < 0)
			*next = number;
		assert_int_equal(number, *next);
		size_t len = make_line(want, number);
		assert_true(span_eq(line, span_of(want, len - 1)));
		(*next)++;
	}
	assert_int_equal(text.len, 0);
}

static void kept_lines_are_whole_and_in_order(void **state)
{
	char path[BUREAU_PATH_MAX + 32];
	struct stat st;
	int next = -1;
	AUTO(logs) l = NULL;

	(void)state;
	assert_ok(logs_new(&bureau, NAMES, COUNT_OF(NAMES), &l));
	write_lines(logs_fd(l, 0), LINES);
	write_lines(logs_fd(l, 1), 3);
	logs_free(STEAL(l));
	for (int i = LOGS_KEPT; i >= 0; i--) {
		AUTO_BUF(text, 1 << 20);
		path_of("one", i, path);
		assert_ok(file_read(path, &text));
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		check_file(buf_span(&text), &next);
	}
	assert_int_equal(next, LINES); /* to the last one */
	path_of("one", LOGS_KEPT + 1, path);
	assert_false(file_exists(path));
	path_of("two", 1, path);
	assert_false(file_exists(path));
}

/* A file of a former run is gone on with. */
static void a_second_start_appends(void **state)
{
	char path[BUREAU_PATH_MAX + 32];
	AUTO(logs) l = NULL;
	AUTO_BUF(text, 1 << 20);

	(void)state;
	assert_ok(logs_new(&bureau, NAMES, COUNT_OF(NAMES), &l));
	assert_int_equal(write(logs_fd(l, 1), "more\n", 5), 5);
	logs_free(STEAL(l));
	path_of("two", 0, path);
	assert_ok(file_read(path, &text));
	assert_non_null(strstr(buf_cstr(&text), "0000002 "));
	assert_true(text.len > 5 && memcmp(text.ptr + text.len - 5, "more\n", 5) == 0);
}

/* What cannot be written is dropped; who writes does not wait for ever. The limit stands for a full disk. */
static void a_full_disk_stops_nobody(void **state)
{
	struct rlimit before, none = {.rlim_cur = 0};
	AUTO(logs) l = NULL;

	(void)state;
	assert_ok(logs_new(&bureau, NAMES, COUNT_OF(NAMES), &l));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	write_lines(logs_fd(l, 1), LINES); /* far more than a pipe holds */
	logs_free(STEAL(l));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

static void drained(int fd)
{
	for (int left = 1; left > 0; usleep(1000))
		assert_int_equal(ioctl(fd, FIONREAD, &left), 0);
}

/* No file can be opened for a while: the older ones stay, each in its place, and lines are taken again when it can. */
static void a_lack_of_descriptors_drops_no_old_file(void **state)
{
	char path[BUREAU_PATH_MAX + 32];
	struct rlimit before, none = {.rlim_cur = 3}; /* what poll() needs */
	AUTO(logs) l = NULL;
	AUTO_BUF(text, 1 << 20);

	(void)state;
	assert_ok(logs_new(&bureau, NAMES, COUNT_OF(NAMES), &l));
	write_lines(logs_fd(l, 0), LINES);
	drained(logs_fd(l, 0));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	write_lines(logs_fd(l, 0), LINES);
	drained(logs_fd(l, 0));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(write(logs_fd(l, 0), "back\n", 5), 5);
	logs_free(STEAL(l));
	for (int i = LOGS_KEPT; i > 0; i--) {
		path_of("one", i, path);
		assert_true(file_exists(path));
	}
	path_of("one", 0, path);
	assert_ok(file_read(path, &text));
	assert_true(text.len >= 5 && memcmp(text.ptr + text.len - 5, "back\n", 5) == 0);
}

static void a_link_is_not_followed(void **state)
{
	char path[BUREAU_PATH_MAX + 32];
	AUTO(logs) l = NULL;

	(void)state;
	path_of("two", 0, path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_err(logs_new(&bureau, NAMES, COUNT_OF(NAMES), &l), ERR_IO, "a link");
	assert_int_equal(unlink(path), 0);
	err_clear();
}

static void a_wrong_size_is_refused(void **state)
{
	AUTO(logs) l = NULL;

	(void)state;
	setenv("YINXIN_LOG_KIB", "1", 1);
	assert_err(logs_new(&bureau, NAMES, COUNT_OF(NAMES), &l), ERR_CONFIG, "1 KiB");
	err_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_lines_are_whole_and_in_order),
		cmocka_unit_test(a_second_start_appends),
		cmocka_unit_test(a_full_disk_stops_nobody),
		cmocka_unit_test(a_lack_of_descriptors_drops_no_old_file),
		cmocka_unit_test(a_link_is_not_followed),
		cmocka_unit_test(a_wrong_size_is_refused),
	};
	return cmocka_run_group_tests(tests, prepare, finish);
}
