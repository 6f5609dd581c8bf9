#include "base/err.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRAIL_MAX = 1024, WHERE_MAX = 64 };

struct row {
	const char *name, *code, *en, *zh, *remedy;
	enum err_class cls;
	int http;
	unsigned skf, p11;
};

static const struct row rows[ERR_COUNT] = {
	[ERR_OK] = {"OK", "", "no error", "成功", "", ERR_CLASS_NONE, 200, 0, 0},
#define ROW(name, code, cls, http, skf, p11, en, zh, remedy) \
	[ERR_##name] = {#name, code, en, zh, remedy, ERR_CLASS_##cls, http, skf, p11},
#include "base/err.def"
#undef ROW
};

static _Thread_local char trail[TRAIL_MAX];
static _Thread_local char where[WHERE_MAX];

static const struct row *row_of(enum err e)
{
	return (unsigned)e < ERR_COUNT ? &rows[e] : &rows[ERR_INTERNAL];
}

/* Cuts an incomplete UTF-8 sequence from the end, so that a truncated trail is still text. */
static void cut_partial(char *s)
{
	size_t len = strlen(s), back = 0;

	while (back < len && back < 3 && ((unsigned char)s[len - 1 - back] & 0xC0) == 0x80)
		back++;
	if (back == len)
		return;
	unsigned char lead = (unsigned char)s[len - 1 - back];
	size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
	if (want > back + 1)
		s[len - 1 - back] = '\0';
}

/* The arguments may point into the trail itself (err_detail() quoted in a new raise): format first, then store. */
static void trail_add(size_t at, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static void trail_add(size_t at, const char *fmt, va_list ap)
{
	char line[TRAIL_MAX];

	if (vsnprintf(line, sizeof(line), fmt, ap) < 0)
		line[0] = '\0';
	snprintf(trail + at, sizeof(trail) - at, "%s%s", at > 0 ? "; " : "", line);
	cut_partial(trail);
}

enum err err_raise(enum err e, const char *file, int line, const char *fmt, ...)
{
	const char *slash = strrchr(file, '/');
	va_list ap;

	va_start(ap, fmt);
	trail_add(0, fmt, ap);
	va_end(ap);
	snprintf(where, sizeof(where), "%s:%d", slash != NULL ? slash + 1 : file, line);
	return e;
}

enum err err_note(enum err e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	trail_add(strlen(trail), fmt, ap);
	va_end(ap);
	return e;
}

void err_clear(void)
{
	trail[0] = '\0';
	where[0] = '\0';
}

const char *err_detail(void)
{
	return trail;
}

const char *err_where(void)
{
	return where;
}

const char *err_name(enum err e)
{
	return row_of(e)->name;
}

const char *err_code(enum err e)
{
	return row_of(e)->code;
}

const char *err_en(enum err e)
{
	return row_of(e)->en;
}

const char *err_zh(enum err e)
{
	return row_of(e)->zh;
}

const char *err_remedy(enum err e)
{
	return row_of(e)->remedy;
}

/* What the table tells a person at a page is of no use in a shell. Rows that are not here read as in the table; an
 * empty one: who raises it says what to do. */
const char *err_remedy_shell(enum err e)
{
	static const char *const remedies[ERR_COUNT] = {
		[ERR_NOMEM] = "请释放内存后再试",
		[ERR_IO] = "请检查该文件或连接、磁盘空间和权限后再试",
		[ERR_BUSY] = "请稍后再试",
		[ERR_TIMEOUT] = "请用 yinxin status 查看各程序，原因见数据目录下 log/",
		[ERR_INTERNAL] = "这是程序缺陷，请保留数据目录下 log/ 并报告开发者",
		[ERR_CONFIG] = "",
		[ERR_ABSENT] = "请核对名称或路径",
		[ERR_EXISTS] = "请先移走它，或换一个位置",
		[ERR_STATE] = "",
		[ERR_CONFLICT] = "请重新查看后再试",
		[ERR_UNAVAILABLE] = "请用 yinxin status 查看机构是否在运行",
		[ERR_USAGE] = "用法见 --help",
		[ERR_METHOD] = "请核对地址和程序版本",
		[ERR_RATE] = "请稍后再试",
		[ERR_LIMIT] = "请缩短或拆分后再试",
		[ERR_JOURNAL] = "请停止签发，保留数据目录，按 docs/protocol/signer.md 核查",
		[ERR_LOG_DAMAGED] = "请停止受理，保留数据目录，按上列各项核查",
		[ERR_PIN_LOCKED] = "请不要再试。本版本尚不能解锁，请换用另一个介质",
		[ERR_L_SESSION] = "请核对网址后重新登录",
		[ERR_L_NO_AGENT] = "请用 yinxin status 查看助手是否在运行",
	};
	const char *own = (unsigned)e < ERR_COUNT ? remedies[e] : NULL;

	return own != NULL ? own : row_of(e)->remedy;
}

int err_http(enum err e)
{
	return row_of(e)->http;
}

unsigned err_skf(enum err e)
{
	return row_of(e)->skf;
}

unsigned err_p11(enum err e)
{
	return row_of(e)->p11;
}

enum err_class err_class(enum err e)
{
	return row_of(e)->cls;
}

/* Several rows may share a SAR_ value: the key section is the one that speaks of cards, so it wins. */
enum err err_from_skf(unsigned sar)
{
	enum err found = ERR_INTERNAL;

	if (sar == 0)
		return ERR_OK;
	if (sar == rows[ERR_INTERNAL].skf)
		return ERR_INTERNAL;
	for (unsigned i = 1; i < ERR_COUNT; i++) {
		if (rows[i].skf != sar)
			continue;
		if (rows[i].code[0] == 'K')
			return (enum err)i;
		if (found == ERR_INTERNAL)
			found = (enum err)i;
	}
	return found;
}

enum err err_from_code(const char *code)
{
	for (unsigned i = 1; code != NULL && i < ERR_COUNT; i++)
		if (strcmp(rows[i].code, code) == 0)
			return (enum err)i;
	return ERR_INTERNAL;
}

void err_invariant(const char *cond, const char *file, int line)
{
	fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, cond);
	abort();
}
