/* yinxin: the bureau's own command.   up | init | clock | log verify | verify */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "cmd/bureau.h"
#include "cmd/demo.h"
#include "cmd/logcmd.h"
#include "cmd/receiptcmd.h"
#include "cmd/up.h"

#include <stdio.h>
#include <string.h>

static const char HELP[] =
	"yinxin: runs a certificate bureau on this machine\n"
	"\n"
	"usage: yinxin up          start the bureau; create a demonstration bureau on the first run\n"
	"       yinxin init        create the demonstration bureau and stop\n"
	"       yinxin clock SEC   move the demonstration's clock by SEC seconds from real time (0: real time)\n"
	"       yinxin verify FILE [--root HEX]  explain a receipt and say whether it proves what it says\n"
	"       yinxin log verify [--data DIR]  recompute the whole log; name what was changed\n"
	"       yinxin --help | --version\n"
	"\n"
	"environment:\n"
	"  YINXIN_DATA        folder of the bureau (var)\n"
	"  YINXIN_PORT        port of the site on loopback (8600)\n"
	"  YINXIN_AGENT_PORT  port of the agent on loopback (8610)\n"
	"  YINXIN_PEN         enterprise number (IANA) for the identifiers of a new bureau (none: 2.999)\n"
	"  YINXIN_PIN         web or pinentry: where the agent asks for a PIN (web)\n"
	"  YINXIN_SHARE       folder of templates, SQL and profiles\n";

static int fail(enum err e)
{
	const char *detail = err_detail();
	fprintf(stderr, "yinxin: %s（%s）%s%s；%s\n", err_zh(e), err_code(e), *detail ? ": " : "", detail, err_remedy(e));
	return 1;
}

static int wrong_usage(void)
{
	fprintf(stderr, "yinxin: wrong usage; see yinxin --help\n");
	return 2;
}

/* The lock is taken before anything is written: the folder may belong to a bureau that runs. */
static enum err prepare(struct bureau *b, struct up **ret_u)
{
	TRY(bureau_find(b));
	TRY(bureau_folders(b));
	TRY(up_new(b, ret_u));
	return bureau_configure(b);
}

/* The CA certifies the notary's keys in the ceremony and never again. */
static enum err has_notary(const struct bureau *b)
{
	char path[BUREAU_PATH_MAX];
	TRY(bureau_path(b, "notary/keys.bin", path, sizeof path));
	if (!file_exists(path))
		return ERR(STATE, "%s holds a bureau made before there was a notary; choose another YINXIN_DATA or remove the folder",
			   b->data);
	return ERR_OK;
}

/* Creates the bureau when there is none; a half-made one from an interrupted first run is refused by demo_create. */
static enum err create_if_absent(const struct bureau *b, struct up *u)
{
	char path[BUREAU_PATH_MAX];
	TRY(bureau_path(b, "demo.json", path, sizeof path));
	if (file_exists(path))
		return has_notary(b);
	printf("首次运行:正在创建演示机构(测试),约需几秒钟\n");
	fflush(stdout);
	int64_t began = clock_mono_ms();
	TRY(demo_create(b, u));
	printf("演示机构已创建,用时 %.1f 秒\n", (double)(clock_mono_ms() - began) / 1000.0);
	return ERR_OK;
}

static enum err start_all(struct up *u)
{
	static const char *const ORDER[] = {"escrow", "signer", "notary", "convert", "portal", "nginx", "yxcard", "agent"};
	for (size_t i = 0; i < COUNT_OF(ORDER); i++)
		TRY(up_start(u, ORDER[i]));
	return ERR_OK;
}

static enum err run_up(void)
{
	struct bureau b;
	AUTO(up) u = NULL;
	TRY(prepare(&b, &u));
	TRY(create_if_absent(&b, u));
	TRY(start_all(u));
	if (!b.root)
		printf("演示模式: 进程未隔离(以普通用户运行,所有程序同一用户)\n");
	printf("ready %s/\n", b.origin);
	TRY(demo_print_keys(&b));
	fflush(stdout);
	return up_watch(u);
}

static enum err run_init(void)
{
	struct bureau b;
	AUTO(up) u = NULL;
	char path[BUREAU_PATH_MAX];
	TRY(prepare(&b, &u));
	TRY(bureau_path(&b, "demo.json", path, sizeof path));
	if (file_exists(path))
		return ERR(EXISTS, "%s", path);
	return create_if_absent(&b, u);
}

static enum err run_clock(const char *text)
{
	struct bureau b;
	char path[BUREAU_PATH_MAX];
	int64_t sec = 0;
	bool back = text[0] == '-';
	TRY(text_i64(span_str(text + (back ? 1 : 0)), 0, INT64_C(100) * 366 * 86400, &sec));
	TRY(bureau_find(&b));
	TRY(bureau_path(&b, "demo.json", path, sizeof path));
	if (!file_exists(path))
		return ERR(STATE, "no demonstration bureau in %s", b.data);
	TRY(bureau_path(&b, "clock", path, sizeof path));
	return clock_set_offset(path, back ? -sec : sec);
}

int main(int argc, char **argv)
{
	enum err e;
	secret_process_harden();
	log_open("yinxin", LOG_WARN);
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return fputs(HELP, stdout) < 0;
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("yinxin 0.1.0") < 0;
	if (argc >= 3 && strcmp(argv[1], "log") == 0 && strcmp(argv[2], "verify") == 0 &&
	    (argc == 3 || (argc == 5 && strcmp(argv[3], "--data") == 0)))
		return logcmd_verify(argc == 5 ? argv[4] : NULL);
	if ((argc == 3 || (argc == 5 && strcmp(argv[3], "--root") == 0)) && strcmp(argv[1], "verify") == 0)
		return receiptcmd_verify("yinxin verify", argv[2], argc == 5 ? argv[4] : NULL, false);
	if (argc == 2 && strcmp(argv[1], "up") == 0)
		e = run_up();
	else if (argc == 2 && strcmp(argv[1], "init") == 0)
		e = run_init();
	else if (argc == 3 && strcmp(argv[1], "clock") == 0)
		e = run_clock(argv[2]);
	else
		return wrong_usage();
	return e ? fail(e) : 0;
}
