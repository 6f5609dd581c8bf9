#include "check.h"
#include "base/conf.h"
#include "base/file.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define S(lit) SPAN_LIT(lit)

static const struct conf_opt opts[] = {
	{"name", CONF_STR, "anonymous", 0, 0, NULL, "a name"},
	{"data", CONF_PATH, "var", 0, 0, NULL, "a folder"},
	{"port", CONF_INT, "8600", 1, 65535, NULL, "a port"},
	{"demo", CONF_BOOL, "no", 0, 0, NULL, "a switch"},
	{"pin", CONF_CHOICE, "web", 0, 0, "web|pinentry", "a choice"},
	{NULL},
};
static const struct conf_opt needs[] = {
	{"socket", CONF_PATH, NULL, 0, 0, NULL, "required"},
	{NULL},
};

struct row {
	struct span in;
	const char *why; /* NULL: accepted; else a part of the trail */
};

static const struct row rows[] = {
	{S(""), NULL},
	{S("\n\n# comment\n  # indented\n"), NULL},
	{S("name = 长沙 市\nport=1\n\tdata\t=\t/x y \ndemo = yes\npin = pinentry"), NULL},
	{S("name = # not a comment"), NULL},
	{S("name ="), NULL},
	{S("name = a=b"), NULL},
	{S("port"), "line 1: no \"=\""},
	{S("\n= 5\n"), "line 2: no key"},
	{S("# c\n\ncolour = red\n"), "line 3: no option is called \"colour\""},
	{S("Port = 5\n"), "line 1: no option"},
	{S("port = 1\nport = 1\n"), "line 2: port: given twice"},
	{S("port = 0\n"), "line 1: port: not a number from 1 to 65535"},
	{S("port = 65536\n"), "line 1: port"},
	{S("port = 08\n"), "line 1: port"},
	{S("port =\n"), "line 1: port"},
	{S("port = 1 # comment\n"), "line 1: port"},
	{S("demo = maybe\n"), "line 1: demo: neither yes nor no"},
	{S("pin = paper\n"), "line 1: pin: not one of web|pinentry"},
	{S("pin = web|pinentry\n"), "line 1: pin"},
	{S("pin = \n"), "line 1: pin"},
	{S("data = \n"), "line 1: data"},
	{S("name = x\r\n"), "line 1: name"},
	{S("name = a\tb\n"), "line 1: name"},
	{S("name = \xE2\x80\xAE"
           "x\n"),
         "line 1: name"},
	{S("name = \xFF\n"), "line 1: not valid UTF-8"},
	{S("# \xC0\xAF\n"), "line 1: not valid UTF-8"},
	{S("name = a\0b\n"), "line 1: not valid UTF-8"},
	{S("\xEF\xBB\xBFname = x\n"), "line 1: no option"},
	{S("na\x1Bme = x\n"), "line 1: no option"},
};

static void grammar(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(conf) c = NULL;
		enum err e = conf_parse_text(rows[i].in, opts, &c);
		assert_err(e, rows[i].why ? ERR_CONFIG : ERR_OK, "row %zu", i);
		if (rows[i].why == NULL)
			continue;
		if (strstr(err_detail(), rows[i].why) == NULL)
			print_message("# row %zu: \"%s\" lacks \"%s\"\n", i, err_detail(), rows[i].why);
		assert_non_null(strstr(err_detail(), rows[i].why));
		assert_null(c);
	}
	err_clear();
}

static void values_and_fallbacks(void **state)
{
	AUTO(conf) c = NULL;
	AUTO_BUF(out, 1024);

	(void)state;
	assert_ok(conf_parse_text(S("port = 99\ndemo = on\nname = a b \n"), opts, &c));
	assert_true(conf_int(c, "port") == 99);
	assert_true(conf_bool(c, "demo"));
	assert_string_equal(conf_str(c, "name"), "a b");
	assert_string_equal(conf_str(c, "data"), "var");
	assert_ok(conf_set(c, "port", "1"));
	assert_err(conf_set(c, "port", "x"), ERR_CONFIG, "bad value");
	assert_err(conf_set(c, "colour", "x"), ERR_CONFIG, "unknown key");
	assert_true(conf_int(c, "port") == 1);
	conf_print(c, &out);
	assert_string_equal(buf_cstr(&out), "name = a b\ndata = var\nport = 1\ndemo = on\npin = web\n");
	err_clear();
}

static void required_and_size(void **state)
{
	AUTO(conf) c = NULL;
	char *big = malloc(CONF_TEXT_MAX + 1);

	(void)state;
	assert_err(conf_parse_text(S(""), needs, &c), ERR_CONFIG, "required");
	assert_non_null(strstr(err_detail(), "socket"));
	assert_err(conf_load(NULL, needs, &c), ERR_CONFIG, "required");
	assert_err(conf_load("/nonexistent/x.conf", opts, &c), ERR_CONFIG, "absent file");
	assert_non_null(big);
	memset(big, '\n', CONF_TEXT_MAX + 1);
	assert_err(conf_parse_text(span_of(big, CONF_TEXT_MAX + 1), opts, &c), ERR_CONFIG, "too long");
	assert_ok(conf_parse_text(span_of(big, CONF_TEXT_MAX), opts, &c));
	free(big);
	err_clear();
}

/* --- conf_main() in a child; its exit status is 0 for -n and help, 100 + enum err when it returned --- */

