/* yinxin-convert: one file on standard input, typed lines on standard output, confined before the first octet is read. */
#include "base/json.h"
#include "base/secret.h"
#include "sandbox/sandbox.h"
#include "server/convert/convert.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { FLUSH_AT = 1 << 16, OUT_MAX = 4 << 20 };

static const char help[] =
	"用法: yinxin-convert xlsx 行数 列数 单元格字节 共享字符串 工作表 解压字节 CPU秒 内存MiB\n"
	"从标准输入读取一个电子表格,把第一张工作表按行写到标准输出(docs/protocol/convert.md)。\n"
	"由 yinxin-portal 启动,每个文件一个进程,处理前放弃打开文件和联网的能力。\n"
	"  -h, --help     显示说明\n"
	"  --version      显示版本\n";

static enum err confine(const struct convert_limits *l)
{
	const struct rlimit cpu = {l->cpu_sec, l->cpu_sec}, none = {0, 0};
	bool on = false;
	TRY(sandbox_limits(0, (unsigned long)l->memory_mb << 20));
	if (setrlimit(RLIMIT_CPU, &cpu) != 0 || setrlimit(RLIMIT_NPROC, &none) != 0)
		return ERR(IO, "limits: %s", strerror(errno));
	/* Waiting costs no processor time: it has an end of its own. */
	(void)alarm(l->cpu_sec * 6);
	/* What would open a file later: the random device (jansson's hash seed) and the time zone (libzip's dates). */
	json_object_seed(0);
	if (setenv("TZ", "UTC0", 1) != 0)
		return ERR(NOMEM, "environment");
	tzset();
	TRY(sandbox_syscalls(SANDBOX_CONVERT, &on));
	if (!on)
		fprintf(stderr, "yinxin-convert: 未启用系统调用过滤(YINXIN_NO_SECCOMP)\n");
	return ERR_OK;
}

static enum err read_input(struct buf *in)
{
	/* The opener may have read it; a pipe has no beginning to go back to. */
	(void)lseek(STDIN_FILENO, 0, SEEK_SET);
	for (;;) {
		uint8_t chunk[1 << 16];
		ssize_t n = read(STDIN_FILENO, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR(IO, "standard input: %s", strerror(errno));
		if (n == 0)
			return ERR_OK;
		if (in->len + (size_t)n > XLSX_FILE_MAX)
			return ERR(XLSX_LIMIT, "file of more than %d octets", XLSX_FILE_MAX);
		buf_put(in, span_of(chunk, (size_t)n));
		TRY(buf_err(in));
	}
}

static enum err flush(struct buf *out)
{
	for (struct span s = buf_span(out); s.len > 0;) {
		ssize_t n = write(STDOUT_FILENO, s.ptr, s.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR(IO, "standard output: %s", strerror(errno));
		s = span_sub(s, (size_t)n, s.len);
	}
	buf_clear(out);
	return ERR_OK;
}

static enum err on_line(void *ctx, bool head, int64_t row, const struct cell *cells, size_t n)
{
	struct buf *out = ctx;
	TRY(wire_put_row(out, head, row, cells, n));
	return out->len >= FLUSH_AT ? flush(out) : ERR_OK;
}

static enum err on_head(void *ctx, int64_t row, const struct cell *cells, size_t n)
{
	return on_line(ctx, true, row, cells, n);
}

static enum err on_row(void *ctx, int64_t row, const struct cell *cells, size_t n)
{
	return on_line(ctx, false, row, cells, n);
}

static enum err convert(const struct convert_limits *l, struct buf *out)
{
	AUTO_BUF(in, XLSX_FILE_MAX);
	struct xlsx_summary s;
	const struct xlsx_sink sink = {on_head, on_row, out};
	TRY(read_input(&in));
	TRY(xlsx_read(buf_span(&in), &l->xlsx, &sink, &s));
	return wire_put_end(out, &s);
}

/* A refused file is an answer, not a failure of the program. */
static enum err run(const struct convert_limits *l)
{
	AUTO_BUF(out, OUT_MAX);
	TRY(confine(l));
	enum err e = convert(l, &out);
	if (e != ERR_OK && err_class(e) != ERR_CLASS_RESOURCE && err_class(e) != ERR_CLASS_BUG) {
		char why[256];
		(void)snprintf(why, sizeof why, "%s", err_detail());
		err_clear();
		e = wire_put_refused(&out, e, why);
	}
	TRY(e);
	return flush(&out);
}

int main(int argc, char **argv)
{
	struct convert_limits limits;
	if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0))
		return fputs(help, stdout) < 0 || fflush(stdout) != 0;
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("yinxin-convert 0.1.0") < 0 || fflush(stdout) != 0;
	if (convert_args(argc, argv, &limits) != ERR_OK) {
		fprintf(stderr, "yinxin-convert: 用法不正确(%s),请看 --help\n", err_detail());
		return 2;
	}
	secret_process_harden();
	enum err e = run(&limits);
	if (e != ERR_OK)
		fprintf(stderr, "yinxin-convert: %s: %s\n", err_name(e), err_detail());
	return e == ERR_OK ? 0 : 1;
}
