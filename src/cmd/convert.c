/* yinxin-convert: one file on standard input, typed lines or frames on standard output, confined before the first octet
 * is read. */
#include "base/conf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/secret.h"
#include "ipc/peer.h"
#include "sandbox/sandbox.h"
#include "server/convert/convert.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { FLUSH_AT = 1 << 16, OUT_MAX = 16 << 20, BACKLOG = 64 };

static const char help[] =
	"用法: yinxin-convert xlsx 行数 列数 单元格字节 共享字符串 工作表 解压字节 CPU秒 内存MiB\n"
	"      yinxin-convert picture|pdf 像素 边长 大图边长 预览边长 页数 输入字节 CPU秒 内存MiB\n"
	"从标准输入读取一个文件:电子表格的第一张工作表按行、图片和 PDF 文档按页画成图片写到标准输出\n"
	"(docs/protocol/convert.md)。\n"
	"      yinxin-convert serve -c 配置文件    由 yinxin up 启动:每收到一个文件就启动一个上述进程\n"
	"每个文件一个进程,处理前放弃打开文件和联网的能力。\n"
	"  -h, --help     显示说明\n"
	"  --version      显示版本\n";

struct task {
	enum convert_kind kind;
	struct convert_limits limits;
	struct buf *out;
	unsigned pages; /* sent */
};

static int voice = STDERR_FILENO;

/* What the drawing libraries have to say about a hostile file is for nobody's log; we keep a voice of our own. */
static enum err quiet(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), own = dup(STDERR_FILENO);
	if (null < 0 || own < 0 || dup2(null, STDERR_FILENO) < 0)
		return ERR(IO, "standard error: %s", strerror(errno));
	(void)close(null);
	voice = own;
	return ERR_OK;
}

static enum err confine(enum convert_kind kind, const struct convert_limits *l)
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
	if (kind != CONVERT_XLSX)
		TRY(quiet());
	if (kind == CONVERT_PDF)
		pdf_prepare();
	TRY(sandbox_syscalls(kind == CONVERT_PDF ? SANDBOX_RENDER : SANDBOX_CONVERT, &on));
	if (!on)
		(void)dprintf(voice, "yinxin-convert: 未启用系统调用过滤(YINXIN_NO_SECCOMP)\n");
	return ERR_OK;
}

static enum err too_large(enum convert_kind kind, size_t max)
{
	switch (kind) {
	case CONVERT_PICTURE:
		return ERR(PICTURE_LIMIT, "file of more than %zu octets", max);
	case CONVERT_PDF:
		return ERR(PDF_PAGES, "file of more than %zu octets", max);
	default:
		return ERR(XLSX_LIMIT, "file of more than %zu octets", max);
	}
}

static enum err read_input(enum convert_kind kind, size_t max, struct buf *in)
{
	/* The opener may have read it; a pipe has no beginning to go back to. */
	(void)lseek(STDIN_FILENO, 0, SEEK_SET);
	for (;;) {
		uint8_t chunk[1 << 16];
		ssize_t n = read(STDIN_FILENO, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR(IO, "standard input: %s", strerror(errno));
		if (n == 0)
			return ERR_OK;
		if (in->len + (size_t)n > max)
			return too_large(kind, max);
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

static enum err on_render_head(void *ctx, const struct render_head *h)
{
	return frame_put_head(((struct task *)ctx)->out, h);
}

static enum err on_page(void *ctx, const struct page *p)
{
	struct task *t = ctx;
	TRY(frame_put_page(t->out, p));
	t->pages++;
	return flush(t->out);
}

static enum err sheet(struct task *t, struct span file)
{
	struct xlsx_summary s;
	const struct xlsx_sink sink = {on_head, on_row, t->out};
	TRY(xlsx_read(file, &t->limits.xlsx, &sink, &s));
	return wire_put_end(t->out, &s);
}

static enum err pages(struct task *t, struct span file)
{
	const struct render_sink sink = {on_render_head, on_page, t};
	TRY(t->kind == CONVERT_PDF ? pdf_read(file, &t->limits.render, &sink)
	                           : picture_read(file, &t->limits.render, &sink));
	return frame_put_end(t->out, t->pages);
}

static enum err convert(struct task *t)
{
	size_t max = t->kind == CONVERT_XLSX ? XLSX_FILE_MAX : t->limits.render.input_bytes;
	AUTO_BUF(in, XLSX_FILE_MAX);
	TRY(read_input(t->kind, max, &in));
	return t->kind == CONVERT_XLSX ? sheet(t, buf_span(&in)) : pages(t, buf_span(&in));
}

/* A refused file is an answer, not a failure of the program. */
static enum err run(struct task *t)
{
	AUTO_BUF(out, OUT_MAX);
	t->out = &out;
	TRY(confine(t->kind, &t->limits));
	enum err e = convert(t);
	if (e != ERR_OK && err_class(e) != ERR_CLASS_RESOURCE && err_class(e) != ERR_CLASS_BUG) {
		char why[256];
		(void)snprintf(why, sizeof(why), "%s", err_detail());
		err_clear();
		e = t->kind == CONVERT_XLSX ? wire_put_refused(&out, e, why) : frame_put_refused(&out, e, why);
	}
	TRY(e);
	return flush(&out);
}

/* --- the starter --- */

static const struct conf_opt options[] = {
	{"socket", CONF_PATH, NULL, 0, 0, NULL, "监听的 unix 套接字"},
	{"user", CONF_STR, "yinxin-portal", 0, 0, NULL, "以 root 启动时切换到的系统用户"},
	{"portal_user", CONF_STR, "yinxin-portal", 0, 0, NULL, "允许连接的系统用户"},
	{NULL},
};

/* The program is opened while still root: its folder may be one that the user cannot enter. */
static enum err serve_as(const struct conf *c)
{
	uid_t portal;
	int listener, program = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (program < 0)
		return ERR(IO, "own program: %s", strerror(errno));
	TRY(sandbox_uid_of(conf_str(c, "portal_user"), &portal));
	/* The peer's uid is checked at accept. */
	TRY(peer_listen(conf_str(c, "socket"), 0666, BACKLOG, &listener));
	TRY(sandbox_user(conf_str(c, "user")));
	secret_process_harden();
	LOG(INFO, "ready");
	return convert_serve(listener, program, &portal, 1);
}

static int serve(int argc, char **argv)
{
	AUTO(conf) c = NULL;
	enum err e = conf_main(argc, argv, "yinxin-convert serve", "文件转换的启动进程", options, &c);
	if (e != ERR_OK)
		return e == ERR_USAGE ? 2 : 1;
	log_open("convert", LOG_INFO);
	e = serve_as(c);
	log_err("stopped", e);
	return 1;
}

int main(int argc, char **argv)
{
	struct task t = {0};
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
			return fputs(help, stdout) < 0 || fflush(stdout) != 0;
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("yinxin-convert 0.1.0") < 0 || fflush(stdout) != 0;
	if (argc >= 2 && strcmp(argv[1], "serve") == 0)
		return serve(argc - 1, argv + 1);
	if (convert_args(argc, argv, &t.kind, &t.limits) != ERR_OK) {
		fprintf(stderr, "yinxin-convert: 用法不正确: %.64s(%s);用法见 yinxin-convert --help\n",
		        argc > 1 ? argv[1] : "没有参数", err_detail());
		return 2;
	}
	secret_process_harden();
	enum err e = run(&t);
	if (e != ERR_OK)
		(void)dprintf(voice, "yinxin-convert: %s: %s\n", err_name(e), err_detail());
	return e == ERR_OK ? 0 : 1;
}