static const char *self_dir;

static int run_main(const struct conf_opt *table, int argc, char **argv, struct buf *out, struct buf *err)
{
	char file_out[4200], file_err[4200];
	int status;

	snprintf(file_out, sizeof(file_out), "%s/out", self_dir);
	snprintf(file_err, sizeof(file_err), "%s/err", self_dir);
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct conf *c = NULL;
		if (freopen(file_out, "w", stdout) == NULL || freopen(file_err, "w", stderr) == NULL)
			_exit(99);
		enum err e = conf_main(argc, argv, "yinxin-test", "测试程序", table, &c);
		fflush(NULL);
		_exit(e == ERR_OK ? (int)conf_int(c, "port") % 90 : e == ERR_USAGE ? 102 : 101);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	buf_clear(out);
	buf_clear(err);
	assert_ok(file_read(file_out, out));
	assert_ok(file_read(file_err, err));
	return WEXITSTATUS(status);
}

struct main_row {
	char *argv[6];
	int status;
	const char *out, *err; /* parts of stdout and stderr, NULL: must be empty */
};

static void command_line(void **state)
{
	char file[4200], opt_c[] = "-c", opt_o[] = "-o", opt_n[] = "-n", help[] = "--help", h[] = "-h";
	char version[] = "--version", seven[] = "port=7", bad[] = "port=x", noeq[] = "port", unknown[] = "a=1";
	char noise[] = "noise", long_c[] = "--config", absent[] = "/nonexistent/c", name[] = "p";
	const struct main_row table[] = {
		{{name}, 8600 % 90, NULL, NULL},
		{{name, opt_o, seven}, 7, NULL, NULL},
		{{name, opt_o, seven, opt_c, file}, 7, NULL, NULL},
		{{name, opt_c, file}, 33, NULL, NULL},
		{{name, opt_c, file, opt_n}, 0, "port = 33\n", NULL},
		{{name, help}, 0, "port", NULL},
		{{name, h}, 0, "默认 8600", NULL},
		{{name, version}, 0, "yinxin-test 0.1.0\n", NULL},
		{{name, opt_o}, 102, NULL, "--help"},
		{{name, opt_c}, 102, NULL, "--help"},
		{{name, opt_c, file, opt_c, file}, 102, NULL, "--help"},
		{{name, opt_o, bad}, 102, NULL, "port"},
		{{name, opt_o, noeq}, 102, NULL, "port"},
		{{name, opt_o, unknown}, 102, NULL, "\"a\""},
		{{name, noise}, 102, NULL, "noise"},
		{{name, long_c, file}, 102, NULL, "--config"},
		{{name, opt_c, absent}, 101, NULL, "/nonexistent/c"},
	};
	AUTO_BUF(out, 16384);
	AUTO_BUF(err, 16384);

	(void)state;
	snprintf(file, sizeof(file), "%s/test.conf", self_dir);
	assert_ok(file_replace(file, S("port = 33\n"), 0600));
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		char *argv[7] = {NULL};
		int argc = 0;
		for (; argc < 6 && table[i].argv[argc] != NULL; argc++)
			argv[argc] = table[i].argv[argc];
		int status = run_main(opts, argc, argv, &out, &err);
		if (status != table[i].status)
			print_message("# row %zu: status %d, stderr %s\n", i, status, buf_cstr(&err));
		assert_int_equal(status, table[i].status);
		assert_true(table[i].out ? strstr(buf_cstr(&out), table[i].out) != NULL : out.len == 0);
		assert_true(table[i].err ? strstr(buf_cstr(&err), table[i].err) != NULL : err.len == 0);
		/* one line that says why */
		assert_true(err.len == 0 || (size_t)(strchr(buf_cstr(&err), '\n') - buf_cstr(&err)) == err.len - 1);
	}
	err_clear();
}

static void required_may_come_from_the_command_line(void **state)
{
	static const struct conf_opt table[] = {
		{"port", CONF_INT, NULL, 1, 65535, NULL, "required"},
		{NULL},
	};
	char name[] = "p", opt_o[] = "-o", seven[] = "port=7";
	char *with[] = {name, opt_o, seven, NULL}, *without[] = {name, NULL};
	AUTO_BUF(out, 16384);
	AUTO_BUF(err, 16384);

	(void)state;
	assert_int_equal(run_main(table, 3, with, &out, &err), 7);
	assert_int_equal(run_main(table, 1, without, &out, &err), 101);
	assert_non_null(strstr(buf_cstr(&err), "port"));
}

static int enter_dir(void **state)
{
	static char dir[] = "/tmp/yx-conf-XXXXXX";

	(void)state;
	self_dir = mkdtemp(dir);
	return self_dir != NULL ? 0 : -1;
}

static int leave_dir(void **state)
{
	static const char *const names[] = {"out", "err", "test.conf"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char path[4200];
		snprintf(path, sizeof(path), "%s/%s", self_dir, names[i]);
		unlink(path);
	}
	return rmdir(self_dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grammar),
		cmocka_unit_test(values_and_fallbacks),
		cmocka_unit_test(required_and_size),
		cmocka_unit_test(command_line),
		cmocka_unit_test(required_may_come_from_the_command_line),
	};

	return cmocka_run_group_tests_name("base/conf", tests, enter_dir, leave_dir);
}
