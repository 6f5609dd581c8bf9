/* The program yinxin-verify, as a stranger runs it: what it prints, how it ends, and that it needs nothing of the
 * machine. */
#include "hall.h"
#include "base/file.h"
#include "evidence/receipt_make.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *program;
static struct hall h;
static char receipt[260], spoiled[260], cell[220];

/* A folder with the program and two receipts, and nothing else. */
static void furnish(const struct buf *bad)
{
	char path[300];
	AUTO_BUF(octets, 64 << 20);

	(void)snprintf(cell, sizeof(cell), "%s/cell", h.dir);
	assert_int_equal(mkdir(cell, 0755), 0);
	OK(file_read(program, &octets));
	(void)snprintf(path, sizeof(path), "%s/yinxin-verify", cell);
	OK(file_replace(path, buf_span(&octets), 0755));
	(void)snprintf(path, sizeof(path), "%s/bad.yxr", cell);
	OK(file_replace(path, buf_span(bad), 0644));
	buf_clear(&octets);
	OK(file_read(receipt, &octets));
	(void)snprintf(path, sizeof(path), "%s/good.yxr", cell);
	OK(file_replace(path, buf_span(&octets), 0644));
}

static int set_up(void **state)
{
	AUTO_BUF(file, RECEIPT_MAX);

	(void)state;
	hall_open(&h);
	hall_act(&h, &h.clerk, "case-1", NULL);
	/* what a terminal would obey: erase a line (7-bit and 8-bit control), write from right to left */
	hall_append(&h, &(struct log_what){.kind = "TICK",
	                                   .subject = "case-1",
	                                   .rule = "timer:test",
	                                   .time = clock_now(h.clock),
	                                   .statement = SPAN_LIT("甲\x1b[2K\xc2\x9b"
	                                                         "2K\xe2\x80\xae乙\n末行")});
	(void)hall_sequence(&h);
	const struct receipt_of what = {"case-1", h.keys, cert_der(h.root.cert), cert_der(h.ca.cert),
	                                cert_der(h.log.cert)};
	OK(receipt_make(h.store, &what, &file));
	(void)snprintf(receipt, sizeof(receipt), "%s/good.yxr", h.dir);
	(void)snprintf(spoiled, sizeof(spoiled), "%s/bad.yxr", h.dir);
	OK(file_replace(receipt, buf_span(&file), 0644));
	file.ptr[file.len / 2] ^= 1;
	OK(file_replace(spoiled, buf_span(&file), 0644));
	furnish(&file);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hall_close(&h);
	return 0;
}

/* In the cell alone, when we may: nothing outside of it is there for the program then. */
static void child(int out, char *const argv[], bool confined)
{
	static char *const env[] = {NULL};
	const char *path = confined ? "/yinxin-verify" : program;

	if (dup2(out, 1) < 0 || dup2(out, 2) < 0 || (confined && (chroot(cell) != 0 || chdir("/") != 0)))
		_exit(99);
	execve(path, argv, env);
	_exit(98);
}

static int run(char *const argv[], bool confined, char *ret_text, size_t size)
{
	int fds[2], status = 0;
	size_t n = 0;
	ssize_t got;

	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child(fds[1], argv, confined);
	close(fds[1]);
	while ((got = read(fds[0], ret_text + n, size - 1 - n)) > 0)
		n += (size_t)got;
	ret_text[n] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect(char *const argv[], bool confined, int status, const char *says)
{
	char text[8192];
	int got = run(argv, confined, text, sizeof(text));

	if (got != status || strstr(text, says) == NULL)
		fail_msg("%s %s: status %d, said %s", argv[0], argv[1] ? argv[1] : "", got, text);
}

static void verdicts(void **state)
{
	static char wrong[65] = "0000000000000000000000000000000000000000000000000000000000000000";

	(void)state;
	expect((char *[]){"v", receipt, "--root", h.bureau, NULL}, false, 0, "结论: 回执有效");
	expect((char *[]){"v", "--root", h.bureau, receipt, NULL}, false, 0, "第1项 证书冻结");
	expect((char *[]){"v", receipt, "--text", "--root", h.bureau, NULL}, false, 0,
	       "\n    reason: 持有人报失\n[通过] 第1项");
	expect((char *[]){"v", receipt, "--text", "--root", h.bureau, NULL}, false, 0,
	       "\n    甲?[2K?2K?乙\n    末行\n[通过] 第2项");
	expect((char *[]){"v", receipt, NULL}, false, 1, "根证书未确认");
	expect((char *[]){"v", receipt, "--root", wrong, NULL}, false, 1, "[不符] 根证书");
	expect((char *[]){"v", spoiled, "--root", h.bureau, NULL}, false, 1, "结论: 回执无效");
	expect((char *[]){"v", "/nowhere.yxr", "--root", h.bureau, NULL}, false, 1, "S-008");
}

/* A file as long as a receipt may be is looked at; one octet more is told by code, cause and remedy. */
static void longest(void **state)
{
	char path[260];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/long.yxr", h.dir);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, RECEIPT_MAX), 0);
	expect((char *[]){"v", path, "--root", h.bureau, NULL}, false, 1, "C-042");
	assert_int_equal(ftruncate(fd, RECEIPT_MAX + 1), 0);
	expect((char *[]){"v", path, "--root", h.bureau, NULL}, false, 1, "内容超过规定的长度(S-003)");
	(void)close(fd);
}

static void usage(void **state)
{
	(void)state;
	expect((char *[]){"v", NULL}, false, 2, "wrong usage");
	expect((char *[]){"v", receipt, receipt, NULL}, false, 2, "wrong usage");
	expect((char *[]){"v", receipt, "--root", NULL}, false, 2, "wrong usage");
	expect((char *[]){"v", receipt, "--root", "12", NULL}, false, 2, "F-001");
	expect((char *[]){"v", receipt, "--frob", NULL}, false, 2, "--frob");
	expect((char *[]){"v", "--help", NULL}, false, 0, "--root HEX");
	expect((char *[]){"v", "--version", NULL}, false, 0, "yinxin-verify");
}

static void empty_chroot(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	print_message("# skipped: a sanitized program is not static\n");
	return;
#endif
	if (geteuid() != 0) {
		print_message("# skipped: chroot needs root\n");
		return;
	}
	expect((char *[]){"v", "/good.yxr", "--root", h.bureau, NULL}, true, 0, "结论: 回执有效");
	expect((char *[]){"v", "/bad.yxr", "--root", h.bureau, NULL}, true, 1, "结论: 回执无效");
	expect((char *[]){"v", "/good.yxr", NULL}, true, 1, "根证书未确认");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(verdicts), cmocka_unit_test(usage),
	                                   cmocka_unit_test(longest), cmocka_unit_test(empty_chroot)};

	if (argc != 2)
		return 2;
	program = argv[1];
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
