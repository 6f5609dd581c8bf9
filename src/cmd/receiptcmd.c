#include "cmd/receiptcmd.h"
#include "cmd/complain.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "evidence/describe.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 4096, DIGEST_LEN = 32 };
#define SYSTEM_ROOT "/etc/yinxin/root.sm3"

static void show_step(const struct verify_step *s, void *ctx)
{
	(void)ctx;
	printf("%s %s: %s%s%s\n", s->good ? "[通过]" : "[不符]", s->title, s->text, s->detail[0] ? ": " : "",
	       s->detail);
}

void receiptcmd_put(struct span text)
{
	uint32_t cp = 0;

	while (text.len > 0) {
		size_t n = text_decode(text, &cp);
		if (n > 0 && text_cp_is_plain(cp))
			(void)fwrite(text.ptr, 1, n, stdout);
		else
			(void)putchar('?');
		text = span_sub(text, n > 0 ? n : 1, text.len);
	}
}

/* Before the act's own step: what was signed, each line indented, so that none can be taken for a line of the
 * program's. A text of a rule may hold any octets: what a terminal would obey is not printed. */
static void show_text(const struct verify_act *a, void *ctx)
{
	AUTO_BUF(text, RECEIPT_MAX);
	struct span rest, line;
	bool cut;

	(void)ctx;
	describe_text(a, RECEIPT_MAX / 2, &text, &cut);
	printf("第%zu项 %s原文:\n", a->number, a->cert != NULL ? "签名" : "记录");
	rest = buf_span(&text);
	while (rest.len > 0) {
		if (!span_take_until(&rest, '\n', &line)) {
			line = rest;
			rest = SPAN_EMPTY;
		}
		fputs("    ", stdout);
		receiptcmd_put(line);
		(void)putchar('\n');
	}
}

/* 64 hex digits, spaces between them as on the hand-over slip. */
static enum err parse_root(const char *text, uint8_t ret_digest[DIGEST_LEN])
{
	AUTO_BUF(hex, 2 * DIGEST_LEN);
	AUTO_BUF(digest, DIGEST_LEN);

	for (const char *p = text; *p; p++)
		if (*p != ' ')
			buf_u8(&hex, (uint8_t)*p);
	if (buf_err(&hex) != ERR_OK || hex.len != 2 * DIGEST_LEN)
		return ERR(SYNTAX, "root digest has 64 hex digits");
	TRY(text_unhex(buf_span(&hex), &digest));
	memcpy(ret_digest, digest.ptr, DIGEST_LEN);
	return ERR_OK;
}

static enum err read_root(const char *path, uint8_t ret_digest[DIGEST_LEN])
{
	AUTO_BUF(text, 256);
	char line[256 + 1];

	TRY(file_read(path, &text));
	(void)snprintf(line, sizeof(line), "%s", buf_cstr(&text));
	line[strcspn(line, "\r\n")] = '\0';
	return err_note(parse_root(line, ret_digest), "%s", path);
}

/* ERR_ABSENT when no such file is there; a file that is there and holds something else is a fault, not a missing pin.
 * The folder that is only a default comes last: what lies where one happens to stand overrides no root of this machine.
 */
static enum err pinned_root(const char *otherwise, uint8_t ret_digest[DIGEST_LEN])
{
	char path[PATH_ROOM];
	const char *data = getenv("YINXIN_DATA");
	bool set = data != NULL && data[0];

	if (set) {
		if ((size_t)snprintf(path, sizeof(path), "%s/root.sm3", data) >= sizeof(path))
			return ERR(LIMIT, "YINXIN_DATA");
		enum err e = read_root(path, ret_digest);
		if (e != ERR_ABSENT)
			return e;
		err_clear();
	}
	enum err e = read_root(SYSTEM_ROOT, ret_digest);
	if (e != ERR_ABSENT || set || otherwise == NULL)
		return e;
	err_clear();
	(void)snprintf(path, sizeof(path), "%s/root.sm3", otherwise);
	return read_root(path, ret_digest);
}

/* The demonstration's clock may have been moved; without one, real time. */
static int64_t now(const char *otherwise)
{
	AUTO(clock) c = NULL;
	char path[PATH_ROOM];
	const char *data = getenv("YINXIN_DATA");

	if (data == NULL || !data[0])
		data = otherwise;

	if (data != NULL && data[0] && (size_t)snprintf(path, sizeof(path), "%s/clock", data) < sizeof(path) &&
	    clock_open(path, &c) != ERR_OK)
		err_clear();
	return clock_now(c);
}

static int verdict(enum err e)
{
	if (e == ERR_OK)
		printf("结论: 回执有效\n");
	else if (e == ERR_ROOT_UNKNOWN)
		printf("结论: 根证书未确认。其余各项均通过;%s\n", err_remedy_shell(e));
	else
		printf("结论: 回执无效 —— %s(%s)\n", err_zh(e), err_code(e));
	return e == ERR_OK ? 0 : 1;
}

int receiptcmd_verify(const char *program, const char *file, const char *root_hex, const char *otherwise, bool texts)
{
	uint8_t root[DIGEST_LEN];
	struct verify_plan plan = {.root_sm3 = root,
	                           .now = now(otherwise),
	                           .step = show_step,
	                           .act = texts ? show_text : NULL};
	AUTO_BUF(bytes, RECEIPT_MAX);

	enum err e = root_hex != NULL ? parse_root(root_hex, root) : pinned_root(otherwise, root);
	if (e != ERR_OK && root_hex != NULL) {
		(void)complain(program, e);
		return 2;
	}
	if (e == ERR_ABSENT)
		plan.root_sm3 = NULL;
	else if (e != ERR_OK)
		return complain(program, e);
	err_clear();
	e = file_read(file, &bytes);
	if (e != ERR_OK)
		return complain(program, e);
	return verdict(verify_receipt(buf_span(&bytes), &plan));
}
